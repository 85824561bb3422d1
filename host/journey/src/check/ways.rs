//! What can only be seen from all steps together: who is never reached, who goes round without waiting, who never ends.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_model::{
    problem::Problem,
    workflow::{
        Workflow,
        goal::Goal,
        step::{ARMS_MAX, Action, Step},
    },
};

use super::Positions;
use crate::{
    compiled::{Ways, jump_targets, reaches, ways_from},
    limits::WAVES_MAX,
};

/// Waves that an entry uses up before the first step: trigger and audience.
const WAVES_OF_ENTRY: u32 = 2;

/// Where a step may lead once every name is right.
struct PossibleWays {
    /// Positions of the steps that may come right after it.
    steps: Vec<usize>,
    /// Whether any other step or end may come right after it, too.
    is_open: bool,
}

/// Adds the problems of the steps' ways.
pub(super) fn check(workflow: &Workflow, positions: &Positions, problems: &mut Vec<Problem>) {
    let steps = &workflow.steps;
    // What has more arms than it may have was told, and is not worth the walk.
    if steps.is_empty() || steps.iter().any(|step| arms_of(step) > ARMS_MAX) {
        return;
    }
    let own: Vec<Ways> = (0..steps.len())
        .map(|at| ways_from(workflow, positions, at))
        .collect();
    let ways = possible_ways(workflow, positions, &own);
    check_reachable(steps, &ways, problems);
    if workflow.exits.is_empty() && !goal_ends(workflow) {
        check_ends(steps, &own, &ways, problems);
    }
    check_waits(workflow, &own, problems);
}

fn goal_ends(workflow: &Workflow) -> bool {
    let goal = workflow.goal.as_ref().and_then(Goal::event);
    goal.is_some_and(|goal| goal.exit)
}

fn arms_of(step: &Step) -> usize {
    let counts = step.actions().map(|action| match action {
        Action::Branch(branch) => branch.arms.len(),
        Action::WaitFor(wait) => wait.arms.len(),
        Action::Split(split) => split.arms.len(),
        _ => 0,
    });
    counts.max().unwrap_or(0)
}

/// All ways there may be once every name is right: by jumps as well, and to each of the steps that share an id. A step
/// that names one that there is not may lead anywhere, which its [`Ways::is_open`] says.
fn possible_ways(workflow: &Workflow, positions: &Positions, own: &[Ways]) -> Vec<PossibleWays> {
    let jumps = jump_targets(workflow, positions);
    let jumps_are_known = jumps.len() == workflow.jumps.len();
    let mut sharing: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, step) in workflow.steps.iter().enumerate() {
        let first = positions.get(&step.id).copied();
        if let Some(first) = first.filter(|first| *first != at) {
            sharing.entry(first).or_default().push(at);
        }
    }
    let of_step = |ways: &Ways| {
        let named = ways.steps.iter().chain(&jumps).copied();
        let shared = |at: usize| sharing.get(&at).map_or(&[][..], Vec::as_slice);
        PossibleWays {
            steps: named
                .flat_map(|at| std::iter::once(at).chain(shared(at).iter().copied()))
                .collect(),
            is_open: ways.is_open || !jumps_are_known,
        }
    };
    own.iter().map(of_step).collect()
}

/// Silent where a way from a step that is reached may lead anywhere.
fn check_reachable(steps: &[Step], ways: &[PossibleWays], problems: &mut Vec<Problem>) {
    let mut is_reached = vec![false; steps.len()];
    let mut next = vec![0];
    while let Some(at) = next.pop() {
        if !std::mem::replace(&mut is_reached[at], true) {
            if ways[at].is_open {
                return;
            }
            next.extend(&ways[at].steps);
        }
    }
    for (index, step) in steps.iter().enumerate() {
        if !is_reached[index] {
            let reason = format!("no way leads to step {}", step.id);
            let at = format!("/steps/{index}");
            problems.push(
                Problem::new(at, "unreachable", reason)
                    .with_help("lead a way to it by `goto`, `next` or a jump, or take it out"),
            );
        }
    }
}

/// Without exits, every journey must be able to come to an end by its steps. Told of the first step only: those behind it
/// are caught in the same round. A way that may lead anywhere may lead to an end.
fn check_ends(steps: &[Step], own: &[Ways], ways: &[PossibleWays], problems: &mut Vec<Problem>) {
    let mut ends: Vec<bool> = (0..steps.len())
        .map(|at| own[at].ends || ways[at].is_open)
        .collect();
    let comes_to_end = |ends: &[bool], at: usize| ways[at].steps.iter().any(|&next| ends[next]);
    while let Some(at) = (0..steps.len()).find(|&at| !ends[at] && comes_to_end(&ends, at)) {
        ends[at] = true;
    }
    if let Some(caught) = (0..steps.len()).find(|&at| !ends[at]) {
        let reason = format!("no way leads from step {} to an end", steps[caught].id);
        let problem = Problem::new(format!("/steps/{caught}"), "never_ends", reason);
        let help = "add an exit step, an event under exits, or `exit: true` to the goal";
        problems.push(problem.with_help(help));
    }
}

fn check_waits(workflow: &Workflow, own: &[Ways], problems: &mut Vec<Problem>) {
    let steps = &workflow.steps;
    let without_waits: Vec<Vec<usize>> = (0..steps.len())
        .map(|at| {
            if steps[at].surely_waits() {
                Vec::new()
            } else {
                own[at].steps.clone()
            }
        })
        .collect();
    let round: BTreeSet<usize> = (0..steps.len())
        .filter(|&at| reaches(&without_waits, at, |to| to == at))
        .collect();
    for &index in &round {
        let reason = format!(
            "step {} comes back to itself without a wait in between",
            steps[index].id
        );
        let problem = Problem::new(format!("/steps/{index}"), "loop_without_wait", reason);
        let help = "put a wait into the loop; one for a window or a date may be over at once";
        problems.push(problem.with_help(help));
    }
    if round.is_empty() {
        check_questions_in_a_row(workflow, &without_waits, problems);
    }
}

/// Each branch, each personalizer and each split with a rule asks, each update has the exits asked that read what it changes, and one input has only
/// so many waves of questions. A send that is skipped does not park the journey, so only waits end the row.
fn check_questions_in_a_row(workflow: &Workflow, ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let steps = &workflow.steps;
    let exits_ask = workflow.exits.iter().any(|exit| exit.segment.is_some());
    let asking: Vec<bool> = steps.iter().map(|step| asks(step, exits_ask)).collect();
    let mut longest: Vec<Option<u32>> = vec![None; steps.len()];
    for at in 0..steps.len() {
        questions_from(at, &asking, ways, &mut longest);
    }
    let most = WAVES_MAX - WAVES_OF_ENTRY - 1;
    let first = (0..steps.len()).find(|&at| longest[at].is_some_and(|count| count > most));
    if let Some(at) = first {
        let (what, help) = if exits_ask {
            (
                "that ask a rule, or change what the segment of an exit may read,",
                "put a wait between them, or make one update of several",
            )
        } else {
            ("that ask a rule", "put a wait between them")
        };
        let reason = format!("more than {most} steps {what} follow each other");
        let problem = Problem::new(format!("/steps/{at}"), "too_many_questions", reason);
        problems.push(problem.with_help(help));
    }
}

/// Whether the step has rules asked; which inputs an exit's segment reads is known to its plugin alone.
fn asks(step: &Step, exits_ask: bool) -> bool {
    let (send, split) = (step.send.as_ref(), step.split.as_ref());
    step.branch.is_some()
        || send.is_some_and(|send| send.personalizer.is_some())
        || split.is_some_and(|split| split.by.is_some())
        || (exits_ask && step.update.is_some())
}

fn questions_from(
    at: usize,
    asking: &[bool],
    ways: &[Vec<usize>],
    longest: &mut [Option<u32>],
) -> u32 {
    if let Some(known) = longest[at] {
        return known;
    }
    let next = ways[at].iter();
    let behind = next
        .map(|&next| questions_from(next, asking, ways, longest))
        .max();
    let count = behind.unwrap_or(0) + u32::from(asking[at]);
    longest[at] = Some(count);
    count
}
