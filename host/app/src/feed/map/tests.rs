//! Mappings: records in, events or reasons out.

use super::*;

fn columns(line: &str) -> Cells {
    Cells::Columns(line.split(',').map(str::to_owned).collect())
}

fn mapped(maps: &[&str], naming: Naming<'_>, cells: &Cells) -> String {
    let maps: Vec<String> = maps.iter().map(ToString::to_string).collect();
    let posting = Mapping::parse(&maps, naming, false)
        .and_then(|mapping| mapping.posting(cells, || "made-1".to_owned()));
    posting.map_or_else(
        |reason| reason,
        |posting| serde_json::to_string(&posting).unwrap(),
    )
}

#[test]
fn columns_become_events() {
    let maps = [
        "contact={2}",
        "name=order_completed",
        "occurred_at={3:%Y%m%d}",
        "fields.items={4:integer}",
        "fields.value={5:number}",
        "attributes.email={2}@demo.example",
    ];
    assert_eq!(
        mapped(
            &maps,
            Naming::Numbers,
            &columns("00004,0001,19970101,2,29.33")
        ),
        r#"{"contact":"0001","name":"order_completed","id":"made-1","occurred_at":"1997-01-01T00:00:00Z","fields":{"items":2,"value":29.33},"attributes":{"email":"0001@demo.example"}}"#
    );
    for (line, reason) in [
        ("00004,,19970101,2,29.33", "contact is missing"),
        (
            "00004,0001,19970132,2,29.33",
            r#"occurred_at: "19970132" is not an instant in the format "%Y%m%d""#,
        ),
        (
            "00004,0001,19970101,two,29.33",
            r#"fields.items: "two" is not a whole number"#,
        ),
        (
            "00004,0001,19970101,2,inf",
            r#"fields.value: "inf" is not a finite number"#,
        ),
    ] {
        assert_eq!(mapped(&maps, Naming::Numbers, &columns(line)), reason);
    }
    // What is missing is left out and never a zero.
    assert_eq!(
        mapped(
            &["contact={1}", "name={2}", "fields.value={3:number}"],
            Naming::Numbers,
            &columns("a,order_completed")
        ),
        r#"{"contact":"a","name":"order_completed","id":"made-1"}"#
    );
}

#[test]
fn names_of_columns_serve_as_mapping() {
    let names = [
        "contact",
        "name",
        "id",
        "occurred_at:%d/%m/%Y",
        "fields.value:number",
    ]
    .map(str::to_owned);
    assert_eq!(
        mapped(
            &[],
            Naming::Names(&names),
            &columns("a,order_completed,o-1,31/12/1998,5")
        ),
        r#"{"contact":"a","name":"order_completed","id":"o-1","occurred_at":"1998-12-31T00:00:00Z","fields":{"value":5.0}}"#
    );
    let other = ["contact".to_owned(), "price".to_owned()];
    let found = mapped(&[], Naming::Names(&other), &columns("a,1"));
    assert!(
        found.starts_with("column \"price\": there is no target \"price\", write contact, name"),
        "{found}"
    );
    let found = mapped(
        &["contact={kontakt}"],
        Naming::Names(&other),
        &columns("a,1"),
    );
    assert_eq!(
        found,
        "--map contact={kontakt}: there is no column \"kontakt\", there are contact, price"
    );
}

#[test]
fn a_file_or_its_lines_may_say_their_source() {
    let whole = ["contact={1}", "name=b_done", "source=crm"];
    assert_eq!(
        mapped(&whole, Naming::Numbers, &columns("a,shop")),
        r#"{"contact":"a","name":"b_done","id":"made-1","source":"crm"}"#
    );
    let by_line = ["contact={1}", "name=b_done", "source={2}"];
    for (line, expected) in [
        (
            "a,shop",
            r#"{"contact":"a","name":"b_done","id":"made-1","source":"shop"}"#,
        ),
        ("a,", "source is missing"),
        (
            "a,Our shop",
            "source may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'O' at byte 0",
        ),
    ] {
        assert_eq!(mapped(&by_line, Naming::Numbers, &columns(line)), expected);
    }
    let document = r#"{"contact":"a","name":"b_done","source":"crm"}"#;
    let cells = Cells::Document(serde_json::from_str(document).unwrap());
    assert_eq!(
        mapped(&[], Naming::Paths, &cells),
        r#"{"contact":"a","name":"b_done","id":"made-1","source":"crm"}"#
    );
}

#[test]
fn documents_keep_their_types() {
    let document = r#"{"who":{"id":17},"total":"9.5","tags":["a"],"gone":null,"at":1262304000}"#;
    let cells = Cells::Document(serde_json::from_str(document).unwrap());
    let maps = [
        "contact=c-{who.id}",
        "name=order_completed",
        "occurred_at={at:unix_s}",
        "fields.total={total:number}",
        "fields.tags={tags}",
        "fields.gone={gone}",
        "fields.brace={{{who.id}}}",
    ];
    assert_eq!(
        mapped(&maps, Naming::Paths, &cells),
        r#"{"contact":"c-17","name":"order_completed","id":"made-1","occurred_at":"2010-01-01T00:00:00Z","fields":{"brace":"{17}","tags":["a"],"total":9.5}}"#
    );
}

#[test]
fn whole_events_are_held_to_their_shape() {
    let cells = |text: &str| Cells::Document(serde_json::from_str(text).unwrap());
    for (text, expected) in [
        (
            r#"{"contact":"a","name":"b_done","fields":{"x":1,"gone":null},"history_only":true}"#,
            r#"{"contact":"a","name":"b_done","id":"made-1","fields":{"x":1},"history_only":true}"#,
        ),
        (r#"{"name":"b_done"}"#, "contact is missing"),
        (r#"{"contact":1,"name":"b_done"}"#, "contact is not a text"),
        (
            r#"{"contact":"a","nam":"b"}"#,
            r#"an event has no "nam"; or say with --map what is what"#,
        ),
        (
            r#"{"contact":"a","name":"B"}"#,
            "event name may only hold a-z, 0-9 and _, starting with a letter, found 'B' at byte 0",
        ),
        (
            r#"{"contact":"a","name":"b_done","fields":[1]}"#,
            "fields: is no JSON object",
        ),
        (
            r#"{"contact":"a","name":"b_done","occurred_at":"soon"}"#,
            r#"occurred_at: "soon" is not an RFC 3339 instant such as 2026-01-31T09:30:00Z"#,
        ),
        (r"[1]", "is no JSON object"),
    ] {
        assert_eq!(mapped(&[], Naming::Paths, &cells(text)), expected);
    }
    let large = |what: &str, bytes: usize| {
        let text = "y".repeat(bytes);
        let event = format!(r#"{{"contact":"a","name":"b_done","{what}":{{"x":"{text}"}}}}"#);
        mapped(&[], Naming::Paths, &cells(&event))
    };
    let found = large("fields", 20_000);
    assert!(
        found.starts_with("the event takes 2") && found.ends_with("at most 16384 are allowed"),
        "{found}"
    );
    let found = large("attributes", 12_000);
    assert_eq!(
        found,
        "the attributes take 12005 bytes, at most 9216 are allowed"
    );
}

#[test]
fn wrong_mappings_say_why() {
    for (map, expected) in [
        (
            "contact",
            "--map contact: write TARGET=TEXT, such as contact={1}",
        ),
        (
            "contact={0}",
            "--map contact={0}: {0} is no number of a column; they count from 1",
        ),
        (
            "contact={1",
            "--map contact={1: a brace stands alone; write {{ or }} for a brace itself",
        ),
        (
            "contact=1}",
            "--map contact=1}: a brace stands alone; write {{ or }} for a brace itself",
        ),
        (
            "contact={1:date}",
            "--map contact={1:date}: \"date\" is neither text, integer, number, boolean, unix_s, unix_ms nor a date format such as %Y%m%d",
        ),
        (
            "fields.a b={1}",
            "--map fields.a b={1}: field name may only hold A-Z, a-z, 0-9, _ and -, starting with a letter or _, found ' ' at byte 1",
        ),
        (
            "contact={1}",
            "nothing says what an event's name is: add --map name=...",
        ),
    ] {
        assert_eq!(mapped(&[map], Naming::Numbers, &columns("a")), expected);
    }
    assert_eq!(
        mapped(&["name=a", "name=b"], Naming::Numbers, &columns("a")),
        "--map name=b: name is given twice"
    );
}
