//! `signalbox plugin build`: from a folder of sources in any of our languages to a component that imports nothing.
//!
//! Called by `app` and by tests. Runs the author's build, so never on the server. Every tool it starts is bounded in
//! time, what they say goes to standard error, and one that is missing is named with the command that gets it.

pub mod sdk;

mod c;
mod javascript;
mod process;
mod python;
mod rust;
mod world;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use signalbox_model::describe::RuleKind;

use crate::{
    error::{LoadError, cut},
    inspect,
    limits::Limits,
};

pub use rust::TARGET;

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The component file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// What it was built from.
    pub language: Language,
}

/// A language that rules are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A crate: `Cargo.toml`.
    Rust,
    /// JavaScript or TypeScript: `package.json`.
    JavaScript,
    /// Python: `pyproject.toml`.
    Python,
    /// C: `description.json` and sources beside it.
    C,
}

/// The engine that a component in JavaScript carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JavaScriptEngine {
    /// `QuickJS`: 1.6 MB, 1.4 us a row.
    #[default]
    QuickJs,
    /// `StarlingMonkey`: 12 MB, 5 us a row.
    StarlingMonkey,
}

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder holds no plugin in a language that we know.
    #[error(
        "{} holds no plugin: Rust has a Cargo.toml, JavaScript and TypeScript a package.json, Python a pyproject.toml, \
         C a description.json beside its sources",
        folder.display()
    )]
    NoLanguage {
        /// Which folder.
        folder: PathBuf,
    },
    /// The folder holds what several languages begin with.
    #[error("{} could be a plugin in {}: give each a folder of its own", folder.display(), list(found))]
    SeveralLanguages {
        /// Which folder.
        folder: PathBuf,
        /// The languages.
        found: Vec<Language>,
    },
    /// A tool is not on this machine.
    #[error("{tool} is missing, which {purpose}; this gets it: {command}")]
    Missing {
        /// Its name.
        tool: &'static str,
        /// What it does.
        purpose: &'static str,
        /// The one command that gets it.
        command: String,
    },
    /// A tool cannot be started.
    #[error("start {}", program.display())]
    Start {
        /// Which.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A tool failed; it has said why on standard error.
    #[error("{} failed ({status}) in {}", program.display(), folder.display())]
    Failed {
        /// Which.
        program: PathBuf,
        /// Where.
        folder: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A tool took too long and was stopped.
    #[error("{} was stopped after {} minutes", program.display(), process::MINUTES_MAX)]
    TooLong {
        /// Which.
        program: PathBuf,
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
    /// What the folder says of itself cannot be used.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    /// A file or folder cannot be read or written.
    #[error("use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Language {
    /// Every language, in the order of the guide.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::C];

    /// The language of the plugin in a folder, by what lies there.
    ///
    /// # Errors
    /// When there is nothing that a plugin begins with, or what several do.
    pub fn of(folder: &Path) -> Result<Self, BuildError> {
        let is_there = |name: &str| folder.join(name).is_file();
        let mut found: Vec<Self> = Self::ALL
            .into_iter()
            .filter(|language| match language {
                Self::Rust => is_there("Cargo.toml"),
                Self::JavaScript => is_there("package.json"),
                Self::Python => is_there("pyproject.toml"),
                Self::C => is_there(c::DESCRIPTION) && !c::sources(folder).is_empty(),
            })
            .collect();
        match (found.pop(), found.is_empty()) {
            (Some(language), true) => Ok(language),
            (None, _) => Err(BuildError::NoLanguage {
                folder: folder.to_owned(),
            }),
            (Some(last), false) => {
                found.push(last);
                Err(BuildError::SeveralLanguages {
                    folder: folder.to_owned(),
                    found,
                })
            }
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::C => "C",
        })
    }
}

fn list(languages: &[Language]) -> String {
    let names: Vec<String> = languages.iter().map(ToString::to_string).collect();
    names.join(" or ")
}

/// Builds the plugin in `folder` and writes its component to `out`, complete or not at all. JavaScript carries
/// `QuickJS`.
///
/// # Errors
/// When the folder holds no plugin, a tool is missing or fails, or the server would refuse the component.
pub fn build(folder: &Path, out: &Path, limits: &Limits) -> Result<Built, BuildError> {
    build_with(folder, out, limits, JavaScriptEngine::default())
}

/// Builds as [`build`] does, with that engine if the plugin is in JavaScript.
///
/// # Errors
/// As [`build`].
pub fn build_with(
    folder: &Path,
    out: &Path,
    limits: &Limits,
    engine: JavaScriptEngine,
) -> Result<Built, BuildError> {
    let folder = fs::canonicalize(folder).map_err(file(folder))?;
    let language = Language::of(&folder)?;
    let component = match language {
        Language::Rust => rust::build(&folder)?,
        Language::JavaScript => javascript::build(&folder, engine)?,
        Language::Python => python::build(&folder)?,
        Language::C => c::build(&folder)?,
    };
    inspect::inspect(&component, limits).map_err(BuildError::Refused)?;
    write(out, &component)?;
    Ok(Built {
        path: out.to_owned(),
        bytes: component.len(),
        language,
    })
}

/// Writes a component, complete or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write(out: &Path, component: &[u8]) -> Result<(), BuildError> {
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).map_err(file(out))?;
    }
    // The name begins with a dot, so that a server watching this folder does not look at half a file.
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let new = out.with_file_name(format!(".{name}.new"));
    fs::write(&new, component).map_err(file(out))?;
    fs::rename(&new, out).map_err(file(out))
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

/// An error of a file or folder.
fn file(path: &Path) -> impl Fn(std::io::Error) -> BuildError + use<> {
    let path = path.to_owned();
    move |source| BuildError::File {
        path: path.clone(),
        source,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(file(path))
}

fn read_text(path: &Path) -> Result<String, BuildError> {
    fs::read_to_string(path).map_err(file(path))
}

/// A folder that is gone once the build is over.
fn scratch() -> Result<tempfile::TempDir, BuildError> {
    tempfile::Builder::new()
        .prefix("signalbox-build-")
        .tempdir()
        .map_err(file(&std::env::temp_dir()))
}

/// The kinds that a manifest lists as its rules.
fn kinds_of(path: &Path, names: Option<Vec<&str>>) -> Result<Vec<RuleKind>, BuildError> {
    let known = RuleKind::ALL.map(RuleKind::as_str);
    let is_known =
        |names: &Vec<&str>| !names.is_empty() && names.iter().all(|name| known.contains(name));
    let names = names.filter(is_known).ok_or_else(|| BuildError::Manifest {
        path: path.to_owned(),
        reason: format!("must list its rules, each one of {}", known.join(", ")),
    })?;
    Ok(RuleKind::ALL
        .into_iter()
        .filter(|kind| names.contains(&kind.as_str()))
        .collect())
}
