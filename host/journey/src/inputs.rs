//! The values a rule asked for, taken from a contact's state: one row per question.
//!
//! Called by an advance for every question, and by whoever re-executes a decision. Values come out typed for their
//! column as `model::plan` says, so that `rules` only has to put rows into columns. What a plan does not declare is
//! not looked at.

use std::cmp::Ordering;

use signalbox_model::{
    definitions::Slot,
    id::{ContactId, EntryKey, JourneyId},
    plan::{
        ColumnType, EventOrFieldSelection, EventSelection, FieldSelection, Input, Plan,
        RecentSelection, Source,
    },
    segment::Owner,
    state::{Cause, ContactState, DailyTotal, History, Journey, PastEvent},
    time::Instant,
    value::Value,
};

use crate::{
    advance::events::{asks_for_machines, is_by_machine},
    arms_taken,
    compiled::Compiled,
    hash, tables,
};

/// What is asked about besides the contact.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The event of the occasion; for a journey the one it began with.
    pub event: Option<&'a Cause>,
    /// Index into the occasions of the trigger's plan; `None` for segments and personalizers.
    pub occasion: Option<u32>,
    /// The key of the arm that fired.
    pub arm_key: Option<&'a EntryKey>,
    /// Journey time.
    pub now: Instant,
    /// The journey that asks, whose own kept values come before those of others; `None` on the way in.
    pub journey: Option<&'a Journey>,
    /// What the `seed` input is made from.
    pub seed: Seed<'a>,
    /// The segments and tables that there are.
    pub definitions: &'a Compiled,
}

/// What a seed depends on: the store, the contact and the binding; for personalizers also the journey (their slot
/// names the step).
#[derive(Debug, Clone, Copy)]
pub struct Seed<'a> {
    /// Drawn once when the store was made.
    pub store: u64,
    /// The workflow or segment of the binding.
    pub owner: &'a Owner,
    /// The place of the binding.
    pub slot: &'a Slot,
    /// The journey, for personalizers.
    pub journey: Option<JourneyId>,
}

impl Seed<'_> {
    /// 64 bits that stay the same for the same contact and binding.
    pub fn bits(&self, contact: &ContactId) -> u64 {
        let slot = self.slot.to_string();
        let journey = self.journey.map(|journey| journey.to_string());
        let owner = self.owner.to_string();
        let parts = [
            contact.as_str(),
            &owner,
            &slot,
            journey.as_deref().unwrap_or_default(),
        ];
        hash::mixed(self.store, parts.map(str::as_bytes))
    }
}

/// The row for a plan: one value per input, in order, `None` where it is missing.
pub fn row(plan: &Plan, state: &ContactState, asking: &Asking<'_>) -> Box<[Option<Value>]> {
    let values = plan.inputs.iter();
    values
        .map(|input| value(input, plan, state, asking))
        .collect()
}

/// The value of one input of a plan; `None` where it is missing. Rows of a table are the text of a JSON list, which
/// `rules` hands on as it is.
pub(crate) fn value(
    input: &Input,
    plan: &Plan,
    state: &ContactState,
    asking: &Asking<'_>,
) -> Option<Value> {
    match &input.source {
        Source::Table(selection) => {
            if !matches!(input.kind, ColumnType::Json | ColumnType::Any) {
                return None;
            }
            let key = tables::key_input(plan, selection);
            let key = key.and_then(|key| find(&key.source, state, asking)?.typed(key.kind));
            asking
                .definitions
                .tables()
                .rows(selection, key.as_ref())
                .map(Value::Text)
        }
        source => find(source, state, asking)?.typed(input.kind),
    }
}

/// The value as its column wants it; `None` where it has another type. In a column of instants and in a mixed one an
/// instant is an integer of milliseconds. In a column of JSON any value stands as it is: `rules` writes it as JSON.
pub fn typed(value: Value, kind: ColumnType) -> Option<Value> {
    match (kind, value) {
        (ColumnType::Number, Value::Integer(integer)) => Some(Value::Number(integer as f64)),
        (ColumnType::Number, Value::Number(number)) => {
            number.is_finite().then_some(Value::Number(number))
        }
        (ColumnType::Integer, Value::Integer(integer)) => Some(Value::Integer(integer)),
        (ColumnType::Integer, Value::Number(number)) => whole(number).map(Value::Integer),
        (ColumnType::Any | ColumnType::Json, value)
        | (ColumnType::Text, value @ Value::Text(_))
        | (ColumnType::Boolean, value @ Value::Boolean(_)) => Some(value),
        (ColumnType::Instant, Value::Integer(ms)) => Some(Value::Integer(ms)),
        (ColumnType::Instant, value) => {
            let instant = value.as_instant()?;
            Some(Value::Integer(instant.as_ms()))
        }
        _ => None,
    }
}

/// The integer a number stands for, if it has no fraction and fits.
fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let fits = number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number);
    fits.then_some(number as i64)
}

/// What a source gave: an instant is told from an integer until its column is known.
enum Found {
    Value(Value),
    Instant(Instant),
}

impl Found {
    fn typed(self, kind: ColumnType) -> Option<Value> {
        match (self, kind) {
            (Self::Value(value), kind) => typed(value, kind),
            (Self::Instant(_), ColumnType::Text | ColumnType::Boolean) => None,
            (Self::Instant(instant), kind) => typed(Value::Integer(instant.as_ms()), kind),
        }
    }
}

fn find(source: &Source, state: &ContactState, asking: &Asking<'_>) -> Option<Found> {
    let history = &state.history;
    let value = match source {
        Source::Attribute(name) => state.contact.attributes.get(name)?.clone(),
        Source::EventField(name) => asking.event?.fields.get(name)?.clone(),
        Source::Count(selection) => count(history, selection, asking.now),
        Source::Sum(selection) => sum(history, selection, asking.now)?,
        Source::First(selection) => return edge(history, selection, asking.now, Ordering::Less),
        Source::Last(selection) => return edge(history, selection, asking.now, Ordering::Greater),
        Source::Recent(selection) => recent(history, selection, asking.now)?,
        Source::OccurredAt => return Some(Found::Instant(asking.event?.occurred_at)),
        Source::Occasion => Value::Integer(i64::from(asking.occasion?)),
        Source::ArmKey => Value::text(asking.arm_key?.as_str()),
        Source::Clock => return Some(Found::Instant(asking.now)),
        Source::Seed => Value::Integer(asking.seed.bits(&state.contact.id) as i64),
        Source::Segment(name) => Value::Boolean(is_member(state, asking.definitions, name)?),
        Source::Kept(name) => kept(name, state, asking)?.clone(),
        Source::ArmTaken(step) => Value::text(arm_taken(step, asking)?),
        // Bindings whose plans ask for rows by rows are refused before they are stored.
        Source::Table(_) => return None,
    };
    Some(Found::Value(value))
}

/// Whether the contact is in the segment; `None` if there is none of that name.
fn is_member(state: &ContactState, definitions: &Compiled, name: &str) -> Option<bool> {
    let segment = definitions.segments().named(name)?;
    let known = state.segments.get(&segment.number);
    Some(known.is_some_and(|membership| membership.since.is_some()))
}

/// The arm that the journey that asks took at the step, by the version that it is on.
fn arm_taken<'a>(step: &str, asking: &Asking<'a>) -> Option<&'a str> {
    let journey = asking.journey?;
    let workflow = asking.seed.owner.workflow()?;
    let version = asking.definitions.version(workflow, journey.version)?;
    arms_taken::taken(journey, &version.document, step)
}

/// What the journey that asks kept under that name, else what any journey of the contact kept last.
fn kept<'a>(name: &str, state: &'a ContactState, asking: &Asking<'a>) -> Option<&'a Value> {
    let own = asking.journey.and_then(|journey| journey.kept.get(name));
    own.or_else(|| state.kept(name))
}

fn selected<'a>(
    history: &'a History,
    selection: &'a EventSelection,
    now: Instant,
) -> impl DoubleEndedIterator<Item = &'a PastEvent> {
    let after = selection.within.map(|within| now.minus(within));
    history.events().filter(move |event| {
        is_selected(selection, event)
            && after.is_none_or(|after| event.occurred_at > after && event.occurred_at <= now)
    })
}

/// Whether the selection means the event, whenever it occurred. What a machine opened or clicked is meant only where a
/// condition asks for it.
fn is_selected(selection: &EventSelection, event: &PastEvent) -> bool {
    let conditions = &selection.conditions;
    event.name == selection.event
        && conditions.iter().all(|one| one.holds(&event.fields))
        && (!is_by_machine(&event.name, &event.fields)
            || asks_for_machines(conditions.iter().map(|one| &one.field)))
}

/// Whether a day's total counts: it keeps no fields to hold conditions against, and only days that lie in the window
/// as a whole are sure to.
fn totals<'a>(
    history: &'a History,
    selection: &'a EventSelection,
    now: Instant,
) -> impl Iterator<Item = &'a DailyTotal> {
    let first_day = selection
        .within
        .map_or(i32::MIN, |within| now.minus(within).utc_day() + 1);
    history.totals.iter().filter(move |total| {
        selection.conditions.is_empty()
            && total.name == selection.event
            && total.day >= first_day
            && (selection.within.is_none() || total.day <= now.utc_day())
    })
}

fn count(history: &History, selection: &EventSelection, now: Instant) -> Value {
    let folded: u64 = totals(history, selection, now)
        .map(|total| u64::from(total.count))
        .sum();
    let kept = selected(history, selection, now).count() as u64;
    Value::Integer((folded + kept) as i64)
}

fn sum(history: &History, selection: &FieldSelection, now: Instant) -> Option<Value> {
    let folded = totals(history, &selection.of, now)
        .filter_map(|total| total.sums.get(&selection.field).copied());
    let kept = selected(history, &selection.of, now)
        .filter_map(|event| event.fields.get(&selection.field)?.as_number());
    folded
        .chain(kept)
        .reduce(|sum, number| sum + number)
        .map(Value::Number)
}

/// The event that occurred first (`Less`) or last (`Greater`); among those of one instant the one applied first or
/// last. With a field, among the events that have it.
fn edge(
    history: &History,
    selection: &EventOrFieldSelection,
    now: Instant,
    wanted: Ordering,
) -> Option<Found> {
    let has_field = |event: &&PastEvent| {
        let field = selection.field.as_ref();
        field.is_none_or(|field| event.fields.contains_key(field))
    };
    let events = selected(history, &selection.of, now).filter(has_field);
    let found = events.reduce(|best, event| {
        let beats = match event.occurred_at.cmp(&best.occurred_at) {
            Ordering::Equal => wanted == Ordering::Greater,
            ordering => ordering == wanted,
        };
        if beats { event } else { best }
    })?;
    Some(match &selection.field {
        Some(field) => Found::Value(found.fields.get(field)?.clone()),
        None => Found::Instant(found.occurred_at),
    })
}

/// The newest events first; of those of one instant the one applied last first.
fn recent(history: &History, selection: &RecentSelection, now: Instant) -> Option<Value> {
    let mut events: Vec<&PastEvent> = selected(history, &selection.of, now).rev().collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.occurred_at));
    events.truncate(selection.count as usize);
    if events.is_empty() {
        return None;
    }
    Some(Value::List(events.into_iter().map(as_map).collect()))
}

fn as_map(event: &PastEvent) -> Value {
    let fields = event
        .fields
        .iter()
        .map(|(name, value)| (name.as_str().into(), value.clone()));
    let members = [
        (
            "occurred_at".into(),
            Value::text(event.occurred_at.to_string()),
        ),
        ("fields".into(), Value::Map(fields.collect())),
    ];
    Value::Map(members.into())
}

/// The next instant at which a rolling window of the plan holds another count, sum, first or last event than now, if
/// nothing happens until then. `None`: never.
pub(crate) fn next_change(plan: &Plan, history: &History, now: Instant) -> Option<Instant> {
    let selections = plan.inputs.iter().filter_map(|input| match &input.source {
        Source::Count(selection) => Some(selection),
        Source::Sum(selection) => Some(&selection.of),
        Source::First(selection) | Source::Last(selection) => Some(&selection.of),
        Source::Recent(selection) => Some(&selection.of),
        _ => None,
    });
    selections
        .filter_map(|selection| window_change(selection, history, now))
        .min()
}

/// The next instant at which the window of one selection holds another event or total.
fn window_change(selection: &EventSelection, history: &History, now: Instant) -> Option<Instant> {
    let within = selection.within?;
    let events = history.events();
    let events = events.filter(|event| is_selected(selection, event));
    let of_events = events.map(|event| match event.occurred_at {
        ahead if ahead > now => ahead,
        past => past.plus(within),
    });
    // A day's total counts as long as the whole day lies in the window.
    let totals = history.totals.iter();
    let of_totals = totals
        .filter(|total| total.name == selection.event && selection.conditions.is_empty())
        .map(|total| Instant::of_utc_day(total.day).plus(within));
    of_events.chain(of_totals).filter(|at| *at > now).min()
}
