//! Asks rules again what the log has answers to, and holds the answers against each other: `store reexecute`.
//!
//! Called for each wave and each group while a log is applied to a scratch store. The core goes on with the recorded
//! answer, so one difference leads to no other; nothing here may change what is applied.

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::ResolvedBinding,
    id::Digest,
    time::Instant,
    verdict::{Answer, FailureKind},
};
use signalbox_rules::{catalogue::Apart, columns::Row, decide::Binding};

use super::{
    Partition,
    answers::{Answered, Given},
    lane::{Lane, World},
};
use crate::{
    evidence::{CameOut, answer_json},
    reexecute::Hindrance,
};

/// What came of asking again.
pub(super) enum Again {
    /// The same verdict, or a failure of the same kind.
    Equal,
    /// This answer instead.
    Different(Box<Answer>),
    /// Nothing that could be compared.
    Hindered(Hindrance),
}

impl Partition {
    /// Puts what the log has answered to the rules that it says answered: the same rows at the same instant.
    pub(super) fn reexecute(
        &self,
        lanes: &[Lane],
        answered: &[Answered],
        world: World<'_>,
        given: &mut [Given],
    ) {
        let Some(tally) = &self.shared.reexecution else {
            return;
        };
        let mut batches: BTreeMap<(usize, Digest, Instant), Vec<(usize, Row)>> = BTreeMap::new();
        for place in answered {
            let lane = &lanes[place.lane];
            let Some((item, questions)) = lane.questions() else {
                continue;
            };
            if !tally.wants(&lane.contact) {
                continue;
            }
            let question = &questions[place.question];
            let given = &mut given[place.given];
            let digest = given.answer.digest;
            if tally.of_one().is_some() {
                given.asked = Some((item.now, question.row.clone()));
            }
            match world.loaded.index_of(&question.id) {
                Some(bound) => batches
                    .entry((bound, digest, item.now))
                    .or_default()
                    .push((place.given, question.row.clone())),
                None => given.again = Some(Again::Hindered(Hindrance::Unbound)),
            }
        }
        for ((bound, digest, now), batch) in batches {
            let (places, rows): (Vec<usize>, Vec<Row>) = batch.into_iter().unzip();
            if let Some(hindrance) = tally.hindrance(&self.shared.catalogue, digest) {
                for place in places {
                    given[place].again = Some(Again::Hindered(hindrance.clone()));
                }
                continue;
            }
            let binding = Binding {
                digest,
                ..world.loaded.bound(bound).binding.clone()
            };
            // What failed then fails again, which must not quarantine what a running server goes by.
            let apart = Apart::default();
            let catalogue = &self.shared.catalogue;
            let answers = catalogue.decide_apart(&apart, &binding, now, &rows);
            for (place, answer) in places.into_iter().zip(answers) {
                let again = compare(&given[place].answer.answer, answer);
                given[place].again = Some(again);
            }
        }
    }

    /// Counts what came of asking again, once the group is sure to be committed.
    pub(super) fn count_reexecuted(&self, given: &mut [Given]) {
        let Some(tally) = &self.shared.reexecution else {
            return;
        };
        for given in given {
            let Some(again) = given.again.take() else {
                continue;
            };
            let recorded = &given.answer;
            let bound = self.loaded.resolved(&recorded.question);
            if let (Some(only), Some((at, row))) = (tally.of_one(), given.asked.take()) {
                only.keep(recorded, bound, (at, &row), came_out(&again, bound));
            }
            match again {
                Again::Equal => tally.equal(),
                Again::Different(answer) => {
                    tally.different(self.number, recorded, bound, &answer);
                }
                Again::Hindered(hindrance) => tally.hindered(recorded.digest, bound, hindrance),
            }
        }
    }
}

fn came_out(again: &Again, bound: Option<&ResolvedBinding>) -> CameOut {
    match again {
        Again::Equal => CameOut::Equal,
        Again::Different(answer) => CameOut::Different(answer_json(answer, bound)),
        Again::Hindered(hindrance) => CameOut::NotAsked(hindrance.clone()),
    }
}

fn compare(recorded: &Answer, new: Answer) -> Again {
    match (recorded, &new) {
        (Err(failure), _) if depends_on_the_moment(failure.kind) => {
            Again::Hindered(Hindrance::Recorded(failure.kind))
        }
        (_, Err(failure)) if depends_on_the_moment(failure.kind) => {
            Again::Hindered(Hindrance::Failed(failure.kind))
        }
        (Ok(recorded), Ok(new)) if recorded == new => Again::Equal,
        (Err(recorded), Err(new)) if recorded.kind == new.kind => Again::Equal,
        _ => Again::Different(Box::new(new)),
    }
}

/// Whether the failure says something about the machine or about others of the batch, and nothing about the rule and
/// its row.
fn depends_on_the_moment(kind: FailureKind) -> bool {
    match kind {
        FailureKind::OutOfTime | FailureKind::RuleUnavailable | FailureKind::NotLoaded => true,
        FailureKind::Failed
        | FailureKind::Trapped
        | FailureKind::OutOfFuel
        | FailureKind::OutOfMemory
        | FailureKind::BadAnswer => false,
    }
}
