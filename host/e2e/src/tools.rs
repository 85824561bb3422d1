//! Where the built things lie: the server, the plugins, and the mail servers from the registries.
//!
//! Tests call it. It builds nothing itself: what is missing is named with the command that makes it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The folder that cargo builds into: a test's own binary lies in `<target>/<profile>/deps`.
pub fn target_folder() -> Result<PathBuf> {
    Ok(profile_folder()?
        .parent()
        .context("the profile's folder lies in the target folder")?
        .to_path_buf())
}

fn profile_folder() -> Result<PathBuf> {
    let test = env::current_exe().context("asking for the test's own binary")?;
    let deps = test.parent().context("a binary lies in a folder")?;
    let is_deps = deps.file_name().is_some_and(|name| name == "deps");
    let profile = if is_deps { deps.parent() } else { Some(deps) };
    Ok(profile
        .context("deps lies in the profile's folder")?
        .to_path_buf())
}

/// The server's binary.
pub fn server() -> Result<PathBuf> {
    built(
        profile_folder()?.join("signalbox"),
        "cargo build --workspace --bins",
    )
}

/// The folder of the shipped plugins that compile in a moment: those in Rust and C.
pub fn plugins() -> Result<PathBuf> {
    let folder = target_folder()?.join("plugins-quick");
    built(folder.join("event.wasm"), "cargo xtask plugins")?;
    Ok(folder)
}

/// A shipped plugin in whatever language.
pub fn shipped(name: &str) -> Result<PathBuf> {
    let file = target_folder()?.join("plugins").join(name);
    built(
        file.with_extension("wasm"),
        "cargo xtask setup, then cargo xtask plugins",
    )
}

/// The folder of the hostile plugins.
pub fn hostile() -> Result<PathBuf> {
    let folder = hostile_folder()?;
    built(folder.join("honest.wasm"), "cargo xtask plugins")?;
    Ok(folder)
}

/// Where the hostile plugins lie, if they are built.
pub fn hostile_folder() -> Result<PathBuf> {
    Ok(target_folder()?.join("plugins-hostile"))
}

/// Python with aiosmtpd.
pub fn python() -> Result<PathBuf> {
    let folder = target_folder()?.join("e2e-tools/python");
    built(folder.join("installed"), "cargo xtask setup")?;
    built(folder.join("bin/python"), "cargo xtask setup")
}

/// The mail catcher for people.
pub fn maildev() -> Result<PathBuf> {
    let folder = target_folder()?.join("e2e-tools/node");
    built(folder.join("installed"), "cargo xtask setup")?;
    built(
        folder.join("node_modules/.bin/maildev"),
        "cargo xtask setup",
    )
}

fn built(path: PathBuf, command: &str) -> Result<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    bail!("{} is not there: run `{command}` first", path.display())
}

/// A number from the environment, for tests that scale.
pub fn scaled<T: std::str::FromStr>(variable: &str, default: T) -> T {
    env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Copies a folder with all that is in it; modes of files are kept.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    let permissions = fs::metadata(from).with_context(|| format!("reading {}", from.display()))?;
    fs::set_permissions(to, permissions.permissions())
        .with_context(|| format!("changing {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry.with_context(|| format!("reading {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("copying {}", source.display()))?;
        }
    }
    Ok(())
}

/// The bytes of all files in a folder.
pub fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                folder_bytes(&path)
            } else {
                entry.metadata().map_or(0, |metadata| metadata.len())
            }
        })
        .sum()
}
