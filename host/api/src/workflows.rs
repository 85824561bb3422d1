//! `/v1/workflows`: the list page by page, the documents with their versions, states, bindings and counters, and the
//! transitions.

use std::collections::BTreeMap;

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::{EnteringView, Overriding, PutError, WorkflowSummary, WorkflowView};
use signalbox_journey::reach::Reach;
use signalbox_model::{
    amount,
    definitions::{Former, Overridden, ResolvedBinding, WorkflowVersion},
    id::WorkflowId,
    problem::Problem,
    record::OVERRIDE_BYTES_MAX,
    time::Instant,
    workflow::{Action, Edit, Workflow},
};
use signalbox_reports::{ConversionCounters, VersionCounters};
use signalbox_rules::documents::read_workflow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, OptionalBody, Path, Query, page_limit},
    keys::Holder,
};

/// Workflows on one page when the caller does not say how many.
const PAGE_WORKFLOWS: usize = 50;
/// Most workflows on one page.
const PAGE_WORKFLOWS_MAX: usize = 200;

/// A workflow as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowBody {
    /// Its id.
    #[schema(example = "welcome")]
    pub id: String,
    /// Title for people.
    pub title: String,
    /// `bulk` (everybody in its audience once, at its start), `triggered` (each journey has one message at most) or `drip`
    /// (it can have several).
    pub kind: &'static str,
    /// `draft`, `scheduled`, `running`, `paused` or `ended`.
    pub state: &'static str,
    /// When it starts by itself; only when scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Instant>,
    /// When it was started. Nothing before it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub running_since: Option<Instant>,
    /// The version that new journeys enter.
    pub version: u32,
    /// The document of that version.
    #[schema(value_type = Object)]
    pub document: JsonValue,
    /// What the bindings of that version stand for, by place: plugin, version, digest.
    pub bindings: BTreeMap<String, BindingBody>,
    /// What happened, by version. In every step entered = inside + advanced + exited.
    #[schema(value_type = Object)]
    pub counters: JsonValue,
    /// How far it came with taking in whoever was there when it started; absent where it takes in nobody then, or has not
    /// started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entering: Option<EnteringBody>,
    /// What would make the document better, without being wrong.
    #[schema(value_type = Vec<Object>)]
    pub advice: Vec<Problem>,
    /// Starts and resumes against the word of the checklist, the last 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideBody>,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
}

/// How far a workflow came with taking in whoever was there when it started. Each contact counts once, by what was said
/// when it was looked at: `looked_at = entered + all of not_entered + unmatched + waiting`. A pause halts it and a resume goes
/// on; an end stops it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnteringBody {
    /// When the first contacts were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub began_at: Option<Instant>,
    /// When the last ones were; absent while there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Instant>,
    /// Contacts that were there when it began. Those who came after the start are not among them.
    pub contacts: u64,
    /// Those of them that were looked at.
    pub looked_at: u64,
    /// Those who entered.
    pub entered: u64,
    /// Those who were to enter and were kept out, by reason.
    pub not_entered: BTreeMap<String, u64>,
    /// Those whom nothing would let in: a trigger that is asked about them said no, or the version since an edit takes in
    /// nobody.
    pub unmatched: u64,
    /// Those who could still enter then: the trigger armed itself, or a rule failed and was to be asked again.
    pub waiting: u64,
}

/// Which file a binding stands for.
#[derive(Debug, Serialize, ToSchema)]
pub struct BindingBody {
    /// The plugin's name.
    pub plugin: String,
    /// The version of the file.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// What the rule reads with this config, in plain words.
    pub reads: Vec<String>,
    /// The quarantined file that it went back from; absent where it did not, or has moved on since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_from: Option<FileBody>,
}

/// A file of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileBody {
    /// The version of the file.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
}

/// One workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowAnswer {
    /// As it stands now.
    pub workflow: WorkflowBody,
}

/// What a list says of a workflow. Its document, bindings and counters are at `/v1/workflows/{id}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedWorkflow {
    /// Its id.
    #[schema(example = "welcome")]
    pub id: String,
    /// Title for people.
    pub title: String,
    /// `bulk` (everybody in its audience once, at its start), `triggered` (each journey has one message at most) or `drip`
    /// (it can have several).
    pub kind: &'static str,
    /// `draft`, `scheduled`, `running`, `paused` or `ended`.
    pub state: &'static str,
    /// When it starts by itself; only when scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Instant>,
    /// When it was started. Nothing before it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub running_since: Option<Instant>,
    /// The version that new journeys enter.
    pub version: u32,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
}

/// A page of the workflows.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowsAnswer {
    /// In the order of their ids.
    pub workflows: Vec<ListedWorkflow>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page of the workflows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `next` of the page before: the page begins behind that id. Default: with the first.
    after: Option<String>,
    /// Workflows on the page, 1 to 200. Default: 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Which version an edit was made from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    /// The version that was read before the edit. Another one in between is a conflict. Without it the workflow must
    /// not exist yet.
    based_on: Option<u32>,
    /// What becomes of the journeys that are inside: `pin` leaves each on its version, `migrate` moves all to the new one
    /// once the workflow runs. Default: `pin`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    edit: Edit,
}

/// When a workflow should start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDocument {
    /// RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// Who lets it start though its checklist fails. Default: nobody.
    #[serde(default, rename = "override")]
    overriding: Option<OverrideDocument>,
}

/// How a workflow should start, or go on after a pause.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartDocument {
    /// Who lets it start though its checklist fails. Default: nobody.
    #[serde(default, rename = "override")]
    overriding: Option<OverrideDocument>,
}

/// Who lets a workflow start, or go on after a pause, though its checklist fails.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideDocument {
    /// The person, by name; 1 to 500 bytes.
    #[schema(example = "Ann")]
    actor: String,
    /// Why; 1 to 500 bytes.
    reason: String,
}

/// What a workflow should have before it starts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChecklistAnswer {
    /// Whether all items pass.
    pub passes: bool,
    /// The items.
    pub checks: Vec<CheckBody>,
}

/// One item of the checklist.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckBody {
    /// `rules_ready` or `image_alt`.
    pub code: &'static str,
    /// What should be so.
    pub title: &'static str,
    /// Whether it is.
    pub passes: bool,
    /// What is not.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<Problem>,
}

/// A start or resume against the word of the checklist.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverrideBody {
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The version that was to start.
    pub version: u32,
    /// The items that failed.
    pub checks: Vec<String>,
    /// Who let it start.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// With which API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Lists the workflows, page by page.
#[utoipa::path(get, path = "/v1/workflows", operation_id = "list_workflows", tag = "workflows", params(ListQuery), responses(
    (status = 200, body = WorkflowsAnswer), (status = 400, body = Envelope)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<WorkflowsAnswer>, Error> {
    let after = query.after.as_deref().map(parse_id).transpose()?;
    let limit = page_limit(query.limit, PAGE_WORKFLOWS, PAGE_WORKFLOWS_MAX)?;
    // One more than is shown tells whether there is another page.
    let mut found = app.engine.workflows(after.as_ref(), limit + 1)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more);
    Ok(Json(WorkflowsAnswer {
        next: last.map(|workflow| workflow.id.to_string()),
        workflows: found.into_iter().map(listed).collect(),
    }))
}

fn listed(workflow: WorkflowSummary) -> ListedWorkflow {
    ListedWorkflow {
        id: workflow.id.to_string(),
        title: workflow.title,
        kind: workflow.reach.map_or("", Reach::as_str),
        state: workflow.state.as_str(),
        starts_at: workflow.starts_at,
        running_since: workflow.running_since,
        version: workflow.version,
        allowed: workflow.allowed,
    }
}

/// Reads one workflow with its counters.
#[utoipa::path(get, path = "/v1/workflows/{id}", operation_id = "read_workflow", tag = "workflows", responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<WorkflowAnswer>, Error> {
    let id = parse_id(&id)?;
    let view = app
        .engine
        .workflow(&id)
        .await?
        .ok_or_else(|| Error::not_found("workflow", &id))?;
    Ok(Json(WorkflowAnswer {
        workflow: body_of(&view),
    }))
}

/// The JSON Schema of a workflow's document, draft 2020-12.
#[utoipa::path(get, path = "/v1/schemas/workflow", operation_id = "read_workflow_schema", tag = "workflows", responses(
    (status = 200, body = Object)))]
pub(crate) async fn schema() -> Json<JsonValue> {
    Json(signalbox_model::schema::workflow().to_value())
}

/// Creates a workflow, or makes the next version of one in draft or paused. Checked whole: all problems at once.
#[utoipa::path(put, path = "/v1/workflows/{id}", operation_id = "put_workflow", tag = "workflows", params(PutQuery), request_body = Object, responses(
    (status = 200, body = WorkflowAnswer, description = "The next version."),
    (status = 201, body = WorkflowAnswer, description = "Created, in draft."),
    (status = 409, body = Envelope), (status = 422, body = Envelope)))]
pub(crate) async fn put(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<PutQuery>,
    JsonBody(document, _room): JsonBody<JsonValue>,
) -> Result<(StatusCode, Json<WorkflowAnswer>), Error> {
    let id = parse_id(&id)?;
    let document = read_document(&app, document).await?;
    if document.id != id {
        let message = format!(
            "the document is of workflow {}, the route of {id}",
            document.id
        );
        return Err(Error::new(ErrorCode::InvalidBody, message).at("/id"));
    }
    let view = app
        .engine
        .put_workflow(document, query.based_on, query.edit)
        .await?;
    let status = if query.based_on.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((
        status,
        Json(WorkflowAnswer {
            workflow: body_of(&view),
        }),
    ))
}

/// Reads a document, and names everything in it that is wrong, also what the rest of it is refused for. Off the threads
/// that serve, since a schema takes its time over a large document.
async fn read_document(app: &App, document: JsonValue) -> Result<Workflow, Error> {
    let read = tokio::task::spawn_blocking(move || read_workflow(&document)).await;
    let reading = read.map_err(|error| Error::internal(&error))?;
    let mut problems = reading.problems.clone();
    if let Some(workflow) = &reading.workflow {
        if problems.is_empty() {
            return Ok(workflow.clone());
        }
        let found = app.engine.check_workflow(workflow.clone()).await?;
        problems.extend(reading.of_document(found));
        problems.sort();
    }
    Err(PutError::Problems(problems).into())
}

/// Deletes a workflow in draft, paused or ended.
#[utoipa::path(delete, path = "/v1/workflows/{id}", operation_id = "delete_workflow", tag = "workflows", responses(
    (status = 204), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let id = parse_id(&id)?;
    app.engine.transition(&id, Action::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a workflow to another state: `cancel`, `pause` or `end`.
#[utoipa::path(post, path = "/v1/workflows/{id}/{action}", operation_id = "transition_workflow", tag = "workflows", responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn transition(
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Json<WorkflowAnswer>, Error> {
    let action = match action.as_str() {
        "cancel" => Action::Cancel,
        "pause" => Action::Pause,
        "end" => Action::End,
        other => return Err(Error::not_found("action", other)),
    };
    let id = parse_id(&id)?;
    let view = app.engine.transition(&id, action).await?;
    moved(&id, view)
}

/// Starts a workflow in draft, if its checklist passes or somebody overrides it. The body may be left out.
#[utoipa::path(post, path = "/v1/workflows/{id}/start", operation_id = "start_workflow", tag = "workflows", request_body = Option<StartDocument>, responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn start(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path(id): Path<String>,
    OptionalBody(document): OptionalBody<StartDocument>,
) -> Result<Json<WorkflowAnswer>, Error> {
    started(&app, &id, Action::Start, (document.overriding, holder)).await
}

/// Lets a workflow in draft start by itself at an instant, if its checklist passes now or somebody overrides it; a start
/// that fell into a downtime is made up for.
#[utoipa::path(post, path = "/v1/workflows/{id}/schedule", operation_id = "schedule_workflow", tag = "workflows", request_body = ScheduleDocument, responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn schedule(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path(id): Path<String>,
    JsonBody(document, _room): JsonBody<ScheduleDocument>,
) -> Result<Json<WorkflowAnswer>, Error> {
    let action = Action::Schedule(document.at);
    started(&app, &id, action, (document.overriding, holder)).await
}

/// Resumes a paused workflow, if its checklist passes or somebody overrides it. What was overridden for the same version
/// is not asked again. The body may be left out.
#[utoipa::path(post, path = "/v1/workflows/{id}/resume", operation_id = "resume_workflow", tag = "workflows", request_body = Option<StartDocument>, responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn resume(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path(id): Path<String>,
    OptionalBody(document): OptionalBody<StartDocument>,
) -> Result<Json<WorkflowAnswer>, Error> {
    started(&app, &id, Action::Resume, (document.overriding, holder)).await
}

/// What a workflow should have before it starts.
#[utoipa::path(get, path = "/v1/workflows/{id}/checklist", operation_id = "read_checklist", tag = "workflows", responses(
    (status = 200, body = ChecklistAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn checklist(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ChecklistAnswer>, Error> {
    let id = parse_id(&id)?;
    let checks = app.engine.checklist(&id).await?;
    let checks = checks.ok_or_else(|| Error::not_found("workflow", &id))?;
    let checks: Vec<CheckBody> = checks
        .into_iter()
        .map(|check| CheckBody {
            passes: check.passes(),
            code: check.code,
            title: check.title,
            problems: check.problems,
        })
        .collect();
    let passes = checks.iter().all(|check| check.passes);
    Ok(Json(ChecklistAnswer { passes, checks }))
}

async fn started(
    app: &App,
    id: &str,
    action: Action,
    (overriding, holder): (Option<OverrideDocument>, Holder),
) -> Result<Json<WorkflowAnswer>, Error> {
    let id = parse_id(id)?;
    let overriding = overriding.map(|document| named(document, holder));
    let view = app
        .engine
        .start_workflow(&id, action, overriding.transpose()?)
        .await?;
    moved(&id, view)
}

fn named(document: OverrideDocument, holder: Holder) -> Result<Overriding, Error> {
    let OverrideDocument { actor, reason } = document;
    for (text, field) in [(&actor, "actor"), (&reason, "reason")] {
        if text.trim().is_empty() || text.len() > OVERRIDE_BYTES_MAX {
            let message = format!(
                "{field} has {} bytes, 1 to {OVERRIDE_BYTES_MAX} are allowed",
                text.len()
            );
            let pointer = format!("/override/{field}");
            return Err(Error::new(ErrorCode::InvalidBody, message).at(&pointer));
        }
    }
    Ok(Overriding {
        actor,
        reason,
        by: Some(holder.id),
    })
}

fn moved(id: &WorkflowId, view: Option<WorkflowView>) -> Result<Json<WorkflowAnswer>, Error> {
    let view = view.ok_or_else(|| Error::not_found("workflow", id))?;
    Ok(Json(WorkflowAnswer {
        workflow: body_of(&view),
    }))
}

pub(crate) fn parse_id(text: &str) -> Result<WorkflowId, Error> {
    WorkflowId::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

fn body_of(view: &WorkflowView) -> WorkflowBody {
    let definition = &view.definition;
    let version = definition.current_version();
    WorkflowBody {
        id: view.id.to_string(),
        title: version
            .map(|version| version.document.title.clone())
            .unwrap_or_default(),
        kind: version.map_or("", |version| Reach::of(&version.document).as_str()),
        state: definition.state.as_str(),
        starts_at: definition.starts_at,
        running_since: definition.running_since,
        version: definition.current,
        document: version
            .and_then(|version| serde_json::to_value(&version.document).ok())
            .unwrap_or_default(),
        bindings: version.map(bindings_of).unwrap_or_default(),
        counters: counters_of(&view.counters),
        entering: view.entering.as_ref().map(entering_of),
        advice: view.advice.clone(),
        overrides: definition.overrides.iter().map(override_body).collect(),
        allowed: view.allowed.clone(),
    }
}

fn entering_of(view: &EnteringView) -> EnteringBody {
    EnteringBody {
        began_at: view.began_at,
        finished_at: view.finished_at,
        contacts: view.contacts,
        looked_at: view.looked_at,
        entered: view.entered,
        not_entered: view.not_entered.clone(),
        unmatched: view.unmatched,
        waiting: view.waiting,
    }
}

fn override_body(overridden: &Overridden) -> OverrideBody {
    let by = overridden.by.clone();
    OverrideBody {
        at: overridden.at,
        version: overridden.version,
        checks: by.checks,
        actor: by.actor,
        reason: by.reason,
        key: by.by,
    }
}

/// The counters as they are kept, and who is inside by them.
fn counters_of(counters: &BTreeMap<u32, VersionCounters>) -> JsonValue {
    let mut json = serde_json::to_value(counters).unwrap_or_default();
    for (number, version) in counters {
        let shown = &mut json[number.to_string()];
        shown["inside"] = version.inside().into();
        shown["conversions"]["worth"] = worth(&version.conversions);
        for (step, counters) in &version.steps {
            let shown = &mut shown["steps"][step.as_str()];
            shown["inside"] = counters.inside().into();
            shown["conversions"]["worth"] = worth(&counters.conversions);
            for (arm, offers) in &counters.offers {
                shown["offers"][arm]["cost"] = amount::number_of(offers.cost).into();
            }
        }
    }
    json
}

fn worth(conversions: &ConversionCounters) -> JsonValue {
    amount::number_of(conversions.worth).into()
}

impl FileBody {
    pub(crate) fn of(file: &Former) -> Self {
        Self {
            version: file.version.to_string(),
            digest: file.digest.to_string(),
        }
    }
}

fn bindings_of(version: &WorkflowVersion) -> BTreeMap<String, BindingBody> {
    let bindings = version.bindings.iter();
    bindings
        .map(|(slot, binding)| (slot.to_string(), binding_body(binding)))
        .collect()
}

pub(crate) fn binding_body(binding: &ResolvedBinding) -> BindingBody {
    let inputs = binding.plan.inputs.iter();
    BindingBody {
        plugin: binding.plugin.to_string(),
        version: binding.version.to_string(),
        digest: binding.digest.to_string(),
        reads: inputs.map(|input| input.source.in_words()).collect(),
        returned_from: binding.returned_from.as_ref().map(FileBody::of),
    }
}
