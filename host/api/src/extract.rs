//! Bodies as typed values: read within a bound, parsed, and refused with the place of the first mistake.
//!
//! Called by every handler that takes a body.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode};

/// Longest body of a route that takes a single thing, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest body of a batch of events, in bytes.
pub(crate) const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A JSON body of at most [`BODY_BYTES_MAX`].
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Error> {
        check_content_type(request.headers())?;
        let bytes = read_body(request.into_body(), BODY_BYTES_MAX).await?;
        parse(&bytes, "").map(Self)
    }
}

/// The bytes of a batch of at most [`BATCH_BYTES_MAX`], declared as JSON.
pub(crate) struct BatchBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for BatchBody {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Error> {
        check_content_type(request.headers())?;
        read_body(request.into_body(), BATCH_BYTES_MAX)
            .await
            .map(Self)
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Error> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::UnsupportedMediaType,
        "the body must be declared as `content-type: application/json`",
    ))
}

async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Error> {
    to_bytes(body, bytes_max).await.map_err(|_| {
        Error::new(
            ErrorCode::BodyTooLarge,
            format!("the body is longer than {bytes_max} bytes, or it broke off"),
        )
    })
}

/// Parses JSON text; a mistake is named by its JSON pointer, behind `base`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], base: &str) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = format!("{base}{}", pointer_of(error.path()));
        let code = if error.inner().is_data() {
            ErrorCode::InvalidBody
        } else {
            ErrorCode::MalformedJson
        };
        Error::new(code, error.into_inner().to_string()).at(pointer)
    })?;
    deserializer
        .end()
        .map_err(|error| Error::new(ErrorCode::MalformedJson, error.to_string()).at(base))?;
    Ok(value)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parse is looked at")]
    struct Document {
        name: String,
        items: Vec<u32>,
    }

    #[test]
    fn mistakes_are_named_by_their_place() {
        let cases = [
            (r#"{"name":"a","items":[1,"x"]}"#, "/items/1"),
            (r#"{"name":"a","items":[],"more":1}"#, "/more"),
            (r#"{"items":[]}"#, ""),
            (r#"{"name":"a","items":[]"#, ""),
            (r#"{"name":"a","items":[]} {}"#, ""),
        ];
        for (text, pointer) in cases {
            let error = parse::<Document>(text.as_bytes(), "").expect_err(text);
            assert!(
                format!("{error:?}").contains(&format!("field: Some({pointer:?})")),
                "{text}: {error:?}"
            );
        }
    }
}
