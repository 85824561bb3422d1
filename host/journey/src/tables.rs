//! Reference tables as rules read them: which plans they can serve, and the rows for one question.
//!
//! Definitions say which version of each table is in force; whoever compiles them brings the rows. A table that a binding
//! reads cannot go, nor become one that the binding could not read, so that what is looked up here is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot, TableDefinition},
    id::TableName,
    plan::{Input, Occasion, Plan, Source, TableSelection},
    segment::Owner,
    table::{TABLE_INPUT_BYTES_MAX, Table, TableVersion, key_of, rows_text},
    value::Value,
    workflow::WorkflowState,
};

/// Rows of the tables in force.
#[derive(Debug, Default)]
pub struct Tables {
    tables: BTreeMap<TableName, Arc<Table>>,
    /// Rows that are the same for everybody who asks, by what is asked for.
    shared: BTreeMap<Shared, Box<str>>,
}

/// A selection without a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shared {
    table: String,
    order_by: Option<String>,
    rows_max: Option<u32>,
}

impl Shared {
    /// `None` for a selection by key.
    fn of(selection: &TableSelection) -> Option<Self> {
        selection.key_input.is_none().then(|| Self {
            table: selection.table.clone(),
            order_by: selection.order_by.clone(),
            rows_max: selection.rows_max,
        })
    }
}

/// What a table cannot do that a plan asks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Where in the plan, as a JSON pointer.
    pub pointer: String,
    /// Stable code in `snake_case`.
    pub code: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub help: String,
}

impl Tables {
    /// All of them by name.
    pub(crate) fn all(&self) -> &BTreeMap<TableName, Arc<Table>> {
        &self.tables
    }

    /// Makes the rows ready that the bindings of those definitions and their shadows ask for.
    pub fn new(tables: BTreeMap<TableName, Arc<Table>>, definitions: &Definitions) -> Self {
        let mut shared = BTreeMap::new();
        let bound = bindings(definitions).map(|(.., binding)| binding);
        let shadows = definitions.shadows.values().map(|shadow| &shadow.binding);
        for binding in bound.chain(shadows) {
            for selection in selections(&binding.plan) {
                let table = tables.get(selection.table.as_str());
                let Some((key, table)) = Shared::of(selection).zip(table) else {
                    continue;
                };
                shared.entry(key).or_insert_with(|| {
                    let rows_max = selection.rows_max.map_or(usize::MAX, |max| max as usize);
                    let rows = table.first(selection.order_by.as_deref(), rows_max);
                    rows.into_boxed_str()
                });
            }
        }
        Self { tables, shared }
    }

    /// The rows, as the text of a JSON list; `None` where the key is missing or there is no such table.
    pub(crate) fn rows(&self, selection: &TableSelection, key: Option<&Value>) -> Option<Box<str>> {
        if let Some(shared) = Shared::of(selection) {
            return self.shared.get(&shared).cloned();
        }
        let table = self.tables.get(selection.table.as_str())?;
        let row = table.row(&key_of(key?)?);
        Some(rows_text(row.into_iter()).into_boxed_str())
    }

    /// The row of that key, if the table has it.
    pub(crate) fn row(&self, table: &TableName, key: &str) -> Option<&str> {
        let row = self.tables.get(table)?.row(key)?;
        Some(&row.json)
    }
}

/// Rows that changed from one version of a table to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRows {
    /// The table.
    pub table: TableName,
    /// The version that changed them.
    pub version: u32,
    /// When that came.
    pub at: signalbox_model::time::Instant,
    /// The keys of rows that are new, gone or different.
    pub keys: BTreeSet<Box<str>>,
}

/// What of the plan the tables cannot do, all of it.
pub fn unmet(tables: &BTreeMap<TableName, TableDefinition>, plan: &Plan) -> Vec<Unmet> {
    let mut unmet = Vec::new();
    let mut look = |pointer: String, name: &str, selection: Option<&TableSelection>| {
        let Some(found) = tables.get(name) else {
            let known: Vec<&str> = tables.keys().map(TableName::as_str).collect();
            return unmet.push(Unmet {
                pointer,
                code: "table_unknown",
                reason: format!("there is no table {name}"),
                help: if known.is_empty() {
                    "put the table first".to_owned()
                } else {
                    format!("put the table first; there are {}", known.join(", "))
                },
            });
        };
        let refused = selection.and_then(|selection| refusal(name, &found.current, selection));
        unmet.extend(refused.map(|refused| Unmet { pointer, ..refused }));
    };
    for (at, input) in plan.inputs.iter().enumerate() {
        if let Source::Table(selection) = &input.source {
            let pointer = format!("/inputs/{at}/source/table");
            look(pointer, &selection.table, Some(selection));
        }
    }
    for (at, occasion) in plan.occasions.iter().enumerate() {
        if let Occasion::TableRowChanged(name) = occasion {
            look(format!("/occasions/{at}"), name, None);
        }
    }
    unmet
}

fn refusal(name: &str, version: &TableVersion, selection: &TableSelection) -> Option<Unmet> {
    let refused = |code, reason, help: &str| {
        Some(Unmet {
            pointer: String::new(),
            code,
            reason,
            help: help.to_owned(),
        })
    };
    let has = |column: &str| {
        version
            .columns
            .iter()
            .any(|one| one.name.as_str() == column)
    };
    if let Some(column) = selection.order_by.as_deref().filter(|column| !has(column)) {
        return refused(
            "table_column_unknown",
            format!("table {name} has no column {column}"),
            "name one that it has, or put a version of the table with it",
        );
    }
    let is_whole = selection.key_input.is_none() && selection.rows_max.is_none();
    if is_whole && version.bytes > TABLE_INPUT_BYTES_MAX as u64 {
        let bytes = version.bytes;
        return refused(
            "table_too_large",
            format!(
                "table {name} has {bytes} bytes, and at most {TABLE_INPUT_BYTES_MAX} are given as a whole"
            ),
            "ask for the row of a key, or for the first rows by a column",
        );
    }
    None
}

/// The bindings that may still be asked, with their places.
pub fn bindings(
    definitions: &Definitions,
) -> impl Iterator<Item = (Owner, Slot, &ResolvedBinding)> {
    let open = definitions.workflows.iter();
    let open = open.filter(|(_, found)| found.state != WorkflowState::Ended);
    let of_workflows = open.flat_map(|(id, found)| {
        let versions = found.versions.values();
        let bindings = versions.flat_map(|version| &version.bindings);
        bindings.map(|(slot, binding)| (Owner::Workflow(id.clone()), slot.clone(), binding))
    });
    let of_segments = definitions.segments.iter().filter_map(|(name, found)| {
        let owner = Owner::Segment(name.clone());
        Some((owner, Slot::Membership, found.binding.as_ref()?))
    });
    of_workflows.chain(of_segments)
}

/// Whether the plan is about that table.
pub fn reads(plan: &Plan, table: &TableName) -> bool {
    let is_it = |name: &str| name == table.as_str();
    let mut occasions = plan.occasions.iter();
    selections(plan).any(|selection| is_it(&selection.table))
        || occasions.any(|one| matches!(one, Occasion::TableRowChanged(name) if is_it(name)))
}

/// The inputs whose values name the rows of that table that are asked for: what joins a contact with a row.
pub(crate) fn joins<'p>(plan: &'p Plan, table: &'p TableName) -> impl Iterator<Item = &'p Input> {
    let selections = selections(plan).filter(move |one| one.table == table.as_str());
    selections.filter_map(|selection| key_input(plan, selection))
}

/// The input whose value is the key of the selection.
pub(crate) fn key_input<'p>(plan: &'p Plan, selection: &TableSelection) -> Option<&'p Input> {
    let name = selection.key_input.as_ref()?;
    plan.inputs.iter().find(|input| input.name == *name)
}

fn selections(plan: &Plan) -> impl Iterator<Item = &TableSelection> {
    plan.inputs.iter().filter_map(|input| match &input.source {
        Source::Table(selection) => Some(selection),
        _ => None,
    })
}
