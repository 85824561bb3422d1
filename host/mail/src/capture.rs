//! The inbox on disk: every message as a file, for demos, tests and a look before the first real send.
//!
//! Written by [`crate::transport`], read by the API for `/inbox`. Files are the owner's only; ids are checked, so
//! that no name leads out of the folder; beyond `messages_max` the oldest go. It must never be trusted with
//! anything that has to survive: it is not synced.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::transport::Outgoing;

/// Most messages on one page of the list.
pub const PAGE_MAX: usize = 200;

/// What went wrong with the inbox.
#[derive(Debug, Error)]
pub enum CaptureError {
    #[error("opening the inbox folder {path}", path = path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("writing a message into the inbox")]
    Write(#[source] io::Error),
    #[error("reading a message of the inbox")]
    Read(#[source] io::Error),
    #[error("a message's description in the inbox cannot be read")]
    Meta(#[source] serde_json::Error),
    #[error("this is not an id of the inbox")]
    Id,
    #[error("there is no such message in the inbox")]
    NotFound,
    #[error("the write was interrupted")]
    Interrupted,
}

/// What is known of a captured message beside its bytes. Written once, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Sorts by instant, then by order of arrival.
    pub id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub workflow: String,
    pub message_id: String,
    pub at_ms: i64,
    pub bytes: u64,
}

/// A captured message as it would have gone out, and its two bodies decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    pub meta: Meta,
    pub raw: Vec<u8>,
    pub text: Option<String>,
    pub html: Option<String>,
}

/// One page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub messages: Vec<Meta>,
    /// Give this as `before` for the next page.
    pub next_before: Option<String>,
}

/// A cheap handle on an inbox folder.
#[derive(Debug, Clone)]
pub struct Capture {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    messages_max: usize,
    /// A std mutex: held to change the index, never while a file is written.
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    ids: BTreeSet<String>,
    next_number: u64,
}

impl Capture {
    /// Opens the folder, making it if needed, and finds what it holds. `messages_max` is at least 1.
    pub fn open(folder: &Path, messages_max: usize) -> Result<Self, CaptureError> {
        let failed = |source| CaptureError::Open {
            path: folder.to_owned(),
            source,
        };
        make_folder(folder).map_err(failed)?;
        let mut index = Index::default();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(name) = name.to_str() else { continue };
            // The description is renamed into place last, so a message counts once it is there.
            if let Some(id) = name
                .strip_suffix(".json")
                .filter(|id| number_of(id).is_some())
            {
                index.next_number = index.next_number.max(number_of(id).unwrap_or(0) + 1);
                index.ids.insert(id.to_owned());
            }
        }
        let shared = Shared {
            folder: folder.to_owned(),
            messages_max: messages_max.max(1),
            index: Mutex::new(index),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Keeps one message and answers its id. Blocking: two small files are written.
    pub fn keep(&self, outgoing: &Outgoing, raw: &[u8]) -> Result<String, CaptureError> {
        let number = {
            let mut index = self.index();
            index.next_number += 1;
            index.next_number - 1
        };
        let id = format!("{:014}-{number:010}", outgoing.at_ms.max(0));
        let meta = Meta {
            id: id.clone(),
            from: outgoing.from.as_str().to_owned(),
            to: outgoing.to.as_str().to_owned(),
            subject: outgoing.subject.clone(),
            workflow: outgoing.workflow.clone(),
            message_id: outgoing.message_id.clone(),
            at_ms: outgoing.at_ms,
            bytes: raw.len() as u64,
        };
        let meta = serde_json::to_vec(&meta).map_err(CaptureError::Meta)?;
        self.write(&format!("{id}.eml"), raw)
            .map_err(CaptureError::Write)?;
        self.write(&format!("{id}.json"), &meta)
            .map_err(CaptureError::Write)?;
        let old = {
            let mut index = self.index();
            index.ids.insert(id.clone());
            let mut old = Vec::new();
            while index.ids.len() > self.shared.messages_max {
                old.extend(index.ids.pop_first());
            }
            old
        };
        for id in old {
            for ending in ["json", "eml"] {
                let removed = fs::remove_file(self.shared.folder.join(format!("{id}.{ending}")));
                removed
                    .or_else(|error| {
                        if error.kind() == io::ErrorKind::NotFound {
                            Ok(())
                        } else {
                            Err(error)
                        }
                    })
                    .map_err(CaptureError::Write)?;
            }
        }
        Ok(id)
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.index().ids.len()
    }

    /// A page of messages older than `before`, newest first; `limit` is cut to [`PAGE_MAX`].
    pub fn list(&self, before: Option<&str>, limit: usize) -> Result<Page, CaptureError> {
        if before.is_some_and(|id| number_of(id).is_none()) {
            return Err(CaptureError::Id);
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let mut ids: Vec<String> = {
            let index = self.index();
            match before {
                Some(before) => index
                    .ids
                    .range(..before.to_owned())
                    .rev()
                    .take(limit + 1)
                    .cloned()
                    .collect(),
                None => index.ids.iter().rev().take(limit + 1).cloned().collect(),
            }
        };
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next_before = if more { ids.last().cloned() } else { None };
        let mut messages = Vec::with_capacity(ids.len());
        for id in &ids {
            match self.meta(id) {
                Ok(meta) => messages.push(meta),
                // Made room for a newer one in the meantime.
                Err(CaptureError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Page {
            messages,
            next_before,
        })
    }

    /// One message with its decoded bodies.
    pub fn read(&self, id: &str) -> Result<Captured, CaptureError> {
        if number_of(id).is_none() {
            return Err(CaptureError::Id);
        }
        let meta = self.meta(id)?;
        let raw = self.file(&format!("{id}.eml"))?;
        let (text, html) = bodies(&raw);
        Ok(Captured {
            meta,
            raw,
            text,
            html,
        })
    }

    fn meta(&self, id: &str) -> Result<Meta, CaptureError> {
        let json = self.file(&format!("{id}.json"))?;
        serde_json::from_slice(&json).map_err(CaptureError::Meta)
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, CaptureError> {
        fs::read(self.shared.folder.join(name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => CaptureError::NotFound,
            _ => CaptureError::Read(error),
        })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.shared.folder.join(format!("{name}.tmp"));
        let mut file = create_private(&temporary)?;
        file.write_all(bytes)?;
        drop(file);
        fs::rename(&temporary, self.shared.folder.join(name))
    }

    fn index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.shared
            .index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running number of an id; nothing if it is not an id.
fn number_of(id: &str) -> Option<u64> {
    let (instant, number) = id.split_once('-')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = (14..=19).contains(&instant.len())
        && number.len() == 10
        && digits(instant)
        && digits(number);
    if sound { number.parse().ok() } else { None }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

/// Text and HTML of a message in the form that [`crate::message`] builds; not a reader for mail at large.
fn bodies(raw: &[u8]) -> (Option<String>, Option<String>) {
    let source = String::from_utf8_lossy(raw);
    let Some(boundary) = source
        .split("boundary=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
    else {
        return (None, None);
    };
    let (mut text, mut html) = (None, None);
    for part in source.split(&format!("--{boundary}")).skip(1) {
        let Some((headers, body)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let headers = headers.to_ascii_lowercase();
        let body = body.strip_suffix("\r\n").unwrap_or(body);
        let body = if headers.contains("quoted-printable") {
            quoted_printable(body)
        } else {
            body.to_owned()
        };
        if headers.contains("text/html") {
            html = Some(body);
        } else if headers.contains("text/plain") {
            text = Some(body);
        }
    }
    (text, html)
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'=')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}
