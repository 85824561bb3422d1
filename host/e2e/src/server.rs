//! The built server as a process with a data folder of its own: started on port 0, stopped, killed, started again.
//!
//! Stories and tests call it. It must never leave a process behind: what is dropped is killed.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{http::Api, tools, wait};

/// Longest that a start may take: a recovery under load on a slow machine.
const START_WITHIN: Duration = Duration::from_mins(1);
/// Longest that a graceful stop may take.
const STOP_WITHIN: Duration = Duration::from_mins(1);
/// Last lines of the log that are kept to be shown with a failure.
const LOG_LINES_MAX: usize = 400;

/// A data folder and how servers on it are started.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    /// The folder that the server watches for plugins.
    pub plugins: PathBuf,
    settings: Vec<(String, String)>,
}

impl Home {
    /// A new data folder with the shipped plugins, compiled already; the clock is real and mail goes nowhere until
    /// [`Home::set`] says otherwise.
    pub fn new() -> Result<Self> {
        let home = Self::bare(tools::plugins()?)?;
        warm(&home.data())?;
        Ok(home)
    }

    /// A new data folder with another folder of plugins.
    pub fn bare(plugins: PathBuf) -> Result<Self> {
        let folder = TempDir::with_prefix("signalbox-e2e-").context("creating a folder")?;
        let data = folder.path().join("data");
        fs::create_dir(&data).with_context(|| format!("creating {}", data.display()))?;
        Ok(Self {
            folder,
            plugins,
            settings: Vec::new(),
        })
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder beside it for what a test needs.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a setting for every start and command from now on; the last value of a key counts.
    pub fn set(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// A clock wound by hand, beginning there.
    pub fn manual_clock(&mut self, start: &str) -> &mut Self {
        self.set("clock", "manual").set("store.manual_start", start)
    }

    /// Mail goes to a server on this machine without TLS.
    pub fn smtp(&mut self, port: u16) -> &mut Self {
        self.set("transport", "smtp")
            .set("smtp.host", "127.0.0.1")
            .set("smtp.port", port)
            .set("smtp.security", "none")
            .set("sender.from_address", "hello@shop.example")
            .set("sender.from_name", "Shop")
    }

    /// Starts a server and waits until it is ready and has looked at every plugin.
    pub fn start(&self) -> Result<Server> {
        Server::start(self)
    }

    /// Starts a server and kills it so long after, ready or not.
    pub fn start_briefly(&self, life: Duration) -> Result<()> {
        let mut child = self
            .binary(&["serve"])?
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the server")?;
        let watch = wait::Watch::start();
        let ended = wait::until("the short life is over", life * 2 + START_WITHIN, || {
            let ended = child.try_wait().context("looking at the server")?;
            Ok((ended.is_some() || watch.elapsed() >= life).then_some(ended))
        });
        let _ = child.kill();
        let _ = child.wait();
        match ended? {
            None => Ok(()),
            Some(status) => bail!("the server ended by itself with {status}"),
        }
    }

    /// Runs another command of the binary with the same settings, such as `["store", "check"]`.
    pub fn command(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.binary(arguments)?;
        let output = command.stdin(Stdio::null()).output();
        output.with_context(|| format!("starting signalbox {}", arguments.join(" ")))
    }

    /// As [`Home::command`], with anything but success as an error; what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments)?;
        if !output.status.success() {
            bail!(
                "signalbox {} ended with {}: {}{}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        String::from_utf8(output.stdout).context("reading what it printed")
    }

    fn binary(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = bare_binary()?;
        let (first, rest) = arguments.split_first().context("which command?")?;
        command.arg(first);
        command.arg("--data").arg(self.data());
        command.arg("--plugins").arg(&self.plugins);
        for (key, value) in &self.settings {
            command.args(["--set", &format!("{key}={value}")]);
        }
        command.args(["--log", "text"]).args(rest);
        Ok(command)
    }
}

/// The binary with nothing of ours in its environment.
fn bare_binary() -> Result<Command> {
    let mut command = Command::new(tools::server()?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIGNALBOX_")) {
        command.env_remove(name);
    }
    Ok(command)
}

/// Runs a command of the binary without any settings.
pub fn output(arguments: &[&str]) -> Result<Output> {
    let mut command = bare_binary()?;
    let output = command.args(arguments).stdin(Stdio::null()).output();
    output.with_context(|| format!("starting signalbox {}", arguments.join(" ")))
}

/// As [`output`]; what it printed, with anything but success as an error.
pub fn run(arguments: &[&str]) -> Result<String> {
    let output = output(arguments)?;
    let printed = String::from_utf8(output.stdout).context("reading what it printed")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!(
            "signalbox {} ended with {}: {printed}{errors}",
            arguments.join(" "),
            output.status
        );
    }
    Ok(printed)
}

/// What a process has written, the last lines of it.
#[derive(Debug, Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Arc<Log>,
    readers: Vec<JoinHandle<()>>,
    /// With the admin key of the first start.
    pub api: Api,
}

impl Server {
    fn start(home: &Home) -> Result<Self> {
        let mut child = home
            .binary(&["serve"])?
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting the server")?;
        let log = Arc::new(Log::default());
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(log.follow(pipe));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(log.follow(pipe));
        }
        let mut server = Self {
            child,
            log,
            readers,
            api: Api::new("", ""),
        };
        server.get_ready(home).with_context(|| {
            format!("the server did not start; its log:\n{}", server.log_tail())
        })?;
        Ok(server)
    }

    fn get_ready(&mut self, home: &Home) -> Result<()> {
        let base = self.log.find(START_WITHIN, |line| {
            let rest = &line[line.find("http://127.0.0.1:")?..];
            let port = rest["http://127.0.0.1:".len()..].split(|c: char| !c.is_ascii_digit());
            Some(format!("http://127.0.0.1:{}", port.into_iter().next()?))
        })?;
        let key = home.data().join("admin.key");
        let key = fs::read_to_string(&key).with_context(|| format!("reading {}", key.display()))?;
        self.api = Api::new(&base, key.trim());
        let api = self.api.clone();
        wait::until("the server is ready", START_WITHIN, || {
            let is_ready = api.get("/readyz").is_ok_and(|answer| answer.is_good());
            Ok(is_ready.then_some(()))
        })?;
        wait::until("every plugin was looked at", START_WITHIN, || {
            let body = api.get("/v1/plugins")?.good("listing the plugins")?;
            let plugins = body["plugins"].as_array().cloned().unwrap_or_default();
            let is_loading = plugins.iter().any(|plugin| plugin["state"] == "loading");
            let listed = plugins
                .iter()
                .filter(|plugin| !plugin["file"].is_null())
                .count();
            Ok((!is_loading && listed >= files_in(&home.plugins)).then_some(()))
        })
    }

    /// The last lines of what it has written.
    pub fn log_tail(&self) -> String {
        let lines = self
            .log
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lines.0.join("\n")
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Memory of the process in bytes, as the system counts it.
    pub fn resident_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.context("the system does not say the memory")? * 1024)
    }

    /// Ends it at once, as a power cut ends a process.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("asking it to stop")?;
        let child = &mut self.child;
        let status = wait::until("the server stops", STOP_WITHIN, || {
            child.try_wait().context("waiting for the server")
        });
        let status = status.with_context(|| self.log_tail())?;
        if !status.success() {
            bail!("the server ended with {status}:\n{}", self.log_tail());
        }
        Ok(())
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl Log {
    fn follow(self: &Arc<Self>, pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { break };
                let mut lines = log.lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.0.len() == LOG_LINES_MAX {
                    lines.0.remove(0);
                }
                lines.0.push(line);
                log.changed.notify_all();
            }
            let mut lines = log.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.1 = true;
            log.changed.notify_all();
        })
    }

    fn find<T>(&self, bound: Duration, look: impl Fn(&str) -> Option<T>) -> Result<T> {
        let watch = wait::Watch::start();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = lines.0.iter().find_map(|line| look(line)) {
                return Ok(found);
            }
            let left = bound.saturating_sub(watch.elapsed());
            if lines.1 || left.is_zero() {
                bail!("it never said where it listens");
            }
            let waited = self.changed.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let is_plugin = |path: PathBuf| path.extension().is_some_and(|ending| ending == "wasm");
    entries
        .flatten()
        .filter(|entry| is_plugin(entry.path()))
        .count()
}

/// Puts the shipped plugins' compiled code into a new data folder, so that every test need not compile them: the first
/// one does and leaves them for the others. Tests may run in several processes at once.
fn warm(data: &Path) -> Result<()> {
    let folder = tools::target_folder()?.join("tmp/e2e-components");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("creating the lock")?;
    lock.lock().context("taking the lock")?;
    let (stamp_file, components) = (folder.join("stamp"), folder.join("components"));
    let stamp = stamp()?;
    if !fs::read_to_string(&stamp_file).is_ok_and(|text| text == stamp) {
        let _ = fs::remove_file(&stamp_file);
        let _ = fs::remove_dir_all(&components);
        let mut home = Home::bare(tools::plugins()?)?;
        home.set("transport", "capture");
        home.start()?.stop()?;
        tools::copy_folder(&home.data().join("plugins"), &components)?;
        fs::write(&stamp_file, stamp).context("writing the stamp")?;
    }
    tools::copy_folder(&components, &data.join("plugins"))
}

/// Tells whether the server or a plugin was built anew.
fn stamp() -> Result<String> {
    let mut paths = vec![tools::server()?];
    let plugins = tools::plugins()?;
    let entries =
        fs::read_dir(&plugins).with_context(|| format!("reading {}", plugins.display()))?;
    paths.extend(entries.flatten().map(|entry| entry.path()));
    paths.sort();
    let mut stamp = String::new();
    for path in paths {
        let metadata =
            fs::metadata(&path).with_context(|| format!("reading {}", path.display()))?;
        let modified = metadata
            .modified()
            .context("the file system keeps no times")?;
        let at = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (length, at) = (metadata.len(), at.as_nanos());
        stamp = format!("{stamp}{} {length} {at}\n", path.display());
    }
    Ok(stamp)
}
