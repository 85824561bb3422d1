//! Finds and starts the story runner of `host/e2e`.
//! `stories` and `test` call it.
//! It never knows what a story is.

use crate::{
    plugins, shell,
    workspace::{cargo, metadata},
};
use anyhow::{Result, bail};
use cargo_metadata::{Metadata, TargetKind};

const PACKAGE: &str = "signalbox-e2e";
const TARGET: &str = "stories";

/// How the story runner is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A test target: the test runner runs it along with all others.
    Test,
    Example,
    Binary,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(kind) = kind()? else {
        bail!("{PACKAGE} has no test, example or binary named `{TARGET}`");
    };
    plugins::build()?;
    start(kind, arguments)
}

/// Starts the runner, with the server and the plugins built already.
pub(crate) fn start(kind: Kind, arguments: &[String]) -> Result<()> {
    let verb: &[&str] = match kind {
        Kind::Test => &["test", "--quiet", "--test", TARGET],
        Kind::Example => &["run", "--quiet", "--example", TARGET],
        Kind::Binary => &["run", "--quiet", "--bin", TARGET],
    };
    // As a part of the workspace its dependencies have the features that the tests have; alone, they would be compiled
    // a second time.
    let scope: &[&str] = match kind {
        Kind::Test => &["--workspace", "--locked", "--"],
        Kind::Example | Kind::Binary => &["--package", PACKAGE, "--"],
    };
    shell::run(cargo().args(verb).args(scope).args(arguments))
}

/// What the story runner is today, if there is one.
pub(crate) fn kind() -> Result<Option<Kind>> {
    Ok(kind_in(&metadata()?))
}

fn kind_in(metadata: &Metadata) -> Option<Kind> {
    metadata
        .packages
        .iter()
        .filter(|package| package.name.as_str() == PACKAGE)
        .flat_map(|package| &package.targets)
        .filter(|target| target.name == TARGET)
        .flat_map(|target| &target.kind)
        .find_map(|kind| match kind {
            TargetKind::Test => Some(Kind::Test),
            TargetKind::Example => Some(Kind::Example),
            TargetKind::Bin => Some(Kind::Binary),
            _ => None,
        })
}
