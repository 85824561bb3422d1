//! The documents are the server's, member by member, and the WIT is the released one, byte for byte.

use std::{fs, path::Path};

use serde_json::Value as Json;
use signalbox_model::{describe::Description, plan::Plan, time};
use signalbox_sdk::{Instant, Rule, Span, TableRows};

use crate::rules::{Greeting, Spender, Threshold, Welcome, signalbox_description};

fn workspace_file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_embedded_wit_is_the_released_one() {
    assert_eq!(
        include_str!("../../wit/rules.wit"),
        workspace_file("wit/v1/rules.wit"),
        "copy wit/v1/rules.wit to plugin-sdk/rust/wit/rules.wit"
    );
}

#[test]
fn the_description_is_what_the_server_reads() {
    let text = signalbox_description().to_json();
    let read: Description = serde_json::from_str(&text).expect("the server's type reads it");
    let kinds: Vec<_> = read.rules.keys().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["trigger", "segment", "personalizer"]);
    let written = serde_json::to_value(&read).expect("it has a JSON form");
    assert_eq!(
        serde_json::from_str::<Json>(&text).expect("it is JSON"),
        written
    );
}

#[test]
fn the_config_schema_is_of_2020_12_and_holds_what_a_form_needs() {
    let text = signalbox_description().to_json();
    let document: Json = serde_json::from_str(&text).expect("it is JSON");
    let schema = &document["rules"]["segment"]["config_schema"];
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["properties"]["threshold"]["title"], "Threshold");
    assert_eq!(
        schema["properties"]["threshold"]["description"],
        "How much a contact must have spent."
    );
    assert_eq!(schema["additionalProperties"], false);
}

fn same_plan<R: Rule<Config = Threshold>>() {
    let plan = R::plan(&Threshold { threshold: 50.0 }).expect("a plan");
    plan.check().expect("the plan is in order");
    let text = serde_json::to_string(&plan).expect("it has a JSON form");
    let read: Plan = serde_json::from_str(&text).expect("the server's type reads it");
    assert_eq!(read.inputs.len(), plan.inputs().len());
    let again: Plan = serde_json::from_value(serde_json::to_value(&read).expect("a JSON form"))
        .expect("it reads what it writes");
    assert_eq!(read, again);
}

#[test]
fn plans_are_what_the_server_reads() {
    same_plan::<Welcome>();
    same_plan::<Spender>();
    same_plan::<Greeting>();
}

#[test]
fn rows_of_a_table_are_asked_for_as_the_server_reads_it() {
    let plan = signalbox_sdk::Plan::new()
        .table("all", TableRows::all("products"))
        .table("of", TableRows::with_key("products", "seen"))
        .table("first", TableRows::first("products", 20, "rank"));
    let read: Plan = serde_json::from_value(serde_json::to_value(&plan).expect("a JSON form"))
        .expect("the server's type reads it");
    assert_eq!(
        serde_json::to_value(&read).expect("a JSON form")["inputs"],
        serde_json::to_value(plan.inputs()).expect("a JSON form")
    );
}

#[test]
fn instants_and_durations_read_and_write_as_the_servers() {
    for ms in (-2_208_988_800_000..7_258_118_399_999_i64).step_by(987_654_321) {
        let (own, servers) = (Instant::from_ms(ms), time::Instant::from_ms(ms));
        assert_eq!(own.to_string(), servers.to_string());
        assert_eq!(Instant::parse(&servers.to_string()), Some(own));
    }
    for text in [
        "90d", "2w", "36h", "15m", "30s", "5ms", "0s", "", "1y", "3661d", "1.5h", "-1h",
    ] {
        let own = Span::parse(text).map(|span| (span.as_ms(), span.to_string()));
        let servers = time::Span::parse(text)
            .ok()
            .map(|span| (span.as_ms(), span.to_string()));
        assert_eq!(own, servers, "{text}");
    }
}
