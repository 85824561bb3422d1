//! Where the answers to questions come from: the log while it is applied again, rules for everything else.
//!
//! New answers are in the log, durably, before anything that follows from them is committed or leaves.

use std::{
    collections::{BTreeMap, VecDeque},
    iter::Peekable,
    sync::Arc,
};

use signalbox_journey::Beside;
use signalbox_model::{
    codec,
    id::{ContactId, Digest},
    record::{QuestionId, Record, RecordedAnswer},
    time::Instant,
    verdict::Answer,
};
use signalbox_rules::{catalogue::Apart, columns::Row};

use super::{
    Partition,
    again::Again,
    group::Item,
    lane::{Lane, World},
};
use crate::{clock::process_now, error::ApplyError, metrics, shadows::Asked, shared::Broken};

/// Answers of one record of the log; a group with more is recorded in several.
const RECORD_ANSWERS_MAX: usize = 256;
/// Bytes of the answers of one record, well below what the log takes; one answer alone is far smaller.
const RECORD_BYTES_MAX: usize = 1 << 20;

/// Answers found in the log for records that are not applied yet.
#[derive(Default)]
pub(super) struct Recorded {
    /// By record and contact, in the order in which they were given. A tick may ask the same question of a contact
    /// more than once.
    answers: BTreeMap<(u64, ContactId), VecDeque<RecordedAnswer>>,
    /// The last record that answers were found for.
    last: u64,
}

impl Recorded {
    pub(super) fn keep(&mut self, answers: Vec<RecordedAnswer>) {
        for recorded in answers {
            self.last = self.last.max(recorded.sequence);
            self.answers
                .entry((recorded.sequence, recorded.contact.clone()))
                .or_default()
                .push_back(recorded);
        }
    }

    fn take(
        &mut self,
        sequence: u64,
        contact: &ContactId,
        question: &QuestionId,
    ) -> Option<RecordedAnswer> {
        if self.answers.is_empty() {
            return None;
        }
        let key = (sequence, contact.clone());
        let given = self.answers.get_mut(&key)?;
        let index = given
            .iter()
            .position(|recorded| recorded.question == *question)?;
        let recorded = given.remove(index)?;
        if given.is_empty() {
            self.answers.remove(&key);
        }
        Some(recorded)
    }

    /// Puts answers back that were taken for a group which was not committed.
    pub(super) fn give_back(&mut self, given: Vec<Given>) {
        for given in given.into_iter().rev().filter(|given| !given.fresh) {
            let recorded = given.answer;
            self.answers
                .entry((recorded.sequence, recorded.contact.clone()))
                .or_default()
                .push_front(recorded);
        }
    }

    pub(super) fn forget_up_to(&mut self, sequence: u64) {
        while let Some(first) = self.answers.first_entry() {
            if first.key().0 > sequence {
                return;
            }
            first.remove();
        }
    }
}

/// A question without an answer yet.
struct Open {
    lane: usize,
    question: usize,
    /// Rows with the same instant go together where the rule is told the time.
    now: Instant,
}

/// Where a question stands that the log has an answer to, for whoever asks it again.
pub(super) struct Answered {
    pub(super) lane: usize,
    pub(super) question: usize,
    /// Its answer's place among those that the group was given.
    pub(super) given: usize,
}

/// An answer that a group was given.
pub(super) struct Given {
    pub(super) answer: RecordedAnswer,
    /// By a rule just now, and not by the log.
    fresh: bool,
    /// What came of asking again, where the log gave it and decisions are re-executed.
    pub(super) again: Option<Again>,
    /// What was asked, and when in journey time, where that is kept.
    pub(super) asked: Option<(Instant, Row)>,
    /// What is put to a shadow, and when in journey time it was asked.
    beside: Option<(Instant, Beside)>,
}

impl Partition {
    /// Takes all lanes to their end, wave by wave. All answers go into `given`, in their order.
    pub(super) fn drive(
        &mut self,
        lanes: &mut [Lane],
        given: &mut Vec<Given>,
    ) -> Result<(), Broken> {
        let loaded = Arc::clone(&self.loaded);
        let world = World {
            loaded: &loaded,
            store_seed: self.shared.store_seed,
        };
        let mut asking: Vec<usize> = (0..lanes.len()).collect();
        loop {
            asking.retain(|&index| lanes[index].go_on(world));
            if asking.is_empty() {
                return Ok(());
            }
            metrics::count(&self.shared.metrics.waves);
            self.answer_wave(lanes, &asking, world, given)?;
        }
    }

    fn answer_wave(
        &mut self,
        lanes: &mut [Lane],
        asking: &[usize],
        world: World<'_>,
        given: &mut Vec<Given>,
    ) -> Result<(), Broken> {
        let mut answers: BTreeMap<usize, Vec<Option<Answer>>> = BTreeMap::new();
        let mut open: BTreeMap<(usize, Option<Instant>), Vec<Open>> = BTreeMap::new();
        let mut answered: Vec<Answered> = Vec::new();
        for &index in asking {
            let lane = &lanes[index];
            let Some((item, questions)) = lane.questions() else {
                continue;
            };
            let mut of_lane = vec![None; questions.len()];
            for (ordinal, question) in questions.iter().enumerate() {
                if let Some(answer) =
                    self.find_recorded(item.sequence, &lane.contact, &question.id)?
                {
                    of_lane[ordinal] = Some(answer.answer.clone());
                    answered.push(Answered {
                        lane: index,
                        question: ordinal,
                        given: given.len(),
                    });
                    given.push(Given {
                        answer,
                        fresh: false,
                        again: None,
                        asked: None,
                        beside: None,
                    });
                } else if let Some(bound) = world.loaded.index_of(&question.id) {
                    let reads_clock = world.loaded.bound(bound).reads_clock;
                    open.entry((bound, reads_clock.then_some(item.now)))
                        .or_default()
                        .push(Open {
                            lane: index,
                            question: ordinal,
                            now: item.now,
                        });
                }
            }
            answers.insert(index, of_lane);
        }
        self.reexecute(lanes, &answered, world, given);
        for ((bound, _), batch) in open {
            let digest = world.loaded.bound(bound).binding.digest;
            let answered = self.ask(lanes, bound, &batch, world);
            for (place, answer) in batch.iter().zip(answered) {
                if let Some(of_lane) = answers.get_mut(&place.lane) {
                    of_lane[place.question] = Some(answer.clone());
                }
                let lane = &lanes[place.lane];
                if let Some((item, questions)) = lane.questions() {
                    let question = &questions[place.question];
                    let answer = recorded(lane, item, &question.id, digest, answer);
                    let beside = question.beside.clone();
                    given.push(Given {
                        answer,
                        fresh: true,
                        again: None,
                        asked: None,
                        beside: beside.map(|beside| (item.now, beside)),
                    });
                }
            }
        }
        for (index, of_lane) in answers {
            lanes[index].answer(of_lane);
        }
        Ok(())
    }

    /// Puts one batch to its rule.
    fn ask(
        &mut self,
        lanes: &[Lane],
        bound: usize,
        batch: &[Open],
        world: World<'_>,
    ) -> Vec<Answer> {
        let rows: Vec<Row> = batch
            .iter()
            .filter_map(|open| {
                let (_, questions) = lanes[open.lane].questions()?;
                Some(questions[open.question].row.clone())
            })
            .collect();
        let now = batch.iter().map(|open| open.now).min().unwrap_or_default();
        let binding = &world.loaded.bound(bound).binding;
        if !self.ready.contains(&binding.digest) {
            match self.shared.catalogue.ensure(binding.digest) {
                Ok(()) => {
                    self.ready.insert(binding.digest);
                }
                // Every row fails then, as not loaded, and the binding's policy says what that means.
                Err(error) => tracing::error!(
                    rule.digest = %binding.digest,
                    reason = %error,
                    "plugin {} cannot be made ready: {error}", binding.digest
                ),
            }
        }
        let began = process_now();
        let catalogue = &self.shared.catalogue;
        let answers = if self.shared.reexecution.is_some() {
            // Its failures are no news of a rule that a running server may ask as well.
            catalogue.decide_apart(&Apart::default(), binding, now, &rows)
        } else {
            catalogue.decide(binding, now, &rows)
        };
        let took = began.elapsed();
        let count = rows.len() as u64;
        let each = took / u32::try_from(rows.len().max(1)).unwrap_or(u32::MAX);
        let shared = &self.shared.metrics;
        shared.decision_time.record_many(each, count);
        metrics::add(&shared.decisions, count);
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        metrics::add(&shared.decisions_failed, failed as u64);
        answers
    }

    /// The answer that the log has for the question, if it has one.
    fn find_recorded(
        &mut self,
        sequence: u64,
        contact: &ContactId,
        question: &QuestionId,
    ) -> Result<Option<RecordedAnswer>, Broken> {
        loop {
            if let Some(recorded) = self.recorded.take(sequence, contact, question) {
                metrics::count(&self.shared.metrics.decisions_replayed);
                return Ok(Some(recorded));
            }
            // Groups are answered in order: what answers a later record has every answer of this one before it.
            if self.recorded.last > sequence {
                let error = ApplyError::AnswerMissing {
                    partition: self.number,
                    sequence,
                    question: format!("{} {} {}", question.owner, question.version, question.slot),
                };
                return Err(self.shared.fail(&error));
            }
            if !self.read_ahead()? {
                return Ok(None);
            }
        }
    }

    /// Makes new answers durable before anything follows from them.
    pub(super) fn record_answers(&mut self, given: Vec<Given>) -> Result<(), Broken> {
        let mut fresh = Vec::new();
        let mut shadowed = Vec::new();
        for given in given.into_iter().filter(|given| given.fresh) {
            if let Some((at, beside)) = given.beside {
                shadowed.push(Asked {
                    loaded: Arc::clone(&self.loaded),
                    beside,
                    at,
                    partition: self.number,
                    decided: given.answer.clone(),
                });
            }
            fresh.push(given.answer);
        }
        // By record, so that what answers a later one stands behind every answer of this one. Stable: the answers of
        // one record and contact stay in their order.
        fresh.sort_by_key(|answer| answer.sequence);
        let mut fresh = fresh.into_iter().peekable();
        while fresh.peek().is_some() {
            let part = next_part(&mut fresh).map_err(|error| self.shared.fail(&error))?;
            let positions = self
                .shared
                .append_durably(&[(self.number, Record::Decided(part))])?;
            for position in positions {
                self.log.note_used(position.sequence);
            }
        }
        if let Some(shadows) = self.shared.shadows.get() {
            for asked in shadowed {
                shadows.offer(asked);
            }
        }
        Ok(())
    }
}

fn recorded(
    lane: &Lane,
    item: &Item,
    question: &QuestionId,
    digest: Digest,
    answer: Answer,
) -> RecordedAnswer {
    RecordedAnswer {
        sequence: item.sequence,
        contact: lane.contact.clone(),
        question: question.clone(),
        digest,
        answer,
    }
}

/// The next answers that fit into one record, at least one.
fn next_part(
    answers: &mut Peekable<impl Iterator<Item = RecordedAnswer>>,
) -> Result<Vec<RecordedAnswer>, codec::Error> {
    let mut part = Vec::new();
    let mut bytes = 0;
    while let Some(next) = answers.peek() {
        bytes += codec::encode(next)?.len();
        if part.len() == RECORD_ANSWERS_MAX || (!part.is_empty() && bytes > RECORD_BYTES_MAX) {
            break;
        }
        part.extend(answers.next());
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use signalbox_model::{
        definitions::Slot,
        id::WorkflowId,
        value::Value,
        verdict::{PersonalizerVerdict, Verdict},
    };

    use super::*;

    fn answer(bytes: usize) -> RecordedAnswer {
        let verdict = PersonalizerVerdict {
            values: Value::Text("x".repeat(bytes).into()),
            subject: None,
            variant: None,
            send_at: None,
            reason: 0,
        };
        RecordedAnswer {
            sequence: 1,
            contact: ContactId::parse("ann").expect("an id"),
            question: QuestionId {
                owner: WorkflowId::parse("thanks").expect("an id").into(),
                version: 1,
                slot: Slot::Trigger,
                journey: None,
                ordinal: 0,
            },
            digest: Digest::of_bytes(b"a component"),
            answer: Ok(Verdict::Personalizer(verdict)),
        }
    }

    fn sizes(count: usize, bytes: usize) -> Vec<usize> {
        let mut answers = std::iter::repeat_n(answer(bytes), count).peekable();
        let mut sizes = Vec::new();
        while answers.peek().is_some() {
            sizes.push(next_part(&mut answers).expect("it encodes").len());
        }
        sizes
    }

    #[test]
    fn answers_go_into_as_few_records_as_they_fit_into() {
        assert_eq!(sizes(RECORD_ANSWERS_MAX + 1, 10), [RECORD_ANSWERS_MAX, 1]);
        assert_eq!(sizes(5, RECORD_BYTES_MAX / 3), [2, 2, 1]);
        assert_eq!(sizes(2, 2 * RECORD_BYTES_MAX), [1, 1]);
    }
}
