//! What becomes of released messages in a simulation: the steps of the outbox, without a mail server.
//!
//! As there, a message is made, its intent goes through the core, and on `go` it is taken: the partition applies its
//! outcome at once. All that are due at an instant go together, in the order of the outbox.

use std::sync::PoisonError;

use signalbox_journal::AppendError;
use signalbox_mail::address::Address;
use signalbox_model::{
    id::Partition as Number,
    message::{AttemptOutcome, Message, MessageStatus},
    record::Record,
    workflow::step::MessageClass,
};
use tokio::sync::oneshot;

use super::{Rendering, SimulateError, SimulatedMessage, Simulation};
use crate::{
    accept,
    outbox::{is_stale, render::Built},
    shared::{Claim, encode},
};

/// A message whose intent is on its way through the core.
struct Intended {
    message: Message,
    built: Option<Built>,
    decision: oneshot::Receiver<Claim>,
}

impl Simulation<'_> {
    /// Sees everything that is released to its outcome; whether there was anything.
    pub(super) fn send_released(&mut self) -> Result<bool, SimulateError> {
        let mut has_sent = false;
        for number in 0..self.shared.control() {
            let is_woken = self.shared.outbox.take_woken(number);
            let due = &mut self.due[usize::from(number)];
            if is_woken || std::mem::take(due) {
                has_sent |= self.send_of(number)?;
            }
        }
        Ok(has_sent)
    }

    fn send_of(&mut self, number: Number) -> Result<bool, SimulateError> {
        let mut has_sent = false;
        for class in MessageClass::BY_URGENCY {
            has_sent |= self.send_class_of(number, class)?;
        }
        Ok(has_sent)
    }

    fn send_class_of(
        &mut self,
        number: Number,
        class: MessageClass,
    ) -> Result<bool, SimulateError> {
        let page_max = self.shared.config.limits.released_page_max;
        let now = self.now();
        let mut after = None;
        let mut has_sent = false;
        loop {
            let store = &self.shared.store;
            let page = store.released(number, class, now, after, page_max);
            let page = page.map_err(SimulateError::Store)?;
            let mut messages = Vec::with_capacity(page.len());
            for release in &page {
                after = Some((release.release_at, release.message));
                let message = store.message(number, &release.message);
                let message = message.map_err(SimulateError::Store)?;
                messages.extend(message.filter(|one| one.status == MessageStatus::Queued));
            }
            if !messages.is_empty() {
                has_sent |= self.send_page(number, messages)?;
            }
            if page.len() < page_max {
                return Ok(has_sent);
            }
        }
    }

    /// Whether the core had anything to do with any of them.
    fn send_page(&mut self, number: Number, messages: Vec<Message>) -> Result<bool, SimulateError> {
        let mut records = Vec::with_capacity(messages.len());
        let mut intended = Vec::with_capacity(messages.len());
        for message in messages {
            let attempt = message.attempts + 1;
            match self.make(&message) {
                Err(reason) => {
                    let outcome = AttemptOutcome::Unsendable(reason.to_owned());
                    records.push(outcome_of(&message, outcome));
                }
                Ok(built) => {
                    let (answer, decision) = oneshot::channel();
                    let mut claims = self
                        .shared
                        .claims
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    claims.insert((message.id, attempt), answer);
                    records.push(Record::Intent {
                        contact: message.contact.clone(),
                        message: message.id,
                        attempt,
                    });
                    intended.push(Intended {
                        message,
                        built,
                        decision,
                    });
                }
            }
        }
        self.append(number, &records)?;
        self.work_off(number)?;
        let mut is_known = records.len() > intended.len();
        for mut one in intended {
            match one.decision.try_recv() {
                Ok(Claim::Go(_)) => {
                    is_known = true;
                    self.taken(one.message, one.built);
                }
                Ok(Claim::Skipped(reason)) => {
                    is_known |= !is_stale(&reason);
                }
                Err(_) => {
                    return Err(SimulateError::Failed {
                        reason: format!("no decision came about message {}", one.message.id),
                    });
                }
            }
        }
        Ok(is_known)
    }

    fn make(&self, message: &Message) -> Result<Option<Built>, &'static str> {
        match self.rendering {
            Rendering::Whole => self.renderer.build(&self.shared.store, message).map(Some),
            Rendering::Skipped => match Address::parse(&message.to) {
                Ok(_) => Ok(None),
                Err(_) => Err("address_invalid"),
            },
        }
    }

    fn taken(&mut self, message: Message, built: Option<Built>) {
        let Some(built) = built else {
            return;
        };
        let taken = SimulatedMessage {
            id: message.id,
            at: self.now(),
            contact: message.contact,
            workflow: message.workflow,
            version: message.version,
            step: message.step,
            template: message.template,
            to: message.to,
            subject: built.subject,
            bytes: built.bytes,
        };
        self.taken.insert(taken.id, taken);
    }

    fn append(&self, number: Number, records: &[Record]) -> Result<(), SimulateError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut encoded = Vec::with_capacity(records.len());
        for record in records {
            let bytes = encode(record).map_err(|_| accept::refused(AppendError::Failed))?;
            encoded.push((number, bytes));
        }
        let ticket = self.shared.journal.append_reserved(encoded);
        ticket
            .and_then(|ticket| ticket.wait())
            .map_err(accept::refused)?;
        Ok(())
    }

    fn work_off(&mut self, number: Number) -> Result<(), SimulateError> {
        let worked = self.partitions[usize::from(number)].work_off();
        worked.map(drop).map_err(|_| self.failed())
    }
}

fn outcome_of(message: &Message, outcome: AttemptOutcome) -> Record {
    Record::Outcome {
        contact: message.contact.clone(),
        message: message.id,
        attempt: message.attempts + 1,
        outcome,
    }
}
