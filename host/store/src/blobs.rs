//! Large bodies as files named by the digest of their bytes: templates, components, definitions.
//!
//! A body is written whole or not at all, never changed, and checked against its name whenever it is read.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use signalbox_model::id::Digest;

use crate::{
    error::Error,
    files::{self, UNFINISHED},
};

/// Most bytes of one body.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The folder of bodies.
#[derive(Debug)]
pub struct Blobs {
    folder: PathBuf,
    /// Tells unfinished files of this process apart.
    writes: AtomicU64,
}

impl Blobs {
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        files::create_folder(folder)?;
        for entry in list(folder)? {
            if entry.extension() == Some(OsStr::new(&UNFINISHED[1..])) {
                files::remove(&entry)?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            writes: AtomicU64::new(0),
        })
    }

    /// Keeps the bytes durably and says under which digest. What is kept already costs a look only.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, Error> {
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(Error::BlobTooLarge {
                bytes: bytes.len(),
                bytes_max: BLOB_BYTES_MAX,
            });
        }
        let digest = Digest::of_bytes(bytes);
        let path = self.path(digest);
        // A damaged body under that name is replaced.
        if matches!(files::read(&path)?, Some(kept) if kept == bytes) {
            return Ok(digest);
        }
        let ordinal = self.writes.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(format!("{digest}-{ordinal}{UNFINISHED}"));
        let mut file = files::create(&unfinished)?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(Error::io("write", &unfinished))?;
        fs::rename(&unfinished, &path).map_err(Error::io("rename to", &path))?;
        files::sync(&self.folder)?;
        Ok(digest)
    }

    /// The bytes kept under the digest.
    ///
    /// # Errors
    /// When nothing is kept under it, or what is kept has another digest.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let path = self.path(*digest);
        let bytes = files::read(&path)?.ok_or(Error::NoBlob { digest: *digest })?;
        let found = Digest::of_bytes(&bytes);
        if found == *digest {
            Ok(bytes)
        } else {
            Err(Error::BlobDamaged {
                digest: *digest,
                found,
            })
        }
    }

    /// Whether something is kept under the digest; its bytes are not looked at.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.path(*digest).is_file()
    }

    /// The digests of all bodies, in order.
    pub fn list(&self) -> Result<Vec<Digest>, Error> {
        let mut digests: Vec<Digest> = list(&self.folder)?
            .iter()
            .filter_map(|path| Digest::parse(path.file_name()?.to_str()?).ok())
            .collect();
        digests.sort_unstable();
        Ok(digests)
    }

    /// Reads all bodies and answers with those that are not what their name says.
    pub fn verify(&self) -> Result<Vec<Error>, Error> {
        let mut damaged = Vec::new();
        for digest in self.list()? {
            match self.get(&digest) {
                Ok(_) => {}
                Err(error @ (Error::BlobDamaged { .. } | Error::NoBlob { .. })) => {
                    damaged.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(damaged)
    }

    /// Gives each body a second name in that folder; copies it where the file system cannot.
    pub(crate) fn link_into(&self, folder: &Path) -> Result<(), Error> {
        for digest in self.list()? {
            let (from, to) = (self.path(digest), folder.join(digest.to_string()));
            match fs::hard_link(&from, &to) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => {
                    fs::copy(&from, &to).map_err(Error::io("copy to", &to))?;
                }
            }
        }
        files::sync(folder)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(Error::io("list", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_kept_by_digest_and_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("opens");
        let digest = blobs.put(b"<mjml/>").expect("kept");
        assert_eq!(blobs.put(b"<mjml/>").expect("again"), digest);
        assert_eq!(blobs.get(&digest).expect("there"), b"<mjml/>");
        assert_eq!(blobs.list().expect("listed"), [digest]);
        let none = Digest::of_bytes(b"none");
        assert!(matches!(blobs.get(&none), Err(Error::NoBlob { .. })));

        fs::write(blobs.path(digest), b"<mjml!>").expect("damaged");
        assert!(matches!(blobs.get(&digest), Err(Error::BlobDamaged { .. })));
        assert_eq!(blobs.verify().expect("read").len(), 1);
        blobs.put(b"<mjml/>").expect("mended");
        assert!(blobs.verify().expect("read").is_empty());
    }

    #[test]
    fn unfinished_bodies_are_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("abc-0.part"), b"half").expect("written");
        let blobs = Blobs::open(folder.path()).expect("opens");
        assert!(list(&blobs.folder).expect("listed").is_empty());
    }
}
