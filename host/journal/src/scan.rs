//! Walks the frames of one segment and checks everything: checksums, frame numbers, gapless sequences, journey time.
//!
//! Called by `open`, `reader` and `verify`, which differ only in what they make of a bad place: cut it, report it,
//! or note it and go on behind it. Never writes.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    sync::Arc,
};

use crate::{
    Damage, Damaged, Error, Position,
    frame::{self, HEADER_BYTES},
    heads::Heads,
    segment::Segment,
};

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// Why a scan stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file could not be read at all.
    Unreadable(Error),
    /// The file is damaged; `resume_at` is where the next whole frame header lies behind it, if there is one.
    Damaged {
        damaged: Damaged,
        resume_at: Option<u64>,
    },
}

impl Stop {
    /// Whether this is how an interrupted write looks: a bad last frame. A frame behind it would prove that the
    /// bad one had been fsynced, so that nothing may be cut.
    pub(crate) fn torn_tail(&self) -> Option<&Damaged> {
        match self {
            Self::Damaged {
                damaged,
                resume_at: None,
            } if matches!(
                damaged.damage,
                Damage::Cut | Damage::FrameHeader | Damage::FrameBody
            ) =>
            {
                Some(damaged)
            }
            _ => None,
        }
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Unreadable(error) => error,
            Stop::Damaged { damaged, .. } => Self::Damaged(damaged),
        }
    }
}

pub(crate) struct Scan {
    segment: Arc<Segment>,
    /// The segment that goes on where this one ends; `None` for the last.
    following: Option<Arc<Segment>>,
    file: BufReader<File>,
    /// Where the next frame begins.
    offset: u64,
    /// Where to stop.
    end: u64,
    /// The number of the next frame.
    number: u64,
    heads: Heads,
    body: Vec<u8>,
    /// Set once damage was passed over: what is missing from then on was reported already.
    resumed: bool,
}

impl Scan {
    /// Scans to the end of the file.
    pub(crate) fn whole(
        segment: Arc<Segment>,
        following: Option<Arc<Segment>>,
    ) -> Result<Self, Error> {
        let mut scan = Self::until(segment, 0)?;
        let length = scan
            .file
            .get_ref()
            .metadata()
            .map_err(Error::io("read segment", &scan.segment.path))?
            .len();
        scan.end = length;
        scan.following = following;
        Ok(scan)
    }

    /// Scans to `end`, where a frame ends.
    pub(crate) fn until(segment: Arc<Segment>, end: u64) -> Result<Self, Error> {
        let mut file =
            File::open(&segment.path).map_err(Error::io("open segment", &segment.path))?;
        let offset = segment.frames_offset();
        file.seek(SeekFrom::Start(offset))
            .map_err(Error::io("read segment", &segment.path))?;
        Ok(Self {
            following: None,
            file: BufReader::with_capacity(READ_BUFFER_BYTES, file),
            offset,
            end,
            number: segment.first_frame,
            heads: segment.heads.clone(),
            body: Vec::new(),
            resumed: false,
            segment,
        })
    }

    /// The body of the frame read last.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The number of the next frame.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where the partitions stand behind the frame read last.
    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Where the next frame begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the scan ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Reads the next frame and gives its count of entries; `None` at the end, once the segment is what the
    /// following one builds on.
    pub(crate) fn next_frame(&mut self) -> Result<Option<u32>, Stop> {
        if self.offset >= self.end {
            return self.check_end().map(|()| None);
        }
        match self.read_frame() {
            Ok(Ok(entries)) => Ok(Some(entries)),
            Ok(Err(damage)) => Err(self.stop(damage)),
            Err(source) => Err(Stop::Unreadable(Error::io(
                "read segment",
                &self.segment.path,
            )(source))),
        }
    }

    /// Goes on behind damage, at a frame header that [`Stop::Damaged`] named.
    pub(crate) fn resume(&mut self, offset: u64) -> Result<(), Error> {
        self.file
            .seek(SeekFrom::Start(offset))
            .map_err(Error::io("read segment", &self.segment.path))?;
        self.offset = offset;
        self.resumed = true;
        Ok(())
    }

    fn read_frame(&mut self) -> std::io::Result<Result<u32, Damage>> {
        let remaining = self.end - self.offset;
        if remaining < HEADER_BYTES as u64 {
            return Ok(Err(Damage::Cut));
        }
        let mut header = [0; HEADER_BYTES];
        self.file.read_exact(&mut header)?;
        let Some(header) = frame::decode_header(self.segment.salt, self.offset, &header) else {
            return Ok(Err(Damage::FrameHeader));
        };
        if header.number != self.number && !(self.resumed && header.number > self.number) {
            return Ok(Err(Damage::Hole {
                expected: self.number,
                found: header.number,
            }));
        }
        if u64::from(header.body_bytes) > remaining - HEADER_BYTES as u64 {
            return Ok(Err(Damage::Cut));
        }
        self.body.resize(header.body_bytes as usize, 0);
        self.file.read_exact(&mut self.body)?;
        if crc32c::crc32c(&self.body) != header.body_crc {
            return Ok(Err(Damage::FrameBody));
        }
        if let Err(damage) = self.admit_entries(header.entries) {
            return Ok(Err(damage));
        }
        self.offset += HEADER_BYTES as u64 + u64::from(header.body_bytes);
        self.number = header.number + 1;
        Ok(Ok(header.entries))
    }

    fn admit_entries(&mut self, entries: u32) -> Result<(), Damage> {
        let mut cursor = 0;
        for _ in 0..entries {
            let raw = frame::decode_entry(&self.body, &mut cursor).ok_or(Damage::FrameShape)?;
            match self.heads.admit(raw.position, raw.logged_at_ms) {
                Err(Damage::Hole { expected, found }) if self.resumed && found > expected => {
                    self.heads.resume_at(raw.position, raw.logged_at_ms);
                }
                admitted => admitted?,
            }
        }
        if cursor == self.body.len() {
            Ok(())
        } else {
            Err(Damage::FrameShape)
        }
    }

    fn check_end(&self) -> Result<(), Stop> {
        let Some(following) = &self.following else {
            return Ok(());
        };
        if self.resumed || (self.number == following.first_frame && self.heads == following.heads) {
            return Ok(());
        }
        let position = self.heads.first_missing(&following.heads);
        let damaged = Damaged {
            position,
            ..self.segment.damaged(self.offset, Damage::Cut)
        };
        Err(Stop::Damaged {
            damaged,
            resume_at: None,
        })
    }

    /// Names the place at which the scan stands, and looks for frames behind it.
    fn stop(&mut self, damage: Damage) -> Stop {
        match self.read_rest() {
            Ok(rest) => {
                let resume_at = self.find_header(&rest);
                let position = self.first_lost(&rest, resume_at);
                let damaged = Damaged {
                    position,
                    ..self.segment.damaged(self.offset, damage)
                };
                Stop::Damaged { damaged, resume_at }
            }
            Err(error) => Stop::Unreadable(error),
        }
    }

    fn read_rest(&mut self) -> Result<Vec<u8>, Error> {
        let mut rest = Vec::new();
        self.file
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| {
                (&mut self.file)
                    .take(self.end - self.offset)
                    .read_to_end(&mut rest)
            })
            .map_err(Error::io("read segment", &self.segment.path))?;
        Ok(rest)
    }

    /// The offset of the first whole frame header behind the bad place. The number is checked beside the checksum,
    /// so that chance does not turn a torn tail into damage.
    fn find_header(&self, rest: &[u8]) -> Option<u64> {
        let last_number = self.number + (rest.len() / HEADER_BYTES) as u64;
        (1..rest.len()).find_map(|at| {
            let offset = self.offset + at as u64;
            let header = frame::decode_header(self.segment.salt, offset, &rest[at..])?;
            (header.number > self.number && header.number <= last_number).then_some(offset)
        })
    }

    /// The first position that the bad place hides: as it says itself, unless what comes behind contradicts it.
    fn first_lost(&self, rest: &[u8], resume_at: Option<u64>) -> Option<Position> {
        let gaps = self.gaps(rest, resume_at);
        let own = rest
            .get(HEADER_BYTES..)
            .and_then(frame::guess_position)
            .filter(|own| {
                let due = self
                    .heads
                    .get(own.partition)
                    .is_some_and(|head| head.next == own.sequence);
                due && (gaps.is_empty() || gaps.contains(own))
            });
        own.or(gaps.first().copied())
    }

    /// The positions that the frames behind the bad place, or else the following segment, leave out.
    fn gaps(&self, rest: &[u8], resume_at: Option<u64>) -> Vec<Position> {
        let mut heads = self.heads.clone();
        let mut gaps = Vec::new();
        let mut next = resume_at;
        while let Some(offset) = next {
            let bytes = &rest[(offset - self.offset) as usize..];
            let header = frame::decode_header(self.segment.salt, offset, bytes);
            let body =
                header.and_then(|header| bytes[HEADER_BYTES..].get(..header.body_bytes as usize));
            let mut cursor = 0;
            while let Some(raw) = body.and_then(|body| frame::decode_entry(body, &mut cursor)) {
                if let Err(Damage::Hole { expected, found }) =
                    heads.admit(raw.position, raw.logged_at_ms)
                    && found > expected
                {
                    gaps.push(Position {
                        sequence: expected,
                        ..raw.position
                    });
                    heads.resume_at(raw.position, raw.logged_at_ms);
                }
            }
            next = body.map(|body| offset + (HEADER_BYTES + body.len()) as u64);
        }
        if let Some(following) = self.following.as_ref().filter(|_| gaps.is_empty()) {
            gaps.extend(self.heads.first_missing(&following.heads));
        }
        gaps
    }
}
