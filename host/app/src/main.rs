//! The binary `signalbox`: reads what is asked for, sets the log up and hands over to the command.
//!
//! Here and in the modules below, and nowhere else, errors of all rooms meet; they end as text for people.

mod backtest;
mod cli;
mod client;
mod clock;
mod config;
mod demo;
mod feed;
mod forecast;
mod key;
mod logging;
mod new;
mod output;
mod plugin;
mod serve;
mod shadow;
mod signals;
mod simulate;
mod store;
mod table;
mod why;
mod wiring;
mod workflow;

use std::{future::Future, process::ExitCode};

use anyhow::Context;
use clap::Parser;

use crate::{
    cli::{Cli, Command, ServerSettings, Settings},
    config::{Config, Loaded, Log},
};

/// Many small values live for a moment only: records, rows, effects.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this cannot be written either.
            let _ = output::warning(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(settings) => {
            let config = loaded(settings)?.config;
            logging::set_up(&config.log)?;
            on_runtime(serve::run(&config))
        }
        Command::Config(settings) => {
            let text = loaded(settings)?.to_toml();
            output::line(format_args!("{}", text.trim_end()))
        }
        Command::Key { settings, command } => key::run(&quiet(settings)?, command),
        Command::Plugin { command } => {
            logging::set_up(&quiet_log())?;
            plugin::run(command)
        }
        Command::New { command } => new::run(command),
        Command::Workflow { command } => {
            logging::set_up(&quiet_log())?;
            workflow::run(command)
        }
        Command::Table { command } => {
            logging::set_up(&quiet_log())?;
            table::run(command)
        }
        Command::Shadow { command } => {
            logging::set_up(&quiet_log())?;
            shadow::run(command)
        }
        Command::Feed(feed) => {
            logging::set_up(&quiet_log())?;
            feed::run(feed)
        }
        Command::Store { settings, command } => {
            let config = quiet(settings)?;
            on_runtime(store::run(&config, command))
        }
        Command::Simulate(simulate) => simulate::run(&quiet(&simulate.settings)?, simulate),
        Command::Backtest(backtest) => {
            let config = quiet(&backtest.settings)?;
            on_runtime(backtest::run(&config, backtest))
        }
        Command::Why(why) => {
            let config = quiet(&why.settings)?;
            on_runtime(why::run(&config, why))
        }
        Command::Forecast(forecast) => {
            let config = quiet(&forecast.settings)?;
            on_runtime(forecast::run(&config, forecast))
        }
        Command::Demo(demo) => {
            logging::set_up(&quiet_log())?;
            on_runtime(demo::run(demo))
        }
        Command::Compile { .. } => plugin::compile(),
    }
}

fn loaded(settings: &ServerSettings) -> anyhow::Result<Loaded> {
    Ok(config::load(settings, std::env::vars())?)
}

/// The settings for a command that people read the result of: only warnings are logged, unless asked for more.
fn quiet(settings: &Settings) -> anyhow::Result<Config> {
    let mut config = loaded(&settings.clone().into())?.config;
    if config.log == Log::default() {
        config.log = quiet_log();
    }
    logging::set_up(&config.log)?;
    Ok(config)
}

fn quiet_log() -> Log {
    Log {
        filter: "warn".to_owned(),
        ..Log::default()
    }
}

fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("signalbox")
        .build()
        .context("starting the threads")?;
    runtime.block_on(work)
}
