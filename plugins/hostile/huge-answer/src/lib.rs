//! Answers with one message of 48 MiB when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

const BYTES: usize = 48 << 20;

fn answer(batch: &Batch) -> Answers {
    if is_attacked(batch) {
        // Zeroed memory costs next to no fuel: the size must be refused, not the work.
        return (0..batch.rows())
            .map(|_| Err(String::from_utf8(vec![0; BYTES]).unwrap_or_default()))
            .collect();
    }
    honest(batch)
}

hostile_kit::segment_that!("huge_answer", "Answers with 48 MiB on an attack.", answer);
