//! Winds a manual clock from one due instant to the next, waiting each time until everything has settled.
//!
//! For simulation, stories and the demo. What is due at an instant happens with journey time standing at it, so a
//! year of waits takes as long as the work in it.

use std::{sync::Arc, time::Duration};

use signalbox_model::time::Instant;

use crate::{
    Engine,
    error::{ReadError, Unavailable},
    experiments,
    inbox::Inbox,
    shared::Shared,
};

/// Between two looks at whether everything has settled, when nothing was seen to happen.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Whether what is due at the instant itself happens too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Everything due at or before the instant.
    Through,
    /// Everything due before the instant; the clock then stands at it.
    Before,
}

/// What winding came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Where the clock stands.
    pub now: Instant,
    /// At how many instants something was due on the way.
    pub instants: u64,
}

/// The handle on a manual clock.
#[derive(Clone)]
pub struct ManualClock {
    /// Asked for what it shares at each call, so that a handle does not hold up a stop.
    engine: Engine,
}

impl ManualClock {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Where the clock stands.
    pub fn now(&self) -> Result<Instant, Unavailable> {
        self.engine.now()
    }

    /// Winds the clock on to that instant; answers when everything due by then has been applied and handed over. An
    /// instant in the past leaves the clock where it is.
    pub async fn advance_to(&self, to: Instant, edge: Edge) -> Result<Settled, ReadError> {
        // One at a time: two windings would overtake each other.
        let _winding = self.engine.inner.winding.lock().await;
        let shared = self.engine.shared()?;
        let last = match edge {
            Edge::Through => to,
            Edge::Before => Instant::from_ms(to.as_ms() - 1),
        };
        settle(&shared).await?;
        let mut instants = 0;
        while let Some(due) = next_due(&shared).await?.filter(|due| *due <= last) {
            let at = due.max(shared.clock.now());
            wind(&shared, at, due);
            settle(&shared).await?;
            instants += 1;
        }
        wind(&shared, to, last);
        settle(&shared).await?;
        Ok(Settled {
            now: shared.clock.now(),
            instants,
        })
    }

    /// Winds the clock on to that instant in one go, as a downtime until then would: what was due by then happens late,
    /// at that instant. Answers when everything has been applied and handed over.
    pub async fn leap_to(&self, to: Instant) -> Result<Settled, ReadError> {
        let _winding = self.engine.inner.winding.lock().await;
        let shared = self.engine.shared()?;
        settle(&shared).await?;
        wind(&shared, to, to);
        settle(&shared).await?;
        Ok(Settled {
            now: shared.clock.now(),
            instants: 1,
        })
    }

    /// Waits until everything accepted so far has been applied and handed over, without winding.
    pub async fn settle(&self) -> Result<(), ReadError> {
        let shared = self.engine.shared()?;
        settle(&shared).await
    }
}

async fn settle(shared: &Shared) -> Result<(), ReadError> {
    let mut failed = shared.failed.subscribe();
    loop {
        if shared.has_failed() {
            return Err(Unavailable::Failed.into());
        }
        if shared.is_stopping() {
            return Err(Unavailable::Stopping.into());
        }
        let before = shared.activity.count();
        if is_settled(shared) && shared.activity.count() == before {
            return Ok(());
        }
        // Ends early only if the engine fails.
        let _ = tokio::time::timeout(LOOK_EVERY, failed.wait_for(Option::is_some)).await;
    }
}

fn is_settled(shared: &Shared) -> bool {
    shared.inboxes.iter().all(Inbox::is_idle)
        && shared.outbox.is_idle()
        && shared
            .store
            .partitions()
            .all(|partition| shared.applied(partition) >= shared.journal.last_durable(partition))
}

fn wind(shared: &Shared, now: Instant, fire: Instant) {
    shared.clock.wind(now, fire);
    shared.inboxes.iter().for_each(Inbox::wake);
    shared.outbox.wake_all();
}

/// The next instant at which a timer, a message or a start is due.
async fn next_due(shared: &Arc<Shared>) -> Result<Option<Instant>, ReadError> {
    let shared = Arc::clone(shared);
    let found = tokio::task::spawn_blocking(move || -> Result<Option<Instant>, ReadError> {
        let definitions = Arc::clone(&shared.definitions.borrow());
        let start = signalbox_journey::control::next_start(&definitions);
        let look = experiments::next_look(&definitions, shared.clock.fire_up_to());
        let mut next = [start, look].into_iter().flatten().min();
        for partition in 0..shared.control() {
            let timer = shared.store.next_timer_due(partition)?;
            let release = shared.store.next_release(partition)?;
            for due in [timer, release].into_iter().flatten() {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        Ok(next)
    });
    found.await.unwrap_or(Err(Unavailable::Failed.into()))
}
