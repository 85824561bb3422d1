//! Checks every byte of a journal that nobody has open: `store check`.
//!
//! Goes on behind damage, so that one run names every bad place. Changes nothing, the torn tail included.

use std::{path::Path, sync::Arc};

use crate::{
    Error, TornTail, open,
    scan::{Scan, Stop},
    segment::{self, Segment},
};

/// What a journal holds and what is wrong with it.
#[derive(Debug)]
pub struct VerifyReport {
    /// Segment files.
    pub segments: usize,
    /// Whole frames, seals included.
    pub frames: u64,
    /// Whole entries.
    pub entries: u64,
    /// Bytes of all segment files.
    pub bytes: u64,
    /// Per partition the first sequence that is kept.
    pub first_kept: Vec<u64>,
    /// Per partition the last sequence; 0 if there never was one.
    pub last: Vec<u64>,
    /// An interrupted write at the end, which the next open cuts: not a problem.
    pub torn_tail: Option<TornTail>,
    /// Every bad place, in file order.
    pub problems: Vec<Error>,
}

impl VerifyReport {
    /// Whether everything that was acknowledged is there.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

pub(crate) fn verify(folder: &Path) -> Result<VerifyReport, Error> {
    if segment::list(folder)?.0.is_empty() {
        return Err(Error::NoJournal {
            folder: folder.to_owned(),
        });
    }
    let _lock = open::lock(folder)?;
    let (numbers, _) = segment::list(folder)?;
    let mut report = VerifyReport {
        segments: numbers.len(),
        frames: 0,
        entries: 0,
        bytes: 0,
        first_kept: Vec::new(),
        last: Vec::new(),
        torn_tail: None,
        problems: Vec::new(),
    };
    let mut segments: Vec<Option<Arc<Segment>>> = Vec::with_capacity(numbers.len());
    for &number in &numbers {
        segments.push(report.note(segment::read(folder, number)).map(Arc::new));
    }
    if let Some(first) = segments.iter().flatten().next() {
        report.first_kept = first.heads.next_sequences();
    }
    for (at, &number) in numbers.iter().enumerate() {
        let next = numbers.get(at + 1).copied();
        if let Some(segment) = &segments[at] {
            let following = segments
                .get(at + 1)
                .cloned()
                .flatten()
                .filter(|_| next == Some(number + 1));
            let scanned = report.scan(segment, following, next.is_none());
            report.note(scanned);
        }
        if next.is_some_and(|next| next != number + 1) {
            report.problems.push(Error::SegmentMissing {
                segment: segment::path_of(folder, number + 1),
            });
        }
    }
    Ok(report)
}

impl VerifyReport {
    fn note<T>(&mut self, checked: Result<T, Error>) -> Option<T> {
        checked.map_err(|error| self.problems.push(error)).ok()
    }

    fn scan(
        &mut self,
        segment: &Arc<Segment>,
        following: Option<Arc<Segment>>,
        is_last: bool,
    ) -> Result<(), Error> {
        let mut scan = Scan::whole(Arc::clone(segment), following)?;
        self.bytes += scan.end();
        loop {
            match scan.next_frame() {
                Ok(Some(entries)) => {
                    self.frames += 1;
                    self.entries += u64::from(entries);
                }
                Ok(None) => break,
                Err(Stop::Damaged {
                    damaged,
                    resume_at: Some(offset),
                }) => {
                    self.problems.push(damaged.into());
                    scan.resume(offset)?;
                }
                Err(stop) if is_last => {
                    let torn = open::torn_tail(stop, scan.end());
                    self.torn_tail = self.note(torn);
                    break;
                }
                Err(stop) => {
                    self.problems.push(stop.into());
                    break;
                }
            }
        }
        self.last = scan
            .heads()
            .as_slice()
            .iter()
            .map(|head| head.next - 1)
            .collect();
        Ok(())
    }
}
