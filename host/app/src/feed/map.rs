//! Makes events out of records: what each part of an event is made of.
//!
//! `feed` calls it for every record. What it lets through, the server takes: the bounds are the server's own.

use serde::Serialize;
use serde_json::Value as Json;
use signalbox_model::{
    contact::{NEW_ATTRIBUTES_BYTES_MAX, attributes_bytes},
    event::{EVENT_BYTES_MAX, Event, FIELDS_MAX},
    id::{ContactId, EventId, EventName, FieldName, SourceName},
    time::Instant,
    value::{Fields, VALUE_DEPTH_MAX, Value},
};

use super::read::Cells;

/// An event as it is posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Posting {
    pub(crate) contact: ContactId,
    pub(crate) name: EventName,
    pub(crate) id: EventId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) occurred_at: Option<Instant>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub(crate) fields: Fields,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub(crate) attributes: Fields,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) history_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<SourceName>,
}

/// What the parts of an event are made of.
#[derive(Debug)]
pub(crate) struct Mapping {
    contact: Option<Template>,
    name: Option<Template>,
    id: Option<Template>,
    occurred_at: Option<Template>,
    source: Option<Template>,
    fields: Vec<(FieldName, Template)>,
    attributes: Vec<(FieldName, Template)>,
    history_only: bool,
    /// Documents are events as the server takes them.
    whole: bool,
}

/// A text with columns in it.
#[derive(Debug)]
struct Template(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Cell(Column, Kind),
}

/// Which part of a record.
#[derive(Debug)]
enum Column {
    /// Counted from 0.
    Index(usize),
    /// Names from the outermost in.
    Path(Vec<String>),
}

/// How a cell is read.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// As it stands: a text, or what the JSON says.
    Plain,
    Text,
    Integer,
    Number,
    Boolean,
    UnixSeconds,
    UnixMilliseconds,
    Date(String),
}

/// How columns are named in a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Naming<'a> {
    Names(&'a [String]),
    Numbers,
    Paths,
}

impl Mapping {
    /// The mapping that the texts say, each `TARGET=TEXT`; without any the columns are named after the targets.
    pub(crate) fn parse(
        texts: &[String],
        naming: Naming<'_>,
        history_only: bool,
    ) -> Result<Self, String> {
        let mut mapping = Self {
            contact: None,
            name: None,
            id: None,
            occurred_at: None,
            source: None,
            fields: Vec::new(),
            attributes: Vec::new(),
            history_only,
            whole: false,
        };
        for text in texts {
            let (target, template) = text
                .split_once('=')
                .ok_or_else(|| format!("--map {text}: write TARGET=TEXT, such as contact={{1}}"))?;
            let put = Template::parse(template, naming)
                .and_then(|template| mapping.put(target.trim(), template));
            put.map_err(|reason| format!("--map {text}: {reason}"))?;
        }
        if texts.is_empty() {
            mapping.put_by_name(naming)?;
        }
        let missing = [
            ("contact", mapping.contact.is_none()),
            ("name", mapping.name.is_none()),
        ];
        match missing
            .iter()
            .find(|(_, is_missing)| *is_missing && !mapping.whole)
        {
            Some((target, _)) => Err(format!(
                "nothing says what an event's {target} is: add --map {target}=..."
            )),
            None => Ok(mapping),
        }
    }

    /// Whether every event gets an instant, as far as can be told before reading.
    pub(crate) fn dates(&self) -> bool {
        self.whole || self.occurred_at.is_some()
    }

    fn put_by_name(&mut self, naming: Naming<'_>) -> Result<(), String> {
        match naming {
            Naming::Paths => self.whole = true,
            Naming::Numbers => {
                return Err(
                    "the columns have no names: say with --map what an event is made of".to_owned(),
                );
            }
            Naming::Names(names) => {
                for (index, name) in names.iter().enumerate() {
                    let (target, kind) = name.split_once(':').unwrap_or((name, ""));
                    let part = Kind::parse(kind).map(|kind| Part::Cell(Column::Index(index), kind));
                    let put = part.and_then(|part| self.put(target.trim(), Template(vec![part])));
                    put.map_err(|reason| {
                        format!("column {name:?}: {reason}; or say with --map what is what")
                    })?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, target: &str, template: Template) -> Result<(), String> {
        let list = match target.split_once('.') {
            Some(("fields", name)) => Some((&mut self.fields, name)),
            Some(("attributes", name)) => Some((&mut self.attributes, name)),
            _ => None,
        };
        if let Some((list, name)) = list {
            let name = FieldName::parse(name).map_err(|error| error.to_string())?;
            if list.iter().any(|(known, _)| *known == name) {
                return Err(format!("{target} is given twice"));
            }
            list.push((name, template));
            return Ok(());
        }
        let slot = match target {
            "contact" => &mut self.contact,
            "name" => &mut self.name,
            "id" => &mut self.id,
            "occurred_at" => &mut self.occurred_at,
            "source" => &mut self.source,
            _ => {
                let known =
                    "contact, name, id, occurred_at, source, fields.NAME or attributes.NAME";
                return Err(format!("there is no target {target:?}, write {known}"));
            }
        };
        if slot.replace(template).is_some() {
            return Err(format!("{target} is given twice"));
        }
        Ok(())
    }

    /// The event of a record; `made_id` names it where the mapping gives no id.
    pub(crate) fn posting(
        &self,
        cells: &Cells,
        made_id: impl FnOnce() -> String,
    ) -> Result<Posting, String> {
        if let (true, Cells::Document(document)) = (self.whole, cells) {
            return self.whole_event(document, made_id);
        }
        let contact = required("contact", self.contact.as_ref(), cells)?;
        let name = required("name", self.name.as_ref(), cells)?;
        let id = match &self.id {
            Some(template) => required("id", Some(template), cells)?,
            None => made_id(),
        };
        let occurred_at = match &self.occurred_at {
            Some(template) => Some(instant(&required("occurred_at", Some(template), cells)?)?),
            None => None,
        };
        let source = match &self.source {
            Some(template) => Some(required("source", Some(template), cells)?),
            None => None,
        };
        let posting = Posting {
            contact: ContactId::parse(&contact).map_err(|error| error.to_string())?,
            name: EventName::parse(&name).map_err(|error| error.to_string())?,
            id: EventId::parse(&id).map_err(|error| error.to_string())?,
            occurred_at,
            fields: values(&self.fields, cells, "fields")?,
            attributes: values(&self.attributes, cells, "attributes")?,
            history_only: self.history_only,
            source: source.as_deref().map(named_source).transpose()?,
        };
        checked(posting)
    }

    fn whole_event(
        &self,
        document: &Json,
        made_id: impl FnOnce() -> String,
    ) -> Result<Posting, String> {
        let Json::Object(document) = document else {
            return Err("is no JSON object".to_owned());
        };
        let known = [
            "contact",
            "name",
            "id",
            "occurred_at",
            "fields",
            "attributes",
            "history_only",
            "source",
        ];
        if let Some(other) = document.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!(
                "an event has no {other:?}; or say with --map what is what"
            ));
        }
        let text = |key: &str| match document.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(format!("{key} is not a text")),
        };
        let needed = |key: &str| text(key)?.ok_or_else(|| format!("{key} is missing"));
        let named = |key: &str| match document.get(key) {
            None | Some(Json::Null) => Ok(Fields::new()),
            Some(found) => fields_of(found).map_err(|reason| format!("{key}: {reason}")),
        };
        let history_only = match document.get("history_only") {
            None => false,
            Some(Json::Bool(history_only)) => *history_only,
            Some(_) => return Err("history_only is neither true nor false".to_owned()),
        };
        let id = text("id")?.map_or_else(made_id, str::to_owned);
        checked(Posting {
            contact: ContactId::parse(needed("contact")?).map_err(|error| error.to_string())?,
            name: EventName::parse(needed("name")?).map_err(|error| error.to_string())?,
            id: EventId::parse(&id).map_err(|error| error.to_string())?,
            occurred_at: text("occurred_at")?.map(instant).transpose()?,
            fields: named("fields")?,
            attributes: named("attributes")?,
            history_only: history_only || self.history_only,
            source: text("source")?.map(named_source).transpose()?,
        })
    }
}

/// Refuses what the server would refuse.
fn checked(posting: Posting) -> Result<Posting, String> {
    for (what, named) in [
        ("fields", &posting.fields),
        ("attributes", &posting.attributes),
    ] {
        if named.len() > FIELDS_MAX {
            return Err(format!(
                "{} {what} are too many, at most {FIELDS_MAX} are allowed",
                named.len()
            ));
        }
        if let Some((name, _)) = named
            .iter()
            .find(|(_, value)| value.depth() > VALUE_DEPTH_MAX)
        {
            return Err(format!(
                "{what}.{name} is nested deeper than {VALUE_DEPTH_MAX}"
            ));
        }
    }
    let bytes = attributes_bytes(&posting.attributes);
    if bytes > NEW_ATTRIBUTES_BYTES_MAX {
        return Err(format!(
            "the attributes take {bytes} bytes, at most {NEW_ATTRIBUTES_BYTES_MAX} are allowed"
        ));
    }
    let event = Event {
        contact: posting.contact.clone(),
        name: posting.name.clone(),
        id: posting.id.clone(),
        occurred_at: posting.occurred_at.unwrap_or_default(),
        fields: posting.fields.clone(),
        attributes: posting.attributes.clone(),
        history_only: posting.history_only,
        source: posting.source.clone(),
    };
    match signalbox_model::codec::encode(&event) {
        Ok(bytes) if bytes.len() <= EVENT_BYTES_MAX => Ok(posting),
        Ok(bytes) => Err(format!(
            "the event takes {} bytes, at most {EVENT_BYTES_MAX} are allowed",
            bytes.len()
        )),
        Err(error) => Err(format!("the event cannot be written: {error}")),
    }
}

fn named_source(text: &str) -> Result<SourceName, String> {
    SourceName::parse(text).map_err(|error| error.to_string())
}

fn fields_of(found: &Json) -> Result<Fields, String> {
    let Json::Object(map) = found else {
        return Err("is no JSON object".to_owned());
    };
    map.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            Ok((
                FieldName::parse(name).map_err(|error| error.to_string())?,
                value_of(value)?,
            ))
        })
        .collect()
}

fn value_of(json: &Json) -> Result<Value, String> {
    serde_json::from_value(json.clone()).map_err(|error| error.to_string())
}

fn required(target: &str, template: Option<&Template>, cells: &Cells) -> Result<String, String> {
    let filled = template.map_or(Ok(None), |template| template.fill(cells));
    match filled.map_err(|reason| format!("{target}: {reason}"))? {
        Some(Json::String(text)) => Ok(text),
        Some(Json::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(format!("{target} is not a text")),
        None => Err(format!("{target} is missing")),
    }
}

fn values(
    templates: &[(FieldName, Template)],
    cells: &Cells,
    what: &str,
) -> Result<Fields, String> {
    let mut values = Fields::new();
    for (name, template) in templates {
        let place = |reason: String| format!("{what}.{name}: {reason}");
        if let Some(json) = template.fill(cells).map_err(place)? {
            values.insert(name.clone(), value_of(&json).map_err(place)?);
        }
    }
    Ok(values)
}

fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).map_err(|error| format!("occurred_at: {error}"))
}

impl Template {
    fn parse(text: &str, naming: Naming<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                parts.push(Part::Text(from[..1].to_owned()));
                rest = after;
                continue;
            }
            let inner = from
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'));
            let (cell, after) =
                inner.ok_or("a brace stands alone; write {{ or }} for a brace itself")?;
            let (column, kind) = cell.split_once(':').unwrap_or((cell, ""));
            parts.push(Part::Cell(
                Column::parse(column.trim(), naming)?,
                Kind::parse(kind.trim())?,
            ));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The value, or `None` where a column of it is missing.
    fn fill(&self, cells: &Cells) -> Result<Option<Json>, String> {
        if let [Part::Cell(column, kind)] = self.0.as_slice() {
            return column
                .value(cells)
                .map(|found| kind.read(found))
                .transpose();
        }
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Cell(column, kind) => match column
                    .value(cells)
                    .map(|found| kind.read(found))
                    .transpose()?
                {
                    None => return Ok(None),
                    Some(Json::String(part)) => text.push_str(&part),
                    Some(other) => text.push_str(&other.to_string()),
                },
            }
        }
        Ok(Some(Json::String(text)))
    }
}

impl Column {
    fn parse(text: &str, naming: Naming<'_>) -> Result<Self, String> {
        match naming {
            Naming::Paths => Ok(Self::Path(text.split('.').map(str::to_owned).collect())),
            Naming::Numbers => match text.parse::<usize>() {
                Ok(number @ 1..) => Ok(Self::Index(number - 1)),
                _ => Err(format!(
                    "{{{text}}} is no number of a column; they count from 1"
                )),
            },
            Naming::Names(names) => match names.iter().position(|name| name == text) {
                Some(index) => Ok(Self::Index(index)),
                None => Err(format!(
                    "there is no column {text:?}, there are {}",
                    names.join(", ")
                )),
            },
        }
    }

    /// The cell, if it is there and not empty.
    fn value(&self, cells: &Cells) -> Option<Json> {
        match (self, cells) {
            (Self::Index(index), Cells::Columns(cells)) => cells
                .get(*index)
                .filter(|cell| !cell.is_empty())
                .map(|cell| Json::String(cell.clone())),
            (Self::Path(names), Cells::Document(document)) => names
                .iter()
                .try_fold(document, |json, name| json.get(name))
                .filter(|json| !json.is_null())
                .cloned(),
            _ => None,
        }
    }
}

impl Kind {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Self::Plain),
            "text" => Ok(Self::Text),
            "integer" => Ok(Self::Integer),
            "number" => Ok(Self::Number),
            "boolean" => Ok(Self::Boolean),
            "unix_s" => Ok(Self::UnixSeconds),
            "unix_ms" => Ok(Self::UnixMilliseconds),
            format if format.contains('%') => Ok(Self::Date(format.to_owned())),
            _ => Err(format!(
                "{text:?} is neither text, integer, number, boolean, unix_s, unix_ms nor a date format such as %Y%m%d"
            )),
        }
    }

    fn read(&self, found: Json) -> Result<Json, String> {
        if *self == Self::Plain {
            return Ok(found);
        }
        let text = match found {
            Json::String(text) => text,
            other => other.to_string(),
        };
        let wrong = |what: &str| {
            format!(
                "{:?} is not {what}",
                text.chars().take(64).collect::<String>()
            )
        };
        match self {
            Self::Plain | Self::Text => Ok(Json::String(text)),
            Self::Integer => Ok(Json::from(
                text.parse::<i64>().map_err(|_| wrong("a whole number"))?,
            )),
            Self::Number => {
                let number: f64 = text.parse().map_err(|_| wrong("a number"))?;
                Ok(Json::Number(
                    serde_json::Number::from_f64(number).ok_or_else(|| wrong("a finite number"))?,
                ))
            }
            Self::Boolean => Ok(Json::Bool(
                text.parse().map_err(|_| wrong("true or false"))?,
            )),
            Self::UnixSeconds => {
                let seconds: f64 = text.parse().map_err(|_| wrong("a count of seconds"))?;
                instant_of_ms(seconds * 1_000.0)
                    .ok_or_else(|| wrong("an instant of the years 1900 to 2199"))
            }
            Self::UnixMilliseconds => {
                let ms: f64 = text.parse().map_err(|_| wrong("a count of milliseconds"))?;
                instant_of_ms(ms).ok_or_else(|| wrong("an instant of the years 1900 to 2199"))
            }
            Self::Date(format) => {
                let instant =
                    Instant::parse_as(&text, format).map_err(|error| error.to_string())?;
                Ok(Json::String(instant.to_string()))
            }
        }
    }
}

fn instant_of_ms(ms: f64) -> Option<Json> {
    let instant = Instant::from_ms(ms as i64);
    ((instant.as_ms() as f64 - ms.trunc()).abs() < 1.0).then(|| Json::String(instant.to_string()))
}

#[cfg(test)]
mod tests;
