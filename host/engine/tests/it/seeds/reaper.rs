//! Ends an engine at a hop as kill -9 would: whoever passes one from then on goes no further.
//!
//! A thread that is ended unwinds from the hop. Between two hops there is at most one thing that anybody outside can
//! see, so that what was not done by then is never done.

use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use signalbox_engine::Hops;
use tokio::sync::watch;

/// The hops of engine, store and journal, in the way of an event. Each is crashed at by some seed.
pub(super) const HOPS: [&str; 25] = [
    "journal_write",
    "journal_written",
    "journal_synced",
    "asked",
    "commit",
    "committed",
    "posts_read",
    "posts_appended",
    "intent_logged",
    "go",
    "handed_over",
    "attempt_logged",
    "store_write",
    "store_written",
    "store_note",
    "store_switch",
    "store_switched",
    "snapshot_part",
    "snapshot_named",
    "trim",
    "closing",
    "rows_discarded",
    "recovered",
    "marked",
    "doubt",
];

/// Passed only where rows are copied at the right moment, or there are two snapshots: not in each share.
pub(super) const HOPS_RARE: [&str; 3] = ["store_switch", "store_switched", "trim"];

/// What a thread unwinds with.
struct Ended;

/// See the module.
pub(super) struct Reaper {
    /// A mutex since every thread of an engine meets here.
    state: Mutex<State>,
    down: AtomicBool,
    told: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    armed: Option<(&'static str, u64)>,
    /// Where the engine went down.
    at: Option<&'static str>,
    passed: BTreeMap<&'static str, u64>,
}

impl Reaper {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            down: AtomicBool::new(false),
            told: watch::Sender::new(false),
        })
    }

    pub(super) fn hops(self: &Arc<Self>) -> Hops {
        let reaper = Arc::clone(self);
        Hops::heard_by(move |hop| reaper.pass(hop))
    }

    /// The engine goes down where that hop is passed for the so-many-th time from now.
    pub(super) fn arm(&self, hop: &'static str, times: u64) {
        self.lock().armed = Some((hop, times));
    }

    pub(super) fn disarm(&self) {
        self.lock().armed = None;
    }

    /// The engine goes down now, wherever its threads are.
    pub(super) fn strike(&self) {
        self.bring_down(&mut self.lock(), "anywhere");
    }

    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    /// Where it went down, if it did.
    pub(super) fn at(&self) -> Option<&'static str> {
        self.lock().at
    }

    pub(super) async fn downed(&self) {
        let mut told = self.told.subscribe();
        // The sender is ours, so it cannot end.
        let _ = told.wait_for(|down| *down).await;
    }

    pub(super) fn pass(&self, hop: &'static str) {
        if self.is_down() {
            end();
            return;
        }
        let mut state = self.lock();
        *state.passed.entry(hop).or_default() += 1;
        let Some((armed, times)) = &mut state.armed else {
            return;
        };
        if *armed != hop {
            return;
        }
        *times -= 1;
        if *times == 0 {
            self.bring_down(&mut state, hop);
            drop(state);
            end();
        }
    }

    fn bring_down(&self, state: &mut State, at: &'static str) {
        state.armed = None;
        state.at = Some(at);
        self.down.store(true, Ordering::Release);
        self.told.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends this thread, unless it is on its way out already. Without a message: it is what the seed asked for.
fn end() {
    if !thread::panicking() {
        resume_unwind(Box::new(Ended));
    }
}
