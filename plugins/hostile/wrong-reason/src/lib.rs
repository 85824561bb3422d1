//! Names a reason that it never declared when it is asked about an attacking contact.

use hostile_kit::{Answers, Why, honest, is_attacked};
use signalbox_sdk::{Batch, SegmentVerdict};

fn answer(batch: &Batch) -> Answers {
    if is_attacked(batch) {
        return (0..batch.rows())
            .map(|_| Ok(SegmentVerdict::inside(Why::Undeclared)))
            .collect();
    }
    honest(batch)
}

hostile_kit::segment_that!(
    "wrong_reason",
    "Names an undeclared reason on an attack.",
    answer
);
