//! The data folder of the catalogue: components by content, compiled code with a MAC, and the key of the MAC.
//!
//! Called by `catalogue` only. Files are written to a new name, synced and renamed, readable by their owner alone.
//! Compiled code is used only if this installation's key vouches for it: the one place in the project where bytes
//! from disk become machine code.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use signalbox_model::id::Digest;
use wasmtime::component::Component;

use crate::{engine::Engine, error::CatalogueError};

const MAGIC: &[u8; 8] = b"sbcode\0\x01";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// The data folder.
pub(crate) struct Cache {
    pub(super) components: PathBuf,
    pub(super) compiled: PathBuf,
    incoming: PathBuf,
    key: [u8; KEY_BYTES],
}

impl Cache {
    /// Makes what is missing of the folder, and reads or draws its key. A folder that others may write to is refused.
    pub(crate) fn open(folder: &Path) -> Result<Self, CatalogueError> {
        let make = |name: &str| {
            let path = folder.join(name);
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path);
            made.map_err(|source| CatalogueError::Folder {
                path: path.clone(),
                source,
            })?;
            Ok::<_, CatalogueError>(path)
        };
        let (components, compiled, incoming) =
            (make("components")?, make("compiled")?, make("incoming")?);
        check_closed(folder)?;
        for inner in [&components, &compiled, &incoming] {
            check_closed(inner)?;
        }
        // What an earlier process left half done is of no use to anyone.
        if let Ok(entries) = fs::read_dir(&incoming) {
            for entry in entries.flatten() {
                let _ = fs::remove_file(entry.path());
            }
        }
        let key = key(&folder.join("cache.key"))?;
        Ok(Self {
            components,
            compiled,
            incoming,
            key,
        })
    }

    /// A path for a file that is being made.
    pub(crate) fn incoming(&self, name: &str) -> PathBuf {
        self.incoming.join(name)
    }

    /// Keeps a component under its digest, so that it can be loaded when its file is gone.
    pub(crate) fn keep_component(&self, digest: Digest, bytes: &[u8]) -> io::Result<()> {
        let path = self.component_path(digest);
        if path.exists() {
            return Ok(());
        }
        self.write(&path, &[bytes])
    }

    /// The component of that digest, if it was ever let in and is whole.
    pub(crate) fn component(&self, digest: Digest) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.component_path(digest))?;
        if Digest::of_bytes(&bytes) == digest {
            return Ok(bytes);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the kept component does not match its digest",
        ))
    }

    /// Puts compiled code in, vouched for by the key.
    pub(crate) fn put(&self, engine: &Engine, digest: Digest, code: &[u8]) -> io::Result<()> {
        let mac = self.mac(engine, digest, code).finalize().into_bytes();
        self.write(&self.compiled_path(engine, digest), &[MAGIC, &mac, code])
    }

    /// Compiled code for this engine, if there is any that the key vouches for; else the file is removed. The error
    /// is the engine's refusal of code that is ours.
    pub(crate) fn get(&self, engine: &Engine, digest: Digest) -> Result<Option<Component>, String> {
        let path = self.compiled_path(engine, digest);
        let Ok(file) = fs::read(&path) else {
            return Ok(None);
        };
        let Some(vouched) = self.check(engine, digest, &file) else {
            tracing::warn!(rule.digest = %digest, "compiled code of {digest} is not ours or not whole: compiled anew");
            let _ = fs::remove_file(&path);
            return Ok(None);
        };
        load(engine, &vouched).map(Some)
    }

    fn check<'a>(&self, engine: &Engine, digest: Digest, file: &'a [u8]) -> Option<Vouched<'a>> {
        let rest = file.strip_prefix(MAGIC)?;
        let (mac, code) = rest.split_at_checked(MAC_BYTES)?;
        // Compared in constant time.
        self.mac(engine, digest, code).verify_slice(mac).ok()?;
        Some(Vouched(code))
    }

    fn mac(&self, engine: &Engine, digest: Digest, code: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(MAGIC);
        mac.update(&digest.0);
        mac.update(&engine.fingerprint().0);
        mac.update(code);
        mac
    }

    pub(super) fn component_path(&self, digest: Digest) -> PathBuf {
        self.components.join(format!("{digest}.wasm"))
    }

    pub(super) fn compiled_path(&self, engine: &Engine, digest: Digest) -> PathBuf {
        let suffix = Self::compiled_suffix(engine);
        self.compiled.join(format!("{digest}{suffix}"))
    }

    /// How names of compiled code for this engine end.
    pub(super) fn compiled_suffix(engine: &Engine) -> String {
        let fingerprint = engine.fingerprint().to_string();
        format!("-{}.code", &fingerprint[..16])
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        write_new(
            &self.incoming(&format!("{name}.{:?}", std::thread::current().id())),
            path,
            parts,
        )
    }
}

/// A folder that was there before may have been made by somebody else.
fn check_closed(folder: &Path) -> Result<(), CatalogueError> {
    let path = folder.to_owned();
    match fs::metadata(folder) {
        Ok(found) if found.permissions().mode() & 0o022 == 0 => Ok(()),
        Ok(_) => Err(CatalogueError::Exposed { path }),
        Err(source) => Err(CatalogueError::Folder { path, source }),
    }
}

/// Compiled code whose MAC was checked; made by [`Cache::check`] only.
struct Vouched<'a>(&'a [u8]);

#[expect(
    unsafe_code,
    reason = "loading compiled code is unsafe; the only place where it is done"
)]
fn load(engine: &Engine, vouched: &Vouched<'_>) -> Result<Component, String> {
    // SAFETY: `deserialize` trusts its bytes as it would trust its own process. These are bytes that this
    // installation's compiling process made for a component of this digest with settings of this fingerprint: the
    // MAC over all three was checked by the only maker of `Vouched`, its key never leaves the owner-only data
    // folder, and the bytes are read from memory, so they cannot have changed since. wasmtime itself refuses code
    // of another version or of other settings.
    let component = unsafe { Component::deserialize(engine.wasm(), vouched.0) };
    component.map_err(|error| format!("{error:#}"))
}

fn key(path: &Path) -> Result<[u8; KEY_BYTES], CatalogueError> {
    let folder_error = |source| CatalogueError::Folder {
        path: path.to_owned(),
        source,
    };
    if let Some(key) = read_key(path) {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|e| CatalogueError::Key(e.to_string()))?;
    write_new(&path.with_extension("new"), path, &[&key]).map_err(folder_error)?;
    Ok(key)
}

/// The key, unless it is missing, of another length, or open to others: then a new one makes the old cache void.
fn read_key(path: &Path) -> Option<[u8; KEY_BYTES]> {
    let file = fs::File::open(path).ok()?;
    let mode = file.metadata().ok()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!("the key of the compiled code's cache was open to others: it is drawn anew");
        return None;
    }
    let mut bytes = Vec::new();
    file.take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    bytes.try_into().ok()
}

fn write_new(new: &Path, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(new)?;
    // The mode above holds only for a file that was not there.
    file.set_permissions(Permissions::from_mode(0o600))?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_data()?;
    fs::rename(new, path)
}
