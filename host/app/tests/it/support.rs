//! Runs the binary and reads what it says.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Longest wait for a server to say that it serves, and to end.
pub(crate) const STATE_MAX: Duration = Duration::from_mins(2);

/// The binary, with nothing of ours in its environment.
pub(crate) fn signalbox() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIGNALBOX_")) {
        command.env_remove(name);
    }
    command
}

/// What a finished command said: exit code, standard output, error output.
pub(crate) fn said(output: &Output) -> String {
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub(crate) fn run(arguments: &[&str], folder: &Path) -> String {
    said(
        &signalbox()
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap(),
    )
}

/// The plugins that `cargo xtask plugins` builds beside the binary, in Rust and C: those with an interpreter in them
/// would be compiled for seconds by each command here.
pub(crate) fn shipped_plugins() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_signalbox"))
        .parent()
        .and_then(Path::parent)
        .unwrap();
    let plugins = folder.join("plugins-quick");
    assert!(
        plugins.join("event.wasm").is_file(),
        "{} lacks the plugins: run `cargo xtask plugins`",
        plugins.display()
    );
    plugins
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    lines: mpsc::Receiver<String>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut child = signalbox()
            .arg("serve")
            .args([
                "--data",
                "data",
                "--plugins",
                "plugins",
                "--listen",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self {
            child,
            url: String::new(),
            lines,
        };
        let line = server.wait_for("serving http://");
        let from = line.find("http://").unwrap();
        server.url = String::from(line[from..].split_whitespace().next().unwrap());
        server
    }

    /// The next line of the log that has that text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(STATE_MAX) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("the server did not say {text:?} but\n{}", seen.join("\n"));
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end; the rest of the log ends with the process.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(STATE_MAX) {
            rest.push(line);
        }
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
