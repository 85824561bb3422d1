//! Reference tables: what is read, and everything that is wrong with what is not.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::{
    problem::Problem,
    table::{TABLE_COLUMNS_MAX, TABLE_ROWS_MAX, Table},
};

fn told(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| {
        let help = if problem.help.is_empty() {
            String::new()
        } else {
            format!(" [{}]", problem.help)
        };
        format!(
            "{} {}: {}{help}",
            problem.pointer, problem.code, problem.reason
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn csv(text: &str) -> String {
    match Table::from_csv(text.as_bytes(), None) {
        Ok(table) => table.to_text(),
        Err(problems) => told(&problems),
    }
}

fn json_table(document: &Json) -> String {
    match Table::from_json(document) {
        Ok(table) => table.to_text(),
        Err(problems) => told(&problems),
    }
}

#[test]
fn csv_and_json_say_the_same() {
    let read = csv(
        "\u{feff}sku,price:number,stock:integer,new:boolean,since:instant\nA1,2.50,3,true,2026-03-01T00:00:00Z\n\"B, 2\",3,,,\n",
    );
    assert_snapshot!(read, @r#"
    {"key":"sku","columns":[{"name":"sku","type":"text"},{"name":"price","type":"number"},{"name":"stock","type":"integer"},{"name":"new","type":"boolean"},{"name":"since","type":"instant"}],"rows":[
    {"sku":"A1","price":2.5,"stock":3,"new":true,"since":"2026-03-01T00:00:00Z"},
    {"sku":"B, 2","price":3}
    ]}
    "#);
    let again = Table::from_text(read.as_bytes()).unwrap();
    assert_eq!(again.to_text(), read);
    assert_eq!(again, Table::from_csv("sku,price:number,stock:integer,new:boolean,since:instant\nA1,2.5,3,true,2026-03-01T00:00:00Z\n\"B, 2\",3,,,\n".as_bytes(), None).unwrap());
    assert_eq!(
        csv("sku\n"),
        r#"{"key":"sku","columns":[{"name":"sku","type":"text"}],"rows":[]}"#
    );
}

#[test]
fn wrong_csv_is_told_by_row_and_column() {
    assert_snapshot!(csv("sku,price:number,stock:integer\nA1,cheap,3\nA2,1\nA1,1,2.5\n,1,2\nA3,1,2\nA3,NaN,2\nA3,2,2\n"), @r#"
    /rows/0/price value_type: line 2: "cheap" is no number, which column price is of
    /rows/1 row_ragged: line 3: the row has 2 cells, the first line 3
    /rows/2/stock value_type: line 4: "2.5" is no integer, which column stock is of
    /rows/3/sku key_missing: line 5: the row lacks its key sku
    /rows/5/price value_type: line 7: "NaN" is no number, which column price is of
    /rows/6/sku key_repeated: line 8: a row before has the key "A3" already
    "#);
    assert_snapshot!(csv(""), @"/columns schema: the file has no line of columns [write a first line such as sku,price:number]");
    assert_snapshot!(csv("sku,sku,two words,price:money\nA,B,C,D\n"), @r#"
    /columns/1 repeated: the column sku stands twice
    /columns/2 column_name: the column's name "two words": field name may only hold A-Z, a-z, 0-9, _ and -, starting with a letter or _, found ' ' at byte 3
    /columns/3 column_type: column price has the type "money", which there is not [take one of text, integer, number, boolean, instant]
    "#);
    assert_snapshot!(csv("price:number\n1\n"), @"/key key_type: the key price has the type number [a key is a text or an integer]");
    assert_snapshot!(told(&Table::from_csv(b"sku\nA\n", Some("id")).unwrap_err()), @r#"/key key_unknown: the key "id" is none of the columns [name the column that tells one row from another]"#);
    assert_snapshot!(told(&Table::from_csv(b"sku,name\nA,\xff\xfe\n", None).unwrap_err()), @"/rows/0 not_csv: CSV parse error: record 1 (line 2, field: 1, byte: 9): invalid utf-8: invalid UTF-8 in field 1 near byte index 0 [write CSV in UTF-8]");
}

#[test]
fn wrong_json_is_told_by_row_and_column() {
    let columns = json!([{"name": "sku", "type": "text"}, {"name": "price", "type": "number"}]);
    let table = |rows: &Json| json_table(&json!({"key": "sku", "columns": columns, "rows": rows}));
    assert_snapshot!(table(&json!([{"sku": "A", "price": "1"}, {"sku": "B", "colour": "red"}, {"price": 1}, 7, {"sku": "A", "price": null}, {"sku": {"x": 1}}])), @r#"
    /rows/0/price value_type: "1" is no number, which column price is of
    /rows/1/colour column_unknown: there is no column "colour" [declare it in columns, or leave it out]
    /rows/2/sku key_missing: the row lacks its key sku
    /rows/3 schema: a row is a JSON object
    /rows/5/sku value_type: {"x":1} is no text, which column sku is of
    "#);
    assert_snapshot!(json_table(&json!([1])), @r#" schema: a table is a JSON object [write {"key": "sku", "columns": [{"name": "sku", "type": "text"}], "rows": [{"sku": "A1"}]}]"#);
    assert_snapshot!(json_table(&json!({"key": "sku", "rows": {}, "name": "products"})), @r#"
    /name schema: a table has no member "name" [it has key, columns and rows]
    /columns schema: columns is not a list of name and type [write [{"name": "sku", "type": "text"}]]
    /key key_unknown: the key "sku" is none of the columns [name the column that tells one row from another]
    /rows schema: rows is not a list of objects
    "#);
}

#[test]
fn bounds_are_told() {
    let many: Vec<String> = (0..=TABLE_ROWS_MAX).map(|n| n.to_string()).collect();
    let many = many.join("\n");
    assert_snapshot!(csv(&format!("id:integer\n{many}\n")), @"/rows rows_full: a table has at most 100000 rows");
    let wide: Vec<String> = (0..=TABLE_COLUMNS_MAX).map(|n| format!("c{n}")).collect();
    assert_snapshot!(csv(&wide.join(",")), @"/columns columns_full: a table has at most 64 columns");
    assert_snapshot!(csv(&format!("id,text\na,{}\n", "x".repeat(9_000))), @"/rows/0 row_too_large: line 2: the row has 9020 bytes as JSON, at most 8192 are allowed");
    assert_snapshot!(csv(&format!("id\n{}\n", "k".repeat(300))), @"/rows/0/id key_form: line 2: a key is 1 to 256 bytes without control characters");
    let large: Vec<String> = (0..2_000)
        .map(|n| format!("{n},{}\n", "x".repeat(8_000)))
        .collect();
    let large = large.concat();
    assert_snapshot!(csv(&format!("id,text\n{large}")), @"/rows table_too_large: a table has at most 8388608 bytes as JSON");
    let wrong: Vec<String> = (0..150).map(|n| format!("{n},x\n")).collect();
    let wrong = wrong.concat();
    let problems = Table::from_csv(format!("id,n:integer\n{wrong}").as_bytes(), None).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_snapshot!(told(&problems[99..]), @r#"
    /rows/99/n value_type: line 101: "x" is no integer, which column n is of
     more_problems: there are 50 problems more
    "#);
}

#[test]
fn rows_are_ordered_by_the_values_of_a_column() {
    let table = Table::from_csv(b"id,n:number,at:instant,word\na,10,2026-03-01T00:00:00Z,pear\nb,9.5,2026-03-01T00:00:00+02:00,Apple\nc,,,\nd,-1,2025-03-01T00:00:00Z,apple\n", None).unwrap();
    let ids = |order_by: Option<&str>, rows_max: usize| {
        let rows: Vec<Json> = serde_json::from_str(&table.first(order_by, rows_max)).unwrap();
        let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        ids.concat()
    };
    assert_eq!(ids(None, 3), "abc");
    assert_eq!(ids(Some("n"), 9), "dbac");
    assert_eq!(ids(Some("at"), 2), "db");
    assert_eq!(ids(Some("word"), 9), "bdac");
    assert_eq!(ids(Some("none"), 1), "a");
}
