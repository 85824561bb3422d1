//! What is put is read, page by page and in order, and a batch is whole or nothing.

use signalbox_model::{
    fact::FactKind,
    id::StepId,
    message::{Message, MessageStatus},
    record::{PostId, Posted},
    state::{Timer, TimerId},
    workflow::step::MessageClass,
};
use signalbox_store::{Config, Error, Store, create_as};

use crate::fixture::{
    at, config, contact_id, export, fact, fill, let_wait, open, past_event, queue_message, state,
    summary, workflow,
};

fn temp_store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (folder, store)
}

#[test]
fn a_contact_comes_with_its_chunks() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let mut state = state(&contact, 1);
    state.history.first_chunk = 1;
    state.history.sealed = 3;
    let mut batch = store.batch(store.partition_of(&contact)).unwrap();
    for index in 0..3 {
        batch
            .put_chunk(&contact, index, &[past_event(index as usize)])
            .unwrap();
    }
    batch.delete_chunk(&contact, 0);
    batch.put_contact(&state).unwrap();
    store.commit(batch).unwrap();

    let found = store.contact(&contact).unwrap().unwrap();
    assert_eq!(found.history.chunks, [[past_event(1)], [past_event(2)]]);
    assert!(store.check().unwrap().is_good());
    assert_eq!(store.contact(&contact_id(2)).unwrap(), None);

    let mut batch = store.batch(store.partition_of(&contact)).unwrap();
    batch.delete_chunk(&contact, 2);
    store.commit(batch).unwrap();
    let error = store.contact(&contact).unwrap_err();
    assert!(
        matches!(&error, Error::Damaged { row, .. } if row.contact == Some(contact)),
        "{error}"
    );
}

#[test]
fn timers_are_due_in_order() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let mut state = state(&contact, 1);
    let early = let_wait(&mut state, at(10));
    let late = Timer {
        due: at(20),
        ..early.clone()
    };
    let arm = Timer {
        id: TimerId::Arm(workflow(), "cart".parse().unwrap()),
        ..early.clone()
    };
    let mut batch = store.batch(partition).unwrap();
    for timer in [&late, &arm, &early] {
        batch.set_timer(timer).unwrap();
    }
    store.commit(batch).unwrap();
    assert_eq!(store.next_timer_due(partition).unwrap(), Some(at(10)));
    assert_eq!(store.due_timers(partition, at(9), 10).unwrap(), []);
    assert_eq!(
        store.due_timers(partition, at(10), 10).unwrap(),
        [early.clone(), arm.clone()]
    );
    assert_eq!(
        store.due_timers(partition, at(20), 1).unwrap(),
        std::slice::from_ref(&early)
    );

    let mut batch = store.batch(partition).unwrap();
    batch.cancel_timer(&early);
    batch.cancel_timer(&arm);
    store.commit(batch).unwrap();
    assert_eq!(store.due_timers(partition, at(20), 10).unwrap(), [late]);
}

#[test]
fn the_outbox_holds_what_is_queued() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let template = store.blobs().put(b"<mjml/>").unwrap();
    let mut state = state(&contact, 1);
    let message = queue_message(&mut state, 0, template, at(10));
    let put = |message: &Message| {
        let mut batch = store.batch(partition).unwrap();
        batch.put_contact(&state).unwrap();
        batch.put_message(message).unwrap();
        store.commit(batch).unwrap();
        let report = store.check().unwrap();
        assert!(report.is_good(), "{report:?}");
    };
    let released = |now| {
        let released = store
            .released(partition, MessageClass::Marketing, now, None, 10)
            .unwrap();
        released
            .iter()
            .map(|release| release.release_at)
            .collect::<Vec<_>>()
    };
    let mut batch = store.batch(partition).unwrap();
    batch.put_contact(&state).unwrap();
    batch.put_new_message(&message).unwrap();
    store.commit(batch).unwrap();
    assert!(store.check().unwrap().is_good());
    assert_eq!(released(at(9)), []);
    assert_eq!(released(at(10)), [at(10)]);
    assert_eq!(store.next_release(partition).unwrap(), Some(at(10)));

    let claimed = Message {
        status: MessageStatus::Claimed(1),
        ..message.clone()
    };
    put(&claimed);
    assert_eq!(released(at(99)), []);
    assert_eq!(store.claimed(partition).unwrap(), [claimed]);

    put(&Message {
        release_at: at(30),
        attempts: 1,
        ..message.clone()
    });
    assert_eq!(released(at(99)), [at(30)]);
    put(&Message {
        release_at: at(40),
        attempts: 1,
        ..message.clone()
    });
    assert_eq!(released(at(99)), [at(40)]);
    assert_eq!(store.claimed(partition).unwrap(), []);

    // Queued and claimed within one batch: the batch sees itself.
    let mut batch = store.batch(partition).unwrap();
    batch
        .put_message(&Message {
            release_at: at(50),
            ..message.clone()
        })
        .unwrap();
    let seen = batch.message(&message.id).unwrap().unwrap();
    assert_eq!(seen.release_at, at(50));
    batch
        .put_message(&Message {
            status: MessageStatus::Accepted,
            ..seen
        })
        .unwrap();
    store.commit(batch).unwrap();
    assert_eq!(released(at(99)), []);
    let kept = store.message(partition, &message.id).unwrap().unwrap();
    assert_eq!(kept.status, MessageStatus::Accepted);
}

#[test]
fn transactional_messages_have_an_outbox_of_their_own() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let template = store.blobs().put(b"<mjml/>").unwrap();
    let mut state = state(&contact, 1);
    let news = queue_message(&mut state, 0, template, at(10));
    let mut receipt = queue_message(&mut state, 1, template, at(20));
    receipt.class = MessageClass::Transactional;
    let mut batch = store.batch(partition).unwrap();
    batch.put_contact(&state).unwrap();
    batch.put_message(&news).unwrap();
    batch.put_message(&receipt).unwrap();
    store.commit(batch).unwrap();

    let released = |class| {
        let page = store.released(partition, class, at(99), None, 10).unwrap();
        page.into_iter()
            .map(|release| release.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(released(MessageClass::Marketing), [news.id]);
    assert_eq!(released(MessageClass::Transactional), [receipt.id]);
    assert_eq!(store.next_release(partition).unwrap(), Some(at(10)));
    let report = store.check().unwrap();
    assert!(report.is_good(), "{report:?}");

    let mut batch = store.batch(partition).unwrap();
    batch
        .change_message(&news.id, |news| news.status = MessageStatus::Accepted)
        .unwrap();
    store.commit(batch).unwrap();
    assert_eq!(store.next_release(partition).unwrap(), Some(at(20)));
}

#[test]
fn released_messages_are_paged() {
    let (_folder, store) = temp_store();
    fill(&store, 40);
    let partition = 0;
    let all = store
        .released(partition, MessageClass::Marketing, at(99), None, 1_000)
        .unwrap();
    assert!(all.len() > 5);
    assert!(all.is_sorted_by_key(|release| (release.release_at, release.message)));
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .released(partition, MessageClass::Marketing, at(99), after, 3)
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.release_at, last.message));
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

#[test]
fn facts_of_a_record_are_paged_one_by_one() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let mut batch = store.batch(store.partition_of(&contact)).unwrap();
    for (sequence, ordinal) in [(7, 0), (7, 1), (7, 2), (9, 0), (9, 1)] {
        let step = StepId::parse(&format!("step-{sequence}-{ordinal}")).unwrap();
        let reached = fact(&contact, FactKind::StepReached(step));
        batch.put_fact(sequence, ordinal, &reached).unwrap();
    }
    store.commit(batch).unwrap();
    let page = |after, max| {
        let facts = store.facts(&contact, after, max).unwrap();
        facts
            .iter()
            .map(|stored| (stored.sequence, stored.ordinal))
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), [(7, 0), (7, 1)]);
    assert_eq!(page(Some((7, 1)), 2), [(7, 2), (9, 0)]);
    assert_eq!(page(Some((7, 2)), 9), [(9, 0), (9, 1)]);
    assert_eq!(page(Some((9, 1)), 9), []);
    assert_eq!(page(None, 9).len(), 5);
    let page_back = |before, max| {
        let facts = store.facts_back(&contact, before, max).unwrap();
        facts
            .iter()
            .map(|stored| (stored.sequence, stored.ordinal))
            .collect::<Vec<_>>()
    };
    assert_eq!(page_back(None, 3), [(9, 1), (9, 0), (7, 2)]);
    assert_eq!(page_back(Some((7, 2)), 9), [(7, 1), (7, 0)]);
    assert_eq!(page_back(Some((7, 1)), 9), [(7, 0)]);
    assert_eq!(page_back(Some((7, 0)), 9), []);
    assert_eq!(page_back(Some((8, 0)), 1), [(7, 2)]);
    let all = page(None, 9).into_iter().rev().collect::<Vec<_>>();
    assert_eq!(page_back(None, 9), all);
}

#[test]
fn many_facts_of_a_record_are_spread_over_rows() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let mut batch = store.batch(store.partition_of(&contact)).unwrap();
    let long = "x".repeat(20_000);
    for ordinal in 0..9 {
        let exited = fact(&contact, FactKind::JourneyExited(long.clone()));
        batch.put_fact(1, ordinal, &exited).unwrap();
    }
    store.commit(batch).unwrap();
    let facts = store.facts(&contact, Some((1, 3)), 100).unwrap();
    let ordinals: Vec<u32> = facts.iter().map(|stored| stored.ordinal).collect();
    assert_eq!(ordinals, [4, 5, 6, 7, 8]);
    let facts = store.facts_back(&contact, Some((1, 6)), 4).unwrap();
    let ordinals: Vec<u32> = facts.iter().map(|stored| stored.ordinal).collect();
    assert_eq!(ordinals, [5, 4, 3, 2]);
}

#[test]
fn facts_that_lie_in_many_rows_are_all_read_back() {
    let (_folder, store) = temp_store();
    let (contact, other) = (contact_id(1), contact_id(2));
    for owner in [&contact, &other] {
        let mut batch = store.batch(store.partition_of(owner)).unwrap();
        for sequence in 1..=1_000 {
            let completed = fact(owner, FactKind::JourneyCompleted);
            batch.put_fact(sequence, 0, &completed).unwrap();
        }
        store.commit(batch).unwrap();
    }
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = store.facts_back(&contact, before, 300).unwrap();
        let Some(last) = page.last() else {
            break;
        };
        before = Some((last.sequence, last.ordinal));
        paged.extend(page.iter().map(|stored| stored.sequence));
    }
    assert_eq!(paged, (1..=1_000).rev().collect::<Vec<_>>());
}

#[test]
fn journeys_that_are_over_come_last_first() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let mut batch = store.batch(store.partition_of(&contact)).unwrap();
    for ended in [5, 30, 7] {
        batch
            .put_closed_journey(&contact, &summary(&contact, ended))
            .unwrap();
    }
    store.commit(batch).unwrap();
    let ended = |max| {
        let journeys = store.journeys(&contact, None, max).unwrap();
        journeys
            .iter()
            .map(|journey| journey.ended_at)
            .collect::<Vec<_>>()
    };
    assert_eq!(ended(9), [at(30), at(7), at(5)]);
    assert_eq!(ended(1), [at(30)]);
    let mut after = None;
    let mut paged = Vec::new();
    for _ in 0..4 {
        let page = store.journeys(&contact, after, 1).unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some((last.ended_at, last.journey));
        paged.push(last.ended_at);
    }
    assert_eq!(paged, ended(9));
}

#[test]
fn posts_are_kept_until_they_have_arrived() {
    let (_folder, store) = temp_store();
    let post = |sequence| PostId {
        from: 1,
        sequence,
        index: 0,
    };
    let record = Posted::PauseWorkflow {
        workflow: workflow(),
        since: at(1),
        at: at(2),
        reason: "failed".to_owned(),
    };
    let mut batch = store.batch(1).unwrap();
    for (to, sequence) in [(0, 1), (0, 2), (3, 1), (0, 3)] {
        batch.put_post(to, post(sequence), &record).unwrap();
    }
    store.commit(batch).unwrap();
    let mut batch = store.batch(1).unwrap();
    batch.put_post(0, post(4), &record).unwrap();
    batch.delete_posts(0, post(2)).unwrap();
    store.commit(batch).unwrap();
    let left = store.posts(1, None, 10).unwrap();
    let left: Vec<_> = left
        .iter()
        .map(|post| (post.to, post.id.sequence))
        .collect();
    assert_eq!(left, [(0, 3), (0, 4), (3, 1)]);
    assert_eq!(store.posts(1, Some((0, post(4))), 10).unwrap().len(), 1);
    assert_eq!(store.applied_post(1, 0).unwrap(), None);
}

#[test]
fn contacts_are_paged() {
    let (_folder, store) = temp_store();
    fill(&store, 50);
    let mut found = 0;
    for partition in store.partitions() {
        let mut after = None;
        loop {
            let page = store.contacts(partition, after.as_ref(), 4).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.contact.id.clone());
            found += page.len();
            assert!(page.iter().all(|state| state.history.chunks.len() == 2));
        }
    }
    assert_eq!(found, 50);
}

#[test]
fn what_was_seen_goes_on_over_commits() {
    let (_folder, store) = temp_store();
    fill(&store, 30);
    fill(&store, 30);
    let schema = store.schema().unwrap();
    assert_eq!(schema.events["order_completed"].count, 60);
    assert_eq!(schema.events["order_completed"].fields["value"].len(), 1);
}

#[test]
fn a_batch_is_refused_whole() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let other = (partition + 1) % 3;
    let before = export(&store);

    let mut batch = store.batch(other).unwrap();
    let error = batch.put_contact(&state(&contact, 1)).unwrap_err();
    assert!(matches!(error, Error::WrongPartition { .. }), "{error}");

    let mut batch = store.batch(partition).unwrap();
    batch.put_contact(&state(&contact, 1)).unwrap();
    let chunk = vec![past_event(1); 3_000];
    let error = batch.put_chunk(&contact, 0, &chunk).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("chunk row 0 of contact \"contact-00001\" in partition"),
        "{error}"
    );
    drop(batch);
    assert_eq!(export(&store), before);

    let mut batch = store.batch(partition).unwrap();
    batch.set_position(5);
    store.commit(batch).unwrap();
    let mut batch = store.batch(partition).unwrap();
    batch.put_contact(&state(&contact, 1)).unwrap();
    batch.set_position(4);
    let error = store.commit(batch).unwrap_err();
    assert!(
        matches!(
            error,
            Error::PositionBackwards {
                found: 5,
                asked: 4,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(store.contact(&contact).unwrap(), None);
    assert!(matches!(
        store.batch(9),
        Err(Error::UnknownPartition { partition: 9 })
    ));
}

#[test]
fn what_is_due_is_found_before_and_behind_what_went() {
    let (_folder, store) = temp_store();
    let contact = contact_id(1);
    let partition = store.partition_of(&contact);
    let mut state = state(&contact, 1);
    let wait = let_wait(&mut state, at(10));
    let timer = |due| Timer {
        due: at(due),
        ..wait.clone()
    };
    let next = || store.next_timer_due(partition).unwrap();
    let set = |due| {
        let mut batch = store.batch(partition).unwrap();
        batch.set_timer(&timer(due)).unwrap();
        store.commit(batch).unwrap();
    };
    let cancel = |due| {
        let mut batch = store.batch(partition).unwrap();
        batch.cancel_timer(&timer(due));
        store.commit(batch).unwrap();
    };
    assert_eq!(next(), None);
    for (due, earliest) in [(10, 10), (20, 10), (5, 5), (7, 5)] {
        set(due);
        assert_eq!(next(), Some(at(earliest)));
    }
    for (gone, earliest) in [(5, 7), (7, 10), (10, 20)] {
        cancel(gone);
        assert_eq!(next(), Some(at(earliest)));
        let before = store.due_timers(partition, at(earliest - 1), 9);
        assert_eq!(before.unwrap(), []);
    }
    store.flush().unwrap();
    set(3);
    assert_eq!(next(), Some(at(3)), "before all that went");
    cancel(3);
    cancel(20);
    assert_eq!(next(), None);
    assert_eq!(store.due_timers(partition, at(99), 9).unwrap(), []);
    set(98);
    assert_eq!(next(), Some(at(98)), "where nothing was found before");
}

#[test]
fn a_store_that_is_thrown_away_reads_as_any_other() {
    let (_folder, store) = temp_store();
    fill(&store, 40);
    let expected = export(&store);
    // All of it fits into memory, and next to nothing.
    for cache_bytes in [64 << 20, 4 << 10] {
        let folder = tempfile::tempdir().unwrap();
        create_as(folder.path(), &store.meta()).unwrap();
        let thrown_away = Store::open(&Config {
            cache_bytes,
            is_thrown_away: true,
            ..config(folder.path())
        });
        let thrown_away = thrown_away.unwrap();
        fill(&thrown_away, 40);
        assert_eq!(export(&thrown_away), expected);
        assert!(thrown_away.check().unwrap().is_good());
    }
}
