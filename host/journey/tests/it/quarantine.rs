//! What a binding knows of the files it stood for, and which files are quarantined.

use insta::assert_snapshot;
use serde_json::json;
use signalbox_journey::control::{self, Change, Conflict};
use signalbox_model::{
    definitions::{Definitions, FORMERS_MAX, QUARANTINED_MAX, ResolvedBinding, Slot},
    id::{Digest, PluginName, WorkflowId},
    record::{Command, Rebinding},
    time::{Instant, Span},
};

use crate::{
    harness::{START, World},
    rules::{on, workflow},
};

fn at(second: u64) -> Instant {
    let start = Instant::parse(START).unwrap();
    start.plus(Span::from_ms(second * 1_000))
}

fn digest(version: &str) -> Digest {
    Digest::of_bytes(version.as_bytes())
}

fn quarantine(version: &str) -> Command {
    Command::Quarantine {
        plugin: PluginName::parse("event").unwrap(),
        version: version.to_owned(),
        digest: digest(version),
        reason: "out of fuel".to_owned(),
    }
}

/// A workflow whose trigger stands for a file of the version 1.0.0.
struct Bound(Definitions);

impl Bound {
    fn new() -> Self {
        let steps = json!([{"id": "end", "exit": {"reason": "done"}}]);
        let world = World::new(&[workflow("note", on("signup"), steps)]);
        let mut bound = Self(world.definitions.clone());
        let id = WorkflowId::parse("note").unwrap();
        let versions = &mut bound.0.workflows.get_mut(&id).unwrap().versions;
        let binding = versions
            .get_mut(&1)
            .unwrap()
            .bindings
            .get_mut(&Slot::Trigger);
        binding.unwrap().digest = digest("1.0.0");
        bound
    }

    fn apply(&mut self, command: &Command) -> Result<(), Conflict> {
        let Change { definitions, .. } = control::apply(&self.0, command, at(self.0.version))?;
        self.0 = definitions;
        Ok(())
    }

    fn trigger(&self) -> &ResolvedBinding {
        let id = WorkflowId::parse("note").unwrap();
        &self.0.workflows[&id].versions[&1].bindings[&Slot::Trigger]
    }

    /// The trigger moves to a file of that version.
    fn to(&mut self, version: &str) -> String {
        let mut binding = self.trigger().clone();
        binding.version = version.parse().unwrap();
        binding.digest = digest(version);
        binding.formers.clear();
        binding.returned_from = None;
        let moved = Rebinding {
            owner: WorkflowId::parse("note").unwrap().into(),
            version: 1,
            slot: Slot::Trigger.to_string(),
            binding: serde_json::to_string(&binding).unwrap(),
        };
        let bindings = vec![moved];
        self.apply(&Command::Rebind { bindings }).unwrap();
        let binding = self.trigger();
        let formers = binding.formers.iter().map(|one| one.version.to_string());
        let formers: Vec<String> = formers.collect();
        let from = binding.returned_from.as_ref();
        let from = from.map_or(String::new(), |from| {
            format!(", back from {}", from.version)
        });
        format!("{} after {}{from}", binding.version, formers.join(" "))
    }
}

#[test]
fn a_binding_knows_where_to_go_back_to_and_what_it_went_back_from() {
    let mut bound = Bound::new();
    let mut told = vec![bound.to("1.1.0"), bound.to("1.2.0")];
    bound.apply(&quarantine("1.2.0")).unwrap();
    told.push(bound.to("1.1.0"));
    bound.apply(&quarantine("1.1.0")).unwrap();
    told.push(bound.to("1.0.0"));
    // What it went back from is of no matter once it has moved on.
    told.push(bound.to("1.3.0"));
    bound.apply(&quarantine("1.3.0")).unwrap();
    // Moving on from a bad one is no way back.
    told.push(bound.to("1.4.0"));
    assert_snapshot!(told.join("\n"), @r"
    1.1.0 after 1.0.0
    1.2.0 after 1.0.0 1.1.0
    1.1.0 after 1.0.0, back from 1.2.0
    1.0.0 after , back from 1.1.0
    1.3.0 after 1.0.0
    1.4.0 after 1.0.0
    ");
}

#[test]
fn files_that_it_stood_for_and_quarantined_ones_have_a_bound() {
    let mut bound = Bound::new();
    for minor in 1..=FORMERS_MAX + 2 {
        bound.to(&format!("1.{minor}.0"));
    }
    let formers: Vec<u64> = bound
        .trigger()
        .formers
        .iter()
        .map(|one| one.version.minor)
        .collect();
    assert_eq!(formers, (2..=FORMERS_MAX as u64 + 1).collect::<Vec<_>>());
    for minor in 0..=QUARANTINED_MAX {
        bound.apply(&quarantine(&format!("2.{minor}.0"))).unwrap();
    }
    assert_eq!(bound.0.quarantined.len(), QUARANTINED_MAX);
    assert!(
        !bound.0.quarantined.contains_key(&digest("2.0.0")),
        "the first one went"
    );
}

#[test]
fn a_quarantine_is_noted_once_and_lifted_once() {
    let mut bound = Bound::new();
    bound.apply(&quarantine("1.0.0")).unwrap();
    let first = bound.0.quarantined[&digest("1.0.0")].clone();
    bound.apply(&quarantine("1.0.0")).unwrap();
    assert_eq!(bound.0.quarantined[&digest("1.0.0")], first);
    let lift = Command::LiftQuarantine {
        digest: digest("1.0.0"),
    };
    bound.apply(&lift).unwrap();
    assert!(bound.0.quarantined.is_empty());
    assert_eq!(bound.apply(&lift).unwrap_err().code(), "not_quarantined");
    let malformed = bound.apply(&quarantine("one")).unwrap_err();
    assert_eq!(malformed.code(), "command_malformed");
}
