//! Journeys on a clock that is wound, on one thread: `signalbox simulate`, and `signalbox forecast` on a copy of a store.
//!
//! `app` makes one, feeds it and winds it on. Partitions, core, rules, store and templates are the server's own; only
//! what surrounds them is another: records are applied as they are appended and kept nowhere, and a message is rendered
//! and thrown away instead of sent. So the same inputs at the same instants lead to the same facts and the same bytes,
//! whatever the count of threads or partitions. Nothing here may decide anything.

mod released;

use std::{
    collections::HashMap,
    io, mem,
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use signalbox_model::{
    definitions::Definitions,
    fact::{Fact, FactKind},
    id::{ContactId, Digest, MessageId, StepId, TableName, WorkflowId},
    message::{AttemptOutcome, MessageStatus},
    record::{Command, Record},
    segment::Segment,
    settings::Settings,
    table::Table,
    time::Instant,
    workflow::{Action, Edit, Workflow},
};
use signalbox_reports::Counters;
use signalbox_rules::catalogue::Catalogue;
use signalbox_store::{ClockUse, Meta, OpenError, STORE_FORMAT, Store};

use crate::{
    accept::{self, NewInput},
    bindings,
    config::Config,
    control,
    error::{CommandError, PutError, StartError, Unavailable},
    outbox::render::Renderer,
    partition::Partition,
    shared::{Broken, Shared, in_words},
    start,
    winding::Edge,
};

/// Turns that a command and the partitions take at most: it is logged in the first and answered in the next.
const COMMAND_TURNS_MAX: u32 = 8;

/// Whether messages are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// Each message is made as it would be sent, so that what cannot be rendered is found.
    Whole,
    /// Messages count as taken without being made.
    Skipped,
}

/// What happened, in the order of journey time, then of contacts, then of what happened to the contact.
#[derive(Debug)]
pub enum Happened<'a> {
    /// A fact that a server keeps.
    Fact(&'a Fact),
    /// One that a server only counts: a trigger's answer that changes nothing.
    Counted(&'a Fact),
    /// A message was taken; comes behind the fact that says so. Only where messages are rendered.
    Message(&'a SimulatedMessage),
}

/// A message as it would have gone out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedMessage {
    /// Its id.
    pub id: MessageId,
    /// When it was taken.
    pub at: Instant,
    /// Whom it is for.
    pub contact: ContactId,
    /// The workflow that sends it.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: u32,
    /// The step that sends it.
    pub step: StepId,
    /// The template that it was made from.
    pub template: Digest,
    /// The address.
    pub to: String,
    /// The subject, rendered.
    pub subject: String,
    /// The whole mail as a server would get it, but for signatures.
    pub bytes: Vec<u8>,
}

/// Who is told what happened. An error ends the simulation.
pub type Tell<'a> = Box<dyn FnMut(Happened<'_>) -> io::Result<()> + 'a>;

/// Why a simulation did not begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Its store cannot be made or opened.
    #[error("open the store of the simulation")]
    Open(#[source] OpenError),
    /// Its store failed.
    #[error("use the store of the simulation")]
    Store(#[source] signalbox_store::Error),
    /// The config cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An input cannot be taken in.
    #[error("take an input in")]
    Input(#[from] crate::error::AcceptError),
    /// What happened cannot be told.
    #[error("tell what happened")]
    Tell(#[source] io::Error),
    /// Something failed that a server would end over.
    #[error("the simulation cannot go on: {reason}")]
    Failed {
        /// What.
        reason: String,
    },
}

/// A store in a folder of its own, with everything that a server does to it.
pub struct Simulation<'a> {
    shared: Arc<Shared>,
    /// The control partition last.
    partitions: Vec<Partition>,
    renderer: Renderer,
    rendering: Rendering,
    tell: Tell<'a>,
    /// Rendered and taken, and not told yet.
    taken: HashMap<MessageId, SimulatedMessage>,
    /// Partitions whose messages may have fallen due with the last step of the clock.
    due: Vec<bool>,
}

impl<'a> Simulation<'a> {
    /// Begins with an empty store in the config's folder, its clock at `manual_start`. All seeds come from the store's,
    /// so that the same one leads to the same lots.
    ///
    /// # Errors
    /// When the folder holds a store, or it cannot be made.
    pub fn create(
        config: Config,
        catalogue: Arc<Catalogue>,
        store_seed: u64,
        rendering: Rendering,
        tell: Tell<'a>,
    ) -> Result<Self, SimulateError> {
        let meta = Meta {
            format: STORE_FORMAT,
            partitions: config.partitions,
            store_seed,
            created_at: config.manual_start,
            clock: ClockUse::Unused,
            core_version: String::new(),
            tz_version: String::new(),
            versions_from: Vec::new(),
        };
        signalbox_store::create_as(&config.store_folder(), &meta).map_err(SimulateError::Open)?;
        Self::open(config, catalogue, rendering, tell)
    }

    /// Goes on with the store in the config's folder, which must be a copy that nobody else has open. Its clock begins
    /// at `manual_start`; what a server was sending when the copy was made counts as taken then.
    ///
    /// # Errors
    /// When the store does not open.
    pub fn open(
        config: Config,
        catalogue: Arc<Catalogue>,
        rendering: Rendering,
        tell: Tell<'a>,
    ) -> Result<Self, SimulateError> {
        let renderer = start::renderer(&config)?;
        let mut store_config = signalbox_store::Config::new(
            &config.store_folder(),
            config.partitions,
            config.manual_start,
        );
        store_config.cache_bytes = config.store_cache_bytes;
        store_config.is_thrown_away = true;
        let store = Store::open(&store_config).map_err(SimulateError::Open)?;
        store.finish_rebuild().map_err(SimulateError::Store)?;
        let shared = Arc::new(start::open_unkept(config, store, catalogue));
        let partitions = shared
            .store
            .partitions()
            .map(|number| {
                Partition::open(Arc::clone(&shared), number).map_err(|error| {
                    SimulateError::Failed {
                        reason: in_words(&error),
                    }
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(control) = partitions.last() {
            let definitions = Arc::clone(control.definitions());
            shared.publish(definitions);
        }
        let mut simulation = Self {
            due: vec![true; partitions.len()],
            shared,
            partitions,
            renderer,
            rendering,
            tell,
            taken: HashMap::new(),
        };
        simulation.begin()?;
        Ok(simulation)
    }

    fn begin(&mut self) -> Result<(), SimulateError> {
        let looked = self
            .partitions
            .iter_mut()
            .try_for_each(Partition::look_around);
        looked.map_err(|Broken| self.failed())?;
        self.accept_claimed()?;
        self.settle()
    }

    /// Whoever was sending these when the store was copied is not here to say how it went.
    fn accept_claimed(&mut self) -> Result<(), SimulateError> {
        let shared = Arc::clone(&self.shared);
        for number in 0..shared.control() {
            let claimed = shared.store.claimed(number).map_err(SimulateError::Store)?;
            for message in claimed {
                let MessageStatus::Claimed(attempt) = message.status else {
                    continue;
                };
                let outcome = Record::Outcome {
                    contact: message.contact,
                    message: message.id,
                    attempt,
                    outcome: AttemptOutcome::Accepted,
                };
                let appended = shared.append_durably(&[(number, outcome)]);
                appended.map_err(|Broken| self.failed())?;
            }
        }
        Ok(())
    }

    /// Where the clock stands.
    pub fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    /// The definitions in force.
    pub fn definitions(&self) -> Arc<Definitions> {
        self.shared.definitions.borrow().clone()
    }

    /// Counters of all workflows, those of the time before a copy was made included.
    pub fn counters(&self) -> Counters {
        let mut merged = Counters::default();
        for partition in &self.partitions {
            merged.merge(partition.counters());
        }
        merged
    }

    /// Decisions of rules so far.
    pub fn decisions(&self) -> u64 {
        self.shared.metrics.decisions.load(Ordering::Relaxed)
    }

    /// Creates a workflow (`based_on` is `None`), or makes the next version of the one that it was made from.
    pub fn put_workflow(
        &mut self,
        workflow: &Workflow,
        based_on: Option<u32>,
    ) -> Result<(), PutError> {
        let command = bindings::prepare(&self.shared, workflow, based_on, Edit::Pin)?;
        self.put(command)
    }

    /// Creates a named segment.
    pub fn put_segment(&mut self, segment: &Segment) -> Result<(), PutError> {
        let command = bindings::prepare_segment(&self.shared, segment, None)?;
        self.put(command)
    }

    fn put(&mut self, command: Command) -> Result<(), PutError> {
        match self.command(command) {
            Ok(_) => Ok(()),
            Err(CommandError::Conflict(conflict)) => Err(conflict.into()),
            Err(CommandError::Log(error)) => Err(error.into()),
            Err(CommandError::Unavailable(unavailable)) => Err(unavailable.into()),
        }
    }

    /// Puts the settings of the whole server in place of those that there are.
    pub fn put_settings(&mut self, settings: &Settings) -> Result<(), CommandError> {
        let settings = serde_json::to_string(settings).map_err(|_| Unavailable::Failed)?;
        let based_on = self.shared.definitions.borrow().settings_version;
        let command = Command::PutSettings { settings, based_on };
        self.command(command).map(drop)
    }

    /// Makes the next version of a reference table, or its first.
    pub fn put_table(&mut self, name: &TableName, table: &Table) -> Result<(), CommandError> {
        let command = Command::PutTable {
            table: name.clone(),
            text: table.to_text(),
        };
        self.command(command).map(drop)
    }

    /// Moves a workflow to another state.
    pub fn transition(
        &mut self,
        workflow: &WorkflowId,
        action: Action,
    ) -> Result<(), CommandError> {
        let command = Command::Transition {
            workflow: workflow.clone(),
            action,
        };
        self.command(command).map(drop)
    }

    /// Has a command applied. Its caller and the partitions are on one thread, so they take turns.
    fn command(&mut self, command: Command) -> Result<Arc<Definitions>, CommandError> {
        let shared = Arc::clone(&self.shared);
        let mut asked = pin!(control::command(&shared, command));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..COMMAND_TURNS_MAX {
            if let Poll::Ready(outcome) = asked.as_mut().poll(&mut context) {
                return outcome;
            }
            self.settle().map_err(|_| Unavailable::Failed)?;
        }
        Err(Unavailable::Failed.into())
    }

    /// Takes inputs in at the instant where the clock stands, and does everything that follows at once.
    pub fn feed(&mut self, inputs: Vec<NewInput>) -> Result<(), SimulateError> {
        if inputs.is_empty() {
            return Ok(());
        }
        let records = accept::records(&self.shared, inputs)?;
        for (partition, _) in &records {
            self.shared.waiting[usize::from(*partition)].fetch_add(1, Ordering::AcqRel);
        }
        let ticket = self.shared.journal.append_group(records);
        ticket
            .map_err(accept::refused)?
            .wait()
            .map_err(accept::refused)?;
        self.settle()
    }

    /// Winds the clock on to that instant, from one due instant to the next. An instant in the past leaves it where
    /// it is.
    pub fn advance_to(&mut self, to: Instant, edge: Edge) -> Result<(), SimulateError> {
        let last = match edge {
            Edge::Through => to,
            Edge::Before => Instant::from_ms(to.as_ms() - 1),
        };
        let mut done = None;
        while let Some(due) = self.next_due()?.filter(|due| *due <= last) {
            if done.replace(due) == Some(due) {
                let reason =
                    format!("what is due at {due} stays due: a record about it cannot be applied");
                return Err(SimulateError::Failed { reason });
            }
            let at = due.max(self.now());
            self.stand_at(at, due)?;
        }
        self.stand_at(to, last)
    }

    /// Tells what is not told yet, and lets go of the store. Whoever made its folder removes it.
    pub fn finish(mut self) -> Result<(), SimulateError> {
        self.tell_all()
    }

    fn stand_at(&mut self, now: Instant, fire: Instant) -> Result<(), SimulateError> {
        if now > self.now() {
            self.tell_all()?;
        }
        self.shared.clock.wind(now, fire);
        for (number, due) in (0..self.shared.control()).zip(&mut self.due) {
            let release = self.shared.store.next_release(number);
            *due = release
                .map_err(SimulateError::Store)?
                .is_some_and(|at| at <= now);
        }
        self.settle()
    }

    /// The next instant at which a timer, a message or a start is due.
    fn next_due(&self) -> Result<Option<Instant>, SimulateError> {
        let mut next = self.partitions.iter().filter_map(Partition::next_due).min();
        // The control partition sends nothing.
        for number in 0..self.shared.control() {
            let release = self.shared.store.next_release(number);
            let release = release.map_err(SimulateError::Store)?;
            next = [next, release].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Does everything that there is to do at this instant.
    fn settle(&mut self) -> Result<(), SimulateError> {
        loop {
            let mut has_worked = false;
            for partition in &mut self.partitions {
                has_worked |= partition
                    .work_off()
                    .map_err(|Broken| failed(&self.shared))?;
            }
            if !has_worked && !self.send_released()? {
                return Ok(());
            }
        }
    }

    /// Tells what happened at this instant.
    fn tell_all(&mut self) -> Result<(), SimulateError> {
        let mut noted = match &self.shared.observer {
            Some(observer) => observer.take(),
            None => return Ok(()),
        };
        // Stable: what happened to a contact stays in its order.
        noted.sort_by(|one, other| one.fact.contact.cmp(&other.fact.contact));
        for Noted { fact, is_kept } in &noted {
            let happened = if *is_kept {
                Happened::Fact(fact)
            } else {
                Happened::Counted(fact)
            };
            (self.tell)(happened).map_err(SimulateError::Tell)?;
            if let FactKind::MessageSent(_, id) = &fact.what
                && let Some(message) = self.taken.remove(id)
            {
                (self.tell)(Happened::Message(&message)).map_err(SimulateError::Tell)?;
            }
        }
        Ok(())
    }

    fn failed(&self) -> SimulateError {
        failed(&self.shared)
    }
}

fn failed(shared: &Shared) -> SimulateError {
    let reason = shared.failed.borrow().clone();
    SimulateError::Failed {
        reason: reason.unwrap_or_else(|| "a partition stopped".to_owned()),
    }
}

/// What happened since somebody looked.
#[derive(Default)]
pub(crate) struct Observer {
    /// A mutex since partitions only share it; there is one thread.
    noted: Mutex<Vec<Noted>>,
}

/// A fact, and whether a server keeps it or only counts it.
pub(crate) struct Noted {
    pub(crate) fact: Fact,
    pub(crate) is_kept: bool,
}

impl Observer {
    pub(crate) fn note(&self, noted: Vec<Noted>) {
        let mut all = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(noted);
    }

    fn take(&self) -> Vec<Noted> {
        mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
