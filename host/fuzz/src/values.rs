//! Stored values: bytes decode or are refused, and what decoded is written and read again as itself.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use signalbox_model::{
    calendar::{LocalTime, Zone},
    codec,
    contact::AttributeChanges,
    event::Event,
    fact::Fact,
    record::Record,
    state::{ContactState, Journey, PendingMessage},
    time::{Instant, Span},
    value::Value,
    workflow::Workflow,
};

/// The first byte says as what the others are read.
pub fn run(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind {
        b'r' => stored::<Record>(bytes),
        b'c' => stored::<ContactState>(bytes),
        b'j' => stored::<Journey>(bytes),
        b'm' => stored::<PendingMessage>(bytes),
        b'f' => stored::<Fact>(bytes),
        b'v' => stored::<Value>(bytes),
        b'V' => posted::<Value>(bytes),
        b'E' => posted::<Event>(bytes),
        b'A' => posted::<AttributeChanges>(bytes),
        b'W' => posted::<Workflow>(bytes),
        _ => text(bytes),
    }
}

fn stored<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let Ok(value) = codec::decode::<T>(bytes) else {
        return;
    };
    let written = codec::encode(&value).expect("what was read can be written");
    assert_eq!(written.len(), 1 + codec::size(&value));
    let again: T = codec::decode(&written).expect("what was written can be read");
    let twice = codec::encode(&again).expect("what was read can be written");
    assert_eq!(written, twice, "{value:?} came back as {again:?}");
}

/// JSON as callers post it.
fn posted<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else {
        return;
    };
    let written = serde_json::to_vec(&value).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    let twice = serde_json::to_vec(&again).expect("what was read can be written");
    assert_eq!(written, twice, "{value:?} came back as {again:?}");
    // What is accepted is logged.
    let logged = codec::encode(&value).expect("what was accepted can be logged");
    codec::decode::<T>(&logged).expect("what was logged can be read");
}

/// Instants, spans, times of day and zones as people write them.
fn text(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(instant) = Instant::parse(text) {
        assert_eq!(Instant::parse(&instant.to_string()).ok(), Some(instant));
    }
    if let Ok(span) = Span::parse(text) {
        assert_eq!(Span::parse(&span.to_string()).ok(), Some(span));
    }
    if let Ok(time) = LocalTime::parse(text) {
        assert_eq!(LocalTime::parse(&time.to_string()).ok(), Some(time));
    }
    let _ = Zone::parse(text);
}
