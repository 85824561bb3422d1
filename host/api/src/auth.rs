//! Who may do what: a bearer key with a role, or a look from this machine at what has no secrets.
//!
//! Every route under `/v1` needs a key. `/inbox`, `/metrics` and `/openapi.json` are pages for whoever sits at the
//! machine: they answer loopback callers that name a loopback host, and otherwise need a key as well. Only `/healthz`
//! and `/readyz` are open.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    App,
    error::{Error, ErrorCode},
    keys::{Holder, Role},
};

/// Lets a request with a key of a fitting role pass.
pub(crate) async fn with_key(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match check(
        &app,
        request.headers(),
        request.method(),
        request.uri().path(),
    ) {
        Ok(holder) => {
            request.extensions_mut().insert(holder);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// Lets a request from this machine pass, or one with a key of a fitting role.
pub(crate) async fn from_here_or_with_key(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if peer.ip().is_loopback() && names_loopback(request.headers()) {
        return next.run(request).await;
    }
    with_key(State(app), request, next).await
}

/// A page of another site that a browser here has open reaches loopback too, but not under a loopback name.
fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn check(app: &App, headers: &HeaderMap, method: &Method, path: &str) -> Result<Holder, Error> {
    let refused = || {
        Error::new(
            ErrorCode::Unauthorized,
            "send a valid API key as `authorization: Bearer sbx_...`",
        )
    };
    // A missing key is looked up like any other, so that every refusal takes the same way.
    let key = bearer(headers).unwrap_or_default();
    let holder = app
        .keys
        .holder_of(key)
        .map_err(|error| Error::internal(&error))?
        .ok_or_else(refused)?;
    let role = holder.role;
    if is_allowed(role, method, path) {
        return Ok(holder);
    }
    Err(Error::new(
        ErrorCode::Forbidden,
        format!("a key of the role {} may not {method} this", role.as_str()),
    ))
}

/// The key of the header. One spelling only, so that what is refused is refused in one way.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    (scheme == "Bearer").then(|| key.trim())
}

fn is_allowed(role: Role, method: &Method, path: &str) -> bool {
    match role {
        Role::Admin => true,
        Role::Read => method == Method::GET || method == Method::HEAD,
        Role::Ingest => {
            let posts_events = method == Method::POST && path.starts_with("/v1/events");
            let patches_contact = method == Method::PATCH && path.starts_with("/v1/contacts/");
            posts_events || patches_contact
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        let cases = [
            (Role::Admin, Method::DELETE, "/v1/workflows/a", true),
            (Role::Read, Method::GET, "/v1/contacts/a", true),
            (Role::Read, Method::POST, "/v1/events", false),
            (Role::Ingest, Method::POST, "/v1/events/batch", true),
            (Role::Ingest, Method::PATCH, "/v1/contacts/a", true),
            (Role::Ingest, Method::GET, "/v1/contacts/a", false),
            (Role::Ingest, Method::POST, "/v1/clock", false),
            (Role::Read, Method::POST, "/v1/clock/follow", false),
            (Role::Admin, Method::POST, "/v1/clock/follow", true),
        ];
        for (role, method, path, expected) in cases {
            assert_eq!(
                is_allowed(role, &method, path),
                expected,
                "{role:?} {method} {path}"
            );
        }
    }

    #[test]
    fn only_loopback_names_count_as_here() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("[::1]:8080", true),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header value"));
            assert_eq!(names_loopback(&headers), expected, "{host}");
        }
    }
}
