//! `/inbox`: the mails that the capture transport kept, for people to look at.
//!
//! A mail's HTML is foreign content: it is served apart, under a policy that forbids scripts, forms and every request,
//! and shown in a frame without any rights. Everything that is written into our own page is escaped.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use signalbox_mail::capture::{Capture, CaptureError, Captured, Meta};
use signalbox_model::time::Instant;
use utoipa::IntoParams;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{Path, Query},
};

/// Mails shown on one page.
const PAGE_MESSAGES: usize = 50;
/// What our own pages may load: nothing but their own style, and the frame with the mail.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";
/// What a mail may load: inline style and inline images. `sandbox` takes away scripts, forms and the origin.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Which page of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// The id that the page before ended with. Default: from the newest.
    before: Option<String>,
}

/// The list of captured mails, newest first.
#[utoipa::path(get, path = "/inbox", operation_id = "list_mails", tag = "inbox", params(ListQuery), responses(
    (status = 200, content_type = "text/html", body = String), (status = 404, body = Envelope)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let capture = capture_of(&app)?;
    let page = capture
        .list(query.before.as_deref(), PAGE_MESSAGES)
        .map_err(refused)?;
    let mut body = format!(
        "<h1>Inbox</h1><p class=\"quiet\">{} mails kept, newest first</p>",
        capture.count()
    );
    if page.messages.is_empty() {
        body.push_str("<p>No mail yet. When a journey sends one, it appears here.</p>");
    } else {
        body.push_str("<table><thead><tr><th>At</th><th>To</th><th>Subject</th><th>Workflow</th></tr></thead><tbody>");
        page.messages
            .iter()
            .for_each(|meta| push_row(&mut body, meta));
        body.push_str("</tbody></table>");
    }
    if let Some(next) = &page.next_before {
        let _ = write!(
            body,
            "<p><a href=\"/inbox?before={}\">Older mails</a></p>",
            escaped(next)
        );
    }
    Ok(own_page("Inbox", &body))
}

fn push_row(body: &mut String, meta: &Meta) {
    let _ = write!(
        body,
        "<tr><td>{}</td><td>{}</td><td><a href=\"/inbox/{}\">{}</a></td><td>{}</td></tr>",
        Instant::from_ms(meta.at_ms),
        escaped(&meta.to),
        escaped(&meta.id),
        escaped(&meta.subject),
        escaped(&meta.workflow),
    );
}

/// One mail: its headers, and its HTML in a frame.
#[utoipa::path(get, path = "/inbox/{id}", operation_id = "show_mail", tag = "inbox", responses(
    (status = 200, content_type = "text/html", body = String), (status = 404, body = Envelope)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let Captured {
        meta, text, html, ..
    } = capture_of(&app)?.read(&id).map_err(refused)?;
    let id = escaped(&meta.id);
    let mut body = format!(
        "<p><a href=\"/inbox\">Inbox</a></p><h1>{}</h1><dl>",
        escaped(&meta.subject)
    );
    let at = Instant::from_ms(meta.at_ms).to_string();
    for (name, value) in [
        ("From", &meta.from),
        ("To", &meta.to),
        ("At", &at),
        ("Workflow", &meta.workflow),
        ("Message-ID", &meta.message_id),
    ] {
        let _ = write!(body, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    }
    let _ = write!(
        body,
        "</dl><p><a href=\"/inbox/{id}/raw\">Source ({} bytes)</a></p>",
        meta.bytes
    );
    if html.is_some() {
        let _ = write!(
            body,
            "<h2>HTML</h2><iframe sandbox title=\"The mail\" src=\"/inbox/{id}/html\"></iframe>"
        );
    }
    if let Some(text) = text {
        let _ = write!(body, "<h2>Text</h2><pre>{}</pre>", escaped(&text));
    }
    Ok(own_page(&meta.subject, &body))
}

/// One mail's HTML part, without any rights.
#[utoipa::path(get, path = "/inbox/{id}/html", operation_id = "show_mail_html", tag = "inbox", responses(
    (status = 200, content_type = "text/html", body = String), (status = 404, body = Envelope)))]
pub(crate) async fn show_html(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let captured = capture_of(&app)?.read(&id).map_err(refused)?;
    let html = captured
        .html
        .ok_or_else(|| Error::not_found("HTML part of mail", &id))?;
    Ok(with_headers(Html(html).into_response(), MAIL_POLICY))
}

/// One mail as it was sent.
#[utoipa::path(get, path = "/inbox/{id}/raw", operation_id = "show_mail_raw", tag = "inbox", responses(
    (status = 200, content_type = "message/rfc822", body = String), (status = 404, body = Envelope)))]
pub(crate) async fn show_raw(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let captured = capture_of(&app)?.read(&id).map_err(refused)?;
    let kinds = [
        (header::CONTENT_TYPE, "message/rfc822"),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    Ok(with_headers(
        (kinds, captured.raw).into_response(),
        PAGE_POLICY,
    ))
}

fn capture_of(app: &App) -> Result<&Capture, Error> {
    app.engine.inbox().ok_or_else(|| {
        Error::new(
            ErrorCode::NotFound,
            "there is no inbox: mails go out by SMTP (`--transport capture` keeps them here)",
        )
    })
}

fn refused(error: CaptureError) -> Error {
    match error {
        CaptureError::NotFound | CaptureError::Id => {
            Error::new(ErrorCode::NotFound, error.to_string())
        }
        other => Error::internal(&other),
    }
}

fn own_page(title: &str, body: &str) -> Response {
    const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;\
        color:#1f2430;background:#fbfaf8}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.5rem \
        .75rem;border-bottom:1px solid #e3dfd8}th{font-size:.8rem;color:#6b6a73}a{color:#7a4a2f}.quiet{color:#6b6a73}\
        iframe{width:100%;height:70vh;border:1px solid #e3dfd8;border-radius:8px;background:#fff}dl{display:grid;\
        grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:#6b6a73}dd{margin:0;overflow-wrap:anywhere}\
        pre{white-space:pre-wrap;background:#fff;border:1px solid #e3dfd8;border-radius:8px;padding:1rem}";
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{} - Signalbox</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escaped(title),
    );
    with_headers((StatusCode::OK, Html(page)).into_response(), PAGE_POLICY)
}

fn with_headers(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

/// Text as HTML shows it, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(
            escaped("\"><img onerror='x'>&"),
            "&quot;&gt;&lt;img onerror=&#39;x&#39;&gt;&amp;"
        );
    }
}
