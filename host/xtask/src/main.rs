//! `cargo xtask`: what a machine does to this repository (test, demo, checks, benchmarks), in one place.
//! People and `.ci/run` call it.
//! It never ships, and no room may depend on it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to the person who called it"
)]

mod bench;
mod demo;
mod deny;
mod fuzz;
mod hostile;
mod plugins;
mod setup;
mod shell;
mod stories;
mod suite;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What a machine does to this repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must hold before a change lands; ends with the test runner's own summary.
    Test {
        /// Passed on to the test runner, as in `cargo xtask test -- -E 'package(signalbox-mail)'`.
        #[arg(last = true)]
        runner: Vec<String>,
    },
    /// Builds what is missing and runs the demo on real purchases.
    Demo {
        /// Passed on to `signalbox demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        demo: Vec<String>,
    },
    /// Runs the stories and prints every capability with passed, failed or missing.
    Stories {
        /// Passed on to the story runner, for example the ids of rows.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        stories: Vec<String>,
    },
    /// Builds the shipped plugins into `target/plugins`, the hostile ones and those of the benchmarks beside it.
    Plugins,
    /// Checks what no compiler checks: rooms, words, sizes, manifests, error pages.
    Tidy,
    /// Checks licences, bans and sources of the dependencies, and advisories where their database can be reached.
    Deny {
        /// Installs cargo-deny where it is missing, within this many minutes.
        #[arg(long, value_name = "MINUTES")]
        install_within: Option<u64>,
    },
    /// Runs the benchmarks on a release build and prints each beside its baseline.
    Bench {
        /// Passed on to the benchmarks, for example a part of a name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench: Vec<String>,
    },
    /// Puts the conformance cases to the rules of every language, and prints what each costs.
    Conformance {
        /// Measures a release build, as a server ships.
        #[arg(long)]
        release: bool,
    },
    /// Puts any bytes to what reads stored values, documents and components; ends with 1 at the first that fails.
    Fuzz {
        /// What is fuzzed; everything if none is named.
        #[arg(value_enum)]
        targets: Vec<fuzz::Target>,
        /// How long each target is fuzzed, without its build.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Installs what the other commands need and this machine lacks.
    Setup,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test { runner } => suite::run(&runner),
        Command::Demo { demo } => demo::run(&demo),
        Command::Stories { stories } => stories::run(&stories),
        Command::Plugins => plugins::build(),
        Command::Tidy => tidy::run(),
        Command::Deny { install_within } => deny::run(install_within),
        Command::Bench { bench } => bench::run(&bench),
        Command::Conformance { release } => suite::conformance(release),
        Command::Fuzz { targets, seconds } => fuzz::run(&targets, seconds),
        Command::Setup => setup::ensure().map(|_| ()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
