//! Reference tables: what they are made of, and their reading from JSON and CSV.
//!
//! A table is read as a whole or not at all, and everything that is wrong with it is told at once, each with its row and
//! column. Called by whoever takes one in and, for what is kept, by `engine`. A version of a table is known by the
//! digest of its text, which is the same however it came.

mod csv;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    id::{Digest, FieldName, ID_BYTES_MAX},
    problem::Problem,
    time::Instant,
    value::Value,
};

/// Most tables of one store.
pub const TABLES_MAX: usize = 64;
/// Most rows of a table.
pub const TABLE_ROWS_MAX: usize = 100_000;
/// Most columns of a table.
pub const TABLE_COLUMNS_MAX: usize = 64;
/// Most bytes of a table as JSON text.
pub const TABLE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes of all tables of one store together, each in its newest version: they are held in memory.
pub const TABLES_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes of one row as JSON text.
pub const TABLE_ROW_BYTES_MAX: usize = 8 * 1024;
/// Most bytes of rows that one input is given, and of a table that is read whole.
pub const TABLE_INPUT_BYTES_MAX: usize = 64 * 1024;
/// Most problems of a table that are told at once.
const PROBLEMS_MAX: usize = 100;

/// The type of a table's column. A value of another type is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableColumnType {
    /// A text.
    Text,
    /// A whole number from -2^63 to 2^63-1.
    Integer,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An instant as an RFC 3339 text.
    Instant,
}

impl TableColumnType {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Instant => "instant",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::Text,
            Self::Integer,
            Self::Number,
            Self::Boolean,
            Self::Instant,
        ];
        all.into_iter().find(|one| one.as_str() == text)
    }

    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::Text(_))
            | (Self::Integer, Value::Integer(_))
            | (Self::Number, Value::Integer(_) | Value::Number(_))
            | (Self::Boolean, Value::Boolean(_)) => true,
            (Self::Instant, value) => value.as_instant().is_some(),
            _ => false,
        }
    }
}

/// A column: its name, and the type of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableColumn {
    /// Unique in the table.
    pub name: FieldName,
    /// The type of its values; any row may lack one.
    #[serde(rename = "type")]
    pub kind: TableColumnType,
}

/// A version of a table, without its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableVersion {
    /// From 1, one more with each change.
    pub number: u32,
    /// Of its text, under which it is kept.
    pub digest: Digest,
    /// Journey time at which it came.
    pub put_at: Instant,
    /// The column that no row lacks and no two rows have the same value in.
    pub key: FieldName,
    /// The columns, in the order in which they were declared.
    pub columns: Vec<TableColumn>,
    /// How many rows.
    pub rows: u32,
    /// Bytes of its text.
    pub bytes: u64,
}

/// A table with its rows. Immutable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    key: FieldName,
    columns: Vec<TableColumn>,
    rows: Vec<TableRow>,
    /// Places in `rows`, by key.
    by_key: BTreeMap<Box<str>, u32>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The value of the key column as a text.
    pub key: Box<str>,
    /// The row as the text of a JSON object; what it lacks is left out.
    pub json: Box<str>,
}

/// What an input's value is compared with a key as: a text as it is, a whole number in digits. `None` for anything else.
pub fn key_of(value: &Value) -> Option<Box<str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(integer) => Some(integer.to_string().into()),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Some((*number as i64).to_string().into())
        }
        _ => None,
    }
}

impl Table {
    /// Reads a table from the document `{"key", "columns": [{"name", "type"}], "rows": [{COLUMN: VALUE}]}`.
    ///
    /// # Errors
    /// With everything that is wrong, at most 100 of it, by places such as `/rows/3/price`.
    pub fn from_json(document: &Json) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(members) = document.as_object() else {
            return Err(vec![Problem::new("", "schema", "a table is a JSON object").with_help(
                r#"write {"key": "sku", "columns": [{"name": "sku", "type": "text"}], "rows": [{"sku": "A1"}]}"#,
            )]);
        };
        for name in members.keys() {
            if !matches!(name.as_str(), "key" | "columns" | "rows") {
                let reason = format!("a table has no member {name:?}");
                problems.push(
                    Problem::new(format!("/{}", token(name)), "schema", reason)
                        .with_help("it has key, columns and rows"),
                );
            }
        }
        let columns = read_columns(members.get("columns"), &mut problems);
        let key = read_key(members.get("key"), &columns, &mut problems);
        let rows = members.get("rows").and_then(Json::as_array);
        if rows.is_none() {
            let problem = Problem::new("/rows", "schema", "rows is not a list of objects");
            problems.push(problem);
        }
        let mut making = Making::new(key, columns, problems)?;
        for (at, row) in rows.into_iter().flatten().enumerate() {
            if !making.takes_more(at) {
                break;
            }
            making.json_row(at, row);
        }
        making.finish()
    }

    /// Reads a table from CSV in UTF-8: the first line names the columns, each with its type behind a colon (`price:number`;
    /// a text without). An empty cell is a missing value. The key is the first column, where none is named.
    ///
    /// # Errors
    /// As [`Table::from_json`]; rows are counted from 0 behind the first line, and each reason names the line too.
    pub fn from_csv(bytes: &[u8], key: Option<&str>) -> Result<Self, Vec<Problem>> {
        csv::read(bytes, key)
    }

    /// Reads the text that [`Table::to_text`] wrote, or any other of that form.
    ///
    /// # Errors
    /// As [`Table::from_json`].
    pub fn from_text(text: &[u8]) -> Result<Self, Vec<Problem>> {
        let document: Json = serde_json::from_slice(text)
            .map_err(|error| vec![Problem::new("", "not_json", error.to_string())])?;
        Self::from_json(&document)
    }

    /// The table as JSON text: the same for the same columns and rows in the same order.
    pub fn to_text(&self) -> String {
        let columns = serde_json::to_string(&self.columns).unwrap_or_default();
        let mut text = format!(
            r#"{{"key":"{}","columns":{columns},"rows":[{}"#,
            self.key,
            if self.rows.is_empty() { "]}" } else { "\n" }
        );
        for (at, row) in self.rows.iter().enumerate() {
            let end = if at + 1 == self.rows.len() {
                "\n]}"
            } else {
                ",\n"
            };
            text.push_str(&row.json);
            text.push_str(end);
        }
        text
    }

    /// The table without its rows, as the version of that number. `text` is its own.
    pub fn version(&self, number: u32, text: &str, put_at: Instant) -> TableVersion {
        TableVersion {
            number,
            digest: Digest::of_bytes(text.as_bytes()),
            put_at,
            key: self.key.clone(),
            columns: self.columns.clone(),
            rows: self.rows.len() as u32,
            bytes: text.len() as u64,
        }
    }

    /// All rows in their order.
    pub fn rows(&self) -> &[TableRow] {
        &self.rows
    }

    /// The row of that key.
    pub fn row(&self, key: &str) -> Option<&TableRow> {
        let at = *self.by_key.get(key)?;
        self.rows.get(at as usize)
    }

    /// The first rows by a column, ascending, rows of one value in their order and those without one last; without a
    /// column in the order of the table. At most `rows_max`, and as many as fit into [`TABLE_INPUT_BYTES_MAX`].
    pub fn first(&self, order_by: Option<&str>, rows_max: usize) -> String {
        let mut order: Vec<&TableRow> = self.rows.iter().collect();
        if let Some(column) = order_by {
            order.sort_by_cached_key(|row| SortKey::of(row, column));
        }
        rows_text(order.into_iter().take(rows_max))
    }

    /// The keys of rows that are new, gone or different against the table before.
    pub fn changed_since(&self, before: &Self) -> BTreeSet<Box<str>> {
        let differs =
            |row: &&TableRow| before.row(&row.key).map(|one| &one.json) != Some(&row.json);
        let new = self.rows.iter().filter(differs);
        let gone = before
            .rows
            .iter()
            .filter(|row| self.row(&row.key).is_none());
        new.chain(gone).map(|row| row.key.clone()).collect()
    }
}

/// Rows as the text of a JSON list, as many as fit into an input.
pub fn rows_text<'r>(rows: impl Iterator<Item = &'r TableRow>) -> String {
    let mut text = String::from("[");
    for row in rows {
        if text.len() + row.json.len() + 2 > TABLE_INPUT_BYTES_MAX {
            break;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&row.json);
    }
    text.push(']');
    text
}

/// By what rows are ordered: values of one column, which have one type.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Amount(Amount),
    Text(Box<str>),
    Missing,
}

/// A finite number.
#[derive(PartialEq)]
struct Amount(f64);

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SortKey {
    fn of(row: &TableRow, column: &str) -> Self {
        let cells: BTreeMap<Box<str>, Value> = serde_json::from_str(&row.json).unwrap_or_default();
        match cells.get(column) {
            None => Self::Missing,
            Some(Value::Boolean(is_set)) => Self::Amount(Amount(f64::from(u8::from(*is_set)))),
            Some(value) => match (value.as_number(), value.as_instant(), value.as_text()) {
                (Some(number), ..) => Self::Amount(Amount(number)),
                (_, Some(instant), _) => Self::Amount(Amount(instant.as_ms() as f64)),
                (.., Some(text)) => Self::Text(text.into()),
                _ => Self::Missing,
            },
        }
    }
}

fn read_columns(document: Option<&Json>, problems: &mut Vec<Problem>) -> Vec<TableColumn> {
    let Some(Json::Array(all)) = document else {
        let problem = Problem::new(
            "/columns",
            "schema",
            "columns is not a list of name and type",
        );
        problems.push(problem.with_help(r#"write [{"name": "sku", "type": "text"}]"#));
        return Vec::new();
    };
    let mut columns = Vec::new();
    for (at, one) in all.iter().take(TABLE_COLUMNS_MAX + 1).enumerate() {
        let pointer = format!("/columns/{at}");
        let part = |name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default();
        let (name, kind) = (part("name"), part("type"));
        add_column(&mut columns, &pointer, (name, kind), problems);
    }
    columns
}

/// Adds a declared column, or says what is wrong with it.
fn add_column(
    columns: &mut Vec<TableColumn>,
    pointer: &str,
    (name, kind): (&str, &str),
    problems: &mut Vec<Problem>,
) {
    let parsed = match FieldName::parse(name) {
        Ok(parsed) => parsed,
        Err(error) => {
            let reason = format!("the column's name {name:?}: {error}");
            return problems.push(Problem::new(pointer, "column_name", reason));
        }
    };
    let Some(kind) = TableColumnType::parse(kind) else {
        let reason = format!("column {name} has the type {kind:?}, which there is not");
        return problems.push(
            Problem::new(pointer, "column_type", reason)
                .with_help("take one of text, integer, number, boolean, instant"),
        );
    };
    if columns.iter().any(|one| one.name == parsed) {
        let reason = format!("the column {name} stands twice");
        return problems.push(Problem::new(pointer, "repeated", reason));
    }
    columns.push(TableColumn { name: parsed, kind });
}

fn read_key(
    document: Option<&Json>,
    columns: &[TableColumn],
    problems: &mut Vec<Problem>,
) -> Option<FieldName> {
    let named = document.and_then(Json::as_str).unwrap_or_default();
    find_key(named, columns, problems)
}

fn find_key(
    named: &str,
    columns: &[TableColumn],
    problems: &mut Vec<Problem>,
) -> Option<FieldName> {
    let Some(column) = columns.iter().find(|one| one.name.as_str() == named) else {
        let reason = format!("the key {named:?} is none of the columns");
        let problem = Problem::new("/key", "key_unknown", reason);
        problems.push(problem.with_help("name the column that tells one row from another"));
        return None;
    };
    if !matches!(
        column.kind,
        TableColumnType::Text | TableColumnType::Integer
    ) {
        let kind = column.kind.as_str();
        let reason = format!("the key {named} has the type {kind}");
        problems.push(
            Problem::new("/key", "key_type", reason).with_help("a key is a text or an integer"),
        );
        return None;
    }
    Some(column.name.clone())
}

/// A table on the way, with what is wrong so far.
struct Making {
    table: Table,
    key_at: usize,
    bytes: usize,
    problems: Vec<Problem>,
    /// Problems beyond those that are told.
    untold: usize,
}

impl Making {
    /// Rows are only looked at where the columns make sense.
    fn new(
        key: Option<FieldName>,
        columns: Vec<TableColumn>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Vec<Problem>> {
        if columns.len() > TABLE_COLUMNS_MAX {
            let reason = format!("a table has at most {TABLE_COLUMNS_MAX} columns");
            problems.push(Problem::new("/columns", "columns_full", reason));
        }
        let key_at = |key: &FieldName| columns.iter().position(|one| one.name == *key);
        let key = key.and_then(|key| Some((key_at(&key)?, key)));
        match key {
            Some((key_at, key)) if problems.is_empty() => Ok(Self {
                table: Table {
                    key,
                    columns,
                    rows: Vec::new(),
                    by_key: BTreeMap::new(),
                },
                key_at,
                bytes: 0,
                problems,
                untold: 0,
            }),
            _ => Err(problems),
        }
    }

    /// Whether another row may come; says so if not.
    fn takes_more(&mut self, at: usize) -> bool {
        if at >= TABLE_ROWS_MAX {
            let reason = format!("a table has at most {TABLE_ROWS_MAX} rows");
            self.tell(Problem::new("/rows", "rows_full", reason));
            return false;
        }
        if self.bytes > TABLE_BYTES_MAX {
            let reason = format!("a table has at most {TABLE_BYTES_MAX} bytes as JSON");
            self.tell(Problem::new("/rows", "table_too_large", reason));
            return false;
        }
        true
    }

    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.untold += 1;
        }
    }

    fn json_row(&mut self, at: usize, row: &Json) {
        let Some(members) = row.as_object() else {
            let problem = Problem::new(format!("/rows/{at}"), "schema", "a row is a JSON object");
            return self.tell(problem);
        };
        for name in members.keys() {
            if !self
                .table
                .columns
                .iter()
                .any(|one| one.name.as_str() == name)
            {
                let reason = format!("there is no column {name:?}");
                let pointer = format!("/rows/{at}/{}", token(name));
                let problem = Problem::new(pointer, "column_unknown", reason);
                self.tell(problem.with_help("declare it in columns, or leave it out"));
            }
        }
        let mut cells = Vec::with_capacity(self.table.columns.len());
        for column in self.table.columns.clone() {
            let json = members
                .get(column.name.as_str())
                .filter(|json| !json.is_null());
            let value = json.map(|json| serde_json::from_value::<Value>(json.clone()));
            cells.push(match value {
                None => None,
                Some(Ok(value)) if column.kind.fits(&value) => Some(value),
                Some(_) => {
                    let shown = json.map_or_else(String::new, |json| cut(&json.to_string()));
                    self.wrong_type(at, &column, &shown, "");
                    continue;
                }
            });
        }
        if cells.len() == self.table.columns.len() {
            self.add(at, &cells, "");
        }
    }

    fn wrong_type(&mut self, at: usize, column: &TableColumn, shown: &str, place: &str) {
        let (name, kind) = (&column.name, column.kind.as_str());
        let reason = format!("{place}{shown} is no {kind}, which column {name} is of");
        self.tell(Problem::new(
            format!("/rows/{at}/{name}"),
            "value_type",
            reason,
        ));
    }

    /// Adds a row whose cells have the types of their columns.
    fn add(&mut self, at: usize, cells: &[Option<Value>], place: &str) {
        let name = self.table.key.clone();
        let pointer = format!("/rows/{at}/{name}");
        let Some(key) = cells[self.key_at].as_ref().and_then(key_of) else {
            let reason = format!("{place}the row lacks its key {name}");
            return self.tell(Problem::new(pointer, "key_missing", reason));
        };
        if key.is_empty() || key.len() > ID_BYTES_MAX || key.chars().any(char::is_control) {
            let reason =
                format!("{place}a key is 1 to {ID_BYTES_MAX} bytes without control characters");
            return self.tell(Problem::new(pointer, "key_form", reason));
        }
        if self.table.by_key.contains_key(&key) {
            let reason = format!("{place}a row before has the key {key:?} already");
            return self.tell(Problem::new(pointer, "key_repeated", reason));
        }
        let json = row_json(&self.table.columns, cells);
        if json.len() > TABLE_ROW_BYTES_MAX {
            let bytes = json.len();
            let reason = format!(
                "{place}the row has {bytes} bytes as JSON, at most {TABLE_ROW_BYTES_MAX} are allowed"
            );
            return self.tell(Problem::new(format!("/rows/{at}"), "row_too_large", reason));
        }
        self.bytes += json.len() + 2;
        let index = self.table.rows.len() as u32;
        self.table.by_key.insert(key.clone(), index);
        self.table.rows.push(TableRow { key, json });
    }

    fn finish(mut self) -> Result<Table, Vec<Problem>> {
        let at = self.table.rows.len();
        if self.problems.is_empty() && self.bytes > TABLE_BYTES_MAX {
            self.takes_more(at);
        }
        if self.untold > 0 {
            let reason = format!("there are {} problems more", self.untold);
            self.problems
                .push(Problem::new("", "more_problems", reason));
        }
        if self.problems.is_empty() {
            Ok(self.table)
        } else {
            Err(self.problems)
        }
    }
}

fn row_json(columns: &[TableColumn], cells: &[Option<Value>]) -> Box<str> {
    let mut json = String::from("{");
    for (column, cell) in columns.iter().zip(cells) {
        let Some(value) = cell else { continue };
        let comma = if json.len() > 1 { "," } else { "" };
        // Names need no escapes, and a string does not fail to be written to.
        let _ = write!(json, "{comma}\"{}\":{}", column.name, value.to_json());
    }
    json.push('}');
    json.into()
}

/// A name as a JSON pointer has it.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value as it is shown in a problem.
fn cut(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
