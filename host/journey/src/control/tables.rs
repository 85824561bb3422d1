//! Tables put and deleted. A table never stops to serve the bindings that read it.

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot, TABLE_VERSIONS_MAX, TableDefinition},
    id::{Digest, TableName, WorkflowId},
    table::{TABLES_BYTES_MAX, TABLES_MAX, Table},
    time::Instant,
};

use super::{Change, Conflict};
use crate::tables;

pub(super) fn put(
    definitions: &Definitions,
    name: &TableName,
    text: &str,
    now: Instant,
) -> Result<Change, Conflict> {
    let table = Table::from_text(text.as_bytes()).map_err(|problems| Conflict::Malformed {
        what: "table",
        reason: problems
            .first()
            .map_or_else(String::new, |first| first.reason.clone()),
    })?;
    // The digest names the text that comes with the command.
    if table.to_text() != text {
        return Err(Conflict::Malformed {
            what: "table",
            reason: "it is not written as versions are kept".to_owned(),
        });
    }
    let known = definitions.tables.get(name);
    if known.is_some_and(|known| known.current.digest == Digest::of_bytes(text.as_bytes())) {
        // The same once more is no change, but has an answer like one.
        let mut same = definitions.clone();
        same.version += 1;
        return Ok(change(same, name));
    }
    let number = known.map_or(1, |known| known.current.number + 1);
    let next = table.version(number, text, now);
    let mut definitions = definitions.clone();
    let before = definitions
        .tables
        .remove(name)
        .map_or_else(Vec::new, |known| {
            let mut before = known.before;
            before.push(known.current);
            let too_many = before.len().saturating_sub(TABLE_VERSIONS_MAX);
            before.drain(..too_many);
            before
        });
    let next = TableDefinition {
        current: next,
        before,
    };
    definitions.tables.insert(name.clone(), next);
    has_room(&definitions)?;
    still_serves(&definitions, name)?;
    for segment in definitions.segments.values_mut() {
        let binding = segment.binding.as_ref();
        if binding.is_some_and(|binding| tables::reads(&binding.plan, name)) {
            segment.evaluation += 1;
        }
    }
    definitions.version += 1;
    Ok(change(definitions, name))
}

pub(super) fn delete(definitions: &Definitions, name: &TableName) -> Result<Change, Conflict> {
    let mut definitions = definitions.clone();
    if definitions.tables.remove(name).is_none() {
        return Err(Conflict::TableNotFound {
            table: name.clone(),
        });
    }
    still_serves(&definitions, name)?;
    definitions.version += 1;
    Ok(change(definitions, name))
}

/// Refuses bindings that ask for what no table has.
pub(super) fn serve(
    definitions: &Definitions,
    bindings: &BTreeMap<Slot, ResolvedBinding>,
) -> Result<(), Conflict> {
    let mut bindings = bindings.iter();
    bindings.try_for_each(|(slot, binding)| serve_one(definitions, slot, binding))
}

pub(super) fn serve_one(
    definitions: &Definitions,
    slot: &Slot,
    binding: &ResolvedBinding,
) -> Result<(), Conflict> {
    match tables::unmet(&definitions.tables, &binding.plan).first() {
        None => Ok(()),
        Some(unmet) => Err(Conflict::TableUnmet {
            slot: slot.clone(),
            reason: unmet.reason.clone(),
        }),
    }
}

fn has_room(definitions: &Definitions) -> Result<(), Conflict> {
    let count = definitions.tables.len();
    if count > TABLES_MAX {
        return Err(Conflict::Full {
            what: "tables",
            count: count - 1,
            count_max: TABLES_MAX,
        });
    }
    let tables = definitions.tables.values();
    let bytes: u64 = tables.map(|table| table.current.bytes).sum();
    if bytes > TABLES_BYTES_MAX {
        return Err(Conflict::Full {
            what: "bytes of tables",
            count: bytes as usize,
            count_max: TABLES_BYTES_MAX as usize,
        });
    }
    Ok(())
}

/// Refuses a change of the table after which a binding could not read it.
fn still_serves(definitions: &Definitions, name: &TableName) -> Result<(), Conflict> {
    for (owner, slot, binding) in tables::bindings(definitions) {
        let reads = tables::reads(&binding.plan, name);
        let unmet = tables::unmet(&definitions.tables, &binding.plan);
        if let Some(unmet) = unmet.first().filter(|_| reads) {
            return Err(Conflict::TableInUse {
                table: name.clone(),
                owner,
                slot,
                reason: unmet.reason.clone(),
            });
        }
    }
    Ok(())
}

fn change(definitions: Definitions, name: &TableName) -> Change {
    let reading = tables::bindings(&definitions).filter(|(.., one)| tables::reads(&one.plan, name));
    let reading = reading.filter_map(|(owner, ..)| owner.workflow().cloned());
    let mut affected: Vec<WorkflowId> = reading.collect();
    affected.dedup();
    Change {
        definitions,
        affected,
    }
}
