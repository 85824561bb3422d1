//! When a message may go out: windows, quiet hours, frequency caps and holdouts, and where the journey goes without it.
//!
//! Stories begin on Sunday, 1 March 2026, at 00:00 UTC.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::{Input, Timer};
use signalbox_model::{id::ContactId, message::AttemptOutcome, time::Span};

use crate::{
    harness::{World, story},
    rules::{on, with, workflow},
};

/// One message on sign-up, and a wait behind it.
fn note(id: &str, send: &Json) -> Json {
    let steps = json!([{"id": "note", "send": send}, {"id": "rest", "wait": {"for": "1d"}}]);
    workflow(id, on("signup"), steps)
}

fn plain() -> Json {
    json!({"template": "hello"})
}

/// What is told of messages and ends, without the rest.
fn sending(workflows: &[Json], lines: &str) -> String {
    let told = story(workflows, lines);
    let wanted = [
        "held",
        "sent",
        "skipped",
        "go for",
        "exited",
        "rest waits",
        "refused",
        "at ",
    ];
    let lines = told
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_match_outside_of_the_window_is_held_and_later_waits_count_from_the_sending() {
    let window = json!({"from": "09:00", "to": "18:00", "days": ["monday"]});
    let held = with(note("held", &plain()), "window", window.clone());
    let paused = with(note("paused", &plain()), "window", window.clone());
    let own = with(
        note(
            "own",
            &json!({"template": "hello", "window": {"from": "10:00", "to": "11:00"}}),
        ),
        "window",
        window,
    );
    assert_snapshot!(sending(&[held, own, paused], r#"
        @3h event signup {"key": "a"}
        send
        @10h send
        @20h pause paused
        @33h send
    "#), @r"
    3h held: trigger said enter: because
    3h held: entered as a
    3h held: at note
    3h held: note queued
    3h held: note goes by UTC (utc)
    3h held: note held until 33h: window
    3h own: at note
    3h own: note held until 10h: window
    3h paused: at note
    3h paused: note held until 33h: window
    10h go for attempt 1
    10h own: note sent
    10h own: at rest
    10h own: rest waits until 34h
    33h no go for attempt 1: paused
    33h paused: note skipped: paused
    33h paused: at rest
    33h paused: rest waits until 57h
    33h go for attempt 1
    33h held: note sent
    33h held: at rest
    33h held: rest waits until 57h
    ");
}

#[test]
fn a_message_may_skip_or_end_the_journey_where_the_window_is_closed() {
    let closed = |outside: &str| json!({"template": "hello", "window": {"from": "09:00", "to": "18:00"}, "outside": outside});
    let workflows = [
        note("skips", &closed("skip")),
        note("exits", &closed("exit")),
    ];
    assert_snapshot!(sending(&workflows, r#"
        @3h event signup {"key": "a"}
        @12h event signup {"key": "b"}
        send
    "#), @r"
    3h exits: at note
    3h exits: note skipped: window_closed
    3h exits: exited: window_closed
    3h skips: at note
    3h skips: note skipped: window_closed
    3h skips: at rest
    3h skips: rest waits until 27h
    12h exits: at note
    12h go for attempt 1
    12h exits: note sent
    12h exits: at rest
    12h exits: rest waits until 36h
    ");
}

#[test]
fn the_window_is_looked_at_again_when_a_message_is_claimed() {
    let window = json!({"from": "09:00", "to": "18:00"});
    let held = with(note("held", &plain()), "window", window.clone());
    let skips = with(
        with(note("skips", &plain()), "window", window.clone()),
        "outside",
        json!("skip"),
    );
    let exits = with(
        with(note("exits", &plain()), "window", window),
        "outside",
        json!("exit"),
    );
    assert_snapshot!(sending(&[held, skips, exits], r#"
        @17h event signup {"key": "a"}
        intent
        outcome retry 4h
        @21h send
        @33h send
    "#), @r"
    17h exits: at note
    17h held: trigger said enter: because
    17h held: entered as a
    17h held: at note
    17h held: note queued
    17h skips: at note
    17h go for attempt 1
    17h go for attempt 1
    17h go for attempt 1
    17h held: note deferred until 21h: 451_later
    21h no go for attempt 2: window_closed
    21h exits: note skipped: window_closed
    21h exits: exited: window_closed
    21h no go for attempt 2: window_closed
    21h skips: note skipped: window_closed
    21h skips: at rest
    21h skips: rest waits until 45h
    21h no go for attempt 2: window
    21h held: note goes by UTC (utc)
    21h held: note held until 33h: window
    33h go for attempt 2
    33h held: note sent
    33h held: at rest
    33h held: rest waits until 57h
    ");
}

#[test]
fn quiet_hours_hold_everything_that_can_wait_in_the_zone_of_the_contact() {
    let order = note(
        "order",
        &json!({"template": "hello", "class": "transactional"}),
    );
    let news = with(note("news", &plain()), "entry", json!("every"));
    assert_snapshot!(sending(&[news, order], r#"
        settings {"zone": "Asia/Seoul", "quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "30m"}}
        @13h event signup {"key": "a"}
        send
        @1410m send
        set {"time_zone": "Europe/Paris"}
        @24h event signup {"key": "b"}
        @34h event signup {"key": "c"}
        send
    "#), @r"
    13h news: at note
    13h news: note held until 83191631ms: quiet_hours
    13h order: at note
    13h go for attempt 1
    13h order: note sent
    13h order: at rest
    13h order: rest waits until 37h
    1410m go for attempt 1
    1410m news: note sent
    1410m news: at rest
    1410m news: rest waits until 2850m
    1d news: at note
    1d news: note held until 112466363ms: quiet_hours
    34h news: at note
    34h go for attempt 1
    34h news: note sent
    34h news: at rest
    34h news: rest waits until 58h
    34h go for attempt 1
    34h news: note sent
    34h news: at rest
    34h news: rest waits until 58h
    ");
}

#[test]
fn quiet_hours_that_leave_nothing_of_a_window_skip_the_message() {
    let night = with(
        note("night", &plain()),
        "window",
        json!({"from": "22:00", "to": "06:00"}),
    );
    assert_snapshot!(sending(&[night], r#"
        settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}}}
        event signup {"key": "a"}
    "#), @r"
    0s night: at note
    0s night: note skipped: window_closed
    0s night: at rest
    0s night: rest waits until 1d
    ");
}

#[test]
fn a_cap_skips_what_is_too_much_and_the_higher_priority_goes_first() {
    let every = |id: &str| with(note(id, &plain()), "entry", json!("every"));
    let low = with(every("a_low"), "priority", json!(10));
    let high = with(every("b_high"), "priority", json!(90));
    let order = note(
        "c_order",
        &json!({"template": "hello", "class": "transactional"}),
    );
    assert_snapshot!(sending(&[low, high, order], r#"
        settings {"caps": [{"count": 1, "per": "day"}]}
        @1h event signup {"key": "a"}
        send
        @23h event signup {"key": "b"}
        send
        @24h event signup {"key": "c"}
        send
    "#), @r"
    1h a_low: at note
    1h b_high: at note
    1h c_order: at note
    1h no go for attempt 1: frequency_cap
    1h a_low: note held until 3605s: frequency_cap
    1h go for attempt 1
    1h b_high: note sent
    1h b_high: at rest
    1h b_high: rest waits until 25h
    1h go for attempt 1
    1h c_order: note sent
    1h c_order: at rest
    1h c_order: rest waits until 25h
    23h a_low: at note
    23h b_high: at note
    23h no go for attempt 1: frequency_cap
    23h a_low: note skipped: frequency_cap
    23h a_low: at rest
    23h a_low: rest waits until 47h
    23h no go for attempt 1: frequency_cap
    23h a_low: note skipped: frequency_cap
    23h a_low: at rest
    23h a_low: rest waits until 47h
    23h no go for attempt 1: frequency_cap
    23h b_high: note skipped: frequency_cap
    23h b_high: at rest
    23h b_high: rest waits until 47h
    1d a_low: at note
    1d b_high: at note
    1d no go for attempt 1: frequency_cap
    1d a_low: note held until 86405s: frequency_cap
    1d go for attempt 1
    1d b_high: note sent
    1d b_high: at rest
    1d b_high: rest waits until 2d
    ");
}

#[test]
fn a_cap_may_defer_and_the_strictest_one_wins() {
    let every = with(
        note("every", &json!({"template": "hello", "tags": ["news"]})),
        "entry",
        json!("every"),
    );
    let other = with(note("other", &plain()), "entry", json!("every"));
    assert_snapshot!(sending(&[every.clone(), other], r#"
        settings {"caps": [{"tag": "news", "count": 1, "per": {"last": "20h"}, "at_cap": "defer"}, {"count": 3, "per": {"last": "7d"}}]}
        event signup {"key": "a"}
        send
        @1h event signup {"key": "b"}
        send
        @20h send
        @25h event signup {"key": "c"}
        send
    "#), @r"
    0s every: at note
    0s other: at note
    0s go for attempt 1
    0s every: note sent
    0s every: at rest
    0s every: rest waits until 1d
    0s go for attempt 1
    0s other: note sent
    0s other: at rest
    0s other: rest waits until 1d
    1h every: at note
    1h other: at note
    1h no go for attempt 1: frequency_cap
    1h every: note held until 20h: frequency_cap
    1h go for attempt 1
    1h other: note sent
    1h other: at rest
    1h other: rest waits until 25h
    20h no go for attempt 1: frequency_cap
    20h every: note skipped: frequency_cap
    20h every: at rest
    20h every: rest waits until 44h
    25h every: at note
    25h other: at note
    25h no go for attempt 1: frequency_cap
    25h every: note skipped: frequency_cap
    25h every: at rest
    25h every: rest waits until 49h
    25h no go for attempt 1: frequency_cap
    25h other: note skipped: frequency_cap
    25h other: at rest
    25h other: rest waits until 49h
    ");
    assert_snapshot!(sending(&[every], r#"
        settings {"caps": [{"count": 1, "per": "day", "at_cap": "defer"}]}
        event signup {"key": "a"}
        send
        @1h event signup {"key": "b"}
        send
        @23h send
        @24h send
    "#), @r"
    0s every: at note
    0s go for attempt 1
    0s every: note sent
    0s every: at rest
    0s every: rest waits until 1d
    1h every: at note
    1h no go for attempt 1: frequency_cap
    1h every: note held until 1d: frequency_cap
    1d go for attempt 1
    1d every: note sent
    1d every: at rest
    1d every: rest waits until 2d
    ");
}

#[test]
fn a_message_on_its_way_takes_room() {
    let every = with(note("every", &plain()), "entry", json!("every"));
    assert_snapshot!(sending(&[every], r#"
        settings {"caps": [{"count": 1, "per": "day"}]}
        event signup {"key": "a"}
        intent
        event signup {"key": "b"}
        intent
        outcome accepted
    "#), @r"
    0s every: at note
    0s go for attempt 1
    0s every: at note
    0s no go for attempt 1: frequency_cap
    0s every: note skipped: frequency_cap
    0s every: at rest
    0s every: rest waits until 1d
    0s every: note sent
    0s every: at rest
    0s every: rest waits until 1d
    ");
}

#[test]
fn the_holdout_of_the_server_gets_no_marketing() {
    let order = note(
        "order",
        &json!({"template": "hello", "class": "transactional"}),
    );
    assert_snapshot!(sending(&[note("news", &plain()), order], r#"
        settings {"holdout": 10000}
        event signup {"key": "a"}
        send
    "#), @r"
    0s news: at note
    0s news: note skipped: holdout
    0s news: at rest
    0s news: rest waits until 1d
    0s order: at note
    0s go for attempt 1
    0s order: note sent
    0s order: at rest
    0s order: rest waits until 1d
    ");
}

#[test]
fn a_message_that_fails_for_good_takes_its_own_way() {
    let steps = json!([
        {"id": "note", "send": {"template": "hello", "on_error": "wrong"}},
        {"id": "fine", "exit": {"reason": "fine"}},
        {"id": "wrong", "exit": {"reason": "wrong"}},
    ]);
    for outcome in ["refused", "expired", "unsendable", "accepted"] {
        let lines = format!("event signup {{\"key\": \"a\"}}\n intent\n outcome {outcome}");
        let told = story(&[workflow("note", on("signup"), steps.clone())], &lines);
        let expected = if outcome == "accepted" {
            "exited: fine"
        } else {
            "exited: wrong"
        };
        assert!(told.contains(expected), "{outcome}: {told}");
    }
}

#[test]
fn settings_name_what_is_wrong_with_them() {
    let settings = json!({
        "quiet_hours": {"window": {"from": "08:00", "to": "08:00"}, "spread": "7h"},
        "caps": [{"count": 0, "per": "day"}, {"count": 33, "per": {"last": "91d"}}],
        "holdout": 10_001,
    });
    let settings: signalbox_model::settings::Settings = serde_json::from_value(settings).unwrap();
    let problems = settings.problems();
    let told: Vec<String> = problems
        .iter()
        .map(|one| format!("{} {}: {}", one.pointer, one.code, one.reason))
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    /quiet_hours/window/to window_empty: the window opens and closes at 08:00
    /quiet_hours/spread spread_too_long: 7h is longer than 6h
    /caps/0/count cap_count: a cap counts 1 to 32 messages, not 0
    /caps/1/count cap_count: a cap counts 1 to 32 messages, not 33
    /caps/1/per/last cap_period: a period is longer than nothing and at most 90d
    /holdout holdout_too_large: 10001 is more than 10000 basis points
    ");
}

#[test]
fn whose_zone_a_window_goes_by_is_told_where_it_holds() {
    let window = json!({"from": "09:00", "to": "18:00"});
    let held = with(note("held", &plain()), "window", window);
    let told = story(
        &[held],
        r#"
        set {"time_zone": "Europe/Berlin"}
        event signup {"key": "a"}
        @8h intent
        outcome retry 10h
        settings {"quiet_hours": {"window": {"from": "17:00", "to": "23:00"}}, "zone": "Asia/Seoul"}
        set {"time_zone": "Middle/Earth"}
        @18h send
    "#,
    );
    let wanted = ["goes by", "held until"];
    let lines = told
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    0s held: note goes by Europe/Berlin (contact)
    0s held: note held until 8h: window
    18h held: note goes by Asia/Seoul (server_contact_invalid)
    18h held: note held until 1d: window
    ");
}

#[test]
fn a_message_that_is_to_be_tried_again_later_takes_no_room() {
    let every = with(note("every", &plain()), "entry", json!("every"));
    assert_snapshot!(sending(&[every], r#"
        settings {"caps": [{"count": 1, "per": "day"}]}
        event signup {"key": "a"}
        intent
        outcome retry 15m
        event signup {"key": "b"}
        send
        @15m send
    "#), @r"
    0s every: at note
    0s go for attempt 1
    0s every: at note
    0s go for attempt 1
    0s every: note sent
    0s every: at rest
    0s every: rest waits until 1d
    15m no go for attempt 2: frequency_cap
    15m every: note skipped: frequency_cap
    15m every: at rest
    15m every: rest waits until 1455m
    ");
}

#[test]
fn a_message_that_missed_its_window_is_not_late_when_it_opens_again() {
    let send = json!({"template": "hello", "late_limit": "1h", "window": {"from": "09:00", "to": "18:00"}});
    assert_snapshot!(sending(&[note("note", &send)], r#"
        @1079m event signup {"key": "a"}
        @18h send
        @33h send
    "#), @r"
    1079m note: at note
    18h no go for attempt 1: window
    18h note: note held until 33h: window
    33h go for attempt 1
    33h note: note sent
    33h note: at rest
    33h note: rest waits until 57h
    ");
}

#[test]
fn a_day_of_a_cap_begins_at_midnight_where_the_contact_is() {
    let every = with(note("every", &plain()), "entry", json!("every"));
    assert_snapshot!(sending(&[every], r#"
        settings {"caps": [{"count": 1, "per": "day"}]}
        set {"time_zone": "Asia/Seoul"}
        @14h event signup {"key": "a"}
        send
        @899m event signup {"key": "b"}
        send
        @15h event signup {"key": "c"}
        send
    "#), @r"
    14h every: at note
    14h go for attempt 1
    14h every: note sent
    14h every: at rest
    14h every: rest waits until 38h
    899m every: at note
    899m no go for attempt 1: frequency_cap
    899m every: note skipped: frequency_cap
    899m every: at rest
    899m every: rest waits until 2339m
    15h every: at note
    15h go for attempt 1
    15h every: note sent
    15h every: at rest
    15h every: rest waits until 39h
    ");
}

#[test]
fn of_equal_priority_the_older_message_goes_first() {
    let on_event = |id: &str, event: &str| with(note(id, &plain()), "trigger", on(event));
    for (first, second) in [("one", "two"), ("two", "one")] {
        let workflows = [on_event(first, "signup"), on_event(second, "viewed")];
        let lines = "settings {\"caps\": [{\"count\": 1, \"per\": \"day\"}]}\n event signup\n @1m event viewed\n @2m send\n @3m send";
        let told = sending(&workflows, lines);
        assert!(told.contains(&format!("2m {first}: note sent")), "{told}");
        let skipped = format!("{second}: note skipped: frequency_cap");
        assert!(told.contains(&skipped), "{told}");
    }
}

#[test]
fn where_one_cap_skips_and_another_defers_the_message_is_skipped() {
    let skips = r#"{"count": 1, "per": "day"}"#;
    let defers = r#"{"count": 1, "per": {"last": "2h"}, "at_cap": "defer"}"#;
    let every = with(note("every", &plain()), "entry", json!("every"));
    for caps in [[skips, defers], [defers, skips]] {
        let caps = caps.join(", ");
        let lines = format!(
            "settings {{\"caps\": [{caps}]}}\n event signup\n send\n @1h event signup\n send"
        );
        let told = sending(std::slice::from_ref(&every), &lines);
        assert!(
            told.contains("1h every: note skipped: frequency_cap"),
            "{told}"
        );
    }
}

#[test]
fn what_forbids_all_mail_forbids_transactional_mail_and_stays() {
    let order = note(
        "order",
        &json!({"template": "hello", "class": "transactional"}),
    );
    let workflows = [note("news", &plain()), order];
    let told = |event: &str| {
        let lines = format!(
            "event {event}\n event signup\n send\n event contact_subscribed\n @2d event signup\n send"
        );
        let told = story(&workflows, &lines);
        let lines = told
            .lines()
            .filter(|line| line.contains(" sent") || line.contains("skipped"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told("contact_unsubscribed"), @r"
    0s news: note skipped: unsubscribed
    0s order: note sent
    2d order: note sent
    2d news: note sent
    ");
    assert_snapshot!(told("message_complained"), @r"
    0s news: note skipped: complaint
    0s order: note sent
    2d order: note sent
    2d news: note sent
    ");
    assert_snapshot!(told(r#"message_bounced {"kind": "hard"}"#), @r"
    0s news: note skipped: hard_bounce
    0s order: note skipped: hard_bounce
    2d news: note skipped: hard_bounce
    2d order: note skipped: hard_bounce
    ");
    assert_snapshot!(told("contact_erased"), @r"
    0s news: note skipped: erased
    0s order: note skipped: erased
    2d news: note skipped: erased
    2d order: note skipped: erased
    ");
}

#[test]
fn a_share_held_out_by_the_server_is_the_same_people_everywhere() {
    let (mut held_out, mut sent) = (0, 0);
    for person in 0..500 {
        let mut world = World::new(&[note("one", &plain()), note("two", &plain())]);
        world.state.contact.id = ContactId::parse(&format!("c{person}")).unwrap();
        world.play("settings {\"holdout\": 2000}\n start one\n start two\n event signup\n send");
        let count = |what: &str| world.out.matches(what).count();
        match (count("note skipped: holdout"), count("note sent")) {
            (2, 0) => held_out += 1,
            (0, 2) => sent += 1,
            other => panic!("in one workflow and not in the other: {other:?}"),
        }
    }
    assert_snapshot!(format!("{held_out} held out, {sent} not"), @"103 held out, 397 not");
}

/// Sends what that workflow has in the outbox, by itself.
fn send_of(world: &mut World, workflow: &str) {
    let mut pending = world.state.pending.iter();
    let (&message, pending) = pending
        .find(|(_, pending)| pending.workflow.as_str() == workflow)
        .unwrap();
    let attempt = pending.attempts + 1;
    world.apply(&Input::Intent { message, attempt });
    let pending = world.state.pending.get(&message);
    if pending.is_some_and(|pending| pending.claimed.is_some()) {
        world.apply_outcome(message, attempt, &AttemptOutcome::Accepted);
    }
}

/// Which of two workflows gets the room for one when their messages were held until the same instant and are claimed one
/// by one, in that order; the first was queued an hour before the second.
fn gets_room(priorities: (u32, u32), order: [&str; 2]) -> String {
    let window = json!({"from": "09:00", "to": "18:00"});
    let held = |id: &str, event: &str, priority: u32| {
        let note = with(note(id, &plain()), "trigger", on(event));
        with(
            with(note, "window", window.clone()),
            "priority",
            json!(priority),
        )
    };
    let mut world = World::new(&[
        held("older", "signup", priorities.0),
        held("younger", "viewed", priorities.1),
    ]);
    world.play(
        "settings {\"caps\": [{\"count\": 1, \"per\": \"day\"}]}\n start older\n start younger",
    );
    world.play("@1h event signup\n @2h event viewed\n @9h");
    for workflow in order {
        world.now = world.now.plus(Span::from_ms(10));
        send_of(&mut world, workflow);
    }
    world.play("@10h send");
    assert_eq!(world.out.matches("skipped: frequency_cap").count(), 1);
    let sent = world.out.lines().find(|line| line.ends_with("note sent"));
    sent.unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn it_does_not_matter_who_is_claimed_first_of_two_that_are_due_at_once() {
    for order in [["older", "younger"], ["younger", "older"]] {
        assert_eq!(gets_room((10, 90), order), "younger:");
        assert_eq!(gets_room((90, 10), order), "older:");
        assert_eq!(gets_room((50, 50), order), "older:");
    }
}

/// Two messages that are due in the same instant, and of whose journeys only one is woken before it is claimed.
fn woken_one_by_one(priorities: (u32, u32)) -> String {
    let later = |id: &str, priority: u32| {
        let steps = json!([
            {"id": "rest", "wait": {"for": "1h"}},
            {"id": "note", "send": {"template": "hello"}},
        ]);
        with(
            workflow(id, on("signup"), steps),
            "priority",
            json!(priority),
        )
    };
    let mut world = World::new(&[later("first", priorities.0), later("second", priorities.1)]);
    world.play(
        "settings {\"caps\": [{\"count\": 1, \"per\": \"day\"}]}\n start first\n start second",
    );
    world.play("event signup");
    world.out.clear();
    let timers: Vec<Timer> = world.timers.iter().cloned().collect();
    world.now = timers[0].due;
    for (timer, workflow) in timers.iter().zip(["first", "second"]) {
        world.apply(&Input::Timer(timer));
        send_of(&mut world, workflow);
    }
    world.play("@61m send");
    let lines = world.out.lines();
    let wanted = ["skipped", "sent", "held"];
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn whose_wait_is_over_goes_first_by_priority_before_it_is_woken() {
    assert_snapshot!(woken_one_by_one((10, 90)), @r"
    1h first: note held until 3605s: frequency_cap
    1h second: note sent
    61m first: note skipped: frequency_cap
    ");
    assert_snapshot!(woken_one_by_one((90, 10)), @r"
    1h first: note sent
    1h second: note skipped: frequency_cap
    ");
    assert_snapshot!(woken_one_by_one((50, 50)), @r"
    1h first: note sent
    1h second: note skipped: frequency_cap
    ");
}

#[test]
fn a_message_before_whom_another_goes_is_skipped_only_once_that_one_is_sent() {
    let heard = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": "signup"}}}, "type": "instant"}],
    }});
    let leaves = json!([{"segment": heard, "reason": "heard"}]);
    let high = with(note("high", &plain()), "priority", json!(90));
    let workflows = [with(high, "exits", leaves), note("low", &plain())];
    for at_cap in ["skip", "defer"] {
        let mut world = World::new(&workflows);
        let caps = json!({"caps": [{"count": 1, "per": "day", "at_cap": at_cap}]});
        world.play(&format!(
            "settings {caps}\n start high\n start low\n event signup"
        ));
        world.out.clear();
        send_of(&mut world, "low");
        send_of(&mut world, "high");
        world.play("@5s send");
        let told = &world.out;
        assert!(
            told.contains("0s low: note held until 5s: frequency_cap"),
            "{told}"
        );
        assert!(told.contains("0s high: exited: heard"), "{told}");
        assert!(told.contains("5s low: note sent"), "{told}");
    }
}
