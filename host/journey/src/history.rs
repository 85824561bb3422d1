//! A contact's past: remembered event ids, chunks of events, and daily totals of what is no longer kept one by one.
//!
//! Called by an advance for every event. Chunks are sealed here and leave as effects; the loaded ones stay visible to
//! the questions of the same advance.

use std::collections::BTreeMap;

use signalbox_model::{
    codec,
    event::{DEDUPE_DAYS, Event},
    id::{EventName, FieldName},
    state::{
        CHUNK_BYTES_MAX, CHUNK_EVENTS_MAX, CHUNKS_MAX, ContactState, DailyTotal, History, Noted,
        PastEvent, SEEN_EVENTS_MAX, SeenEvent,
    },
    time::Instant,
    value::Value,
};

use crate::{
    advance::events::is_by_machine,
    effect::Effect,
    hash::fnv1a,
    limits::{TOTAL_BYTES_MAX, TOTALS_BYTES_MAX},
};

/// How many ids are forgotten at once when there is no more room.
const SEEN_EVENTS_FORGOTTEN: usize = SEEN_EVENTS_MAX / 16;

/// Whether an event is new to its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    Repeated,
    /// Another event came under the same id.
    Conflicting,
}

/// Tells whether the event is new, and remembers its id if it is.
pub(crate) fn remember(state: &mut ContactState, event: &Event, now: Instant) -> Novelty {
    let id_hash = fnv1a(event.id.as_str().as_bytes());
    let content_hash = event.content_hash();
    let today = now.utc_day();
    let oldest = today - DEDUPE_DAYS as i32;
    let seen = &mut state.seen;
    let forgotten = seen.iter().take_while(|seen| seen.day < oldest).count();
    seen.drain(..forgotten);
    if let Some(seen) = seen.iter().find(|seen| seen.id_hash == id_hash) {
        return if seen.content_hash == content_hash {
            Novelty::Repeated
        } else {
            Novelty::Conflicting
        };
    }
    if seen.len() >= SEEN_EVENTS_MAX {
        let surplus = seen.len() - SEEN_EVENTS_MAX;
        seen.drain(..surplus + SEEN_EVENTS_FORGOTTEN);
    }
    seen.push(SeenEvent {
        id_hash,
        content_hash,
        day: today,
    });
    Novelty::New
}

/// Adds an event. The open chunk is sealed when another event would be one too many, and when this one makes it large.
///
/// All sealed chunks that are kept must be loaded.
pub(crate) fn push(history: &mut History, event: PastEvent, effects: &mut Vec<Effect>) {
    if history.open.len() >= CHUNK_EVENTS_MAX {
        seal(history, effects);
    }
    let event_at_most = bytes_at_most(&event);
    let before = history
        .open_bytes_at_most
        .0
        .unwrap_or_else(|| history.open.iter().map(bytes_at_most).sum());
    history.open_bytes_at_most = Noted(Some(before + event_at_most));
    history.open.push(event);
    if is_large(&history.open, before + event_at_most) {
        seal(history, effects);
    }
}

/// Whether the events take as much as a chunk may. Nearly always a bound by the lengths of their texts tells that they
/// do not, and nothing has to be encoded to know.
fn is_large(open: &[PastEvent], bytes_at_most: usize) -> bool {
    let bytes = || open.iter().map(codec::size).sum::<usize>();
    debug_assert!(bytes_at_most >= bytes(), "it is a bound");
    bytes_at_most >= CHUNK_BYTES_MAX && bytes() >= CHUNK_BYTES_MAX
}

/// More than a value of any kind takes encoded beside its texts: its kind, and a number or a length.
const VALUE_BYTES_MAX: usize = 16;

fn bytes_at_most(event: &PastEvent) -> usize {
    // The name's length, the instant, and how many fields there are.
    let head = event.name.as_str().len() + 2 * VALUE_BYTES_MAX;
    let fields = event.fields.iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value_at_most(value));
    head + fields.sum::<usize>()
}

fn value_at_most(value: &Value) -> usize {
    // The length of the name before it, and itself.
    let own = 2 * VALUE_BYTES_MAX;
    own + match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => 0,
        Value::Text(text) => text.len(),
        Value::List(list) => list.iter().map(value_at_most).sum(),
        Value::Map(map) => {
            let members = map.iter();
            members
                .map(|(name, value)| name.len() + value_at_most(value))
                .sum()
        }
    }
}

fn seal(history: &mut History, effects: &mut Vec<Effect>) {
    let events = std::mem::take(&mut history.open);
    history.open_bytes_at_most = Noted(None);
    effects.push(Effect::SealChunk {
        index: history.sealed,
        events: events.clone(),
    });
    history.chunks.push(events);
    history.sealed += 1;
    while history.chunks.len() > CHUNKS_MAX {
        let oldest = history.chunks.remove(0);
        fold(&mut history.totals, &oldest);
        effects.push(Effect::DropChunk {
            index: history.first_chunk,
        });
        history.first_chunk += 1;
    }
}

/// Adds events to the totals of their days. What machines opened or clicked is counted nowhere.
fn fold(totals: &mut Vec<DailyTotal>, events: &[PastEvent]) {
    let events = events.iter();
    for event in events.filter(|event| !is_by_machine(&event.name, &event.fields)) {
        let day = event.occurred_at.utc_day();
        let found = totals
            .iter()
            .position(|total| total.day == day && total.name == event.name);
        let at = found.unwrap_or_else(|| {
            totals.push(DailyTotal {
                day,
                name: event.name.clone(),
                count: 0,
                sums: BTreeMap::new(),
            });
            totals.len() - 1
        });
        let total = &mut totals[at];
        total.count = total.count.saturating_add(1);
        let numbers = event.fields.iter().filter_map(|(field, value)| {
            let number = value.as_number()?;
            Some((field, number))
        });
        add(total, numbers);
    }
    while totals.iter().map(codec::size).sum::<usize>() > TOTALS_BYTES_MAX {
        merge_oldest(totals);
    }
}

/// Adds to the total's sums, as far as it has room for another field.
fn add<'a>(total: &mut DailyTotal, numbers: impl Iterator<Item = (&'a FieldName, f64)>) {
    let mut bytes = codec::size(total);
    for (field, number) in numbers {
        if let Some(sum) = total.sums.get_mut(field) {
            *sum += number;
            continue;
        }
        let more = codec::size(&(field, number));
        if bytes + more <= TOTAL_BYTES_MAX {
            bytes += more;
            total.sums.insert(field.clone(), number);
        }
    }
}

/// Of the names that have more than one total, adds the oldest total to the next oldest of its name, under the older
/// day: a window that holds the older day holds both. Only where every name has one total, the oldest of all goes.
fn merge_oldest(totals: &mut Vec<DailyTotal>) {
    let mut counts: BTreeMap<&EventName, usize> = BTreeMap::new();
    for total in totals.iter() {
        *counts.entry(&total.name).or_default() += 1;
    }
    let oldest = (0..totals.len()).min_by_key(|&at| {
        let total = &totals[at];
        (counts[&total.name] == 1, total.day)
    });
    let Some(oldest) = oldest else {
        return;
    };
    let taken = totals.swap_remove(oldest);
    let next = totals
        .iter_mut()
        .filter(|total| total.name == taken.name)
        .min_by_key(|total| total.day);
    if let Some(next) = next {
        next.day = taken.day;
        next.count = next.count.saturating_add(taken.count);
        add(next, taken.sums.iter().map(|(field, &sum)| (field, sum)));
    }
}
