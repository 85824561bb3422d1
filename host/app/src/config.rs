//! The settings: defaults, then the config file, then the environment, then flags; each later one wins.
//!
//! Every command that touches a data folder loads them. A name that nobody knows is refused with its place, and a
//! secret is never printed: not in errors, not by `signalbox config`, not by `Debug`.

mod folders;
mod help;
mod layers;
mod show;
mod trust;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use signalbox_api::connections;
use signalbox_engine::{Limits as EngineLimits, SenderConfig};
use signalbox_mail::{
    address::{Address, Mailbox},
    retry::RETRY_HOURS_MAX,
    smtp,
};
use signalbox_model::time::Instant;
use signalbox_rules::limits::Limits as RuleLimits;

pub(crate) use self::{
    layers::{Loaded, load},
    trust::Trust,
};

/// Every setting. A field that nothing gives takes its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) plugins: PathBuf,
    pub(crate) tables: PathBuf,
    pub(crate) trust: Trust,
    pub(crate) listen: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) transport: Transport,
    pub(crate) log: Log,
    pub(crate) http: Http,
    pub(crate) sender: SenderConfig,
    pub(crate) smtp: Smtp,
    pub(crate) capture: Capture,
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("signalbox-data"),
            plugins: PathBuf::from("plugins"),
            tables: PathBuf::from("tables"),
            trust: Trust::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            clock: Clock::Real,
            transport: Transport::Capture,
            log: Log::default(),
            http: Http::default(),
            sender: SenderConfig::default(),
            smtp: Smtp::default(),
            capture: Capture::default(),
            store: Store::default(),
            journal: Journal::default(),
            limits: Limits::default(),
        }
    }
}

/// Which clock journey time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    Real,
    Manual,
}

/// How messages leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    Smtp,
    Capture,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            filter: "info".to_owned(),
        }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// Text with colours on a terminal, without them elsewhere.
    Auto,
    Text,
    Json,
}

/// What bounds the connections of the HTTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    pub(crate) header_timeout_s: u64,
    pub(crate) body_timeout_s: u64,
    pub(crate) answer_timeout_s: u64,
    pub(crate) connections_max: usize,
    pub(crate) bodies_bytes_max: usize,
}

impl Default for Http {
    fn default() -> Self {
        let limits = connections::Limits::default();
        Self {
            header_timeout_s: limits.header_timeout.as_secs(),
            body_timeout_s: limits.body_timeout.as_secs(),
            answer_timeout_s: limits.answer_timeout.as_secs(),
            connections_max: limits.connections_max,
            bodies_bytes_max: limits.bodies_bytes_max,
        }
    }
}

impl Http {
    pub(crate) fn limits(&self) -> connections::Limits {
        connections::Limits {
            header_timeout: Duration::from_secs(self.header_timeout_s),
            body_timeout: Duration::from_secs(self.body_timeout_s),
            answer_timeout: Duration::from_secs(self.answer_timeout_s),
            connections_max: self.connections_max,
            bodies_bytes_max: self.bodies_bytes_max,
        }
    }

    fn problem(&self) -> Option<(&'static str, String)> {
        let timeouts = [
            ("http.header_timeout_s", self.header_timeout_s),
            ("http.body_timeout_s", self.body_timeout_s),
            ("http.answer_timeout_s", self.answer_timeout_s),
        ];
        for (key, timeout_s) in timeouts {
            if !(1..=3_600).contains(&timeout_s) {
                return Some((key, "must be 1 to 3,600".to_owned()));
            }
        }
        if !(1..=65_535).contains(&self.connections_max) {
            return Some(("http.connections_max", "must be 1 to 65,535".to_owned()));
        }
        if !(8 << 20..=1 << 40).contains(&self.bodies_bytes_max) {
            let range = "must be 8,388,608 to 1,099,511,627,776";
            return Some(("http.bodies_bytes_max", range.to_owned()));
        }
        None
    }
}

/// The server that takes our mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) hello_name: String,
    pub(crate) name: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) extra_roots: Option<PathBuf>,
    pub(crate) connections_max: usize,
    pub(crate) idle_s_max: u64,
    pub(crate) messages_per_connection_max: u32,
    pub(crate) timeouts: SmtpTimeouts,
}

impl Default for Smtp {
    fn default() -> Self {
        let pool = smtp::PoolConfig::default();
        Self {
            host: "localhost".to_owned(),
            port: 587,
            security: Security::Starttls,
            hello_name: "localhost".to_owned(),
            name: None,
            password: None,
            password_file: None,
            extra_roots: None,
            connections_max: pool.connections_max,
            idle_s_max: pool.idle_max.as_secs(),
            messages_per_connection_max: pool.messages_per_connection_max,
            timeouts: SmtpTimeouts::default(),
        }
    }
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Security {
    Implicit,
    Starttls,
    StarttlsIfOffered,
    None,
}

impl From<Security> for smtp::Security {
    fn from(security: Security) -> Self {
        match security {
            Security::Implicit => Self::Implicit,
            Security::Starttls => Self::StartTls,
            Security::StarttlsIfOffered => Self::StartTlsIfOffered,
            Security::None => Self::None,
        }
    }
}

/// How long each step of SMTP may take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "a unit ends each name")]
pub(crate) struct SmtpTimeouts {
    pub(crate) connect_s: u64,
    pub(crate) tls_s: u64,
    pub(crate) greeting_s: u64,
    pub(crate) command_s: u64,
    pub(crate) mail_s: u64,
    pub(crate) rcpt_s: u64,
    pub(crate) data_s: u64,
    pub(crate) block_s: u64,
    pub(crate) end_s: u64,
}

impl Default for SmtpTimeouts {
    fn default() -> Self {
        let timeouts = smtp::Timeouts::default();
        Self {
            connect_s: timeouts.connect.as_secs(),
            tls_s: timeouts.tls.as_secs(),
            greeting_s: timeouts.greeting.as_secs(),
            command_s: timeouts.command.as_secs(),
            mail_s: timeouts.mail.as_secs(),
            rcpt_s: timeouts.rcpt.as_secs(),
            data_s: timeouts.data.as_secs(),
            block_s: timeouts.block.as_secs(),
            end_s: timeouts.end.as_secs(),
        }
    }
}

/// The inbox on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Capture {
    pub(crate) messages_max: usize,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            messages_max: 100_000,
        }
    }
}

/// The state on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    pub(crate) partitions: u16,
    pub(crate) cache_bytes: u64,
    pub(crate) compact_from_bytes: u64,
    pub(crate) snapshot_every_s: u64,
    pub(crate) history_keep_days: u32,
    pub(crate) manual_start: Instant,
}

impl Default for Store {
    fn default() -> Self {
        let engine = signalbox_engine::Config::new("");
        Self {
            partitions: engine.partitions,
            cache_bytes: engine.store_cache_bytes,
            compact_from_bytes: engine.store_compact_from_bytes,
            snapshot_every_s: engine.snapshot_every_s,
            history_keep_days: engine.history_keep_days,
            manual_start: engine.manual_start,
        }
    }
}

/// The log of inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    pub(crate) keep_days: u32,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            keep_days: signalbox_engine::Config::new("").journal_keep_days,
        }
    }
}

/// What may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) engine: EngineLimits,
    pub(crate) rules: RuleLimits,
}

/// A text that is printed nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// What stands where a secret would.
const MASK: &str = "********";

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The ordinary error would repeat a value of the wrong type.
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            _ => Err(de::Error::custom("a secret has to be a text in quotes")),
        }
    }
}

impl Config {
    /// The folder of kept copies of plugins and of their compiled code.
    pub(crate) fn kept_plugins_folder(&self) -> PathBuf {
        self.data.join("plugins")
    }

    /// The folder of captured messages.
    pub(crate) fn inbox_folder(&self) -> PathBuf {
        self.data.join("inbox")
    }

    /// The file of the keys' hashes.
    pub(crate) fn keys_file(&self) -> PathBuf {
        self.data.join("keys.json")
    }

    /// The file that the first start leaves an admin key in.
    pub(crate) fn admin_key_file(&self) -> PathBuf {
        self.data.join("admin.key")
    }

    /// What the engine is told.
    pub(crate) fn engine(&self) -> signalbox_engine::Config {
        signalbox_engine::Config {
            partitions: self.store.partitions,
            manual_start: self.store.manual_start,
            limits: self.limits.engine.clone(),
            sender: self.sender.clone(),
            store_cache_bytes: self.store.cache_bytes,
            store_compact_from_bytes: self.store.compact_from_bytes,
            journal_keep_days: self.journal.keep_days,
            history_keep_days: self.store.history_keep_days,
            snapshot_every_s: self.store.snapshot_every_s,
            ..signalbox_engine::Config::new(&self.data)
        }
    }

    /// The first thing that is wrong though every value has the right type: where, and what.
    fn problem(&self) -> Option<(&'static str, String)> {
        if self.store.partitions == 0 || self.store.partitions > 65_534 {
            return Some(("store.partitions", "must be 1 to 65,534".to_owned()));
        }
        if !(1..=3_660).contains(&self.store.history_keep_days) {
            return Some(("store.history_keep_days", "must be 1 to 3,660".to_owned()));
        }
        if self.store.compact_from_bytes < 1 << 20 {
            let reason = "must be 1,048,576 or more".to_owned();
            return Some(("store.compact_from_bytes", reason));
        }
        if !(1..=30).contains(&self.journal.keep_days) {
            return Some(("journal.keep_days", "must be 1 to 30".to_owned()));
        }
        let engine = &self.limits.engine;
        for (key, hours) in [
            (
                "limits.engine.marketing_retry_hours_max",
                engine.marketing_retry_hours_max,
            ),
            (
                "limits.engine.transactional_retry_hours_max",
                engine.transactional_retry_hours_max,
            ),
        ] {
            if hours > RETRY_HOURS_MAX {
                return Some((key, format!("must be 0 to {RETRY_HOURS_MAX}")));
            }
        }
        if let Err(error) = Mailbox::parse(&self.sender.from_address) {
            return Some(("sender.from_address", error.to_string()));
        }
        if let Some(Err(error)) = self.sender.reply_to.as_deref().map(Address::parse) {
            return Some(("sender.reply_to", error.to_string()));
        }
        if self.smtp.password.is_some() && self.smtp.password_file.is_some() {
            return Some((
                "smtp.password_file",
                "is given beside smtp.password: give one of them".to_owned(),
            ));
        }
        let has_password = self.smtp.password.is_some() || self.smtp.password_file.is_some();
        if has_password != self.smtp.name.is_some() {
            return Some((
                "smtp.name",
                "a name and a password go together: one of them is missing".to_owned(),
            ));
        }
        if self.smtp.connections_max == 0 {
            return Some(("smtp.connections_max", "must be at least 1".to_owned()));
        }
        self.trust.policy().err().or_else(|| self.http.problem())
    }
}

/// Whether others than its owner may read the file.
pub(crate) fn is_exposed(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;

    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests;
