//! API keys: made once, shown once, kept as hashes in one owner-only file.
//!
//! The file stands beside the store and is written whole under a new name and renamed, so `signalbox key` works
//! whether or not a server is running; a running server reads it again when it changes. Keys are 256 random bits, so a
//! plain SHA-256 cannot be searched and needs no salt.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signalbox_model::time::Instant;
use subtle::ConstantTimeEq;

/// Most keys of one store.
pub const KEYS_MAX: usize = 1_000;
/// Longest label of a key, in bytes.
pub const LABEL_BYTES_MAX: usize = 100;
/// What every key begins with, so that scanners of leaked secrets know it.
pub const KEY_PREFIX: &str = "sbx_";

/// What the holder of a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Post events and attributes; nothing else.
    Ingest,
    /// Read everything, change nothing.
    Read,
}

impl Role {
    /// Parses the word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "ingest" => Some(Self::Ingest),
            "read" => Some(Self::Read),
            _ => None,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Ingest => "ingest",
            Self::Read => "read",
        }
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredKey {
    /// Names the key in lists and for revoking; no secret.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What its holder may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Instant,
    /// SHA-256 of the key, in hex.
    pub hash: String,
}

/// Who asks: the key that a request came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The key's id; no secret.
    pub id: String,
    /// What its holder may do.
    pub role: Role,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: Vec<StoredKey>,
}

/// Why the keys cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("cannot read or write the key file {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file is there but is not a key file.
    #[error("the key file {} is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// Others than its owner can read the file.
    #[error("the key file {} can be read by others: run chmod 600 on it", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// There are as many keys as there may be.
    #[error("there are {KEYS_MAX} keys already: revoke one first")]
    TooMany,
    /// The label is empty or too long.
    #[error("a label has 1 to {LABEL_BYTES_MAX} bytes without control characters")]
    Label,
    /// There is no such key.
    #[error("there is no key {id}")]
    NotFound {
        /// The id that was given.
        id: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
}

/// The keys of one store.
pub struct Keyring {
    path: PathBuf,
    /// A std mutex: held only to look a key up or to read the small file again.
    cached: Mutex<Cached>,
}

struct Cached {
    /// When the file that was read was written, its length and its inode: each writing makes another file.
    read_at: Option<(SystemTime, u64, u64)>,
    file: KeyFile,
}

impl Keyring {
    /// The keys kept in that file; none if there is no file yet.
    pub fn open(path: PathBuf) -> Result<Self, Error> {
        let keyring = Self {
            path,
            cached: Mutex::new(Cached {
                read_at: None,
                file: KeyFile::default(),
            }),
        };
        drop(keyring.refreshed()?);
        Ok(keyring)
    }

    /// Whose key it is, if it is one of ours. Takes the same time whichever key it is.
    pub fn holder_of(&self, key: &str) -> Result<Option<Holder>, Error> {
        let hash = hash_of(key);
        let cached = self.refreshed()?;
        let mut holder = None;
        for stored in &cached.file.keys {
            if bool::from(stored.hash.as_bytes().ct_eq(hash.as_bytes())) {
                holder = Some(Holder {
                    id: stored.id.clone(),
                    role: stored.role,
                });
            }
        }
        Ok(holder)
    }

    /// The keys, without their secrets.
    pub fn list(&self) -> Result<Vec<StoredKey>, Error> {
        Ok(self.refreshed()?.file.keys.clone())
    }

    /// Makes a key. The text returned is shown once and kept nowhere.
    pub fn create(
        &self,
        label: &str,
        role: Role,
        now: Instant,
    ) -> Result<(StoredKey, String), Error> {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX || label.chars().any(char::is_control)
        {
            return Err(Error::Label);
        }
        let mut cached = self.refreshed()?;
        if cached.file.keys.len() >= KEYS_MAX {
            return Err(Error::TooMany);
        }
        let mut secret = [0; 32];
        let mut id = [0; 6];
        getrandom::fill(&mut secret).map_err(|_| Error::Random)?;
        getrandom::fill(&mut id).map_err(|_| Error::Random)?;
        let key = format!("{KEY_PREFIX}{}", hex(&secret));
        let stored = StoredKey {
            id: hex(&id),
            label: label.to_owned(),
            role,
            created_at: now,
            hash: hash_of(&key),
        };
        cached.file.keys.push(stored.clone());
        self.write(&mut cached)?;
        Ok((stored, key))
    }

    /// Takes a key away; whoever holds it is refused from now on.
    pub fn revoke(&self, id: &str) -> Result<(), Error> {
        let mut cached = self.refreshed()?;
        let before = cached.file.keys.len();
        cached.file.keys.retain(|stored| stored.id != id);
        if cached.file.keys.len() == before {
            return Err(Error::NotFound { id: id.to_owned() });
        }
        self.write(&mut cached)
    }

    fn refreshed(&self) -> Result<MutexGuard<'_, Cached>, Error> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let file_error = |source| Error::File {
            path: self.path.clone(),
            source,
        };
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *cached = Cached {
                    read_at: None,
                    file: KeyFile::default(),
                };
                return Ok(cached);
            }
            Err(error) => return Err(file_error(error)),
        };
        let written_at = metadata.modified().map_err(file_error)?;
        let stamp = (written_at, metadata.len(), metadata.ino());
        if cached.read_at != Some(stamp) {
            check_owner_only(&self.path, &metadata)?;
            let bytes = fs::read(&self.path).map_err(file_error)?;
            cached.file = serde_json::from_slice(&bytes).map_err(|source| Error::Damaged {
                path: self.path.clone(),
                source,
            })?;
            cached.read_at = Some(stamp);
        }
        Ok(cached)
    }

    fn write(&self, cached: &mut Cached) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(&cached.file).map_err(|source| Error::Damaged {
            path: self.path.clone(),
            source,
        })?;
        write_owner_only(&self.path, &bytes).map_err(|source| Error::File {
            path: self.path.clone(),
            source,
        })?;
        cached.read_at = None;
        Ok(())
    }
}

/// Writes a file that only its owner may read: whole under another name, synced, then renamed.
pub fn write_owner_only(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};

    let new_path = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new_path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new_path, path)
}

/// The bits of a mode that let others than the owner in.
const GROUP_AND_OTHERS: u32 = 0o077;

fn check_owner_only(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    let by_others = metadata.permissions().mode() & GROUP_AND_OTHERS;
    if by_others == 0 {
        Ok(())
    } else {
        Err(Error::Exposed {
            path: path.to_owned(),
        })
    }
}

fn hash_of(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(keyring: &Keyring, key: &str) -> Option<Role> {
        let holder = keyring.holder_of(key).expect("reads");
        holder.map(|holder| holder.role)
    }

    #[test]
    fn a_key_works_until_it_is_revoked_and_is_not_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.json");
        let keyring = Keyring::open(path.clone()).expect("opens");
        let (stored, key) = keyring
            .create("shop", Role::Ingest, Instant::from_ms(0))
            .expect("is made");

        let other = Keyring::open(path.clone()).expect("opens again");
        assert_eq!(role_of(&other, &key), Some(Role::Ingest));
        assert_eq!(role_of(&other, "sbx_00"), None);
        assert_eq!(role_of(&other, ""), None);
        let text = fs::read_to_string(&path).expect("reads");
        assert!(!text.contains(&key) && !text.contains(key.trim_start_matches(KEY_PREFIX)));

        keyring.revoke(&stored.id).expect("is revoked");
        assert_eq!(role_of(&other, &key), None);
        assert!(matches!(
            keyring.revoke(&stored.id),
            Err(Error::NotFound { .. })
        ));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.json");
        fs::write(&path, r#"{"keys":[]}"#).expect("writes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("sets");
        assert!(matches!(Keyring::open(path), Err(Error::Exposed { .. })));
    }
}
