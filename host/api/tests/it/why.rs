//! Why somebody got a message: told from what is kept, and with each rule asked again.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{World, event, thanks};

/// The answer and the lines, each with what came of asking again.
fn told(body: &Json) -> String {
    let about = body["why"]["about"].as_array().expect("a list");
    let mut lines = Vec::new();
    for one in about {
        lines.push(format!("{}: {}", one["workflow"], one["answer"]));
        for line in one["lines"].as_array().expect("a list") {
            let evidence = &line["evidence"];
            let inputs = evidence["inputs"].as_array().map_or(0, Vec::len);
            let again = evidence["again"]
                .as_str()
                .map_or_else(String::new, |again| format!(" [{again}, {inputs} inputs]"));
            lines.push(format!("  {}{again}", line["text"].as_str().expect("text")));
        }
    }
    lines.push(format!("asked again: {}", body["why"]["asked_again"]));
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_in_sentences_and_asked_again() {
    let world = World::with(&["event"], |_| {});
    world
        .put("/v1/workflows/thanks", thanks())
        .await
        .expect(201);
    let why = "/v1/contacts/ann/why";
    let mut lines = vec![world.get(why).await.error_line()];
    world
        .post("/v1/events", event("ann", "signed_up"))
        .await
        .expect(202);
    world.settle().await;
    let path = format!("{why}?workflow=thanks");
    lines.push(told(&world.get(&path).await.expect(200)));
    world
        .ask("POST", "/v1/workflows/thanks/start")
        .await
        .expect(200);
    let mut ordered = event("ann", "order_completed");
    ordered["fields"] = serde_json::json!({ "order": 1 });
    world.post("/v1/events", ordered).await.expect(202);
    world.settle().await;
    lines.push(told(&world.get(why).await.expect(200)));
    let path = format!("{why}?again=true");
    lines.push(told(&world.get(&path).await.expect(200)));
    for path in ["?workflow=none", "?workflow=No!", "?again=yes", "?why=1"] {
        lines.push(world.get(&format!("{why}{path}")).await.error_line());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    404 not_found at "-": there is no contact ann
    "thanks": "ann did not come in: the workflow was not started"
    asked again: null
    "thanks": "ann came in; got no message; did not get the message of mail, because they have no mail address; came to the end"
      the trigger said enter: The event matched
      came in, with the key 1
      came to mail
      did not get the message of mail, because they have no mail address
      came to the end
    asked again: null
    "thanks": "ann came in; got no message; did not get the message of mail, because they have no mail address; came to the end"
      the trigger said enter: The event matched [equal, 1 inputs]
      came in, with the key 1
      came to mail
      did not get the message of mail, because they have no mail address
      came to the end
    asked again: {"different":0,"equal":1,"left_out":0,"not_asked":0}
    404 not_found at "-": there is no workflow none
    400 invalid_parameter at "-": workflow id may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'N' at byte 0
    400 invalid_parameter at "-": the query cannot be read: again: provided string was not `true` or `false`
    400 invalid_parameter at "-": the query cannot be read: why: unknown field `why`, expected one of `workflow`, `again`, `at_least`
    "#);
    world.stop().await;
}
