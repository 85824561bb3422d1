//! A copy goes its own way, and what it was copied from stays as it is.

use std::{fs, io::Write, path::PathBuf};

use signalbox_journal::{Error, Journal};

use crate::support::{Bench, all, put};

/// Three segments of one entry each and an empty one, closed, with a torn write behind it.
fn torn() -> Bench {
    let mut bench = Bench::new(2);
    bench.config.segment_bytes_max = 1;
    let (journal, _) = bench.open();
    for number in 0..3 {
        put(&journal, number % 2, &format!("record {number}"));
    }
    drop(journal);
    let path = bench.segments().pop().unwrap();
    let mut last = fs::File::options().append(true).open(path).unwrap();
    last.write_all(b"half a fra").unwrap();
    bench
}

fn bytes(bench: &Bench) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    bench.segments().into_iter().map(read).collect()
}

#[test]
fn a_copy_is_written_to_and_the_journal_stays() {
    let bench = torn();
    let before = bytes(&bench);
    let mut copy = Bench::new(2);
    copy.config.segment_bytes_max = 1;
    let first_kept = Journal::copy(&bench.config.folder, &copy.config.folder).unwrap();
    assert_eq!(first_kept, [1, 1]);
    let (journal, opened) = copy.open();
    assert!(opened.torn_tail.is_some());
    put(&journal, 0, "of the copy");
    let text = all(&journal, 2);
    assert!(
        text.contains("record 2") && text.contains("of the copy"),
        "{text}"
    );
    journal.trim(&[9, 9], i64::MAX).unwrap();
    drop(journal);
    assert!(bytes(&bench) == before, "the journal was changed");

    let (journal, _) = bench.open();
    assert_eq!(all(&journal, 2).lines().count(), 3);
    let trimmed = journal.trim(&[3, 1], i64::MAX).unwrap();
    drop(journal);
    let again = Bench::new(2);
    let first_kept = Journal::copy(&bench.config.folder, &again.config.folder).unwrap();
    assert_eq!(first_kept, trimmed.first_kept);
}

#[test]
fn nothing_and_what_is_in_use_are_not_copied() {
    let bench = Bench::new(2);
    let to = bench.folder.path().join("copy");
    let nothing = Journal::copy(&bench.config.folder, &to).unwrap_err();
    assert!(matches!(nothing, Error::NoJournal { .. }), "{nothing}");
    let (journal, _) = bench.open();
    let in_use = Journal::copy(&bench.config.folder, &to).unwrap_err();
    assert!(matches!(in_use, Error::Locked { .. }), "{in_use}");
    drop(journal);
    Journal::copy(&bench.config.folder, &to).unwrap();
}

#[test]
fn one_that_is_open_is_copied_as_far_as_it_is_durable() {
    let mut bench = Bench::new(2);
    bench.config.segment_bytes_max = 1;
    let (journal, _) = bench.open();
    for number in 0..3 {
        put(&journal, number % 2, &format!("record {number}"));
    }
    let text = all(&journal, 2);
    let copy = Bench::new(2);
    let into = &copy.config.folder;
    assert!(matches!(
        Journal::copy(&bench.config.folder, into),
        Err(Error::Locked { .. })
    ));
    assert_eq!(
        Journal::copy_in_use(&bench.config.folder, into).unwrap(),
        [1, 1]
    );
    put(&journal, 0, "behind the copy");
    let (copied, _) = copy.open();
    assert_eq!(all(&copied, 2), text);
    put(&copied, 0, "of the copy");
    assert!(!all(&journal, 2).contains("of the copy"));
}
