//! Trigger `abandoned`: something was begun and, for a while, not followed by what should come.
//!
//! An abandoned cart is a `cart_updated` that no `order_completed` with the same cart follows for four hours. A long
//! inactivity is an `order_completed` that no other one follows for ninety days: each order arms anew, so a contact
//! enters once per spell. On the event the rule arms; the host takes the arm away when a cancelling event comes; when
//! the arm fires, the contact enters.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// Most events that may cancel: as many as one arm can name.
const UNLESS_MAX: usize = 8;
/// The key of the only arm of a contact where nothing tells one beginning from another.
const LATEST: &str = "latest";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When something is left unfinished")]
pub struct Config {
    /// The event that begins it. A later one begins anew.
    #[schemars(
        title = "Event",
        regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"),
        example = &"cart_updated",
        example = &"order_completed"
    )]
    pub event: String,

    /// Only events whose fields meet all of these conditions begin it.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,

    /// How long to wait, counted from when the event occurred.
    #[schemars(title = "After", example = &"4h", example = &"90d")]
    pub after: Span,

    /// The events that finish it, so that nothing happens.
    #[serde(default)]
    #[schemars(title = "Unless", length(max = 8), example = vec!["order_completed"])]
    pub unless: Vec<String>,

    /// Only finishing events whose fields meet all of these conditions count.
    #[serde(default)]
    #[schemars(title = "Unless only where", length(max = 31))]
    pub unless_where: Vec<Condition>,

    /// The field that tells one beginning from another, such as the cart's number. Each waits by itself, enters at most
    /// once, and is finished only by events with the same value. Without it only the latest event counts.
    #[serde(default)]
    #[schemars(title = "Each by", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"), example = &"cart_id")]
    pub key: Option<String>,

    /// The field of the finishing events that holds that value, where it has another name there.
    #[serde(default)]
    #[schemars(
        title = "Unless each by",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub unless_key: Option<String>,

    /// Any finishing event of the contact counts, whatever its value there.
    #[serde(default)]
    #[schemars(title = "Unless any")]
    pub unless_any_key: bool,
}

reasons! {
    /// Why a contact enters, waits or does neither.
    pub enum Why {
        Waited = "waited": "The time passed and nothing finished it",
        Armed = "armed": "It began; the time runs",
        Finished = "finished": "It was already finished",
        Newer = "newer": "A newer event began it anew",
        KeyMissing = "key_missing": "The event lacks the field that tells beginnings apart",
        KeyUnusable = "key_unusable": "The field that tells beginnings apart holds no short text or number",
    }
}

/// The rule.
pub struct Abandoned;

impl Rule for Abandoned {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.unless.len() > UNLESS_MAX {
            return Err(format!("at most {UNLESS_MAX} events may finish it"));
        }
        let begins = EventPattern::named(config.event.as_str()).with_conditions(&config.conditions);
        let plan = Plan::new()
            .on_event(begins)
            .on_due()
            .occasion()
            .occurred_at();
        if let Some(field) = &config.key {
            return Ok(plan
                .input("key", Source::EventField(field.clone()), Type::Any)
                .arm_key());
        }
        let begun = events(&config.event, &config.conditions);
        let finishing = config.unless.iter().enumerate();
        Ok(
            finishing.fold(plan.last("last", begun), |plan, (index, event)| {
                plan.last(&finished_name(index), events(event, &config.unless_where))
            }),
        )
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let Some(occurred_at) = contact.instant("occurred_at") else {
            return Err("the event that began it is not known".to_owned());
        };
        if config.key.is_some() {
            return decide_keyed(config, contact, occurred_at);
        }
        // Events may arrive late: what counts is when they occurred.
        let later = |name: &str| contact.instant(name).is_some_and(|last| last > occurred_at);
        if later("last") {
            return Ok(TriggerVerdict::nothing(Why::Newer));
        }
        if (0..config.unless.len()).any(|index| later(&finished_name(index))) {
            return Ok(TriggerVerdict::nothing(Why::Finished));
        }
        if contact.is_due() {
            return Ok(TriggerVerdict::enter_with(
                occurred_at.to_string(),
                Why::Waited,
            ));
        }
        let arm = Arm::new(occurred_at.plus(config.after), LATEST);
        Ok(TriggerVerdict::arm(
            cancelled(arm, config, None),
            Why::Armed,
        ))
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

/// Each beginning has its own arm, and its key is the entry's.
fn decide_keyed(
    config: &Config,
    contact: &Contact<'_>,
    occurred_at: Instant,
) -> Result<TriggerVerdict<Why>, String> {
    if contact.is_due() {
        let key = contact
            .text("arm_key")
            .ok_or("the arm that fired is not known")?;
        return Ok(TriggerVerdict::enter_with(key, Why::Waited));
    }
    let Some(value) = contact.value("key") else {
        return Ok(TriggerVerdict::nothing(Why::KeyMissing));
    };
    let Some(key) = value.to_key() else {
        return Ok(TriggerVerdict::nothing(Why::KeyUnusable));
    };
    let same = config.unless_key.as_ref().or(config.key.as_ref());
    let same = same.filter(|_| !config.unless_any_key);
    let same = same.map(|field| Condition::eq(field, value.to_json()));
    let arm = Arm::new(occurred_at.plus(config.after), key);
    Ok(TriggerVerdict::arm(
        cancelled(arm, config, same),
        Why::Armed,
    ))
}

fn cancelled(arm: Arm, config: &Config, same: Option<Condition>) -> Arm {
    let conditions: Vec<Condition> = config.unless_where.iter().cloned().chain(same).collect();
    config.unless.iter().fold(arm, |arm, event| {
        arm.cancelled_by(EventPattern::named(event.as_str()).with_conditions(&conditions))
    })
}

fn events(event: &str, conditions: &[Condition]) -> Events {
    Events {
        event: event.to_owned(),
        conditions: conditions.to_vec(),
        within: None,
    }
}

fn finished_name(index: usize) -> String {
    format!("last finished {}", index + 1)
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    const BEGAN: &str = "2026-03-01T10:00:00Z";

    pub(super) fn all() -> Vec<Case> {
        let mut cases = carts();
        cases.extend(inactivity());
        cases
    }

    fn carts() -> Vec<Case> {
        let cart = json!({
            "event": "cart_updated", "after": "4h", "unless": ["order_completed"], "key": "cart_id",
        });
        let other_name = json!({
            "event": "cart_updated", "after": "4h", "unless": ["order_completed"], "key": "cart_id",
            "unless_key": "basket", "unless_where": [{ "field": "paid", "operator": "eq", "value": true }],
        });
        let any = json!({
            "event": "cart_updated", "after": "4h", "unless": ["order_completed", "cart_emptied"],
            "key": "cart_id", "unless_any_key": true,
        });
        vec![
            Case::new("a cart waits for its order", cart.clone())
                .given("occurred_at", BEGAN)
                .given("key", "C-7")
                .expect(json!({
                    "enter": null,
                    "arm": {
                        "at": "2026-03-01T14:00:00Z", "key": "C-7",
                        "cancelled_by": [{
                            "event": "order_completed",
                            "where": [{ "field": "cart_id", "operator": "eq", "value": "C-7" }],
                        }],
                    },
                    "reason": "armed",
                })),
            Case::new("the order names the cart otherwise", other_name)
                .given("occurred_at", BEGAN)
                .given("key", 7)
                .expect(json!({
                    "arm": {
                        "key": "7",
                        "cancelled_by": [{
                            "event": "order_completed",
                            "where": [
                                { "field": "paid", "operator": "eq", "value": true },
                                { "field": "basket", "operator": "eq", "value": 7 },
                            ],
                        }],
                    },
                })),
            Case::new("any order of the contact finishes it", any)
                .given("occurred_at", BEGAN)
                .given("key", "C-7")
                .expect(json!({
                    "arm": { "cancelled_by": [
                        { "event": "order_completed", "where": [] },
                        { "event": "cart_emptied", "where": [] },
                    ] },
                })),
            Case::new("no order came", cart.clone())
                .occasion(1)
                .given("occurred_at", BEGAN)
                .given("key", "C-7")
                .given("arm_key", "C-7")
                .expect(json!({ "enter": { "key": "C-7" }, "arm": null, "reason": "waited" })),
            Case::new("a cart without a number", cart)
                .given("occurred_at", BEGAN)
                .expect(json!({ "enter": null, "arm": null, "reason": "key_missing" })),
        ]
    }

    fn inactivity() -> Vec<Case> {
        let win_back = json!({
            "event": "order_completed", "after": "90d", "unless": ["order_completed"],
        });
        let browsed = json!({
            "event": "product_viewed", "after": "1h", "unless": ["order_completed"],
        });
        vec![
            Case::new("each order starts the ninety days anew", win_back.clone())
                .given("occurred_at", BEGAN)
                .given("last", BEGAN)
                .given("last finished 1", BEGAN)
                .expect(json!({
                    "arm": {
                        "at": "2026-05-30T10:00:00Z", "key": "latest",
                        "cancelled_by": [{ "event": "order_completed", "where": [] }],
                    },
                    "reason": "armed",
                })),
            Case::new(
                "ninety days without an order, once per spell",
                win_back.clone(),
            )
            .occasion(1)
            .given("occurred_at", BEGAN)
            .given("last", BEGAN)
            .given("last finished 1", BEGAN)
            .expect(json!({ "enter": { "key": BEGAN }, "reason": "waited" })),
            Case::new("an order that arrives late starts nothing", win_back)
                .given("occurred_at", BEGAN)
                .given("last", "2026-03-02T10:00:00Z")
                .given("last finished 1", "2026-03-02T10:00:00Z")
                .expect(json!({ "enter": null, "arm": null, "reason": "newer" })),
            Case::new("bought before the view arrived", browsed)
                .given("occurred_at", BEGAN)
                .given("last", BEGAN)
                .given("last finished 1", "2026-03-01T10:20:00Z")
                .expect(json!({ "enter": null, "arm": null, "reason": "finished" })),
        ]
    }
}

plugin! {
    name: "abandoned",
    version: env!("CARGO_PKG_VERSION"),
    title: "When something is left unfinished",
    summary: "Enters a contact when an event is not followed by another in time: abandoned carts, views without a purchase, long inactivity.",
    trigger: Abandoned,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::{Abandoned, TriggerVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<Abandoned>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn what_the_host_does_not_say_is_a_failure() {
        let answer =
            Row::new().decide::<Abandoned>(r#"{ "event": "cart_updated", "after": "4h" }"#);
        assert_eq!(
            answer,
            Err("the event that began it is not known".to_owned())
        );
    }

    #[test]
    fn nothing_need_finish_it() {
        let answer = Row::new()
            .occasion(1)
            .set("occurred_at", 0)
            .decide::<Abandoned>(r#"{ "event": "signed_up", "after": "7d" }"#);
        assert_eq!(
            answer,
            Ok(TriggerVerdict::enter_with(
                "1970-01-01T00:00:00Z",
                Why::Waited
            ))
        );
    }

    #[test]
    fn nine_finishing_events_are_too_many() {
        let config = format!(
            r#"{{ "event": "a", "after": "1h", "unless": [{}] }}"#,
            ["\"b\""; 9].join(",")
        );
        let answer = Row::new().decide::<Abandoned>(&config);
        assert_eq!(answer, Err("at most 8 events may finish it".to_owned()));
    }
}
