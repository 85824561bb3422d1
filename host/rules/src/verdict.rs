//! Verdicts as JSON, in the form that cases expect and that people are shown.
//!
//! Called by `cases` and `check`, and by whoever shows a decision. Reasons are written by code, instants as RFC 3339.

use serde_json::{Map, Value as Json, json};
use signalbox_model::{describe::Reason, time::Instant, verdict::Verdict};

/// The verdict as JSON: all members, absent ones as null.
pub fn to_json(verdict: &Verdict, reasons: &[Reason]) -> Json {
    let code = |reason: u32| {
        reasons
            .get(reason as usize)
            .map_or("unknown", |reason| reason.code.as_str())
    };
    match verdict {
        Verdict::Trigger(verdict) => json!({
            "enter": verdict.enter.as_ref().map(|enter| json!({"key": enter.key})),
            "arm": verdict.arm.as_ref().map(|arm| json!({
                "at": arm.at,
                "key": arm.key,
                "cancelled_by": arm.cancelled_by,
            })),
            "reason": code(verdict.reason),
        }),
        Verdict::Segment(verdict) => json!({
            "member": verdict.member,
            "reason": code(verdict.reason),
            "recheck_at": verdict.recheck_at,
        }),
        Verdict::Personalizer(verdict) => json!({
            "values": verdict.values.to_json(),
            "subject": verdict.subject,
            "variant": verdict.variant,
            "send_at": verdict.send_at,
            "reason": code(verdict.reason),
        }),
    }
}

/// What of the expectation does not hold, as a text for people; `None` if all of it does. Only the members named in
/// the expectation count, at every depth; numbers are compared by amount, instants by time, lists item by item.
pub fn difference(expected: &Json, found: &Json) -> Option<String> {
    differs(expected, found, "")
}

fn differs(expected: &Json, found: &Json, place: &str) -> Option<String> {
    match (expected, found) {
        (Json::Object(expected), Json::Object(found)) => {
            expected.iter().find_map(|(name, expected)| {
                let found = found.get(name).unwrap_or(&Json::Null);
                differs(expected, found, &format!("{place}/{name}"))
            })
        }
        // A bare `true` or `false` for `enter` or `arm` says whether there is one.
        (Json::Bool(true), Json::Object(_)) | (Json::Bool(false), Json::Null) => None,
        (Json::Array(expected), Json::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(at, (expected, found))| {
                differs(expected, found, &format!("{place}/{at}"))
            })
        }
        _ if same(expected, found) => None,
        _ => Some(format!(
            "{} is {found}, expected {expected}",
            if place.is_empty() { "/" } else { place }
        )),
    }
}

fn same(expected: &Json, found: &Json) -> bool {
    match (expected, found) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::String(a), Json::String(b)) => {
            a == b || matches!((Instant::parse(a), Instant::parse(b)), (Ok(a), Ok(b)) if a == b)
        }
        (Json::Number(a), Json::String(b)) => a
            .as_i64()
            .is_some_and(|ms| Instant::parse(b) == Ok(Instant::from_ms(ms))),
        _ => expected == found,
    }
}

/// An answer as JSON that stands for a failure of the rule's own.
pub(crate) fn failed(message: &str) -> Json {
    let mut map = Map::new();
    map.insert("failed".to_owned(), Json::String(message.to_owned()));
    Json::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations() {
        let found = json!({"member": true, "reason": "over", "recheck_at": "2026-01-01T00:00:00Z", "values": {"a": [1, 2.0]}});
        let cases = [
            (json!({"member": true}), None),
            (
                json!({"member": false}),
                Some("/member is true, expected false"),
            ),
            (json!({"recheck_at": "2026-01-01T01:00:00+01:00"}), None),
            (json!({"recheck_at": 1_767_225_600_000_i64}), None),
            (
                json!({"recheck_at": null}),
                Some("/recheck_at is \"2026-01-01T00:00:00Z\", expected null"),
            ),
            (json!({"values": {"a": [1.0, 2]}}), None),
            (
                json!({"values": {"a": [1]}}),
                Some("/values/a is [1,2.0], expected [1]"),
            ),
            (json!({"values": true}), None),
            (json!({"arm": false}), None),
            (
                json!({"failed": "x"}),
                Some("/failed is null, expected \"x\""),
            ),
        ];
        for (expected, difference_in_words) in cases {
            assert_eq!(
                difference(&expected, &found).as_deref(),
                difference_in_words,
                "{expected}"
            );
        }
    }
}
