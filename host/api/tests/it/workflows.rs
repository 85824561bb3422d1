//! Workflows over HTTP: their states, their conflicts, and documents that do not hold.

use serde_json::{Value as Json, json};

use crate::support::{Reply, World, thanks};

fn summary(reply: &Reply) -> String {
    if reply.status.is_success() {
        let body = reply.json();
        let workflow = &body["workflow"];
        return format!(
            "{} {} version {}, allowed {}",
            reply.status.as_u16(),
            workflow["state"].as_str().expect("a state"),
            workflow["version"],
            workflow["allowed"]
        );
    }
    let allowed = reply.json()["error"]["allowed"].clone();
    match allowed {
        Json::Null => reply.error_line(),
        allowed => format!("{}; {allowed}", reply.error_line()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_goes_through_its_states() {
    let world = World::with(&["event"], |_| {});
    let mut lines = Vec::new();
    let mut edited = thanks();
    edited["title"] = json!("Thanks a lot");
    let later = json!({ "at": "2026-03-02T00:00:00Z" });
    let asks: [(&str, &str, Option<Json>); 24] = [
        ("POST", "/start", None),
        ("PUT", "", Some(thanks())),
        ("PUT", "", Some(thanks())),
        ("POST", "/pause", None),
        (
            "POST",
            "/schedule",
            Some(json!({ "at": "2026-02-01T00:00:00Z" })),
        ),
        ("POST", "/schedule", Some(later)),
        ("PUT", "?based_on=1", Some(edited.clone())),
        ("DELETE", "", None),
        ("POST", "/cancel", None),
        ("PUT", "?based_on=1", Some(edited.clone())),
        ("PUT", "?based_on=1", Some(edited.clone())),
        ("POST", "/start", None),
        ("POST", "/start", None),
        ("PUT", "?based_on=2", Some(edited.clone())),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("PUT", "?based_on=2", Some(edited)),
        ("POST", "/resume", None),
        ("POST", "/cancel", None),
        ("POST", "/end", None),
        ("POST", "/resume", None),
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "", None),
    ];
    for (method, rest, body) in asks {
        let path = format!("/v1/workflows/thanks{rest}");
        let reply = match body {
            Some(body) => world.send_body(method, &path, body.to_string()).await,
            None => world.ask(method, &path).await,
        };
        let line = if reply.text.is_empty() {
            reply.status.as_u16().to_string()
        } else {
            summary(&reply)
        };
        lines.push(format!("{method} {rest} -> {line}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
    let mut document = thanks();
    document["title"] = json!(7);
    document["steps"][0]["send"]["late_limit"] = json!("soon");
    document["steps"][0]["send"]["colour"] = json!("red");
    document["exits"] = json!([{ "on": { "event": "Left!" } }]);
    let refused = world
        .put("/v1/workflows/thanks", document)
        .await
        .expect(422);
    let problems = refused["error"]["problems"].as_array().expect("a list");
    let pointers: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem["pointer"].as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/exits/0/on/event",
            "/steps/0/send",
            "/steps/0/send/late_limit",
            "/title"
        ]
    );
    assert_eq!(
        world.get("/v1/workflows").await.expect(200),
        json!({ "workflows": [] })
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_document_is_refused_with_every_place() {
    let world = World::with(&["event", "audience"], |_| {});
    let mut document = thanks();
    document["trigger"]["config"] = json!({ "event": "Order Completed", "keys": 1 });
    document["audience"] = json!({ "plugin": "nowhere" });
    document["steps"][0]["send"]["personalizer"] = json!({ "plugin": "audience" });
    let fork = json!({
        "id": "fork",
        "branch": { "arms": [{ "segment": { "plugin": "audience", "version": "^9" }, "goto": "mail" }] },
    });
    document["steps"].as_array_mut().expect("a list").push(fork);
    let reply = world.put("/v1/workflows/thanks", document).await;
    insta::assert_json_snapshot!(reply.expect(422));
    let mut lines = Vec::new();
    for (pointer, value) in [
        ("/id", json!("other")),
        ("/id", json!("No Slug")),
        ("/title", Json::Null),
        ("/trigger/plugin", json!(1)),
        ("/trigger/version", json!("newest")),
        ("/trigger/more", json!(1)),
        ("/steps", json!({})),
        ("/steps/0/send/template", json!(["thanks"])),
        ("/steps/0/explode", json!({})),
        ("/templates/thanks/subject", json!(7)),
    ] {
        let mut document = thanks();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = document.pointer_mut(parent).expect("it is there");
        parent[name] = value.clone();
        let reply = world.put("/v1/workflows/thanks", document).await;
        lines.push(format!("{pointer} {value}: {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(
        world.get("/v1/workflows").await.expect(200),
        json!({ "workflows": [] })
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_shows_what_its_bindings_stand_for() {
    let world = World::with(&["event"], |_| {});
    let made = world
        .put("/v1/workflows/thanks", thanks())
        .await
        .expect(201);
    let trigger = &made["workflow"]["bindings"]["trigger"];
    assert_eq!(trigger["plugin"], "event");
    assert_eq!(trigger["digest"].as_str().map(str::len), Some(64));
    let listed = world.get("/v1/workflows").await.expect(200);
    assert_eq!(
        listed,
        json!({ "workflows": [{
            "id": "thanks",
            "title": "Thanks",
            "kind": "triggered",
            "state": "draft",
            "version": 1,
            "allowed": made["workflow"]["allowed"],
        }] })
    );
    // What was read can be put back as it is.
    let document = made["workflow"]["document"].clone();
    world
        .put("/v1/workflows/thanks?based_on=1", document)
        .await
        .expect(200);
    world.stop().await;
}

/// The ids of a page, and where the next one begins.
fn page(reply: &Reply) -> (Vec<String>, Option<String>) {
    let body = reply.expect(200);
    let workflows = body["workflows"].as_array().expect("a list");
    let ids = workflows
        .iter()
        .map(|workflow| workflow["id"].as_str().expect("an id").to_owned());
    (ids.collect(), body["next"].as_str().map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_by_id() {
    let world = World::with(&["event"], |_| {});
    let ids = ["a", "b", "c", "d", "e"];
    // Not in their order.
    for id in ["c", "a", "e", "b", "d"] {
        let mut document = thanks();
        document["id"] = json!(id);
        let path = format!("/v1/workflows/{id}");
        world.put(&path, document).await.expect(201);
    }
    assert_eq!(
        page(&world.get("/v1/workflows").await),
        (ids.map(str::to_owned).to_vec(), None)
    );
    let mut paged = Vec::new();
    let mut path = "/v1/workflows?limit=2".to_owned();
    for round in 0..3 {
        let (found, next) = page(&world.get(&path).await);
        paged.extend(found);
        assert_eq!(next.is_none(), round == 2, "{paged:?}");
        path = format!("/v1/workflows?limit=2&after={}", next.unwrap_or_default());
    }
    assert_eq!(paged, ids);
    // A page that ends with the last one is the last.
    let last = world.get("/v1/workflows?limit=2&after=c").await;
    assert_eq!(page(&last), (vec!["d".to_owned(), "e".to_owned()], None));
    // What a page ended with may be gone by the next.
    world.ask("DELETE", "/v1/workflows/b").await;
    let after_b = world.get("/v1/workflows?limit=1&after=b").await;
    assert_eq!(page(&after_b), (vec!["c".to_owned()], Some("c".to_owned())));
    assert_eq!(
        page(&world.get("/v1/workflows?after=zzz").await),
        (vec![], None)
    );
    let mut lines = Vec::new();
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "after=No%20Slug",
        "page=2",
    ] {
        let reply = world.get(&format!("/v1/workflows?{query}")).await;
        lines.push(format!("{query} {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_does_not_allow_a_start_is_told_before_its_checklist() {
    let world = World::with(&["event"], |_| {});
    let mut document = thanks();
    let mjml = document["templates"]["thanks"]["mjml"]
        .as_str()
        .expect("a text");
    let bare = mjml.replace(
        "<mj-text>",
        "<mj-image src=\"https://shop.example/hat.png\" /><mj-text>",
    );
    document["templates"]["thanks"]["mjml"] = json!(bare);
    world
        .put("/v1/workflows/thanks", document)
        .await
        .expect(201);
    let ask = async |action: &str, body: &Json| {
        let path = format!("/v1/workflows/thanks/{action}");
        world.post(&path, body.clone()).await.error_line()
    };
    let plain = json!({});
    let over = json!({ "override": { "actor": "Ann", "reason": "a hat is a hat" } });
    let schedule = json!({ "at": "2100-01-01T00:00:00Z" });
    let mut lines = vec![ask("start", &plain).await, ask("resume", &plain).await];
    world
        .post("/v1/workflows/thanks/start", over)
        .await
        .expect(200);
    lines.push(ask("start", &plain).await);
    lines.push(ask("schedule", &schedule).await);
    world
        .post("/v1/workflows/thanks/end", plain.clone())
        .await
        .expect(200);
    lines.push(ask("start", &plain).await);
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}

/// What is done to a sound document.
type Change = fn(&mut Json);

/// Places and codes of what is wrong with the changed document.
async fn told(world: &World, change: Change) -> String {
    let mut document = thanks();
    change(&mut document);
    let reply = world.put("/v1/workflows/thanks", document).await;
    let body = reply.expect(422);
    let problems = body["error"]["problems"].as_array().expect("a list");
    let problems = problems.iter().map(|problem| {
        let text = |member: &str| problem[member].as_str().expect("a text").to_owned();
        format!("{} {}", text("pointer"), text("code"))
    });
    problems.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_form_hide_no_mistakes_of_meaning() {
    let world = World::with(&["event"], |_| {});
    let many = told(&world, |document| {
        document["zone"] = json!("Europe/New York");
        document["window"] = json!({ "from": "09:00", "to": "09:00" });
        document["priority"] = json!("high");
        document["steps"] = json!([
            { "id": "mail", "send": { "template": "thanks", "late_limit": "a day" } },
            { "id": "rest", "wait": { "for": "0s" }, "next": "mail" },
            { "id": "lost", "exit": {} },
        ]);
    });
    insta::assert_snapshot!(many.await);
    // What leads elsewhere than it says may lead anywhere: nothing is unreachable, unknown or endless by that alone.
    let ways: [(&str, Change); 9] = [
        ("a way that is no text", |document| {
            document["steps"] = json!([
                { "id": "a", "wait": { "for": "1d" }, "next": 5 },
                { "id": "b", "exit": {} },
                { "id": "c", "exit": { "reason": "Not A Code" } },
            ]);
        }),
        ("arms that are none", |document| {
            document["steps"] = json!([
                { "id": "a", "branch": { "arms": { "segment": {} }, "otherwise": "b" } },
                { "id": "b", "exit": {} },
                { "id": "c", "exit": {} },
            ]);
        }),
        ("a step that is none", |document| {
            document["steps"] = json!(["mail", { "id": "b", "goto": { "step": "mail" } }, { "id": "c", "exit": {} }]);
        }),
        ("an id that is none", |document| {
            document["steps"] = json!([{ "id": "A step", "wait": { "for": "1d" } }, { "id": "b", "goto": { "step": "a-step" } }, { "id": "c", "exit": {} }]);
        }),
        ("an action nobody knows", |document| {
            document["steps"] = json!([{ "id": "a", "jump": "c" }, { "id": "b", "exit": {} }, { "id": "c", "exit": {} }]);
        }),
        ("a wait that is none", |document| {
            document["steps"] = json!([
                { "id": "a", "wait": "1d" },
                { "id": "b", "goto": { "step": "a", "times_max": "twice" } },
                { "id": "c", "exit": {} },
            ]);
        }),
        ("a trigger and a template nobody knows", |document| {
            document["triger"] = document["trigger"].take();
            document
                .as_object_mut()
                .expect("an object")
                .remove("trigger");
            document["templates"] = json!({ "Thanks": document["templates"]["thanks"].take() });
        }),
        ("members that are missing", |document| {
            document.as_object_mut().expect("an object").remove("title");
            document["steps"] = json!([{ "wait": {} }, { "id": "b", "send": {} }]);
        }),
        ("weights that are none", |document| {
            document["steps"] = json!([{ "id": "a", "split": { "arms": [{ "name": "x", "weight": "half" }, { "name": "x", "weight": 5000 }] } }]);
        }),
    ];
    let mut lines = Vec::new();
    for (what, change) in ways {
        lines.push(format!("{what}\n{}", told(&world, change).await));
    }
    insta::assert_snapshot!(lines.join("\n\n"));
    world.stop().await;
}
