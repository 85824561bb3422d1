//! What a trim deletes and what it must not.

use std::{fs, thread};

use signalbox_journal::{Error, Journal};

use crate::support::{Bench, all, put, text};

const HOUR_MS: i64 = 3_600_000;

/// One segment an entry: partition 0 and 1 in turn, an hour apart.
fn six_segments() -> (Bench, Journal) {
    let mut bench = Bench::new(2);
    bench.config.segment_bytes_max = 1;
    let (journal, _) = bench.open();
    for at in 0..6 {
        bench.clock.set(i64::from(at) * HOUR_MS);
        put(&journal, at % 2, &format!("record {at}"));
    }
    (bench, journal)
}

#[test]
fn only_what_is_old_and_below_goes() {
    // keep_from, older_than in hours, what is kept.
    let cases: [([u64; 2], i64, [u64; 2]); 7] = [
        ([1, 1], 100, [1, 1]),
        ([4, 4], 0, [1, 1]),
        ([4, 4], 1, [2, 1]),
        ([2, 1], 100, [2, 1]),
        ([4, 1], 100, [2, 1]),
        ([3, 2], 100, [3, 2]),
        ([4, 4], 100, [4, 4]),
    ];
    for (keep_from, hours, first_kept) in cases {
        let (bench, journal) = six_segments();
        let report = journal.trim(&keep_from, hours * HOUR_MS).unwrap();
        assert_eq!(report.first_kept, first_kept, "{keep_from:?} {hours}");
        assert_eq!([journal.first_kept(0), journal.first_kept(1)], first_kept);
        assert_eq!(
            report.segments_deleted as u64,
            first_kept.iter().sum::<u64>() - 2
        );
        assert_eq!(report.segments_deleted == 0, report.bytes_deleted == 0);
        let kept = all(&journal, 2);
        assert_eq!(kept.lines().count(), 6 - report.segments_deleted);

        // Nothing is renumbered and time stands where it stood, even if nothing at all is left.
        drop(journal);
        bench.clock.set(0);
        let (journal, opened) = bench.open();
        assert_eq!(
            (opened.first_kept.as_slice(), opened.last_durable),
            (&first_kept[..], vec![3, 3])
        );
        put(&journal, 0, "next");
        assert_eq!(all(&journal, 2), format!("{kept}0:4 @14400000 next\n"));
        drop(journal);
        assert!(Journal::verify(&bench.config.folder).unwrap().is_sound());
    }
}

#[test]
fn what_is_trimmed_is_said_to_be() {
    let (_bench, journal) = six_segments();
    let before = journal.read(1, 2).unwrap();
    journal.trim(&[3, 3], i64::MAX).unwrap();
    let gone = "error: position 1:2 is trimmed: the journal begins with 3 in this partition\n";
    assert_eq!(text(journal.read(1, 2)), gone);
    assert!(text(Ok(before)).starts_with("error: position 1:2 is trimmed"));
    assert!(matches!(
        journal.trim(&[1], 0),
        Err(Error::PartitionCount { found: 2, asked: 1 })
    ));
}

#[test]
fn a_segment_that_spans_too_much_time_is_closed() {
    let mut bench = Bench::new(1);
    bench.config.segment_age_max_ms = HOUR_MS.cast_unsigned();
    for (at_ms, segments) in [
        (0, 1),
        (HOUR_MS - 1, 1),
        (HOUR_MS, 2),
        (HOUR_MS + 5, 2),
        (3 * HOUR_MS, 3),
    ] {
        // The age is known again after each opening.
        let (journal, _) = bench.open();
        bench.clock.set(at_ms);
        put(&journal, 0, "x");
        assert_eq!(bench.segments().len(), segments, "at {at_ms}");
    }
}

#[test]
fn the_disk_stays_bounded_under_churn_beside_readers() {
    let mut bench = Bench::new(1);
    bench.config.segment_bytes_max = 1000;
    let (journal, _) = bench.open();
    thread::scope(|scope| {
        let churn = scope.spawn(|| {
            for at in 1..=2000 {
                put(&journal, 0, "some record of some length");
                if at % 50 == 0 {
                    journal.trim(&[at - 20], i64::MAX).unwrap();
                    let bytes: u64 = bench
                        .segments()
                        .iter()
                        .map(|path| fs::metadata(path).unwrap().len())
                        .sum();
                    assert!(bytes < 4000, "{bytes} bytes after {at} records");
                }
            }
        });
        while !churn.is_finished() {
            let first = journal.first_kept(0);
            let reader = match journal.read(0, first) {
                Ok(reader) => reader,
                Err(Error::Trimmed { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            let read: Result<Vec<_>, _> = reader
                .map(|entry| entry.map(|entry| entry.position.sequence))
                .collect();
            match read {
                Ok(sequences) => assert!(
                    sequences
                        .iter()
                        .copied()
                        .eq(first..first + sequences.len() as u64)
                ),
                Err(error) => assert!(matches!(error, Error::Trimmed { .. }), "{error}"),
            }
        }
    });
}
