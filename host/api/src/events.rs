//! `POST /v1/events` and `/v1/events/batch`: parsed and checked whole, then logged; 2xx means durable.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signalbox_engine::{NewInput, Unavailable};
use signalbox_model::{
    event::{APPROVAL_DECIDED, EVENT_AHEAD_MAX, Event, approval},
    id::{ContactId, EventId, EventName, SourceName},
    problem::Problem,
    time::Instant,
    value::Value,
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{BatchBody, JsonBody, parse_object},
    fields,
};

/// Most events of one batch.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Most problems that one answer lists; the rest is counted.
pub const BATCH_PROBLEMS_MAX: usize = 100;

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
    /// What belongs to it, by name, at most 256. The whole event takes at most 16 KiB as it is stored.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    fields: Option<Value>,
    /// Attributes of the contact to set before the event is looked at, at most 256 and 9 KiB as they are stored. A
    /// contact has no more than that in all: what would pass it is left out and counted in `/v1/status`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    /// Only enters the history and triggers nothing. Default: false.
    #[serde(default)]
    history_only: bool,
    /// Who says so, one of `sources` of `/v1/settings`: attributes are taken unless a source that is believed before has
    /// said otherwise. Default: nobody, who is believed last.
    #[schema(value_type = Option<String>, example = "crm")]
    source: Option<SourceName>,
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
    JsonBody(document, _room): JsonBody<EventDocument>,
) -> Result<(StatusCode, Json<EventAccepted>), Error> {
    let event = checked(&app, document, "")?;
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
    BatchBody(body): BatchBody,
) -> Result<(StatusCode, Json<EventsAccepted>), Error> {
    let events = checked_batch(&app, &body.bytes)?;
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

fn checked_batch(app: &App, bytes: &[u8]) -> Result<Vec<Event>, Error> {
    let batch: RawBatch = parse_object(bytes, "")?;
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
        match parse_item(raw, &base).and_then(|document| checked(app, document, &base)) {
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
    parse_object(raw.get().as_bytes(), base).map_err(Error::into_problem)
}

/// The event that one line of a tape says, in the form that `POST /v1/events` takes; what is wrong with it if it is
/// none. Whoever feeds a tape decides when: no instant is too far ahead. What has none happens at `at`, and what has no
/// id gets that one.
pub fn event_of_tape(line: &[u8], at: Instant, id: EventId) -> Result<Event, Problem> {
    let mut document: EventDocument = parse_object(line, "").map_err(Error::into_problem)?;
    document.id.get_or_insert(id);
    let at = document.occurred_at.unwrap_or(at);
    event_of(document, at, "")
}

/// Names and ids that are the server's own.
fn check_reserved(document: &EventDocument, base: &str) -> Result<(), Problem> {
    if document.name.as_str() == APPROVAL_DECIDED {
        let reason = format!("{APPROVAL_DECIDED} is made by the server, when somebody decides");
        let code = ErrorCode::InvalidBody.as_str();
        let problem = Problem::new(format!("{base}/name"), code, reason);
        let route = "post to /v1/contacts/{id}/journeys/{journey}/approval";
        return Err(problem.with_help(route));
    }
    let id = document.id.as_ref();
    if id.is_some_and(|id| id.as_str().starts_with(approval::ID_PREFIX)) {
        let reason = format!(
            "ids that begin with {} are the server's",
            approval::ID_PREFIX
        );
        let code = ErrorCode::InvalidBody.as_str();
        let problem = Problem::new(format!("{base}/id"), code, reason);
        return Err(problem.with_help("begin the id with anything else"));
    }
    Ok(())
}

/// The event that the document says, or what is wrong with it.
fn checked(app: &App, document: EventDocument, base: &str) -> Result<Event, Problem> {
    let stopping = |error: Unavailable| Error::from(error).into_problem();
    let event = event_of(document, app.engine.now().map_err(stopping)?, base)?;
    let missing = app.engine.missing_field(&event.name, &event.fields);
    if let Some(field) = missing.map_err(stopping)? {
        let reason = format!("{} must have the field {field}", event.name);
        let code = ErrorCode::InvalidBody.as_str();
        let problem = Problem::new(format!("{base}/fields/{field}"), code, reason);
        return Err(problem.with_help("send it; `/v1/settings` says what events must have"));
    }
    check_source(app, event.source.as_ref(), base)?;
    Ok(event)
}

/// Whether the settings declare the source of an input.
pub(crate) fn check_source(
    app: &App,
    source: Option<&SourceName>,
    base: &str,
) -> Result<(), Problem> {
    let Some(source) = source else {
        return Ok(());
    };
    let unknown = app
        .engine
        .unknown_source(source, &format!("{base}/source"))
        .map_err(|error| Error::from(error).into_problem())?;
    unknown.map_or(Ok(()), Err)
}

fn event_of(document: EventDocument, now: Instant, base: &str) -> Result<Event, Problem> {
    check_reserved(&document, base)?;
    let fields = fields::checked(document.fields, &format!("{base}/fields"))?;
    let pointer = format!("{base}/attributes");
    let attributes = fields::checked(document.attributes, &pointer)?;
    fields::check_attributes(&attributes, &pointer)?;
    let occurred_at = document.occurred_at.unwrap_or(now);
    if occurred_at > now.plus(EVENT_AHEAD_MAX) {
        let reason =
            format!("{occurred_at} lies more than 5 minutes ahead, the clock stands at {now}");
        let code = ErrorCode::InvalidInstant.as_str();
        return Err(Problem::new(format!("{base}/occurred_at"), code, reason));
    }
    let event = Event {
        contact: document.contact,
        name: document.name,
        id: document.id.map_or_else(made_id, Ok)?,
        occurred_at,
        fields,
        attributes,
        history_only: document.history_only,
        source: document.source,
    };
    fields::check_size(&event, base)?;
    Ok(event)
}

fn made_id() -> Result<EventId, Problem> {
    let mut bytes = [0; 16];
    let made = getrandom::fill(&mut bytes)
        .ok()
        .and_then(|()| EventId::parse(&format!("made-{:032x}", u128::from_be_bytes(bytes))).ok());
    made.ok_or_else(|| Problem::new("/id", "no_id", "the server could not make an id: send one"))
}
