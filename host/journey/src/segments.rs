//! Look-ups of named segments: which of them reads what, and which come before which.
//!
//! Made once per version of the definitions. An event or a change of attributes asks only those that read it, so that a
//! contact to whom nothing happens costs nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use signalbox_model::{
    definitions::Definitions,
    id::{EventName, FieldName, SegmentName},
    plan::{Occasion, Plan, Source},
    segment::{Composition, Segment, SegmentDefinition},
};

/// See the module.
#[derive(Debug, Default)]
pub struct Segments {
    definitions: Arc<Definitions>,
    by_number: BTreeMap<u32, Ranked>,
    by_event: BTreeMap<EventName, Vec<u32>>,
    by_attribute: BTreeMap<FieldName, Vec<u32>>,
    by_kept: BTreeMap<String, Vec<u32>>,
    /// Those that a change of the key's membership can change.
    dependents: BTreeMap<u32, Vec<u32>>,
}

/// A segment with how many others, each reading the one before, come before it.
#[derive(Debug)]
struct Ranked {
    name: SegmentName,
    rank: u32,
}

/// What is to be looked at, lowest rank first: nothing is looked at before what it reads is settled.
pub(crate) type Open = BTreeSet<(u32, u32)>;

impl Segments {
    pub(crate) fn new(definitions: &Arc<Definitions>) -> Self {
        let mut segments = Self {
            definitions: Arc::clone(definitions),
            ..Self::default()
        };
        let all = &definitions.segments;
        let ranks = ranks(&all.values().collect::<Vec<_>>());
        for (name, found) in all {
            let number = found.number;
            let ranked = Ranked {
                name: name.clone(),
                rank: ranks.get(name).copied().unwrap_or_default(),
            };
            segments.by_number.insert(number, ranked);
            for read in reads(found) {
                if let Some(read) = all.get(read) {
                    push(&mut segments.dependents, read.number, number);
                }
            }
            let plan = found.binding.as_ref().map(|binding| &binding.plan);
            for source in plan.into_iter().flat_map(sources) {
                match source {
                    Source::Attribute(name) => {
                        push(&mut segments.by_attribute, name.clone(), number);
                    }
                    Source::Kept(name) => push(&mut segments.by_kept, name.clone(), number),
                    other => {
                        if let Some(event) = event_of(other) {
                            push(&mut segments.by_event, event.clone(), number);
                        }
                    }
                }
            }
        }
        segments
    }

    /// The segment of that name.
    pub fn named(&self, name: &str) -> Option<&SegmentDefinition> {
        self.definitions.segments.get(name)
    }

    /// The segment of that number.
    pub fn numbered(&self, number: u32) -> Option<&SegmentDefinition> {
        self.named(self.by_number.get(&number)?.name.as_str())
    }

    /// What may say something else after such an event and with other values of those attributes.
    pub(crate) fn after(&self, event: Option<&EventName>, attributes: &[FieldName]) -> Open {
        let by_event = event.and_then(|event| self.by_event.get(event));
        let by_attribute = attributes
            .iter()
            .filter_map(|name| self.by_attribute.get(name));
        let numbers = by_event.into_iter().chain(by_attribute).flatten();
        numbers.filter_map(|number| self.ranked(*number)).collect()
    }

    /// What may say something else once other values are kept under those names.
    pub(crate) fn after_kept(&self, is_anew: impl Fn(&str) -> bool) -> Open {
        let read = self.by_kept.iter().filter(|(name, _)| is_anew(name));
        let numbers = read.flat_map(|(_, numbers)| numbers);
        numbers.filter_map(|number| self.ranked(*number)).collect()
    }

    /// Every segment: what a contact that is new is asked about.
    pub(crate) fn all(&self) -> Open {
        let all = self.by_number.iter();
        all.map(|(number, found)| (found.rank, *number)).collect()
    }

    /// Every segment, each behind those that it goes by.
    pub fn in_order(&self) -> impl Iterator<Item = &SegmentDefinition> {
        let all = self.all().into_iter();
        all.filter_map(|(_, number)| self.numbered(number))
    }

    /// What a change of that segment's membership can change.
    pub(crate) fn after_change(&self, number: u32) -> impl Iterator<Item = (u32, u32)> {
        let dependents = self.dependents.get(&number).into_iter().flatten();
        dependents.filter_map(|number| self.ranked(*number))
    }

    /// The number with its rank before it; `None` if there is no such segment.
    pub(crate) fn ranked(&self, number: u32) -> Option<(u32, u32)> {
        let ranked = self.by_number.get(&number)?;
        Some((ranked.rank, number))
    }
}

/// Names of the segments that it goes by.
pub(crate) fn reads(definition: &SegmentDefinition) -> Vec<&str> {
    let plan = definition.binding.as_ref().map(|binding| &binding.plan);
    named_in(&definition.document, plan)
}

/// Names of the segments that the document, or the plan of its rule, names.
pub(crate) fn named_in<'a>(document: &'a Segment, plan: Option<&'a Plan>) -> Vec<&'a str> {
    let composed = document.of.iter().flat_map(Composition::names);
    let composed = composed.map(SegmentName::as_str);
    composed.chain(plan.into_iter().flat_map(read_by)).collect()
}

/// Names of the segments whose membership the plan asks for.
fn read_by(plan: &Plan) -> impl Iterator<Item = &str> {
    sources(plan).filter_map(|source| match source {
        Source::Segment(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Names of the segments that the plan goes by, on its occasions too.
pub(crate) fn named_by(plan: &Plan) -> impl Iterator<Item = &str> {
    let occasions = plan.occasions.iter().filter_map(|occasion| match occasion {
        Occasion::SegmentEntered(name) | Occasion::SegmentLeft(name) => Some(name.as_str()),
        _ => None,
    });
    read_by(plan).chain(occasions)
}

fn sources(plan: &Plan) -> impl Iterator<Item = &Source> {
    plan.inputs.iter().map(|input| &input.source)
}

/// The event that the source looks for in the history.
fn event_of(source: &Source) -> Option<&EventName> {
    match source {
        Source::Count(of) => Some(&of.event),
        Source::Sum(of) => Some(&of.of.event),
        Source::First(of) | Source::Last(of) => Some(&of.of.event),
        Source::Recent(of) => Some(&of.of.event),
        _ => None,
    }
}

fn push<K: Ord>(lists: &mut BTreeMap<K, Vec<u32>>, key: K, number: u32) {
    let list = lists.entry(key).or_default();
    if !list.contains(&number) {
        list.push(number);
    }
}

/// How many others come before each; a circle, which no check lets in, ends at as many as there are segments.
fn ranks(all: &[&SegmentDefinition]) -> BTreeMap<SegmentName, u32> {
    let mut ranks: BTreeMap<SegmentName, u32> = all
        .iter()
        .map(|one| (one.document.name.clone(), 0))
        .collect();
    for _ in all {
        let mut is_settled = true;
        for one in all {
            let below = reads(one).into_iter().filter_map(|name| ranks.get(name));
            let rank = below.max().map_or(0, |below| below + 1);
            let known = ranks.insert(one.document.name.clone(), rank);
            is_settled &= known == Some(rank);
        }
        if is_settled {
            break;
        }
    }
    ranks
}

/// How many segments in a row, each going by the one before, would come before that one; `None` if it went by itself.
pub(crate) fn rank_of(
    name: &SegmentName,
    named: &[&str],
    definitions: &Definitions,
) -> Option<u32> {
    let others = definitions.segments.values();
    let others: Vec<_> = others.filter(|one| one.document.name != *name).collect();
    let ranks = ranks(&others);
    let reaches_itself = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if at == name.as_str() {
                return true;
            }
            if seen.insert(at)
                && let Some(found) = definitions.segments.get(at)
            {
                open.extend(reads(found));
            }
        }
        false
    };
    if named.iter().any(|from| reaches_itself(from)) {
        return None;
    }
    let below = named.iter().filter_map(|name| ranks.get(*name));
    Some(below.max().map_or(0, |below| below + 1))
}
