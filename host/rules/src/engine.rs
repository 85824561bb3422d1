//! One WebAssembly engine for the whole process: its settings, the thread that bounds run time, and the queue for
//! instances.
//!
//! Made once by `app`; used by `component`, `catalogue` and `check`. Never links WASI or anything else: a component
//! that wants an import cannot be instantiated here.

use std::{
    hash::{Hash, Hasher},
    sync::{Condvar, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use signalbox_model::id::Digest;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
    WasmFeatures,
};

use crate::{
    error::EngineError,
    limits::{EPOCH_TICK_MS, Limits},
};

/// Memories and tables that one component instance may have: QuickJS and sealed components have three.
const PARTS_PER_INSTANCE: u32 = 3;
/// Core instances that one component instance may have: Python as componentize-py builds it has 38. Each only counts.
const CORE_INSTANCES_PER_INSTANCE: u32 = 64;
/// Address space kept for one linear memory, so that compiled code needs no bounds checks.
const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;
/// Native stack of a rule, in bytes.
const STACK_BYTES: usize = 512 << 10;

/// The engine. Dropping it ends its thread.
pub struct Engine {
    wasm: wasmtime::Engine,
    limits: Limits,
    fingerprint: Digest,
    pooled: bool,
    gate: Gate,
    ticker: Option<Ticker>,
}

struct Ticker {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Engine {
    /// An engine with these limits, instances from a pool where the address space is to be had.
    ///
    /// # Errors
    /// When the processor or the limits do not allow one, or its thread cannot be started.
    pub fn new(limits: Limits) -> Result<Self, EngineError> {
        let (wasm, pooled) = match wasmtime::Engine::new(&config(Some(&limits))) {
            Ok(wasm) => (wasm, true),
            Err(error) => {
                tracing::warn!(
                    error.message = %error,
                    "no address space for the pool of instances ({error}): instances are allocated on demand, slower"
                );
                let wasm = wasmtime::Engine::new(&config(None))
                    .map_err(|e| EngineError::Settings(e.to_string()))?;
                (wasm, false)
            }
        };
        let (stop, stopped) = mpsc::channel::<()>();
        let weak = wasm.weak();
        let thread = std::thread::Builder::new()
            .name("rules-epoch".to_owned())
            .spawn(move || {
                let tick = Duration::from_millis(EPOCH_TICK_MS);
                while stopped.recv_timeout(tick) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let Some(wasm) = weak.upgrade() else { break };
                    wasm.increment_epoch();
                }
            })
            .map_err(EngineError::Thread)?;
        let fingerprint = fingerprint(&wasm);
        let gate = Gate::new(limits.instances.max(1), limits.waiting_max);
        Ok(Self {
            wasm,
            limits,
            fingerprint,
            pooled,
            gate,
            ticker: Some(Ticker { stop, thread }),
        })
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Names engine version and settings: compiled code of another fingerprint is never used.
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// Whether instances come from the pool. If not, decisions are slower and an alarm is in the log.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.wasm
    }

    /// A place for one instance, in the order of asking; `None` when too many wait.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        self.gate.enter()
    }

    /// An empty store under the limits, with that much fuel, and the deadline counted from now.
    pub(crate) fn store(&self, fuel: u64, deadline_ticks: u64) -> Store<Meter> {
        let meter = Meter {
            memory_bytes: 0,
            memory_bytes_max: self.limits.memory_bytes_max,
            table_elements_max: self.limits.table_elements_max,
            refused: false,
        };
        let mut store = Store::new(&self.wasm, meter);
        store.limiter(|meter| meter);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_epoch_deadline(deadline_ticks);
        if store.set_fuel(fuel).is_err() {
            // Fuel is on in every configuration made here; without it the deadline alone would hold.
            tracing::error!("fuel is off in the engine's settings");
        }
        store
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(Ticker { stop, thread }) = self.ticker.take() {
            drop(stop);
            if thread.join().is_err() {
                tracing::error!("the epoch thread of the rules panicked");
            }
        }
    }
}

/// Settings that decide what compiled code looks like, and with limits those of the pool, which do not.
fn config(pool: Option<&Limits>) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .native_unwind_info(false)
        .generate_address_map(false)
        .max_wasm_stack(STACK_BYTES)
        .memory_reservation(MEMORY_RESERVATION_BYTES)
        .memory_init_cow(true)
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_features(WasmFeatures::MEMORY64, false)
        .shared_memory(false);
    let Some(limits) = pool else { return config };
    let instances = limits.instances.max(1);
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_INSTANCE))
        .total_memories(instances.saturating_mul(PARTS_PER_INSTANCE))
        .total_tables(instances.saturating_mul(PARTS_PER_INSTANCE))
        .max_memories_per_component(PARTS_PER_INSTANCE)
        .max_tables_per_component(PARTS_PER_INSTANCE)
        .max_core_instances_per_component(CORE_INSTANCES_PER_INSTANCE)
        .max_memory_size(limits.memory_bytes_max)
        .table_elements(limits.table_elements_max)
        .max_unused_warm_slots(instances)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
    config
}

/// An engine for compiling alone: the same code, no pool, no thread.
pub(crate) fn compiling() -> Result<wasmtime::Engine, EngineError> {
    wasmtime::Engine::new(&config(None)).map_err(|e| EngineError::Settings(e.to_string()))
}

fn fingerprint(wasm: &wasmtime::Engine) -> Digest {
    struct Bytes(Sha256);
    impl Hasher for Bytes {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hasher = Bytes(Sha256::new());
    wasm.precompile_compatibility_hash().hash(&mut hasher);
    Digest(hasher.0.finalize().into())
}

/// What one store has used of its memory; refuses what goes beyond.
pub(crate) struct Meter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements_max: usize,
    refused: bool,
}

impl Meter {
    /// Whether something was refused: then a trap that follows is for want of memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .memory_bytes
            .saturating_sub(current)
            .saturating_add(desired);
        if total > self.memory_bytes_max {
            self.refused = true;
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.table_elements_max {
            self.refused = true;
            return Ok(false);
        }
        Ok(true)
    }
}

/// A fair queue: places are given in the order of asking, and only so many may wait.
struct Gate {
    // A std mutex: held for a few instructions only, never across a run.
    state: Mutex<GateState>,
    freed: Condvar,
    places: u64,
    waiting_max: u64,
}

/// Tickets are numbered; those below `done + places` may be in.
struct GateState {
    given: u64,
    done: u64,
}

impl Gate {
    fn new(places: u32, waiting_max: usize) -> Self {
        let state = Mutex::new(GateState { given: 0, done: 0 });
        Self {
            state,
            freed: Condvar::new(),
            places: u64::from(places),
            waiting_max: waiting_max as u64,
        }
    }

    fn enter(&self) -> Option<Place<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.given - state.done >= self.places + self.waiting_max {
            return None;
        }
        let ticket = state.given;
        state.given += 1;
        while ticket >= state.done + self.places {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Some(Place { gate: self })
    }
}

/// A place taken; leaves when dropped.
pub(crate) struct Place<'a> {
    gate: &'a Gate,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self
            .gate
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        let waiting = state.given > state.done + self.gate.places - 1;
        drop(state);
        if waiting {
            self.gate.freed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded() {
        let gate = Gate::new(2, 0);
        let first = gate.enter().expect("a place");
        let _second = gate.enter().expect("another");
        assert!(gate.enter().is_none(), "nobody may wait here");
        drop(first);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn the_settings_make_the_same_code_with_and_without_a_pool() {
        let pooled = wasmtime::Engine::new(&config(Some(&Limits::default())))
            .expect("an engine with a pool");
        assert_eq!(
            fingerprint(&pooled),
            fingerprint(&compiling().expect("an engine"))
        );
    }
}
