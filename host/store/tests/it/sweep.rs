//! Old history goes page by page, each page bounded, and what is pending or young stays.

use signalbox_model::{
    fact::{Fact, FactKind},
    id::{ContactId, Partition},
    message::{Message, MessageStatus},
    time::Instant,
};
use signalbox_store::{Store, Swept};

use crate::fixture::{at, contact_id, fact, open, queue_message, state, summary};

const CONTACTS: usize = 12;
const RECORDS: u64 = 40;

/// Contacts of one partition, with a fact and a journey that is over at each second up to [`RECORDS`].
fn filled(store: &Store) -> (Partition, Vec<ContactId>) {
    let contacts = (0..).map(contact_id);
    let partition = 1;
    let contacts: Vec<ContactId> = contacts
        .filter(|contact| store.partition_of(contact) == partition)
        .take(CONTACTS)
        .collect();
    for second in 1..=RECORDS {
        let mut batch = store.batch(partition).unwrap();
        for contact in &contacts {
            batch.put_fact(second, 0, &done(contact, second)).unwrap();
            let summary = summary(contact, second);
            batch.put_closed_journey(contact, &summary).unwrap();
        }
        batch.set_position(second);
        store.commit(batch).unwrap();
    }
    (partition, contacts)
}

fn done(contact: &ContactId, second: u64) -> Fact {
    Fact {
        at: at(second),
        ..fact(contact, FactKind::JourneyCompleted)
    }
}

/// Sweeps to the end; how many rows went, and in how many pages.
fn sweep(store: &Store, partition: Partition, before: Instant, rows_max: u32) -> (u64, u64) {
    let (mut deleted, mut pages, mut cursor) = (0, 0, None);
    loop {
        let mut batch = store.batch(partition).unwrap();
        let page = batch
            .sweep(before, cursor.as_ref(), rows_max, at(999))
            .unwrap();
        // The note of a complete sweep comes on top.
        assert!(batch.rows() as u64 <= u64::from(rows_max) + 1);
        store.commit(batch).unwrap();
        deleted += page.deleted;
        pages += 1;
        match page.next {
            Some(next) => cursor = Some(next),
            None => return (deleted, pages),
        }
    }
}

#[test]
fn pages_of_any_size_leave_the_same() {
    let contacts = CONTACTS as u64;
    for rows_max in [1, 7, 32, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let (partition, ids) = filled(&store);
        assert_eq!(store.swept(partition).unwrap(), None);
        let (deleted, pages) = sweep(&store, partition, at(31), rows_max);
        assert_eq!(deleted, 2 * 30 * contacts);
        // Of each contact and kind the first row that stays is looked at as well.
        let looks = deleted + 2 * contacts;
        assert_eq!(pages, looks.div_ceil(u64::from(rows_max)), "{rows_max}");
        for contact in &ids {
            let facts = store.facts(contact, None, 99).unwrap();
            assert_eq!(facts.len(), 10);
            assert_eq!(facts[0].fact.at, at(31));
            assert_eq!(store.journeys(contact, None, 99).unwrap().len(), 10);
        }
        let swept = store.swept(partition).unwrap();
        let (before, oldest) = (at(31), at(31));
        assert_eq!(swept, Some(Swept { before, oldest }));
        assert_eq!(sweep(&store, partition, at(31), rows_max).0, 0);
        assert!(store.check().unwrap().is_good());

        let (deleted, _) = sweep(&store, partition, at(41), rows_max);
        assert_eq!(deleted, 2 * 10 * contacts);
        let oldest = store.swept(partition).unwrap().unwrap().oldest;
        assert_eq!(oldest, at(999), "nothing is left that is older than now");
    }
}

#[test]
fn a_message_goes_with_the_fact_that_settled_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let template = store.blobs().put(b"<mjml/>").unwrap();
    let mut state = state(&contact, 1);
    let mut batch = store.batch(partition).unwrap();
    let mut ids = Vec::new();
    for (visit, status) in [
        MessageStatus::Accepted,
        MessageStatus::Held,
        MessageStatus::Queued,
        MessageStatus::Claimed(1),
    ]
    .into_iter()
    .enumerate()
    {
        let queued = queue_message(&mut state, visit as u32, template, at(1));
        let (id, step) = (queued.id, queued.step.clone());
        ids.push(id);
        if status.is_settled() {
            state.pending.remove(&id);
        }
        batch.put_message(&Message { status, ..queued }).unwrap();
        let sequence = 1 + visit as u64;
        for (ordinal, what) in [
            FactKind::MessageQueued(step.clone(), id),
            FactKind::MessageInDoubt(step.clone(), id, true),
            FactKind::MessageSent(step, id),
        ]
        .iter()
        .enumerate()
        {
            let fact = fact(&contact, what.clone());
            batch.put_fact(sequence, ordinal as u32, &fact).unwrap();
        }
    }
    batch.put_contact(&state).unwrap();
    batch.set_position(4);
    store.commit(batch).unwrap();

    let (deleted, pages) = sweep(&store, partition, at(1), 10);
    assert_eq!((deleted, pages), (4 + 2, 1));
    let is_left = |id| store.message(partition, id).unwrap().is_some();
    let left: Vec<bool> = ids.iter().map(is_left).collect();
    assert_eq!(left, [false, false, true, true], "what is pending stays");
    let report = store.check().unwrap();
    assert!(report.is_good(), "{report:?}");
}
