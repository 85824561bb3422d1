//! What a simulation says happened: written line by line, folded into counts, and remembered where a row expects it.
//!
//! `simulate` and `forecast` hand it to the engine as the one who is told.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;
use signalbox_api::facts::{FactBody, unlogged};
use signalbox_engine::{Happened, SimulatedMessage};
use signalbox_model::{
    fact::{Fact, FactKind},
    id::{ContactId, Digest, JourneyId, WorkflowId},
    time::Instant,
};
use signalbox_reports::{Counters, Standing, fold, series::SendsPerHour};

use super::expect::Seen;

/// What becomes of the lines.
pub(crate) struct Lines {
    pub(crate) out: Box<dyn Write>,
    /// Whole mails instead of their digests.
    pub(crate) full: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) lines: Option<Lines>,
    pub(crate) counters: Counters,
    pub(crate) sends: SendsPerHour,
    /// What happened to contacts that somebody expects something of, by contact and workflow.
    pub(crate) seen: BTreeMap<(ContactId, WorkflowId), Seen>,
    /// Where the journeys stand that began before this was told of.
    pub(crate) standing: Standing,
}

/// A line: one of the three beside the contact.
#[derive(Serialize)]
struct Line<'a> {
    contact: &'a ContactId,
    #[serde(skip_serializing_if = "Option::is_none")]
    journey: Option<JourneyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<FactBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<FactBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageLine<'a>>,
}

#[derive(Serialize)]
struct MessageLine<'a> {
    at: Instant,
    id: String,
    workflow: &'a WorkflowId,
    version: u32,
    step: &'a str,
    to: &'a str,
    subject: &'a str,
    /// Of the whole mail.
    bytes: usize,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

impl Record {
    /// Takes in what happened.
    pub(crate) fn take(&mut self, happened: &Happened<'_>) -> io::Result<()> {
        match happened {
            Happened::Fact(fact) => {
                self.count(fact);
                self.line(fact, |body| (Some(body), None))
            }
            Happened::Counted(fact) => {
                self.count(fact);
                self.line(fact, |body| (None, Some(body)))
            }
            Happened::Message(message) => self.message(message),
        }
    }

    /// Writes down what waits.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.lines {
            Some(lines) => lines.out.flush(),
            None => Ok(()),
        }
    }

    fn count(&mut self, fact: &Fact) {
        fold(&mut self.counters, &mut self.standing, fact);
        self.sends.fold(fact);
        let Some(workflow) = fact.owner.workflow().filter(|_| !self.seen.is_empty()) else {
            return;
        };
        let key = (fact.contact.clone(), workflow.clone());
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.note(&fact.what);
        }
    }

    fn line(
        &mut self,
        fact: &Fact,
        place: impl FnOnce(FactBody) -> (Option<FactBody>, Option<FactBody>),
    ) -> io::Result<()> {
        let Some(lines) = &mut self.lines else {
            return Ok(());
        };
        let (kept, counted) = place(unlogged(fact));
        lines.write(&Line {
            contact: &fact.contact,
            journey: fact.journey,
            fact: kept,
            counted,
            message: None,
        })
    }

    fn message(&mut self, message: &SimulatedMessage) -> io::Result<()> {
        let Some(lines) = &mut self.lines else {
            return Ok(());
        };
        let raw = lines
            .full
            .then(|| String::from_utf8_lossy(&message.bytes).into_owned());
        lines.write(&Line {
            contact: &message.contact,
            journey: None,
            fact: None,
            counted: None,
            message: Some(MessageLine {
                at: message.at,
                id: message.id.to_string(),
                workflow: &message.workflow,
                version: message.version,
                step: message.step.as_str(),
                to: &message.to,
                subject: &message.subject,
                bytes: message.bytes.len(),
                sha256: Digest::of_bytes(&message.bytes).to_string(),
                raw,
            }),
        })
    }
}

impl Lines {
    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

/// What a fact says of where a journey ended.
pub(crate) fn outcome_of(what: &FactKind) -> Option<&str> {
    match what {
        FactKind::JourneyEntered(_) => Some("inside"),
        FactKind::JourneyCompleted => Some("completed"),
        FactKind::JourneyExited(reason) => Some(reason),
        _ => None,
    }
}
