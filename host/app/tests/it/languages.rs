//! Rules in every language: what `plugin new` writes builds, comes out as it says, and has a test that passes.
//!
//! The tools of the languages lie where `cargo xtask setup` puts them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{said, shipped_plugins, signalbox};

/// The guide, whose commands are executed below, has the segment in each language.
const BESIDE_THE_GUIDES: [&str; 2] = ["trigger", "personalizer"];

pub(crate) fn target_folder() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_signalbox"));
    binary
        .parent()
        .and_then(Path::parent)
        .expect("the binary lies in the profile's folder")
        .to_owned()
}

/// The folders of the tools, and what the machine has.
fn search_path() -> std::ffi::OsString {
    let tools = target_folder().join("e2e-tools");
    let ours = [
        "rules-node/node_modules/.bin",
        "rules-python/bin",
        "rules-zig/bin",
    ];
    let ours = ours.map(|folder| tools.join(folder));
    assert!(
        ours[0].join("componentize-qjs").is_file() && ours[1].join("componentize-py").is_file(),
        "the tools of the languages are missing: run `cargo xtask setup`"
    );
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(ours.into_iter().chain(env::split_paths(&path))).expect("paths without colons")
}

/// Runs the binary with the tools; it must succeed.
pub(crate) fn ok(arguments: &[&str], folder: &Path) -> String {
    let output = signalbox()
        .args(arguments)
        .current_dir(folder)
        .env("PATH", search_path())
        .env("CARGO_TARGET_DIR", target_folder().join("rule-crates"))
        .output()
        .expect("the binary runs");
    let text = said(&output);
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

/// Runs any other program; it must succeed.
pub(crate) fn passes(program: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("PATH", search_path())
        .env("CARGO_TARGET_DIR", target_folder().join("rule-crates"))
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        said(&output)
    );
}

/// A new plugin is built and checked; its folder is handed to `test`.
fn begins(language: &str, kind: &str, test: impl Fn(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    ok(
        &["plugin", "new", "mine", "--kind", kind, "--lang", language],
        folder.path(),
    );
    let plugin = folder.path().join("mine");
    test(&plugin);
    let built = ok(
        &["plugin", "build", "mine", "--out", "mine.wasm"],
        folder.path(),
    );
    assert!(built.contains("imports nothing"), "{built}");
    let checked = ok(&["plugin", "check", "mine.wasm"], folder.path());
    assert!(checked.contains("mine 1.0.0: "), "{checked}");
    assert!(
        checked.contains("all 2 cases come out as they say"),
        "{checked}"
    );
}

#[test]
fn a_rule_in_javascript_begins_with_a_template() {
    for kind in BESIDE_THE_GUIDES {
        begins("javascript", kind, |folder| {
            passes("node", &["--test"], folder);
        });
    }
}

#[test]
fn a_rule_in_python_begins_with_a_template() {
    for kind in BESIDE_THE_GUIDES {
        begins("python", kind, |folder| {
            passes("python3", &["-m", "unittest"], folder);
        });
    }
}

#[test]
fn a_rule_in_c_begins_with_a_template() {
    for kind in BESIDE_THE_GUIDES {
        begins("c", kind, |folder| {
            let sources = [
                "-Wall",
                "-Wextra",
                "-I",
                "signalbox",
                "tests/rule.c",
                "rule.c",
            ];
            let made = ["signalbox/testing/testing.c", "-o", "rule-test"];
            passes("cc", &[&sources[..], &made].concat(), folder);
            passes("./rule-test", &[], folder);
        });
    }
}

#[test]
fn a_rule_in_typescript_is_typed_and_runs_on_starlingmonkey_too() {
    let folder = tempfile::tempdir().expect("a folder");
    ok(
        &[
            "plugin",
            "new",
            "mine",
            "--kind",
            "segment",
            "--lang",
            "javascript",
        ],
        folder.path(),
    );
    let plugin = folder.path().join("mine");
    let rule = fs::read_to_string(plugin.join("rule.js")).expect("the rule is there");
    let typed = rule
        .replace("import { ", "import { type SegmentRule, ")
        .replace(
            "const bigSpender =",
            "const bigSpender: SegmentRule<{ threshold: number }> =",
        );
    assert_ne!(rule, typed);
    fs::write(plugin.join("rule.ts"), typed).expect("a file");
    let manifest = plugin.join("package.json");
    let text = fs::read_to_string(&manifest).expect("the manifest is there");
    fs::write(&manifest, text.replace("\"rule.js\"", "\"rule.ts\"")).expect("it can be changed");
    let strict = [
        "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022",
    ];
    passes("tsc", &[&strict[..], &["rule.ts"]].concat(), &plugin);
    for engine in ["quickjs", "starlingmonkey"] {
        let build = [
            "plugin",
            "build",
            "mine",
            "--out",
            "mine.wasm",
            "--engine",
            engine,
        ];
        ok(&build, folder.path());
        let checked = ok(&["plugin", "check", "mine.wasm"], folder.path());
        assert!(
            checked.contains("all 2 cases come out as they say"),
            "{engine}: {checked}"
        );
    }
}

#[test]
fn the_sdks_pass_their_own_tests() {
    let sdks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk");
    let tests = ["test/rules.test.js", "test/templates.test.js"];
    passes(
        "node",
        &[&["--test"][..], &tests].concat(),
        &sdks.join("javascript"),
    );
    passes(
        "python3",
        &["-B", "-m", "unittest", "tests/test_rules.py"],
        &sdks.join("python"),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("sdk-test");
    let program = program.to_str().expect("a plain path");
    let checked = [
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fsanitize=address,undefined",
    ];
    let made = [
        "-I",
        "src",
        "tests/sdk.c",
        "src/testing/testing.c",
        "-o",
        program,
    ];
    passes("cc", &[&checked[..], &made].concat(), &sdks.join("c"));
    passes(program, &[], folder.path());
}

#[test]
fn shipped_rules_in_every_language_pass_their_own_tests() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    passes("node", &["--test"], &plugins.join("greeting"));
    let sdk = "import sys; sys.path[:0] = ['.', '../../plugin-sdk/python']; import unittest";
    let discovered = format!("{sdk}; unittest.main('test_rule')");
    passes(
        "python3",
        &["-B", "-c", &discovered],
        &plugins.join("engagement-trend"),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("rule-test");
    let program = program.to_str().expect("a plain path");
    let checked = ["-std=c11", "-Wall", "-Wextra", "-Werror"];
    let sdk = "../../plugin-sdk/c/src";
    let testing = format!("{sdk}/testing/testing.c");
    let made = ["-I", sdk, "tests/rule.c", "rule.c", &testing, "-o", program];
    let sanitized = ["-fsanitize=address,undefined"];
    passes(
        "cc",
        &[&checked[..], &sanitized, &made].concat(),
        &plugins.join("big-basket"),
    );
    passes(program, &[], folder.path());
}

#[test]
fn a_missing_tool_is_named_with_the_command_that_gets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for (language, expected) in [
        (
            "javascript",
            "esbuild is missing, which bundles JavaScript and TypeScript; this gets it: npm install --prefix",
        ),
        (
            "python",
            "componentize-py is missing, which makes components of Python; this gets it: python3 -m pip install componentize-py==0.25.1",
        ),
        (
            "c",
            "clang with lld is missing, which compiles C; this gets it: apt-get install clang lld",
        ),
    ] {
        ok(
            &[
                "plugin", "new", language, "--kind", "segment", "--lang", language,
            ],
            folder.path(),
        );
        let output = signalbox()
            .args(["plugin", "build", language])
            .current_dir(folder.path())
            .env("PATH", folder.path())
            .output()
            .expect("the binary runs");
        let text = said(&output);
        assert!(
            text.starts_with("exit 1\n") && text.contains(expected),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_plugin_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: &[&str]| {
        let output = signalbox()
            .args(arguments)
            .current_dir(folder.path())
            .output();
        let output = output.expect("the binary runs");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let begin = [
        "plugin", "new", "mine", "--kind", "segment", "--lang", "python",
    ];
    ok(&begin, folder.path());
    assert!(refused(&begin).contains("mine is there already: name another folder with --out"));
    assert!(
        refused(&["plugin", "new", "Mine", "--kind", "segment", "--lang", "c"])
            .contains("is no name")
    );
    assert!(refused(&["plugin", "build", "."]).contains("holds no plugin: Rust has a Cargo.toml"));
    fs::write(folder.path().join("mine/package.json"), "{}").expect("a file");
    assert!(refused(&["plugin", "build", "mine"]).contains("JavaScript or Python"));
    fs::remove_file(folder.path().join("mine/pyproject.toml")).expect("it was there");
    assert!(
        refused(&["plugin", "build", "mine"])
            .contains("must say under `signalbox` which file is the plugin")
    );
    let rules = r#"{"signalbox": {"main": "rule.py", "rules": ["segments"]}}"#;
    fs::write(folder.path().join("mine/package.json"), rules).expect("a file");
    assert!(
        refused(&["plugin", "build", "mine"])
            .contains("each one of trigger, segment, personalizer")
    );
}

/// The commands of the guide, as they stand there, with the repository under the name that it has there.
#[test]
fn the_guide_goes_from_nothing_to_a_running_rule() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/README.md");
    let guide = fs::read_to_string(guide).expect("the guide is there");
    let blocks = guide.split("```sh\n").skip(1);
    let commands: String = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let cloned = folder.path().join("signalbox/target");
    fs::create_dir_all(&cloned).expect("a folder");
    std::os::unix::fs::symlink(shipped_plugins(), cloned.join("plugins")).expect("a link");
    let binary = Path::new(env!("CARGO_BIN_EXE_signalbox"));
    let mut path = binary.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(search_path());
    let output = Command::new("sh")
        .args(["-e", "-c", &commands])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", target_folder().join("rule-crates"))
        .output()
        .expect("a shell");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for language in ["rust", "javascript", "python", "c"] {
        let told = format!(
            "thanks-{language}\n          1 entered\n          1 not entered: not_in_audience\n"
        );
        assert!(text.contains(&told), "{language}: {text}");
    }
}

/// A conformance rule: where it lies, where a new plugin has its rule, and what is said of its integers.
struct Conformer {
    language: &'static str,
    source: &'static str,
    place: &'static str,
    integers: &'static str,
}

const CONFORMERS: [Conformer; 5] = [
    Conformer {
        language: "rust",
        source: "rule.rs",
        place: "src/lib.rs",
        integers: "integers.json",
    },
    Conformer {
        language: "javascript",
        source: "rule.ts",
        place: "rule.js",
        integers: "integers-javascript.json",
    },
    Conformer {
        language: "typescript",
        source: "rule.ts",
        place: "rule.ts",
        integers: "integers-javascript.json",
    },
    Conformer {
        language: "python",
        source: "rule.py",
        place: "rule.py",
        integers: "integers.json",
    },
    Conformer {
        language: "c",
        source: "rule.c",
        place: "rule.c",
        integers: "integers.json",
    },
];

/// Ninety cases on a busy machine, where each is asked at least three times.
const TIME: &str = "limits.rules.cases_time_ms_max=60000";

fn conformance(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/conformance");
    folder.join(name).to_string_lossy().into_owned()
}

fn replace(path: &Path, what: &str, with: &str) {
    let text = fs::read_to_string(path).expect("the file is there");
    assert!(text.contains(what), "{}: {text}", path.display());
    fs::write(path, text.replace(what, with)).expect("it can be changed");
}

/// A new plugin with the conformance rules of all kinds in place of its example.
fn conformer(of: &Conformer, folder: &Path) {
    let Conformer {
        language,
        source,
        place,
        ..
    } = *of;
    let lang = if language == "typescript" {
        "javascript"
    } else {
        language
    };
    let new = [
        "plugin",
        "new",
        language,
        "--kind",
        "personalizer",
        "--lang",
        lang,
    ];
    ok(&new, folder);
    let plugin = folder.join(language);
    fs::copy(
        conformance(source),
        plugin.join(source.replace("rule.rs", "src/lib.rs")),
    )
    .expect("the rule is there");
    let all = "[\"trigger\", \"segment\", \"personalizer\"]";
    match language {
        "javascript" | "typescript" => {
            let manifest = plugin.join("package.json");
            replace(&manifest, "[\"personalizer\"]", all);
            replace(&manifest, "\"rule.js\"", &format!("\"{place}\""));
        }
        "python" => replace(&plugin.join("pyproject.toml"), "[\"personalizer\"]", all),
        "c" => {
            let description = plugin.join("description.json");
            fs::copy(conformance("description.json"), description).expect("it is there");
        }
        _ => {}
    }
    let strict = [
        "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022",
    ];
    match language {
        "typescript" => passes("tsc", &[&strict[..], &["rule.ts"]].concat(), &plugin),
        // The same rule as JavaScript: its types are taken away and nothing else.
        "javascript" => passes("esbuild", &["rule.ts", "--outfile=rule.js"], &plugin),
        _ => {}
    }
}

/// Every language is put the same cases of all three kinds, and answers the same; what it costs is printed as a table.
#[test]
fn every_language_answers_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut table = Vec::new();
    for of in &CONFORMERS {
        let language = of.language;
        conformer(of, folder.path());
        let component = format!("{language}.wasm");
        ok(
            &["plugin", "build", language, "--out", &component],
            folder.path(),
        );
        for (cases, count) in [("cases.json", 90), (of.integers, 7)] {
            let cases = conformance(cases);
            let told = ok(
                &[
                    "plugin", "test", &component, "--cases", &cases, "--set", TIME,
                ],
                folder.path(),
            );
            let expected = format!("all {count} cases come out as they say");
            assert!(told.contains(&expected), "{language}: {told}");
        }
        let bytes = fs::metadata(folder.path().join(&component))
            .expect("it is there")
            .len();
        table.push(format!("{language}, {bytes} bytes"));
        table.extend(costs(&component, folder.path()));
    }
    println!("{}", table.join("\n"));
}

/// A line for each kind: fuel and time alone, and in the largest batch of the contract in one run.
fn costs(component: &str, folder: &Path) -> Vec<String> {
    let cases = conformance("cases.json");
    let bench = [
        "plugin", "bench", component, "--cases", &cases, "--rows", "10000",
    ];
    let limits = [
        "--set",
        "limits.rules.batch_rows_max=10000",
        "--set",
        "limits.rules.deadline_ms=60000",
        "--set",
        "limits.rules.fuel_per_run_max=20000000000",
        "--set",
        TIME,
    ];
    let told = ok(&[&bench[..], &limits].concat(), folder);
    // Behind the exit code.
    let lines = told.lines().skip(1).map(|line| format!("  {line}"));
    let lines: Vec<String> = lines.collect();
    assert_eq!(lines.len(), 3, "{told}");
    lines
}
