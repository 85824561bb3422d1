//! Segment files: their names, their header, how they come to be.
//!
//! The header carries every partition's next sequence and journey time, so that trimming needs no scan and leaves
//! sequences gapless and time monotone, however much was deleted before. A segment is written under another name,
//! synced and renamed: a file that ends in `.segment` always had a whole header. Called by `open`, `writer` and
//! `verify`; knows nothing of frames.

use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    Damage, Damaged, Disk, Error,
    frame::{u32_at, u64_at},
    heads::{Head, Heads},
};

const MAGIC: &[u8; 8] = b"sgbxjrnl";
const FORMAT_VERSION: u32 = 1;
/// Magic, format version u32, partitions u32, number u64, salt u64, first frame u64.
const FIXED_BYTES: usize = 40;
/// Next sequence u64 and `logged_at` i64 of a partition.
const HEAD_BYTES: usize = 16;
const CRC_BYTES: usize = 4;
const SUFFIX: &str = ".segment";
const SUFFIX_UNFINISHED: &str = ".segment.new";

/// A segment whose header was read or written; immutable.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    /// Goes into the checksum of every frame header in this file.
    pub(crate) salt: u64,
    /// The number of the first frame in it, or of the first to come.
    pub(crate) first_frame: u64,
    /// Where the partitions stood before its first frame.
    pub(crate) heads: Heads,
}

impl Segment {
    /// Where the frames begin.
    pub(crate) fn frames_offset(&self) -> u64 {
        header_bytes(self.heads.as_slice().len()) as u64
    }

    /// What an error says about a place in this file.
    pub(crate) fn damaged(&self, offset: u64, damage: Damage) -> Damaged {
        Damaged {
            segment: self.path.clone(),
            offset,
            position: None,
            damage,
        }
    }
}

/// Where the segment `number` lies.
pub(crate) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}{SUFFIX}"))
}

/// The segments in a folder by number, and what an interrupted creation left behind.
pub(crate) fn list(folder: &Path) -> Result<(Vec<u64>, Vec<PathBuf>), Error> {
    let mut numbers = Vec::new();
    let mut unfinished = Vec::new();
    for item in fs::read_dir(folder).map_err(Error::io("list folder", folder))? {
        let item = item.map_err(Error::io("list folder", folder))?;
        let name = item.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(SUFFIX_UNFINISHED) {
            unfinished.push(item.path());
        } else if let Some(number) = name
            .strip_suffix(SUFFIX)
            .and_then(|digits| digits.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok((numbers, unfinished))
}

/// Creates the segment `number` and makes its name durable. On an error it may or may not exist, without a frame.
pub(crate) fn create(
    disk: &dyn Disk,
    folder: &Path,
    number: u64,
    first_frame: u64,
    heads: &Heads,
) -> Result<(Segment, File), Error> {
    let path = path_of(folder, number);
    let unfinished = path.with_extension("segment.new");
    let salt =
        getrandom::u64().map_err(|error| Error::io("draw the salt of", &path)(error.into()))?;
    let segment = Segment {
        number,
        path,
        salt,
        first_frame,
        heads: heads.clone(),
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(Error::io("create segment", &unfinished))?;
    let written = disk
        .write(&file, &encode_header(&segment), 0)
        .and_then(|()| disk.sync(&file))
        .and_then(|()| fs::rename(&unfinished, &segment.path));
    if let Err(error) = written {
        // What stays behind is removed at the next open; a second failure here would only hide the first.
        let _ = fs::remove_file(&unfinished);
        return Err(Error::io("create segment", &segment.path)(error));
    }
    disk.sync_folder(folder).map_err(|source| Error::Io {
        action: "sync folder",
        path: folder.to_owned(),
        // The new name may be lost with a power cut: a full disk here is no passing failure any more.
        source: std::io::Error::other(source),
    })?;
    Ok((segment, file))
}

/// Reads the header of the segment `number`.
pub(crate) fn read(folder: &Path, number: u64) -> Result<Segment, Error> {
    let path = path_of(folder, number);
    let file = File::open(&path).map_err(Error::io("open segment", &path))?;
    let mut bytes = Vec::new();
    let most = header_bytes(usize::from(u16::MAX)) as u64;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read segment", &path))?;
    match decode_header(&bytes) {
        Ok((found, segment)) if found == number => Ok(Segment { path, ..segment }),
        Ok((found, _)) => {
            let damage = Damage::Hole {
                expected: number,
                found,
            };
            Err(Damaged {
                segment: path,
                offset: 0,
                position: None,
                damage,
            }
            .into())
        }
        Err(damage) => Err(Damaged {
            segment: path,
            offset: 0,
            position: None,
            damage,
        }
        .into()),
    }
}

fn header_bytes(partitions: usize) -> usize {
    FIXED_BYTES + partitions * HEAD_BYTES + CRC_BYTES
}

fn encode_header(segment: &Segment) -> Vec<u8> {
    let heads = segment.heads.as_slice();
    let mut bytes = Vec::with_capacity(header_bytes(heads.len()));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(heads.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&segment.number.to_le_bytes());
    bytes.extend_from_slice(&segment.salt.to_le_bytes());
    bytes.extend_from_slice(&segment.first_frame.to_le_bytes());
    for head in heads {
        bytes.extend_from_slice(&head.next.to_le_bytes());
        bytes.extend_from_slice(&head.logged_at_ms.to_le_bytes());
    }
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode_header(bytes: &[u8]) -> Result<(u64, Segment), Damage> {
    let fixed = bytes.get(..FIXED_BYTES).ok_or(Damage::SegmentHeader)?;
    if &fixed[..8] != MAGIC {
        return Err(Damage::SegmentHeader);
    }
    let version = u32_at(fixed, 8);
    let partitions = u32_at(fixed, 12) as usize;
    if version != FORMAT_VERSION {
        return Err(Damage::FormatVersion(version));
    }
    if partitions == 0 || partitions > usize::from(u16::MAX) {
        return Err(Damage::SegmentHeader);
    }
    let all = bytes
        .get(..header_bytes(partitions))
        .ok_or(Damage::SegmentHeader)?;
    let (checked, crc) = all.split_at(all.len() - CRC_BYTES);
    if crc32c::crc32c(checked) != u32_at(crc, 0) {
        return Err(Damage::SegmentHeader);
    }
    let heads = checked[FIXED_BYTES..]
        .chunks_exact(HEAD_BYTES)
        .map(|head| Head {
            next: u64_at(head, 0),
            logged_at_ms: u64_at(head, 8).cast_signed(),
        })
        .collect();
    let segment = Segment {
        number: u64_at(fixed, 16),
        path: PathBuf::new(),
        salt: u64_at(fixed, 24),
        first_frame: u64_at(fixed, 32),
        heads: Heads::from_vec(heads),
    };
    Ok((segment.number, segment))
}
