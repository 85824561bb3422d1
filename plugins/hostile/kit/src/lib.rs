//! What hostile segments share: they behave until a contact with the attribute `attack` comes along.
//!
//! So they pass every check at load, and the server must contain them while it serves: a batch with an attacking
//! contact fails, the others' answers stand.
#![deny(missing_docs)]

use signalbox_sdk::{Batch, prelude::*};

/// Nothing to choose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// What a segment answers for a batch.
pub type Answers = Vec<Result<SegmentVerdict<Why>, String>>;

/// Two honest reasons and one that nobody declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The contact is in.
    In,
    /// The contact is out.
    Out,
    /// An index far beyond the reasons.
    Undeclared,
}

impl Reasons for Why {
    const ALL: &'static [signalbox_sdk::Reason] = &[
        signalbox_sdk::Reason {
            code: "in",
            title: "In",
        },
        signalbox_sdk::Reason {
            code: "out",
            title: "Out",
        },
    ];

    fn index(self) -> u32 {
        match self {
            Self::In => 0,
            Self::Out => 1,
            Self::Undeclared => u32::MAX,
        }
    }
}

/// The only input: the attribute `attack`.
pub fn plan() -> Plan {
    Plan::new().attribute("attack", Type::Boolean)
}

/// The honest answer: everybody is out.
pub fn honest(batch: &Batch) -> Answers {
    (0..batch.rows())
        .map(|_| Ok(SegmentVerdict::outside(Why::Out)))
        .collect()
}

/// Whether an attacking contact is in the batch.
pub fn is_attacked(batch: &Batch) -> bool {
    batch
        .each(|contact| Ok(contact.boolean("attack")))
        .contains(&Ok(Some(true)))
}

/// An honest case, and one that shows that `attack: false` is harmless.
pub fn cases() -> Vec<Case> {
    let out = || json!({ "member": false, "reason": "out" });
    vec![
        Case::new("nothing known", json!({})).expect(out()),
        Case::new("no attack", json!({}))
            .given("attack", false)
            .expect(out()),
    ]
}

/// Makes a plugin with a segment that answers a batch by this function.
#[macro_export]
macro_rules! segment_that {
    ($name:literal, $summary:literal, $answer:path) => {
        /// The rule.
        pub struct Hostile;

        impl signalbox_sdk::Rule for Hostile {
            type Config = $crate::Config;
            type Verdict = signalbox_sdk::SegmentVerdict<$crate::Why>;

            fn plan(_: &Self::Config) -> Result<signalbox_sdk::Plan, String> {
                Ok($crate::plan())
            }

            fn decide(
                _: &Self::Config,
                _: &signalbox_sdk::Contact<'_>,
            ) -> Result<Self::Verdict, String> {
                Ok(signalbox_sdk::SegmentVerdict::outside($crate::Why::Out))
            }

            fn decide_batch(
                _: &Self::Config,
                batch: &signalbox_sdk::Batch,
            ) -> Vec<Result<Self::Verdict, String>> {
                $answer(batch)
            }

            fn cases() -> Vec<signalbox_sdk::Case> {
                $crate::cases()
            }
        }

        signalbox_sdk::plugin! {
            name: $name,
            version: env!("CARGO_PKG_VERSION"),
            title: "Hostile",
            summary: $summary,
            segment: Hostile,
        }
    };
}
