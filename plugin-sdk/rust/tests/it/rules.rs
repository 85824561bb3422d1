//! One rule of each kind, for the other tests.

use serde_json::{Map, Value as Json};
use signalbox_sdk::{PersonalizerVerdict, prelude::*};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Threshold {
    /// How much a contact must have spent.
    #[schemars(title = "Threshold", range(min = 0.0))]
    pub(crate) threshold: f64,
}

reasons! {
    /// For every rule here.
    pub(crate) enum Why {
        Yes = "yes": "It is so",
        No = "no": "It is not so",
    }
}

pub(crate) struct Welcome;

impl Rule for Welcome {
    type Config = Threshold;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Threshold) -> Result<Plan, String> {
        let large = Condition {
            field: "value".to_owned(),
            operator: Operator::Gte,
            value: config.threshold.into(),
        };
        Ok(Plan::new()
            .on_event(EventPattern::named("order_completed").with_conditions(&[large]))
            .on(Occasion::AttributeChanged("stage".to_owned()))
            .on(Occasion::SegmentEntered("vip".to_owned()))
            .on(Occasion::SegmentLeft("vip".to_owned()))
            .on(Occasion::TableRowChanged("prices".to_owned()))
            .on(Occasion::Start)
            .on_due()
            .occasion()
            .occurred_at()
            .arm_key()
            .clock()
            .seed()
            .event_field("order_id", Type::Any)
            .attribute("born_on", Type::Text)
            .input("is vip", Source::Segment("vip".to_owned()), Type::Boolean)
            .input("kept", Source::Kept("coupon".to_owned()), Type::Json)
            .count(
                "opens",
                Events::named("message_opened").within(Span::days(30)),
            )
            .sum(
                "spent",
                Events::named("order_completed").with_field("paid", true),
                "value",
            )
            .first("first", "order_completed")
            .last("last", "order_completed")
            .last_field("last value", "order_completed", "value", Type::Number)
            .recent("recent", "order_completed", 5))
    }

    fn decide(_: &Threshold, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        if contact.is_due() {
            return Ok(TriggerVerdict::enter_with(
                contact.text("arm_key").unwrap_or("?"),
                Why::Yes,
            ));
        }
        let Some(at) = contact.instant("occurred_at") else {
            return Ok(TriggerVerdict::nothing(Why::No));
        };
        let arm = Arm::new(at.plus(Span::hours(4)), "latest").cancelled_by(
            EventPattern::named("order_cancelled").with_conditions(&[Condition::eq("paid", true)]),
        );
        Ok(TriggerVerdict::arm(arm, Why::Yes))
    }

    fn cases() -> Vec<Case> {
        let config = json!({ "threshold": 50 });
        vec![
            Case::new("arms", config.clone())
                .given("occurred_at", "2026-01-01T00:00:00.25Z")
                .expect(json!({ "arm": { "at": "2026-01-01T04:00:00.25Z" }, "reason": "yes" })),
            Case::new("enters when due", config)
                .occasion(6)
                .given("arm_key", "k")
                .expect(json!({ "enter": { "key": "k" }, "arm": null })),
        ]
    }
}

pub(crate) struct Spender;

impl Rule for Spender {
    type Config = Threshold;
    type Verdict = SegmentVerdict<Why>;

    fn plan(_: &Threshold) -> Result<Plan, String> {
        Ok(Plan::new()
            .sum("spent", "order_completed", "value")
            .attribute("name", Type::Text)
            .attribute("tags", Type::Any)
            .clock())
    }

    fn decide(config: &Threshold, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        if contact
            .value("tags")
            .and_then(signalbox_sdk::Value::as_text)
            == Some("broken")
        {
            return Err("broken tags".to_owned());
        }
        let verdict = match contact.number("spent") {
            Some(spent) if spent > config.threshold => SegmentVerdict::inside(Why::Yes),
            _ => SegmentVerdict::outside(Why::No),
        };
        Ok(match contact.clock() {
            Some(now) => verdict.recheck_at(now.plus(Span::days(1))),
            None => verdict,
        })
    }

    fn cases() -> Vec<Case> {
        let config = json!({ "threshold": 50 });
        vec![
            Case::new("more", config.clone())
                .given("spent", 50.5)
                .given("clock", "2026-01-01T00:00:00Z")
                .expect(json!({ "member": true, "recheck_at": "2026-01-02T00:00:00Z" })),
            Case::new("nothing", config).expect(json!({
                "member": false, "reason": "no", "recheck_at": "2026-01-02T00:00:00Z",
            })),
        ]
    }
}

pub(crate) struct Greeting;

impl Rule for Greeting {
    type Config = Threshold;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(_: &Threshold) -> Result<Plan, String> {
        Ok(Plan::new().attribute("name", Type::Text))
    }

    fn decide(_: &Threshold, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let name = contact.text("name").unwrap_or("you");
        let values = Map::from_iter([("greeting".to_owned(), Json::from(format!("Hello {name}")))]);
        Ok(PersonalizerVerdict::new(&values, Why::Yes)
            .subject("Hello")
            .variant("short")
            .send_at(Instant::from_ms(0)))
    }

    fn cases() -> Vec<Case> {
        vec![
            Case::new("greets", json!({ "threshold": 0 }))
                .given("name", "Ada")
                .expect(json!({
                    "values": { "greeting": "Hello Ada" }, "subject": "Hello", "variant": "short",
                    "send_at": "1970-01-01T00:00:00Z", "reason": "yes",
                })),
        ]
    }
}

plugin! {
    name: "everything",
    version: "1.2.3",
    title: "One of each",
    summary: "For tests.",
    trigger: Welcome,
    segment: Spender,
    personalizer: Greeting,
}
