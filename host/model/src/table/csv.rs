//! Tables from CSV.

use super::{
    Making, TABLE_COLUMNS_MAX, Table, TableColumn, TableColumnType, add_column, cut, find_key,
};
use crate::{problem::Problem, value::Value};

pub(super) fn read(bytes: &[u8], key: Option<&str>) -> Result<Table, Vec<Problem>> {
    // Spreadsheets begin their files with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut records = reader.records();
    let heads = match records.next() {
        Some(Ok(heads)) => heads,
        Some(Err(error)) => return Err(vec![malformed("", &error)]),
        None => {
            let problem = Problem::new("/columns", "schema", "the file has no line of columns");
            return Err(vec![
                problem.with_help("write a first line such as sku,price:number"),
            ]);
        }
    };
    let mut problems = Vec::new();
    let mut columns = Vec::new();
    for (at, head) in heads.iter().take(TABLE_COLUMNS_MAX + 1).enumerate() {
        let (name, kind) = head.split_once(':').unwrap_or((head, "text"));
        let pointer = format!("/columns/{at}");
        add_column(
            &mut columns,
            &pointer,
            (name.trim(), kind.trim()),
            &mut problems,
        );
    }
    let first = columns.first().map(|column| column.name.to_string());
    let key = key.or(first.as_deref()).unwrap_or_default();
    let key = find_key(key, &columns, &mut problems);
    let mut making = Making::new(key, columns, problems)?;
    for (at, record) in records.enumerate() {
        if !making.takes_more(at) {
            break;
        }
        match record {
            Ok(record) => row(&mut making, at, &record),
            Err(error) => {
                making.tell(malformed(&format!("/rows/{at}"), &error));
                break;
            }
        }
    }
    making.finish()
}

fn malformed(pointer: &str, error: &::csv::Error) -> Problem {
    Problem::new(pointer, "not_csv", error.to_string()).with_help("write CSV in UTF-8")
}

fn row(making: &mut Making, at: usize, record: &::csv::StringRecord) {
    let line = record.position().map_or(0, ::csv::Position::line);
    let place = format!("line {line}: ");
    let columns = making.table.columns.clone();
    if record.len() != columns.len() {
        let (cells, wanted) = (record.len(), columns.len());
        let reason = format!("{place}the row has {cells} cells, the first line {wanted}");
        return making.tell(Problem::new(format!("/rows/{at}"), "row_ragged", reason));
    }
    let mut cells = Vec::with_capacity(columns.len());
    for (column, text) in columns.iter().zip(record) {
        if text.is_empty() {
            cells.push(None);
        } else if let Some(value) = cell(column, text) {
            cells.push(Some(value));
        } else {
            making.wrong_type(at, column, &format!("{:?}", cut(text)), &place);
        }
    }
    if cells.len() == columns.len() {
        making.add(at, &cells, &place);
    }
}

fn cell(column: &TableColumn, text: &str) -> Option<Value> {
    let value = match column.kind {
        TableColumnType::Text | TableColumnType::Instant => Value::text(text),
        TableColumnType::Integer => Value::Integer(text.trim().parse().ok()?),
        TableColumnType::Boolean => Value::Boolean(text.trim().parse().ok()?),
        TableColumnType::Number => {
            let text = text.trim();
            match text.parse::<i64>() {
                Ok(integer) => Value::Integer(integer),
                Err(_) => Value::Number(
                    text.parse()
                        .ok()
                        .filter(|number: &f64| number.is_finite())?,
                ),
            }
        }
    };
    column.kind.fits(&value).then_some(value)
}
