//! Contacts who spent more than a threshold in 90 days.

use signalbox_sdk::prelude::*;

/// What the marketer fills in: titles and descriptions become the form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How much a contact must have spent in 90 days.
    #[schemars(title = "Threshold", range(min = 0.0))]
    threshold: f64,
}

reasons! {
    enum Why {
        Over = "over": "Spent more than the threshold",
        Under = "under": "Spent less than the threshold",
        Nothing = "nothing": "Never bought anything",
    }
}

struct BigSpender;

impl Rule for BigSpender {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    // Which values it wants to see. It is given these and nothing else.
    fn plan(_: &Config) -> Result<Plan, String> {
        let orders = Events::named("order_completed").within(Span::days(90));
        Ok(Plan::new().sum("spent", orders, "value"))
    }

    // What it says about one contact.
    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        Ok(match contact.number("spent") {
            None => SegmentVerdict::outside(Why::Nothing),
            Some(spent) if spent > config.threshold => SegmentVerdict::inside(Why::Over),
            Some(_) => SegmentVerdict::outside(Why::Under),
        })
    }

    // Examples: a version whose examples come out otherwise never serves.
    fn cases() -> Vec<Case> {
        let config = json!({ "threshold": 100 });
        vec![
            Case::new("spent more", config.clone())
                .given("spent", 120.5)
                .expect(json!({ "member": true, "reason": "over" })),
            Case::new("never bought", config)
                .expect(json!({ "member": false, "reason": "nothing" })),
        ]
    }
}

plugin! {
    name: "big_spender",
    version: "1.0.0",
    title: "Big spenders",
    summary: "Contacts who spent more than a threshold in 90 days.",
    segment: BigSpender,
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::check_cases;

    #[test]
    fn the_cases_come_out_as_they_say() {
        check_cases::<super::BigSpender>();
    }
}
