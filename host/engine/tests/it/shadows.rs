//! A version that is asked beside the one in force: what it says otherwise is what it would have said, and nothing comes
//! of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use serde_json::{Value as Json, json};
use signalbox_engine::{Hops, NewInput, PutError, ShadowDifference, ShadowView};
use signalbox_model::{
    definitions::Slot,
    id::{SegmentName, TableName, WorkflowId},
    segment::Owner,
    table::Table,
    value::Value,
    workflow::Edit,
};

use crate::support::{BOUND, Place, World, component, event, exchanged, thanks, workflow};

/// Where people of the tape have their addresses: two of them are private by one version only.
const PEOPLE: [(&str, &str); 4] = [
    ("ann", "icloud.com"),
    ("bob", "icloux.com"),
    ("cat", "corp.example"),
    ("dan", "gmail.com"),
];

/// A version of the plugin `company` to which other addresses are private.
fn next(version: &str) -> Vec<u8> {
    let other = exchanged(&component("company"), "icloud.com", "icloux.com");
    exchanged(&other, "1.0.0", version)
}

fn offers() -> Json {
    let mut document = thanks();
    document["id"] = json!("offers");
    document["audience"] = json!({"plugin": "company", "follow": "pin"});
    document
}

/// Everybody orders, in each of these rounds.
async fn tape(world: &World, rounds: std::ops::Range<u32>) {
    for order in rounds {
        for (contact, domain) in PEOPLE {
            let fields = json!({ "order": format!("{contact}-{order}") });
            let mut ordered = event(contact, "order_completed", fields, world.now());
            let email = format!("{contact}{order}@{domain}");
            let name = "email".parse().expect("a name");
            ordered.attributes.insert(name, Value::text(email));
            world.accept(ordered).await;
        }
        world.settle().await;
    }
}

/// What the audience said of each, in order.
async fn said(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut said = BTreeMap::new();
    for (contact, _) in PEOPLE {
        let facts = world.facts(contact).await;
        let of_audience = facts
            .iter()
            .filter_map(|fact| fact.strip_prefix("audience: ").map(str::to_owned));
        said.insert(contact.to_owned(), of_audience.collect());
    }
    said
}

/// Every fact of everybody, and every mail.
async fn all(world: &World) -> Vec<String> {
    let mut all = world.mails();
    // Mails of one instant go side by side.
    all.sort();
    for (contact, _) in PEOPLE {
        all.extend(world.facts(contact).await);
    }
    all
}

fn slot(text: &str) -> Slot {
    Slot::parse(text).expect("a place")
}

fn owner(workflow: &str) -> Owner {
    WorkflowId::parse(workflow).expect("an id").into()
}

async fn start(world: &World, requirement: &str) -> Result<ShadowView, PutError> {
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let requirement = requirement.parse().expect("a requirement");
    let started = world
        .engine
        .start_shadow(owner("offers"), slot("audience"), requirement);
    started.await
}

/// The shadow once it has compared everything.
async fn compared(world: &World, number: u32) -> ShadowView {
    let compared = tokio::time::timeout(BOUND, async {
        loop {
            let view = world.engine.shadow(number).expect("it runs");
            let view = view.expect("it is there");
            if view.waiting == 0 {
                return view;
            }
            tokio::task::yield_now().await;
        }
    });
    compared.await.expect("all is compared")
}

fn in_words(answer: &Json) -> String {
    let word = if answer["member"] == true {
        "in"
    } else {
        "out"
    };
    format!("{word} ({})", answer["reason"].as_str().unwrap_or_default())
}

/// Both answers of each difference.
fn pairs(differences: impl IntoIterator<Item = ShadowDifference>) -> Vec<(String, String, String)> {
    let pairs = differences.into_iter().map(|one| {
        let contact = one.contact.to_string();
        (contact, in_words(&one.decided), in_words(&one.shadow))
    });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shadow_says_otherwise_is_what_it_says_in_force_and_nothing_comes_of_it() {
    let alone = Place::new(&["event", "company"]).start();
    alone.run(offers()).await;
    tape(&alone, 0..3).await;

    let in_force = Place::new(&["event"]);
    in_force.put_plugin("company", &next("1.9.9"));
    let in_force = in_force.start();
    in_force.run(offers()).await;
    tape(&in_force, 0..3).await;

    let world = Place::new(&["event", "company"]).start();
    world.run(offers()).await;
    world.place.put_plugin("company-next", &next("1.9.9"));
    let begun = start(&world, "*").await.expect("it fits");
    assert_eq!(begun.shadow.binding.version.to_string(), "1.9.9");
    tape(&world, 0..3).await;
    let view = compared(&world, begun.number).await;

    let (old, new) = (said(&alone).await, said(&in_force).await);
    let mut expected = Vec::new();
    for (contact, answers) in &old {
        for (old, new) in answers.iter().zip(&new[contact]) {
            if old != new {
                expected.push((contact.clone(), old.clone(), new.clone()));
            }
        }
    }
    expected.sort();
    assert_eq!(
        expected.len(),
        6,
        "two people of three rounds: {expected:?}"
    );
    assert_eq!(pairs(view.report.differences.clone()), expected);
    let report = &view.report;
    assert_eq!((report.agree, report.differ, report.reason_only), (6, 6, 0));
    assert_eq!(
        (report.failed, report.not_asked, report.not_compared),
        (0, 0, 0)
    );
    assert_eq!(all(&world).await, all(&alone).await, "nothing comes of it");
    let plugins = world.engine.plugins().expect("it runs");
    let of_shadow = plugins.iter().filter_map(|one| one.version.as_ref());
    let asked: Vec<u64> = of_shadow
        .filter(|version| version.version.to_string() == "1.9.9")
        .map(|version| version.rows)
        .collect();
    assert_eq!(asked, [0], "its own uses are another matter");

    // What came of it is there after a stop, and it goes on.
    let world = world.restarted().await;
    assert_eq!(compared(&world, begun.number).await.report, view.report);
    tape(&world, 3..4).await;
    let report = compared(&world, begun.number).await.report;
    assert_eq!((report.agree, report.differ), (8, 8));

    let last = world.engine.promote_shadow(begun.number).await;
    let last = last.expect("it fits").expect("it is there");
    assert_eq!(last.report.compared(), 16);
    assert_eq!(world.engine.shadows().expect("it runs"), []);
    tape(&world, 4..5).await;
    let ann = said(&world).await.remove("ann").expect("she ordered");
    assert_eq!(ann.last().map(String::as_str), Some("in (inside)"));
    assert_eq!(ann[0], "out (private)");

    let (kept, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let (rebuilt, place) = place.start().export().await;
    assert_eq!(rebuilt, kept);
    let asked = place.reexecute().expect("the log is applied");
    assert_eq!((asked.different, asked.unasked), (0, 0), "{asked:?}");
    alone.stopped().await;
    in_force.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_of_a_segment_has_a_shadow_too() {
    let world = Place::new(&["company"]).start();
    let document = json!({
        "name": "business",
        "title": "At companies",
        "rule": {"plugin": "company", "follow": "pin"},
    });
    let document = serde_json::from_value(document).expect("the shape of a segment");
    let put = world.engine.put_segment(document, None).await;
    put.expect("it is good");
    world.place.put_plugin("company-next", &next("1.9.9"));
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let name = SegmentName::parse("business").expect("a name");
    let any = "*".parse().expect("a requirement");
    let begun = world
        .engine
        .start_shadow(name.clone().into(), Slot::Membership, any);
    let number = begun.await.expect("it fits").number;
    tape(&world, 0..1).await;
    let report = compared(&world, number).await.report;
    let expected = [
        ("ann", "out (private)", "in (inside)"),
        ("bob", "in (inside)", "out (private)"),
    ];
    let expected = expected.map(|(who, old, new)| (who.to_owned(), old.to_owned(), new.to_owned()));
    assert_eq!(pairs(report.differences), expected);
    assert_eq!(members(&world, &name).await, ["bob", "cat"]);
    let promoted = world.engine.promote_shadow(number).await;
    promoted.expect("it fits");
    world.settle().await;
    assert_eq!(members(&world, &name).await, ["ann", "cat"]);
    world.stopped().await;
}

async fn members(world: &World, segment: &SegmentName) -> Vec<String> {
    let page = world.engine.members(segment, None, 10).await;
    let page = page.expect("it is read").expect("it is there");
    let members = page.members.iter().map(|member| member.contact.to_string());
    let mut members: Vec<String> = members.collect();
    members.sort();
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_shadow_count_for_itself_alone() {
    let trap = |version: &str| exchanged(&component("hostile/trap"), "1.0.0", version);
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &exchanged(&trap("1.0.0"), "attack", "attacx"));
    let world = place.start();
    let mut document = offers();
    document["audience"] = json!({"plugin": "trap", "follow": "pin"});
    world.run(document).await;
    world.place.put_plugin("trap-next", &trap("1.9.9"));
    let begun = start(&world, "*").await.expect("it fits");
    // Another workflow goes by the version that fails beside the first.
    let mut other = thanks();
    other["id"] = json!("other");
    other["audience"] = json!({"plugin": "trap"});
    other["trigger"]["config"]["event"] = json!("order_returned");
    world.run(other).await;
    for order in 0..12 {
        let mut attack = event(
            "eve",
            "order_completed",
            json!({ "order": order }),
            world.now(),
        );
        let name = "attack".parse().expect("a name");
        attack.attributes.insert(name, Value::Boolean(true));
        world.accept(attack).await;
        world.settle().await;
        compared(&world, begun.number).await;
    }
    let report = compared(&world, begun.number).await.report;
    assert_eq!((report.agree, report.differ), (0, 0));
    assert_eq!((report.failed, report.not_compared), (10, 2));
    let stopped = report.stopped.expect("it failed too often");
    assert!(stopped.contains("trapped"), "{stopped}");
    assert_eq!(report.differences[0].shadow["failed"], "trapped");
    let answered = world.facts("eve").await;
    let answered = answered
        .iter()
        .filter(|fact| *fact == "audience: out (out)");
    assert_eq!(answered.count(), 12, "the version in force answers");
    let status = world.engine.status().await.expect("it runs");
    assert!(status.quarantined.is_empty(), "{status:?}");
    world
        .event("flo", "order_returned", json!({"order": 1}))
        .await;
    assert!(
        world
            .facts("flo")
            .await
            .contains(&"audience: out (out)".to_owned())
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_cannot_be_is_refused_and_an_edit_ends_one() {
    let world = Place::new(&["event", "company"]).start();
    let mut document = offers();
    document["audience"]["version"] = json!("^1");
    world.run(document.clone()).await;
    let problems = |refused: Result<ShadowView, PutError>| match refused {
        Err(PutError::Problems(problems)) => problems
            .iter()
            .map(|problem| format!("{} {}", problem.pointer, problem.code))
            .collect::<Vec<_>>(),
        other => panic!("it is refused: {other:?}"),
    };
    assert_eq!(problems(start(&world, "*").await), ["/version shadow_same"]);
    assert_eq!(
        problems(start(&world, "^2").await),
        ["/version plugin_version_missing"]
    );
    let nowhere =
        world
            .engine
            .start_shadow(owner("offers"), slot("exits/0"), "*".parse().expect("any"));
    assert_eq!(problems(nowhere.await), ["/binding binding_unknown"]);

    world.place.put_plugin("company-next", &next("2.0.0"));
    let begun = start(&world, "^2").await.expect("it fits");
    let again = start(&world, "^2").await;
    assert!(
        matches!(&again, Err(PutError::Conflict(conflict)) if conflict.code() == "shadow_exists"),
        "{again:?}"
    );
    let beyond = world.engine.promote_shadow(begun.number).await;
    let beyond = beyond.map(|view| view.expect("it is there"));
    assert_eq!(problems(beyond), ["/version shadow_requirement"]);
    world
        .engine
        .drop_shadow(begun.number)
        .await
        .expect("it is there");
    let gone = world.engine.drop_shadow(begun.number).await;
    assert!(gone.is_err(), "{gone:?}");

    let begun = start(&world, "^2").await.expect("it fits");
    assert_eq!(begun.number, 2, "a number is given once");
    world
        .action("offers", signalbox_model::workflow::Action::Pause)
        .await;
    document["title"] = json!("Edited");
    document["audience"]["version"] = json!("^2");
    let put = world
        .engine
        .put_workflow(workflow(document), Some(1), Edit::Pin);
    put.await.expect("it may be edited");
    assert_eq!(world.engine.shadow(begun.number).expect("it runs"), None);
    world.stopped().await;
}

/// A product, as a table.
async fn put_table(world: &World, name: &str) {
    let csv = "id,category,stock:integer,rank:integer\nlamp,light,3,1\n";
    let table = Table::from_csv(csv.as_bytes(), None).expect("a table");
    let name = TableName::parse(name).expect("a name");
    let put = world.engine.put_table(&name, Arc::new(table)).await;
    put.expect("it is put");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_reads_tables_of_its_own() {
    let world = Place::new(&["event", "recommend"]).start();
    for name in ["products", "productz"] {
        put_table(&world, name).await;
    }
    let mut document = offers();
    document["audience"] = Json::Null;
    let object = document.as_object_mut().expect("an object");
    object.remove("audience");
    object["steps"][0]["send"]["personalizer"] = json!({"plugin": "recommend", "follow": "pin"});
    world.run(document).await;
    let other = exchanged(&component("recommend"), "products", "productz");
    let other = exchanged(&other, "1.0.0", "1.9.9");
    world.place.put_plugin("recommend-next", &other);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let requirement = "=1.9.9".parse().expect("a requirement");
    let begun = world.engine.start_shadow(
        owner("offers"),
        slot("steps/mail/personalizer"),
        requirement,
    );
    let begun = begun.await.expect("it fits");
    tape(&world, 0..1).await;
    let report = compared(&world, begun.number).await.report;
    assert_eq!(
        (report.agree, report.differ, report.failed),
        (PEOPLE.len() as u64, 0, 0),
        "{:?}",
        report.differences
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_says_the_same_of_a_burst_as_of_one_after_the_other() {
    let report_of = async |in_a_burst: bool| {
        let trap = |version: &str| exchanged(&component("hostile/trap"), "1.0.0", version);
        let place = Place::new(&["event"]);
        place.put_plugin("trap", &exchanged(&trap("1.0.0"), "attack", "attacx"));
        let world = place.start();
        let mut document = offers();
        document["audience"] = json!({"plugin": "trap", "follow": "pin"});
        world.run(document).await;
        world.place.put_plugin("trap-next", &trap("1.9.9"));
        let begun = start(&world, "*").await.expect("it fits");
        let mut orders = Vec::new();
        for number in 0..60 {
            let contact = format!("c{number}");
            let fields = json!({ "order": number });
            let mut ordered = event(&contact, "order_completed", fields, world.now());
            if number % 10 == 3 {
                let name = "attack".parse().expect("a name");
                ordered.attributes.insert(name, Value::Boolean(true));
            }
            orders.push(ordered);
        }
        for order in orders {
            world.accept(order).await;
            if !in_a_burst {
                world.settle().await;
                compared(&world, begun.number).await;
            }
        }
        world.settle().await;
        let report = compared(&world, begun.number).await.report;
        world.stopped().await;
        (report.agree, report.failed, report.not_compared)
    };
    assert_eq!(report_of(false).await, (54, 6, 0));
    assert_eq!(report_of(true).await, (54, 6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_bound_any_more_is_not_promoted() {
    let world = Place::new(&["event", "company"]).start();
    let mut document = offers();
    document["audience"]["follow"] = json!("adopt");
    document["audience"]["version"] = json!("*");
    world.place.put_plugin("company-next", &next("1.9.9"));
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    world.run(document).await;
    let begun = start(&world, "=1.0.0").await.expect("it fits");
    let promoted = async || match world.engine.promote_shadow(begun.number).await {
        Err(PutError::Problems(problems)) => problems
            .iter()
            .map(|problem| format!("{} {}", problem.pointer, problem.code))
            .collect::<Vec<_>>(),
        other => panic!("it is refused: {other:?}"),
    };
    assert_eq!(promoted().await, ["/version shadow_older"]);
    let file = world.place.plugins().join("company.wasm");
    std::fs::remove_file(file).expect("it is there");
    assert!(world.catalogue.wait_settled(BOUND), "it is gone");
    assert_eq!(
        promoted().await,
        ["/version shadow_older", "/version shadow_gone"]
    );
    let view = world.engine.shadow(begun.number).expect("it runs");
    assert!(view.is_some(), "it goes on");
    world.stopped().await;
}

/// Decisions that wait for a shadow, at most, and those that it is asked together.
const WAITING_MAX: u64 = 4_096;
const BATCH_MAX: u64 = 256;
/// Decisions of one call.
const CALL: u64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn decisions_never_wait_for_a_shadow_whose_queue_is_full() {
    let (stood, stands) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let mut place = Place::new(&["event", "company"]);
    place.hops = Hops::heard_by(move |hop| {
        if hop == "shadow" {
            // Once it goes on nobody looks, and nothing is ever sent.
            let _ = stood.send(());
            let released = released.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = released.recv();
        }
    });
    let world = place.start();
    let mut document = offers();
    document["entry"] = json!("every");
    document["steps"] = json!([{"id": "end", "exit": {"reason": "done"}}]);
    document["templates"] = json!({});
    world.run(document).await;
    world.place.put_plugin("company-next", &next("1.9.9"));
    let begun = start(&world, "*").await.expect("it fits");
    tape(&world, 0..1).await;
    stands.recv_timeout(BOUND).expect("it is asked");

    // It stands, and more is decided than may wait for it.
    let decided = 5 * CALL;
    for call in 0..5 {
        let events = (0..CALL).map(|number| {
            let order = json!({ "order": format!("{call}-{number}") });
            let ordered = event(&format!("p{number}"), "order_completed", order, world.now());
            NewInput::Event(ordered)
        });
        let accepted = world.engine.accept(events.collect()).await;
        accepted.expect("they are accepted");
        world.settle().await;
    }
    let id = WorkflowId::parse("offers").expect("an id");
    let view = world.engine.workflow(&id).await.expect("it is read");
    let answers = &view.expect("it is there").counters[&1].decisions["audience"];
    let all = decided + PEOPLE.len() as u64;
    assert_eq!(answers.values().sum::<u64>(), all, "all of it is decided");
    let full = world.engine.shadow(begun.number).expect("it runs");
    let full = full.expect("it is there");
    let passed_over = full.report.not_compared;
    assert!(full.waiting >= WAITING_MAX && full.waiting <= WAITING_MAX + BATCH_MAX);
    assert_eq!(full.waiting + passed_over, all);

    drop(release);
    let report = compared(&world, begun.number).await.report;
    assert_eq!(report.not_compared, passed_over);
    assert_eq!(report.agree + report.differ, all - passed_over);
    assert_eq!(report.differ, 2, "of the two whose answers differ");
    world.stopped().await;
}
