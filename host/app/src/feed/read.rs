//! Reads a file record by record, within a bound, and can come back to any of them.
//!
//! `feed` goes over a file once to check it and once more to post it. This module knows how files are written, not
//! what their columns mean.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use serde_json::Value as Json;

use crate::cli::FeedFormat;

/// Longest record, in bytes: far above what an event may have, far below what memory has.
pub(crate) const RECORD_BYTES_MAX: u64 = 1024 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

/// One record, or why it is none.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) place: Place,
    pub(crate) cells: Result<Cells, String>,
}

/// What a record says.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Texts by column, in the order of the file.
    Columns(Vec<String>),
    /// A JSON document.
    Document(Json),
}

/// Reads one file.
pub(crate) struct Reader {
    /// The names of the columns, where the file has a line of them.
    pub(crate) header: Option<Vec<String>>,
    inner: Inner,
}

enum Inner {
    Csv {
        reader: csv::Reader<Bounded>,
        columns: Option<usize>,
    },
    Lines {
        reader: BufReader<File>,
        format: FeedFormat,
        next: Place,
    },
}

impl Reader {
    /// Reads from the start; a CSV's line of names is read at once, unless it has none.
    pub(crate) fn new(mut file: File, format: FeedFormat, no_header: bool) -> Result<Self, String> {
        file.rewind().map_err(|error| error.to_string())?;
        if format != FeedFormat::Csv {
            let next = Place { line: 1, offset: 0 };
            let reader = BufReader::with_capacity(BUFFER_BYTES, file);
            return Ok(Self {
                header: None,
                inner: Inner::Lines {
                    reader,
                    format,
                    next,
                },
            });
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(!no_header)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Bounded::new(file));
        let header = if no_header {
            None
        } else {
            let names = reader
                .headers()
                .map_err(|error| format!("line 1: {}", in_words(&error)))?;
            Some(
                names
                    .iter()
                    .map(|name| name.trim().to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let columns = header.as_ref().map(Vec::len);
        Ok(Self {
            header,
            inner: Inner::Csv { reader, columns },
        })
    }

    /// The next record; empty lines are passed over. An error is one of the whole file.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, String> {
        match &mut self.inner {
            Inner::Csv { reader, columns } => next_csv(reader, *columns),
            Inner::Lines {
                reader,
                format,
                next,
            } => loop {
                let Some((place, text)) = next_line(reader, next)? else {
                    return Ok(None);
                };
                let cells = text.and_then(|text| cells_of(&text, *format));
                if !matches!(&cells, Ok(Cells::Columns(cells)) if cells.is_empty()) {
                    return Ok(Some(Record { place, cells }));
                }
            },
        }
    }

    /// Goes on with the record that begins there.
    pub(crate) fn seek(&mut self, to: Place) -> Result<(), String> {
        match &mut self.inner {
            Inner::Csv { reader, .. } => {
                let mut position = csv::Position::new();
                position.set_byte(to.offset).set_line(to.line);
                reader.seek(position).map_err(|error| in_words(&error))
            }
            Inner::Lines { reader, next, .. } => {
                // Records that follow each other are read from the buffer.
                let step = i64::try_from(to.offset).unwrap_or(i64::MAX)
                    - i64::try_from(next.offset).unwrap_or(0);
                reader
                    .seek_relative(step)
                    .map_err(|error| error.to_string())?;
                *next = to;
                Ok(())
            }
        }
    }
}

fn next_csv(
    reader: &mut csv::Reader<Bounded>,
    columns: Option<usize>,
) -> Result<Option<Record>, String> {
    reader.get_ref().read.set(0);
    let position = reader.position().clone();
    let mut bytes = csv::ByteRecord::new();
    let more = reader
        .read_byte_record(&mut bytes)
        .map_err(|error| format!("line {}: {}", position.line(), in_words(&error)))?;
    if !more {
        return Ok(None);
    }
    // Where it says it began: the reader passes over empty lines first.
    let at = bytes.position().unwrap_or(&position);
    let place = Place {
        line: at.line(),
        offset: at.byte(),
    };
    let cells = match csv::StringRecord::from_byte_record(bytes) {
        Err(_) => Err("is not UTF-8".to_owned()),
        Ok(record) => match columns {
            Some(columns) if columns != record.len() => Err(format!(
                "has {} columns, the first line has {columns}",
                record.len()
            )),
            _ => Ok(Cells::Columns(
                record.iter().map(|cell| cell.trim().to_owned()).collect(),
            )),
        },
    };
    Ok(Some(Record { place, cells }))
}

type Line = (Place, Result<String, String>);

fn next_line(reader: &mut BufReader<File>, next: &mut Place) -> Result<Option<Line>, String> {
    let place = *next;
    let mut bytes = Vec::new();
    let read = reader
        .by_ref()
        .take(RECORD_BYTES_MAX)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| error.to_string())?;
    if read == 0 {
        return Ok(None);
    }
    let mut skipped = 0;
    let too_long = bytes.last() != Some(&b'\n') && read as u64 == RECORD_BYTES_MAX;
    if too_long {
        skipped = skip_line(reader).map_err(|error| error.to_string())?;
    }
    *next = Place {
        line: place.line + 1,
        offset: place.offset + read as u64 + skipped,
    };
    if too_long {
        return Ok(Some((
            place,
            Err(format!("is longer than {RECORD_BYTES_MAX} bytes")),
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned());
    let text = text.map(|text| {
        if place.offset == 0 {
            text.trim_start_matches('\u{feff}').to_owned()
        } else {
            text
        }
    });
    Ok(Some((place, text)))
}

/// Passes over the rest of a line without keeping it.
fn skip_line(reader: &mut BufReader<File>) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let consumed = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(consumed);
        skipped += consumed as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

fn cells_of(text: &str, format: FeedFormat) -> Result<Cells, String> {
    if format == FeedFormat::Jsonl && !text.trim().is_empty() {
        let document =
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        return Ok(Cells::Document(document));
    }
    Ok(Cells::Columns(
        text.split_whitespace().map(str::to_owned).collect(),
    ))
}

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// Refuses to read further once a single record would not end: an unclosed quote makes the rest of a file one record.
struct Bounded {
    file: File,
    /// Bytes since the last record began, set to 0 by who reads records.
    read: Rc<Cell<u64>>,
}

impl Bounded {
    fn new(file: File) -> Self {
        Self {
            file,
            read: Rc::default(),
        }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.get() > RECORD_BYTES_MAX {
            let reason = format!(
                "the record is longer than {RECORD_BYTES_MAX} bytes; is a quote not closed?"
            );
            return Err(io::Error::other(reason));
        }
        let read = self.file.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
