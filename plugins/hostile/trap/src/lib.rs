//! Panics when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

fn answer(batch: &Batch) -> Answers {
    assert!(!is_attacked(batch), "attacked");
    honest(batch)
}

hostile_kit::segment_that!("trap", "Panics on an attack.", answer);
