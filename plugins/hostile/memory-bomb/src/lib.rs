//! Takes memory until there is none when it is asked about an attacking contact.

use hostile_kit::{Answers, honest, is_attacked};
use signalbox_sdk::Batch;

const MIB: usize = 1 << 20;

fn answer(batch: &Batch) -> Answers {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    while is_attacked(batch) {
        // Allocated whole and touched once: growing costs fuel for pages, not for bytes.
        let mut block = Vec::with_capacity(MIB);
        block.push(1);
        hoard.push(std::hint::black_box(block));
    }
    honest(batch)
}

hostile_kit::segment_that!(
    "memory_bomb",
    "Takes memory without end on an attack.",
    answer
);
