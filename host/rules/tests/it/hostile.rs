//! The components of `plugins/hostile`, and the shipped ones beside them: refused or contained, each with its own
//! reason, while good rules keep answering. `cargo xtask plugins` builds them; `cargo xtask test` does so first.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use signalbox_model::{describe::RuleKind, value::Value, verdict::Answer};
use signalbox_rules::{
    check::{check, test},
    columns::Row,
    decide::Binding,
    engine::Engine,
    limits::Limits,
};

use crate::support::{Bench, in_words, limits, now};

/// The folder of that name beside the other things that were built.
fn built(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("target/tmp has a parent");
    let folder = target.join(name);
    assert!(
        folder.is_dir(),
        "{} is missing: run `cargo xtask plugins` first",
        folder.display()
    );
    folder
}

fn components(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .flatten()
        .map(|e| e.path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
    });
    paths.sort();
    paths
}

#[test]
fn shipped_plugins_come_out_as_they_say() {
    let engine = Engine::new(Limits::default()).expect("an engine");
    let paths = components(&built("plugins"));
    assert!(paths.len() >= 5, "{paths:?}");
    for path in paths {
        let bytes = fs::read(&path).expect("the component is there");
        let report = test(&engine, &bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(report.is_good(), "{}:\n{report}", path.display());
        assert!(!report.cases.is_empty(), "{} has no cases", path.display());
    }
}

/// The server lets it in, since a rule may fail for some contacts; its author is told before.
#[test]
fn a_rule_that_breaks_on_a_missing_value_is_told_of_to_its_author() {
    let engine = Engine::new(Limits::default()).expect("an engine");
    let path = built("plugins-hostile").join("missing-value.wasm");
    let bytes = fs::read(path).expect("the component is there");
    assert!(check(&engine, &bytes).expect("it loads").is_good());
    let errors = test(&engine, &bytes).expect("it loads").errors;
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let found = "case \"from Berlin\" of the segment: without \"city\" it failed (trapped)";
    assert!(errors[0].starts_with(found), "{errors:?}");
}

#[test]
fn every_hostile_component_is_refused_or_contained() {
    let refused: BTreeMap<&str, &str> = [
        ("state-between-rows", "plugin_state"),
        ("lying-case", "plugin_case"),
        ("loop-in-start", "plugin_describe_failed"),
        ("giant-memory", "plugin_resources"),
        ("wrong-export", "plugin_exports"),
        ("wrong-type", "plugin_wrong_type"),
        ("no-describe", "plugin_exports"),
        ("wasi-import", "plugin_imports"),
        ("clock-import", "plugin_imports"),
        ("many-imports", "plugin_imports"),
        ("missing-kind", "plugin_describe"),
        ("extra-kind", "plugin_describe"),
        ("bad-describe", "plugin_describe"),
        ("truncated", "plugin_invalid"),
        ("empty", "plugin_empty"),
        ("text", "plugin_not_wasm"),
        ("core-module", "plugin_core_module"),
    ]
    .into();
    let contained: BTreeMap<&str, &[&str]> = [
        ("endless-loop", &["out_of_fuel"][..]),
        ("memory-bomb", &["out_of_memory"]),
        ("deep-recursion", &["trapped"]),
        ("huge-answer", &["bad_answer", "out_of_fuel"]),
        ("wrong-count", &["bad_answer"]),
        ("wrong-reason", &["bad_answer"]),
        ("bad-values", &["bad_answer"]),
        ("trap", &["trapped"]),
    ]
    .into();
    // One that fails ten times is quarantined; here each is asked once, beside the good ones.
    let bench = Bench::with(limits());
    let good = crate::guest::Guest::default().component();
    bench.put("good.wasm", &good);
    let good = bench.binding();
    let mut seen = 0;
    for path in components(&built("plugins-hostile")) {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .replace('_', "-");
        bench.put(
            &format!("{name}.wasm"),
            &fs::read(&path).expect("the component is there"),
        );
        if let Some(code) = refused.get(name.as_str()) {
            assert!(
                bench
                    .states()
                    .contains(&format!("{name}.wasm refused ({code})")),
                "{:#?}",
                bench.told()
            );
            seen += 1;
        }
        if let Some(kinds) = contained.get(name.as_str()) {
            let found = attacked(&bench, &format!("{name}.wasm"));
            // These two answer their whole batch badly; the rest spare the contacts beside the attacking one.
            let spares = !matches!(name.as_str(), "wrong-reason" | "bad-values");
            let beside = [&found[0], &found[2]];
            let in_words: Vec<_> = found.iter().map(in_words).collect();
            assert!(
                !spares || beside.iter().all(|answer| answer.is_ok()),
                "{name}: {in_words:?}"
            );
            let failure = found[1].as_ref().expect_err("the attack fails");
            assert!(kinds.contains(&failure.kind.code()), "{name}: {failure}");
            seen += 1;
        }
        assert_eq!(
            bench.decide(&good, &[150.0]),
            ["in 0"],
            "a good rule answers after {name}"
        );
    }
    assert_eq!(
        seen,
        refused.len() + contained.len(),
        "some hostile component was not built"
    );
}

/// Three contacts, the one in the middle with the attribute that makes the plugin attack.
fn attacked(bench: &Bench, file: &str) -> Vec<Answer> {
    let status = bench
        .catalogue
        .list()
        .into_iter()
        .find(|status| status.file.as_deref() == Some(file));
    let status = status.expect("it is listed");
    let version = status
        .version
        .unwrap_or_else(|| panic!("{file} is not let in: {:?}", status.refusal));
    let kind: RuleKind = *version.rules.keys().next().expect("a rule");
    let plan = bench
        .catalogue
        .plan(version.digest, kind, &json!({}))
        .expect("a plan");
    let binding = Binding {
        digest: version.digest,
        kind,
        config: "{}".into(),
        plan: Arc::new(plan),
    };
    let row = |attacks: bool| -> Row {
        let inputs = binding.plan.inputs.iter();
        inputs
            .map(|input| (input.name == "attack").then_some(Value::Boolean(attacks)))
            .collect()
    };
    bench
        .catalogue
        .decide(&binding, now(), &[row(false), row(true), row(false)])
}
