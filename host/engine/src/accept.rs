//! Takes inputs in: checks them, logs them, and answers once they are durable.
//!
//! What is accepted is applied exactly once and in order, so the answer is given after the fsync and never before.
//! The records that may wait are bounded by partition.

use std::sync::{Arc, atomic::Ordering};

use signalbox_journal::{AppendError, Position, Ticket};
use signalbox_model::{
    contact::AttributeChanges,
    event::{EVENT_AHEAD_MAX, Event},
    id::{ContactId, Partition},
    record::Record,
};

use crate::{
    error::AcceptError,
    metrics,
    shared::{Shared, encode},
};

/// Longest advice to wait, in seconds.
const RETRY_AFTER_S_MAX: u32 = 30;
/// Records of one partition that are taken to be applied in a second, for the advice when to try again.
const RECORDS_PER_S: u64 = 2_000;

/// One input from outside, parsed.
#[derive(Debug, Clone, PartialEq)]
pub enum NewInput {
    /// Something happened to a contact.
    Event(Event),
    /// What is known of a contact changed.
    Attributes(ContactId, AttributeChanges),
}

impl NewInput {
    fn contact(&self) -> &ContactId {
        match self {
            Self::Event(event) => &event.contact,
            Self::Attributes(contact, _) => contact,
        }
    }
}

/// Places in the queues of partitions, given back unless they are kept.
struct Admission<'a> {
    shared: &'a Shared,
    taken: Vec<(Partition, u64)>,
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        for &(partition, count) in &self.taken {
            self.shared.waiting[usize::from(partition)].fetch_sub(count, Ordering::AcqRel);
        }
    }
}

/// Records on their way to the disk. If they do not get there, their places are given back, whether or not the caller
/// still waits.
struct UnderWay {
    shared: Arc<Shared>,
    ticket: Option<Ticket>,
}

impl UnderWay {
    async fn durable(mut self) -> Result<Vec<Position>, AppendError> {
        let ticket = self.ticket.as_mut().ok_or(AppendError::Failed)?;
        let done = (&mut *ticket).await;
        let positions = ticket.positions().to_vec();
        self.ticket = None;
        match done {
            Ok(()) => Ok(positions),
            Err(error) => {
                give_back(&self.shared, &positions);
                Err(error)
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let (shared, positions) = (Arc::clone(&self.shared), ticket.positions().to_vec());
            ticket.on_durable(move |done| {
                if done.is_err() {
                    give_back(&shared, &positions);
                }
            });
        }
    }
}

/// These records will never come to their partitions.
fn give_back(shared: &Shared, positions: &[Position]) {
    for position in positions {
        shared.waiting[usize::from(position.partition)].fetch_sub(1, Ordering::AcqRel);
    }
}

pub(crate) async fn accept(
    shared: &Arc<Shared>,
    inputs: Vec<NewInput>,
) -> Result<Vec<Position>, AcceptError> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    check(shared, &inputs)?;
    let records = records(shared, inputs)?;
    let count = records.len() as u64;
    let mut admission = admit(shared, &records)?;
    let ticket = shared.journal.append_group(records).map_err(refused)?;
    // From here on the records may be applied, and each is counted down by its partition then. That they are kept
    // is known before: a caller that goes away while it waits must not give the places back.
    admission.taken.clear();
    let under_way = UnderWay {
        shared: Arc::clone(shared),
        ticket: Some(ticket),
    };
    let positions = under_way.durable().await.map_err(refused)?;
    metrics::add(&shared.metrics.inputs_accepted, count);
    Ok(positions)
}

/// The records of inputs, each for its contact's partition.
pub(crate) fn records(
    shared: &Shared,
    inputs: Vec<NewInput>,
) -> Result<Vec<(Partition, Vec<u8>)>, AcceptError> {
    let mut records = Vec::with_capacity(inputs.len());
    for input in inputs {
        let partition = shared.store.partition_of(input.contact());
        let record = match input {
            NewInput::Event(event) => Record::Event(event),
            NewInput::Attributes(contact, changes) => Record::Attributes(contact, changes),
        };
        let bytes = encode(&record).map_err(|_| AcceptError::Storage)?;
        records.push((partition, bytes));
    }
    Ok(records)
}

fn check(shared: &Shared, inputs: &[NewInput]) -> Result<(), AcceptError> {
    if shared.is_stopping() {
        return Err(AcceptError::Stopping);
    }
    if shared.has_failed() {
        return Err(AcceptError::Storage);
    }
    let inputs_max = shared.config.limits.accept_inputs_max;
    if inputs.len() > inputs_max {
        let reason = format!("{} inputs, at most {inputs_max} are allowed", inputs.len());
        return Err(AcceptError::TooLarge { reason });
    }
    let latest = shared.clock.now().plus(EVENT_AHEAD_MAX);
    let ahead = |input: &NewInput| match input {
        NewInput::Event(event) => event.occurred_at > latest,
        NewInput::Attributes(..) => false,
    };
    match inputs.iter().position(ahead) {
        Some(index) => Err(AcceptError::TooFarAhead { index }),
        None => Ok(()),
    }
}

/// Takes places for all records, or none.
fn admit<'a>(
    shared: &'a Shared,
    records: &[(Partition, Vec<u8>)],
) -> Result<Admission<'a>, AcceptError> {
    let bound = shared.config.limits.queue_records_max;
    let mut wanted = vec![0_u64; usize::from(shared.control())];
    for (partition, _) in records {
        wanted[usize::from(*partition)] += 1;
    }
    let mut admission = Admission {
        shared,
        taken: Vec::new(),
    };
    for (partition, &count) in (0..).zip(&wanted) {
        if count == 0 {
            continue;
        }
        let before = shared.waiting[usize::from(partition)].fetch_add(count, Ordering::AcqRel);
        admission.taken.push((partition, count));
        // A batch larger than the bound is let into an empty queue, or it could never be.
        if before > 0 && before + count > bound {
            metrics::count(&shared.metrics.inputs_refused_busy);
            let seconds = u32::try_from(before / RECORDS_PER_S).unwrap_or(RETRY_AFTER_S_MAX);
            return Err(AcceptError::Busy {
                retry_after_s: seconds.clamp(1, RETRY_AFTER_S_MAX),
            });
        }
    }
    Ok(admission)
}

/// Why the log does not take records.
pub(crate) fn refused(error: AppendError) -> AcceptError {
    match error {
        AppendError::Full => AcceptError::Busy { retry_after_s: 1 },
        AppendError::NoSpace => AcceptError::NoSpace,
        AppendError::TooLarge { .. } => AcceptError::TooLarge {
            reason: error.to_string(),
        },
        AppendError::UnknownPartition { .. } | AppendError::EmptyGroup | AppendError::Failed => {
            AcceptError::Storage
        }
    }
}
