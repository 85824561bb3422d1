//! `signalbox shadow`: has another version of a plugin asked beside the one in force on a server, says where the two
//! differ, and promotes or drops it. Everything goes over the server's API.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    cli::{ServerArgs, ShadowCommand, ShadowOnServer, ShadowStart},
    client::{Client, read_secret},
    output,
};

/// Longest wait for one answer of the server.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) fn run(command: &ShadowCommand) -> anyhow::Result<()> {
    match command {
        ShadowCommand::Start(start) => begin(start),
        ShadowCommand::List(server) => list(server),
        ShadowCommand::Report(which) => report(which),
        ShadowCommand::Promote(which) => promote(which),
        ShadowCommand::Drop(which) => {
            let path = format!("/v1/shadows/{}", which.number);
            let answer = client(&which.server)?.delete(&path)?;
            answer.good(&format!("dropping shadow {}", which.number))?;
            output::line(format_args!("shadow {}: dropped", which.number))
        }
    }
}

fn begin(start: &ShadowStart) -> anyhow::Result<()> {
    let body = json!({
        "workflow": start.workflow,
        "segment": start.segment,
        "binding": start.binding,
        "version": start.requirement,
    });
    let answer = client(&start.server)?.post("/v1/shadows", body.to_string().as_bytes())?;
    let body = answer.good("beginning a shadow")?;
    output::line(format_args!("{}", in_words(&body["shadow"])))
}

fn list(server: &ServerArgs) -> anyhow::Result<()> {
    let body = client(server)?
        .get("/v1/shadows")?
        .good("listing the shadows")?;
    for shadow in body["shadows"].as_array().into_iter().flatten() {
        output::line(format_args!("{}", in_words(shadow)))?;
    }
    Ok(())
}

fn report(which: &ShadowOnServer) -> anyhow::Result<()> {
    let path = format!("/v1/shadows/{}", which.number);
    let body = client(&which.server)?
        .get(&path)?
        .good(&format!("reading shadow {}", which.number))?;
    output::line(format_args!("{}", in_words(&body["shadow"])))?;
    for line in differences(&body) {
        output::line(format_args!("{line}"))?;
    }
    Ok(())
}

fn promote(which: &ShadowOnServer) -> anyhow::Result<()> {
    let path = format!("/v1/shadows/{}/promote", which.number);
    let body = client(&which.server)?
        .post(&path, b"")?
        .good(&format!("promoting shadow {}", which.number))?;
    let shadow = &body["shadow"];
    output::line(format_args!(
        "{} of {} stands for {} {} now",
        text(&shadow["binding"]),
        owner(shadow),
        text(&shadow["plugin"]),
        text(&shadow["shadow"]["version"]),
    ))
}

/// The binding, the two versions, and the counts that are not 0.
fn in_words(shadow: &Json) -> String {
    let mut line = format!(
        "shadow {}: {} {} beside {}, {} of {}",
        shadow["number"],
        text(&shadow["plugin"]),
        text(&shadow["shadow"]["version"]),
        text(&shadow["bound"]["version"]),
        text(&shadow["binding"]),
        owner(shadow),
    );
    let counts = [
        ("agree", "agree"),
        ("differ", "differ"),
        ("reason_only", "of these in the reason only"),
        ("failed", "failed"),
        ("not_asked", "on an occasion that it has not"),
        ("not_compared", "not compared"),
        ("waiting", "waiting"),
    ];
    let told: Vec<String> = counts
        .into_iter()
        .filter(|(name, _)| shadow[name] != 0)
        .map(|(name, words)| format!("{} {words}", shadow[name]))
        .collect();
    let told = if told.is_empty() {
        "nothing compared yet".to_owned()
    } else {
        told.join(", ")
    };
    line = format!("{line}\n  {told}");
    if shadow["has_other_occasions"] == true {
        line.push_str("\n  it has occasions that the binding has not: there nobody is asked");
    }
    if let Some(reason) = shadow["stopped"].as_str() {
        line = format!("{line}\n  it is asked no more: {reason}");
    }
    line
}

/// By contact: both answers with their reasons.
fn differences(body: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for one in body["differences"].as_array().into_iter().flatten() {
        lines.push(format!("{} at {}", text(&one["contact"]), text(&one["at"])));
        lines.push(format!(
            "  {} said {}",
            text(&one["by"]["version"]),
            one["decided"]
        ));
        lines.push(format!("  the shadow said {}", one["shadow"]));
    }
    if body["left_out"] != 0 {
        lines.push(format!("{} older ones are left out", body["left_out"]));
    }
    lines
}

fn owner(shadow: &Json) -> String {
    match shadow["workflow"].as_str() {
        Some(workflow) => format!("workflow {workflow}"),
        None => format!("segment {}", text(&shadow["segment"])),
    }
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or("?")
}

fn client(server: &ServerArgs) -> anyhow::Result<Client> {
    let key = read_secret(&server.key_file)?;
    Client::new(&server.url, &key, ANSWER_TIMEOUT)
}
