//! Days of a workflow, folded from facts.

use signalbox_model::{
    definitions::Slot,
    fact::{Fact, FactKind, RuleDecision},
    id::{ContactId, Digest, EntryKey, WorkflowId},
    time::Instant,
};
use signalbox_reports::days::{DAYS_KEPT, DayCounters, Days};

fn thanks() -> WorkflowId {
    WorkflowId::parse("thanks").expect("a workflow")
}

fn fact(at: &str, what: FactKind) -> Fact {
    Fact {
        at: Instant::parse(at).expect("an instant"),
        contact: ContactId::parse("ann").expect("a contact"),
        owner: thanks().into(),
        version: 1,
        journey: None,
        what,
    }
}

fn decided(slot: Slot, reason: &str) -> FactKind {
    FactKind::RuleDecided(RuleDecision {
        slot,
        digest: Digest::of_bytes(b""),
        reason: reason.to_owned(),
        answer: "enter".to_owned(),
        sequence: 1,
    })
}

fn entered() -> FactKind {
    FactKind::JourneyEntered(EntryKey::parse("k").expect("a key"))
}

fn shown(day: &DayCounters) -> String {
    let DayCounters {
        trigger,
        entered,
        not_entered,
        ..
    } = day;
    format!(
        "{}: {trigger:?}, entered {entered}, not {not_entered:?}",
        day.date()
    )
}

#[test]
fn what_a_trigger_says_and_who_enters_counts_for_the_day_in_utc() {
    let mut days = Days::default();
    let mut seen = Vec::new();
    for (at, what) in [
        ("2026-03-01T00:00:00Z", decided(Slot::Trigger, "matched")),
        ("2026-03-01T00:00:00Z", entered()),
        (
            "2026-03-01T23:59:59.999Z",
            decided(Slot::Trigger, "matched"),
        ),
        (
            "2026-03-01T23:59:59.999Z",
            FactKind::NotEntered("key_seen".to_owned()),
        ),
        // Neither what another rule says nor what happens inside is a day's.
        ("2026-03-02T00:00:00Z", decided(Slot::Audience, "member")),
        ("2026-03-02T00:00:00Z", FactKind::JourneyCompleted),
        ("2026-03-02T00:00:00Z", decided(Slot::Trigger, "too_few")),
        // A clock that went back adds to the day that was begun.
        ("2026-03-01T12:00:00Z", entered()),
    ] {
        if days.fold(&fact(at, what)) {
            seen.push(shown(days.newest(&thanks()).expect("a day")));
        }
    }
    assert_eq!(
        seen,
        [
            r#"2026-03-01: {"matched": 1}, entered 0, not {}"#,
            r#"2026-03-01: {"matched": 1}, entered 1, not {}"#,
            r#"2026-03-01: {"matched": 2}, entered 1, not {}"#,
            r#"2026-03-01: {"matched": 2}, entered 1, not {"key_seen": 1}"#,
            r#"2026-03-02: {"too_few": 1}, entered 0, not {}"#,
            r#"2026-03-02: {"too_few": 1}, entered 1, not {}"#,
        ]
    );
    assert!(days.forget(&thanks()));
    assert!(!days.forget(&thanks()));
}

#[test]
fn a_day_is_kept_until_its_place_in_the_ring_is_taken() {
    let day = |day| DayCounters {
        day,
        ..DayCounters::default()
    };
    let now = Instant::parse("2026-03-01T12:00:00Z").expect("an instant");
    let today = now.utc_day();
    let oldest = today - i32::from(DAYS_KEPT) + 1;
    assert!(day(oldest).is_kept(now) && !day(oldest - 1).is_kept(now));
    assert_eq!(day(oldest - 1).place(), day(today).place());
    assert_eq!(day(-1).place(), DAYS_KEPT - 1);
}

#[test]
fn a_day_goes_on_where_it_was_left() {
    let mut days = Days::default();
    let counted = |at: &str| {
        let mut days = Days::default();
        days.fold(&fact(at, entered()));
        days.newest(&thanks()).expect("a day").clone()
    };
    days.resume(thanks(), counted("2026-03-02T00:00:00Z"));
    days.resume(thanks(), counted("2026-03-01T00:00:00Z"));
    days.fold(&fact("2026-03-02T09:00:00Z", entered()));
    let mut both = days.newest(&thanks()).expect("a day").clone();
    assert_eq!(shown(&both), "2026-03-02: {}, entered 2, not {}");
    both.merge(&counted("2026-03-02T09:00:00Z"));
    assert_eq!(both.entered, 3);
}
