//! Reads everything and holds it against each other: `store check`, and tests.
//!
//! Changes nothing. Rows are looked at one by one and others they name are looked up, so that memory stays small.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use signalbox_model::{
    fact::Fact,
    id::{ContactId, Digest, MessageId, Partition},
    message::{Message, MessageStatus},
    record::{PostId, Posted},
    state::{ContactState, JourneySummary, PastEvent, Place, Timer, TimerId},
    webhook::Webhook,
};

use crate::{
    Store,
    error::{Damage, Error, RowName},
    key::{self, Key, Kind, Rest},
    observed::{Observable, Overflow, SeenAttribute, SeenEvents},
    row,
    sweep::Swept,
};

/// Most problems that a report lists; beyond, they are counted only.
pub const PROBLEMS_MAX: usize = 1_000;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows read, by kind.
    pub rows: BTreeMap<Kind, u64>,
    /// Timers that nobody waits for any more. No damage: when they fire they are cleaned up.
    pub stale_timers: u64,
    /// Large bodies read.
    pub blobs: u64,
    /// What is wrong, at most [`PROBLEMS_MAX`] of it.
    pub problems: Vec<RowProblem>,
    /// How much is wrong in all.
    pub problems_found: u64,
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct RowProblem {
    /// The row; `None` for a large body.
    pub row: Option<RowName>,
    /// What is wrong, the row named in it.
    pub what: String,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.problems_found == 0
    }

    fn add(&mut self, error: &Error) {
        self.problems_found += 1;
        if self.problems.len() == PROBLEMS_MAX {
            return;
        }
        let mut what = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            what.push_str(": ");
            what.push_str(&cause.to_string());
            source = cause.source();
        }
        let row = match error {
            Error::Damaged { row, .. } => Some(row.clone()),
            _ => None,
        };
        self.problems.push(RowProblem { row, what });
    }
}

impl Store {
    /// Checks every row (checksum, decodability, the rows it names) and every large body (digest).
    ///
    /// # Errors
    /// Only when it cannot go on; what is wrong with rows and bodies is in the report.
    pub fn check(&self) -> Result<Report, Error> {
        let mut report = Report::default();
        for partition in self.partitions() {
            for kind in Kind::ALL {
                let mut rows = 0;
                let scanned = self
                    .core
                    .rows
                    .scan(&key::prefix(kind, partition), |key, value| {
                        rows += 1;
                        match self.check_row(&mut report, key, value) {
                            Err(error @ Error::Failed) => Err(error),
                            Err(error) => {
                                report.add(&error);
                                Ok(())
                            }
                            Ok(()) => Ok(()),
                        }
                    });
                *report.rows.entry(kind).or_default() += rows;
                match scanned {
                    Ok(()) => {}
                    Err(Error::Failed) => return Ok(report),
                    // The rest of that kind cannot be read; the others perhaps.
                    Err(error) if error.is_damage() => report.add(&error),
                    Err(error) => return Err(error),
                }
            }
        }
        let bodies = self.blobs.list()?.len() as u64;
        for error in self.blobs.verify()? {
            report.add(&error);
        }
        report.blobs = bodies;
        Ok(report)
    }

    fn check_row(&self, report: &mut Report, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let Some(decoded) = Key::decode(key) else {
            return Err(Error::damaged(key, Damage::Key));
        };
        let partition = decoded.partition;
        let row = Row { key, value };
        match decoded.rest {
            Rest::Nothing if decoded.kind == Kind::Position => row.open::<u64>().map(drop),
            Rest::Nothing if decoded.kind == Kind::Swept => row.open::<Swept>().map(drop),
            Rest::Nothing => {
                let (_, digest) = row.open::<(u64, Digest)>()?;
                self.check_blob(&row, &digest)
            }
            Rest::Contact(contact) => self.check_contact(partition, &contact, &row),
            Rest::Chunk(contact, index) => self.check_chunk(partition, &contact, index, &row),
            Rest::Timer(timer) => {
                row.open::<()>()?;
                if !self.is_awaited(partition, &timer)? {
                    report.stale_timers += 1;
                }
                Ok(())
            }
            Rest::Message(id) if decoded.kind == Kind::Claimed => {
                let is_claimed =
                    |message: &Message| matches!(message.status, MessageStatus::Claimed(_));
                self.check_index(partition, &id, &row, is_claimed)
            }
            Rest::Message(id) => self.check_message(partition, &id, &row),
            Rest::Outbox(release_at, id) => {
                let is_there = |message: &Message| {
                    message.status == MessageStatus::Queued
                        && message.release_at == release_at
                        && key::outbox_of(message.class) == decoded.kind
                };
                self.check_index(partition, &id, &row, is_there)
            }
            Rest::Facts(contact, sequence, _) => {
                let facts = row.open::<Vec<(u32, Fact)>>()?;
                row.expect(
                    facts.iter().all(|(_, fact)| fact.contact == contact),
                    "it holds facts of another contact",
                )?;
                row.expect(
                    sequence <= self.position(partition),
                    "it lies ahead of its partition's position",
                )
            }
            Rest::Journey(..) => row.open::<JourneySummary>().map(drop),
            Rest::Webhook(contact, id) => {
                let webhook = row.open::<Webhook>()?;
                row.expect(
                    webhook.id == id && webhook.contact == contact,
                    "it names another webhook or contact than its key",
                )
            }
            Rest::Counter(_) => row.open::<Vec<u8>>().map(drop),
            Rest::Post(..) => row.open::<Posted>().map(drop),
            Rest::AppliedPost(from) => {
                let id = row.open::<PostId>()?;
                row.expect(id.from == from, "it names another sender than its key")
            }
            Rest::Observed(Observable::Event(_)) => row.open::<SeenEvents>().map(drop),
            Rest::Observed(Observable::Attribute(_)) => row.open::<SeenAttribute>().map(drop),
            Rest::Observed(Observable::Overflow) => row.open::<Overflow>().map(drop),
        }
    }

    fn check_contact(
        &self,
        partition: Partition,
        contact: &ContactId,
        row: &Row<'_>,
    ) -> Result<(), Error> {
        let state = row.open::<ContactState>()?;
        row.expect(
            state.contact.id == *contact && self.partition_of(contact) == partition,
            "it holds another contact than its key says",
        )?;
        for timer in timers_of(&state) {
            let key = key::timer(partition, &timer);
            if self.core.rows.get(&key)?.is_none() {
                return Err(Error::damaged(&key, Damage::Missing));
            }
        }
        for index in state.history.first_chunk..state.history.sealed {
            let key = key::chunk(partition, contact, index);
            if self.core.rows.get(&key)?.is_none() {
                return Err(Error::damaged(&key, Damage::Missing));
            }
        }
        for id in state.pending.keys() {
            let message = self.message(partition, id)?;
            row.expect(
                message.is_some_and(|message| !message.status.is_settled()),
                &format!("its pending message {id} is missing or settled"),
            )?;
        }
        Ok(())
    }

    fn check_chunk(
        &self,
        partition: Partition,
        contact: &ContactId,
        index: u32,
        row: &Row<'_>,
    ) -> Result<(), Error> {
        row.open::<Vec<PastEvent>>()?;
        let state: Option<ContactState> = self.core.rows.read(&key::contact(partition, contact))?;
        row.expect(
            state.is_some_and(|state| {
                (state.history.first_chunk..state.history.sealed).contains(&index)
            }),
            "no contact's history has it",
        )
    }

    /// Whether the timer's contact waits for it.
    fn is_awaited(&self, partition: Partition, timer: &Timer) -> Result<bool, Error> {
        let state: Option<ContactState> = self
            .core
            .rows
            .read(&key::contact(partition, &timer.contact))?;
        Ok(state.is_some_and(|state| timers_of(&state).any(|expected| expected == *timer)))
    }

    fn check_message(
        &self,
        partition: Partition,
        id: &MessageId,
        row: &Row<'_>,
    ) -> Result<(), Error> {
        let message = row.open::<Message>()?;
        row.expect(
            message.id == *id,
            "it holds another message than its key says",
        )?;
        let index = match message.status {
            MessageStatus::Queued => {
                let outbox = key::outbox_of(message.class);
                key::outbox(outbox, partition, message.release_at, id)
            }
            MessageStatus::Claimed(_) => key::message(Kind::Claimed, partition, id),
            _ => return Ok(()),
        };
        if self.core.rows.get(&index)?.is_none() {
            return Err(Error::damaged(&index, Damage::Missing));
        }
        let state: Option<ContactState> = self
            .core
            .rows
            .read(&key::contact(partition, &message.contact))?;
        row.expect(
            state.is_some_and(|state| state.pending.contains_key(id)),
            "its contact does not know it as pending",
        )?;
        self.check_blob(row, &message.template)
    }

    /// Whether an outbox row or a claimed row has its message.
    fn check_index(
        &self,
        partition: Partition,
        id: &MessageId,
        row: &Row<'_>,
        belongs: impl FnOnce(&Message) -> bool,
    ) -> Result<(), Error> {
        let contact = row.open::<ContactId>()?;
        let message = self.message(partition, id)?;
        row.expect(
            message.is_some_and(|message| message.contact == contact && belongs(&message)),
            "its message does not stand so",
        )
    }

    fn check_blob(&self, row: &Row<'_>, digest: &Digest) -> Result<(), Error> {
        row.expect(
            self.blobs.contains(digest),
            &format!("the body {digest} that it names is missing"),
        )
    }
}

/// The timers that a contact waits for.
fn timers_of(state: &ContactState) -> impl Iterator<Item = Timer> {
    let timer = |due, id| Timer {
        due,
        id,
        contact: state.contact.id.clone(),
    };
    let rechecks = state.segments.values().filter_map(|one| one.recheck_at);
    let recheck = rechecks.min().map(|due| timer(due, TimerId::Segments));
    let of_workflows = state
        .presences
        .iter()
        .flat_map(move |(workflow, presence)| {
            let arms = presence.arms.iter().map(move |(entry, arm)| {
                timer(arm.at, TimerId::Arm(workflow.clone(), entry.clone()))
            });
            let journeys = presence
                .journeys
                .iter()
                .filter_map(move |(id, journey)| match journey.place {
                    Place::Waiting { due, .. } | Place::Held { due, .. } => {
                        Some(timer(due, TimerId::Journey(workflow.clone(), *id)))
                    }
                    Place::Sending { .. } => None,
                });
            let entries = presence.held.iter().map(move |(number, entry)| {
                timer(entry.due, TimerId::Entry(workflow.clone(), *number))
            });
            arms.chain(journeys).chain(entries)
        });
    of_workflows.chain(recheck)
}

struct Row<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

impl Row<'_> {
    fn open<T: DeserializeOwned>(&self) -> Result<T, Error> {
        row::open(self.key, self.value)
    }

    fn expect(&self, holds: bool, otherwise: &str) -> Result<(), Error> {
        if holds {
            Ok(())
        } else {
            Err(Error::damaged(
                self.key,
                Damage::Contradiction(otherwise.to_owned()),
            ))
        }
    }
}
