//! `/v1/tables`: reference tables, their versions and rows.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::TableView;
use signalbox_model::{
    id::TableName,
    problem::Problem,
    table::{Table, TableVersion},
    time::Instant,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{Path, Query, TableBody, page_limit},
};

/// Rows on one page when the caller does not say how many.
const PAGE_ROWS: usize = 100;
/// Most rows on one page.
const PAGE_ROWS_MAX: usize = 1_000;

/// A version of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableVersionBody {
    /// From 1.
    pub version: u32,
    /// SHA-256 of its text.
    pub digest: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub put_at: Instant,
    /// The column that tells one row from another.
    pub key: String,
    /// The columns: `name`, and `type`, one of `text`, `integer`, `number`, `boolean`, `instant`.
    #[schema(value_type = Vec<Object>)]
    pub columns: JsonValue,
    /// How many rows.
    pub rows: u32,
    /// Bytes of its text.
    pub bytes: u64,
}

/// A table as a list has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedTable {
    /// Its name.
    #[schema(example = "products")]
    pub name: String,
    /// The version that decisions are made with.
    pub current: TableVersionBody,
}

/// All tables.
#[derive(Debug, Serialize, ToSchema)]
pub struct TablesAnswer {
    /// In the order of their names; there are at most 64.
    pub tables: Vec<ListedTable>,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableBodyShown {
    /// Its name.
    #[schema(example = "products")]
    pub name: String,
    /// The version that decisions are made with.
    pub current: TableVersionBody,
    /// Those before it, the newest first; at most 16.
    pub before: Vec<TableVersionBody>,
    /// The bindings that read it or listen to it.
    pub read_by: Vec<TableReader>,
}

/// A binding that reads a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableReader {
    /// Its workflow, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Its segment, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its place there.
    pub binding: String,
}

/// One table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableAnswer {
    /// As it stands now.
    pub table: TableBodyShown,
}

/// A page of a table's rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowsAnswer {
    /// The version that they are of.
    pub version: u32,
    /// In the order of the table.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<JsonValue>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<usize>,
}

/// How a table is declared whose body does not say it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PutTableQuery {
    /// Of CSV: the key column. Default: the first one.
    key: Option<String>,
}

/// Which page of the rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    /// The version, one that the table lists. Default: the current one.
    version: Option<u32>,
    /// `next` of the page before: so many rows are behind. Default: 0.
    after: Option<usize>,
    /// Rows on the page, 1 to 1,000. Default: 100.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// Lists the reference tables.
#[utoipa::path(get, path = "/v1/tables", operation_id = "list_tables", tag = "tables", responses(
    (status = 200, body = TablesAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<TablesAnswer>, Error> {
    let tables = app.engine.tables()?.into_iter().map(|view| ListedTable {
        name: view.name.to_string(),
        current: version_body(&view.definition.current),
    });
    Ok(Json(TablesAnswer {
        tables: tables.collect(),
    }))
}

/// Reads one table: its versions, and what reads it.
#[utoipa::path(get, path = "/v1/tables/{name}", operation_id = "read_table", tag = "tables", responses(
    (status = 200, body = TableAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<TableAnswer>, Error> {
    let name = parse_name(&name)?;
    let view = app.engine.table(&name)?;
    let view = view.ok_or_else(|| Error::not_found("table", &name))?;
    Ok(Json(answer(&view)))
}

/// Puts a table: its next version, or its first. JSON as `{"key", "columns", "rows"}`, or CSV whose first line names the
/// columns with their types (`sku,price:number`). Checked whole: all problems at once, each with its row and column.
#[utoipa::path(put, path = "/v1/tables/{name}", operation_id = "put_table", tag = "tables", params(PutTableQuery), request_body = Object, responses(
    (status = 200, body = TableAnswer), (status = 409, body = Envelope), (status = 422, body = Envelope)))]
pub(crate) async fn put(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PutTableQuery>,
    body: TableBody,
) -> Result<Json<TableAnswer>, Error> {
    let name = parse_name(&name)?;
    let table = read_table(body, query.key).await?;
    let view = app.engine.put_table(&name, Arc::new(table)).await?;
    Ok(Json(answer(&view)))
}

/// Reads a table off the threads that serve, since that takes its time.
async fn read_table(body: TableBody, key: Option<String>) -> Result<Table, Error> {
    let read = tokio::task::spawn_blocking(move || match body {
        TableBody::Json(..) if key.is_some() => Err(vec![Problem::new(
            "/key",
            "schema",
            "a table in JSON names its key itself, the query must not",
        )]),
        TableBody::Json(document, _room) => Table::from_json(&document),
        TableBody::Csv(body) => Table::from_csv(&body.bytes, key.as_deref()),
    });
    let read = read.await.map_err(|error| Error::internal(&error))?;
    read.map_err(|problems| {
        let message = match problems.len() {
            1 => "the table has a problem; nothing was stored".to_owned(),
            count => format!("the table has {count} problems; nothing was stored"),
        };
        Error::new(ErrorCode::InvalidTable, message).with_problems(problems)
    })
}

/// Deletes a table that no binding reads.
#[utoipa::path(delete, path = "/v1/tables/{name}", operation_id = "delete_table", tag = "tables", responses(
    (status = 204), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    app.engine.delete_table(&parse_name(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the rows of a table, page by page.
#[utoipa::path(get, path = "/v1/tables/{name}/rows", operation_id = "list_table_rows", tag = "tables", params(RowsQuery), responses(
    (status = 200, body = RowsAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn rows(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<RowsQuery>,
) -> Result<Json<RowsAnswer>, Error> {
    let name = parse_name(&name)?;
    let limit = page_limit(query.limit, PAGE_ROWS, PAGE_ROWS_MAX)?;
    let after = query.after.unwrap_or(0);
    let page = app
        .engine
        .table_rows(&name, query.version, after, limit)
        .await?;
    let page = page.ok_or_else(|| match query.version {
        Some(version) => Error::not_found("version", format!("{version} of table {name}")),
        None => Error::not_found("table", &name),
    })?;
    let end = after.saturating_add(page.rows.len());
    let rows = page.rows.iter().map(|row| serde_json::from_str(row));
    Ok(Json(RowsAnswer {
        version: page.version.number,
        rows: rows
            .collect::<Result<_, _>>()
            .map_err(|error| Error::internal(&error))?,
        next: (end < page.version.rows as usize).then_some(end),
    }))
}

fn parse_name(text: &str) -> Result<TableName, Error> {
    TableName::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

fn answer(view: &TableView) -> TableAnswer {
    let read_by = view.read_by.iter().map(|(owner, slot)| TableReader {
        workflow: owner.workflow().map(ToString::to_string),
        segment: owner.segment().map(ToString::to_string),
        binding: slot.to_string(),
    });
    let before = view.definition.before.iter().rev();
    TableAnswer {
        table: TableBodyShown {
            name: view.name.to_string(),
            current: version_body(&view.definition.current),
            before: before.map(version_body).collect(),
            read_by: read_by.collect(),
        },
    }
}

fn version_body(version: &TableVersion) -> TableVersionBody {
    TableVersionBody {
        version: version.number,
        digest: version.digest.to_string(),
        put_at: version.put_at,
        key: version.key.to_string(),
        columns: serde_json::to_value(&version.columns).unwrap_or_default(),
        rows: version.rows,
        bytes: version.bytes,
    }
}
