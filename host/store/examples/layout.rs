//! Measures two layouts of contacts and journeys in sled; the choice is written down in `host/docs/adr/0004-store-layout.md`.
//!
//! `cargo run --release -p signalbox-store --example layout -- joined|split [CONTACTS] [BATCHES]`
//!
//! `joined`: one row a contact, its journeys within. `split`: a row for the contact and one for each journey. Both
//! keep the same contacts and do the same work: batches of 256 contacts drawn evenly; each contact is read whole, one
//! event is added to it, and for one in three a journey moves on. One process measures one layout, so that its memory
//! is its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{self, Write as _},
    path::Path,
    time::{Duration, Instant as Moment},
};

use signalbox_model::{
    codec,
    contact::Contact,
    id::{ContactId, EntryKey, EventId, EventName, FieldName, JourneyId, StepId, WorkflowId},
    state::{Cause, ContactState, Journey, PastEvent, Place, Presence, SeenEvent},
    time::{Instant, Span},
    value::Value,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const BATCH_CONTACTS: usize = 256;
const CACHE_BYTES: u64 = 1 << 30;
/// Events of a contact that are kept in its row; one more drops the oldest, so that sizes stay as they are.
const EVENTS: std::ops::Range<u64> = 4..16;
const JOURNEYS_MAX: u64 = 3;

#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Joined,
    Split,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let layout = match arguments.first().map(String::as_str) {
        Some("joined") => Layout::Joined,
        Some("split") => Layout::Split,
        _ => return Err("say joined or split".into()),
    };
    let number = |index: usize, default: u64| {
        arguments
            .get(index)
            .map_or(Ok(default), |text| text.parse::<u64>())
    };
    let (contacts, batches) = (number(1, 200_000)?, number(2, 2_000)?);
    let folder = tempfile::tempdir()?;
    let db = open(folder.path())?;
    let mut out = io::stdout().lock();

    let mut random = Random(1);
    let mut bytes = 0;
    let (loaded, ()) = timed(|| {
        for first in (0..contacts).step_by(BATCH_CONTACTS) {
            let mut batch = sled::Batch::default();
            for number in first..(first + BATCH_CONTACTS as u64).min(contacts) {
                bytes += put(
                    layout,
                    &mut batch,
                    number,
                    &contact(number, &mut random)?,
                    None,
                )?;
            }
            db.apply_batch(batch)?;
        }
        db.flush()?;
        Ok(())
    })?;
    writeln!(
        out,
        "load: {contacts} contacts, {} B a contact, {:.0} contacts/s, {}",
        bytes / contacts,
        contacts as f64 / loaded.as_secs_f64(),
        footprint(&db)?
    )?;

    let (worked, rows) = timed(|| work(layout, &db, contacts, batches, &mut random))?;
    let events = batches * BATCH_CONTACTS as u64;
    writeln!(
        out,
        "work: {events} events, {:.0} events/s, {:.0} rows written/s, {}",
        events as f64 / worked.as_secs_f64(),
        rows as f64 / worked.as_secs_f64(),
        footprint(&db)?
    )?;
    drop(db);

    let (opened, db) = timed(|| open(folder.path()))?;
    let (scanned, rows) = timed(|| {
        let mut rows = 0_u64;
        for row in db.iter() {
            row?;
            rows += 1;
        }
        Ok(rows)
    })?;
    writeln!(
        out,
        "open again: {opened:.1?}; full scan of {rows} rows: {scanned:.1?}"
    )?;
    Ok(())
}

fn open(folder: &Path) -> Outcome<sled::Db> {
    Ok(sled::Config::new()
        .path(folder)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(500))
        .mode(sled::Mode::HighThroughput)
        .open()?)
}

/// One event each for contacts drawn evenly; answers with the rows written.
fn work(
    layout: Layout,
    db: &sled::Db,
    contacts: u64,
    batches: u64,
    random: &mut Random,
) -> Outcome<u64> {
    let mut rows = 0;
    for _ in 0..batches {
        let mut batch = sled::Batch::default();
        let mut drawn = BTreeSet::new();
        while drawn.len() < BATCH_CONTACTS {
            drawn.insert(random.below(contacts));
        }
        for number in drawn {
            let mut state = get(layout, db, number)?;
            state.history.open.rotate_left(1);
            let moved = if random.below(3) == 0 {
                move_on(&mut state)
            } else {
                None
            };
            put(layout, &mut batch, number, &state, Some(moved))?;
            rows += 1 + u64::from(layout == Layout::Split && moved.is_some());
        }
        db.apply_batch(batch)?;
    }
    db.flush()?;
    Ok(rows)
}

fn move_on(state: &mut ContactState) -> Option<JourneyId> {
    let journeys = state
        .presences
        .values_mut()
        .flat_map(|presence| &mut presence.journeys);
    let (id, journey) = journeys.into_iter().next()?;
    journey.steps_taken += 1;
    Some(*id)
}

fn contact_key(number: u64) -> Vec<u8> {
    format!("\u{10}contact-{number:09}").into_bytes()
}

fn journey_prefix(number: u64) -> Vec<u8> {
    format!("\u{11}contact-{number:09}\0").into_bytes()
}

fn get(layout: Layout, db: &sled::Db, number: u64) -> Outcome<ContactState> {
    let row = db.get(contact_key(number))?.ok_or("no contact")?;
    let mut state: ContactState = codec::decode(&row)?;
    if layout == Layout::Split {
        for row in db.scan_prefix(journey_prefix(number)) {
            let (key, value) = row?;
            let id: [u8; 16] = key[key.len() - 16..].try_into()?;
            let (workflow, journey): (WorkflowId, Journey) = codec::decode(&value)?;
            let presence = state.presences.entry(workflow).or_default();
            presence.journeys.insert(JourneyId(id), journey);
        }
    }
    Ok(state)
}

/// Puts the contact's rows and says how many bytes they have. `changed` limits a split contact's journeys to that one.
#[expect(clippy::option_option, reason = "all journeys, one, or none")]
fn put(
    layout: Layout,
    batch: &mut sled::Batch,
    number: u64,
    state: &ContactState,
    changed: Option<Option<JourneyId>>,
) -> Outcome<u64> {
    if layout == Layout::Joined {
        let value = codec::encode(state)?;
        let bytes = value.len();
        batch.insert(contact_key(number), value);
        return Ok(bytes as u64);
    }
    let mut bytes = 0;
    let mut alone = state.clone();
    for (workflow, presence) in &mut alone.presences {
        for (id, journey) in std::mem::take(&mut presence.journeys) {
            if changed.is_some_and(|changed| changed != Some(id)) {
                continue;
            }
            let value = codec::encode(&(workflow, journey))?;
            bytes += value.len();
            batch.insert([&*journey_prefix(number), &id.0].concat(), value);
        }
    }
    let value = codec::encode(&alone)?;
    bytes += value.len();
    batch.insert(contact_key(number), value);
    Ok(bytes as u64)
}

/// A contact as a shop has them: 6 attributes, 4 to 15 events of 3 fields, up to 3 journeys.
fn contact(number: u64, random: &mut Random) -> Outcome<ContactState> {
    let now = Instant::from_ms(1_700_000_000_000);
    let id = ContactId::parse(&format!("contact-{number:09}"))?;
    let mut state = ContactState::new(Contact::new(id.clone(), now));
    for (name, value) in [
        (
            "email",
            Value::text(format!("someone.{number}@example.com")),
        ),
        ("first_name", Value::text("Margarethe")),
        ("country", Value::text("DE")),
        ("plan", Value::text("premium")),
        ("points", Value::Integer(random.below(10_000) as i64)),
        ("newsletter", Value::Boolean(true)),
    ] {
        state
            .contact
            .attributes
            .insert(FieldName::parse(name)?, value);
    }
    let events = EVENTS.start + random.below(EVENTS.end - EVENTS.start);
    for event in 0..events {
        state.history.open.push(PastEvent {
            name: EventName::parse("order_completed")?,
            occurred_at: now.plus(Span::from_ms(event * 1_000)),
            fields: fields(random)?,
        });
        state.seen.push(SeenEvent {
            id_hash: random.next(),
            content_hash: random.next() as u32,
            day: now.utc_day(),
        });
    }
    for journey in 0..random.below(JOURNEYS_MAX + 1) {
        let workflow = WorkflowId::parse(&format!("workflow-{journey}"))?;
        let key = EntryKey::parse(&format!("order-{:012}", random.below(1 << 39)))?;
        let step = StepId::parse("wait-three-days")?;
        let inside = Journey {
            version: 1,
            key: key.clone(),
            entered_at: now,
            event: Cause {
                id: EventId::parse(key.as_str())?,
                name: EventName::parse("order_completed")?,
                occurred_at: now,
                fields: fields(random)?,
            },
            place: Place::Waiting {
                step,
                since: now,
                due: now.plus(Span::from_days(3)),
            },
            steps_taken: 1,
            visits: BTreeMap::new(),
            arms: std::collections::BTreeMap::new(),
            kept: signalbox_model::value::Fields::new(),
            holdout: false,
        };
        let journey_id = JourneyId::of_parts(&[id.as_str().as_bytes(), key.as_str().as_bytes()]);
        let presence: &mut Presence = state.presences.entry(workflow.clone()).or_default();
        presence.entered = 1;
        presence.keys.push((random.next(), now.utc_day()));
        presence.journeys.insert(journey_id, inside);
    }
    Ok(state)
}

fn fields(random: &mut Random) -> Outcome<BTreeMap<FieldName, Value>> {
    Ok(BTreeMap::from([
        (
            FieldName::parse("value")?,
            Value::Number(random.below(10_000) as f64 / 100.0),
        ),
        (
            FieldName::parse("items")?,
            Value::Integer(random.below(9) as i64),
        ),
        (
            FieldName::parse("sku")?,
            Value::text(format!("vinyl-{:06}", random.below(1_000_000))),
        ),
    ]))
}

fn footprint(db: &sled::Db) -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Ok(format!(
        "{} MB on disk, {} MB resident (peak {})",
        db.size_on_disk()? / 1_000_000,
        kilobytes("VmRSS:") / 1_000,
        kilobytes("VmHWM:") / 1_000
    ))
}

#[expect(clippy::disallowed_methods, reason = "a measurement owns a clock")]
fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(Duration, T)> {
    let begin = Moment::now();
    let value = work()?;
    Ok((begin.elapsed(), value))
}

/// `splitmix64`: the same contacts in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
