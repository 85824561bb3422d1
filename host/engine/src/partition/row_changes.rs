//! Finds the contacts whom changed rows of a table concern: page by page over all contacts, each page a record of the log.
//!
//! A scan begins with the definitions that bring another version of the table, for each running workflow whose trigger
//! listens to it, and compares that version with the one before. A version that comes meanwhile is compared when the
//! scan is through; of several only the last. How far each came is a row of its own, written with each page, so that
//! a restart goes on where it was left.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use signalbox_journey::tables::ChangedRows;
use signalbox_model::{
    codec,
    definitions::{Definitions, Slot, WorkflowDefinition},
    id::{ContactId, Digest, TableName, WorkflowId},
    plan::Occasion,
    record::Record,
    table::TableVersion,
    time::Instant,
    workflow::WorkflowState,
};

use super::{
    Partition,
    apply::{Group, Note, Row},
    group::{Item, What},
};
use crate::{
    error::{ApplyError, StoreAction},
    shared::Broken,
};

/// What the names of these rows begin with.
const PREFIX: &[u8] = b"row_changes/";

/// What the thread knows of scans.
#[derive(Default)]
pub(super) struct RowScans {
    /// Those that are not through.
    open: BTreeMap<(WorkflowId, TableName), Scan>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
    /// What changed between two versions, for the page after this one.
    changed: Option<(Digest, Digest, Arc<ChangedRows>)>,
}

/// How far a scan came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scan {
    workflow: WorkflowId,
    table: TableName,
    /// Which start of the workflow: one that is deleted may come again.
    since: Instant,
    /// The version that rows are compared with.
    from: Digest,
    to: Target,
    /// The last contact looked at.
    after: Option<ContactId>,
    /// What is compared with `to` afterwards.
    then: Option<Target>,
    is_done: bool,
}

/// A version whose rows are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Target {
    digest: Digest,
    number: u32,
    put_at: Instant,
}

impl From<&TableVersion> for Target {
    fn from(version: &TableVersion) -> Self {
        Self {
            digest: version.digest,
            number: version.number,
            put_at: version.put_at,
        }
    }
}

/// See [`Record::RowsChanged`].
pub(super) struct Page {
    pub(super) workflow: WorkflowId,
    pub(super) since: Instant,
    pub(super) table: TableName,
    pub(super) from: Digest,
    pub(super) to: Digest,
    pub(super) after: Option<ContactId>,
    pub(super) contacts_max: u32,
}

impl Scan {
    fn row_name(&self) -> Vec<u8> {
        let (workflow, table) = (self.workflow.as_str(), self.table.as_str());
        [PREFIX, workflow.as_bytes(), b"/", table.as_bytes()].concat()
    }

    /// The scan after a page that ended at that contact.
    fn behind(mut self, last: Option<ContactId>, is_last: bool) -> Self {
        match (is_last, self.then.take()) {
            (false, then) => {
                self.after = last.or(self.after);
                self.then = then;
            }
            (true, Some(next)) => {
                self.from = self.to.digest;
                self.to = next;
                self.after = None;
            }
            (true, None) => self.is_done = true,
        }
        self
    }
}

impl RowScans {
    pub(super) fn is_appended(&self) -> bool {
        self.appended.is_some()
    }

    /// Whether there is somebody to look at.
    pub(super) fn has_ahead(&self) -> bool {
        !self.open.is_empty()
    }

    /// The scans that differ once definitions follow others.
    fn begun(&self, before: &Definitions, now: &Definitions) -> Vec<Scan> {
        let mut begun = Vec::new();
        for scan in self.open.values() {
            if since(now.workflows.get(&scan.workflow)) != Some(scan.since) {
                // Paused, ended or gone: what matched is never looked at.
                begun.push(Scan {
                    is_done: true,
                    ..scan.clone()
                });
            }
        }
        for (name, table) in &now.tables {
            let Some(former) = before.tables.get(name) else {
                continue;
            };
            if former.current.digest == table.current.digest {
                continue;
            }
            for (workflow, definition) in &now.workflows {
                let Some(since) = since(Some(definition)).filter(|_| listens(definition, name))
                else {
                    continue;
                };
                let known = self.open.get(&(workflow.clone(), name.clone()));
                let target = Target::from(&table.current);
                begun.push(match known.filter(|known| known.since == since) {
                    Some(known) => Scan {
                        then: Some(target),
                        ..known.clone()
                    },
                    None => Scan {
                        workflow: workflow.clone(),
                        table: name.clone(),
                        since,
                        from: former.current.digest,
                        to: target,
                        after: None,
                        then: None,
                        is_done: false,
                    },
                });
            }
        }
        begun
    }

    fn note(&mut self, scan: Scan) {
        let key = (scan.workflow.clone(), scan.table.clone());
        if scan.is_done {
            self.open.remove(&key);
        } else {
            self.open.insert(key, scan);
        }
    }
}

/// Since when the workflow runs, if it does.
fn since(workflow: Option<&WorkflowDefinition>) -> Option<Instant> {
    let workflow = workflow.filter(|found| found.state == WorkflowState::Running)?;
    workflow.running_since
}

fn listens(workflow: &WorkflowDefinition, table: &TableName) -> bool {
    let version = workflow.current_version();
    let trigger = version.and_then(|version| version.bindings.get(&Slot::Trigger));
    let is_it =
        |one: &Occasion| matches!(one, Occasion::TableRowChanged(name) if name == table.as_str());
    trigger.is_some_and(|trigger| trigger.plan.occasions.iter().any(is_it))
}

impl Partition {
    /// Reads the scans that are not through.
    pub(super) fn read_row_scans(&mut self) -> Result<(), Broken> {
        let rows = self
            .shared
            .store
            .counters(self.number, PREFIX)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        self.row_scans.open.clear();
        for (_, bytes) in rows {
            let scan: Scan = codec::decode(&bytes).map_err(|source| self.row_broken(source))?;
            self.row_scans.note(scan);
        }
        Ok(())
    }

    /// Begins and ends scans as the definitions in force follow those before; answers with the rows to keep.
    pub(super) fn begin_row_scans(&mut self, before: &Definitions) -> Result<Vec<Row>, Broken> {
        let begun = self.row_scans.begun(before, self.loaded.definitions());
        let mut rows = Vec::with_capacity(begun.len());
        for scan in begun {
            rows.push(self.scan_row(&scan)?);
            self.row_scans.note(scan);
        }
        Ok(rows)
    }

    /// The scan's row; one that is through needs none.
    fn scan_row(&self, scan: &Scan) -> Result<Row, Broken> {
        let bytes = codec::encode(scan).map_err(|source| self.row_broken(source))?;
        Ok((scan.row_name(), (!scan.is_done).then_some(bytes)))
    }

    /// Appends the next page if none is under way.
    pub(super) fn append_row_scan(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        if self.row_scans.is_appended() || shared.is_stopping() {
            return Ok(());
        }
        let Some(scan) = self.row_scans.open.values().next() else {
            return Ok(());
        };
        let record = Record::RowsChanged {
            workflow: scan.workflow.clone(),
            since: scan.since,
            table: scan.table.clone(),
            from: scan.from,
            to: scan.to.digest,
            after: scan.after.clone(),
            contacts_max: shared.config.limits.tick_timers_max,
        };
        let positions = shared.append_durably(&[(self.number, record)])?;
        self.row_scans.appended = positions.last().map(|position| position.sequence);
        Ok(())
    }

    pub(super) fn apply_row_scan(
        &mut self,
        sequence: u64,
        now: Instant,
        page: Page,
    ) -> Result<(), Broken> {
        let appended = self.row_scans.appended;
        if appended.is_some_and(|appended| appended <= sequence) {
            self.row_scans.appended = None;
        }
        let mut group = Group::single(sequence);
        let key = (page.workflow, page.table);
        let known = self.row_scans.open.get(&key).cloned();
        let is_its = |scan: &Scan| {
            scan.since == page.since
                && scan.from == page.from
                && scan.to.digest == page.to
                && scan.after == page.after
        };
        // It was ended since.
        let Some(scan) = known.filter(is_its) else {
            return self.apply_items(Vec::new(), &group);
        };
        let changed = self.changed_rows(&scan)?;
        let mut contacts = Vec::new();
        if !changed.keys.is_empty() {
            contacts = self
                .shared
                .store
                .contact_ids(self.number, page.after.as_ref(), page.contacts_max as usize)
                .map_err(|source| self.broken(StoreAction::Read, source))?;
        }
        let is_last = contacts.len() < page.contacts_max as usize;
        let scan = scan.behind(contacts.last().cloned(), is_last);
        group.note = Some(Note::Row(self.scan_row(&scan)?));
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::RowsChanged {
                contact,
                workflow: key.0.clone(),
                changed: Arc::clone(&changed),
            },
        });
        self.apply_items(items.collect(), &group)?;
        self.row_scans.note(scan);
        self.look_at_timers()
    }

    fn changed_rows(&mut self, scan: &Scan) -> Result<Arc<ChangedRows>, Broken> {
        let (from, to) = (scan.from, scan.to.digest);
        if let Some((.., changed)) = self
            .row_scans
            .changed
            .as_ref()
            .filter(|(known_from, known_to, _)| (*known_from, *known_to) == (from, to))
        {
            return Ok(Arc::clone(changed));
        }
        let shared = Arc::clone(&self.shared);
        let table = |digest| {
            let found = shared.definers.table(&shared.store, digest);
            found.map_err(|source| shared.fail(&ApplyError::from(source)))
        };
        let changed = Arc::new(ChangedRows {
            table: scan.table.clone(),
            version: scan.to.number,
            at: scan.to.put_at,
            keys: table(to)?.changed_since(&*table(from)?),
        });
        self.row_scans.changed = Some((from, to, Arc::clone(&changed)));
        Ok(changed)
    }
}
