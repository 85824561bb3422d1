//! One compiled component and its runs: each on a fresh instance, under fuel, deadline, memory and answer limits.
//!
//! Called by `load`, `cases`, `plugin` and `check`. A run that goes wrong is a value that says how; nothing survives
//! from one run to the next.

use signalbox_model::{describe::RuleKind, verdict::FailureKind};
use wasmtime::{
    Store, Trap,
    component::{Instance, InstancePre, Linker},
};

use crate::{
    engine::{Engine, Meter},
    error::{LoadError, cut},
    v1::{self, Question, RowAnswer},
};

/// A component that is ready to be instantiated.
pub(crate) struct Component {
    pre: InstancePre<Meter>,
    exports: v1::Exports,
    kinds: Vec<RuleKind>,
}

/// What came back, and what it cost.
pub(crate) struct Run<T> {
    pub(crate) answer: T,
    pub(crate) fuel_used: u64,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFailure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) fuel_used: u64,
}

impl Component {
    /// Prepares a compiled component and holds its functions' types against the contract.
    pub(crate) fn new(
        engine: &Engine,
        compiled: &wasmtime::component::Component,
        kinds: Vec<RuleKind>,
    ) -> Result<Self, LoadError> {
        // The linker stays empty: whatever a component could call, it does not find here.
        let linker = Linker::<Meter>::new(engine.wasm());
        let pre = linker
            .instantiate_pre(compiled)
            .map_err(|e| LoadError::Imports {
                names: vec![cut(&format!("{e:#}"))],
                count: 1,
            })?;
        let exports = v1::Exports::new(&pre, &kinds).map_err(|e| LoadError::Exports {
            missing: cut(&format!("{e:#}")),
            found: Vec::new(),
        })?;
        let component = Self {
            pre,
            exports,
            kinds,
        };
        let checked = component.run(
            engine,
            engine.limits().fuel_per_document,
            |store, instance| Ok(component.exports.check_types(store, instance)),
        );
        match checked.map(|run| run.answer) {
            Ok(Ok(())) => Ok(component),
            Ok(Err((export, error))) => Err(LoadError::WrongType {
                export: export.to_owned(),
                reason: cut(&format!("{error:#}")),
            }),
            Err(RunFailure { kind, message, .. }) => Err(LoadError::DescribeFailed {
                kind,
                message: format!("at its start: {message}"),
            }),
        }
    }

    /// The kinds of rule it exports, in order.
    pub(crate) fn kinds(&self) -> &[RuleKind] {
        &self.kinds
    }

    /// Runs `describe`.
    pub(crate) fn describe(&self, engine: &Engine) -> Result<Run<String>, RunFailure> {
        let fuel = engine.limits().fuel_per_document;
        self.run(engine, fuel, |store, instance| {
            self.exports.describe(store, instance)
        })
    }

    /// Runs `plan` of the rule of that kind; the inner error is the rule's own.
    pub(crate) fn plan(
        &self,
        engine: &Engine,
        kind: RuleKind,
        config: &str,
    ) -> Result<Run<Result<String, String>>, RunFailure> {
        let fuel = engine.limits().fuel_per_document;
        self.run(engine, fuel, |store, instance| {
            self.exports.plan(store, instance, kind, config)
        })
    }

    /// Runs `decide` with that much fuel; as many answers as rows.
    pub(crate) fn decide(
        &self,
        engine: &Engine,
        question: &Question<'_>,
        fuel: u64,
    ) -> Result<Run<Vec<RowAnswer>>, RunFailure> {
        let run = self.run(engine, fuel, |store, instance| {
            self.exports.decide(store, instance, question)
        })?;
        let rows = question.range.len();
        if run.answer.len() == rows {
            return Ok(run);
        }
        let message = format!("{} answers to {rows} rows", run.answer.len());
        Err(RunFailure {
            kind: FailureKind::BadAnswer,
            message,
            fuel_used: run.fuel_used,
        })
    }

    fn run<T>(
        &self,
        engine: &Engine,
        fuel: u64,
        call: impl FnOnce(&mut Store<Meter>, &Instance) -> wasmtime::Result<T>,
    ) -> Result<Run<T>, RunFailure> {
        let Some(_place) = engine.enter() else {
            let message = format!(
                "more than {} calls wait for an instance",
                engine.limits().waiting_max
            );
            return Err(RunFailure {
                kind: FailureKind::RuleUnavailable,
                message,
                fuel_used: 0,
            });
        };
        let mut store = engine.store(fuel, engine.limits().deadline_ticks());
        let outcome = self
            .pre
            .instantiate(&mut store)
            .and_then(|instance| call(&mut store, &instance));
        let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        outcome
            .map(|answer| Run { answer, fuel_used })
            .map_err(|error| failure(engine, &error, store.data().refused(), fuel, fuel_used))
    }
}

fn failure(
    engine: &Engine,
    error: &wasmtime::Error,
    refused: bool,
    fuel: u64,
    fuel_used: u64,
) -> RunFailure {
    let limits = engine.limits();
    let trap = error.downcast_ref::<Trap>().copied();
    let (kind, message) = match trap {
        Some(Trap::OutOfFuel) => (
            FailureKind::OutOfFuel,
            format!("used up its {fuel} units of fuel"),
        ),
        Some(Trap::Interrupt) => (
            FailureKind::OutOfTime,
            format!("ran longer than {} ms", limits.deadline_ms),
        ),
        _ if refused => {
            let (memory, table) = (limits.memory_bytes_max, limits.table_elements_max);
            let message = format!(
                "asked for more than {memory} bytes of memory or {table} elements of a table"
            );
            (FailureKind::OutOfMemory, message)
        }
        Some(
            trap @ (Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer),
        ) => (FailureKind::BadAnswer, cut(&trap.to_string())),
        Some(trap) => (FailureKind::Trapped, cut(&trap.to_string())),
        None => (FailureKind::BadAnswer, cut(&format!("{error:#}"))),
    };
    RunFailure {
        kind,
        message,
        fuel_used,
    }
}
