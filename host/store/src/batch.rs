//! What one commit changes: rows to put and rows to delete, and the position they bring the partition to.
//!
//! Filled by a partition's thread. A batch reads through itself, so that what was put earlier in it is seen.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use signalbox_model::{
    fact::Fact,
    id::{ContactId, Digest, MessageId, Partition},
    message::{Message, MessageStatus},
    record::{PostId, Posted},
    state::{ContactState, JourneySummary, PastEvent, Timer},
    webhook::Webhook,
};
use sled::IVec;

use crate::{
    Store,
    error::Error,
    key::{self, Kind},
    observed::{Observable, Observed},
    row::{self, VALUE_BYTES_MAX},
};

/// Facts of one record and contact share a row up to this size.
const FACTS_BYTES_MAX: usize = VALUE_BYTES_MAX / 2;

/// Changes of one partition that are applied together or not at all.
#[derive(Debug)]
#[must_use = "a batch changes nothing until it is committed"]
pub struct Batch<'a> {
    pub(crate) store: &'a Store,
    pub(crate) partition: Partition,
    /// New stored bytes by key; `None` deletes.
    changes: BTreeMap<Vec<u8>, Option<IVec>>,
    /// Facts by contact and sequence, joined into rows at the commit.
    facts: BTreeMap<(ContactId, u64), Vec<(u32, Fact)>>,
    position: Option<u64>,
    /// Whose rows were put last, found to live here: several in a row are of one contact.
    owned: Option<ContactId>,
    /// Where values become bytes.
    room: Vec<u8>,
}

impl Store {
    /// An empty batch for that partition.
    pub fn batch(&self, partition: Partition) -> Result<Batch<'_>, Error> {
        self.check_partition(partition)?;
        Ok(Batch {
            store: self,
            partition,
            changes: BTreeMap::new(),
            facts: BTreeMap::new(),
            position: None,
            owned: None,
            room: Vec::new(),
        })
    }

    /// Applies the batch whole: every read sees it from here on. It is written down in the background, and survives
    /// the end of the process and a power cut once a flush has covered it.
    ///
    /// # Errors
    /// When a row is too large or the position goes back; nothing is applied then. When the library below fails: the
    /// store is of no more use to this process.
    pub fn commit(&self, mut batch: Batch<'_>) -> Result<(), Error> {
        let partition = batch.partition;
        if let Some(asked) = batch.position {
            let found = self.position(partition);
            if asked < found {
                return Err(Error::PositionBackwards {
                    partition,
                    found,
                    asked,
                });
            }
            batch.put(key::prefix(Kind::Position, partition), &asked)?;
        }
        for ((contact, sequence), facts) in std::mem::take(&mut batch.facts) {
            batch.put_facts(&contact, sequence, &facts)?;
        }
        let changes = batch.changes.into_iter();
        let changes = changes.map(|(key, value)| (key.into(), value));
        if self.core.rows.commit(partition, changes)? {
            self.flusher.wake();
        }
        if let Some(sequence) = batch.position {
            self.set_position(partition, sequence);
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// The partition it belongs to.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// Rows that it puts or deletes so far, facts and position left out.
    pub fn rows(&self) -> usize {
        self.changes.len()
    }

    /// The sequence of the last record whose effects are in this batch.
    pub fn set_position(&mut self, sequence: u64) {
        self.position = Some(sequence);
    }

    /// Puts the contact's row: everything but its sealed chunks.
    pub fn put_contact(&mut self, state: &ContactState) -> Result<(), Error> {
        let contact = &state.contact.id;
        self.check_owner(contact)?;
        self.put(key::contact(self.partition, contact), state)
    }

    /// Puts a sealed chunk of the contact's history.
    pub fn put_chunk(
        &mut self,
        contact: &ContactId,
        index: u32,
        events: &[PastEvent],
    ) -> Result<(), Error> {
        self.check_owner(contact)?;
        self.put(key::chunk(self.partition, contact, index), &events)
    }

    /// Deletes a sealed chunk.
    pub fn delete_chunk(&mut self, contact: &ContactId, index: u32) {
        self.delete(key::chunk(self.partition, contact, index));
    }

    /// Sets a timer. One that was set for another instant stays until it is cancelled: who moves a timer cancels the
    /// old one.
    pub fn set_timer(&mut self, timer: &Timer) -> Result<(), Error> {
        self.check_owner(&timer.contact)?;
        self.put(key::timer(self.partition, timer), &())
    }

    /// Takes a timer away: the one of that instant.
    pub fn cancel_timer(&mut self, timer: &Timer) {
        self.delete(key::timer(self.partition, timer));
    }

    /// The message as this batch leaves it.
    pub fn message(&self, message: &MessageId) -> Result<Option<Message>, Error> {
        self.read(&key::message(Kind::Message, self.partition, message))
    }

    /// The contact as this batch leaves it, without its sealed chunks.
    pub fn contact(&self, contact: &ContactId) -> Result<Option<ContactState>, Error> {
        self.read(&key::contact(self.partition, contact))
    }

    /// Puts a message that was not put before, as [`Batch::put_message`] would, without a look for one of its id.
    pub fn put_new_message(&mut self, message: &Message) -> Result<(), Error> {
        let has_status = |before: Message| !before.status.is_settled();
        debug_assert!(
            !self.message(&message.id)?.is_some_and(has_status),
            "a row that says where a message stands would stay"
        );
        self.put_with_status(message)
    }

    /// Puts a message, new or changed, and keeps the outbox in step: it holds the message exactly while it is queued.
    pub fn put_message(&mut self, message: &Message) -> Result<(), Error> {
        if let Some(before) = self.message(&message.id)? {
            self.delete_status(&before);
        }
        self.put_with_status(message)
    }

    /// Changes a message as [`Batch::put_message`] would put it. Answers whether there is one.
    pub fn change_message(
        &mut self,
        message: &MessageId,
        change: impl FnOnce(&mut Message),
    ) -> Result<bool, Error> {
        let Some(mut message) = self.message(message)? else {
            return Ok(false);
        };
        self.delete_status(&message);
        change(&mut message);
        self.put_with_status(&message)?;
        Ok(true)
    }

    /// Deletes the row that says where the message stands.
    fn delete_status(&mut self, message: &Message) {
        match message.status {
            MessageStatus::Queued => {
                let outbox = key::outbox_of(message.class);
                self.delete(key::outbox(
                    outbox,
                    self.partition,
                    message.release_at,
                    &message.id,
                ));
            }
            MessageStatus::Claimed(_) => {
                self.delete(key::message(Kind::Claimed, self.partition, &message.id));
            }
            _ => {}
        }
    }

    fn put_with_status(&mut self, message: &Message) -> Result<(), Error> {
        self.check_owner(&message.contact)?;
        match message.status {
            MessageStatus::Queued => self.put(
                key::outbox(
                    key::outbox_of(message.class),
                    self.partition,
                    message.release_at,
                    &message.id,
                ),
                &message.contact,
            )?,
            MessageStatus::Claimed(_) => self.put(
                key::message(Kind::Claimed, self.partition, &message.id),
                &message.contact,
            )?,
            _ => {}
        }
        self.put(
            key::message(Kind::Message, self.partition, &message.id),
            message,
        )
    }

    /// Keeps a call to another system.
    pub fn put_webhook(&mut self, webhook: &Webhook) -> Result<(), Error> {
        self.check_owner(&webhook.contact)?;
        let key = key::webhook(self.partition, &webhook.contact, &webhook.id);
        self.put(key, webhook)
    }

    /// Keeps a fact: the `ordinal`-th that the record of that sequence caused.
    pub fn put_fact(&mut self, sequence: u64, ordinal: u32, fact: &Fact) -> Result<(), Error> {
        self.check_owner(&fact.contact)?;
        self.facts
            .entry((fact.contact.clone(), sequence))
            .or_default()
            .push((ordinal, fact.clone()));
        Ok(())
    }

    /// Keeps what is left of a journey that is over.
    pub fn put_closed_journey(
        &mut self,
        contact: &ContactId,
        summary: &JourneySummary,
    ) -> Result<(), Error> {
        self.check_owner(contact)?;
        let key = key::journey(self.partition, contact, summary.ended_at, summary.journey);
        self.put(key, summary)
    }

    /// The counter as this batch leaves it.
    pub fn counter(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.read(&key::counter(self.partition, name))
    }

    /// Puts a counter: opaque bytes under an opaque name.
    pub fn put_counter(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.put(key::counter(self.partition, name), &value)
    }

    /// Deletes a counter.
    pub fn delete_counter(&mut self, name: &[u8]) {
        self.delete(key::counter(self.partition, name));
    }

    /// Keeps a post of this partition until it is known to have arrived.
    ///
    /// # Panics
    /// When the post names another partition as its sender.
    pub fn put_post(&mut self, to: Partition, id: PostId, record: &Posted) -> Result<(), Error> {
        assert_eq!(id.from, self.partition, "a post is kept by its sender");
        self.put(key::post(to, id), record)
    }

    /// Deletes the posts to that partition up to that one.
    pub fn delete_posts(&mut self, to: Partition, up_to: PostId) -> Result<(), Error> {
        let (start, end) = (key::posts_to(self.partition, to), key::post(to, up_to));
        let end = key::after(&end);
        let kept = self.store.core.rows.page(&start, Some(&end), usize::MAX)?;
        for (key, _) in kept {
            self.delete(key.to_vec());
        }
        // Those that were put into this same batch.
        for (_, value) in self.changes.range_mut(start..end) {
            *value = None;
        }
        Ok(())
    }

    /// Notes the last post of that sender which was applied here.
    pub fn put_applied_post(&mut self, id: PostId) -> Result<(), Error> {
        self.put(key::applied_post(self.partition, id.from), &id)
    }

    /// Notes which definitions the partition uses from now on; their document is kept under the digest.
    pub fn put_definitions(&mut self, version: u64, digest: Digest) -> Result<(), Error> {
        self.put(
            key::prefix(Kind::Definitions, self.partition),
            &(version, digest),
        )
    }

    /// Puts the rows of what was seen that changed since the last time.
    pub fn put_observed(&mut self, observed: &mut Observed) -> Result<(), Error> {
        for name in observed.take_changed() {
            let key = key::observed(self.partition, &name);
            let schema = observed.schema();
            match &name {
                Observable::Event(name) => self.put(key, &schema.events[name])?,
                Observable::Attribute(name) => self.put(key, &schema.attributes[name])?,
                Observable::Overflow => self.put(key, &schema.overflow)?,
            }
        }
        Ok(())
    }

    fn put_facts(
        &mut self,
        contact: &ContactId,
        sequence: u64,
        facts: &[(u32, Fact)],
    ) -> Result<(), Error> {
        let Some((first, _)) = facts.first() else {
            return Ok(());
        };
        let key = key::facts(self.partition, contact, sequence, *first);
        match row::seal(&key, &facts, &mut self.room) {
            Ok(sealed) if sealed.len() <= FACTS_BYTES_MAX || facts.len() == 1 => {
                self.changes.insert(key, Some(sealed));
                Ok(())
            }
            Err(error) if facts.len() == 1 || !matches!(error, Error::Oversize { .. }) => {
                Err(error)
            }
            _ => {
                let (head, tail) = facts.split_at(facts.len() / 2);
                self.put_facts(contact, sequence, head)?;
                self.put_facts(contact, sequence, tail)
            }
        }
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<(), Error> {
        let sealed = row::seal(&key, value, &mut self.room)?;
        self.changes.insert(key, Some(sealed));
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, Error> {
        match self.changes.get(key) {
            Some(Some(sealed)) => row::open(key, sealed).map(Some),
            Some(None) => Ok(None),
            None => self.store.core.rows.read(key),
        }
    }

    fn check_owner(&mut self, contact: &ContactId) -> Result<(), Error> {
        if self.owned.as_ref() == Some(contact) {
            return Ok(());
        }
        let owner = self.store.partition_of(contact);
        if owner != self.partition {
            return Err(Error::WrongPartition {
                contact: contact.clone(),
                owner,
                partition: self.partition,
            });
        }
        self.owned = Some(contact.clone());
        Ok(())
    }
}
