//! The rows of what triggers say on each day: a ring of them for each workflow.
//!
//! A partition's thread keeps the newest day in memory and writes its row with what it counts; whoever asks reads them.

use signalbox_model::{
    codec,
    id::{Partition as Number, WorkflowId},
};
use signalbox_reports::days::{DAYS_KEPT, DayCounters, Days};
use signalbox_store::{Batch, Error, Store};

use crate::error::{ApplyError, StoreAction};

/// Names of these rows begin with this; workflow and place in the ring follow.
const DAY_PREFIX: &[u8] = b"day/";

pub(super) fn put(
    batch: &mut Batch<'_>,
    workflow: &WorkflowId,
    counters: &DayCounters,
) -> Result<(), Error> {
    let bytes = codec::encode(&(workflow, counters))
        .expect("counters are maps of numbers, which always encode");
    batch.put_counter(&name(workflow, counters.place()), &bytes)
}

/// Deletes all days of a workflow.
pub(super) fn delete(batch: &mut Batch<'_>, workflow: &WorkflowId) {
    for place in 0..DAYS_KEPT {
        batch.delete_counter(&name(workflow, place));
    }
}

/// The newest day of each workflow, as committed.
pub(super) fn newest(store: &Store, partition: Number) -> Result<Days, ApplyError> {
    let mut days = Days::default();
    for (workflow, counters) in read(store, partition, DAY_PREFIX)? {
        days.resume(workflow, counters);
    }
    Ok(days)
}

/// What the ring of a workflow holds, in no order, days that are too old included.
pub(crate) fn of_workflow(
    store: &Store,
    partition: Number,
    workflow: &WorkflowId,
) -> Result<Vec<DayCounters>, ApplyError> {
    let found = read(store, partition, &of(workflow))?;
    Ok(found.into_iter().map(|(_, counters)| counters).collect())
}

fn read(
    store: &Store,
    partition: Number,
    prefix: &[u8],
) -> Result<Vec<(WorkflowId, DayCounters)>, ApplyError> {
    let rows = store
        .counters(partition, prefix)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    let decoded = rows.iter().map(|(_, bytes)| codec::decode(bytes));
    decoded
        .collect::<Result<_, _>>()
        .map_err(|source| ApplyError::Counters { partition, source })
}

fn of(workflow: &WorkflowId) -> Vec<u8> {
    [DAY_PREFIX, workflow.as_str().as_bytes(), b"/"].concat()
}

fn name(workflow: &WorkflowId, place: u16) -> Vec<u8> {
    let mut name = of(workflow);
    name.extend_from_slice(&place.to_be_bytes());
    name
}
