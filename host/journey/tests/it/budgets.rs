//! A contact's row never outgrows its bound, whatever comes: what happens at each part's budget, and all at once.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use signalbox_journey::limits::{
    ARM_BYTES_MAX, KEPT_BYTES_MAX, KEY_BYTES_MAX, KEYS_MAX, SEGMENTS_MAX, STANDING_BYTES_MAX,
    TOTAL_BYTES_MAX, TOTALS_BYTES_MAX,
};
use signalbox_model::{
    codec,
    contact::{ATTRIBUTES_BYTES_MAX, NEW_ATTRIBUTES_BYTES_MAX, attributes_bytes},
    event::EVENT_BYTES_MAX,
    id::{ContactId, ID_BYTES_MAX, NAME_BYTES_MAX, WorkflowId},
    segment::Membership,
    state::{CHUNK_BYTES_MAX, CONTACT_BYTES_MAX, LOTS_MAX, Lot, SEEN_EVENTS_MAX, SeenEvent},
    time::Span,
    workflow::STEPS_MAX,
};

use crate::{
    harness::{World, story},
    rules::{has, later_than, on, with, workflow},
};

/// Bytes of an event beside the one field that makes it large.
const EVENT_REST_BYTES: usize = 2 * ID_BYTES_MAX + NAME_BYTES_MAX + 512;

/// A name as long as a name may be.
fn long(head: &str) -> String {
    format!("{head}{}", "x".repeat(NAME_BYTES_MAX - head.len()))
}

/// An id as long as an id may be.
fn id(number: usize) -> String {
    format!("{number:0>ID_BYTES_MAX$}")
}

fn text(bytes: usize) -> String {
    "y".repeat(bytes)
}

fn hold(binding: Json) -> Json {
    with(binding, "on_failure", json!("hold"))
}

fn every(workflow: Json) -> Json {
    with(workflow, "entry", json!("every"))
}

fn waits(id: &str) -> Json {
    let steps = json!([{"id": "rest", "wait": {"for": "30d"}}]);
    every(workflow(id, on("signup"), steps))
}

fn row_bytes(world: &World) -> usize {
    codec::encode(&world.state).unwrap().len()
}

/// Each part by itself: together they are held by the harness, after each input.
fn check_parts(world: &World) {
    let state = &world.state;
    let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.sum::<usize>();
    assert!(attributes_bytes(&state.contact.attributes) <= ATTRIBUTES_BYTES_MAX);
    assert!(state.seen.len() <= SEEN_EVENTS_MAX);
    assert!(codec::size(&state.seen) <= 2 + SEEN_EVENTS_MAX * SeenEvent::BYTES_MAX);
    assert!(sum(&mut state.history.open.iter().map(codec::size)) < CHUNK_BYTES_MAX);
    assert!(sum(&mut state.history.totals.iter().map(codec::size)) <= TOTALS_BYTES_MAX);
    let mut presences = state.presences.clone();
    let keys = presences
        .values_mut()
        .flat_map(|one| std::mem::take(&mut one.keys));
    let keys: Vec<_> = keys.collect();
    assert!(keys.len() <= KEYS_MAX);
    assert!(codec::size(&keys) <= 2 + KEYS_MAX * KEY_BYTES_MAX);
    let standing = codec::size(&presences) + codec::size(&state.pending);
    assert!(standing <= STANDING_BYTES_MAX, "{standing} bytes");
    assert!(state.segments.len() <= SEGMENTS_MAX);
    assert!(codec::size(&state.segments) <= 1 + SEGMENTS_MAX * Membership::BYTES_MAX);
    assert!(state.lots.len() <= LOTS_MAX);
    assert!(codec::size(&state.lots) <= 1 + LOTS_MAX * Lot::BYTES_MAX);
    let journeys = presences.values().flat_map(|one| one.journeys.values());
    for journey in journeys {
        assert!(sum(&mut journey.kept.iter().map(|one| codec::size(&one))) <= KEPT_BYTES_MAX);
        assert!(codec::size(&journey.arms) <= 2 + STEPS_MAX * ARM_BYTES_MAX);
    }
}

/// Goes round for as long as the contact has no gold, a mail each time.
fn round(id: &str) -> Json {
    let mut steps = vec![
        json!({"id": long("which"), "branch": {"otherwise": long("again"), "arms": [
            {"segment": hold(has("gold")), "goto": long("over")},
        ]}}),
        json!({"id": long("again"), "send": {"template": "hello", "class": "transactional"}}),
    ];
    for number in 0..30 {
        steps.push(json!({"id": long(&format!("s{number}_")), "wait": {"for": "6h"}}));
    }
    let last = steps.len() - 1;
    steps[last]["next"] = json!(long("which"));
    steps.push(json!({"id": long("over"), "exit": {}}));
    every(workflow(&long(id), hold(on("signup")), json!(steps)))
}

fn greedy_workflows() -> Vec<Json> {
    let note = json!([
        {"id": long("rest"), "wait": {"for": "2d"}},
        {"id": long("note"), "send": {"template": "hello"}},
    ]);
    let cart = hold(later_than("cart_created", "3h", "order_completed"));
    let audience = workflow(&long("member"), hold(on("signup")), note.clone());
    vec![
        round("round"),
        every(workflow(&long("cart"), cart, note.clone())),
        every(workflow(&long("echo"), on("message_sent"), note.clone())),
        with(
            with(every(audience), "audience", hold(has("email"))),
            "jumps",
            json!([{"on": {"event": "page_viewed"}, "goto": long("note")}]),
        ),
        workflow(&long("seldom"), on("order_completed"), note),
        every(workflow(&long("keeper"), on("signup"), keeper())),
    ]
}

/// More lots than are remembered, and more values than are kept.
fn keeper() -> Json {
    let lots = (0..LOTS_MAX + 10).map(|number| {
        let arms = json!([{"name": long("one"), "weight": 10_000}]);
        json!({"id": long(&format!("lot{number}_")), "split": {"arms": arms}})
    });
    let keep = |number: usize| {
        let mut names = serde_json::Map::new();
        for name in 0..3 {
            names.insert(
                long(&format!("kept{name}")),
                json!({"value": text(number * 40)}),
            );
        }
        json!({"id": long(&format!("keep{number}_")), "update": {"keep": names}})
    };
    let wait = json!({"id": long("stay"), "wait": {"for": "2d"}});
    let steps = lots.chain((1..8).map(keep)).chain([wait]);
    Json::Array(steps.collect())
}

/// Whoever viewed so many pages in a year, and is asked again when one of them is a year ago.
fn viewers(least: usize) -> Json {
    let of = json!({"event": "page_viewed", "within": "365d"});
    json!({"plugin": "least", "config": {
        "least": least,
        "inputs": [{"name": "views", "source": {"count": of}, "type": "integer"}],
    }})
}

fn greedy_world() -> World {
    let workflows = greedy_workflows();
    let mut world = World::new(&workflows);
    world.state.contact.id = ContactId::parse(&id(0)).unwrap();
    for workflow in &workflows {
        world.play(&format!("start {}", workflow["id"].as_str().unwrap()));
    }
    for number in 0..SEGMENTS_MAX {
        world.segment(&format!("viewers-{number}"), &viewers(number + 1));
    }
    world
}

#[derive(Debug, Clone)]
enum Greed {
    /// So many events of that name, each with a key and an id of its own and so many bytes of text.
    Events(&'static str, usize, usize),
    /// An event with so many numbers under long names, years ago.
    Numbers(usize),
    /// An event of a name of its own.
    Name(usize),
    /// So many attributes from there on, of so many bytes each.
    Attributes(usize, usize, usize),
    Line(&'static str),
    Wind(u64),
}

fn greed() -> impl Strategy<Value = Greed> {
    let names = vec!["signup", "cart_created", "order_completed", "page_viewed"];
    let bytes = prop_oneof![
        0..200_usize,
        0..3_000_usize,
        Just(EVENT_BYTES_MAX - EVENT_REST_BYTES)
    ];
    let lines = vec![
        "send",
        "send",
        "intent",
        "outcome accepted",
        "outcome retry 1h",
        "outcome in_doubt",
        "break event",
        "break later",
        "break has",
        "mend event",
        "mend later",
        "mend has",
        r#"set {"gold": 1}"#,
        r#"set {"gold": null}"#,
        r#"set {"email": "x@example.com"}"#,
    ];
    prop_oneof![
        6 => (prop::sample::select(names), 1..20_usize, bytes)
            .prop_map(|(name, count, bytes)| Greed::Events(name, count, bytes)),
        1 => (1..130_usize).prop_map(Greed::Numbers),
        1 => (0..1_000_usize).prop_map(Greed::Name),
        2 => (0..300_usize, 1..40_usize, 1..240_usize)
            .prop_map(|(from, count, bytes)| Greed::Attributes(from, count, bytes)),
        5 => prop::sample::select(lines).prop_map(Greed::Line),
        3 => (1..100_u64).prop_map(Greed::Wind),
    ]
}

fn take(world: &mut World, number: &mut usize, greed: &Greed) {
    match greed {
        Greed::Events(name, count, bytes) => {
            for _ in 0..*count {
                *number += 1;
                let key = id(*number);
                let fields = json!({"key": key, "text": text(*bytes)});
                world.play(&format!("event {name} id={key} {fields}"));
            }
        }
        Greed::Numbers(count) => {
            *number += 1;
            let fields: serde_json::Map<_, _> = (0..*count)
                .map(|field| (long(&format!("n{field}_")), json!(0.5)))
                .collect();
            let fields = Json::Object(fields);
            let age = *number % 3_000;
            world.play(&format!(
                "event page_viewed id={} age={age}d {fields}",
                id(*number)
            ));
        }
        Greed::Name(name) => {
            *number += 1;
            let name = long(&format!("e{name}_"));
            world.play(&format!("event {name} id={}", id(*number)));
        }
        Greed::Attributes(from, count, bytes) => {
            let changes: serde_json::Map<_, _> = (*from..from + count)
                .map(|name| (long(&format!("a{name}_")), json!(text(*bytes))))
                .collect();
            world.play(&format!("set {}", Json::Object(changes)));
        }
        Greed::Line(line) => world.play(line),
        Greed::Wind(hours) => {
            let to = world.now.plus(Span::from_ms(hours * 3_600_000));
            world.wind(to, true);
        }
    }
    check_parts(world);
}

// The harness holds every row against the store's bound, and every journey against its timer, after each input.
proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_row_outgrows_the_store(steps in prop::collection::vec(greed(), 1..30)) {
        let mut world = greedy_world();
        let mut number = 0;
        for step in &steps {
            take(&mut world, &mut number, step);
        }
        world.play("mend event\n mend later\n mend has\n outcome in_doubt\n set {\"gold\": 1}");
        for workflow in greedy_workflows() {
            let workflow = workflow["id"].as_str().unwrap();
            world.play(&format!("end {workflow}\n delete {workflow}"));
        }
        for number in 0..SEGMENTS_MAX {
            world.delete_segment(&format!("viewers-{number}"));
        }
        world.play("outcome in_doubt\n event page_viewed");
        prop_assert!(world.timers.is_empty());
        prop_assert!(world.state.presences.is_empty());
        prop_assert!(world.state.pending.is_empty());
    }
}

#[test]
fn a_contact_that_fills_every_part_at_once_still_fits() {
    let mut world = greedy_world();
    let mut number = 0;
    let mut steps = vec![
        Greed::Events("page_viewed", 550, 0),
        Greed::Attributes(0, 40, 200),
        Greed::Attributes(0, 40, 400),
        Greed::Events("cart_created", 5, 700),
        Greed::Events("signup", 5, 700),
        Greed::Events("order_completed", 5, 700),
        Greed::Line("intent"),
        Greed::Line("outcome in_doubt"),
        Greed::Wind(13),
    ];
    steps.extend((0..60).map(|_| Greed::Numbers(90)));
    steps.extend((0..6).map(Greed::Name));
    steps.extend((0..3).map(|_| Greed::Events("page_viewed", 10, 500)));
    let mut most = 0;
    for step in &steps {
        take(&mut world, &mut number, step);
        most = most.max(row_bytes(&world));
    }
    assert!(
        most > CONTACT_BYTES_MAX * 2 / 3,
        "the budgets are used: {most} bytes"
    );
}

/// A started world of these workflows that says only what the test goes on to ask.
fn started(workflows: &[Json]) -> World {
    let mut world = World::new(workflows);
    for workflow in workflows {
        world.play(&format!("start {}", workflow["id"].as_str().unwrap()));
    }
    world
}

/// What the lines lead to.
fn told(world: &mut World, lines: &str) -> String {
    world.out.clear();
    world.play(lines);
    std::mem::take(&mut world.out)
}

#[test]
fn the_oldest_ids_are_forgotten() {
    let mut world = started(&[]);
    for number in 0..SEEN_EVENTS_MAX {
        world.play(&format!("event page_viewed id={number}"));
    }
    assert_eq!(world.state.seen.len(), SEEN_EVENTS_MAX);
    let again = |world: &mut World, number: usize| {
        told(world, &format!("event page_viewed id={number}")).contains("repeated")
    };
    assert!(again(&mut world, 0), "as many as there is room for");
    world.play("event page_viewed id=more");
    assert!(again(&mut world, SEEN_EVENTS_MAX - 1));
    assert!(!again(&mut world, 0), "the oldest went");
    assert!(world.state.seen.len() <= SEEN_EVENTS_MAX);
}

#[test]
fn the_oldest_keys_of_all_workflows_are_forgotten() {
    let leave = json!([{"id": "over", "exit": {}}]);
    let seldom = every(workflow("seldom", on("order_completed"), leave.clone()));
    let often = every(workflow("often", on("page_viewed"), leave));
    let mut world = started(&[seldom, often]);
    world.play(r#"event order_completed {"key": "kept"}"#);
    world.play("@1d");
    for number in 0..KEYS_MAX {
        world.play(&format!("event page_viewed {{\"key\": \"{number}\"}}"));
    }
    let mut keys = |line: &str| {
        world.play(line);
        let presences = world.state.presences.values();
        presences.map(|one| one.keys.len()).collect::<Vec<_>>()
    };
    assert_eq!(
        keys("@25h"),
        [KEYS_MAX - 1, 1],
        "the workflow with the most forgets, however old another's are"
    );
    assert_eq!(
        keys(r#"@2d event page_viewed {"key": "next"}"#),
        [KEYS_MAX - 1, 1]
    );
    let lines = r#"
        event order_completed {"key": "kept"}
        event page_viewed {"key": "0"}
    "#;
    assert_snapshot!(told(&mut world, lines), @r"
    2d seldom: trigger said enter: because
    2d seldom: not entered: key_seen
    2d often: trigger said enter: because
    2d often: entered as 0
    2d often: at over
    2d often: exited: exit_step
    ");
}

#[test]
fn what_is_under_way_is_not_begun_again_though_its_key_is_forgotten() {
    let steps = json!([{"id": "rest", "wait": {"for": "1h"}}, {"id": "note", "send": {"template": "hello"}}]);
    let note = every(workflow("note", on("signup"), steps));
    let mut world = started(&[with(
        note,
        "exits",
        json!([{"on": {"event": "order_completed"}}]),
    )]);
    let id = WorkflowId::parse("note").unwrap();
    let mut forgetting = |lines: &str| {
        let told = told(&mut world, lines);
        world.state.presences.get_mut(&id).unwrap().keys.clear();
        told
    };
    let signup = r#"event signup {"key": "a"}"#;
    forgetting(signup);
    assert!(forgetting(signup).contains("key_seen"), "it waits");
    forgetting("@1h\n intent\n event order_completed");
    assert!(
        forgetting(signup).contains("key_seen"),
        "its message may go out"
    );
    forgetting("outcome in_doubt");
    assert!(forgetting(signup).contains("entered as a"));
}

#[test]
fn a_large_event_is_sealed_at_once() {
    let mut world = started(&[]);
    for _ in 0..3 {
        world.play(&format!(
            "event page_viewed {{\"text\": \"{}\"}}",
            text(CHUNK_BYTES_MAX / 2 - 100)
        ));
        let open: usize = world.state.history.open.iter().map(codec::size).sum();
        assert!(open < CHUNK_BYTES_MAX);
    }
    assert_eq!(world.out, "0s seal chunk 0 of 3\n");
    world.play(&format!(
        "event page_viewed {{\"text\": \"{}\"}}",
        text(CHUNK_BYTES_MAX)
    ));
    assert!(world.state.history.open.is_empty());
}

#[test]
fn the_oldest_daily_totals_are_folded() {
    let mut world = started(&[]);
    let fields: serde_json::Map<_, _> = (0..90)
        .map(|field| (long(&format!("n{field:02}_")), json!(0.5)))
        .collect();
    let fields = Json::Object(fields);
    for day in 0..84 {
        world.play(&format!("@{day}d event page_viewed {fields}"));
    }
    let history = &world.state.history;
    assert_eq!((history.sealed, history.first_chunk), (84, 20));
    let totals = &history.totals;
    let bytes: Vec<usize> = totals.iter().map(codec::size).collect();
    assert!(
        bytes.iter().all(|&bytes| bytes <= TOTAL_BYTES_MAX),
        "{bytes:?}"
    );
    assert!(bytes.iter().sum::<usize>() <= TOTALS_BYTES_MAX);
    let count: u32 = totals.iter().map(|total| total.count).sum();
    assert_eq!(count, 20, "no event is lost to the count");
    let sums = &totals[0].sums;
    assert!(
        sums.len() > 5,
        "as many fields are summed as there is room for"
    );
    let first = totals
        .iter()
        .map(|total| total.sums.values().next().unwrap());
    let first: f64 = first.sum();
    assert!(
        (first - 10.0).abs() < 1e-9,
        "and these over all days: {first}"
    );
}

#[test]
fn a_seldom_event_is_not_folded_away_by_a_frequent_one() {
    let mut world = started(&[]);
    world.play(r#"event order_completed {"value": 20}"#);
    let fields: serde_json::Map<_, _> = (0..90)
        .map(|field| (long(&format!("n{field:02}_")), json!(0.5)))
        .collect();
    let fields = Json::Object(fields);
    for day in 1..100 {
        world.play(&format!("@{day}d event page_viewed {fields}"));
    }
    let totals = &world.state.history.totals;
    let of = |name: &str| {
        let found = totals.iter().filter(|total| total.name.as_str() == name);
        found.map(|total| total.count).sum::<u32>()
    };
    assert_eq!(of("order_completed"), 1, "whether there was one ever");
    assert!(of("page_viewed") > 20);
    let bytes: usize = totals.iter().map(codec::size).sum();
    assert!(bytes <= TOTALS_BYTES_MAX);
}

#[test]
fn attributes_beyond_their_budget_are_left_out() {
    let mut world = started(&[]);
    let set = |world: &mut World, changes: Json| told(world, &format!("set {changes}"));
    let bytes = |world: &World| attributes_bytes(&world.state.contact.attributes);
    assert_eq!(
        set(
            &mut world,
            json!({"a": text(4_500), "b": text(4_500), "n": 63})
        ),
        ""
    );
    assert_eq!(
        set(&mut world, json!({"c": text(500), "d": 1})),
        "0s 1 attributes left out\n"
    );
    assert!(bytes(&world) <= NEW_ATTRIBUTES_BYTES_MAX);
    let address = format!("{}@example.com", "a".repeat(60));
    assert_eq!(
        set(
            &mut world,
            json!({"a": text(6_000), "b": text(5_300), "email": address, "n": 64, "o": text(300)})
        ),
        "0s 2 attributes left out\n",
        "what is known grows before new names come, the address first"
    );
    assert!(bytes(&world) <= ATTRIBUTES_BYTES_MAX);
    let kept = |world: &World, name: &str| {
        let attributes = &world.state.contact.attributes;
        attributes
            .get(name)
            .and_then(|value| Some(value.as_text()?.len()))
    };
    let kept_lengths = ["a", "b", "email", "o"].map(|name| kept(&world, name));
    assert_eq!(
        kept_lengths,
        [Some(4_500), Some(5_300), Some(address.len()), None]
    );
    let number = &world.state.contact.attributes["n"];
    assert_eq!(number.as_number(), Some(64.0));
    // A change that fits as a whole is taken whole.
    assert_eq!(
        set(&mut world, json!({"a": text(6_000), "b": text(4_000)})),
        ""
    );
    assert_eq!(set(&mut world, json!({"a": text(9_000), "b": null})), "");
    assert_eq!((kept(&world, "a"), kept(&world, "b")), (Some(9_000), None));
    assert_eq!(kept(&world, "email"), Some(address.len()));
}

#[test]
fn an_entry_without_room_is_refused_until_somebody_leaves() {
    let exits = json!([{"on": {"event": "order_completed"}}]);
    let first = with(waits("first"), "exits", exits);
    let mut world = started(&[first, waits("second")]);
    let signup = |key: &str| {
        format!(
            "event signup {{\"key\": \"{key}\", \"text\": \"{}\"}}",
            text(7_000)
        )
    };
    let lines = [
        signup("a"),
        signup("b"),
        "event order_completed".to_owned(),
        signup("b"),
        signup("c"),
    ];
    assert_snapshot!(told(&mut world, &lines.join("\n")), @r"
    0s first: trigger said enter: because
    0s first: entered as a
    0s first: at rest
    0s first: rest waits until 30d
    0s second: trigger said enter: because
    0s second: entered as a
    0s second: at rest
    0s second: rest waits until 30d
    0s seal chunk 0 of 2
    0s first: trigger said enter: because
    0s first: entered as b
    0s first: at rest
    0s first: rest waits until 30d
    0s second: trigger said enter: because
    0s second: not entered: contact_full
    0s first: exited: exit_event
    0s first: exited: exit_event
    0s first: trigger said enter: because
    0s first: not entered: key_seen
    0s second: trigger said enter: because
    0s second: entered as b
    0s second: at rest
    0s second: rest waits until 30d
    0s seal chunk 1 of 3
    0s first: trigger said enter: because
    0s first: entered as c
    0s first: at rest
    0s first: rest waits until 30d
    0s second: trigger said enter: because
    0s second: not entered: contact_full
    ");
}

#[test]
fn an_arm_without_room_is_not_set_and_takes_the_older_away() {
    let cart = workflow(
        "cart",
        later_than("cart_created", "3h", "order_completed"),
        json!([{"id": "over", "exit": {}}]),
    );
    let mut world = started(&[cart]);
    let cart = |key: &str, bytes: usize| {
        format!(
            "event cart_created {{\"key\": \"{key}\", \"text\": \"{}\"}}",
            text(bytes)
        )
    };
    let lines = [
        cart("a", 12_000),
        cart("b", 12_000),
        cart("c", 10_000),
        cart("a", 15_000),
        cart("a", 11_000),
        "@3h".to_owned(),
    ];
    assert_snapshot!(told(&mut world, &lines.join("\n")), @r"
    0s seal chunk 0 of 1
    0s cart: trigger said arm: because
    0s cart: armed a for 3h
    0s seal chunk 1 of 1
    0s cart: trigger said arm: because
    0s cart: armed b for 3h
    0s seal chunk 2 of 1
    0s cart: trigger said arm: because
    0s cart: not entered: contact_full
    0s seal chunk 3 of 1
    0s cart: trigger said arm: because
    0s cart: arm a dropped: contact_full
    0s cart: not entered: contact_full
    0s seal chunk 4 of 1
    0s cart: trigger said arm: because
    0s cart: armed a for 3h
    3h cart: trigger said enter: because
    3h cart: entered as a
    3h cart: at over
    3h cart: exited: exit_step
    3h cart: trigger said enter: because
    3h cart: entered as b
    3h cart: at over
    3h cart: exited: exit_step
    ");
}

#[test]
fn an_entry_without_room_is_not_held() {
    let held = with(waits("held"), "trigger", hold(on("signup")));
    let mut world = started(&[held]);
    let signup = |key: &str| {
        format!(
            "event signup {{\"key\": \"{key}\", \"text\": \"{}\"}}",
            text(11_000)
        )
    };
    let lines = [
        "break event".to_owned(),
        signup("a"),
        signup("b"),
        signup("c"),
        "mend event".to_owned(),
        "@1m".to_owned(),
    ];
    assert_snapshot!(told(&mut world, &lines.join("\n")), @r"
    0s seal chunk 0 of 1
    0s held: trigger said failed: trapped
    0s seal chunk 1 of 1
    0s held: trigger said failed: trapped
    0s seal chunk 2 of 1
    0s held: trigger said failed: trapped
    0s held: not entered: contact_full
    1m held: trigger said enter: because
    1m held: entered as a
    1m held: at rest
    1m held: rest waits until 43201m
    1m held: trigger said enter: because
    1m held: entered as b
    1m held: at rest
    1m held: rest waits until 43201m
    ");
}

#[test]
fn a_message_without_room_is_not_made() {
    // Control characters take six bytes each in the view.
    let text = "\\u0001".repeat(11_000);
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let lines = format!("event signup {{\"text\": \"{text}\"}}");
    assert_snapshot!(story(&[workflow("note", on("signup"), steps)], &lines), @r"
    0s seal chunk 0 of 1
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note skipped: message_too_large
    0s note: completed
    ");
}

#[test]
fn the_largest_event_enters_any_workflow() {
    let mut world = started(&[round("round")]);
    let key = id(1);
    let fields = json!({"key": key, "text": text(EVENT_BYTES_MAX - EVENT_REST_BYTES)});
    let told = told(
        &mut world,
        &format!("event signup id={key} {fields}\n @800h"),
    );
    assert!(told.contains("entered as"), "{told}");
}

#[test]
fn a_row_over_its_budgets_is_read_and_shrinks() {
    let mut world = started(&[waits("rest")]);
    let seen = |number: u64| SeenEvent {
        id_hash: number,
        content_hash: 0,
        day: world.now.utc_day(),
    };
    world.state.seen = (0..1_024).map(seen).collect();
    let attributes = json!({"a": text(12_000), "email": "ada@example.com"});
    world.state.contact.attributes = crate::rules::fields(&attributes);
    world.play(r#"event signup {"key": "a"}"#);
    let rest = WorkflowId::parse("rest").unwrap();
    let keys = (0..2_000).map(|number| (number, 0)).collect();
    world.state.presences.get_mut(&rest).unwrap().keys = keys;
    world.play(r#"event signup {"key": "b"}"#);
    assert!(world.state.seen.len() <= SEEN_EVENTS_MAX);
    assert!(world.state.presences[&rest].keys.len() <= KEYS_MAX);
    assert_eq!(
        told(&mut world, r#"set {"a": "short", "b": 1}"#),
        "",
        "what shrinks makes room"
    );
    assert_eq!(world.state.presences[&rest].journeys.len(), 2);
}

#[test]
fn what_was_gathered_in_the_former_version_counts_in_the_new_one() {
    let stay = json!({"id": "stay", "wait": {"for": "30d"}});
    let keep = json!({"id": "keep", "update": {"keep": {"text": {"value": text(900)}}}});
    let gathers = every(workflow("course", on("signup"), json!([keep, stay])));
    let waits = every(workflow("course", on("signup"), json!([stay])));
    let mut world = started(std::slice::from_ref(&gathers));
    let enter = |world: &mut World, from: usize| {
        for number in from..from + 60 {
            world.play(&format!("event signup {{\"key\": \"{number}\"}}"));
        }
        check_parts(world);
    };
    enter(&mut world, 0);
    world.play("pause course");
    world.migrate(&waits, 1);
    world.play("resume course");
    enter(&mut world, 100);
}
