//! `signalbox plugin new`, `build`, `seal`, `check`, `inspect`, `test` and `bench`, for authors of rules; `keygen`, `sign` and
//! `release`, for those who stand for them; `list`, `revoke`, `lift` and `deprecate`, for operators; and the child that
//! compiles for the server.

mod new;
mod service;
mod sign;

use std::{
    collections::BTreeMap,
    io::stdin,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use serde::de::DeserializeOwned;
use signalbox_model::describe::RuleKind;
use signalbox_rules::{
    check, compile,
    engine::Engine,
    error::{LoadError, escaped},
    files,
    limits::Limits,
    seal, toolchain,
};

pub(crate) use self::sign::NamedVersion;
use crate::{cli::PluginCommand, config, output};

pub(crate) fn run(command: &PluginCommand) -> anyhow::Result<()> {
    match command {
        PluginCommand::Check { file, settings } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            check_file(file, loaded.config)
        }
        PluginCommand::Inspect {
            file,
            configs,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            inspect_file(file, configs.as_deref(), loaded.config)
        }
        PluginCommand::Test {
            file,
            cases,
            accuracy_min,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            test_file(file, cases.as_deref(), *accuracy_min, loaded.config)
        }
        PluginCommand::Bench {
            file,
            cases,
            rows,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            bench_file(file, cases.as_deref(), *rows, loaded.config)
        }
        PluginCommand::New {
            name,
            kind,
            lang,
            out,
        } => {
            let folder = out.clone().unwrap_or_else(|| PathBuf::from(name));
            new::run(name, (*kind).into(), (*lang).into(), &folder)
        }
        PluginCommand::Seal {
            file,
            out,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            let out = out
                .clone()
                .unwrap_or_else(|| file.with_extension("sealed.wasm"));
            seal_file(file, &out, &loaded.config.limits.rules)
        }
        PluginCommand::Sign(command) => sign::run(command),
        PluginCommand::Service(command) => service::run(command),
        PluginCommand::Build {
            folder,
            out,
            engine,
        } => {
            let out = out.clone().map_or_else(|| default_out(folder), Ok)?;
            let limits = config::Config::default().limits.rules;
            let built = toolchain::build_with(folder, &out, &limits, (*engine).into())?;
            output::line(format_args!(
                "{}: {} bytes from {}, imports nothing",
                built.path.display(),
                built.bytes,
                built.language
            ))
        }
    }
}

/// A refusal is printed as the result that it is, and makes the command fail.
fn check_file(file: &Path, config: config::Config) -> anyhow::Result<()> {
    let (engine, bytes) = opened(file, config)?;
    let report = check::check(&engine, &bytes).map_err(|error| refused(file, &error))?;
    output::line(format_args!("{report}"))?;
    if report.is_good() {
        return Ok(());
    }
    bail!("the server would refuse {}", file.display())
}

fn inspect_file(file: &Path, configs: Option<&Path>, config: config::Config) -> anyhow::Result<()> {
    let (engine, bytes) = opened(file, config)?;
    let configs = configs.map_or_else(|| Ok(BTreeMap::new()), read_by_kind)?;
    let inspected = check::inspect_file(&engine, &bytes, &configs);
    let inspected = inspected.map_err(|error| {
        let reason = escaped(&error.to_string());
        anyhow!("{}: {reason}", file.display())
    })?;
    output::line(format_args!("{inspected}"))?;
    let limits = engine.limits();
    output::line(format_args!(
        "\nlimits here: {} fuel a row and {} a call, {} ms a run, {} bytes of memory, {} rows a run",
        limits.fuel_per_row,
        limits.fuel_per_call,
        limits.deadline_ms,
        limits.memory_bytes_max,
        limits.batch_rows_max
    ))
}

fn test_file(
    file: &Path,
    cases: Option<&Path>,
    accuracy_min: u8,
    config: config::Config,
) -> anyhow::Result<()> {
    let (engine, bytes) = opened(file, config)?;
    let report = match cases {
        None => check::test(&engine, &bytes),
        Some(cases) => check::check_cases(&engine, &bytes, &read_by_kind(cases)?),
    };
    let report = report.map_err(|error| refused(file, &error))?;
    output::line(format_args!("{report}"))?;
    if !report.errors.is_empty() {
        bail!("{} does not keep to what every rule must", file.display());
    }
    if report.accuracy_percent() < f64::from(accuracy_min) {
        bail!(
            "{} does not answer as expected: {accuracy_min} % of the cases should come out as they say",
            file.display()
        );
    }
    Ok(())
}

fn bench_file(
    file: &Path,
    cases: Option<&Path>,
    rows: u32,
    config: config::Config,
) -> anyhow::Result<()> {
    let (engine, bytes) = opened(file, config)?;
    let measured = match cases {
        None => check::measure(&engine, &bytes, rows),
        Some(cases) => check::measure_cases(&engine, &bytes, &read_by_kind(cases)?, rows),
    };
    let measured = measured.map_err(|error| refused(file, &error))?;
    if measured.is_empty() {
        bail!("{} has no cases to ask", file.display());
    }
    for rule in measured {
        let per_row = |total: f64| total / f64::from(rule.rows);
        output::line(format_args!(
            "{}: alone on a fresh instance {:.1} us, {} fuel; {} rows together {:.2} us and {:.0} fuel a row",
            rule.kind.as_str(),
            rule.time_alone.as_secs_f64() * 1e6,
            rule.fuel_alone,
            rule.rows,
            per_row(rule.time_together.as_secs_f64() * 1e6),
            per_row(rule.fuel_together as f64),
        ))?;
    }
    Ok(())
}

fn seal_file(file: &Path, out: &Path, limits: &Limits) -> anyhow::Result<()> {
    let bytes = read_component(file, limits)?;
    let sealed = seal::seal(&bytes, limits).with_context(|| file.display().to_string())?;
    toolchain::write(out, &sealed.component)?;
    output::line(format_args!(
        "{}: {} bytes, imports nothing",
        out.display(),
        sealed.component.len()
    ))?;
    if sealed.stubbed.is_empty() {
        return output::line(format_args!(
            "  nothing was stubbed: it imported nothing before"
        ));
    }
    for (capability, interfaces) in &sealed.stubbed {
        output::line(format_args!("  {capability} ({})", interfaces.join(", ")))?;
    }
    Ok(())
}

/// A file that is not too large, and the sandbox for it.
fn opened(file: &Path, config: config::Config) -> anyhow::Result<(Engine, Vec<u8>)> {
    let limits = config.limits.rules;
    let bytes = read_component(file, &limits)?;
    let engine = Engine::new(limits).context("starting the sandbox")?;
    Ok((engine, bytes))
}

/// The bytes of a file that is not too large.
fn read_component(file: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    files::read(file, limits.component_bytes_max).map_err(|error| match error {
        files::Error::TooLarge { bytes, bytes_max } => anyhow!(
            "{} has {bytes} bytes, at most {bytes_max} are let in",
            file.display()
        ),
        error => anyhow::Error::new(error).context(format!("reading {}", file.display())),
    })
}

/// A JSON object with a member for each kind.
fn read_by_kind<T: DeserializeOwned>(path: &Path) -> anyhow::Result<BTreeMap<RuleKind, T>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

fn refused(file: &Path, error: &LoadError) -> anyhow::Error {
    anyhow!(
        "the server would refuse {} ({}): {}",
        file.display(),
        error.code(),
        escaped(&error.to_string())
    )
}

fn default_out(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("finding {}", folder.display()))?;
    let name = folder
        .file_name()
        .context("the folder has no name: say with --out where to write")?;
    Ok(PathBuf::from(name).with_extension("wasm"))
}

/// The bounded child of the server: one job on standard input.
pub(crate) fn compile() -> anyhow::Result<()> {
    Ok(compile::child(stdin().lock())?)
}
