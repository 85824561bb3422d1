//! One version of a plugin, ready to be asked: its component, its own words, its schemas, and how it has fared.
//!
//! Made by `load`; kept by `catalogue`; asked by `decide`.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant as Clock},
};

use serde_json::Value as Json;
use signalbox_model::{
    describe::{Description, RuleKind},
    id::Digest,
    plan::Plan,
};

use crate::{
    component::{Component, RunFailure},
    documents,
    engine::Engine,
    error::{PlanError, cut},
    limits::Limits,
};

/// One version of a plugin.
pub(crate) struct Plugin {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
    pub(crate) description: Description,
    pub(crate) component: Component,
    pub(crate) validators: BTreeMap<RuleKind, jsonschema::Validator>,
    /// What each rule reads in its cases, in plain words.
    pub(crate) reads: BTreeMap<RuleKind, Vec<String>>,
    pub(crate) health: Health,
}

impl Plugin {
    /// The plan of the rule of that kind for a config, checked.
    pub(crate) fn plan(
        &self,
        engine: &Engine,
        kind: RuleKind,
        config: &Json,
    ) -> Result<Plan, PlanError> {
        let Some(validator) = self.validators.get(&kind) else {
            return Err(PlanError::NoSuchRule {
                plugin: self.description.name.clone(),
                kind,
            });
        };
        let problems = documents::problems(validator, config);
        if !problems.is_empty() {
            return Err(PlanError::Config { problems });
        }
        let document = self
            .component
            .plan(engine, kind, &config.to_string())
            .map_err(|RunFailure { kind, message, .. }| PlanError::Failed { kind, message })?
            .answer
            .map_err(|message| PlanError::Refused {
                message: cut(&message),
            })?;
        documents::read_plan(&document, kind).map_err(|problems| PlanError::Plan { problems })
    }

    /// How many reasons the rule of that kind declares.
    pub(crate) fn reasons(&self, kind: RuleKind) -> u32 {
        self.description
            .rules
            .get(&kind)
            .map_or(0, |rule| rule.reasons.len() as u32)
    }
}

/// How a version has fared since it was loaded. Written by `decide`, read by the list of plugins.
pub(crate) struct Health {
    rows: AtomicU64,
    failed_rows: AtomicU64,
    failed_runs: AtomicU64,
    fuel_per_row: AtomicU64,
    quarantined: AtomicBool,
    // A std mutex: touched only when something failed.
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    recent: VecDeque<Clock>,
    last: Option<String>,
}

impl Health {
    /// A fresh record; the fuel of the cases is the first guess at the fuel of a row.
    pub(crate) fn new(fuel_per_row: u64) -> Self {
        Self {
            rows: AtomicU64::new(0),
            failed_rows: AtomicU64::new(0),
            failed_runs: AtomicU64::new(0),
            fuel_per_row: AtomicU64::new(fuel_per_row.max(1)),
            quarantined: AtomicBool::new(false),
            failures: Mutex::new(Failures::default()),
        }
    }

    /// Rows answered, failures of the rule's own included.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Rows without a verdict.
    pub(crate) fn failed_rows(&self) -> u64 {
        self.failed_rows.load(Ordering::Relaxed)
    }

    /// Runs that failed as a whole.
    pub(crate) fn failed_runs(&self) -> u64 {
        self.failed_runs.load(Ordering::Relaxed)
    }

    /// A moving mean, start of the instance and lowering of inputs included.
    pub(crate) fn fuel_per_row(&self) -> u64 {
        self.fuel_per_row.load(Ordering::Relaxed)
    }

    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantined.load(Ordering::Acquire)
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last
            .clone()
    }

    pub(crate) fn ran(&self, rows: u32, fuel_used: u64) {
        self.rows.fetch_add(u64::from(rows), Ordering::Relaxed);
        let seen = fuel_used / u64::from(rows.max(1));
        let mean = self.fuel_per_row();
        // Up at once, down slowly: a batch sized too small costs little, one too large is run twice.
        let next = if seen > mean {
            seen
        } else {
            mean - (mean - seen) / 8
        };
        self.fuel_per_row.store(next.max(1), Ordering::Relaxed);
    }

    pub(crate) fn rows_failed(&self, rows: u64, message: &str) {
        self.failed_rows.fetch_add(rows, Ordering::Relaxed);
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last = Some(cut(message));
    }

    /// Quarantines the version for what happened elsewhere, or before it was loaded.
    pub(crate) fn quarantine(&self, reason: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.last = Some(cut(reason));
        self.quarantined.store(true, Ordering::Release);
    }

    /// Ends the quarantine; failures are counted anew.
    pub(crate) fn lift(&self) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.recent.clear();
        self.quarantined.store(false, Ordering::Release);
    }

    /// Counts a failed run or a malformed answer; true if it is the one that quarantines the version.
    pub(crate) fn failed(&self, limits: &Limits, now: Clock) -> bool {
        self.failed_runs.fetch_add(1, Ordering::Relaxed);
        let window = Duration::from_millis(limits.quarantine_window_ms);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.recent.push_back(now);
        while failures
            .recent
            .front()
            .is_some_and(|first| now.saturating_duration_since(*first) > window)
        {
            failures.recent.pop_front();
        }
        let is_over = failures.recent.len() >= limits.quarantine_failures.max(1) as usize;
        is_over && !self.quarantined.swap(true, Ordering::AcqRel)
    }
}
