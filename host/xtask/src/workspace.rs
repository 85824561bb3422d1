//! Where things are in this repository, asked of cargo and git rather than guessed.
//! Every other module calls it.
//! It never changes a file.

use crate::shell;
use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The binary of the server.
const APP: &str = "signalbox";

/// The repository's root: two folders above this crate.
pub(crate) fn root() -> PathBuf {
    let here = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here)
        .ancestors()
        .nth(2)
        .expect("xtask lies in host/xtask")
        .to_path_buf()
}

/// Cargo, as the toolchain that runs us calls it, in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The members of the workspace, without resolving any dependency: needs no network.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .context("asking cargo for the members of the workspace")
}

/// The folder that cargo builds into; our own products lie in it too.
pub(crate) fn target_folder() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf())
}

/// The binary of the server in the profile that tests and the demo share.
pub(crate) fn app_binary() -> Result<PathBuf> {
    Ok(target_folder()?.join("debug").join(APP))
}

/// The manifest of the plugins' own workspace, once there is one.
pub(crate) fn plugins_manifest() -> Option<PathBuf> {
    let manifest = root().join("plugins/Cargo.toml");
    manifest.is_file().then_some(manifest)
}

/// Every file of the repository that is there and not ignored, relative to the root and sorted.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    listed(&[
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ])
}

/// Every file that is part of the repository already, relative to the root and sorted.
pub(crate) fn committed_files() -> Result<Vec<PathBuf>> {
    listed(&["ls-files", "-z", "--cached"])
}

fn listed(arguments: &[&str]) -> Result<Vec<PathBuf>> {
    let root = root();
    let text = shell::capture(Command::new("git").args(arguments).current_dir(&root))?;
    let mut files: Vec<PathBuf> = text
        .split_terminator('\0')
        .map(PathBuf::from)
        // Git lists a deleted file until the deletion is committed.
        .filter(|file| root.join(file).is_file())
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
