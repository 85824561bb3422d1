//! Definitions in the form that partitions work with: compiled, and with the bindings as `rules` wants them.
//!
//! A document is kept as a body under its digest; all partitions share one loaded form of it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use signalbox_journey::{Compiled, control};
use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    describe::RuleKind,
    id::{Digest, TableName},
    plan::Source,
    record::QuestionId,
    segment::Owner,
    table::Table,
    time::Instant,
};
use signalbox_rules::decide::Binding;
use signalbox_store::Store;

use crate::error::DefinitionsError;

/// Tables with their rows.
type Rows = BTreeMap<TableName, Arc<Table>>;

/// Loaded definitions kept in memory: those in force, and those that a partition behind the others still uses.
const LOADED_MAX: usize = 4;

/// Definitions with everything that applying a record needs.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The body they came from; `None` for the empty ones that a new store begins with.
    pub(crate) digest: Option<Digest>,
    pub(crate) compiled: Compiled,
    bindings: Vec<Bound>,
    by_slot: HashMap<(Owner, u32), HashMap<Slot, usize>>,
    next_start: Option<Instant>,
    shadows: BTreeMap<u32, Bound>,
}

/// A binding that several slots may share.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) binding: Binding,
    /// Whether the rule is told the time, so that rows of different instants cannot be put together.
    pub(crate) reads_clock: bool,
}

impl Loaded {
    /// Definitions by which no contact is decided about: without the rows of their tables.
    pub(crate) fn without_rows(definitions: Arc<Definitions>, digest: Option<Digest>) -> Self {
        Self::new(Compiled::new(definitions), digest)
    }

    fn new(compiled: Compiled, digest: Option<Digest>) -> Self {
        let mut bindings: Vec<Bound> = Vec::new();
        let mut known: HashMap<(Digest, RuleKind, String), usize> = HashMap::new();
        let mut by_slot: HashMap<(Owner, u32), HashMap<Slot, usize>> = HashMap::new();
        for (owner, version, slot, resolved) in all(compiled.definitions()) {
            let kind = slot.kind();
            let same = (resolved.digest, kind, resolved.config.clone());
            let index = *known.entry(same).or_insert_with(|| {
                bindings.push(Bound::new(kind, resolved));
                bindings.len() - 1
            });
            by_slot
                .entry((owner, version))
                .or_default()
                .insert(slot, index);
        }
        let definitions = compiled.definitions();
        let shadows = definitions.shadows.iter().map(|(number, shadow)| {
            let bound = Bound::new(shadow.slot.kind(), &shadow.binding);
            (*number, bound)
        });
        Self {
            digest,
            shadows: shadows.collect(),
            next_start: control::next_start(compiled.definitions()),
            compiled,
            bindings,
            by_slot,
        }
    }

    /// The same definitions with what has started by then; `None` where nothing has.
    pub(crate) fn started(&self, now: Instant) -> Option<Self> {
        self.next_start.filter(|start| *start <= now)?;
        let started = self.compiled.started(now)?;
        Some(Self::new(started, self.digest))
    }

    /// The earliest scheduled start.
    pub(crate) fn next_start(&self) -> Option<Instant> {
        self.next_start
    }

    pub(crate) fn definitions(&self) -> &Arc<Definitions> {
        self.compiled.definitions()
    }

    /// The index of the binding that a question is put to.
    pub(crate) fn index_of(&self, question: &QuestionId) -> Option<usize> {
        let slots = self
            .by_slot
            .get(&(question.owner.clone(), question.version))?;
        slots.get(&question.slot).copied()
    }

    /// What the question's slot stands for.
    pub(crate) fn resolved(&self, question: &QuestionId) -> Option<&ResolvedBinding> {
        let definitions = self.definitions();
        definitions.binding(&question.owner, question.version, &question.slot)
    }

    /// What a shadow stands for.
    pub(crate) fn shadow(&self, number: u32) -> Option<&Bound> {
        self.shadows.get(&number)
    }

    pub(crate) fn bound(&self, index: usize) -> &Bound {
        &self.bindings[index]
    }
}

/// Every binding with its place.
fn all(definitions: &Definitions) -> impl Iterator<Item = (Owner, u32, Slot, &ResolvedBinding)> {
    let workflows = definitions.workflows.iter().flat_map(|(workflow, found)| {
        found.versions.iter().flat_map(|(number, version)| {
            version.bindings.iter().map(|(slot, binding)| {
                let owner = Owner::Workflow(workflow.clone());
                (owner, *number, slot.clone(), binding)
            })
        })
    });
    let segments = definitions.segments.iter().filter_map(|(segment, found)| {
        let owner = Owner::Segment(segment.clone());
        Some((
            owner,
            found.version,
            Slot::Membership,
            found.binding.as_ref()?,
        ))
    });
    workflows.chain(segments)
}

impl Bound {
    fn new(kind: RuleKind, resolved: &ResolvedBinding) -> Self {
        let reads_clock = resolved
            .plan
            .inputs
            .iter()
            .any(|input| input.source == Source::Clock);
        Self {
            binding: Binding {
                digest: resolved.digest,
                kind,
                config: resolved.config.as_str().into(),
                plan: Arc::new(resolved.plan.clone()),
            },
            reads_clock,
        }
    }
}

/// The loaded definitions that partitions share.
#[derive(Default)]
pub(crate) struct Definers {
    /// The most recent last. A mutex since partitions meet here once per change of the definitions.
    recent: Mutex<Vec<Arc<Loaded>>>,
    /// Tables that somebody holds, so that new definitions read only what is new.
    tables: Mutex<HashMap<Digest, Weak<Table>>>,
}

impl Definers {
    /// The definitions kept under the digest.
    pub(crate) fn load(
        &self,
        store: &Store,
        digest: Digest,
    ) -> Result<Arc<Loaded>, DefinitionsError> {
        // Held while loading, so that partitions that want the same document wait for one loading of it.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = recent.iter().find(|loaded| loaded.digest == Some(digest)) {
            return Ok(Arc::clone(found));
        }
        let bytes = store
            .blobs()
            .get(&digest)
            .map_err(|source| DefinitionsError::Missing { digest, source })?;
        let definitions: Definitions = serde_json::from_slice(&bytes)
            .map_err(|source| DefinitionsError::Malformed { digest, source })?;
        let mut rows = Rows::new();
        for (name, table) in &definitions.tables {
            rows.insert(name.clone(), self.table(store, table.current.digest)?);
        }
        let loaded = Arc::new(Loaded::new(
            Compiled::with_tables(Arc::new(definitions), rows),
            Some(digest),
        ));
        if recent.len() >= LOADED_MAX {
            recent.remove(0);
        }
        recent.push(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The table whose text is kept under the digest.
    pub(crate) fn table(
        &self,
        store: &Store,
        digest: Digest,
    ) -> Result<Arc<Table>, DefinitionsError> {
        // Held while reading: partitions that want the same table wait for one reading of it.
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = tables.get(&digest).and_then(Weak::upgrade) {
            return Ok(found);
        }
        let bytes = store
            .blobs()
            .get(&digest)
            .map_err(|source| DefinitionsError::Missing { digest, source })?;
        let table = Table::from_text(&bytes).map_err(|problems| DefinitionsError::Table {
            digest,
            reason: problems
                .first()
                .map_or_else(String::new, |first| first.reason.clone()),
        })?;
        let table = Arc::new(table);
        tables.retain(|_, held| held.strong_count() > 0);
        tables.insert(digest, Arc::downgrade(&table));
        Ok(table)
    }
}
