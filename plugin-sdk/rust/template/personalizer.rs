//! Greets by first name where there is one.

use signalbox_sdk::prelude::*;

/// What the marketer fills in: titles and descriptions become the form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What a greeting begins with, such as Hello.
    #[schemars(title = "Word", length(min = 1, max = 50))]
    word: String,
}

reasons! {
    enum Why {
        ByName = "by_name": "Greeted by first name",
        Nameless = "nameless": "Greeted without a name",
    }
}

struct Greeting;

impl Rule for Greeting {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    // Which values it wants to see. It is given these and nothing else.
    fn plan(_: &Config) -> Result<Plan, String> {
        Ok(Plan::new().attribute("first_name", Type::Text))
    }

    // What it says about one contact: the template shows it as {{ greeting }}.
    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let (greeting, why) = match contact.text("first_name") {
            Some(name) => (format!("{} {name}", config.word), Why::ByName),
            None => (config.word.clone(), Why::Nameless),
        };
        let values = json!({ "greeting": greeting }).to_string();
        Ok(PersonalizerVerdict::from_json(values, why))
    }

    // Examples: a version whose examples come out otherwise never serves.
    fn cases() -> Vec<Case> {
        let config = json!({ "word": "Hello" });
        vec![
            Case::new("a known name", config.clone())
                .given("first_name", "Ada")
                .expect(json!({ "values": { "greeting": "Hello Ada" }, "reason": "by_name" })),
            Case::new("no name", config)
                .expect(json!({ "values": { "greeting": "Hello" }, "reason": "nameless" })),
        ]
    }
}

plugin! {
    name: "greeting",
    version: "1.0.0",
    title: "Greeting",
    summary: "Greets by first name where there is one.",
    personalizer: Greeting,
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::check_cases;

    #[test]
    fn the_cases_come_out_as_they_say() {
        check_cases::<super::Greeting>();
    }
}
