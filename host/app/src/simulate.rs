//! `signalbox simulate`: a tape of events in, every message, decision and reason out, on a clock that the tape winds.
//!
//! It works in a temporary folder and sends nothing. The engine's simulation does the work; here are files and words.

pub(crate) mod expect;
pub(crate) mod record;
pub(crate) mod summary;
pub(crate) mod tape;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write, stdout},
    mem,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use signalbox_engine::{Edge, NewInput, PutError, Rendering, Simulation};
use signalbox_model::{
    id::WorkflowId,
    segment::Segment,
    settings::Settings,
    time::{Instant, Span},
    workflow::{Action, Workflow},
};

use self::{
    expect::Expected,
    record::{Lines, Record},
    summary::{Summary, by_workflow},
    tape::Tape,
};
use crate::{cli, config::Config, feed::Until, output, table, wiring, workflow};

/// Contacts do not depend on each other, and one thread does the work: nothing would be gained by more.
const PARTITIONS: u16 = 1;
/// How far beyond the last event the clock is wound, where nobody says.
const BEYOND_DAYS: u32 = 30;

/// What a simulation is made of.
struct Job {
    /// With the files that they are in.
    workflows: Vec<(PathBuf, Workflow)>,
    settings: Option<Settings>,
    tables: Vec<cli::NamedTable>,
    /// With the files that they are in.
    segments: Vec<(PathBuf, Segment)>,
    contacts: Vec<NewInput>,
    events: Tape,
    from: Instant,
    until: Instant,
}

pub(crate) fn run(config: &Config, simulate: &cli::Simulate) -> anyhow::Result<()> {
    let job = Job::read(config, simulate)?;
    let workflows: Vec<Workflow> = job.workflows.iter().map(|(_, one)| one.clone()).collect();
    let ids: Vec<WorkflowId> = workflows.iter().map(|one| one.id.clone()).collect();
    let expected = simulate.expect.as_deref();
    let expected = expected
        .map(|path| Expected::read(path, &ids))
        .transpose()?;
    let mut record = Record {
        lines: Some(Lines {
            out: out(simulate.out.as_deref())?,
            full: simulate.full,
        }),
        seen: expected
            .as_ref()
            .map_or_else(BTreeMap::new, Expected::nothing_seen),
        ..Record::default()
    };
    let rendering = if simulate.no_render {
        Rendering::Skipped
    } else {
        Rendering::Whole
    };
    let events = job.events.len();
    let (from, until) = (job.from, job.until);
    let decisions = play(config, job, seed(simulate)?, rendering, &mut record)?;
    let summary = Summary {
        from,
        until,
        events,
        decisions,
        workflows: by_workflow(&record.counters, &workflows),
        sends: mem::take(&mut record.sends),
    };
    print(simulate, &summary)?;
    expected.map_or(Ok(()), |expected| expected.compare(&record.seen))
}

impl Job {
    fn read(config: &Config, simulate: &cli::Simulate) -> anyhow::Result<Self> {
        let files = simulate.workflow.iter();
        let workflows = files.map(|path| Ok((path.clone(), workflow::read(path)?)));
        let workflows = workflows.collect::<anyhow::Result<Vec<_>>>()?;
        let files = simulate.segments.iter();
        let segments = files.map(|path| Ok((path.clone(), workflow::read_segment(path)?)));
        let segments = segments.collect::<anyhow::Result<Vec<_>>>()?;
        let settings = simulate.server.as_deref().map(workflow::read_settings);
        let events = simulate.tape.as_deref().map(tape::events).transpose()?;
        let mut events = events.unwrap_or_default();
        let contacts = simulate.contacts.as_deref().map(tape::contacts);
        let first = events.first().map(|(at, _)| *at);
        let from = simulate.from.or(first).unwrap_or(config.store.manual_start);
        let last = events.last().map_or(from, |(at, _)| *at);
        let beyond = Until::Beyond(Span::from_days(BEYOND_DAYS));
        let until = simulate.until.unwrap_or(beyond).behind(last);
        if until < from {
            bail!("it would end at {until}, before it begins at {from}: name a later --until");
        }
        events.retain(|(at, _)| *at <= until);
        let settings = settings.transpose()?;
        let contacts = contacts.transpose()?.unwrap_or_default();
        let declared = settings.clone().unwrap_or_default();
        tape::check(&events, &declared)?;
        tape::check_contacts(&contacts, &declared)?;
        Ok(Self {
            workflows,
            settings,
            tables: simulate.tables.clone(),
            segments,
            contacts,
            events,
            from,
            until,
        })
    }
}

fn seed(simulate: &cli::Simulate) -> anyhow::Result<u64> {
    let Some(data) = &simulate.seed_of else {
        return Ok(simulate.seed);
    };
    let meta = signalbox_store::read_meta(&data.join("store"));
    let meta = meta.with_context(|| format!("reading the store in {}", data.display()))?;
    let meta = meta.with_context(|| format!("{} holds no store", data.display()))?;
    Ok(meta.store_seed)
}

/// Plays the whole in a temporary folder; answers how many decisions rules made.
fn play(
    config: &Config,
    job: Job,
    seed: u64,
    rendering: Rendering,
    record: &mut Record,
) -> anyhow::Result<u64> {
    let scratch = tempfile::Builder::new()
        .prefix("signalbox-simulate-")
        .tempdir()
        .context("making a temporary folder")?;
    let mut config = config.clone();
    scratch.path().clone_into(&mut config.data);
    config.store.manual_start = job.from;
    config.store.partitions = PARTITIONS;
    // What is released, only a server knows.
    let trust = wiring::policy(&config)?.by_signature_only();
    let (catalogue, _events) = wiring::listened(&config, trust, wiring::PLUGINS_WAIT_MAX)?;
    let tell = Box::new(|happened: signalbox_engine::Happened<'_>| record.take(&happened));
    let mut simulation = Simulation::create(config.engine(), catalogue, seed, rendering, tell)
        .context("beginning the simulation")?;
    if let Some(settings) = &job.settings {
        let put = simulation.put_settings(settings);
        put.context("putting the settings")?;
    }
    table::put_all(&mut simulation, &job.tables)?;
    put_segments(&mut simulation, &job.segments)?;
    simulation.feed(job.contacts)?;
    for (file, workflow) in &job.workflows {
        start(&mut simulation, file, workflow)?;
    }
    feed_events(&mut simulation, job.events)?;
    simulation.advance_to(job.until, Edge::Through)?;
    let decisions = simulation.decisions();
    simulation.finish()?;
    record.flush().context("writing what happened")?;
    scratch.close().context("removing the temporary folder")?;
    Ok(decisions)
}

/// Puts the segments of files: those that go by others after them, in whatever order they are given.
fn put_segments(
    simulation: &mut Simulation<'_>,
    segments: &[(PathBuf, Segment)],
) -> anyhow::Result<()> {
    let mut left: Vec<_> = segments.iter().collect();
    while !left.is_empty() {
        let mut refused = Vec::new();
        for put @ (_, segment) in &left {
            if let Err(error) = simulation.put_segment(segment) {
                refused.push((*put, error));
            }
        }
        if refused.len() == left.len() {
            let (file, error) = refused.swap_remove(0);
            return Err(unput(&file.0, error));
        }
        left = refused.into_iter().map(|(put, _)| put).collect();
    }
    Ok(())
}

/// Puts the workflow of a file and starts it.
fn start(simulation: &mut Simulation<'_>, file: &Path, workflow: &Workflow) -> anyhow::Result<()> {
    simulation
        .put_workflow(workflow, None)
        .map_err(|error| unput(file, error))?;
    simulation
        .transition(&workflow.id, Action::Start)
        .with_context(|| format!("starting workflow {}", workflow.id))
}

/// Why the workflow or segment of a file was not put, with all its problems as `workflow check` tells them.
pub(crate) fn unput(file: &Path, error: PutError) -> anyhow::Error {
    match error {
        PutError::Problems(problems) => workflow::refusal(file, &problems),
        other => anyhow::Error::new(other).context(format!("putting {}", file.display())),
    }
}

/// Feeds events in their order, each at its instant.
pub(crate) fn feed_events(simulation: &mut Simulation<'_>, events: Tape) -> anyhow::Result<()> {
    let mut events = events.into_iter().peekable();
    while let Some((at, first)) = events.next() {
        let mut together = vec![NewInput::Event(first)];
        while let Some((_, next)) = events.next_if(|(next_at, _)| *next_at == at) {
            together.push(NewInput::Event(next));
        }
        simulation.advance_to(at, Edge::Before)?;
        simulation.feed(together)?;
    }
    Ok(())
}

fn out(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match path {
        None => Box::new(BufWriter::new(stdout())),
        Some(path) => {
            let file = File::create(path);
            let file = file.with_context(|| format!("creating {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
    })
}

/// To where the lines are not.
fn print(simulate: &cli::Simulate, summary: &Summary) -> anyhow::Result<()> {
    let text = if simulate.json {
        summary.to_json().to_string()
    } else {
        summary.to_string()
    };
    match simulate.out {
        Some(_) => output::line(format_args!("{text}")),
        None => output::warning(format_args!("{text}")),
    }
}
