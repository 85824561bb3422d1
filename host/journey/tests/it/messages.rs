//! What becomes of a message: claims, outcomes, and what the journey does then.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::Input;
use signalbox_model::message::AttemptOutcome;

use crate::{
    harness::{World, story},
    rules::{on, with, workflow},
};

fn note(send: &Json) -> Json {
    let steps = json!([{"id": "note", "send": send}, {"id": "rest", "wait": {"for": "1d"}}]);
    workflow("note", on("signup"), steps)
}

fn marketing() -> Json {
    note(&json!({"template": "hello"}))
}

fn transactional() -> Json {
    note(&json!({"template": "hello", "class": "transactional"}))
}

#[test]
fn a_retry_comes_again_until_it_is_taken() {
    assert_snapshot!(story(&[marketing()], r#"
        event signup {"key": "a"}
        intent
        outcome retry 15m
        @14m intent
        @15m intent
        outcome not_begun
        @16m send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s go for attempt 1
    0s note: note deferred until 15m: 451_later
    15m go for attempt 2
    15m note: note deferred until 910s: not_begun
    16m go for attempt 3
    16m note: note sent
    16m note: at rest
    16m note: rest waits until 1456m
    ");
}

#[test]
fn refused_expired_and_unsendable_let_the_journey_go_on() {
    for (outcome, expected) in [
        ("refused", "note refused: 550_no_mailbox"),
        ("expired", "note refused: expired"),
        ("unsendable", "note skipped: variable_missing"),
    ] {
        let lines = format!("event signup {{\"key\": \"a\"}}\n intent\n outcome {outcome}");
        let told = story(&[marketing()], &lines);
        let end: Vec<&str> = told
            .lines()
            .skip_while(|line| !line.contains("go for"))
            .collect();
        let wanted = format!(
            "0s go for attempt 1\n0s note: {expected}\n0s note: at rest\n0s note: rest waits until 1d"
        );
        assert_eq!(end.join("\n"), wanted);
    }
}

#[test]
fn a_message_that_never_reached_354_needs_no_claim() {
    assert_snapshot!(story(&[marketing()], r#"
        event signup {"key": "a"}
        outcome retry 1m
        @1m outcome refused
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s note: note deferred until 1m: 451_later
    1m note: note refused: 550_no_mailbox
    1m note: at rest
    1m note: rest waits until 1441m
    ");
}

#[test]
fn in_doubt_is_held_or_sent_again() {
    assert_snapshot!(story(&[marketing()], r#"
        event signup {"key": "a"}
        intent
        outcome in_doubt
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s go for attempt 1
    0s note: note in doubt, held
    0s note: at rest
    0s note: rest waits until 1d
    ");
    assert_snapshot!(story(&[transactional()], r#"
        event signup {"key": "a"}
        intent
        outcome in_doubt
        @1m send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s go for attempt 1
    0s note: note in doubt, again
    1m go for attempt 2
    1m note: note sent
    1m note: at rest
    1m note: rest waits until 1441m
    ");
}

#[test]
fn what_is_late_at_its_first_attempt_is_skipped_and_a_retry_is_not() {
    assert_snapshot!(story(&[marketing()], r#"
        event signup {"key": "a"}
        @25h intent
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    25h no go for attempt 1: late
    25h note: note skipped: late
    25h note: at rest
    25h note: rest waits until 49h
    ");
    assert_snapshot!(story(&[marketing()], r#"
        event signup {"key": "a"}
        @24h intent
        outcome retry 2d
        @72h intent
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    1d go for attempt 1
    1d note: note deferred until 3d: 451_later
    3d go for attempt 2
    ");
}

#[test]
fn lateness_counts_from_when_the_step_was_due() {
    let steps = json!([
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "note", "send": {"template": "hello"}},
    ]);
    let mut world = World::new(&[workflow("note", on("signup"), steps)]);
    world.play("start note\n event signup");
    let timer = world.timers.first().unwrap().clone();
    // The server was down: the timer fires three days late.
    world.now = timer.due.plus(signalbox_model::time::Span::from_days(3));
    world.apply(&Input::Timer(&timer));
    world.play("intent");
    assert_snapshot!(world.out, @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at rest
    0s note: rest waits until 1d
    4d note: at note
    4d note: note queued
    4d no go for attempt 1: late
    4d note: note skipped: late
    4d note: completed
    ");
}

#[test]
fn no_address_no_message() {
    assert_snapshot!(story(&[marketing()], r#"
        set {"email": null}
        event signup {"key": "a"}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note skipped: no_address
    0s note: at rest
    0s note: rest waits until 1d
    ");
}

#[test]
fn a_message_that_cannot_be_made_takes_the_way_for_errors() {
    let steps = json!([
        {"id": "note", "send": {"template": "hello", "on_error": "failed"}},
        {"id": "over", "exit": {"reason": "sent"}},
        {"id": "failed", "exit": {"reason": "by_error_arm"}},
    ]);
    let note = workflow("note", on("signup"), steps);
    assert_snapshot!(story(std::slice::from_ref(&note), "set {\"email\": null}\n event signup"), @"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note skipped: no_address
    0s note: at failed
    0s note: exited: by_error_arm
    ");
    // Control characters take six bytes each in the view.
    let lines = format!(
        "event signup {{\"text\": \"{}\"}}",
        "\\u0001".repeat(11_000)
    );
    assert_snapshot!(story(&[note], &lines), @"
    0s seal chunk 0 of 1
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note skipped: message_too_large
    0s note: at failed
    0s note: exited: by_error_arm
    ");
}

#[test]
fn a_second_claim_an_unknown_message_and_an_echo_change_nothing() {
    let mut world = World::new(&[marketing()]);
    world.play("start note\n event signup {\"key\": \"a\"}\n intent");
    let message = *world.state.pending.keys().next().unwrap();
    let before = world.state.clone();
    world.apply(&Input::Intent {
        message,
        attempt: 1,
    });
    world.apply(&Input::Intent {
        message,
        attempt: 2,
    });
    world.apply_outcome(message, 2, &AttemptOutcome::Accepted);
    assert_eq!(world.state, before);
    world.play("outcome accepted");
    let before = world.state.clone();
    world.apply(&Input::Intent {
        message,
        attempt: 1,
    });
    world.apply_outcome(message, 1, &AttemptOutcome::Accepted);
    assert_eq!(world.state, before);
    assert_snapshot!(world.out, @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s go for attempt 1
    0s no go for attempt 1: claimed_already
    0s no go for attempt 2: claimed_already
    0s note: note sent
    0s note: at rest
    0s note: rest waits until 1d
    0s no go for attempt 1: not_pending
    ");
}

#[test]
fn a_personalizer_chooses_subject_values_and_instant() {
    let mut world = World::new(&[note(&json!({"template": "hello", "personalizer": {
        "plugin": "values",
        "config": {"values": {"coupon": "X7"}, "subject": "For you", "send_in": "2h"},
    }}))]);
    world.play("start note\n event signup {\"key\": \"a\"}\n @1h intent\n @2h send");
    assert_snapshot!(world.out, @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: steps/note/personalizer said chosen: because
    0s note: note queued
    2h go for attempt 1
    2h note: note sent
    2h note: at rest
    2h note: rest waits until 26h
    ");
}

#[test]
fn the_view_holds_what_a_template_may_see() {
    use signalbox_model::{
        id::{ContactId, EntryKey, EventId, EventName, JourneyId, StepId, WorkflowId},
        state::{Cause, Journey, Place},
        time::Instant,
        value::Value,
        workflow::Workflow,
    };
    let at = Instant::parse(crate::harness::START).unwrap();
    let mut contact = signalbox_model::contact::Contact::new(ContactId::parse("c1").unwrap(), at);
    contact.attributes = crate::rules::fields(&json!({"first_name": "Ada <3", "id": "no"}));
    let key = EntryKey::parse("7").unwrap();
    let id = JourneyId::new(&WorkflowId::parse("note").unwrap(), at, &contact.id, &key);
    let journey = Journey {
        version: 1,
        key,
        entered_at: at,
        event: Cause {
            id: EventId::parse("e1").unwrap(),
            name: EventName::parse("order_shipped").unwrap(),
            occurred_at: at,
            fields: crate::rules::fields(&json!({"tracking_number": "1Z"})),
        },
        place: Place::Held {
            step: StepId::parse("note").unwrap(),
            due: at,
            attempts: 0,
        },
        steps_taken: 1,
        visits: std::collections::BTreeMap::new(),
        arms: std::collections::BTreeMap::new(),
        kept: crate::rules::fields(&json!({"price": 7})),
        holdout: false,
    };
    let document: Workflow = serde_json::from_value(marketing()).unwrap();
    let rule: Value = serde_json::from_value(json!({"coupon": "X7"})).unwrap();
    let view = signalbox_journey::view::build(&contact, id, &journey, &document, Some(&rule));
    assert_snapshot!(view, @r#"{"contact":{"first_name":"Ada <3","id":"c1"},"event":{"name":"order_shipped","occurred_at":"2026-03-01T00:00:00Z","tracking_number":"1Z"},"journey":{"arms":{},"entered_at":"2026-03-01T00:00:00Z","id":"f430a398ff4130255f8ea540ac48cd5b","kept":{"price":7},"key":"7"},"rule":{"coupon":"X7"},"workflow":{"id":"note","title":"note","version":1}}"#);
}

#[test]
fn a_reply_that_there_is_no_such_address_is_a_hard_bounce() {
    let mut failing = transactional();
    failing["steps"][0]["send"]["on_error"] = json!("rest");
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let told = workflow("told", on("message_bounced"), steps.clone());
    let quiet = workflow("quiet", on("signup"), steps);
    assert_snapshot!(story(&[failing, quiet, told], r#"
        event signup {"key": "a"}
        intent
        outcome bounced
        event signup {"key": "b"}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s quiet: trigger said enter: because
    0s quiet: entered as a
    0s quiet: at rest
    0s quiet: rest waits until 1d
    0s go for attempt 1
    0s note: note refused: hard_bounce
    0s note: exited: hard_bounce
    0s quiet: exited: hard_bounce
    0s told: trigger said enter: because
    0s told: entered as message_bounced:dc57ee26ea15166b108c147fa261f216
    0s told: at rest
    0s told: rest waits until 1d
    0s note: trigger said enter: because
    0s note: entered as b
    0s note: at note
    0s note: note skipped: hard_bounce
    0s note: at rest
    0s note: rest waits until 1d
    0s quiet: trigger said enter: because
    0s quiet: entered as b
    0s quiet: at rest
    0s quiet: rest waits until 1d
    ");
}

#[test]
fn a_message_may_have_its_own_limit_of_lateness() {
    let hurried = note(&json!({"template": "hello", "late_limit": "1h"}));
    for (minutes, expected) in [(60, "go for attempt 1"), (61, "no go for attempt 1: late")] {
        let lines = format!("event signup\n @{minutes}m intent");
        let told = story(std::slice::from_ref(&hurried), &lines);
        assert!(told.lines().any(|line| line.ends_with(expected)), "{told}");
    }
}

#[test]
fn a_message_that_a_window_or_quiet_hours_hold_at_its_claim_is_not_late() {
    let window = json!({"from": "09:00", "to": "18:00", "days": ["monday", "tuesday", "wednesday", "thursday", "friday"]});
    let held = with(marketing(), "window", window);
    // Friday, a second before the window closes, and Monday.
    assert_snapshot!(story(&[held], r#"
        @496799s event signup {"key": "a"}
        @496801s send
        @201h send
    "#), @r"
    496799s note: trigger said enter: because
    496799s note: entered as a
    496799s note: at note
    496799s note: note queued
    496801s no go for attempt 1: window
    496801s note: note goes by UTC (utc)
    496801s note: note held until 201h: window
    201h go for attempt 1
    201h note: note sent
    201h note: at rest
    201h note: rest waits until 225h
    ");
    let hurried = note(&json!({"template": "hello", "late_limit": "1h"}));
    assert_snapshot!(story(&[hurried], r#"
        settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "0s"}}
        @75599s event signup {"key": "a"}
        @75601s send
        @32h send
    "#), @r"
    75599s note: trigger said enter: because
    75599s note: entered as a
    75599s note: at note
    75599s note: note queued
    75601s no go for attempt 1: quiet_hours
    75601s note: note goes by UTC (utc)
    75601s note: note held until 32h: quiet_hours
    32h go for attempt 1
    32h note: note sent
    32h note: at rest
    32h note: rest waits until 56h
    ");
}

#[test]
fn the_holdout_of_the_server_withholds_only_what_would_have_gone_out() {
    let goal = json!({"on": {"event": "order_completed"}, "within": "10d"});
    let note = with(marketing(), "goal", goal);
    assert_snapshot!(story(std::slice::from_ref(&note), r#"
        settings {"holdout": 10000}
        set {"email": null}
        event signup {"key": "a"}
        event order_completed
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note skipped: no_address
    0s note: at rest
    0s note: rest waits until 1d
    ");
    assert_snapshot!(story(&[note], r#"
        event signup {"key": "a"}
        settings {"holdout": 10000}
        send
        event order_completed
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note queued
    0s no go for attempt 1: holdout
    0s note: note skipped: holdout
    0s note: at rest
    0s note: rest waits until 1d
    0s note: note converted by e2: first withheld worth 0
    ");
}

#[test]
fn a_journey_that_leaves_for_want_of_its_message_says_why_there_is_none() {
    let values = json!({"plugin": "values", "config": {}, "on_failure": "skip"});
    let personal = note(&json!({"template": "hello", "personalizer": values}));
    assert_snapshot!(story(&[personal], r#"
        break values
        event signup {"key": "a"}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: steps/note/personalizer said failed: trapped
    0s note: note skipped: rule_failed
    0s note: exited: rule_failed
    ");
    let closed = note(
        &json!({"template": "hello", "window": {"from": "09:00", "to": "18:00"}, "outside": "exit"}),
    );
    assert_snapshot!(story(&[closed], r#"
        event signup {"key": "a"}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: note goes by UTC (utc)
    0s note: note skipped: window_closed
    0s note: exited: window_closed
    ");
}
