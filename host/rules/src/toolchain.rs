//! `signalbox plugin build`: from a crate to a component that imports nothing, with no tool but cargo.
//!
//! Called by `app` and `cargo xtask`. Runs the author's build, so never on the server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    error::{LoadError, cut},
    inspect,
    limits::Limits,
};

/// The target without any runtime of its own: what is built for it asks the host for nothing.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The component file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
}

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo cannot be run.
    #[error("run cargo in {}", folder.display())]
    Cargo {
        /// Where.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The crate does not build; cargo has said why.
    #[error("cargo could not build the crate in {}; is the target there (`rustup target add {TARGET}`)?", folder.display())]
    Crate {
        /// Where.
        folder: PathBuf,
    },
    /// The crate makes no module, or several.
    #[error("the crate in {} makes {found} WebAssembly modules where one is due: set `crate-type = [\"cdylib\"]`", folder.display())]
    Modules {
        /// Where.
        folder: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// The module is not one of a plugin.
    #[error("make a component of {}: {reason}", module.display())]
    Component {
        /// The module.
        module: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// The component would be refused by the server.
    #[error("the component would be refused")]
    Refused(#[source] LoadError),
    /// The component cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Builds the crate in `folder` and writes its component to `out`, complete or not at all. What cargo says goes to
/// standard error.
///
/// # Errors
/// When the crate does not build, makes no plugin, or makes one that the server would refuse.
pub fn build(folder: &Path, out: &Path, limits: &Limits) -> Result<Built, BuildError> {
    let module = build_module(folder)?;
    let core = fs::read(&module).map_err(|source| BuildError::Write {
        path: module.clone(),
        source,
    })?;
    let component = encode(&core).map_err(|reason| BuildError::Component { module, reason })?;
    inspect::inspect(&component, limits).map_err(BuildError::Refused)?;
    let write = |source| BuildError::Write {
        path: out.to_owned(),
        source,
    };
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).map_err(write)?;
    }
    // The name begins with a dot, so that a server watching this folder does not look at half a file.
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let new = out.with_file_name(format!(".{name}.new"));
    fs::write(&new, &component).map_err(write)?;
    fs::rename(&new, out).map_err(write)?;
    Ok(Built {
        path: out.to_owned(),
        bytes: component.len(),
    })
}

/// A component from a core module that carries the contract's types, as the SDKs make it.
///
/// # Errors
/// When the module is not one, or needs something that no plugin may have; the text says what.
pub fn encode(core: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.validate(true);
    let component = match encoder.module(core) {
        Ok(encoder) => encoder.encode(),
        Err(error) => Err(error),
    };
    component.map_err(|e| cut(&format!("{e:#}")))
}

fn build_module(folder: &Path) -> Result<PathBuf, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(folder)
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--message-format",
            "json-render-diagnostics",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| BuildError::Cargo {
            folder: folder.to_owned(),
            source,
        })?;
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
