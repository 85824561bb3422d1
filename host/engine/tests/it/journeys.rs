//! A contact's journeys page by page: the newest first, every fact once, and nothing left out.

use std::collections::BTreeSet;

use serde_json::json;
use signalbox_engine::JourneysView;
use signalbox_model::{
    id::{ContactId, JourneyId},
    workflow::Action,
};
use signalbox_store::StoredFact;

use crate::support::{World, follow_up, thanks};

const ORDERS: usize = 12;

fn ann() -> ContactId {
    ContactId::parse("ann").expect("an id")
}

async fn page(world: &World, before: Option<(u64, u32)>, facts_max: usize) -> JourneysView {
    let page = world.engine.journeys(&ann(), before, facts_max).await;
    page.expect("it runs").expect("she is known")
}

/// The facts of a page, the newest first.
fn facts_of(page: &JourneysView) -> Vec<StoredFact> {
    let of_journeys = page.journeys.iter().flat_map(|journey| &journey.facts);
    let mut facts: Vec<StoredFact> = page.outside.iter().chain(of_journeys).cloned().collect();
    facts.sort_by_key(|stored| (stored.sequence, stored.ordinal));
    facts.reverse();
    facts
}

/// Goes through all pages of that many facts; answers with the facts and with the journeys that had an entry on one.
async fn all_pages(world: &World, facts_max: usize) -> (Vec<StoredFact>, BTreeSet<JourneyId>) {
    let (mut paged, mut shown) = (Vec::new(), BTreeSet::new());
    let mut before = None;
    loop {
        let page = page(world, before, facts_max).await;
        let facts = facts_of(&page);
        assert!(facts.len() <= facts_max);
        for journey in &page.journeys {
            assert_ne!(journey.inside.is_some(), journey.closed.is_some());
            assert!(before.is_none() || !journey.facts.is_empty());
            shown.insert(journey.id);
        }
        assert!(before.is_none() || page.arms.is_empty());
        paged.extend(facts);
        before = page.next;
        if before.is_none() {
            paged.reverse();
            return (paged, shown);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fact_is_on_one_page_and_the_newest_on_the_first() {
    let world = World::new();
    world.run(thanks()).await;
    let mut each = follow_up();
    each["entry"] = json!("every");
    world.run(each).await;
    for order in 0..ORDERS {
        world
            .event("ann", "order_completed", json!({ "order": order }))
            .await;
    }
    // At first those of one workflow are inside; two days later they are over, long after they were entered.
    for at in ["2026-03-01T09:00:00Z", "2026-03-03T09:00:00Z"] {
        world.advance(at).await;
        let all = world.engine.facts(&ann(), None, 1_000).await;
        let all = all.expect("they can be read");
        assert!(all.len() > 4 * ORDERS, "{} facts", all.len());
        let newest = page(&world, None, 5).await;
        let mut first: Vec<StoredFact> = all[all.len() - 5..].to_vec();
        first.reverse();
        assert_eq!(facts_of(&newest), first);
        for facts_max in [1, 7, all.len() - 1, all.len(), all.len() + 1] {
            let (paged, shown) = all_pages(&world, facts_max).await;
            assert!(paged == all, "pages of {facts_max}");
            assert_eq!(shown.len(), 2 * ORDERS, "pages of {facts_max}");
        }
        assert_eq!(page(&world, None, all.len()).await.next, None);
    }
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_inside_is_on_the_first_page_without_a_fact_on_it() {
    let world = World::new();
    world.run(follow_up()).await;
    world
        .event("ann", "order_completed", json!({ "order": 1 }))
        .await;
    world.action("follow_up", Action::Pause).await;
    world.run(thanks()).await;
    for order in 2..4 {
        world
            .event("ann", "order_completed", json!({ "order": order }))
            .await;
    }
    let first = page(&world, None, 1).await;
    assert_eq!(first.journeys.len(), 2);
    assert!(first.journeys[0].inside.is_some() && first.journeys[0].facts.is_empty());
    assert!(first.journeys[1].closed.is_some());
    let second = page(&world, first.next, 1).await;
    assert_eq!(second.journeys.len(), 1);
    assert!(second.journeys[0].closed.is_some());
    world.stopped().await;
}
