//! What a binding knows of the files it stood for, and which files are quarantined.

use insta::assert_snapshot;
use serde_json::json;
use signalbox_journey::control::{self, Change, Conflict};
use signalbox_model::{
    definitions::{
        Definitions, FORMERS_MAX, QUARANTINED_MAX, REVOKED_MAX, Release, ResolvedBinding,
        RevokedBy, Slot,
    },
    id::{ActorName, Digest, PluginName, WorkflowId},
    record::{Command, Rebinding},
    segment::Owner,
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

fn revoke(version: &str) -> Command {
    Command::RevokePlugin {
        plugin: PluginName::parse("event").unwrap(),
        version: version.to_owned(),
        digest: digest(version),
        reason: "its author has left".to_owned(),
        revoked: RevokedBy {
            actor: "eva".to_owned(),
            by: "k1".to_owned(),
        },
    }
}

fn release(version: &str) -> Command {
    let person = |name: &str| ActorName::parse(name).unwrap();
    Command::ReleasePlugin {
        digest: digest(version),
        release: Release {
            plugin: PluginName::parse("event").unwrap(),
            version: version.parse().unwrap(),
            signed_by: person("eva"),
            signed_with: "00".repeat(32),
            released_by: person("tom"),
            key: "00".to_owned(),
            by: "k1".to_owned(),
        },
    }
}

fn lift(version: &str, lifts_revoked: bool) -> Command {
    Command::LiftQuarantine {
        digest: digest(version),
        lifts_revoked,
    }
}

fn shadow(of: &ResolvedBinding, version: &str) -> Command {
    let binding = ResolvedBinding {
        version: version.parse().unwrap(),
        digest: digest(version),
        ..of.clone()
    };
    Command::StartShadow {
        owner: Owner::Workflow(WorkflowId::parse("note").unwrap()),
        version: 1,
        slot: Slot::Trigger.to_string(),
        binding: serde_json::to_string(&binding).unwrap(),
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
    let lift = lift("1.0.0", false);
    bound.apply(&lift).unwrap();
    assert!(bound.0.quarantined.is_empty());
    assert_eq!(bound.apply(&lift).unwrap_err().code(), "not_quarantined");
    let malformed = bound.apply(&quarantine("one")).unwrap_err();
    assert_eq!(malformed.code(), "command_malformed");
}

#[test]
fn what_is_revoked_loses_its_release_and_comes_back_by_another_one_only() {
    let mut bound = Bound::new();
    bound.apply(&release("1.1.0")).unwrap();
    bound.to("1.1.0");
    bound.apply(&revoke("1.1.0")).unwrap();
    assert!(bound.0.releases.is_empty());
    let revoked = bound.0.quarantined[&digest("1.1.0")].clone();
    assert_eq!(revoked.in_words(), "revoked by eva: its author has left");
    // A host that finds out later that it fails changes nothing of that.
    bound.apply(&quarantine("1.1.0")).unwrap();
    assert_eq!(bound.0.quarantined[&digest("1.1.0")], revoked);
    assert_eq!(bound.to("1.0.0"), "1.0.0 after , back from 1.1.0");
    let refused = bound.apply(&lift("1.1.0", false)).unwrap_err();
    assert_snapshot!(
        format!("{}: {refused}", refused.code()).replace(&digest("1.1.0").to_string(), "FILE"),
        @"plugin_revoked: FILE was revoked by eva: a second person has to release it anew"
    );
    bound.apply(&release("1.1.0")).unwrap();
    assert!(bound.0.quarantined.is_empty());
    // Where nobody is asked for a release, it is lifted like any other.
    bound.apply(&revoke("1.1.0")).unwrap();
    bound.apply(&lift("1.1.0", true)).unwrap();
    assert!(bound.0.quarantined.is_empty());
    // A release brings nothing back that failed.
    bound.apply(&quarantine("1.2.0")).unwrap();
    bound.apply(&release("1.2.0")).unwrap();
    assert_eq!(bound.0.quarantined.len(), 1);
}

#[test]
fn what_fails_never_takes_the_place_of_what_is_revoked() {
    let mut bound = Bound::new();
    for patch in 0..REVOKED_MAX {
        bound.apply(&revoke(&format!("1.0.{patch}"))).unwrap();
    }
    let full = bound.apply(&revoke("1.1.0")).unwrap_err();
    assert!(matches!(full, Conflict::Full { .. }), "{full}");
    bound.apply(&revoke("1.0.0")).unwrap();
    for minor in 0..=QUARANTINED_MAX {
        bound.apply(&quarantine(&format!("2.{minor}.0"))).unwrap();
    }
    let quarantined = &bound.0.quarantined;
    assert_eq!(quarantined.len(), REVOKED_MAX + QUARANTINED_MAX);
    assert!(quarantined.contains_key(&digest("1.0.0")));
    assert!(!quarantined.contains_key(&digest("2.0.0")));
}

#[test]
fn what_is_revoked_is_no_shadow_any_more_and_becomes_none() {
    let mut bound = Bound::new();
    let command = shadow(bound.trigger(), "1.1.0");
    bound.apply(&command).unwrap();
    assert_eq!(bound.0.shadows.len(), 1);
    bound.apply(&revoke("1.1.0")).unwrap();
    assert!(bound.0.shadows.is_empty(), "it is dropped");
    let refused = bound.apply(&command).unwrap_err();
    assert_snapshot!(refused, @"event 1.1.0 is quarantined: it can be no shadow, and none of it is promoted; try a mended version");
    bound.apply(&lift("1.1.0", true)).unwrap();
    bound.apply(&command).unwrap();
}
