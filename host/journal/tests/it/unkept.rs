//! A journal that keeps nothing hands on what it is given, at once and in order.

use std::sync::Arc;

use signalbox_journal::{AppendError, Error, Journal};

use crate::support::{Diary, HandClock};

#[test]
fn entries_go_on_behind_the_given_sequences_and_nothing_is_kept() {
    let (clock, diary) = (Arc::<HandClock>::default(), Arc::<Diary>::default());
    let sink = Arc::<Diary>::clone(&diary);
    let journal = Journal::unkept(&[41, 0], Arc::<HandClock>::clone(&clock), sink);
    clock.set(1_000);
    let one = journal.append(0, b"one".to_vec()).unwrap();
    one.wait().unwrap();
    assert_eq!(one.position().to_string(), "0:42");
    // Back: journey time stands still.
    clock.set(500);
    let group = vec![(1, b"two".to_vec()), (0, b"three".to_vec())];
    let group = journal.append_reserved(group).unwrap();
    let positions: Vec<String> = group.positions().iter().map(ToString::to_string).collect();
    assert_eq!(positions, ["1:1", "0:43"]);
    assert_eq!(
        diary.text(),
        "durable 0:42 @1000 one\ndurable 1:1 @500 two, 0:43 @1000 three"
    );
    let refused = journal.append_group(vec![(0, b"four".to_vec()), (2, b"nowhere".to_vec())]);
    let unknown = AppendError::UnknownPartition { partition: 2 };
    assert_eq!(refused.map(drop), Err(unknown));
    assert_eq!((journal.last_durable(0), journal.last_durable(1)), (43, 1));
    assert!(matches!(journal.read(0, 42), Err(Error::Unkept)));
    assert!(matches!(journal.trim(&[1, 1], 0), Err(Error::Unkept)));
    journal.close().unwrap();
}

#[test]
fn a_group_of_none_is_refused() {
    let (clock, diary) = (Arc::<HandClock>::default(), Arc::<Diary>::default());
    let journal = Journal::unkept(&[0], clock, Arc::<Diary>::clone(&diary));
    let refused = journal.append_group(Vec::new()).map(drop);
    assert_eq!(refused, Err(AppendError::EmptyGroup));
    assert_eq!(diary.text(), "");
}
