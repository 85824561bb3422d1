//! What was acknowledged and is gone: found, named, never cut.

use std::{fmt::Write, fs};

use signalbox_journal::{Damage, Error, Journal};

use crate::support::{Bench, all, put, put_group};

/// Three frames of which the first two begin at these offsets, in the last or in an earlier segment.
fn three_frames() -> (Bench, [usize; 3]) {
    let bench = Bench::new(2);
    let (journal, _) = bench.open();
    let end = || fs::metadata(&bench.segments()[0]).unwrap().len() as usize;
    let mut ends = [end(), 0, 0];
    put_group(&journal, &[(1, "first"), (0, "second")]);
    ends[1] = end();
    put(&journal, 1, "third");
    ends[2] = end();
    put_group(&journal, &[(0, "fourth"), (1, "fifth")]);
    let killed = bench.killed();
    (killed, ends)
}

fn flip(path: &std::path::Path, offset: usize, bit: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_flipped_bit_of_an_early_frame_is_named_at_open() {
    let (bench, [first, second, third]) = three_frames();
    let path = bench.segments().remove(0);
    let frames: [(usize, usize, &[&str]); 2] =
        [(first, second, &["1:1", "0:1"]), (second, third, &["1:2"])];
    for (frame, end, lost) in frames {
        for (offset, bit) in (frame..end).flat_map(|offset| (0..8).map(move |bit| (offset, bit))) {
            flip(&path, offset, bit);
            let Err(Error::Damaged(damaged)) = bench.try_open() else {
                panic!("bit {bit} of byte {offset} passed")
            };
            assert_eq!((damaged.offset, &damaged.segment), (frame as u64, &path));
            // Where the flip hit the first position itself, it is another one of the same frame.
            let named = damaged.position.unwrap().to_string();
            assert!(
                lost.contains(&named.as_str()),
                "{named} for bit {bit} of byte {offset}"
            );
            assert!(named == lost[0] || (frame + 24..frame + 34).contains(&offset));
            let part = if offset < frame + 24 {
                Damage::FrameHeader
            } else {
                Damage::FrameBody
            };
            assert_eq!(damaged.damage, part);
            flip(&path, offset, bit);
        }
    }
    assert_eq!(all(&bench.open().0, 2).lines().count(), 5);
}

#[test]
fn every_flipped_bit_of_a_segment_header_is_found() {
    let (bench, [first, ..]) = three_frames();
    let path = bench.segments().remove(0);
    for (offset, bit) in (0..first).flat_map(|offset| (0..8).map(move |bit| (offset, bit))) {
        flip(&path, offset, bit);
        let Err(Error::Damaged(damaged)) = bench.try_open() else {
            panic!("bit {bit} of byte {offset} passed")
        };
        assert_eq!((damaged.offset, &damaged.segment), (0, &path));
        flip(&path, offset, bit);
    }
}

/// A journal of many closed segments, with one frame each.
fn many_segments() -> Bench {
    let mut bench = Bench::new(1);
    bench.config.segment_bytes_max = 1;
    let (journal, _) = bench.open();
    for payload in ["a", "b", "c", "d", "e"] {
        put(&journal, 0, payload);
    }
    drop(journal);
    bench
}

/// What open, read and verify say, without the folder.
fn findings(bench: &Bench) -> String {
    let mut text = String::new();
    match bench.try_open() {
        Ok((journal, _)) => writeln!(
            text,
            "open: ok\nread: {}",
            all(&journal, 1).replace('\n', "; ")
        )
        .unwrap(),
        Err(error) => writeln!(text, "open: {error}").unwrap(),
    }
    let report = Journal::verify(&bench.config.folder).unwrap();
    for problem in report.problems {
        writeln!(text, "check: {problem}").unwrap();
    }
    text.replace(&format!("{}/", bench.config.folder.display()), "")
}

#[test]
fn what_is_wrong_with_an_earlier_segment_is_named() {
    let flipped = many_segments();
    flip(&flipped.segments()[1], 100, 3);
    flip(&flipped.segments()[3], 70, 3);
    assert_eq!(
        findings(&flipped),
        "\
open: ok
read: 0:1 @0 a; error: segment 00000000000000000002.segment is damaged at offset 60, position 0:2: the frame body fails its checksum; 
check: segment 00000000000000000002.segment is damaged at offset 60, position 0:2: the frame body fails its checksum
check: segment 00000000000000000004.segment is damaged at offset 60, position 0:4: the frame header fails its checksum
"
    );

    let cut = many_segments();
    let second = fs::File::options()
        .write(true)
        .open(&cut.segments()[1])
        .unwrap();
    second.set_len(60).unwrap();
    assert_eq!(
        findings(&cut),
        "\
open: ok
read: 0:1 @0 a; error: segment 00000000000000000002.segment is damaged at offset 60, position 0:2: the file ends too early; 
check: segment 00000000000000000002.segment is damaged at offset 60, position 0:2: the file ends too early
"
    );

    let missing = many_segments();
    fs::remove_file(&missing.segments()[2]).unwrap();
    assert_eq!(
        findings(&missing),
        "\
open: segment 00000000000000000003.segment is missing
check: segment 00000000000000000003.segment is missing
"
    );

    let swapped = many_segments();
    fs::copy(&swapped.segments()[0], &swapped.segments()[1]).unwrap();
    assert_eq!(
        findings(&swapped),
        "\
open: segment 00000000000000000002.segment is damaged at offset 0: found 1 where 2 was expected
check: segment 00000000000000000002.segment is damaged at offset 0: found 1 where 2 was expected
"
    );
}

#[test]
fn a_segment_of_another_journal_is_refused() {
    let bench = many_segments();
    let mut other = Bench::new(2);
    other.config.segment_bytes_max = 1;
    let (journal, _) = other.open();
    for payload in ["a", "b", "c"] {
        put(&journal, 1, payload);
    }
    fs::copy(&other.segments()[2], &bench.segments()[2]).unwrap();
    let Err(Error::Damaged(damaged)) = bench.try_open() else {
        panic!("the segment passed")
    };
    let expected = (&bench.segments()[2], Damage::SegmentHeader);
    assert_eq!((&damaged.segment, damaged.damage), expected);
    assert!(!Journal::verify(&bench.config.folder).unwrap().is_sound());
}

#[test]
fn a_check_goes_on_behind_damage() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    let mut ends = Vec::new();
    for payload in ["a", "b", "c", "d", "e"] {
        ends.push(fs::metadata(&bench.segments()[0]).unwrap().len() as usize);
        put(&journal, 0, payload);
    }
    drop(journal);
    for damaged in [ends[1], ends[3]] {
        flip(&bench.segments()[0], damaged + 30, 0);
    }
    let report = Journal::verify(&bench.config.folder).unwrap();
    let problems: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    assert!(
        problems[0].contains("offset 107, position 0:2:"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("offset 201, position 0:4:"),
        "{problems:?}"
    );
    assert_eq!(
        (problems.len(), report.entries, report.last),
        (2, 3, vec![5])
    );
}

#[test]
fn a_folder_without_a_journal_is_not_sound() {
    let bench = Bench::new(1);
    assert!(matches!(
        Journal::verify(bench.folder.path()),
        Err(Error::NoJournal { .. })
    ));
    assert!(!bench.folder.path().join("lock").exists());
}
