//! Answers with what it was given; see README.md.

use signalbox_sdk::{Condition, Enter, EventPattern, Value, prelude::*};

const FAILURE: &str = "on purpose: é";

fn bits(number: f64) -> String {
    format!("{:016x}", number.to_bits())
}

fn member_x(value: Value<'_>) -> String {
    value.to_json()["x"].as_str().unwrap_or_default().to_owned()
}

fn any(value: Value<'_>) -> String {
    match value {
        Value::Number(number) => format!("number {}", bits(number)),
        Value::Integer(integer) => format!("integer {integer}"),
        Value::Text(text) => format!("text {text}"),
        Value::Boolean(boolean) => format!("boolean {boolean}"),
        Value::Instant(instant) => format!("instant {}", instant.as_ms()),
        Value::Json(_) => format!("json {}", member_x(value)),
    }
}

/// The value of an input as a text from which nothing is lost.
fn shown(contact: &Contact<'_>, input: &str) -> Option<String> {
    match input {
        "number" | "sum" => contact.number(input).map(bits),
        "integer" => contact.integer(input).map(|integer| integer.to_string()),
        "count" => Some(contact.count(input).to_string()),
        "boolean" => contact.boolean(input).map(|boolean| boolean.to_string()),
        "instant" | "last" => contact.instant(input).map(|at| at.as_ms().to_string()),
        "json" => contact.value(input).map(member_x),
        "any" => contact.value(input).map(any),
        _ => contact.text(input).map(str::to_owned),
    }
}

fn attributes() -> Plan {
    Plan::new()
        .attribute("number", Type::Number)
        .attribute("integer", Type::Integer)
        .attribute("text", Type::Text)
        .attribute("boolean", Type::Boolean)
        .attribute("instant", Type::Instant)
        .attribute("json", Type::Json)
        .attribute("any", Type::Any)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Empty {}

struct Asked;

reasons! {
    enum Entry {
        Nothing = "nothing": "Nothing",
        Entered = "entered": "Entered",
        Armed = "armed": "Armed",
        Both = "both": "Entered and armed",
        Fired = "fired": "Fired",
    }
}

impl Rule for Asked {
    type Config = Empty;
    type Verdict = TriggerVerdict<Entry>;

    fn plan(_: &Empty) -> Result<Plan, String> {
        Ok(Plan::new()
            .occasion()
            .arm_key()
            .event_field("do", Type::Text)
            .event_field("key", Type::Text)
            .event_field("at", Type::Instant)
            .on_event("asked")
            .on_due())
    }

    fn decide(_: &Empty, contact: &Contact<'_>) -> Result<TriggerVerdict<Entry>, String> {
        let owned = |input| contact.text(input).map(str::to_owned);
        if contact.is_due() {
            let key = owned("arm_key").unwrap_or_default();
            return Ok(TriggerVerdict::enter_with(key, Entry::Fired));
        }
        let enter = Enter { key: owned("key") };
        let arm = || {
            let at = contact.instant("at").ok_or("nothing says when")?;
            let gold = [Condition::eq("plan", "gold é")];
            Ok::<_, String>(
                Arm::new(at, owned("key").unwrap_or_default())
                    .cancelled_by("stopped")
                    .cancelled_by(EventPattern::named("upgraded").with_conditions(&gold)),
            )
        };
        Ok(match contact.text("do") {
            Some("fail") => return Err(FAILURE.to_owned()),
            Some("enter") => TriggerVerdict {
                enter: Some(enter),
                ..TriggerVerdict::nothing(Entry::Entered)
            },
            Some("arm") => TriggerVerdict::arm(arm()?, Entry::Armed),
            Some("both") => TriggerVerdict {
                enter: Some(enter),
                ..TriggerVerdict::arm(arm()?, Entry::Both)
            },
            _ => TriggerVerdict::nothing(Entry::Nothing),
        })
    }

    fn cases() -> Vec<Case> {
        let expected = json!({ "enter": null, "arm": null, "reason": "nothing" });
        vec![Case::new("nothing", json!({})).expect(expected)]
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Comparison {
    read: String,
    is: String,
}

struct Compare;

reasons! {
    enum Compared {
        Missing = "missing": "Missing",
        Same = "same": "The same",
        Other = "other": "Another",
    }
}

impl Rule for Compare {
    type Config = Comparison;
    type Verdict = SegmentVerdict<Compared>;

    fn plan(_: &Comparison) -> Result<Plan, String> {
        let orders = || Events::named("order_completed").within(Span::days(90));
        Ok(attributes()
            .attribute("until", Type::Instant)
            .count("count", orders())
            .sum("sum", orders(), "value")
            .last("last", orders())
            .clock())
    }

    fn decide(
        config: &Comparison,
        contact: &Contact<'_>,
    ) -> Result<SegmentVerdict<Compared>, String> {
        if contact.text("text") == Some("fail") {
            return Err(FAILURE.to_owned());
        }
        let verdict = match shown(contact, &config.read) {
            None => SegmentVerdict::outside(Compared::Missing),
            Some(text) if text == config.is => SegmentVerdict::inside(Compared::Same),
            Some(_) => SegmentVerdict::outside(Compared::Other),
        };
        Ok(match contact.instant("until") {
            Some(until) => verdict.recheck_at(until),
            None => verdict,
        })
    }

    fn cases() -> Vec<Case> {
        let config = json!({ "read": "text", "is": "" });
        let expected = json!({ "member": false, "reason": "missing" });
        vec![Case::new("nothing", config).expect(expected)]
    }
}

struct Echo;

reasons! {
    enum Why {
        Echoed = "echoed": "Echoed",
    }
}

impl Rule for Echo {
    type Config = Empty;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(_: &Empty) -> Result<Plan, String> {
        Ok(attributes().clock())
    }

    fn decide(_: &Empty, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let text = contact.text("text");
        if text == Some("fail") {
            return Err(FAILURE.to_owned());
        }
        let mut values = json!({ "boolean": contact.boolean("boolean") });
        for input in ["number", "integer", "text", "instant", "json", "any"] {
            values[input] = json!(shown(contact, input));
        }
        if let Some(members) = values.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let mut verdict = PersonalizerVerdict::from_json(values.to_string(), Why::Echoed);
        verdict.subject = text.filter(|text| !text.is_empty()).map(str::to_owned);
        verdict.send_at = contact.clock();
        Ok(verdict)
    }

    fn cases() -> Vec<Case> {
        let expected = json!({ "values": {}, "reason": "echoed" });
        vec![Case::new("nothing", json!({})).expect(expected)]
    }
}

plugin! {
    name: "conformance",
    version: "1.0.0",
    title: "Conformance",
    summary: "Answers with what it was given.",
    trigger: Asked,
    segment: Compare,
    personalizer: Echo,
}
