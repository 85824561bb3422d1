//! What a decision costs: one on a fresh instance, and a segment over values in memory, each as a ratio to bare
//! wasmtime doing the same with the same component in the same run.
//!
//! `cargo bench -p signalbox-bench --bench decide`. The plugin is `plugins/bench-predicate`, a compiled predicate of
//! three inputs; the bars are those of design section 11.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::{
    ffi::OsString,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use signalbox_model::{describe::RuleKind, id::PluginName, time::Instant, value::Value};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig},
    columns::{Columns, Row},
    compile,
    decide::Binding,
    engine::Engine,
    limits::Limits,
    toolchain,
};
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

mod bindings {
    wasmtime::component::bindgen!({
        world: "segment-plugin",
        path: "../../wit/v1",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

use bindings::{
    SegmentPluginPre,
    signalbox::rules::types::{Batch, Column, ColumnValues},
};

/// Set in the process that compiles.
const CHILD: &str = "SIGNALBOX_BENCH_COMPILES";
/// Rows of a batch.
const ROWS: usize = 1_000;
/// How long each measurement runs; the best of its rounds counts, since the machine is shared.
const ROUNDS: usize = 30;

fn main() {
    if std::env::var_os(CHILD).is_some() {
        compile::child(std::io::stdin()).expect("the job is done");
        return;
    }
    let root = tempfile::tempdir().expect("a temporary folder");
    let file = root.path().join("plugins/bench_predicate.wasm");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/bench-predicate");
    toolchain::build(&folder, &file, &Limits::default()).expect("the plugin builds");
    let bytes = std::fs::read(&file).expect("the component is there");

    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let ours = Ours::open(root.path());
    let bare = Bare::open(&bytes);
    assert_eq!(
        ours.members(&rows),
        bare.members(&rows),
        "both answer alike"
    );

    let one = best(2_000, || {
        black_box(ours.catalogue.decide(&ours.binding, now(), &rows[..1]));
    });
    let one_bare = best(2_000, || {
        black_box(bare.members(&rows[..1]));
    });
    print(
        "one decision, fresh instance",
        one,
        one_bare,
        1,
        "at most 1.5x",
    );

    let columns = Columns::from_rows(&ours.binding.plan, now(), &rows);
    let columns_ours = best(50, || {
        black_box(
            ours.catalogue
                .decide_columns(&ours.binding, now(), &columns),
        );
    });
    let rows_ours = best(50, || {
        black_box(ours.catalogue.decide(&ours.binding, now(), &rows));
    });
    let rows_bare = best(50, || {
        black_box(bare.members(&rows));
    });
    print(
        "segment, 1,000 rows as columns",
        columns_ours,
        rows_bare,
        ROWS,
        "at most 0.13 us a row",
    );
    print(
        "segment, 1,000 rows of values",
        rows_ours,
        rows_bare,
        ROWS,
        "at most 0.13 us a row",
    );
}

fn print(what: &str, ours: Duration, bare: Duration, rows: usize, bar: &str) {
    let us = |time: Duration| time.as_secs_f64() * 1e6 / rows as f64;
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!(
        "{what}: {:.3} us a row, bare wasmtime {:.3} us, {ratio:.2}x (bar: {bar})",
        us(ours),
        us(bare)
    );
}

/// The best mean of some rounds.
fn best(count: u32, mut run: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let started = clock();
        for _ in 0..count {
            run();
        }
        (clock() - started) / count
    });
    rounds.min().unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time is what a benchmark measures"
)]
fn clock() -> Clock {
    Clock::now()
}

fn now() -> Instant {
    Instant::from_ms(1_767_225_600_000)
}

fn row(number: usize) -> Row {
    let country = if number.is_multiple_of(3) { "DE" } else { "FR" };
    let spent = (number % 250) as f64;
    Box::new([
        Some(Value::text(country)),
        Some(Value::Integer((number % 7) as i64)),
        (!number.is_multiple_of(10)).then_some(Value::Number(spent)),
    ])
}

struct Ours {
    catalogue: Catalogue,
    binding: Binding,
}

impl Ours {
    fn open(root: &Path) -> Self {
        let engine = Arc::new(Engine::new(Limits::default()).expect("an engine"));
        let this = std::env::current_exe().expect("a benchmark has a binary");
        let command: Vec<OsString> = vec!["env".into(), format!("{CHILD}=1").into(), this.into()];
        let config = CatalogueConfig::new(root.join("plugins"), root.join("data"), command);
        let catalogue = Catalogue::open(engine, config, |_| {}).expect("a catalogue");
        assert!(
            catalogue.wait_settled(Duration::from_mins(2)),
            "the folder settles"
        );
        let name = PluginName::parse("bench_predicate").expect("a name");
        let available = catalogue
            .resolve(&name, &semver::VersionReq::STAR)
            .expect("the plugin is let in");
        let config = serde_json::json!({});
        let plan = catalogue
            .plan(available.digest, RuleKind::Segment, &config)
            .expect("a plan");
        let binding = Binding {
            digest: available.digest,
            kind: RuleKind::Segment,
            config: config.to_string().into(),
            plan: Arc::new(plan),
        };
        Self { catalogue, binding }
    }

    fn members(&self, rows: &[Row]) -> Vec<bool> {
        let answers = self.catalogue.decide(&self.binding, now(), rows);
        let member = |answer| matches!(answer, Ok(signalbox_model::verdict::Verdict::Segment(v)) if v.member);
        answers.into_iter().map(member).collect()
    }
}

/// Wasmtime with its own settings for speed and none of ours for safety.
struct Bare {
    engine: wasmtime::Engine,
    pre: SegmentPluginPre<()>,
}

impl Bare {
    fn open(bytes: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(16)
            .total_core_instances(64)
            .total_memories(48)
            .total_tables(48)
            .max_memory_size(64 << 20)
            .linear_memory_keep_resident(256 << 10)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .native_unwind_info(false)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = wasmtime::Engine::new(&config).expect("an engine");
        let component = Component::from_binary(&engine, bytes).expect("the component compiles");
        let pre = Linker::new(&engine)
            .instantiate_pre(&component)
            .expect("it imports nothing");
        Self {
            engine,
            pre: SegmentPluginPre::new(pre).expect("it is a segment"),
        }
    }

    fn members(&self, rows: &[Row]) -> Vec<bool> {
        let countries: Vec<&str> = rows
            .iter()
            .map(|row| row[0].as_ref().and_then(Value::as_text).unwrap_or_default())
            .collect();
        let orders: Vec<i64> = rows
            .iter()
            .map(|row| {
                if let Some(Value::Integer(count)) = row[1] {
                    count
                } else {
                    0
                }
            })
            .collect();
        let spent: Vec<f64> = rows
            .iter()
            .map(|row| {
                row[2]
                    .as_ref()
                    .and_then(Value::as_number)
                    .unwrap_or_default()
            })
            .collect();
        let missing: Vec<u32> = (0_u32..)
            .zip(rows)
            .filter(|(_, row)| row[2].is_none())
            .map(|(at, _)| at)
            .collect();
        let columns = [
            Column {
                values: ColumnValues::Texts(&countries),
                missing: &[],
            },
            Column {
                values: ColumnValues::Integers(&orders),
                missing: &[],
            },
            Column {
                values: ColumnValues::Numbers(&spent),
                missing: &missing,
            },
        ];
        let mut store = Store::new(&self.engine, ());
        let plugin = self.pre.instantiate(&mut store).expect("an instance");
        let batch = Batch {
            rows: rows.len() as u32,
            columns: &columns,
        };
        let answers = plugin
            .signalbox_rules_segment()
            .call_decide(&mut store, "{}", batch)
            .expect("answers");
        answers
            .into_iter()
            .map(|answer| answer.is_ok_and(|verdict| verdict.member))
            .collect()
    }
}
