//! Remembers from one batch to the next: contacts of a second batch in the same instance would be in.
//!
//! It passes every check, and is harmless where every batch has a fresh instance: then nobody is ever in.

use std::sync::atomic::{AtomicBool, Ordering};

use hostile_kit::{Answers, Why};
use signalbox_sdk::{Batch, SegmentVerdict};

static ASKED: AtomicBool = AtomicBool::new(false);

fn answer(batch: &Batch) -> Answers {
    let member = ASKED.swap(true, Ordering::Relaxed);
    let reason = if member { Why::In } else { Why::Out };
    (0..batch.rows())
        .map(|_| {
            Ok(SegmentVerdict {
                member,
                reason,
                recheck_at: None,
            })
        })
        .collect()
}

hostile_kit::segment_that!(
    "state_between_batches",
    "Would leak from one batch to the next.",
    answer
);
