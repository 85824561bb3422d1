//! Posts the events of a file: read whole and checked first, then posted in batches.
//!
//! The command and the demo call it. The id of an event is made from the digest of the file and its line, so feeding a
//! file twice changes nothing. Nothing is posted from a file with wrong lines unless that is asked for. Memory is
//! bounded: records are read again instead of kept, and of a file that has to be put into order only the places.

mod map;
mod post;
mod read;

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use signalbox_model::{
    id::Digest,
    time::{Instant, Span},
};

use self::{
    map::{Mapping, Naming},
    post::Poster,
    read::{Place, Reader},
};
use crate::{
    cli::{self, FeedFormat},
    client::{self, Client},
    clock::process_now,
    output,
};

/// Longest wait for the answer to one request. Winding the clock may do a lot.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(10);
/// Most wrong lines that are listed.
const BAD_LISTED_MAX: usize = 100;
/// Bytes of the file's digest in the ids of events.
const ID_DIGEST_CHARS: usize = 16;

/// What to feed and how.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) file: PathBuf,
    pub(crate) format: FeedFormat,
    pub(crate) no_header: bool,
    pub(crate) maps: Vec<String>,
    pub(crate) skip_bad: bool,
    pub(crate) history_only: bool,
    pub(crate) batch_events_max: usize,
    pub(crate) ordered_lines_max: u64,
    /// Wind the server's manual clock along with the events, and to there at the end.
    pub(crate) wind: Option<Until>,
}

/// Where the server's manual clock is wound to, once it was wound to each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Through everything due at the last event's instant.
    LastEvent,
    /// So much longer.
    Beyond(Span),
    Instant(Instant),
}

impl Until {
    /// The instant, where that is the last event's.
    pub(crate) fn behind(self, last: Instant) -> Instant {
        match self {
            Self::LastEvent => last,
            Self::Beyond(span) => last.plus(span),
            Self::Instant(instant) => instant,
        }
    }
}

impl FromStr for Until {
    type Err = signalbox_model::time::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('+') {
            Some(span) => Span::parse(span).map(Self::Beyond),
            None => Instant::parse(text).map(Self::Instant),
        }
    }
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) posted: u64,
    pub(crate) batches: u64,
    pub(crate) retries: u64,
    /// Wrong lines that were passed over.
    pub(crate) skipped: u64,
    pub(crate) took: Duration,
}

/// What the check of a file found.
struct Checked {
    digest: Digest,
    good: u64,
    /// The first wrong lines with their reasons, and how many there are.
    bad: Vec<(u64, String)>,
    bad_count: u64,
    /// Places of the good records by instant, when they have to be put into order.
    ordered: Option<Vec<(Instant, Place)>>,
}

/// The command.
pub(crate) fn run(feed: &cli::Feed) -> anyhow::Result<()> {
    let key = client::read_secret(&feed.key_file)?;
    let client = Client::new(&feed.url, &key, ANSWER_TIMEOUT)?;
    let job = Job {
        file: feed.file.clone(),
        format: feed.format.map_or_else(|| format_of(&feed.file), Ok)?,
        no_header: feed.no_header,
        maps: feed.maps.clone(),
        skip_bad: feed.skip_bad,
        history_only: feed.history_only,
        batch_events_max: feed.batch_events_max as usize,
        ordered_lines_max: feed.ordered_lines_max,
        wind: feed
            .wind_clock
            .then_some(feed.until.unwrap_or(Until::LastEvent)),
    };
    let report = post_file(&job, &client)?;
    let seconds = report.took.as_secs_f64();
    let rate = if seconds > 0.0 {
        report.posted as f64 / seconds
    } else {
        0.0
    };
    output::line(format_args!(
        "{} events posted in {} batches in {seconds:.1} s ({rate:.0} a second), {} requests tried again, {} wrong lines \
         passed over",
        report.posted, report.batches, report.retries, report.skipped
    ))
}

/// Told from the file's ending.
fn format_of(file: &Path) -> anyhow::Result<FeedFormat> {
    match file
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
    {
        "csv" => Ok(FeedFormat::Csv),
        "jsonl" | "ndjson" => Ok(FeedFormat::Jsonl),
        "txt" => Ok(FeedFormat::Columns),
        _ => bail!(
            "say with --format how {} is written: csv, jsonl or columns",
            file.display()
        ),
    }
}

/// Checks the file and posts its events.
pub(crate) fn post_file(job: &Job, client: &Client) -> anyhow::Result<Report> {
    let started = process_now();
    let opened = Opened::new(&job.file)?;
    let reader = opened.reader(job)?;
    let naming = match (job.format, &reader.header) {
        (FeedFormat::Jsonl, _) => Naming::Paths,
        (_, Some(names)) => Naming::Names(names),
        (_, None) => Naming::Numbers,
    };
    let mapping =
        Mapping::parse(&job.maps, naming, job.history_only).map_err(anyhow::Error::msg)?;
    if job.wind.is_some() && !mapping.dates() {
        bail!("--wind-clock needs the instant of each event: add --map occurred_at=...");
    }
    let checked = check(job, &opened, &mapping)?;
    if checked.bad_count > 0 {
        list_bad(&checked)?;
        if !job.skip_bad {
            bail!(
                "{} of {} lines are wrong; nothing was posted (--skip-bad posts the others)",
                checked.bad_count,
                checked.good + checked.bad_count
            );
        }
    }
    let mut report = send(job, &opened, &mapping, &checked, client)?;
    report.skipped = checked.bad_count;
    report.took = process_now().saturating_duration_since(started);
    Ok(report)
}

/// The file, and what it was when it was opened.
struct Opened {
    path: PathBuf,
    file: File,
    stamp: (u64, Option<SystemTime>),
}

impl Opened {
    fn new(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let stamp = stamp(&file).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            stamp,
        })
    }

    fn reader(&self, job: &Job) -> anyhow::Result<Reader> {
        let file = self
            .file
            .try_clone()
            .with_context(|| format!("opening {}", self.path.display()))?;
        Reader::new(file, job.format, job.no_header).map_err(|reason| self.unreadable(&reason))
    }

    fn digest(&self) -> anyhow::Result<Digest> {
        let context = || format!("reading {}", self.path.display());
        let mut file = &self.file;
        file.rewind().with_context(context)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Digest(hasher.finalize().into())),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(context),
            }
        }
    }

    fn unreadable(&self, reason: &str) -> anyhow::Error {
        anyhow::anyhow!("reading {}: {reason}", self.path.display())
    }

    /// The ids of events name the file as it was checked: another content must not go out under them.
    fn same_as_checked(&self) -> anyhow::Result<()> {
        if stamp(&self.file).is_ok_and(|stamp| stamp == self.stamp) {
            return Ok(());
        }
        bail!(
            "{} changed while it was fed: stop its writer and feed it again",
            self.path.display()
        )
    }
}

fn stamp(file: &File) -> io::Result<(u64, Option<SystemTime>)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified().ok()))
}

fn check(job: &Job, opened: &Opened, mapping: &Mapping) -> anyhow::Result<Checked> {
    let digest = opened.digest()?;
    let mut reader = opened.reader(job)?;
    let mut checked = Checked {
        digest,
        good: 0,
        bad: Vec::new(),
        bad_count: 0,
        ordered: job.wind.is_some().then(Vec::new),
    };
    let bar = bar(opened.stamp.0, "checking {wide_bar} {bytes}/{total_bytes}");
    while let Some(record) = reader.next().map_err(|reason| opened.unreadable(&reason))? {
        bar.set_position(record.place.offset);
        let id = || made_id(digest, record.place.line);
        let posting = record
            .cells
            .and_then(|cells| mapping.posting(&cells, id))
            .and_then(
                |posting| match (&mut checked.ordered, posting.occurred_at) {
                    (Some(_), None) => Err("occurred_at is missing".to_owned()),
                    (Some(ordered), Some(at)) => {
                        ordered.push((at, record.place));
                        Ok(())
                    }
                    (None, _) => Ok(()),
                },
            );
        match posting {
            Ok(()) => checked.good += 1,
            Err(reason) => {
                checked.bad_count += 1;
                if checked.bad.len() < BAD_LISTED_MAX {
                    checked.bad.push((record.place.line, reason));
                }
            }
        }
        if checked.ordered.is_some() && checked.good > job.ordered_lines_max {
            bail!(
                "more than {} events would have to be put into order: raise --ordered-lines-max",
                job.ordered_lines_max
            );
        }
    }
    bar.finish_and_clear();
    opened.same_as_checked()?;
    if let Some(ordered) = &mut checked.ordered {
        // Stable: at one instant the order of the file holds.
        ordered.sort_by_key(|(at, _)| *at);
    }
    Ok(checked)
}

fn list_bad(checked: &Checked) -> anyhow::Result<()> {
    for (line, reason) in &checked.bad {
        output::warning(format_args!("line {line}: {reason}"))?;
    }
    let more = checked.bad_count - checked.bad.len() as u64;
    if more > 0 {
        output::warning(format_args!("and {more} more"))?;
    }
    Ok(())
}

fn send(
    job: &Job,
    opened: &Opened,
    mapping: &Mapping,
    checked: &Checked,
    client: &Client,
) -> anyhow::Result<Report> {
    let mut reader = opened.reader(job)?;
    let mut poster = Poster::new(client, job.batch_events_max);
    let bar = bar(
        checked.good,
        "posting {wide_bar} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    );
    let read = |reason: String| opened.unreadable(&reason);
    let id = |place: Place| move || made_id(checked.digest, place.line);
    if let (Some(until), Some(ordered)) = (job.wind, &checked.ordered) {
        let mut clock = poster.clock()?;
        for (at, place) in ordered {
            if *at > clock {
                poster.flush(&bar)?;
                opened.same_as_checked()?;
                poster.advance(*at, post::Edge::Before)?;
                clock = *at;
            }
            reader.seek(*place).map_err(read)?;
            let record = reader
                .next()
                .map_err(read)?
                .context("the file became shorter")?;
            let posting = record
                .cells
                .and_then(|cells| mapping.posting(&cells, id(*place)));
            poster.add(place.line, &posting.map_err(read)?, &bar)?;
        }
        poster.flush(&bar)?;
        let last = ordered.last().map_or(clock, |(at, _)| *at);
        let until = until.behind(last);
        if until >= clock {
            poster.advance(until, post::Edge::Through)?;
        }
    } else {
        while let Some(record) = reader.next().map_err(read)? {
            let place = record.place;
            // What is wrong was listed by the check.
            let Ok(posting) = record
                .cells
                .and_then(|cells| mapping.posting(&cells, id(place)))
            else {
                continue;
            };
            if poster.add(place.line, &posting, &bar)? {
                opened.same_as_checked()?;
            }
        }
        poster.flush(&bar)?;
    }
    bar.finish_and_clear();
    Ok(poster.report())
}

fn made_id(digest: Digest, line: u64) -> String {
    let digest = digest.to_string();
    format!("{}-{line}", &digest[..ID_DIGEST_CHARS])
}

/// On the error output, and only if that is a terminal.
fn bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the templates above are valid");
    ProgressBar::new(length).with_style(style)
}

#[cfg(test)]
mod tests;
