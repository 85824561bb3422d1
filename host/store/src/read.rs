//! What is asked of a store: single rows, and short ranges with a bound.
//!
//! Reads see every commit that has returned. None of them holds anything up: a page is read and let go of.

use signalbox_model::{
    fact::Fact,
    id::{ContactId, Digest, JourneyId, MessageId, Partition, WebhookId},
    message::Message,
    record::{PostId, Posted},
    state::{ContactState, JourneySummary, PastEvent, Timer},
    time::Instant,
    webhook::Webhook,
    workflow::step::MessageClass,
};

use crate::{
    Store,
    error::{Damage, Error},
    key::{self, Key, Kind, Rest},
    observed::{Observable, Observed, Schema},
    row,
    rows::Row,
};

/// Rows of facts read in one go where the newest come first.
const FACTS_READ_ROWS: usize = 256;

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// When it may go out.
    pub release_at: Instant,
    /// Which message.
    pub message: MessageId,
    /// To whom.
    pub contact: ContactId,
}

/// A fact with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFact {
    /// The record that caused it: sequence in the contact's partition.
    pub sequence: u64,
    /// Which of that record's facts.
    pub ordinal: u32,
    /// What happened.
    pub fact: Fact,
}

/// A counter of reports, opaque here: its name and its value.
pub type Counter = (Vec<u8>, Vec<u8>);

/// A post that is not known to have arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Where it goes.
    pub to: Partition,
    /// Its name.
    pub id: PostId,
    /// What it sends.
    pub record: Posted,
}

impl Store {
    /// The contact with its sealed chunks of history loaded.
    pub fn contact(&self, contact: &ContactId) -> Result<Option<ContactState>, Error> {
        let partition = self.partition_of(contact);
        let key = key::contact(partition, contact);
        match self.core.rows.read(&key)? {
            Some(state) => self.load_chunks(partition, state).map(Some),
            None => Ok(None),
        }
    }

    /// At most that many contacts of the partition behind that one, in the order of their ids, with their chunks.
    pub fn contacts(
        &self,
        partition: Partition,
        after: Option<&ContactId>,
        contacts_max: usize,
    ) -> Result<Vec<ContactState>, Error> {
        let all = key::prefix(Kind::Contact, partition);
        let start = match after {
            Some(contact) => key::after(&key::contact(partition, contact)),
            None => all.clone(),
        };
        self.core
            .rows
            .page(&start, key::behind(&all).as_deref(), contacts_max)?
            .iter()
            .map(|(key, value)| self.load_chunks(partition, row::open(key, value)?))
            .collect()
    }

    /// The ids of at most that many contacts of the partition behind that one, in their order.
    pub fn contact_ids(
        &self,
        partition: Partition,
        after: Option<&ContactId>,
        contacts_max: usize,
    ) -> Result<Vec<ContactId>, Error> {
        let all = key::prefix(Kind::Contact, partition);
        let start = match after {
            Some(contact) => key::after(&key::contact(partition, contact)),
            None => all.clone(),
        };
        self.core
            .rows
            .page(&start, key::behind(&all).as_deref(), contacts_max)?
            .iter()
            .map(|(key, value)| Ok(row::open::<ContactState>(key, value)?.contact.id))
            .collect()
    }

    fn load_chunks(
        &self,
        partition: Partition,
        mut state: ContactState,
    ) -> Result<ContactState, Error> {
        let indexes = state.history.first_chunk..state.history.sealed;
        if indexes.is_empty() {
            return Ok(state);
        }
        let contact = &state.contact.id;
        let start = key::chunk(partition, contact, indexes.start);
        let end = key::chunk(partition, contact, indexes.end);
        let mut rows = self
            .core
            .rows
            .page(&start, Some(&end), indexes.len())?
            .into_iter();
        for index in indexes {
            let key = key::chunk(partition, contact, index);
            match rows.next() {
                Some((found, value)) if *found == *key => {
                    state
                        .history
                        .chunks
                        .push(row::open::<Vec<PastEvent>>(&key, &value)?);
                }
                _ => return Err(Error::damaged(&key, Damage::Missing)),
            }
        }
        Ok(state)
    }

    /// At most that many timers due at or before that instant, in the order in which they fire.
    pub fn due_timers(
        &self,
        partition: Partition,
        up_to: Instant,
        timers_max: usize,
    ) -> Result<Vec<Timer>, Error> {
        let end = key::behind(&key::due(partition, up_to));
        self.core
            .rows
            .first_page(Kind::Timer, partition, end.as_deref(), timers_max)?
            .iter()
            .map(timer_of)
            .collect()
    }

    /// At most that many timers behind that one, in the order in which they fire.
    pub fn timers(
        &self,
        partition: Partition,
        after: Option<&Timer>,
        timers_max: usize,
    ) -> Result<Vec<Timer>, Error> {
        let prefix = key::prefix(Kind::Timer, partition);
        let start = after.map_or_else(
            || prefix.clone(),
            |after| key::after(&key::timer(partition, after)),
        );
        let end = key::behind(&prefix);
        let page = self.core.rows.page(&start, end.as_deref(), timers_max)?;
        page.iter().map(timer_of).collect()
    }

    /// When the partition's next timer is due.
    pub fn next_timer_due(&self, partition: Partition) -> Result<Option<Instant>, Error> {
        let timers = self.due_timers(partition, Instant::MAX, 1)?;
        Ok(timers.first().map(|timer| timer.due))
    }

    /// At most that many messages of that class released at or before `now`, by release and id, behind the one of the
    /// cursor.
    pub fn released(
        &self,
        partition: Partition,
        class: MessageClass,
        now: Instant,
        after: Option<(Instant, MessageId)>,
        messages_max: usize,
    ) -> Result<Vec<Release>, Error> {
        let outbox = key::outbox_of(class);
        let end = key::behind(&key::released(outbox, partition, now));
        let rows = &self.core.rows;
        let page = match after {
            Some((release_at, message)) => {
                let start = key::after(&key::outbox(outbox, partition, release_at, &message));
                rows.page(&start, end.as_deref(), messages_max)?
            }
            None => rows.first_page(outbox, partition, end.as_deref(), messages_max)?,
        };
        page.iter().map(release_of).collect()
    }

    /// When the partition's next message is released, of either class.
    pub fn next_release(&self, partition: Partition) -> Result<Option<Instant>, Error> {
        let mut soonest = None;
        for class in MessageClass::BY_URGENCY {
            let next = self.released(partition, class, Instant::MAX, None, 1)?;
            let next = next.first().map(|release| release.release_at);
            soonest = soonest.into_iter().chain(next).min();
        }
        Ok(soonest)
    }

    /// The partition's claimed messages: `go` was given and no outcome is known.
    pub fn claimed(&self, partition: Partition) -> Result<Vec<Message>, Error> {
        let mut messages = Vec::new();
        self.core
            .rows
            .scan(&key::prefix(Kind::Claimed, partition), |key, _| {
                let Some(Rest::Message(id)) = Key::decode(key).map(|key| key.rest) else {
                    return Err(Error::damaged(key, Damage::Key));
                };
                let message = self
                    .message(partition, &id)?
                    .ok_or_else(|| missing_message(partition, &id))?;
                messages.push(message);
                Ok(())
            })?;
        Ok(messages)
    }

    /// The message.
    pub fn message(
        &self,
        partition: Partition,
        message: &MessageId,
    ) -> Result<Option<Message>, Error> {
        self.core
            .rows
            .read(&key::message(Kind::Message, partition, message))
    }

    /// At most that many of the contact's calls to other systems behind that one, by id.
    pub fn webhooks(
        &self,
        contact: &ContactId,
        after: Option<&WebhookId>,
        webhooks_max: usize,
    ) -> Result<Vec<Webhook>, Error> {
        let partition = self.partition_of(contact);
        let all = key::of_contact(Kind::Webhook, partition, contact);
        let start = after.map_or_else(
            || all.clone(),
            |after| key::after(&key::webhook(partition, contact, after)),
        );
        let end = key::behind(&all);
        let page = self.core.rows.page(&start, end.as_deref(), webhooks_max)?;
        page.iter()
            .map(|(key, value)| row::open(key, value))
            .collect()
    }

    /// At most that many of the contact's facts behind that one, the oldest first.
    pub fn facts(
        &self,
        contact: &ContactId,
        after: Option<(u64, u32)>,
        facts_max: usize,
    ) -> Result<Vec<StoredFact>, Error> {
        let partition = self.partition_of(contact);
        let all = key::of_contact(Kind::Facts, partition, contact);
        // The row that holds the one after the cursor may begin before it.
        let mut start = match after {
            Some((sequence, _)) => key::facts(partition, contact, sequence, 0),
            None => all.clone(),
        };
        let end = key::behind(&all);
        let mut facts = Vec::new();
        while facts.len() < facts_max {
            let page = self.core.rows.page(&start, end.as_deref(), facts_max)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            start = key::after(last);
            for row in &page {
                facts.extend(facts_of(row)?);
            }
            if let Some(after) = after {
                facts.retain(|stored| (stored.sequence, stored.ordinal) > after);
            }
        }
        facts.truncate(facts_max);
        Ok(facts)
    }

    /// At most that many of the contact's facts before that one, the newest first.
    pub fn facts_back(
        &self,
        contact: &ContactId,
        before: Option<(u64, u32)>,
        facts_max: usize,
    ) -> Result<Vec<StoredFact>, Error> {
        let partition = self.partition_of(contact);
        let all = key::of_contact(Kind::Facts, partition, contact);
        let mut end = match before {
            Some((sequence, ordinal)) => Some(key::facts(partition, contact, sequence, ordinal)),
            None => key::behind(&all),
        };
        let mut facts = Vec::new();
        while facts.len() < facts_max {
            let page = self
                .core
                .rows
                .page_back(&all, end.as_deref(), FACTS_READ_ROWS)?;
            let Some((first, _)) = page.last() else {
                break;
            };
            end = Some(first.to_vec());
            for row in &page {
                let mut of_row: Vec<StoredFact> = facts_of(row)?.collect();
                of_row.reverse();
                facts.extend(of_row);
            }
            if let Some(before) = before {
                // The row that holds the one before the cursor may go on behind it.
                facts.retain(|stored| (stored.sequence, stored.ordinal) < before);
            }
        }
        facts.truncate(facts_max);
        Ok(facts)
    }

    /// At most that many of the contact's journeys that are over, the last one first: those behind that end and id in
    /// this order.
    pub fn journeys(
        &self,
        contact: &ContactId,
        after: Option<(Instant, JourneyId)>,
        journeys_max: usize,
    ) -> Result<Vec<JourneySummary>, Error> {
        let partition = self.partition_of(contact);
        let all = key::of_contact(Kind::Journey, partition, contact);
        let end = match after {
            Some((ended_at, id)) => Some(key::journey(partition, contact, ended_at, id)),
            None => key::behind(&all),
        };
        self.core
            .rows
            .page_back(&all, end.as_deref(), journeys_max)?
            .iter()
            .map(|(key, value)| row::open(key, value))
            .collect()
    }

    /// All counters of the partition whose names begin with these bytes.
    pub fn counters(
        &self,
        partition: Partition,
        name_prefix: &[u8],
    ) -> Result<Vec<Counter>, Error> {
        let kind_bytes = key::prefix(Kind::Counter, partition).len();
        let mut counters = Vec::new();
        self.core
            .rows
            .scan(&key::counter(partition, name_prefix), |key, value| {
                counters.push((key[kind_bytes..].to_vec(), row::open(key, value)?));
                Ok::<_, Error>(())
            })?;
        Ok(counters)
    }

    /// At most that many of the partition's posts that are not known to have arrived, by target and id.
    pub fn posts(
        &self,
        partition: Partition,
        after: Option<(Partition, PostId)>,
        posts_max: usize,
    ) -> Result<Vec<Post>, Error> {
        let all = key::prefix(Kind::Post, partition);
        let start = match after {
            Some((to, id)) => key::after(&key::post(to, id)),
            None => all.clone(),
        };
        self.core
            .rows
            .page(&start, key::behind(&all).as_deref(), posts_max)?
            .iter()
            .map(post_of)
            .collect()
    }

    /// The last post of that sender which was applied in the partition.
    pub fn applied_post(
        &self,
        partition: Partition,
        from: Partition,
    ) -> Result<Option<PostId>, Error> {
        self.core.rows.read(&key::applied_post(partition, from))
    }

    /// Which definitions the partition uses: their version and the digest of their document.
    pub fn definitions(&self, partition: Partition) -> Result<Option<(u64, Digest)>, Error> {
        self.core
            .rows
            .read(&key::prefix(Kind::Definitions, partition))
    }

    /// What the partition has seen, for its thread to go on with.
    pub fn observed(&self, partition: Partition) -> Result<Observed, Error> {
        let mut schema = Schema::default();
        self.core
            .rows
            .scan(&key::prefix(Kind::Observed, partition), |key, value| {
                match Key::decode(key).map(|key| key.rest) {
                    Some(Rest::Observed(Observable::Event(name))) => {
                        schema.events.insert(name, row::open(key, value)?);
                    }
                    Some(Rest::Observed(Observable::Attribute(name))) => {
                        schema.attributes.insert(name, row::open(key, value)?);
                    }
                    Some(Rest::Observed(Observable::Overflow)) => {
                        schema.overflow = row::open(key, value)?;
                    }
                    _ => return Err(Error::damaged(key, Damage::Key)),
                }
                Ok(())
            })?;
        Ok(Observed::new(schema, self.observed_names_max))
    }

    /// What all partitions together have seen, as of their last commits.
    pub fn schema(&self) -> Result<Schema, Error> {
        let mut merged = Schema::default();
        for partition in self.partitions() {
            merged.merge(self.observed(partition)?.into_schema());
        }
        Ok(merged)
    }
}

fn timer_of((key, value): &Row) -> Result<Timer, Error> {
    let Some(Rest::Timer(timer)) = Key::decode(key).map(|key| key.rest) else {
        return Err(Error::damaged(key, Damage::Key));
    };
    row::open::<()>(key, value)?;
    Ok(timer)
}

fn release_of((key, value): &Row) -> Result<Release, Error> {
    let Some(Rest::Outbox(release_at, message)) = Key::decode(key).map(|key| key.rest) else {
        return Err(Error::damaged(key, Damage::Key));
    };
    Ok(Release {
        release_at,
        message,
        contact: row::open(key, value)?,
    })
}

fn facts_of((key, value): &Row) -> Result<impl Iterator<Item = StoredFact> + use<>, Error> {
    let Some(Rest::Facts(_, sequence, _)) = Key::decode(key).map(|key| key.rest) else {
        return Err(Error::damaged(key, Damage::Key));
    };
    let facts: Vec<(u32, Fact)> = row::open(key, value)?;
    Ok(facts.into_iter().map(move |(ordinal, fact)| StoredFact {
        sequence,
        ordinal,
        fact,
    }))
}

fn post_of((key, value): &Row) -> Result<Post, Error> {
    let Some(Key {
        partition: from,
        rest: Rest::Post(to, sequence, index),
        ..
    }) = Key::decode(key)
    else {
        return Err(Error::damaged(key, Damage::Key));
    };
    Ok(Post {
        to,
        id: PostId {
            from,
            sequence,
            index,
        },
        record: row::open(key, value)?,
    })
}

pub(crate) fn missing_message(partition: Partition, message: &MessageId) -> Error {
    let key = key::message(Kind::Message, partition, message);
    Error::damaged(&key, Damage::Missing)
}
