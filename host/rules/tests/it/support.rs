//! A catalogue over temporary folders, and what tests say to it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use signalbox_model::{
    describe::RuleKind,
    id::{Digest, PluginName},
    time::Instant,
    value::Value,
    verdict::{Answer, Verdict},
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig, CatalogueEvent, FileState},
    columns::Row,
    compile,
    decide::Binding,
    engine::Engine,
    limits::Limits,
    trust::Trust,
};

/// Longest wait for a state that must come; only reached when it does not.
const BOUND: Duration = Duration::from_mins(1);
/// Set in the process that this binary starts to compile.
const CHILD: &str = "SIGNALBOX_TEST_COMPILES";

/// Not a test by itself: the catalogue under test starts this binary again, with this one selected, to compile.
#[test]
fn compiling_child() {
    if std::env::var_os(CHILD).is_some() {
        compile::child(std::io::stdin()).expect("the job is done");
    }
}

/// The command that runs [`compiling_child`].
pub(crate) fn compile_command() -> Vec<OsString> {
    let this = std::env::current_exe().expect("a test has a binary");
    let set = format!("{CHILD}=1");
    let words = [
        "env".into(),
        set.into(),
        this.into_os_string(),
        "support::compiling_child".into(),
    ];
    words
        .into_iter()
        .chain(["--exact".into(), "--nocapture".into()])
        .collect()
}

/// Limits for tests: as in production, with fewer instances.
pub(crate) fn limits() -> Limits {
    Limits {
        instances: 4,
        ..Limits::default()
    }
}

/// A catalogue with its folders and what it told.
pub(crate) struct Bench {
    pub(crate) catalogue: Catalogue,
    events: Arc<Mutex<Vec<CatalogueEvent>>>,
    pub(crate) folder: PathBuf,
    pub(crate) data: PathBuf,
    trust: Trust,
    /// Removes both folders when dropped.
    root: Arc<tempfile::TempDir>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(limits())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let root = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::open(root, limits, compile_command(), Trust::default())
    }

    /// With a policy.
    pub(crate) fn trusting(trust: Trust) -> Self {
        let root = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::open(root, limits(), compile_command(), trust)
    }

    /// Opens the same folders again, as after a restart.
    pub(crate) fn reopened(self, compile_command: Vec<OsString>) -> Self {
        self.reopened_with(compile_command, limits())
    }

    pub(crate) fn reopened_with(self, compile_command: Vec<OsString>, limits: Limits) -> Self {
        let (root, trust) = (Arc::clone(&self.root), self.trust.clone());
        drop(self);
        Self::open(root, limits, compile_command, trust)
    }

    /// Opens the same folders again with another policy.
    pub(crate) fn reopened_trusting(self, trust: Trust) -> Self {
        let root = Arc::clone(&self.root);
        drop(self);
        Self::open(root, limits(), compile_command(), trust)
    }

    fn open(
        root: Arc<tempfile::TempDir>,
        limits: Limits,
        compile_command: Vec<OsString>,
        trust: Trust,
    ) -> Self {
        let (folder, data) = (root.path().join("plugins"), root.path().join("data"));
        let engine = Arc::new(Engine::new(limits).expect("an engine"));
        let config = CatalogueConfig {
            trust: trust.clone(),
            ..CatalogueConfig::new(folder.clone(), data.clone(), compile_command)
        };
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let tell = move |event| {
            told.lock()
                .expect("no panic in a test's callback")
                .push(event);
        };
        let catalogue = Catalogue::open(engine, config, tell).expect("a catalogue");
        Self {
            catalogue,
            events,
            folder,
            data,
            trust,
            root,
        }
    }

    /// Drops a file into the folder, whole, and waits until it is loaded or refused.
    pub(crate) fn put(&self, file: &str, bytes: &[u8]) {
        let new = self.folder.join(format!(".{file}"));
        fs::write(&new, bytes).expect("the file is written");
        fs::rename(&new, self.folder.join(file)).expect("the file is renamed");
        self.settle();
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.folder.join(file)).expect("the file is there");
        self.settle();
    }

    pub(crate) fn settle(&self) {
        assert!(self.catalogue.wait_settled(BOUND), "the folder settles");
    }

    /// What was told since the last call, in words.
    pub(crate) fn told(&self) -> Vec<String> {
        let events =
            std::mem::take(&mut *self.events.lock().expect("no panic in a test's callback"));
        events
            .into_iter()
            .map(|event| match event {
                CatalogueEvent::Available {
                    file,
                    name,
                    version,
                    ..
                } => format!("available {name} {version} from {file}"),
                CatalogueEvent::Unreleased {
                    file,
                    name,
                    version,
                    ..
                } => format!("unreleased {name} {version} from {file}"),
                CatalogueEvent::Refused { file, error } => {
                    format!("refused {file}: {} {error}", error.code())
                }
                CatalogueEvent::Quarantined {
                    name,
                    version,
                    reason,
                    ..
                } => {
                    format!("quarantined {name} {version}: {reason}")
                }
                CatalogueEvent::Lifted { name, version, .. } => format!("lifted {name} {version}"),
                CatalogueEvent::Removed { file } => format!("removed {file}"),
            })
            .collect()
    }

    /// The digest that `big_spender` resolves to.
    pub(crate) fn resolved(&self, requirement: &str) -> Option<(String, Digest)> {
        let name = PluginName::parse("big_spender").expect("a name");
        let requirement = requirement.parse().expect("a requirement");
        self.catalogue
            .resolve(&name, &requirement)
            .map(|available| (available.version.to_string(), available.digest))
    }

    /// A binding of the segment in what `big_spender` resolves to.
    pub(crate) fn binding(&self) -> Binding {
        let (_, digest) = self.resolved("*").expect("a version is there");
        self.binding_to(digest)
    }

    pub(crate) fn binding_to(&self, digest: Digest) -> Binding {
        let plan = self
            .catalogue
            .plan(digest, RuleKind::Segment, &json!({}))
            .expect("a plan");
        Binding {
            digest,
            kind: RuleKind::Segment,
            config: "{}".into(),
            plan: Arc::new(plan),
        }
    }

    /// Decides on what was spent, one text per row.
    pub(crate) fn decide(&self, binding: &Binding, spent: &[f64]) -> Vec<String> {
        let rows: Vec<Row> = spent.iter().map(|spent| row(*spent)).collect();
        self.catalogue
            .decide(binding, now(), &rows)
            .iter()
            .map(in_words)
            .collect()
    }

    /// Who has signed what that file holds.
    pub(crate) fn signed_by(&self, file: &str) -> Option<String> {
        let mut list = self.catalogue.list().into_iter();
        let found = list.find(|status| status.file.as_deref() == Some(file))?;
        found.signed_by.map(|name| name.to_string())
    }

    /// Every file with its state and, if it was refused, the code of why.
    pub(crate) fn states(&self) -> Vec<String> {
        let name = |state| match state {
            FileState::Loading => "loading",
            FileState::Available => "available",
            FileState::Unreleased => "unreleased",
            FileState::Refused => "refused",
            FileState::Quarantined => "quarantined",
            FileState::Retired => "retired",
        };
        let list = self.catalogue.list();
        let words = list.into_iter().map(|status| {
            let file = status.file.unwrap_or_else(|| "-".to_owned());
            let version = status
                .version
                .map_or_else(String::new, |v| format!(" {} {}", v.name, v.version));
            let refusal = status
                .refusal
                .map_or_else(String::new, |refusal| format!(" ({})", refusal.code));
            format!("{file} {}{version}{refusal}", name(status.state))
        });
        words.collect()
    }
}

pub(crate) fn now() -> Instant {
    Instant::parse("2026-06-01T12:00:00Z").expect("an instant")
}

/// A row with a number, or without where it is not one.
pub(crate) fn row(spent: f64) -> Row {
    Box::new([(!spent.is_nan()).then_some(Value::Number(spent))])
}

pub(crate) fn in_words(answer: &Answer) -> String {
    match answer {
        Ok(Verdict::Segment(verdict)) => {
            format!(
                "{} {}",
                if verdict.member { "in" } else { "out" },
                verdict.reason
            )
        }
        Ok(other) => format!("{other:?}"),
        Err(failure) => format!("{} (row {})", failure.kind.code(), failure.row),
    }
}

/// The files of a folder, by name.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
