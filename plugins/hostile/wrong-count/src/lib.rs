//! Answers for one contact too few when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

fn answer(batch: &Batch) -> Answers {
    let mut answers = honest(batch);
    if is_attacked(batch) {
        answers.pop();
    }
    answers
}

hostile_kit::segment_that!("wrong_count", "Leaves out an answer on an attack.", answer);
