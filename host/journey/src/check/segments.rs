//! Whether a named segment's document makes sense among the segments there are, and whether a plan names segments that
//! there are.

use signalbox_model::{
    definitions::Definitions,
    plan::Plan,
    problem::Problem,
    segment::{COMPOSED_MAX, Segment},
};

use super::check_title;
use crate::{
    limits::SEGMENT_RANKS_MAX,
    segments::{named_by, named_in, rank_of},
};

/// All problems of the document, and of what its rule asks for.
pub fn found(segment: &Segment, plan: Option<&Plan>, definitions: &Definitions) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_title(&segment.title, &mut problems);
    match (&segment.rule, &segment.of) {
        (Some(_), None) => {}
        (None, Some(of)) => {
            let count = of.names().count();
            if count == 0 || count > COMPOSED_MAX {
                let reason = format!("names {count} segments, 1 to {COMPOSED_MAX} are allowed");
                problems.push(
                    Problem::new("/of", "composition_size", reason)
                        .with_help("name fewer, or make it of segments that are made of some"),
                );
            }
        }
        _ => {
            let reason = "a segment has either a rule (`rule`) or is made of others (`of`)";
            problems.push(
                Problem::new("", "segment_of_one", reason).with_help("give it one of the two"),
            );
        }
    }
    if let Some(of) = &segment.of {
        for (part, names) in [("all", &of.all), ("any", &of.any), ("none", &of.none)] {
            let named = names.iter().enumerate();
            problems.extend(named.filter_map(|(index, name)| {
                let pointer = format!("/of/{part}/{index}");
                (*name != segment.name).then_some(())?;
                unknown(&pointer, name.as_str(), definitions)
            }));
        }
    }
    if let Some(plan) = plan {
        problems.extend(unknown_in(plan, "/rule/config", definitions));
    }
    problems.extend(check_rank(segment, plan, definitions));
    problems
}

/// Segments that the plan names and that there are not; all at the place of its config.
pub fn unknown_in(plan: &Plan, pointer: &str, definitions: &Definitions) -> Vec<Problem> {
    named_by(plan)
        .filter_map(|name| unknown(pointer, name, definitions))
        .collect()
}

fn unknown(pointer: &str, name: &str, definitions: &Definitions) -> Option<Problem> {
    if definitions.segments.contains_key(name) {
        return None;
    }
    let reason = format!("there is no segment {name:?}");
    let help = "make it first, or name one of those at /v1/segments";
    Some(Problem::new(pointer, "segment_unknown", reason).with_help(help))
}

fn check_rank(
    segment: &Segment,
    plan: Option<&Plan>,
    definitions: &Definitions,
) -> Option<Problem> {
    let pointer = if segment.of.is_some() {
        "/of"
    } else {
        "/rule/config"
    };
    let name = &segment.name;
    match rank_of(name, &named_in(segment, plan), definitions) {
        None => {
            let reason = format!("segment {name} would go by itself");
            let problem = Problem::new(pointer, "segment_circle", reason);
            Some(problem.with_help("take out the name that leads back to it"))
        }
        Some(rank) if rank > SEGMENT_RANKS_MAX => {
            let reason = format!(
                "{rank} segments, each going by the one before, come before {name}; at most {SEGMENT_RANKS_MAX} may"
            );
            let problem = Problem::new(pointer, "segment_too_deep", reason);
            Some(problem.with_help("go by segments that go by fewer others"))
        }
        Some(_) => None,
    }
}
