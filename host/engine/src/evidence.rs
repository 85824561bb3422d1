//! What was decided about one contact, with what each rule was given, and what it says when it is asked again.
//!
//! For `signalbox why`. The log of the contact's partition is applied to a scratch store as [`crate::reexecute`] does it,
//! so that every rule is given what it was given then; of a server that runs, too, whose folder is only read.

use std::{
    collections::VecDeque,
    fs, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value as Json, json};
use signalbox_journal::{Journal, Position};
use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    id::{ContactId, Digest, JourneyId, Partition, PluginName, partition_of},
    plan::{ColumnType, Input},
    record::RecordedAnswer,
    segment::Owner,
    time::Instant,
    value::Value,
    verdict::Answer,
};
use signalbox_rules::{catalogue::Catalogue, columns::Row, verdict};

use crate::{
    config::Config,
    error::ReadError,
    reexecute::{Hindrance, Original, ReexecuteError, ReplayedFrom, Tally},
    shared::Shared,
    views::{self, JOURNEYS_FACTS_MAX, JourneysView},
};

/// Decisions about a contact that are kept, the newest; older ones are only counted.
pub const DECISIONS_KEPT_MAX: usize = 1_000;
/// Folder for the scratch store of a server that runs, in its data folder.
const SCRATCH_FOLDER: &str = "asked-again";

/// What was decided about a contact, as far back as the journal goes.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Where the log was applied from.
    pub from: ReplayedFrom,
    /// The newest decisions, at most [`DECISIONS_KEPT_MAX`], in the order in which they were made.
    pub decisions: Vec<AskedAgain>,
    /// Older ones that were left out.
    pub left_out: u64,
}

/// A contact as the log tells it, and what was decided about it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The decisions.
    pub evidence: Evidence,
    /// Its journeys with the newest facts, at most [`JOURNEYS_FACTS_MAX`]; `None` where nothing is known of it.
    pub journeys: Option<JourneysView>,
    /// The workflows and segments there are.
    pub definitions: Arc<Definitions>,
}

/// One decision: what the rule was given, what it said, and what it says now.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedAgain {
    /// The record that asked.
    pub position: Position,
    /// When, in journey time.
    pub at: Instant,
    /// The workflow or segment that asked.
    pub owner: Owner,
    /// Its version.
    pub version: u32,
    /// Which of its bindings.
    pub slot: Slot,
    /// The journey it was about; `None` on the way in.
    pub journey: Option<JourneyId>,
    /// The plugin bound there; `None` where the version has no such binding.
    pub plugin: Option<(PluginName, semver::Version)>,
    /// The file that answered.
    pub digest: Digest,
    /// What it was given.
    pub inputs: Vec<GivenInput>,
    /// What it said: a verdict as `plugin check` prints it, or `failed` with a message.
    pub recorded: Json,
    /// What came of asking it again.
    pub again: CameOut,
}

/// A value that a rule was given.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenInput {
    /// Its name in the plan.
    pub name: String,
    /// What it is, in plain words.
    pub what: String,
    /// The value; `None` where it was missing.
    pub value: Option<Json>,
}

/// What came of asking a rule again.
#[derive(Debug, Clone, PartialEq)]
pub enum CameOut {
    /// The same verdict, or a failure of the same kind.
    Equal,
    /// This instead.
    Different(Json),
    /// It could not be compared.
    NotAsked(Hindrance),
}

/// Why nobody was asked again.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Another contact's decisions are being asked again; one at a time is.
    #[error(
        "the decisions about another contact are being asked again: try again when that is done"
    )]
    Busy,
    /// The folder for the scratch store cannot be made.
    #[error("make room for a scratch store")]
    Scratch(#[source] io::Error),
    /// The log cannot be applied.
    #[error(transparent)]
    Reexecute(#[from] ReexecuteError),
    /// What came of it cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Applies the log of a data folder, of a server that runs too, as far as it concerns the contact, and asks again what
/// was asked about it. Blocks.
///
/// # Errors
/// When the folder holds no store, or the log cannot be applied.
pub fn evidence(
    config: Config,
    catalogue: Arc<Catalogue>,
    scratch: &Path,
    contact: &ContactId,
) -> Result<Told, EvidenceError> {
    let original = Original {
        config,
        copy: Journal::copy_in_use,
    };
    let tally = |partitions| Tally::only(Only::new(contact.clone(), partitions));
    let (shared, from) = original.replay(scratch, catalogue, tally)?;
    let told = tell(&shared, from, contact);
    crate::close(shared);
    told
}

fn tell(shared: &Shared, from: ReplayedFrom, contact: &ContactId) -> Result<Told, EvidenceError> {
    let only = shared.reexecution.as_ref().and_then(Tally::of_one);
    let kept = only.map(Only::take).unwrap_or_default();
    Ok(Told {
        evidence: Evidence {
            from,
            decisions: kept.newest.into(),
            left_out: kept.left_out,
        },
        journeys: views::journeys(shared, contact, None, JOURNEYS_FACTS_MAX)?,
        definitions: Arc::clone(&shared.definitions.borrow()),
    })
}

/// One server asks the decisions about one contact again at a time.
#[derive(Default)]
pub(crate) struct OneAtATime(Mutex<()>);

/// The same of the server itself, in its own folder.
pub(crate) fn of_running(shared: &Shared, contact: &ContactId) -> Result<Evidence, EvidenceError> {
    let _one = shared
        .evidence
        .0
        .try_lock()
        .map_err(|_| EvidenceError::Busy)?;
    let scratch = shared.config.folder.join(SCRATCH_FOLDER);
    remove(&scratch)?;
    fs::create_dir_all(&scratch).map_err(EvidenceError::Scratch)?;
    let catalogue = Arc::clone(&shared.catalogue);
    let told = evidence(shared.config.clone(), catalogue, &scratch, contact);
    remove(&scratch)?;
    Ok(told?.evidence)
}

fn remove(scratch: &Path) -> Result<(), EvidenceError> {
    match fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EvidenceError::Scratch(error)),
        _ => Ok(()),
    }
}

/// Whose decisions alone are asked again, and what came of it so far.
pub(crate) struct Only {
    pub(crate) contact: ContactId,
    pub(crate) partition: Partition,
    /// A mutex since a tally is shared; one partition alone comes here.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    newest: VecDeque<AskedAgain>,
    left_out: u64,
}

impl Only {
    fn new(contact: ContactId, partitions: Partition) -> Self {
        Self {
            partition: partition_of(&contact, partitions),
            contact,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn keep(
        &self,
        recorded: &RecordedAnswer,
        bound: Option<&ResolvedBinding>,
        (at, row): (Instant, &Row),
        again: CameOut,
    ) {
        let question = &recorded.question;
        let asked = AskedAgain {
            position: Position {
                partition: self.partition,
                sequence: recorded.sequence,
            },
            at,
            owner: question.owner.clone(),
            version: question.version,
            slot: question.slot.clone(),
            journey: question.journey,
            plugin: bound.map(|bound| (bound.plugin.clone(), bound.version.clone())),
            digest: recorded.digest,
            inputs: bound.map_or_else(Vec::new, |bound| given(&bound.plan.inputs, row)),
            recorded: answer_json(&recorded.answer, bound),
            again,
        };
        let mut kept = self.kept();
        if kept.newest.len() == DECISIONS_KEPT_MAX {
            kept.newest.pop_front();
            kept.left_out += 1;
        }
        kept.newest.push_back(asked);
    }

    fn take(&self) -> Kept {
        std::mem::take(&mut *self.kept())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given(inputs: &[Input], row: &Row) -> Vec<GivenInput> {
    let values = row
        .iter()
        .map(Option::as_ref)
        .chain(std::iter::repeat(None));
    let pairs = inputs.iter().zip(values);
    pairs
        .map(|(input, value)| GivenInput {
            name: input.name.clone(),
            what: input.source.in_words(),
            value: value.map(|value| value_json(input.kind, value)),
        })
        .collect()
}

/// Instants as text, and what was handed over as JSON text as that JSON.
fn value_json(kind: ColumnType, value: &Value) -> Json {
    match (kind, value) {
        (ColumnType::Instant, Value::Integer(ms)) => json!(Instant::from_ms(*ms)),
        (ColumnType::Json, Value::Text(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        (_, value) => value.to_json(),
    }
}

/// A verdict as people and programs read it; of a failure its kind and message.
pub(crate) fn answer_json(answer: &Answer, bound: Option<&ResolvedBinding>) -> Json {
    match answer {
        Ok(verdict) => {
            let reasons = bound.map_or(&[][..], |bound| &bound.reasons);
            verdict::to_json(verdict, reasons)
        }
        Err(failure) => json!({ "failed": failure.kind.code(), "message": failure.message }),
    }
}
