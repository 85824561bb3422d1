//! `signalbox plugin new`, `build` and `check`, for authors of rules; and the child that compiles for the server.

mod new;

use std::{
    io::stdin,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use signalbox_rules::{check, compile, engine::Engine, toolchain};

use crate::{cli::PluginCommand, config, output};

pub(crate) fn run(command: &PluginCommand) -> anyhow::Result<()> {
    match command {
        PluginCommand::Check { file, settings } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            check_file(file, loaded.config)
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
    let limits = config.limits.rules;
    let bytes = std::fs::metadata(file).with_context(|| format!("reading {}", file.display()))?;
    if bytes.len() > limits.component_bytes_max {
        bail!(
            "{} has {} bytes, at most {} are let in",
            file.display(),
            bytes.len(),
            limits.component_bytes_max
        );
    }
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let engine = Engine::new(limits).context("starting the sandbox")?;
    match check::check(&engine, &bytes) {
        Ok(report) => {
            output::line(format_args!("{report}"))?;
            if report.is_good() {
                return Ok(());
            }
            bail!("the server would refuse {}", file.display())
        }
        Err(error) => bail!(
            "the server would refuse {} ({}): {error}",
            file.display(),
            error.code()
        ),
    }
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
