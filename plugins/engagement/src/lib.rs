//! Segment `engagement`: active, cooling, lapsed or never engaged, by opens, clicks and purchases.
//!
//! It reads counts within windows and no clock, so the host knows by itself when a contact crosses from one stage to
//! the next and asks again then.
#![deny(missing_docs)]

use signalbox_sdk::{Value, prelude::*};

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Engagement")]
pub struct Config {
    /// The stages that are in the segment.
    #[serde(default = "default_stages")]
    #[schemars(title = "Stages", length(min = 1))]
    pub stages: Vec<Stage>,

    /// Who engaged in this time is active.
    #[serde(default = "default_active")]
    #[schemars(title = "Active within")]
    pub active_within: Span,

    /// Who engaged in this time, but is not active, is cooling; who engaged only before is lapsed.
    #[serde(default = "default_cooling")]
    #[schemars(title = "Cooling within")]
    pub cooling_within: Span,

    /// How many opened messages in the time show that a contact is engaged; 0 looks at no opens.
    #[serde(default = "default_least")]
    #[schemars(title = "Opens", range(min = 0, max = 1000))]
    pub opens_min: u32,

    /// How many clicks in the time show that a contact is engaged; 0 looks at no clicks.
    #[serde(default = "default_least")]
    #[schemars(title = "Clicks", range(min = 0, max = 1000))]
    pub clicks_min: u32,

    /// How many purchases in the time show that a contact is engaged; 0 looks at no purchases.
    #[serde(default = "default_least")]
    #[schemars(title = "Purchases", range(min = 0, max = 1000))]
    pub purchases_min: u32,

    /// The event that is a purchase.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub purchase_event: String,
}

/// How engaged a contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Engaged lately.
    Active,
    /// Engaged not so lately.
    Cooling,
    /// Engaged once, but not lately.
    Lapsed,
    /// Never engaged so far.
    Never,
}

reasons! {
    /// The stage, which is why a contact is in or out.
    pub enum Why {
        Active = "active": "Engaged lately",
        Cooling = "cooling": "Engaged, but not lately",
        Lapsed = "lapsed": "Engaged only long ago",
        Never = "never": "Never engaged so far",
    }
}

/// The rule.
pub struct Engagement;

/// One way to engage: its name in inputs, its event, and how many of them count.
struct Signal<'a> {
    name: &'static str,
    event: &'a str,
    least: u32,
}

impl Config {
    fn signals(&self) -> impl Iterator<Item = Signal<'_>> {
        let signal = |name, event, least| Signal { name, event, least };
        [
            signal("opens", "message_opened", self.opens_min),
            signal("clicks", "message_clicked", self.clicks_min),
            signal(
                "purchases",
                self.purchase_event.as_str(),
                self.purchases_min,
            ),
        ]
        .into_iter()
        .filter(|signal| signal.least > 0)
    }
}

impl Rule for Engagement {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.active_within >= config.cooling_within {
            return Err("the time for cooling must be longer than the time for active".to_owned());
        }
        if config.signals().next().is_none() {
            return Err(
                "opens, clicks and purchases are all 0: nothing shows engagement".to_owned(),
            );
        }
        Ok(config.signals().fold(Plan::new(), |plan, signal| {
            let events = Events::named(signal.event);
            plan.count(
                &format!("{} while active", signal.name),
                events.clone().within(config.active_within),
            )
            .count(
                &format!("{} while cooling", signal.name),
                events.clone().within(config.cooling_within),
            )
            .count(&format!("{} ever", signal.name), events)
        }))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let mut why = Why::Never;
        for (index, signal) in config.signals().enumerate() {
            // Three counts for each signal, in the order of the plan.
            let reached = |offset: usize| {
                let count = contact.at(index * 3 + offset).and_then(Value::as_number);
                count.is_some_and(|count| count >= f64::from(signal.least))
            };
            if reached(0) {
                why = Why::Active;
                break;
            }
            why = match why {
                Why::Never | Why::Lapsed if reached(1) => Why::Cooling,
                Why::Never if reached(2) => Why::Lapsed,
                other => other,
            };
        }
        let stage = match why {
            Why::Active => Stage::Active,
            Why::Cooling => Stage::Cooling,
            Why::Lapsed => Stage::Lapsed,
            Why::Never => Stage::Never,
        };
        Ok(SegmentVerdict {
            member: config.stages.contains(&stage),
            reason: why,
            recheck_at: None,
        })
    }

    fn cases() -> Vec<Case> {
        let active = json!({});
        let win_back = json!({
            "stages": ["cooling", "lapsed"], "active_within": "14d", "cooling_within": "60d",
        });
        let clickers = json!({
            "stages": ["active"], "opens_min": 0, "clicks_min": 3, "purchases_min": 0,
        });
        vec![
            Case::new("opened a message this month", active.clone())
                .given("opens while active", 1)
                .given("opens while cooling", 1)
                .given("opens ever", 1)
                .expect(json!({ "member": true, "reason": "active" })),
            Case::new("bought within the longer time only", active.clone())
                .given("purchases while cooling", 2)
                .given("purchases ever", 5)
                .expect(json!({ "member": false, "reason": "cooling" })),
            Case::new("the freshest signal counts", active.clone())
                .given("opens ever", 9)
                .given("clicks while cooling", 1)
                .given("clicks ever", 1)
                .expect(json!({ "member": false, "reason": "cooling" })),
            Case::new("never did anything", active)
                .expect(json!({ "member": false, "reason": "never" })),
            Case::new("cooling contacts are to be won back", win_back.clone())
                .given("clicks while cooling", 1)
                .given("clicks ever", 1)
                .expect(json!({ "member": true, "reason": "cooling" })),
            Case::new("lapsed contacts too", win_back.clone())
                .given("opens ever", 1)
                .expect(json!({ "member": true, "reason": "lapsed" })),
            Case::new("but not those who never engaged", win_back)
                .expect(json!({ "member": false, "reason": "never" })),
            Case::new("two clicks are not three", clickers)
                .given("clicks while active", 2)
                .given("clicks while cooling", 2)
                .given("clicks ever", 3)
                .expect(json!({ "member": false, "reason": "lapsed" })),
        ]
    }
}

fn default_stages() -> Vec<Stage> {
    vec![Stage::Active]
}

fn default_active() -> Span {
    Span::days(30)
}

fn default_cooling() -> Span {
    Span::days(90)
}

fn default_least() -> u32 {
    1
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

plugin! {
    name: "engagement",
    version: env!("CARGO_PKG_VERSION"),
    title: "Engagement",
    summary: "Contacts who are active, cooling, lapsed or never engaged, by their opens, clicks and purchases.",
    segment: Engagement,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::Engagement;

    #[test]
    fn cases() {
        check_cases::<Engagement>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn a_config_that_says_nothing_is_refused() {
        let refused = |config: &str| Row::new().decide::<Engagement>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "active_within": "90d" }"#),
            "the time for cooling must be longer than the time for active"
        );
        assert_eq!(
            refused(r#"{ "opens_min": 0, "clicks_min": 0, "purchases_min": 0 }"#),
            "opens, clicks and purchases are all 0: nothing shows engagement"
        );
    }
}
