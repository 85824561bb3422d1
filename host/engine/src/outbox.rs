//! The outbox: takes released messages from the store and has them sent, a bounded number at a time.
//!
//! One thread scans; each message is a task. A message is in flight from its scan until its outcome is applied, so it
//! is never rendered or sent twice at one time. Wake-ups may be lost: the thread also looks by itself. It never
//! writes to the store: what comes of an attempt is a record like any other.

pub(crate) mod render;
mod send;

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant as ProcessInstant},
};

use signalbox_mail::transport::Transport;
use signalbox_model::{
    id::{MessageId, Partition},
    message::MessageStatus,
};
use tokio::{runtime::Handle, task::JoinSet};

use self::{render::Renderer, send::Sender};
use crate::{
    clock::process_now,
    error::{ApplyError, StoreAction},
    inbox::Activity,
    shared::{Broken, Shared, Vital},
};

/// Longest wait before the store is looked at again, whether or not somebody woke the thread.
const RESCAN: Duration = Duration::from_millis(200);
/// First pause after a server could not be reached; doubled each time.
const REST_FIRST: Duration = Duration::from_secs(1);

/// Where partitions and senders meet the outbox's thread.
pub(crate) struct Door {
    /// A mutex since partitions, senders and the thread meet here; held for a look or a change.
    state: Mutex<State>,
    ready: Condvar,
    activity: Arc<Activity>,
}

#[derive(Default)]
struct State {
    /// Partitions to look at.
    woken: BTreeSet<Partition>,
    in_flight: HashSet<MessageId>,
    /// Messages that the core does not know as pending; left alone until the next start.
    set_aside: HashSet<MessageId>,
    /// Servers cannot be reached: nothing is begun before this.
    resting_until: Option<ProcessInstant>,
    /// Failed connections in a row.
    unreachable: u32,
    stopping: bool,
    /// The last look found nothing to begin.
    idle: bool,
}

impl Door {
    pub(crate) fn new(activity: Arc<Activity>) -> Self {
        Self {
            state: Mutex::default(),
            ready: Condvar::new(),
            activity,
        }
    }

    /// The partition may have messages to send.
    pub(crate) fn wake(&self, partition: Partition) {
        self.change(|state| {
            state.woken.insert(partition);
        });
    }

    /// Makes the thread look, at nothing in particular: it looks at everything then.
    pub(crate) fn wake_all(&self) {
        self.change(|state| {
            state.woken.insert(Partition::MAX);
        });
    }

    /// Whether the partition was woken since this was last asked. For a simulation, which has no thread here.
    pub(crate) fn take_woken(&self, partition: Partition) -> bool {
        self.lock().woken.remove(&partition)
    }

    /// Begins nothing more.
    pub(crate) fn stop(&self) {
        self.change(|state| state.stopping = true);
    }

    /// Whether nothing is in flight and the last look found nothing.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.idle && state.in_flight.is_empty() && state.woken.is_empty()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.lock().in_flight.len()
    }

    /// Whether servers could not be reached lately.
    pub(crate) fn is_resting(&self) -> bool {
        self.lock().resting_until.is_some()
    }

    /// The message's attempt is over and applied.
    fn finished(&self, message: MessageId, partition: Partition) {
        self.change(|state| {
            state.in_flight.remove(&message);
            state.woken.insert(partition);
        });
    }

    fn set_aside(&self, message: MessageId) {
        self.lock().set_aside.insert(message);
    }

    fn reached(&self) {
        let mut state = self.lock();
        state.unreachable = 0;
        state.resting_until = None;
    }

    fn unreachable(&self, rest_max: Duration) {
        let mut state = self.lock();
        let now = process_now();
        // Those that failed together count as one.
        if state.resting_until.is_none_or(|until| until <= now) {
            let rest = REST_FIRST.saturating_mul(1 << state.unreachable.min(10));
            state.unreachable += 1;
            state.resting_until = Some(now + rest.min(rest_max));
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.activity.note();
        self.ready.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outbox's thread.
pub(crate) struct Outbox {
    shared: Arc<Shared>,
    sender: Arc<Sender>,
    runtime: Handle,
    tasks: JoinSet<()>,
    /// Where the next look at all partitions begins, so that none is starved.
    first: Partition,
}

/// Whether a message whose attempt was broken off for that reason is not to be tried again: the core knows nothing of it,
/// has it claimed, or cannot apply what is about it.
pub(crate) fn is_stale(reason: &str) -> bool {
    matches!(reason, "not_pending" | "claimed_already" | NOT_APPLICABLE)
}

/// Why an attempt is broken off whose intent cannot be applied.
pub(crate) const NOT_APPLICABLE: &str = "not_applicable";

impl Outbox {
    pub(crate) fn new(
        shared: Arc<Shared>,
        renderer: Renderer,
        transport: Transport,
        runtime: Handle,
    ) -> Self {
        let sender = Sender::new(Arc::clone(&shared), renderer, transport);
        Self {
            shared,
            sender: Arc::new(sender),
            runtime,
            tasks: JoinSet::new(),
            first: 0,
        }
    }

    /// Sends until the engine stops, and then waits for what is under way, within its bound.
    pub(crate) fn serve(mut self) {
        let _vital = Vital(Arc::clone(&self.shared));
        while let Some(woken) = self.wait() {
            while self.tasks.try_join_next().is_some() {}
            if self.shared.clock.has_leapt() {
                continue;
            }
            let partitions = self.shared.control();
            let turn = (0..partitions).map(|offset| (self.first + offset) % partitions);
            let wanted: Vec<Partition> = turn
                .filter(|partition| woken.contains(&Partition::MAX) || woken.contains(partition))
                .collect();
            self.first = (self.first + 1) % partitions.max(1);
            for partition in wanted {
                // Where there is an error it was noted by whom it happened to.
                if self.look(partition).is_err() {
                    return;
                }
            }
        }
        let bound = Duration::from_millis(self.shared.config.limits.stop_wait_ms_max);
        let tasks = &mut self.tasks;
        let ended = self.runtime.block_on(async {
            tokio::time::timeout(bound, async { while tasks.join_next().await.is_some() {} }).await
        });
        if ended.is_err() {
            tracing::warn!("mails are still being sent; they are in doubt until the next start");
            self.runtime.block_on(self.tasks.shutdown());
        }
    }

    /// Waits until somebody wakes the thread; `None` when it is to stop.
    fn wait(&self) -> Option<BTreeSet<Partition>> {
        let door = &self.shared.outbox;
        let mut state = door.lock();
        if state.woken.is_empty() && !state.idle {
            state.idle = true;
            door.activity.note();
        }
        let full = self.is_full(&state);
        let rests = self.rests(&state);
        let (mut state, timeout) = door
            .ready
            .wait_timeout_while(state, RESCAN, |state| {
                !state.stopping
                    && (state.woken.is_empty() || rests || (full && self.is_full(state)))
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopping || self.shared.has_failed() {
            return None;
        }
        state.idle = false;
        let mut woken = std::mem::take(&mut state.woken);
        if timeout.timed_out() {
            woken.insert(Partition::MAX);
        }
        Some(woken)
    }

    /// New messages are begun a quarter of the bound at a time, so that a long outbox is not scanned for each.
    fn is_full(&self, state: &State) -> bool {
        let bound = self.shared.config.limits.sends_in_flight_max;
        let in_flight = state.in_flight.len();
        in_flight >= bound || in_flight > bound - bound / 4
    }

    /// Whether servers could not be reached just now. A manual clock does not wait for process time.
    fn rests(&self, state: &State) -> bool {
        let now = process_now();
        state.resting_until.is_some_and(|until| until > now) && !self.shared.clock.is_manual()
    }

    /// Begins what is released in the partition, as far as there is room.
    fn look(&mut self, partition: Partition) -> Result<(), Broken> {
        let shared = Arc::clone(&self.shared);
        let limits = &shared.config.limits;
        let broken = |source| {
            shared.fail(&ApplyError::Store {
                action: StoreAction::Read,
                partition,
                source,
            })
        };
        let now = shared.clock.now();
        let mut after = None;
        loop {
            let page = shared
                .store
                .released(partition, now, after, limits.released_page_max)
                .map_err(broken)?;
            for release in &page {
                after = Some((release.release_at, release.message));
                {
                    let mut state = shared.outbox.lock();
                    if state.in_flight.len() >= limits.sends_in_flight_max {
                        state.woken.insert(partition);
                        return Ok(());
                    }
                    if state.set_aside.contains(&release.message)
                        || !state.in_flight.insert(release.message)
                    {
                        continue;
                    }
                }
                let message = shared
                    .store
                    .message(partition, &release.message)
                    .map_err(broken)?;
                match message {
                    // Between the scan and now its attempt may have come to its end.
                    Some(message)
                        if message.status == MessageStatus::Queued && message.release_at <= now =>
                    {
                        let sender = Arc::clone(&self.sender);
                        self.tasks.spawn_on(
                            async move { sender.send(partition, message).await },
                            &self.runtime,
                        );
                    }
                    _ => {
                        shared.outbox.lock().in_flight.remove(&release.message);
                    }
                }
            }
            if page.len() < limits.released_page_max {
                return Ok(());
            }
        }
    }
}
