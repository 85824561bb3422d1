//! The control partition looks at each full hour whether an experiment is over, and ends it by a command in its log.

use signalbox_model::{record::Record, time::Instant};

use super::Partition;
use crate::{experiments, shared::Broken};

impl Partition {
    /// When to look next: at a full hour behind the last look, or behind the start.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        let fired = self.shared.clock.fire_up_to();
        let next = experiments::next_look(self.loaded.definitions(), fired);
        // One that is due and was not looked at stays.
        self.look_at = match (self.look_at, next) {
            (Some(due), Some(_)) if due <= fired => Some(due),
            (_, next) => next,
        };
        self.look_at
    }

    /// Looks if it is time. Only the control partition has anything to look at.
    pub(super) fn end_experiments(&mut self) -> Result<(), Broken> {
        let up_to = self.shared.clock.fire_up_to();
        if self.look_at.is_none_or(|due| due > up_to) || self.shared.is_stopping() {
            return Ok(());
        }
        self.look_at = None;
        let commands = experiments::to_end(&self.shared, self.loaded.definitions())
            .map_err(|error| self.shared.fail(&error))?;
        let control = self.number;
        let records = commands
            .into_iter()
            .map(|one| (control, Record::Command(one)));
        let records: Vec<_> = records.collect();
        if !records.is_empty() {
            self.shared.append_durably(&records)?;
        }
        self.look_at_timers()
    }
}
