//! A file in the plugin folder: inspected, compiled, described and tried, or refused with a reason; and sealed.

use std::sync::LazyLock;

use signalbox_rules::{check, engine::Engine, inspect::inspect, limits::Limits, seal::seal};

/// One engine for all; what it is given must not cost more than a moment.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let limits = Limits {
        instances: 2,
        component_bytes_max: 1 << 20,
        memory_bytes_max: 16 << 20,
        fuel_per_document: 5_000_000,
        fuel_per_row: 1_000_000,
        deadline_ms: 200,
        cases_time_ms_max: 500,
        ..Limits::default()
    };
    Engine::new(limits).expect("the limits are good")
});

/// Loads what lies in a file.
pub fn run(bytes: &[u8]) {
    let limits = ENGINE.limits();
    match inspect(bytes, limits) {
        Ok(kinds) => {
            assert!(!kinds.is_empty());
            if let Err(refusal) = check::check(&ENGINE, bytes) {
                assert!(!refusal.to_string().is_empty());
            }
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
    if let Ok(sealed) = seal(bytes, limits) {
        inspect(&sealed.component, limits).expect("what is sealed is let in");
    }
}
