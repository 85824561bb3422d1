//! Removes from the catalogue's data folder what nobody wants any more.
//!
//! `engine` calls it through the catalogue, with what its definitions name. A file's time of modification says when it
//! was last seen to be wanted. What is removed wrongly costs a compilation, or a component that is in no folder and in
//! no definition; it must never remove one that is.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use signalbox_model::id::Digest;

use super::cache::Cache;
use crate::engine::Engine;

/// How long compiled code is kept that nobody wants: it can be made again as long as its component is there.
pub const COMPILED_KEPT: Duration = Duration::from_hours(30 * 24);

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Copies of components.
    pub components: u64,
    /// Pieces of compiled code.
    pub compiled: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Cache {
    /// Removes what is not among the wanted and has not been for so long, and all compiled code of other engines.
    pub(super) fn prune(
        &self,
        engine: &Engine,
        wanted: &BTreeSet<Digest>,
        now: SystemTime,
        components_kept: Duration,
    ) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        let components: BTreeSet<PathBuf> = wanted
            .iter()
            .map(|digest| self.component_path(*digest))
            .collect();
        for file in files(&self.components, "wasm")? {
            if is_stale(&file, components.contains(&file), now, components_kept)? {
                pruned.bytes += remove(&file)?;
                pruned.components += 1;
            }
        }
        let compiled: BTreeSet<PathBuf> = wanted
            .iter()
            .map(|digest| self.compiled_path(engine, *digest))
            .collect();
        let of_engine = Self::compiled_suffix(engine);
        for file in files(&self.compiled, "code")? {
            let name = file.file_name().map(OsStr::to_string_lossy);
            let is_of_engine = name.is_some_and(|name| name.ends_with(&of_engine));
            if !is_of_engine || is_stale(&file, compiled.contains(&file), now, COMPILED_KEPT)? {
                pruned.bytes += remove(&file)?;
                pruned.compiled += 1;
            }
        }
        Ok(pruned)
    }
}

fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    Ok(files)
}

/// Notes that a wanted file was wanted now; of another one, whether that is too long ago.
fn is_stale(path: &Path, is_wanted: bool, now: SystemTime, kept: Duration) -> io::Result<bool> {
    if is_wanted {
        File::options()
            .write(true)
            .open(path)?
            .set_modified(now)
            .map(|()| false)
    } else {
        let wanted_at = fs::metadata(path)?.modified()?;
        // A time in the future is no age.
        Ok(now.duration_since(wanted_at).is_ok_and(|age| age > kept))
    }
}

fn remove(path: &Path) -> io::Result<u64> {
    let bytes = fs::metadata(path)?.len();
    fs::remove_file(path)?;
    Ok(bytes)
}
