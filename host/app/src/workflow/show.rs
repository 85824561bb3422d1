//! `signalbox workflow list`, `show` and `watch`: how the workflows of a server stand, in words.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value as Json;
use signalbox_model::id::WorkflowId;

use super::client;
use crate::{
    cli::{ServerArgs, WorkflowOnServer},
    client::Client,
    output,
};

/// Digits of a digest that are shown.
const DIGEST_DIGITS: usize = 12;
/// How often the server is asked while it is watched.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Prints a line for each workflow.
pub(super) fn list(server: &ServerArgs) -> anyhow::Result<()> {
    let client = client(server)?;
    let mut path = "/v1/workflows?limit=200".to_owned();
    loop {
        let page = client.get(&path)?.good("listing the workflows")?;
        for workflow in members(&page, "workflows") {
            output::line(format_args!("{}", headline(workflow)))?;
        }
        let Some(next) = page["next"].as_str() else {
            return Ok(());
        };
        path = format!("/v1/workflows?limit=200&after={next}");
    }
}

/// Prints how one stands.
pub(super) fn show(which: &WorkflowOnServer) -> anyhow::Result<()> {
    let workflow = read(&client(&which.server)?, &which.id)?;
    output::line(format_args!("{}", headline(&workflow)))?;
    for line in in_words(&workflow) {
        output::line(format_args!("  {line}"))?;
    }
    Ok(())
}

/// Prints how far one came with taking in whoever was there, whenever that changed, until nobody is left or it has ended.
pub(super) fn watch(which: &WorkflowOnServer) -> anyhow::Result<()> {
    let client = client(&which.server)?;
    let mut last = String::new();
    loop {
        let workflow = read(&client, &which.id)?;
        let entering = &workflow["entering"];
        let line = format!(
            "{}: {}, {}",
            text(&workflow["id"]),
            text(&workflow["state"]),
            far(entering)
        );
        if line != last {
            output::line(format_args!("{line}"))?;
        }
        let goes_on = matches!(workflow["state"].as_str(), Some("running" | "paused"));
        if !goes_on || entering.is_null() || entering["finished_at"].is_string() {
            return Ok(());
        }
        last = line;
        std::thread::park_timeout(WATCH_EVERY);
    }
}

fn read(client: &Client, id: &str) -> anyhow::Result<Json> {
    let id = WorkflowId::parse(id).context("reading the id")?;
    let answer = client.get(&format!("/v1/workflows/{id}"))?;
    let mut body = answer.good(&format!("reading the workflow {id}"))?;
    Ok(body["workflow"].take())
}

/// As `news: bulk, running since 2026-03-02T12:00:00Z, version 1: News for everybody`.
fn headline(workflow: &Json) -> String {
    let when = match (&workflow["starts_at"], &workflow["running_since"]) {
        (Json::String(at), _) => format!(" for {at}"),
        (_, Json::String(since)) => format!(", started at {since}"),
        _ => String::new(),
    };
    format!(
        "{}: {}, {}{when}, version {}: {}",
        text(&workflow["id"]),
        text(&workflow["kind"]),
        text(&workflow["state"]),
        workflow["version"],
        text(&workflow["title"]),
    )
}

fn in_words(workflow: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    let entering = &workflow["entering"];
    if !entering.is_null() {
        lines.push(far(entering));
        let kept_out = counts(&entering["not_entered"]);
        lines.extend(kept_out.map(|kept_out| format!("kept out then: {kept_out}")));
        lines.extend(entering["finished_at"].as_str().map(|at| {
            let began_at = text(&entering["began_at"]);
            format!("from {began_at} to {at}")
        }));
    }
    for (number, version) in workflow["counters"].as_object().into_iter().flatten() {
        lines.push(format!(
            "version {number}: {} entered, {} inside, {} completed, {} exited; {} messages sent",
            version["entered"],
            version["inside"],
            version["completed"],
            sum(&version["exited"]),
            version["messages"]["sent"],
        ));
    }
    for (place, binding) in workflow["bindings"].as_object().into_iter().flatten() {
        lines.push(format!(
            "{place}: {} {} ({:.DIGEST_DIGITS$})",
            text(&binding["plugin"]),
            text(&binding["version"]),
            text(&binding["digest"]),
        ));
    }
    lines.extend(members(workflow, "advice").map(|advice| {
        let (reason, help) = (text(&advice["reason"]), text(&advice["help"]));
        let pointer = match text(&advice["pointer"]) {
            "" => "the document",
            pointer => pointer,
        };
        format!("{pointer}: {reason}: {help}")
    }));
    let allowed = members(workflow, "allowed").filter_map(Json::as_str);
    lines.push(format!(
        "allowed: {}",
        allowed.collect::<Vec<_>>().join(", ")
    ));
    lines
}

/// How far it came with taking in whoever was there.
fn far(entering: &Json) -> String {
    if entering.is_null() {
        return "takes in nobody who was there before".to_owned();
    }
    let mut far = format!(
        "{} of {} contacts looked at, {} entered, {} kept out",
        entering["looked_at"],
        entering["contacts"],
        entering["entered"],
        sum(&entering["not_entered"]) + entering["unmatched"].as_u64().unwrap_or_default(),
    );
    if entering["waiting"] != 0 {
        far = format!("{far}, {} may still enter", entering["waiting"]);
    }
    far
}

/// As `not_in_audience 3, inside 1`; `None` if there are none.
fn counts(by_reason: &Json) -> Option<String> {
    let all = by_reason.as_object().filter(|all| !all.is_empty())?;
    let told = all
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"));
    Some(told.collect::<Vec<_>>().join(", "))
}

fn sum(by_reason: &Json) -> u64 {
    let counts = by_reason.as_object().into_iter().flatten();
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

fn members<'a>(body: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    body[name].as_array().into_iter().flatten()
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or("?")
}
