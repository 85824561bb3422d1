//! Compiling in a child process: our own binary under bounds on processor time, memory and the clock, at low
//! priority, since a compilation inside the server can be neither stopped nor bounded.
//!
//! The parent's half is called by `catalogue`; the child's half, [`child`], by `signalbox compile`. The job is one
//! line of JSON on standard input; the child writes the compiled code, or a file beside it that says why not.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};

use crate::{
    engine,
    error::{LoadError, cut},
    limits::Limits,
};

/// How much the child's priority is lowered; 19 is the lowest there is.
const NICE: i32 = 15;
/// Longest job that the child reads, in bytes.
const JOB_BYTES_MAX: u64 = 64 << 10;
/// Most of the child's complaint that is kept, in bytes.
const COMPLAINT_BYTES_MAX: u64 = 4 << 10;

/// What the child is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    component: PathBuf,
    out: PathBuf,
    cpu_seconds_max: u64,
    memory_bytes_max: u64,
}

/// Why the child could not do its job.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// No job came in.
    #[error("read the job from standard input: {0}")]
    Job(String),
    /// The bounds cannot be set.
    #[error("set the bounds of the compilation: {0}")]
    Bounds(std::io::Error),
    /// A file cannot be read or written.
    #[error("use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The component does not compile; the reason is also in the file that the parent reads.
    #[error("{0}")]
    Compile(String),
}

/// The child's half: reads one job, sets its own bounds, compiles. Called by the hidden command `compile` only.
///
/// # Errors
/// When the job cannot be read or done; the process should then end with a failure.
pub fn child(input: impl Read) -> Result<(), ChildError> {
    let mut text = String::new();
    input
        .take(JOB_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|e| ChildError::Job(e.to_string()))?;
    let job: Job = serde_json::from_str(&text).map_err(|e| ChildError::Job(e.to_string()))?;
    bound(&job).map_err(ChildError::Bounds)?;
    let file = |path: &Path| {
        let path = path.to_owned();
        |source| ChildError::File { path, source }
    };
    let bytes = fs::read(&job.component).map_err(file(&job.component))?;
    let compiled = engine::compiling()
        .map_err(|e| e.to_string())
        .and_then(|engine| {
            engine
                .precompile_component(&bytes)
                .map_err(|e| format!("{e:#}"))
        });
    match compiled {
        Ok(code) => fs::write(&job.out, code).map_err(file(&job.out)),
        Err(reason) => {
            let complaint = complaint_of(&job.out);
            fs::write(&complaint, &reason).map_err(file(&complaint))?;
            Err(ChildError::Compile(reason))
        }
    }
}

fn bound(job: &Job) -> std::io::Result<()> {
    let limit = |max| Rlimit {
        current: Some(max),
        maximum: Some(max),
    };
    nice(NICE)?;
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Cpu, limit(job.cpu_seconds_max))?;
    setrlimit(Resource::As, limit(job.memory_bytes_max))?;
    Ok(())
}

fn complaint_of(out: &Path) -> PathBuf {
    out.with_extension("error")
}

/// The parent's half: compiles the file `component` into the new file `out`, or says why not.
pub(crate) fn compile(
    command: &[OsString],
    limits: &Limits,
    component: &Path,
    out: &Path,
) -> Result<(), LoadError> {
    let failed = |reason: String| LoadError::Compile {
        reason: cut(&reason),
    };
    let job = Job {
        component: component.to_owned(),
        out: out.to_owned(),
        cpu_seconds_max: limits.compile_cpu_seconds_max,
        memory_bytes_max: limits.compile_memory_bytes_max,
    };
    let job = serde_json::to_string(&job).map_err(|e| failed(e.to_string()))?;
    let mut child =
        start(command).map_err(|e| failed(format!("start the compiling process: {e}")))?;
    if let Some(mut input) = child.stdin.take() {
        // A child that is gone already says so by its status.
        let _ = input.write_all(job.as_bytes());
    }
    let complaint = read_to_end_within(
        &mut child,
        Duration::from_millis(limits.compile_time_ms_max),
    );
    let Some(complaint) = complaint else {
        kill(&mut child);
        return Err(failed(format!(
            "it took longer than {} ms",
            limits.compile_time_ms_max
        )));
    };
    let status = child
        .wait()
        .map_err(|e| failed(format!("wait for the compiling process: {e}")))?;
    if status.success() && out.exists() {
        return Ok(());
    }
    let path = complaint_of(out);
    let said = fs::read_to_string(&path).ok();
    let _ = fs::remove_file(&path);
    let last_line = complaint
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .to_owned();
    Err(failed(said.unwrap_or_else(|| {
        format!(
            "the compiling process ended with {status}, within {} s of processor time and {} bytes: {last_line}",
            limits.compile_cpu_seconds_max, limits.compile_memory_bytes_max
        )
    })))
}

fn start(command: &[OsString]) -> std::io::Result<Child> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "no command for compiling is set",
        ));
    };
    Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// What the child writes to standard error until it closes it, which it does by ending; `None` if that takes too long.
fn read_to_end_within(child: &mut Child, bound: Duration) -> Option<String> {
    let Some(errors) = child.stderr.take() else {
        return Some(String::new());
    };
    let (done, wait) = mpsc::channel();
    let reader = std::thread::Builder::new()
        .name("rules-compile".to_owned())
        .spawn(move || {
            let mut errors = errors;
            let mut text = Vec::new();
            let _ = errors
                .by_ref()
                .take(COMPLAINT_BYTES_MAX)
                .read_to_end(&mut text);
            let _ = std::io::copy(&mut errors, &mut std::io::sink());
            let _ = done.send(String::from_utf8_lossy(&text).into_owned());
        });
    let text = wait.recv_timeout(bound).ok();
    if text.is_none() {
        kill(child);
    }
    if let Ok(reader) = reader
        && reader.join().is_err()
    {
        tracing::error!("the thread that reads a compiling process panicked");
    }
    text
}

fn kill(child: &mut Child) {
    // Both fail only if it is gone already.
    let _ = child.kill();
    let _ = child.wait();
}
