//! The command line: what can be asked of the binary, and how it is written.
//!
//! `main` parses it and hands each command to its module. Nothing is decided here.

mod plugin;

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};
use signalbox_api::keys::Role;
use signalbox_model::{
    id::{ContactId, TableName, WorkflowId},
    time::Instant,
};

pub(crate) use self::plugin::{PluginCommand, ServiceCommand, SignCommand};
use crate::feed::Until;

/// Runs email journeys whose rules are WebAssembly plugins.
#[derive(Debug, Parser)]
#[command(
    name = "signalbox",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(ServerSettings),
    /// Print the settings in effect, with what each means and where it comes from
    Config(ServerSettings),
    /// Make, list and revoke API keys
    Key {
        #[command(flatten)]
        settings: Settings,
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Begin, build, check, test, sign and release plugins, and take them out of service
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Begin something from a template
    New {
        #[command(subcommand)]
        command: NewCommand,
    },
    /// Check workflows in files, put them on a server, and list, watch, start, pause, resume and end them there
    Workflow {
        #[command(subcommand)]
        command: WorkflowCommand,
    },
    /// Put, list and delete the reference tables of a server
    Table {
        #[command(subcommand)]
        command: TableCommand,
    },
    /// Have another version of a plugin asked beside the one in force on a server, and see where the two differ
    Shadow {
        #[command(subcommand)]
        command: ShadowCommand,
    },
    /// Post the events of a CSV, JSON lines or column file
    Feed(Feed),
    /// Check, rebuild, re-execute, save and export the data folder of a server that is not running
    Store {
        #[command(flatten)]
        settings: Settings,
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Play a tape of events through workflows, and say every message, decision and reason
    Simulate(Simulate),
    /// Say what a workflow would send and decide, on a copy of a server's data; the server may run
    Forecast(Forecast),
    /// Say what a trigger or a segment would have done with the history of all contacts, day by day; the server may run
    Backtest(Backtest),
    /// Say why a contact got what it got, or did not, and ask each rule again; the server may run
    Why(Why),
    /// Show the whole on real purchases, in a temporary folder and on a clock wound by hand
    Demo(Demo),
    /// Compile one component: run by the server, which bounds its time and memory
    #[command(hide = true)]
    Compile {
        /// What the server says to its child
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// Settings of a server. Each can also stand in the config file and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServerSettings {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Clock of the journeys: real or manual
    #[arg(long, value_name = "CLOCK")]
    pub(crate) clock: Option<String>,
    /// How messages leave: smtp or capture
    #[arg(long, value_name = "TRANSPORT")]
    pub(crate) transport: Option<String>,
}

impl From<Settings> for ServerSettings {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }
}

/// Settings of every command that works on a data folder or with a server's limits.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Settings {
    /// Config file (TOML)
    #[arg(long, global = true, value_name = "FILE", env = "SIGNALBOX_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Folder of plugins
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// Form of the log: auto, text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log: Option<String>,
    /// What is logged, such as `info` or `signalbox_engine=debug`
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log_filter: Option<String>,
    /// Any other setting, such as `limits.rules.deadline_ms=500`; `signalbox config` lists them
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, once
    Create {
        /// What people call it
        label: String,
        /// What its holder may do
        #[arg(long, value_enum, default_value_t = RoleName::Admin)]
        role: RoleName,
    },
    /// List the keys, without their secrets
    List,
    /// Take a key away; a running server notices
    Revoke {
        /// The id that `key list` shows
        id: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Everything
    Admin,
    /// Post events and attributes
    Ingest,
    /// Read everything, change nothing
    Read,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Ingest => Self::Ingest,
            RoleName::Read => Self::Read,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewCommand {
    /// Write a ready-made workflow into a new YAML file; without a template, list them
    Workflow {
        /// Which one
        #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
        template: Option<WorkflowTemplate>,
        /// The workflow's id, part of every route to it [default: that of the template]
        #[arg(long, requires = "template")]
        id: Option<String>,
        /// Where to write it, never over a file that is there [default: the id with .yaml behind it, here]
        #[arg(long, value_name = "FILE", requires = "template")]
        out: Option<PathBuf>,
    },
}

/// A ready-made workflow. The sentence is what the list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorkflowTemplate {
    /// Four mails over two weeks for everybody who signs up, until the first order
    Welcome,
    /// A reminder a day after a cart was left, an offer a day later, a tag for whoever comes back
    Cart,
    /// One mail about a product that was looked at more than once, and one offer of help
    Browse,
    /// The confirmation of an order at once, a thank-you the day after, a question for a review
    PostPurchase,
    /// Three mails to those who have not bought for ninety days; the last one asks whether to stay
    WinBack,
    /// First steps in a product, by whether the contact took them
    Onboarding,
    /// One question after a closed support ticket, one reminder, and an answer to the answer
    Survey,
    /// A wish on every birthday, also of those born on 29 February
    Birthday,
    /// Word that an awaited product is back, and one reminder while it lasts
    BackInStock,
    /// Mails that answer what somebody did: order shipped with its tracking number, password reset
    Transactional,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    /// Check a JSON or YAML file as the server would, without one: document, plugins, configs and templates
    Check {
        /// The workflow
        file: PathBuf,
        /// Limits as in the config file, such as `limits.rules.deadline_ms=500`
        #[command(flatten)]
        settings: Settings,
    },
    /// Create the workflow of a JSON or YAML file on a server, or make its next version there
    Put {
        /// The workflow
        file: PathBuf,
        /// Move the journeys that are inside to the new version; else each stays on its own
        #[arg(long)]
        migrate: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the workflows with their states
    List(ServerArgs),
    /// Say how a workflow stands: who was taken in at its start, what happened, what its bindings stand for
    Show(WorkflowOnServer),
    /// Say how far a workflow came with taking in whoever was there at its start, until it has looked at everybody
    Watch(WorkflowOnServer),
    /// Start a workflow: from now on contacts enter
    Start(StartOnServer),
    /// Have a workflow start by itself at an instant
    Schedule {
        /// When, such as 2026-03-02T09:00:00Z
        #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
        at: Instant,
        #[command(flatten)]
        start: StartOnServer,
    },
    /// Pause a running workflow
    Pause(WorkflowOnServer),
    /// Resume a paused workflow
    Resume(StartOnServer),
    /// End a workflow for good
    End(WorkflowOnServer),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Put the table of a JSON or CSV file: its next version there, or its first
    Put {
        /// What rules call it
        #[arg(value_parser = TableName::parse)]
        name: TableName,
        /// The table; its ending, .json or .csv, says how it is written
        file: PathBuf,
        /// The key column of CSV [default: the first one]
        #[arg(long, value_name = "COLUMN")]
        key: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the tables with their rows, columns and versions
    List(ServerArgs),
    /// Delete a table that no workflow reads
    Delete {
        /// Its name
        #[arg(value_parser = TableName::parse)]
        name: TableName,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShadowCommand {
    /// Have the newest other version in the folder asked whatever a binding is asked, without any effect
    Start(ShadowStart),
    /// List the shadows with their counts
    List(ServerArgs),
    /// Say how often a shadow agrees, and each decision in which it does not, by contact
    Report(ShadowOnServer),
    /// Have the binding stand for what its shadow does
    Promote(ShadowOnServer),
    /// End a shadow and forget what came of it
    Drop(ShadowOnServer),
}

/// What is asked beside which binding.
#[derive(Debug, Args)]
pub(crate) struct ShadowStart {
    /// The workflow whose binding it is
    #[arg(long, value_name = "ID", required_unless_present = "segment")]
    pub(crate) workflow: Option<String>,
    /// The segment whose rule it is
    #[arg(long, value_name = "NAME", conflicts_with = "workflow")]
    pub(crate) segment: Option<String>,
    /// The place of the binding, such as trigger, audience or steps/ID/personalizer
    #[arg(long, value_name = "PLACE", required_unless_present = "segment")]
    pub(crate) binding: Option<String>,
    /// Which versions of the plugin, such as ^2 [default: any]
    #[arg(long, value_name = "VERSIONS")]
    pub(crate) requirement: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// A shadow that a server has.
#[derive(Debug, Args)]
pub(crate) struct ShadowOnServer {
    /// Its number
    pub(crate) number: u32,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// A table of a file, as `NAME=FILE`.
#[derive(Debug, Clone)]
pub(crate) struct NamedTable {
    pub(crate) name: TableName,
    pub(crate) file: PathBuf,
}

impl FromStr for NamedTable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once('=').ok_or("write NAME=FILE")?;
        Ok(Self {
            name: TableName::parse(name).map_err(|error| error.to_string())?,
            file: PathBuf::from(file),
        })
    }
}

/// A workflow that a server has.
#[derive(Debug, Args)]
pub(crate) struct WorkflowOnServer {
    /// Its id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// A workflow of a server that is to start or to go on.
#[derive(Debug, Args)]
pub(crate) struct StartOnServer {
    #[command(flatten)]
    pub(crate) which: WorkflowOnServer,
    /// Why it is to run though its checklist fails; logged, and kept with the workflow
    #[arg(long = "override", value_name = "REASON", requires = "actor")]
    pub(crate) overriding: Option<String>,
    /// Who overrides the checklist, by name
    #[arg(long, value_name = "NAME", requires = "overriding")]
    pub(crate) actor: Option<String>,
}

/// Which server, and who asks.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// File that holds an API key with the role admin
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
}

/// What to post and where.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Feed {
    /// The file
    pub(crate) file: PathBuf,
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// File that holds an API key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// How the file is written [default: told from its ending]
    #[arg(long, value_enum)]
    pub(crate) format: Option<FeedFormat>,
    /// CSV without a line of names: its columns are numbered from 1
    #[arg(long)]
    pub(crate) no_header: bool,
    /// What a part of the event is made of: TARGET=TEXT with {COLUMN}, {COLUMN:number} or {COLUMN:%Y%m%d} in it, where
    /// TARGET is contact, name, id, `occurred_at`, source, fields.NAME or attributes.NAME [default: columns named so]
    #[arg(long = "map", value_name = "TARGET=TEXT")]
    pub(crate) maps: Vec<String>,
    /// Post the good lines even if others are wrong
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Only enter the events into the history: nothing is triggered
    #[arg(long)]
    pub(crate) history_only: bool,
    /// Most events of one request
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) batch_events_max: u32,
    /// Most lines of a file whose events have to be put into order for `--wind-clock`: each takes 24 bytes of memory
    #[arg(long, value_name = "COUNT", default_value_t = 10_000_000)]
    pub(crate) ordered_lines_max: u64,
    /// Wind the server's manual clock to each event's instant
    #[arg(long)]
    pub(crate) wind_clock: bool,
    /// Wind on at the end, and through everything due by then: to an instant, or so long beyond the last event (+91d)
    #[arg(long, value_name = "INSTANT", requires = "wind_clock")]
    pub(crate) until: Option<Until>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedFormat {
    /// Comma-separated values, columns by the names of the first line
    Csv,
    /// One JSON document a line, columns by their path such as `order.total`
    Jsonl,
    /// Columns parted by white space, numbered from 1
    #[value(alias = "fixed")]
    Columns,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read every byte of journal, store and snapshots and name what is wrong
    Check,
    /// Compute the store anew from the last snapshot and the journal
    Rebuild,
    /// Ask every rule again what the journal says it was asked, in a temporary folder, and name what differs
    Reexecute,
    /// Make a snapshot of every partition now
    Snapshot,
    /// Put the newest whole snapshot back; the next start applies what the journal has beyond it
    Restore {
        /// Folder of snapshots [default: that of the data folder]
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
    /// Delete what the journal no longer has to keep
    Trim,
    /// Write the whole state as JSON lines
    Export {
        /// Where to [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// What to play and what to say of it.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// A workflow in JSON or YAML, started at the begin; may be given more than once
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) workflow: Vec<PathBuf>,
    /// Events as JSON lines, as `POST /v1/events` takes them; each is fed at its `occurred_at`
    #[arg(long, value_name = "FILE")]
    pub(crate) tape: Option<PathBuf>,
    /// What is known of contacts from the begin on: JSON lines of contact and attributes, or CSV with a column contact
    #[arg(long, value_name = "FILE")]
    pub(crate) contacts: Option<PathBuf>,
    /// A reference table (JSON or CSV) that there is from the begin on; may be given more than once
    #[arg(long = "table", value_name = "NAME=FILE")]
    pub(crate) tables: Vec<NamedTable>,
    /// A named segment in JSON or YAML that there is from the begin on; may be given more than once, in any order
    #[arg(long = "segment", value_name = "FILE")]
    pub(crate) segments: Vec<PathBuf>,
    /// What decides with every workflow, as `PUT /v1/settings` takes it, in JSON or YAML
    #[arg(long = "settings", value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,
    /// When it begins [default: the first event]
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    pub(crate) from: Option<Instant>,
    /// When it ends: an instant, or so long beyond the last event [default: +30d]
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<Until>,
    /// Where what happened is written, a JSON line each [default: standard output, and the summary on the error output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write whole mails instead of their digests
    #[arg(long, conflicts_with = "no_render")]
    pub(crate) full: bool,
    /// Render no message: much faster, and finds nothing that cannot be rendered
    #[arg(long)]
    pub(crate) no_render: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// A table (CSV) of what is expected of contacts; a difference is named and fails the command
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// The number that every seed of a rule comes from
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The data folder of a server whose number is taken, so that seeds are as there
    #[arg(long, value_name = "DIR", conflicts_with = "seed")]
    pub(crate) seed_of: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What to forecast.
#[derive(Debug, Clone, Args)]
pub(crate) struct Forecast {
    /// The workflow: a draft or a paused one is started, one that is scheduled or runs goes on
    #[arg(value_parser = WorkflowId::parse)]
    pub(crate) workflow: WorkflowId,
    /// Its document in JSON or YAML, where the server has none or another
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A reference table (JSON or CSV) in place of the one that the server has; may be given more than once
    #[arg(long = "table", value_name = "NAME=FILE")]
    pub(crate) tables: Vec<NamedTable>,
    /// Events that are expected, as JSON lines [default: those of the log's last days once more]
    #[arg(long, value_name = "FILE", conflicts_with = "days")]
    pub(crate) tape: Option<PathBuf>,
    /// How many days of the log happen once more
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) days: u32,
    /// When it begins [default: now; on a manual clock when the last record was logged]
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    pub(crate) from: Option<Instant>,
    /// When it ends: an instant, or so long behind its begin [default: +14d]
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<Until>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What to try on the past.
#[derive(Debug, Clone, Args)]
pub(crate) struct Backtest {
    /// A workflow's or a segment's document in JSON or YAML
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A reference table (JSON or CSV) in place of the one that the server has; may be given more than once
    #[arg(long = "table", value_name = "NAME=FILE")]
    pub(crate) tables: Vec<NamedTable>,
    /// The first day that counts; a workflow starts then [default: that of the first event]
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    pub(crate) from: Option<Instant>,
    /// When it ends [default: when the last record was logged]
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    pub(crate) until: Option<Instant>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// About whom to say why.
#[derive(Debug, Clone, Args)]
pub(crate) struct Why {
    /// The contact's id
    #[arg(value_parser = ContactId::parse)]
    pub(crate) contact: ContactId,
    /// Only about this workflow [default: each in which something happened to the contact]
    #[arg(value_parser = WorkflowId::parse)]
    pub(crate) workflow: Option<WorkflowId>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// How the demo runs.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder of the shipped plugins
    #[arg(long, value_name = "DIR", default_value = "target/plugins")]
    pub(crate) plugins: PathBuf,
    /// The purchases
    #[arg(
        long,
        value_name = "FILE",
        default_value = "host/app/demo/CDNOW_sample.txt"
    )]
    pub(crate) data_file: PathBuf,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// Keep the data folder, which is named at the end
    #[arg(long)]
    pub(crate) keep: bool,
    /// End once everything is printed
    #[arg(long)]
    pub(crate) exit: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
