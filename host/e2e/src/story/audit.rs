//! What must hold at the end of every story, whatever it tells: each message came to one end, with a reason where it
//! was not sent, and so did each journey.
//!
//! `play` calls it. It knows nothing of what the story expects.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use super::Story;
use crate::http::Api;

/// Most pages of one contact that are looked at.
const PAGES_MAX: usize = 20;

/// What became of one message.
#[derive(Default)]
struct Message {
    journey: String,
    ends: Vec<String>,
}

/// What is known of one contact.
#[derive(Default)]
struct History {
    /// Outcomes of its journeys by id.
    outcomes: BTreeMap<String, String>,
    /// By id.
    messages: BTreeMap<String, Message>,
}

/// Looks at every contact that the story names.
pub(super) fn all(api: &Api, story: &Story) -> Result<()> {
    for contact in contacts(story) {
        history(api, contact)?.check().context(contact.to_owned())?;
    }
    Ok(())
}

fn contacts(story: &Story) -> BTreeSet<&str> {
    let lines = story.lines.iter();
    let named = lines.filter_map(|line| {
        let mut words = line.text.split(' ').skip_while(|word| *word == "old");
        let verb = words.next()?;
        matches!(verb, "event" | "contact").then(|| words.next())?
    });
    named.collect()
}

fn history(api: &Api, contact: &str) -> Result<History> {
    let mut history = History::default();
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let path = format!("/v1/contacts/{contact}/journeys?limit=10000{after}");
        let answer = api.get(&path)?;
        if answer.status == 404 {
            break;
        }
        let page = answer.good("reading the journeys")?;
        history.take(&page);
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    Ok(history)
}

impl History {
    fn take(&mut self, page: &Json) {
        for journey in page["journeys"].as_array().into_iter().flatten() {
            let text = |name: &str| journey[name].as_str().unwrap_or_default().to_owned();
            let id = text("id");
            for fact in journey["facts"].as_array().into_iter().flatten() {
                self.note(&id, fact);
            }
            self.outcomes.insert(id, text("outcome"));
        }
    }

    fn note(&mut self, journey: &str, fact: &Json) {
        let (Some(kind), Some(id)) = (fact["kind"].as_str(), fact["message"].as_str()) else {
            return;
        };
        let reason = fact["reason"].as_str().unwrap_or_default();
        let end = match kind {
            "message_queued" => None,
            "message_sent" => Some(kind.to_owned()),
            "message_skipped" | "message_refused" => {
                (!reason.is_empty()).then(|| format!("{kind} {reason}"))
            }
            "message_in_doubt" if fact["resent"] == false => Some(kind.to_owned()),
            _ => return,
        };
        let message = self.messages.entry(id.to_owned()).or_default();
        journey.clone_into(&mut message.journey);
        message.ends.extend(end);
    }

    fn check(&self) -> Result<()> {
        for (journey, outcome) in &self.outcomes {
            ensure!(!outcome.is_empty(), "journey {journey} has no outcome");
        }
        for (id, Message { journey, ends }) in &self.messages {
            let outcome = self.outcomes.get(journey);
            let may_be_on_its_way = outcome.is_none_or(|outcome| outcome == "inside");
            ensure!(
                ends.len() == 1 || (ends.is_empty() && may_be_on_its_way),
                "message {id} came to {} ends: {ends:?}",
                ends.len()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::History;

    /// What is wrong with a journey of that outcome and these facts about one message.
    fn wrong(outcome: &str, facts: &[(&str, &str)]) -> String {
        let facts: Vec<Json> = facts
            .iter()
            .map(|(kind, reason)| json!({ "kind": kind, "message": "m", "reason": reason }))
            .collect();
        let mut history = History::default();
        history.take(&json!({ "journeys": [{ "id": "j", "outcome": outcome, "facts": facts }] }));
        history
            .check()
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn each_message_has_one_end_and_each_journey_an_outcome() {
        let queued = ("message_queued", "");
        let skipped = ("message_skipped", "late");
        let fine = [
            wrong("completed", &[queued, ("message_sent", "")]),
            wrong("completed", &[skipped]),
            wrong("inside", &[queued]),
        ];
        assert_eq!(fine, ["", "", ""]);
        assert_eq!(wrong("", &[]), "journey j has no outcome");
        let none = "message m came to 0 ends: []";
        assert_eq!(wrong("completed", &[queued]), none);
        assert_eq!(wrong("completed", &[("message_skipped", "")]), none);
        let twice = wrong("inside", &[skipped, ("message_sent", "")]);
        let ends = r#"["message_skipped late", "message_sent"]"#;
        assert_eq!(twice, format!("message m came to 2 ends: {ends}"));
    }
}
