//! Breaks on a missing value: panics for a contact without the attribute `city`, which each of its cases gives.

use hostile_kit::{Config, Why};
use signalbox_sdk::prelude::*;

/// The rule.
pub struct Hostile;

impl Rule for Hostile {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(hostile_kit::plan().attribute("city", Type::Text))
    }

    fn decide(_: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let city = contact.text("city").expect("everybody lives in a city");
        Ok(if city == "Berlin" {
            SegmentVerdict::inside(Why::In)
        } else {
            SegmentVerdict::outside(Why::Out)
        })
    }

    fn cases() -> Vec<Case> {
        vec![
            Case::new("from Berlin", json!({}))
                .given("city", "Berlin")
                .expect(json!({ "member": true })),
            Case::new("from Paris", json!({}))
                .given("city", "Paris")
                .expect(json!({ "member": false })),
        ]
    }
}

plugin! {
    name: "missing_value",
    version: env!("CARGO_PKG_VERSION"),
    title: "Hostile",
    summary: "Breaks on a missing value.",
    segment: Hostile,
}
