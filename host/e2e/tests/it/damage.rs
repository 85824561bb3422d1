//! A flipped bit and a cut tail, in the journal and in sled's file: found, named, and made good by a rebuild.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use signalbox_e2e::{server::Home, smtp::Sink, tools};

use crate::support::{Random, home, on_event, post, send, start};

/// A store in which something happened, closed in order, with its export and a copy of its data.
struct Played {
    home: Home,
    export: String,
    /// Kept as it was.
    copy: PathBuf,
}

impl Played {
    fn new(with_snapshot: bool) -> Self {
        let sink = Sink::start().unwrap();
        let home = home(&sink);
        let server = home.start().unwrap();
        let steps = json!([send("confirm", "transactional"), { "id": "rest", "wait": { "for": "2d" } }, send("ask", "marketing")]);
        start(&server.api, &on_event("order", "order_completed", &steps));
        for number in 0..100 {
            post(
                &server.api,
                &format!("c{}", number % 20),
                "order_completed",
                &format!("o{number}"),
            );
        }
        server.api.wind("2026-03-04T09:00:00Z", "before").unwrap();
        if with_snapshot {
            server.stop().unwrap();
            home.succeed(&["store", "snapshot"]).unwrap();
            let server = home.start().unwrap();
            server.api.wind("2026-03-05T09:00:00Z", "through").unwrap();
            server.stop().unwrap();
        } else {
            server.api.wind("2026-03-05T09:00:00Z", "through").unwrap();
            server.stop().unwrap();
        }
        assert_eq!(sink.count(), 200);
        let export = home.succeed(&["store", "export"]).unwrap();
        let copy = home.beside("copy");
        tools::copy_folder(&home.data(), &copy).unwrap();
        Self { home, export, copy }
    }

    /// Puts the data back as they were.
    fn reset(&self) {
        fs::remove_dir_all(self.home.data()).unwrap();
        tools::copy_folder(&self.copy, &self.home.data()).unwrap();
    }

    /// What `store check` says, and whether it found anything.
    fn check(&self) -> (bool, String) {
        let output = self.home.command(&["store", "check"]).unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    fn rebuilds_to_the_same(&self) {
        let rebuilt = self.home.succeed(&["store", "rebuild"]).unwrap();
        let export = self.home.succeed(&["store", "export"]).unwrap();
        assert!(export == self.export, "another export after: {rebuilt}");
    }
}

fn flip(path: &Path, at: u64, bit: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}

/// The journal's segments, oldest first.
fn segments(data: &Path) -> Vec<PathBuf> {
    let mut segments: Vec<PathBuf> = fs::read_dir(data.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.metadata().unwrap().len() > 1_000)
        .collect();
    segments.sort();
    segments
}

#[test]
fn a_healthy_store_passes_and_rebuilds_to_itself() {
    let played = Played::new(false);
    let (is_good, text) = played.check();
    assert!(is_good, "{text}");
    assert!(text.contains("nothing is wrong"), "{text}");
    played.rebuilds_to_the_same();
}

#[test]
fn a_flipped_bit_in_the_journal_is_found_and_named() {
    let played = Played::new(true);
    let mut random = Random::new(7);
    let segment = segments(&played.home.data()).remove(0);
    let length = fs::metadata(&segment).unwrap().len();
    for _ in 0..8 {
        let (at, bit) = (random.below(length / 2), random.below(8) as u8);
        flip(&segment, at, bit);
        let (is_good, text) = played.check();
        assert!(!is_good, "bit {bit} of byte {at} of {length}: {text}");
        let named = text.lines().find(|line| {
            line.starts_with("journal: ")
                && line.contains(segment.file_name().unwrap().to_str().unwrap())
        });
        println!(
            "bit {bit} of byte {at}: {}",
            named.unwrap_or_else(|| panic!("not named: {text}"))
        );
        played.reset();
    }
}

#[test]
fn a_cut_tail_of_the_journal_is_found_and_named() {
    let played = Played::new(false);
    let segment = segments(&played.home.data()).pop().unwrap();
    let length = fs::metadata(&segment).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&segment).unwrap();
    file.set_len(length - 5).unwrap();
    let (_, text) = played.check();
    println!("{text}");
    assert!(
        text.contains("interrupted write") || text.contains("is ahead"),
        "{text}"
    );
}

/// Bits flipped in the file of the rows.
const FLIPS: u32 = 12;

#[test]
fn a_flipped_bit_in_the_rows_is_found_and_a_rebuild_restores_them() {
    let played = Played::new(true);
    let rows = played.home.data().join("store/sled");
    let rows = if rows.is_dir() { rows.join("db") } else { rows };
    let bytes = fs::read(&rows).unwrap();
    let mut random = Random::new(11);
    let mut found = 0;
    for _ in 0..FLIPS {
        // Where something is written.
        let at = loop {
            let at = random.below(bytes.len() as u64);
            if bytes[usize::try_from(at).unwrap()] != 0 {
                break at;
            }
        };
        let bit = random.below(8) as u8;
        flip(&rows, at, bit);
        let (is_good, text) = played.check();
        if is_good {
            // The bit was in a part of the file that nothing uses any more: then nothing differs.
            let export = played.home.succeed(&["store", "export"]).unwrap();
            assert!(
                export == played.export,
                "bit {bit} of byte {at} changed the store unseen"
            );
        } else {
            found += 1;
            let named: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("store: "))
                .collect();
            println!(
                "bit {bit} of byte {at}: {}",
                named.first().unwrap_or_else(|| panic!("not named: {text}"))
            );
            assert!(text.contains("wrong"), "{text}");
        }
        played.rebuilds_to_the_same();
        let (is_good, text) = played.check();
        assert!(is_good, "{text}");
        played.reset();
    }
    println!("{found} of {FLIPS} flips mattered");
    assert!(found > 0);
}
