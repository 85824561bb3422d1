//! Where each partition stands: the next sequence and the journey time reached. The same small table serves the
//! segment header, the queue, the index of what is durable and the checks of a scan.

use crate::{Damage, Position};

/// Journey time of a partition in which nothing was logged yet.
pub(crate) const NEVER_MS: i64 = i64::MIN;

/// One head per partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heads {
    heads: Vec<Head>,
}

/// Where one partition stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// The sequence its next entry gets; the first is 1.
    pub(crate) next: u64,
    /// `logged_at` of its last entry, or [`NEVER_MS`].
    pub(crate) logged_at_ms: i64,
}

impl Heads {
    pub(crate) fn new(partitions: u16) -> Self {
        Self {
            heads: vec![
                Head {
                    next: 1,
                    logged_at_ms: NEVER_MS
                };
                usize::from(partitions)
            ],
        }
    }

    pub(crate) fn from_vec(heads: Vec<Head>) -> Self {
        Self { heads }
    }

    pub(crate) fn as_slice(&self) -> &[Head] {
        &self.heads
    }

    pub(crate) fn get(&self, partition: u16) -> Option<Head> {
        self.heads.get(usize::from(partition)).copied()
    }

    pub(crate) fn next_sequences(&self) -> Vec<u64> {
        self.heads.iter().map(|head| head.next).collect()
    }

    /// Gives the next position of a partition out, with the journey time it gets: `now_ms`, or what was reached.
    pub(crate) fn take(&mut self, partition: u16, now_ms: i64) -> (Position, i64) {
        let head = &mut self.heads[usize::from(partition)];
        let position = Position {
            partition,
            sequence: head.next,
        };
        head.next += 1;
        head.logged_at_ms = head.logged_at_ms.max(now_ms);
        (position, head.logged_at_ms)
    }

    /// The next position of the partition is the one behind that sequence, whatever was before it.
    pub(crate) fn go_on_behind(&mut self, partition: u16, sequence: u64) {
        if let Some(head) = self.heads.get_mut(usize::from(partition)) {
            head.next = sequence.saturating_add(1);
        }
    }

    /// Goes on to an entry that was written, unless it is not the next one of its partition.
    pub(crate) fn admit(&mut self, position: Position, logged_at_ms: i64) -> Result<(), Damage> {
        let head = self
            .heads
            .get_mut(usize::from(position.partition))
            .ok_or(Damage::FrameShape)?;
        if position.sequence != head.next {
            return Err(Damage::Hole {
                expected: head.next,
                found: position.sequence,
            });
        }
        if logged_at_ms < head.logged_at_ms {
            return Err(Damage::TimeBack {
                from_ms: head.logged_at_ms,
                to_ms: logged_at_ms,
            });
        }
        *head = Head {
            next: head.next + 1,
            logged_at_ms,
        };
        Ok(())
    }

    /// Takes `position` as it comes, so that what follows a hole can be checked again.
    pub(crate) fn resume_at(&mut self, position: Position, logged_at_ms: i64) {
        if let Some(head) = self.heads.get_mut(usize::from(position.partition)) {
            *head = Head {
                next: position.sequence.saturating_add(1),
                logged_at_ms,
            };
        }
    }

    /// The first partition's position that `self` has not reached and `later` has.
    pub(crate) fn first_missing(&self, later: &Self) -> Option<Position> {
        let pairs = self.heads.iter().zip(&later.heads);
        (0..).zip(pairs).find_map(|(partition, (head, later))| {
            (head.next < later.next).then_some(Position {
                partition,
                sequence: head.next,
            })
        })
    }
}
