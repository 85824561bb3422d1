//! `/v1/workflows/{id}/days`: how often a trigger fires, day by day.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use signalbox_reports::days::DayCounters;
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error},
    extract::Path,
    workflows::parse_id,
};

/// The days of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct DaysAnswer {
    /// The days of the last 400 on which its trigger was asked or somebody was to enter, the oldest first; the others are
    /// left out.
    pub days: Vec<DayBody>,
    /// The zone whose days they are: always `UTC`.
    pub zone: &'static str,
}

/// One day of a workflow, over all its versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayBody {
    /// Which one.
    #[schema(example = "2026-03-02", format = Date)]
    pub day: String,
    /// What its trigger said, by reason.
    pub trigger: BTreeMap<String, u64>,
    /// Journeys that began.
    pub entered: u64,
    /// Contacts that the trigger wanted in and that stayed out, by reason.
    pub not_entered: BTreeMap<String, u64>,
}

/// What a workflow's trigger said on each day, who entered, and who was kept out.
#[utoipa::path(get, path = "/v1/workflows/{id}/days", operation_id = "read_days", tag = "workflows", responses(
    (status = 200, body = DaysAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<DaysAnswer>, Error> {
    let id = parse_id(&id)?;
    let days = app.engine.days(&id).await?;
    let days = days.ok_or_else(|| Error::not_found("workflow", &id))?;
    Ok(Json(DaysAnswer {
        days: days.into_iter().map(body_of).collect(),
        zone: "UTC",
    }))
}

fn body_of(counters: DayCounters) -> DayBody {
    DayBody {
        day: counters.date().to_string(),
        trigger: counters.trigger,
        entered: counters.entered,
        not_entered: counters.not_entered,
    }
}
