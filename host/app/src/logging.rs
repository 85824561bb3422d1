//! The log of the process: compact text for people, JSON lines for machines. `main` sets it up once.
//!
//! It goes to the error output, so that what a command prints stays alone on standard output.

use std::io::{IsTerminal as _, stderr};

use anyhow::Context;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{Log, LogFormat};

/// Sets the log up.
///
/// # Errors
/// When the filter is none, or there is a log already.
pub(crate) fn set_up(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .with_context(|| format!("reading the log filter {:?}", log.filter))?;
    let registry = tracing_subscriber::registry().with(filter);
    let set = match log.format {
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(false)
                    .with_writer(stderr),
            )
            .try_init(),
        LogFormat::Text => registry
            .with(fmt::layer().compact().with_ansi(false).with_writer(stderr))
            .try_init(),
        LogFormat::Auto => {
            let colours = stderr().is_terminal();
            registry
                .with(
                    fmt::layer()
                        .compact()
                        .with_ansi(colours)
                        .with_writer(stderr),
                )
                .try_init()
        }
    };
    set.context("setting up the log")
}
