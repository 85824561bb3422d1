//! Takes records off the log in order, as many at a time as can be applied together.
//!
//! Records of contacts go together: contacts do not depend on each other, and those of one contact follow each other
//! in their order. Everything else is taken by itself, since it depends on what is committed (a tick on the timers
//! that are due) or changes what the rest depends on (definitions).

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use signalbox_journal::Entry;
use signalbox_journey::{Input, tables::ChangedRows};
use signalbox_model::{
    codec,
    contact::AttributeChanges,
    event::Event,
    id::{ContactId, MessageId, Partition, WorkflowId},
    message::AttemptOutcome,
    record::{Command, PostId, Posted, Record, RecordedAnswer, SweepCursor},
    state::Timer,
    time::Instant,
};

use super::{entering, evaluation, row_changes, visit};
use crate::error::ApplyError;

/// Most records of one contact in a group, so that the waves of a group stay bounded.
const CONTACT_RECORDS_MAX: u32 = 16;

/// Records that were read and are not applied yet, in the order of the log.
#[derive(Default)]
pub(super) struct Log {
    ahead: VecDeque<Logged>,
    /// Sequences of what this process appended and has used already, so that it is not even decoded.
    used: VecDeque<u64>,
}

/// A record of the log.
pub(super) struct Logged {
    pub(super) sequence: u64,
    pub(super) at: Instant,
    pub(super) record: Record,
}

/// What is applied and committed together.
pub(super) struct Work {
    /// The last sequence of it.
    pub(super) last: u64,
    /// How many of its records came in through accept.
    pub(super) accepted: u64,
    pub(super) task: Task,
}

/// See [`Work`].
pub(super) enum Task {
    /// Records of contacts; none if only answers were passed over.
    Contacts(Vec<Item>),
    /// Timers that are due.
    Tick {
        sequence: u64,
        now: Instant,
        up_to: Instant,
        timers_max: u32,
    },
    /// A command on what is global.
    Command {
        sequence: u64,
        now: Instant,
        command: Box<Command>,
    },
    /// What another partition sent.
    Post {
        sequence: u64,
        now: Instant,
        id: PostId,
        record: Posted,
    },
    /// What this partition sent has arrived.
    Delivered { to: Partition, id: PostId },
    /// A page of contacts to look at.
    Visit {
        sequence: u64,
        now: Instant,
        page: visit::Page,
        timers_max: u32,
    },
    /// A page of contacts that were there when a workflow started.
    EnterExisting {
        sequence: u64,
        now: Instant,
        page: entering::Page,
    },
    /// A page of contacts to ask about a segment.
    Evaluate {
        sequence: u64,
        now: Instant,
        page: evaluation::Page,
    },
    /// A page of contacts that changed rows of a table may concern.
    RowsChanged {
        sequence: u64,
        now: Instant,
        page: row_changes::Page,
    },
    /// A page of a sweep.
    Sweep {
        now: Instant,
        before: Instant,
        after: Option<SweepCursor>,
        rows_max: u32,
    },
}

/// One input of one contact.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) sequence: u64,
    pub(super) now: Instant,
    pub(super) what: What,
}

/// See [`Item`].
#[derive(Debug)]
pub(super) enum What {
    Event(Event),
    Attributes(ContactId, AttributeChanges),
    Timer(Timer),
    Visit(ContactId),
    EnterExisting(ContactId, WorkflowId),
    Evaluate(ContactId, u32),
    RowsChanged {
        contact: ContactId,
        workflow: WorkflowId,
        changed: Arc<ChangedRows>,
    },
    Intent {
        contact: ContactId,
        message: MessageId,
        attempt: u32,
    },
    Outcome {
        contact: ContactId,
        message: MessageId,
        attempt: u32,
        outcome: AttemptOutcome,
    },
}

impl What {
    pub(super) fn contact(&self) -> &ContactId {
        match self {
            Self::Event(event) => &event.contact,
            Self::Timer(timer) => &timer.contact,
            Self::Visit(contact)
            | Self::EnterExisting(contact, _)
            | Self::Evaluate(contact, _)
            | Self::Attributes(contact, _)
            | Self::RowsChanged { contact, .. }
            | Self::Intent { contact, .. }
            | Self::Outcome { contact, .. } => contact,
        }
    }

    pub(super) fn input(&self) -> Input<'_> {
        match self {
            Self::Event(event) => Input::Event(event),
            Self::Attributes(contact, changes) => Input::Attributes(contact, changes),
            Self::Timer(timer) => Input::Timer(timer),
            Self::Visit(contact) => Input::Visit(contact),
            Self::EnterExisting(contact, workflow) => Input::EnterExisting(contact, workflow),
            Self::Evaluate(contact, segment) => Input::Evaluate(contact, *segment),
            Self::RowsChanged {
                contact,
                workflow,
                changed,
            } => Input::RowsChanged(contact, workflow, changed),
            Self::Intent {
                message, attempt, ..
            } => Input::Intent {
                message: *message,
                attempt: *attempt,
            },
            Self::Outcome {
                message,
                attempt,
                outcome,
                ..
            } => Input::Outcome {
                message: *message,
                attempt: *attempt,
                outcome,
            },
        }
    }

    /// Whether a contact that nothing is known of begins with it.
    pub(super) fn makes_contact(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Attributes(..))
    }
}

impl Logged {
    /// The input of one contact that it is, if it is one.
    pub(super) fn of_contact(self) -> Option<Item> {
        let what = match self.record {
            Record::Event(event) => What::Event(event),
            Record::Attributes(contact, changes) => What::Attributes(contact, changes),
            Record::Intent {
                contact,
                message,
                attempt,
            } => What::Intent {
                contact,
                message,
                attempt,
            },
            Record::Outcome {
                contact,
                message,
                attempt,
                outcome,
            } => What::Outcome {
                contact,
                message,
                attempt,
                outcome,
            },
            _ => return None,
        };
        Some(Item {
            sequence: self.sequence,
            now: self.at,
            what,
        })
    }
}

impl Log {
    /// Takes in a durable entry. What this process has used already counts as passed over.
    pub(super) fn push(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        if self.used.front() == Some(&entry.position.sequence) {
            self.used.pop_front();
            self.put(entry, Record::Decided(Vec::new()));
            return Ok(());
        }
        let record = decode(entry)?;
        self.put(entry, record);
        Ok(())
    }

    /// Takes in an entry that is applied again, and hands out the answers in it.
    pub(super) fn push_replayed(
        &mut self,
        entry: &Entry,
    ) -> Result<Vec<RecordedAnswer>, ApplyError> {
        match decode(entry)? {
            Record::Decided(answers) => {
                self.put(entry, Record::Decided(Vec::new()));
                Ok(answers)
            }
            record => {
                self.put(entry, record);
                Ok(Vec::new())
            }
        }
    }

    /// Notes the sequence of what this process appended and has used.
    pub(super) fn note_used(&mut self, sequence: u64) {
        self.used.push_back(sequence);
    }

    fn put(&mut self, entry: &Entry, record: Record) {
        self.ahead.push_back(Logged {
            sequence: entry.position.sequence,
            at: Instant::from_ms(entry.logged_at_ms),
            record,
        });
    }

    /// When the next record was logged.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.ahead.front().map(|next| next.at)
    }

    /// The next work, of at most that many records, behind the first of them only those from before `until`; `None` if
    /// nothing is there.
    pub(super) fn next(&mut self, records_max: usize, until: Option<Instant>) -> Option<Work> {
        let mut work = Work {
            last: self.ahead.front()?.sequence,
            accepted: 0,
            task: Task::Contacts(Vec::new()),
        };
        let mut items = Vec::new();
        let mut by_contact: BTreeMap<ContactId, u32> = BTreeMap::new();
        while let Some(next) = self.ahead.front() {
            if until.is_some_and(|until| next.at >= until) {
                break;
            }
            let contact = match &next.record {
                Record::Decided(_) => {
                    work.last = next.sequence;
                    self.ahead.pop_front();
                    continue;
                }
                Record::Event(event) => &event.contact,
                Record::Attributes(contact, _)
                | Record::Intent { contact, .. }
                | Record::Outcome { contact, .. } => contact,
                _ if items.is_empty() => {
                    if let Some(logged) = self.ahead.pop_front() {
                        work.last = logged.sequence;
                        work.task = alone(logged);
                    }
                    return Some(work);
                }
                _ => break,
            };
            let of_contact = by_contact.entry(contact.clone()).or_default();
            *of_contact += 1;
            if items.len() >= records_max || *of_contact > CONTACT_RECORDS_MAX {
                break;
            }
            if let Some(logged) = self.ahead.pop_front() {
                work.last = logged.sequence;
                let item = logged.of_contact();
                work.accepted +=
                    u64::from(item.as_ref().is_some_and(|item| item.what.makes_contact()));
                items.extend(item);
            }
        }
        work.task = Task::Contacts(items);
        Some(work)
    }

    /// Puts records back that could not be applied together, in their order. `last` is the sequence up to which
    /// they were taken.
    pub(super) fn put_back(&mut self, items: Vec<Item>, last: u64) {
        let passed_over = items.last().is_none_or(|item| item.sequence < last);
        if let Some(at) = items.last().map(|item| item.now).filter(|_| passed_over) {
            self.ahead.push_front(Logged {
                sequence: last,
                at,
                record: Record::Decided(Vec::new()),
            });
        }
        for item in items.into_iter().rev() {
            let record = match item.what {
                What::Event(event) => Record::Event(event),
                What::Attributes(contact, changes) => Record::Attributes(contact, changes),
                What::Intent {
                    contact,
                    message,
                    attempt,
                } => Record::Intent {
                    contact,
                    message,
                    attempt,
                },
                What::Outcome {
                    contact,
                    message,
                    attempt,
                    outcome,
                } => Record::Outcome {
                    contact,
                    message,
                    attempt,
                    outcome,
                },
                // These belong to a tick or a page, which is applied by itself and never put back.
                What::Timer(_)
                | What::Visit(_)
                | What::EnterExisting(..)
                | What::Evaluate(..)
                | What::RowsChanged { .. } => continue,
            };
            self.ahead.push_front(Logged {
                sequence: item.sequence,
                at: item.now,
                record,
            });
        }
    }
}

fn alone(logged: Logged) -> Task {
    let (sequence, now) = (logged.sequence, logged.at);
    match logged.record {
        Record::Tick { up_to, timers_max } => Task::Tick {
            sequence,
            now,
            up_to,
            timers_max,
        },
        Record::Command(command) => Task::Command {
            sequence,
            now,
            command: Box::new(command),
        },
        Record::Post { id, record } => Task::Post {
            sequence,
            now,
            id,
            record,
        },
        Record::PostsDelivered { partition, id } => Task::Delivered { to: partition, id },
        Record::Visit {
            workflow,
            version,
            zones,
            after,
            timers_max,
        } => Task::Visit {
            sequence,
            now,
            page: visit::Page {
                workflow,
                version,
                zones,
                after,
            },
            timers_max,
        },
        other => of_pages(sequence, now, other),
    }
}

/// What is done page by page over rows of this partition.
fn of_pages(sequence: u64, now: Instant, record: Record) -> Task {
    match record {
        Record::EnterExisting {
            workflow,
            since,
            after,
            contacts_max,
        } => Task::EnterExisting {
            sequence,
            now,
            page: entering::Page {
                workflow,
                since,
                after,
                contacts_max,
            },
        },
        Record::Evaluate {
            segment,
            evaluation,
            after,
            contacts_max,
        } => Task::Evaluate {
            sequence,
            now,
            page: evaluation::Page {
                segment,
                evaluation,
                after,
                contacts_max,
            },
        },
        Record::RowsChanged {
            workflow,
            since,
            table,
            from,
            to,
            after,
            contacts_max,
        } => Task::RowsChanged {
            sequence,
            now,
            page: row_changes::Page {
                workflow,
                since,
                table,
                from,
                to,
                after,
                contacts_max,
            },
        },
        Record::Sweep {
            before,
            after,
            rows_max,
        } => Task::Sweep {
            now,
            before,
            after,
            rows_max,
        },
        _ => Task::Contacts(Vec::new()),
    }
}

fn decode(entry: &Entry) -> Result<Record, ApplyError> {
    codec::decode(&entry.payload).map_err(|source| ApplyError::Record {
        position: entry.position,
        source,
    })
}
