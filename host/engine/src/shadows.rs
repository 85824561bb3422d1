//! Shadows: a new version of a plugin is asked beside the one that a binding stands for, and has no effect.
//!
//! The core makes the shadow's row from the state that the binding was asked about. Once the binding's own answer is in
//! the log, question and answer go to a thread of their own; nothing comes back from there but a report. Nothing of it is
//! a fact, and how a shadow fares is no matter to its file's other uses.

mod report;
mod runner;

use std::sync::Arc;

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    problem::Problem,
    record::Command,
    segment::Owner,
    shadow::Shadow,
    workflow::Follow,
};

pub use self::report::{SHADOW_DIFFERENCES_MAX, ShadowDifference, ShadowReport};
pub(crate) use self::runner::{Asked, Runner, Shadows};
use crate::{
    Engine,
    bindings::{self, Offer},
    control,
    error::{CommandError, PutError, ReadError, Unavailable},
    shared::Shared,
};

/// A shadow, what it is asked beside, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowView {
    /// Its number; never given to another.
    pub number: u32,
    /// What it is.
    pub shadow: Shadow,
    /// What the binding stands for now; `None` where it is no more.
    pub bound: Option<ResolvedBinding>,
    /// What came of it so far.
    pub report: ShadowReport,
    /// Decisions of all shadows that are still to be compared.
    pub waiting: u64,
}

impl ShadowView {
    /// Whether its plan has occasions that the binding's has not: it would be asked there, and is not.
    pub fn has_other_occasions(&self) -> bool {
        let bound = self.bound.as_ref();
        let bound = bound.map_or(&[][..], |bound| &bound.plan.occasions);
        let own = &self.shadow.binding.plan.occasions;
        own.iter().any(|occasion| !bound.contains(occasion))
    }
}

impl Engine {
    /// Has another version of its plugin asked beside a binding of the current version of a workflow or segment: the newest
    /// that meets the requirement. Answers once every partition's log has it.
    ///
    /// # Errors
    /// With what is wrong: there is no such binding, no such version, or it does not fit.
    pub async fn start_shadow(
        &self,
        owner: Owner,
        slot: Slot,
        requirement: semver::VersionReq,
    ) -> Result<ShadowView, PutError> {
        let shared = self.shared()?;
        let checking = Arc::clone(&shared);
        let prepared =
            tokio::task::spawn_blocking(move || prepare(&checking, owner, &slot, requirement));
        let command = prepared.await.unwrap_or(Err(Unavailable::Failed.into()))?;
        let definitions = bindings::commanded(&shared, command).await?;
        let newest = definitions.shadows_made;
        view(&shared, &definitions, newest).ok_or(PutError::Unavailable(Unavailable::Failed))
    }

    /// All shadows, in the order in which they began.
    pub fn shadows(&self) -> Result<Vec<ShadowView>, Unavailable> {
        let shared = self.shared()?;
        let definitions = Arc::clone(&shared.definitions.borrow());
        let numbers = definitions.shadows.keys();
        Ok(numbers
            .filter_map(|number| view(&shared, &definitions, *number))
            .collect())
    }

    /// One shadow.
    pub fn shadow(&self, number: u32) -> Result<Option<ShadowView>, ReadError> {
        let shared = self.shared()?;
        let definitions = Arc::clone(&shared.definitions.borrow());
        Ok(view(&shared, &definitions, number))
    }

    /// Has the binding stand for what its shadow does, and ends the shadow; what came of it last. Answers once every
    /// partition's log has it.
    ///
    /// # Errors
    /// Where there is no such shadow, the binding's requirement does not admit its version, or it is quarantined.
    pub async fn promote_shadow(&self, number: u32) -> Result<Option<ShadowView>, PutError> {
        let shared = self.shared()?;
        let definitions = Arc::clone(&shared.definitions.borrow());
        let last = view(&shared, &definitions, number);
        if let Some(view) = &last {
            let offer = Offer::of(&shared, &definitions);
            let problems = unfit(offer, &definitions, &view.shadow);
            if !problems.is_empty() {
                return Err(PutError::Problems(problems));
            }
        }
        bindings::commanded(&shared, Command::PromoteShadow { number }).await?;
        Ok(last)
    }

    /// Ends a shadow, and forgets what came of it. Answers once every partition's log has it.
    pub async fn drop_shadow(&self, number: u32) -> Result<(), CommandError> {
        let shared = self.shared()?;
        control::command(&shared, Command::DropShadow { number }).await?;
        Ok(())
    }
}

fn view(shared: &Shared, definitions: &Definitions, number: u32) -> Option<ShadowView> {
    let shadow = definitions.shadows.get(&number)?.clone();
    let bound = definitions.binding(&shadow.owner, shadow.version, &shadow.slot);
    let kept = shared.shadows.get();
    Some(ShadowView {
        number,
        bound: bound.cloned(),
        report: kept.map(|kept| kept.report(number)).unwrap_or_default(),
        waiting: kept.map_or(0, Shadows::waiting),
        shadow,
    })
}

/// The command that begins a shadow, if nothing is wrong with it. Blocks.
fn prepare(
    shared: &Shared,
    owner: Owner,
    slot: &Slot,
    requirement: semver::VersionReq,
) -> Result<Command, PutError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let offer = Offer::of(shared, &definitions);
    let (version, bound) = bindings::beside(offer, &definitions, (&owner, slot), requirement)
        .map_err(PutError::Problems)?;
    let binding = serde_json::to_string(&bound).map_err(|_| Unavailable::Failed)?;
    Ok(Command::StartShadow {
        owner,
        version,
        slot: slot.to_string(),
        binding,
    })
}

/// Why the binding cannot stand for what its shadow does, if so.
fn unfit(offer: Offer<'_>, definitions: &Definitions, shadow: &Shadow) -> Vec<Problem> {
    let mut problems = Vec::new();
    let binding = &shadow.binding;
    problems.extend(offer.removed("/version", &binding.plugin, &binding.version));
    let written = bindings::written(definitions, &shadow.owner, shadow.version, &shadow.slot);
    let newest = written
        .filter(|one| one.follow == Follow::Adopt)
        .and_then(|one| offer.newest(one))
        .filter(|newest| newest.version > binding.version);
    if let Some(newest) = newest {
        let reason = format!(
            "the binding follows new versions, and would go on to {} at once",
            newest.version
        );
        let help = "put its workflow or segment with `follow: pin`, or take the newer file away";
        problems.push(Problem::new("/version", "shadow_older", reason).with_help(help));
    }
    if let Some(written) = written.filter(|one| !one.version.matches(&binding.version)) {
        let reason = format!(
            "the binding asks for {} {}, the shadow is {}",
            written.plugin, written.version, binding.version
        );
        let help = "put its workflow or segment with a requirement that admits the version";
        problems.push(Problem::new("/version", "shadow_requirement", reason).with_help(help));
    }
    if let Some(found) = definitions.quarantined.get(&binding.digest) {
        let reason = format!("its file is quarantined: {}", found.reason);
        let help = "drop the shadow and begin one of a mended version";
        problems.push(Problem::new("/version", "shadow_quarantined", reason).with_help(help));
    } else if !offer.catalogue.is_offered(binding.digest) {
        let reason = format!(
            "{} {} may not be bound any more: its file is gone or holds other bytes, or nobody stands for it",
            binding.plugin, binding.version
        );
        let help = "put the file back, with its signature and release where they are asked for; the list of plugins says \
                    how each file stands";
        problems.push(Problem::new("/version", "shadow_gone", reason).with_help(help));
    }
    problems
}
