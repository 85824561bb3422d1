//! Exits by segment, inside a wait and at the claim; and triggers that are asked again in the grace.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use signalbox_model::workflow::Edit;

use crate::{
    harness::{World, story},
    rules::{has, later_than, on, with, workflow},
};

/// A message now and one a day later, for whoever is not `gone`.
fn note(segment: &Json) -> Json {
    let steps = json!([
        {"id": "note", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "more", "send": {"template": "hello"}},
    ]);
    let exits = json!([{"segment": segment, "reason": "gone"}]);
    with(workflow("note", on("signup"), steps), "exits", exits)
}

fn told(workflow: Json, lines: &str) -> String {
    let told = story(&[workflow], lines);
    let wanted = [
        "exits/", "exited", "go for", "sent", "skipped", "held", "entered", "trigger", "post",
    ];
    let lines = told
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_segment_ends_the_journey_inside_a_wait_once_the_contact_is_in_it() {
    assert_snapshot!(told(note(&has("gone")), r#"
        event signup {"key": "a"}
        send
        @1h set {"other": 1}
        @2h set {"gone": true}
        @2d send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said out: because_not
    0s go for attempt 1
    0s note: note sent
    2h note: exits/0 said in: because
    2h note: exited: gone
    ");
}

#[test]
fn a_segment_is_asked_once_more_when_a_message_is_claimed() {
    let seen = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": "left", "within": "1h"}}}, "type": "instant"}],
    }});
    assert_snapshot!(told(note(&seen), r#"
        event signup {"key": "a"}
        event left history
        send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said in: because
    0s no go for attempt 1: exit
    0s note: note skipped: exit
    0s note: exited: gone
    ");
}

#[test]
fn a_failing_exit_goes_by_its_policy() {
    for policy in ["default", "hold", "pause"] {
        let segment = with(has("gone"), "on_failure", json!(policy));
        let lines = "event signup {\"key\": \"a\"}\n break has\n send\n @6m mend has\n send";
        let out = told(note(&segment), lines);
        match policy {
            "default" => assert!(out.contains("0s note: note sent"), "{out}"),
            "hold" => assert!(out.contains("6m note: note sent"), "{out}"),
            _ => assert!(out.contains("post PauseWorkflow"), "{out}"),
        }
    }
}

#[test]
fn a_no_is_asked_again_in_the_grace_when_attributes_change() {
    let known = json!({"plugin": "known", "config": {
        "on": [{"event": {"event": "signup"}}],
        "inputs": [{"name": "it", "source": {"attribute": "company"}, "type": "text"}],
    }});
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let patient = with(workflow("patient", known, steps), "grace", json!("2h"));
    assert_snapshot!(told(patient.clone(), r#"
        event signup
        @1h set {"other": 1}
        @90m set {"company": "Acme"}
        @100m set {"company": "Other"}
    "#), @r"
    0s patient: trigger said no: because_not (counted)
    1h patient: trigger said no: because_not (counted)
    90m patient: trigger said enter: because
    90m patient: entered as e1
    ");
    assert_snapshot!(told(patient, r#"
        event signup
        pause patient
        @1h set {"company": "Acme"}
        resume patient
        set {"company": null}
        @2h set {"company": "Acme"}
    "#), @r"
    0s patient: trigger said no: because_not (counted)
    1h patient: trigger said no: because_not (counted)
    2h patient: trigger said enter: because
    2h patient: entered as e1
    ");
}

#[test]
fn an_exit_that_says_no_is_only_counted_where_no_message_waits_for_it() {
    let really =
        json!({"event": "left", "where": [{"field": "really", "operator": "eq", "value": true}]});
    let segment = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": really}}, "type": "instant"}],
    }});
    assert_snapshot!(told(note(&segment), r#"
        event signup {"key": "a"}
        send
        @1h event left
        @2h event left {"really": true}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said out: because_not
    0s go for attempt 1
    0s note: note sent
    1h note: exits/0 said out: because_not (counted)
    2h note: exits/0 said in: because
    2h note: exited: gone
    ");
}

#[test]
fn a_reply_ends_the_journey_where_the_workflow_says_so() {
    let exits = json!([{"on": {"event": "message_replied"}, "reason": "replied"}]);
    assert_snapshot!(told(with(note(&has("gone")), "exits", exits), r#"
        event signup {"key": "a"}
        send
        @1h event message_replied
        @2d send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s go for attempt 1
    0s note: note sent
    1h note: exited: replied
    ");
}

#[test]
fn nobody_is_asked_when_the_grace_is_over() {
    let known = json!({"plugin": "known", "config": {
        "on": [{"event": {"event": "signup"}}],
        "inputs": [{"name": "it", "source": {"attribute": "company"}, "type": "text"}],
    }});
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let patient = with(workflow("patient", known, steps), "grace", json!("2h"));
    assert_snapshot!(told(patient, r#"
        event signup
        @121m set {"company": "Acme"}
    "#), @"0s patient: trigger said no: because_not (counted)");
}

/// A segment of those whose history has the event.
fn did(event: &str) -> Json {
    json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": event}}}, "type": "instant"}],
    }})
}

/// All that happens in the workflow `note` from an hour on.
fn later_on(workflows: &[Json], lines: &str) -> String {
    let told = story(workflows, lines);
    let lines = told
        .lines()
        .filter(|line| !line.starts_with("0s") && line.contains(" note:"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_event_ends_the_journey_by_a_segment_before_it_wakes_or_moves_it() {
    let steps = json!([
        {"id": "rest", "wait_for": {"arms": [{"on": {"event": "order"}}], "timeout": "10d"}},
        {"id": "tell", "webhook": {"url": "https://crm.example/x"}},
        {"id": "last", "exit": {"reason": "by_step"}},
    ]);
    let exits = json!([{"segment": did("order"), "reason": "is_buyer"}]);
    let note = with(workflow("note", on("signup"), steps), "exits", exits);
    let jumping = with(
        note.clone(),
        "jumps",
        json!([{"on": {"event": "order"}, "goto": "tell"}]),
    );
    let told = |note| later_on(&[note], "event signup\n @1h event order");
    assert_snapshot!(told(note), @r"
    1h note: exits/0 said in: because
    1h note: exited: is_buyer
    ");
    assert_snapshot!(told(jumping), @r"
    1h note: exits/0 said in: because
    1h note: exited: is_buyer
    ");
}

#[test]
fn an_event_moves_the_journey_once_its_exits_have_let_it_stay() {
    let steps = json!([
        {"id": "rest", "wait_for": {"arms": [{"on": {"event": "order"}}], "timeout": "10d"}},
        {"id": "tell", "webhook": {"url": "https://crm.example/x"}},
    ]);
    let twice = json!({"event": "order", "where": [{"field": "n", "operator": "eq", "value": 2}]});
    let twice = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": twice}}, "type": "instant"}],
    }});
    let exits = json!([{"segment": twice, "reason": "is_buyer"}]);
    let note = with(workflow("note", on("signup"), steps), "exits", exits);
    // The event that leads the journey to its end begins the next one.
    let again = with(
        note,
        "trigger",
        json!({"plugin": "event", "config": {
            "on": [{"event": {"event": "signup"}}, {"event": {"event": "order"}}],
            "inputs": [{"name": "key", "source": {"event_field": "key"}, "type": "text"}],
        }}),
    );
    assert_snapshot!(later_on(&[again], "event signup\n @1h event order"), @r"
    1h note: exits/0 said out: because_not (counted)
    1h note: rest took arm 0
    1h note: at tell
    1h note: tell calls
    1h note: completed
    1h note: trigger said enter: because
    1h note: entered as e2
    1h note: at rest
    1h note: rest waits until 241h
    ");
}

#[test]
fn a_message_that_makes_a_member_of_the_exit_is_the_last_thing_of_the_journey() {
    let steps = json!([
        {"id": "hello", "send": {"template": "hello"}},
        {"id": "tell", "webhook": {"url": "https://crm.example/x"}},
    ]);
    let exits = json!([{"segment": did("message_sent"), "reason": "has_mail"}]);
    let note = with(workflow("note", on("signup"), steps), "exits", exits);
    assert_snapshot!(later_on(&[note], "event signup\n @1h send"), @r"
    1h note: exits/0 said out: because_not
    1h note: hello sent
    1h note: exits/0 said in: because
    1h note: exited: has_mail
    ");
}

/// A segment of those for whom a value is kept.
fn kept(name: &str) -> Json {
    json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"kept": name}, "type": "any"}],
    }})
}

/// A workflow that begins with the event and does but that.
fn updater(id: &str, event: &str, update: &Json) -> Json {
    let steps = json!([{"id": "change", "update": update}]);
    workflow(id, on(event), steps)
}

#[test]
fn a_step_of_another_workflow_makes_a_member_inside_a_wait() {
    let steps = json!([
        {"id": "rest", "wait": {"for": "10d"}},
        {"id": "tell", "webhook": {"url": "https://crm.example/x"}},
    ]);
    let waiting = |segment: Json| {
        let exits = json!([{"segment": segment, "reason": "gone"}]);
        with(
            workflow("note", on("signup"), steps.clone()),
            "exits",
            exits,
        )
    };
    let lines = "event signup\n @1h event upgraded\n @12d";
    let tags = updater("tagger", "upgraded", &json!({"add_tags": ["vip"]}));
    assert_snapshot!(later_on(&[waiting(has("tags")), tags], lines), @r"
    1h note: exits/0 said in: because
    1h note: exited: gone
    ");
    let keeps = updater(
        "keeper",
        "upgraded",
        &json!({"keep": {"score": {"value": 9}}}),
    );
    assert_snapshot!(later_on(&[waiting(kept("score")), keeps], lines), @r"
    1h note: exits/0 said in: because
    1h note: exited: gone
    ");
    let other = updater(
        "other",
        "upgraded",
        &json!({"set": {"other": {"value": 9}}}),
    );
    assert_snapshot!(later_on(&[waiting(has("tags")), other], lines), @r"
    10d note: at tell
    10d note: tell calls
    10d note: completed
    ");
}

#[test]
fn a_step_of_its_own_makes_a_member_before_the_next_one() {
    let steps = json!([
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "change", "update": {"keep": {"score": {"value": 9}}, "set": {"level": {"value": "gold"}}}},
        {"id": "tell", "webhook": {"url": "https://crm.example/x"}},
    ]);
    let told = |segment: Json| {
        let exits = json!([{"segment": segment, "reason": "gone"}]);
        let note = with(
            workflow("note", on("signup"), steps.clone()),
            "exits",
            exits,
        );
        later_on(&[note], "event signup\n @2d")
    };
    assert_snapshot!(told(kept("score")), @r"
    1d note: at change
    1d note: change updated level kept.score
    1d note: exits/0 said in: because
    1d note: exited: gone
    ");
    assert_snapshot!(told(has("level")), @r"
    1d note: at change
    1d note: change updated level kept.score
    1d note: exits/0 said in: because
    1d note: exited: gone
    ");
    // Asked, and lets it stay.
    let both = json!({"plugin": "has", "config": {"inputs": [
        {"name": "it", "source": {"attribute": "never"}, "type": "any"},
        {"name": "level", "source": {"attribute": "level"}, "type": "any"},
    ]}});
    assert_snapshot!(told(both), @r"
    1d note: at change
    1d note: change updated level kept.score
    1d note: exits/0 said out: because_not (counted)
    1d note: at tell
    1d note: tell calls
    1d note: completed
    ");
}

#[test]
fn a_step_that_changes_what_its_exit_reads_again_and_again_comes_to_the_loop_guard() {
    let steps: Vec<Json> = (0..100)
        .map(|n| json!({"id": format!("s{n}"), "update": {"set": {"count": {"plus": 1}}}}))
        .collect();
    let both = json!({"plugin": "has", "config": {"inputs": [
        {"name": "it", "source": {"attribute": "never"}, "type": "any"},
        {"name": "count", "source": {"attribute": "count"}, "type": "any"},
    ]}});
    let exits = json!([{"segment": both, "reason": "gone"}]);
    let note = |steps: &[Json]| {
        let note = workflow("note", on("signup"), json!(steps));
        with(note, "exits", exits.clone())
    };
    let told = story(&[note(&steps[..29])], "event signup");
    assert!(told.ends_with("0s note: completed\n"), "{told}");
    let mut world = World::new(&[]);
    let endless = serde_json::from_value(note(&steps)).unwrap();
    world.put_unchecked(&endless, None, Edit::Pin);
    world.play("start note\n event signup");
    let told = world.out;
    let last = told.lines().last().unwrap_or_default();
    assert_snapshot!(last, @"0s note: exited: loop_guard");
    assert_eq!(told.matches("updated count").count(), 32, "{told}");
}

#[test]
fn a_no_is_asked_again_in_the_grace_when_a_step_changes_attributes() {
    let known = json!({"plugin": "known", "config": {
        "on": [{"event": {"event": "signup"}}],
        "inputs": [{"name": "it", "source": {"attribute": "birthday"}, "type": "text"}],
    }});
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let note = with(workflow("note", known, steps), "grace", json!("2h"));
    let setter = updater(
        "setter",
        "form",
        &json!({"set": {"birthday": {"event": "birthday"}}}),
    );
    assert_snapshot!(later_on(&[note, setter], r#"
        event signup
        @30m event form
        @1h event form {"birthday": "1990-06-01"}
    "#), @r"
    1h note: trigger said enter: because
    1h note: entered as e1
    1h note: at rest
    1h note: rest waits until 25h
    ");
}

#[test]
fn what_the_grace_lets_in_may_change_what_others_were_asked_about() {
    // Each enters with what the one before it sets, and none of them twice.
    let one = |n: u32| {
        let known = json!({"plugin": "known", "config": {
            "on": [{"event": {"event": "signup"}}],
            "inputs": [{"name": "it", "source": {"attribute": format!("a{n}")}, "type": "any"}],
        }});
        let next = format!("a{}", (n + 1) % 40);
        let steps = json!([{"id": "change", "update": {"set": {next: {"plus": 1}}}}]);
        let one = with(
            workflow(&format!("w{n}"), known, steps),
            "grace",
            json!("2h"),
        );
        with(one, "entry", json!("every"))
    };
    let all: Vec<Json> = (0..40).map(one).collect();
    let told = story(&all, "event signup\n @1h set {\"a0\": 1}");
    assert_eq!(told.matches("entered as").count(), 32, "{told}");
    let told = story(
        &all,
        "event signup\n @1h set {\"a0\": 1}\n set {\"other\": 1}\n set {\"other\": 2}",
    );
    assert_eq!(told.matches("entered as").count(), 40, "{told}");
}

#[test]
fn an_event_from_before_the_journey_began_neither_ends_nor_wakes_nor_moves_it() {
    let rest = json!([{"id": "rest", "wait": {"for": "20d"}}]);
    let exits = json!([{"on": {"event": "order"}, "reason": "bought"}]);
    let ends = with(workflow("note", on("signup"), rest), "exits", exits.clone());
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "20d", "arms": [{"on": {"event": "order"}}]}},
        {"id": "last", "exit": {}},
    ]);
    let wakes = workflow("note", on("signup"), steps);
    let jumps = json!([{"on": {"event": "order"}, "goto": "last"}]);
    let moves = with(wakes.clone(), "jumps", jumps);
    let goal = json!({"on": {"event": "order"}, "within": "7d", "exit": true});
    let reaches = with(with(ends.clone(), "exits", json!([])), "goal", goal);
    let told = |note: &Json, order: &str| {
        let lines = format!("event signup\n @1d event order age={order}\n @3d event order age=2d");
        let told = later_on(std::slice::from_ref(note), &lines);
        told.lines().next().unwrap_or_default().to_owned()
    };
    let before = ["60d", "25h", "1446m"];
    let inside = ["0s", "20h", "1444m"];
    for (note, how) in [
        (&ends, "note: exited: bought"),
        (&wakes, "note: rest took arm 0"),
        (&moves, "note: jumped from rest to last by order"),
        (&reaches, "note: exited: goal_reached"),
    ] {
        for order in before {
            assert_eq!(told(note, order), format!("3d {how}"), "{order}");
        }
        for order in inside {
            assert_eq!(told(note, order), format!("1d {how}"), "{order}");
        }
    }
    // What its trigger waited for began it.
    let cart = with(
        workflow(
            "note",
            later_than("cart", "3h", "never"),
            json!([{"id": "rest", "wait": {"for": "20d"}}]),
        ),
        "exits",
        exits,
    );
    let told = |age: &str| {
        let lines = format!("event cart {{\"key\": \"k\"}}\n @4h event order age={age}");
        later_on(std::slice::from_ref(&cart), &lines).contains("bought")
    };
    assert!(told("2h"), "after the cart");
    assert!(!told("5h"), "before the cart");
}

#[test]
fn what_always_ends_a_journey_does_whenever_it_occurred() {
    let rest = json!([{"id": "rest", "wait": {"for": "20d"}}]);
    let note = workflow("note", on("signup"), rest);
    assert_snapshot!(
        later_on(&[note], "event signup\n @1h event contact_unsubscribed age=60d"),
        @"1h note: exited: unsubscribed"
    );
}

#[test]
fn a_message_does_not_go_whose_journey_leaves_while_its_claim_is_asked_about() {
    let send = json!([{"id": "note", "send": {"template": "hello"}}]);
    let exits = json!([{"segment": has("gone"), "reason": "gone"}]);
    let note = with(workflow("note", on("signup"), send), "exits", exits);
    let rest = json!({"id": "rest", "wait": {"for": "9d"}});
    let mark = json!({"id": "mark", "update": {"set": {"gone": {"value": true}}}});
    let last = json!({"id": "last", "wait": {"for": "1d"}});
    let course = |steps| workflow("course", on("signup"), steps);
    let before = course(json!([rest, mark, last]));
    let mut world = World::new(&[note, before]);
    world.play("start note\n start course\n event signup {\"key\": \"a\"}\n pause course");
    let after = course(json!([mark, last]));
    world.put_as(&after, Some(1), Edit::Migrate);
    // The other journey moves by the claim itself, and makes a member of the exit then.
    world.resume_unseen("course");
    world.out.clear();
    world.play("send");
    assert_snapshot!(world.out, @r"
    0s course: moved from version 1, its step is gone
    0s course: at mark
    0s course: mark updated gone
    0s course: at last
    0s course: last waits until 1d
    0s note: exits/0 said in: because
    0s note: note skipped: exit
    0s note: exited: gone
    0s no go for attempt 1: exit
    ");
}
