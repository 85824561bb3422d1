//! Trigger `anniversary`: a contact enters once a year on their day, in their own time zone.
//!
//! The day is a date attribute (a birthday) or the first event of a kind (a signup). The rule arms itself for the next
//! time; when the arm fires on the day, the contact enters under the year, so never twice in one, and the arm for the
//! next year is set. It is asked when the workflow starts, when the date or the zone changes and on events that may be
//! named; each sets the one arm anew. An arm that fires more than a day late, after a long standstill, enters nobody.
//!
//! Who was born on 29 February has their day on 28 February of other years, or on 1 March where the config says so. A
//! date is `YYYY-MM-DD`, an RFC 3339 instant (its day in the contact's zone), or `--MM-DD` where the year is not known.
#![deny(missing_docs)]

mod day;

use signalbox_sdk::prelude::*;
use signalbox_zones::{Local, Zone};

use day::{DayOfYear, Occurrence};

/// The name of a contact's only arm.
const ARM_KEY: &str = "anniversary";
/// The attribute that holds the name of a contact's zone.
const ZONE_ATTRIBUTE: &str = "time_zone";
/// How late an arm may fire and still enter.
const LATE_MAX: Span = Span::days(1);
/// Most events that set the arm.
const ARMED_BY_MAX: usize = 8;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "On an anniversary")]
pub struct Config {
    /// Which day it is.
    #[schemars(title = "Day")]
    pub day: DayOf,

    /// At what time of the day, in the contact's zone, as hours and minutes.
    #[serde(default = "default_at")]
    #[schemars(title = "At", regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub at: String,

    /// How many days before the day; 0 is the day itself.
    #[serde(default)]
    #[schemars(title = "Days before", range(min = 0, max = 60))]
    pub days_before: u8,

    /// On which day of other years a 29 February falls.
    #[serde(default)]
    #[schemars(title = "29 February")]
    pub leap_day: LeapDay,

    /// Only these anniversaries: 1, 5 and 10, or 18. Empty: each one.
    #[serde(default)]
    #[schemars(title = "Only the", length(max = 50), inner(range(min = 1, max = 150)))]
    pub years: Vec<u8>,

    /// The zone of contacts who have none that is known.
    #[serde(default = "default_zone")]
    #[schemars(title = "Zone of others")]
    pub zone: String,

    /// Whether contacts count who were there before the workflow started.
    #[serde(default = "default_true")]
    #[schemars(title = "Those already there")]
    pub existing: bool,

    /// Whether a change of the date or of the zone moves the day.
    #[serde(default = "default_true")]
    #[schemars(title = "Follow changes")]
    pub follow_changes: bool,

    /// Events on which the day is looked at too, such as a signup.
    #[serde(default)]
    #[schemars(title = "Looked at on", length(max = 8), example = vec!["signed_up"])]
    pub armed_by: Vec<String>,
}

/// Where the day comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayOf {
    /// The attribute that holds a date, such as `birthday`.
    #[schemars(title = "Attribute")]
    Attribute(
        #[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"), example = &"birthday")]
        String,
    ),
    /// The event whose first time it was, such as `signed_up`.
    #[schemars(title = "First event")]
    First(#[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"), example = &"signed_up")] String),
}

/// On which day of other years a 29 February falls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
pub enum LeapDay {
    /// On 28 February.
    #[default]
    #[serde(rename = "28 February")]
    Before,
    /// On 1 March.
    #[serde(rename = "1 March")]
    After,
}

reasons! {
    /// Why a contact enters, waits or does neither.
    pub enum Why {
        Today = "today": "It is the day",
        Armed = "armed": "The next time is known and waited for",
        Missed = "missed": "The day has changed, or was over by more than a day",
        Over = "over": "All chosen anniversaries have passed",
        DayMissing = "day_missing": "The day is not known",
        DayUnreadable = "day_unreadable": "The attribute holds no date",
        YearMissing = "year_missing": "The date has no year to count from",
    }
}

/// The rule.
pub struct Anniversary;

impl Config {
    fn minute(&self) -> Option<u16> {
        let (hours, minutes) = self.at.split_once(':')?;
        let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    }

    fn zone_of(&self, contact: &Contact<'_>) -> Zone {
        let own = contact.text("zone").and_then(Zone::named);
        own.or_else(|| Zone::named(&self.zone)).unwrap_or(Zone::UTC)
    }

    /// The contact's day, or why there is none.
    fn day_of(&self, contact: &Contact<'_>, zone: Zone) -> Result<DayOfYear, Why> {
        let day = match &self.day {
            DayOf::First(_) => DayOfYear::of(
                zone.local(contact.instant("day").ok_or(Why::DayMissing)?)
                    .date,
            ),
            DayOf::Attribute(_) => {
                let text = contact.text("day").ok_or(Why::DayMissing)?;
                DayOfYear::parse(text, zone).ok_or(Why::DayUnreadable)?
            }
        };
        if day.year.is_none() && !self.years.is_empty() {
            return Err(Why::YearMissing);
        }
        Ok(day)
    }

    /// When the day comes round in a year; `None` in years that are not chosen.
    fn occurrence(&self, day: DayOfYear, year: i32, zone: Zone) -> Option<Occurrence> {
        if let Some(first) = day.year {
            let count = year - first;
            let chosen = |years: &u8| i32::from(*years) == count;
            if count < 1 || !(self.years.is_empty() || self.years.iter().any(chosen)) {
                return None;
            }
        }
        let date = day.in_year(year, self.leap_day)?;
        let local = Local {
            date: date.days_earlier(self.days_before),
            minute: self.minute()?,
        };
        Some(Occurrence {
            year,
            at: zone.instant(local),
        })
    }

    /// The occurrences around an instant and all later ones that may be the next, in order.
    fn occurrences(
        &self,
        day: DayOfYear,
        now: Instant,
        zone: Zone,
    ) -> impl Iterator<Item = Occurrence> {
        let this_year = zone.local(now).date.year;
        let last_year = match (day.year, self.years.iter().max()) {
            (Some(first), Some(years)) => first + i32::from(*years),
            // Each year has one, but those before the first: two years on there is one in any case.
            (Some(first), None) => first.max(this_year) + 2,
            (None, _) => this_year + 2,
        };
        let first_year = day
            .year
            .map_or(this_year - 1, |first| first.max(this_year - 1));
        (first_year..=last_year).filter_map(move |year| self.occurrence(day, year, zone))
    }
}

impl Rule for Anniversary {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let mut plan = Plan::new().on_due();
        if config.existing {
            plan = plan.on(Occasion::Start);
        }
        plan = match &config.day {
            DayOf::Attribute(name) => {
                if config.follow_changes {
                    plan = plan.on(Occasion::AttributeChanged(name.clone()));
                }
                plan.input("day", Source::Attribute(name.clone()), Type::Text)
            }
            DayOf::First(event) => plan.on_event(event.as_str()).first("day", event.as_str()),
        };
        if config.follow_changes {
            plan = plan.on(Occasion::AttributeChanged(ZONE_ATTRIBUTE.to_owned()));
        }
        for event in &config.armed_by {
            plan = plan.on_event(event.as_str());
        }
        if plan.occasions().len() == 1 {
            return Err("nothing is named on which the day would be looked at".to_owned());
        }
        let zone = Source::Attribute(ZONE_ATTRIBUTE.to_owned());
        Ok(plan.input("zone", zone, Type::Text).clock().occasion())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let Some(now) = contact.clock() else {
            return Err("the time is not known".to_owned());
        };
        let zone = config.zone_of(contact);
        let day = match config.day_of(contact, zone) {
            Ok(day) => day,
            Err(why) => return Ok(TriggerVerdict::nothing(why)),
        };
        let (mut today, mut next) = (None, None);
        for occurrence in config.occurrences(day, now, zone) {
            if occurrence.at > now {
                next = Some(occurrence);
                break;
            }
            if occurrence.at.plus(LATE_MAX) > now {
                today = Some(occurrence);
            }
        }
        let today = today.filter(|_| contact.is_due());
        let reason = match (&today, &next) {
            (Some(_), _) => Why::Today,
            (None, _) if contact.is_due() => Why::Missed,
            (None, Some(_)) => Why::Armed,
            (None, None) => Why::Over,
        };
        Ok(TriggerVerdict {
            enter: today.map(|occurrence| Enter {
                key: Some(occurrence.year.to_string()),
            }),
            arm: next.map(|occurrence| Arm::new(occurrence.at, ARM_KEY)),
            reason,
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn check(config: &Config) -> Result<(), String> {
    if config.minute().is_none() {
        return Err(format!("{:?} is no time of day such as 09:00", config.at));
    }
    if Zone::named(&config.zone).is_none() {
        return Err(format!("there is no time zone {:?}", config.zone));
    }
    if config.days_before > 60 {
        return Err("at most 60 days before the day are possible".to_owned());
    }
    if config.armed_by.len() > ARMED_BY_MAX {
        return Err(format!("at most {ARMED_BY_MAX} events can be named"));
    }
    Ok(())
}

fn default_at() -> String {
    "09:00".to_owned()
}

fn default_zone() -> String {
    "UTC".to_owned()
}

fn default_true() -> bool {
    true
}

mod cases;

plugin! {
    name: "anniversary",
    version: env!("CARGO_PKG_VERSION"),
    title: "On an anniversary",
    summary: "Enters a contact once a year on a day of their own, such as a birthday or the day of their signup, in their own time zone.",
    trigger: Anniversary,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests;
