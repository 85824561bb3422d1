//! Named segments in a running engine: everybody is asked page by page, across a crash; a rebuild knows the same
//! members; and a rule that moves on asks anew.

use serde_json::{Value as Json, json};
use signalbox_engine::{Hops, SegmentView};
use signalbox_model::{
    id::{ContactId, SegmentName},
    segment::Segment,
};

use crate::support::{BOUND, Place, Standstill, World, component, exchanged, template};

const CONTACTS: u32 = 25;

fn name(name: &str) -> SegmentName {
    SegmentName::parse(name).expect("a name")
}

fn segment(document: Json) -> Segment {
    serde_json::from_value(document).expect("the shape of a segment")
}

/// Those who ordered at least so often.
fn buyers(least: u32) -> Segment {
    segment(json!({
        "name": "buyers",
        "title": "Ordered",
        "rule": {"plugin": "audience", "config": {"count": {
            "of": {"event": "order_completed"}, "operator": "gte", "value": least,
        }}},
    }))
}

fn others() -> Segment {
    segment(json!({"name": "others", "title": "Everybody else", "of": {"none": ["buyers"]}}))
}

/// Every third of them has ordered twice, the others once.
async fn people() -> World {
    people_at(Hops::default()).await
}

async fn people_at(hops: Hops) -> World {
    let mut place = Place::new(&["audience", "segment-entered"]);
    place.configure = |config| config.limits.tick_timers_max = 3;
    place.hops = hops;
    people_in(place).await
}

async fn people_in(place: Place) -> World {
    let world = place.start();
    for number in 0..CONTACTS {
        let contact = format!("c{number}");
        world
            .event(&contact, "order_completed", json!({"order": 1}))
            .await;
        if number % 3 == 0 {
            world
                .event(&contact, "order_completed", json!({"order": 2}))
                .await;
        }
    }
    world
}

async fn view(world: &World, segment: &str) -> SegmentView {
    let view = world.engine.segment(&name(segment)).await;
    view.expect("it is read").expect("it is there")
}

async fn members(world: &World, segment: &str) -> Vec<ContactId> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = world
            .engine
            .members(&name(segment), after.as_ref(), 4)
            .await;
        let page = page.expect("it is read").expect("it is there");
        assert!(page.members.len() <= 4);
        all.extend(page.members.into_iter().map(|member| member.contact));
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_asked_page_by_page_and_a_rebuild_knows_the_same() {
    let (standstill, hops) = Standstill::new();
    let world = people_at(hops).await;
    for first in [buyers(1), others()] {
        let put = world.engine.put_segment(first, None).await;
        put.expect("it is put");
    }
    world.settle().await;
    // The first page is logged; the control partition has told everybody of the segment.
    standstill.arm([("partition-0", 2), ("partition-1", 2), ("partition-2", 2)]);
    let put = world.engine.put_segment(buyers(2), Some(1)).await;
    put.expect("it is put");
    standstill.wait(3);
    let crashed = world.place.copy();
    drop(standstill);
    world.stopped().await;
    let world = crashed.start();
    world.settle().await;
    for (segment, count) in [("buyers", 9), ("others", 16)] {
        let found = view(&world, segment).await;
        assert!(found.is_evaluated);
        assert_eq!(found.evaluated, u64::from(CONTACTS));
        assert_eq!(found.counters.members(), count);
        let mut listed = members(&world, segment).await;
        listed.sort();
        listed.dedup();
        assert_eq!(listed.len() as u64, count, "each once");
    }
    world
        .event("c1", "order_completed", json!({"order": 2}))
        .await;
    assert_eq!(view(&world, "buyers").await.counters.members(), 10);
    assert_eq!(view(&world, "others").await.counters.left, 1);

    let (before, mut place) = world.export().await;
    let reexecution = place.reexecute().expect("it is asked again");
    assert_eq!(reexecution.different, 0);
    assert!(reexecution.equal >= u64::from(CONTACTS));
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    let (after, _place) = world.export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_asked_is_counted_once_across_a_stop_and_a_crash() {
    let (standstill, hops) = Standstill::new();
    let mut place = Place::new(&["audience"]);
    place.partitions = 1;
    place.configure = |config| {
        config.limits.tick_timers_max = 3;
        // What the crash leaves in the store is what the stop has written down.
        config.faults.store_flush_every_ms = 3_600_000;
    };
    place.hops = hops;
    let world = people_in(place).await;
    standstill.arm([("partition-0", 2)]);
    let put = world.engine.put_segment(buyers(1), None).await;
    put.expect("it is put");
    standstill.wait(1);
    // The first page is logged, and the others are left to the next start.
    let clock = world.engine.clock().expect("it runs").expect("it is wound");
    let release_once_it_stops = async {
        let settled = clock.settle().await;
        settled.expect_err("the engine stops");
        drop(standstill);
    };
    let stopped = tokio::time::timeout(BOUND, world.stopped());
    let (stopped, ()) = tokio::join!(stopped, release_once_it_stops);
    let mut place = stopped.expect("nobody waits for the other pages");
    place.hops = Hops::default();
    let world = place.start();
    world.settle().await;
    let crashed = world.place.copy();
    world.stopped().await;
    let world = crashed.start();
    world.settle().await;
    let found = view(&world, "buyers").await;
    assert_eq!(
        (found.is_evaluated, found.evaluated),
        (true, u64::from(CONTACTS))
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_made_again_begins_anew() {
    let world = people().await;
    world
        .engine
        .put_segment(buyers(1), None)
        .await
        .expect("it is put");
    world.settle().await;
    assert_eq!(view(&world, "buyers").await.counters.members(), 25);
    world
        .engine
        .put_segment(buyers(2), Some(1))
        .await
        .expect("it is put");
    world.settle().await;
    let edited = view(&world, "buyers").await;
    assert_eq!(
        (edited.definition.version, edited.counters.members()),
        (2, 9)
    );
    assert_eq!((edited.counters.entered, edited.counters.left), (25, 16));

    world
        .engine
        .delete_segment(&name("buyers"))
        .await
        .expect("nothing goes by it");
    world
        .engine
        .put_segment(buyers(2), None)
        .await
        .expect("it is put");
    world.settle().await;
    let anew = view(&world, "buyers").await;
    assert_eq!((anew.definition.version, anew.definition.number), (1, 2));
    assert_eq!((anew.counters.entered, anew.counters.left), (9, 0));
    assert_eq!(members(&world, "buyers").await.len(), 9);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_in_is_mailed_and_who_is_in_already_is_not() {
    let world = people().await;
    world
        .engine
        .put_segment(buyers(2), None)
        .await
        .expect("it is put");
    world
        .run(json!({
            "id": "thanks",
            "title": "Thanks",
            "goal": "none",
            "trigger": {"plugin": "segment_entered", "config": {"segment": "buyers"}},
            "steps": [{"id": "mail", "send": {"template": "thanks"}}],
            "templates": {"thanks": template("You are one of the {{ event.segment }}")},
        }))
        .await;
    world.settle().await;
    assert!(world.mails().is_empty(), "{:?}", world.mails());
    world
        .event("c1", "order_completed", json!({"order": 2}))
        .await;
    world
        .event("c1", "order_completed", json!({"order": 3}))
        .await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.mails());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_moves_on_has_everybody_asked_anew() {
    let world = people().await;
    world
        .engine
        .put_segment(buyers(2), None)
        .await
        .expect("it is put");
    world.settle().await;
    let bound = async || {
        let found = view(&world, "buyers").await.definition.binding;
        found.expect("it has a rule").version.to_string()
    };
    let before = bound().await;

    let next = exchanged(&component("audience"), &before, "1.9.9");
    world.place.put_plugin("audience", &next);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let moved = tokio::time::timeout(BOUND, async {
        while bound().await == before {
            tokio::task::yield_now().await;
        }
    });
    moved.await.expect("the rule moves on");
    world.settle().await;
    assert_eq!(bound().await, "1.9.9");
    let anew = view(&world, "buyers").await;
    assert_eq!(
        (anew.definition.version, anew.definition.evaluation),
        (1, 2)
    );
    assert!(anew.is_evaluated);
    assert_eq!(anew.evaluated, u64::from(CONTACTS));
    let answers: u64 = anew.counters.decisions.values().sum();
    assert_eq!(answers, 25 + 25, "once by each file");
    assert_eq!((anew.counters.entered, anew.counters.left), (9, 0));
    world.stopped().await;
}
