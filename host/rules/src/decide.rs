//! Decisions: a binding and its rows in, one answer per row out.
//!
//! Called by `catalogue`, which finds the plugin. Rows go to fresh instances in runs sized by the fuel seen. When a
//! run fails, the bad row is looked for by halving, with a bound on failed runs; what is then still open fails as
//! `rule_unavailable`. Never panics, whatever a rule does.

use std::{ops::Range, sync::Arc, time::Instant as Clock};

use signalbox_model::{
    describe::RuleKind,
    id::{Digest, PluginName},
    plan::Plan,
    time::Instant,
    verdict::{Answer, Failure, FailureKind},
};

use crate::{
    columns::Columns,
    component::RunFailure,
    engine::Engine,
    error::cut,
    limits::VALUES_BYTES_MAX,
    plugin::{Health, Plugin},
    v1::{Bounds, Question, RowAnswer},
};

/// A workflow version's choice of a rule, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The file.
    pub digest: Digest,
    /// Which of its rules.
    pub kind: RuleKind,
    /// The config as JSON text; it meets the rule's schema, as the plan shows.
    pub config: Arc<str>,
    /// The rule's plan for the config.
    pub plan: Arc<Plan>,
}

/// What a group of rows led to.
pub(crate) struct Decided {
    /// One answer per row.
    pub(crate) answers: Vec<Answer>,
    /// Whether this group quarantined the version.
    pub(crate) quarantined: bool,
}

/// Decides all rows of the columns; `health` is told how it goes.
pub(crate) fn decide(
    engine: &Engine,
    plugin: &Plugin,
    health: &Health,
    binding: &Binding,
    now: Instant,
    columns: &Columns<'_>,
) -> Decided {
    let rows = columns.rows();
    let mut group = Group {
        engine,
        plugin,
        health,
        binding,
        columns,
        bounds: Bounds {
            reasons: plugin.reasons(binding.kind),
            now,
        },
        answers: Vec::new(),
        failed_runs: 0,
        last_failure: None,
        quarantined: false,
    };
    group.answers.resize_with(rows as usize, || None);
    let size = group.run_rows();
    let mut start = 0;
    while start < rows && group.goes_on() {
        let end = rows.min(start.saturating_add(size));
        group.work(start..end);
        start = end;
    }
    group.finish()
}

/// The failure of every row where no plugin could be asked.
pub(crate) fn not_loaded(
    digest: Digest,
    plugin: Option<&Plugin>,
    rows: u32,
    reason: &str,
) -> Vec<Answer> {
    let unknown = || PluginName::parse("unknown").expect("a valid name");
    let name = plugin.map_or_else(unknown, |plugin| plugin.description.name.clone());
    let version = plugin.map_or_else(String::new, |plugin| plugin.description.version.to_string());
    let failure = |row| Failure {
        kind: FailureKind::NotLoaded,
        plugin: name.clone(),
        version: version.clone(),
        digest,
        row,
        message: cut(reason),
    };
    (0..rows).map(|row| Err(failure(row))).collect()
}

struct Group<'a> {
    engine: &'a Engine,
    plugin: &'a Plugin,
    health: &'a Health,
    binding: &'a Binding,
    columns: &'a Columns<'a>,
    bounds: Bounds,
    answers: Vec<Option<Answer>>,
    failed_runs: u32,
    last_failure: Option<RunFailure>,
    quarantined: bool,
}

impl Group<'_> {
    /// How many rows a run should have: by fuel seen, by the size of inputs, and by the size of answers.
    fn run_rows(&self) -> u32 {
        let limits = self.engine.limits();
        let by_fuel = limits.fuel_per_run_max / 2 / self.health.fuel_per_row().max(1);
        let rows = u64::from(self.columns.rows().max(1));
        let row_bytes = (self.columns.text_bytes() / rows).max(1);
        let by_input = (limits.memory_bytes_max as u64 / 8) / row_bytes;
        let by_answer = match self.binding.kind {
            RuleKind::Personalizer => (limits.answer_bytes_max / (VALUES_BYTES_MAX + 2_048)) as u64,
            RuleKind::Trigger | RuleKind::Segment => u64::MAX,
        };
        let rows = by_fuel
            .min(by_input)
            .min(by_answer)
            .clamp(1, u64::from(limits.rows_max()));
        rows as u32
    }

    fn goes_on(&self) -> bool {
        self.failed_runs < self.engine.limits().failed_runs_max.max(1)
    }

    /// Answers the range: in one run if it goes well, by halving if not.
    fn work(&mut self, range: Range<u32>) {
        match self.run(&range) {
            Run::Answered => {}
            Run::TooLarge => self.in_full_shares(range),
            Run::Failed => self.search(range),
        }
    }

    /// Answers the range in runs so small that each row has its full share of fuel.
    fn in_full_shares(&mut self, range: Range<u32>) {
        let size = self.engine.limits().rows_with_full_share();
        let mut start = range.start;
        while start < range.end && self.goes_on() {
            let end = range.end.min(start + size);
            self.work(start..end);
            start = end;
        }
    }

    /// Looks for the bad row in a range that is known to fail.
    fn search(&mut self, range: Range<u32>) {
        if range.len() <= 1 || !self.goes_on() {
            return;
        }
        let middle = range.start + (range.end - range.start) / 2;
        match self.run(&(range.start..middle)) {
            // Then the other half is the one that fails; of one row that is an answer, of more it is looked into
            // without a run of the whole.
            Run::Answered if range.end - middle > 1 => self.search(middle..range.end),
            Run::Answered => self.work_if_going(middle..range.end),
            Run::TooLarge => {
                self.in_full_shares(range.start..middle);
                self.work_if_going(middle..range.end);
            }
            Run::Failed => {
                self.search(range.start..middle);
                self.work_if_going(middle..range.end);
            }
        }
    }

    fn work_if_going(&mut self, range: Range<u32>) {
        if self.goes_on() {
            self.work(range);
        }
    }

    fn run(&mut self, range: &Range<u32>) -> Run {
        if !self.goes_on() {
            return Run::Failed;
        }
        let limits = self.engine.limits();
        let rows = range.end - range.start;
        let (fuel, is_less_than_full) = limits.fuel_for(rows, self.columns.texts(range));
        let question = Question {
            kind: self.binding.kind,
            config: &self.binding.config,
            columns: self.columns,
            range: range.clone(),
            bounds: self.bounds,
        };
        match self.plugin.component.decide(self.engine, &question, fuel) {
            Ok(run) => {
                self.health.ran(rows, run.fuel_used);
                for (row, answer) in range.clone().zip(run.answer) {
                    self.answers[row as usize] = Some(self.row(row, answer));
                }
                Run::Answered
            }
            Err(failure) if failure.kind == FailureKind::OutOfFuel && is_less_than_full => {
                // Not the rule's fault: the run was sized for cheaper rows.
                self.health.ran(rows, failure.fuel_used);
                Run::TooLarge
            }
            Err(failure) => {
                self.failed_runs += 1;
                // A full queue says nothing about the rule.
                if failure.kind != FailureKind::RuleUnavailable {
                    self.count_failure();
                }
                if rows == 1 {
                    let answer = self.failure(range.start, failure.kind, &failure.message);
                    self.answers[range.start as usize] = Some(Err(answer));
                }
                self.last_failure = Some(failure);
                Run::Failed
            }
        }
    }

    fn row(&mut self, row: u32, answer: RowAnswer) -> Answer {
        match answer {
            RowAnswer::Verdict(verdict) => Ok(verdict),
            RowAnswer::Failed(message) => {
                let message = if message.is_empty() {
                    "the rule says failed".to_owned()
                } else {
                    message
                };
                Err(self.failure(row, FailureKind::Failed, &message))
            }
            RowAnswer::Bad(wrong) => {
                self.count_failure();
                Err(self.failure(row, FailureKind::BadAnswer, &wrong))
            }
        }
    }

    fn count_failure(&mut self) {
        self.quarantined |= self.health.failed(self.engine.limits(), process_now());
    }

    fn failure(&self, row: u32, kind: FailureKind, message: &str) -> Failure {
        Failure {
            kind,
            plugin: self.plugin.description.name.clone(),
            version: self.plugin.description.version.to_string(),
            digest: self.plugin.digest,
            row,
            message: cut(message),
        }
    }

    fn finish(mut self) -> Decided {
        let answers = std::mem::take(&mut self.answers);
        let open = match &self.last_failure {
            Some(failure) => format!(
                "not asked after {} failed runs: {}",
                self.failed_runs, failure.message
            ),
            None => "not asked".to_owned(),
        };
        let answers: Vec<Answer> = (0_u32..)
            .zip(answers)
            .map(|(row, answer)| {
                answer
                    .unwrap_or_else(|| Err(self.failure(row, FailureKind::RuleUnavailable, &open)))
            })
            .collect();
        let failures = answers.iter().filter_map(|answer| answer.as_ref().err());
        // What a rule says itself is none of those that quarantine it, nor is what was not asked.
        let is_ours = |failure: &&Failure| {
            matches!(
                failure.kind,
                FailureKind::Failed | FailureKind::RuleUnavailable
            )
        };
        let last = failures.clone().rev().find(|failure| !is_ours(failure));
        if let Some(last) = last.or_else(|| failures.clone().next_back()) {
            let count = failures.count() as u64;
            self.health.rows_failed(count, &last.to_string());
        }
        Decided {
            answers,
            quarantined: self.quarantined,
        }
    }
}

/// How a run went.
enum Run {
    /// Every row of it has its answer.
    Answered,
    /// It needs more fuel than one run may have.
    TooLarge,
    /// It failed as a whole; a single row then has its failure as its answer.
    Failed,
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: the window of the quarantine"
)]
fn process_now() -> Clock {
    Clock::now()
}
