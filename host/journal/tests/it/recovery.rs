//! What a process that was killed leaves behind: everything acknowledged is there, the rest whole or absent.

use std::fs;

use proptest::prelude::*;
use signalbox_journal::Journal;

use crate::support::{Bench, all, put, put_group};

fn length(bench: &Bench) -> u64 {
    fs::metadata(bench.segments().last().unwrap())
        .unwrap()
        .len()
}

fn cut_to(bench: &Bench, length: u64) {
    let path = bench.segments().pop().unwrap();
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(length)
        .unwrap();
}

fn add(bench: &Bench, bytes: &[u8]) {
    let path = bench.segments().pop().unwrap();
    let mut file = fs::File::options().append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The tail is cut at every offset there is: what is left is the frames before it, and it goes on from there.
    #[test]
    fn a_tail_cut_anywhere_leaves_whole_groups(
        groups in proptest::collection::vec(proptest::collection::vec((0..2_u16, "[a-z]{0,9}"), 1..4), 1..5),
    ) {
        let bench = Bench::new(2);
        let (journal, _) = bench.open();
        let mut stages = vec![(length(&bench), String::new())];
        for group in &groups {
            let group: Vec<_> = group.iter().map(|(partition, payload)| (*partition, payload.as_str())).collect();
            put_group(&journal, &group);
            stages.push((length(&bench), all(&journal, 2)));
        }
        for cut in stages[0].0..=length(&bench) {
            let killed = bench.killed();
            cut_to(&killed, cut);
            let (whole, expected) = stages.iter().rev().find(|(length, _)| *length <= cut).unwrap();
            let report = Journal::verify(&killed.config.folder).unwrap();
            prop_assert!(report.is_sound());
            prop_assert_eq!(report.torn_tail.is_some(), cut > *whole);

            let (journal, opened) = killed.open();
            prop_assert_eq!(&all(&journal, 2), expected);
            prop_assert_eq!(opened.torn_tail.map(|tail| (tail.offset, tail.bytes)), (cut > *whole).then(|| (*whole, cut - whole)));
            put(&journal, 0, "goes on");
            drop(journal);
            let (journal, opened) = killed.open();
            prop_assert!(opened.closed_cleanly);
            let text = all(&journal, 2);
            prop_assert!(text.starts_with(expected) && text.ends_with("goes on\n"));
        }
    }
}

#[test]
fn what_a_power_cut_leaves_behind_the_end_is_cut() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    put(&journal, 0, "kept");
    let end = length(&bench) as usize;
    put(&journal, 0, &"torn ".repeat(100));
    let whole = fs::read(&bench.segments()[0]).unwrap();

    let mut holes = whole.clone();
    holes[end + 50..end + 300].fill(0);
    let mut without_start = whole.clone();
    without_start[end..end + 24].fill(0);
    let mut flipped = whole.clone();
    flipped[end + 60] ^= 1;
    let zeros = [&whole[..end], &[0; 5000]].concat();
    let junk = [&whole[..end], &[0xff; 700]].concat();
    for (name, bytes) in [
        ("holes", holes),
        ("no start", without_start),
        ("flipped", flipped),
        ("zeros", zeros),
        ("junk", junk),
    ] {
        let killed = bench.killed();
        fs::write(&killed.segments()[0], &bytes).unwrap();
        let (journal, opened) = killed.open();
        assert_eq!(
            opened.torn_tail.map(|tail| tail.offset),
            Some(end as u64),
            "{name}"
        );
        assert!(!opened.closed_cleanly);
        assert_eq!(all(&journal, 1), "0:1 @0 kept\n", "{name}");
        assert_eq!(length(&killed), end as u64, "{name}");
    }
}

/// A contact's data may hold anything, a copy of this very file included: it never passes for frames behind the end.
#[test]
fn a_torn_record_that_holds_frames_is_still_a_torn_record() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    for payload in ["a", "b", "c"] {
        put(&journal, 0, payload);
    }
    let kept = all(&journal, 1);
    let end = length(&bench);
    let image = fs::read(&bench.segments()[0]).unwrap();
    journal.append(0, image.repeat(3)).unwrap().wait().unwrap();

    let killed = bench.killed();
    cut_to(&killed, length(&bench) - 1);
    let (journal, opened) = killed.open();
    assert_eq!(opened.torn_tail.map(|tail| tail.offset), Some(end));
    assert_eq!(all(&journal, 1), kept);
}

#[test]
fn a_segment_whose_creation_was_interrupted_is_removed() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    put(&journal, 0, "a");
    let killed = bench.killed();
    let unfinished = killed
        .config
        .folder
        .join("00000000000000000002.segment.new");
    fs::write(&unfinished, b"sgbx").unwrap();
    let (journal, _) = killed.open();
    assert_eq!(all(&journal, 1), "0:1 @0 a\n");
    assert!(!unfinished.exists());
}

/// What lies before a seal was acknowledged, so not even the last frame may be cut.
#[test]
fn nothing_is_cut_before_a_clean_close() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    put(&journal, 0, "a");
    put(&journal, 0, "b");
    let end = length(&bench) as usize;
    journal.close().unwrap();
    let path = &bench.segments()[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[end - 1] ^= 4;
    fs::write(path, &bytes).unwrap();
    let error = bench.try_open().unwrap_err().to_string();
    assert!(
        error
            .ends_with("is damaged at offset 107, position 0:2: the frame body fails its checksum"),
        "{error}"
    );

    let killed = bench.killed();
    add(&killed, b"something behind the seal");
    let report = Journal::verify(&killed.config.folder).unwrap();
    assert_eq!(
        (report.problems.len(), report.torn_tail.is_some()),
        (1, true)
    );
}
