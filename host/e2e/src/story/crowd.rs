//! Many people in one line of a story: they come by numbers, and a share of them does something.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};

use crate::{http::Api, mail::Mail};

/// Events in one body.
const BATCH: usize = 200;

/// `FIRST..LAST EVENT`: each of these people has an address, `pN@example.com`, and one such event.
pub(super) fn enter(api: &Api, rest: &str) -> Result<()> {
    let (range, event) = rest.split_once(' ').context("write FIRST..LAST EVENT")?;
    let (first, last) = range.split_once("..").context("write FIRST..LAST EVENT")?;
    let (first, last): (u32, u32) = (first.parse()?, last.parse()?);
    let events = (first..=last).map(|number| {
        json!({
            "contact": format!("p{number}"),
            "name": event,
            "id": format!("{event}-p{number}"),
            "attributes": { "email": format!("p{number}@example.com") },
        })
    });
    post(api, &events.collect::<Vec<_>>())
}

/// `each N SUBJECT | EVENT`: every Nth of those whom a mail of that subject reached, by address, has such an event.
pub(super) fn some_of(api: &Api, mails: &[Mail], rest: &str) -> Result<()> {
    let words = "write `of each N SUBJECT | EVENT`";
    let (which, event) = rest.split_once(" | ").context(words)?;
    let which = which.strip_prefix("each ").context(words)?;
    let (share, subject) = which.split_once(' ').context(words)?;
    let share: usize = share.parse().context(words)?;
    let reached = mails.iter().filter(|mail| mail.subject() == subject);
    let mut contacts: Vec<&str> = reached
        .filter_map(|mail| mail.to.first()?.split('@').next())
        .collect();
    contacts.sort_unstable();
    contacts.dedup();
    let events = contacts.iter().step_by(share).map(
        |contact| json!({ "contact": contact, "name": event, "id": format!("{event}-{contact}") }),
    );
    post(api, &events.collect::<Vec<_>>())
}

/// How many mails of each subject came so far.
pub(super) fn subjects(mails: &[Mail]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mails {
        *counts.entry(mail.subject()).or_default() += 1;
    }
    let lines = counts.iter();
    lines
        .map(|(subject, count)| format!("{subject}: {count}"))
        .collect()
}

fn post(api: &Api, events: &[Json]) -> Result<()> {
    for events in events.chunks(BATCH) {
        let answer = api.post("/v1/events/batch", &json!({ "events": events }))?;
        ensure!(answer.is_good(), "refused: {}", answer.refusal());
    }
    Ok(())
}
