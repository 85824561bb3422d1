//! What can only be seen from all steps together: who is never reached, who goes round without waiting, who never ends.

use std::collections::BTreeSet;

use signalbox_model::{
    problem::Problem,
    workflow::{STEPS_MAX, Workflow, step::Step},
};

use super::Positions;
use crate::{
    compiled::{Ways, jump_targets, reaches, ways_from},
    limits::WAVES_MAX,
};

/// Waves that an entry uses up before the first step: trigger and audience.
const WAVES_OF_ENTRY: u32 = 2;

/// Adds the problems of the steps' ways.
pub(super) fn check(workflow: &Workflow, positions: &Positions, problems: &mut Vec<Problem>) {
    let steps = &workflow.steps;
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return;
    }
    let own: Vec<Ways> = (0..steps.len())
        .map(|at| ways_from(workflow, positions, at))
        .collect();
    let jumps = jump_targets(workflow, positions);
    let ways: Vec<Vec<usize>> = own
        .iter()
        .map(|ways| ways.steps.iter().chain(&jumps).copied().collect())
        .collect();
    // A wrong name breaks ways: what they lead to can be said once all names are right.
    let names_are_right = problems
        .iter()
        .all(|problem| !matches!(problem.code.as_str(), "step_unknown" | "id_twice"));
    if names_are_right {
        check_reachable(steps, &ways, problems);
        if workflow.exits.is_empty() {
            check_ends(steps, &own, &ways, problems);
        }
    }
    check_waits(steps, &own, problems);
}

fn check_reachable(steps: &[Step], ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    for (index, step) in steps.iter().enumerate().skip(1) {
        if !reaches(ways, 0, index) {
            let reason = format!("no way leads to step {}", step.id);
            let at = format!("/steps/{index}");
            problems.push(Problem::new(at, "unreachable", reason));
        }
    }
}

/// Without exits, every journey must be able to come to an end by its steps. Told of the first step only: those behind it
/// are caught in the same round.
fn check_ends(steps: &[Step], own: &[Ways], ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let ends = |from: usize| {
        (0..steps.len()).any(|at| own[at].ends && (at == from || reaches(ways, from, at)))
    };
    if let Some(caught) = (0..steps.len()).find(|&at| !ends(at)) {
        let reason = format!("no way leads from step {} to an end", steps[caught].id);
        let problem = Problem::new(format!("/steps/{caught}"), "never_ends", reason);
        problems.push(problem.with_help("add an exit step, or an event under exits"));
    }
}

fn check_waits(steps: &[Step], own: &[Ways], problems: &mut Vec<Problem>) {
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
        .filter(|&at| reaches(&without_waits, at, at))
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
        check_questions_in_a_row(steps, &without_waits, problems);
    }
}

/// Each branch and each personalizer asks, and one input has only so many waves of questions. A send that is skipped
/// does not park the journey, so only waits end the row.
fn check_questions_in_a_row(steps: &[Step], ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let mut longest: Vec<Option<u32>> = vec![None; steps.len()];
    for at in 0..steps.len() {
        questions_from(at, steps, ways, &mut longest);
    }
    let most = WAVES_MAX - WAVES_OF_ENTRY - 1;
    let first = (0..steps.len()).find(|&at| longest[at].is_some_and(|count| count > most));
    if let Some(at) = first {
        let reason = format!("more than {most} steps that ask a rule follow each other");
        let problem = Problem::new(format!("/steps/{at}"), "too_many_questions", reason);
        problems.push(problem.with_help("put a wait between them"));
    }
}

fn questions_from(
    at: usize,
    steps: &[Step],
    ways: &[Vec<usize>],
    longest: &mut [Option<u32>],
) -> u32 {
    if let Some(known) = longest[at] {
        return known;
    }
    let next = ways[at].iter();
    let behind = next
        .map(|&next| questions_from(next, steps, ways, longest))
        .max();
    let send = steps[at].send.as_ref();
    let asks = steps[at].branch.is_some() || send.is_some_and(|send| send.personalizer.is_some());
    let count = behind.unwrap_or(0) + u32::from(asks);
    longest[at] = Some(count);
    count
}
