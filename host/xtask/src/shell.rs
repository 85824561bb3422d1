//! Runs other programs and says what it runs, how long it took and what failed.
//! Every command of `cargo xtask` calls it.
//! It never swallows a failure: a program that ends badly is an error that names its command line.

use anyhow::{Context, Result, bail};
use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How often a bounded command is looked at.
const POLL: Duration = Duration::from_millis(100);

/// How a command with a bound ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Badly(ExitStatus),
    OutOfTime,
}

/// Runs a command that shares our output; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("starting `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command within a bound and ends it, with everything it started, when the bound has passed.
pub(crate) fn run_within(command: &mut Command, bound: Duration) -> Result<Ended> {
    let line = line(command);
    println!("$ {line}    (at most {} s)", bound.as_secs());
    let watch = Watch::start();
    let mut child = command
        .stdin(Stdio::null())
        // A tool that asks for a name and a password would wait for somebody.
        .env("GIT_TERMINAL_PROMPT", "0")
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting `{line}`"))?;
    loop {
        if let Some(status) = child
            .try_wait()
            .with_context(|| format!("waiting for `{line}`"))?
        {
            return Ok(if status.success() {
                Ended::Well
            } else {
                Ended::Badly(status)
            });
        }
        if watch.elapsed() >= bound {
            let group = format!("-{}", child.id());
            run(Command::new("kill").args(["-KILL", "--", &group]))?;
            child
                .wait()
                .with_context(|| format!("waiting for `{line}`"))?;
            return Ok(Ended::OutOfTime);
        }
        thread::park_timeout(POLL);
    }
}

/// What a command prints on its standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{line}`"))?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` ended with {}: {}", output.status, problem.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading what `{line}` prints"))
}

/// Whether a command can be started and succeeds; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Named parts of a longer job with the time each took.
#[derive(Default)]
pub(crate) struct Stages {
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    /// Does one part; on failure the error names it and the times so far are printed.
    pub(crate) fn stage<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("\n== {name}");
        let watch = Watch::start();
        let outcome = work();
        let elapsed = watch.elapsed();
        self.done.push((name, elapsed));
        println!("== {name}: {:.1} s", elapsed.as_secs_f64());
        if outcome.is_err() {
            self.print();
        }
        outcome.with_context(|| format!("stage `{name}` failed"))
    }

    /// One line for each part.
    pub(crate) fn print(&self) {
        println!("\nstages:");
        for (name, elapsed) in &self.done {
            println!("  {:>7.1} s  {name}", elapsed.as_secs_f64());
        }
    }
}

/// A monotonic stopwatch, the one clock of this tool.
struct Watch(Instant);

impl Watch {
    #[expect(
        clippy::disallowed_methods,
        reason = "stages and bounds of a build are process time"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Ended, capture, run, run_within, succeeds};
    use std::{process::Command, time::Duration};

    #[test]
    fn failure_names_the_command_line() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c exit 3` ended with exit status: 3"
        );
        let error = capture(Command::new("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(
            error.to_string().ends_with("exit status: 1: why"),
            "{error}"
        );
        assert!(!succeeds(&mut Command::new("no-such-program-here")));
    }

    #[test]
    fn bounded_command_is_ended_when_its_time_is_over() {
        let long = run_within(
            Command::new("sh").args(["-c", "sleep 60; true"]),
            Duration::from_millis(50),
        )
        .unwrap();
        assert_eq!(long, Ended::OutOfTime);
        let short = run_within(&mut Command::new("true"), Duration::from_mins(1)).unwrap();
        assert_eq!(short, Ended::Well);
    }
}
