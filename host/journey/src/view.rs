//! What a template may see of a message, fixed when the message is queued.
//!
//! The roots are `contact`, `event`, `journey`, `rule` and `workflow`. Attributes stand right under `contact` and
//! fields right under `event` (`contact.first_name`, `event.tracking_number`); an attribute never hides `contact.id`,
//! while a field may hide `event.name` and `event.occurred_at`. What the journey decided stands under `journey.arms` by
//! step, and what its updates kept under `journey.kept` by name.

use serde_json::{Map, Value as Json};

use crate::advance::DECISIONS;
use signalbox_model::{
    contact::Contact,
    id::{JourneyId, WorkflowId},
    state::{Cause, Journey},
    value::{Fields, Value},
    workflow::{
        Workflow,
        step::{Action, Step},
    },
};

/// The view as JSON text. `rule` holds what the step's personalizer answered, empty without one.
pub fn build(
    contact: &Contact,
    journey_id: JourneyId,
    journey: &Journey,
    workflow: &Workflow,
    rule: Option<&Value>,
) -> String {
    let rule = match rule {
        Some(values @ Value::Map(_)) => values.to_json(),
        _ => Json::Object(Map::new()),
    };
    let roots = [
        ("contact", of_contact(contact)),
        ("event", of_event(&journey.event)),
        ("journey", of_journey(journey_id, journey, workflow)),
        ("rule", rule),
        (
            "workflow",
            of_workflow(&workflow.id, workflow, journey.version),
        ),
    ];
    object(roots).to_string()
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let members = members.into_iter();
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn plain(fields: &Fields) -> Map<String, Json> {
    let members = fields.iter();
    members
        .map(|(name, value)| (name.to_string(), value.to_json()))
        .collect()
}

fn of_contact(contact: &Contact) -> Json {
    let mut members = plain(&contact.attributes);
    members.insert("id".to_owned(), contact.id.as_str().into());
    Json::Object(members)
}

fn of_event(event: &Cause) -> Json {
    let mut members = Map::new();
    members.insert("name".to_owned(), event.name.as_str().into());
    members.insert(
        "occurred_at".to_owned(),
        event.occurred_at.to_string().into(),
    );
    members.extend(plain(&event.fields));
    Json::Object(members)
}

fn of_journey(id: JourneyId, journey: &Journey, workflow: &Workflow) -> Json {
    let arms = journey.arms.iter().filter_map(|(&position, &arm)| {
        let step = workflow.steps.get(usize::from(position))?;
        Some((step.id.to_string(), arm_in_words(step, arm).into()))
    });
    object([
        ("id", id.to_string().into()),
        ("key", journey.key.as_str().into()),
        ("entered_at", journey.entered_at.to_string().into()),
        ("arms", Json::Object(arms.collect())),
        ("kept", Json::Object(plain(&journey.kept))),
    ])
}

/// The arm of a split by its name, of a branch by the step it leads to, of a wait by its event, of an approval by the
/// decision; else `otherwise`.
fn arm_in_words(step: &Step, arm: Option<u16>) -> String {
    let named = arm.map(usize::from).and_then(|index| {
        step.actions().find_map(|action| match action {
            Action::Split(split) => split.arms.get(index).map(|arm| arm.name.to_string()),
            Action::Branch(branch) => branch
                .arms
                .get(index)?
                .goto
                .as_ref()
                .map(ToString::to_string),
            Action::WaitFor(wait) => wait.arms.get(index).map(|arm| arm.on.event.to_string()),
            Action::Approve(_) => DECISIONS.get(index).map(|decision| (*decision).to_owned()),
            _ => None,
        })
    });
    named.unwrap_or_else(|| "otherwise".to_owned())
}

fn of_workflow(id: &WorkflowId, workflow: &Workflow, version: u32) -> Json {
    object([
        ("id", id.as_str().into()),
        ("title", workflow.title.as_str().into()),
        ("version", version.into()),
    ])
}
