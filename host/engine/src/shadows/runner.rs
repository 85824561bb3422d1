//! Asks shadows, on one thread of its own: partitions hand over what they asked and what was answered, and never wait.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant as ProcessInstant},
};

use signalbox_journey::Beside;
use signalbox_model::{
    definitions::{Definitions, Former, ResolvedBinding},
    id::Partition,
    record::RecordedAnswer,
    time::Instant,
    verdict::{Answer, FailureKind},
};
use signalbox_rules::{
    catalogue::{Apart, Catalogue},
    columns::Row,
    decide::Binding,
};

use super::report::{Folder, ShadowDifference, ShadowReport, compare};
use crate::{
    clock::process_now,
    loaded::Loaded,
    shared::{Shared, in_words},
};

/// Decisions that wait to be put to shadows; what comes beyond is counted as not compared.
const WAITING_MAX: usize = 4_096;
/// Decisions that are put to shadows together.
const BATCH_MAX: usize = 256;
/// Longest wait for a decision before it is looked which shadows there are.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a stop waits for what is still to be put to shadows; the rest is counted as not compared.
const STOP_WITHIN: Duration = Duration::from_secs(1);
/// Between two times that reports are written. What was compared since is lost in a crash.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// A decision whose binding has a shadow.
pub(crate) struct Asked {
    /// The definitions that it was made by.
    pub(crate) loaded: Arc<Loaded>,
    /// What is put to the shadow.
    pub(crate) beside: Beside,
    /// When, in journey time.
    pub(crate) at: Instant,
    pub(crate) partition: Partition,
    /// What was said.
    pub(crate) decided: RecordedAnswer,
}

enum Message {
    Asked(Box<Asked>),
    Stop,
}

/// The door to the thread, and what came of it.
pub(crate) struct Shadows {
    queue: mpsc::SyncSender<Message>,
    /// Decisions handed over that are not compared yet.
    waiting: AtomicU64,
    /// A mutex held for a count or a copy, and never while a rule is asked.
    reports: Mutex<BTreeMap<u32, Kept>>,
}

#[derive(Default)]
struct Kept {
    report: ShadowReport,
    is_saved: bool,
}

impl Shadows {
    /// Hands a decision over, if there is room; never waits for any.
    pub(crate) fn offer(&self, asked: Asked) {
        let number = asked.beside.shadow;
        self.waiting.fetch_add(1, Ordering::AcqRel);
        if self
            .queue
            .try_send(Message::Asked(Box::new(asked)))
            .is_err()
        {
            self.changed(number, |report| report.not_compared += 1);
            self.waiting.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Has the thread end once it has compared what waits.
    pub(crate) fn stop(&self) {
        // It is gone already if it panicked.
        let _ = self.queue.send(Message::Stop);
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Acquire)
    }

    pub(super) fn report(&self, number: u32) -> ShadowReport {
        let reports = self.reports();
        let found = reports.get(&number);
        found.map_or_else(ShadowReport::default, |kept| kept.report.clone())
    }

    fn changed(&self, number: u32, change: impl FnOnce(&mut ShadowReport)) {
        let mut reports = self.reports();
        let kept = reports.entry(number).or_default();
        change(&mut kept.report);
        kept.is_saved = false;
    }

    fn reports(&self) -> MutexGuard<'_, BTreeMap<u32, Kept>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread works with.
pub(crate) struct Runner {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Message>,
    folder: Folder,
    /// How each shadow fares, apart from its file's other uses.
    apart: BTreeMap<u32, Apart>,
    saved_at: ProcessInstant,
    /// When it was first seen that the engine stops.
    stopping_since: Option<ProcessInstant>,
}

impl Runner {
    /// Opens the door in `shared`, with what was found out before a stop.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let folder = Folder::new(&shared.config.folder);
        let definitions = Arc::clone(&shared.definitions.borrow());
        if let Err(error) = folder.keep_only(&definitions.shadows) {
            tracing::warn!(
                reason = %in_words(&error),
                "what came of shadows that ended cannot be deleted"
            );
        }
        let mut reports = BTreeMap::new();
        for &number in definitions.shadows.keys() {
            let report = folder.read(number).unwrap_or_else(|error| {
                tracing::warn!(
                    shadow = number,
                    reason = %in_words(&error),
                    "what came of shadow {number} so far cannot be read, it is counted anew"
                );
                None
            });
            let mut report = report.unwrap_or_default();
            report.stopped = None;
            let is_saved = true;
            reports.insert(number, Kept { report, is_saved });
        }
        let (sender, queue) = mpsc::sync_channel(WAITING_MAX);
        let opened = shared.shadows.set(Shadows {
            queue: sender,
            waiting: AtomicU64::new(0),
            reports: Mutex::new(reports),
        });
        debug_assert!(opened.is_ok(), "an engine starts once");
        Self {
            shared: Arc::clone(shared),
            queue,
            folder,
            apart: BTreeMap::new(),
            saved_at: process_now(),
            stopping_since: None,
        }
    }

    /// Works until it is told to stop.
    pub(crate) fn serve(mut self) {
        let shared = Arc::clone(&self.shared);
        let Some(shadows) = shared.shadows.get() else {
            return;
        };
        let mut is_stopping = false;
        while !is_stopping && !shared.has_failed() {
            match self.queue.recv_timeout(LOOK_EVERY) {
                Ok(Message::Asked(first)) => {
                    let mut batch = vec![*first];
                    while batch.len() < BATCH_MAX
                        && let Ok(message) = self.queue.try_recv()
                    {
                        match message {
                            Message::Asked(next) => batch.push(*next),
                            Message::Stop => {
                                is_stopping = true;
                                break;
                            }
                        }
                    }
                    let count = batch.len() as u64;
                    if self.has_to_stop() {
                        for asked in batch {
                            shadows.changed(asked.beside.shadow, |report| report.not_compared += 1);
                        }
                    } else {
                        self.ask(shadows, batch);
                    }
                    shadows.waiting.fetch_sub(count, Ordering::AcqRel);
                }
                Ok(Message::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => is_stopping = true,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            self.forget_ended(shadows);
            if is_stopping || self.saved_at.elapsed() >= SAVE_EVERY {
                self.save(shadows);
            }
        }
    }

    fn has_to_stop(&mut self) -> bool {
        if !self.shared.is_stopping() {
            return false;
        }
        let since = self.stopping_since.get_or_insert_with(process_now);
        since.elapsed() > STOP_WITHIN
    }

    /// Rows of one shadow go together, where it is told the time those of one instant.
    fn ask(&mut self, shadows: &Shadows, batch: Vec<Asked>) {
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let mut groups: BTreeMap<(u32, Option<Instant>), Vec<Asked>> = BTreeMap::new();
        for asked in batch {
            let number = asked.beside.shadow;
            let bound = asked.loaded.shadow(number);
            if let Some(bound) = bound.filter(|_| !has_ended(&definitions, number)) {
                let now = bound.reads_clock.then_some(asked.at);
                groups.entry((number, now)).or_default().push(asked);
            }
        }
        for ((number, _), group) in groups {
            self.ask_one(shadows, number, group);
        }
    }

    fn ask_one(&mut self, shadows: &Shadows, number: u32, group: Vec<Asked>) {
        let Some(loaded) = group.first().map(|asked| Arc::clone(&asked.loaded)) else {
            return;
        };
        let Some(bound) = loaded.shadow(number) else {
            return;
        };
        let (group, not_asked): (Vec<Asked>, Vec<Asked>) = group
            .into_iter()
            .partition(|asked| asked.beside.row.is_some());
        let catalogue = &self.shared.catalogue;
        let apart = self.apart.entry(number).or_default();
        let hindrance = match apart.last_error() {
            Some(error) if apart.is_quarantined() => {
                Some(format!("it failed too often, the last time: {error}"))
            }
            _ => {
                let ready = catalogue.ensure(bound.binding.digest);
                ready.err().map(|error| in_words(&error))
            }
        };
        if let Some(hindrance) = hindrance {
            shadows.changed(number, |report| {
                report.not_asked += not_asked.len() as u64;
                report.not_compared += group.len() as u64;
                report.stopped = Some(hindrance);
            });
            return;
        }
        let rows = group.iter().filter_map(|asked| asked.beside.row.clone());
        let rows: Vec<Row> = rows.collect();
        self.shared.hops().pass("shadow");
        let now = group.iter().map(|asked| asked.at).min().unwrap_or_default();
        let answers = answers(catalogue, apart, &bound.binding, now, &rows);
        shadows.changed(number, |report| {
            report.stopped = None;
            report.not_asked += not_asked.len() as u64;
            for (asked, answer) in group.iter().zip(&answers) {
                match answer {
                    Some(answer) => add(report, number, asked, answer),
                    None => report.not_compared += 1,
                }
            }
        });
    }

    /// Forgets what came of shadows that are no more.
    fn forget_ended(&mut self, shadows: &Shadows) {
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let mut reports = shadows.reports();
        let ended: Vec<u32> = reports
            .keys()
            .copied()
            .filter(|number| has_ended(&definitions, *number))
            .collect();
        for number in ended {
            reports.remove(&number);
            self.apart.remove(&number);
            if let Err(error) = self.folder.remove(number) {
                tracing::warn!(
                    shadow = number,
                    reason = %in_words(&error),
                    "what came of shadow {number} cannot be deleted"
                );
            }
        }
    }

    fn save(&mut self, shadows: &Shadows) {
        self.saved_at = process_now();
        let changed: Vec<(u32, ShadowReport)> = {
            let mut reports = shadows.reports();
            let unsaved = reports.iter_mut().filter(|(_, kept)| !kept.is_saved);
            let copied = unsaved.map(|(number, kept)| {
                kept.is_saved = true;
                (*number, kept.report.clone())
            });
            copied.collect()
        };
        for (number, report) in changed {
            if let Err(error) = self.folder.write(number, &report) {
                tracing::warn!(
                    shadow = number,
                    reason = %in_words(&error),
                    "what came of shadow {number} cannot be saved"
                );
            }
        }
    }
}

/// What the shadow says of each row, as if that had come alone: who waited with whom is a matter of how busy it is. Rows
/// behind the failure that stops it have no answer.
fn answers(
    catalogue: &Catalogue,
    apart: &Apart,
    binding: &Binding,
    now: Instant,
    rows: &[Row],
) -> Vec<Option<Answer>> {
    let is_answer = |answer: &Answer| match answer {
        Ok(_) => true,
        Err(failure) => failure.kind == FailureKind::Failed,
    };
    let together = catalogue.decide_apart(&Apart::default(), binding, now, rows);
    if together.iter().all(is_answer) {
        return together.into_iter().map(Some).collect();
    }
    let alone = rows.iter().map(|row| {
        if apart.is_quarantined() {
            return None;
        }
        let answers = catalogue.decide_apart(apart, binding, now, std::slice::from_ref(row));
        answers.into_iter().next()
    });
    alone.collect()
}

/// Whether it was there and is no more: one that is newer than these definitions is not known yet.
fn has_ended(definitions: &Definitions, number: u32) -> bool {
    number <= definitions.shadows_made && !definitions.shadows.contains_key(&number)
}

fn add(report: &mut ShadowReport, number: u32, asked: &Asked, answer: &Answer) {
    let Asked {
        loaded,
        at,
        partition,
        decided,
        ..
    } = asked;
    let Some(shadow) = loaded.definitions().shadows.get(&number) else {
        return;
    };
    let bound = loaded.resolved(&decided.question);
    let compared = compare((&decided.answer, bound), (answer, &shadow.binding));
    report.add(compared, |said, shadow| ShadowDifference {
        partition: *partition,
        sequence: decided.sequence,
        at: *at,
        contact: decided.contact.clone(),
        journey: decided.question.journey,
        by: bound.map_or_else(
            || Former {
                version: semver::Version::new(0, 0, 0),
                digest: decided.digest,
            },
            ResolvedBinding::file,
        ),
        decided: said,
        shadow,
    });
}
