//! `/v1/shadows`: versions of plugins that are asked beside those in force, and what they said otherwise.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::{PutError, ShadowDifference, ShadowView};
use signalbox_model::{
    definitions::Slot,
    id::{SegmentName, WorkflowId},
    problem::Problem,
    segment::Owner,
    time::Instant,
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    workflows::FileBody,
};

/// What to ask beside what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowDocument {
    /// The workflow whose binding it is; either this or `segment`.
    #[schema(value_type = Option<String>)]
    workflow: Option<WorkflowId>,
    /// The segment.
    #[schema(value_type = Option<String>)]
    segment: Option<SegmentName>,
    /// The place of the binding, such as `trigger`, `audience`, `steps/ID/personalizer`. Default: that of a segment's rule.
    binding: Option<String>,
    /// Which versions: the newest in the folder that meets this. Default: any.
    #[schema(value_type = Option<String>, example = "^2")]
    version: Option<semver::VersionReq>,
}

/// A shadow and how it compares.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowBody {
    /// Its number; never given to another.
    pub number: u32,
    /// The workflow, if its binding is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The segment, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The version of that: its next version ends the shadow.
    pub of_version: u32,
    /// The place of the binding.
    pub binding: String,
    /// The plugin.
    pub plugin: String,
    /// What is asked beside.
    pub shadow: FileBody,
    /// What the binding stands for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<FileBody>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Instant,
    /// Decisions in which it said the same, its reason included.
    pub agree: u64,
    /// Decisions in which it said otherwise.
    pub differ: u64,
    /// Those of `differ` in which only the reason is another.
    pub reason_only: u64,
    /// Decisions in which it failed.
    pub failed: u64,
    /// Decisions on an occasion that its plan has not.
    pub not_asked: u64,
    /// Decisions that it was not asked about: too many waited, or it was stopped.
    pub not_compared: u64,
    /// Decisions of all shadows that are still to be compared.
    pub waiting: u64,
    /// Its plan has occasions that the binding's has not: there nobody is asked.
    pub has_other_occasions: bool,
    /// Why it is asked no more, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// All shadows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowsAnswer {
    /// In the order in which they began; there are at most 8.
    pub shadows: Vec<ShadowBody>,
}

/// A shadow with its differences.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowAnswer {
    /// How it compares.
    pub shadow: ShadowBody,
    /// The newest decisions in which it differed or failed, at most 1,000, by contact.
    pub differences: Vec<DifferenceBody>,
    /// Older ones that are left out.
    pub left_out: u64,
}

/// A decision in which a shadow differed or failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceBody {
    /// About whom.
    pub contact: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The journey that asked; absent on the way in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<String>,
    /// The record that asked, as `PARTITION:SEQUENCE`.
    pub position: String,
    /// The file that decided.
    pub by: FileBody,
    /// What it said, with its reason, or `failed` with a message.
    #[schema(value_type = Object)]
    pub decided: JsonValue,
    /// What the shadow said.
    #[schema(value_type = Object)]
    pub shadow: JsonValue,
}

/// Lists the shadows.
#[utoipa::path(get, path = "/v1/shadows", operation_id = "list_shadows", tag = "shadows", responses(
    (status = 200, body = ShadowsAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<ShadowsAnswer>, Error> {
    let shadows = app.engine.shadows()?;
    let shadows = shadows.iter().map(body).collect();
    Ok(Json(ShadowsAnswer { shadows }))
}

/// Has another version of its plugin asked beside a binding: whatever that is asked from now on, without any effect.
#[utoipa::path(post, path = "/v1/shadows", operation_id = "start_shadow", tag = "shadows", request_body = ShadowDocument, responses(
    (status = 201, body = ShadowAnswer), (status = 409, body = Envelope), (status = 422, body = Envelope)))]
pub(crate) async fn start(
    State(app): State<App>,
    JsonBody(document, _room): JsonBody<ShadowDocument>,
) -> Result<(StatusCode, Json<ShadowAnswer>), Error> {
    let owner: Owner = match (document.workflow, document.segment) {
        (Some(workflow), None) => workflow.into(),
        (None, Some(segment)) => segment.into(),
        _ => {
            let message = "name either a workflow or a segment";
            return Err(Error::new(ErrorCode::InvalidBody, message).at("/workflow"));
        }
    };
    let slot = match (document.binding, owner.segment()) {
        (None, Some(_)) => Some(Slot::Membership),
        (text, _) => Slot::parse(&text.unwrap_or_default()),
    };
    let slot = slot.ok_or_else(|| {
        let message = "name the place of the binding, such as `trigger` or `audience`: `bindings` of the workflow has them";
        Error::new(ErrorCode::InvalidBody, message).at("/binding")
    })?;
    let requirement = document.version.unwrap_or(semver::VersionReq::STAR);
    let started = app.engine.start_shadow(owner, slot, requirement).await;
    let view = started.map_err(|error| refused(error, ErrorCode::InvalidBody, "begin"))?;
    Ok((StatusCode::CREATED, Json(answer(&view))))
}

/// How a shadow compares, and where it differs.
#[utoipa::path(get, path = "/v1/shadows/{number}", operation_id = "read_shadow", tag = "shadows", responses(
    (status = 200, body = ShadowAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(number): Path<u32>,
) -> Result<Json<ShadowAnswer>, Error> {
    let view = app.engine.shadow(number)?;
    let view = view.ok_or_else(|| Error::not_found("shadow", number))?;
    Ok(Json(answer(&view)))
}

/// Has the binding stand for what its shadow does, and ends the shadow. Answers with what came of it last.
#[utoipa::path(post, path = "/v1/shadows/{number}/promote", operation_id = "promote_shadow", tag = "shadows", responses(
    (status = 200, body = ShadowAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn promote(
    State(app): State<App>,
    Path(number): Path<u32>,
) -> Result<Json<ShadowAnswer>, Error> {
    let promoted = app.engine.promote_shadow(number).await;
    let view = promoted.map_err(|error| refused(error, ErrorCode::Conflict, "be promoted"))?;
    let view = view.ok_or_else(|| Error::not_found("shadow", number))?;
    Ok(Json(answer(&view)))
}

/// Ends a shadow, and forgets what came of it.
#[utoipa::path(delete, path = "/v1/shadows/{number}", operation_id = "drop_shadow", tag = "shadows", responses(
    (status = 204), (status = 404, body = Envelope)))]
pub(crate) async fn drop(
    State(app): State<App>,
    Path(number): Path<u32>,
) -> Result<StatusCode, Error> {
    app.engine.drop_shadow(number).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: PutError, code: ErrorCode, what: &str) -> Error {
    match error {
        PutError::Problems(problems) => {
            let first = problems.first().map(|problem: &Problem| &problem.reason);
            let first = first.map(String::as_str).unwrap_or_default();
            let message = format!("the shadow cannot {what}: {first}");
            Error::new(code, message).with_problems(problems)
        }
        error => error.into(),
    }
}

fn answer(view: &ShadowView) -> ShadowAnswer {
    let mut differences: Vec<&ShadowDifference> = view.report.differences.iter().collect();
    differences.sort_by_key(|one| (&one.contact, one.partition, one.sequence));
    ShadowAnswer {
        shadow: body(view),
        differences: differences.into_iter().map(difference_body).collect(),
        left_out: view.report.left_out,
    }
}

fn body(view: &ShadowView) -> ShadowBody {
    let ShadowView { shadow, report, .. } = view;
    ShadowBody {
        number: view.number,
        workflow: shadow.owner.workflow().map(ToString::to_string),
        segment: shadow.owner.segment().map(ToString::to_string),
        of_version: shadow.version,
        binding: shadow.slot.to_string(),
        plugin: shadow.binding.plugin.to_string(),
        shadow: FileBody::of(&shadow.binding.file()),
        bound: view.bound.as_ref().map(|bound| FileBody::of(&bound.file())),
        started_at: shadow.started_at,
        agree: report.agree,
        differ: report.differ,
        reason_only: report.reason_only,
        failed: report.failed,
        not_asked: report.not_asked,
        not_compared: report.not_compared,
        waiting: view.waiting,
        has_other_occasions: view.has_other_occasions(),
        stopped: report.stopped.clone(),
    }
}

fn difference_body(difference: &ShadowDifference) -> DifferenceBody {
    DifferenceBody {
        contact: difference.contact.to_string(),
        at: difference.at,
        journey: difference.journey.map(|journey| journey.to_string()),
        position: format!("{}:{}", difference.partition, difference.sequence),
        by: FileBody::of(&difference.by),
        decided: difference.decided.clone(),
        shadow: difference.shadow.clone(),
    }
}
