//! Decisions: good rows, bad rows, and bad rows among good ones.

use signalbox_model::verdict::FailureKind;
use signalbox_rules::limits::Limits;

use crate::{
    guest::{
        BAD_REASON, BAD_TAG, EATS_MEMORY, Guest, HUGE_ANSWER, LOOPS, OVER, PAST_RECHECK, RECURSES,
        SAYS_FAILED, TRAPS, UNDER, UNKNOWN, WRONG_COUNT,
    },
    support::{Bench, limits, now, row},
};

fn good(limits: Limits) -> Bench {
    let bench = Bench::with(limits);
    bench.put("big_spender.wasm", &Guest::default().component());
    assert_eq!(
        bench.told(),
        ["available big_spender 1.0.0 from big_spender.wasm"]
    );
    bench
}

/// Limits under which ten failures in a test do not end it.
fn patient() -> Limits {
    Limits {
        quarantine_failures: 10_000,
        ..limits()
    }
}

#[test]
fn one_answer_per_row_in_their_order() {
    let bench = good(limits());
    let binding = bench.binding();
    assert!(bench.decide(&binding, &[]).is_empty());
    let expected = [
        format!("in {OVER}"),
        format!("out {UNDER}"),
        format!("out {UNKNOWN}"),
    ];
    assert_eq!(bench.decide(&binding, &[100.5, 1.0, f64::NAN]), expected);
    assert_eq!(
        bench.decide(&binding, &[f64::NAN]),
        [format!("out {UNKNOWN}")]
    );
    let many: Vec<f64> = (0..2_500).map(|i| f64::from(i % 200)).collect();
    let answers = bench.decide(&binding, &many);
    for (spent, answer) in many.iter().zip(answers) {
        assert_eq!(answer, if *spent > 100.0 { "in 0" } else { "out 1" });
    }
}

#[test]
fn every_misbehaviour_of_one_row_is_named() {
    let bench = good(patient());
    let binding = bench.binding();
    for (spent, kind, message) in [
        (LOOPS, FailureKind::OutOfFuel, "used up its"),
        (TRAPS, FailureKind::Trapped, "unreachable"),
        (
            EATS_MEMORY,
            FailureKind::OutOfMemory,
            "asked for more than 67108864 bytes of memory",
        ),
        (
            BAD_REASON,
            FailureKind::BadAnswer,
            "reason 99 is not one of the 3",
        ),
        (RECURSES, FailureKind::Trapped, "call stack exhausted"),
        (SAYS_FAILED, FailureKind::Failed, "{\"format\""),
        (
            PAST_RECHECK,
            FailureKind::BadAnswer,
            "recheck-at 1970-01-01T00:00:00.005Z is not later than now",
        ),
        (WRONG_COUNT, FailureKind::BadAnswer, "0 answers to 1 rows"),
        (
            HUGE_ANSWER,
            FailureKind::BadAnswer,
            "fuel allocated for hostcalls",
        ),
        (BAD_TAG, FailureKind::BadAnswer, ""),
    ] {
        let answers = bench.catalogue.decide(&binding, now(), &[row(spent)]);
        let failure = answers[0].as_ref().expect_err("it misbehaves");
        assert_eq!(failure.kind, kind, "{spent}: {failure}");
        assert!(failure.message.contains(message), "{spent}: {failure}");
        assert_eq!(
            (
                failure.plugin.as_str(),
                failure.version.as_str(),
                failure.row
            ),
            ("big_spender", "1.0.0", 0)
        );
        assert_eq!(failure.digest, binding.digest);
        assert_eq!(
            bench.decide(&binding, &[150.0]),
            ["in 0"],
            "good rows keep being answered after {spent}"
        );
    }
}

#[test]
fn what_a_rule_says_of_one_row_leaves_the_others_alone() {
    let bench = good(patient());
    let answers = bench.decide(&bench.binding(), &[150.0, SAYS_FAILED, BAD_REASON, 50.0]);
    assert_eq!(
        answers,
        ["in 0", "failed (row 1)", "bad_answer (row 2)", "out 1"]
    );
}

#[test]
fn a_bad_row_is_found_by_halving() {
    let bench = good(patient());
    let binding = bench.binding();
    assert_eq!(
        bench.decide(&binding, &[150.0, 1.0, 2.0, TRAPS]),
        ["in 0", "out 1", "out 1", "trapped (row 3)"]
    );
    assert_eq!(
        bench.decide(&binding, &[TRAPS, 1.0, 2.0, 150.0]),
        [
            "trapped (row 0)",
            "rule_unavailable (row 1)",
            "rule_unavailable (row 2)",
            "rule_unavailable (row 3)",
        ]
    );
    // In the last place the halves before it are all answered, and one failed run is enough to know.
    let mut spent = vec![150.0; 1_000];
    spent[999] = TRAPS;
    let answers = bench.decide(&binding, &spent);
    assert!(answers[..999].iter().all(|answer| answer == "in 0"));
    assert_eq!(answers[999], "trapped (row 999)");
}

#[test]
fn only_so_many_failed_runs_are_spent_on_a_group() {
    let bench = good(patient());
    let answers = bench.decide(&bench.binding(), &[TRAPS; 64]);
    assert!(
        answers
            .iter()
            .enumerate()
            .all(|(row, answer)| *answer == format!("rule_unavailable (row {row})"))
    );
    let status = bench.catalogue.list().remove(0).version.expect("it serves");
    assert_eq!((status.failed_runs, status.failed_rows), (3, 64));
    assert!(
        status
            .last_error
            .expect("there was one")
            .contains("not asked after 3 failed runs")
    );
}

#[test]
fn a_run_that_needs_more_fuel_than_one_may_have_is_no_failure() {
    // Each row may use all of the fuel of a run, so a run has its fuel for one row only.
    let fuel = 100_000;
    let limits = Limits {
        fuel_per_row: fuel,
        fuel_per_run_max: fuel,
        fuel_per_call: 1_000,
        ..patient()
    };
    let bench = Bench::with(limits);
    // Some 45,000 units a row.
    let busy = "(local.set $value (f64.const 5000)) (block $out (loop $spin
        (br_if $out (f64.le (local.get $value) (f64.const 0)))
        (local.set $value (f64.sub (local.get $value) (f64.const 1))) (br $spin)))";
    let mut guest = Guest {
        row: busy,
        ..Guest::default()
    };
    guest.describe["rules"]["segment"]["cases"] = serde_json::json!([]);
    bench.put("busy.wasm", &guest.component());
    assert_eq!(bench.told(), ["available big_spender 1.0.0 from busy.wasm"]);
    let answers = bench.decide(&bench.binding(), &[150.0; 5]);
    assert_eq!(answers, ["in 0"; 5]);
    assert_eq!(
        bench.catalogue.list()[0]
            .version
            .as_ref()
            .expect("it serves")
            .failed_runs,
        0
    );
}

#[test]
fn the_deadline_holds_where_fuel_does_not() {
    let endless = Limits {
        fuel_per_row: u64::MAX / 4,
        fuel_per_run_max: u64::MAX / 4,
        deadline_ms: 100,
        ..patient()
    };
    let bench = good(endless);
    let binding = bench.binding();
    assert_eq!(bench.decide(&binding, &[LOOPS]), ["out_of_time (row 0)"]);
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
}

#[test]
fn memory_left_by_one_batch_is_not_seen_by_the_next() {
    let bench = Bench::new();
    // Writes to the far end of its memory, and traps if something is there already.
    let leaves = "(if (i32.eqz (local.get $i)) (then
        (if (i32.load (i32.const 131000)) (then unreachable))
        (i32.store (i32.const 131000) (i32.const 42))))";
    bench.put(
        "leaves.wasm",
        &Guest {
            row: leaves,
            ..Guest::default()
        }
        .component(),
    );
    let binding = bench.binding();
    for _ in 0..20 {
        assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    }
}

#[test]
fn many_threads_wait_their_turn() {
    let bench = good(Limits {
        instances: 1,
        ..limits()
    });
    let binding = bench.binding();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(bench.decide(&binding, &[150.0, 1.0]), ["in 0", "out 1"]);
                }
            });
        }
    });
}
