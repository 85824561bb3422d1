//! What a template may see of a message, fixed when the message is queued.
//!
//! The roots are `contact`, `event`, `journey`, `rule` and `workflow`. Attributes stand right under `contact` and
//! fields right under `event` (`contact.first_name`, `event.tracking_number`); an attribute never hides `contact.id`,
//! while a field may hide `event.name` and `event.occurred_at`. What the journey decided stands under `journey.arms` by
//! step, and what its updates kept under `journey.kept` by name.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use signalbox_model::{
    contact::Contact,
    id::{JourneyId, StepId, WorkflowId},
    state::{Cause, Journey},
    time::Instant,
    value::{Fields, Value},
    workflow::{
        Workflow,
        step::{Action, Step},
    },
};

use crate::advance::DECISIONS;

/// The members of an object, in the order of their names.
type Members<'a> = BTreeMap<&'a str, Member<'a>>;

#[derive(Serialize)]
struct View<'a> {
    contact: Members<'a>,
    event: Members<'a>,
    journey: JourneyView<'a>,
    rule: Member<'a>,
    workflow: WorkflowView<'a>,
}

#[derive(Serialize)]
struct JourneyView<'a> {
    arms: BTreeMap<&'a str, &'a str>,
    entered_at: Instant,
    id: JourneyId,
    kept: &'a Fields,
    key: &'a str,
}

#[derive(Serialize)]
struct WorkflowView<'a> {
    id: &'a WorkflowId,
    title: &'a str,
    version: u32,
}

enum Member<'a> {
    Value(&'a Value),
    Text(&'a str),
    At(Instant),
    /// An object without members.
    Empty,
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::At(instant) => instant.serialize(serializer),
            Self::Empty => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

/// The view as JSON text. `rule` holds what the step's personalizer answered, empty without one.
pub fn build(
    contact: &Contact,
    journey_id: JourneyId,
    journey: &Journey,
    workflow: &Workflow,
    rule: Option<&Value>,
) -> String {
    let view = View {
        contact: of_contact(contact),
        event: of_event(&journey.event),
        journey: JourneyView {
            arms: arms(journey, workflow),
            entered_at: journey.entered_at,
            id: journey_id,
            kept: &journey.kept,
            key: journey.key.as_str(),
        },
        rule: match rule {
            Some(values @ Value::Map(_)) => Member::Value(values),
            _ => Member::Empty,
        },
        workflow: WorkflowView {
            id: &workflow.id,
            title: &workflow.title,
            version: journey.version,
        },
    };
    // Every name is a text and every number finite, so that JSON can say all of it.
    serde_json::to_string(&view).unwrap_or_default()
}

fn plain(fields: &Fields) -> impl Iterator<Item = (&str, Member<'_>)> {
    let fields = fields.iter();
    fields.map(|(name, value)| (name.as_str(), Member::Value(value)))
}

fn of_contact(contact: &Contact) -> Members<'_> {
    let mut members: Members<'_> = plain(&contact.attributes).collect();
    members.insert("id", Member::Text(contact.id.as_str()));
    members
}

fn of_event(event: &Cause) -> Members<'_> {
    let mut members = Members::from([
        ("name", Member::Text(event.name.as_str())),
        ("occurred_at", Member::At(event.occurred_at)),
    ]);
    members.extend(plain(&event.fields));
    members
}

fn arms<'a>(journey: &Journey, workflow: &'a Workflow) -> BTreeMap<&'a str, &'a str> {
    let arms = journey.arms.iter().filter_map(|(&position, &arm)| {
        let step = workflow.steps.get(usize::from(position))?;
        Some((step.id.as_str(), arm_in_words(step, arm)))
    });
    arms.collect()
}

/// The arm of a split by its name, of a branch by the step it leads to, of a wait by its event, of an approval by the
/// decision; else `otherwise`.
fn arm_in_words(step: &Step, arm: Option<u16>) -> &str {
    let named = arm.map(usize::from).and_then(|index| {
        step.actions().find_map(|action| match action {
            Action::Split(split) => split.arms.get(index).map(|arm| arm.name.as_str()),
            Action::Branch(branch) => branch.arms.get(index)?.goto.as_ref().map(StepId::as_str),
            Action::WaitFor(wait) => wait.arms.get(index).map(|arm| arm.on.event.as_str()),
            Action::Approve(_) => DECISIONS.get(index).copied(),
            _ => None,
        })
    });
    named.unwrap_or("otherwise")
}
