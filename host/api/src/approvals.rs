//! `POST /v1/contacts/{id}/journeys/{journey}/approval`: a person decides about a journey that waits for it.

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use signalbox_engine::NewInput;
use signalbox_model::{
    event::{APPROVAL_DECIDED, Event, approval},
    id::{ContactId, EventId, EventName, FieldName, JourneyId, StepId, WorkflowId},
    state::{ContactState, Journey, Place},
    time::Instant,
    value::{Fields, Value},
    workflow::WorkflowState,
};
use utoipa::ToSchema;

use crate::{
    App,
    contacts::{ChangeAccepted, ChangeBody},
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    keys::Holder,
    position,
};

/// Longest name of who decided, in bytes.
const ACTOR_BYTES_MAX: usize = 100;

/// What somebody decided, and about which question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalDocument {
    /// The step that asks, as the journey's `place` shows it.
    #[schema(value_type = String)]
    step: StepId,
    /// The visit of that step, as the journey's `place` shows it.
    visit: u32,
    /// What was decided.
    decision: Decision,
    /// Who decided, 1 to 100 bytes in printable characters; kept with the journey, beside the id of the API key.
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

/// Decides about a journey that waits at an `approve` step. The first decision about a visit counts: an answer of 202 says
/// that this one is in the log, and the journey's facts which one was first.
#[utoipa::path(post, path = "/v1/contacts/{id}/journeys/{journey}/approval", operation_id = "decide_approval", tag = "contacts",
    request_body = ApprovalDocument, responses(
    (status = 202, description = "Durable; will be applied in order.", body = ChangeAccepted),
    (status = 404, description = "The contact has no such journey inside.", body = Envelope),
    (status = 409, description = "The journey does not wait for this decision.", body = Envelope),
    (status = 422, description = "The body is no decision.", body = Envelope)))]
pub(crate) async fn decide(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path((id, journey)): Path<(String, String)>,
    JsonBody(document, _room): JsonBody<ApprovalDocument>,
) -> Result<(StatusCode, Json<ChangeAccepted>), Error> {
    check_actor(&document.actor)?;
    let not_found = || Error::not_found("journey inside", &journey);
    let contact = ContactId::parse(&id).map_err(|_| not_found())?;
    let journey = JourneyId::parse(&journey).map_err(|_| not_found())?;
    let view = app.engine.contact(&contact).await?;
    let state = view.map(|view| view.state);
    let found = state
        .as_ref()
        .and_then(|state| inside(state, journey))
        .ok_or_else(not_found)?;
    check_asked(&app, found, &document).await?;
    let event = event(contact, journey, document, holder, app.engine.now()?)?;
    let positions = app.engine.accept(vec![NewInput::Event(event)]).await?;
    let position = positions.first().copied().map(position::write);
    let change = ChangeBody {
        position: position.unwrap_or_default(),
    };
    Ok((StatusCode::ACCEPTED, Json(ChangeAccepted { change })))
}

fn check_actor(actor: &str) -> Result<(), Error> {
    let breaks = |found: char| found.is_control() || matches!(found, '\u{2028}' | '\u{2029}');
    let is_printable = !actor.trim().is_empty() && !actor.contains(breaks);
    if is_printable && actor.len() <= ACTOR_BYTES_MAX {
        return Ok(());
    }
    let reason = format!("who decided has 1 to {ACTOR_BYTES_MAX} bytes in printable characters");
    Err(Error::new(ErrorCode::InvalidBody, reason).at("/actor"))
}

fn inside(state: &ContactState, journey: JourneyId) -> Option<(&WorkflowId, Instant, &Journey)> {
    let mut presences = state.presences.iter();
    presences.find_map(|(workflow, presence)| {
        Some((workflow, presence.since, presence.journeys.get(&journey)?))
    })
}

/// Whether the journey waits for a decision, at that step and in that visit, and the time for it is not over. The core
/// looks once more when it applies the decision.
async fn check_asked(
    app: &App,
    (workflow, since, journey): (&WorkflowId, Instant, &Journey),
    document: &ApprovalDocument,
) -> Result<(), Error> {
    let conflict = |reason: String| Err(Error::new(ErrorCode::Conflict, reason));
    let at = journey.place.step();
    let definition = app
        .engine
        .workflow(workflow)
        .await?
        .map(|view| view.definition);
    let Some(definition) = definition
        .filter(|found| found.running_since == Some(since) && found.state != WorkflowState::Ended)
    else {
        return conflict(format!(
            "workflow {workflow} is over, and the journey with it"
        ));
    };
    let version = definition.versions.get(&journey.version);
    let mut steps = version
        .into_iter()
        .flat_map(|version| &version.document.steps);
    let asks = steps.any(|one| one.id == *at && one.approve.is_some());
    let Place::Waiting { due, .. } = &journey.place else {
        return conflict(format!(
            "the journey is at step {at} and waits for no decision there"
        ));
    };
    if !asks {
        return conflict(format!(
            "the journey is at step {at} and waits for no decision there"
        ));
    }
    if *at != document.step || journey.steps_taken != document.visit {
        let visit = journey.steps_taken;
        return conflict(format!(
            "the journey asks at step {at} in visit {visit}, not this"
        ));
    }
    if *due <= app.engine.now()? {
        return conflict(format!("the time for the decision was over at {due}"));
    }
    Ok(())
}

/// Its id is that of the question, so that the first decision counts and any other is told as a conflict.
fn event(
    contact: ContactId,
    journey: JourneyId,
    document: ApprovalDocument,
    holder: Holder,
    now: Instant,
) -> Result<Event, Error> {
    let internal = |error: &dyn std::error::Error| Error::internal(error);
    let ApprovalDocument {
        step,
        visit,
        decision,
        actor,
    } = document;
    let id = format!("{}{journey}:{step}:{visit}", approval::ID_PREFIX);
    let members = [
        (approval::JOURNEY, journey.to_string()),
        (approval::STEP, step.to_string()),
        (approval::VISIT, visit.to_string()),
        (approval::DECISION, word(decision).to_owned()),
        (approval::ACTOR, actor),
        (approval::KEY, holder.id),
    ];
    let mut fields = Fields::new();
    for (name, text) in members {
        let name = FieldName::parse(name).map_err(|error| internal(&error))?;
        fields.insert(name, Value::text(text));
    }
    Ok(Event {
        contact,
        name: EventName::parse(APPROVAL_DECIDED).map_err(|error| internal(&error))?,
        id: EventId::parse(&id).map_err(|error| internal(&error))?,
        occurred_at: now,
        fields,
        attributes: Fields::new(),
        history_only: false,
        source: None,
    })
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approved => approval::APPROVED,
        Decision::Rejected => approval::REJECTED,
    }
}
