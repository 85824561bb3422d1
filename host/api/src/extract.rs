//! What handlers take, as typed values: read within a bound, parsed, and refused with the place of the first mistake.
//!
//! Called by every handler that takes a body, a part of the path or a query. Axum's own refusals never reach a caller.

use std::{collections::HashSet, fmt};

use axum::{
    body::HttpBody,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IgnoredAny},
};

use crate::{
    App,
    bodies::{ReadBody, Room},
    error::{Error, ErrorCode},
};

/// Longest body of a route that takes a single thing, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest body of a batch of events, in bytes.
pub(crate) const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Longest body of a table, in bytes: its longest text, and some spaces.
pub(crate) const TABLE_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Most segments of a pointer; what lies deeper is named by what it lies in.
const POINTER_SEGMENTS_MAX: usize = 32;

/// A JSON body of at most [`BODY_BYTES_MAX`], in which no name stands twice, and the room that it takes until its
/// handler has ended.
pub(crate) struct JsonBody<T>(pub T, pub Room);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        check_content_type(request.headers())?;
        let body = app.bodies.read(request.into_body(), BODY_BYTES_MAX).await?;
        check_json(&body.bytes, "")?;
        let value = parse_object(&body.bytes, "")?;
        Ok(Self(value, body.room))
    }
}

/// The same where the body may be left out altogether; then it is the default.
pub(crate) struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let JsonBody(value, _room) = JsonBody::from_request(request, app).await?;
        Ok(Self(value))
    }
}

/// The bytes of a batch of at most [`BATCH_BYTES_MAX`], declared as JSON.
pub(crate) struct BatchBody(pub ReadBody);

impl FromRequest<App> for BatchBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        check_content_type(request.headers())?;
        let body = app.bodies.read(request.into_body(), BATCH_BYTES_MAX).await;
        body.map(Self)
    }
}

/// The parameters of the path.
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(value) =
            path.map_err(|error| wrong_parameter("the path cannot be read", &error.body_text()))?;
        Ok(Self(value))
    }
}

/// The query.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        let axum::extract::Query(value) = query
            .map_err(|error| wrong_parameter("the query cannot be read", &error.body_text()))?;
        Ok(Self(value))
    }
}

/// How long a page may be: what was asked for, or `default`.
///
/// # Errors
/// When it is not 1 to `items_max`.
pub(crate) fn page_limit(
    asked: Option<usize>,
    default: usize,
    items_max: usize,
) -> Result<usize, Error> {
    let limit = asked.unwrap_or(default);
    if (1..=items_max).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::new(
        ErrorCode::InvalidParameter,
        format!("limit is 1 to {items_max}"),
    ))
}

/// What axum says behind its own introduction, behind ours.
fn wrong_parameter(introduction: &str, said: &str) -> Error {
    let detail = said.split_once(": ").map_or(said, |(_, detail)| detail);
    Error::new(
        ErrorCode::InvalidParameter,
        format!("{introduction}: {detail}"),
    )
}

/// The body of a table, as it is declared, of at most [`TABLE_BODY_BYTES_MAX`].
pub(crate) enum TableBody {
    /// A JSON document in which no name stands twice.
    Json(serde_json::Value, Room),
    /// CSV.
    Csv(ReadBody),
}

impl FromRequest<App> for TableBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let is_csv = essence(request.headers()).eq_ignore_ascii_case("text/csv");
        if !is_csv && check_content_type(request.headers()).is_err() {
            return Err(Error::new(
                ErrorCode::UnsupportedMediaType,
                "the body must be declared as `content-type: application/json` or `text/csv`",
            ));
        }
        let body = request.into_body();
        let body = app.bodies.read(body, TABLE_BODY_BYTES_MAX).await?;
        if is_csv {
            return Ok(Self::Csv(body));
        }
        check_json(&body.bytes, "")?;
        Ok(Self::Json(parse_object(&body.bytes, "")?, body.room))
    }
}

/// The declared type without its parameters.
fn essence(headers: &HeaderMap) -> &str {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim()
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Error> {
    if essence(headers).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::UnsupportedMediaType,
        "the body must be declared as `content-type: application/json`",
    ))
}

/// Parses a JSON object; everything that is taken is one. Without this look a list would do as well, since serde reads a
/// struct from its members in order.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    base: &str,
) -> Result<T, Error> {
    let parsed = if bytes.trim_ascii_start().starts_with(b"{") {
        parse(bytes, base)
    } else {
        Err(Error::new(ErrorCode::InvalidBody, "an object is needed").at(base))
    };
    // What is no JSON, or says something twice, is that first, whatever the parser ran into.
    parsed.map_err(|error| check_json(bytes, base).err().unwrap_or(error))
}

/// Parses JSON text; a mistake is named by its JSON pointer, behind `base`.
fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], base: &str) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut pointer = format!("{base}{}", pointer_of(error.path()));
        let code = if error.inner().is_data() {
            ErrorCode::InvalidBody
        } else {
            ErrorCode::MalformedJson
        };
        let message = error.into_inner().to_string();
        if let Some(name) = missing_field(&message) {
            pointer.push('/');
            pointer.push_str(name);
        }
        Error::new(code, message).at(pointer)
    })?;
    deserializer
        .end()
        .map_err(|error| Error::new(ErrorCode::MalformedJson, error.to_string()).at(base))?;
    Ok(value)
}

/// The value that a JSON document says; a mistake is named by its JSON pointer.
pub(crate) fn typed<T: DeserializeOwned>(document: serde_json::Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let pointer = pointer_of(error.path());
        Error::new(ErrorCode::InvalidBody, error.into_inner().to_string()).at(pointer)
    })
}

/// Whether the text is JSON in which no name stands twice in one object: parsers differ in which of the two they take,
/// so what was checked elsewhere may not be what is meant here.
fn check_json(bytes: &[u8], base: &str) -> Result<(), Error> {
    parse::<Walked>(bytes, base).map(drop).map_err(|mut error| {
        error.set_code(ErrorCode::MalformedJson);
        error
    })
}

/// Any JSON value, looked through and dropped.
struct Walked;

impl<'de> Deserialize<'de> for Walked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> de::Visitor<'de> for Walk {
    type Value = Walked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Walked, E> {
        Ok(Walked)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Walked, A::Error> {
        while access.next_element::<Walked>()?.is_some() {}
        Ok(Walked)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Walked, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            if names.contains(&name) {
                access.next_value::<IgnoredAny>()?;
                let twice = format_args!("the name {name:?} stands twice");
                return Err(de::Error::custom(twice));
            }
            names.insert(name);
            access.next_value::<Walked>()?;
        }
        Ok(Walked)
    }
}

/// The field that serde misses: it names it only in its message.
fn missing_field(message: &str) -> Option<&str> {
    let (name, _) = message.strip_prefix("missing field `")?.split_once('`')?;
    Some(name)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    for segment in path.iter().take(POINTER_SEGMENTS_MAX) {
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

    #[derive(Debug, Deserialize)]
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
            (r#"{"items":[]}"#, "/name"),
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

    #[test]
    fn a_name_stands_once_in_an_object() {
        let cases = [
            (r#"{"a":{"b":1},"c":{"b":null}}"#, None),
            (r#"[true,-1,1.5,"x",null,{}]"#, None),
            (r#"{"a":1,"a":1}"#, Some("MalformedJson")),
            (r#"{"a":[{"b":1,"b":[2]}]}"#, Some("\"/a/0")),
            ("{\"a\":1e400}", Some("MalformedJson")),
            (r#"{"a":"\ud800"}"#, Some("MalformedJson")),
        ];
        for (text, expected) in cases {
            let found = check_json(text.as_bytes(), "");
            match expected {
                None => assert!(found.is_ok(), "{text}: {found:?}"),
                Some(part) => {
                    let error = format!("{:?}", found.expect_err(text));
                    assert!(error.contains(part), "{text}: {error}");
                }
            }
        }
        let deep = "[".repeat(10_000);
        assert!(check_json(deep.as_bytes(), "").is_err());
    }
}
