//! `POST /v1/contacts/{id}/journeys/{journey}/approval`: a person decides about a journey that waits for it.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use signalbox_engine::NewInput;
use signalbox_model::{
    event::{APPROVAL_DECIDED, Event, approval},
    id::{ContactId, EventId, EventName, FieldName, JourneyId, StepId, WorkflowId},
    state::{ContactState, Journey, Place},
    time::Instant,
    value::{Fields, Value},
};
use utoipa::ToSchema;

use crate::{
    App,
    contacts::{ChangeAccepted, ChangeBody},
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    position,
};

/// Longest name of who decided, in bytes.
const ACTOR_BYTES_MAX: usize = 100;

/// What somebody decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalDocument {
    /// What was decided.
    decision: Decision,
    /// Who decided, 1 to 100 bytes; kept with the journey.
    #[schema(example = "eva@example.com")]
    actor: String,
}

/// What can be decided.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The journey goes on.
    Approved,
    /// The journey goes the way of those that were rejected.
    Rejected,
}

/// Decides about a journey that waits at an `approve` step. The first decision counts.
#[utoipa::path(post, path = "/v1/contacts/{id}/journeys/{journey}/approval", operation_id = "decide_approval", tag = "contacts",
    request_body = ApprovalDocument, responses(
    (status = 202, description = "Durable; will be applied in order.", body = ChangeAccepted),
    (status = 404, description = "The contact has no such journey inside.", body = Envelope),
    (status = 409, description = "The journey does not wait for a decision.", body = Envelope),
    (status = 422, description = "The body is no decision.", body = Envelope)))]
pub(crate) async fn decide(
    State(app): State<App>,
    Path((id, journey)): Path<(String, String)>,
    JsonBody(document, _room): JsonBody<ApprovalDocument>,
) -> Result<(StatusCode, Json<ChangeAccepted>), Error> {
    let actor = checked_actor(document.actor)?;
    let not_found = || Error::not_found("journey inside", &journey);
    let contact = ContactId::parse(&id).map_err(|_| not_found())?;
    let journey = JourneyId::parse(&journey).map_err(|_| not_found())?;
    let view = app.engine.contact(&contact).await?;
    let state = view.map(|view| view.state);
    let (workflow, found) = state
        .as_ref()
        .and_then(|state| inside(state, journey))
        .ok_or_else(not_found)?;
    let (step, since) = asked(&app, workflow, found).await?;
    let fields = [
        (approval::JOURNEY, journey.to_string()),
        (approval::STEP, step.to_string()),
        (approval::DECISION, word(document.decision).to_owned()),
        (approval::ACTOR, actor),
    ];
    let event = event(contact, journey, &step, since, app.engine.now()?, fields)?;
    let positions = app.engine.accept(vec![NewInput::Event(event)]).await?;
    let position = positions.first().copied().map(position::write);
    let change = ChangeBody {
        position: position.unwrap_or_default(),
    };
    Ok((StatusCode::ACCEPTED, Json(ChangeAccepted { change })))
}

fn checked_actor(actor: String) -> Result<String, Error> {
    if (1..=ACTOR_BYTES_MAX).contains(&actor.len()) && !actor.chars().any(char::is_control) {
        return Ok(actor);
    }
    let reason = format!("who decided has 1 to {ACTOR_BYTES_MAX} bytes without control characters");
    Err(Error::new(ErrorCode::InvalidBody, reason).at("/actor"))
}

fn inside(state: &ContactState, journey: JourneyId) -> Option<(&WorkflowId, &Journey)> {
    let mut presences = state.presences.iter();
    presences.find_map(|(workflow, presence)| Some((workflow, presence.journeys.get(&journey)?)))
}

/// At which step the journey waits for a decision, and since when.
async fn asked(
    app: &App,
    workflow: &WorkflowId,
    journey: &Journey,
) -> Result<(StepId, Instant), Error> {
    if let Place::Waiting { step, since, .. } = &journey.place {
        let view = app.engine.workflow(workflow).await?;
        let versions = view.map(|view| view.definition.versions);
        let version = versions.and_then(|mut versions| versions.remove(&journey.version));
        let mut steps = version
            .into_iter()
            .flat_map(|version| version.document.steps);
        if steps.any(|one| one.id == *step && one.approve.is_some()) {
            return Ok((step.clone(), *since));
        }
    }
    let step = journey.place.step();
    Err(Error::new(
        ErrorCode::Conflict,
        format!("the journey is at step {step} and waits for no decision there"),
    ))
}

/// Its id is that of the question, so that the first decision counts and any other is told as a conflict.
fn event(
    contact: ContactId,
    journey: JourneyId,
    step: &StepId,
    since: Instant,
    now: Instant,
    fields: [(&str, String); 4],
) -> Result<Event, Error> {
    let internal = |error: &dyn std::error::Error| Error::internal(error);
    let id = format!("approval:{journey}:{step}:{}", since.as_ms());
    let mut named = Fields::new();
    for (name, text) in fields {
        let name = FieldName::parse(name).map_err(|error| internal(&error))?;
        named.insert(name, Value::text(text));
    }
    Ok(Event {
        contact,
        name: EventName::parse(APPROVAL_DECIDED).map_err(|error| internal(&error))?,
        id: EventId::parse(&id).map_err(|error| internal(&error))?,
        occurred_at: now,
        fields: named,
        attributes: Fields::new(),
        history_only: false,
    })
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approved => approval::APPROVED,
        Decision::Rejected => approval::REJECTED,
    }
}
