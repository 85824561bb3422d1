//! Settings of the whole server that decide with every workflow: its zone, quiet hours, frequency caps and holdout.
//!
//! Part of the definitions, so that every partition changes to them at one record of its log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    address,
    calendar::{Window, Zone},
    id::{EventName, FieldName, Tag},
    problem::Problem,
    state::TOUCHES_MAX,
    time::Span,
    value::Fields,
    workflow::{goal::GOAL_WITHIN_MAX, step::WEIGHTS},
};

/// Most frequency caps.
pub const CAPS_MAX: usize = 20;
/// Most names of events that something is said of.
pub const DECLARED_EVENTS_MAX: usize = 200;
/// Most fields that events of a name must have.
pub const REQUIRED_FIELDS_MAX: usize = 32;
/// Most domains whose addresses are kept out.
pub const BLOCKED_DOMAINS_MAX: usize = 1_000;
/// Longest that releases after quiet hours are spread over.
pub const SPREAD_MAX: Span = Span::from_ms(6 * 3_600_000);

/// Settings of the whole server. None but `events` and `zone` concerns transactional
/// messages.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The zone of contacts that have none, in workflows that have none. Default: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// When no marketing message goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// How many marketing messages a contact may get; the strictest wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// Fields that events of a name must have: one without is refused where it comes in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<EventName, DeclaredEvent>,
    /// Domains, in lower case, whose addresses and those below them enter no workflow that sends mail: `domain_blocked`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_domains: Vec<String>,
    /// Share of all contacts, in basis points, that get no marketing message at all, to compare the others with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub holdout: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(share: &u32) -> bool {
    *share == 0
}

/// What is said of the events of one name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredEvent {
    /// Fields that it must have, at most [`REQUIRED_FIELDS_MAX`].
    pub required: Vec<FieldName>,
}

/// Hours in which nothing goes out that can wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The hours, in the contact's zone.
    pub window: Window,
    /// What was held goes out spread over this long after their end. Default: 10 minutes, at most [`SPREAD_MAX`].
    #[serde(default = "spread_default")]
    pub spread: Span,
}

fn spread_default() -> Span {
    Span::from_ms(10 * 60_000)
}

/// So many marketing messages at most, per contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Only messages with this tag count, and are held back. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// How many, 1 to [`TOUCHES_MAX`].
    pub count: u32,
    /// In what time: the calendar day of the contact's zone, or a rolling period.
    pub per: Period,
    /// What happens to a message too many. Default: it is skipped.
    #[serde(default)]
    pub at_cap: AtCap,
}

/// The time in which messages are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The calendar day in the contact's zone.
    Day,
    /// So long back from now, up to 90 days.
    Last(Span),
}

/// What happens to a message over a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtCap {
    /// It is skipped, `frequency_cap`, and the journey goes on.
    #[default]
    Skip,
    /// It waits until there is room for it.
    Defer,
}

impl Settings {
    /// The first field that the event must have and has not.
    pub fn missing_field(&self, name: &EventName, fields: &Fields) -> Option<&FieldName> {
        let mut required = self.events.get(name)?.required.iter();
        required.find(|field| !fields.contains_key(*field))
    }

    /// What is wrong with them, all at once.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(quiet) = &self.quiet_hours {
            problems.extend(quiet.window.problems("/quiet_hours/window"));
            if quiet.spread > SPREAD_MAX {
                let reason = format!("{} is longer than {SPREAD_MAX}", quiet.spread);
                problems.push(Problem::new(
                    "/quiet_hours/spread",
                    "spread_too_long",
                    reason,
                ));
            }
        }
        if self.caps.len() > CAPS_MAX {
            let count = self.caps.len();
            let reason = format!("there are {count} caps, at most {CAPS_MAX} are allowed");
            problems.push(Problem::new("/caps", "too_many", reason));
        }
        let count = self.events.len();
        if count > DECLARED_EVENTS_MAX {
            let reason =
                format!("there are {count} events, at most {DECLARED_EVENTS_MAX} are allowed");
            problems.push(Problem::new("/events", "too_many", reason));
        }
        for (name, event) in &self.events {
            let count = event.required.len();
            if count > REQUIRED_FIELDS_MAX {
                let reason =
                    format!("there are {count} fields, at most {REQUIRED_FIELDS_MAX} are allowed");
                let pointer = format!("/events/{name}/required");
                problems.push(Problem::new(pointer, "too_many", reason));
            }
        }
        for (index, cap) in self.caps.iter().enumerate() {
            cap.check(&format!("/caps/{index}"), &mut problems);
        }
        self.check_domains(&mut problems);
        if self.holdout > WEIGHTS {
            let reason = format!("{} is more than {WEIGHTS} basis points", self.holdout);
            problems.push(Problem::new("/holdout", "holdout_too_large", reason));
        }
        problems
    }

    fn check_domains(&self, problems: &mut Vec<Problem>) {
        let count = self.blocked_domains.len();
        if count > BLOCKED_DOMAINS_MAX {
            let reason =
                format!("there are {count} domains, at most {BLOCKED_DOMAINS_MAX} are allowed");
            problems.push(Problem::new("/blocked_domains", "too_many", reason));
            return;
        }
        for (index, domain) in self.blocked_domains.iter().enumerate() {
            let is_domain = address::domain(&format!("x@{domain}")).is_some();
            if !is_domain || domain.chars().any(char::is_uppercase) {
                let reason =
                    format!("{domain:?} is no domain in lower case, such as mailbox.example");
                let pointer = format!("/blocked_domains/{index}");
                problems.push(Problem::new(pointer, "domain", reason));
            }
        }
    }
}

impl Cap {
    fn check(&self, pointer: &str, problems: &mut Vec<Problem>) {
        if self.count == 0 || self.count as usize > TOUCHES_MAX {
            let reason = format!(
                "a cap counts 1 to {TOUCHES_MAX} messages, not {}",
                self.count
            );
            problems.push(Problem::new(
                format!("{pointer}/count"),
                "cap_count",
                reason,
            ));
        }
        if let Period::Last(period) = self.per
            && (period == Span::ZERO || period > GOAL_WITHIN_MAX)
        {
            let reason = format!("a period is longer than nothing and at most {GOAL_WITHIN_MAX}");
            problems.push(Problem::new(
                format!("{pointer}/per/last"),
                "cap_period",
                reason,
            ));
        }
    }
}
