//! `/v1/plugins/deprecations`: versions of plugins that people are to move away from.

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use signalbox_engine::{DeprecationView, Use};
use signalbox_model::{
    deprecation::{DEPRECATION_BYTES_MAX, Deprecated, Deprecation},
    id::PluginName,
    time::Instant,
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    keys::Holder,
};

/// What is to be said of versions of a plugin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeprecationDocument {
    /// Which versions, as a binding asks for them. Default: all, those to come included.
    #[serde(default = "every_version")]
    #[schema(example = "<2.0.0", default = "*")]
    versions: String,
    /// Why, for whoever binds or has bound them; 1 to 500 bytes.
    message: String,
    /// What takes their place, for people; 1 to 500 bytes. Default: nothing is said.
    #[serde(default)]
    #[schema(example = "company ^2")]
    replaced_by: Option<String>,
    /// From then on none of them is bound anew. Default: never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_on: Option<Instant>,
}

fn every_version() -> String {
    "*".to_owned()
}

/// What was said of versions of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeprecatedBody {
    /// Which versions.
    pub versions: String,
    /// Why.
    pub message: String,
    /// What takes their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// From then on none of them is bound anew; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed_on: Option<Instant>,
    /// Since when it is said.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The id of the API key that it came with.
    pub by: String,
}

/// A plugin with versions that people are to move away from.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeprecationBody {
    /// The plugin.
    pub plugin: String,
    /// What was said.
    pub deprecated: DeprecatedBody,
    /// Bindings that stand for such a version, at most 1,000. Of an edited workflow each version counts: journeys may be
    /// inside it.
    pub used_by: Vec<UseBody>,
    /// How many more do.
    pub left_out: usize,
}

/// A binding that stands for a deprecated version.
#[derive(Debug, Serialize, ToSchema)]
pub struct UseBody {
    /// The workflow, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The segment, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its version.
    pub version: u32,
    /// Where in it the binding stands.
    pub binding: String,
    /// The version of the plugin.
    pub bound: String,
}

/// One deprecation.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeprecationAnswer {
    /// As it is kept.
    pub deprecation: DeprecationBody,
}

/// The deprecations, at most 256.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeprecationsAnswer {
    /// By the plugin's name.
    pub deprecations: Vec<DeprecationBody>,
}

/// Lists the plugins with deprecated versions, and what is bound to these.
#[utoipa::path(get, path = "/v1/plugins/deprecations", operation_id = "list_deprecations", tag = "plugins", responses(
    (status = 200, body = DeprecationsAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<DeprecationsAnswer>, Error> {
    let all = app.engine.deprecations()?;
    Ok(Json(DeprecationsAnswer {
        deprecations: all.iter().map(deprecation_body).collect(),
    }))
}

/// Says that people are to move away from versions of a plugin, in the place of what was said of it before. Whoever puts a
/// workflow or a segment that binds one is told (`plugin_deprecated` in `advice`), and from `removed_on` on refused
/// (`plugin_removed`); what is bound already goes on.
#[utoipa::path(put, path = "/v1/plugins/deprecations/{name}", operation_id = "deprecate_plugin", tag = "plugins",
    request_body = DeprecationDocument, responses(
    (status = 200, body = DeprecationAnswer), (status = 409, body = Envelope)))]
pub(crate) async fn put(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    JsonBody(document, _room): JsonBody<DeprecationDocument>,
) -> Result<Json<DeprecationAnswer>, Error> {
    let plugin = parse_name(&name)?;
    let deprecation = deprecation_of(document, holder)?;
    let view = app.engine.deprecate_plugin(&plugin, deprecation).await?;
    Ok(Json(DeprecationAnswer {
        deprecation: deprecation_body(&view),
    }))
}

/// Takes back what was said of a plugin's versions.
#[utoipa::path(delete, path = "/v1/plugins/deprecations/{name}", operation_id = "lift_deprecation", tag = "plugins", responses(
    (status = 204), (status = 404, body = Envelope)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    app.engine.lift_deprecation(&parse_name(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse_name(text: &str) -> Result<PluginName, Error> {
    PluginName::parse(text)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

fn deprecation_of(document: DeprecationDocument, holder: Holder) -> Result<Deprecation, Error> {
    let told = [
        ("/message", Some(&document.message)),
        ("/replaced_by", document.replaced_by.as_ref()),
    ];
    for (pointer, text) in told {
        let is_bad = |text: &&String| text.trim().is_empty() || text.len() > DEPRECATION_BYTES_MAX;
        if let Some(text) = text.filter(is_bad) {
            let count = text.len();
            let message = format!(
                "it has {count} bytes, 1 to {DEPRECATION_BYTES_MAX} are allowed, blanks alone are not"
            );
            return Err(Error::new(ErrorCode::InvalidBody, message).at(pointer));
        }
    }
    let versions = document.versions.parse().map_err(|error| {
        let message = format!("{:?} names no versions: {error}", document.versions);
        Error::new(ErrorCode::InvalidBody, message).at("/versions")
    })?;
    Ok(Deprecation {
        versions,
        message: document.message,
        replaced_by: document.replaced_by,
        removed_on: document.removed_on,
        by: holder.id,
    })
}

fn deprecation_body(view: &DeprecationView) -> DeprecationBody {
    DeprecationBody {
        plugin: view.plugin.to_string(),
        deprecated: deprecated_body(&view.deprecated),
        used_by: view.used_by.iter().map(use_body).collect(),
        left_out: view.left_out,
    }
}

pub(crate) fn deprecated_body(deprecated: &Deprecated) -> DeprecatedBody {
    let Deprecated { at, deprecation } = deprecated.clone();
    DeprecatedBody {
        versions: deprecation.versions.to_string(),
        message: deprecation.message,
        replaced_by: deprecation.replaced_by,
        removed_on: deprecation.removed_on,
        at,
        by: deprecation.by,
    }
}

fn use_body(one: &Use) -> UseBody {
    UseBody {
        workflow: one.owner.workflow().map(ToString::to_string),
        segment: one.owner.segment().map(ToString::to_string),
        version: one.version,
        binding: one.slot.to_string(),
        bound: one.bound.to_string(),
    }
}
