//! Reads durable entries back in file order, for one partition or for all in one pass.
//!
//! A reader ends where the durable part ended when it was made; what comes later comes through the sink. It runs
//! beside the writer and beside trims, and holds no lock.

use std::{collections::VecDeque, io, sync::Arc};

use crate::{Entry, Error, Position, frame, index::Durable, scan::Scan, segment::Segment};

/// An iterator over entries. After an error it ends.
pub struct Reader {
    /// The segments still to be opened.
    segments: VecDeque<Arc<Segment>>,
    /// Where the last of them ends.
    end: u64,
    /// Per partition the first sequence wanted; `None` for a partition that is not.
    wanted: Vec<Option<u64>>,
    scan: Option<Scan>,
    /// Where the next entry lies in the body of the scan's frame.
    cursor: usize,
}

impl Reader {
    /// Reads what `durable` holds of the partitions that are wanted, each from its own sequence on.
    pub(crate) fn new(durable: Durable, wanted: Vec<Option<u64>>) -> Result<Self, Error> {
        for (partition, sequence) in (0..).zip(&wanted) {
            let Some(sequence) = *sequence else { continue };
            let position = Position {
                partition,
                sequence,
            };
            let first_kept = durable
                .oldest()
                .get(partition)
                .ok_or(Error::UnknownPartition { partition })?
                .next;
            let next = durable
                .heads
                .get(partition)
                .ok_or(Error::UnknownPartition { partition })?
                .next;
            if sequence < first_kept {
                return Err(Error::Trimmed {
                    position,
                    first_kept,
                });
            }
            if sequence > next {
                return Err(Error::Ahead {
                    position,
                    last_durable: next - 1,
                });
            }
        }
        let mut segments = VecDeque::from(durable.segments);
        while segments
            .get(1)
            .is_some_and(|second| is_before(&wanted, second))
        {
            segments.pop_front();
        }
        Ok(Self {
            segments,
            end: durable.end,
            wanted,
            scan: None,
            cursor: 0,
        })
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            let Some(scan) = &mut self.scan else {
                if !self.open_next()? {
                    return Ok(None);
                }
                continue;
            };
            while let Some(raw) = frame::decode_entry(scan.body(), &mut self.cursor) {
                let Position {
                    partition,
                    sequence,
                } = raw.position;
                if self.wanted[usize::from(partition)].is_some_and(|first| sequence >= first) {
                    let payload = raw.payload.into();
                    return Ok(Some(Entry {
                        position: raw.position,
                        logged_at_ms: raw.logged_at_ms,
                        payload,
                    }));
                }
            }
            self.cursor = 0;
            if scan.next_frame()?.is_none() {
                self.scan = None;
            }
        }
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(false);
        };
        let scan = match self.segments.front() {
            Some(following) => Scan::whole(Arc::clone(&segment), Some(Arc::clone(following))),
            None => Scan::until(Arc::clone(&segment), self.end),
        };
        match scan {
            Ok(scan) => self.scan = Some(scan),
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(self.trimmed_under(&segment));
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// A trim took the segment away after this reader was made.
    fn trimmed_under(&self, segment: &Segment) -> Error {
        let first_wanted = (0..).zip(&self.wanted).find_map(|(partition, sequence)| {
            sequence.map(|sequence| Position {
                partition,
                sequence,
            })
        });
        let position = first_wanted.unwrap_or(Position {
            partition: 0,
            sequence: 0,
        });
        let gone = segment
            .heads
            .get(position.partition)
            .map_or(0, |head| head.next);
        let first_kept = self
            .segments
            .front()
            .and_then(|next| next.heads.get(position.partition));
        Error::Trimmed {
            position: Position {
                sequence: position.sequence.max(gone),
                ..position
            },
            first_kept: first_kept.map_or(gone, |head| head.next),
        }
    }
}

/// Whether everything wanted lies in `segment` or later.
fn is_before(wanted: &[Option<u64>], segment: &Segment) -> bool {
    wanted
        .iter()
        .zip(segment.heads.as_slice())
        .all(|(sequence, head)| sequence.is_none_or(|first| first >= head.next))
}

impl Iterator for Reader {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_entry();
        if next.is_err() {
            self.segments.clear();
            self.scan = None;
        }
        next.transpose()
    }
}
