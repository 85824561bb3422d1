//! One partition as a stream: a header, its rows with a checksum each, and a digest over all of it.
//!
//! Written by the partition's own thread between two groups, so that nothing changes under it; read by restores and
//! checks. A snapshot is read to its end before any of it is believed.
//!
//! Form, numbers big-endian: the eight bytes `sbsnap` 00 02; then frames of length (u32), CRC-32C of what follows
//! (u32) and bytes. The first frame is the header, each other one a row as length of the key (u16), key, stored
//! value. A frame of length 0 ends the rows; behind it stand their count (u64) and the SHA-256 of everything before
//! the digest.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use signalbox_model::{
    codec,
    id::{Digest, Partition},
};

use crate::{
    Store,
    error::{Damage, Error, SnapshotDamage},
    key::{self, Kind},
    row,
};

const MAGIC: &[u8; 6] = b"sbsnap";
const SNAPSHOT_FORMAT: u16 = 2;
/// Most bytes of one frame: a key and a value at their largest, with room to spare.
const FRAME_BYTES_MAX: usize = 2 * row::VALUE_BYTES_MAX;
/// Rows that a restore writes in one batch.
const RESTORE_ROWS: usize = 512;

/// A key with its stored value.
type OwnedRow = (Vec<u8>, Vec<u8>);

/// What a snapshot is one of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    partition: Partition,
    partitions: Partition,
    store_seed: u64,
    position: u64,
}

/// What a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotInfo {
    /// Which partition.
    pub partition: Partition,
    /// The sequence of the last record in it.
    pub position: u64,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over the whole stream before the digest itself.
    pub digest: Digest,
}

impl Store {
    /// Writes the partition as it is. Nobody may commit to it meanwhile: its thread calls this between two groups.
    /// The caller buffers, and syncs what it wrote.
    pub fn snapshot(
        &self,
        partition: Partition,
        out: &mut impl Write,
    ) -> Result<SnapshotInfo, Error> {
        self.check_partition(partition)?;
        let position = self.position(partition);
        let meta = self.meta();
        let header = Header {
            partition,
            partitions: meta.partitions,
            store_seed: meta.store_seed,
            position,
        };
        let mut out = Hashed::new(out);
        out.put(MAGIC)?;
        out.put(&SNAPSHOT_FORMAT.to_be_bytes())?;
        out.frame(&[
            &codec::encode(&header).map_err(|_| Error::Snapshot(SnapshotDamage::NotASnapshot))?
        ])?;
        let mut rows = 0_u64;
        for kind in Kind::ALL {
            self.core
                .rows
                .scan(&key::prefix(kind, partition), |key, value| {
                    // A damaged row must not enter a snapshot under a fresh checksum.
                    row::body(key, value).map_err(|damage| Error::damaged(key, damage))?;
                    rows += 1;
                    out.frame(&[&(key.len() as u16).to_be_bytes(), key, value])
                })?;
        }
        out.put(&0_u32.to_be_bytes())?;
        out.put(&rows.to_be_bytes())?;
        let digest = out.digest();
        out.put(&digest.0)?;
        Ok(SnapshotInfo {
            partition,
            position,
            rows,
            digest,
        })
    }

    /// Replaces all rows of the partition by those of a snapshot of it. Until [`Store::finish_rebuild`] the store
    /// counts as [`crate::Condition::Rebuilding`].
    ///
    /// # Errors
    /// When the snapshot is damaged or one of another store; what was restored of it by then is not to be used.
    /// Verify it before.
    pub fn restore(
        &self,
        partition: Partition,
        input: &mut impl Read,
    ) -> Result<SnapshotInfo, Error> {
        self.check_partition(partition)?;
        let mut reader = Reader::open(input)?;
        self.check_header(partition, &reader.header)?;
        self.begin_rebuild()?;
        self.core.rows.write_down()?;
        self.clear_partition(partition)?;
        let mut batch = Vec::with_capacity(RESTORE_ROWS);
        while let Some((key, value)) = reader.next_row()? {
            check_row(partition, &key, &value)?;
            batch.push((key, value));
            if batch.len() == RESTORE_ROWS {
                self.put_rows(&mut batch)?;
            }
        }
        self.put_rows(&mut batch)?;
        let info = reader.finish()?;
        let found: u64 = self
            .core
            .rows
            .read(&key::prefix(Kind::Position, partition))?
            .unwrap_or(0);
        if found != info.position {
            return Err(Error::Snapshot(SnapshotDamage::Digest));
        }
        self.set_position(partition, found);
        Ok(info)
    }

    fn check_header(&self, partition: Partition, header: &Header) -> Result<(), Error> {
        let meta = self.meta();
        let expected = (partition, meta.partitions, meta.store_seed);
        let found = (header.partition, header.partitions, header.store_seed);
        if expected == found {
            Ok(())
        } else {
            Err(Error::ForeignSnapshot(format!(
                "it holds partition {} of {} of a store with another seed or count; wanted partition {partition} of {}",
                header.partition, header.partitions, meta.partitions
            )))
        }
    }

    fn clear_partition(&self, partition: Partition) -> Result<(), Error> {
        self.set_position(partition, 0);
        for kind in Kind::ALL {
            let prefix = key::prefix(kind, partition);
            let end = key::behind(&prefix);
            loop {
                let page = self.core.rows.page(&prefix, end.as_deref(), RESTORE_ROWS)?;
                if page.is_empty() {
                    break;
                }
                let gone: Vec<_> = page.into_iter().map(|(key, _)| (key, None)).collect();
                self.core.rows.write_past(&gone)?;
            }
        }
        Ok(())
    }

    fn put_rows(&self, rows: &mut Vec<OwnedRow>) -> Result<(), Error> {
        let rows = rows.drain(..);
        let put: Vec<_> = rows
            .map(|(key, value)| (key.into(), Some(value.into())))
            .collect();
        self.core.rows.write_past(&put)
    }
}

/// Reads a snapshot to its end and says what it holds. Every checksum of it is checked, those of the stored values
/// included.
pub fn verify_snapshot(input: &mut impl Read) -> Result<SnapshotInfo, Error> {
    let mut reader = Reader::open(input)?;
    let partition = reader.header.partition;
    while let Some((key, value)) = reader.next_row()? {
        check_row(partition, &key, &value)?;
    }
    reader.finish()
}

/// Whether the row is one of that partition and whole.
fn check_row(partition: Partition, key: &[u8], value: &[u8]) -> Result<(), Error> {
    match key::Key::decode(key) {
        Some(decoded) if decoded.partition == partition => {
            row::body(key, value).map_err(|damage| Error::damaged(key, damage))?;
            Ok(())
        }
        Some(_) => Err(Error::ForeignSnapshot(format!(
            "it has rows of another partition than its own, {partition}"
        ))),
        None => Err(Error::damaged(key, Damage::Key)),
    }
}

/// A stream that is hashed on its way out.
struct Hashed<'a, W> {
    out: &'a mut W,
    hash: Sha256,
}

impl<'a, W: Write> Hashed<'a, W> {
    fn new(out: &'a mut W) -> Self {
        Self {
            out,
            hash: Sha256::new(),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(|source| Error::Io {
            doing: "write",
            path: "the snapshot".into(),
            source,
        })
    }

    fn frame(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let checksum = parts
            .iter()
            .fold(0, |checksum, part| crc32c::crc32c_append(checksum, part));
        self.put(&(length as u32).to_be_bytes())?;
        self.put(&checksum.to_be_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn digest(&self) -> Digest {
        Digest(self.hash.clone().finalize().into())
    }
}

/// A snapshot that is being read, hashed on its way in.
struct Reader<'a, R> {
    input: &'a mut R,
    hash: Sha256,
    header: Header,
    rows: u64,
}

impl<'a, R: Read> Reader<'a, R> {
    fn open(input: &'a mut R) -> Result<Self, Error> {
        let mut reader = Self {
            input,
            hash: Sha256::new(),
            header: Header {
                partition: 0,
                partitions: 0,
                store_seed: 0,
                position: 0,
            },
            rows: 0,
        };
        let not_one = |_| Error::Snapshot(SnapshotDamage::NotASnapshot);
        if reader.array::<6>().map_err(not_one)? != *MAGIC {
            return Err(Error::Snapshot(SnapshotDamage::NotASnapshot));
        }
        let format = u16::from_be_bytes(reader.array()?);
        if format != SNAPSHOT_FORMAT {
            return Err(Error::Snapshot(SnapshotDamage::OtherFormat {
                found: u32::from(format),
                known: u32::from(SNAPSHOT_FORMAT),
            }));
        }
        let header = reader.frame()?.unwrap_or_default();
        reader.header =
            codec::decode(&header).map_err(|_| Error::Snapshot(SnapshotDamage::NotASnapshot))?;
        Ok(reader)
    }

    fn next_row(&mut self) -> Result<Option<OwnedRow>, Error> {
        let Some(frame) = self.frame()? else {
            return Ok(None);
        };
        let row =
            split_row(&frame).ok_or(Error::Snapshot(SnapshotDamage::Row { row: self.rows }))?;
        self.rows += 1;
        Ok(Some(row))
    }

    /// Checks what stands behind the last row.
    fn finish(mut self) -> Result<SnapshotInfo, Error> {
        let rows = u64::from_be_bytes(self.array()?);
        let expected = Digest(self.hash.clone().finalize().into());
        let digest = Digest(self.array()?);
        if rows != self.rows || digest != expected {
            return Err(Error::Snapshot(SnapshotDamage::Digest));
        }
        match self.input.read(&mut [0]) {
            Ok(0) => Ok(SnapshotInfo {
                partition: self.header.partition,
                position: self.header.position,
                rows,
                digest,
            }),
            Ok(_) => Err(Error::Snapshot(SnapshotDamage::LeftOver)),
            Err(source) => Err(read_error(source)),
        }
    }

    /// The next frame's bytes; `None` for the frame of length 0.
    fn frame(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        if length == 0 {
            return Ok(None);
        }
        let damaged = Error::Snapshot(SnapshotDamage::Row { row: self.rows });
        if length > FRAME_BYTES_MAX {
            return Err(damaged);
        }
        let checksum = u32::from_be_bytes(self.array()?);
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        if crc32c::crc32c(&bytes) == checksum {
            Ok(Some(bytes))
        } else {
            Err(damaged)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.input
            .read_exact(bytes)
            .map_err(|source| match source.kind() {
                io::ErrorKind::UnexpectedEof => {
                    Error::Snapshot(SnapshotDamage::Cut { rows: self.rows })
                }
                _ => read_error(source),
            })?;
        self.hash.update(bytes);
        Ok(())
    }
}

fn split_row(frame: &[u8]) -> Option<OwnedRow> {
    let (length, rest) = frame.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((key.to_vec(), value.to_vec()))
}

fn read_error(source: io::Error) -> Error {
    Error::Io {
        doing: "read",
        path: "the snapshot".into(),
        source,
    }
}
