//! Segment `lifecycle`: the stage a contact is in, from first contact to faithful buyer.
//!
//! Seven stages, each contact in exactly one. Three are in motion and last only a while: `push` (about to buy),
//! `confirm` (has just bought), `deliver` (the purchase is on its way); of these the one that happened last counts,
//! and at the same instant the later stage. Where nothing is in motion a buyer is in `maintain`, and anyone else in
//! `deepen` (interested more than once), `explore` (looked around) or `contact` (did nothing yet). What shows each
//! stage is declared by events, counts and rolling windows; no clock is read, so the host knows when a stage ends.
//!
//! To gate mail by stage, use it as the workflow's audience or in a branch.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// Most signals of one stage.
const SIGNALS_MAX: usize = 8;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Lifecycle stage")]
pub struct Config {
    /// The stages that are in the segment.
    #[schemars(title = "Stages", length(min = 1, max = 7))]
    pub stages: Vec<Stage>,

    /// What shows that a contact looked around; any of these will do.
    #[serde(default = "default_explore")]
    #[schemars(title = "Explore", length(max = 8))]
    pub explore: Vec<Interest>,

    /// What shows a deeper interest; any of these will do.
    #[serde(default = "default_deepen")]
    #[schemars(title = "Deepen", length(max = 8))]
    pub deepen: Vec<Interest>,

    /// What shows that a contact is about to buy; any of these will do.
    #[serde(default = "default_push")]
    #[schemars(title = "Push", length(max = 8))]
    pub push: Vec<Motion>,

    /// What shows that a contact has just bought; any of these will do.
    #[serde(default = "default_confirm")]
    #[schemars(title = "Confirm", length(max = 8))]
    pub confirm: Vec<Motion>,

    /// What shows that a purchase is on its way; any of these will do.
    #[serde(default = "default_deliver")]
    #[schemars(title = "Deliver", length(max = 8))]
    pub deliver: Vec<Motion>,

    /// The event that is a purchase: who ever made one is a buyer.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub purchase_event: String,
}

/// A stage. Each contact is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Known, but did nothing yet.
    Contact,
    /// Looked around.
    Explore,
    /// Interested more than once.
    Deepen,
    /// About to buy.
    Push,
    /// Has just bought.
    Confirm,
    /// The purchase is on its way.
    Deliver,
    /// Bought before; nothing is under way.
    Maintain,
}

/// Events that show an interest when there are enough of them.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,
    /// How many of them there must be.
    #[serde(default = "default_at_least")]
    #[schemars(title = "At least", range(min = 1, max = 1000))]
    pub at_least: u32,
    /// Within how long.
    #[schemars(title = "Within")]
    pub within: Span,
}

/// An event that sets something in motion, and how long that lasts.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,
    /// How long it lasts after the event.
    #[schemars(title = "Lasts")]
    pub lasts: Span,
}

reasons! {
    /// The stage, which is why a contact is in or out.
    pub enum Why {
        Contact = "contact": "Known, but did nothing yet",
        Explore = "explore": "Looked around",
        Deepen = "deepen": "Interested more than once",
        Push = "push": "About to buy",
        Confirm = "confirm": "Has just bought",
        Deliver = "deliver": "The purchase is on its way",
        Maintain = "maintain": "Bought before; nothing is under way",
    }
}

/// The rule.
pub struct Lifecycle;

impl Config {
    /// In motion, the earlier stage first.
    fn motions(&self) -> [(Stage, &[Motion]); 3] {
        [
            (Stage::Push, &self.push),
            (Stage::Confirm, &self.confirm),
            (Stage::Deliver, &self.deliver),
        ]
    }

    fn stage(&self, contact: &Contact<'_>) -> Stage {
        let mut newest: Option<(Instant, Stage)> = None;
        for (stage, motions) in self.motions() {
            for motion in motions {
                let Some(at) = contact.instant(&motion.input_name(stage)) else {
                    continue;
                };
                if newest.is_none_or(|(best, _)| at >= best) {
                    newest = Some((at, stage));
                }
            }
        }
        if let Some((_, stage)) = newest {
            return stage;
        }
        let shown = |stage: Stage, interests: &[Interest]| {
            interests.iter().any(|interest| {
                contact.count(&interest.input_name(stage)) >= i64::from(interest.at_least)
            })
        };
        if contact.count("purchases ever") > 0 {
            Stage::Maintain
        } else if shown(Stage::Deepen, &self.deepen) {
            Stage::Deepen
        } else if shown(Stage::Explore, &self.explore) {
            Stage::Explore
        } else {
            Stage::Contact
        }
    }
}

impl Stage {
    fn name(self) -> &'static str {
        Why::from(self).code()
    }
}

impl From<Stage> for Why {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Contact => Self::Contact,
            Stage::Explore => Self::Explore,
            Stage::Deepen => Self::Deepen,
            Stage::Push => Self::Push,
            Stage::Confirm => Self::Confirm,
            Stage::Deliver => Self::Deliver,
            Stage::Maintain => Self::Maintain,
        }
    }
}

impl Interest {
    fn new(event: &str, at_least: u32, days: u32) -> Self {
        Self {
            event: event.to_owned(),
            at_least,
            within: Span::days(days),
        }
    }

    fn input_name(&self, stage: Stage) -> String {
        format!("{}: {} within {}", stage.name(), self.event, self.within)
    }
}

impl Motion {
    fn new(event: &str, days: u32) -> Self {
        Self {
            event: event.to_owned(),
            lasts: Span::days(days),
        }
    }

    fn input_name(&self, stage: Stage) -> String {
        format!(
            "{}: last {} within {}",
            stage.name(),
            self.event,
            self.lasts
        )
    }
}

impl Rule for Lifecycle {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let mut plan = Plan::new();
        for (stage, motions) in config.motions() {
            check_length(stage, motions.len())?;
            for motion in motions {
                let events = Events::named(motion.event.as_str()).within(motion.lasts);
                plan = plan.last(&motion.input_name(stage), events);
            }
        }
        plan = plan.count("purchases ever", config.purchase_event.as_str());
        for (stage, interests) in [
            (Stage::Deepen, &config.deepen),
            (Stage::Explore, &config.explore),
        ] {
            check_length(stage, interests.len())?;
            for interest in interests {
                let events = Events::named(interest.event.as_str()).within(interest.within);
                plan = plan.count(&interest.input_name(stage), events);
            }
        }
        Ok(plan)
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let stage = config.stage(contact);
        Ok(SegmentVerdict {
            member: config.stages.contains(&stage),
            reason: stage.into(),
            recheck_at: None,
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn check_length(stage: Stage, length: usize) -> Result<(), String> {
    if length > SIGNALS_MAX {
        return Err(format!(
            "the stage {} is shown by {length} events, at most {SIGNALS_MAX} are allowed",
            stage.name()
        ));
    }
    Ok(())
}

fn default_explore() -> Vec<Interest> {
    vec![
        Interest::new("product_viewed", 1, 90),
        Interest::new("message_opened", 1, 90),
    ]
}

fn default_deepen() -> Vec<Interest> {
    vec![
        Interest::new("product_viewed", 3, 30),
        Interest::new("message_clicked", 1, 30),
    ]
}

fn default_push() -> Vec<Motion> {
    vec![
        Motion::new("cart_updated", 3),
        Motion::new("checkout_started", 3),
    ]
}

fn default_confirm() -> Vec<Motion> {
    vec![Motion::new("order_completed", 3)]
}

fn default_deliver() -> Vec<Motion> {
    vec![Motion::new("order_shipped", 14)]
}

fn default_at_least() -> u32 {
    1
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    const CART: &str = "push: last cart_updated within 3d";
    const ORDER: &str = "confirm: last order_completed within 3d";
    const SHIPPED: &str = "deliver: last order_shipped within 14d";

    pub(super) fn all() -> Vec<Case> {
        let mut cases = buyers();
        cases.extend(prospects());
        cases
    }

    fn buyers() -> Vec<Case> {
        let service = json!({ "stages": ["confirm", "deliver"] });
        let selling = json!({ "stages": ["push", "maintain"] });
        vec![
            Case::new("ordered after filling a cart", service.clone())
                .given(CART, "2025-12-30T10:00:00Z")
                .given(ORDER, "2025-12-30T10:05:00Z")
                .given("purchases ever", 1)
                .expect(json!({ "member": true, "reason": "confirm" })),
            Case::new("the parcel left", service.clone())
                .given(ORDER, "2025-12-30T10:05:00Z")
                .given(SHIPPED, "2025-12-31T08:00:00Z")
                .given("purchases ever", 1)
                .expect(json!({ "member": true, "reason": "deliver" })),
            Case::new(
                "at the same instant the later stage counts",
                service.clone(),
            )
            .given(ORDER, "2025-12-30T10:05:00Z")
            .given(SHIPPED, "2025-12-30T10:05:00Z")
            .given("purchases ever", 1)
            .expect(json!({ "member": true, "reason": "deliver" })),
            Case::new("fills a new cart while a parcel is on its way", service)
                .given(SHIPPED, "2025-12-28T08:00:00Z")
                .given(CART, "2025-12-31T10:00:00Z")
                .given("purchases ever", 4)
                .expect(json!({ "member": false, "reason": "push" })),
            Case::new("a buyer at rest", selling.clone())
                .given("purchases ever", 1)
                .given("deepen: product_viewed within 30d", 20)
                .expect(json!({ "member": true, "reason": "maintain" })),
            Case::new("about to buy for the first time", selling)
                .given(
                    "push: last checkout_started within 3d",
                    "2025-12-31T10:00:00Z",
                )
                .expect(json!({ "member": true, "reason": "push" })),
        ]
    }

    fn prospects() -> Vec<Case> {
        let early = json!({ "stages": ["contact", "explore"] });
        let own = json!({
            "stages": ["deepen"],
            "explore": [],
            "deepen": [{ "event": "webinar_attended", "at_least": 2, "within": "60d" }],
        });
        vec![
            Case::new("did nothing yet", early.clone())
                .expect(json!({ "member": true, "reason": "contact" })),
            Case::new("looked at two products", early.clone())
                .given("deepen: product_viewed within 30d", 2)
                .given("explore: product_viewed within 90d", 2)
                .expect(json!({ "member": true, "reason": "explore" })),
            Case::new("looked at a third", early)
                .given("deepen: product_viewed within 30d", 3)
                .given("explore: product_viewed within 90d", 3)
                .expect(json!({ "member": false, "reason": "deepen" })),
            Case::new("events of one's own", own.clone())
                .given("deepen: webinar_attended within 60d", 2)
                .expect(json!({ "member": true, "reason": "deepen" })),
            Case::new("one is not two", own)
                .given("deepen: webinar_attended within 60d", 1)
                .expect(json!({ "member": false, "reason": "contact" })),
        ]
    }
}

plugin! {
    name: "lifecycle",
    version: env!("CARGO_PKG_VERSION"),
    title: "Lifecycle stage",
    summary: "Contacts by their stage: contact, explore, deepen, push, confirm, deliver or maintain.",
    segment: Lifecycle,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{Lifecycle, Reasons, Why};

    const STAGES: [&str; 7] = [
        "contact", "explore", "deepen", "push", "confirm", "deliver", "maintain",
    ];

    #[test]
    fn cases() {
        check_cases::<Lifecycle>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// Whatever is known of a contact, exactly one of the seven segments of one stage has them.
    #[test]
    fn every_contact_is_in_exactly_one_stage() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 7];
        for _ in 0..500 {
            let mut row = Row::new().set("purchases ever", random.below(2));
            for name in [
                "push: last cart_updated within 3d",
                "confirm: last order_completed within 3d",
                "deliver: last order_shipped within 14d",
            ] {
                if random.below(3) == 0 {
                    row = row.set(name, random.below(1_000));
                }
            }
            for name in [
                "deepen: product_viewed within 30d",
                "explore: message_opened within 90d",
            ] {
                row = row.set(name, random.below(5));
            }
            let stages_in: Vec<usize> = (0..7)
                .filter(|index| {
                    let config = format!(r#"{{ "stages": ["{}"] }}"#, STAGES[*index]);
                    let verdict = row.clone().decide::<Lifecycle>(&config);
                    let verdict = verdict.expect("a verdict");
                    assert_eq!(verdict.member, verdict.reason.code() == STAGES[*index]);
                    verdict.member
                })
                .collect();
            assert_eq!(stages_in.len(), 1, "{row:?}");
            seen[stages_in[0]] += 1;
        }
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }

    #[test]
    fn reasons_are_the_stages() {
        let codes: Vec<&str> = Why::ALL.iter().map(|reason| reason.code).collect();
        assert_eq!(codes, STAGES);
    }

    #[test]
    fn the_same_signal_twice_is_refused() {
        let config = r#"{ "stages": ["push"], "push": [
            { "event": "cart_updated", "lasts": "3d" }, { "event": "cart_updated", "lasts": "3d" }
        ] }"#;
        assert_eq!(
            Row::new().decide::<Lifecycle>(config).unwrap_err(),
            "two inputs are named \"push: last cart_updated within 3d\""
        );
    }
}
