//! `/v1/contacts`: the profile, its changes, and the journeys with every decision and its reason.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::{JOURNEYS_FACTS_MAX, JourneyView, NewInput};
use signalbox_journey::sources;
use signalbox_model::{
    contact::AttributeChanges,
    id::{ContactId, FieldName, SourceName},
    message::{Message, MessageStatus},
    state::{Journey, Place},
    time::Instant,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    events::check_source,
    extract::{JsonBody, Path, Query, page_limit},
    facts::{FactBody, fact_body},
    fields, position,
};

/// Longest that a read waits for its `at_least`.
const AT_LEAST_WAIT_MAX: Duration = Duration::from_secs(5);

/// Facts on one page of journeys when the caller does not say how many.
const PAGE_FACTS: usize = 1_000;

/// How fresh an answer must be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReadQuery {
    /// A position that an answer to a post carried: the read waits until it is applied, at most 5 seconds.
    at_least: Option<String>,
}

/// Which page of a contact's journeys, and how fresh it must be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct JourneysQuery {
    /// A position that an answer to a post carried: the read waits until it is applied, at most 5 seconds.
    at_least: Option<String>,
    /// `next` of the page before: this one has what happened before that. Default: from the newest.
    after: Option<String>,
    /// Facts on the page, 1 to 10,000. Default: 1,000.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    limit: Option<usize>,
}

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactBody {
    /// The caller's id.
    pub id: String,
    /// What is known now.
    #[schema(value_type = Object)]
    pub attributes: JsonValue,
    /// Which source has set an attribute, by its name; those that none has set are not there.
    #[schema(value_type = Object)]
    pub sources: BTreeMap<FieldName, SourceName>,
    /// What steps of its journeys kept for later ones, by name.
    #[schema(value_type = Object)]
    pub kept: JsonValue,
    /// When the contact was first named.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// Events that the history holds one by one.
    pub events: usize,
    /// Journeys that are inside.
    pub inside: usize,
}

/// One contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactAnswer {
    /// As it stands now.
    pub contact: ContactBody,
}

/// A change was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeAccepted {
    /// Where it is.
    pub change: ChangeBody,
}

/// A change that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeBody {
    /// Its position in the log, for `at_least` of reads.
    pub position: String,
}

/// A journey with what happened in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyBody {
    /// Its id.
    pub id: String,
    /// In which workflow.
    pub workflow: String,
    /// In which version of it.
    pub version: u32,
    /// Its entry key.
    pub key: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub entered_at: Instant,
    /// `inside`, `completed`, or the reason code of its exit.
    pub outcome: String,
    /// Where it stands, while it is inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceBody>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Instant>,
    /// The messages that the facts of this page queued.
    pub messages: Vec<MessageBody>,
    /// What this page has of what happened, in order: decisions with rule, file, answer and reason; steps; messages.
    pub facts: Vec<FactBody>,
}

/// A message of a journey.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageBody {
    /// Its id.
    pub id: String,
    /// The step that sends it.
    pub step: String,
    /// `queued`, `claimed`, `accepted`, `skipped`, `refused`, `expired` or `held`.
    pub status: &'static str,
    /// Why it was skipped or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The subject that its personalizer gave it; absent where it is the template's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-256 of the template that it is made of.
    pub template: String,
    /// Attempts that ended.
    pub attempts: u32,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Instant,
}

/// An arm that has not fired.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArmBody {
    /// Whose trigger armed.
    pub workflow: String,
    /// When it fires.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

/// Where a journey stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceBody {
    /// At which step.
    pub step: String,
    /// `waiting`, `sending` or `held`.
    pub state: &'static str,
    /// Until when, where it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Instant>,
    /// How many steps the journey had reached when it came here: tells one visit of the step from another, and is named
    /// in a decision about it.
    pub visit: u32,
}

/// A page of a contact's journeys: the newest facts that the pages before did not have, by journey. Every fact is on one
/// page, so a journey may go on over several; it is the same one by its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneysAnswer {
    /// Those with a fact on this page; on the first page all that are inside as well. Inside first, then those that are
    /// over, the last one first.
    pub journeys: Vec<JourneyBody>,
    /// What happened before or without a journey: arms, entries refused with their reasons.
    pub before: Vec<FactBody>,
    /// Arms that have not fired; on the first page only.
    pub arms: Vec<ArmBody>,
    /// `after` of the next page, which has what happened before; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Reads a contact.
#[utoipa::path(get, path = "/v1/contacts/{id}", operation_id = "read_contact", tag = "contacts", params(ReadQuery), responses(
    (status = 200, body = ContactAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<ReadQuery>,
) -> Result<Json<ContactAnswer>, Error> {
    let id = parse_id(&id)?;
    wait_until_applied(&app, &id, query.at_least.as_deref()).await?;
    let view = app
        .engine
        .contact(&id)
        .await?
        .ok_or_else(|| Error::not_found("contact", &id))?;
    let contact = &view.state.contact;
    let (settings, _) = app.engine.settings()?;
    let kept = view.state.kept.iter();
    let kept = kept.map(|one| (one.name.to_string(), one.value.to_json()));
    let contact = ContactBody {
        id: contact.id.to_string(),
        attributes: serde_json::to_value(&contact.attributes).unwrap_or_default(),
        sources: sources::of_attributes(&settings, &view.state),
        kept: kept.collect::<serde_json::Map<_, _>>().into(),
        created_at: contact.created_at,
        events: view.state.history.events().count(),
        inside: view
            .state
            .presences
            .values()
            .map(|presence| presence.journeys.len())
            .sum(),
    };
    Ok(Json(ContactAnswer { contact }))
}

/// Sets attributes; null removes one. What is not named stays, and with a `source` what one that is believed before has
/// said.
#[utoipa::path(patch, path = "/v1/contacts/{id}", operation_id = "patch_contact", tag = "contacts", request_body = Object, responses(
    (status = 202, body = ChangeAccepted), (status = 422, body = Envelope), (status = 429, body = Envelope)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(changes, _room): JsonBody<AttributeChanges>,
) -> Result<(StatusCode, Json<ChangeAccepted>), Error> {
    fields::check_changes(&changes)?;
    check_source(&app, changes.source.as_ref(), "")?;
    let positions = app
        .engine
        .accept(vec![NewInput::Attributes(parse_id(&id)?, changes)])
        .await?;
    let position = positions
        .first()
        .copied()
        .map(position::write)
        .unwrap_or_default();
    Ok((
        StatusCode::ACCEPTED,
        Json(ChangeAccepted {
            change: ChangeBody { position },
        }),
    ))
}

/// Reads a contact's journeys with every decision, the newest first, page by page.
#[utoipa::path(get, path = "/v1/contacts/{id}/journeys", operation_id = "list_journeys", tag = "contacts", params(JourneysQuery), responses(
    (status = 200, body = JourneysAnswer), (status = 400, body = Envelope), (status = 404, body = Envelope)))]
pub(crate) async fn journeys(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<JourneysQuery>,
) -> Result<Json<JourneysAnswer>, Error> {
    let id = parse_id(&id)?;
    let limit = page_limit(query.limit, PAGE_FACTS, JOURNEYS_FACTS_MAX)?;
    let before = query.after.as_deref().map(parse_place).transpose()?;
    wait_until_applied(&app, &id, query.at_least.as_deref()).await?;
    let view = app
        .engine
        .journeys(&id, before, limit)
        .await?
        .ok_or_else(|| Error::not_found("contact", &id))?;
    Ok(Json(JourneysAnswer {
        journeys: view.journeys.iter().filter_map(journey_body).collect(),
        before: view.outside.iter().map(fact_body).collect(),
        arms: view
            .arms
            .iter()
            .map(|(workflow, arm)| ArmBody {
                workflow: workflow.to_string(),
                at: arm.at,
            })
            .collect(),
        next: view.next.map(position::write_fact),
    }))
}

fn journey_body(view: &JourneyView) -> Option<JourneyBody> {
    let (version, key, entered_at) = match (&view.inside, &view.closed) {
        (Some(journey), _) => (journey.version, &journey.key, journey.entered_at),
        (None, Some(closed)) => (closed.version, &closed.key, closed.entered_at),
        (None, None) => return None,
    };
    Some(JourneyBody {
        id: view.id.to_string(),
        workflow: view.workflow.to_string(),
        version,
        key: key.to_string(),
        entered_at,
        outcome: view
            .closed
            .as_ref()
            .map_or_else(|| "inside".to_owned(), |closed| closed.outcome.clone()),
        place: view.inside.as_ref().map(place_body),
        ended_at: view.closed.as_ref().map(|closed| closed.ended_at),
        messages: view.messages.iter().map(message_body).collect(),
        facts: view.facts.iter().map(fact_body).collect(),
    })
}

fn place_body(journey: &Journey) -> PlaceBody {
    let (step, state, due) = match &journey.place {
        Place::Waiting { step, due, .. } => (step, "waiting", Some(*due)),
        Place::Sending { step, .. } => (step, "sending", None),
        Place::Held { step, due, .. } => (step, "held", Some(*due)),
    };
    PlaceBody {
        step: step.to_string(),
        state,
        due,
        visit: journey.steps_taken,
    }
}

fn message_body(message: &Message) -> MessageBody {
    let reason = match &message.status {
        MessageStatus::Skipped(reason) | MessageStatus::Refused(reason) => Some(reason.clone()),
        _ => None,
    };
    MessageBody {
        id: message.id.to_string(),
        step: message.step.to_string(),
        status: message.status.as_str(),
        reason,
        subject: message.subject.clone(),
        template: message.template.to_string(),
        attempts: message.attempts,
        queued_at: message.queued_at,
    }
}

pub(crate) async fn wait_until_applied(
    app: &App,
    contact: &ContactId,
    at_least: Option<&str>,
) -> Result<(), Error> {
    let Some(text) = at_least else {
        return Ok(());
    };
    let wrong = || {
        Error::new(
            ErrorCode::InvalidParameter,
            "at_least is a position such as 3:1841",
        )
    };
    let wanted = position::read(text).ok_or_else(wrong)?;
    let partition = app.engine.partition_of(contact)?;
    if wanted.partition != partition {
        return Err(Error::new(
            ErrorCode::InvalidParameter,
            format!("at_least is a position in the contact's partition, which is {partition}"),
        ));
    }
    if app.engine.applied(wanted, AT_LEAST_WAIT_MAX).await? {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Busy, "the position was not applied in time").retry_after(1))
}

fn parse_place(text: &str) -> Result<(u64, u32), Error> {
    position::read_fact(text).ok_or_else(|| {
        Error::new(
            ErrorCode::InvalidParameter,
            "after is what a page named as its next, such as 1841.2",
        )
    })
}

pub(crate) fn parse_id(text: &str) -> Result<ContactId, Error> {
    ContactId::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}
