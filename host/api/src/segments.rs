//! `/v1/segments`: named segments with their documents and counts, and who is in them, page by page or as CSV.

use std::{
    pin::Pin,
    task::{self, Poll},
};

use axum::{
    BoxError, Json,
    body::{Body, Bytes, HttpBody},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::{Engine, Member, MembersPage, PutError, SegmentView};
use signalbox_model::{
    id::{ContactId, SegmentName},
    problem::Problem,
    segment::{Segment, SegmentDefinition},
    time::Instant,
};
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path, Query, page_limit, typed},
    workflows::{BindingBody, binding_body},
};

/// Members on one page when the caller does not say how many.
const PAGE_MEMBERS: usize = 100;
/// Most members on one page.
const PAGE_MEMBERS_MAX: usize = 1_000;
/// Pages of an export that wait for a slow reader.
const PAGES_WAITING_MAX: usize = 2;

/// A segment as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentBody {
    /// Its name.
    #[schema(example = "vip")]
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Counts its documents, from 1.
    pub version: u32,
    /// When the document was put.
    #[schema(value_type = String, format = DateTime)]
    pub put_at: Instant,
    /// The document.
    #[schema(value_type = Object)]
    pub document: JsonValue,
    /// What its rule stands for; absent where it is made of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<BindingBody>,
}

/// A segment with its counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentAnswer {
    /// The segment.
    pub segment: SegmentBody,
    /// Contacts that are in.
    pub members: u64,
    /// How often a contact came in.
    pub entered: u64,
    /// How often a contact left.
    pub left: u64,
    /// Answers of its rule, by reason.
    #[schema(value_type = Object)]
    pub decisions: JsonValue,
    /// Contacts that were asked since the segment was last changed, apart from what happened to them.
    pub evaluated: u64,
    /// `false` while there are contacts that were not asked since the segment was last changed.
    pub is_evaluated: bool,
    /// What would make it better, without being wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub advice: Vec<Problem>,
}

/// The segments.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentsAnswer {
    /// In the order of their names; there are at most 64.
    pub segments: Vec<SegmentBody>,
}

/// A contact that is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberBody {
    /// Its id.
    pub contact: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Instant,
    /// Its mail address, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembersAnswer {
    /// In an order that stays. There may be fewer than asked for, or none, and a next page all the same.
    pub members: Vec<MemberBody>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// From which version an edit was made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    /// The version that was read before the edit. Another one in between is a conflict. Without it the segment must not
    /// exist yet.
    based_on: Option<u32>,
}

/// Which page of the members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    /// `next` of the page before. Default: the first page.
    after: Option<String>,
    /// Members on the page, 1 to 1,000. Default: 100.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// How an export is written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CsvQuery {
    /// `false` writes texts as they are, for programs; a spreadsheet may then run a text as a formula. Default: `true`,
    /// which puts `'` before a text that begins with `=`, `+`, `-`, `@`, a tab or a line break.
    #[serde(default = "is_safe_default")]
    #[param(default = true)]
    safe: bool,
}

fn is_safe_default() -> bool {
    true
}

/// Lists the segments.
#[utoipa::path(get, path = "/v1/segments", operation_id = "list_segments", tag = "segments", responses(
    (status = 200, body = SegmentsAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<SegmentsAnswer>, Error> {
    let segments = app.engine.segments()?;
    let segments = segments.iter().map(segment_body).collect();
    Ok(Json(SegmentsAnswer { segments }))
}

/// Reads one segment with its counts.
#[utoipa::path(get, path = "/v1/segments/{name}", operation_id = "read_segment", tag = "segments", responses(
    (status = 200, body = SegmentAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<SegmentAnswer>, Error> {
    Ok(Json(answer(&found(&app, &name).await?)))
}

/// The JSON Schema of a segment's document, draft 2020-12.
#[utoipa::path(get, path = "/v1/schemas/segment", operation_id = "read_segment_schema", tag = "segments", responses(
    (status = 200, body = Object)))]
pub(crate) async fn schema() -> Json<JsonValue> {
    Json(signalbox_model::schema::segment().to_value())
}

/// Creates a segment, or replaces its document. Checked whole: all problems at once. Everybody is asked about it then,
/// in the background; who comes in by that does not count as entering just then.
#[utoipa::path(put, path = "/v1/segments/{name}", operation_id = "put_segment", tag = "segments", params(PutQuery), request_body = Object, responses(
    (status = 200, body = SegmentAnswer, description = "Replaced."),
    (status = 201, body = SegmentAnswer, description = "Created."),
    (status = 409, body = Envelope), (status = 422, body = Envelope)))]
pub(crate) async fn put(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PutQuery>,
    JsonBody(document, _room): JsonBody<JsonValue>,
) -> Result<(StatusCode, Json<SegmentAnswer>), Error> {
    let parsed = parse_name(&name)?;
    let document: Segment = typed(document)?;
    if document.name != parsed {
        let message = format!(
            "the document is of segment {}, the route of {parsed}",
            document.name
        );
        return Err(Error::new(ErrorCode::InvalidBody, message).at("/name"));
    }
    let put = app.engine.put_segment(document, query.based_on).await;
    put.map_err(refused)?;
    let status = if query.based_on.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(answer(&found(&app, &name).await?))))
}

/// Deletes a segment that no other segment and no workflow goes by. It forgets who was in.
#[utoipa::path(delete, path = "/v1/segments/{name}", operation_id = "delete_segment", tag = "segments", responses(
    (status = 204), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    app.engine.delete_segment(&parse_name(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is in a segment, page by page.
#[utoipa::path(get, path = "/v1/segments/{name}/members", operation_id = "list_members", tag = "segments", params(MembersQuery), responses(
    (status = 200, body = MembersAnswer), (status = 400, body = Envelope), (status = 404, body = Envelope)))]
pub(crate) async fn members(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<MembersQuery>,
) -> Result<Json<MembersAnswer>, Error> {
    let parsed = parse_name(&name)?;
    let after = query.after.as_deref().map(ContactId::parse).transpose();
    let after =
        after.map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))?;
    let limit = page_limit(query.limit, PAGE_MEMBERS, PAGE_MEMBERS_MAX)?;
    let page = app.engine.members(&parsed, after.as_ref(), limit).await?;
    let page = page.ok_or_else(|| Error::not_found("segment", &parsed))?;
    Ok(Json(MembersAnswer {
        members: page.members.into_iter().map(member_body).collect(),
        next: page.next.map(|contact| contact.to_string()),
    }))
}

/// Everybody who is in a segment as CSV (RFC 4180) with the columns `contact`, `email` and `since`, every field quoted.
#[utoipa::path(get, path = "/v1/segments/{name}/members.csv", operation_id = "export_members", tag = "segments", params(CsvQuery), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 404, body = Envelope)))]
pub(crate) async fn members_csv(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<CsvQuery>,
) -> Result<Response, Error> {
    let parsed = parse_name(&name)?;
    let first = app.engine.members(&parsed, None, PAGE_MEMBERS_MAX).await?;
    let first = first.ok_or_else(|| Error::not_found("segment", &parsed))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{parsed}.csv\""),
        ),
    ];
    let (pages, waiting) = mpsc::channel(PAGES_WAITING_MAX);
    tokio::spawn(export(app.engine, parsed, first, query.safe, pages));
    Ok((headers, Body::new(Pages(waiting))).into_response())
}

/// Writes page after page, as fast as they are taken. A reader that goes away ends it; so does an engine that stops, or a
/// segment that is deleted, and the answer is cut off then, which HTTP tells the reader.
async fn export(
    engine: Engine,
    name: SegmentName,
    first: MembersPage,
    is_safe: bool,
    pages: mpsc::Sender<Result<Bytes, BoxError>>,
) {
    let mut text = String::from("\"contact\",\"email\",\"since\"\r\n");
    let mut page = first;
    loop {
        for member in &page.members {
            write_member(&mut text, member, is_safe);
        }
        let chunk = Bytes::from(std::mem::take(&mut text));
        if pages.send(Ok(chunk)).await.is_err() {
            return;
        }
        let Some(after) = page.next else {
            return;
        };
        page = match engine.members(&name, Some(&after), PAGE_MEMBERS_MAX).await {
            Ok(Some(next)) => next,
            Ok(None) => return cut_off(pages, "the segment was deleted".into()).await,
            Err(error) => return cut_off(pages, error.into()).await,
        };
    }
}

async fn cut_off(pages: mpsc::Sender<Result<Bytes, BoxError>>, why: BoxError) {
    // A reader that is gone needs no reason.
    let _ = pages.send(Err(why)).await;
}

fn write_member(text: &mut String, member: &Member, is_safe: bool) {
    let since = member.since.to_string();
    let email = member.email.as_deref().unwrap_or_default();
    for (index, field) in [member.contact.as_str(), email, &since]
        .into_iter()
        .enumerate()
    {
        text.push_str(if index == 0 { "\"" } else { ",\"" });
        if is_safe && field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
            text.push('\'');
        }
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// A body of what comes in.
struct Pages(mpsc::Receiver<Result<Bytes, BoxError>>);

impl HttpBody for Pages {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = self.0.poll_recv(ctx);
        next.map(|next| next.map(|chunk| chunk.map(Frame::data)))
    }
}

async fn found(app: &App, name: &str) -> Result<SegmentView, Error> {
    let name = parse_name(name)?;
    let view = app.engine.segment(&name).await?;
    view.ok_or_else(|| Error::not_found("segment", &name))
}

fn refused(error: PutError) -> Error {
    match error {
        PutError::Problems(problems) => {
            let message = match problems.len() {
                1 => "the segment has a problem; nothing was stored".to_owned(),
                count => format!("the segment has {count} problems; nothing was stored"),
            };
            Error::new(ErrorCode::InvalidSegment, message).with_problems(problems)
        }
        other => other.into(),
    }
}

fn parse_name(text: &str) -> Result<SegmentName, Error> {
    SegmentName::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

fn segment_body(definition: &SegmentDefinition) -> SegmentBody {
    SegmentBody {
        name: definition.document.name.to_string(),
        title: definition.document.title.clone(),
        version: definition.version,
        put_at: definition.put_at,
        document: serde_json::to_value(&definition.document).unwrap_or_default(),
        binding: definition.binding.as_ref().map(binding_body),
    }
}

fn answer(view: &SegmentView) -> SegmentAnswer {
    SegmentAnswer {
        segment: segment_body(&view.definition),
        members: view.counters.members(),
        entered: view.counters.entered,
        left: view.counters.left,
        decisions: serde_json::to_value(&view.counters.decisions).unwrap_or_default(),
        evaluated: view.evaluated,
        is_evaluated: view.is_evaluated,
        advice: view.advice.clone(),
    }
}

fn member_body(member: Member) -> MemberBody {
    MemberBody {
        contact: member.contact.to_string(),
        since: member.since,
        email: member.email,
    }
}
