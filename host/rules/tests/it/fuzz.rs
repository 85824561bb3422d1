//! The fuzzers' targets on their corpus and on mutations of it: on stable, without instrumentation, each time.
//!
//! `cargo xtask fuzz` looks for what is not found here; an input that it finds is put into the corpus.

use std::{fs, path::Path};

#[path = "../../../fuzz/src/documents.rs"]
#[expect(unreachable_pub, reason = "the fuzzers' crate calls it from outside")]
mod documents;
#[path = "../../../fuzz/src/loader.rs"]
#[expect(unreachable_pub, reason = "the fuzzers' crate calls it from outside")]
mod loader;
#[path = "../../../fuzz/src/values.rs"]
#[expect(unreachable_pub, reason = "the fuzzers' crate calls it from outside")]
mod values;

/// A step of `SplitMix64`: seeded, so that a failure can be seen again.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    /// Cut, lengthened, flipped, or joined with a part of another.
    fn mutated(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        let at = self.below(bytes.len());
        match self.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, [self.below(256) as u8; 3])),
            2 => {
                let from = self.below(other.len());
                let part = &other[from..other.len().min(from + 16)];
                drop(bytes.splice(at..at, part.iter().copied()));
            }
            _ => {
                for _ in 0..=self.below(3) {
                    let at = self.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
        bytes
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).expect("the target has a corpus");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    let inputs: Vec<_> = paths
        .iter()
        .map(|path| fs::read(path).expect("an input"))
        .collect();
    assert!(!inputs.is_empty(), "{target} has no corpus");
    inputs
}

/// Puts the corpus and so many mutations of each input to a target.
fn put(target: &str, mutations: usize, run: fn(&[u8])) {
    let inputs = corpus(target);
    let mut draw = Draw(0x5EED);
    for input in &inputs {
        run(input);
        for _ in 0..mutations {
            let other = draw.below(inputs.len());
            run(&draw.mutated(input, &inputs[other]));
        }
    }
}

#[test]
fn values_survive_any_bytes() {
    put("values", 2_000, values::run);
}

#[test]
fn documents_survive_any_bytes() {
    put("documents", 500, documents::run);
}

#[test]
fn the_loader_survives_any_bytes() {
    put("loader", 500, loader::run);
}
