//! What can be asked of `signalbox plugin`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use signalbox_model::{
    describe::RuleKind,
    id::{ActorName, Digest, PluginName},
    time::Instant,
};
use signalbox_rules::toolchain::{JavaScriptEngine, Language};

use super::{ServerArgs, Settings};
use crate::plugin::NamedVersion;

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Begin a plugin: a folder with an example rule that builds, its test, and the SDK
    New {
        /// What bindings choose it by: small letters, digits, _ and -
        name: String,
        /// What it decides
        #[arg(long, value_enum)]
        kind: Kind,
        /// What it is written in; javascript is for TypeScript too
        #[arg(long, value_enum)]
        lang: Lang,
        /// The folder, which must not be there yet [default: the name, here]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Say what a component is and reads, and run its cases under the server's limits
    Check {
        /// The component
        file: PathBuf,
        /// Limits as in the config file, such as `limits.rules.deadline_ms=500`
        #[command(flatten)]
        settings: Settings,
    },
    /// Say what a component is: its rules, their configs and reasons, its limits, and what it reads with a config
    Inspect {
        /// The component
        file: PathBuf,
        /// JSON with a config for each kind, such as `{"segment": {"threshold": 100}}`
        #[arg(long, value_name = "FILE")]
        configs: Option<PathBuf>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Test a component under the server's limits: its cases, and that it answers whatever is missing of what they give;
    /// or cases of one's own
    Test {
        /// The component
        file: PathBuf,
        /// JSON with a list of cases for each kind, as `describe` has them [default: the component's own cases]
        #[arg(long, value_name = "FILE")]
        cases: Option<PathBuf>,
        /// How many percent of the cases must come out as they say: of a classifier not all do
        #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
        accuracy_min: u8,
        #[command(flatten)]
        settings: Settings,
    },
    /// Say what a component's rules cost, alone and by the batch, by their cases
    Bench {
        /// The component
        file: PathBuf,
        /// As in `plugin test`
        #[arg(long, value_name = "FILE")]
        cases: Option<PathBuf>,
        /// How many rows are asked together
        #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        rows: u32,
        #[command(flatten)]
        settings: Settings,
    },
    /// Replace what a component built elsewhere imports of WASI by stubs, so that it imports nothing, and say what was replaced
    Seal {
        /// The component
        file: PathBuf,
        /// Where to write the sealed component [default: the file's name with .sealed.wasm behind it, beside it]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Build the plugin in a folder, in Rust, JavaScript, TypeScript, Python or C, into a component that imports nothing
    Build {
        /// Its folder, with a Cargo.toml, package.json, pyproject.toml, or description.json beside C sources
        folder: PathBuf,
        /// Where to write the component [default: the folder's name with .wasm behind it, here]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// What runs JavaScript in the component
        #[arg(long, value_enum, value_name = "NAME", default_value_t)]
        engine: Engine,
    },
    #[command(flatten)]
    Sign(SignCommand),
    #[command(flatten)]
    Service(ServiceCommand),
}

/// What an operator does about the versions of plugins that a server has.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// List a server's plugins: how each file stands, and what is said of its version
    List {
        /// Only those of this plugin
        #[arg(value_parser = PluginName::parse)]
        plugin: Option<PluginName>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take a version out of service: it is asked no more, and bindings that follow go back to the last good one
    Revoke {
        /// Which one, as NAME@VERSION
        plugin: NamedVersion,
        /// Who does, by name
        #[arg(long, value_name = "NAME")]
        actor: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The digest of its file, where the server has several of that version or lists it no more
        #[arg(long, value_name = "HEX")]
        digest: Option<Digest>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Bring a version back that failed too often, or was revoked where no releases are asked for
    Lift {
        /// Which one, as NAME@VERSION
        plugin: NamedVersion,
        /// The digest of its file, where the server has several of that version or lists it no more
        #[arg(long, value_name = "HEX")]
        digest: Option<Digest>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Have people move away from versions of a plugin; without a message, say what was said and what is bound to them
    Deprecate {
        /// The plugin
        #[arg(value_parser = PluginName::parse)]
        plugin: PluginName,
        /// Why, for whoever binds or has bound one
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        /// Which versions, such as <2.0.0 [default: all, those to come included]
        #[arg(long, value_name = "VERSIONS", requires = "message")]
        versions: Option<String>,
        /// What takes their place, such as `company ^2`
        #[arg(long, value_name = "TEXT", requires = "message")]
        replaced_by: Option<String>,
        /// From when on none of them is bound anew [default: never]
        #[arg(long, value_name = "INSTANT", value_parser = Instant::parse, requires = "message")]
        removed_on: Option<Instant>,
        /// Take back what was said
        #[arg(long, conflicts_with = "message")]
        undo: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// What those do who stand for plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum SignCommand {
    /// Draw a key to sign and release with, and print the entry of trust.keys that others know it by
    Keygen {
        /// Whose it is, without blanks, such as eva or eva@example.com
        #[arg(value_parser = ActorName::parse)]
        person: ActorName,
        /// Where to write it, never over a file that is there [default: the name with .key behind it, here]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Sign a component, so that a server that asks for signatures lets it in
    Sign {
        /// The component
        file: PathBuf,
        /// File that holds the secret key, as `plugin keygen` wrote it
        #[arg(long, value_name = "FILE")]
        secret_key: PathBuf,
        /// Where to write the signature [default: the component's name with .sig behind it, beside it]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Have a server let a version be bound that somebody else has signed
    Release {
        /// Which one, as NAME@VERSION
        plugin: NamedVersion,
        /// File that holds the secret key, as `plugin keygen` wrote it
        #[arg(long, value_name = "FILE")]
        secret_key: PathBuf,
        /// A copy of the component that was looked at: nothing is released if the server has another one
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Its digest, as `plugin inspect` and `plugin test` print it: nothing is released if the server, or the file, has
        /// another one
        #[arg(long, value_name = "HEX", value_parser = Digest::parse)]
        digest: Option<Digest>,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        settings: Settings,
    },
}

/// A kind of rule.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Who enters a workflow
    Trigger,
    /// Who is in or out
    Segment,
    /// What a message says
    Personalizer,
}

impl From<Kind> for RuleKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Trigger => Self::Trigger,
            Kind::Segment => Self::Segment,
            Kind::Personalizer => Self::Personalizer,
        }
    }
}

/// A language of rules.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Lang {
    Rust,
    Javascript,
    Python,
    C,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Javascript => Self::JavaScript,
            Lang::Python => Self::Python,
            Lang::C => Self::C,
        }
    }
}

/// What runs JavaScript in a component.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Engine {
    /// QuickJS: small and quick to start
    #[default]
    Quickjs,
    /// StarlingMonkey: seven times larger, for what QuickJS cannot do
    Starlingmonkey,
}

impl From<Engine> for JavaScriptEngine {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Quickjs => Self::QuickJs,
            Engine::Starlingmonkey => Self::StarlingMonkey,
        }
    }
}
