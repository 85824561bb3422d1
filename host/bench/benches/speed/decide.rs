//! What a decision costs: one on a fresh instance, and a segment over values in memory, each beside bare wasmtime doing
//! the same with the same component.
//!
//! The plugin is `plugins/bench-predicate`, a compiled predicate of three inputs; the bars are those of design section
//! 11: at most 1.5x, and at most 0.13 us a row.

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, Throughput};
use signalbox_bench::place::{Place, component};
use signalbox_model::{
    describe::RuleKind,
    id::PluginName,
    time::Instant,
    value::Value,
    verdict::{Answer, Verdict},
};
use signalbox_rules::{
    catalogue::Catalogue,
    columns::{Columns, Row},
    decide::Binding,
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

const PLUGIN: &str = "bench-predicate";
/// Rows of a batch.
const ROWS: usize = 1_000;

pub(crate) fn decisions(criterion: &mut Criterion) {
    let place = Place::new(&[PLUGIN]);
    let ours = Ours::open(&place);
    let bare = Bare::open(&component(PLUGIN));
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    assert_eq!(
        ours.members(&rows),
        bare.members(&rows),
        "both answer alike"
    );

    let mut one = criterion.benchmark_group("one_decision_fresh_instance");
    one.bench_function("baseline_wasmtime", |bencher| {
        bencher.iter(|| black_box(bare.members(&rows[..1])));
    });
    one.bench_function("signalbox", |bencher| {
        bencher.iter(|| black_box(ours.catalogue.decide(&ours.binding, now(), &rows[..1])));
    });
    one.finish();

    let mut segment = criterion.benchmark_group("segment_1000_rows");
    segment.throughput(Throughput::Elements(ROWS as u64));
    segment.bench_function("baseline_wasmtime", |bencher| {
        bencher.iter(|| black_box(bare.members(&rows)));
    });
    let columns = Columns::from_rows(&ours.binding.plan, now(), &rows);
    segment.bench_function("signalbox_columns", |bencher| {
        bencher.iter(|| {
            let answers = ours
                .catalogue
                .decide_columns(&ours.binding, now(), &columns);
            black_box(answers)
        });
    });
    segment.bench_function("signalbox_values", |bencher| {
        bencher.iter(|| black_box(ours.catalogue.decide(&ours.binding, now(), &rows)));
    });
    segment.finish();
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
    fn open(place: &Place) -> Self {
        let (catalogue, _) = place.catalogue();
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
        let member =
            |answer: Answer| matches!(answer, Ok(Verdict::Segment(verdict)) if verdict.member);
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
