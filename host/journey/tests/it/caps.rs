//! What frequency caps count, however much else there is to remember of a contact.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::World,
    rules::{on, with, workflow},
};

/// A message on every event of that name.
fn note(id: &str, event: &str, send: &Json) -> Json {
    let steps = json!([{"id": "note", "send": send}]);
    with(workflow(id, on(event), steps), "entry", json!("every"))
}

fn plain() -> Json {
    json!({"template": "hello"})
}

fn started(workflows: &[Json], settings: &str) -> World {
    let mut world = World::new(workflows);
    world.play(&format!("settings {settings}"));
    for workflow in workflows {
        let id = workflow["id"].as_str().unwrap();
        world.play(&format!("start {id}"));
    }
    world
}

/// So many events of that name, with what they send; how many messages went out.
fn sent(world: &mut World, event: &str, count: usize) -> usize {
    world.out.clear();
    let mut lines = String::new();
    for _ in 0..count {
        writeln!(lines, "event {event}\n send").unwrap();
    }
    world.play(&lines);
    world.out.matches("note sent").count()
}

#[test]
fn a_cap_by_tag_counts_what_a_deleted_workflow_sent() {
    let tagged = |tag: &str| json!({"template": "hello", "tags": [tag]});
    let caps = r#"{"caps": [{"tag": "promo", "count": 1, "per": {"last": "7d"}}]}"#;
    for (tag, expected) in [("promo", 0), ("news", 1)] {
        let workflows = [
            note("one", "issue", &tagged(tag)),
            note("two", "offer", &tagged("promo")),
        ];
        let mut world = started(&workflows, caps);
        assert_eq!(sent(&mut world, "issue", 1), 1);
        world.play("end one\n delete one");
        assert_eq!(sent(&mut world, "offer", 1), expected);
        // Nor does one of the same name that comes behind it.
        world.put(&note("one", "issue", &plain()), None);
        world.play("start one");
        assert_eq!(sent(&mut world, "offer", 1), 0);
    }
}

#[test]
fn a_cap_holds_whatever_else_is_sent_meanwhile() {
    let order = json!({"template": "hello", "class": "transactional"});
    let workflows = [
        note("news", "issue", &plain()),
        note("order", "bought", &order),
    ];
    let caps = r#"{"caps": [{"count": 2, "per": {"last": "30d"}}]}"#;
    let mut world = started(&workflows, caps);
    assert_eq!(sent(&mut world, "issue", 3), 2);
    world.play("@1d");
    assert_eq!(sent(&mut world, "bought", 40), 40);
    world.play("@2d");
    assert_eq!(sent(&mut world, "issue", 3), 0);
    world.play("@30d");
    assert_eq!(sent(&mut world, "issue", 3), 2);
}

#[test]
fn a_message_that_converts_is_remembered_longer_than_one_that_cannot() {
    let goal = json!({"on": {"event": "paid"}, "within": "30d"});
    let news = with(note("news", "issue", &plain()), "goal", goal);
    let mut world = started(&[news, note("other", "bought", &plain())], "{}");
    assert_eq!(sent(&mut world, "issue", 1), 1);
    world.play("@1d");
    assert_eq!(sent(&mut world, "bought", 40), 40);
    world.out.clear();
    world.play("event paid");
    assert_snapshot!(world.out, @"1d news: note converted by e42: first credited worth 0");
}

/// Three workflows with caps of their own, which together count more than is remembered of a contact.
fn crowded(at_cap: &str) -> World {
    let tagged = |tag: &str| json!({"template": "hello", "tags": [tag]});
    let workflows = ["a", "b", "c"].map(|id| note(id, id, &tagged(id)));
    let cap =
        |tag: &str| json!({"tag": tag, "count": 15, "per": {"last": "30d"}, "at_cap": at_cap});
    let settings = json!({"caps": [cap("a"), cap("b"), cap("c")]});
    started(&workflows, &settings.to_string())
}

#[test]
fn where_caps_count_more_than_is_remembered_they_are_full_and_not_open() {
    let mut world = crowded("skip");
    assert_eq!(sent(&mut world, "a", 16), 15);
    world.play("@1d");
    assert_eq!(sent(&mut world, "b", 16), 15);
    assert_eq!(sent(&mut world, "c", 16), 2);
    assert_eq!(world.out.matches("skipped: frequency_cap").count(), 14);
    assert_eq!(sent(&mut world, "a", 1) + sent(&mut world, "b", 1), 0);
    // The messages of the first day are not counted any more.
    world.play("@30d");
    assert_eq!(sent(&mut world, "c", 16), 13);
    assert_eq!(sent(&mut world, "b", 1), 0);

    let mut world = crowded("defer");
    assert_eq!(sent(&mut world, "a", 15), 15);
    world.play("@1d");
    assert_eq!(sent(&mut world, "b", 15) + sent(&mut world, "c", 2), 17);
    assert_eq!(sent(&mut world, "c", 1), 0);
    assert_snapshot!(world.out, @r"
    1d seal chunk 1 of 32
    1d c: trigger said enter: because
    1d c: entered as e33
    1d c: at note
    1d c: note queued
    1d no go for attempt 1: frequency_cap
    1d c: note held until 30d: frequency_cap
    ");
    world.out.clear();
    world.play("@30d send");
    assert_snapshot!(world.out, @r"
    30d go for attempt 1
    30d c: note sent
    30d c: completed
    ");
}
