//! `/v1/workflows`: the documents with their versions, states, bindings and counters, and the transitions.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::WorkflowView;
use signalbox_model::{
    definitions::WorkflowVersion,
    id::WorkflowId,
    time::Instant,
    workflow::{Action, Workflow},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path, Query},
};

/// A workflow as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowBody {
    /// Its id.
    #[schema(example = "welcome")]
    pub id: String,
    /// Title for people.
    pub title: String,
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
    /// What happened, by version. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub counters: Option<JsonValue>,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
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
}

/// One workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowAnswer {
    /// As it stands now.
    pub workflow: WorkflowBody,
}

/// All workflows.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowsAnswer {
    /// By id.
    pub workflows: Vec<WorkflowBody>,
}

/// Which version an edit was made from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    /// The version that was read before the edit. Another one in between is a conflict. Without it the workflow must
    /// not exist yet.
    based_on: Option<u32>,
}

/// When a workflow should start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDocument {
    /// RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

/// Lists the workflows.
#[utoipa::path(get, path = "/v1/workflows", operation_id = "list_workflows", tag = "workflows", responses((status = 200, body = WorkflowsAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<WorkflowsAnswer>, Error> {
    let views = app.engine.workflows().await?;
    let workflows = views.iter().map(|view| body_of(view, false)).collect();
    Ok(Json(WorkflowsAnswer { workflows }))
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
        workflow: body_of(&view, true),
    }))
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
    JsonBody(document): JsonBody<Workflow>,
) -> Result<(StatusCode, Json<WorkflowAnswer>), Error> {
    let id = parse_id(&id)?;
    if document.id != id {
        let message = format!(
            "the document is of workflow {}, the route of {id}",
            document.id
        );
        return Err(Error::new(ErrorCode::InvalidBody, message).at("/id"));
    }
    let view = app.engine.put_workflow(document, query.based_on).await?;
    let status = if query.based_on.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((
        status,
        Json(WorkflowAnswer {
            workflow: body_of(&view, true),
        }),
    ))
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

/// Moves a workflow to another state: `start`, `cancel`, `pause`, `resume` or `end`.
#[utoipa::path(post, path = "/v1/workflows/{id}/{action}", operation_id = "transition_workflow", tag = "workflows", responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn transition(
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Json<WorkflowAnswer>, Error> {
    let action = match action.as_str() {
        "start" => Action::Start,
        "cancel" => Action::Cancel,
        "pause" => Action::Pause,
        "resume" => Action::Resume,
        "end" => Action::End,
        other => return Err(Error::not_found("action", other)),
    };
    moved(&app, &id, action).await
}

/// Lets a workflow in draft start by itself at an instant; a start that fell into a downtime is made up for.
#[utoipa::path(post, path = "/v1/workflows/{id}/schedule", operation_id = "schedule_workflow", tag = "workflows", request_body = ScheduleDocument, responses(
    (status = 200, body = WorkflowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn schedule(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(document): JsonBody<ScheduleDocument>,
) -> Result<Json<WorkflowAnswer>, Error> {
    moved(&app, &id, Action::Schedule(document.at)).await
}

async fn moved(app: &App, id: &str, action: Action) -> Result<Json<WorkflowAnswer>, Error> {
    let id = parse_id(id)?;
    let view = app.engine.transition(&id, action).await?;
    let view = view.ok_or_else(|| Error::not_found("workflow", &id))?;
    Ok(Json(WorkflowAnswer {
        workflow: body_of(&view, true),
    }))
}

fn parse_id(text: &str) -> Result<WorkflowId, Error> {
    WorkflowId::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

fn body_of(view: &WorkflowView, with_counters: bool) -> WorkflowBody {
    let definition = &view.definition;
    let version = definition.current_version();
    let counters = with_counters.then(|| serde_json::to_value(&view.counters).unwrap_or_default());
    WorkflowBody {
        id: view.id.to_string(),
        title: version
            .map(|version| version.document.title.clone())
            .unwrap_or_default(),
        state: definition.state.as_str(),
        starts_at: definition.starts_at,
        running_since: definition.running_since,
        version: definition.current,
        document: version
            .and_then(|version| serde_json::to_value(&version.document).ok())
            .unwrap_or_default(),
        bindings: version.map(bindings_of).unwrap_or_default(),
        counters,
        allowed: view.allowed.clone(),
    }
}

fn bindings_of(version: &WorkflowVersion) -> BTreeMap<String, BindingBody> {
    let bindings = version.bindings.iter();
    bindings
        .map(|(slot, binding)| {
            let inputs = binding.plan.inputs.iter();
            let body = BindingBody {
                plugin: binding.plugin.to_string(),
                version: binding.version.to_string(),
                digest: binding.digest.to_string(),
                reads: inputs.map(|input| input.source.in_words()).collect(),
            };
            (slot.to_string(), body)
        })
        .collect()
}
