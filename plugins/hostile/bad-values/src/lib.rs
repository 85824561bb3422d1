//! A personalizer whose values are no JSON when it is asked about an attacking contact.

use hostile_kit::{Config, Why};
use signalbox_sdk::prelude::*;

/// The rule.
pub struct Hostile;

impl Rule for Hostile {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(hostile_kit::plan())
    }

    fn decide(_: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        Ok(if contact.boolean("attack") == Some(true) {
            PersonalizerVerdict::from_json("{\"offer\":", Why::In).subject("a\r\nBcc: b@c.d")
        } else {
            PersonalizerVerdict::from_json("{}", Why::Out)
        })
    }

    fn cases() -> Vec<Case> {
        vec![Case::new("no attack", json!({})).expect(json!({ "values": {}, "reason": "out" }))]
    }
}

plugin! {
    name: "bad_values",
    version: env!("CARGO_PKG_VERSION"),
    title: "Hostile",
    summary: "Answers with broken JSON and a subject of two lines on an attack.",
    personalizer: Hostile,
}
