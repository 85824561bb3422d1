//! Waits that go by the calendar: whose zone counts, what an odd day means, and what a change of zone or date moves.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::time::{Instant, Span};

use crate::{
    harness::{START, World, story},
    rules::{on, with, workflow},
};

fn waiting(wait: &Json) -> Json {
    let steps =
        json!([{"id": "rest", "wait": wait}, {"id": "note", "send": {"template": "hello"}}]);
    workflow("waiting", on("signup"), steps)
}

/// Until when the wait goes that begins on 1 March 2026 at 00:00 UTC with these attributes, or what happens instead.
fn until(wait: &Json, attributes: &Json) -> String {
    let mut world = World::new(&[waiting(wait)]);
    world.play(&format!("start waiting\n set {attributes}\n event signup"));
    let lines = world
        .out
        .lines()
        .map(|line| line.replace("0s waiting: ", ""));
    let told: Vec<String> = lines
        .filter(|line| !line.starts_with("trigger") && !line.starts_with("entered"))
        .map(|line| match line.split_once("waits until ") {
            Some((_, offset)) => {
                let span = Span::parse(offset).unwrap();
                Instant::parse(START).unwrap().plus(span).to_string()
            }
            None => line,
        })
        .filter(|line| line != "at rest")
        .collect();
    told.join("; ")
}

#[test]
fn a_calendar_wait_goes_by_the_zone_of_the_contact_then_of_the_workflow() {
    let wait = json!({"calendar": {"days": 2, "at": "09:00"}});
    assert_snapshot!(until(&wait, &json!({})), @"rest goes by UTC (utc); 2026-03-03T09:00:00Z");
    assert_snapshot!(until(&wait, &json!({"time_zone": "Europe/Berlin"})), @"rest goes by Europe/Berlin (contact); 2026-03-03T08:00:00Z");
    assert_snapshot!(until(&wait, &json!({"time_zone": "america/los_angeles"})), @"rest goes by America/Los_Angeles (contact); 2026-03-02T17:00:00Z");
    assert_snapshot!(until(&wait, &json!({"time_zone": "Middle/Earth"})), @"rest goes by UTC (utc_contact_invalid); 2026-03-03T09:00:00Z");
    let in_tokyo = with(waiting(&wait), "zone", json!("Asia/Tokyo"));
    assert_snapshot!(story(&[in_tokyo], "set {\"time_zone\": 7}\n event signup"), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by Asia/Tokyo (workflow_contact_invalid)
    0s waiting: rest waits until 2d
    ");
}

#[test]
fn a_calendar_wait_is_for_days_or_weekdays() {
    let calendar = |calendar: Json, zone: &str| {
        until(&json!({"calendar": calendar}), &json!({"time_zone": zone}))
    };
    assert_snapshot!(calendar(json!({"days": 0, "at": "00:00"}), "UTC"), @"rest goes by UTC (contact); 2026-03-02T00:00:00Z");
    assert_snapshot!(calendar(json!({"days": 0, "at": "00:01"}), "UTC"), @"rest goes by UTC (contact); 2026-03-01T00:01:00Z");
    assert_snapshot!(calendar(json!({"weekdays": ["sunday"], "at": "00:00"}), "UTC"), @"rest goes by UTC (contact); 2026-03-08T00:00:00Z");
    assert_snapshot!(calendar(json!({"weekdays": ["tuesday", "friday"], "at": "09:30"}), "Europe/Berlin"), @"rest goes by Europe/Berlin (contact); 2026-03-03T08:30:00Z");
    // The night of 28 March: from 02:00 the clocks show 03:00 in Berlin.
    assert_snapshot!(calendar(json!({"days": 28, "at": "02:30"}), "Europe/Berlin"), @"rest goes by Europe/Berlin (contact); 2026-03-29T01:00:00Z");
}

#[test]
fn a_window_is_waited_for_only_while_it_is_closed() {
    let window = |from: &str, to: &str, days: Json| {
        until(
            &json!({"window": {"from": from, "to": to, "days": days}}),
            &json!({"time_zone": "Europe/Berlin"}),
        )
    };
    assert_snapshot!(window("09:00", "18:00", json!([])), @"rest goes by Europe/Berlin (contact); 2026-03-01T08:00:00Z");
    assert_snapshot!(window("22:00", "06:00", json!([])), @"rest goes by Europe/Berlin (contact); at note; note queued");
    assert_snapshot!(window("09:00", "18:00", json!(["monday", "wednesday"])), @"rest goes by Europe/Berlin (contact); 2026-03-02T08:00:00Z");
}

#[test]
fn a_date_that_an_attribute_holds() {
    let date = |more: Json, value: Json| {
        let mut wait = json!({"attribute": "ends"});
        wait.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        until(
            &json!({"until": wait}),
            &json!({"ends": value, "time_zone": "Europe/Berlin"}),
        )
    };
    assert_snapshot!(date(json!({}), json!("2026-03-20")), @"rest goes by Europe/Berlin (contact); 2026-03-20T08:00:00Z");
    assert_snapshot!(date(json!({"days": -3, "at": "08:15"}), json!("2026-03-20")), @"rest goes by Europe/Berlin (contact); 2026-03-17T07:15:00Z");
    assert_snapshot!(date(json!({"days": 1}), json!("2026-03-20T17:45:00Z")), @"rest goes by Europe/Berlin (contact); 2026-03-21T17:45:00Z");
    // Behind the change of the clocks on 29 March, at the same time of the day.
    assert_snapshot!(date(json!({"days": -2}), json!("2026-03-29T06:00:00Z")), @"rest goes by Europe/Berlin (contact); 2026-03-27T07:00:00Z");
    assert_snapshot!(date(json!({"days": 1, "at": "10:00"}), json!("2026-03-20T23:45:00Z")), @"rest goes by Europe/Berlin (contact); 2026-03-22T09:00:00Z");
    // Over already, not there, or no date.
    assert_snapshot!(date(json!({}), json!("2026-02-27")), @"rest goes by Europe/Berlin (contact); at note; note queued");
    assert_snapshot!(date(json!({"past": "exit"}), json!("2026-02-27")), @"rest goes by Europe/Berlin (contact); exited: date_passed");
    assert_snapshot!(date(json!({"past": "next"}), json!("2026-02-27")), @"rest goes by Europe/Berlin (contact); 2027-02-27T08:00:00Z");
    assert_snapshot!(date(json!({}), json!("soon")), @"rest goes by Europe/Berlin (contact); exited: date_missing");
    assert_snapshot!(date(json!({"missing": "go_on"}), json!(null)), @"rest goes by Europe/Berlin (contact); at note; note queued");
}

#[test]
fn birthdays_come_every_year_and_29_february_as_well() {
    let birthday = |more: Json, value: &str| {
        let mut wait = json!({"attribute": "born", "yearly": true});
        wait.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        until(&json!({"until": wait}), &json!({"born": value}))
    };
    assert_snapshot!(birthday(json!({}), "1990-05-07"), @"rest goes by UTC (utc); 2026-05-07T09:00:00Z");
    assert_snapshot!(birthday(json!({}), "1996-02-29"), @"rest goes by UTC (utc); 2027-02-28T09:00:00Z");
    assert_snapshot!(birthday(json!({"leap_day": "march_1"}), "1996-02-29"), @"rest goes by UTC (utc); 2026-03-01T09:00:00Z");
    assert_snapshot!(birthday(json!({"days": -7}), "1990-03-05"), @"rest goes by UTC (utc); 2027-02-26T09:00:00Z");
    assert_snapshot!(birthday(json!({"days": 7}), "1990-02-25"), @"rest goes by UTC (utc); 2026-03-04T09:00:00Z");
    assert_snapshot!(birthday(json!({"days": -400}), "1990-02-25"), @"rest goes by UTC (utc); 2027-01-21T09:00:00Z");
}

#[test]
fn a_change_of_zone_or_date_moves_the_wait() {
    let calendar = waiting(&json!({"calendar": {"days": 2, "at": "09:00"}}));
    assert_snapshot!(story(&[calendar], r#"
        set {"time_zone": "Europe/Berlin"}
        event signup
        @1d set {"time_zone": "America/New_York"}
        set {"name": "Ada"}
        @10d
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by Europe/Berlin (contact)
    0s waiting: rest waits until 56h
    1d waiting: rest goes by America/New_York (contact)
    1d waiting: rest waits until 38h
    38h waiting: at note
    38h waiting: note queued
    ");
    let date = waiting(&json!({"until": {"attribute": "ends"}}));
    assert_snapshot!(story(&[date], r#"
        set {"ends": "2026-03-20"}
        event signup
        @1d set {"ends": "2026-03-10"}
        set {"ends": null}
        @2d set {"ends": "2026-03-04"}
        @10d
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    1d waiting: rest goes by UTC (utc)
    1d waiting: rest waits until 225h
    2d waiting: rest goes by UTC (utc)
    2d waiting: rest waits until 81h
    81h waiting: at note
    81h waiting: note queued
    ");
}

#[test]
fn a_wait_that_would_be_over_ends_at_once() {
    let calendar = waiting(&json!({"calendar": {"days": 1, "at": "06:00"}}));
    assert_snapshot!(story(&[calendar], r#"
        set {"time_zone": "Europe/Berlin"}
        event signup
        @20h set {"time_zone": "America/Los_Angeles"}
        @21h
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by Europe/Berlin (contact)
    0s waiting: rest waits until 29h
    20h waiting: rest goes by America/Los_Angeles (contact)
    20h waiting: rest waits until 20h
    20h waiting: at note
    20h waiting: note queued
    ");
}

#[test]
fn a_window_is_waited_for_in_the_new_zone_from_now_on() {
    let window = waiting(&json!({"window": {"from": "09:00", "to": "18:00"}}));
    assert_snapshot!(story(&[window], r#"
        @20h event signup
        @20h set {"time_zone": "America/Los_Angeles"}
        @3d
    "#), @r"
    20h waiting: trigger said enter: because
    20h waiting: entered as e1
    20h waiting: at rest
    20h waiting: rest goes by UTC (utc)
    20h waiting: rest waits until 33h
    20h waiting: rest goes by America/Los_Angeles (contact)
    20h waiting: rest waits until 20h
    20h waiting: at note
    20h waiting: note queued
    ");
}

#[test]
fn a_day_that_comes_again_stays_the_day_it_was_in_another_zone() {
    let monday = waiting(&json!({"calendar": {"weekdays": ["monday"], "at": "09:00"}}));
    assert_snapshot!(story(&[monday], r#"
        set {"time_zone": "Europe/Berlin"}
        @33h event signup
        @6d set {"time_zone": "America/New_York"}
    "#), @r"
    33h waiting: trigger said enter: because
    33h waiting: entered as e1
    33h waiting: at rest
    33h waiting: rest goes by Europe/Berlin (contact)
    33h waiting: rest waits until 200h
    6d waiting: rest goes by America/New_York (contact)
    6d waiting: rest waits until 205h
    ");
    let birthday = json!({"attribute": "born", "yearly": true});
    assert_snapshot!(story(&[waiting(&json!({"until": birthday}))], r#"
        set {"time_zone": "America/New_York", "born": "1990-03-03"}
        event signup
        @55h set {"time_zone": "Asia/Seoul"}
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by America/New_York (contact)
    0s waiting: rest waits until 62h
    55h waiting: rest goes by Asia/Seoul (contact)
    55h waiting: rest waits until 55h
    55h waiting: at note
    55h waiting: note queued
    ");
    let next = json!({"attribute": "ends", "past": "next"});
    assert_snapshot!(story(&[waiting(&json!({"until": next}))], r#"
        set {"ends": "2026-03-20"}
        event signup
        @5d set {"ends": "2026-03-03"}
        @6d set {"time_zone": "Asia/Seoul"}
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    5d waiting: rest goes by UTC (utc)
    5d waiting: rest waits until 8817h
    6d waiting: rest goes by Asia/Seoul (contact)
    6d waiting: rest waits until 367d
    ");
}

#[test]
fn a_date_that_is_removed_changes_nothing() {
    let date = json!({"attribute": "ends", "missing": "go_on"});
    assert_snapshot!(story(&[waiting(&json!({"until": date}))], r#"
        set {"ends": "2026-03-20"}
        event signup
        @1d set {"ends": null}
        @2d set {"ends": "soon"}
        @3d set {"time_zone": "Asia/Seoul"}
    "#), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    ");
}

#[test]
fn a_date_that_turns_out_to_be_over_takes_effect_at_once() {
    let date = |past: &str| waiting(&json!({"until": {"attribute": "ends", "past": past}}));
    let told = |past| {
        story(
            &[date(past)],
            r#"
        set {"ends": "2026-03-20"}
        event signup
        @1d set {"ends": "2026-02-20"}
        @2d
    "#,
        )
    };
    assert_snapshot!(told("exit"), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    1d waiting: exited: date_passed
    ");
    // So does one that lies behind the begin of the wait by now.
    let since = |past| {
        story(
            &[date(past)],
            r#"
        set {"ends": "2026-03-20"}
        event signup
        @5d set {"ends": "2026-03-03"}
        @6d
    "#,
        )
    };
    assert_snapshot!(since("exit"), @"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    5d waiting: exited: date_passed
    ");
    assert_snapshot!(since("next"), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    5d waiting: rest goes by UTC (utc)
    5d waiting: rest waits until 8817h
    ");
    assert_snapshot!(since("go_on"), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    5d waiting: rest goes by UTC (utc)
    5d waiting: rest waits until 5d
    5d waiting: at note
    5d waiting: note queued
    ");
    assert_snapshot!(told("go_on"), @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 465h
    1d waiting: rest goes by UTC (utc)
    1d waiting: rest waits until 1d
    1d waiting: at note
    1d waiting: note queued
    ");
}

/// Winds past what is due without firing it, as a server does that was down.
fn late(world: &mut World, by: &str) {
    world.now = world.now.plus(Span::parse(by).unwrap());
}

#[test]
fn a_wait_that_is_due_is_late_by_as_much_whatever_changes_before_its_timer() {
    let mut world = World::new(&[waiting(&json!({"calendar": {"days": 1, "at": "09:00"}}))]);
    world.play("start waiting\n event signup");
    late(&mut world, "3d");
    world.play("set {\"name\": \"Ada\"}\n set {\"time_zone\": \"Asia/Tokyo\"}");
    let now = world.now;
    world.wind(now, true);
    world.play("send");
    assert_snapshot!(world.out, @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at rest
    0s waiting: rest goes by UTC (utc)
    0s waiting: rest waits until 33h
    3d waiting: at note
    3d waiting: note queued
    3d no go for attempt 1: late
    3d waiting: note skipped: late
    3d waiting: completed
    ");
}

#[test]
fn a_step_behind_a_wait_does_not_arm_it_again() {
    let steps = json!([
        {"id": "morning", "wait": {"calendar": {"days": 1, "at": "09:00"}}},
        {"id": "tag", "update": {"add_tags": ["early"], "set": {"time_zone": {"value": "Asia/Tokyo"}}}},
        {"id": "next", "wait": {"calendar": {"days": 1, "at": "09:00"}}},
        {"id": "zone", "update": {"set": {"time_zone": {"value": "UTC"}}}},
        {"id": "last", "wait": {"for": "1h"}},
    ]);
    let jumps = json!([{"on": {"event": "order_completed"}, "goto": "zone"}]);
    let mut world = World::new(&[with(
        workflow("waiting", on("signup"), steps),
        "jumps",
        jumps,
    )]);
    world.play("start waiting\n event signup");
    late(&mut world, "3d");
    let now = world.now;
    world.wind(now, true);
    world.play("event order_completed");
    assert_snapshot!(world.out, @r"
    0s waiting: trigger said enter: because
    0s waiting: entered as e1
    0s waiting: at morning
    0s waiting: morning goes by UTC (utc)
    0s waiting: morning waits until 33h
    3d waiting: at tag
    3d waiting: tag updated time_zone +early
    3d waiting: at next
    3d waiting: next goes by Asia/Tokyo (contact)
    3d waiting: next waits until 4d
    3d waiting: jumped from next to zone by order_completed
    3d waiting: at zone
    3d waiting: zone updated time_zone
    3d waiting: at last
    3d waiting: last waits until 73h
    ");
}

#[test]
fn the_zone_of_the_server_is_that_of_contacts_and_workflows_without_one() {
    let calendar = waiting(&json!({"calendar": {"days": 1, "at": "09:00"}}));
    let in_berlin = with(calendar.clone(), "zone", json!("Europe/Berlin"));
    let in_berlin = with(in_berlin, "id", json!("berlin"));
    let told = story(
        &[calendar, in_berlin],
        r#"
        settings {"zone": "Asia/Seoul"}
        event signup
    "#,
    );
    let lines = told.lines().filter(|line| line.contains("rest "));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    0s berlin: rest goes by Europe/Berlin (workflow)
    0s berlin: rest waits until 32h
    0s waiting: rest goes by Asia/Seoul (server)
    0s waiting: rest waits until 1d
    ");
}

#[test]
fn what_a_window_holds_goes_by_the_zone_that_the_contact_is_in() {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let window = json!({"from": "09:00", "to": "10:00"});
    let note = with(
        workflow("note", on("signup"), steps.clone()),
        "window",
        window,
    );
    let told = |note: &Json, zone: &str, rest: &str| {
        let new_york = r#"set {"time_zone": "America/New_York"}"#;
        let lines = format!("{new_york}\n @3h event signup\n @4h {zone}\n {rest}");
        let told = story(std::slice::from_ref(note), &lines);
        let wanted = ["zone", "goes by", "held", "sent", "skipped"];
        let lines = told.lines();
        let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
        lines.collect::<Vec<_>>().join("\n")
    };
    // Its window opens there earlier, is open there at once, or opens later.
    let zone = |name: &str| format!(r#"set {{"time_zone": "{name}"}}"#);
    assert_snapshot!(told(&note, &zone("Europe/Berlin"), "@8h send"), @r"
    3h note: note goes by America/New_York (contact)
    3h note: note held until 14h: window
    4h note: note goes by Europe/Berlin (contact)
    4h note: note held until 8h: window
    8h note: note sent
    ");
    assert_snapshot!(told(&note, &zone("Asia/Karachi"), "send"), @r"
    3h note: note goes by America/New_York (contact)
    3h note: note held until 14h: window
    4h note: note sent
    ");
    assert_snapshot!(told(&note, &zone("Pacific/Honolulu"), "@14h send\n @19h send"), @r"
    3h note: note goes by America/New_York (contact)
    3h note: note held until 14h: window
    14h note: note goes by Pacific/Honolulu (contact)
    14h note: note held until 19h: window
    19h note: note sent
    ");
    // What a personalizer put off goes when it said.
    let later = json!({"plugin": "values", "config": {"send_in": "18h"}});
    let steps = json!([{"id": "note", "send": {"template": "hello", "personalizer": later}}]);
    let wide = with(
        workflow("note", on("signup"), steps),
        "window",
        json!({"from": "01:00", "to": "23:00"}),
    );
    assert_snapshot!(told(&wide, &zone("Europe/Berlin"), "send\n @21h send"), @"21h note: note sent");
}
