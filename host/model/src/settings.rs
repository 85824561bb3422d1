//! Settings of the whole server that decide with every workflow: its zone, quiet hours, frequency caps, holdout, and which
//! source of attributes is believed before which.
//!
//! Part of the definitions, so that every partition changes to them at one record of its log.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    address,
    calendar::{Window, Zone},
    id::{EventName, FieldName, SourceName, Tag},
    problem::Problem,
    sources::SOURCES_MAX,
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
/// Most attributes that sources stand in an order of their own for.
pub const PRECEDENCES_MAX: usize = 64;
/// Longest that releases after quiet hours are spread over.
pub const SPREAD_MAX: Span = Span::from_ms(6 * 3_600_000);

/// Settings of the whole server. None but `events`, `zone`, `sources` and `precedence` concerns transactional messages.
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
    /// Who may say that they say something of a contact, the one that is believed before all others first, at most
    /// [`SOURCES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceName>,
    /// The order of sources for one attribute, where it is another; those not named follow in the order of `sources`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub precedence: BTreeMap<FieldName, Vec<SourceName>>,
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

    /// What is wrong with an input at that place that comes from the source.
    pub fn unknown_source(&self, source: &SourceName, pointer: &str) -> Option<Problem> {
        if self.sources.contains(source) {
            return None;
        }
        let known: Vec<&str> = self.sources.iter().map(SourceName::as_str).collect();
        let known = match known.as_slice() {
            [] => "none is declared".to_owned(),
            known => format!("there are {}", known.join(", ")),
        };
        let reason = format!("there is no source {source}; {known}");
        let problem = Problem::new(pointer, "source_unknown", reason);
        Some(problem.with_help("declare it in `sources` of `/v1/settings`, or leave it out"))
    }

    /// How many sources are believed before that one as to the attribute. What no source has said, or one that is not
    /// declared, stands behind all.
    pub fn sources_before(&self, attribute: &FieldName, source: Option<&SourceName>) -> usize {
        let own = self
            .precedence
            .get(attribute)
            .map_or(&[][..], Vec::as_slice);
        let others = self.sources.iter().filter(|other| !own.contains(other));
        let mut all = own.iter().chain(others);
        all.position(|one| Some(one) == source)
            .unwrap_or(self.sources.len())
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
        self.check_sources(&mut problems);
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

impl Settings {
    fn check_sources(&self, problems: &mut Vec<Problem>) {
        let count = self.sources.len();
        if count > SOURCES_MAX {
            let reason = format!("there are {count} sources, at most {SOURCES_MAX} are allowed");
            problems.push(Problem::new("/sources", "too_many", reason));
        }
        check_named_once(&self.sources, "/sources", problems);
        let count = self.precedence.len();
        if count > PRECEDENCES_MAX {
            let reason = format!(
                "there are {count} attributes with an order of their own, at most {PRECEDENCES_MAX} are allowed"
            );
            problems.push(Problem::new("/precedence", "too_many", reason));
        }
        for (attribute, order) in &self.precedence {
            let pointer = format!("/precedence/{attribute}");
            check_named_once(order, &pointer, problems);
            for (index, source) in order.iter().enumerate() {
                if self.sources.contains(source) {
                    continue;
                }
                let reason = format!("{source} is not among the sources");
                let problem = Problem::new(format!("{pointer}/{index}"), "source_unknown", reason);
                problems.push(problem.with_help("declare it in `sources`, or leave it out here"));
            }
        }
    }
}

/// A source that stands twice in an order has no place in it.
fn check_named_once(order: &[SourceName], pointer: &str, problems: &mut Vec<Problem>) {
    let mut known = BTreeSet::new();
    for (index, source) in order.iter().enumerate() {
        if !known.insert(source) {
            let reason = format!("{source} is named before");
            let pointer = format!("{pointer}/{index}");
            problems.push(Problem::new(pointer, "named_twice", reason));
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
