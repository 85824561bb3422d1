//! `GET /v1/contacts/{id}/webhooks`: the calls to other systems that a contact's journeys have queued.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_model::{
    id::{ContactId, WebhookId},
    time::Instant,
    webhook::Webhook,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{Path, Query, page_limit},
};

/// Calls on one page when the caller does not say how many.
const PAGE_WEBHOOKS: usize = 50;
/// Most calls on one page.
const PAGE_WEBHOOKS_MAX: usize = 200;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WebhooksQuery {
    /// How many at most, 1 to 200. Default: 50.
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A call to another system. It is kept here; nothing is sent yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// Its id, which the other side may drop repetitions by.
    pub id: String,
    /// The workflow that calls.
    pub workflow: String,
    /// Its version.
    pub version: u32,
    /// The journey that calls.
    pub journey: String,
    /// The step that calls.
    pub step: String,
    /// Where to.
    pub url: String,
    /// What it carries.
    #[schema(value_type = Object)]
    pub fields: JsonValue,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Instant,
}

/// A page of a contact's calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhooksAnswer {
    /// By their ids.
    pub webhooks: Vec<WebhookBody>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Lists the calls to other systems that a contact's journeys have queued.
#[utoipa::path(get, path = "/v1/contacts/{id}/webhooks", operation_id = "list_webhooks", tag = "contacts", params(WebhooksQuery), responses(
    (status = 200, body = WebhooksAnswer), (status = 400, body = Envelope)))]
pub(crate) async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<WebhooksQuery>,
) -> Result<Json<WebhooksAnswer>, Error> {
    let wrong = |error: signalbox_model::id::Error| {
        Error::new(ErrorCode::InvalidParameter, error.to_string())
    };
    let contact = ContactId::parse(&id).map_err(wrong)?;
    let after = query.after.as_deref().map(WebhookId::parse);
    let after = after.transpose().map_err(wrong)?;
    let limit = page_limit(query.limit, PAGE_WEBHOOKS, PAGE_WEBHOOKS_MAX)?;
    // One more than is shown tells whether there is another page.
    let mut found = app.engine.webhooks(&contact, after, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more);
    Ok(Json(WebhooksAnswer {
        next: last.map(|webhook| webhook.id.to_string()),
        webhooks: found.into_iter().map(body).collect(),
    }))
}

fn body(webhook: Webhook) -> WebhookBody {
    WebhookBody {
        id: webhook.id.to_string(),
        workflow: webhook.workflow.to_string(),
        version: webhook.version,
        journey: webhook.journey.to_string(),
        step: webhook.step.to_string(),
        url: webhook.url,
        fields: serde_json::to_value(&webhook.fields).unwrap_or_default(),
        queued_at: webhook.queued_at,
    }
}
