//! Installs what the other commands need: the wasm targets, rustfmt, clippy, the test runner, the mail servers of the end-to-end tests,
//! and what builds rules in JavaScript, Python and C.
//! `setup`, `test` and `demo` call it.
//! It never installs outside cargo's and rustup's own folders and `target/`, and never asks for a version twice.

use crate::{
    shell,
    workspace::{cargo, root, target_folder},
};
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// What `plugin seal` is tested with: components that import WASI.
const WASI_TARGET: &str = "wasm32-wasip2";
const COMPONENTS: [&str; 2] = ["rustfmt", "clippy"];

/// The mail catcher for people to look at, from npm.
const MAILDEV: &str = "maildev@2.2.1";
/// The mail server that refuses, stalls and demands on purpose, from the Python package index.
const AIOSMTPD: &str = "aiosmtpd==1.4.6";

/// What makes components of JavaScript and TypeScript, from npm: the versions that `signalbox plugin build` was tried with.
const JAVASCRIPT: &str = "componentize-qjs@0.4.5 @bytecodealliance/componentize-js@0.23.0 esbuild@0.28.2 typescript@7.0.2";
/// What makes components of Python, from the Python package index.
const PYTHON: &str = "componentize-py==0.25.1";
/// What compiles C where the machine has no clang, from the Python package index.
const ZIG: &str = "ziglang==0.17.1";

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    Nextest,
    CargoTest,
}

/// Everything that `cargo xtask test` needs.
pub(crate) fn ensure() -> Result<Runner> {
    wasm_target()?;
    rustup("target", WASI_TARGET)?;
    for component in COMPONENTS {
        rustup("component", component)?;
    }
    let runner = runner();
    mail_servers()?;
    rule_languages()?;
    Ok(runner)
}

/// The target that plugins are built for.
pub(crate) fn wasm_target() -> Result<()> {
    rustup("target", WASM_TARGET)
}

/// Adds a target or component where rustup does not list it as installed.
/// A toolchain without rustup must bring both itself: the build says so if it does not.
fn rustup(kind: &str, name: &str) -> Result<()> {
    let Ok(installed) = shell::capture(
        Command::new("rustup")
            .args([kind, "list", "--installed"])
            .current_dir(root()),
    ) else {
        println!("notice: no rustup here, so the {kind} {name} is taken to be there");
        return Ok(());
    };
    // Components carry the host's triple behind their name.
    if installed.lines().any(|line| line.starts_with(name)) {
        return Ok(());
    }
    shell::run(
        Command::new("rustup")
            .args([kind, "add", name])
            .current_dir(root()),
    )
}

fn runner() -> Runner {
    let nextest = || shell::succeeds(cargo().args(["nextest", "--version"]));
    if nextest() {
        return Runner::Nextest;
    }
    // Outside the repository's folder no setting of ours reaches the build of the tool.
    match shell::run(
        cargo()
            .args(["install", "cargo-nextest", "--locked"])
            .current_dir(std::env::temp_dir()),
    ) {
        Ok(()) if nextest() => Runner::Nextest,
        Ok(()) | Err(_) => {
            println!(
                "notice: cargo-nextest cannot be installed here, so `cargo test` runs the tests"
            );
            Runner::CargoTest
        }
    }
}

/// The servers lie in `target/e2e-tools`: `python/bin/python -m aiosmtpd` and `node/node_modules/.bin/maildev`.
/// A machine without Python or Node goes on without the server in question, unless this is CI.
fn mail_servers() -> Result<()> {
    let folder = target_folder()?.join("e2e-tools");
    let found = [
        install("aiosmtpd", AIOSMTPD, &folder.join("python"), python)?,
        install("maildev", MAILDEV, &folder.join("node"), node)?,
    ];
    if std::env::var_os("CI").is_some() && found.contains(&false) {
        bail!("CI needs both mail servers for the end-to-end tests");
    }
    Ok(())
}

/// The tools lie in `target/e2e-tools`: `rules-node/node_modules/.bin` and `rules-python/bin`, and zig in `rules-zig/bin`.
/// A machine without Node or Python goes on without the language in question, unless this is CI.
fn rule_languages() -> Result<()> {
    let folder = target_folder()?.join("e2e-tools");
    let found = [
        install(
            "JavaScript for rules",
            JAVASCRIPT,
            &folder.join("rules-node"),
            node,
        )?,
        install(
            "componentize-py",
            PYTHON,
            &folder.join("rules-python"),
            python,
        )?,
        has_clang() || install("zig", ZIG, &folder.join("rules-zig"), python)?,
    ];
    if std::env::var_os("CI").is_some() && found.contains(&false) {
        bail!("CI needs the tools of every language of rules");
    }
    Ok(())
}

/// Where the tools of the languages lie, below `target/e2e-tools`.
const TOOL_FOLDERS: [&str; 3] = [
    "rules-node/node_modules/.bin",
    "rules-python/bin",
    "rules-zig/bin",
];

/// A tool of one of the languages, where it is installed.
pub(crate) fn tool(name: &str) -> Result<Option<PathBuf>> {
    let folder = target_folder()?.join("e2e-tools");
    let places = TOOL_FOLDERS.map(|place| folder.join(place).join(name));
    Ok(places.into_iter().find(|place| place.is_file()))
}

/// The tools of the languages before everything that the machine has.
pub(crate) fn search_path() -> Result<OsString> {
    let folder = target_folder()?.join("e2e-tools");
    let ours = TOOL_FOLDERS.map(|place| folder.join(place));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&path)))
        .context("a folder with a colon cannot be searched for tools")
}

/// Whether clang is here with its linker for WebAssembly: it answers the bare name of one that it does not find.
pub(crate) fn has_clang() -> bool {
    shell::capture(Command::new("clang").arg("--print-prog-name=wasm-ld"))
        .is_ok_and(|answer| Path::new(answer.trim()).is_absolute())
}

/// Installs once per version: a file beside the installation names what it holds.
fn install(
    name: &str,
    version: &str,
    folder: &Path,
    installer: fn(&Path, &str) -> Result<()>,
) -> Result<bool> {
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == version) {
        return Ok(true);
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    match installer(folder, version) {
        Ok(()) => {
            fs::write(&stamp, version).with_context(|| format!("writing {}", stamp.display()))?;
            Ok(true)
        }
        Err(error) => {
            println!("notice: {name} is not installed, its tests cannot run: {error:#}");
            Ok(false)
        }
    }
}

fn python(folder: &Path, version: &str) -> Result<()> {
    shell::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python: PathBuf = folder.join("bin/python");
    shell::run(Command::new(python).args(["-m", "pip", "install", "--quiet", version]))
}

fn node(folder: &Path, version: &str) -> Result<()> {
    shell::run(
        Command::new("npm")
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--prefix",
            ])
            .arg(folder)
            .args(version.split(' ')),
    )
}

#[cfg(test)]
mod tests {
    use super::install;
    use anyhow::bail;
    use std::fs;

    #[test]
    fn installs_once_for_each_version_and_survives_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        let refuse = |_: &std::path::Path, _: &str| bail!("no network");
        assert!(!install("tool", "1", &tool, refuse).unwrap());
        assert!(install("tool", "1", &tool, |_, _| Ok(())).unwrap());
        assert_eq!(fs::read_to_string(tool.join("installed")).unwrap(), "1");
        assert!(
            install("tool", "1", &tool, refuse).unwrap(),
            "there already"
        );
        assert!(
            !install("tool", "2", &tool, refuse).unwrap(),
            "another version"
        );
    }
}
