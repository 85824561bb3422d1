//! Rules for Signalbox in Rust: a struct, a config, two functions and one macro.
//!
//! A rule decides who enters an email journey ([`TriggerVerdict`]), who is in an audience ([`SegmentVerdict`]) or
//! what a message says ([`PersonalizerVerdict`]). It runs in a sandbox and imports nothing: it names its inputs in
//! `plan`, receives exactly those in `decide`, and has no clock, no files, no network and no chance but what it
//! declared. So the same inputs give the same verdict for ever.
//!
//! ```
//! use signalbox_sdk::prelude::*;
//!
//! /// What the marketer fills in: titles and descriptions become the form.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// How much a contact must have spent in 90 days.
//!     #[schemars(title = "Threshold", range(min = 0.0))]
//!     threshold: f64,
//! }
//!
//! reasons! {
//!     enum Why {
//!         Over = "over": "Spent more than the threshold",
//!         Under = "under": "Spent less than the threshold",
//!         Nothing = "nothing": "Never bought anything",
//!     }
//! }
//!
//! struct BigSpender;
//!
//! impl Rule for BigSpender {
//!     type Config = Config;
//!     type Verdict = SegmentVerdict<Why>;
//!
//!     fn plan(_: &Config) -> Result<Plan, String> {
//!         let orders = Events::named("order_completed").within(Span::days(90));
//!         Ok(Plan::new().sum("spent", orders, "value"))
//!     }
//!
//!     fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
//!         Ok(match contact.number("spent") {
//!             None => SegmentVerdict::outside(Why::Nothing),
//!             Some(spent) if spent > config.threshold => SegmentVerdict::inside(Why::Over),
//!             Some(_) => SegmentVerdict::outside(Why::Under),
//!         })
//!     }
//!
//!     fn cases() -> Vec<Case> {
//!         let config = json!({ "threshold": 100 });
//!         vec![
//!             Case::new("spent more", config.clone())
//!                 .given("spent", 120.5)
//!                 .expect(json!({ "member": true, "reason": "over" })),
//!             Case::new("never bought", config)
//!                 .expect(json!({ "member": false, "reason": "nothing" })),
//!         ]
//!     }
//! }
//!
//! plugin! {
//!     name: "big_spender",
//!     version: env!("CARGO_PKG_VERSION"),
//!     title: "Big spenders",
//!     summary: "Contacts who spent more than a threshold in 90 days.",
//!     segment: BigSpender,
//! }
//!
//! // In the plugin's own tests, natively:
//! # fn main() {
//! use signalbox_sdk::testing::{Row, check_cases};
//! check_cases::<BigSpender>();
//! let verdict = Row::new().set("spent", 99.0).decide::<BigSpender>(r#"{ "threshold": 100 }"#);
//! assert_eq!(verdict, Ok(SegmentVerdict::outside(Why::Under)));
//! # }
//! ```
//!
//! The crate is a `cdylib` that depends on this one, on `serde` (with `derive`) and on `schemars` 1; `signalbox plugin build DIR` makes the component and `signalbox plugin check FILE` says
//! what it reads, runs its cases and shows what they cost.
//!
//! What to know:
//! - A missing value is `None`. It is never false and never 0; only a count is always there.
//! - Return an error for a contact that cannot be decided on. A panic is a trap and costs the whole batch.
//! - Nothing survives from one batch to the next, and no answer may depend on who else is in the batch.
//! - Windows ([`Events::within`]) are better than the clock: the host knows when a window's count changes.
#![deny(missing_docs)]

pub mod raw;

mod contact;
mod description;
mod plan;
mod plugin;
mod random;
mod rule;
mod time;
mod verdict;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub mod prelude;

pub use contact::{Batch, Column, Contact, KEY_BYTES_MAX, Value};
pub use description::{Case, Description};
pub use plan::{
    Condition, EventPattern, Events, FieldOf, FieldOrInstantOf, INPUT_NAME_BYTES_MAX, INPUTS_MAX,
    Input, OCCASIONS_MAX, Occasion, Operator, Plan, RecentOf, Source, TableRows, Type,
};
pub use random::Random;
pub use rule::Rule;
pub use time::{Instant, Span};
pub use verdict::{
    Arm, Enter, PersonalizerVerdict, Reason, Reasons, SegmentVerdict, TriggerVerdict, Verdict,
};

#[doc(hidden)]
pub mod glue {
    //! What the code that [`crate::plugin!`] makes calls; no part of the SDK's face.
    pub use crate::rule::{decide, plan};
}
