//! `/v1/clock`: what time it is, winding a manual clock, and following the machine's again after a leap.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use signalbox_engine::Edge;
use signalbox_model::time::Instant;
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::JsonBody,
};

/// Where to wind the clock to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceDocument {
    /// RFC 3339; not before the clock.
    #[schema(value_type = String, format = DateTime)]
    advance_to: Instant,
    /// `through` also does what is due at that very instant; `before` leaves it, so that events of the instant can
    /// come first; `leap` does all that is due by then only then, as after a downtime. Default: `through`.
    #[serde(default)]
    edge: EdgeWord,
}

/// What is done by the time that the clock stands at the instant, and when.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeWord {
    /// All that is due by then, each at its own instant.
    #[default]
    Through,
    /// All that is due before it, each at its own instant.
    Before,
    /// All that is due by then, late, at the instant itself.
    Leap,
}

/// The clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockAnswer {
    /// What it says.
    pub clock: ClockBody,
}

/// What the clock says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockBody {
    /// Journey time now.
    #[schema(value_type = String, format = DateTime)]
    pub now: Instant,
    /// Whether it is wound by hand.
    pub manual: bool,
}

/// Reads the clock.
#[utoipa::path(get, path = "/v1/clock", operation_id = "read_clock", tag = "clock", responses((status = 200, body = ClockAnswer)))]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<ClockAnswer>, Error> {
    let manual = app.engine.clock()?.is_some();
    let clock = ClockBody {
        now: app.engine.now()?,
        manual,
    };
    Ok(Json(ClockAnswer { clock }))
}

/// Winds a manual clock; answers when everything due by then has been applied and handed over.
#[utoipa::path(post, path = "/v1/clock", operation_id = "advance_clock", tag = "clock", request_body = AdvanceDocument, responses(
    (status = 200, body = ClockAnswer),
    (status = 409, body = Envelope, description = "The server runs on the real clock."),
    (status = 422, body = Envelope, description = "The clock does not go back.")))]
pub(crate) async fn advance(
    State(app): State<App>,
    JsonBody(document, _room): JsonBody<AdvanceDocument>,
) -> Result<Json<ClockAnswer>, Error> {
    let clock = app.engine.clock()?.ok_or_else(|| {
        let message = "the server runs on the real clock; only `serve --clock manual` on a new store can be wound";
        Error::new(ErrorCode::Conflict, message)
    })?;
    let now = clock.now()?;
    if document.advance_to < now {
        let message = format!("the clock stands at {now} and does not go back");
        return Err(Error::new(ErrorCode::InvalidInstant, message).at("/advance_to"));
    }
    let to = document.advance_to;
    let settled = match document.edge {
        EdgeWord::Through => clock.advance_to(to, Edge::Through).await?,
        EdgeWord::Before => clock.advance_to(to, Edge::Before).await?,
        EdgeWord::Leap => clock.leap_to(to).await?,
    };
    let clock = ClockBody {
        now: settled.now,
        manual: true,
    };
    Ok(Json(ClockAnswer { clock }))
}

/// Follows the machine's clock again after it leapt ahead by more than 5 minutes: somebody has looked, and it is right.
/// What is due by then is done. Without a leap nothing changes.
#[utoipa::path(post, path = "/v1/clock/follow", operation_id = "follow_clock", tag = "clock", responses(
    (status = 200, body = ClockAnswer),
    (status = 409, body = Envelope, description = "The clock is wound by hand.")))]
pub(crate) async fn follow(State(app): State<App>) -> Result<Json<ClockAnswer>, Error> {
    let clock = ClockBody {
        now: app.engine.follow_clock()?,
        manual: false,
    };
    Ok(Json(ClockAnswer { clock }))
}
