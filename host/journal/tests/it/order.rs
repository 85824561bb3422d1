//! What is told to whom and when, while nothing goes wrong.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use proptest::prelude::*;
use signalbox_journal::{AppendError, Config, Disk, Error, Journal, SystemDisk};

use crate::support::{Bench, Diary, Gate, PATIENCE, all, block_on, put, put_group, text};

#[test]
fn entries_come_back_in_order_with_gapless_sequences() {
    let bench = Bench::new(3);
    let (journal, opened) = bench.open();
    assert!(opened.created);
    bench.clock.set(100);
    put(&journal, 1, "a");
    put_group(&journal, &[(1, "b"), (0, "c"), (1, "d")]);
    bench.clock.set(50);
    put(&journal, 1, "the clock went back");
    put(&journal, 2, "and was never ahead here");
    put(&journal, 0, "");
    let expected = "1:1 @100 a\n1:2 @100 b\n0:1 @100 c\n1:3 @100 d\n1:4 @100 the clock went back\n\
        2:1 @50 and was never ahead here\n0:2 @100 \n";
    assert_eq!(all(&journal, 3), expected);
    assert_eq!(
        text(journal.read(1, 3)),
        "1:3 @100 d\n1:4 @100 the clock went back\n"
    );
    assert_eq!(text(journal.read(1, 5)), "");
    assert_eq!(
        text(journal.read_all(&[2, 4, 2])),
        "1:4 @100 the clock went back\n0:2 @100 \n"
    );
    journal.close().unwrap();

    let (journal, opened) = bench.open();
    assert!(opened.closed_cleanly && !opened.created && opened.torn_tail.is_none());
    assert_eq!(
        (opened.first_kept, opened.last_durable, opened.logged_at_ms),
        (vec![1; 3], vec![2, 4, 1], Some(100))
    );
    assert_eq!(all(&journal, 3), expected);
    put(&journal, 1, "e");
    assert_eq!(text(journal.read(1, 5)), "1:5 @100 e\n");
    assert_eq!((journal.last_durable(1), journal.first_kept(1)), (5, 1));
}

#[test]
fn what_cannot_be_read_says_why() {
    let bench = Bench::new(2);
    let (journal, _) = bench.open();
    put(&journal, 1, "a");
    let cases = [
        (
            text(journal.read(2, 1)),
            "error: journal has no partition 2\n",
        ),
        (
            text(journal.read(1, 3)),
            "error: position 1:3 lies ahead of the journal, which ends with 1 in this partition\n",
        ),
        (
            text(journal.read(1, 0)),
            "error: position 1:0 is trimmed: the journal begins with 1 in this partition\n",
        ),
        (
            text(journal.read_all(&[1])),
            "error: journal has 2 partitions, 1 were asked for\n",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_cannot_be_appended_is_refused_without_a_gap() {
    let mut bench = Bench::new(2);
    bench.config = Config {
        record_bytes_max: 10,
        frame_bytes_max: 70,
        ..bench.config.clone()
    };
    let (journal, _) = bench.open();
    let ten = vec![b'x'; 10];
    let cases = [
        (journal.append(2, Vec::new()), "journal has no partition 2"),
        (
            journal.append(0, vec![b'x'; 11]),
            "record of 11 bytes exceeds 10",
        ),
        (
            journal.append_group(Vec::new()),
            "group of records is empty",
        ),
        (
            journal.append_group(vec![(0, Vec::new()), (2, Vec::new())]),
            "journal has no partition 2",
        ),
        (
            journal.append_group(vec![(0, ten.clone()), (0, ten.clone()), (1, ten)]),
            "record of 96 bytes exceeds 70",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found.unwrap_err().to_string(), expected);
    }
    let group = journal
        .append_group(vec![
            (0, b"a".to_vec()),
            (1, b"b".to_vec()),
            (0, b"c".to_vec()),
        ])
        .unwrap();
    let positions: Vec<_> = group.positions().iter().map(ToString::to_string).collect();
    assert_eq!(positions, ["0:1", "1:1", "0:2"]);
    group.wait().unwrap();
}

#[test]
fn a_config_that_contradicts_itself_is_refused() {
    let good = Bench::new(1).config;
    let cases = [
        (
            Config {
                partitions: 0,
                ..good.clone()
            },
            "partitions must be at least 1",
        ),
        (
            Config {
                frame_bytes_max: u32::MAX,
                ..good.clone()
            },
            "frame_bytes_max must be below 4 GiB",
        ),
        (
            Config {
                record_bytes_max: 16 << 20,
                ..good.clone()
            },
            "record_bytes_max and 22 bytes must fit",
        ),
        (
            Config {
                queue_bytes_max: 1 << 20,
                ..good
            },
            "frame_bytes_max must fit into queue_bytes_max",
        ),
    ];
    for (config, expected) in cases {
        let bench = Bench {
            config,
            ..Bench::new(1)
        };
        let error = bench.try_open().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Tells the diary of writes and fsyncs as the system does them.
struct Told(Arc<Diary>);

impl Disk for Told {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0
            .note(format!("write {} bytes at {offset}", bytes.len()));
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.0.note("sync");
        SystemDisk.sync(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.note(format!(
            "sync folder {}",
            folder.file_name().unwrap().to_string_lossy()
        ));
        SystemDisk.sync_folder(folder)
    }
}

#[test]
fn nobody_is_told_before_the_fsync() {
    let mut bench = Bench::new(1);
    let outer = bench.folder.path().join("outer");
    bench.config = Config {
        folder: outer.join("journal"),
        segment_bytes_max: 150,
        ..bench.config.clone()
    };
    let (journal, _) = bench
        .open_on(Arc::new(Told(Arc::clone(&bench.diary))))
        .unwrap();
    for payload in ["a", "b", "in the next segment"] {
        let (told, heard) = mpsc::channel();
        let diary = Arc::clone(&bench.diary);
        journal
            .append(0, payload.into())
            .unwrap()
            .on_durable(move |outcome| {
                diary.note(format!("ticket {outcome:?}"));
                told.send(()).unwrap();
            });
        heard.recv_timeout(PATIENCE).unwrap();
    }
    journal.close().unwrap();
    let expected = "\
write 60 bytes at 0
sync
sync folder journal
sync folder outer
write 47 bytes at 60
sync
ticket Ok(())
durable 0:1 @0 a
write 60 bytes at 0
sync
sync folder journal
write 47 bytes at 60
sync
ticket Ok(())
durable 0:2 @0 b
write 60 bytes at 0
sync
sync folder journal
write 65 bytes at 60
sync
ticket Ok(())
durable 0:3 @0 in the next segment
write 24 bytes at 125
sync";
    assert_eq!(bench.diary.text(), expected);
}

#[test]
fn one_fsync_serves_everyone_who_waits() {
    let bench = Bench::new(4);
    let gate = Arc::new(Gate::default());
    let (journal, _) = bench.open_on(Arc::clone(&gate) as Arc<dyn Disk>).unwrap();
    gate.shut();
    let first = journal.append(0, b"first".to_vec()).unwrap();
    gate.wait_held();
    let tickets: Vec<_> = (0..4)
        .map(|partition| journal.append(partition, b"x".to_vec()).unwrap())
        .collect();
    assert_eq!(journal.last_durable(0), 0);
    assert_eq!(all(&journal, 4), "");
    gate.open();
    thread::scope(|scope| {
        for (at, ticket) in tickets.into_iter().enumerate() {
            scope.spawn(move || {
                if at % 2 == 0 {
                    ticket.wait()
                } else {
                    block_on(ticket)
                }
                .unwrap();
            });
        }
    });
    block_on(first).unwrap();
    journal.close().unwrap();
    let expected = "durable 0:1 @0 first\ndurable 0:2 @0 x, 1:1 @0 x, 2:1 @0 x, 3:1 @0 x";
    assert_eq!(bench.diary.text(), expected);
}

#[test]
fn a_full_queue_refuses_others_before_our_own() {
    let mut bench = Bench::new(1);
    let (frame, reserve) = (100, 60);
    bench.config = Config {
        record_bytes_max: 50,
        frame_bytes_max: frame,
        queue_bytes_max: frame as usize,
        reserved_bytes_max: reserve,
        ..bench.config.clone()
    };
    let gate = Arc::new(Gate::default());
    let (journal, _) = bench.open_on(Arc::clone(&gate) as Arc<dyn Disk>).unwrap();
    gate.shut();
    let being_written = journal.append(0, vec![b'a'; 28]).unwrap();
    gate.wait_held();
    let queued = journal.append(0, vec![b'b'; 28]).unwrap();
    let full = journal.append(0, b"c".to_vec()).unwrap_err();
    assert_eq!(
        (full, full.to_string()),
        (AppendError::Full, "journal queue is full".to_owned())
    );
    let ours = journal.append_reserved(vec![(0, vec![b'd'; 30])]).unwrap();
    assert_eq!(
        journal
            .append_reserved(vec![(0, b"e".to_vec())])
            .unwrap_err(),
        AppendError::Full
    );
    gate.open();
    for ticket in [being_written, queued, ours] {
        ticket.wait().unwrap();
    }
    journal.close().unwrap();
    let (journal, _) = bench.open();
    put(&journal, 0, "there is room again");
    assert_eq!(journal.last_durable(0), 4);
}

#[test]
fn what_is_durable_makes_room_for_more() {
    let mut bench = Bench::new(1);
    bench.config = Config {
        record_bytes_max: 50,
        frame_bytes_max: 100,
        queue_bytes_max: 100,
        ..bench.config.clone()
    };
    let (journal, _) = bench.open();
    (0..50).for_each(|_| put(&journal, 0, "x"));
    assert_eq!(journal.last_durable(0), 50);
}

#[test]
fn readers_see_a_growing_whole_beside_the_writer() {
    let mut bench = Bench::new(2);
    bench.config.segment_bytes_max = 4096;
    let (journal, _) = bench.open();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2_u16)
            .map(|partition| {
                let journal = &journal;
                scope.spawn(move || {
                    (0..400).for_each(|at| put(journal, partition, &format!("record {at}")));
                })
            })
            .collect();
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            let acknowledged = journal.last_durable(0);
            let sequences: Vec<_> = journal
                .read(0, 1)
                .unwrap()
                .map(|entry| entry.unwrap().position.sequence)
                .collect();
            assert!(sequences.len() as u64 >= acknowledged);
            assert!(sequences.iter().copied().eq(1..=sequences.len() as u64));
        }
    });
    assert!(bench.segments().len() > 5);
    assert_eq!(all(&journal, 2).lines().count(), 800);
}

#[test]
fn a_journal_has_one_process_and_owner_only_files() {
    let bench = Bench::new(1);
    let (journal, _) = bench.open();
    assert!(matches!(bench.try_open(), Err(Error::Locked { .. })));
    assert!(matches!(
        Journal::verify(&bench.config.folder),
        Err(Error::Locked { .. })
    ));
    for path in bench
        .segments()
        .into_iter()
        .chain([bench.config.folder.join("lock")])
    {
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert_eq!(
        fs::metadata(&bench.config.folder)
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    drop(journal);
    let other = Bench {
        config: Config {
            partitions: 2,
            ..bench.config.clone()
        },
        ..Bench::new(2)
    };
    assert!(matches!(
        other.try_open(),
        Err(Error::PartitionCount { found: 1, asked: 2 })
    ));
    bench.open();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is appended by however many at once comes back, each partition's in the order of its appends.
    #[test]
    fn what_is_appended_is_kept(
        groups in proptest::collection::vec(proptest::collection::vec((0..3_u16, "[a-z]{0,9}"), 1..5), 1..40),
        segment_bytes_max in 100..2000_u64,
    ) {
        let mut bench = Bench::new(3);
        bench.config.segment_bytes_max = segment_bytes_max;
        let (journal, _) = bench.open();
        let tickets: Vec<_> = groups
            .iter()
            .map(|group| {
                let records = group.iter().map(|(partition, payload)| (*partition, payload.clone().into()));
                journal.append_group(records.collect()).unwrap()
            })
            .collect();
        let expected: String = groups
            .iter()
            .flatten()
            .zip(tickets.iter().flat_map(signalbox_journal::Ticket::positions))
            .fold(String::new(), |text, ((_, payload), position)| text + &format!("{position} @0 {payload}\n"));
        drop(journal);
        let (journal, _) = bench.open();
        prop_assert_eq!(all(&journal, 3), expected);
        drop(journal);
        let report = Journal::verify(&bench.config.folder).unwrap();
        prop_assert!(report.is_sound() && report.torn_tail.is_none());
        prop_assert_eq!(report.entries as usize, groups.iter().flatten().count());
    }
}
