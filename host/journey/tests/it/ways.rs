//! Steps that need no clock of their own: splits, updates, jumps, waits for events, and the way back.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::id::ContactId;

use crate::{
    harness::{World, story},
    rules::{has, on, with, workflow},
};

/// After a cart was left: three reminders, and a tag for whoever buys after the second.
fn cart() -> Json {
    workflow(
        "cart",
        on("cart_left"),
        json!([
            {"id": "first", "send": {"template": "hello"}},
            {"id": "bought", "wait_for": {"timeout": "24h", "otherwise": "second", "arms": [
                {"on": {"event": "order_completed", "where": [{"field": "value", "operator": "gte", "value": 10}]}, "goto": "done"},
                {"on": {"event": "order_completed"}, "goto": "small"},
            ]}},
            {"id": "second", "send": {"template": "hello"}},
            {"id": "deal", "wait_for": {"timeout": "48h", "otherwise": "third", "arms": [{"on": {"event": "order_completed"}}]}},
            {"id": "tag", "update": {"add_tags": ["deal_responder"], "set": {"deals": {"plus": 1}}}, "next": "done"},
            {"id": "third", "send": {"template": "hello"}},
            {"id": "done", "exit": {"reason": "bought"}},
            {"id": "small", "exit": {"reason": "bought_little"}},
        ]),
    )
}

#[test]
fn an_event_ends_the_wait_for_it() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_left {"key": "a"}
        send
        @1h event order_completed {"value": 9}
        event cart_left {"key": "b"}
        send
        event order_shipped
        @2h event order_completed {"value": 10}
    "#), @r"
    0s cart: trigger said enter: because
    0s cart: entered as a
    0s cart: at first
    0s cart: first queued
    0s go for attempt 1
    0s cart: first sent
    0s cart: at bought
    0s cart: bought waits until 1d
    1h cart: bought took arm 1
    1h cart: at small
    1h cart: exited: bought_little
    1h cart: trigger said enter: because
    1h cart: entered as b
    1h cart: at first
    1h cart: first queued
    1h go for attempt 1
    1h cart: first sent
    1h cart: at bought
    1h cart: bought waits until 25h
    2h cart: bought took arm 0
    2h cart: at done
    2h cart: exited: bought
    ");
}

#[test]
fn a_wait_for_an_event_ends_by_its_time_as_well() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_left {"key": "a"}
        send
        @25h send
        event order_completed {"value": 1}
        set {"deals": 4}
        event cart_left {"key": "b"}
        send
        @50h send
        event order_completed {"value": 1}
        event cart_left {"key": "c"}
        send
        @75h send
        @124h send
    "#), @r"
    0s cart: trigger said enter: because
    0s cart: entered as a
    0s cart: at first
    0s cart: first queued
    0s go for attempt 1
    0s cart: first sent
    0s cart: at bought
    0s cart: bought waits until 1d
    1d cart: bought took the default arm
    1d cart: at second
    1d cart: second queued
    25h go for attempt 1
    25h cart: second sent
    25h cart: at deal
    25h cart: deal waits until 73h
    25h cart: deal took arm 0
    25h cart: at tag
    25h cart: tag updated deals +deal_responder
    25h cart: at done
    25h cart: exited: bought
    25h cart: trigger said enter: because
    25h cart: entered as b
    25h cart: at first
    25h cart: first queued
    25h go for attempt 1
    25h cart: first sent
    25h cart: at bought
    25h cart: bought waits until 49h
    49h cart: bought took the default arm
    49h cart: at second
    49h cart: second queued
    50h go for attempt 1
    50h cart: second sent
    50h cart: at deal
    50h cart: deal waits until 98h
    50h cart: deal took arm 0
    50h cart: at tag
    50h cart: tag updated deals
    50h cart: at done
    50h cart: exited: bought
    50h cart: trigger said enter: because
    50h cart: entered as c
    50h cart: at first
    50h cart: first queued
    50h go for attempt 1
    50h cart: first sent
    50h cart: at bought
    50h cart: bought waits until 74h
    74h cart: bought took the default arm
    74h cart: at second
    74h cart: second queued
    75h go for attempt 1
    75h cart: second sent
    75h cart: at deal
    75h cart: deal waits until 123h
    123h cart: deal took the default arm
    123h cart: at third
    123h cart: third queued
    124h go for attempt 1
    124h cart: third sent
    124h cart: at done
    124h cart: exited: bought
    ");
}

#[test]
fn a_pause_does_not_stop_the_listening() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_left {"key": "a"}
        send
        @1h pause cart
        event order_completed {"value": 10}
    "#), @r"
    0s cart: trigger said enter: because
    0s cart: entered as a
    0s cart: at first
    0s cart: first queued
    0s go for attempt 1
    0s cart: first sent
    0s cart: at bought
    0s cart: bought waits until 1d
    1h cart: bought took arm 0
    1h cart: at done
    1h cart: exited: bought
    ");
}

fn letters() -> Json {
    let letters = workflow(
        "letters",
        on("signup"),
        json!([
            {"id": "one", "send": {"template": "hello"}},
            {"id": "rest", "wait": {"for": "1d"}},
            {"id": "two", "send": {"template": "hello"}},
            {"id": "more", "wait": {"for": "1d"}},
            {"id": "quotation", "send": {"template": "hello"}},
            {"id": "last", "wait": {"for": "1d"}},
        ]),
    );
    with(
        letters,
        "jumps",
        json!([{"on": {"event": "message_replied"}, "goto": "quotation"}]),
    )
}

#[test]
fn a_reply_moves_the_journey_and_tells_what_it_passed_over() {
    assert_snapshot!(story(&[letters()], r#"
        event signup {"key": "a"}
        send
        @1h event message_replied
        send
        event message_replied
        send
    "#), @r"
    0s letters: trigger said enter: because
    0s letters: entered as a
    0s letters: at one
    0s letters: one queued
    0s go for attempt 1
    0s letters: one sent
    0s letters: at rest
    0s letters: rest waits until 1d
    1h letters: jumped from rest to quotation by message_replied
    1h letters: two passed over
    1h letters: more passed over
    1h letters: at quotation
    1h letters: quotation queued
    1h go for attempt 1
    1h letters: quotation sent
    1h letters: at last
    1h letters: last waits until 25h
    ");
}

#[test]
fn a_jump_takes_back_what_is_queued_and_lets_arrive_what_is_under_way() {
    assert_snapshot!(story(&[letters()], r#"
        event signup {"key": "a"}
        event message_replied
        send
        @1h event signup {"key": "b"}
        @2d event signup {"key": "b2"}
        intent
        event message_replied
        outcome accepted
        send
    "#), @r"
    0s letters: trigger said enter: because
    0s letters: entered as a
    0s letters: at one
    0s letters: one queued
    0s letters: one skipped: jumped
    0s letters: jumped from one to quotation by message_replied
    0s letters: rest passed over
    0s letters: two passed over
    0s letters: more passed over
    0s letters: at quotation
    0s letters: quotation queued
    0s go for attempt 1
    0s letters: quotation sent
    0s letters: at last
    0s letters: last waits until 1d
    1h letters: trigger said enter: because
    1h letters: not entered: inside
    1d letters: completed
    2d letters: trigger said enter: because
    2d letters: entered as b2
    2d letters: at one
    2d letters: one queued
    2d go for attempt 1
    2d letters: jumped from one to quotation by message_replied
    2d letters: rest passed over
    2d letters: two passed over
    2d letters: more passed over
    2d letters: at quotation
    2d letters: quotation queued
    2d letters: one sent
    2d letters: quotation sent
    2d letters: at last
    2d letters: last waits until 3d
    ");
}

fn parted(weights: [u32; 3]) -> Json {
    workflow(
        "parted",
        on("signup"),
        json!([
            {"id": "lot", "split": {"experiment": "subject", "arms": [
                {"name": "plain", "weight": weights[0]},
                {"name": "shout", "weight": weights[1], "goto": "loud"},
                {"name": "none", "weight": weights[2], "holdout": true},
            ]}},
            {"id": "quiet", "send": {"template": "hello"}, "next": "receipt"},
            {"id": "loud", "send": {"template": "hello"}},
            {"id": "receipt", "send": {"template": "hello", "class": "transactional"}},
        ]),
    )
}

#[test]
fn an_arm_that_workflows_share_outlives_one_of_them() {
    let named = |id: &str, weights| {
        with(
            with(parted(weights), "id", json!(id)),
            "entry",
            json!("every"),
        )
    };
    let mut world = World::new(&[named("one", [10_000, 0, 0]), named("two", [10_000, 0, 0])]);
    world.play("start one\n start two\n event signup\n end one\n delete one");
    world.put(&named("one", [0, 10_000, 0]), None);
    world.play("@1d start one");
    world.out.clear();
    world.play("event signup");
    let arms = world.out.lines().filter(|line| line.contains("lot"));
    assert_snapshot!(arms.collect::<Vec<_>>().join("\n"), @r"
    1d one: at lot
    1d one: lot drew plain
    1d one: lot took arm 0
    1d two: at lot
    1d two: lot took arm 0
    ");
}

#[test]
fn everybody_gets_an_arm_and_a_holdout_gets_no_marketing() {
    let only = |weights| story(&[parted(weights)], "event signup\n send\n send");
    assert_snapshot!(only([10_000, 0, 0]), @r"
    0s parted: trigger said enter: because
    0s parted: entered as e1
    0s parted: at lot
    0s parted: lot drew plain
    0s parted: lot took arm 0
    0s parted: at quiet
    0s parted: quiet queued
    0s go for attempt 1
    0s parted: quiet sent
    0s parted: at receipt
    0s parted: receipt queued
    0s go for attempt 1
    0s parted: receipt sent
    0s parted: completed
    ");
    assert_snapshot!(only([0, 10_000, 0]), @r"
    0s parted: trigger said enter: because
    0s parted: entered as e1
    0s parted: at lot
    0s parted: lot drew shout
    0s parted: lot took arm 1
    0s parted: at loud
    0s parted: loud queued
    0s go for attempt 1
    0s parted: loud sent
    0s parted: at receipt
    0s parted: receipt queued
    0s go for attempt 1
    0s parted: receipt sent
    0s parted: completed
    ");
    assert_snapshot!(only([0, 0, 10_000]), @r"
    0s parted: trigger said enter: because
    0s parted: entered as e1
    0s parted: at lot
    0s parted: lot drew none
    0s parted: lot took arm 2
    0s parted: at quiet
    0s parted: quiet skipped: holdout
    0s parted: at receipt
    0s parted: receipt queued
    0s go for attempt 1
    0s parted: receipt sent
    0s parted: completed
    ");
}

#[test]
fn whoever_has_an_arm_keeps_it_when_weights_change() {
    let mut world = World::new(&[parted([10_000, 0, 0])]);
    world.play("start parted\n event signup\n send\n send\n pause parted");
    world.put(&parted([0, 10_000, 0]), Some(1));
    world.out.clear();
    world.play("resume parted\n event signup");
    assert!(world.out.contains("lot took arm 0"), "{}", world.out);
    // An arm that is gone is drawn anew.
    world.play("pause parted");
    let mut renamed = parted([0, 10_000, 0]);
    renamed["steps"][0]["split"]["arms"][0]["name"] = json!("another");
    world.put(&renamed, Some(2));
    world.out.clear();
    world.play("resume parted\n send\n send\n event signup");
    assert!(world.out.contains("lot took arm 1"), "{}", world.out);
}

#[test]
fn lots_fall_as_the_weights_say_and_the_same_in_every_workflow() {
    let mut counts = [0_u32; 3];
    for number in 0..2_000 {
        let arm = |workflow: Json| {
            let mut world = World::new(&[workflow]);
            world.state.contact.id = ContactId::parse(&format!("c{number}")).unwrap();
            world.play("start parted\n event signup");
            let (_, rest) = world.out.split_once("lot took arm ").expect("an arm");
            rest[..1].parse::<usize>().unwrap()
        };
        let first = arm(parted([5_000, 3_000, 2_000]));
        counts[first] += 1;
        if number % 100 == 0 {
            assert_eq!(first, arm(parted([5_000, 3_000, 2_000])));
        }
    }
    // Within four standard deviations.
    for (count, expected) in counts.into_iter().zip([1_000_u32, 600, 400]) {
        assert!(count.abs_diff(expected) < 90, "{counts:?}");
    }
}

#[test]
fn updates_see_what_was_before_and_tell_what_changed() {
    let steps = json!([
        {"id": "change", "update": {
            "set": {"stage": {"value": "customer"}, "last_order": {"event": "order"}, "orders": {"plus": 1},
                    "was": {"attribute": "stage"}, "gone": {"event": "no_such"}},
            "unset": ["cart", "nothing"],
            "add_tags": ["vip", "buyer"], "remove_tags": ["lead-2", "absent"],
            "keep": {"price": {"event": "value"}, "count": {"plus": 2}},
        }},
        {"id": "again", "update": {"set": {"price": {"kept": "price"}}, "keep": {"count": {"plus": 0.5}, "long": {"value": "x".repeat(2_000)}}}},
        {"id": "same", "update": {"add_tags": ["vip"]}},
        {"id": "rest", "wait": {"for": "1h"}},
    ]);
    let mut world = World::new(&[workflow("notes", on("order_completed"), steps)]);
    world.play(
        r#"
        set {"stage": "new", "cart": 3, "orders": 4, "tags": ["lead-2", "a"]}
        start notes
        event order_completed {"order": "o7", "value": 12.5}
    "#,
    );
    assert_snapshot!(world.out, @r"
    0s notes: trigger said enter: because
    0s notes: entered as e1
    0s notes: at change
    0s notes: change updated cart last_order orders stage was -lead-2 +buyer +vip kept.count kept.price
    0s notes: at again
    0s notes: again updated price kept.count
    0s notes: at same
    0s notes: at rest
    0s notes: rest waits until 1h
    ");
    let attributes: Vec<String> = world
        .state
        .contact
        .attributes
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_json()))
        .collect();
    assert_snapshot!(attributes.join(" "), @r#"email="ada@example.com" last_order="o7" orders=5 price=12.5 stage="customer" tags=["a","buyer","vip"] was="new""#);
}

#[test]
fn the_way_back_is_bounded() {
    let steps = json!([
        {"id": "rest", "wait": {"for": "1h"}},
        {"id": "back", "goto": {"step": "rest", "times_max": 2}},
        {"id": "over", "exit": {}},
    ]);
    assert_snapshot!(story(&[workflow("round", on("signup"), steps)], "event signup\n @9h"), @r"
    0s round: trigger said enter: because
    0s round: entered as e1
    0s round: at rest
    0s round: rest waits until 1h
    1h round: at back
    1h round: at rest
    1h round: rest waits until 2h
    2h round: at back
    2h round: at rest
    2h round: rest waits until 3h
    3h round: at back
    3h round: at over
    3h round: exited: exit_step
    ");
}

#[test]
fn an_entry_can_ask_for_time_since_the_last_one() {
    let note = workflow(
        "note",
        on("signup"),
        json!([{"id": "rest", "wait": {"for": "30d"}}]),
    );
    let note = with(note, "entry", json!({"after": "7d"}));
    assert_snapshot!(story(&[note], "event signup\n @6d event signup\n @7d event signup"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at rest
    0s note: rest waits until 30d
    6d note: trigger said enter: because
    6d note: not entered: entered_lately
    7d note: trigger said enter: because
    7d note: entered as e3
    7d note: at rest
    7d note: rest waits until 37d
    ");
}

#[test]
fn one_event_jumps_or_ends_a_wait() {
    let steps = json!([
        {"id": "ask", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "answer", "wait_for": {"timeout": "3d", "arms": [{"on": {"event": "message_replied"}}]}},
        {"id": "thanks", "send": {"template": "hello"}},
    ]);
    let talk = with(
        workflow("talk", on("signup"), steps),
        "jumps",
        json!([{"on": {"event": "message_replied"}, "goto": "answer"}]),
    );
    assert_snapshot!(story(&[talk], r"
        event signup
        send
        event message_replied
        event message_replied
    "), @r"
    0s talk: trigger said enter: because
    0s talk: entered as e1
    0s talk: at ask
    0s talk: ask queued
    0s go for attempt 1
    0s talk: ask sent
    0s talk: at rest
    0s talk: rest waits until 1d
    0s talk: jumped from rest to answer by message_replied
    0s talk: at answer
    0s talk: answer waits until 3d
    0s talk: answer took arm 0
    0s talk: at thanks
    0s talk: thanks queued
    ");
}

#[test]
fn one_event_moves_every_journey_that_waits_for_it() {
    let mut steps = vec![
        json!({"id": "paid", "wait_for": {"timeout": "30d", "arms": [{"on": {"event": "order_completed"}}]}}),
    ];
    for number in 0..9 {
        steps.push(json!({"id": format!("n{number}"), "update": {"set": {"n": {"plus": 1}}}}));
    }
    let each = with(
        workflow("each", on("signup"), json!(steps)),
        "entry",
        json!("every"),
    );
    let mut lines: Vec<String> = (0..60)
        .map(|n| format!("event signup {{\"key\": \"k{n}\"}}"))
        .collect();
    lines.push("event order_completed".to_owned());
    let told = story(&[each], &lines.join("\n"));
    let completed = told
        .lines()
        .filter(|line| line.ends_with("completed"))
        .count();
    assert_eq!(completed, 60, "{told}");
}

/// A coupon that a person looks at first.
fn coupon() -> Json {
    let steps = json!([
        {"id": "look", "approve": {"timeout": "2d", "rejected": "no", "otherwise": "late"}},
        {"id": "coupon", "send": {"template": "hello"}, "next": "over"},
        {"id": "no", "exit": {"reason": "rejected"}},
        {"id": "late", "exit": {"reason": "nobody_looked"}},
        {"id": "over", "exit": {}},
    ]);
    workflow("coupon", on("signup"), steps)
}

/// What somebody decides about the contact's only journey.
fn decided(world: &World, step: &str, decision: &str) -> String {
    let presences = world.state.presences.values();
    let mut journeys = presences.flat_map(|one| &one.journeys);
    let (id, journey) = journeys.next().expect("a journey");
    let (id, visit) = (id.to_string(), journey.steps_taken.to_string());
    let question = json!({"journey": id, "step": step, "visit": visit});
    let mut fields = json!({"decision": decision, "actor": "Eva"});
    let members = question.as_object().expect("an object").clone();
    fields.as_object_mut().expect("an object").extend(members);
    format!("event approval_decided {fields}")
}

#[test]
fn a_person_approves_rejects_or_lets_the_time_pass() {
    let mut world = World::new(&[coupon()]);
    world.play("start coupon\n event signup");
    let other = decided(&world, "coupon", "approved");
    let unheard = decided(&world, "look", "perhaps");
    let approved = decided(&world, "look", "approved");
    world.play(&format!(
        "@1d {other}\n {unheard}\n {approved}\n {approved}\n send"
    ));
    world.play("event signup");
    // The decision about another journey is none about this one.
    world.play(&approved);
    let rejected = decided(&world, "look", "rejected");
    world.play(&format!("{rejected}\n event signup\n @9d"));
    assert_snapshot!(world.out, @r"
    0s coupon: trigger said enter: because
    0s coupon: entered as e1
    0s coupon: at look
    0s coupon: look waits until 2d
    1d coupon: look approved by Eva
    1d coupon: look took arm 0
    1d coupon: at coupon
    1d coupon: coupon queued
    1d go for attempt 1
    1d coupon: coupon sent
    1d coupon: at over
    1d coupon: exited: exit_step
    1d coupon: trigger said enter: because
    1d coupon: entered as e6
    1d coupon: at look
    1d coupon: look waits until 3d
    1d coupon: look rejected by Eva
    1d coupon: look took arm 1
    1d coupon: at no
    1d coupon: exited: rejected
    1d coupon: trigger said enter: because
    1d coupon: entered as e9
    1d coupon: at look
    1d coupon: look waits until 3d
    3d coupon: look took the default arm
    3d coupon: at late
    3d coupon: exited: nobody_looked
    ");
}

/// One journey for each order, that only what happens to the same order ends, moves or wakes.
fn orders() -> Json {
    let same = |event: &str| json!({"event": event, "where": [{"field": "order", "operator": "eq", "entry_event": "key"}]});
    let steps = json!([
        {"id": "shipped", "wait_for": {"timeout": "7d", "arms": [{"on": same("order_shipped"), "goto": "rest"}]}},
        {"id": "lost", "exit": {"reason": "lost"}},
        {"id": "rest", "wait": {"for": "7d"}},
        {"id": "over", "exit": {"reason": "kept"}},
        {"id": "back", "exit": {"reason": "came_back"}},
    ]);
    let orders = with(
        workflow("orders", on("order_completed"), steps),
        "entry",
        json!("every"),
    );
    let exits = json!([{"on": same("order_cancelled"), "reason": "cancelled"}]);
    let jumps = json!([{"on": same("order_returned"), "goto": "back"}]);
    with(with(orders, "exits", exits), "jumps", jumps)
}

#[test]
fn a_condition_may_name_the_event_that_the_journey_began_with() {
    assert_snapshot!(story(&[orders()], r#"
        event order_completed {"key": "a"}
        event order_completed {"key": "b"}
        event order_completed {"key": "c"}
        event order_completed {"key": "d"}
        @1h event order_cancelled {"order": "a"}
        @2h event order_shipped {"order": "b"}
        @3h event order_returned {"order": "c"}
        @4h event order_cancelled {"order": "x"}
        event order_cancelled
        @8d
    "#), @"
    0s orders: trigger said enter: because
    0s orders: entered as a
    0s orders: at shipped
    0s orders: shipped waits until 7d
    0s orders: trigger said enter: because
    0s orders: entered as b
    0s orders: at shipped
    0s orders: shipped waits until 7d
    0s orders: trigger said enter: because
    0s orders: entered as c
    0s orders: at shipped
    0s orders: shipped waits until 7d
    0s orders: trigger said enter: because
    0s orders: entered as d
    0s orders: at shipped
    0s orders: shipped waits until 7d
    1h orders: exited: cancelled
    2h orders: shipped took arm 0
    2h orders: at rest
    2h orders: rest waits until 170h
    3h orders: jumped from shipped to back by order_returned
    3h orders: lost passed over
    3h orders: rest passed over
    3h orders: over passed over
    3h orders: at back
    3h orders: exited: came_back
    7d orders: shipped took the default arm
    7d orders: at lost
    7d orders: exited: lost
    170h orders: at over
    170h orders: exited: kept
    ");
}

/// Waits for a payment, and asks a rule then; whoever comes into the segment of those who paid is moved away.
fn asks_those_who_pay(asking: &Json) -> String {
    let mut world = World::new(&[]);
    let paid = json!({"count": {"event": "paid"}});
    world.segment(
        "buyers",
        &json!({"plugin": "least", "config": {
            "least": 1,
            "inputs": [{"name": "paid", "source": paid, "type": "integer"}],
        }}),
    );
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "9d", "arms": [{"on": {"event": "paid"}}]}},
        asking,
        {"id": "plain", "send": {"template": "hello"}},
        {"id": "gold", "send": {"template": "hello"}},
    ]);
    let course = workflow("course", on("signup"), steps);
    let jumps = json!([{"on": {"event": "segment_entered"}, "goto": "gold"}]);
    world.put(&with(course, "jumps", jumps), None);
    world.play("start course\n event signup {\"key\": \"a\"}");
    world.out.clear();
    world.play("event paid\n send");
    world.out
}

#[test]
fn a_journey_that_jumps_while_its_step_asks_does_not_go_on_from_there() {
    let arms = json!([{"segment": has("poor"), "goto": "plain"}]);
    let which = json!({"id": "which", "branch": {"arms": arms, "otherwise": "plain"}});
    assert_snapshot!(asks_those_who_pay(&which), @r"
    0s segments/buyers: membership said in: because
    0s segments/buyers: came in
    0s course: rest took arm 0
    0s course: at which
    0s course: jumped from which to gold by segment_entered
    0s course: plain passed over
    0s course: at gold
    0s course: gold queued
    0s go for attempt 1
    0s course: gold sent
    0s course: completed
    ");
    let values = json!({"plugin": "values"});
    let filled = json!({"id": "filled", "send": {"template": "hello", "personalizer": values}});
    assert_snapshot!(asks_those_who_pay(&filled), @r"
    0s segments/buyers: membership said in: because
    0s segments/buyers: came in
    0s course: rest took arm 0
    0s course: at filled
    0s course: filled skipped: jumped
    0s course: jumped from filled to gold by segment_entered
    0s course: plain passed over
    0s course: at gold
    0s course: gold queued
    0s go for attempt 1
    0s course: gold sent
    0s course: completed
    ");
}
