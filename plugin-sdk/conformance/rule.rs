//! Answers with what it was given; see README.md.

use signalbox_sdk::{Value, prelude::*};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

reasons! {
    enum Why {
        Echoed = "echoed": "Echoed",
    }
}

struct Echo;

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

impl Rule for Echo {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(Plan::new()
            .attribute("number", Type::Number)
            .attribute("integer", Type::Integer)
            .attribute("text", Type::Text)
            .attribute("boolean", Type::Boolean)
            .attribute("instant", Type::Instant)
            .attribute("json", Type::Json)
            .attribute("any", Type::Any)
            .clock())
    }

    fn decide(_: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let text = contact.text("text");
        if text == Some("fail") {
            return Err("on purpose: é".to_owned());
        }
        let mut values = json!({
            "number": contact.number("number").map(bits),
            "integer": contact.integer("integer").map(|integer| integer.to_string()),
            "text": text,
            "boolean": contact.boolean("boolean"),
            "instant": contact.instant("instant").map(|instant| instant.as_ms().to_string()),
            "json": contact.value("json").map(member_x),
            "any": contact.value("any").map(any),
        });
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
    personalizer: Echo,
}
