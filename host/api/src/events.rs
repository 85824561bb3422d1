//! `POST /v1/events` and `/v1/events/batch`: parsed and checked whole, then logged; 2xx means durable.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signalbox_engine::NewInput;
use signalbox_model::{
    event::{Event, FIELDS_MAX},
    id::{ContactId, EventId, EventName, FieldName},
    problem::Problem,
    time::Instant,
    value::{Fields, VALUE_DEPTH_MAX, Value},
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{BatchBody, JsonBody, parse},
};

/// Most events of one batch.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Most problems that one answer lists; the rest is counted.
pub const BATCH_PROBLEMS_MAX: usize = 100;
/// Longest stored form of one event's fields and attributes, in bytes.
pub const EVENT_BYTES_MAX: usize = 16 * 1024;

/// An event as callers send it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDocument {
    /// The caller's id of the contact, 1 to 256 bytes.
    #[schema(value_type = String, example = "contact-17")]
    contact: ContactId,
    /// What happened, in `snake_case` past tense.
    #[schema(value_type = String, example = "order_completed")]
    name: EventName,
    /// The caller's id of the event, unique for the contact. The same id is applied once, for 30 days. Without it the
    /// server makes one, and nothing protects against repetition.
    #[schema(value_type = Option<String>, example = "order-4711")]
    id: Option<EventId>,
    /// When it happened, RFC 3339. Default: now. At most 5 minutes ahead; older than 24 hours triggers nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Instant>,
    /// What belongs to it, by name.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    fields: Option<Value>,
    /// Attributes of the contact to set before the event is looked at.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    /// Only enters the history and triggers nothing. Default: false.
    #[serde(default)]
    history_only: bool,
}

/// A batch of events.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body; it is parsed item by item so that every mistake is found"
)]
pub struct EventBatch {
    /// 1 to 10,000 events. All are taken or none.
    events: Vec<EventDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBatch<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// An event that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedEvent {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EventId,
    /// Its position in the log, for `at_least` of reads.
    #[schema(example = "3:1841")]
    pub position: String,
}

/// One event was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventAccepted {
    /// What was taken.
    pub event: AcceptedEvent,
}

/// A batch was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsAccepted {
    /// What was taken, in the order of the batch.
    pub events: Vec<AcceptedEvent>,
}

/// Takes one event.
#[utoipa::path(post, path = "/v1/events", tag = "events", request_body = EventDocument, responses(
    (status = 202, description = "Durable; will be applied exactly once, in order.", body = EventAccepted),
    (status = 422, description = "The body is not an event.", body = Envelope),
    (status = 429, description = "A queue is full; see Retry-After.", body = Envelope),
))]
pub(crate) async fn post_event(
    State(app): State<App>,
    JsonBody(document): JsonBody<EventDocument>,
) -> Result<(StatusCode, Json<EventAccepted>), Error> {
    let event = checked(document, app.engine.now()?, "").map_err(|problem| {
        Error::new(ErrorCode::InvalidBody, problem.reason.clone()).with_problems(vec![problem])
    })?;
    let mut accepted = accept(&app, vec![event]).await?;
    let event = accepted
        .pop()
        .ok_or_else(|| Error::new(ErrorCode::Internal, "no position was given"))?;
    Ok((StatusCode::ACCEPTED, Json(EventAccepted { event })))
}

/// Takes a batch of events: all or none.
#[utoipa::path(post, path = "/v1/events/batch", tag = "events", request_body = EventBatch, responses(
    (status = 202, description = "Durable; each will be applied exactly once, in order.", body = EventsAccepted),
    (status = 422, description = "Some items are wrong and listed; none was taken.", body = Envelope),
    (status = 429, description = "A queue is full; see Retry-After.", body = Envelope),
))]
pub(crate) async fn post_events(
    State(app): State<App>,
    BatchBody(bytes): BatchBody,
) -> Result<(StatusCode, Json<EventsAccepted>), Error> {
    let events = checked_batch(&bytes, app.engine.now()?)?;
    let events = accept(&app, events).await?;
    Ok((StatusCode::ACCEPTED, Json(EventsAccepted { events })))
}

async fn accept(app: &App, events: Vec<Event>) -> Result<Vec<AcceptedEvent>, Error> {
    let ids: Vec<EventId> = events.iter().map(|event| event.id.clone()).collect();
    let positions = app
        .engine
        .accept(events.into_iter().map(NewInput::Event).collect())
        .await?;
    Ok(ids
        .into_iter()
        .zip(positions)
        .map(|(id, position)| AcceptedEvent {
            id,
            position: crate::position::write(position),
        })
        .collect())
}

fn checked_batch(bytes: &[u8], now: Instant) -> Result<Vec<Event>, Error> {
    let batch: RawBatch = serde_json::from_slice(bytes).map_err(|error| {
        let code = if error.is_data() {
            ErrorCode::InvalidBody
        } else {
            ErrorCode::MalformedJson
        };
        Error::new(code, error.to_string()).at("/events")
    })?;
    if batch.events.is_empty() || batch.events.len() > BATCH_EVENTS_MAX {
        let message = format!(
            "a batch has 1 to {BATCH_EVENTS_MAX} events, this one has {}",
            batch.events.len()
        );
        return Err(Error::new(ErrorCode::InvalidBatch, message).at("/events"));
    }
    let mut events = Vec::with_capacity(batch.events.len());
    let mut problems = Vec::new();
    let mut wrong = 0;
    for (index, raw) in batch.events.iter().enumerate() {
        let base = format!("/events/{index}");
        match parse_item(raw, &base).and_then(|document| checked(document, now, &base)) {
            Ok(event) => events.push(event),
            Err(problem) => {
                wrong += 1;
                if problems.len() < BATCH_PROBLEMS_MAX {
                    problems.push(problem);
                }
            }
        }
    }
    if wrong == 0 {
        return Ok(events);
    }
    let message = format!(
        "{wrong} of {} events are wrong; none was taken",
        batch.events.len()
    );
    Err(Error::new(ErrorCode::InvalidBatch, message).with_problems(problems))
}

fn parse_item(raw: &RawValue, base: &str) -> Result<EventDocument, Problem> {
    parse(raw.get().as_bytes(), base).map_err(|error: Error| error.into_problem())
}

/// The event that the document says, or what is wrong with it.
fn checked(document: EventDocument, now: Instant, base: &str) -> Result<Event, Problem> {
    let fields = named(document.fields, &format!("{base}/fields"))?;
    let attributes = named(document.attributes, &format!("{base}/attributes"))?;
    let event = Event {
        contact: document.contact,
        name: document.name,
        id: document.id.map_or_else(made_id, Ok)?,
        occurred_at: document.occurred_at.unwrap_or(now),
        fields,
        attributes,
        history_only: document.history_only,
    };
    let bytes = signalbox_model::codec::encode(&event).map_or(usize::MAX, |bytes| bytes.len());
    if bytes > EVENT_BYTES_MAX {
        let reason =
            format!("the event takes {bytes} bytes, at most {EVENT_BYTES_MAX} are allowed");
        return Err(Problem::new(base, "event_too_large", reason)
            .with_help("leave out what no rule or mail reads"));
    }
    Ok(event)
}

fn named(value: Option<Value>, pointer: &str) -> Result<Fields, Problem> {
    let map = match value {
        None => return Ok(Fields::new()),
        Some(Value::Map(map)) => map,
        Some(other) => {
            return Err(Problem::new(
                pointer,
                "wrong_type",
                format!("an object is needed, this is a {}", other.kind()),
            ));
        }
    };
    if map.len() > FIELDS_MAX {
        let reason = format!(
            "{} names are too many, at most {FIELDS_MAX} are allowed",
            map.len()
        );
        return Err(Problem::new(pointer, "too_many_fields", reason));
    }
    let mut fields: BTreeMap<FieldName, Value> = BTreeMap::new();
    for (name, value) in map {
        let place = || format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let parsed = FieldName::parse(&name)
            .map_err(|error| Problem::new(place(), "invalid_name", error.to_string()))?;
        if value.depth() > VALUE_DEPTH_MAX {
            let reason = format!(
                "nested {} deep, at most {VALUE_DEPTH_MAX} are allowed",
                value.depth()
            );
            return Err(Problem::new(place(), "too_deep", reason));
        }
        fields.insert(parsed, value);
    }
    Ok(fields)
}

fn made_id() -> Result<EventId, Problem> {
    let mut bytes = [0; 16];
    let made = getrandom::fill(&mut bytes)
        .ok()
        .and_then(|()| EventId::parse(&format!("made-{:032x}", u128::from_be_bytes(bytes))).ok());
    made.ok_or_else(|| Problem::new("/id", "no_id", "the server could not make an id: send one"))
}
