//! Declares a case that does not come out as it says.

use hostile_kit::{Config, Why};
use signalbox_sdk::prelude::*;

/// The rule.
pub struct Hostile;

impl Rule for Hostile {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(hostile_kit::plan())
    }

    fn decide(_: &Config, _: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        Ok(SegmentVerdict::outside(Why::Out))
    }

    fn cases() -> Vec<Case> {
        vec![Case::new("everybody is in", json!({})).expect(json!({ "member": true }))]
    }
}

plugin! {
    name: "lying_case",
    version: env!("CARGO_PKG_VERSION"),
    title: "Hostile",
    summary: "Says of itself what is not so.",
    segment: Hostile,
}
