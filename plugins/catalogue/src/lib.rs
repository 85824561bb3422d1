//! Rows of a catalogue and the events that name its products, read from the JSON that the host gives.
//!
//! Called by `recommend`, `price-drop` and `back-in-stock`. A product is known by a text or a whole number, which are
//! the same if they are written the same.
#![deny(missing_docs)]

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use signalbox_sdk::{Instant, KEY_BYTES_MAX};

/// A row of a table by its columns.
pub type Row = Map<String, Json>;

/// An event of a contact's history as the host lists it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Happened {
    /// When it occurred.
    pub occurred_at: Instant,
    /// Its fields.
    pub fields: Map<String, Json>,
}

/// The rows of a table; none where the input is missing.
///
/// # Errors
/// When the text is not a list of objects.
pub fn rows(text: Option<&str>) -> Result<Vec<Row>, String> {
    text.map_or(Ok(Vec::new()), |text| {
        serde_json::from_str(text).map_err(|error| format!("the table cannot be read: {error}"))
    })
}

/// Events, the newest first; none where the input is missing.
///
/// # Errors
/// When the text is not a list of events.
pub fn events(text: Option<&str>) -> Result<Vec<Happened>, String> {
    text.map_or(Ok(Vec::new()), |text| {
        serde_json::from_str(text).map_err(|error| format!("the events cannot be read: {error}"))
    })
}

/// The name of a product; `None` for what cannot be one.
#[must_use]
pub fn id(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// The products that a field names: one, or a list of them.
pub fn ids(value: &Json) -> impl Iterator<Item = String> {
    let list = match value {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().filter_map(id)
}

/// Whether a value of the column for stock says that there is some: a number above 0, or true.
#[must_use]
pub fn in_stock(value: Option<&Json>) -> bool {
    match value {
        Some(Json::Bool(there)) => *there,
        Some(Json::Number(number)) => number.as_f64().is_some_and(|number| number > 0.0),
        _ => false,
    }
}

/// Whether a product was bought at or after an instant.
#[must_use]
pub fn bought_since(orders: &[Happened], field: &str, product: &str, since: Instant) -> bool {
    orders.iter().any(|order| {
        let mut products = order.fields.get(field).into_iter().flat_map(ids);
        order.occurred_at >= since && products.any(|bought| bought == product)
    })
}

/// The key of an entry for a product: its name, cut where it is very long, and what tells this entry from others.
#[must_use]
pub fn key(product: &str, rest: &str) -> String {
    let room = KEY_BYTES_MAX.saturating_sub(rest.len() + 1);
    let cut = product.floor_char_boundary(room);
    format!("{} {rest}", &product[..cut])
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signalbox_sdk::Instant;

    use super::{bought_since, events, id, ids, in_stock, key, rows};

    #[test]
    fn products_are_texts_and_whole_numbers() {
        assert_eq!(id(&json!("A-1")).as_deref(), Some("A-1"));
        assert_eq!(id(&json!(7)).as_deref(), Some("7"));
        for value in [
            json!(""),
            json!(1.5),
            json!(true),
            json!([1]),
            json!({}),
            json!(null),
        ] {
            assert_eq!(id(&value), None, "{value}");
        }
        let listed: Vec<String> = ids(&json!(["a", 7, 1.5, "b"])).collect();
        assert_eq!(listed, ["a", "7", "b"]);
        assert_eq!(ids(&json!("a")).count(), 1);
    }

    #[test]
    fn stock_that_is_not_known_is_none() {
        for value in [json!(1), json!(0.5), json!(true)] {
            assert!(in_stock(Some(&value)), "{value}");
        }
        for value in [
            json!(0),
            json!(-1),
            json!(false),
            json!("many"),
            json!(null),
        ] {
            assert!(!in_stock(Some(&value)), "{value}");
        }
        assert!(!in_stock(None));
    }

    #[test]
    fn what_the_host_gives_is_read() {
        assert_eq!(rows(None), Ok(Vec::new()));
        assert!(
            rows(Some("{}"))
                .unwrap_err()
                .starts_with("the table cannot be read")
        );
        assert!(
            events(Some("[1]"))
                .unwrap_err()
                .starts_with("the events cannot be read")
        );
        let text =
            json!([{ "occurred_at": "2026-01-01T00:00:00Z", "fields": { "ids": ["a", 7] } }]);
        let read = events(Some(&text.to_string())).expect("events");
        let at = read[0].occurred_at;
        assert!(bought_since(&read, "ids", "7", at));
        assert!(!bought_since(
            &read,
            "ids",
            "7",
            Instant::from_ms(at.as_ms() + 1)
        ));
        assert!(!bought_since(&read, "ids", "b", at) && !bought_since(&read, "other", "a", at));
    }

    #[test]
    fn a_key_is_never_too_long() {
        assert_eq!(key("A-1", "9.5"), "A-1 9.5");
        assert_eq!(key(&"ä".repeat(300), "9.5").len(), 256);
        assert_eq!(key(&"x".repeat(300), "9.5").len(), 256);
    }
}
