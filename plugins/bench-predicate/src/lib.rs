//! Segment `bench_predicate`: one predicate of three inputs, compiled rather than configured, on whole columns.
//!
//! It is the measure of what a rule costs when nothing is in its way; the benchmarks of `host/bench` load it. Nobody
//! needs it in a workflow.
#![deny(missing_docs)]

use signalbox_sdk::{Batch, Column, prelude::*, raw::types::ColumnValues};

/// There is nothing to choose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

reasons! {
    /// Why a contact is in or out.
    pub enum Why {
        In = "in": "From Germany, with two orders and more than 100 spent",
        Out = "out": "Anyone else",
    }
}

/// The rule.
pub struct Predicate;

impl Rule for Predicate {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(_: &Config) -> Result<Plan, String> {
        let orders = Events::named("order_completed").within(Span::days(90));
        Ok(Plan::new()
            .attribute("country", Type::Text)
            .count("orders", orders.clone())
            .sum("spent", orders, "value"))
    }

    fn decide(_: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let spent = contact.number("spent").is_some_and(|spent| spent > 100.0);
        let german = contact.text("country") == Some("DE");
        Ok(verdict(german && contact.count("orders") >= 2 && spent))
    }

    fn decide_batch(config: &Config, batch: &Batch) -> Vec<Result<SegmentVerdict<Why>, String>> {
        let columns = (batch.column(0), batch.column(1), batch.column(2));
        let (Some(country), Some(orders), Some(spent)) = columns else {
            return batch.each(|contact| Self::decide(config, contact));
        };
        match (country.values(), orders.values(), spent.values()) {
            (
                ColumnValues::Texts(countries),
                ColumnValues::Integers(counts),
                ColumnValues::Numbers(sums),
            ) => {
                let mut answers: Vec<_> = countries
                    .iter()
                    .zip(counts)
                    .zip(sums)
                    .map(|((country, count), sum)| {
                        Ok(verdict(*count >= 2 && *sum > 100.0 && country == "DE"))
                    })
                    .collect();
                for row in missing([country, orders, spent]) {
                    if let Some(answer) = answers.get_mut(row) {
                        *answer = Ok(verdict(false));
                    }
                }
                answers
            }
            _ => batch.each(|contact| Self::decide(config, contact)),
        }
    }

    fn cases() -> Vec<Case> {
        let case = |name: &str, country: &str, orders: u32, spent: f64| {
            Case::new(name, json!({}))
                .given("country", country)
                .given("orders", orders)
                .given("spent", spent)
        };
        vec![
            case("all three hold", "DE", 2, 100.5)
                .expect(json!({ "member": true, "reason": "in" })),
            case("another country", "AT", 2, 100.5)
                .expect(json!({ "member": false, "reason": "out" })),
            case("one order", "DE", 1, 100.5).expect(json!({ "member": false })),
            case("not more than 100", "DE", 2, 100.0).expect(json!({ "member": false })),
            Case::new("nothing known", json!({})).expect(json!({ "member": false })),
        ]
    }
}

/// The rows that lack one of the values.
fn missing(columns: [&Column; 3]) -> impl Iterator<Item = usize> {
    columns
        .into_iter()
        .flat_map(Column::missing)
        .map(|row| *row as usize)
}

fn verdict(member: bool) -> SegmentVerdict<Why> {
    if member {
        SegmentVerdict::inside(Why::In)
    } else {
        SegmentVerdict::outside(Why::Out)
    }
}

plugin! {
    name: "bench_predicate",
    version: env!("CARGO_PKG_VERSION"),
    title: "Predicate of three inputs",
    summary: "For benchmarks: a compiled predicate over a country, a count and a sum.",
    segment: Predicate,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{check_cases, check_description};

    #[test]
    fn cases() {
        check_cases::<super::Predicate>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }
}
