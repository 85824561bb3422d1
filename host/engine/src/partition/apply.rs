//! Applies one piece of work: through the core, into one batch, committed with its position, and then outwards.

use std::{collections::HashMap, mem};

use signalbox_model::{id::ContactId, state::ContactState, time::Instant};
use signalbox_store::{Batch, Error};

use super::{
    Partition,
    entering::Progress,
    group::{Item, Task, What, Work},
    lane::Lane,
    rows::{Outward, is_only_seen},
};
use crate::{
    error::{ApplyError, StoreAction},
    metrics,
    outbox::NOT_APPLICABLE,
    shared::{Broken, Claim},
};

/// What a group of records of contacts came from.
pub(super) struct Group {
    pub(super) last: u64,
    pub(super) accepted: u64,
    /// Its parts cannot be taken one by one any further: what cannot be applied is passed over.
    pub(super) is_single: bool,
    /// A row beside those that come of its records.
    pub(super) note: Option<Note>,
}

/// See [`Group::note`].
pub(super) enum Note {
    /// A row as it is known before the records are applied.
    Row(Row),
    /// How far a workflow came with taking people in, which counts what becomes of those of the page.
    Entrance(Box<Progress>),
}

/// A row by its name; without a value it goes.
pub(super) type Row = (Vec<u8>, Option<Vec<u8>>);

/// Puts the row, or has it go.
pub(super) fn put_row(batch: &mut Batch<'_>, (name, value): &Row) -> Result<(), Error> {
    if let Some(value) = value {
        return batch.put_counter(name, value);
    }
    batch.delete_counter(name);
    Ok(())
}

impl Group {
    /// What comes of one record that several contacts are looked at for.
    pub(super) fn single(last: u64) -> Self {
        Self {
            last,
            accepted: 0,
            is_single: true,
            note: None,
        }
    }
}

impl Partition {
    pub(super) fn apply(&mut self, work: Work) -> Result<(), Broken> {
        let Work {
            last,
            accepted,
            task,
        } = work;
        match task {
            Task::Contacts(items) => {
                let is_single = items.len() <= 1;
                self.apply_items(
                    items,
                    &Group {
                        last,
                        accepted,
                        is_single,
                        note: None,
                    },
                )
            }
            Task::Tick { now, .. } if self.is_control() => self.start_due(last, now),
            Task::Tick {
                sequence,
                now,
                up_to,
                timers_max,
            } => {
                let timers = self
                    .shared
                    .store
                    .due_timers(self.number, up_to, timers_max as usize)
                    .map_err(|source| self.broken(StoreAction::Read, source))?;
                let items = timers.into_iter().map(|timer| Item {
                    sequence,
                    now,
                    what: What::Timer(timer),
                });
                self.apply_items(items.collect(), &Group::single(last))?;
                self.look_at_timers()
            }
            Task::Visit {
                sequence,
                now,
                page,
                timers_max,
            } => self.apply_visit(sequence, now, (&page, timers_max)),
            Task::Command {
                sequence,
                now,
                command,
            } => self.apply_command(sequence, now, &command),
            Task::Post {
                sequence,
                now,
                id,
                record,
            } => self.apply_post(sequence, now, id, &record),
            Task::Delivered { to, id } => self.posts_delivered(last, to, id),
            Task::EnterExisting {
                sequence,
                now,
                page,
            } => self.apply_entrance(sequence, now, &page),
            Task::Evaluate {
                sequence,
                now,
                page,
            } => self.apply_evaluation(sequence, now, page),
            Task::RowsChanged {
                sequence,
                now,
                page,
            } => self.apply_row_scan(sequence, now, page),
            Task::Sweep {
                now,
                before,
                after,
                rows_max,
            } => self.apply_sweep(last, now, before, after.as_ref(), rows_max),
        }
    }

    pub(super) fn apply_items(&mut self, items: Vec<Item>, group: &Group) -> Result<(), Broken> {
        if items.is_empty() && group.note.is_none() {
            self.moved_to(group.last, group.accepted);
            return Ok(());
        }
        let count = items.len() as u64;
        let oldest = items.first().map(|item| item.now).unwrap_or_default();
        let mut lanes = self.lanes(items)?;
        let mut given = Vec::new();
        self.drive(&mut lanes, &mut given)?;
        if self.is_simulated() {
            self.accept_claimed(&mut lanes, &mut given)?;
        }
        let shared = std::sync::Arc::clone(&self.shared);
        let (mut batch, outward) = loop {
            let mut batch = self.begin_batch(&shared)?;
            let mut outward = Outward::default();
            match self.put_lanes(&mut batch, &mut lanes, &mut outward) {
                Ok(true) => break (batch, outward),
                Ok(false) if group.is_single => {}
                Ok(false) => {
                    self.recorded.give_back(given);
                    self.take_apart(lanes, group);
                    return Ok(());
                }
                Err(source) => return Err(self.broken(StoreAction::Write, source)),
            }
        };
        let written = self.put_sums(&mut batch, &mut lanes);
        let noted = match &group.note {
            None => Ok(()),
            Some(Note::Row(row)) => put_row(&mut batch, row),
            Some(Note::Entrance(before)) => self.put_entrance(&mut batch, before, &lanes),
        };
        written
            .and(noted)
            .map_err(|source| self.broken(StoreAction::Write, source))?;
        batch.set_position(group.last);
        self.count_reexecuted(&mut given);
        self.shared.hops().pass("asked");
        self.record_answers(given)?;
        self.commit(batch)?;
        self.keep_recent(lanes);
        self.act(outward, oldest);
        metrics::add(&self.shared.metrics.records_applied, count);
        self.moved_to(group.last, group.accepted);
        Ok(())
    }

    /// One of the group cannot be applied: take its records one by one, to find which.
    fn take_apart(&mut self, lanes: Vec<Lane>, group: &Group) {
        self.single_until = group.last;
        let mut items: Vec<Item> = lanes.into_iter().flat_map(Lane::into_items).collect();
        items.sort_by_key(|item| item.sequence);
        self.log.put_back(items, group.last);
    }

    pub(super) fn begin_batch<'a>(
        &self,
        shared: &'a crate::shared::Shared,
    ) -> Result<Batch<'a>, Broken> {
        shared
            .store
            .batch(self.number)
            .map_err(|source| self.broken(StoreAction::Write, source))
    }

    fn lanes(&mut self, items: Vec<Item>) -> Result<Vec<Lane>, Broken> {
        let mut recent = mem::take(&mut self.recent);
        let mut lanes: Vec<Lane> = Vec::new();
        let mut by_contact: HashMap<ContactId, usize> = HashMap::new();
        for item in items {
            let contact = item.what.contact();
            let index = if let Some(&index) = by_contact.get(contact) {
                index
            } else {
                let state = match recent.remove(contact) {
                    None => self.read_contact(contact)?,
                    state => {
                        debug_assert_eq!(
                            state,
                            self.read_contact(contact)?,
                            "it was put like this"
                        );
                        state
                    }
                };
                by_contact.insert(contact.clone(), lanes.len());
                lanes.push(Lane::new(contact.clone(), state));
                lanes.len() - 1
            };
            lanes[index].push(item);
        }
        Ok(lanes)
    }

    fn read_contact(&self, contact: &ContactId) -> Result<Option<ContactState>, Broken> {
        let state = self.shared.store.contact(contact);
        state.map_err(|source| self.broken(StoreAction::Read, source))
    }

    /// After the commit of these lanes. A contact with sealed chunks is read anew, since they are rows of their own.
    fn keep_recent(&mut self, lanes: Vec<Lane>) {
        if self.shared.observer.is_none() {
            return;
        }
        let states = lanes
            .into_iter()
            .filter(|lane| !lane.parked && !is_only_seen(lane))
            .filter_map(|lane| lane.state)
            .filter(|state| state.history.sealed == 0);
        self.recent = states
            .map(|state| (state.contact.id.clone(), state))
            .collect();
    }

    /// Puts the rows of all lanes; `false` when one of them turns out not to be applicable, and has its fault noted.
    fn put_lanes(
        &self,
        batch: &mut Batch<'_>,
        lanes: &mut [Lane],
        outward: &mut Outward,
    ) -> Result<bool, signalbox_store::Error> {
        let mut sound = true;
        for lane in lanes {
            if lane.parked {
                self.put_parked(batch, lane, outward);
                continue;
            }
            if lane.fault.is_some() {
                lane.parked = true;
                sound = false;
                continue;
            }
            match self.put_lane(batch, lane, outward) {
                Ok(()) => {}
                Err(error @ signalbox_store::Error::Oversize { .. }) => {
                    lane.fault = Some(error.to_string());
                    sound = false;
                }
                Err(error) => return Err(error),
            }
        }
        // A lane whose row was too large is noted in the next round.
        Ok(sound)
    }

    /// A record that cannot be applied leaves nothing but its count; its timers must not fire for ever.
    fn put_parked(&self, batch: &mut Batch<'_>, lane: &Lane, outward: &mut Outward) {
        outward.inputs.parked += 1;
        let sequence = lane.sequence();
        let fault = lane.fault.as_deref().unwrap_or_default();
        tracing::error!(
            partition = self.number,
            sequence,
            reason = %fault,
            "record {}:{sequence} cannot be applied: {fault}", self.number
        );
        for item in lane.items() {
            match &item.what {
                What::Timer(timer) => batch.cancel_timer(timer),
                What::Intent {
                    message, attempt, ..
                } => {
                    let reason = NOT_APPLICABLE.to_owned();
                    outward
                        .claims
                        .push((*message, *attempt, Claim::Skipped(reason)));
                }
                _ => {}
            }
        }
    }

    /// After the commit: tells whom it concerns. Any of it may be lost; what is due is also looked for.
    pub(super) fn act(&mut self, outward: Outward, oldest: Instant) {
        let shared = &self.shared;
        for (message, attempt, claim) in outward.claims {
            shared.answer_claim(message, attempt, claim);
        }
        if let Some(observer) = &shared.observer {
            observer.note(outward.noted);
        }
        if outward.outbox {
            shared.outbox.wake(self.number);
        }
        if !outward.posts.is_empty() {
            self.delivery.look();
        }
        self.next_due = match (self.next_due, outward.next_due) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        let metrics = &shared.metrics;
        metrics::add(&metrics.records_parked, outward.inputs.parked);
        metrics::add(&metrics.event_conflicts, outward.inputs.conflicts);
        metrics::add(&metrics.events_repeated, outward.inputs.repeated);
        metrics::add(&metrics.events_applied, outward.events);
        metrics::add(&metrics.messages_queued, outward.queued);
        metrics::add(&metrics.sends_skipped, outward.skipped);
        if !shared.clock.is_manual() && !self.is_replaying() {
            let lag = shared.clock.now().since(oldest).as_ms();
            metrics
                .apply_lag
                .record(std::time::Duration::from_millis(lag));
        }
    }

    pub(super) fn broken(&self, action: StoreAction, source: signalbox_store::Error) -> Broken {
        self.shared.fail(&ApplyError::Store {
            action,
            partition: self.number,
            source,
        })
    }
}
