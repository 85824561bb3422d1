//! A partition's thread: takes its records in order, applies them in groups, commits, and acts afterwards.
//!
//! The engine starts one for each partition of contacts and one for the control partition. A partition's rows are
//! written here and nowhere else. The thread waits for fsyncs of its own appends and for rules, and never for the
//! outbox, another partition or a caller.

mod accept_claimed;
mod again;
mod answers;
mod apply;
mod commands;
pub(crate) mod days;
mod entering;
mod evaluation;
mod experiments;
mod group;
mod lane;
mod posts;
mod recover;
mod row_changes;
mod rows;
mod sweep;
mod visit;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use signalbox_journal::Entry;
use signalbox_model::{
    definitions::Definitions,
    id::{ContactId, Digest, Partition as Number},
    record::{PostId, Record},
    segment::Owner,
    state::ContactState,
    time::Instant,
};
use signalbox_reports::{Counters, days::Days};
use signalbox_store::Observed;

use self::{
    answers::Recorded,
    entering::Entrances,
    evaluation::Evaluations,
    group::{Log, Work},
    posts::Delivery,
    recover::Replay,
    row_changes::RowScans,
    rows::InputCounters,
    sweep::Sweep,
    visit::Visits,
};
pub(crate) use self::{
    entering::read_entrance,
    evaluation::read_evaluated,
    rows::{read_counters, read_input_counters},
};
use crate::{
    clock::process_now,
    control::Answering,
    error::{ApplyError, StoreAction},
    inbox::{Request, Taken, UnderWay},
    loaded::Loaded,
    metrics,
    shared::{Broken, Shared, Vital},
};

/// Longest wait before what is due is looked at again, whether or not somebody woke the thread.
const RESCAN: Duration = Duration::from_millis(500);

/// One partition and its thread's own memory of it.
pub(crate) struct Partition {
    shared: Arc<Shared>,
    number: Number,
    /// Records that were read and not applied yet.
    log: Log,
    /// The log from the store's position on, while it is applied again.
    replay: Option<Replay>,
    /// Answers found in the log, while it is applied again.
    recorded: Recorded,
    /// The last sequence applied; ahead of the store's position by records that have no effect.
    applied: u64,
    loaded: Arc<Loaded>,
    observed: Observed,
    /// This partition's counters, as committed.
    counters: Counters,
    /// The day of each workflow that is being counted.
    days: Days,
    /// Versions and segments whose counters changed since they were last put.
    touched: BTreeSet<(Owner, u32)>,
    input_counters: InputCounters,
    /// The last post applied of each sender.
    applied_posts: BTreeMap<Number, PostId>,
    delivery: Delivery,
    /// Callers of commands that are applied, told once every partition's log has the outcome.
    answering: Vec<Answering>,
    /// The tick that was appended and is not applied yet.
    tick: Option<u64>,
    sweep: Sweep,
    visits: Visits,
    entrances: Entrances,
    evaluations: Evaluations,
    row_scans: RowScans,
    /// When it is looked whether an experiment is over; only in the control partition.
    look_at: Option<Instant>,
    /// In a simulation: contacts of the group that was committed last, as it left them. What happens next is theirs as
    /// a rule, and they need not be read again.
    recent: HashMap<ContactId, ContactState>,
    /// Files that were made ready for a decision.
    ready: HashSet<Digest>,
    /// The next timer is not due before this; it may be due later.
    next_due: Option<Instant>,
    /// Up to this sequence records are applied one by one, to find the one that cannot be.
    single_until: u64,
}

/// Closes the partition's inbox when its thread ends, however it does.
struct Closes {
    shared: Arc<Shared>,
    number: Number,
}

impl Drop for Closes {
    fn drop(&mut self) {
        self.shared.inbox(self.number).close();
    }
}

impl Partition {
    /// Reads what the partition's thread keeps in memory.
    pub(crate) fn open(shared: Arc<Shared>, number: Number) -> Result<Self, ApplyError> {
        let store = &shared.store;
        let failed = |action| {
            move |source| ApplyError::Store {
                action,
                partition: number,
                source,
            }
        };
        let loaded = match store
            .definitions(number)
            .map_err(failed(StoreAction::Read))?
        {
            Some((_, digest)) => shared.definers.load(store, digest)?,
            None => Arc::new(Loaded::without_rows(Arc::new(Definitions::default()), None)),
        };
        let observed = store.observed(number).map_err(failed(StoreAction::Read))?;
        let counters = read_counters(store, number)?;
        let days = days::newest(store, number)?;
        let input_counters = read_input_counters(store, number)?;
        let applied = store.position(number);
        Ok(Self {
            number,
            log: Log::default(),
            replay: None,
            recorded: Recorded::default(),
            applied,
            loaded,
            observed,
            counters,
            days,
            touched: BTreeSet::new(),
            input_counters,
            applied_posts: BTreeMap::new(),
            delivery: Delivery::default(),
            answering: Vec::new(),
            tick: None,
            sweep: Sweep::default(),
            visits: Visits::default(),
            entrances: Entrances::default(),
            evaluations: Evaluations::default(),
            row_scans: RowScans::default(),
            look_at: None,
            recent: HashMap::new(),
            ready: HashSet::new(),
            next_due: None,
            single_until: 0,
            shared,
        })
    }

    fn is_control(&self) -> bool {
        self.number == self.shared.control()
    }

    /// Applies what comes, until the engine stops or cannot go on.
    pub(crate) fn serve(mut self) {
        let _vital = Vital(Arc::clone(&self.shared));
        let _closes = Closes {
            shared: Arc::clone(&self.shared),
            number: self.number,
        };
        tracing::debug!(
            partition = self.number,
            applied = self.applied,
            "partition serves"
        );
        // Where there is an error it was noted by whom it happened to.
        let _ = self.serve_until_stopped();
    }

    fn serve_until_stopped(&mut self) -> Result<(), Broken> {
        self.look_around()?;
        let mut arrived = VecDeque::new();
        while !self.shared.has_failed() {
            if self.step(&mut arrived)? {
                continue;
            }
            match self
                .shared
                .inbox(self.number)
                .wait(self.wait_at_most(), self.under_way())
            {
                Taken::Entries | Taken::Woken => {}
                Taken::Request(Request::Hold { held, until }) => {
                    self.settle_position()?;
                    if held.send(()).is_ok() {
                        // Ends when the other side drops its end.
                        let _ = until.recv();
                    }
                }
                Taken::Stopped => return self.settle_position(),
            }
        }
        Ok(())
    }

    /// Reads what the store says is to be done.
    pub(crate) fn look_around(&mut self) -> Result<(), Broken> {
        self.look_at_timers()?;
        self.look_at_history()?;
        self.read_entrances()?;
        self.read_evaluations()?;
        self.read_row_scans()?;
        self.read_visits()?;
        self.look_at_visits();
        self.delivery.look();
        Ok(())
    }

    /// Applies the next work if there is any (`true`); else appends what is due, as far as nothing of it is under way.
    fn step(&mut self, arrived: &mut VecDeque<Entry>) -> Result<bool, Broken> {
        self.shared.inbox(self.number).drain(arrived);
        for entry in arrived.drain(..) {
            self.log
                .push(&entry)
                .map_err(|error| self.shared.fail(&error))?;
        }
        if let Some(work) = self.take_work() {
            self.apply(work)?;
            return Ok(true);
        }
        self.end_experiments()?;
        self.append_tick()?;
        self.deliver_posts()?;
        self.append_visit()?;
        self.append_entrance()?;
        self.append_evaluation()?;
        self.append_row_scan()?;
        self.append_sweep()?;
        Ok(false)
    }

    /// Does all that there is to do, on the caller's own thread; whether there was anything. For a simulation.
    pub(crate) fn work_off(&mut self) -> Result<bool, Broken> {
        let mut arrived = VecDeque::new();
        let mut worked = false;
        while self.step(&mut arrived)? || self.shared.inbox(self.number).has_entries() {
            worked = true;
        }
        Ok(worked)
    }

    /// When the next timer or start is due, or something that was cancelled since would have been.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next_due
    }

    /// The definitions that records are applied with from here on.
    pub(crate) fn definitions(&self) -> &Arc<Definitions> {
        self.loaded.definitions()
    }

    /// This partition's counters.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The next work, in smaller pieces while the record that cannot be applied is looked for.
    fn take_work(&mut self) -> Option<Work> {
        let limits = &self.shared.config.limits;
        let records_max = if self.applied < self.single_until {
            1
        } else {
            limits.group_records_max
        };
        let now = self.log.next_at()?;
        if self.is_control() {
            return self.log.next(records_max, None);
        }
        self.start_scheduled(now);
        self.log.next(records_max, self.loaded.next_start())
    }

    /// From a scheduled start on, the workflow runs here, whether or not the control partition's word of it has come.
    fn start_scheduled(&mut self, now: Instant) {
        if let Some(started) = self.loaded.started(now) {
            self.loaded = Arc::new(started);
        }
    }

    fn under_way(&self) -> UnderWay {
        let waiting = &self.shared.waiting[usize::from(self.number)];
        let is_behind = self.applied < self.shared.journal.last_durable(self.number);
        let is_delivering = !self.delivery.is_idle() || !self.answering.is_empty();
        let has_appended = self.tick.is_some()
            || self.sweep.is_appended()
            || self.visits.is_appended()
            || self.entrances.is_appended()
            || self.evaluations.is_appended()
            || self.row_scans.is_appended();
        // What lies ahead is left to the next start.
        let has_ahead = !self.shared.is_stopping()
            && (self.visits.has_ahead()
                || self.is_entering()
                || self.is_evaluating()
                || self.row_scans.has_ahead());
        if has_appended
            || has_ahead
            || is_delivering
            || is_behind
            || waiting.load(Ordering::Acquire) > 0
        {
            UnderWay::Records
        } else if self
            .next_due
            .is_some_and(|due| due <= self.shared.clock.fire_up_to())
        {
            UnderWay::Due
        } else {
            UnderWay::Nothing
        }
    }

    fn wait_at_most(&self) -> Duration {
        let Some(due) = self.next_due.filter(|_| self.tick.is_none()) else {
            return RESCAN;
        };
        let until = due.since(self.shared.clock.fire_up_to()).as_ms();
        Duration::from_millis(until.max(1)).min(RESCAN)
    }

    /// Everything up to that sequence is applied: tell whom it concerns.
    fn moved_to(&mut self, sequence: u64, accepted: u64) {
        self.applied = sequence;
        if self.tick.is_some_and(|tick| tick <= sequence) {
            self.tick = None;
        }
        self.recorded.forget_up_to(sequence);
        // What is applied again was let in by another process.
        if accepted > 0 && !self.is_replaying() {
            self.shared.waiting[usize::from(self.number)].fetch_sub(accepted, Ordering::AcqRel);
        }
        self.shared.applied[usize::from(self.number)].send_replace(sequence);
        self.shared.activity.note();
    }

    /// Commits the position alone, so that the store says how far the log is applied.
    pub(crate) fn settle_position(&mut self) -> Result<(), Broken> {
        if self.shared.store.position(self.number) == self.applied {
            return Ok(());
        }
        let settled = self.shared.store.batch(self.number).and_then(|mut batch| {
            batch.set_position(self.applied);
            self.shared.store.commit(batch)
        });
        settled.map_err(|source| {
            self.shared.fail(&ApplyError::Store {
                action: StoreAction::Commit,
                partition: self.number,
                source,
            })
        })
    }

    fn look_at_timers(&mut self) -> Result<(), Broken> {
        let next = if self.is_control() {
            let start = signalbox_journey::control::next_start(self.loaded.definitions());
            Ok([start, self.next_look()].into_iter().flatten().min())
        } else {
            self.shared.store.next_timer_due(self.number)
        };
        self.next_due = next.map_err(|source| {
            self.shared.fail(&ApplyError::Store {
                action: StoreAction::Read,
                partition: self.number,
                source,
            })
        })?;
        Ok(())
    }

    /// Appends a tick if something is due and none is under way.
    fn append_tick(&mut self) -> Result<(), Broken> {
        let up_to = self.shared.clock.fire_up_to();
        if self.tick.is_some()
            || self.shared.is_stopping()
            || self.next_due.is_none_or(|due| due > up_to)
        {
            return Ok(());
        }
        // What was known may have been cancelled since.
        self.look_at_timers()?;
        if self.next_due.is_none_or(|due| due > up_to) {
            return Ok(());
        }
        let timers_max = self.shared.config.limits.tick_timers_max;
        let tick = Record::Tick { up_to, timers_max };
        let positions = self.shared.append_durably(&[(self.number, tick)])?;
        self.tick = positions.last().map(|position| position.sequence);
        metrics::count(&self.shared.metrics.ticks);
        Ok(())
    }

    fn commit(&mut self, batch: signalbox_store::Batch<'_>) -> Result<(), Broken> {
        let began = process_now();
        self.shared.hops().pass("commit");
        self.shared.store.commit(batch).map_err(|source| {
            self.shared.fail(&ApplyError::Store {
                action: StoreAction::Commit,
                partition: self.number,
                source,
            })
        })?;
        self.shared.metrics.commit_time.record(began.elapsed());
        metrics::count(&self.shared.metrics.groups);
        self.shared.hops().pass("committed");
        Ok(())
    }
}
