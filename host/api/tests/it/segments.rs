//! Named segments over HTTP: put, replaced and deleted, refused with every place, and their members by pages and as CSV.

use std::fmt::Write as _;

use axum::http::header;
use serde_json::{Value as Json, json};

use crate::support::{World, told};

/// Those who have the attribute.
fn known(name: &str, attribute: &str) -> Json {
    json!({"name": name, "title": "Known", "rule": {"plugin": "audience", "config": {
        "attribute": {"name": attribute, "operator": "present"},
    }}})
}

fn made_of(name: &str, of: &Json) -> Json {
    json!({"name": name, "title": "Made of others", "of": of})
}

fn world() -> World {
    World::with(&["audience", "segment-entered"], |_| {})
}

/// Without digests, and without how far everybody is asked by now.
fn brief(mut body: Json) -> Json {
    let members = body.as_object_mut().expect("an object");
    members.retain(|name, _| !name.contains("evaluated"));
    if let Some(binding) = body["segment"]["binding"].as_object_mut() {
        binding.remove("digest");
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_put_replaced_and_deleted() {
    let world = world();
    let path = "/v1/segments/gold";
    let mut lines = vec![told(&world.get(path).await)];
    let created = world.put(path, known("gold", "gold")).await;
    lines.push(format!("{}", brief(created.expect(201))));
    lines.push(told(&world.put(path, known("gold", "gold")).await));
    let based_on = |version: u32| format!("{path}?based_on={version}");
    lines.push(told(&world.put(&based_on(7), known("gold", "gold")).await));
    let silver = known("gold", "silver");
    let replaced = world.put(&based_on(1), silver).await.expect(200);
    lines.push(format!("{}", replaced["segment"]["version"]));
    lines.push(told(&world.put(&based_on(2), known("vip", "gold")).await));
    let rest = made_of("rest", &json!({"none": ["gold"]}));
    world.put("/v1/segments/rest", rest).await.expect(201);
    let listed = world.get("/v1/segments").await.expect(200);
    let names: Vec<&Json> = listed["segments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|segment| &segment["name"])
        .collect();
    lines.push(format!("{names:?}"));
    for path in [path, "/v1/segments/rest", path, path] {
        lines.push(told(&world.ask("DELETE", path).await));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    404 not_found at "-": there is no segment gold
    {"decisions":{},"entered":0,"left":0,"members":0,"segment":{"binding":{"plugin":"audience","reads":["attribute gold"],"version":"1.0.0"},"document":{"name":"gold","rule":{"config":{"attribute":{"name":"gold","operator":"present"}},"follow":"adopt","on_failure":"default","plugin":"audience"},"title":"Known"},"name":"gold","put_at":"2026-03-01T09:00:00Z","title":"Known","version":1}}
    409 conflict at "-": segment gold exists already, its version is 1
    409 conflict at "-": segment gold has moved on to version 1, the edit was made from 7
    2
    422 invalid_body at "/name": the document is of segment vip, the route of gold
    [String("gold"), String("rest")]
    409 conflict at "-": segment gold cannot be deleted: segment rest goes by it
    204
    204
    404 not_found at "-": there is no segment gold
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_segment_is_refused_with_every_place() {
    let world = world();
    let gold = known("gold", "gold");
    world.put("/v1/segments/gold", gold).await.expect(201);
    let mut both = known("odd", "gold");
    both["of"] = json!({"all": ["gold", "silver"], "none": ["bronze"]});
    both["title"] = json!("");
    let mut operator = known("odd", "gold");
    operator["rule"]["config"]["attribute"]["operator"] = json!("resembles");
    let mut plugin = known("odd", "gold");
    plugin["rule"]["plugin"] = json!("nobody");
    let mut kind = known("odd", "gold");
    kind["rule"] = json!({"plugin": "segment_entered", "config": {"segment": "gold"}});
    let mut lines = Vec::new();
    for odd in [
        both,
        operator,
        plugin,
        kind,
        made_of("odd", &json!({"all": ["odd"]})),
        made_of("odd", &json!({})),
        json!({"name": "odd", "title": "Odd", "sort": "by name"}),
    ] {
        lines.push(told(&world.put("/v1/segments/odd", odd).await));
    }
    let trigger = json!({"plugin": "segment_entered", "config": {"segment": "silver"}});
    let workflow = json!({
        "id": "hello",
        "title": "Hello",
        "goal": "none",
        "trigger": trigger,
        "steps": [{"id": "over", "exit": {}}],
    });
    lines.push(told(&world.put("/v1/workflows/hello", workflow).await));
    lines.push(told(&world.get("/v1/segments/no%20name").await));
    lines.push(told(&world.get("/v1/segments/odd/members").await));
    lines.push(told(&world.get("/v1/segments/odd/members.csv").await));
    lines.push(told(&world.get("/v1/segments/gold/members?limit=0").await));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    422 invalid_segment at "": the segment has 4 problems; nothing was stored
       segment_of_one: a segment has either a rule (`rule`) or is made of others (`of`)
      /of/all/1 segment_unknown: there is no segment "silver"
      /of/none/0 segment_unknown: there is no segment "bronze"
      /title title_empty: the title is empty
    422 invalid_segment at "/rule/config": the segment has a problem; nothing was stored
      /rule/config schema: {"attribute":{"name":"gold","operator":"resembles"}} is not valid under any of the schemas listed in the 'oneOf' keyword
    422 invalid_segment at "/rule/plugin": the segment has a problem; nothing was stored
      /rule/plugin plugin_unknown: no plugin is named nobody
    422 invalid_segment at "/rule/plugin": the segment has a problem; nothing was stored
      /rule/plugin rule_missing: plugin segment_entered has no segment
    422 invalid_segment at "/of": the segment has a problem; nothing was stored
      /of segment_circle: segment odd would go by itself
    422 invalid_segment at "/of": the segment has a problem; nothing was stored
      /of composition_size: names 0 segments, 1 to 20 are allowed
    422 invalid_body at "/sort": unknown field `sort`, expected one of `name`, `title`, `rule`, `of`
    422 invalid_workflow at "/trigger/config": the workflow has a problem; nothing was stored
      /trigger/config segment_unknown: there is no segment "silver"
    400 invalid_parameter at "-": segment name may only hold a-z, 0-9, _ and -, starting with a letter or digit, found ' ' at byte 2
    404 not_found at "-": there is no segment odd
    404 not_found at "-": there is no segment odd
    400 invalid_parameter at "-": limit is 1 to 1000
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_and_exported() {
    let world = world();
    let gold = known("gold", "gold");
    world.put("/v1/segments/gold", gold).await.expect(201);
    for (contact, attributes) in [
        ("ann", json!({"gold": 1, "email": "ann@example.com"})),
        ("bea", json!({"email": "bea@example.com"})),
        ("%3D1%2B1", json!({"gold": 1})),
        ("say%20%22hello%22", json!({"gold": 1})),
    ] {
        let path = format!("/v1/contacts/{contact}");
        let changes = json!({"attributes": attributes});
        assert!(world.patch(&path, changes).await.status.is_success());
    }
    world.settle().await;
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/segments/gold/members?limit=1{after}");
        let page = world.get(&path).await.expect(200);
        let members = page["members"].as_array().expect("a list");
        assert!(members.len() <= 1, "{page}");
        listed.extend(members.iter().map(ToString::to_string));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = "&after=".to_owned();
        for byte in next.bytes() {
            write!(after, "%{byte:02X}").unwrap();
        }
    }
    listed.sort();
    insta::assert_snapshot!(listed.join("\n"), @r#"
    {"contact":"=1+1","since":"2026-03-01T09:00:00Z"}
    {"contact":"ann","email":"ann@example.com","since":"2026-03-01T09:00:00Z"}
    {"contact":"say \"hello\"","since":"2026-03-01T09:00:00Z"}
    "#);

    let export = world.get("/v1/segments/gold/members.csv").await;
    assert_eq!(export.status, 200);
    assert_eq!(
        export.header(header::CONTENT_TYPE),
        "text/csv; charset=utf-8"
    );
    assert_eq!(
        export.header(header::CONTENT_DISPOSITION),
        "attachment; filename=\"gold.csv\""
    );
    let mut lines: Vec<&str> = export.text.split_terminator("\r\n").collect();
    lines[1..].sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "contact","email","since"
    "'=1+1","","2026-03-01T09:00:00Z"
    "ann","ann@example.com","2026-03-01T09:00:00Z"
    "say ""hello""","","2026-03-01T09:00:00Z"
    "#);
    let plain = world.get("/v1/segments/gold/members.csv?safe=false").await;
    assert!(plain.text.contains("\"=1+1\""), "{}", plain.text);
    world.stop().await;
}
