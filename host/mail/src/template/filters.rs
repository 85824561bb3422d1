//! The filters of the template language, each under the meter.
//!
//! Registered by [`super::language`]. Most are Liquid's own, wrapped so that what goes in and what comes out
//! is charged and bounded; `default`, `date`, `replace`, `join` and `raw` are ours: Liquid's know the system
//! clock, grow without a bound, or do not tell a default from a hole.

use std::fmt;

use liquid_core::model::{DateTime, State, Value, ValueView};
use liquid_core::parser::{
    Filter, FilterArguments, FilterReflection, ParameterReflection, ParseFilter, PluginRegistry,
};
use liquid_core::{Error, Expression, Result, Runtime};
use liquid_lib::stdlib;

use super::limits::{self, Bound, Meter, Stop};

/// Longest format given to `date`, in bytes.
const DATE_FORMAT_BYTES_MAX: usize = 100;

const OWN: [Own; 5] = [
    Own {
        name: "default",
        arguments: 1,
        run: default,
    },
    Own {
        name: "date",
        arguments: 1,
        run: date,
    },
    Own {
        name: "replace",
        arguments: 2,
        run: replace,
    },
    Own {
        name: "join",
        arguments: 1,
        run: join,
    },
    Own {
        name: "raw",
        arguments: 0,
        run: raw,
    },
];

/// The standard filters that are offered, as they come.
fn standard() -> Vec<(&'static str, Box<dyn ParseFilter>)> {
    vec![
        ("abs", stdlib::Abs.into()),
        ("append", stdlib::Append.into()),
        ("at_least", stdlib::AtLeast.into()),
        ("at_most", stdlib::AtMost.into()),
        ("capitalize", stdlib::Capitalize.into()),
        ("ceil", stdlib::Ceil.into()),
        ("compact", stdlib::Compact.into()),
        ("concat", stdlib::Concat.into()),
        ("divided_by", stdlib::DividedBy.into()),
        ("downcase", stdlib::Downcase.into()),
        ("escape", stdlib::Escape.into()),
        ("escape_once", stdlib::EscapeOnce.into()),
        ("first", stdlib::First.into()),
        ("floor", stdlib::Floor.into()),
        ("last", stdlib::Last.into()),
        ("lstrip", stdlib::Lstrip.into()),
        ("map", stdlib::Map.into()),
        ("minus", stdlib::Minus.into()),
        ("modulo", stdlib::Modulo.into()),
        ("newline_to_br", stdlib::NewlineToBr.into()),
        ("plus", stdlib::Plus.into()),
        ("prepend", stdlib::Prepend.into()),
        ("remove", stdlib::Remove.into()),
        ("remove_first", stdlib::RemoveFirst.into()),
        ("replace_first", stdlib::ReplaceFirst.into()),
        ("reverse", stdlib::Reverse.into()),
        ("round", stdlib::Round.into()),
        ("rstrip", stdlib::Rstrip.into()),
        ("size", stdlib::Size.into()),
        ("slice", stdlib::Slice.into()),
        ("sort", stdlib::Sort.into()),
        ("sort_natural", stdlib::SortNatural.into()),
        ("split", stdlib::Split.into()),
        ("strip", stdlib::Strip.into()),
        ("strip_html", stdlib::StripHtml.into()),
        ("strip_newlines", stdlib::StripNewlines.into()),
        ("times", stdlib::Times.into()),
        ("truncate", stdlib::Truncate.into()),
        ("truncatewords", stdlib::TruncateWords.into()),
        ("uniq", stdlib::Uniq.into()),
        ("upcase", stdlib::Upcase.into()),
        ("url_decode", stdlib::UrlDecode.into()),
        ("url_encode", stdlib::UrlEncode.into()),
        ("where", stdlib::Where.into()),
    ]
}

pub(super) fn register(registry: &mut PluginRegistry<Box<dyn ParseFilter>>) {
    for (name, inner) in standard() {
        registry.register(name.to_owned(), Metered { name, inner }.into());
    }
    for own in OWN {
        registry.register(
            own.name.to_owned(),
            Metered {
                name: own.name,
                inner: own.into(),
            }
            .into(),
        );
    }
}

pub(super) fn is_known(name: &str) -> bool {
    OWN.iter().any(|own| own.name == name) || standard().iter().any(|(known, _)| *known == name)
}

/// The filters named in the inside of a tag, in order.
pub(super) fn names_in(body: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut quote = None;
    for (at, c) in body.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '|') => {
                let rest = body[at + 1..].trim_start();
                names.push(
                    rest.chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect(),
                );
            }
            _ => {}
        }
    }
    names
}

/// A filter whose input and answer are charged and bounded.
#[derive(Clone)]
struct Metered {
    name: &'static str,
    inner: Box<dyn ParseFilter>,
}

impl ParseFilter for Metered {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        Ok(Box::new(MeteredFilter {
            name: self.name,
            inner: self.inner.parse(arguments)?,
        }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.inner.reflection()
    }
}

#[derive(Debug)]
struct MeteredFilter {
    name: &'static str,
    inner: Box<dyn Filter>,
}

impl fmt::Display for MeteredFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Filter for MeteredFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        limits::charge_value(runtime, input)?;
        if self.name == "uniq" {
            // It compares each item with each one kept.
            let items = input
                .as_array()
                .map_or(0, |array| array.size().unsigned_abs());
            limits::charge(runtime, items.saturating_mul(items) / 64)?;
        }
        let value = self.inner.evaluate(input, runtime)?;
        limits::charge_value(runtime, &value)?;
        Ok(value)
    }
}

/// A filter of ours: a name, a number of arguments and a function.
#[derive(Clone, Copy)]
struct Own {
    name: &'static str,
    arguments: usize,
    run: fn(&dyn ValueView, &[Expression], &dyn Runtime) -> Result<Value>,
}

impl FilterReflection for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &'static str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Own {
    fn parse(&self, mut arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let given: Vec<Expression> = arguments.positional.by_ref().collect();
        if given.len() != self.arguments || arguments.keyword.next().is_some() {
            let message = format!("`{}` takes {} values", self.name, self.arguments);
            return Err(Error::with_msg(message));
        }
        Ok(Box::new(OwnFilter { own: *self, given }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

struct OwnFilter {
    own: Own,
    given: Vec<Expression>,
}

impl fmt::Debug for OwnFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.own.name)
    }
}

impl fmt::Display for OwnFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.own.name)
    }
}

impl Filter for OwnFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        (self.own.run)(input, &self.given, runtime)
    }
}

/// The argument where there is nothing to show; it also answers for whatever was missing before it.
fn default(input: &dyn ValueView, given: &[Expression], runtime: &dyn Runtime) -> Result<Value> {
    if !input.is_nil() && !input.query_state(State::DefaultValue) {
        return Ok(input.to_value());
    }
    runtime.registers().get_mut::<Meter>().missing = None;
    Ok(given[0].evaluate(runtime)?.into_owned())
}

/// The value is printed as it is: the author vouches for it.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all filters")]
fn raw(input: &dyn ValueView, _given: &[Expression], _runtime: &dyn Runtime) -> Result<Value> {
    Ok(input.to_value())
}

fn replace(input: &dyn ValueView, given: &[Expression], runtime: &dyn Runtime) -> Result<Value> {
    let text = input.to_kstr();
    let find = given[0].evaluate(runtime)?.to_kstr().into_owned();
    let with = given[1].evaluate(runtime)?.to_kstr().into_owned();
    let found = if find.is_empty() {
        text.len() + 1
    } else {
        text.matches(find.as_str()).count()
    };
    check_size(
        runtime,
        text.len().saturating_add(found.saturating_mul(with.len())),
    )?;
    Ok(Value::scalar(text.replace(find.as_str(), &with)))
}

fn join(input: &dyn ValueView, given: &[Expression], runtime: &dyn Runtime) -> Result<Value> {
    let between = given[0].evaluate(runtime)?.to_kstr().into_owned();
    let Some(array) = input.as_array() else {
        return if input.is_nil() {
            Ok(Value::Nil)
        } else {
            Err(Error::with_msg("`join` needs a list"))
        };
    };
    check_size(
        runtime,
        array.values().count().saturating_mul(between.len()),
    )?;
    let items: Vec<String> = array
        .values()
        .map(|item| item.to_kstr().into_string())
        .collect();
    Ok(Value::scalar(items.join(&between)))
}

fn check_size(runtime: &dyn Runtime, bytes: usize) -> Result<()> {
    if bytes > limits::limits(runtime).value_bytes_max {
        return Err(limits::stop(runtime, Stop::Bound(Bound::ValueBytes)));
    }
    Ok(())
}

/// Formats an instant (milliseconds since 1970, or RFC 3339 text) or a bare date, in its own offset.
fn date(input: &dyn ValueView, given: &[Expression], runtime: &dyn Runtime) -> Result<Value> {
    let format = given[0].evaluate(runtime)?.to_kstr().into_owned();
    if input.is_nil() {
        return Ok(Value::Nil);
    }
    check_format(&format)?;
    let scalar = input
        .as_scalar()
        .ok_or_else(|| Error::with_msg(DATE_INPUT))?;
    let whole_number = input.type_name() == "whole number";
    let text = match scalar.to_integer().filter(|_| whole_number) {
        Some(instant_ms) => instant_text(instant_ms),
        None => normal_instant(&scalar.to_kstr()),
    };
    let instant = text
        .and_then(|text| DateTime::from_str(&text))
        .ok_or_else(|| Error::with_msg(DATE_INPUT))?;
    let formatted = instant
        .format(&format)
        .map_err(|_| Error::with_msg(DATE_FORMAT))?;
    Ok(Value::scalar(formatted))
}

const DATE_INPUT: &str =
    "`date` needs an instant (milliseconds or RFC 3339) or a date; a template knows no clock";
const DATE_FORMAT: &str = "the format given to `date` cannot be read";

/// Refuses widths of three digits and more, which would print that many characters.
fn check_format(format: &str) -> Result<()> {
    let mut digits = 0;
    let wide = format.bytes().any(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits > 2
    });
    if wide || format.is_empty() || format.len() > DATE_FORMAT_BYTES_MAX {
        return Err(Error::with_msg(DATE_FORMAT));
    }
    Ok(())
}

/// Days since 1970 to a civil date (the proleptic Gregorian calendar, counted in eras of 400 years).
fn instant_text(instant_ms: i64) -> Option<String> {
    const DAY_MS: i64 = 86_400_000;
    let (days, in_day_ms) = (instant_ms.div_euclid(DAY_MS), instant_ms.rem_euclid(DAY_MS));
    let from_era = days + 719_468;
    let (era, day_of_era) = (from_era.div_euclid(146_097), from_era.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let seconds = in_day_ms / 1_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    (0..=9_999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +0000"))
}

/// `2027-01-01`, `2027-01-01T10:00Z` or `2027-01-01T10:00:00.123+02:00` in the one form that Liquid reads.
fn normal_instant(text: &str) -> Option<String> {
    let text = text.trim();
    let date = text.get(..10)?;
    let digits = |part: &str, at: &[usize]| {
        part.bytes().enumerate().all(|(index, byte)| {
            if at.contains(&index) {
                !byte.is_ascii_digit()
            } else {
                byte.is_ascii_digit()
            }
        })
    };
    if !digits(date, &[4, 7]) || date.as_bytes()[4] != b'-' || date.as_bytes()[7] != b'-' {
        return None;
    }
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(format!("{date} 00:00:00 +0000"));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = (rest[..zone_at].trim_end(), &rest[zone_at..]);
    let time = time.split('.').next()?;
    let time = match time.len() {
        5 => format!("{time}:00"),
        8 => time.to_owned(),
        _ => return None,
    };
    if !digits(&time, &[2, 5]) {
        return None;
    }
    let zone = match zone {
        "" | "Z" | "z" => "+0000".to_owned(),
        zone => zone.replace(':', ""),
    };
    Some(format!("{date} {time} {zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_names_every_filter() {
        let guide = include_str!("../../../docs/templates.md");
        let standard: Vec<&str> = standard().iter().map(|(name, _)| *name).collect();
        for name in standard.into_iter().chain(OWN.iter().map(|own| own.name)) {
            assert!(guide.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn instants_become_civil_dates() {
        assert_eq!(instant_text(0).unwrap(), "1970-01-01 00:00:00 +0000");
        assert_eq!(
            instant_text(951_782_400_000).unwrap(),
            "2000-02-29 00:00:00 +0000"
        );
        assert_eq!(instant_text(-1).unwrap(), "1969-12-31 23:59:59 +0000");
        assert_eq!(instant_text(i64::MAX / 2), None);
    }

    #[test]
    fn dates_are_read_in_the_forms_that_the_api_gives() {
        assert_eq!(
            normal_instant("2027-01-01").unwrap(),
            "2027-01-01 00:00:00 +0000"
        );
        assert_eq!(
            normal_instant("2027-01-01T10:00:00.5Z").unwrap(),
            "2027-01-01 10:00:00 +0000"
        );
        assert_eq!(
            normal_instant("2027-01-01T10:00+02:00").unwrap(),
            "2027-01-01 10:00:00 +0200"
        );
        assert_eq!(normal_instant("now"), None);
        assert_eq!(normal_instant("2027-01-01Tnow"), None);
    }
}
