//! Rust: cargo for a target without any runtime, then the component from the module that comes out.
//!
//! Called by `toolchain`. No tool but cargo is needed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{BuildError, encode, process, read};

/// The target without any runtime of its own: what is built for it asks the host for nothing.
pub const TARGET: &str = "wasm32-unknown-unknown";

pub(super) fn build(folder: &Path) -> Result<Vec<u8>, BuildError> {
    let module = build_module(folder)?;
    let core = read(&module)?;
    encode(&core).map_err(|reason| BuildError::Component { module, reason })
}

fn build_module(folder: &Path) -> Result<PathBuf, BuildError> {
    let cargo = std::env::var_os("CARGO").map(PathBuf::from);
    let cargo = cargo
        .or_else(|| process::find(&[], &["cargo"]))
        .ok_or_else(|| BuildError::Missing {
            tool: "cargo",
            purpose: "builds crates",
            command: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh".to_owned(),
        })?;
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--release",
        "--lib",
        "--target",
        TARGET,
        "--message-format",
        "json-render-diagnostics",
    ]);
    let output = process::output(&mut command, folder)?;
    if !output.status.success() {
        return Err(BuildError::Crate {
            folder: folder.to_owned(),
        });
    }
    let mut modules = modules_of(folder, &String::from_utf8_lossy(&output.stdout));
    match (modules.pop(), modules.len()) {
        (Some(module), 0) => Ok(module),
        (last, others) => Err(BuildError::Modules {
            folder: folder.to_owned(),
            found: others + usize::from(last.is_some()),
        }),
    }
}

/// The modules that cargo's messages name for the crate in this folder; its dependencies make none that count.
fn modules_of(folder: &Path, messages: &str) -> Vec<PathBuf> {
    let manifest = fs::canonicalize(folder.join("Cargo.toml")).unwrap_or_default();
    let mut modules = Vec::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let is_ours = message["reason"] == "compiler-artifact"
            && message["manifest_path"]
                .as_str()
                .is_some_and(|path| Path::new(path) == manifest);
        let files = message["filenames"].as_array().filter(|_| is_ours);
        let paths = files
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str())
            .map(PathBuf::from);
        modules.extend(paths.filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        }));
    }
    modules
}
