//! `/v1/workflows/{id}/experiments`: how each split of a workflow stands, and how one ends by hand.

use std::collections::BTreeMap;

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use signalbox_engine::ExperimentView;
use signalbox_model::{
    amount,
    definitions::EndedExperiment,
    id::{ArmName, StepId, WorkflowId},
    time::Instant,
    workflow::step::Measure,
};
use signalbox_reports::{
    experiment::{Finding, Obstacle},
    weighed::Weighed,
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    keys::Holder,
    workflows::parse_id,
};

/// The experiments of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentsAnswer {
    /// One for each step that splits, in the order of the steps.
    pub experiments: Vec<ExperimentBody>,
}

/// How one experiment stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentBody {
    /// The step that splits.
    pub step: String,
    /// Its name. Default: `WORKFLOW/STEP`.
    pub experiment: String,
    /// What people convert by: `goal`, `opened` or `clicked`.
    #[schema(value_type = String)]
    pub by: Measure,
    /// The plugin whose rule chooses the arms; absent where they are drawn by lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// People that each arm is planned to have; absent where the counts are watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_arm: Option<u32>,
    /// The versions that are counted together, the newest first: those that split in the same way.
    pub versions: Vec<u32>,
    /// The arms by name.
    pub arms: BTreeMap<String, PeopleBody>,
    /// What the counts say now; absent where fewer than two arms have a weight, or a rule chooses the arms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingBody>,
    /// How it ended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndedBody>,
}

/// The people of an arm, each counted once.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeopleBody {
    /// Its share of all people in basis points.
    pub weight: u32,
    /// People who were given it.
    pub assigned: u64,
    /// Those who converted.
    pub converted: u64,
    /// Whom they stand for, where a rule chose the arm; absent where it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighed: Option<WeighedBody>,
}

/// The people of an arm, each counted as so many as one divided by the chance at which the arm was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeighedBody {
    /// All of them.
    pub assigned: f64,
    /// Those who converted.
    pub converted: f64,
    /// The share of those who converted, from 0 to 1: what it would be had everybody been given this arm. Absent as
    /// long as nobody was. It comes without an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// What the counts say. Which members there are depends on the kind.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FindingBody {
    /// `too_few` people, `unbalanced` arms, `no_winner` yet, or a `winner`.
    pub kind: &'static str,
    /// The arm that won, or that has the fewest people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// People that every arm needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// Of the test that decided, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// What it has to be below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Why there is no winner: `too_rare`, `alike`, `close` or `watched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<&'static str>,
    /// The winner's share of converted less that of the next arm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// The arm that comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
}

/// How an experiment ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedBody {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The arm that everybody takes from then on; `null` if none won.
    pub winner: Option<String>,
    /// The id of the API key that ended it; `null` if it ended by itself.
    pub by: Option<String>,
}

/// How to end an experiment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndDocument {
    /// The version whose experiment was looked at: the first of `versions`.
    version: u32,
    /// The arm that everybody takes from now on; `null` for none: the arms stay as they are.
    #[schema(value_type = Option<String>, required = true)]
    #[serde(deserialize_with = "Option::deserialize")]
    winner: Option<ArmName>,
}

/// How the experiments of a workflow stand.
#[utoipa::path(get, path = "/v1/workflows/{id}/experiments", operation_id = "read_experiments", tag = "workflows", responses(
    (status = 200, body = ExperimentsAnswer), (status = 404, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ExperimentsAnswer>, Error> {
    let id = parse_id(&id)?;
    answer(&app, &id).await
}

/// Ends the experiment of a step by hand. It cannot be undone: an edit of the split begins another one.
#[utoipa::path(post, path = "/v1/workflows/{id}/experiments/{step}/end", operation_id = "end_experiment", tag = "workflows",
    request_body = EndDocument, responses(
    (status = 200, body = ExperimentsAnswer), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn end(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path((id, step)): Path<(String, String)>,
    JsonBody(document, _room): JsonBody<EndDocument>,
) -> Result<Json<ExperimentsAnswer>, Error> {
    let id = parse_id(&id)?;
    let step = StepId::parse(&step)
        .map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))?;
    let looked_at = (&step, document.version);
    app.engine
        .end_experiment(&id, looked_at, document.winner, holder.id)
        .await?;
    answer(&app, &id).await
}

async fn answer(app: &App, id: &WorkflowId) -> Result<Json<ExperimentsAnswer>, Error> {
    let views = app.engine.experiments(id).await?;
    let views = views.ok_or_else(|| Error::not_found("workflow", id))?;
    Ok(Json(ExperimentsAnswer {
        experiments: views.into_iter().map(body_of).collect(),
    }))
}

fn body_of(view: ExperimentView) -> ExperimentBody {
    let weighed = view.weighed;
    let arms = view.arms.into_iter().map(|arm| {
        let body = PeopleBody {
            weight: arm.weight,
            assigned: arm.assigned,
            converted: arm.converted,
            weighed: weighed.get(arm.name.as_str()).map(weighed_of),
        };
        (arm.name, body)
    });
    ExperimentBody {
        step: view.step.to_string(),
        experiment: view.experiment,
        by: view.by,
        plugin: view.plugin.map(|plugin| plugin.to_string()),
        per_arm: view.per_arm,
        versions: view.versions,
        arms: arms.collect(),
        finding: view.finding.map(finding_of),
        ended: view.ended.map(ended_of),
    }
}

fn weighed_of(weighed: &Weighed) -> WeighedBody {
    let number_of = |parts: u64| amount::number_of(i64::try_from(parts).unwrap_or(i64::MAX));
    WeighedBody {
        assigned: number_of(weighed.assigned),
        converted: number_of(weighed.converted),
        rate: weighed.rate(),
    }
}

fn ended_of(ended: EndedExperiment) -> EndedBody {
    EndedBody {
        at: ended.at,
        winner: ended.winner.map(|arm| arm.to_string()),
        by: ended.by,
    }
}

fn finding_of(finding: Finding) -> FindingBody {
    match finding {
        Finding::TooFew { arm, needed, .. } => FindingBody {
            kind: "too_few",
            arm: Some(arm),
            needed: Some(needed),
            ..FindingBody::default()
        },
        Finding::Unbalanced { p_value } => FindingBody {
            kind: "unbalanced",
            p_value: Some(p_value),
            ..FindingBody::default()
        },
        Finding::NoWinner {
            p_value,
            threshold,
            obstacle,
        } => FindingBody {
            kind: "no_winner",
            p_value: Some(p_value),
            threshold: Some(threshold),
            obstacle: Some(match obstacle {
                Obstacle::TooRare { .. } => "too_rare",
                Obstacle::Alike => "alike",
                Obstacle::Close => "close",
                Obstacle::Watched => "watched",
            }),
            ..FindingBody::default()
        },
        Finding::Winner {
            arm,
            p_value,
            threshold,
            lift,
        } => FindingBody {
            kind: "winner",
            arm: Some(arm),
            p_value: Some(p_value),
            threshold: Some(threshold),
            difference: Some(lift.difference),
            over: Some(lift.over),
            ..FindingBody::default()
        },
    }
}
