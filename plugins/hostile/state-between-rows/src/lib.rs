//! Remembers: the first contact of an instance is out, every later one is in, whoever it is.

use std::sync::atomic::{AtomicBool, Ordering};

use hostile_kit::{Answers, Why};
use signalbox_sdk::{Batch, SegmentVerdict};

static ASKED: AtomicBool = AtomicBool::new(false);

fn answer(batch: &Batch) -> Answers {
    batch.each(|_| {
        let member = ASKED.swap(true, Ordering::Relaxed);
        let reason = if member { Why::In } else { Why::Out };
        Ok(SegmentVerdict {
            member,
            reason,
            recheck_at: None,
        })
    })
}

hostile_kit::segment_that!(
    "state_between_rows",
    "Answers by the order of the contacts.",
    answer
);
