//! Experiments of a workflow: how they stand, and how one ends by hand.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{World, event, thanks};

const EXPERIMENTS: &str = "/v1/workflows/thanks/experiments";
const END: &str = "/v1/workflows/thanks/experiments/lot/end";

/// A draft whose first step splits.
async fn split() -> World {
    let world = World::with(&["event"], |_| {});
    let mut document = thanks();
    document["steps"] = json!([
        {"id": "lot", "split": {"arms": [
            {"name": "plain", "weight": 5_000, "goto": "end"},
            {"name": "gift", "weight": 5_000},
        ]}},
        {"id": "end", "exit": {}},
    ]);
    world
        .put("/v1/workflows/thanks", document)
        .await
        .expect(201);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_each_arm_are_shown() {
    let world = split().await;
    let started = world.ask("POST", "/v1/workflows/thanks/start").await;
    started.expect(200);
    for contact in ["ann", "bea", "eva"] {
        let mut completed = event(contact, "order_completed");
        completed["fields"] = json!({ "order": 1 });
        world.post("/v1/events", completed).await.expect(202);
    }
    world.settle().await;
    let shown = world.get(EXPERIMENTS).await.expect(200);
    assert_snapshot!(serde_json::to_string_pretty(&shown).expect("JSON"), @r#"
    {
      "experiments": [
        {
          "arms": {
            "gift": {
              "assigned": 2,
              "converted": 0,
              "weight": 5000
            },
            "plain": {
              "assigned": 1,
              "converted": 0,
              "weight": 5000
            }
          },
          "by": "goal",
          "experiment": "thanks/lot",
          "finding": {
            "arm": "plain",
            "kind": "too_few",
            "needed": 500
          },
          "step": "lot",
          "versions": [
            1
          ]
        }
      ]
    }
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_is_ended_by_hand_once() {
    let world = split().await;
    let mut lines = Vec::new();
    let gift = json!({"version": 1, "winner": "gift"});
    lines.push(world.post(END, gift.clone()).await.error_line());
    let started = world.ask("POST", "/v1/workflows/thanks/start").await;
    started.expect(200);
    for (path, body) in [
        (END, json!({"version": 1, "winner": "whisper"})),
        (END, json!({"version": 2, "winner": "gift"})),
        (END, json!({"version": 1})),
        (END, json!({"version": 1, "winner": "G I F T"})),
        (END, json!({"winner": "gift"})),
        (
            "/v1/workflows/thanks/experiments/end/end",
            json!({"version": 1, "winner": "gift"}),
        ),
        (
            "/v1/workflows/nobody/experiments/lot/end",
            json!({"version": 1, "winner": "gift"}),
        ),
    ] {
        lines.push(world.post(path, body).await.error_line());
    }
    let after = world.post(END, gift.clone()).await.expect(200);
    lines.push(world.post(END, gift).await.error_line());
    let nobody = world.get("/v1/workflows/nobody/experiments").await;
    lines.push(nobody.error_line());
    assert_snapshot!(lines.join("\n"), @r#"
    409 conflict at "-": workflow thanks is draft, but end_experiment needs running or paused; allowed: edit, start, schedule, delete
    404 not_found at "-": step lot of workflow thanks has no such experiment: no arm has that name
    404 not_found at "-": step lot of workflow thanks has no such experiment: the current version splits in another way
    422 invalid_body at "/winner": missing field `winner` at line 1 column 13
    422 invalid_body at "/winner": arm name may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'G' at byte 0 at line 1 column 32
    422 invalid_body at "/version": missing field `version` at line 1 column 17
    404 not_found at "-": step end of workflow thanks has no such experiment: the step does not split
    404 not_found at "-": there is no workflow nobody
    409 conflict at "-": the experiment at step lot of workflow thanks was over at 2026-03-01T09:00:00Z
    404 not_found at "-": there is no workflow nobody
    "#);
    assert_eq!(after["experiments"][0]["ended"]["winner"], "gift");
    assert!(after["experiments"][0]["ended"]["by"].is_string());
    world.stop().await;
}
