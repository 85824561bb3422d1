//! Workflows as they are put: every problem with its place at once, conflicts, and what a version stands for.

use serde_json::json;
use signalbox_engine::{CommandError, PutError};
use signalbox_model::{
    id::WorkflowId,
    workflow::{Action, Edit, WorkflowState},
};

use crate::support::{Place, World, big_spender, component, thanks, workflow};

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_told_at_once_with_its_place() {
    let world = World::new();
    let mut document = thanks();
    document["trigger"]["config"] = json!({"event": "Order Completed", "keys": 1});
    document["audience"] = json!({"plugin": "nowhere"});
    document["steps"] = json!([
        {"id": "mail", "send": {"template": "thanks", "personalizer": {"plugin": "event"}}},
        {"id": "fork", "branch": {"arms": [{"segment": {"plugin": "audience", "version": "^9"}, "goto": "mail2"}]}},
    ]);
    document["templates"]["thanks"]["mjml"] = json!("<mjml><mj-body>{{ nope </mj-body></mjml>");
    let refused = world
        .engine
        .put_workflow(workflow(document), None, Edit::Pin)
        .await;
    let Err(PutError::Problems(problems)) = refused else {
        panic!("it is refused for its problems: {refused:?}");
    };
    let places: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}", problem.pointer, problem.code))
        .collect();
    insta::assert_snapshot!(places.join("\n"), @r"
    /audience/plugin plugin_unknown
    /steps/0/send/personalizer/plugin rule_missing
    /steps/1/branch/arms/0/goto step_unknown
    /steps/1/branch/arms/0/segment/version plugin_version_missing
    /templates/thanks/mjml element_not_closed
    /templates/thanks/mjml element_not_closed
    /templates/thanks/mjml tag_not_closed
    /trigger/config schema
    /trigger/config/event schema
    ");
    assert!(world.engine.workflows(None, 9).expect("it runs").is_empty());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_file_has_just_come_is_waited_for() {
    let world = Place::new(&["event"]).start();
    let mut document = thanks();
    document["audience"] = json!({"plugin": "audience", "config": big_spender()});
    world.place.put_plugin("audience", &component("audience"));
    let put = world
        .engine
        .put_workflow(workflow(document), None, Edit::Pin);
    put.await.expect("the file is loaded first");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_name_the_state_and_change_nothing() {
    let world = World::new();
    world.run(thanks()).await;
    let again = world
        .engine
        .put_workflow(workflow(thanks()), None, Edit::Pin)
        .await;
    insta::assert_snapshot!(again.expect_err("it exists").to_string(), @"workflow thanks exists already, its version is 1");
    let edited = world
        .engine
        .put_workflow(workflow(thanks()), Some(1), Edit::Pin)
        .await;
    insta::assert_snapshot!(edited.expect_err("it runs").to_string(), @"workflow thanks is running, but edit needs draft or paused; allowed: pause, end");
    let id = WorkflowId::parse("thanks").expect("an id");
    let started = world.engine.transition(&id, Action::Start).await;
    assert!(matches!(started, Err(CommandError::Conflict(_))));
    world.action("thanks", Action::Pause).await;
    let edited = world
        .engine
        .put_workflow(workflow(thanks()), Some(1), Edit::Pin)
        .await
        .expect("it may be edited");
    assert_eq!(edited.definition.current, 2);
    let listed = world.engine.workflows(None, 9).expect("it runs");
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].state, listed[0].version),
        (WorkflowState::Paused, 2)
    );
    assert_eq!(listed[0].allowed, edited.allowed);
    let behind = world.engine.workflows(Some(&id), 9).expect("it runs");
    assert!(behind.is_empty());
    world.action("thanks", Action::End).await;
    let deleted = world
        .engine
        .transition(&id, Action::Delete)
        .await
        .expect("it may be deleted");
    assert_eq!(deleted, None);
    assert_eq!(world.engine.workflow(&id).await.expect("it runs"), None);
    world.stopped().await;
}
