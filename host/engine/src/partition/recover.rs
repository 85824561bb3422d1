//! Applies again what the log holds beyond the store: after a crash, and for a rebuild from a snapshot or from nothing.
//!
//! The same code as live, but that answers come from the log, nothing is ticked, posted or sent, and nobody waits for
//! anything. What the log asked and never answered is asked anew.

use signalbox_journal::Reader;
use signalbox_model::{message::AttemptOutcome, record::Record};

use super::Partition;
use crate::{
    error::{ApplyError, StoreAction},
    metrics,
    shared::Broken,
};

/// The log that is applied again.
pub(super) struct Replay {
    reader: Reader,
    /// Up to this record it was applied before; answers to those are of no use.
    before: u64,
}

impl Partition {
    /// Applies all that the log has behind the store's position.
    pub(crate) fn recover(&mut self) -> Result<(), Broken> {
        // What pages go on from.
        self.read_entrances()?;
        self.read_row_scans()?;
        self.read_evaluations()?;
        self.read_visits()?;
        let before = self.applied;
        let reader = self
            .shared
            .journal
            .read(self.number, before + 1)
            .map_err(|source| self.log_broken(source))?;
        self.replay = Some(Replay { reader, before });
        loop {
            if let Some(work) = self.take_work() {
                let before = self.applied;
                self.apply(work)?;
                let more = self.applied.saturating_sub(before);
                metrics::add(&self.shared.metrics.records_replayed, more);
            } else if !self.read_ahead()? {
                break;
            }
        }
        self.replay = None;
        self.settle_position()?;
        if self.is_control() {
            let definitions = std::sync::Arc::clone(self.loaded.definitions());
            self.shared.publish(definitions);
        }
        Ok(())
    }

    /// Whether the log is applied again, and nobody waits for what comes of it.
    pub(super) fn is_replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// Reads more of the log that is applied again; `false` when there is no more.
    pub(super) fn read_ahead(&mut self) -> Result<bool, Broken> {
        let Some(replay) = &mut self.replay else {
            return Ok(false);
        };
        let before = replay.before;
        let Some(next) = replay.reader.next() else {
            return Ok(false);
        };
        let entry = next.map_err(|source| self.log_broken(source))?;
        let answers = self
            .log
            .push_replayed(&entry)
            .map_err(|error| self.shared.fail(&error))?;
        if let Some(tally) = &self.shared.reexecution {
            let of_use = answers.iter().filter(|answer| answer.sequence > before);
            tally.found(of_use.count() as u64);
        }
        self.recorded.keep(answers);
        Ok(true)
    }

    /// After the log is applied: `go` was given for these messages, and whoever would have said what came of it is
    /// gone.
    pub(crate) fn doubt_claimed(&self) -> Result<(), Broken> {
        if self.is_control() {
            return Ok(());
        }
        let claimed = self
            .shared
            .store
            .claimed(self.number)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        for message in claimed {
            let signalbox_model::message::MessageStatus::Claimed(attempt) = message.status else {
                continue;
            };
            let outcome = Record::Outcome {
                contact: message.contact,
                message: message.id,
                attempt,
                outcome: AttemptOutcome::InDoubt,
            };
            self.shared.hops().pass("doubt");
            self.shared.append_durably(&[(self.number, outcome)])?;
            metrics::count(&self.shared.metrics.sends_in_doubt);
        }
        Ok(())
    }

    fn log_broken(&self, source: signalbox_journal::Error) -> Broken {
        self.shared.fail(&ApplyError::Log {
            partition: self.number,
            source,
        })
    }
}
