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
    id::{JourneyId, WorkflowId},
    state::{Cause, Journey},
    time::Instant,
    value::{Fields, Value},
    workflow::Workflow,
};

use crate::arms_taken;

/// Room for most views, so that the text seldom grows.
const VIEW_BYTES: usize = 512;

#[derive(Serialize)]
struct View<'a> {
    contact: Object<'a, 1>,
    event: Object<'a, 2>,
    journey: JourneyView<'a>,
    rule: Member<'a>,
    workflow: WorkflowView<'a>,
}

/// Members in the order of their names: some of our own among those that the contact or the event brings.
struct Object<'a, const OWN: usize> {
    own: [(&'a str, Member<'a>); OWN],
    brought: &'a Fields,
    /// Of two members of one name, which is there.
    own_hides: bool,
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

impl<const OWN: usize> Serialize for Object<'_, OWN> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut own = self.own.iter().peekable();
        for (name, value) in self.brought {
            let name = name.as_str();
            while let Some((earlier, member)) = own.next_if(|(own, _)| *own < name) {
                map.serialize_entry(earlier, member)?;
            }
            match own.next_if(|(own, _)| *own == name) {
                Some((_, member)) if self.own_hides => map.serialize_entry(name, member)?,
                _ => map.serialize_entry(name, value)?,
            }
        }
        for (name, member) in own {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
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
        contact: Object {
            own: [("id", Member::Text(contact.id.as_str()))],
            brought: &contact.attributes,
            own_hides: true,
        },
        event: of_event(&journey.event),
        journey: JourneyView {
            arms: arms_taken::all(journey, workflow),
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
    let mut text = Vec::with_capacity(VIEW_BYTES);
    // Every name is a text and every number finite, so that JSON can say all of it, in UTF-8.
    match serde_json::to_writer(&mut text, &view) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

fn of_event(event: &Cause) -> Object<'_, 2> {
    Object {
        own: [
            ("name", Member::Text(event.name.as_str())),
            ("occurred_at", Member::At(event.occurred_at)),
        ],
        brought: &event.fields,
        own_hides: false,
    }
}
