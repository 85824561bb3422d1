//! What a partition's thread waits for: durable records, requests, and being woken.
//!
//! The journal's writer pushes and never waits; the partition's thread takes. Admission at accept bounds the records
//! from outside, each internal lane its own; so the queue here has no bound of its own.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use signalbox_journal::{Entry, Error, Sink};
use tokio::sync::watch;

/// Something that is asked of a partition's thread between two groups.
pub(crate) enum Request {
    /// Stand still, so that somebody else can read the partition as it is.
    Hold {
        /// Told once the thread stands still and its position is committed.
        held: mpsc::Sender<()>,
        /// The thread goes on when the other end is dropped.
        until: mpsc::Receiver<()>,
    },
}

/// Counts everything that happens, so that an observer can tell whether nothing did.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    count: AtomicU64,
}

impl Activity {
    /// Something happened.
    pub(crate) fn note(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }
}

/// One partition's inbox.
pub(crate) struct Inbox {
    /// A mutex since writer and partition meet here; held for a push or a take.
    queue: Mutex<Queue>,
    ready: Condvar,
    activity: Arc<Activity>,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is set by another party and means nothing to the others"
)]
struct Queue {
    entries: VecDeque<Entry>,
    requests: VecDeque<Request>,
    woken: bool,
    stopping: bool,
    /// The thread has ended: nobody takes anything any more.
    closed: bool,
    /// The thread found nothing to do and waits.
    idle: bool,
}

/// What a partition still has under way when it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnderWay {
    /// Nothing that anybody should wait for.
    Nothing,
    /// Something is due that will become a record.
    Due,
    /// Records that are not durable yet and will come: the thread must not stop before them.
    Records,
}

/// What a wait ended with.
pub(crate) enum Taken {
    /// There are entries.
    Entries,
    /// A request.
    Request(Request),
    /// Woken, or the time is over: look at what is due.
    Woken,
    /// The engine stops and nothing is left.
    Stopped,
}

impl Inbox {
    pub(crate) fn new(activity: Arc<Activity>) -> Self {
        Self {
            queue: Mutex::default(),
            ready: Condvar::new(),
            activity,
        }
    }

    pub(crate) fn push(&self, entry: Entry) {
        self.change(|queue| queue.entries.push_back(entry));
    }

    /// Hands the request over; drops it, which its asker sees, where the thread has ended.
    pub(crate) fn ask(&self, request: Request) {
        self.change(|queue| {
            if !queue.closed {
                queue.requests.push_back(request);
            }
        });
    }

    /// The thread ends: whoever waits for it is told by the end of its channel.
    pub(crate) fn close(&self) {
        self.change(|queue| {
            queue.closed = true;
            queue.requests.clear();
        });
    }

    /// Makes the thread look at what is due.
    pub(crate) fn wake(&self) {
        self.change(|queue| queue.woken = true);
    }

    pub(crate) fn stop(&self) {
        self.change(|queue| queue.stopping = true);
    }

    /// Whether the thread waits and has nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        let queue = self.lock();
        queue.idle && queue.entries.is_empty() && queue.requests.is_empty() && !queue.woken
    }

    /// Whether there are entries that nobody has taken.
    pub(crate) fn has_entries(&self) -> bool {
        !self.lock().entries.is_empty()
    }

    /// Moves all entries that are there over, in order. Never waits.
    pub(crate) fn drain(&self, into: &mut VecDeque<Entry>) {
        let mut queue = self.lock();
        if into.is_empty() {
            std::mem::swap(&mut queue.entries, into);
        } else {
            into.append(&mut queue.entries);
        }
    }

    /// Waits until there is something, at most that long.
    pub(crate) fn wait(&self, at_most: Duration, under_way: UnderWay) -> Taken {
        let mut queue = self.lock();
        if under_way == UnderWay::Nothing && !queue.idle {
            queue.idle = true;
            self.activity.note();
        }
        let may_stop = under_way != UnderWay::Records;
        let (mut queue, _) = self
            .ready
            .wait_timeout_while(queue, at_most, |queue| {
                queue.entries.is_empty()
                    && queue.requests.is_empty()
                    && !queue.woken
                    && !(queue.stopping && may_stop)
            })
            .unwrap_or_else(PoisonError::into_inner);
        queue.idle = false;
        queue.woken = false;
        if !queue.entries.is_empty() {
            Taken::Entries
        } else if let Some(request) = queue.requests.pop_front() {
            Taken::Request(request)
        } else if queue.stopping && may_stop {
            Taken::Stopped
        } else {
            Taken::Woken
        }
    }

    fn change(&self, change: impl FnOnce(&mut Queue)) {
        change(&mut self.lock());
        self.activity.note();
        self.ready.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands durable entries to the partitions they belong to.
pub(crate) struct Deliver {
    pub(crate) inboxes: Arc<[Inbox]>,
    /// Set once when the journal can be trusted no more.
    pub(crate) failed: watch::Sender<Option<String>>,
}

impl Sink for Deliver {
    fn durable(&self, entries: &[Entry]) {
        for entry in entries {
            if let Some(inbox) = self.inboxes.get(usize::from(entry.position.partition)) {
                inbox.push(entry.clone());
            }
        }
    }

    fn failed(&self, error: &Error) {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.failed.send_replace(Some(text));
        // Nothing more comes: the threads should see that now, and not when they look around next.
        self.inboxes.iter().for_each(Inbox::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_a_thread_that_ends_is_told() {
        let inbox = Inbox::new(Arc::default());
        let asked = || {
            let (held, holds) = mpsc::channel();
            let (_release, until) = mpsc::channel();
            inbox.ask(Request::Hold { held, until });
            holds
        };
        let before = asked();
        inbox.close();
        assert_eq!(before.try_recv(), Err(mpsc::TryRecvError::Disconnected));
        assert_eq!(asked().try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }
}
