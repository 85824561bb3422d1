//! What the engine is told at its start. Every bound has its unit in its name.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use signalbox_mail::retry;
use signalbox_model::{id::Partition, time::Instant, workflow::step::MessageClass};

use crate::faults::Faults;

/// Where the data lie and what bounds the work. [`Config::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder: `journal/`, `store/` and `snapshots/` are made inside.
    pub folder: PathBuf,
    /// Partitions of contacts; fixed when the store is created. Default: 8.
    pub partitions: Partition,
    /// Throw the store's rows away and compute them anew from the last snapshot and the journal. Default: no.
    pub rebuild: bool,
    /// Where a manual clock begins in a new store. Default: 2000-01-01T00:00:00Z.
    pub manual_start: Instant,
    /// See [`Limits`].
    pub limits: Limits,
    /// Whom the mails are from and how they are sent.
    pub sender: SenderConfig,
    /// See `signalbox_store::Config::cache_bytes`. Default: 1 GiB.
    pub store_cache_bytes: u64,
    /// See `signalbox_store::Config::compact_from_bytes`. Default: 64 MiB.
    pub store_compact_from_bytes: u64,
    /// How long the journal is kept behind two verified snapshots, in days. Default: 14, at most 30.
    pub journal_keep_days: u32,
    /// How long what happened is kept, in days of journey time: facts, journeys that are over and settled messages. It
    /// may stay for a day and a 32nd of that longer. Default: 400, at least 1 and at most 3,660.
    pub history_keep_days: u32,
    /// How often a snapshot is made, in seconds; 0 for never by itself. Default: 21,600.
    pub snapshot_every_s: u64,
    /// What a simulation of faults takes hold of. Default: nothing.
    pub faults: Faults,
}

impl Config {
    /// The defaults for a data folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            partitions: 8,
            rebuild: false,
            manual_start: Instant::from_ms(946_684_800_000),
            limits: Limits::default(),
            sender: SenderConfig::default(),
            store_cache_bytes: 1 << 30,
            store_compact_from_bytes: 64 << 20,
            journal_keep_days: 14,
            history_keep_days: 400,
            snapshot_every_s: 21_600,
            faults: Faults::default(),
        }
    }

    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(crate) fn store_folder(&self) -> PathBuf {
        self.folder.join("store")
    }

    pub(crate) fn snapshots_folder(&self) -> PathBuf {
        self.folder.join("snapshots")
    }
}

/// What bounds the work of the engine. A field that the config leaves out takes its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Accepted records of one partition that may wait to be applied; more are refused as busy. Default: 20,000.
    pub queue_records_max: u64,
    /// Records applied in one commit. Default: 256.
    pub group_records_max: usize,
    /// Timers that one tick fires. Default: 1,000.
    pub tick_timers_max: u32,
    /// Rows that one page of a sweep looks at, and so about how many one commit deletes. Default: 512.
    pub sweep_rows_max: u32,
    /// Inputs of one call of accept. Default: 10,000.
    pub accept_inputs_max: usize,
    /// Messages being sent at one time. Default: 256. A quarter of them, rounded down, is used by transactional messages
    /// only.
    pub sends_in_flight_max: usize,
    /// Released messages looked at in one scan of a partition. Default: 256.
    pub released_page_max: usize,
    /// Longest from the decision `go` to the begin of the body, in milliseconds of process time. Default: 2,000.
    pub body_begin_ms_max: u64,
    /// Longest wait of a sender for its decision, in milliseconds of process time. Default: 10,000.
    pub decision_wait_ms_max: u64,
    /// Longest pause of the outbox after servers could not be reached, in milliseconds. Default: 30,000.
    pub outbox_backoff_ms_max: u64,
    /// How long a marketing message that servers refuse for now is tried, counted from its first attempt, in hours of
    /// journey time. Default: 96, which is the most; with 0 there is one attempt.
    pub marketing_retry_hours_max: u32,
    /// The same of transactional messages, which are of little use a day later. Default: 24, at most 96.
    pub transactional_retry_hours_max: u32,
    /// Parsed templates kept in memory. Default: 256.
    pub templates_kept_max: usize,
    /// Longest wait of a stop for mails that are being sent, in milliseconds. Default: 30,000.
    pub stop_wait_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_records_max: 20_000,
            group_records_max: 256,
            tick_timers_max: 1_000,
            sweep_rows_max: 512,
            accept_inputs_max: 10_000,
            sends_in_flight_max: 256,
            released_page_max: 256,
            body_begin_ms_max: 2_000,
            decision_wait_ms_max: 10_000,
            outbox_backoff_ms_max: 30_000,
            marketing_retry_hours_max: retry::RETRY_HOURS_MAX,
            transactional_retry_hours_max: 24,
            templates_kept_max: 256,
            stop_wait_ms_max: 30_000,
        }
    }
}

impl Limits {
    /// How long messages of that class are tried.
    pub(crate) fn retry_hours_max(&self, class: MessageClass) -> u32 {
        match class {
            MessageClass::Marketing => self.marketing_retry_hours_max,
            MessageClass::Transactional => self.transactional_retry_hours_max,
        }
    }
}

/// Whom the mails are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SenderConfig {
    /// The address that mails come from.
    pub from_address: String,
    /// The name beside it.
    pub from_name: Option<String>,
    /// Where answers go, if not to `from_address`.
    pub reply_to: Option<String>,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self {
            from_address: "signalbox@localhost.localdomain".to_owned(),
            from_name: Some("Signalbox".to_owned()),
            reply_to: None,
        }
    }
}
