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

/// A draft whose first step asks `explore` for the arm, which gives everybody the gift.
fn chosen() -> serde_json::Value {
    let by = json!({"plugin": "explore", "config": {"explore": 0, "arms": [
        {"name": "plain", "score": "plain_score"},
        {"name": "gift", "score": "gift_score", "otherwise": 1},
    ]}});
    let mut document = thanks();
    document["steps"] = json!([
        {"id": "lot", "split": {"by": by, "arms": [
            {"name": "plain", "goto": "end"},
            {"name": "gift", "goto": "end"},
        ]}},
        {"id": "end", "exit": {}},
    ]);
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn arms_that_a_plugin_chooses_are_shown_by_whom_they_stand_for() {
    let world = World::with(&["event", "explore"], |_| {});
    let put = world.put("/v1/workflows/thanks", chosen()).await;
    put.expect(201);
    let started = world.ask("POST", "/v1/workflows/thanks/start").await;
    started.expect(200);
    let mut completed = event("ann", "order_completed");
    completed["fields"] = json!({ "order": 1 });
    world.post("/v1/events", completed).await.expect(202);
    world.settle().await;
    let shown = world.get(EXPERIMENTS).await.expect(200);
    assert_snapshot!(serde_json::to_string_pretty(&shown["experiments"][0]).expect("JSON"), @r#"
    {
      "arms": {
        "gift": {
          "assigned": 1,
          "converted": 0,
          "weighed": {
            "assigned": 1.0,
            "converted": 0.0,
            "rate": 0.0
          },
          "weight": 0
        },
        "plain": {
          "assigned": 0,
          "converted": 0,
          "weighed": {
            "assigned": 0.0,
            "converted": 0.0
          },
          "weight": 0
        }
      },
      "by": "goal",
      "experiment": "thanks/lot",
      "plugin": "explore",
      "step": "lot",
      "versions": [
        1
      ]
    }
    "#);
    let facts = world.get("/v1/contacts/ann/journeys").await.expect(200);
    let facts = facts["journeys"][0]["facts"].as_array().expect("a list");
    let given = facts.iter().find(|fact| fact["kind"] == "arm_chosen");
    let given = given.expect("it is a fact");
    assert_eq!(
        (&given["arm"], &given["propensity"]),
        (&json!("gift"), &json!(1.0))
    );

    let gift = json!({"version": 1, "winner": "gift"});
    let after = world.post(END, gift).await.expect(200);
    assert_eq!(after["experiments"][0]["ended"]["winner"], "gift");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_winner_by_itself_and_a_config_that_makes_no_sense_are_refused() {
    let world = World::with(&["event", "explore"], |_| {});
    let mut wins = chosen();
    wins["steps"][0]["split"]["winner"] = json!({"by": "opened"});
    let mut twice = chosen();
    twice["steps"][0]["split"]["by"]["config"]["arms"][0]["name"] = json!("gift");
    let mut nobody = chosen();
    nobody["steps"][0]["split"]["by"]["plugin"] = json!("nobody");
    let mut found = Vec::new();
    for document in [wins, twice, nobody] {
        let refused = world.put("/v1/workflows/thanks", document).await;
        let problems = refused.expect(422);
        for problem in problems["error"]["problems"].as_array().expect("a list") {
            let told = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
            found.push(format!("{} {}", told("pointer"), told("code")));
        }
    }
    assert_snapshot!(found.join("\n"), @r"
    /steps/0/split/winner winner_by_plugin
    /steps/0/split/by/config config_refused
    /steps/0/split/by/plugin plugin_unknown
    ");
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
