//! In a simulation: whatever is given `go` is accepted by a mail server at once, so its outcome goes with its intent.
//!
//! Both stand in the log as they would, and the core meets them in that order. They are committed together, since
//! nothing is sent between them.

use std::mem;

use signalbox_journey::{Decision, Effect};
use signalbox_model::{message::AttemptOutcome, record::Record, time::Instant};

use super::{
    Partition,
    answers::Given,
    group::{Logged, What},
    lane::{Done, Lane},
};
use crate::shared::Broken;

/// An intent that goes.
struct Claimed {
    lane: usize,
    sequence: u64,
    now: Instant,
    outcome: Record,
}

impl Partition {
    /// Appends the outcomes of all intents of the group that go, and takes the lanes on through them.
    pub(super) fn accept_claimed(
        &mut self,
        lanes: &mut [Lane],
        given: &mut Vec<Given>,
    ) -> Result<(), Broken> {
        let mut claimed: Vec<Claimed> = Vec::new();
        for (index, lane) in lanes.iter().enumerate() {
            claimed.extend(lane.done.iter().filter_map(|done| claimed_by(index, done)));
        }
        if claimed.is_empty() {
            return Ok(());
        }
        claimed.sort_by_key(|one| one.sequence);
        self.record_answers(mem::take(given))?;
        let records = claimed.iter().map(|one| (self.number, one.outcome.clone()));
        let positions = self.shared.append_durably(&records.collect::<Vec<_>>())?;
        for (one, position) in claimed.into_iter().zip(positions) {
            self.log.note_used(position.sequence);
            let logged = Logged {
                sequence: position.sequence,
                at: one.now,
                record: one.outcome,
            };
            if let Some(item) = logged.of_contact() {
                lanes[one.lane].push(item);
            }
        }
        self.drive(lanes, given)
    }
}

fn claimed_by(lane: usize, done: &Done) -> Option<Claimed> {
    let What::Intent {
        contact,
        message,
        attempt,
    } = &done.item.what
    else {
        return None;
    };
    let goes = |effect: &Effect| {
        let Effect::Claimed { decision, .. } = effect else {
            return false;
        };
        *decision == Decision::Go
    };
    done.effects.iter().any(goes).then(|| Claimed {
        lane,
        sequence: done.item.sequence,
        now: done.item.now,
        outcome: Record::Outcome {
            contact: contact.clone(),
            message: *message,
            attempt: *attempt,
            outcome: AttemptOutcome::Accepted,
        },
    })
}
