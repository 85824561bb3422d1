//! The adapter for contract version 1 (`wit/v1`): the only place that knows its generated types.
//!
//! Called by `component`. Answers come out as the types of `model`; inputs go in by reference, so that no text is
//! copied twice. A later contract version gets a folder, a module and an adapter of its own.

use std::ops::Range;

use signalbox_model::{
    condition::{CONDITIONS_MAX, Condition, EventPattern},
    describe::RuleKind,
    id::{EntryKey, EventName, TemplateName},
    time::Instant,
    value::{VALUE_DEPTH_MAX, Value},
    verdict::{
        Arm, CANCELS_MAX, Enter, PersonalizerVerdict, SegmentVerdict, TriggerVerdict, Verdict,
    },
};
use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use self::bindings::{
    exports::signalbox::rules::{personalizer, plugin, segment, trigger},
    signalbox::rules::types,
};
use crate::{
    columns::{ColumnValues, Columns, Scalar},
    engine::Meter,
    limits::{CONDITIONS_BYTES_MAX, SUBJECT_CHARS_MAX, VALUES_BYTES_MAX},
};

mod bindings {
    wasmtime::component::bindgen!({
        world: "full-plugin",
        path: "../../wit/v1",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

/// What the name of each interface of the contract begins with.
pub(crate) const PACKAGE: &str = "signalbox:rules/";

/// The export that every plugin of this version has.
pub(crate) const PLUGIN_EXPORT: &str = "signalbox:rules/plugin@1.0.0";

/// The export of a rule of that kind.
pub(crate) fn rule_export(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Trigger => "signalbox:rules/trigger@1.0.0",
        RuleKind::Segment => "signalbox:rules/segment@1.0.0",
        RuleKind::Personalizer => "signalbox:rules/personalizer@1.0.0",
    }
}

/// Where in a component the functions of the contract are.
pub(crate) struct Exports {
    plugin: plugin::GuestIndices,
    trigger: Option<trigger::GuestIndices>,
    segment: Option<segment::GuestIndices>,
    personalizer: Option<personalizer::GuestIndices>,
}

/// What a verdict is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How many reasons the rule declares.
    pub(crate) reasons: u32,
    /// Journey time of the batch.
    pub(crate) now: Instant,
}

/// A row's verdict, the rule's own message, or what is wrong with the answer.
pub(crate) enum RowAnswer {
    Verdict(Verdict),
    Failed(String),
    Bad(String),
}

impl Exports {
    /// Looks the functions up; which kinds there are was read from the component's type.
    pub(crate) fn new(pre: &InstancePre<Meter>, kinds: &[RuleKind]) -> wasmtime::Result<Self> {
        let has = |kind| kinds.contains(&kind);
        Ok(Self {
            plugin: plugin::GuestIndices::new(pre)?,
            trigger: has(RuleKind::Trigger)
                .then(|| trigger::GuestIndices::new(pre))
                .transpose()?,
            segment: has(RuleKind::Segment)
                .then(|| segment::GuestIndices::new(pre))
                .transpose()?,
            personalizer: has(RuleKind::Personalizer)
                .then(|| personalizer::GuestIndices::new(pre))
                .transpose()?,
        })
    }

    /// Holds the types of all functions against the contract; the error is the export that does not fit.
    pub(crate) fn check_types(
        &self,
        store: &mut Store<Meter>,
        instance: &Instance,
    ) -> Result<(), (&'static str, wasmtime::Error)> {
        self.plugin
            .load(&mut *store, instance)
            .map_err(|e| (PLUGIN_EXPORT, e))?;
        if let Some(indices) = &self.trigger {
            indices
                .load(&mut *store, instance)
                .map_err(|e| (rule_export(RuleKind::Trigger), e))?;
        }
        if let Some(indices) = &self.segment {
            indices
                .load(&mut *store, instance)
                .map_err(|e| (rule_export(RuleKind::Segment), e))?;
        }
        if let Some(indices) = &self.personalizer {
            indices
                .load(&mut *store, instance)
                .map_err(|e| (rule_export(RuleKind::Personalizer), e))?;
        }
        Ok(())
    }

    /// Calls `describe`.
    pub(crate) fn describe(
        &self,
        store: &mut Store<Meter>,
        instance: &Instance,
    ) -> wasmtime::Result<String> {
        self.plugin
            .load(&mut *store, instance)?
            .call_describe(store)
    }

    /// Calls `plan` of the rule of that kind.
    pub(crate) fn plan(
        &self,
        store: &mut Store<Meter>,
        instance: &Instance,
        kind: RuleKind,
        config: &str,
    ) -> wasmtime::Result<Result<String, String>> {
        match (kind, &self.trigger, &self.segment, &self.personalizer) {
            (RuleKind::Trigger, Some(rule), _, _) => {
                rule.load(&mut *store, instance)?.call_plan(store, config)
            }
            (RuleKind::Segment, _, Some(rule), _) => {
                rule.load(&mut *store, instance)?.call_plan(store, config)
            }
            (RuleKind::Personalizer, _, _, Some(rule)) => {
                rule.load(&mut *store, instance)?.call_plan(store, config)
            }
            _ => Err(no_such_rule(kind)),
        }
    }

    /// Calls `decide` of the rule of that kind over a range of the rows. The answers are as many as the rule gave.
    pub(crate) fn decide(
        &self,
        store: &mut Store<Meter>,
        instance: &Instance,
        question: &Question<'_>,
    ) -> wasmtime::Result<Vec<RowAnswer>> {
        let scratch = Scratch::new(question.columns, &question.range);
        let columns = scratch.columns(question.columns, &question.range);
        let batch = types::Batch {
            rows: question.range.end - question.range.start,
            columns: &columns,
        };
        let Question {
            kind,
            config,
            bounds,
            ..
        } = *question;
        match (kind, &self.trigger, &self.segment, &self.personalizer) {
            (RuleKind::Trigger, Some(rule), _, _) => {
                let answers = rule
                    .load(&mut *store, instance)?
                    .call_decide(store, config, batch)?;
                Ok(answers
                    .into_iter()
                    .map(|answer| row(answer, |verdict| bounds.trigger(verdict)))
                    .collect())
            }
            (RuleKind::Segment, _, Some(rule), _) => {
                let answers = rule
                    .load(&mut *store, instance)?
                    .call_decide(store, config, batch)?;
                Ok(answers
                    .into_iter()
                    .map(|answer| row(answer, |verdict| bounds.segment(verdict)))
                    .collect())
            }
            (RuleKind::Personalizer, _, _, Some(rule)) => {
                let answers = rule
                    .load(&mut *store, instance)?
                    .call_decide(store, config, batch)?;
                Ok(answers
                    .into_iter()
                    .map(|answer| row(answer, |verdict| bounds.personalizer(verdict)))
                    .collect())
            }
            _ => Err(no_such_rule(kind)),
        }
    }
}

/// What is asked of a rule.
#[derive(Clone)]
pub(crate) struct Question<'a> {
    pub(crate) kind: RuleKind,
    pub(crate) config: &'a str,
    pub(crate) columns: &'a Columns<'a>,
    /// The rows of the columns that this run is about.
    pub(crate) range: Range<u32>,
    pub(crate) bounds: Bounds,
}

fn no_such_rule(kind: RuleKind) -> wasmtime::Error {
    wasmtime::Error::msg(format!("the plugin has no {}", kind.as_str()))
}

fn row<V>(
    answer: Result<V, String>,
    convert: impl FnOnce(V) -> Result<Verdict, String>,
) -> RowAnswer {
    match answer.map(convert) {
        Ok(Ok(verdict)) => RowAnswer::Verdict(verdict),
        Ok(Err(wrong)) => RowAnswer::Bad(wrong),
        Err(message) => RowAnswer::Failed(message),
    }
}

/// What must be made before it can be lent to the contract's types: lists of references and of missing rows.
struct Scratch<'a> {
    missing: Vec<Vec<u32>>,
    jsons: Vec<Vec<&'a str>>,
    mixed: Vec<Vec<types::Value<'a>>>,
}

impl<'a> Scratch<'a> {
    fn new(columns: &'a Columns<'a>, range: &Range<u32>) -> Self {
        let rows = range.start as usize..range.end as usize;
        let columns = columns.columns();
        let mut scratch = Self {
            missing: columns
                .iter()
                .map(|column| column.missing_in(range))
                .collect(),
            jsons: Vec::new(),
            mixed: Vec::new(),
        };
        for column in columns {
            match &column.values {
                ColumnValues::Jsons(list) => {
                    scratch
                        .jsons
                        .push(list[rows.clone()].iter().map(String::as_str).collect());
                }
                ColumnValues::Mixed(list) => {
                    scratch
                        .mixed
                        .push(list[rows.clone()].iter().map(value).collect());
                }
                _ => {}
            }
        }
        scratch
    }

    fn columns(&'a self, columns: &'a Columns<'a>, range: &Range<u32>) -> Vec<types::Column<'a>> {
        let rows = range.start as usize..range.end as usize;
        let mut jsons = self.jsons.iter();
        let mut mixed = self.mixed.iter();
        let columns = columns.columns().iter().zip(&self.missing);
        columns
            .map(|(column, missing)| {
                let values = match &column.values {
                    ColumnValues::Numbers(list) => {
                        types::ColumnValues::Numbers(&list[rows.clone()])
                    }
                    ColumnValues::Integers(list) => {
                        types::ColumnValues::Integers(&list[rows.clone()])
                    }
                    ColumnValues::Texts(list) => types::ColumnValues::Texts(&list[rows.clone()]),
                    ColumnValues::Booleans(list) => {
                        types::ColumnValues::Booleans(&list[rows.clone()])
                    }
                    ColumnValues::Instants(list) => {
                        types::ColumnValues::Instants(&list[rows.clone()])
                    }
                    ColumnValues::Jsons(_) => {
                        types::ColumnValues::Jsons(jsons.next().map_or(&[][..], Vec::as_slice))
                    }
                    ColumnValues::Mixed(_) => {
                        types::ColumnValues::Mixed(mixed.next().map_or(&[][..], Vec::as_slice))
                    }
                    ColumnValues::Constant(scalar) => types::ColumnValues::Constant(value(scalar)),
                    ColumnValues::Absent => types::ColumnValues::Absent,
                };
                types::Column { values, missing }
            })
            .collect()
    }
}

fn value<'a>(scalar: &'a Scalar<'a>) -> types::Value<'a> {
    match scalar {
        Scalar::Number(number) => types::Value::Number(*number),
        Scalar::Integer(integer) => types::Value::Integer(*integer),
        Scalar::Text(text) => types::Value::Text(text),
        Scalar::Boolean(boolean) => types::Value::Boolean(*boolean),
        Scalar::Instant(ms) => types::Value::Instant(*ms),
        Scalar::Json(json) => types::Value::Json(json),
    }
}

impl Bounds {
    fn reason(self, reason: u32) -> Result<u32, String> {
        if reason < self.reasons {
            return Ok(reason);
        }
        Err(format!(
            "reason {reason} is not one of the {} that the rule declares",
            self.reasons
        ))
    }

    fn segment(self, verdict: segment::Verdict) -> Result<Verdict, String> {
        let recheck_at = verdict
            .recheck_at
            .map(|ms| instant("recheck-at", ms))
            .transpose()?;
        if let Some(at) = recheck_at
            && at <= self.now
        {
            return Err(format!(
                "recheck-at {at} is not later than now, {}",
                self.now
            ));
        }
        let reason = self.reason(verdict.reason)?;
        Ok(Verdict::Segment(SegmentVerdict {
            member: verdict.member,
            reason,
            recheck_at,
        }))
    }

    fn trigger(self, verdict: trigger::Verdict) -> Result<Verdict, String> {
        let enter = match verdict.enter {
            None => None,
            Some(trigger::Enter { key: None }) => Some(Enter { key: None }),
            Some(trigger::Enter { key: Some(key) }) => Some(Enter {
                key: Some(entry_key("enter.key", &key)?),
            }),
        };
        let arm = verdict.arm.as_ref().map(arm).transpose()?;
        Ok(Verdict::Trigger(TriggerVerdict {
            enter,
            arm,
            reason: self.reason(verdict.reason)?,
        }))
    }

    fn personalizer(self, verdict: personalizer::Verdict) -> Result<Verdict, String> {
        let bytes = verdict.values.len();
        if bytes > VALUES_BYTES_MAX {
            return Err(format!(
                "values has {bytes} bytes, at most {VALUES_BYTES_MAX} are allowed"
            ));
        }
        let values: Value = serde_json::from_str(&verdict.values)
            .map_err(|e| format!("values is not a JSON object: {e}"))?;
        if !matches!(values, Value::Map(_)) {
            return Err(format!(
                "values is a {} where a JSON object is due",
                values.kind()
            ));
        }
        if values.depth() > VALUE_DEPTH_MAX {
            return Err(format!("values is nested deeper than {VALUE_DEPTH_MAX}"));
        }
        if let Some(subject) = &verdict.subject {
            if subject.chars().count() > SUBJECT_CHARS_MAX {
                return Err(format!(
                    "subject has more than {SUBJECT_CHARS_MAX} characters"
                ));
            }
            if subject
                .chars()
                .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
            {
                return Err("subject holds a line break or another control character".to_owned());
            }
        }
        if let Some(variant) = &verdict.variant {
            TemplateName::parse(variant).map_err(|e| format!("variant: {e}"))?;
        }
        Ok(Verdict::Personalizer(PersonalizerVerdict {
            values,
            subject: verdict.subject,
            variant: verdict.variant,
            send_at: verdict
                .send_at
                .map(|ms| instant("send-at", ms))
                .transpose()?,
            reason: self.reason(verdict.reason)?,
        }))
    }
}

fn instant(what: &str, ms: i64) -> Result<Instant, String> {
    if (Instant::MIN.as_ms()..=Instant::MAX.as_ms()).contains(&ms) {
        return Ok(Instant::from_ms(ms));
    }
    Err(format!("{what} {ms} lies outside the years 1900 to 2199"))
}

fn entry_key(what: &str, key: &str) -> Result<EntryKey, String> {
    EntryKey::parse(key).map_err(|e| format!("{what}: {e}"))
}

fn arm(arm: &trigger::Arm) -> Result<Arm, String> {
    let count = arm.cancelled_by.len();
    if count > CANCELS_MAX {
        return Err(format!(
            "arm.cancelled-by has {count} events, at most {CANCELS_MAX} are allowed"
        ));
    }
    let cancelled_by = arm
        .cancelled_by
        .iter()
        .map(pattern)
        .collect::<Result<_, _>>()?;
    Ok(Arm {
        at: instant("arm.at", arm.at)?,
        key: entry_key("arm.key", &arm.key)?,
        cancelled_by,
    })
}

fn pattern(cancel: &trigger::Cancel) -> Result<EventPattern, String> {
    let event = EventName::parse(&cancel.event).map_err(|e| format!("arm.cancelled-by: {e}"))?;
    let bytes = cancel.conditions.len();
    if bytes > CONDITIONS_BYTES_MAX {
        return Err(format!(
            "arm.cancelled-by of {event}: conditions have {bytes} bytes, at most {CONDITIONS_BYTES_MAX} are allowed"
        ));
    }
    let conditions: Vec<Condition> = match cancel.conditions.as_str() {
        "" => Vec::new(),
        json => serde_json::from_str(json)
            .map_err(|e| format!("arm.cancelled-by of {event}: conditions: {e}"))?,
    };
    if conditions.len() > CONDITIONS_MAX {
        return Err(format!(
            "arm.cancelled-by of {event}: more than {CONDITIONS_MAX} conditions"
        ));
    }
    Ok(EventPattern { event, conditions })
}
