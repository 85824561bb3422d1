//! Fuzzes what is read of others: stored values, documents, components. `fuzz` and `test` call it.
//! It builds the targets of `host/fuzz` with the coverage that libFuzzer wants, on the toolchain of this repository:
//! neither nightly nor cargo-fuzz is needed, though `cargo fuzz` works there too and adds the address sanitizer.
//! It never changes the corpus in the repository: what it finds lies in `target/fuzz`.

use crate::{
    shell,
    workspace::{cargo, root, target_folder},
};
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::{fs, process::Command};

/// What cargo-fuzz passes too, but for the sanitizer.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Longest time for one input before it counts as a hang, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;
/// Most memory of a target, in MiB: the pool of the sandbox only reserves addresses.
const MEMORY_MIB_MAX: u32 = 4096;

/// A target of `host/fuzz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Stored and posted values.
    Values,
    /// Descriptions, plans, config schemas and workflows; builds the sandbox.
    Documents,
    /// Components; builds the sandbox.
    Loader,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Documents => "documents",
            Self::Loader => "loader",
        }
    }
}

/// Fuzzes each of the targets, all without any, for that many seconds.
pub(crate) fn run(targets: &[Target], seconds: u32) -> Result<()> {
    let targets = if targets.is_empty() {
        Target::value_variants()
    } else {
        targets
    };
    for target in targets {
        fuzz(*target, seconds)?;
    }
    Ok(())
}

/// What CI does: the target that is built in a minute, for a moment. The other corpora are put to the rooms' tests.
pub(crate) fn briefly() -> Result<()> {
    if !shell::succeeds(Command::new("c++").arg("--version")) {
        println!("notice: no C++ compiler here, so nothing is fuzzed");
        return Ok(());
    }
    run(&[Target::Values], 15)
}

fn fuzz(target: Target, seconds: u32) -> Result<()> {
    let folder = root().join("host/fuzz");
    let out = target_folder()?.join("fuzz");
    let version = shell::capture(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say what it builds for")?;
    let mut build = cargo();
    build
        .args(["build", "--release", "--locked", "--target", host])
        .args(["--bin", target.name()])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &out)
        .env("RUSTFLAGS", COVERAGE);
    if target != Target::Values {
        build.args(["--features", "sandbox"]);
    }
    shell::run(&mut build)?;
    let found = out.join("corpus").join(target.name());
    let failures = out.join("failures").join(target.name());
    for folder in [&found, &failures] {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    let corpus = folder.join("corpus").join(target.name());
    shell::run(
        Command::new(out.join(host).join("release").join(target.name()))
            .arg(found)
            .arg(corpus)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
            .arg("-print_final_stats=1")
            .arg(format!("-artifact_prefix={}/", failures.display())),
    )
}
