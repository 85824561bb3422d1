//! The server's answers as lines that a person reads: what stories compare.
//!
//! `play` calls it, and tests that look at logs. It leaves out what differs from one run to the next (ids, digests) and nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::mail::Mail;

/// Short names for ids, in the order in which they are first seen.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, usize>);

impl Names {
    fn of(&mut self, letter: char, id: &str) -> String {
        let next = self.0.len() + 1;
        let number = self.0.entry(id.to_owned()).or_insert(next);
        format!("{letter}{number}")
    }
}

/// An instant as stories write it; milliseconds only where there are some.
pub(super) fn at(instant: &Json) -> String {
    let text = instant.as_str().unwrap_or_default();
    text.parse::<Timestamp>()
        .map_or_else(|_| text.to_owned(), short)
}

fn short(timestamp: Timestamp) -> String {
    let whole = timestamp.strftime("%Y-%m-%d %H:%M:%S").to_string();
    match timestamp.subsec_millisecond() {
        0 => whole,
        ms => format!("{whole}.{ms:03}"),
    }
}

pub(super) fn mail(mail: &Mail) -> String {
    let date = mail.header("Date").unwrap_or_default();
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(&date)
        .map_or(date, short);
    format!("{} | {} | {date}", mail.to.join(", "), mail.subject())
}

/// The words of an HTML part, a line for each stretch between tags.
pub(super) fn words_of(html: &str) -> Vec<String> {
    let mut rest = html
        .split_once("</head>")
        .map_or(html, |(_, body)| body)
        .to_owned();
    for (open, close) in [("<!--", "-->"), ("<style", "</style>"), ("<", ">")] {
        let mut kept = String::new();
        while let Some((before, behind)) = rest.split_once(open) {
            kept.push_str(before);
            kept.push('\n');
            rest = behind
                .split_once(close)
                .map_or("", |(_, rest)| rest)
                .to_owned();
        }
        rest = kept + &rest;
    }
    let lines = rest.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A workflow's state. An answer without a workflow is that of a deletion.
pub(super) fn state(workflow: &Json) -> String {
    let Some(state) = workflow["state"].as_str() else {
        return "gone".to_owned();
    };
    let mut text = format!("{state}, version {}", workflow["version"]);
    if !workflow["starts_at"].is_null() {
        text = format!("{text}, starts at {}", at(&workflow["starts_at"]));
    }
    if !workflow["running_since"].is_null() {
        text = format!("{text}, since {}", at(&workflow["running_since"]));
    }
    text
}

/// The items of a checklist, and who overrode it.
pub(super) fn checklist(answer: &Json, workflow: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for check in items(&answer["checks"]) {
        let word = if check["passes"] == true {
            "passes"
        } else {
            "fails"
        };
        lines.push(format!("{} {word}", text(&check["code"])));
        let problems = items(&check["problems"]);
        lines.extend(problems.iter().map(|problem| {
            format!(
                "  {} {}",
                text(&problem["pointer"]),
                text(&problem["reason"])
            )
        }));
    }
    lines.extend(items(&workflow["overrides"]).iter().map(|one| {
        let checks: Vec<String> = items(&one["checks"]).iter().map(text).collect();
        format!(
            "{} {} overrides {} of version {}: {}",
            at(&one["at"]),
            text(&one["actor"]),
            checks.join(", "),
            one["version"],
            text(&one["reason"])
        )
    }));
    lines
}

/// Each listed workflow with its kind.
pub(super) fn workflows(body: &Json) -> Vec<String> {
    let listed = items(&body["workflows"]).iter();
    listed
        .map(|one| {
            format!(
                "{} is {}, {}",
                text(&one["id"]),
                text(&one["kind"]),
                text(&one["state"])
            )
        })
        .collect()
}

pub(super) fn allowed(workflow: &Json) -> String {
    let words: Vec<&str> = items(&workflow["allowed"])
        .iter()
        .filter_map(Json::as_str)
        .collect();
    words.join(", ")
}

pub(super) fn journeys(body: &Json, names: &mut Names) -> Vec<String> {
    let mut journeys: Vec<&Json> = items(&body["journeys"]).iter().collect();
    journeys.sort_by_key(|journey| {
        (
            at(&journey["entered_at"]),
            text(&journey["workflow"]),
            text(&journey["key"]),
        )
    });
    let mut lines: Vec<String> = Vec::new();
    for journey in journeys {
        let mut line = format!(
            "{} {} version {}, key {}, entered {}: {}",
            names.of('J', &text(&journey["id"])),
            text(&journey["workflow"]),
            journey["version"],
            text(&journey["key"]),
            at(&journey["entered_at"]),
            text(&journey["outcome"]),
        );
        let place = &journey["place"];
        if !place.is_null() {
            line = format!(
                "{line}, {} at {}",
                text(&place["state"]),
                text(&place["step"])
            );
        }
        if !place["due"].is_null() {
            line = format!("{line} until {}", at(&place["due"]));
        }
        if !journey["ended_at"].is_null() {
            line = format!("{line} {}", at(&journey["ended_at"]));
        }
        lines.push(line);
    }
    lines.extend(
        items(&body["arms"])
            .iter()
            .map(|arm| format!("arm of {} for {}", text(&arm["workflow"]), at(&arm["at"]))),
    );
    lines
}

/// Everything that happened to a contact in one workflow, or in all where that is empty, in the order of its records.
pub fn log(body: &Json, workflow: &str) -> Vec<String> {
    facts(body)
        .into_iter()
        .filter(|fact| workflow.is_empty() || fact["workflow"] == workflow)
        .map(|fact| format!("{} {}: {}", at(&fact["at"]), owner(fact), what(fact)))
        .collect()
}

/// All facts of a page, in the order of their records.
fn facts(body: &Json) -> Vec<&Json> {
    let before = items(&body["before"]).iter();
    let inside = items(&body["journeys"])
        .iter()
        .rev()
        .flat_map(|journey| items(&journey["facts"]));
    let mut facts: Vec<&Json> = before.chain(inside).collect();
    // What one record led to stays in the order in which it is told: first what came before a journey.
    facts.sort_by_key(|fact| fact["sequence"].as_u64());
    facts
}

/// The workflow that the fact is about, or the segment.
fn owner(fact: &Json) -> String {
    match fact["segment"].as_str() {
        Some(segment) => format!("segment {segment}"),
        None => text(&fact["workflow"]),
    }
}

fn what(fact: &Json) -> String {
    if fact["kind"] == "rule_decided" {
        let part = |name: &str| text(&fact[name]);
        return format!(
            "{} said {}: {}",
            part("binding"),
            part("answer"),
            part("reason")
        );
    }
    let mut words = vec![text(&fact["kind"]).replace('_', " ")];
    let parts = [
        "key", "step", "to", "event", "arm", "due", "zone", "answer", "actor", "reason", "resent",
        "changes", "worth", "first", "credited", "withheld",
    ];
    words.extend(
        parts
            .into_iter()
            // The key of a decision is that of the server's first API key, another one in every run.
            .filter(|part| *part != "key" || fact["kind"] != "approval_decided")
            .map(|part| &fact[part])
            .filter(|value| !value.is_null())
            .map(|value| match value {
                Json::String(_) => at(value),
                Json::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join(" "),
                other => other.to_string(),
            }),
    );
    words.join(" ")
}

/// The file that each binding of a workflow stands for.
pub(super) fn bindings(workflow: &Json, names: &mut Names) -> Vec<String> {
    let mut lines = Vec::new();
    for (slot, binding) in workflow["bindings"].as_object().into_iter().flatten() {
        let (plugin, version) = (text(&binding["plugin"]), text(&binding["version"]));
        let digest = names.of('D', &text(&binding["digest"]));
        let mut line = format!("{slot}: {plugin} {version}, {digest}");
        let from = &binding["returned_from"];
        if !from.is_null() {
            line = format!("{line}, back from {}", text(&from["version"]));
        }
        lines.push(line);
    }
    lines
}

/// A contact's messages, in the order in which they were queued.
pub(super) fn messages(body: &Json, templates: &mut Names) -> Vec<String> {
    let journeys = items(&body["journeys"]).iter();
    let mut messages: Vec<(&Json, &Json)> = journeys
        .flat_map(|journey| {
            let messages = items(&journey["messages"]).iter();
            messages.map(move |message| (journey, message))
        })
        .collect();
    messages.sort_by_key(|(_, message)| (at(&message["queued_at"]), text(&message["step"])));
    let told = messages.into_iter().map(|(journey, message)| {
        let (workflow, step) = (text(&journey["workflow"]), text(&message["step"]));
        let template = templates.of('T', &text(&message["template"]));
        let mut line = format!(
            "{} {workflow} {step}: {}, {template}",
            at(&message["queued_at"]),
            text(&message["status"])
        );
        if let Some(subject) = message["subject"].as_str() {
            line = format!("{line}, {subject}");
        }
        line
    });
    told.collect()
}

/// What each rule of a workflow reads.
pub(super) fn reads(workflow: &Json) -> Vec<String> {
    let bindings = workflow["bindings"].as_object().into_iter().flatten();
    let told = bindings.map(|(slot, binding)| {
        let reads: Vec<String> = items(&binding["reads"]).iter().map(text).collect();
        let reads = reads.join("; ");
        format!(
            "{slot}: {}",
            if reads.is_empty() { "nothing" } else { &reads }
        )
    });
    told.collect()
}

/// What the rules said of a contact, and by which file, in the order of its records.
pub(super) fn decisions(body: &Json, names: &mut Names) -> Vec<String> {
    let decided = facts(body)
        .into_iter()
        .filter(|fact| fact["kind"] == "rule_decided");
    decided
        .map(|fact| {
            let digest = names.of('D', &text(&fact["digest"]));
            format!(
                "{} {}: {}, by {digest}",
                at(&fact["at"]),
                owner(fact),
                what(fact)
            )
        })
        .collect()
}

/// How a plugin's file stands.
pub(super) fn plugin(plugin: &Json, names: &mut Names) -> Vec<String> {
    let mut lines = vec![text(&plugin["state"])];
    let version = &plugin["version"];
    if !version.is_null() {
        let digest = names.of('D', &text(&version["digest"]));
        let (name, number) = (text(&version["name"]), text(&version["version"]));
        let verb = match lines[0].as_str() {
            "unreleased" => "holds",
            _ => "serves",
        };
        lines.push(format!("{verb}: {name} {number}, {digest}"));
    }
    let refusal = &plugin["refusal"];
    if !refusal.is_null() {
        let (code, reason) = (text(&refusal["code"]), text(&refusal["reason"]));
        let reason = with_names(&reason, names);
        lines.push(format!("refused: {code}: {reason}"));
    }
    let by = ["signed_by", "released_by"].map(|member| (member, &plugin[member]));
    for (member, person) in by.into_iter().filter(|(_, person)| !person.is_null()) {
        lines.push(format!("{}: {}", member.replace('_', " "), text(person)));
    }
    lines
}

/// The words with names in the place of digests, and `KEY` in that of a key.
pub(super) fn with_names(words: &str, names: &mut Names) -> String {
    let is_hex = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut before = "";
    let mut told = Vec::new();
    for word in words.split(' ') {
        let bare = word.trim_matches(['(', ')', ':']);
        told.push(match (is_hex(bare), before) {
            (false, _) => word.to_owned(),
            (true, "key") => word.replace(bare, "KEY"),
            (true, _) => word.replace(bare, &names.of('D', bare)),
        });
        before = word;
    }
    told.join(" ")
}

/// What a trigger said on each day, who entered and who did not.
pub(super) fn days(body: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for day in items(&body["days"]) {
        let mut words = vec![format!("{}: entered {}", text(&day["day"]), day["entered"])];
        for (name, word) in [("trigger", "said"), ("not_entered", "not entered")] {
            let counts = day[name].as_object().into_iter().flatten();
            words.extend(counts.map(|(reason, count)| format!("{word} {reason} {count}")));
        }
        lines.push(words.join(", "));
    }
    lines
}

/// Counters that are not zero, without those of single steps.
pub(super) fn counters(counters: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for (version, counters) in counters.as_object().into_iter().flatten() {
        count(&mut lines, &format!("version {version}"), counters);
        for (step, counts) in counters["steps"].as_object().into_iter().flatten() {
            for (arm, offers) in counts["offers"].as_object().into_iter().flatten() {
                let (sent, cost) = (&offers["sent"], &offers["cost"]);
                lines.push(format!(
                    "version {version} {step} offered {arm}: {sent}, cost {cost}"
                ));
            }
        }
    }
    lines
}

/// Each experiment: its arms, what the counts say, and how it ended.
pub(super) fn experiments(body: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for one in body["experiments"].as_array().into_iter().flatten() {
        let step = one["step"].as_str().unwrap_or_default();
        for (name, arm) in one["arms"].as_object().into_iter().flatten() {
            let (assigned, converted) = (&arm["assigned"], &arm["converted"]);
            let weighed = arm["weighed"]["rate"].as_f64();
            let weighed = weighed.map(|rate| format!(", weighed {rate:.4}"));
            lines.push(format!(
                "{step} {name}: {converted} of {assigned} converted{}",
                weighed.unwrap_or_default()
            ));
        }
        let finding = &one["finding"];
        let arm = finding["arm"].as_str().unwrap_or_default();
        let found = match (finding["kind"].as_str(), one["plugin"].as_str()) {
            (Some(kind), _) => kind.to_owned(),
            (None, Some(plugin)) => format!("{plugin} chooses"),
            (None, None) => "nothing to compare".to_owned(),
        };
        lines.push(format!("{step}: {found} {arm}").trim_end().to_owned());
        let ended = &one["ended"];
        if !ended.is_null() {
            let winner = ended["winner"].as_str().unwrap_or("nobody");
            let who = ended["by"].as_str().map_or("by itself", |_| "by hand");
            lines.push(format!(
                "{step}: over {who} at {}, {winner} won",
                at(&ended["at"])
            ));
        }
    }
    lines
}

/// Calls to other systems, in the order of their steps.
pub(super) fn webhooks(body: &Json) -> Vec<String> {
    let mut lines: Vec<String> = items(&body["webhooks"])
        .iter()
        .map(|webhook| {
            format!(
                "{} {} {}: {} {}",
                at(&webhook["queued_at"]),
                text(&webhook["workflow"]),
                text(&webhook["step"]),
                text(&webhook["url"]),
                webhook["fields"]
            )
        })
        .collect();
    lines.sort();
    lines
}

/// The funnel of every step: who came, and where they are now. Says so where it does not add up.
pub(super) fn funnel(counters: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    for (version, counters) in counters.as_object().into_iter().flatten() {
        for (step, counts) in counters["steps"].as_object().into_iter().flatten() {
            let number = |name: &str| counts[name].as_u64().unwrap_or_default();
            let exits = counts["exited"].as_object().into_iter().flatten();
            let exited: u64 = exits.filter_map(|(_, count)| count.as_u64()).sum();
            let (entered, inside, advanced) =
                (number("entered"), number("inside"), number("advanced"));
            let sum = inside + advanced + exited;
            let equals = if entered == sum { "=" } else { "IS NOT" };
            lines.push(format!(
                "version {version} {step}: entered {entered} {equals} inside {inside} + advanced {advanced} + exited {exited}"
            ));
        }
    }
    lines
}

fn count(lines: &mut Vec<String>, path: &str, value: &Json) {
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                if name != "steps" {
                    count(lines, &format!("{path} {name}"), value);
                }
            }
        }
        Json::Number(number) if number.as_f64() != Some(0.0) => {
            lines.push(format!("{path}: {number}"));
        }
        _ => {}
    }
}

pub(super) fn profile(contact: &Json) -> Vec<String> {
    let mut lines = vec![
        format!("events: {}", contact["events"]),
        format!("inside: {}", contact["inside"]),
    ];
    let attributes = contact["attributes"].as_object().into_iter().flatten();
    lines.extend(attributes.map(|(name, value)| {
        let source = contact["sources"][name].as_str();
        let by = source.map_or_else(String::new, |source| format!(" (said by {source})"));
        format!("{name}: {}{by}", text(value))
    }));
    let kept = contact["kept"].as_object().into_iter().flatten();
    lines.extend(kept.map(|(name, value)| format!("kept {name}: {}", text(value))));
    lines
}

pub(super) fn status(status: &Json) -> Vec<String> {
    ["events_repeated", "events_conflicting", "records_parked"]
        .map(|name| format!("{name}: {}", status[name]))
        .to_vec()
}

fn items(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What a table is.
pub(super) fn table(table: &Json) -> String {
    let current = &table["current"];
    if current.is_null() {
        return "gone".to_owned();
    }
    format!(
        "version {}, {} rows by {}",
        current["version"],
        current["rows"],
        current["key"].as_str().unwrap_or_default()
    )
}
