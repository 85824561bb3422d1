//! Time zones for rules: a table small enough to be part of a component.
//!
//! Called by plugins that speak of days and hours in a contact's own zone. A whole time zone database has hundreds of
//! kilobytes, most of it history. This has for each IANA name the rule that is in force last: its offset, and where
//! there is daylight saving time, when it begins and ends. It is right as long as the laws stay. Of the past it may
//! be off by an hour where the law was another (for Cuba until March 2027), and in Palestine, where clocks follow the
//! moon, for some weeks of the years from 2036 on. A test holds every zone against the host's data; another makes the
//! table anew.
//!
//! Days are of the Gregorian calendar. A local time that a change of clocks skips means the first instant after it; one
//! that comes twice means the first of the two.
#![deny(missing_docs)]

mod calendar;
mod rule;
mod table;

pub use calendar::Date;
pub use rule::{Local, Zone};
