//! A contact's journeys over HTTP, page by page.

use serde_json::{Value as Json, json};

use crate::support::{World, event, thanks};

/// How many facts a page has.
fn count(page: &Json) -> usize {
    let journeys = page["journeys"].as_array().expect("a list").iter();
    let facts = |holder: &Json, name: &str| holder[name].as_array().expect("a list").len();
    facts(page, "before")
        + journeys
            .map(|journey| facts(journey, "facts"))
            .sum::<usize>()
}

#[tokio::test(flavor = "multi_thread")]
async fn journeys_are_paged_by_their_facts() {
    let world = World::with(&["event"], |_| {});
    world
        .put("/v1/workflows/thanks", thanks())
        .await
        .expect(201);
    world
        .ask("POST", "/v1/workflows/thanks/start")
        .await
        .expect(200);
    for order in 0..9 {
        let mut completed = event("ann", "order_completed");
        completed["fields"] = json!({ "order": order });
        completed["attributes"] = json!({ "email": "ann@example.com" });
        world.post("/v1/events", completed).await.expect(202);
        // Those that are over are told by their ends.
        let later = format!("2026-03-01T09:0{}:00Z", order + 1);
        let wound = world
            .post("/v1/clock", json!({ "advance_to": later }))
            .await;
        wound.expect(200);
    }
    let path = "/v1/contacts/ann/journeys";
    let whole = world.get(path).await.expect(200);
    assert!(whole.get("next").is_none(), "{}", whole["next"]);
    assert_eq!(whole["journeys"].as_array().map(Vec::len), Some(9));
    let first = world.get(&format!("{path}?limit=4")).await.expect(200);
    assert_eq!(first["journeys"][0]["key"], "8", "the newest: {first}");
    let (mut facts, mut keys, mut page) = (count(&first), Vec::new(), first);
    loop {
        let journeys = page["journeys"].as_array().expect("a list");
        keys.extend(journeys.iter().map(|journey| journey["key"].clone()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        let next = format!("{path}?limit=4&after={next}");
        page = world.get(&next).await.expect(200);
        assert!((1..=4).contains(&count(&page)), "{page}");
        facts += count(&page);
    }
    assert_eq!(facts, count(&whole));
    keys.dedup();
    assert_eq!(keys, ["8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    let mut lines = Vec::new();
    for query in [
        "limit=0",
        "limit=10001",
        "after=1",
        "after=1:2",
        "after=-1.0",
    ] {
        let reply = world.get(&format!("{path}?{query}")).await;
        lines.push(format!("{query} {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}
