//! `/v1/contacts/{id}/why`: why a contact got what it got, or did not, in sentences, each decision with its evidence.
//!
//! `app` tells the same for `signalbox why`. What happened is told from the facts that are kept; with decisions asked
//! again, each says what its rule was given, and whether it says the same now.

mod reasons;
mod sentences;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_engine::{
    AskedAgain, CameOut, Evidence, EvidenceError, JOURNEYS_FACTS_MAX, JourneysView,
};
use signalbox_model::{
    definitions::{Definitions, Slot},
    fact::{Fact, FactKind},
    id::{ContactId, JourneyId, WorkflowId},
    segment::Owner,
    time::Instant,
};
use signalbox_store::StoredFact;
use utoipa::{IntoParams, ToSchema};

use self::sentences::Standing;
use crate::{
    App, contacts,
    error::{Envelope, Error, ErrorCode},
    extract::{Path, Query},
    facts::{FactBody, fact_body},
};

/// What is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WhyQuery {
    /// Only about this workflow. Default: about each in which something happened to the contact.
    workflow: Option<String>,
    /// Ask each rule again what it was asked, with what it was given then, and say whether it says the same now. That
    /// applies the log of the contact's partition to a scratch store: seconds to minutes, for one contact at a time.
    /// Default: false.
    #[serde(default)]
    again: bool,
    /// A position that an answer to a post carried: the read waits until it is applied, at most 5 seconds.
    at_least: Option<String>,
}

/// Why a contact got what it got, or did not.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyAnswer {
    /// See there.
    pub why: WhyBody,
}

/// What happened to a contact and why, by workflow and segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyBody {
    /// The contact.
    pub contact: String,
    /// One for each workflow and segment asked about, in the order of their names.
    pub about: Vec<AboutBody>,
    /// What happened before the newest 10,000 facts is left out.
    pub is_cut: bool,
    /// What came of asking again, if that was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_again: Option<AskedAgainBody>,
}

/// What happened to a contact in one workflow, or about one segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutBody {
    /// The workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Of a segment its name instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its title.
    pub title: String,
    /// All of it in one sentence.
    pub answer: String,
    /// What happened, in order.
    pub lines: Vec<LineBody>,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineBody {
    /// When, in journey time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// As a sentence.
    pub text: String,
    /// The same as `/v1/contacts/{id}/journeys` has it; absent of a decision that nothing came of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<FactBody>,
    /// A decision's evidence, where it was asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceBody>,
}

/// What a rule was given and said, and what it says now.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    /// The record that asked.
    pub position: String,
    /// The plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file that answered, by SHA-256.
    pub digest: String,
    /// What it was given: all that it can know.
    pub inputs: Vec<InputBody>,
    /// What it said.
    #[schema(value_type = Object)]
    pub recorded: JsonValue,
    /// `equal`, `different` or `not_asked`.
    pub again: &'static str,
    /// What it says now, where that is different.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<JsonValue>,
    /// Why it could not be asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// A value that a rule was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputBody {
    /// Its name in the rule's plan.
    pub name: String,
    /// What it is, in plain words.
    pub what: String,
    /// The value; null where it was missing.
    #[schema(value_type = Option<Object>)]
    pub value: Option<JsonValue>,
}

/// What came of asking again.
#[derive(Debug, Default, Clone, Copy, Serialize, ToSchema)]
pub struct AskedAgainBody {
    /// Decisions that came out as recorded.
    pub equal: u64,
    /// Decisions that came out otherwise.
    pub different: u64,
    /// Decisions that could not be asked again.
    pub not_asked: u64,
    /// Older ones that were left out: the newest 1,000 are told.
    pub left_out: u64,
}

/// Says why a contact got what it got, or did not.
#[utoipa::path(get, path = "/v1/contacts/{id}/why", operation_id = "why", tag = "contacts", params(WhyQuery), responses(
    (status = 200, body = WhyAnswer), (status = 400, body = Envelope), (status = 404, body = Envelope), (status = 429, body = Envelope)))]
pub(crate) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<WhyQuery>,
) -> Result<Json<WhyAnswer>, Error> {
    let contact = contacts::parse_id(&id)?;
    let workflow = query.workflow.as_deref().map(WorkflowId::parse).transpose();
    let workflow =
        workflow.map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))?;
    contacts::wait_until_applied(&app, &contact, query.at_least.as_deref()).await?;
    let definitions = app.engine.definitions()?;
    if let Some(workflow) = workflow
        .as_ref()
        .filter(|id| !definitions.workflows.contains_key(*id))
    {
        return Err(Error::not_found("workflow", workflow));
    }
    let view = app
        .engine
        .journeys(&contact, None, JOURNEYS_FACTS_MAX)
        .await?;
    let view = view.ok_or_else(|| Error::not_found("contact", &contact))?;
    let evidence = if query.again {
        Some(app.engine.evidence(&contact).await?)
    } else {
        None
    };
    Ok(Json(WhyAnswer {
        why: tell(
            &contact,
            workflow.as_ref(),
            &view,
            &definitions,
            evidence.as_ref(),
        ),
    }))
}

impl From<EvidenceError> for Error {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Busy => Self::new(ErrorCode::Busy, error.to_string()).retry_after(1),
            EvidenceError::Read(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

/// What happened to the contact and why: in that workflow, or in each in which something did.
pub fn tell(
    contact: &ContactId,
    workflow: Option<&WorkflowId>,
    view: &JourneysView,
    definitions: &Definitions,
    evidence: Option<&Evidence>,
) -> WhyBody {
    let mut facts: Vec<&StoredFact> = view.outside.iter().collect();
    facts.extend(view.journeys.iter().flat_map(|journey| &journey.facts));
    facts.sort_by_key(|stored| (stored.sequence, stored.ordinal));
    let asked = evidence.map_or(&[][..], |evidence| &evidence.decisions);
    let mut owners: BTreeSet<Owner> = BTreeSet::new();
    if let Some(workflow) = workflow {
        owners.insert(Owner::Workflow(workflow.clone()));
    } else {
        owners.extend(facts.iter().map(|stored| stored.fact.owner.clone()));
        owners.extend(asked.iter().map(|one| one.owner.clone()));
        let journeys = view.journeys.iter().map(|journey| journey.workflow.clone());
        owners.extend(journeys.map(Owner::Workflow));
    }
    let mut about = Vec::new();
    for owner in &owners {
        let of_owner: Vec<&StoredFact> = facts
            .iter()
            .filter(|stored| stored.fact.owner == *owner)
            .copied()
            .collect();
        let asked = asked.iter().filter(|one| one.owner == *owner);
        about.push(AboutBody {
            workflow: owner.workflow().map(ToString::to_string),
            segment: owner.segment().map(ToString::to_string),
            title: title_of(definitions, owner),
            answer: answer(contact, owner, &of_owner, view, definitions),
            lines: lines(&of_owner, asked, definitions),
        });
    }
    WhyBody {
        contact: contact.to_string(),
        about,
        is_cut: view.next.is_some(),
        asked_again: evidence.map(|evidence| count(evidence, &owners)),
    }
}

fn title_of(definitions: &Definitions, owner: &Owner) -> String {
    let title = match owner {
        Owner::Workflow(id) => {
            let found = definitions.workflows.get(id);
            let version = found.and_then(|found| found.current_version());
            version.map(|version| version.document.title.clone())
        }
        Owner::Segment(name) => {
            let found = definitions.segments.get(name);
            found.map(|found| found.document.title.clone())
        }
    };
    title.unwrap_or_default()
}

fn answer(
    contact: &ContactId,
    owner: &Owner,
    facts: &[&StoredFact],
    view: &JourneysView,
    definitions: &Definitions,
) -> String {
    let facts: Vec<&Fact> = facts.iter().map(|stored| &stored.fact).collect();
    let Some(id) = owner.workflow() else {
        let last = facts.iter().rev().find_map(|fact| match fact.what {
            FactKind::SegmentEntered(_) => Some("is in the segment"),
            FactKind::SegmentLeft(_) => Some("is not in the segment"),
            _ => None,
        });
        return format!("{contact} {}", last.unwrap_or("was not in the segment"));
    };
    let Some(workflow) = definitions.workflows.get(id) else {
        return format!("there is no workflow {id} any more");
    };
    let journeys = view.journeys.iter();
    let arms = view.arms.iter();
    let standing = Standing {
        contact: contact.as_str(),
        workflow,
        facts: &facts,
        journeys: journeys.filter(|journey| journey.workflow == *id).collect(),
        arms: arms
            .filter(|(of, _)| of == id)
            .map(|(_, arm)| arm)
            .collect(),
    };
    standing.in_words(definitions)
}

/// Names a decision among the facts and the evidence.
type Key = (u64, Slot, Option<JourneyId>);

/// A line for each fact, decisions with their evidence, and for each decision that nothing came of.
fn lines<'a>(
    facts: &[&StoredFact],
    asked: impl Iterator<Item = &'a AskedAgain>,
    definitions: &Definitions,
) -> Vec<LineBody> {
    let mut by_key: BTreeMap<Key, VecDeque<&AskedAgain>> = BTreeMap::new();
    for one in asked {
        let key = (one.position.sequence, one.slot.clone(), one.journey);
        by_key.entry(key).or_default().push_back(one);
    }
    let mut lines: Vec<(u64, LineBody)> = Vec::new();
    for stored in facts {
        let evidence = match &stored.fact.what {
            FactKind::RuleDecided(decision) => {
                let key = (stored.sequence, decision.slot.clone(), stored.fact.journey);
                by_key.get_mut(&key).and_then(VecDeque::pop_front)
            }
            _ => None,
        };
        let line = LineBody {
            at: stored.fact.at,
            text: sentences::of_fact(&stored.fact, definitions),
            fact: Some(fact_body(stored)),
            evidence: evidence.map(evidence_body),
        };
        lines.push((stored.sequence, line));
    }
    for one in by_key.into_values().flatten() {
        let line = LineBody {
            at: one.at,
            text: sentences::of_nothing(one, definitions),
            fact: None,
            evidence: Some(evidence_body(one)),
        };
        lines.push((one.position.sequence, line));
    }
    // Stable: what one record made stays in its order.
    lines.sort_by_key(|(sequence, _)| *sequence);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn evidence_body(asked: &AskedAgain) -> EvidenceBody {
    let (again, now, hindrance) = match &asked.again {
        CameOut::Equal => ("equal", None, None),
        CameOut::Different(now) => ("different", Some(now.clone()), None),
        CameOut::NotAsked(hindrance) => ("not_asked", None, Some(hindrance.to_string())),
    };
    let inputs = asked.inputs.iter();
    EvidenceBody {
        position: asked.position.to_string(),
        plugin: asked.plugin.as_ref().map(|(name, _)| name.to_string()),
        version: asked
            .plugin
            .as_ref()
            .map(|(_, version)| version.to_string()),
        digest: asked.digest.to_string(),
        inputs: inputs
            .map(|input| InputBody {
                name: input.name.clone(),
                what: input.what.clone(),
                value: input.value.clone(),
            })
            .collect(),
        recorded: asked.recorded.clone(),
        again,
        now,
        hindrance,
    }
}

fn count(evidence: &Evidence, owners: &BTreeSet<Owner>) -> AskedAgainBody {
    let mut counted = AskedAgainBody {
        left_out: evidence.left_out,
        ..AskedAgainBody::default()
    };
    let told = evidence.decisions.iter();
    for one in told.filter(|one| owners.contains(&one.owner)) {
        match one.again {
            CameOut::Equal => counted.equal += 1,
            CameOut::Different(_) => counted.different += 1,
            CameOut::NotAsked(_) => counted.not_asked += 1,
        }
    }
    counted
}
