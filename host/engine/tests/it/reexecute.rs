//! Decisions asked again: what is recorded is what the rules say, and where it is not, the place is named.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde_json::json;
use signalbox_engine::{
    DIFFERENCES_LISTED_MAX, Hindrance, Position, ReexecuteError, Reexecution, ReplayedFrom,
};
use signalbox_journal::{Clock, Entry, Journal, Sink};
use signalbox_model::{
    codec,
    definitions::Slot,
    id::PluginName,
    record::{Record, RecordedAnswer},
    verdict::{Failure, FailureKind, Verdict},
};
use signalbox_store::SnapshotSet;

use crate::{
    recovery::{busy_day, journal},
    support::{Place, World},
};

/// The instant that the entry written next had.
struct Then(AtomicI64);

impl Clock for Then {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Sink for Then {
    fn durable(&self, _: &[Entry]) {}
}

pub(crate) async fn after_a_busy_day() -> Place {
    let world = World::new();
    busy_day(&world).await;
    world.stopped().await
}

/// Writes the journal anew with other answers in it, everything else as it was.
pub(crate) fn tamper(place: &Place, mut with: impl FnMut(&mut RecordedAnswer)) {
    tamper_records(place, |answers| answers.iter_mut().for_each(&mut with));
}

fn tamper_records(place: &Place, with: impl FnMut(&mut Vec<RecordedAnswer>)) {
    let config = signalbox_journal::Config::new(place.data().join("journal"), place.partitions + 1);
    rewritten(place, config, with).close().expect("it closes");
}

fn rewritten(
    place: &Place,
    config: signalbox_journal::Config,
    mut with: impl FnMut(&mut Vec<RecordedAnswer>),
) -> Journal {
    let old = journal(place);
    let from = vec![1; usize::from(place.partitions) + 1];
    let entries: Vec<Entry> = old
        .read_all(&from)
        .expect("it reads")
        .collect::<Result<_, _>>()
        .expect("it is whole");
    old.close().expect("it closes");
    fs::remove_dir_all(&config.folder).expect("the old one goes");
    let clock = Arc::new(Then(AtomicI64::new(0)));
    let (new, _) = Journal::open(
        config,
        Arc::<Then>::clone(&clock),
        Arc::<Then>::clone(&clock),
    )
    .expect("the new one opens");
    for entry in entries {
        clock.0.store(entry.logged_at_ms, Ordering::SeqCst);
        let mut record: Record = codec::decode(&entry.payload).expect("it decodes");
        if let Record::Decided(answers) = &mut record {
            with(answers);
        }
        let bytes = codec::encode(&record).expect("it encodes");
        let ticket = new
            .append(entry.position.partition, bytes)
            .expect("it is taken");
        ticket.wait().expect("it is durable");
        assert_eq!(ticket.position(), entry.position);
    }
    new
}

/// Deletes from the journal what lies before the snapshot.
pub(crate) fn trim_behind(place: &Place, snapshot: &SnapshotSet) {
    // A file a record, so that there is something to trim.
    let config = signalbox_journal::Config {
        segment_bytes_max: 1,
        ..signalbox_journal::Config::new(place.data().join("journal"), place.partitions + 1)
    };
    let journal = rewritten(place, config, |_| {});
    let covered = snapshot.manifest.snapshots.iter();
    let keep_from: Vec<u64> = covered.map(|info| info.position + 1).collect();
    let trimmed = journal.trim(&keep_from, i64::MAX).expect("it trims");
    assert!(trimmed.segments_deleted > 100, "{trimmed:?}");
    journal.close().expect("it closes");
}

/// Every file below the folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("it reads");
            found.insert(path, bytes);
        }
    }
    found
}

fn all_equal(found: &Reexecution) {
    assert_eq!(
        (found.different, found.unasked, found.unanswered),
        (0, 0, 0),
        "{:?}",
        found.differences
    );
    assert!(found.not_reexecutable.is_empty(), "{found:?}");
    assert_eq!(found.equal, found.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_comes_out_again_and_nothing_is_written() {
    let world = World::new();
    busy_day(&world).await;
    let decisions = world.engine.metrics_snapshot().expect("it runs").decisions;
    let in_use = world.place.reexecute().expect_err("it is in use");
    assert!(
        matches!(
            in_use,
            ReexecuteError::Journal(signalbox_journal::Error::Locked { .. })
        ),
        "{in_use}"
    );
    let place = world.stopped().await;
    let before = files(&place.data());
    let found = place.reexecute().expect("it can be asked again");
    all_equal(&found);
    assert_eq!(
        (found.equal, &found.from),
        (decisions, &ReplayedFrom::Beginning)
    );
    assert!(decisions > 60, "{decisions}");
    assert!(
        files(&place.data()) == before,
        "the data folder was written to"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_answer_that_the_rule_does_not_give_is_named_with_its_place() {
    let place = after_a_busy_day().await;
    let recorded = place.reexecute().expect("it can be asked again").recorded();
    let mut tampered = None;
    tamper(&place, |given| {
        if let (None, Slot::Arm(..), Ok(Verdict::Segment(verdict))) =
            (&tampered, &given.question.slot, &mut given.answer)
        {
            verdict.member = !verdict.member;
            let member = verdict.member;
            tampered = Some((given.clone(), member));
        }
    });
    let (given, member) = tampered.expect("a segment was asked");
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!((found.different, found.equal), (1, recorded - 1));
    let [difference] = found.differences.as_slice() else {
        panic!("one difference: {found:?}");
    };
    let partition = signalbox_model::id::partition_of(&given.contact, place.partitions);
    assert_eq!(
        difference.position,
        Position {
            partition,
            sequence: given.sequence
        }
    );
    assert_eq!(difference.contact, given.contact);
    assert_eq!(difference.digest, given.digest);
    let place = format!(
        "{} {} {} {}",
        difference.owner, difference.version, difference.slot, difference.plugin
    );
    assert_eq!(place, "follow_up 1 steps/fork/arms/0 audience");
    for (text, member) in [(&difference.recorded, member), (&difference.new, !member)] {
        assert!(text.contains(&format!("\"member\":{member}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_failures_count_unless_they_depend_on_the_moment() {
    let place = after_a_busy_day().await;
    let recorded = place.reexecute().expect("it can be asked again").recorded();
    let mut kinds = [FailureKind::OutOfTime, FailureKind::Trapped].into_iter();
    tamper(&place, |given| {
        // Nothing of this workflow is asked later on.
        if given.question.owner.to_string() == "thanks"
            && let Some(kind) = kinds.next()
        {
            given.answer = Err(Failure {
                kind,
                plugin: PluginName::parse("event").expect("a name"),
                version: "1.0.0".to_owned(),
                digest: given.digest,
                row: 0,
                message: "it was so".to_owned(),
            });
        }
    });
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!((found.different, found.reexecuted()), (1, recorded - 1));
    assert_eq!(
        found.differences[0].recorded,
        "failed as trapped: it was so"
    );
    let hindered: Vec<_> = found.not_reexecutable.iter().collect();
    let [(rule, 1)] = hindered.as_slice() else {
        panic!("one that is hindered: {hindered:?}");
    };
    assert_eq!(rule.plugin.as_str(), "event");
    assert_eq!(rule.hindrance, Hindrance::Recorded(FailureKind::OutOfTime));
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_listed_from_the_first_on_and_counted_all() {
    let place = after_a_busy_day().await;
    let mut positions = Vec::new();
    tamper(&place, |given| {
        if given.question.owner.to_string() == "thanks"
            && let Ok(Verdict::Trigger(verdict)) = &mut given.answer
        {
            verdict.enter = None;
            let partition = signalbox_model::id::partition_of(&given.contact, place.partitions);
            positions.push(Position {
                partition,
                sequence: given.sequence,
            });
        }
    });
    positions.sort_unstable();
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!(found.different, positions.len() as u64);
    let listed: Vec<Position> = found
        .differences
        .iter()
        .map(|difference| difference.position)
        .collect();
    assert_eq!(listed, positions[..DIFFERENCES_LISTED_MAX]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_answer_that_nobody_asks_for_is_counted() {
    let place = after_a_busy_day().await;
    let mut added = 0;
    tamper_records(&place, |answers| {
        if let Some(again) = answers.first().filter(|_| added < 2).cloned() {
            answers.push(again);
            added += 1;
        }
    });
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!((found.different, found.unasked), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_gone_is_named_and_the_others_are_asked() {
    let place = after_a_busy_day().await;
    let whole = place.reexecute().expect("it can be asked again");
    fs::remove_file(place.plugins().join("audience.wasm")).expect("the plugin is gone");
    fs::remove_dir_all(place.data().join("../catalogue")).expect("the copies too");
    let found = place.reexecute().expect("that is no error");
    assert_eq!(found.different, 0);
    assert_eq!(found.recorded(), whole.recorded());
    let hindered: Vec<_> = found.not_reexecutable.iter().collect();
    let [(rule, count)] = hindered.as_slice() else {
        panic!("one rule is hindered: {hindered:?}");
    };
    assert_eq!(rule.plugin.as_str(), "audience");
    assert!(
        matches!(rule.hindrance, Hindrance::NotLoaded { .. }),
        "{rule:?}"
    );
    assert!(**count > 0 && found.equal > 0, "{found:?}");
    assert_eq!(found.equal + **count, whole.equal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trimmed_journal_is_asked_again_from_the_oldest_snapshot() {
    let world = World::new();
    busy_day(&world).await;
    let oldest = world.engine.snapshot().await.expect("a snapshot is made");
    let order = |number: u32| json!({"order": number, "value": number});
    world.event("late", "order_completed", order(100)).await;
    world.engine.snapshot().await.expect("a second one");
    world.event("later", "order_completed", order(101)).await;
    let place = world.stopped().await;
    trim_behind(&place, &oldest);
    let found = place.reexecute().expect("it can be asked again");
    all_equal(&found);
    assert!((1..20).contains(&found.equal), "{found:?}");
    let ReplayedFrom::Snapshot { folder, records } = &found.from else {
        panic!("the journal is not whole");
    };
    assert_eq!(
        (folder, *records),
        (&oldest.folder, oldest.manifest.records())
    );

    fs::remove_dir_all(place.data().join("snapshots")).expect("the snapshots are gone");
    let error = place
        .reexecute()
        .expect_err("there is nothing to go on from");
    assert!(
        matches!(error, ReexecuteError::NoSnapshot { .. }),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_answered_is_counted_apart() {
    let world = World::new();
    let said = crate::support::event("ann", "order_completed", json!({"order": 5}), world.now());
    let place = world.stopped().await;
    let nothing = place.reexecute().expect("it can be asked again");
    all_equal(&nothing);
    assert_eq!(nothing.recorded(), 0);

    let world = place.start();
    world.run(crate::support::thanks()).await;
    let place = world.stopped().await;
    let journal = journal(&place);
    let partition = signalbox_model::id::partition_of(&said.contact, place.partitions);
    let bytes = codec::encode(&Record::Event(said)).expect("it encodes");
    let ticket = journal.append(partition, bytes).expect("it is taken");
    ticket.wait().expect("it is durable");
    journal.close().expect("it closes");
    let before = files(&place.data());
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!(
        (found.recorded(), found.unasked, found.unanswered),
        (0, 0, 1)
    );
    assert!(
        files(&place.data()) == before,
        "the data folder was written to"
    );
}
