//! A clock to wind, a sink that remembers, disks that fail on purpose, and entries as text.

use std::{
    fmt::Write,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    time::Duration,
};

use signalbox_journal::{
    Clock, Config, Disk, Entry, Error, Journal, Opened, Reader, Sink, SystemDisk,
};

/// How long a test waits for a state that is sure to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Remembers what happened, in order, as text.
#[derive(Default)]
pub(crate) struct Diary(Mutex<Vec<String>>);

impl Diary {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Sink for Diary {
    fn durable(&self, entries: &[Entry]) {
        let entries: Vec<_> = entries.iter().map(text_of).collect();
        self.note(format!("durable {}", entries.join(", ")));
    }

    fn failed(&self, error: &Error) {
        self.note(format!("failed: {}", action_of(error)));
    }
}

fn action_of(error: &Error) -> String {
    match error {
        Error::Io { action, source, .. } => format!("{action}: {source}"),
        other => other.to_string(),
    }
}

/// A disk that keeps what it is given as long as the machine runs: enough where no test is about the fsync.
pub(crate) struct Unsynced;

impl Disk for Unsynced {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// A disk whose fsyncs of segments are held until the test lets them go.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    shut: bool,
    held: usize,
}

impl Gate {
    pub(crate) fn shut(&self) {
        self.state.lock().unwrap().shut = true;
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().shut = false;
        self.changed.notify_all();
    }

    /// Returns once the writer stands in an fsync.
    pub(crate) fn wait_held(&self) {
        let state = self.state.lock().unwrap();
        let (_state, waited) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.held == 0)
            .unwrap();
        assert!(!waited.timed_out(), "the writer never came to its fsync");
    }
}

impl Disk for Gate {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.held += 1;
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.shut).unwrap();
        state.held -= 1;
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// A journal in a folder of its own, with everything a test may turn.
pub(crate) struct Bench {
    pub(crate) config: Config,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) diary: Arc<Diary>,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(partitions: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path().join("journal"), partitions);
        Self {
            config,
            clock: Arc::default(),
            diary: Arc::default(),
            folder,
        }
    }

    pub(crate) fn open(&self) -> (Journal, Opened) {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<(Journal, Opened), Error> {
        self.open_on(Arc::new(Unsynced))
    }

    pub(crate) fn open_on(&self, disk: Arc<dyn Disk>) -> Result<(Journal, Opened), Error> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Journal::open_on(
            disk,
            self.config.clone(),
            clock,
            Arc::clone(&self.diary) as Arc<dyn Sink>,
        )
    }

    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        segments_in(&self.config.folder)
    }

    /// What the folder would be after a kill -9 at this instant, in a bench of its own.
    pub(crate) fn killed(&self) -> Self {
        let copy = Self::new(self.config.partitions);
        let config = Config {
            folder: copy.config.folder.clone(),
            ..self.config.clone()
        };
        fs::create_dir(&config.folder).unwrap();
        for path in self.segments() {
            fs::copy(&path, config.folder.join(path.file_name().unwrap())).unwrap();
        }
        Self { config, ..copy }
    }
}

pub(crate) fn segments_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "segment")
    });
    paths.sort();
    paths
}

pub(crate) fn text_of(entry: &Entry) -> String {
    format!(
        "{} @{} {}",
        entry.position,
        entry.logged_at_ms,
        String::from_utf8_lossy(&entry.payload)
    )
}

/// One line an entry; an error is the last line.
pub(crate) fn text(reader: Result<Reader, Error>) -> String {
    let mut text = String::new();
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return format!("error: {error}\n"),
    };
    for entry in reader {
        match entry {
            Ok(entry) => writeln!(text, "{}", text_of(&entry)).unwrap(),
            Err(error) => writeln!(text, "error: {error}").unwrap(),
        }
    }
    text
}

/// All that is kept, in file order.
pub(crate) fn all(journal: &Journal, partitions: u16) -> String {
    let from: Vec<_> = (0..partitions)
        .map(|partition| journal.first_kept(partition))
        .collect();
    text(journal.read_all(&from))
}

/// Appends and waits, so that the record is a frame of its own.
pub(crate) fn put(journal: &Journal, partition: u16, payload: &str) {
    journal
        .append(partition, payload.into())
        .unwrap()
        .wait()
        .unwrap();
}

/// As `put`, for a group.
pub(crate) fn put_group(journal: &Journal, records: &[(u16, &str)]) {
    let records = records
        .iter()
        .map(|(partition, payload)| (*partition, (*payload).into()))
        .collect();
    journal.append_group(records).unwrap().wait().unwrap();
}

/// Polls a future to its end on this thread.
pub(crate) fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    struct Bell(mpsc::Sender<()>);
    impl std::task::Wake for Bell {
        fn wake(self: Arc<Self>) {
            // Nobody listens any more once the future is ready.
            let _ = self.0.send(());
        }
    }
    let (bell, rings) = mpsc::channel();
    let waker = Arc::new(Bell(bell)).into();
    let mut context = std::task::Context::from_waker(&waker);
    loop {
        if let std::task::Poll::Ready(output) = std::pin::Pin::new(&mut future).poll(&mut context) {
            return output;
        }
        rings.recv_timeout(PATIENCE).expect("the future is woken");
    }
}
