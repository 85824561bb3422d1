//! Whether the folder of plugins and the data folder stand apart.
//!
//! Asked before the data folder is used. Whoever may put a plugin into its folder must not come by the copies and the
//! compiled code of those that were let in: they are used as they are kept.

use std::{
    io,
    path::{self, Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::Config;

impl Config {
    /// Refuses a folder of plugins that is the data folder, lies within it or holds it, whatever links lead there.
    pub(crate) fn check_folders(&self) -> anyhow::Result<()> {
        let found = |folder: &Path| {
            resolved(folder).with_context(|| format!("finding {}", folder.display()))
        };
        let plugins = found(&self.plugins)?;
        // Kept plugins may be elsewhere, by a link within the data folder.
        for data in [&self.data, &self.kept_plugins_folder()] {
            if let Some(relation) = relation(&plugins, &found(data)?) {
                bail!(
                    "plugins ({}) {relation} data ({}): whoever puts plugins there could change those that were let in; let plugins name a folder apart from data",
                    self.plugins.display(),
                    data.display()
                );
            }
        }
        Ok(())
    }
}

/// How the folders, both resolved, are one within the other.
fn relation(plugins: &Path, data: &Path) -> Option<&'static str> {
    match (plugins.starts_with(data), data.starts_with(plugins)) {
        (true, true) => Some("is the same folder as"),
        (true, false) => Some("lies within"),
        (false, true) => Some("holds"),
        (false, false) => None,
    }
}

/// The path from the root on without links, as far as it is there; what is missing of it will be made as it is written.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let absolute = path::absolute(path)?;
    for known in absolute.ancestors() {
        let found = match known.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found?,
        };
        let missing = absolute.strip_prefix(known).unwrap_or(Path::new(""));
        return Ok(missing.components().fold(found, |mut whole, part| {
            if part == Component::ParentDir {
                whole.pop();
            } else {
                whole.push(part);
            }
            whole
        }));
    }
    Ok(absolute)
}
