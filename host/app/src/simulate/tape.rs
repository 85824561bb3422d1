//! Reads what a simulation is fed: a tape of events, a file of contacts.
//!
//! `simulate` and `forecast` call it. A file is read whole and checked first; every wrong line is named.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value as Json;
use signalbox_api::events::event_of_tape;
use signalbox_engine::NewInput;
use signalbox_model::{
    contact::AttributeChanges,
    event::Event,
    id::{ContactId, EventId, FieldName},
    problem::Problem,
    settings::Settings,
    time::Instant,
    value::Value,
};

use crate::output;

/// Most wrong lines that are listed.
const BAD_LISTED_MAX: usize = 100;

/// Events with the instants at which they are fed, in the order of those.
pub(crate) type Tape = Vec<(Instant, Event)>;

/// The events of a file in the order of their instants; those of one instant in that of the file. Each line is a
/// document as `POST /v1/events` takes it, with its instant.
pub(crate) fn events(path: &Path) -> anyhow::Result<Tape> {
    let mut events: Tape = lines(path, |number, line| {
        let id = EventId::parse(&format!("tape-{number}")).map_err(|error| error.to_string())?;
        // Nothing happens at the greatest instant, so that it stands for an instant that is missing.
        let event = event_of_tape(line.as_bytes(), Instant::MAX, id).map_err(|one| words(&one))?;
        if event.occurred_at == Instant::MAX {
            return Err("occurred_at is missing: say when it is fed".to_owned());
        }
        Ok((event.occurred_at, event))
    })?;
    events.sort_by_key(|(at, _)| *at);
    Ok(events)
}

/// Refuses a tape with events that a server with these settings would not take, once all of them were named.
pub(crate) fn check(tape: &Tape, settings: &Settings) -> anyhow::Result<()> {
    let mut bad = 0_usize;
    for (at, event) in tape {
        let Some(reason) = refusal(event, settings) else {
            continue;
        };
        bad += 1;
        if bad <= BAD_LISTED_MAX {
            let Event { id, contact, .. } = event;
            output::warning(format_args!(
                "event {id} of contact {contact} at {at}: {reason}"
            ))?;
        }
    }
    match bad {
        0 => Ok(()),
        1 => bail!("a server with these settings would refuse one event of the tape"),
        _ => bail!("a server with these settings would refuse {bad} events of the tape"),
    }
}

/// Why a server with these settings would not take the event.
fn refusal(event: &Event, settings: &Settings) -> Option<String> {
    if let Some(field) = settings.missing_field(&event.name, &event.fields) {
        return Some(format!("{} must have the field {field}", event.name));
    }
    let unknown = settings.unknown_source(event.source.as_ref()?, "")?;
    Some(unknown.reason)
}

/// Refuses contacts of whom something is said by a source that the settings do not declare.
pub(crate) fn check_contacts(known: &[NewInput], settings: &Settings) -> anyhow::Result<()> {
    let sources = known.iter().filter_map(|one| match one {
        NewInput::Attributes(_, changes) => changes.source.as_ref(),
        NewInput::Event(event) => event.source.as_ref(),
    });
    let mut unknown = sources.filter_map(|source| settings.unknown_source(source, ""));
    match unknown.next() {
        Some(problem) => bail!("{}: {}", problem.reason, problem.help),
        None => Ok(()),
    }
}

/// What is known of contacts from the begin on, each line or row a contact: JSON lines of `contact`, `attributes` and, if
/// one says so, `source`, or CSV with the column `contact` and one for each attribute.
pub(crate) fn contacts(path: &Path) -> anyhow::Result<Vec<NewInput>> {
    let is_csv = path.extension().is_some_and(|ending| ending == "csv");
    if is_csv {
        return csv_contacts(path);
    }
    lines(path, |_, line| {
        let known: Known = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let contact = ContactId::parse(&known.contact).map_err(|error| error.to_string())?;
        let changes = serde_json::json!({ "attributes": known.attributes, "source": known.source });
        let changes: AttributeChanges =
            serde_json::from_value(changes).map_err(|error| error.to_string())?;
        Ok(NewInput::Attributes(contact, changes))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    contact: String,
    attributes: Json,
    source: Option<String>,
}

fn csv_contacts(path: &Path) -> anyhow::Result<Vec<NewInput>> {
    let reading = || format!("reading {}", path.display());
    let mut reader = csv::Reader::from_path(path).with_context(reading)?;
    let names = reader.headers().with_context(reading)?.clone();
    let mut known = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        let record = record.with_context(reading)?;
        let at = || format!("{}, line {row}", path.display());
        let mut contact = None;
        let mut changes = AttributeChanges::default();
        for (name, cell) in names.iter().zip(&record) {
            if name == "contact" {
                contact = Some(ContactId::parse(cell).with_context(at)?);
            } else if !cell.is_empty() {
                let name = FieldName::parse(name).with_context(at)?;
                changes.attributes.insert(name, Some(value_of(cell)));
            }
        }
        let contact =
            contact.with_context(|| format!("{} has no column contact", path.display()))?;
        known.push(NewInput::Attributes(contact, changes));
    }
    Ok(known)
}

/// A cell that reads as a number or as true or false is one; anything else is text.
fn value_of(cell: &str) -> Value {
    match serde_json::from_str::<Value>(cell) {
        Ok(value @ (Value::Integer(_) | Value::Number(_) | Value::Boolean(_))) => value,
        _ => Value::Text(cell.into()),
    }
}

/// A problem for people.
fn words(problem: &Problem) -> String {
    match (problem.pointer.as_str(), problem.help.as_str()) {
        ("", "") => problem.reason.clone(),
        (pointer, "") => format!("{pointer}: {}", problem.reason),
        (pointer, help) => format!("{pointer}: {} ({help})", problem.reason),
    }
}

/// What each line that is not empty holds; an error if any is wrong, once all that are were named.
fn lines<T>(
    path: &Path,
    mut parse: impl FnMut(usize, &str) -> Result<T, String>,
) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let mut good = Vec::new();
    let mut bad = 0_usize;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match parse(number, line) {
            Ok(parsed) => good.push(parsed),
            Err(reason) => {
                bad += 1;
                if bad <= BAD_LISTED_MAX {
                    output::warning(format_args!("line {number}: {reason}"))?;
                }
            }
        }
    }
    match bad {
        0 => Ok(good),
        1 => bail!("one line of {} is wrong", path.display()),
        _ => bail!("{bad} lines of {} are wrong", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signalbox_model::value::Fields;

    use super::*;

    #[test]
    fn events_that_a_server_would_refuse_are_refused() {
        let settings = json!({"events": {"order_completed": {"required": ["total"]}}});
        let settings: Settings = serde_json::from_value(settings).expect("settings");
        let with = |fields: serde_json::Value| {
            let fields: Fields = serde_json::from_value(fields).expect("fields");
            let at = Instant::from_ms(0);
            let event = Event {
                contact: ContactId::parse("ann").expect("an id"),
                name: "order_completed".parse().expect("a name"),
                id: EventId::parse("order-1").expect("an id"),
                occurred_at: at,
                fields,
                attributes: Fields::new(),
                history_only: false,
                source: None,
            };
            (at, event)
        };
        let good = vec![with(json!({"total": 5}))];
        check(&good, &settings).expect("a server takes it");
        let bad = vec![with(json!({"total": 5})), with(json!({}))];
        let refused = check(&bad, &settings).expect_err("a server does not");
        let one = "a server with these settings would refuse one event of the tape";
        assert_eq!(refused.to_string(), one);
        let from = |source: &str| {
            let (at, mut event) = with(json!({"total": 5}));
            event.source = Some(source.parse().expect("a name"));
            vec![(at, event)]
        };
        let refused = check(&from("crm"), &settings).expect_err("a server does not");
        assert_eq!(refused.to_string(), one);
        let sources = json!({"sources": ["shop", "crm"]});
        let sources: Settings = serde_json::from_value(sources).expect("settings");
        check(&from("crm"), &sources).expect("a server takes it");
        let said = |source: &str| {
            let contact = ContactId::parse("ann").expect("an id");
            let changes = AttributeChanges {
                source: Some(source.parse().expect("a name")),
                ..AttributeChanges::default()
            };
            [NewInput::Attributes(contact, changes)]
        };
        check_contacts(&said("shop"), &sources).expect("it is declared");
        let refused = check_contacts(&said("till"), &sources).expect_err("it is not");
        assert_eq!(
            refused.to_string(),
            "there is no source till; there are shop, crm: declare it in `sources` of `/v1/settings`, or leave it out"
        );
    }
}
