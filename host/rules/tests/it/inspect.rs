//! What a file must be before anything is compiled.

use std::collections::BTreeMap;

use serde_json::json;
use signalbox_rules::{check::inspect_file, engine::Engine, inspect::inspect, limits::Limits};

use crate::{guest::Guest, support::limits};

fn check(bytes: &[u8], expected: &str) {
    let found = match inspect(bytes, &Limits::default()) {
        Ok(kinds) => kinds
            .iter()
            .map(|kind| kind.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        Err(error) => format!("{}: {error}", error.code()),
    };
    assert!(
        found.starts_with(expected),
        "found {found:?}, expected {expected:?}"
    );
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text parses")
}

#[test]
fn a_good_component_is_named_by_its_rules() {
    check(&Guest::default().component(), "segment");
}

#[test]
fn what_is_not_a_component_is_named() {
    let good = Guest::default().component();
    check(b"", "plugin_empty");
    check(
        b"hello, I am a text",
        "plugin_not_wasm: the file is not WebAssembly: it starts with \"hello, I am a te\"",
    );
    check(&[0x7f, b'E', b'L', b'F'], "plugin_not_wasm");
    check(&good[..5], "plugin_invalid");
    check(&good[..good.len() / 2], "plugin_invalid");
    check(&Guest::default().module(), "plugin_core_module");
    check(&vec![0; (32 << 20) + 1], "plugin_too_large");
}

#[test]
fn imports_that_can_be_called_are_refused_by_name() {
    check(
        &wat(
            r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64))))))"#,
        ),
        "plugin_imports: the component imports wasi:clocks/wall-clock@0.2.0#now: a plugin may import nothing",
    );
    check(
        &wat(r#"(component (import "log" (func (param "line" string))))"#),
        "plugin_imports: the component imports log:",
    );
    check(
        &wat(r#"(component (import "a:b/c" (instance (export "handle" (type (sub resource))))))"#),
        "plugin_imports: the component imports a:b/c#handle",
    );
    check(
        &wat(r#"(component (import "code" (core module)))"#),
        "plugin_imports: the component imports code",
    );
    // Types alone are fine; then it is the exports that are missing.
    check(
        &wat(
            r#"(component (import "a:b/types" (instance (type u32) (export "id" (type (eq 0))))))"#,
        ),
        "plugin_exports",
    );
    let many: Vec<_> = (0..5_000)
        .map(|i| format!("(import \"f{i}\" (func))"))
        .collect();
    let many = many.concat();
    check(
        &wat(&format!("(component {many})")),
        "plugin_imports: the component imports f0, f1, f2",
    );
}

#[test]
fn missing_exports_are_named() {
    check(
        &wat(
            r#"(component (component $c) (instance $i (instantiate $c)) (export "signalbox:rules/plugin@2.0.0" (instance $i)))"#,
        ),
        "plugin_exports: the component does not export signalbox:rules/plugin@1.0.0 (it exports signalbox:rules/plugin@2.0.0)",
    );
    check(
        &wat(
            r#"(component (component $c) (instance $i (instantiate $c)) (export "signalbox:rules/plugin@1.0.0" (instance $i)))"#,
        ),
        "plugin_exports: the component does not export any of signalbox:rules/trigger@1.0.0",
    );
}

#[test]
fn memory_and_tables_beyond_the_limits_are_refused_before_anything_is_allocated() {
    let giant = Guest {
        pages: 65_535,
        ..Guest::default()
    };
    check(
        &giant.component(),
        "plugin_resources: the component declares 4294901760 bytes of memory",
    );
    let table = Guest {
        items: "(table 1000000 funcref)",
        ..Guest::default()
    };
    check(
        &table.component(),
        "plugin_resources: the component declares a table of 1000000 elements",
    );
}

/// Every cut and every flipped byte ends in a clean answer. Seeded, so that a failure can be seen again.
#[test]
fn ten_thousand_mutations_never_panic() {
    let good = Guest::default().component();
    let mut seed = 0x5EED_u64;
    let mut draw = |bound: usize| {
        // A step of SplitMix64.
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    };
    let mut refused = 0;
    for _ in 0..10_000 {
        let mut bytes = good.clone();
        match draw(4) {
            0 => bytes.truncate(draw(good.len())),
            1 => {
                let at = draw(good.len());
                bytes.splice(at..at, (0..=draw(8)).map(|i| i as u8));
            }
            _ => {
                for _ in 0..=draw(3) {
                    let at = draw(good.len());
                    bytes[at] ^= 1 << draw(8);
                }
            }
        }
        if let Err(error) = inspect(&bytes, &Limits::default()) {
            assert!(!error.to_string().is_empty());
            refused += 1;
        }
    }
    assert!(
        refused > 2_000,
        "only {refused} of the mutations were refused"
    );
}

#[test]
fn what_is_shown_of_a_component_speaks_to_no_terminal() {
    let mut guest = Guest::default();
    guest.describe["rules"]["segment"]["config_schema"]["title"] = json!("Good\u{9b}2J");
    let engine = Engine::new(limits()).expect("an engine");
    let inspected = inspect_file(&engine, &guest.component(), &BTreeMap::new());
    let shown = inspected.expect("it describes itself").to_string();
    assert!(shown.contains(r#""title":"Good\u{9b}2J""#), "{shown}");
    assert!(!shown.contains('\u{9b}'), "{shown}");
}
