//! Small files that are written whole or not at all, and folders that are made durable.
//!
//! Used for what is kept beside the rows. Each file is written under another name, synced and renamed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, OpenError};

/// Files are for their owner only: they hold what is known of people.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// Ends the names of files that are not finished.
pub(crate) const UNFINISHED: &str = ".part";

/// Makes the folder and those above it, as far as they are missing.
pub(crate) fn create_folder(folder: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(Error::io("create folder", folder))
}

/// Makes a file's bytes durable, or what was created, renamed or removed in a folder.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(Error::io("sync", path))
}

/// Bytes that can still be written to the file system of that folder.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64, Error> {
    rustix::fs::statvfs(folder)
        .map(|system| system.f_bavail.saturating_mul(system.f_frsize))
        .map_err(|error| Error::io("ask for the free space of", folder)(error.into()))
}

/// A new file that only its owner may read.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(path)
        .map_err(Error::io("create", path))
}

/// Writes the file whole or not at all, and durably. Its folder is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    place(path, bytes)?;
    path.parent().map_or(Ok(()), sync)
}

/// As [`write`], but a power failure may bring the file of before back: after an error nothing has changed.
fn place(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let unfinished = unfinished(path);
    let mut file = create(&unfinished)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(Error::io("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(Error::io("rename to", path))
}

fn unfinished(path: &Path) -> PathBuf {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    unfinished.into()
}

/// Removes the file durably, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", path)(error)),
    }
}

/// Removes the folder with everything in it durably, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", folder)(error)),
    }
}

/// What is in the folder.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(Error::io("read folder", folder))
}

/// The file's bytes; `None` if it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Writes a JSON document with its checksum on the line below.
pub(crate) fn write_document<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    write(path, document(path, value)?.as_bytes())
}

/// As [`write_document`], but a power failure may bring the file of before back: after an error nothing has changed.
pub(crate) fn place_document<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    place(path, document(path, value)?.as_bytes())
}

/// As [`write_document`], whole or not at all for this run of the machine, but not durable: costs no fsync.
pub(crate) fn replace_document<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let unfinished = unfinished(path);
    create(&unfinished)?
        .write_all(document(path, value)?.as_bytes())
        .map_err(Error::io("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(Error::io("rename to", path))
}

fn document<T: Serialize>(path: &Path, value: &T) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Error::io("write", path)(io::Error::other(error)))?;
    let checksum = crc32c::crc32c(json.as_bytes());
    Ok(format!("{json}\ncrc32c {checksum:08x}\n"))
}

/// Reads what [`write_document`] wrote; `None` if it is not there.
pub(crate) fn read_document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, OpenError> {
    let damaged = |reason: String| OpenError::FileDamaged {
        path: path.to_owned(),
        reason,
    };
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
    let (json, checksum) = text
        .strip_suffix('\n')
        .and_then(|text| text.rsplit_once("\ncrc32c "))
        .ok_or_else(|| damaged("it has no checksum".to_owned()))?;
    if checksum != format!("{:08x}", crc32c::crc32c(json.as_bytes())) {
        return Err(damaged("its checksum does not fit".to_owned()));
    }
    serde_json::from_str(json)
        .map(Some)
        .map_err(|error| damaged(error.to_string()))
}
