//! Counts of arms as text in, how the experiment stands as text out.
//!
//! The p-values were computed with scipy 1.17.1: `chi2_contingency(table, correction=False)` for tables,
//! `chisquare(counts, expected)` for weights, `chi2.sf(statistic - log(information / 250), 3)` for watched ones.

use insta::assert_snapshot;
use proptest::prelude::*;
use signalbox_reports::experiment::{
    ASSIGNED_MIN, Arm, Finding, Looks, Obstacle, WEIGHTS_SUM, finding,
};

/// Each line is an arm: its name, its weight, how many were assigned and how many of them converted.
fn arms(text: &str) -> Vec<Arm> {
    text.lines()
        .map(str::split_whitespace)
        .filter_map(|mut words| {
            let name = words.next()?.to_owned();
            let mut number = || {
                let word = words.next().expect("an arm has three numbers");
                word.parse::<u64>().expect("a number of an arm")
            };
            Some(Arm {
                name,
                weight: number() as u32,
                assigned: number(),
                converted: number(),
            })
        })
        .collect()
}

fn check(looks: Looks, text: &str) -> String {
    match finding(&arms(text), looks) {
        Ok(found) => shown(&found),
        Err(error) => format!("error: {error}"),
    }
}

fn shown(found: &Finding) -> String {
    match found {
        Finding::TooFew { arm, count, needed } => format!("too few: {arm} has {count} of {needed}"),
        Finding::Unbalanced { p_value } => format!("unbalanced: p {p_value:.5e}"),
        Finding::NoWinner {
            p_value,
            threshold,
            obstacle,
        } => {
            let obstacle = match obstacle {
                Obstacle::TooRare { expected } => format!("too rare ({expected:.3})"),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("no winner: {obstacle}, p {p_value:.5e} of {threshold}")
        }
        Finding::Winner {
            arm,
            p_value,
            threshold,
            lift,
        } => {
            let relative = lift
                .relative
                .map_or_else(|| "-".to_owned(), |relative| format!("{relative:.6}"));
            format!(
                "winner: {arm}, p {p_value:.5e} of {threshold}, over {} by {:.6} ({relative})",
                lift.over, lift.difference
            )
        }
    }
}

const fn planned(planned: u64) -> Looks {
    Looks::Final { planned }
}

#[test]
fn two_arms_that_are_closed_are_a_plain_chi_squared_test() {
    let better = "plain 5000 1000 100\nbold 5000 1000 130";
    assert_snapshot!(check(planned(1000), better), @"winner: bold, p 3.54885e-2 of 0.05, over plain by 0.030000 (0.300000)");
    let alike = "plain 5000 1000 100\nbold 5000 1000 120";
    assert_snapshot!(check(planned(1000), alike), @"no winner: alike, p 1.52918e-1 of 0.05");
}

#[test]
fn while_it_is_watched_a_winner_has_to_be_further_ahead() {
    let better = "plain 5000 1000 100\nbold 5000 1000 130";
    assert_snapshot!(check(Looks::Watched, better), @"no winner: watched, p 2.92328e-1 of 0.05");
    let better = "plain 5000 5000 250\nbold 5000 5000 310";
    assert_snapshot!(check(Looks::Watched, better), @"no winner: watched, p 2.11636e-1 of 0.05");
    let much_better = "plain 5000 5000 250\nbold 5000 5000 340";
    assert_snapshot!(check(Looks::Watched, much_better), @"winner: bold, p 6.46193e-3 of 0.05, over plain by 0.018000 (0.360000)");
}

#[test]
fn one_that_was_closed_before_its_planned_size_was_watched() {
    let better = "plain 5000 1000 100\nbold 5000 1000 130";
    assert_snapshot!(check(planned(1001), better), @"no winner: watched, p 2.92328e-1 of 0.05");
    assert_snapshot!(check(planned(0), better), @"winner: bold, p 3.54885e-2 of 0.05, over plain by 0.030000 (0.300000)");
}

#[test]
fn a_winner_of_three_beats_both_others() {
    let both = "a 3334 1000 100\nb 3333 1000 160\nc 3333 1000 105";
    assert_snapshot!(check(Looks::Watched, both), @"winner: b, p 5.94745e-3 of 0.025, over c by 0.055000 (0.523810)");
    let less = "a 3334 1000 100\nb 3333 1000 150\nc 3333 1000 110";
    assert_snapshot!(check(planned(1000), less), @"winner: b, p 7.82372e-3 of 0.025, over c by 0.040000 (0.363636)");
    assert_snapshot!(check(Looks::Watched, less), @"no winner: watched, p 9.45071e-2 of 0.025");
    let one = "a 3334 1000 100\nb 3333 1000 150\nc 3333 1000 140";
    assert_snapshot!(check(planned(1000), one), @"no winner: close, p 5.25386e-1 of 0.025");
    let none = "a 3334 1000 100\nb 3333 1000 110\nc 3333 1000 120";
    assert_snapshot!(check(planned(1000), none), @"no winner: alike, p 3.60072e-1 of 0.05");
}

#[test]
fn ten_arms_are_one_table_with_nine_degrees() {
    let others: Vec<String> = ('a'..='i')
        .map(|name| format!("{name} 1000 500 40"))
        .collect();
    let all = format!("{}\nj 1000 500 62", others.join("\n"));
    assert_snapshot!(check(planned(500), &all), @"no winner: alike, p 2.57408e-1 of 0.05");
}

#[test]
fn a_holdout_can_win() {
    let counts = "holdout 1000 1000 80\nmail 9000 9000 450";
    assert_snapshot!(check(Looks::Watched, counts), @"winner: holdout, p 1.94264e-3 of 0.05, over mail by 0.030000 (0.600000)");
}

#[test]
fn an_arm_that_fills_as_its_weight_says_needs_time() {
    let begun = "a 5000 0 0\nb 5000 0 0";
    assert_snapshot!(check(Looks::Watched, begun), @"too few: a has 0 of 500");
    let nearly = "a 5000 500 1\nb 5000 499 400";
    assert_snapshot!(check(Looks::Watched, nearly), @"too few: b has 499 of 500");
    let by_chance = "a 5000 490 49\nb 5000 520 52";
    assert_snapshot!(check(planned(500), by_chance), @"too few: a has 490 of 500");
    let odd_but_early = "a 5000 20 1\nb 5000 470 1";
    assert_snapshot!(check(Looks::Watched, odd_but_early), @"too few: a has 20 of 500");
}

#[test]
fn arms_that_do_not_fill_as_their_weights_say_are_unbalanced() {
    let not_enough = "a 5000 44100 100\nb 5000 44900 100";
    assert_snapshot!(check(Looks::Watched, not_enough), @"no winner: alike, p 8.98728e-1 of 0.05");
    let enough = "a 5000 44000 100\nb 5000 45000 100";
    assert_snapshot!(check(Looks::Watched, enough), @"unbalanced: p 8.02278e-4");
    let tenth = "a 9000 9000 450\nb 1000 1200 200";
    assert_snapshot!(check(planned(500), tenth), @"unbalanced: p 2.83487e-9");
    let halves_instead_of_tenths = "a 9000 500 10\nb 1000 500 40";
    assert_snapshot!(check(Looks::Watched, halves_instead_of_tenths), @"unbalanced: p 0.00000e0");
    let never_fills = "a 5000 100 1\nb 5000 5000 400";
    assert_snapshot!(check(Looks::Watched, never_fills), @"unbalanced: p 0.00000e0");
}

#[test]
fn too_few_conversions_are_not_trusted() {
    let nobody = "a 5000 1000 0\nb 5000 1000 0";
    assert_snapshot!(check(planned(1000), nobody), @"no winner: too rare (0.000), p 1.00000e0 of 0.05");
    let everybody = "a 5000 1000 1000\nb 5000 1000 1000";
    assert_snapshot!(check(planned(1000), everybody), @"no winner: too rare (0.000), p 1.00000e0 of 0.05");
    let nine = "a 5000 1000 0\nb 5000 1000 9";
    assert_snapshot!(check(planned(1000), nine), @"no winner: too rare (4.500), p 1.00000e0 of 0.05");
    let twelve = "a 5000 1000 0\nb 5000 1000 12";
    assert_snapshot!(check(planned(1000), twelve), @"winner: b, p 5.11728e-4 of 0.05, over a by 0.012000 (-)");
    let rare_in_one_pair = "tiny 100 500 25\nbig 4950 24750 25\nrest 4950 24750 866";
    assert_snapshot!(check(Looks::Watched, rare_in_one_pair), @"no winner: too rare (0.990), p 1.00000e0 of 0.025");
}

#[test]
fn an_arm_without_weight_is_left_out_unless_it_has_people() {
    let empty = "a 5000 1000 100\nb 5000 1000 130\noff 0 0 0";
    assert_snapshot!(check(planned(1000), empty), @"winner: b, p 3.54885e-2 of 0.05, over a by 0.030000 (0.300000)");
    let strayed = "a 5000 100 10\nb 5000 100 13\noff 0 1 0";
    assert_snapshot!(check(Looks::Watched, strayed), @"unbalanced: p 0.00000e0");
}

#[test]
fn no_count_is_too_large() {
    let max = u64::MAX;
    let half = max / 2;
    let alike = format!("a 5000 {max} {half}\nb 5000 {max} {half}");
    assert_snapshot!(check(Looks::Watched, &alike), @"no winner: alike, p 1.00000e0 of 0.05");
    let all = format!("a 5000 {max} {max}\nb 5000 {max} 0");
    assert_snapshot!(check(Looks::Watched, &all), @"winner: a, p 0.00000e0 of 0.05, over b by 1.000000 (-)");
    let few = format!("a 5000 {max} 1\nb 5000 {max} 2");
    assert_snapshot!(check(Looks::Watched, &few), @"no winner: too rare (1.500), p 1.00000e0 of 0.05");
    let lopsided = format!("a 5000 {max} 1\nb 5000 500 2");
    assert_snapshot!(check(Looks::Watched, &lopsided), @"unbalanced: p 0.00000e0");
}

#[test]
fn arms_that_are_not_of_one_experiment_are_refused() {
    let refused = [
        "",
        "a 5000 1 1\nb 4000 1 1",
        "a 10000 1000 10",
        "a 10000 1000 10\nb 0 0 0",
        "a 5000 1000 10\na 5000 1000 10",
        "a 5000 1000 10\nb 5000 10 11",
    ];
    let answers = refused.map(|counts| check(Looks::Watched, counts));
    assert_snapshot!(answers.join("\n"), @r#"
    error: the weights of the arms sum to 0 basis points instead of 10000
    error: the weights of the arms sum to 9000 basis points instead of 10000
    error: only 1 arms of the experiment have a weight, two are needed
    error: only 1 arms of the experiment have a weight, two are needed
    error: two arms have the name "a"
    error: 11 people converted in the arm "b", but 10 were assigned to it
    "#);
}

/// Two to six arms of nearly equal weight; their people are anything, or near to what the weights say.
fn any_arms() -> impl Strategy<Value = Vec<Arm>> {
    let anything = (any::<u64>(), 0.0..=1.0);
    let near = |size: u64| (size.saturating_sub(20)..size + 20, 0.0..0.3);
    let counts = (2_usize..=6, 20_u64..4000).prop_flat_map(move |(count, size)| {
        prop_oneof![
            1 => proptest::collection::vec(anything.clone().boxed(), count),
            4 => proptest::collection::vec(near(size).boxed(), count),
        ]
    });
    counts.prop_map(|counts| {
        let weight = WEIGHTS_SUM as u32 / counts.len() as u32;
        let rest = WEIGHTS_SUM as u32 - weight * counts.len() as u32;
        counts
            .into_iter()
            .enumerate()
            .map(|(index, (assigned, share))| Arm {
                name: format!("arm {index}"),
                weight: weight + if index == 0 { rest } else { 0 },
                assigned,
                converted: ((assigned as f64 * share) as u64).min(assigned),
            })
            .collect()
    })
}

fn any_looks() -> impl Strategy<Value = Looks> {
    prop_oneof![
        Just(Looks::Watched),
        (0_u64..4000).prop_map(|planned| Looks::Final { planned }),
    ]
}

fn p_value(found: &Finding) -> Option<f64> {
    match found {
        Finding::TooFew { .. } => None,
        Finding::Unbalanced { p_value }
        | Finding::NoWinner { p_value, .. }
        | Finding::Winner { p_value, .. } => Some(*p_value),
    }
}

proptest! {
    #[test]
    fn the_order_of_arms_does_not_matter(
        (arms, shuffled) in any_arms().prop_flat_map(|arms| (Just(arms.clone()), Just(arms).prop_shuffle())),
        looks in any_looks(),
    ) {
        prop_assert_eq!(finding(&arms, looks), finding(&shuffled, looks));
    }

    #[test]
    fn a_winner_has_enough_people_and_every_number_is_one(arms in any_arms(), looks in any_looks()) {
        let found = finding(&arms, looks).expect("the arms are those of an experiment");
        if let Some(p_value) = p_value(&found) {
            prop_assert!((0.0..=1.0).contains(&p_value), "{found:?}");
        }
        if let Finding::Winner { arm, p_value, threshold, lift } = found {
            prop_assert!(arms.iter().all(|arm| arm.assigned >= ASSIGNED_MIN));
            prop_assert!(p_value < threshold);
            prop_assert!(lift.difference > 0.0 && lift.difference <= 1.0 && lift.over != arm);
            prop_assert!(lift.relative.is_none_or(|relative| relative > 0.0 && relative.is_finite()));
        }
    }

    #[test]
    fn more_people_of_the_same_shares_never_take_a_winner_away(
        people in ASSIGNED_MIN..3000,
        shares in proptest::collection::vec(0.0..0.5, 2..5),
        times in 2_u64..100,
        looks in any_looks(),
    ) {
        // Weights that are not quite equal would become unbalanced with enough people.
        prop_assume!(WEIGHTS_SUM.is_multiple_of(shares.len() as u64));
        let of_size = |times: u64| -> Vec<Arm> {
            shares.iter().enumerate().map(|(index, share)| Arm {
                name: format!("arm {index}"),
                weight: WEIGHTS_SUM as u32 / shares.len() as u32,
                assigned: people * times,
                converted: (people as f64 * share) as u64 * times,
            }).collect()
        };
        let few = finding(&of_size(1), looks).expect("the arms are those of an experiment");
        let many = finding(&of_size(times), looks).expect("the arms are those of an experiment");
        if let Finding::Winner { arm: of_few, p_value: by_few, lift: lift_of_few, .. } = few {
            let Finding::Winner { arm: of_many, p_value: by_many, lift: lift_of_many, .. } = many else {
                panic!("{many:?}");
            };
            prop_assert_eq!(of_few, of_many);
            prop_assert!(by_many <= by_few);
            prop_assert!((lift_of_few.difference - lift_of_many.difference).abs() < 1e-9);
        }
    }
}
