//! Everything that must hold before a change lands, stage by stage, the cheap ones first.
//! `cargo xtask test` and through it `.ci/run` call it.
//! Nothing is printed after the last test run: the runner's own summary closes the output.

use crate::{
    fuzz, plugins,
    setup::{self, Runner},
    shell::{self, Stages},
    stories, tidy,
    workspace::{cargo, plugins_manifest},
};
use anyhow::Result;
use std::path::Path;

/// Warnings are errors here, as in CI.
const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

pub(crate) fn run(runner_arguments: &[String]) -> Result<()> {
    let mut stages = Stages::default();
    let runner = stages.stage("setup", setup::ensure)?;
    stages.stage("tidy", tidy::run)?;
    stages.stage("format", format)?;
    // The very units that the tests need, so that nothing heavy is compiled a second time.
    stages.stage("build", || {
        shell::run(cargo().args(["build", "--workspace", "--bins", "--tests", "--locked"]))
    })?;
    stages.stage("plugins", plugins::build_with_app)?;
    stages.stage("clippy", clippy)?;
    stages.stage("documentation tests", || {
        shell::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))
    })?;
    if let Some(manifest) = plugins_manifest() {
        stages.stage("plugins' own tests", || test(runner, Some(&manifest), &[]))?;
    }
    stages.stage("fuzzing", fuzz::briefly)?;
    // As a test target the stories run with all other tests below.
    if let Some(kind @ (stories::Kind::Example | stories::Kind::Binary)) = stories::kind()? {
        stages.stage("stories", || stories::start(kind, &[]))?;
    }
    stages.print();
    println!("\n== tests");
    test(runner, None, runner_arguments)
}

/// The one test that holds the languages of rules against each other; its output is a table.
pub(crate) fn conformance(release: bool) -> Result<()> {
    setup::ensure()?;
    let mut command = cargo();
    command.args(["test", "--workspace", "--test", "it"]);
    if release {
        command.arg("--release");
    }
    let test = "languages::every_language_answers_alike";
    shell::run(command.args(["--", "--exact", "--nocapture", test]))
}

fn format() -> Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    plugins_manifest().map_or(Ok(()), |manifest| {
        shell::run(
            cargo()
                .args(["fmt", "--all", "--check", "--manifest-path"])
                .arg(manifest),
        )
    })
}

fn clippy() -> Result<()> {
    shell::run(
        cargo()
            .args(["clippy", "--workspace", "--all-targets", "--locked"])
            .args(DENY_WARNINGS),
    )?;
    plugins_manifest().map_or(Ok(()), |manifest| {
        shell::run(
            cargo()
                .args(["clippy", "--workspace", "--all-targets", "--manifest-path"])
                .arg(manifest)
                .args(DENY_WARNINGS),
        )
    })
}

fn test(runner: Runner, manifest: Option<&Path>, arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    match runner {
        Runner::Nextest => command.args(["nextest", "run", "--no-tests=fail"]),
        Runner::CargoTest => command.args(["test", "--lib", "--bins", "--tests"]),
    };
    command.arg("--workspace");
    if let Some(manifest) = manifest {
        command.arg("--manifest-path").arg(manifest);
    }
    shell::run(command.args(arguments))
}
