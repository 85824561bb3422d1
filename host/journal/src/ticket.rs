//! How an appender learns that its record is durable.
//!
//! One [`Completion`] serves everything that goes into one frame, so an append in flight costs a reference, and the
//! writer wakes blocked threads with one call. Waking a future or running a callback happens on the writer's thread.

use std::{
    future::Future,
    pin::Pin,
    slice,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use crate::{AppendError, Position};

type Callback = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

/// The promise that an append becomes durable, and the positions it got. The positions mean nothing before that.
///
/// Three ways to wait, each cheap for ten thousand tickets at once: block ([`Ticket::wait`]), await it as a future,
/// or leave a callback ([`Ticket::on_durable`]). A ticket may be dropped; its records are written all the same.
#[must_use = "a record may be acknowledged only once its ticket says that it is durable"]
#[derive(Debug)]
pub struct Ticket {
    completion: Arc<Completion>,
    positions: Positions,
    /// Where this ticket's waker is among the completion's, once it was polled.
    waker_slot: Option<usize>,
}

/// One position without an allocation, or those of a group.
#[derive(Debug)]
pub(crate) enum Positions {
    One(Position),
    Group(Vec<Position>),
}

impl Ticket {
    pub(crate) fn new(completion: Arc<Completion>, positions: Positions) -> Self {
        Self {
            completion,
            positions,
            waker_slot: None,
        }
    }

    /// The position of the record, or of the first of a group.
    pub fn position(&self) -> Position {
        self.positions()[0]
    }

    /// The positions in the order in which the records were given; never empty.
    pub fn positions(&self) -> &[Position] {
        match &self.positions {
            Positions::One(position) => slice::from_ref(position),
            Positions::Group(positions) => positions,
        }
    }

    /// Blocks until the fsync that covers the records. Not for async tasks.
    ///
    /// # Errors
    /// [`AppendError::NoSpace`] or [`AppendError::Failed`]: not durable, and nothing of it was or will be applied
    /// by this process. After `Failed` it may still be in the file when that is opened again.
    pub fn wait(&self) -> Result<(), AppendError> {
        self.completion.wait()
    }

    /// Calls `callback` from the writer's thread once the outcome is known, or at once if it is. It must be short
    /// and must not wait for the journal.
    pub fn on_durable(self, callback: impl FnOnce(Result<(), AppendError>) + Send + 'static) {
        self.completion.call(callback);
    }
}

impl Future for Ticket {
    type Output = Result<(), AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ticket = &mut *self;
        ticket
            .completion
            .poll(&mut ticket.waker_slot, context.waker())
    }
}

/// What became of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Durable,
    NoSpace,
    Failed,
}

impl Outcome {
    fn result(self) -> Result<(), AppendError> {
        match self {
            Self::Durable => Ok(()),
            Self::NoSpace => Err(AppendError::NoSpace),
            Self::Failed => Err(AppendError::Failed),
        }
    }
}

const PENDING: u8 = 0;

/// The outcome of one frame and those who wait for it.
#[derive(Default)]
pub(crate) struct Completion {
    /// [`PENDING`] or the outcome; set last, so that a ticket that sees it needs no lock.
    outcome: AtomicU8,
    waiters: Mutex<Waiters>,
    done: Condvar,
}

#[derive(Default)]
struct Waiters {
    outcome: Option<Outcome>,
    blocked: usize,
    wakers: Vec<Waker>,
    callbacks: Vec<Callback>,
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion")
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}

impl Completion {
    /// Sets the outcome and wakes everybody; the first call counts.
    pub(crate) fn complete(&self, outcome: Outcome) {
        let (wakers, callbacks) = {
            let mut waiters = self.lock();
            if waiters.outcome.is_some() {
                return;
            }
            waiters.outcome = Some(outcome);
            self.outcome.store(outcome as u8 + 1, Ordering::Release);
            if waiters.blocked > 0 {
                self.done.notify_all();
            }
            (
                std::mem::take(&mut waiters.wakers),
                std::mem::take(&mut waiters.callbacks),
            )
        };
        wakers.into_iter().for_each(Waker::wake);
        for callback in callbacks {
            callback(outcome.result());
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.outcome.load(Ordering::Acquire) {
            PENDING => None,
            1 => Some(Outcome::Durable),
            2 => Some(Outcome::NoSpace),
            _ => Some(Outcome::Failed),
        }
    }

    fn wait(&self) -> Result<(), AppendError> {
        if let Some(outcome) = self.outcome() {
            return outcome.result();
        }
        let mut waiters = self.lock();
        waiters.blocked += 1;
        loop {
            if let Some(outcome) = waiters.outcome {
                return outcome.result();
            }
            waiters = self
                .done
                .wait(waiters)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn call(&self, callback: impl FnOnce(Result<(), AppendError>) + Send + 'static) {
        let mut waiters = self.lock();
        if let Some(outcome) = waiters.outcome {
            drop(waiters);
            callback(outcome.result());
        } else {
            waiters.callbacks.push(Box::new(callback));
        }
    }

    fn poll(&self, slot: &mut Option<usize>, waker: &Waker) -> Poll<Result<(), AppendError>> {
        if let Some(outcome) = self.outcome() {
            return Poll::Ready(outcome.result());
        }
        let mut waiters = self.lock();
        if let Some(outcome) = waiters.outcome {
            return Poll::Ready(outcome.result());
        }
        if let Some(slot) = *slot {
            waiters.wakers[slot].clone_from(waker);
        } else {
            *slot = Some(waiters.wakers.len());
            waiters.wakers.push(waker.clone());
        }
        Poll::Pending
    }

    /// Held for a few instructions, never while waking.
    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
