//! Places as callers see them: of a record `partition:sequence`, of a contact's fact `sequence.ordinal`.

use signalbox_engine::Position;

/// The text of a position.
pub(crate) fn write(position: Position) -> String {
    format!("{}:{}", position.partition, position.sequence)
}

/// Parses the text.
pub(crate) fn read(text: &str) -> Option<Position> {
    let (partition, sequence) = text.split_once(':')?;
    Some(Position {
        partition: partition.parse().ok()?,
        sequence: sequence.parse().ok()?,
    })
}

/// The text of a fact's place.
pub(crate) fn write_fact((sequence, ordinal): (u64, u32)) -> String {
    format!("{sequence}.{ordinal}")
}

/// Parses the text.
pub(crate) fn read_fact(text: &str) -> Option<(u64, u32)> {
    let (sequence, ordinal) = text.split_once('.')?;
    Some((sequence.parse().ok()?, ordinal.parse().ok()?))
}
