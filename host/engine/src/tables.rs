//! Reference tables from outside: put into the log, and read.

use std::sync::Arc;

use signalbox_model::{
    definitions::{Definitions, Slot, TableDefinition},
    id::{Digest, TableName},
    record::Command,
    segment::Owner,
    table::{Table, TableVersion},
};

use crate::{
    control,
    error::{CommandError, ReadError},
    shared::{Shared, in_words},
};

/// A table as it stands, without its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct TableView {
    /// Its name.
    pub name: TableName,
    /// Its current version and those before it.
    pub definition: TableDefinition,
    /// The bindings that read it or listen to it.
    pub read_by: Vec<(Owner, Slot)>,
}

/// Rows of one version of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    /// The version that they are of.
    pub version: TableVersion,
    /// Each as the text of a JSON object, in the order of the table.
    pub rows: Vec<Box<str>>,
}

pub(crate) async fn put(
    shared: &Shared,
    name: &TableName,
    table: &Table,
) -> Result<Arc<Definitions>, CommandError> {
    let text = table.to_text();
    let definitions = Arc::clone(&shared.definitions.borrow());
    let known = definitions.tables.get(name);
    if known.is_some_and(|known| known.current.digest == Digest::of_bytes(text.as_bytes())) {
        return Ok(definitions);
    }
    let command = Command::PutTable {
        table: name.clone(),
        text,
    };
    control::command(shared, command).await
}

pub(crate) fn view(definitions: &Definitions, name: &TableName) -> Option<TableView> {
    let definition = definitions.tables.get(name)?.clone();
    let bindings = signalbox_journey::tables::bindings(definitions);
    let reading = bindings.filter(|(.., one)| signalbox_journey::tables::reads(&one.plan, name));
    let mut read_by: Vec<_> = reading.map(|(owner, slot, _)| (owner, slot)).collect();
    read_by.sort();
    read_by.dedup();
    Some(TableView {
        name: name.clone(),
        definition,
        read_by,
    })
}

pub(crate) fn rows(
    shared: &Shared,
    name: &TableName,
    version: Option<u32>,
    after: usize,
    rows_max: usize,
) -> Result<Option<TableRows>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let Some(found) = definitions.tables.get(name) else {
        return Ok(None);
    };
    let mut versions = found.before.iter().chain([&found.current]);
    let wanted = version.unwrap_or(found.current.number);
    let Some(version) = versions.find(|one| one.number == wanted) else {
        return Ok(None);
    };
    let table = shared
        .definers
        .table(&shared.store, version.digest)
        .map_err(|error| ReadError::Table {
            table: name.clone(),
            reason: in_words(&error),
        })?;
    let rows = table.rows().iter().skip(after).take(rows_max);
    Ok(Some(TableRows {
        version: version.clone(),
        rows: rows.map(|row| row.json.clone()).collect(),
    }))
}
