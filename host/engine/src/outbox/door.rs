//! Where partitions and senders meet the outbox's thread: who was woken, and what is in flight.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, WaitTimeoutResult},
    time::{Duration, Instant as ProcessInstant},
};

use signalbox_model::{
    id::{MessageId, Partition},
    workflow::step::MessageClass,
};

use crate::{clock::process_now, inbox::Activity};

/// First pause after a server could not be reached; doubled each time.
const REST_FIRST: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Door {
    /// A mutex since partitions, senders and the thread meet here; held for a look or a change.
    state: Mutex<State>,
    ready: Condvar,
    activity: Arc<Activity>,
}

#[derive(Default)]
pub(super) struct State {
    marketing: Queue,
    transactional: Queue,
    in_flight: HashMap<MessageId, MessageClass>,
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

/// The messages of one class.
#[derive(Default)]
struct Queue {
    /// Partitions to look at; the highest number stands for all.
    woken: BTreeSet<Partition>,
    in_flight: usize,
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
        self.change(|state| state.wake_both(partition));
    }

    /// Makes the thread look, at nothing in particular: it looks at everything then.
    pub(crate) fn wake_all(&self) {
        self.change(State::wake_all);
    }

    /// Whether the partition was woken since this was last asked. For a simulation, which has no thread here.
    pub(crate) fn take_woken(&self, partition: Partition) -> bool {
        let mut state = self.lock();
        let is_for_transactional = state.transactional.woken.remove(&partition);
        state.marketing.woken.remove(&partition) || is_for_transactional
    }

    /// Begins nothing more.
    pub(crate) fn stop(&self) {
        self.change(|state| state.stopping = true);
    }

    /// Whether nothing is in flight and the last look found nothing.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.idle && state.in_flight.is_empty() && !state.is_any_woken()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.lock().in_flight()
    }

    /// Whether servers could not be reached lately.
    pub(crate) fn is_resting(&self) -> bool {
        self.lock().resting_until.is_some()
    }

    /// The message's attempt is over and applied.
    pub(super) fn finished(&self, message: MessageId, partition: Partition) {
        self.change(|state| {
            state.end(message);
            state.wake_both(partition);
        });
    }

    pub(super) fn set_aside(&self, message: MessageId) {
        self.lock().set_aside.insert(message);
    }

    pub(super) fn reached(&self) {
        let mut state = self.lock();
        state.unreachable = 0;
        state.resting_until = None;
    }

    pub(super) fn unreachable(&self, rest_max: Duration) {
        let mut state = self.lock();
        let now = process_now();
        // Those that failed together count as one.
        if !state.rests_at(now) {
            let rest = REST_FIRST.saturating_mul(1 << state.unreachable.min(10));
            state.unreachable += 1;
            state.resting_until = Some(now + rest.min(rest_max));
        }
    }

    /// Says that the outbox may have become idle.
    pub(super) fn note(&self) {
        self.activity.note();
    }

    /// Waits for a change that ends the condition, at most for that long.
    pub(super) fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        longest: Duration,
        condition: impl Fn(&State) -> bool,
    ) -> LockResult<(MutexGuard<'a, State>, WaitTimeoutResult)> {
        let ready = &self.ready;
        ready.wait_timeout_while(state, longest, |state| condition(state))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.activity.note();
        self.ready.notify_one();
    }
}

impl State {
    pub(super) fn wake(&mut self, class: MessageClass, partition: Partition) {
        self.queue(class).woken.insert(partition);
    }

    pub(super) fn wake_all(&mut self) {
        self.wake_both(Partition::MAX);
    }

    fn wake_both(&mut self, partition: Partition) {
        for class in MessageClass::BY_URGENCY {
            self.wake(class, partition);
        }
    }

    pub(super) fn is_woken(&self, class: MessageClass) -> bool {
        !self.queue_of(class).woken.is_empty()
    }

    fn is_any_woken(&self) -> bool {
        MessageClass::BY_URGENCY
            .into_iter()
            .any(|class| self.is_woken(class))
    }

    /// The partitions to look at; from here on the outbox is not idle.
    pub(super) fn take_woken(&mut self, class: MessageClass) -> BTreeSet<Partition> {
        self.idle = false;
        std::mem::take(&mut self.queue(class).woken)
    }

    /// Notes that the last look left nothing to look at; whether that is new.
    pub(super) fn note_idle(&mut self) -> bool {
        let is_new = !self.idle && !self.is_any_woken();
        self.idle |= is_new;
        is_new
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(super) fn rests_at(&self, now: ProcessInstant) -> bool {
        self.resting_until.is_some_and(|until| until > now)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn in_flight_of(&self, class: MessageClass) -> usize {
        self.queue_of(class).in_flight
    }

    /// Takes the message into flight; `false` if it is there already or set aside.
    pub(super) fn begin(&mut self, message: MessageId, class: MessageClass) -> bool {
        if self.set_aside.contains(&message) || self.in_flight.contains_key(&message) {
            return false;
        }
        self.in_flight.insert(message, class);
        self.queue(class).in_flight += 1;
        true
    }

    pub(super) fn end(&mut self, message: MessageId) {
        if let Some(class) = self.in_flight.remove(&message) {
            self.queue(class).in_flight -= 1;
        }
    }

    fn queue(&mut self, class: MessageClass) -> &mut Queue {
        match class {
            MessageClass::Marketing => &mut self.marketing,
            MessageClass::Transactional => &mut self.transactional,
        }
    }

    fn queue_of(&self, class: MessageClass) -> &Queue {
        match class {
            MessageClass::Marketing => &self.marketing,
            MessageClass::Transactional => &self.transactional,
        }
    }
}
