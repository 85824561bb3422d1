//! What a workflow should have before it starts: each item with what is wrong, and who let it start all the same.
//!
//! A document that cannot run at all is refused when it is put. What is looked at here can run, and should not: it is
//! asked again at each start and resume, since plugins come and go and a pause is where workflows are edited.

use std::collections::BTreeSet;

use signalbox_journey::control::allowed;
use signalbox_mail::template::Template;
use signalbox_model::{
    definitions::{Definitions, Override, WorkflowVersion},
    id::WorkflowId,
    problem::Problem,
    workflow::{Action, Workflow},
};
use signalbox_rules::catalogue::Catalogue;

use crate::{
    bindings,
    outbox::render::source_of,
    releases,
    shared::{Shared, in_words},
};

/// One item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable, in `snake_case`.
    pub code: &'static str,
    /// What should be so, for people.
    pub title: &'static str,
    /// What is not so; empty if it passes.
    pub problems: Vec<Problem>,
}

/// Who starts or resumes a workflow against its checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overriding {
    /// The person, by name.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// With which API key.
    pub by: Option<String>,
}

impl Check {
    /// Whether all is as it should be.
    pub fn passes(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What is asked of a workflow that is to start, to be scheduled or to go on.
pub(crate) struct Asked {
    /// Of which version.
    pub(crate) version: u32,
    checks: Vec<Check>,
}

impl Asked {
    /// Who lets it start although an item fails, or nobody where none does.
    ///
    /// # Errors
    /// With everything that is wrong where something is and nobody overrides it.
    pub(crate) fn answered(
        self,
        overriding: Option<Overriding>,
    ) -> Result<Option<Override>, Vec<Problem>> {
        let failing = self.checks.into_iter().filter(|check| !check.passes());
        let failing: Vec<Check> = failing.collect();
        match overriding {
            _ if failing.is_empty() => Ok(None),
            Some(Overriding { actor, reason, by }) => Ok(Some(Override {
                checks: failing.iter().map(|check| check.code.to_owned()).collect(),
                actor,
                reason,
                by,
            })),
            None => Err(failing
                .into_iter()
                .flat_map(|check| check.problems)
                .collect()),
        }
    }
}

/// The checklist of a workflow's current version; `None` if there is no such workflow.
pub(crate) fn of(shared: &Shared, workflow: &WorkflowId) -> Option<Vec<Check>> {
    let definitions = shared.definitions.borrow().clone();
    let version = definitions.workflows.get(workflow)?.current_version()?;
    Some(checks(shared, &definitions, version))
}

/// What the action asks of the workflow; nothing where its state does not allow the action, which is refused for that then.
/// A resume asks for no item again that was overridden for the version that goes on.
pub(crate) fn asked(shared: &Shared, workflow: &WorkflowId, action: Action) -> Option<Asked> {
    let definitions = shared.definitions.borrow().clone();
    let found = definitions.workflows.get(workflow)?;
    if !allowed(found.state).contains(&action.as_str()) {
        return None;
    }
    let version = found.current_version()?;
    let mut checks = checks(shared, &definitions, version);
    if action == Action::Resume {
        let overrides = found.overrides.iter();
        let of_version = overrides.filter(|one| one.version == version.number);
        let overridden: BTreeSet<&str> = of_version
            .flat_map(|one| one.by.checks.iter().map(String::as_str))
            .collect();
        checks.retain(|check| !overridden.contains(check.code));
    }
    Some(Asked {
        version: version.number,
        checks,
    })
}

fn checks(shared: &Shared, definitions: &Definitions, version: &WorkflowVersion) -> Vec<Check> {
    vec![
        Check {
            code: "rules_ready",
            title: "Every rule can be asked",
            problems: unready(&shared.catalogue, definitions, version),
        },
        Check {
            code: "image_alt",
            title: "Every image says what it shows where it is not shown",
            problems: images_without_text(&version.document),
        },
    ]
}

/// Bindings whose file is quarantined, is not let in by the policy or cannot be made ready.
fn unready(
    catalogue: &Catalogue,
    definitions: &Definitions,
    version: &WorkflowVersion,
) -> Vec<Problem> {
    let bindings = bindings::placed(&version.document).into_iter();
    let problems = bindings.filter_map(|placed| {
        let binding = version.bindings.get(&placed.slot)?;
        let digest = binding.digest;
        let revoked = definitions.quarantined.get(&digest);
        let revoked = revoked.filter(|found| found.revoked.is_some());
        let reason = if let Some(found) = revoked {
            format!("it was {}", found.in_words())
        } else if catalogue.is_quarantined(digest) {
            "it is quarantined, since it failed too often".to_owned()
        } else if !releases::is_stood_for(catalogue, definitions, digest) {
            "nobody stands for it, or its file is gone: it must be signed and released as the settings ask"
                .to_owned()
        } else {
            in_words(&catalogue.ensure(digest).err()?)
        };
        let reason = format!(
            "{} {} cannot be asked: {reason}",
            binding.plugin, binding.version
        );
        let problem = Problem::new(placed.pointer, "rules_ready", reason);
        Some(problem.with_help("bring a version of the plugin that works"))
    });
    problems.collect()
}

fn images_without_text(workflow: &Workflow) -> Vec<Problem> {
    let templates = workflow.templates.iter();
    let problems = templates.flat_map(|(name, source)| {
        let template = Template::parse(&source_of(source)).ok();
        let bare = template.map(|template| template.bare_images().to_vec());
        bare.into_iter().flatten().map(move |(line, column)| {
            let reason = format!("line {line}, column {column}: the image has no `alt`");
            let pointer = format!("/templates/{name}/mjml");
            let problem = Problem::new(pointer, "image_alt", reason);
            problem.with_help("say in `alt` what it shows; `alt=\"\"` for mere ornament")
        })
    });
    problems.collect()
}
