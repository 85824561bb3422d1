//! The rows' files are copied while they are used, and give back what changed rows took.

use std::{fs, path::Path, thread};

use signalbox_store::{Condition, Config, Store};

use crate::fixture::{config, contact_id, export, fill, generations, open, state};

const MIB: u64 = 1 << 20;
/// Most rounds until something has to have happened.
const ROUNDS_MAX: usize = 100_000;

/// Copies as soon as there is a little to copy, and looks often.
fn eager(folder: &Path) -> Config {
    Config {
        compact_from_bytes: Some(MIB),
        flush_every_ms: 5,
        waiting_rows: 8,
        ..config(folder)
    }
}

/// Changes every contact again and again until `done`; answers with the last round.
fn churn(store: &Store, first: usize, mut done: impl FnMut(usize) -> bool) -> usize {
    for round in first..ROUNDS_MAX {
        for partition in store.partitions() {
            let mut batch = store.batch(partition).unwrap();
            let all = (0..200).map(contact_id);
            for contact in all.filter(|contact| store.partition_of(contact) == partition) {
                batch.put_contact(&state(&contact, round)).unwrap();
            }
            batch.set_position(store.position(partition) + 1);
            store.commit(batch).unwrap();
        }
        // With so few rows waiting each commit writes, and the copier would not get its turn on a busy machine.
        thread::yield_now();
        if done(round) {
            return round;
        }
    }
    panic!("not done after {ROUNDS_MAX} rounds");
}

fn assert_round(store: &Store, round: usize) {
    for number in 0..200 {
        let contact = contact_id(number);
        let found = store.contact(&contact).unwrap().unwrap();
        assert_eq!(found, state(&contact, round), "{contact}");
    }
}

#[test]
fn files_that_grow_are_copied_while_rows_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&eager(folder.path())).unwrap();
    let mut most = 0;
    let round = churn(&store, 0, |round| {
        if round % 16 == 0 {
            most = most.max(store.disk_bytes().unwrap());
            assert_round(&store, round);
        }
        generations(folder.path()).1 >= 3
    });
    assert_round(&store, round);
    assert!(store.check().unwrap().is_good());
    let expected = export(&store);
    store.close_clean().unwrap();

    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::Clean);
    assert_eq!(export(&store), expected);
    let (databases, number) = generations(folder.path());
    assert_eq!(databases, [format!("sled-{number}")]);
    let bytes = store.disk_bytes().unwrap();
    assert!(bytes < most, "{bytes} of {most}");
}

#[test]
fn a_copy_that_cannot_be_made_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&eager(folder.path())).unwrap();
    let obstacle = folder.path().join("sled-1");
    fs::write(&obstacle, b"no folder").unwrap();
    let mut looks = 0;
    let round = churn(&store, 0, |_| {
        // Large enough for a while, and looked at by then.
        looks += u32::from(store.disk_bytes().unwrap() > MIB);
        looks > 500
    });
    assert_round(&store, round);
    assert_eq!(generations(folder.path()).1, 0);

    fs::remove_file(&obstacle).unwrap();
    let round = churn(&store, round + 1, |_| generations(folder.path()).1 > 0);
    assert_round(&store, round);
    store.close_clean().unwrap();
}

#[test]
fn what_an_unfinished_copy_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 20);
    let expected = export(&store);
    store.close_clean().unwrap();
    let left = folder.path().join("sled-1");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("db"), b"half of it").unwrap();

    let store = open(folder.path());
    assert_eq!(export(&store), expected);
    assert!(!left.exists());
}

#[test]
fn a_close_in_the_middle_of_a_copy_keeps_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&eager(folder.path())).unwrap();
    let round = churn(&store, 0, |_| generations(folder.path()).0.len() > 1);
    store.close_clean().unwrap();
    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::Clean);
    assert_round(&store, round);
    assert_eq!(generations(folder.path()).0.len(), 1);
}
