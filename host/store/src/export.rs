//! All rows as lines of JSON, so that two stores can be compared byte by byte.
//!
//! Used by `store export` and by tests. The same state always gives the same bytes: rows in the order of their keys,
//! names in the order of their bytes, whatever the JSON library does with maps.

use std::io::{self, Write};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use signalbox_model::{
    fact::Fact,
    id::{ContactId, Digest, Partition},
    message::Message,
    record::{PostId, Posted},
    state::{ContactState, JourneySummary, PastEvent},
    webhook::Webhook,
};

use crate::{
    Store,
    error::{Damage, Error},
    key::{self, Key, Kind, Rest},
    observed::{Observable, Overflow, SeenAttribute, SeenEvents},
    row,
    sweep::Swept,
};

impl Store {
    /// Writes what the store keeps, a line a row, partition by partition. What differs between two runs over the
    /// same records (clock use, versions) is left out.
    pub fn export(&self, out: &mut impl Write) -> Result<(), Error> {
        let meta = self.meta();
        let head = json!({
            "kind": "store",
            "partitions": meta.partitions,
            "store_seed": meta.store_seed,
        });
        write_line(out, &head)?;
        for partition in self.partitions() {
            self.export_partition(partition, out)?;
        }
        out.flush().map_err(write_error)
    }

    fn export_partition(&self, partition: Partition, out: &mut impl Write) -> Result<(), Error> {
        for kind in Kind::ALL {
            self.core
                .rows
                .scan(&key::prefix(kind, partition), |key, value| {
                    write_line(out, &line(key, value)?)
                })?;
        }
        Ok(())
    }
}

/// The row as a JSON object: kind, partition, what tells it apart, and its value.
fn line(key: &[u8], value: &[u8]) -> Result<Value, Error> {
    let decoded = Key::decode(key).ok_or_else(|| Error::damaged(key, Damage::Key))?;
    let mut line = Map::new();
    line.insert("kind".to_owned(), decoded.kind.as_str().into());
    line.insert("partition".to_owned(), decoded.partition.into());
    let row = Row { key, value };
    let (name, value) = match decoded.rest {
        Rest::Nothing => (Value::Null, row.nameless(decoded.kind)?),
        Rest::Contact(_) => (Value::Null, row.json::<ContactState>()?),
        Rest::Chunk(contact, index) => (
            json!({"contact": contact, "index": index}),
            row.json::<Vec<PastEvent>>()?,
        ),
        Rest::Timer(timer) => (row.to_json(&timer)?, row.json::<()>()?),
        Rest::Message(message) if decoded.kind == Kind::Claimed => {
            (json!(message), row.json::<ContactId>()?)
        }
        Rest::Message(_) => (Value::Null, row.json::<Message>()?),
        Rest::Outbox(release_at, message) => (
            json!({"release_at": release_at, "message": message}),
            row.json::<ContactId>()?,
        ),
        Rest::Facts(contact, sequence, _) => (
            json!({"contact": contact, "sequence": sequence}),
            row.json::<Vec<(u32, Fact)>>()?,
        ),
        Rest::Journey(contact, ..) => (json!({"contact": contact}), row.json::<JourneySummary>()?),
        Rest::Webhook(..) => (Value::Null, row.json::<Webhook>()?),
        Rest::Counter(name) => (
            name.escape_ascii().to_string().into(),
            row.open::<Vec<u8>>()?.escape_ascii().to_string().into(),
        ),
        Rest::Post(to, sequence, index) => (
            json!({"to": to, "sequence": sequence, "index": index}),
            row.json::<Posted>()?,
        ),
        Rest::AppliedPost(_) => (Value::Null, row.json::<PostId>()?),
        Rest::Observed(name) => (name.to_string().into(), row.observed(&name)?),
    };
    if !name.is_null() {
        line.insert("name".to_owned(), name);
    }
    if !value.is_null() {
        line.insert("value".to_owned(), value);
    }
    Ok(Value::Object(line))
}

struct Row<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

impl Row<'_> {
    fn open<T: DeserializeOwned>(&self) -> Result<T, Error> {
        row::open(self.key, self.value)
    }

    fn json<T: DeserializeOwned + Serialize>(&self) -> Result<Value, Error> {
        self.to_json(&self.open::<T>()?)
    }

    fn to_json<T: Serialize>(&self, value: &T) -> Result<Value, Error> {
        serde_json::to_value(value).map_err(|error| {
            Error::damaged(self.key, Damage::Contradiction(format!("as JSON: {error}")))
        })
    }

    fn nameless(&self, kind: Kind) -> Result<Value, Error> {
        match kind {
            Kind::Definitions => self.json::<(u64, Digest)>(),
            Kind::Swept => self.json::<Swept>(),
            _ => self.json::<u64>(),
        }
    }

    fn observed(&self, name: &Observable) -> Result<Value, Error> {
        match name {
            Observable::Event(_) => self.json::<SeenEvents>(),
            Observable::Attribute(_) => self.json::<SeenAttribute>(),
            Observable::Overflow => self.json::<Overflow>(),
        }
    }
}

fn write_line(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    write_canonical(out, value)
        .and_then(|()| out.write_all(b"\n"))
        .map_err(write_error)
}

fn write_error(source: io::Error) -> Error {
    Error::Io {
        doing: "write",
        path: "the export".into(),
        source,
    }
}

/// Writes the value without blanks and with the names of each object in order.
fn write_canonical(out: &mut impl Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Array(list) => {
            out.write_all(b"[")?;
            for (index, one) in list.iter().enumerate() {
                if index > 0 {
                    out.write_all(b",")?;
                }
                write_canonical(out, one)?;
            }
            out.write_all(b"]")
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            out.write_all(b"{")?;
            for (index, (name, one)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.write_all(b",")?;
                }
                serde_json::to_writer(&mut *out, name)?;
                out.write_all(b":")?;
                write_canonical(out, one)?;
            }
            out.write_all(b"}")
        }
        plain => serde_json::to_writer(out, plain).map_err(Into::into),
    }
}
