//! Reads files that somebody else may put there: plain ones only, and no more of them than may be.
//!
//! Asked by `catalogue` and `trust` about the folder of plugins, and by `app` about components that it is told of. It
//! never waits for what is no file, such as a pipe that nobody writes to.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gives none of it.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It is a folder, a pipe, a socket or a device.
    #[error("it is no plain file")]
    NotPlain,
    /// It is larger than may be.
    #[error("it has {bytes} bytes, at most {bytes_max} are read")]
    TooLarge {
        /// Size found; of a file that grew meanwhile, what was read of it.
        bytes: u64,
        /// Size allowed.
        bytes_max: u64,
    },
}

/// The whole content of a file of at most so many bytes. Links are followed.
///
/// # Errors
/// When it cannot be read, is no plain file, or has more bytes. What it is and how large is asked of the open file, so
/// nothing can be put in its place in between.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    // Opening a pipe would wait for somebody who writes to it; to a plain file the flag means nothing.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Error::NotPlain);
    }
    let too_large = |bytes| Error::TooLarge { bytes, bytes_max };
    if metadata.len() > bytes_max {
        return Err(too_large(metadata.len()));
    }
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut content)?;
    let bytes = content.len() as u64;
    if bytes > bytes_max {
        return Err(too_large(bytes));
    }
    Ok(content)
}
