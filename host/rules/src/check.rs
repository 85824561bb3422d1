//! `signalbox plugin check` and `test`: what a file is, what it reads, and how cases come out, under the server's
//! limits; what it costs, for `bench`, and what it says of itself, for `inspect`.
//!
//! Called by `app`. Compiles in this process, since the author's own machine is at stake and nobody else's.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant as Clock},
};

use serde_json::Value as Json;
use signalbox_model::{
    describe::{Case, Description, RuleKind},
    id::Digest,
};

use crate::{
    cases::{self, Measured, Outcome},
    engine::Engine,
    error::{LoadError, cut, escaped},
    inspect,
    load::{self, Compiled, Tried},
};

/// What was found out about a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The file's content.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// The rules it exports.
    pub kinds: Vec<RuleKind>,
    /// How long compiling took.
    pub compile_time: Duration,
    /// The plugin in its own words.
    pub description: Description,
    /// Its cases, in order.
    pub cases: Vec<Outcome>,
    /// What is wrong beside single cases: state that is kept, say.
    pub errors: Vec<LoadError>,
    /// Fuel that one row may use.
    pub fuel_per_row_max: u64,
}

impl Report {
    /// Whether the server would let the file in.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty() && self.cases.iter().all(|case| case.error.is_none())
    }

    /// How many of the cases come out as they say.
    pub fn cases_right(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| case.error.is_none())
            .count()
    }

    /// The same in percent; 100 without cases.
    pub fn accuracy_percent(&self) -> f64 {
        match self.cases.len() {
            0 => 100.0,
            cases => self.cases_right() as f64 / cases as f64 * 100.0,
        }
    }
}

/// Checks a file's bytes.
///
/// # Errors
/// When the file does not get as far as its cases; the error says why, as the server would.
pub fn check(engine: &Engine, bytes: &[u8]) -> Result<Report, LoadError> {
    report(engine, bytes, |compiled| load::try_out(engine, compiled))
}

/// Checks a file's bytes with other cases than its own.
///
/// # Errors
/// When there are cases for a kind that the file does not have, and as [`check`].
pub fn check_cases(
    engine: &Engine,
    bytes: &[u8],
    cases: &BTreeMap<RuleKind, Vec<Case>>,
) -> Result<Report, LoadError> {
    report(engine, bytes, |compiled| {
        load::try_cases(engine, compiled, cases)
    })
}

/// Checks a file's bytes as [`check`] does, and beside that what is not a reason to refuse it: that its rules answer
/// whatever a contact lacks of what its cases give.
///
/// # Errors
/// As [`check`].
pub fn test(engine: &Engine, bytes: &[u8]) -> Result<Report, LoadError> {
    let (compiled, compile_time) = compiled(engine, bytes)?;
    let tried = load::try_out(engine, &compiled)?;
    let more = match tried.outcomes.first_error() {
        None => cases::missing::check(engine, &tried.plugin),
        Some(_) => Vec::new(),
    };
    let mut report = report_of(engine, &compiled, compile_time, tried);
    report.errors.extend(more);
    Ok(report)
}

/// What a file is, without running its cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The file's content.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// The plugin in its own words.
    pub description: Description,
    /// What each rule reads, in plain words: of the rules that a config was given for.
    pub reads: BTreeMap<RuleKind, Vec<String>>,
}

/// Reads what a file says of itself, and what its rules read with these configs.
///
/// # Errors
/// When there is a config for a kind that the file does not have, or one that the rule does not take, and as [`check`].
pub fn inspect_file(
    engine: &Engine,
    bytes: &[u8],
    configs: &BTreeMap<RuleKind, Json>,
) -> Result<Inspected, LoadError> {
    let (compiled, _) = compiled(engine, bytes)?;
    let plugin = load::reopen(engine, &compiled)?;
    let mut reads = BTreeMap::new();
    for (kind, config) in configs {
        reads.insert(*kind, cases::reads(engine, &plugin, *kind, config)?);
    }
    Ok(Inspected {
        digest: compiled.digest,
        bytes: compiled.bytes,
        description: plugin.description,
        reads,
    })
}

/// Measures what a file's rules cost, each asked its own cases over and over: alone on a fresh instance, and as a
/// batch of that many rows in runs of the server's size. The answers must be the same.
///
/// # Errors
/// When a case does not come out as it says, or otherwise in a large batch, and as [`check`].
pub fn measure(engine: &Engine, bytes: &[u8], rows: u32) -> Result<Vec<Measured>, LoadError> {
    let (compiled, _) = compiled(engine, bytes)?;
    let plugin = load::admit(engine, &compiled)?;
    cases::measure(engine, &plugin, rows)
}

/// Measures as [`measure`] does, with other cases than the file's own.
///
/// # Errors
/// As [`measure`] and [`check_cases`].
pub fn measure_cases(
    engine: &Engine,
    bytes: &[u8],
    cases: &BTreeMap<RuleKind, Vec<Case>>,
    rows: u32,
) -> Result<Vec<Measured>, LoadError> {
    let (compiled, _) = compiled(engine, bytes)?;
    let Tried { plugin, outcomes } = load::try_cases(engine, &compiled, cases)?;
    match outcomes.first_error() {
        None => cases::measure(engine, &plugin, rows),
        Some(error) => Err(error.clone()),
    }
}

fn report(
    engine: &Engine,
    bytes: &[u8],
    try_out: impl FnOnce(&Compiled) -> Result<Tried, LoadError>,
) -> Result<Report, LoadError> {
    let (compiled, compile_time) = compiled(engine, bytes)?;
    let tried = try_out(&compiled)?;
    Ok(report_of(engine, &compiled, compile_time, tried))
}

fn report_of(
    engine: &Engine,
    compiled: &Compiled,
    compile_time: Duration,
    Tried { plugin, outcomes }: Tried,
) -> Report {
    Report {
        digest: compiled.digest,
        bytes: compiled.bytes,
        kinds: compiled.kinds.clone(),
        compile_time,
        description: plugin.description,
        cases: outcomes.cases,
        errors: outcomes.errors,
        fuel_per_row_max: engine.limits().fuel_per_row,
    }
}

/// The file compiled in this process, and how long that took.
fn compiled(engine: &Engine, bytes: &[u8]) -> Result<(Compiled, Duration), LoadError> {
    let kinds = inspect::inspect(bytes, engine.limits())?;
    let started = now();
    let code = wasmtime::component::Component::from_binary(engine.wasm(), bytes).map_err(|e| {
        LoadError::Compile {
            reason: cut(&format!("{e:#}")),
        }
    })?;
    let compiled = Compiled {
        digest: Digest::of_bytes(bytes),
        bytes: bytes.len() as u64,
        kinds,
        code,
    };
    Ok((compiled, now() - started))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = &self.description;
        writeln!(
            f,
            "{} {}: {}",
            description.name, description.version, description.title
        )?;
        writeln!(f, "  {}", description.summary)?;
        writeln!(f, "  {} bytes, digest {}", self.bytes, self.digest)?;
        writeln!(
            f,
            "  imports nothing; compiled in {} ms",
            self.compile_time.as_millis()
        )?;
        for (kind, rule) in &description.rules {
            writeln!(f, "\n{}", kind.as_str())?;
            let codes: Vec<&str> = rule
                .reasons
                .iter()
                .map(|reason| reason.code.as_str())
                .collect();
            writeln!(f, "  reasons: {}", codes.join(", "))?;
            let cases: Vec<&Outcome> = self
                .cases
                .iter()
                .filter(|case| case.kind == *kind)
                .collect();
            let mut reads: Vec<&str> = Vec::new();
            for read in cases.iter().flat_map(|case| &case.reads) {
                if !reads.contains(&read.as_str()) {
                    reads.push(read);
                }
            }
            writeln!(
                f,
                "  reads in its cases: {}",
                if reads.is_empty() {
                    "nothing".to_owned()
                } else {
                    escaped(&reads.join("; "))
                }
            )?;
            if cases.is_empty() {
                writeln!(f, "  no cases: nothing was tried")?;
            }
            for case in cases {
                let mark = if case.error.is_none() { "ok  " } else { "FAIL" };
                writeln!(
                    f,
                    "  {mark} {} ({} fuel of {}, {} us)",
                    escaped(&case.case),
                    case.fuel_used,
                    self.fuel_per_row_max,
                    case.elapsed.as_micros()
                )?;
                if let Some(error) = &case.error {
                    writeln!(f, "       {}", escaped(&error.to_string()))?;
                    if !case.answer.is_null() {
                        writeln!(f, "       answered {}", escaped(&case.answer.to_string()))?;
                    }
                }
            }
        }
        for error in &self.errors {
            writeln!(f, "\nFAIL {}", escaped(&error.to_string()))?;
        }
        let (right, cases) = (self.cases_right(), self.cases.len());
        if right == cases {
            write!(f, "\nall {cases} cases come out as they say")?;
        } else {
            let percent = self.accuracy_percent();
            write!(
                f,
                "\n{right} of {cases} cases come out as they say ({percent:.1} %)"
            )?;
        }
        match self.errors.len() {
            0 => Ok(()),
            1 => write!(f, ", and 1 other check failed"),
            more => write!(f, ", and {more} other checks failed"),
        }
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = &self.description;
        writeln!(
            f,
            "{} {}: {}",
            description.name, description.version, description.title
        )?;
        writeln!(f, "  {}", description.summary)?;
        writeln!(f, "  {} bytes, digest {}", self.bytes, self.digest)?;
        write!(f, "  imports nothing")?;
        for (kind, rule) in &description.rules {
            writeln!(f, "\n\n{}, with {} cases", kind.as_str(), rule.cases.len())?;
            writeln!(f, "  config: {}", escaped(&rule.config_schema.to_string()))?;
            write!(f, "  reasons:")?;
            for reason in &rule.reasons {
                write!(f, "\n    {}: {}", reason.code, reason.title)?;
            }
            if let Some(reads) = self.reads.get(kind) {
                let reads = escaped(&reads.join("; "));
                let reads = if reads.is_empty() { "nothing" } else { &reads };
                write!(f, "\n  reads with this config: {reads}")?;
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: how long compiling takes"
)]
fn now() -> Clock {
    Clock::now()
}
