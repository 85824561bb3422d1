//! A plugin's own examples, run before it is let in: singly, together and in reverse, and again just before each
//! instant at which an answer says it may change.
//!
//! Called by `load` and `check`. Every run is under the limits of production. `measure` asks them over and over instead,
//! to see what they cost.

pub(crate) mod missing;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant as Clock},
};

use serde_json::Value as Json;
use signalbox_model::{
    describe::{Case, Description, RuleDescription, RuleKind},
    plan::{Plan, Source},
    time::{Instant, Span},
    value::Value,
    verdict::Verdict,
};

use crate::{
    columns::{Columns, Row},
    component::Component,
    documents,
    engine::Engine,
    error::{LoadError, problems_in_words},
    plugin::Plugin,
    v1::{Bounds, Question, RowAnswer},
    verdict,
};

/// Journey time of a case that gives no clock: 2026-01-01T00:00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;

/// How one case came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Of which rule.
    pub kind: RuleKind,
    /// The case's name.
    pub case: String,
    /// What the rule reads for the case's config, in plain words.
    pub reads: Vec<String>,
    /// The answer as JSON; null if there is none.
    pub answer: Json,
    /// Fuel of the case asked by itself, start of the instance included.
    pub fuel_used: u64,
    /// Process time of that run.
    pub elapsed: Duration,
    /// What is wrong; `None` if the case came out as it says.
    pub error: Option<LoadError>,
}

/// All cases of a plugin.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Outcomes {
    /// In the order of the description.
    pub(crate) cases: Vec<Outcome>,
    /// What is wrong with the cases of one rule as a whole.
    pub(crate) errors: Vec<LoadError>,
}

impl Outcomes {
    /// The first thing that is wrong.
    pub(crate) fn first_error(&self) -> Option<&LoadError> {
        self.cases
            .iter()
            .find_map(|case| case.error.as_ref())
            .or_else(|| self.errors.first())
    }

    /// Mean fuel of a case; 0 without cases.
    pub(crate) fn fuel_mean(&self) -> u64 {
        let total: u64 = self.cases.iter().map(|case| case.fuel_used).sum();
        total / (self.cases.len() as u64).max(1)
    }
}

/// Runs them all. `validators` are the config schemas made ready.
pub(crate) fn run(
    engine: &Engine,
    component: &Component,
    description: &Description,
    validators: &BTreeMap<RuleKind, jsonschema::Validator>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut runner = Runner {
        engine,
        component,
        deadline: deadline(engine),
    };
    for (kind, rule) in &description.rules {
        let Some(validator) = validators.get(kind) else {
            continue;
        };
        let mut asked = Vec::new();
        for case in &rule.cases {
            let prepared = runner.prepare(*kind, rule, validator, case);
            let outcome = match prepared {
                Ok(prepared) => {
                    let (outcome, answer) = runner.single(&prepared);
                    asked.extend(answer.map(|answer| (prepared, answer)));
                    outcome
                }
                Err(error) => Outcome {
                    kind: *kind,
                    case: case.name.clone(),
                    reads: Vec::new(),
                    answer: Json::Null,
                    fuel_used: 0,
                    elapsed: Duration::ZERO,
                    error: Some(error),
                },
            };
            outcomes.cases.push(outcome);
        }
        outcomes
            .errors
            .extend(runner.in_company(*kind, &asked).err());
    }
    outcomes
}

/// What a rule costs, by its own cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Which rule.
    pub kind: RuleKind,
    /// Fuel of its dearest case alone on a fresh instance.
    pub fuel_alone: u64,
    /// The quickest of several runs of its first case alone, each on a fresh instance.
    pub time_alone: Duration,
    /// How many rows were asked together.
    pub rows: u32,
    /// Fuel of all these rows.
    pub fuel_together: u64,
    /// Process time of all these rows, one run after another.
    pub time_together: Duration,
}

/// How often a case is asked alone.
const RUNS_ALONE: u32 = 20;
/// Longest time for measuring one rule.
const MEASURING_MAX: Duration = Duration::from_mins(2);

/// Measures every rule that has cases. Only cases with the config and the clock of the first are asked together.
pub(crate) fn measure(
    engine: &Engine,
    plugin: &Plugin,
    rows: u32,
) -> Result<Vec<Measured>, LoadError> {
    let mut all = Vec::new();
    for (kind, rule) in &plugin.description.rules {
        let Some(validator) = plugin.validators.get(kind) else {
            continue;
        };
        let mut runner = Runner {
            engine,
            component: &plugin.component,
            deadline: now() + MEASURING_MAX,
        };
        let prepared = rule
            .cases
            .iter()
            .map(|case| runner.prepare(*kind, rule, validator, case))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = prepared.first() {
            let alike = |one: &&Prepared<'_>| one.config == first.config && one.now == first.now;
            let alike: Vec<&Prepared<'_>> = prepared.iter().filter(alike).collect();
            all.push(runner.measure(&alike, rows)?);
        }
    }
    Ok(all)
}

/// What a rule reads given a config, in plain words.
pub(crate) fn reads(
    engine: &Engine,
    plugin: &Plugin,
    kind: RuleKind,
    config: &Json,
) -> Result<Vec<String>, LoadError> {
    let case = Case {
        name: "with this config".to_owned(),
        config: config.clone(),
        occasion: 0,
        given: BTreeMap::new(),
        expect: Json::Null,
    };
    let rule = plugin.description.rules.get(&kind);
    let (Some(rule), Some(validator)) = (rule, plugin.validators.get(&kind)) else {
        return Err(LoadError::Case {
            kind,
            case: case.name,
            reason: format!("the file has no {}", kind.as_str()),
        });
    };
    let mut runner = Runner {
        engine,
        component: &plugin.component,
        deadline: deadline(engine),
    };
    let prepared = runner.prepare(kind, rule, validator, &case)?;
    let inputs = prepared.plan.inputs.iter();
    Ok(inputs.map(|input| input.source.in_words()).collect())
}

struct Runner<'a> {
    engine: &'a Engine,
    component: &'a Component,
    deadline: Clock,
}

/// A case ready to be asked.
struct Prepared<'a> {
    kind: RuleKind,
    rule: &'a RuleDescription,
    case: &'a Case,
    config: String,
    plan: Plan,
    now: Instant,
    row: Row,
}

/// An answer that two runs must agree on.
#[derive(PartialEq)]
enum Said {
    Verdict(Verdict),
    Failed(String),
}

impl Prepared<'_> {
    fn error(&self, reason: impl Into<String>) -> LoadError {
        LoadError::Case {
            kind: self.kind,
            case: self.case.name.clone(),
            reason: reason.into(),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            reasons: self.rule.reasons.len() as u32,
            now: self.now,
        }
    }
}

impl Runner<'_> {
    fn prepare<'a>(
        &mut self,
        kind: RuleKind,
        rule: &'a RuleDescription,
        validator: &jsonschema::Validator,
        case: &'a Case,
    ) -> Result<Prepared<'a>, LoadError> {
        let error = |reason: String| LoadError::Case {
            kind,
            case: case.name.clone(),
            reason,
        };
        let problems = documents::problems(validator, &case.config);
        if !problems.is_empty() {
            return Err(error(format!(
                "its config has problems: {}",
                problems_in_words(&problems)
            )));
        }
        let config = case.config.to_string();
        let document = self
            .component
            .plan(self.engine, kind, &config)
            .map_err(|failure| {
                error(format!(
                    "`plan` failed ({}): {}",
                    failure.kind.code(),
                    failure.message
                ))
            })?
            .answer
            .map_err(|message| error(format!("`plan` refuses its config: {message}")))?;
        let plan = documents::read_plan(&document, kind).map_err(|problems| {
            error(format!(
                "the plan has problems: {}",
                problems_in_words(&problems)
            ))
        })?;
        if let Some(name) = case
            .given
            .keys()
            .find(|name| plan.inputs.iter().all(|input| input.name != **name))
        {
            return Err(error(format!(
                "it gives {name:?}, which is not an input of the plan"
            )));
        }
        let now = plan
            .inputs
            .iter()
            .filter(|input| input.source == Source::Clock)
            .find_map(|input| case.given.get(&input.name))
            .map_or(Ok(Instant::from_ms(NOW_MS)), instant)
            .map_err(error)?;
        let row = row(&plan, case).map_err(error)?;
        Ok(Prepared {
            kind,
            rule,
            case,
            config,
            plan,
            now,
            row,
        })
    }

    fn single(&mut self, prepared: &Prepared<'_>) -> (Outcome, Option<Said>) {
        let started = now();
        let asked = self.ask(prepared, prepared.now, std::slice::from_ref(&prepared.row));
        let elapsed = now() - started;
        let mut outcome = Outcome {
            kind: prepared.kind,
            case: prepared.case.name.clone(),
            reads: prepared
                .plan
                .inputs
                .iter()
                .map(|input| input.source.in_words())
                .collect(),
            answer: Json::Null,
            fuel_used: 0,
            elapsed,
            error: None,
        };
        let said = asked.and_then(|(mut said, fuel_used)| {
            outcome.fuel_used = fuel_used;
            said.pop().ok_or_else(|| prepared.error("no answer"))
        });
        let said = match said {
            Ok(said) => said,
            Err(error) => {
                outcome.error = Some(error);
                return (outcome, None);
            }
        };
        outcome.answer = match &said {
            Said::Verdict(answer) => verdict::to_json(answer, &prepared.rule.reasons),
            Said::Failed(message) => verdict::failed(message),
        };
        outcome.error = verdict::difference(&prepared.case.expect, &outcome.answer)
            .map(|difference| prepared.error(difference))
            .or_else(|| self.before_recheck(prepared, &said).err());
        (outcome, Some(said))
    }

    /// One millisecond before `recheck_at` the answer must still be the same.
    fn before_recheck(&mut self, prepared: &Prepared<'_>, said: &Said) -> Result<(), LoadError> {
        let Said::Verdict(Verdict::Segment(verdict)) = said else {
            return Ok(());
        };
        let reads_clock = prepared
            .plan
            .inputs
            .iter()
            .any(|input| input.source == Source::Clock);
        let (true, Some(recheck_at)) = (reads_clock, verdict.recheck_at) else {
            return Ok(());
        };
        let before = recheck_at.minus(Span::from_ms(1));
        let (again, _) = self.ask(prepared, before, std::slice::from_ref(&prepared.row))?;
        match again.first() {
            Some(Said::Verdict(Verdict::Segment(again)))
                if (again.member, again.reason) == (verdict.member, verdict.reason) =>
            {
                Ok(())
            }
            _ => Err(prepared.error(format!(
                "it says `recheck_at` {recheck_at}, but answers otherwise at {before}"
            ))),
        }
    }

    /// Cases of one config and one instant are asked together, then in reverse: nothing may change.
    fn in_company(
        &mut self,
        kind: RuleKind,
        asked: &[(Prepared<'_>, Said)],
    ) -> Result<(), LoadError> {
        let mut groups: BTreeMap<(&str, Instant), Vec<&(Prepared<'_>, Said)>> = BTreeMap::new();
        for one in asked {
            groups
                .entry((&one.0.config, one.0.now))
                .or_default()
                .push(one);
        }
        for mut group in groups.into_values() {
            for how in ["asked together with the others", "asked in reverse"] {
                let rows: Vec<Row> = group
                    .iter()
                    .map(|(prepared, _)| prepared.row.clone())
                    .collect();
                let first = &group[0].0;
                let (again, _) =
                    self.ask(first, first.now, &rows)
                        .map_err(|error| LoadError::State {
                            kind,
                            case: first.case.name.clone(),
                            reason: format!("cannot be {how}: {error}"),
                        })?;
                for ((prepared, said), again) in group.iter().zip(&again) {
                    if said != again {
                        let reason = format!("answers otherwise when {how}");
                        return Err(LoadError::State {
                            kind,
                            case: prepared.case.name.clone(),
                            reason,
                        });
                    }
                }
                group.reverse();
            }
        }
        Ok(())
    }

    /// Asks these cases, all of one config and clock, alone and together.
    fn measure(&mut self, cases: &[&Prepared<'_>], rows: u32) -> Result<Measured, LoadError> {
        let first = cases[0];
        let mut measured = Measured {
            kind: first.kind,
            fuel_alone: 0,
            time_alone: Duration::MAX,
            rows,
            fuel_together: 0,
            time_together: Duration::ZERO,
        };
        let mut alone = Vec::new();
        for case in cases {
            let (mut said, fuel) = self.ask(case, case.now, std::slice::from_ref(&case.row))?;
            measured.fuel_alone = measured.fuel_alone.max(fuel);
            alone.extend(said.pop());
        }
        for _ in 0..RUNS_ALONE {
            let started = now();
            self.ask(first, first.now, std::slice::from_ref(&first.row))?;
            measured.time_alone = measured.time_alone.min(now() - started);
        }
        // As the server does: no more rows in a run than its fuel is enough for.
        let limits = self.engine.limits();
        let affordable = limits.fuel_per_run_max / measured.fuel_alone.max(1);
        let run_rows = u64::from(limits.rows_max()).min(affordable).max(1) as usize;
        let order: Vec<usize> = (0..rows as usize).map(|row| row % cases.len()).collect();
        for order in order.chunks(run_rows) {
            let rows: Vec<Row> = order.iter().map(|case| cases[*case].row.clone()).collect();
            let started = now();
            let (said, fuel) = self.ask(first, first.now, &rows)?;
            measured.time_together += now() - started;
            measured.fuel_together += fuel;
            let wrong = order
                .iter()
                .zip(&said)
                .find(|(case, said)| alone[**case] != **said);
            if let Some((case, _)) = wrong {
                return Err(LoadError::State {
                    kind: first.kind,
                    case: cases[*case].case.name.clone(),
                    reason: format!("answers otherwise among {} rows", rows.len()),
                });
            }
        }
        Ok(measured)
    }

    fn ask(
        &mut self,
        prepared: &Prepared<'_>,
        at: Instant,
        rows: &[Row],
    ) -> Result<(Vec<Said>, u64), LoadError> {
        if now() > self.deadline {
            return Err(LoadError::CasesTooSlow {
                ms_max: self.engine.limits().cases_time_ms_max,
            });
        }
        let columns = Columns::from_rows(&prepared.plan, at, rows);
        let range = 0..columns.rows();
        let (fuel, _) = self
            .engine
            .limits()
            .fuel_for(columns.rows(), columns.texts(&range));
        let bounds = Bounds {
            now: at,
            ..prepared.bounds()
        };
        let question = Question {
            kind: prepared.kind,
            config: &prepared.config,
            columns: &columns,
            range,
            bounds,
        };
        let run = self
            .component
            .decide(self.engine, &question, fuel)
            .map_err(|failure| {
                prepared.error(format!(
                    "it failed ({}): {}",
                    failure.kind.code(),
                    failure.message
                ))
            })?;
        let said = run.answer.into_iter().map(|answer| match answer {
            RowAnswer::Verdict(verdict) => Ok(Said::Verdict(verdict)),
            RowAnswer::Failed(message) => Ok(Said::Failed(message)),
            RowAnswer::Bad(wrong) => Err(prepared.error(format!("bad answer: {wrong}"))),
        });
        Ok((said.collect::<Result<_, _>>()?, run.fuel_used))
    }
}

fn row(plan: &Plan, case: &Case) -> Result<Row, String> {
    let values = plan.inputs.iter().map(|input| {
        if input.source == Source::Occasion && !case.given.contains_key(&input.name) {
            return Ok(Some(Value::Integer(i64::from(case.occasion))));
        }
        if input.source == Source::Seed && !case.given.contains_key(&input.name) {
            return Ok(Some(Value::Integer(0)));
        }
        match case.given.get(&input.name) {
            None | Some(Json::Null) => Ok(None),
            Some(json) => {
                let value = serde_json::from_value(json.clone());
                value
                    .map(Some)
                    .map_err(|e| format!("it gives {:?} a value that is none: {e}", input.name))
            }
        }
    });
    values.collect()
}

fn instant(json: &Json) -> Result<Instant, String> {
    match json {
        Json::String(text) => Instant::parse(text).map_err(|e| e.to_string()),
        _ => json
            .as_i64()
            .map(Instant::from_ms)
            .ok_or_else(|| format!("the clock {json} is not an instant")),
    }
}

fn deadline(engine: &Engine) -> Clock {
    now() + Duration::from_millis(engine.limits().cases_time_ms_max)
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: how long the cases take"
)]
fn now() -> Clock {
    Clock::now()
}
