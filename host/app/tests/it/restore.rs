//! `store restore` and `store export` on stores that have something to lose.

use std::{fs, path::Path, process::Stdio, sync::Arc};

use signalbox_journal::{Clock, Entry, Journal, Sink};
use signalbox_model::{contact::Contact, id::ContactId, state::ContactState, time::Instant};
use signalbox_store::{Condition, Config, Snapshots, Store, read_condition};

use crate::support::{run, signalbox};

/// Together far more than a pipe holds.
const CONTACTS: u32 = 2_000;
/// Where the store's versions began.
const VERSIONS_FROM: u64 = 3;

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        43_200_000
    }
}

impl Sink for Noon {
    fn durable(&self, _: &[Entry]) {}
}

fn move_to(store: &Store, position: u64) {
    for partition in store.partitions() {
        let mut batch = store.batch(partition).unwrap();
        batch.set_position(position);
        store.commit(batch).unwrap();
    }
}

/// A store of one partition with a snapshot from before its versions.
fn make_store(data: &Path) {
    let config = Config::new(&data.join("store"), 1, Instant::from_ms(0));
    let store = Store::open(&config).unwrap();
    store.mark_versions("before", "1970a").unwrap();
    let mut batch = store.batch(0).unwrap();
    for number in 0..CONTACTS {
        let id = ContactId::parse(&format!("contact-{number}")).unwrap();
        let state = ContactState::new(Contact::new(id, Instant::from_ms(0)));
        batch.put_contact(&state).unwrap();
    }
    store.commit(batch).unwrap();
    let snapshots = Snapshots::open(&data.join("snapshots")).unwrap();
    let writing = snapshots.begin().unwrap();
    for partition in store.partitions() {
        writing.write(&store, partition).unwrap();
    }
    writing.finish(&store).unwrap();
    move_to(&store, VERSIONS_FROM);
    store.mark_versions("now", "1970a").unwrap();
    store.close_clean().unwrap();

    let config = signalbox_journal::Config::new(data.join("journal"), 2);
    let (journal, _) = Journal::open(config, Arc::new(Noon), Arc::new(Noon)).unwrap();
    for partition in 0..2 {
        for _ in 0..VERSIONS_FROM {
            let ticket = journal.append(partition, b"a record".to_vec()).unwrap();
            ticket.wait().unwrap();
        }
    }
    journal.close().unwrap();
}

fn condition(data: &Path) -> Condition {
    read_condition(&data.join("store")).unwrap().unwrap()
}

#[test]
fn a_snapshot_from_before_the_versions_of_a_store_is_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make_store(&data);
    let command = |name| run(&["store", name, "--data", "data"], folder.path());
    let before = command("export");
    let refused = command("restore");
    assert!(
        refused.starts_with("exit 1\n")
            && refused.contains("before core now with time zone data 1970a began at 3"),
        "{refused}"
    );
    assert_eq!(command("export"), before, "nothing was thrown away");
    assert_eq!(condition(&data), Condition::Clean);
}

#[test]
fn an_export_that_nobody_reads_to_its_end_leaves_the_store_clean() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make_store(&data);
    let mut export = signalbox()
        .args(["store", "export", "--data", "data"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(export.stdout.take());
    let ended = export.wait().unwrap();
    assert!(!ended.success(), "it had more to say");
    assert_eq!(condition(&data), Condition::Clean);
    assert!(fs::exists(data.join("store/closed")).unwrap());
}
