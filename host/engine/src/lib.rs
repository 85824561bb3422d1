//! The engine: joins the pure core to the log, the store, the sandbox and the mail.
//!
//! `api` and `app` hold an [`Engine`], a cheap handle. Behind it each partition has one thread that applies its log in
//! groups; what the core asks goes to `rules`, what it answers is recorded before anything follows from it; one commit
//! brings the store to a position; only then mails are claimed and callers told. This is the only room that knows
//! threads, clocks and tokio. It decides nothing that the core can decide, and never writes a row that does not follow
//! from the log.

mod accept;
mod bindings;
mod checklist;
mod clock;
mod config;
mod control;
mod copied;
mod deprecations;
mod entering;
mod error;
mod evidence;
mod experiments;
mod faults;
mod inbox;
mod kept_plugins;
mod loaded;
mod metrics;
mod outbox;
mod partition;
mod reexecute;
mod releases;
mod revocations;
mod segments;
mod shadows;
mod shared;
mod simulate;
mod snapshot;
mod start;
mod stored_history;
mod tables;
mod templates;
mod views;
mod winding;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::Ordering},
    time::Duration,
};

use signalbox_mail::{capture::Capture, transport::Transport};
use signalbox_model::{
    id::{
        ArmName, ContactId, EventName, FieldName, Partition, SegmentName, SourceName, StepId,
        TableName, WebhookId, WorkflowId,
    },
    problem::Problem,
    record::Command,
    segment::{Segment, SegmentDefinition},
    settings::Settings,
    table::Table,
    time::Instant,
    value::Fields,
    webhook::Webhook,
    workflow::{Action, Edit, Workflow},
};
use signalbox_reports::{Counters, days::DayCounters};
use signalbox_rules::catalogue::PluginStatus;
use signalbox_store::{Schema, SnapshotSet, StoredFact};

pub use signalbox_journal::{Disk, Position, SystemDisk, TrimReport};
pub use signalbox_journey::control::{Conflict, ShadowConflict};
pub use signalbox_store::Hops;

pub use crate::{
    accept::NewInput,
    bindings::{Misfit, check_workflow},
    checklist::{Check, Overriding},
    clock::{ClockMode, LEAP_MS_MAX},
    config::{Config, Limits, SenderConfig},
    copied::{Copied, CopyError, copy_data, rebuild_copy},
    deprecations::{DeprecationView, USES_LISTED_MAX, Use},
    entering::EnteringView,
    error::{
        AcceptError, CommandError, FollowError, PutError, ReadError, SnapshotError, StartError,
        StartWorkflowError, Unavailable,
    },
    evidence::{
        AskedAgain, CameOut, DECISIONS_KEPT_MAX, Evidence, EvidenceError, GivenInput, Told,
        evidence,
    },
    experiments::ExperimentView,
    faults::Faults,
    metrics::{HistogramSnapshot, MetricsSnapshot},
    reexecute::{
        DIFFERENCES_LISTED_MAX, Difference, Hindrance, NotReexecutable, ReexecuteError,
        Reexecution, ReplayedFrom, reexecute,
    },
    releases::ReleaseError,
    revocations::{Revocation, RevokeError},
    segments::{Member, MembersPage, SegmentView},
    shadows::{SHADOW_DIFFERENCES_MAX, ShadowDifference, ShadowReport, ShadowView},
    simulate::{Happened, Rendering, SimulateError, SimulatedMessage, Simulation, Tell},
    start::Parts,
    stored_history::{HistoryError, StoredHistory, stored_history},
    tables::{TableRows, TableView},
    views::{
        ContactView, InputsView, JOURNEYS_FACTS_MAX, JourneyView, JourneysView, Status,
        WorkflowSummary, WorkflowView,
    },
    winding::{Edge, ManualClock, Settled},
};
use crate::{inbox::Inbox, shared::Shared, start::Threads};

/// Longest wait for readers to let go of journal and store at a stop.
const LET_GO_MAX: Duration = Duration::from_secs(10);

/// A handle on the running engine. Clones are the same engine; whoever stops it stops it for all.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    /// `None` once stopped. Read by every call, for a clone of what it holds.
    shared: RwLock<Option<Arc<Shared>>>,
    /// A mutex since two may stop at one time.
    threads: Mutex<Option<Threads>>,
    transport: Transport,
    /// Held by whoever winds a manual clock: two would overtake each other.
    winding: tokio::sync::Mutex<()>,
    keeper: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Engine {
    /// Opens journal and store, applies what the store misses, and serves. Blocks while it recovers.
    ///
    /// # Errors
    /// When something does not open or the log cannot be applied; nothing runs then.
    pub fn start(config: Config, parts: Parts) -> Result<Self, StartError> {
        let transport = parts.transport.clone();
        let runtime = parts.runtime.clone();
        let snapshot_every = Duration::from_secs(config.snapshot_every_s);
        let (shared, threads) = start::start(config, parts)?;
        let keeper = (!snapshot_every.is_zero())
            .then(|| runtime.spawn(keep(Arc::downgrade(&shared), snapshot_every)));
        Ok(Self {
            inner: Arc::new(Inner {
                shared: RwLock::new(Some(shared)),
                threads: Mutex::new(Some(threads)),
                transport,
                winding: tokio::sync::Mutex::default(),
                keeper: Mutex::new(keeper),
            }),
        })
    }

    fn shared(&self) -> Result<Arc<Shared>, Unavailable> {
        let shared = self
            .inner
            .shared
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        shared.clone().ok_or(Unavailable::Stopping)
    }

    /// Runs a read where it may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let shared = self.shared()?;
        let done = tokio::task::spawn_blocking(move || read(&shared)).await;
        done.unwrap_or(Err(Unavailable::Failed.into()))
    }

    /// Logs inputs, all or none, and answers with their positions once they are durable. They will be applied exactly
    /// once, those of a contact in this order.
    pub async fn accept(&self, inputs: Vec<NewInput>) -> Result<Vec<Position>, AcceptError> {
        let shared = self.shared().map_err(|_| AcceptError::Stopping)?;
        accept::accept(&shared, inputs).await
    }

    /// The partition that the contact lives in.
    pub fn partition_of(&self, contact: &ContactId) -> Result<Partition, Unavailable> {
        Ok(self.shared()?.store.partition_of(contact))
    }

    /// Waits until the record at that position is applied; `false` if that takes longer.
    pub async fn applied(&self, position: Position, at_most: Duration) -> Result<bool, ReadError> {
        let shared = self.shared()?;
        let Some(applied) = shared.applied.get(usize::from(position.partition)) else {
            return Ok(true);
        };
        let mut applied = applied.subscribe();
        let mut failed = shared.failed.subscribe();
        drop(shared);
        tokio::select! {
            reached = tokio::time::timeout(at_most, applied.wait_for(|at| *at >= position.sequence)) => Ok(reached.is_ok()),
            _ = failed.wait_for(Option::is_some) => Err(Unavailable::Failed.into()),
        }
    }

    /// What is wrong with a workflow's document, all at once; empty if it can be put.
    pub async fn check_workflow(&self, workflow: Workflow) -> Result<Vec<Problem>, ReadError> {
        self.read(move |shared| {
            let definitions = Arc::clone(&shared.definitions.borrow());
            let offer = bindings::Offer::of(shared, &definitions);
            let checked = bindings::check(offer, &workflow);
            Ok(checked.err().unwrap_or_default())
        })
        .await
    }

    /// Creates a workflow (`based_on` is `None`), or makes the next version of the one that it was made from; `edit` says
    /// what becomes of the journeys inside then. Answers once every partition's log has it.
    pub async fn put_workflow(
        &self,
        workflow: Workflow,
        based_on: Option<u32>,
        edit: Edit,
    ) -> Result<WorkflowView, PutError> {
        let shared = self.shared()?;
        let id = workflow.id.clone();
        let definitions = bindings::put(&shared, workflow, based_on, edit).await?;
        views::workflow_view(&definitions, &id).ok_or(PutError::Unavailable(Unavailable::Failed))
    }

    /// Moves a workflow to another state; `None` once it is deleted. Answers once every partition's log has it.
    pub async fn transition(
        &self,
        id: &WorkflowId,
        action: Action,
    ) -> Result<Option<WorkflowView>, CommandError> {
        let workflow = id.clone();
        self.change(id, Command::Transition { workflow, action })
            .await
    }

    /// Starts a workflow, has it started at an instant, or resumes it, as [`Self::transition`] does, if its checklist
    /// passes or somebody overrides it.
    ///
    /// # Errors
    /// With everything that is wrong where neither is so; and as a transition.
    pub async fn start_workflow(
        &self,
        id: &WorkflowId,
        action: Action,
        overriding: Option<Overriding>,
    ) -> Result<Option<WorkflowView>, StartWorkflowError> {
        let workflow = id.clone();
        let asked = self.read(move |shared| Ok(checklist::asked(shared, &workflow, action)));
        let Some(asked) = asked.await.map_err(|_| Unavailable::Failed)? else {
            return Ok(self.transition(id, action).await?);
        };
        let version = asked.version;
        let by = asked
            .answered(overriding)
            .map_err(StartWorkflowError::Checklist)?;
        let command = Command::Start {
            workflow: id.clone(),
            action,
            version,
            by: by.clone(),
        };
        let view = self.change(id, command).await?;
        if let Some(by) = by {
            tracing::warn!(
                workflow.id = %id,
                actor = by.actor,
                reason = by.reason,
                checks = ?by.checks,
                "{} has {id} {} though its checklist fails: {}", by.actor, action.as_str(), by.reason
            );
        }
        Ok(view)
    }

    /// What the workflow's current version should have before it starts; `None` if there is no such workflow.
    pub async fn checklist(&self, id: &WorkflowId) -> Result<Option<Vec<Check>>, ReadError> {
        let id = id.clone();
        self.read(move |shared| Ok(checklist::of(shared, &id)))
            .await
    }

    /// Has a command about the workflow applied; how it stands then.
    async fn change(
        &self,
        id: &WorkflowId,
        command: Command,
    ) -> Result<Option<WorkflowView>, CommandError> {
        let shared = self.shared()?;
        let definitions = control::command(&shared, command).await?;
        if !definitions.workflows.contains_key(id) {
            return Ok(None);
        }
        let id = id.clone();
        let view = self
            .read(move |shared| views::workflow_of(shared, &definitions, &id))
            .await;
        view.map_err(|_| Unavailable::Failed.into())
    }

    /// The settings of the whole server, and their version.
    pub fn settings(&self) -> Result<(Settings, u64), Unavailable> {
        let shared = self.shared()?;
        let definitions = shared.definitions.borrow();
        Ok((definitions.settings.clone(), definitions.settings_version))
    }

    /// The first field that the settings ask of an event of that name and that is not among these.
    pub fn missing_field(
        &self,
        name: &EventName,
        fields: &Fields,
    ) -> Result<Option<FieldName>, Unavailable> {
        let shared = self.shared()?;
        let definitions = shared.definitions.borrow();
        Ok(definitions.settings.missing_field(name, fields).cloned())
    }

    /// What is wrong with an input at that place that comes from the source: the settings do not declare it.
    pub fn unknown_source(
        &self,
        source: &SourceName,
        pointer: &str,
    ) -> Result<Option<Problem>, Unavailable> {
        let shared = self.shared()?;
        let definitions = shared.definitions.borrow();
        Ok(definitions.settings.unknown_source(source, pointer))
    }

    /// Puts the settings of the whole server in place of those of that version. Answers with them and their version once
    /// every partition's log has them.
    pub async fn put_settings(
        &self,
        settings: &Settings,
        based_on: u64,
    ) -> Result<(Settings, u64), CommandError> {
        let shared = self.shared()?;
        let settings = serde_json::to_string(settings).map_err(|_| Unavailable::Failed)?;
        let command = Command::PutSettings { settings, based_on };
        let definitions = control::command(&shared, command).await?;
        Ok((definitions.settings.clone(), definitions.settings_version))
    }

    /// Creates a segment (`based_on` is `None`), or replaces the document that it was made from. Answers once every
    /// partition's log has it; everybody is asked about it from then on.
    pub async fn put_segment(
        &self,
        segment: Segment,
        based_on: Option<u32>,
    ) -> Result<SegmentDefinition, PutError> {
        let shared = self.shared()?;
        let name = segment.name.clone();
        let definitions = bindings::put_segment(&shared, segment, based_on).await?;
        let put = definitions.segments.get(&name).cloned();
        put.ok_or(PutError::Unavailable(Unavailable::Failed))
    }

    /// Deletes a segment that nothing goes by.
    pub async fn delete_segment(&self, name: &SegmentName) -> Result<(), CommandError> {
        let shared = self.shared()?;
        let name = name.clone();
        control::command(&shared, Command::DeleteSegment { name }).await?;
        Ok(())
    }

    /// All segments, in the order of their names.
    pub fn segments(&self) -> Result<Vec<SegmentDefinition>, Unavailable> {
        Ok(segments::list(&*self.shared()?))
    }

    /// One segment with its counters.
    pub async fn segment(&self, name: &SegmentName) -> Result<Option<SegmentView>, ReadError> {
        let name = name.clone();
        self.read(move |shared| segments::view(shared, &name)).await
    }

    /// A page of at most that many members behind that contact; `None` if there is no such segment.
    pub async fn members(
        &self,
        name: &SegmentName,
        after: Option<&ContactId>,
        members_max: usize,
    ) -> Result<Option<MembersPage>, ReadError> {
        let (name, after) = (name.clone(), after.cloned());
        self.read(move |shared| segments::members(shared, &name, after.as_ref(), members_max))
            .await
    }

    /// The reference tables, in the order of their names.
    pub fn tables(&self) -> Result<Vec<TableView>, Unavailable> {
        let definitions = Arc::clone(&self.shared()?.definitions.borrow());
        let names = definitions.tables.keys();
        Ok(names
            .filter_map(|name| tables::view(&definitions, name))
            .collect())
    }

    /// One reference table.
    pub fn table(&self, name: &TableName) -> Result<Option<TableView>, Unavailable> {
        let definitions = Arc::clone(&self.shared()?.definitions.borrow());
        Ok(tables::view(&definitions, name))
    }

    /// Rows of a table behind that many, of the version of that number or of the current one; `None` if there is no such
    /// table or version.
    pub async fn table_rows(
        &self,
        name: &TableName,
        version: Option<u32>,
        after: usize,
        rows_max: usize,
    ) -> Result<Option<TableRows>, ReadError> {
        let name = name.clone();
        self.read(move |shared| tables::rows(shared, &name, version, after, rows_max))
            .await
    }

    /// Makes the next version of a table, or its first; the same rows once more change nothing. Answers once every
    /// partition's log has it.
    ///
    /// # Errors
    /// When a binding reads what the new version has not.
    pub async fn put_table(
        &self,
        name: &TableName,
        table: Arc<Table>,
    ) -> Result<TableView, CommandError> {
        let shared = self.shared()?;
        let definitions = tables::put(&shared, name, &table).await?;
        tables::view(&definitions, name).ok_or(Unavailable::Failed.into())
    }

    /// Deletes a table.
    ///
    /// # Errors
    /// When there is none, or a binding reads it.
    pub async fn delete_table(&self, name: &TableName) -> Result<(), CommandError> {
        let shared = self.shared()?;
        let command = Command::DeleteTable {
            table: name.clone(),
        };
        control::command(&shared, command).await.map(drop)
    }

    /// At most that many workflows behind that one, in the order of their ids.
    pub fn workflows(
        &self,
        after: Option<&WorkflowId>,
        workflows_max: usize,
    ) -> Result<Vec<WorkflowSummary>, Unavailable> {
        let shared = self.shared()?;
        Ok(views::workflows(&shared, after, workflows_max))
    }

    /// One workflow with its counters.
    pub async fn workflow(&self, id: &WorkflowId) -> Result<Option<WorkflowView>, ReadError> {
        let id = id.clone();
        self.read(move |shared| views::workflow(shared, &id)).await
    }

    /// What a workflow's trigger said on each day that is kept, and who entered, the oldest day first; `None` if there is no
    /// such workflow.
    pub async fn days(&self, id: &WorkflowId) -> Result<Option<Vec<DayCounters>>, ReadError> {
        let id = id.clone();
        self.read(move |shared| views::days(shared, &id)).await
    }

    /// All that is defined: workflows and segments with their bindings.
    pub fn definitions(
        &self,
    ) -> Result<Arc<signalbox_model::definitions::Definitions>, Unavailable> {
        Ok(Arc::clone(&self.shared()?.definitions.borrow()))
    }

    /// The experiment of each split of a workflow's current version; `None` if there is no such workflow.
    pub async fn experiments(
        &self,
        id: &WorkflowId,
    ) -> Result<Option<Vec<ExperimentView>>, ReadError> {
        let id = id.clone();
        self.read(move |shared| {
            let definitions = Arc::clone(&shared.definitions.borrow());
            let view = views::workflow(shared, &id)?;
            Ok(view.map(|view| experiments::of(&definitions, &id, &view.counters)))
        })
        .await
    }

    /// Ends the experiment of a step, as its version splits there: from then on everybody takes that arm, or with `None`
    /// keeps drawing. `by` says who: the id of an API key. Answers once every partition's log has it.
    pub async fn end_experiment(
        &self,
        id: &WorkflowId,
        (step, version): (&StepId, u32),
        winner: Option<ArmName>,
        by: String,
    ) -> Result<(), CommandError> {
        let shared = self.shared()?;
        let command = Command::EndExperiment {
            workflow: id.clone(),
            step: step.clone(),
            version,
            winner,
            by: Some(by),
        };
        control::command(&shared, command).await.map(drop)
    }

    /// A contact as it stands.
    pub async fn contact(&self, contact: &ContactId) -> Result<Option<ContactView>, ReadError> {
        let contact = contact.clone();
        self.read(move |shared| views::contact(shared, &contact))
            .await
    }

    /// A page of a contact's journeys with every decision, the newest facts first: at most that many, and at most
    /// [`JOURNEYS_FACTS_MAX`], before that one. `None` for an unknown contact.
    pub async fn journeys(
        &self,
        contact: &ContactId,
        before: Option<(u64, u32)>,
        facts_max: usize,
    ) -> Result<Option<JourneysView>, ReadError> {
        let contact = contact.clone();
        self.read(move |shared| views::journeys(shared, &contact, before, facts_max))
            .await
    }

    /// What was decided about a contact as far back as the journal goes, asked again. That applies the log of its
    /// partition to a scratch store: seconds to minutes. One at a time.
    ///
    /// # Errors
    /// When it is under way for another contact, or the log cannot be applied.
    pub async fn evidence(&self, contact: &ContactId) -> Result<Evidence, EvidenceError> {
        let shared = self.shared().map_err(ReadError::from)?;
        let contact = contact.clone();
        let done = tokio::task::spawn_blocking(move || evidence::of_running(&shared, &contact));
        done.await
            .unwrap_or_else(|_| Err(ReadError::from(Unavailable::Failed).into()))
    }

    /// A page of a contact's facts behind that one, the oldest first.
    pub async fn facts(
        &self,
        contact: &ContactId,
        after: Option<(u64, u32)>,
        facts_max: usize,
    ) -> Result<Vec<StoredFact>, ReadError> {
        let contact = contact.clone();
        self.read(move |shared| Ok(shared.store.facts(&contact, after, facts_max)?))
            .await
    }

    /// A page of the contact's calls to other systems behind that one, by id.
    pub async fn webhooks(
        &self,
        contact: &ContactId,
        after: Option<WebhookId>,
        webhooks_max: usize,
    ) -> Result<Vec<Webhook>, ReadError> {
        let contact = contact.clone();
        self.read(move |shared| {
            let page = shared
                .store
                .webhooks(&contact, after.as_ref(), webhooks_max);
            Ok(page?)
        })
        .await
    }

    /// Names and types of what was ever seen.
    pub async fn schema(&self) -> Result<Schema, ReadError> {
        self.read(|shared| Ok(shared.store.schema()?)).await
    }

    /// Counters of all workflows, merged over the partitions.
    pub async fn counters(&self) -> Result<Counters, ReadError> {
        self.read(views::counters).await
    }

    /// Every plugin file and version with its state.
    pub fn plugins(&self) -> Result<Vec<PluginStatus>, Unavailable> {
        Ok(self.shared()?.catalogue.list())
    }

    /// How the engine is. Cheap; reads no row but the counters of inputs.
    pub async fn status(&self) -> Result<Status, ReadError> {
        self.read(|shared| {
            let mut status = views::status(shared, shared.misfits.list());
            status.inputs = views::inputs(shared)?;
            Ok(status)
        })
        .await
    }

    /// All counts and histograms.
    pub fn metrics_snapshot(&self) -> Result<MetricsSnapshot, Unavailable> {
        let shared = self.shared()?;
        let mut snapshot = shared.metrics.snapshot();
        let waiting = shared.waiting.iter().take(usize::from(shared.control()));
        snapshot.queue_depths = waiting.map(|count| count.load(Ordering::Relaxed)).collect();
        snapshot.sends_in_flight = shared.outbox.in_flight() as u64;
        let definitions = Arc::clone(&shared.definitions.borrow());
        snapshot.existing_ahead = entering::ahead(&shared, &definitions).unwrap_or_default();
        snapshot.store_bytes = shared.store.disk_bytes().unwrap_or_default();
        Ok(snapshot)
    }

    /// The clock, where it is wound by hand.
    pub fn clock(&self) -> Result<Option<ManualClock>, Unavailable> {
        let shared = self.shared()?;
        let is_manual = shared.clock.is_manual();
        Ok(is_manual.then(|| ManualClock::new(self.clone())))
    }

    /// Journey time.
    pub fn now(&self) -> Result<Instant, Unavailable> {
        Ok(self.shared()?.clock.now())
    }

    /// An operator has looked: the machine's clock is right after a leap, follow it. Answers with journey time as it is
    /// then; without a leap it stays what it was.
    ///
    /// # Errors
    /// When the clock is wound by hand.
    pub fn follow_clock(&self) -> Result<Instant, FollowError> {
        let shared = self.shared()?;
        if shared.clock.is_manual() {
            return Err(FollowError::Manual);
        }
        let has_leapt = shared.clock.has_leapt();
        shared.clock.follow();
        let now = shared.clock.now();
        if has_leapt {
            tracing::warn!("the machine's clock is followed after its leap: it is {now}");
        }
        shared.inboxes.iter().for_each(Inbox::wake);
        shared.outbox.wake_all();
        Ok(now)
    }

    /// The inbox on disk, where mails are captured instead of sent.
    pub fn inbox(&self) -> Option<&Capture> {
        match &self.inner.transport {
            Transport::Capture(capture) => Some(capture),
            Transport::Smtp(_) => None,
        }
    }

    /// Makes a verified snapshot of the store.
    pub async fn snapshot(&self) -> Result<SnapshotSet, SnapshotError> {
        let shared = self.shared()?;
        let made =
            tokio::task::spawn_blocking(move || snapshot::make(&shared, &shared.snapshots)).await;
        made.unwrap_or(Err(Unavailable::Failed.into()))
    }

    /// Deletes what the journal need not keep; `None` while there are not two verified snapshots.
    pub async fn trim(&self) -> Result<Option<TrimReport>, SnapshotError> {
        let shared = self.shared()?;
        let trimmed = tokio::task::spawn_blocking(move || snapshot::trim(&shared)).await;
        trimmed.unwrap_or(Err(Unavailable::Failed.into()))
    }

    /// Ends when the engine cannot go on, with the reason, or with `None` when it was stopped. The process should
    /// end then: what was acknowledged is durable, and the next start recovers.
    pub async fn failed(&self) -> Option<String> {
        let mut failed = match self.shared() {
            Ok(shared) => shared.failed.subscribe(),
            Err(_) => return None,
        };
        let reason = failed.wait_for(Option::is_some).await.ok()?;
        reason.clone()
    }

    /// Stops: accepts nothing more, lets mails that are being sent come to their end, applies what was logged, and
    /// closes the store cleanly. A second call does nothing.
    pub async fn stop(&self) {
        if let Some(keeper) = lock(&self.inner.keeper).take() {
            keeper.abort();
        }
        let threads = lock(&self.inner.threads).take();
        let (Some(threads), Ok(shared)) = (threads, self.shared()) else {
            return;
        };
        let inner = Arc::clone(&self.inner);
        let stopped = tokio::task::spawn_blocking(move || {
            start::stop(&shared, threads);
            inner
                .shared
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            close(shared);
        });
        if stopped.await.is_err() {
            tracing::error!("the engine did not stop cleanly");
        }
        self.inner.transport.close().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens journal and store, applies what the store misses, and closes both again: `store rebuild`. Nothing is accepted,
/// no timer fires and no mail leaves. Answers where each partition stands, the control partition last. Blocks.
///
/// # Errors
/// When something does not open or the log cannot be applied.
pub fn recover(config: Config, parts: Parts) -> Result<Vec<u64>, StartError> {
    let shared = start::recover_only(config, parts)?;
    let partitions = shared.store.partitions();
    let positions = partitions
        .map(|partition| shared.store.position(partition))
        .collect();
    close(shared);
    Ok(positions)
}

/// Closes journal and store once every reader has let go of them.
pub(crate) fn close(mut shared: Arc<Shared>) {
    let until = clock::process_now() + LET_GO_MAX;
    let shared = loop {
        match Arc::try_unwrap(shared) {
            Ok(shared) => break shared,
            Err(_) if clock::process_now() > until => {
                tracing::warn!("somebody still reads; the store is not closed cleanly");
                return;
            }
            Err(held) => shared = held,
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    let has_failed = shared.has_failed();
    let Shared {
        store,
        journal,
        config,
        ..
    } = shared;
    if let Err(error) = journal.close() {
        tracing::error!(reason = %shared::in_words(&error), "the journal was not closed cleanly");
    }
    if has_failed {
        return;
    }
    config.faults.hops.pass("closing");
    if let Err(error) = store.close_clean() {
        tracing::error!(reason = %shared::in_words(&error), "the store was not closed cleanly");
    }
}

/// Makes snapshots, and trims the journal behind them and what is kept of plugins, for as long as the engine is there.
async fn keep(shared: std::sync::Weak<Shared>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let kept = tokio::task::spawn_blocking(move || -> Result<(), SnapshotError> {
            snapshot::make(&shared, &shared.snapshots)?;
            snapshot::trim(&shared)?;
            kept_plugins::prune(&shared);
            Ok(())
        });
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(reason = %shared::in_words(&error), "no snapshot was made");
            }
            Err(_) => return,
        }
    }
}
