//! What can go wrong with an engine, a file, a config or a build, said so that its author can mend it.
//!
//! What goes wrong while deciding is not an error but an answer: `model::verdict::Failure`.

use std::path::PathBuf;

use signalbox_model::{
    describe::RuleKind,
    id::{Digest, PluginName},
    problem::Problem,
    verdict::FailureKind,
};

use crate::signature::PublicKey;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The WebAssembly engine refuses its settings here.
    #[error("the WebAssembly engine refuses its settings: {0}")]
    Settings(String),
    /// No thread for the deadlines.
    #[error("start the thread that bounds run time")]
    Thread(#[source] std::io::Error),
}

/// Why a file was not let in. Shown with the plugin, by code and reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("read the file: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// The file is larger than allowed.
    #[error("the file has {bytes} bytes, at most {bytes_max} are allowed")]
    TooLarge {
        /// Size found.
        bytes: u64,
        /// Size allowed.
        bytes_max: u64,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Another file holds other bytes of the same plugin and version.
    #[error(
        "{other} holds other bytes of {name} {version}: take one of the two away, or give one another version"
    )]
    Twice {
        /// The plugin's name.
        name: PluginName,
        /// Its version.
        version: String,
        /// The other file.
        other: String,
    },
    /// Nobody has signed it, though that is asked.
    #[error(
        "nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig"
    )]
    Unsigned,
    /// The file beside it is no signature, or not one of the person whose key it names.
    #[error(
        "the signature beside the file is no good: {reason}; sign the file anew with `signalbox plugin sign`"
    )]
    SignatureInvalid {
        /// What is wrong with it.
        reason: String,
    },
    /// The signature beside it is that of another file.
    #[error(
        "the signature beside the file is for other bytes ({signed}) than its own ({digest}): bring the signature that belongs to it"
    )]
    SignatureOfOther {
        /// What was signed.
        signed: Digest,
        /// What is there.
        digest: Digest,
    },
    /// Somebody has signed it who is not trusted here.
    #[error(
        "the key {key} that signed it is not trusted here: let somebody sign it whose key is among trust.keys"
    )]
    SignerUnknown {
        /// Whoever's it is.
        key: PublicKey,
    },
    /// Not WebAssembly at all.
    #[error("the file is not WebAssembly: it starts with {start}")]
    NotWasm {
        /// Its first bytes, readable.
        start: String,
    },
    /// WebAssembly, but a core module.
    #[error("the file is a core module, not a component: build it with `signalbox plugin build`")]
    CoreModule,
    /// Cut, damaged, or in need of something that is off here.
    #[error("the component is not valid: {reason}")]
    Invalid {
        /// What validation said.
        reason: String,
    },
    /// It wants something to call.
    #[error(
        "the component imports {}: a plugin may import nothing that can be called{}",
        names_in_words(names, *count),
        seal_in_words(names)
    )]
    Imports {
        /// The first names, in order.
        names: Vec<String>,
        /// How many there are in all.
        count: usize,
    },
    /// No export of the contract, or only part of what is needed.
    #[error("the component does not export {missing}{}", found_in_words(found))]
    Exports {
        /// What should be there.
        missing: String,
        /// What is there.
        found: Vec<String>,
    },
    /// An export of the contract's name with other types.
    #[error("the export {export} does not fit the contract: {reason}")]
    WrongType {
        /// The export.
        export: String,
        /// What differs.
        reason: String,
    },
    /// It declares more memory or tables than it may have.
    #[error("the component declares {what}")]
    Resources {
        /// What is too much, with both numbers.
        what: String,
    },
    /// It could not be compiled within its bounds.
    #[error("compile the component: {reason}")]
    Compile {
        /// What the compiler, or the bound, said.
        reason: String,
    },
    /// `describe` trapped or ran out of something.
    #[error("`describe` failed ({}): {message}", kind.code())]
    DescribeFailed {
        /// How.
        kind: FailureKind,
        /// More.
        message: String,
    },
    /// `describe` answered a document that breaks its schema.
    #[error(
        "`describe` answered a document with problems: {}",
        problems_in_words(problems)
    )]
    Describe {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A config schema cannot be used.
    #[error("the config schema of the {} has problems: {}", kind.as_str(), problems_in_words(problems))]
    ConfigSchema {
        /// Of which rule.
        kind: RuleKind,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A case did not come out as it says.
    #[error("case {case:?} of the {}: {reason}", kind.as_str())]
    Case {
        /// Of which rule.
        kind: RuleKind,
        /// The case's name.
        case: String,
        /// What differs.
        reason: String,
    },
    /// The same rows got other answers in other company: the rule keeps state.
    #[error("the {} keeps state: case {case:?} {reason}", kind.as_str())]
    State {
        /// Of which rule.
        kind: RuleKind,
        /// The first case that differs.
        case: String,
        /// How it was asked and what differs.
        reason: String,
    },
    /// The cases took too long.
    #[error("the cases took longer than {ms_max} ms")]
    CasesTooSlow {
        /// Time allowed.
        ms_max: u64,
    },
    /// The data folder could not be written.
    #[error("keep the component in the data folder: {reason}")]
    DataFolder {
        /// What the system said.
        reason: String,
    },
}

impl LoadError {
    /// Stable code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "plugin_unreadable",
            Self::TooLarge { .. } => "plugin_too_large",
            Self::Empty => "plugin_empty",
            Self::Twice { .. } => "plugin_twice",
            Self::Unsigned => "plugin_unsigned",
            Self::SignatureInvalid { .. } => "plugin_signature_invalid",
            Self::SignatureOfOther { .. } => "plugin_signature_of_other",
            Self::SignerUnknown { .. } => "plugin_signer_unknown",
            Self::NotWasm { .. } => "plugin_not_wasm",
            Self::CoreModule => "plugin_core_module",
            Self::Invalid { .. } => "plugin_invalid",
            Self::Imports { .. } => "plugin_imports",
            Self::Exports { .. } => "plugin_exports",
            Self::WrongType { .. } => "plugin_wrong_type",
            Self::Resources { .. } => "plugin_resources",
            Self::Compile { .. } => "plugin_compile",
            Self::DescribeFailed { .. } => "plugin_describe_failed",
            Self::Describe { .. } => "plugin_describe",
            Self::ConfigSchema { .. } => "plugin_config_schema",
            Self::Case { .. } => "plugin_case",
            Self::State { .. } => "plugin_state",
            Self::CasesTooSlow { .. } => "plugin_cases_too_slow",
            Self::DataFolder { .. } => "plugin_data_folder",
        }
    }

    /// Whether it is about who has signed the file, and nothing else of it was looked at.
    pub(crate) fn is_of_trust(&self) -> bool {
        matches!(
            self,
            Self::Unsigned
                | Self::SignatureInvalid { .. }
                | Self::SignatureOfOther { .. }
                | Self::SignerUnknown { .. }
        )
    }
}

/// Why a plugin gives no plan for a config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such file was ever let in, or it can no longer be loaded.
    #[error("plugin {digest} is not loaded: {reason}")]
    NotLoaded {
        /// The digest asked for.
        digest: Digest,
        /// Why it is not there.
        reason: String,
    },
    /// The plugin has no rule of that kind.
    #[error("plugin {plugin} has no {}", kind.as_str())]
    NoSuchRule {
        /// The plugin's name.
        plugin: PluginName,
        /// The kind asked for.
        kind: RuleKind,
    },
    /// The config does not meet the plugin's schema; pointers are into the config.
    #[error("the config has problems: {}", problems_in_words(problems))]
    Config {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// The rule itself refuses the config.
    #[error("the rule refuses the config: {message}")]
    Refused {
        /// In the rule's words, for people; at most 500 bytes.
        message: String,
    },
    /// The rule trapped or ran out of something.
    #[error("`plan` failed ({}): {message}", kind.code())]
    Failed {
        /// How.
        kind: FailureKind,
        /// More.
        message: String,
    },
    /// The plan breaks its schema, or asks for what this host cannot give; pointers are into the plan.
    #[error("the plan has problems: {}", problems_in_words(problems))]
    Plan {
        /// All of them.
        problems: Vec<Problem>,
    },
}

impl PlanError {
    /// Stable code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoaded { .. } => "plugin_not_loaded",
            Self::NoSuchRule { .. } => "rule_missing",
            Self::Config { .. } => "config_invalid",
            Self::Refused { .. } => "config_refused",
            Self::Failed { .. } => "plan_failed",
            Self::Plan { .. } => "plan_invalid",
        }
    }

    /// The problems, where there is a list of them.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Config { problems } | Self::Plan { problems } => problems,
            _ => &[],
        }
    }
}

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A folder cannot be made or read.
    #[error("use the folder {}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Components and compiled code would be kept where others than the owner may put something in their place.
    #[error("others may write to the folder {}: run `chmod -R go-w` on it", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
    },
    /// A thread cannot be started.
    #[error("start the thread that loads plugins")]
    Thread(#[source] std::io::Error),
    /// No randomness for the key of the cache.
    #[error("draw the key of the compiled code's cache: {0}")]
    Key(String),
}

fn names_in_words(names: &[String], count: usize) -> String {
    let more = count - names.len().min(count);
    let words = names.join(", ");
    if more == 0 {
        words
    } else {
        format!("{words} and {more} more")
    }
}

/// The way out for what other tools build.
fn seal_in_words(names: &[String]) -> &'static str {
    if names.iter().any(|name| name.starts_with("wasi:")) {
        " (`signalbox plugin seal` puts stubs in the place of WASI)"
    } else {
        ""
    }
}

fn found_in_words(found: &[String]) -> String {
    if found.is_empty() {
        String::new()
    } else {
        format!(" (it exports {})", found.join(", "))
    }
}

/// The first problems in one line.
pub(crate) fn problems_in_words(problems: &[Problem]) -> String {
    let shown = 5;
    let mut words: Vec<String> = problems
        .iter()
        .take(shown)
        .map(|problem| match problem.pointer.as_str() {
            "" => problem.reason.clone(),
            pointer => format!("{}: {}", escaped(pointer), problem.reason),
        })
        .collect();
    if problems.len() > shown {
        words.push(format!("and {} more", problems.len() - shown));
    }
    words.join("; ")
}

/// The text with its control characters written out, as `\u{1b}`: a terminal would obey some of them.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut plain, c| {
        if c.is_control() {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
        plain
    })
}

/// A message from a guest or a library, cut to its bound at a character.
pub(crate) fn cut(message: &str) -> String {
    let mut end = message.len().min(crate::limits::MESSAGE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
