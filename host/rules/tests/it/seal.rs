//! Sealing: WASI gone, the same answers; what is not WASI named and refused.

use signalbox_rules::{
    check,
    engine::Engine,
    inspect::inspect,
    limits::Limits,
    seal::{SealError, Sealed, seal},
};

use crate::{guest::Guest, support::limits};

/// A segment that asks the system for each row and traps unless it gets what a stub answers.
fn asking() -> Guest {
    Guest {
        world: "segment-with-system",
        wit: "package test:system@1.0.0;
            world segment-with-system {
                include signalbox:rules/segment-plugin@1.0.0;
                import wasi:clocks/wall-clock@0.2.6;
                import wasi:random/random@0.2.6;
                import wasi:sockets/tcp-create-socket@0.2.6;
            }
            package wasi:clocks@0.2.6 {
                interface wall-clock {
                    record datetime { seconds: u64, nanoseconds: u32 }
                    now: func() -> datetime;
                }
            }
            package wasi:random@0.2.6 {
                interface random { get-random-bytes: func(len: u64) -> list<u8>; }
            }
            package wasi:sockets@0.2.6 {
                interface tcp-create-socket {
                    resource tcp-socket;
                    enum error-code { unknown, access-denied }
                    create-tcp-socket: func(ipv6: bool) -> result<tcp-socket, error-code>;
                }
            }",
        imports: r#"
            (import "wasi:clocks/wall-clock@0.2.6" "now" (func $now (param i32)))
            (import "wasi:random/random@0.2.6" "get-random-bytes" (func $random (param i64 i32)))
            (import "wasi:sockets/tcp-create-socket@0.2.6" "create-tcp-socket" (func $socket (param i32 i32)))"#,
        row: "
            (call $now (i32.const 512))
            (if (i64.ne (i64.load (i32.const 512)) (i64.const 0)) (then unreachable))
            (call $random (i64.const 8) (i32.const 512))
            (if (i32.ne (i32.load (i32.const 516)) (i32.const 8)) (then unreachable))
            (if (i64.ne (i64.load (i32.load (i32.const 512))) (i64.const 0)) (then unreachable))
            (call $socket (i32.const 0) (i32.const 512))
            (if (i32.ne (i32.load8_u (i32.const 512)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 516)) (i32.const 1)) (then unreachable))",
        ..Guest::default()
    }
}

fn refusal(component: &[u8]) -> String {
    match seal(component, &Limits::default()) {
        Ok(Sealed { stubbed, .. }) => panic!("it was sealed: {stubbed:?}"),
        Err(error) => error.to_string(),
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text parses")
}

#[test]
fn what_asks_the_system_gets_harmless_answers() {
    let limits = limits();
    let component = asking().component();
    let refused = inspect(&component, &limits).expect_err("it imports WASI");
    assert_eq!(refused.code(), "plugin_imports");
    let sealed = seal(&component, &limits).expect("WASI can be sealed");
    let told: Vec<String> = sealed
        .stubbed
        .iter()
        .map(|(capability, interfaces)| format!("{capability} ({})", interfaces.join(", ")))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    clocks: always 1970-01-01T00:00:00Z (wasi:clocks/wall-clock@0.2.6)
    random: always 0 (wasi:random/random@0.2.6)
    network: each access is refused (wasi:sockets/tcp-create-socket@0.2.6)
    ");
    inspect(&sealed.component, &limits).expect("nothing is imported any more");
    let engine = Engine::new(limits).expect("an engine");
    let report = check::check(&engine, &sealed.component).expect("it loads");
    assert!(report.is_good(), "{report}");
}

#[test]
fn what_imports_nothing_is_left_as_it_is() {
    let component = Guest::default().component();
    let sealed = seal(&component, &Limits::default()).expect("there is nothing to seal");
    assert_eq!(sealed.component, component);
    assert!(sealed.stubbed.is_empty());
}

#[test]
fn what_is_not_wasi_is_refused_by_name() {
    let component = Guest {
        world: "segment-with-prices",
        wit: "package test:shop@1.0.0;
            world segment-with-prices {
                include signalbox:rules/segment-plugin@1.0.0;
                import shop:prices/lookup@1.0.0;
            }
            package shop:prices@1.0.0 { interface lookup { price: func(product: u32) -> f64; } }",
        imports: r#"(import "shop:prices/lookup@1.0.0" "price" (func $price (param i32) (result f64)))"#,
        row: "(drop (call $price (local.get $i)))",
        ..Guest::default()
    };
    insta::assert_snapshot!(refusal(&component.component()), @"the component imports shop:prices/lookup@1.0.0#price, which cannot be sealed: only clocks, random, files, input and output, environment, sockets and exit of WASI 0.2 have stubs. Build it without them: a rule gets what it reads through its plan");
}

#[test]
fn what_asks_for_the_web_or_another_wasi_is_refused_by_name() {
    let importing = |interface: &str| {
        let text =
            format!(r#"(component (import "{interface}" (instance (export "ask" (func)))))"#);
        refusal(&wat(&text))
    };
    for interface in [
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:clocks/wall-clock@0.3.0",
        "wasi:keyvalue/store@0.2.0",
    ] {
        let told = importing(interface);
        let expected = format!("the component imports {interface}#ask, which cannot be sealed: ");
        assert!(told.starts_with(&expected), "{told}");
    }
    let bare = refusal(&wat(
        r#"(component (import "log" (func (param "line" string))))"#,
    ));
    assert!(bare.starts_with("the component imports log, "), "{bare}");
}

#[test]
fn what_is_no_component_is_refused_as_the_server_does() {
    for (bytes, code) in [
        (b"no component".to_vec(), "plugin_not_wasm"),
        (Guest::default().module(), "plugin_core_module"),
    ] {
        let error = seal(&bytes, &Limits::default()).expect_err("it is refused");
        let SealError::Refused(error) = error else {
            panic!("refused for something else: {error}");
        };
        assert_eq!(error.code(), code);
    }
    // Sealed, it would still not be a plugin.
    let clock = r#"(component (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64))))))"#;
    let told = refusal(&wat(clock));
    assert!(told.contains("plugin_exports"), "{told}");
}
