//! The outbox: takes released messages from the store and has them sent, a bounded number at a time.
//!
//! One thread scans; each message is a task. Transactional messages have a queue and a share of what is sent at one time
//! for themselves, so that no amount of marketing holds them up. A message is in flight from its scan until its outcome
//! is applied, so it is never rendered or sent twice at one time. Wake-ups may be lost: the thread also looks by itself.
//! It never writes to the store: what comes of an attempt is a record like any other.

mod door;
mod pace;
pub(crate) mod render;
mod send;

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use signalbox_mail::transport::Transport;
use signalbox_model::{id::Partition, message::MessageStatus, workflow::step::MessageClass};
use tokio::{runtime::Handle, task::JoinSet};

pub(crate) use self::door::Door;
use self::{door::State, render::Renderer, send::Sender};
use crate::{
    clock::process_now,
    error::{ApplyError, StoreAction},
    shared::{Broken, Shared, Vital},
};

/// Longest wait before the store is looked at again, whether or not somebody woke the thread.
const RESCAN: Duration = Duration::from_millis(200);
/// One of so many messages that are sent at one time is a transactional one, as long as there are that many.
const TRANSACTIONAL_SHARE: usize = 4;

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
            for (class, woken) in woken {
                // Where there is an error it was noted by whom it happened to.
                if self.look_at(class, &woken).is_err() {
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

    /// Waits until somebody wakes the thread for messages of a class that there is room for, and says which partitions to
    /// look at for them; `None` when it is to stop.
    fn wait(&self) -> Option<Vec<(MessageClass, BTreeSet<Partition>)>> {
        let door = &self.shared.outbox;
        let mut state = door.lock();
        if state.note_idle() {
            door.note();
        }
        let rests = self.rests(&state);
        let (mut state, timeout) = door
            .wait_while(state, RESCAN, |state| {
                let is_ready = |class| state.is_woken(class) && !self.is_full(state, class);
                !state.is_stopping()
                    && (rests || !MessageClass::BY_URGENCY.into_iter().any(is_ready))
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.is_stopping() || self.shared.has_failed() {
            return None;
        }
        if timeout.timed_out() {
            state.wake_all();
        }
        let mut woken = Vec::with_capacity(MessageClass::BY_URGENCY.len());
        for class in MessageClass::BY_URGENCY {
            if timeout.timed_out() || !self.is_full(&state, class) {
                woken.push((class, state.take_woken(class)));
            }
        }
        Some(woken)
    }

    /// How many messages of that class may be sent at one time.
    fn bound(&self, class: MessageClass) -> usize {
        let bound = self.shared.config.limits.sends_in_flight_max;
        match class {
            MessageClass::Transactional => bound,
            MessageClass::Marketing => bound - bound / TRANSACTIONAL_SHARE,
        }
    }

    fn has_room(&self, state: &State, class: MessageClass) -> bool {
        state.in_flight() < self.shared.config.limits.sends_in_flight_max
            && state.in_flight_of(class) < self.bound(class)
    }

    /// New messages are begun a quarter of the bound at a time, so that a long outbox is not scanned for each.
    fn is_full(&self, state: &State, class: MessageClass) -> bool {
        let bound = self.bound(class);
        !self.has_room(state, class) || state.in_flight_of(class) > bound - bound / 4
    }

    /// Whether servers could not be reached just now. A manual clock does not wait for process time.
    fn rests(&self, state: &State) -> bool {
        state.rests_at(process_now()) && !self.shared.clock.is_manual()
    }

    fn look_at(&mut self, class: MessageClass, woken: &BTreeSet<Partition>) -> Result<(), Broken> {
        let partitions = self.shared.control();
        let first = self.first;
        self.first = (first + 1) % partitions.max(1);
        let turn = (0..partitions).map(|offset| (first + offset) % partitions);
        for partition in turn {
            if woken.contains(&Partition::MAX) || woken.contains(&partition) {
                self.look(partition, class)?;
            }
        }
        Ok(())
    }

    /// Begins what is released of that class in the partition, as far as there is room.
    fn look(&mut self, partition: Partition, class: MessageClass) -> Result<(), Broken> {
        let shared = Arc::clone(&self.shared);
        let page_max = shared.config.limits.released_page_max;
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
                .released(partition, class, now, after, page_max);
            let page = page.map_err(broken)?;
            for release in &page {
                after = Some((release.release_at, release.message));
                {
                    let mut state = shared.outbox.lock();
                    if !self.has_room(&state, class) {
                        state.wake(class, partition);
                        return Ok(());
                    }
                    if !state.begin(release.message, class) {
                        continue;
                    }
                }
                let message = shared.store.message(partition, &release.message);
                match message.map_err(broken)? {
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
                    _ => shared.outbox.lock().end(release.message),
                }
            }
            if page.len() < page_max {
                return Ok(());
            }
        }
    }
}
