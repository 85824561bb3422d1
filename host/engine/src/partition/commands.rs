//! Commands on what is global: applied by the control partition's thread, told to every other partition by posts.
//!
//! A caller is answered once the outcome stands in every partition's log, so that whatever it does next comes after.

use std::sync::Arc;

use signalbox_journey::control::{self, Change, Conflict};
use signalbox_model::{
    definitions::Definitions,
    id::Digest,
    record::{Command, PostId, Posted},
    time::Instant,
    workflow::Workflow,
};
use signalbox_store::Error;

use super::Partition;
use crate::{
    control::{Answering, Outcome},
    error::{ApplyError, DefinitionsError, StoreAction},
    loaded::Loaded,
    shared::Broken,
};

impl Partition {
    pub(super) fn apply_command(
        &mut self,
        sequence: u64,
        now: Instant,
        command: &Command,
    ) -> Result<(), Broken> {
        let changed = control::apply(self.loaded.definitions(), command, now);
        match command {
            Command::PutWorkflow { document, .. } if changed.is_ok() => {
                self.keep_templates(document)?;
            }
            Command::PutTable { text, .. } if changed.is_ok() => {
                self.keep_body(text.as_bytes())?;
            }
            _ => {}
        }
        self.apply_change(sequence, changed, None)
    }

    /// Starts what was scheduled and has come.
    pub(super) fn start_due(&mut self, sequence: u64, now: Instant) -> Result<(), Broken> {
        if let Some(change) = control::start_due(self.loaded.definitions(), now) {
            self.apply_change(sequence, Ok(change), None)?;
        } else {
            self.moved_to(sequence, 0);
        }
        self.look_at_timers()
    }

    pub(super) fn apply_post_to_control(
        &mut self,
        sequence: u64,
        now: Instant,
        id: PostId,
        record: &Posted,
    ) -> Result<(), Broken> {
        if let Posted::PauseWorkflow {
            workflow, reason, ..
        } = record
        {
            tracing::warn!(
                workflow.id = %workflow,
                reason,
                at = %now,
                "workflow {workflow} is paused since a rule failed: {reason}"
            );
        }
        match control::apply_post(self.loaded.definitions(), record, now) {
            Some(change) => self.apply_change(sequence, Ok(change), Some(id)),
            None => self.commit_control(sequence, Some(id), None),
        }
    }

    fn apply_change(
        &mut self,
        sequence: u64,
        changed: Result<Change, Conflict>,
        post: Option<PostId>,
    ) -> Result<(), Broken> {
        match changed {
            Ok(change) => {
                let definitions = Arc::new(change.definitions);
                let digest = self.keep_definitions(&definitions)?;
                self.commit_control(sequence, post, Some((&definitions, digest)))?;
                self.loaded =
                    Arc::new(Loaded::without_rows(Arc::clone(&definitions), Some(digest)));
                self.delivery.look();
                self.look_at_timers()?;
                if !self.is_replaying() {
                    self.expect_answer(sequence, Ok(definitions));
                }
            }
            Err(conflict) => {
                self.commit_control(sequence, post, None)?;
                if !self.is_replaying() {
                    self.expect_answer(sequence, Err(conflict));
                }
            }
        }
        Ok(())
    }

    fn commit_control(
        &mut self,
        sequence: u64,
        post: Option<PostId>,
        changed: Option<(&Definitions, Digest)>,
    ) -> Result<(), Broken> {
        let shared = Arc::clone(&self.shared);
        let mut batch = self.begin_batch(&shared)?;
        let mut put = || -> Result<(), Error> {
            if let Some(id) = post {
                batch.put_applied_post(id)?;
            }
            let Some((definitions, digest)) = changed else {
                return Ok(());
            };
            let version = definitions.version;
            batch.put_definitions(version, digest)?;
            for to in 0..shared.control() {
                let id = PostId {
                    from: self.number,
                    sequence,
                    index: u32::from(to),
                };
                batch.put_post(to, id, &Posted::Definitions { version, digest })?;
            }
            Ok(())
        };
        put().map_err(|source| self.broken(StoreAction::Write, source))?;
        batch.set_position(sequence);
        self.commit(batch)?;
        self.moved_to(sequence, 0);
        Ok(())
    }

    fn keep_definitions(&self, definitions: &Definitions) -> Result<Digest, Broken> {
        let bytes = serde_json::to_vec(definitions).map_err(|source| {
            self.shared
                .fail(&ApplyError::from(DefinitionsError::Encode(source)))
        })?;
        self.keep_body(&bytes)
    }

    /// Keeps each template of a workflow as a body of its own. They are there already unless the log is applied again.
    fn keep_templates(&self, document: &str) -> Result<(), Broken> {
        // A document that does not read was refused before.
        let Ok(workflow) = serde_json::from_str::<Workflow>(document) else {
            return Ok(());
        };
        for template in workflow.templates.values() {
            let bytes = serde_json::to_vec(template).map_err(|source| {
                self.shared
                    .fail(&ApplyError::from(DefinitionsError::Encode(source)))
            })?;
            self.keep_body(&bytes)?;
        }
        Ok(())
    }

    fn keep_body(&self, bytes: &[u8]) -> Result<Digest, Broken> {
        self.shared
            .store
            .blobs()
            .put(bytes)
            .map_err(|source| self.broken(StoreAction::Write, source))
    }

    fn expect_answer(&mut self, sequence: u64, outcome: Outcome) {
        let caller = self.shared.commands.take(sequence);
        self.answering.push(Answering { caller, outcome });
    }

    /// Tells everybody who waits, now that every partition's log has what was changed.
    pub(super) fn answer_commands(&mut self) {
        for Answering { caller, outcome } in self.answering.drain(..) {
            if let Ok(definitions) = &outcome {
                self.shared.publish(Arc::clone(definitions));
            }
            if let Some(caller) = caller {
                // A caller that has gone away is not told.
                let _ = caller.send(outcome);
            }
        }
    }
}
