//! What a plugin may use, each limit with its unit in its name.
//!
//! Read from the config by `app`, shown with each plugin by `api`, applied by `engine`, `load` and `decide`.

use serde::{Deserialize, Serialize};

/// Most bytes of a `describe` document. Part of the contract, so not a setting.
pub const DESCRIBE_BYTES_MAX: usize = 1 << 20;
/// Most bytes of a `plan` document. Part of the contract, so not a setting.
pub const PLAN_BYTES_MAX: usize = 256 << 10;
/// Most bytes of a personalizer's values. Part of the contract, so not a setting.
pub const VALUES_BYTES_MAX: usize = 16 << 10;
/// Most bytes of the conditions of one event that takes an arm away, as JSON text.
pub const CONDITIONS_BYTES_MAX: usize = 4 << 10;
/// Most characters of a personalizer's subject. Part of the contract, so not a setting.
pub const SUBJECT_CHARS_MAX: usize = 250;
/// Most rows of a batch. Part of the contract, so not a setting.
pub const ROWS_MAX: u32 = 10_000;
/// Longest message of a failure, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 500;
/// How often the thread that bounds run time wakes, in milliseconds. A deadline is kept to this.
pub const EPOCH_TICK_MS: u64 = 10;

/// Every limit on plugins. A field that the config leaves out takes its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Fuel for one row of a batch, one unit an instruction or so. Default 10,000,000. A unit was seen to take 0.1 ns
    /// in working code (QuickJS) and 1.4 ns in an empty loop, so the default is 1 to 14 ms. Does not cover the
    /// lowering of inputs, which has [`Self::fuel_per_text_lowered`] on top.
    pub fuel_per_row: u64,
    /// Fuel for a call beside its rows: start-up of a guest's runtime and reading of the config. Default 10,000,000.
    pub fuel_per_call: u64,
    /// Fuel for `describe` and for `plan`. Default 200,000,000, at most 280 ms.
    pub fuel_per_document: u64,
    /// Fuel granted for every text that is put into the guest's memory, since its allocator runs as guest code.
    /// Default 1,000; an allocator in Rust or C takes about 100. Not the rule's.
    pub fuel_per_text_lowered: u64,
    /// Most fuel of one run, however many rows it has. Rows are put into smaller runs when a run would need more.
    /// Default 200,000,000, at most 280 ms.
    pub fuel_per_run_max: u64,
    /// Longest run in milliseconds of process time, the backstop behind fuel. Default 1,000. Kept to within 20 ms.
    pub deadline_ms: u64,
    /// Most linear memory of an instance, all its memories together, in bytes. Default 64 MiB. Does not cover what
    /// the host keeps for an instance, about 100 KiB.
    pub memory_bytes_max: usize,
    /// Most elements of one table. Default 20,000.
    pub table_elements_max: usize,
    /// Most instances that run at one time; more wait in order. Default 16.
    pub instances: u32,
    /// Most calls that wait for an instance; more fail as `rule_unavailable`. Default 1,024.
    pub waiting_max: usize,
    /// Largest component file in bytes. Default 32 MiB.
    pub component_bytes_max: u64,
    /// Most bytes that one run may answer with, verdicts and texts together. Default 16 MiB.
    pub answer_bytes_max: usize,
    /// Longest time for all cases of a plugin, in milliseconds. Default 5,000.
    pub cases_time_ms_max: u64,
    /// Most processor time of one compilation, in seconds. Default 120.
    pub compile_cpu_seconds_max: u64,
    /// Most address space of the compiling process, in bytes. Default 4 GiB.
    pub compile_memory_bytes_max: u64,
    /// Longest compilation by the clock, in milliseconds. Default 120,000.
    pub compile_time_ms_max: u64,
    /// Most rows put to an instance at once, 1 to 10,000. Default 1,000.
    pub batch_rows_max: u32,
    /// Failed runs spent on finding the bad row of one group by halving. Default 3.
    pub failed_runs_max: u32,
    /// Failed runs within [`Self::quarantine_window_ms`] that quarantine a version. Default 10. What a rule says
    /// itself, `failed(message)`, is an answer and does not count.
    pub quarantine_failures: u32,
    /// See [`Self::quarantine_failures`]. Default 60,000.
    pub quarantine_window_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_per_row: 10_000_000,
            fuel_per_call: 10_000_000,
            fuel_per_document: 200_000_000,
            fuel_per_text_lowered: 1_000,
            fuel_per_run_max: 200_000_000,
            deadline_ms: 1_000,
            memory_bytes_max: 64 << 20,
            table_elements_max: 20_000,
            instances: 16,
            waiting_max: 1_024,
            component_bytes_max: 32 << 20,
            answer_bytes_max: 16 << 20,
            cases_time_ms_max: 5_000,
            compile_cpu_seconds_max: 120,
            compile_memory_bytes_max: 4 << 30,
            compile_time_ms_max: 120_000,
            batch_rows_max: 1_000,
            failed_runs_max: 3,
            quarantine_failures: 10,
            quarantine_window_ms: 60_000,
        }
    }
}

impl Limits {
    /// The same bounds on each row, and none on how many rows may fail: for asking again what was asked before, where
    /// one failure must not hide the answers beside it.
    #[must_use]
    pub fn for_every_row(self) -> Self {
        Self {
            failed_runs_max: u32::MAX,
            quarantine_failures: u32::MAX,
            ..self
        }
    }

    /// Fuel of a run over that many rows with that many texts, and whether it is less than the rows' full share.
    pub(crate) fn fuel_for(&self, rows: u32, texts: u64) -> (u64, bool) {
        let full = self.fuel_per_row.saturating_mul(u64::from(rows));
        // A single row always gets its full share, whatever the bound on a run says.
        let bound = self.fuel_per_run_max.max(self.fuel_per_row);
        let lowering = self.fuel_per_text_lowered.saturating_mul(texts);
        (
            full.min(bound)
                .saturating_add(self.fuel_per_call)
                .saturating_add(lowering),
            full > bound,
        )
    }

    /// How many rows a run may have so that each has its full share of fuel.
    pub(crate) fn rows_with_full_share(&self) -> u32 {
        let rows = self.fuel_per_run_max / self.fuel_per_row.max(1);
        u32::try_from(rows)
            .unwrap_or(u32::MAX)
            .clamp(1, self.rows_max())
    }

    /// The bound on the rows of a run, held to the contract's.
    pub(crate) fn rows_max(&self) -> u32 {
        self.batch_rows_max.clamp(1, ROWS_MAX)
    }

    /// Ticks of the epoch until the deadline.
    pub(crate) fn deadline_ticks(&self) -> u64 {
        self.deadline_ms.div_ceil(EPOCH_TICK_MS).max(1) + 1
    }
}
