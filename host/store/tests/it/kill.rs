//! A process that is killed while it commits leaves whole batches and loses nothing that was flushed.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use signalbox_model::{fact::FactKind, message::Message, workflow::step::MessageClass};
use signalbox_store::{Condition, Store};

use crate::fixture::{
    at, contact_id, fact, generations, let_wait, open, open_with_little_memory, queue_message,
    state,
};

/// Tells this test's own binary to be the process that is killed; the store's folder.
const FOLDER: &str = "SIGNALBOX_STORE_KILL_FOLDER";
/// How often a process is killed. Default: 12.
const ROUNDS: &str = "SIGNALBOX_STORE_KILL_ROUNDS";
/// Most kills until one has fallen into a copy of the rows.
const ROUNDS_MAX: usize = 500;
const CONTACTS: usize = 60;

#[test]
fn a_killed_process_leaves_whole_batches() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = env::var(ROUNDS).map_or(12, |text| text.parse().unwrap());
    let (mut last, mut in_a_copy) = (0, 0);
    for round in 0..ROUNDS_MAX {
        if round >= rounds && in_a_copy > 0 {
            break;
        }
        let flushed = commit_until_killed(folder.path(), 1 + round % 7);
        let (databases, _) = generations(folder.path());
        in_a_copy += usize::from(databases.len() > 1);
        let store = open(folder.path());
        assert_eq!(store.condition(), Condition::Killed);
        let found = store.position(0);
        assert!(
            found >= flushed && found >= last,
            "{found} is behind {flushed} or {last}"
        );
        assert_whole(&store, found);
        last = found;
    }
    assert!(in_a_copy > 0, "no kill fell into a copy of the rows");
}

/// Runs a child that commits, and kills it once it has flushed that often; answers with the last flushed position.
fn commit_until_killed(folder: &Path, times: usize) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::the_process_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let flushed = lines
        .filter_map(|line| line.unwrap().strip_prefix("flushed ")?.parse().ok())
        .take(times)
        .last();
    child.kill().unwrap();
    child.wait().unwrap();
    flushed.expect("the child flushes until it is killed")
}

/// Every contact, message, timer and fact is of the same batch, which is the one of the position.
fn assert_whole(store: &Store, position: u64) {
    let numbers = numbers(store);
    for number in &numbers {
        let contact = contact_id(*number);
        let state = store.contact(&contact).unwrap().unwrap();
        let value = &state.contact.attributes["number"];
        assert_eq!(value.as_number(), Some(position as f64), "{contact}");
        let facts = store
            .facts(&contact, Some((position - 1, u32::MAX)), 10)
            .unwrap();
        assert_eq!(facts.len(), 1, "{contact}");
    }
    let timers = store.due_timers(0, at(position), 1_000).unwrap();
    assert_eq!(timers.len(), numbers.len());
    assert!(timers.iter().all(|timer| timer.due == at(position)));
    let released = store
        .released(0, MessageClass::Marketing, at(position), None, 1_000)
        .unwrap();
    assert_eq!(released.len(), numbers.len());
    let report = store.check().unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.stale_timers, 0);
}

fn numbers(store: &Store) -> Vec<usize> {
    (0..CONTACTS)
        .filter(|number| store.partition_of(&contact_id(*number)) == 0)
        .collect()
}

#[test]
fn the_process_that_is_killed() {
    let Ok(folder) = env::var(FOLDER) else {
        return;
    };
    let store = open_with_little_memory(Path::new(&folder));
    let template = store.blobs().put(b"<mjml/>").unwrap();
    let numbers = numbers(&store);
    for position in store.position(0) + 1.. {
        let mut batch = store.batch(0).unwrap();
        for number in &numbers {
            let contact = contact_id(*number);
            let mut state = state(&contact, position as usize);
            let before = let_wait(&mut state, at(position - 1));
            batch.cancel_timer(&before);
            batch
                .set_timer(&let_wait(&mut state, at(position)))
                .unwrap();
            let message = queue_message(&mut state, 0, template, at(position));
            batch
                .put_message(&Message {
                    attempts: position as u32,
                    ..message
                })
                .unwrap();
            batch.put_contact(&state).unwrap();
            let done = fact(&contact, FactKind::JourneyCompleted);
            batch.put_fact(position, 0, &done).unwrap();
        }
        batch.set_position(position);
        store.commit(batch).unwrap();
        if position % 5 == 0 {
            store.flush().unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nflushed {position}").unwrap();
            out.flush().unwrap();
        }
    }
}
