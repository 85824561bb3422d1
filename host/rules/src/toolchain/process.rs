//! Runs the tools of a build: found where their language puts them, bounded in time, heard on standard error.
//!
//! Called by the languages. A tool is run as it is, without a shell between.

use std::{
    env,
    io::stderr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::BuildError;

/// Longest time that one tool may run, in minutes: a crate with its dependencies on a slow machine takes ten.
pub(super) const MINUTES_MAX: u64 = 30;

/// The first of these programs: in one of the folders, else on the search path.
pub(super) fn find(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let everywhere: Vec<PathBuf> = folders
        .iter()
        .cloned()
        .chain(env::split_paths(&path))
        .collect();
    names
        .iter()
        .flat_map(|name| everywhere.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}

/// Runs a tool in a folder; what it prints goes to standard error.
pub(super) fn run(command: &mut Command, folder: &Path) -> Result<(), BuildError> {
    let output = finish(command.stdout(stderr()), folder)?;
    if output.status.success() {
        return Ok(());
    }
    Err(BuildError::Failed {
        program: command.get_program().into(),
        folder: folder.to_owned(),
        status: output.status,
    })
}

/// Runs a tool in a folder and answers how it ended and what it printed; its errors go to standard error.
pub(super) fn output(command: &mut Command, folder: &Path) -> Result<Output, BuildError> {
    finish(command.stdout(Stdio::piped()), folder)
}

fn finish(command: &mut Command, folder: &Path) -> Result<Output, BuildError> {
    let start = |program: &Command| {
        let program = program.get_program().into();
        |source| BuildError::Start { program, source }
    };
    command.current_dir(folder).stdin(Stdio::null());
    let child = command.spawn().map_err(start(command))?;
    match output_within(child, Duration::from_secs(MINUTES_MAX * 60)) {
        Some(output) => output.map_err(start(command)),
        None => Err(BuildError::TooLong {
            program: command.get_program().into(),
        }),
    }
}

/// `None` if it takes longer, and then it is stopped.
fn output_within(child: Child, bound: Duration) -> Option<std::io::Result<Output>> {
    let pid = Pid::from_child(&child);
    let (done, wait) = mpsc::channel();
    let waiter = std::thread::spawn(move || {
        // Nobody listens any more where it took too long.
        let _ = done.send(child.wait_with_output());
    });
    let output = wait.recv_timeout(bound).ok();
    if output.is_none() {
        // Fails only if it ended just now.
        let _ = kill_process(pid, Signal::KILL);
    }
    if waiter.join().is_err() {
        tracing::error!("the thread that waits for a tool of a build panicked");
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_takes_too_long_is_stopped() {
        let child = Command::new("sleep")
            .arg("600")
            .stdout(Stdio::null())
            .spawn()
            .expect("sleep is on every machine");
        assert!(output_within(child, Duration::from_millis(20)).is_none());
    }

    #[test]
    fn a_folder_goes_before_the_search_path() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("sh"), "").expect("a file");
        let folders = [folder.path().to_owned()];
        assert_eq!(find(&folders, &["sh"]), Some(folder.path().join("sh")));
        assert!(find(&folders, &["no-such-tool", "ls"]).is_some_and(|found| found.ends_with("ls")));
        assert_eq!(find(&folders, &["no-such-tool"]), None);
    }
}
