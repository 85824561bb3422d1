//! Callers of commands, and how they are told what came of them.
//!
//! A command goes into the control partition's log like any record. Who appends it waits here, by its sequence, for
//! the control partition's thread.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use signalbox_journal::{AppendError, Ticket};
use signalbox_journey::control::Conflict;
use signalbox_model::{
    definitions::Definitions,
    record::{Command, Record},
};
use tokio::sync::oneshot;

use crate::{
    accept,
    error::{CommandError, Unavailable},
    shared::{Shared, encode},
};

/// What came of a command.
pub(crate) type Outcome = Result<Arc<Definitions>, Conflict>;

/// A command that is applied, whose caller is told as soon as every partition's log has its outcome.
pub(crate) struct Answering {
    pub(crate) caller: Option<oneshot::Sender<Outcome>>,
    pub(crate) outcome: Outcome,
}

/// Callers by the sequence of their command.
#[derive(Default)]
pub(crate) struct Waiting {
    /// A mutex held over the append too, so that nobody applies a command whose caller is not noted yet.
    callers: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
}

impl Waiting {
    fn append(
        &self,
        append: impl FnOnce() -> Result<Ticket, AppendError>,
    ) -> Result<(Ticket, oneshot::Receiver<Outcome>), AppendError> {
        let (caller, outcome) = oneshot::channel();
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = append()?;
        callers.insert(ticket.position().sequence, caller);
        Ok((ticket, outcome))
    }

    /// Nobody is told any more.
    pub(crate) fn forget_all(&self) {
        self.callers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn take(&self, sequence: u64) -> Option<oneshot::Sender<Outcome>> {
        self.callers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&sequence)
    }
}

/// Logs a command and waits until it is applied and known everywhere.
pub(crate) async fn command(
    shared: &Shared,
    command: Command,
) -> Result<Arc<Definitions>, CommandError> {
    if shared.is_stopping() {
        return Err(Unavailable::Stopping.into());
    }
    let mut failed = shared.failed.subscribe();
    if failed.borrow().is_some() {
        return Err(Unavailable::Failed.into());
    }
    let record = encode(&Record::Command(command)).map_err(|_| Unavailable::Failed)?;
    let control = shared.control();
    let (ticket, outcome) = shared
        .commands
        .append(|| shared.journal.append(control, record))
        .map_err(accept::refused)?;
    let sequence = ticket.position().sequence;
    if let Err(error) = ticket.await {
        shared.commands.take(sequence);
        return Err(accept::refused(error).into());
    }
    tokio::select! {
        outcome = outcome => Ok(outcome.map_err(|_| Unavailable::Failed)??),
        _ = failed.wait_for(Option::is_some) => Err(Unavailable::Failed.into()),
    }
}
