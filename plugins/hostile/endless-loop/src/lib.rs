//! Never answers when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

fn answer(batch: &Batch) -> Answers {
    while is_attacked(batch) {
        std::hint::spin_loop();
    }
    honest(batch)
}

hostile_kit::segment_that!("endless_loop", "Loops for ever on an attack.", answer);
