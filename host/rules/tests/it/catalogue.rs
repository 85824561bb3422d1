//! The folder: what is let in, what is refused, what stays.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use serde_json::json;
use signalbox_model::{
    describe::RuleKind,
    id::{Digest, PluginName},
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig, PluginStatus},
    engine::Engine,
    error::PlanError,
    limits::Limits,
};

use crate::{
    guest::{Guest, LOOPS, TRAPS, describe},
    support::{Bench, compile_command, limits, names},
};

fn version(version: &str) -> Vec<u8> {
    Guest {
        describe: describe(version),
        ..Guest::default()
    }
    .component()
}

fn told_of(guest: &Guest) -> String {
    let bench = Bench::new();
    bench.put("a.wasm", &guest.component());
    assert_eq!(bench.resolved("*"), None);
    bench.told().join("\n")
}

#[test]
fn a_dropped_file_is_live_and_its_successor_takes_over() {
    let bench = Bench::new();
    assert_eq!(bench.resolved("*"), None);
    bench.put("a.wasm", &version("1.0.0"));
    let (_, first) = bench.resolved("*").expect("the first version");
    bench.put("a.wasm", &version("1.1.0"));
    let (newest, second) = bench.resolved("^1").expect("the second version");
    assert_eq!(newest, "1.1.0");
    assert_ne!(first, second);
    // Both serve side by side to those who name them.
    for digest in [first, second] {
        assert_eq!(bench.decide(&bench.binding_to(digest), &[150.0]), ["in 0"]);
    }
    assert_eq!(bench.resolved("^2"), None);
    assert_eq!(
        bench.told(),
        [
            "available big_spender 1.0.0 from a.wasm",
            "available big_spender 1.1.0 from a.wasm"
        ]
    );
    assert_eq!(
        bench.states(),
        [
            "a.wasm available big_spender 1.1.0",
            "- retired big_spender 1.0.0"
        ]
    );
}

#[test]
fn several_versions_live_side_by_side() {
    let bench = Bench::new();
    bench.put("old.wasm", &version("1.4.0"));
    bench.put("new.wasm", &version("2.0.0"));
    let resolved = |requirement| bench.resolved(requirement).map(|(version, _)| version);
    assert_eq!(resolved("^1").as_deref(), Some("1.4.0"));
    assert_eq!(resolved(">=1").as_deref(), Some("2.0.0"));
}

#[test]
fn of_two_files_with_one_version_and_other_bytes_neither_may_be_bound() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let other = Guest {
        pages: 3,
        ..Guest::default()
    };
    let bound = bench.binding();
    bench.put("b.wasm", &other.component());
    assert_eq!(bench.resolved("*"), None);
    assert_eq!(bench.decide(&bound, &[150.0]), ["in 0"]);
    let name = PluginName::parse("big_spender").expect("a name");
    let withheld = bench.catalogue.withheld(&name, &semver::VersionReq::STAR);
    assert_eq!(withheld.expect("it is told").code, "plugin_twice");
    assert_eq!(
        bench.states(),
        [
            "a.wasm refused big_spender 1.0.0 (plugin_twice)",
            "b.wasm refused big_spender 1.0.0 (plugin_twice)"
        ]
    );
    bench.remove("a.wasm");
    assert_eq!(
        bench.resolved("*").map(|(version, _)| version).as_deref(),
        Some("1.0.0")
    );
    assert_eq!(
        bench.told(),
        [
            "available big_spender 1.0.0 from a.wasm",
            "refused b.wasm: plugin_twice a.wasm holds other bytes of big_spender 1.0.0: take one of the two away, or \
             give one another version",
            "removed a.wasm",
            "available big_spender 1.0.0 from b.wasm",
        ]
    );
}

#[test]
fn a_broken_file_is_listed_and_the_old_version_serves() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let good = version("1.1.0");
    for (bytes, code) in [
        (&b"not wasm"[..], "plugin_not_wasm"),
        (&good[..good.len() / 2], "plugin_invalid"),
        (&b""[..], "plugin_empty"),
        (&Guest::default().module(), "plugin_core_module"),
    ] {
        bench.put("a.wasm", bytes);
        assert_eq!(
            bench.states(),
            [format!("a.wasm available big_spender 1.0.0 ({code})")]
        );
        assert_eq!(bench.decide(&bench.binding(), &[150.0]), ["in 0"]);
    }
    bench.put("a.wasm", &good);
    assert_eq!(bench.resolved("*").expect("a version").0, "1.1.0");
    assert_eq!(bench.states()[0], "a.wasm available big_spender 1.1.0");
}

#[test]
fn what_fails_a_gate_is_refused_with_its_reason() {
    let loops = Guest {
        items: "(func $go (loop $on (br $on))) (start $go)",
        ..Guest::default()
    };
    assert!(
        told_of(&loops)
            .contains("plugin_describe_failed `describe` failed (out_of_fuel): at its start")
    );

    let keeps_state = "(global.set $turn (i32.add (global.get $turn) (i32.const 1)))
        (if (i32.gt_u (global.get $turn) (i32.const 1)) (then (i32.store8 (local.get $at) (i32.const 1))
          (i32.store offset=8 (local.get $at) (i32.const 1024)) (i32.store offset=12 (local.get $at) (i32.const 3))))";
    let told = told_of(&Guest {
        row: keeps_state,
        ..Guest::default()
    });
    assert!(told.contains("plugin_state the segment keeps state: case \"under\" answers otherwise when asked together"), "{told}");

    let mut wrong_case = Guest::default();
    wrong_case.describe["rules"]["segment"]["cases"][0]["expect"] = json!({"member": false});
    assert!(
        told_of(&wrong_case)
            .contains("plugin_case case \"over\" of the segment: /member is true, expected false")
    );

    let mut lies = Guest::default();
    lies.describe["rules"] = json!({"trigger": lies.describe["rules"]["segment"]});
    assert!(
        told_of(&lies).contains("/rules: it describes trigger but the component exports segment")
    );

    let mut bad_schema = Guest::default();
    bad_schema.describe["rules"]["segment"]["config_schema"] = json!({"type": "objekt"});
    assert!(told_of(&bad_schema).contains("plugin_config_schema"));

    let mut elsewhere = Guest::default();
    elsewhere.describe["rules"]["segment"]["config_schema"] =
        json!({"$ref": "https://example.com/schema.json"});
    assert!(told_of(&elsewhere).contains("plugin_config_schema"));

    let mut bad_name = Guest::default();
    bad_name.describe["name"] = json!("../../etc/x");
    assert!(told_of(&bad_name).contains("plugin_describe"));
}

#[test]
fn texts_for_people_speak_to_no_terminal() {
    for (pointer, c) in [
        ("/title", '\u{1b}'),
        ("/summary", '\n'),
        ("/rules/segment/reasons/1/title", '\u{9b}'),
        ("/rules/segment/cases/2/name", '\u{7f}'),
    ] {
        let mut guest = Guest::default();
        let text = guest.describe.pointer_mut(pointer).expect("a text");
        *text = json!(format!("Good{c}[2J"));
        assert_eq!(
            told_of(&guest),
            format!(
                "refused a.wasm: plugin_describe `describe` answered a document with problems: {pointer}: it has the \
                 control character {c:?}"
            )
        );
    }
}

#[test]
fn a_removed_file_ends_new_bindings_but_not_old_ones() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let binding = bench.binding();
    bench.remove("a.wasm");
    assert_eq!(bench.resolved("*"), None);
    assert_eq!(
        bench.told().last().map(String::as_str),
        Some("removed a.wasm")
    );
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    // Nobody uses it: it is unloaded, and comes back from the data folder when somebody does.
    bench.catalogue.retain(&[].into());
    assert_eq!(bench.decide(&binding, &[150.0]), ["not_loaded (row 0)"]);
    bench
        .catalogue
        .ensure(binding.digest)
        .expect("its copy is kept");
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    // After a restart as well, from compiled code alone: the command would fail.
    let bench = bench.reopened(vec!["false".into()]);
    bench.settle();
    bench
        .catalogue
        .ensure(binding.digest)
        .expect("its compiled code is kept");
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    assert!(
        bench
            .catalogue
            .ensure(Digest::of_bytes(b"never seen"))
            .is_err()
    );
}

#[test]
fn compiled_code_that_is_not_ours_is_never_used() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let digest = bench.binding().digest;
    let compiled = bench.data.join("compiled");
    let file = compiled.join(&names(&compiled)[0]);
    let mut bytes = fs::read(&file).expect("compiled code");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, bytes).expect("it is changed");
    // The command fails, so that only the changed file could serve.
    let bench = bench.reopened(vec!["false".into()]);
    bench.settle();
    assert!(bench.told().join("\n").contains("plugin_compile"));
    assert!(bench.catalogue.ensure(digest).is_err());
    assert_eq!(names(&compiled), Vec::<String>::new());
}

#[test]
fn the_data_folder_is_for_its_owner_alone() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    for folder in ["components", "compiled"] {
        let folder = bench.data.join(folder);
        for name in names(&folder) {
            let mode = fs::metadata(folder.join(name))
                .expect("a file")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    let key = fs::metadata(bench.data.join("cache.key")).expect("the key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&bench.data.join("incoming")), Vec::<String>::new());
}

#[test]
fn nothing_is_kept_where_others_may_write() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let data = root.path().join("data");
    let open = || {
        let engine = Arc::new(Engine::new(limits()).expect("an engine"));
        let folder = root.path().join("plugins");
        let config = CatalogueConfig::new(folder, data.clone(), compile_command());
        Catalogue::open(engine, config, |_| {}).map(drop)
    };
    let allow = |folder: &Path, mode| {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    open().expect("a new folder is closed to others");
    let inner = ["components", "compiled", "incoming"].map(|name| data.join(name));
    for folder in inner.iter().chain([&data]) {
        for mode in [0o720, 0o702] {
            allow(folder, mode);
            let refused = open().expect_err("others may write there");
            let folder = folder.display();
            assert_eq!(
                refused.to_string(),
                format!("others may write to the folder {folder}: run `chmod -R go-w` on it")
            );
        }
        allow(folder, 0o755);
        open().expect("others may read it");
    }
}

#[test]
fn ten_failures_in_a_minute_bring_the_last_good_version_back() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    bench.put("a.wasm", &version("1.1.0"));
    bench.told();
    let binding = bench.binding();
    for _ in 0..9 {
        assert_eq!(bench.decide(&binding, &[TRAPS]), ["trapped (row 0)"]);
    }
    assert_eq!(bench.resolved("*").expect("a version").0, "1.1.0");
    bench.decide(&binding, &[LOOPS]);
    assert_eq!(bench.resolved("*").expect("a version").0, "1.0.0");
    assert_eq!(bench.decide(&binding, &[150.0]), ["not_loaded (row 0)"]);
    assert_eq!(bench.states()[0], "a.wasm quarantined big_spender 1.1.0");
    let told = bench.told().remove(0);
    assert!(
        told.starts_with("quarantined big_spender 1.1.0: ") && told.contains("out_of_fuel"),
        "{told}"
    );
    assert_eq!(bench.decide(&bench.binding(), &[150.0]), ["in 0"]);
}

#[test]
fn what_failed_before_a_restart_is_quarantined_until_that_is_lifted() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    bench.put("b.wasm", &version("1.1.0"));
    let binding = bench.binding();
    let bench = bench.reopened(compile_command());
    bench.catalogue.quarantine(binding.digest, "it looped");
    bench.settle();
    bench.told();
    assert_eq!(bench.resolved("*").expect("a version").0, "1.0.0");
    assert_eq!(bench.decide(&binding, &[150.0]), ["not_loaded (row 0)"]);
    let states = bench.states();
    assert!(
        states.contains(&"b.wasm quarantined big_spender 1.1.0".to_owned()),
        "{states:?}"
    );
    let list = bench.catalogue.list();
    let last_error = |status: &PluginStatus| status.version.as_ref()?.last_error.clone();
    assert!(
        list.iter()
            .filter_map(last_error)
            .any(|error| error == "it looped")
    );
    // The same bytes under another name are the same file.
    bench.put("c.wasm", &version("1.1.0"));
    assert_eq!(bench.resolved("*").expect("a version").0, "1.0.0");
    bench.told();
    bench.catalogue.lift(binding.digest);
    assert_eq!(bench.told(), ["lifted big_spender 1.1.0"]);
    assert_eq!(bench.resolved("*").expect("a version").0, "1.1.0");
    assert_eq!(bench.decide(&binding, &[150.0]), ["in 0"]);
    // Failures are counted anew.
    for _ in 0..9 {
        bench.decide(&binding, &[TRAPS]);
    }
    assert_eq!(bench.resolved("*").expect("a version").0, "1.1.0");
    bench.decide(&binding, &[TRAPS]);
    assert_eq!(bench.resolved("*").expect("a version").0, "1.0.0");
}

#[test]
fn compiling_is_bounded_in_time_and_memory() {
    let short = Limits {
        compile_time_ms_max: 100,
        ..limits()
    };
    let bench =
        Bench::new().reopened_with(vec!["tail".into(), "-f".into(), "/dev/null".into()], short);
    bench.put("a.wasm", &version("1.0.0"));
    assert!(
        bench.told()[0]
            .contains("plugin_compile compile the component: it took longer than 100 ms")
    );
    let bench = Bench::with(Limits {
        compile_memory_bytes_max: 1 << 20,
        ..limits()
    });
    bench.put("a.wasm", &version("1.0.0"));
    assert!(
        bench.told()[0]
            .contains("plugin_compile compile the component: the compiling process ended with")
    );
}

#[test]
fn configs_are_held_against_the_plugins_schema() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let digest = bench.binding().digest;
    let plan = |config| bench.catalogue.plan(digest, RuleKind::Segment, &config);
    assert_eq!(plan(json!({"note": "x"})).expect("a plan").inputs.len(), 1);
    let Err(PlanError::Config { problems }) = plan(json!({"note": 1})) else {
        panic!("the config is wrong")
    };
    assert_eq!((problems[0].pointer.as_str(), problems.len()), ("/note", 1));
    assert!(matches!(
        bench.catalogue.plan(digest, RuleKind::Trigger, &json!({})),
        Err(PlanError::NoSuchRule {
            kind: RuleKind::Trigger,
            ..
        })
    ));
    assert!(matches!(
        bench.catalogue.plan(
            Digest::of_bytes(b"never seen"),
            RuleKind::Segment,
            &json!({})
        ),
        Err(PlanError::NotLoaded { .. })
    ));
}

#[test]
fn a_file_replaced_under_load_never_fails_a_decision() {
    let bench = Bench::new();
    bench.put("a.wasm", &version("1.0.0"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(
                    bench.decide(&bench.binding(), &[150.0, 1.0]),
                    ["in 0", "out 1"]
                );
            }
        });
        for minor in 1..=10 {
            bench.put("a.wasm", &version(&format!("1.{minor}.0")));
            assert_eq!(
                bench.resolved("*").expect("a version").0,
                format!("1.{minor}.0")
            );
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
