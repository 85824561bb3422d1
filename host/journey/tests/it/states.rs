//! The state table of a workflow: every action in every state, edits, scheduled starts, and what partitions post.

use std::{collections::BTreeMap, fmt::Write as _};

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::{
    control::{self, Conflict},
    limits::{DEFINITIONS_BYTES_MAX, VERSIONS_MAX},
};
use signalbox_model::{
    definitions::{Definitions, Slot},
    id::{Digest, WorkflowId},
    record::{Command, Posted, Rebinding},
    time::{Instant, Span},
    workflow::{Action, Edit, Workflow, WorkflowState},
};

use crate::{
    harness::START,
    rules::{bindings, on, workflow},
};

fn now() -> Instant {
    Instant::parse(START).unwrap()
}

fn later() -> Instant {
    now().plus(Span::from_days(1))
}

fn id() -> WorkflowId {
    WorkflowId::parse("note").unwrap()
}

fn document() -> Json {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    workflow("note", on("signup"), steps)
}

fn put(based_on: Option<u32>) -> Command {
    let document: Workflow = serde_json::from_value(document()).unwrap();
    let templates = BTreeMap::from([("hello".to_owned(), Digest::of_bytes(b"hello"))]);
    Command::put(
        &document,
        &bindings(&document),
        templates,
        based_on,
        Edit::Pin,
    )
    .unwrap()
}

fn to(action: Action) -> Command {
    Command::Transition {
        workflow: id(),
        action,
    }
}

fn apply(definitions: &Definitions, command: &Command) -> Result<Definitions, Conflict> {
    let change = control::apply(definitions, command, now())?;
    assert_eq!(change.definitions.version, definitions.version + 1);
    assert_eq!(change.affected, [id()]);
    Ok(change.definitions)
}

/// Definitions with the workflow in that state.
fn inside(state: WorkflowState) -> Definitions {
    let way: &[Action] = match state {
        WorkflowState::Draft => &[],
        WorkflowState::Scheduled => &[Action::Schedule(later())],
        WorkflowState::Running => &[Action::Start],
        WorkflowState::Paused => &[Action::Start, Action::Pause],
        WorkflowState::Ended => &[Action::Start, Action::End],
    };
    let created = apply(&Definitions::default(), &put(None)).unwrap();
    way.iter().fold(created, |definitions, action| {
        apply(&definitions, &to(*action)).unwrap()
    })
}

const STATES: [WorkflowState; 5] = [
    WorkflowState::Draft,
    WorkflowState::Scheduled,
    WorkflowState::Running,
    WorkflowState::Paused,
    WorkflowState::Ended,
];

#[test]
fn a_start_is_of_the_version_whose_checklist_was_looked_at() {
    let start = |version: u32, action: Action| Command::Start {
        workflow: id(),
        action,
        version,
        by: None,
    };
    let code = |definitions: &Definitions, command: &Command| {
        apply(definitions, command).map_err(|conflict| (conflict.code(), conflict.to_string()))
    };
    let edited = apply(&inside(WorkflowState::Draft), &put(Some(1))).unwrap();
    for action in [Action::Start, Action::Schedule(later())] {
        let (code, reason) = code(&edited, &start(1, action)).unwrap_err();
        assert_eq!(code, "workflow_version", "{reason}");
        assert_eq!(
            reason,
            "workflow note has moved on to version 2, the checklist was that of 1"
        );
        apply(&edited, &start(2, action)).unwrap();
    }
    let edited = apply(&inside(WorkflowState::Paused), &put(Some(1))).unwrap();
    assert!(apply(&edited, &start(1, Action::Resume)).is_err());
    apply(&edited, &start(2, Action::Resume)).unwrap();
    // The state is told first: nothing else can be done about it.
    let running = inside(WorkflowState::Running);
    let (code, _) = code(&running, &start(7, Action::Start)).unwrap_err();
    assert_eq!(code, "workflow_state");
}

#[test]
fn every_action_in_every_state() {
    let actions = [
        Action::Start,
        Action::Schedule(later()),
        Action::Cancel,
        Action::Pause,
        Action::Resume,
        Action::End,
        Action::Delete,
    ];
    let mut table = String::new();
    for state in STATES {
        let before = inside(state);
        assert_eq!(before.workflows[&id()].state, state);
        let mut row = format!("{:9}", state.as_str());
        for action in actions {
            let untouched = before.clone();
            let cell = match apply(&before, &to(action)) {
                Ok(after) => match after.workflows.get(&id()) {
                    Some(found) => found.state.as_str(),
                    None => "gone",
                },
                Err(conflict) => {
                    assert_eq!(conflict.code(), "workflow_state");
                    "-"
                }
            };
            assert_eq!(before, untouched);
            write!(row, " {}:{cell}", action.as_str()).unwrap();
        }
        let edit = apply(&before, &put(Some(1))).map_or("-", |after| {
            let found = &after.workflows[&id()];
            assert_eq!((found.state, found.current), (state, 2));
            "version 2"
        });
        writeln!(table, "{row} edit:{edit}").unwrap();
    }
    assert_snapshot!(table, @r"
    draft     start:running schedule:scheduled cancel:- pause:- resume:- end:- delete:gone edit:version 2
    scheduled start:- schedule:- cancel:draft pause:- resume:- end:- delete:- edit:-
    running   start:- schedule:- cancel:- pause:paused resume:- end:ended delete:- edit:-
    paused    start:- schedule:- cancel:- pause:- resume:running end:ended delete:gone edit:version 2
    ended     start:- schedule:- cancel:- pause:- resume:- end:- delete:gone edit:-
    ");
}

#[test]
fn a_refusal_names_the_state_and_the_way_out() {
    let mut told = String::new();
    for state in STATES {
        for command in [to(Action::Resume), to(Action::Delete), put(Some(1))] {
            if let Err(conflict) = apply(&inside(state), &command) {
                writeln!(told, "{conflict}").unwrap();
            }
        }
    }
    let running = inside(WorkflowState::Running);
    for (definitions, command) in [
        (&running, put(None)),
        (&inside(WorkflowState::Paused), put(Some(7))),
        (&Definitions::default(), put(Some(1))),
        (&Definitions::default(), to(Action::Start)),
        (&inside(WorkflowState::Draft), to(Action::Schedule(now()))),
    ] {
        let conflict = apply(definitions, &command).unwrap_err();
        writeln!(told, "{}: {conflict}", conflict.code()).unwrap();
    }
    let broken = Command::PutWorkflow {
        document: "{}".to_owned(),
        bindings: String::new(),
        templates: BTreeMap::new(),
        based_on: None,
        edit: Edit::Pin,
    };
    let conflict = apply(&running, &broken).unwrap_err();
    writeln!(told, "{}: {conflict}", conflict.code()).unwrap();
    assert_snapshot!(told, @r"
    workflow note is draft, but resume needs paused; allowed: edit, start, schedule, delete
    workflow note is scheduled, but resume needs paused; allowed: cancel
    workflow note is scheduled, but delete needs draft, paused or ended; allowed: cancel
    workflow note is scheduled, but edit needs draft or paused; allowed: cancel
    workflow note is running, but resume needs paused; allowed: pause, end
    workflow note is running, but delete needs draft, paused or ended; allowed: pause, end
    workflow note is running, but edit needs draft or paused; allowed: pause, end
    workflow note is ended, but resume needs paused; allowed: delete
    workflow note is ended, but edit needs draft or paused; allowed: delete
    workflow_exists: workflow note exists already, its version is 1
    workflow_version: workflow note has moved on to version 1, the edit was made from 7
    workflow_not_found: there is no workflow note
    workflow_not_found: there is no workflow note
    start_not_ahead: the start at 2026-03-01T00:00:00Z is not ahead of 2026-03-01T00:00:00Z
    command_malformed: the document of the command does not read: missing field `id` at line 1 column 2
    ");
}

#[test]
fn a_version_without_a_goal_neither_starts_nor_goes_on() {
    let Command::PutWorkflow {
        bindings,
        templates,
        edit,
        ..
    } = put(None)
    else {
        panic!("a put is one");
    };
    let mut without_goal = document();
    without_goal.as_object_mut().unwrap().remove("goal");
    let put_without = |based_on| Command::PutWorkflow {
        document: without_goal.to_string(),
        bindings: bindings.clone(),
        templates: templates.clone(),
        based_on,
        edit,
    };
    let draft = apply(&Definitions::default(), &put_without(None)).unwrap();
    let paused = apply(&inside(WorkflowState::Paused), &put_without(Some(1))).unwrap();
    for (definitions, action) in [
        (&draft, Action::Start),
        (&draft, Action::Schedule(later())),
        (&paused, Action::Resume),
    ] {
        let conflict = apply(definitions, &to(action)).unwrap_err();
        assert_eq!(conflict.code(), "goal_missing", "{}", action.as_str());
    }
    let mended = apply(&paused, &put(Some(2))).unwrap();
    assert!(apply(&mended, &to(Action::Resume)).is_ok());
}

#[test]
fn a_draft_keeps_its_last_version_and_a_paused_one_all() {
    let draft = apply(&inside(WorkflowState::Draft), &put(Some(1))).unwrap();
    let numbers: Vec<u32> = draft.workflows[&id()].versions.keys().copied().collect();
    assert_eq!(numbers, [2]);
    let paused = apply(&inside(WorkflowState::Paused), &put(Some(1))).unwrap();
    let found = &paused.workflows[&id()];
    let numbers: Vec<u32> = found.versions.keys().copied().collect();
    assert_eq!((numbers, found.current), (vec![1, 2], 2));
    assert_eq!(found.running_since, Some(now()));
}

#[test]
fn a_scheduled_start_comes_by_itself_as_of_its_instant() {
    let scheduled = inside(WorkflowState::Scheduled);
    assert_eq!(control::next_start(&scheduled), Some(later()));
    let before = Instant::from_ms(later().as_ms() - 1);
    assert_eq!(control::due(&scheduled, before), []);
    assert_eq!(control::start_due(&scheduled, before), None);
    // The server was down at the instant itself.
    let after = later().plus(Span::from_days(3));
    let change = control::start_due(&scheduled, after).unwrap();
    let found = &change.definitions.workflows[&id()];
    assert_eq!(found.state, WorkflowState::Running);
    assert_eq!(found.running_since, Some(later()));
    assert_eq!(found.starts_at, None);
    assert_eq!(control::next_start(&change.definitions), None);
    let cancelled = apply(&scheduled, &to(Action::Cancel)).unwrap();
    assert_eq!(control::due(&cancelled, after), []);
}

#[test]
fn a_scheduled_start_is_near_at_last() {
    let scheduled = inside(WorkflowState::Scheduled);
    let before = |ms| Instant::from_ms(later().as_ms() - ms);
    let at = |now, action| control::apply(&scheduled, &to(action), now);
    assert!(at(before(1_000), Action::Cancel).is_ok());
    let near = at(before(999), Action::Cancel).unwrap_err();
    assert_snapshot!(format!("{}: {near}", near.code()), @"
    workflow_starts_soon: workflow note starts in less than 1s, too soon to be cancelled: pause or end it once it runs
    ");
    // From its instant on it runs, whether or not somebody has looked.
    let over = at(later(), Action::Cancel).unwrap_err();
    assert_snapshot!(over, @"
    workflow note is running, but cancel needs scheduled; allowed: pause, end
    ");
    let paused = at(later(), Action::Pause).unwrap();
    let found = &paused.definitions.workflows[&id()];
    assert_eq!(found.state, WorkflowState::Paused);
    assert_eq!(found.running_since, Some(later()));
    let started = control::started(&scheduled, later()).unwrap();
    assert_eq!(started.version, scheduled.version);
    assert_eq!(started.workflows[&id()].state, WorkflowState::Running);
    assert_eq!(control::started(&scheduled, before(1)), None);
}

/// A rule failed at that instant, in the workflow that ran since then.
fn failed(since: Instant, at: Instant) -> Posted {
    Posted::PauseWorkflow {
        workflow: id(),
        since,
        at,
        reason: "trigger failed: trapped".to_owned(),
    }
}

#[test]
fn a_rule_that_failed_before_pauses_nothing_that_came_after() {
    let running = inside(WorkflowState::Running);
    let latest = later().plus(Span::from_days(1));
    let is_paused = |definitions: &Definitions, posted| {
        control::apply_post(definitions, &posted, latest).is_some()
    };
    assert!(is_paused(&running, failed(now(), now())));
    let of_another = Instant::from_ms(now().as_ms() - 1);
    assert!(!is_paused(&running, failed(of_another, now())));
    let paused = apply(&running, &to(Action::Pause)).unwrap();
    let resumed = control::apply(&paused, &to(Action::Resume), later());
    let resumed = resumed.unwrap().definitions;
    let before = Instant::from_ms(later().as_ms() - 1);
    assert!(!is_paused(&resumed, failed(now(), before)));
    assert!(is_paused(&resumed, failed(now(), later())));
}

#[test]
fn a_failing_rule_pauses_a_running_workflow_once() {
    let posted = failed(now(), later());
    for state in STATES {
        let change = control::apply_post(&inside(state), &posted, later());
        let paused = change.map(|change| {
            let found = &change.definitions.workflows[&id()];
            (found.state, found.paused_at)
        });
        let expected = (WorkflowState::Paused, Some(later()));
        let expected = (state == WorkflowState::Running).then_some(expected);
        assert_eq!(paused, expected);
    }
}

#[test]
fn a_binding_moves_on_within_its_version() {
    let definitions = inside(WorkflowState::Running);
    let mut binding = definitions.workflows[&id()].versions[&1].bindings[&Slot::Trigger].clone();
    binding.digest = Digest::of_bytes(b"newer");
    let moved = |slot: &str, version, binding| Rebinding {
        owner: id().into(),
        version,
        slot: slot.to_owned(),
        binding: serde_json::to_string(binding).unwrap(),
    };
    let rebind = |slot: &str, version, binding| Command::Rebind {
        bindings: vec![moved(slot, version, binding)],
    };
    let after = apply(&definitions, &rebind("trigger", 1, &binding)).unwrap();
    let before = &definitions.workflows[&id()].versions[&1].bindings[&Slot::Trigger];
    let mut expected = binding.clone();
    expected.formers = vec![before.file()];
    assert_eq!(
        after.workflows[&id()].versions[&1].bindings[&Slot::Trigger],
        expected
    );
    for (slot, version) in [("audience", 1), ("trigger", 2), ("nowhere", 1)] {
        let conflict = apply(&definitions, &rebind(slot, version, &binding)).unwrap_err();
        assert_eq!(conflict.code(), "command_malformed");
    }
    // What does not fit any more is left out, and the rest moves in one change.
    let bindings = vec![
        moved("audience", 1, &binding),
        moved("trigger", 1, &binding),
    ];
    let together = apply(&definitions, &Command::Rebind { bindings }).unwrap();
    assert_eq!(together, after);
}

#[test]
fn all_versions_together_have_a_bound() {
    let mut definitions = inside(WorkflowState::Paused);
    let found = definitions.workflows.get_mut(&id()).unwrap();
    let large = VERSIONS_MAX - 2;
    let mut version = found.versions[&1].clone();
    version.document.title = "x".repeat(DEFINITIONS_BYTES_MAX / large);
    let versions = (1..=large as u32).map(|number| (number, version.clone()));
    found.versions = versions.collect();
    found.current = large as u32;
    let conflict = apply(&definitions, &put(Some(large as u32))).unwrap_err();
    assert_eq!(conflict.code(), "workflows_full");
    let told = conflict.to_string();
    assert!(
        told.contains("bytes of workflows and their versions"),
        "{told}"
    );
    // A smaller one is taken, and every state stays within reach.
    let shorter = definitions.workflows.get_mut(&id()).unwrap();
    shorter.versions.retain(|number, _| *number > 20);
    apply(&definitions, &put(Some(large as u32))).unwrap();
    apply(&definitions, &to(Action::Resume)).unwrap();
}
