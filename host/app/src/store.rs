//! `signalbox store`: checks, rebuilds, re-executes, saves, restores, trims and exports the data folder of a server that does not
//! run. A folder in use by a server is refused.
//!
//! A store whose rows cannot be trusted is not read here, and one that is only read is left as it was.

mod reexecute;

use std::{
    fs::File,
    io::{BufWriter, Write, stdout},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use signalbox_engine::{ClockMode, Parts};
use signalbox_journal::{Entry, Journal, Sink};
use signalbox_mail::{capture::Capture, transport::Transport};
use signalbox_model::time::{Instant, Span};
use signalbox_store::{
    ClockUse, Condition, Meta, SnapshotSet, Snapshots, Store, create_as, discard_rows,
    read_condition, read_meta,
};
use tokio::runtime::Handle;

use crate::{cli::StoreCommand, clock::machine_now, config::Config, output, wiring};

/// The folders of the data folder that this command works on.
struct Folders {
    data: PathBuf,
    store: PathBuf,
    journal: PathBuf,
    snapshots: PathBuf,
}

pub(crate) async fn run(config: &Config, command: &StoreCommand) -> anyhow::Result<()> {
    let folders = Folders {
        data: config.data.clone(),
        store: config.data.join("store"),
        journal: config.data.join("journal"),
        snapshots: config.data.join("snapshots"),
    };
    let config = config.clone();
    let runtime = Handle::current();
    let work: Box<dyn FnOnce() -> anyhow::Result<()> + Send> = match command {
        StoreCommand::Check => Box::new(move || check(&config, &folders)),
        StoreCommand::Rebuild => Box::new(move || rebuild(&config, &folders, runtime)),
        StoreCommand::Reexecute => {
            Box::new(move || reexecute::reexecute(&config, &folders, runtime))
        }
        StoreCommand::Snapshot => Box::new(move || snapshot(&config, &folders)),
        StoreCommand::Restore { from } => {
            let from = from.clone().unwrap_or_else(|| folders.snapshots.clone());
            Box::new(move || restore(&config, &folders, &from))
        }
        StoreCommand::Trim => Box::new(move || trim(&config, &folders)),
        StoreCommand::Export { out } => {
            let out = out.clone();
            Box::new(move || export(&config, &folders, out.as_deref()))
        }
    };
    tokio::task::spawn_blocking(work)
        .await
        .context("working on the store")?
}

impl Folders {
    fn meta(&self) -> anyhow::Result<Meta> {
        read_meta(&self.store)
            .context("reading which store it is")?
            .with_context(|| format!("{} holds no store", self.data.display()))
    }

    /// Opens the store to read it, if its rows can be trusted. However the command ends, it is left as it was.
    fn open(&self, config: &Config) -> anyhow::Result<Store> {
        let meta = self.meta()?;
        let condition = read_condition(&self.store).context("reading how the store was left")?;
        if let Some(reason) = condition.and_then(distrust) {
            bail!("the store {reason}: run `signalbox store rebuild` first");
        }
        Store::open_to_read(&store_config(config, self, &meta)).context("opening the store")
    }
}

fn store_config(config: &Config, folders: &Folders, meta: &Meta) -> signalbox_store::Config {
    signalbox_store::Config {
        cache_bytes: config.store.cache_bytes,
        ..signalbox_store::Config::new(&folders.store, meta.partitions, meta.created_at)
    }
}

/// Why the rows of a store left like this cannot be trusted, if so.
fn distrust(condition: Condition) -> Option<&'static str> {
    match condition {
        Condition::New | Condition::Clean | Condition::Killed => None,
        Condition::Restarted => Some("was not closed before the machine was restarted"),
        Condition::Rebuilding => Some("is in the middle of a rebuild"),
    }
}

/// Prints what there is and everything that is wrong with it; fails if anything is.
fn check(config: &Config, folders: &Folders) -> anyhow::Result<()> {
    let problems = check_journal(&folders.journal)?
        + check_rows(config, folders)?
        + check_snapshots(&folders.snapshots)?;
    match problems {
        0 => output::line(format_args!("nothing is wrong")),
        1 => bail!("one thing is wrong"),
        _ => bail!("{problems} things are wrong"),
    }
}

fn check_journal(folder: &Path) -> anyhow::Result<u64> {
    let report = Journal::verify(folder).context("checking the journal")?;
    output::line(format_args!(
        "journal: {} records in {} files, {} bytes",
        report.entries, report.segments, report.bytes
    ))?;
    if let Some(torn) = &report.torn_tail {
        output::line(format_args!(
            "journal: {} bytes of an interrupted write at its end, which the next start cuts; nobody was told of them",
            torn.bytes
        ))?;
    }
    for problem in &report.problems {
        problem_line("journal", problem)?;
    }
    Ok(report.problems.len() as u64)
}

fn check_rows(config: &Config, folders: &Folders) -> anyhow::Result<u64> {
    let store = match folders.open(config) {
        Ok(store) => store,
        Err(error) => {
            output::line(format_args!("store: {error:#}"))?;
            return Ok(1);
        }
    };
    let report = match store.check() {
        Ok(report) => report,
        Err(error) => {
            problem_line("store", &error)?;
            return Ok(1);
        }
    };
    let rows: u64 = report.rows.values().sum();
    output::line(format_args!(
        "store: {rows} rows, {} large bodies",
        report.blobs
    ))?;
    for (kind, count) in report.rows.iter().filter(|(_, count)| **count > 0) {
        output::line(format_args!("store: {count:>12} {}", kind.as_str()))?;
    }
    for problem in &report.problems {
        output::line(format_args!("store: {}", problem.what))?;
    }
    let more = report.problems_found - report.problems.len() as u64;
    if more > 0 {
        output::line(format_args!("store: and {more} problems more"))?;
    }
    Ok(report.problems_found)
}

fn check_snapshots(folder: &Path) -> anyhow::Result<u64> {
    if !folder.exists() {
        output::line(format_args!("snapshots: none"))?;
        return Ok(0);
    }
    let snapshots = Snapshots::open(folder).context("opening the snapshots")?;
    let mut problems = 0;
    for set in snapshots.list().context("listing the snapshots")? {
        match set {
            Ok(set) => match snapshots.verify(&set) {
                Ok(()) => output::line(format_args!("snapshots: {} is whole", name_of(&set)))?,
                Err(error) => {
                    problems += 1;
                    problem_line(&format!("snapshots: {}", name_of(&set)), &error)?;
                }
            },
            Err((path, error)) => {
                problems += 1;
                problem_line(&format!("snapshots: {}", path.display()), &error)?;
            }
        }
    }
    Ok(problems)
}

fn name_of(set: &SnapshotSet) -> String {
    format!(
        "{} ({} records)",
        set.folder.display(),
        set.manifest.records()
    )
}

fn problem_line(
    what: &str,
    error: &(impl std::error::Error + Send + Sync + 'static),
) -> anyhow::Result<()> {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    output::line(format_args!("{what}: {text}"))
}

/// Computes the rows anew. Nothing is accepted, no timer fires and no mail leaves meanwhile.
fn rebuild(config: &Config, folders: &Folders, runtime: Handle) -> anyhow::Result<()> {
    let meta = folders.meta()?;
    let parts = offline_parts(config, &meta, &config.inbox_folder(), runtime)?;
    let engine_config = signalbox_engine::Config {
        partitions: meta.partitions,
        rebuild: true,
        ..config.engine()
    };
    let positions =
        signalbox_engine::recover(engine_config, parts).context("rebuilding the store")?;
    let records: u64 = positions.iter().sum();
    output::line(format_args!(
        "rebuilt: {records} records in {} partitions",
        meta.partitions
    ))
}

/// What the engine joins where nothing is served.
fn offline_parts(
    config: &Config,
    meta: &Meta,
    inbox: &Path,
    runtime: Handle,
) -> anyhow::Result<Parts> {
    config.check_folders()?;
    let clock = match meta.clock {
        ClockUse::Real => ClockMode::Real,
        ClockUse::Unused | ClockUse::Manual => ClockMode::Manual,
    };
    // Never used; the engine only wants one.
    let nowhere =
        Capture::open(inbox, config.capture.messages_max).context("opening the inbox on disk")?;
    wiring::parts(config, Transport::Capture(nowhere), clock, runtime)
}

fn snapshot(config: &Config, folders: &Folders) -> anyhow::Result<()> {
    let store = folders.open(config)?;
    let snapshots = Snapshots::open(&folders.snapshots).context("opening the snapshots")?;
    let writing = snapshots.begin().context("beginning a snapshot")?;
    for partition in store.partitions() {
        writing
            .write(&store, partition)
            .with_context(|| format!("writing the snapshot of partition {partition}"))?;
    }
    let set = writing.finish(&store).context("finishing the snapshot")?;
    output::line(format_args!("snapshot {}", name_of(&set)))
}

/// Puts the newest whole snapshot back. The next start applies what the journal has beyond it.
fn restore(config: &Config, folders: &Folders, from: &Path) -> anyhow::Result<()> {
    if !from.is_dir() {
        bail!("there is no folder {}", from.display());
    }
    let snapshots = Snapshots::open(from).context("opening the snapshots")?;
    let meta = read_meta(&folders.store).context("reading which store it is")?;
    let is_ours = |of: &Meta| {
        let ours = meta.as_ref();
        ours.is_none_or(|meta| meta.store_seed == of.store_seed)
    };
    let newest = snapshots.newest(is_ours).context("listing the snapshots")?;
    for (path, error) in &newest.passed_over {
        problem_line(&format!("passed over {}", path.display()), error)?;
    }
    let set = newest
        .set
        .with_context(|| format!("{} holds no whole snapshot of this store", from.display()))?;
    reaches(&folders.journal, &set)?;
    match &meta {
        Some(meta) => {
            is_of_its_versions(meta, &set)?;
            discard_rows(&folders.store).context("discarding the rows")?;
        }
        None => create_as(&folders.store, &set.manifest.store).context("making the store")?,
    }
    let store = Store::open(&store_config(config, folders, &set.manifest.store))
        .context("opening the store")?;
    snapshots
        .restore(&set, &store)
        .context("restoring the snapshot")?;
    store.finish_rebuild().context("finishing the restore")?;
    store.close_clean().context("closing the store")?;
    output::line(format_args!(
        "restored {}; the next start applies what the journal has beyond it",
        name_of(&set)
    ))
}

/// What came before the store's versions may not be applied again, so a store put back behind their begin could not be
/// started.
fn is_of_its_versions(meta: &Meta, set: &SnapshotSet) -> anyhow::Result<()> {
    for (info, from) in set.manifest.snapshots.iter().zip(&meta.versions_from) {
        if info.position < *from {
            bail!(
                "{} stands at {} of partition {}, before core {} with time zone data {} began at {from}: nothing was changed",
                name_of(set),
                info.position,
                info.partition,
                meta.core_version,
                meta.tz_version
            );
        }
    }
    Ok(())
}

/// A store may not stand behind its journal: it would wait for records that were never logged.
fn reaches(journal: &Path, set: &SnapshotSet) -> anyhow::Result<()> {
    let report = Journal::verify(journal)
        .context("checking the journal, which a restore needs beside the snapshot")?;
    for info in &set.manifest.snapshots {
        let last = report
            .last
            .get(usize::from(info.partition))
            .copied()
            .unwrap_or(0);
        let first = report
            .first_kept
            .get(usize::from(info.partition))
            .copied()
            .unwrap_or(0);
        if last < info.position || first > info.position + 1 {
            bail!(
                "the journal has records {first} to {last} of partition {}, the snapshot stands at {}: they do not meet",
                info.partition,
                info.position
            );
        }
    }
    Ok(())
}

fn trim(config: &Config, folders: &Folders) -> anyhow::Result<()> {
    let meta = folders.meta()?;
    let snapshots = Snapshots::open(&folders.snapshots).context("opening the snapshots")?;
    let Some(covered) = snapshots.covered().context("listing the snapshots")? else {
        return output::line(format_args!(
            "nothing may go: there are not two verified snapshots"
        ));
    };
    let journal_config = signalbox_journal::Config::new(&folders.journal, meta.partitions + 1);
    let (journal, opened) = Journal::open(journal_config, Arc::new(NoClock), Arc::new(NoSink))
        .context("opening the journal")?;
    let now = match meta.clock {
        ClockUse::Real => machine_now(),
        ClockUse::Unused | ClockUse::Manual => {
            Instant::from_ms(opened.logged_at_ms.unwrap_or_default())
        }
    };
    let keep_from: Vec<u64> = covered.iter().map(|position| position + 1).collect();
    let older_than = now.minus(Span::from_days(config.journal.keep_days));
    let report = journal
        .trim(&keep_from, older_than.as_ms())
        .context("trimming the journal")?;
    journal.close().context("closing the journal")?;
    output::line(format_args!(
        "{} files of the journal deleted, {} bytes",
        report.segments_deleted, report.bytes_deleted
    ))
}

/// A trim appends nothing, so nobody asks what time it is.
struct NoClock;

impl signalbox_journal::Clock for NoClock {
    fn now_ms(&self) -> i64 {
        0
    }
}

struct NoSink;

impl Sink for NoSink {
    fn durable(&self, _: &[Entry]) {}
}

fn export(config: &Config, folders: &Folders, out: Option<&Path>) -> anyhow::Result<()> {
    let store = folders.open(config)?;
    match out {
        None => {
            let mut out = BufWriter::new(stdout().lock());
            store
                .export(&mut out)
                .context("exporting to standard output")?;
        }
        Some(path) => {
            let mut out = BufWriter::new(create_owner_only(path)?);
            store
                .export(&mut out)
                .with_context(|| format!("exporting to {}", path.display()))?;
            out.flush()
                .and_then(|()| out.get_ref().sync_all())
                .with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

/// An export holds what contacts are known by.
fn create_owner_only(path: &Path) -> anyhow::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("creating {}", path.display()))
}
