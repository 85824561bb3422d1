//! Positions as callers see them: `partition:sequence`.

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
