//! Calls itself until the stack is used up when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

#[expect(unconditional_recursion, reason = "that is the attack")]
fn descend(depth: u64) -> u64 {
    // What comes after the call keeps the compiler from making a loop of it.
    std::hint::black_box(descend(std::hint::black_box(depth + 1))) + depth
}

fn answer(batch: &Batch) -> Answers {
    if is_attacked(batch) && descend(0) == 1 {
        return Vec::new();
    }
    honest(batch)
}

hostile_kit::segment_that!("deep_recursion", "Uses up the stack on an attack.", answer);
