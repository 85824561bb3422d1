//! The model against what its authors published for the CDNOW sample, and against their formulas as they stand.
//!
//! Sources: Fader, Hardie and Lee (2005), Marketing Science 24(2), for the formulas, the parameters and the
//! log-likelihood; the same, "Implementing the BG/NBD Model for Customer Base Analysis in Excel" (2005), for
//! the contact whose expected purchases are worked out.

use std::{collections::BTreeMap, fs};

use signalbox_bg_nbd::{History, Model, RELATIVE_ERROR_MAX};
use signalbox_sdk::{Instant, Random};

const WEEKS_OF_CALIBRATION: f64 = 39.0;

/// A contact of the sample: what the first 39 weeks showed, and the days with a purchase in the 39 after them.
struct Buyer {
    history: History,
    later: f64,
}

/// Purchases by distinct days, as the authors count them; 1997-09-30 is the last day of the calibration.
fn sample() -> Vec<Buyer> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../host/app/demo/CDNOW_sample.txt"
    );
    let text = fs::read_to_string(file).expect("the demo has the sample");
    let mut days: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let of_buyer = days.entry(columns[1]).or_default();
        let day = day_number(columns[2]);
        if of_buyer.last() != Some(&day) {
            of_buyer.push(day);
        }
    }
    days.values().map(|days| buyer(days)).collect()
}

fn day_number(yyyymmdd: &str) -> i64 {
    let (year, rest) = yyyymmdd.split_at(4);
    let (month, day) = rest.split_at(2);
    let instant = Instant::parse(&format!("{year}-{month}-{day}T00:00:00Z")).expect("a day");
    instant.as_ms() / 86_400_000
}

fn buyer(days: &[i64]) -> Buyer {
    let end = day_number("19970930");
    let seen = days.iter().filter(|day| **day <= end).count();
    let weeks = |day: i64| (day - days[0]) as f64 / 7.0;
    Buyer {
        history: History {
            repeats: (seen - 1) as f64,
            last: weeks(days[seen - 1]),
            age: weeks(end),
        },
        later: (days.len() - seen) as f64,
    }
}

/// Stirling's series behind a shift past 10; good to 13 digits for positive numbers.
fn ln_gamma(mut number: f64) -> f64 {
    let mut shift = 0.0;
    while number < 10.0 {
        shift -= number.ln();
        number += 1.0;
    }
    let inverse = 1.0 / number;
    let square = inverse * inverse;
    let coefficients = [
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    let series = inverse * coefficients.iter().fold(0.0, |sum, one| sum * square + one);
    shift + (number - 0.5) * number.ln() - number + 0.5 * std::f64::consts::TAU.ln() + series
}

/// The Gaussian hypergeometric function for 0 <= z < 1 by its power series, to the last digit that changes it.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for index in 0..1_000_000 {
        let done = f64::from(index);
        term *= (a + done) * (b + done) / (c + done) * z / (done + 1.0);
        sum += term;
        if term.abs() <= 1e-17 * f64::abs(sum) {
            return sum;
        }
    }
    panic!("2F1({a}, {b}; {c}; {z}) takes too many terms");
}

/// The conditional expectation as it is printed.
fn published_expected(model: &Model, history: &History, ahead: f64) -> f64 {
    let Model { r, alpha, a, b } = *model;
    let History {
        repeats: x,
        last,
        age,
    } = *history;
    let series = hypergeometric(r + x, b + x, a + b + x - 1.0, ahead / (alpha + age + ahead));
    let bracket = 1.0 - ((alpha + age) / (alpha + age + ahead)).powf(r + x) * series;
    let stopped = if x > 0.0 {
        a / (b + x - 1.0) * ((alpha + age) / (alpha + last)).powf(r + x)
    } else {
        0.0
    };
    (a + b + x - 1.0) / (a - 1.0) * bracket / (1.0 + stopped)
}

/// The log-likelihood of one contact.
fn ln_likelihood(model: &Model, history: &History) -> f64 {
    let Model { r, alpha, a, b } = *model;
    let x = history.repeats;
    let rates = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln();
    let stops = ln_gamma(a + b) + ln_gamma(b + x) - ln_gamma(b) - ln_gamma(a + b + x);
    let alive = (alpha + history.age).powf(-(r + x));
    let stopped = if x > 0.0 {
        a / (b + x - 1.0) * (alpha + history.last).powf(-(r + x))
    } else {
        0.0
    };
    rates + stops + (alive + stopped).ln()
}

fn assert_near(found: f64, expected: f64, relative: f64) {
    let error = (found / expected - 1.0).abs();
    assert!(error <= relative, "{found} is not {expected}: {error:e}");
}

#[test]
fn the_hypergeometric_function_has_its_known_values() {
    assert_near(hypergeometric(1.0, 1.0, 2.0, 0.5), 2.0 * 2_f64.ln(), 1e-14);
    assert_near(
        hypergeometric(0.5, 0.5, 1.5, 0.64),
        0.8_f64.asin() / 0.8,
        1e-14,
    );
    assert_near(
        hypergeometric(2.3, 1.7, 1.7, 0.9),
        0.1_f64.powf(-2.3),
        1e-12,
    );
    assert_near(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-13);
    assert_near(ln_gamma(11.0), 3_628_800_f64.ln(), 1e-14);
}

#[test]
fn the_published_log_likelihood_comes_out() {
    let sample = sample();
    assert_eq!(sample.len(), 2_357);
    let repeats: f64 = sample.iter().map(|buyer| buyer.history.repeats).sum();
    assert_near(repeats, 2_457.0, 0.0);
    let model = Model::default();
    let total: f64 = sample
        .iter()
        .map(|buyer| ln_likelihood(&model, &buyer.history))
        .sum();
    assert!((total - -9_582.4).abs() < 0.05, "{total}");
}

#[test]
fn the_published_prediction_comes_out() {
    let history = History {
        repeats: 2.0,
        last: 30.43,
        age: 38.86,
    };
    let found = Model::default().expected(&history, 39.0).expect("a number");
    assert!((found - 1.226).abs() < 0.0005, "{found}");
}

#[test]
fn the_second_half_of_the_sample_is_predicted() {
    let model = Model::default();
    let sample = sample();
    let expected: f64 = sample
        .iter()
        .filter_map(|buyer| model.expected(&buyer.history, WEEKS_OF_CALIBRATION))
        .sum();
    let made: f64 = sample.iter().map(|buyer| buyer.later).sum();
    // 1,654 expected, 1,882 made: 12 % short.
    assert!((expected - 1_654.0).abs() < 1.0, "{expected}");
    assert_near(made, 1_882.0, 0.0);

    // Who is called alive did come back more often than who is not.
    let share = |called_alive: bool| {
        let group = sample.iter().filter(|buyer| {
            buyer.history.repeats > 0.0 && (model.alive(&buyer.history) >= 0.5) == called_alive
        });
        let (back, all) = group.fold((0.0, 0.0), |(back, all), buyer| {
            (back + f64::from(u8::from(buyer.later > 0.0)), all + 1.0)
        });
        back / all
    };
    assert!((share(true) - 0.637).abs() < 0.001, "{}", share(true));
    assert!((share(false) - 0.354).abs() < 0.001, "{}", share(false));
}

fn random_case(random: &mut Random) -> (Model, History, f64) {
    let between = |random: &mut Random, least: f64, greatest: f64| {
        (least.ln() + random.fraction() * (greatest / least).ln()).exp()
    };
    let model = Model {
        r: between(random, 0.05, 20.0),
        alpha: between(random, 4.0, 100.0),
        a: between(random, 0.05, 20.0),
        b: between(random, 0.05, 20.0),
    };
    let repeats = random.below(40) as f64;
    let age = random.fraction() * 200.0;
    let last = if repeats > 0.0 {
        age * random.fraction()
    } else {
        0.0
    };
    let history = History { repeats, last, age };
    (model, history, between(random, 0.01, 100.0))
}

#[test]
fn the_series_is_the_published_formula() {
    let mut random = Random::new(2005);
    let mut compared = 0;
    for _ in 0..5_000 {
        let (model, history, ahead) = random_case(&mut random);
        let found = model.expected(&history, ahead).expect("a number");
        let published = published_expected(&model, &history, ahead);
        assert!(
            found >= 0.0 && found.is_finite(),
            "{model:?} {history:?} {ahead}"
        );
        // The published form divides a difference of numbers near 1 by a - 1, and loses that many digits.
        let bracket = found * (model.a - 1.0) / (model.a + model.b + history.repeats - 1.0);
        let lost = 1e-12 / bracket.abs();
        if lost < 1e-7 && model.alive(&history) > 1e-6 {
            assert_near(found, published, RELATIVE_ERROR_MAX + 10.0 * lost);
            compared += 1;
        }
    }
    assert!(compared > 2_000, "only {compared} compared");
}

#[test]
fn nothing_happens_where_the_published_formula_has_no_value() {
    let mut random = Random::new(1);
    for _ in 0..500 {
        let (model, history, ahead) = random_case(&mut random);
        let at = |a: f64| {
            let model = Model { a, ..model };
            model.expected(&history, ahead).expect("a number")
        };
        let around = f64::midpoint(at(1.0 - 1e-5), at(1.0 + 1e-5));
        assert_near(at(1.0), around, 1e-6);
    }
}

#[test]
fn both_fall_while_time_passes() {
    let mut random = Random::new(2);
    for _ in 0..500 {
        let (model, history, ahead) = random_case(&mut random);
        let mut before = (1.0, f64::INFINITY);
        for weeks in 0..50_u32 {
            let later = History {
                age: history.age + f64::from(weeks * weeks),
                ..history
            };
            let alive = model.alive(&later);
            let expected = model.expected(&later, ahead).expect("a number");
            assert!(alive <= before.0 && expected <= before.1 * (1.0 + 1e-12));
            assert!((0.0..=1.0).contains(&alive));
            before = (alive, expected);
        }
    }
}

#[test]
fn the_age_at_a_level_is_where_the_level_is() {
    let mut random = Random::new(3);
    let mut compared = 0;
    for _ in 0..2_000 {
        let (model, history, _) = random_case(&mut random);
        let level = 0.01 + 0.98 * random.fraction();
        let age = model.age_at(history.repeats, history.last, level);
        if age > history.last && age < 1e6 {
            assert_near(model.alive(&History { age, ..history }), level, 1e-9);
            compared += 1;
        }
    }
    assert!(compared > 300, "only {compared} compared");
}

#[test]
fn too_many_purchases_are_said_to_be_too_many() {
    let history = History {
        repeats: 1e6,
        last: 1.0,
        age: 1.0,
    };
    assert_eq!(Model::default().expected(&history, 500.0), None);
    let many = History {
        repeats: 2_000.0,
        last: 52.0,
        age: 52.0,
    };
    let found = Model::default().expected(&many, 52.0).expect("a number");
    assert!(found > 1_000.0 && found < 2_000.0, "{found}");
}
