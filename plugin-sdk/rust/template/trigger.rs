//! Enters a contact when a cart is left alone: some hours after it changed, unless an order came first.

use signalbox_sdk::prelude::*;

/// What the marketer fills in: titles and descriptions become the form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How long a cart must be left alone.
    #[schemars(title = "Hours", range(min = 1, max = 720))]
    hours: u32,
}

reasons! {
    enum Why {
        Waiting = "waiting": "Waits whether the order follows",
        Left = "left": "Left a cart",
    }
}

struct LeftCart;

impl Rule for LeftCart {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    // Which values it wants to see, and on what it is asked. It is given these and nothing else.
    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(Plan::new()
            .occasion()
            .occurred_at()
            .on_event("cart_updated")
            .on_due())
    }

    // What it says about one contact: to be asked again when the time is over, unless an order takes the arm away.
    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        if contact.is_due() {
            return Ok(TriggerVerdict::enter(Why::Left));
        }
        let changed_at = contact.instant("occurred_at");
        let changed_at = changed_at.ok_or("the event has no instant")?;
        let at = changed_at.plus(Span::hours(config.hours));
        let arm = Arm::new(at, "cart").cancelled_by("order_completed");
        Ok(TriggerVerdict::arm(arm, Why::Waiting))
    }

    // Examples: a version whose examples come out otherwise never serves.
    fn cases() -> Vec<Case> {
        let config = json!({ "hours": 4 });
        let arm = json!({ "at": "2026-01-01T14:00:00Z", "key": "cart" });
        vec![
            Case::new("waits after the cart changed", config.clone())
                .given("occurred_at", "2026-01-01T10:00:00Z")
                .expect(json!({ "enter": null, "arm": arm, "reason": "waiting" })),
            Case::new("enters when nothing was ordered", config)
                .occasion(1)
                .expect(json!({ "enter": {}, "arm": null, "reason": "left" })),
        ]
    }
}

plugin! {
    name: "left_cart",
    version: "1.0.0",
    title: "Left cart",
    summary: "Enters a contact some hours after a cart was left alone.",
    trigger: LeftCart,
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::check_cases;

    #[test]
    fn the_cases_come_out_as_they_say() {
        check_cases::<super::LeftCart>();
    }
}
