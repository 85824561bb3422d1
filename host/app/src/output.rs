//! What commands print: results on standard output, warnings on the error output. Commands call it.
//!
//! A closed pipe is an error like any other and never a panic.

use std::{
    fmt,
    io::{self, Write},
};

use anyhow::Context as _;

/// Prints a line of a result.
pub(crate) fn line(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{text}").context("printing the result")
}

/// Prints a line that people should see though it is no result.
pub(crate) fn warning(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    writeln!(io::stderr().lock(), "{text}").context("printing a warning")
}
