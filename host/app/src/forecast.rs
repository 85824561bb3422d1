//! `signalbox forecast`: what a workflow would do, before it is started, to the contacts that a server has.
//!
//! It copies the data folder, rebuilds the copy, starts the workflow there and winds the clock on, with the real rules
//! and without any transport. The server may run meanwhile: nothing of its folder is changed.

use std::{mem, sync::Arc};

use anyhow::{Context, bail};
use serde_json::json;
use signalbox_engine::{Copied, Edge, Rendering, Simulation, copy_data, rebuild_copy};
use signalbox_model::{
    definitions::WorkflowDefinition,
    event::APPROVAL_DECIDED,
    id::{EventId, WorkflowId},
    time::{Instant, Span},
    workflow::{Action, WorkflowState},
};
use signalbox_store::ClockUse;
use tokio::runtime::Handle;

use crate::{
    cli,
    clock::machine_now,
    config::Config,
    feed::Until,
    output,
    simulate::{
        feed_events,
        record::Record,
        summary::{Hours, Summary, by_workflow},
        tape::{self, Tape},
        unput,
    },
    table, wiring, workflow,
};

/// How far the clock is wound, where nobody says.
const UNTIL_DAYS: u32 = 14;

/// What is forecast.
struct Job {
    workflow: WorkflowId,
    from: Instant,
    until: Instant,
    tape: Tape,
    tape_says: String,
}

pub(crate) async fn run(config: &Config, forecast: &cli::Forecast) -> anyhow::Result<()> {
    let (config, forecast) = (config.clone(), forecast.clone());
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || blocking(&config, &forecast, runtime))
        .await
        .context("forecasting")?
}

fn blocking(config: &Config, forecast: &cli::Forecast, runtime: Handle) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new()
        .prefix("signalbox-forecast-")
        .tempdir()
        .context("making a temporary folder")?;
    let mut copy = config.clone();
    scratch.path().clone_into(&mut copy.data);
    let events_of = Span::from_days(forecast.days);
    let copied = copy_data(&config.engine(), &copy.engine(), events_of)
        .with_context(|| format!("copying {}", config.data.display()))?;
    copy.store.partitions = copied.meta.partitions;
    wiring::copy_kept_plugins(config, &copy)?;
    let parts = wiring::parts_of_copy(&copy, runtime)?;
    let catalogue = Arc::clone(&parts.catalogue);
    rebuild_copy(copy.engine(), parts).context("rebuilding the copy")?;
    let job = Job::new(forecast, copied)?;
    copy.store.manual_start = job.from;
    let mut record = Record::default();
    let tell = Box::new(|happened: signalbox_engine::Happened<'_>| record.take(&happened));
    let mut simulation = Simulation::open(copy.engine(), catalogue, Rendering::Skipped, tell)
        .context("opening the copy")?;
    if forecast.tape.is_some() {
        tape::check(&job.tape, &simulation.definitions().settings)?;
    }
    let before = simulation.decisions();
    table::put_all(&mut simulation, &forecast.tables)?;
    start(&mut simulation, forecast, &job.workflow)?;
    let events = job.tape.len();
    feed_events(&mut simulation, job.tape)?;
    simulation.advance_to(job.until, Edge::Through)?;
    let decisions = simulation.decisions() - before;
    let definitions = simulation.definitions();
    simulation.finish()?;
    scratch.close().context("removing the temporary folder")?;
    let workflows = definitions.workflows.iter();
    let told = workflows
        .filter(|(id, _)| **id == job.workflow || record.counters.workflows.contains_key(*id));
    let documents = told.filter_map(|(_, known)| Some(&known.current_version()?.document));
    let summary = Summary {
        from: job.from,
        until: job.until,
        events,
        decisions,
        workflows: by_workflow(&record.counters, documents),
        sends: mem::take(&mut record.sends),
    };
    print(forecast, &job.workflow, &job.tape_says, &summary)
}

impl Job {
    fn new(forecast: &cli::Forecast, copied: Copied) -> anyhow::Result<Self> {
        let ends_at = copied.ends_at.unwrap_or(copied.meta.created_at);
        let now = match copied.meta.clock {
            ClockUse::Real => ends_at.max(machine_now()),
            ClockUse::Unused | ClockUse::Manual => ends_at,
        };
        let from = forecast.from.unwrap_or(now);
        if from < ends_at {
            bail!("the store stands at {ends_at}: a forecast cannot begin before, at {from}");
        }
        let (mut tape, tape_says) = if let Some(path) = &forecast.tape {
            let says = format!("the events of {}", path.display());
            (tape::events(path)?, says)
        } else {
            let days = forecast.days;
            let says = format!(
                "the events of the last {days} days of the log once more, as if those days began again at {from}"
            );
            let began = ends_at.minus(Span::from_days(days));
            (again(copied.events, from.as_ms() - began.as_ms()), says)
        };
        if let Some((first, _)) = tape.first().filter(|(first, _)| *first < from) {
            bail!("the tape begins at {first}, before the forecast, which begins at {from}");
        }
        let until = forecast
            .until
            .unwrap_or(Until::Beyond(Span::from_days(UNTIL_DAYS)));
        let until = until.behind(from);
        if until < from {
            bail!("it would end at {until}, before it begins at {from}: name a later --until");
        }
        tape.retain(|(at, _)| *at <= until);
        Ok(Self {
            workflow: forecast.workflow.clone(),
            from,
            until,
            tape,
            tape_says,
        })
    }
}

/// The same events so much later, under new ids: by their own they would count as repeated.
fn again(logged: Tape, later_ms: i64) -> Tape {
    let later = |at: Instant| Instant::from_ms(at.as_ms() + later_ms);
    let mut tape = Vec::with_capacity(logged.len());
    for (number, (logged_at, mut event)) in logged.into_iter().enumerate() {
        if event.history_only || event.name.as_str() == APPROVAL_DECIDED {
            continue;
        }
        if let Ok(id) = EventId::parse(&format!("forecast-{number}")) {
            event.id = id;
            event.occurred_at = later(event.occurred_at);
            tape.push((later(logged_at), event));
        }
    }
    tape
}

/// Brings the workflow to where it runs, as far as that is left to somebody.
fn start(
    simulation: &mut Simulation<'_>,
    forecast: &cli::Forecast,
    id: &WorkflowId,
) -> anyhow::Result<()> {
    if let Some(path) = &forecast.file {
        let workflow = workflow::read(path)?;
        if workflow.id != *id {
            bail!(
                "{} is of workflow {}, not of {id}",
                path.display(),
                workflow.id
            );
        }
        let based_on = simulation
            .definitions()
            .workflows
            .get(id)
            .map(|known| known.current);
        simulation
            .put_workflow(&workflow, based_on)
            .map_err(|error| unput(path, error))?;
    }
    let definitions = simulation.definitions();
    let Some(known) = definitions.workflows.get(id) else {
        bail!("there is no workflow {id}: put it first, or name its document with --file");
    };
    let Some(action) = action_for(known)? else {
        return Ok(());
    };
    simulation
        .transition(id, action)
        .with_context(|| format!("starting workflow {id}"))
}

/// What makes it run; nothing where it does, or will by itself.
fn action_for(workflow: &WorkflowDefinition) -> anyhow::Result<Option<Action>> {
    match workflow.state {
        WorkflowState::Draft => Ok(Some(Action::Start)),
        WorkflowState::Paused => Ok(Some(Action::Resume)),
        WorkflowState::Scheduled | WorkflowState::Running => Ok(None),
        WorkflowState::Ended => bail!("the workflow has ended: it does nothing any more"),
    }
}

fn print(
    forecast: &cli::Forecast,
    workflow: &WorkflowId,
    tape_says: &str,
    summary: &Summary,
) -> anyhow::Result<()> {
    if forecast.json {
        let mut json = summary.to_json();
        json["workflow"] = json!(workflow);
        json["tape"] = json!(tape_says);
        return output::line(format_args!("{json}"));
    }
    output::line(format_args!(
        "forecast of {workflow}; nothing was sent and nothing has changed\nfed with {tape_says}\n{summary}\n\n{}",
        Hours(&summary.sends)
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use signalbox_model::{event::Event, value::Fields};
    use signalbox_store::{Meta, STORE_FORMAT};

    use super::*;
    use crate::cli::{Cli, Command};

    fn instant(text: &str) -> Instant {
        Instant::parse(text).expect("an instant")
    }

    /// A store with an event on each of the first days of March, on a clock that stands at the last.
    fn copied(days: i64) -> Copied {
        let begin = instant("2026-03-01T00:00:00Z");
        let logged = (0..days).map(|day| {
            let at = Instant::from_ms(begin.as_ms() + day * 86_400_000);
            let event = Event {
                contact: "ann".parse().expect("an id"),
                name: "order_completed".parse().expect("a name"),
                id: EventId::parse(&format!("order-{day}")).expect("an id"),
                occurred_at: at,
                fields: Fields::new(),
                attributes: Fields::new(),
                history_only: false,
                source: None,
            };
            (at, event)
        });
        let events: Vec<_> = logged.collect();
        Copied {
            meta: Meta {
                format: STORE_FORMAT,
                partitions: 1,
                store_seed: 7,
                created_at: begin,
                clock: ClockUse::Manual,
                core_version: String::new(),
                tz_version: String::new(),
                versions_from: Vec::new(),
            },
            ends_at: events.last().map(|(at, _)| *at),
            events,
        }
    }

    fn job(arguments: &str) -> Job {
        let words = format!("signalbox forecast series {arguments}");
        let cli = Cli::try_parse_from(words.split_whitespace()).expect("a command");
        let Command::Forecast(forecast) = cli.command else {
            panic!("it is a forecast");
        };
        Job::new(&forecast, copied(5)).expect("a job")
    }

    #[test]
    fn what_comes_behind_the_end_is_left_out() {
        let whole = job("--days 10");
        assert_eq!(whole.from, instant("2026-03-05T00:00:00Z"));
        assert_eq!(whole.tape.len(), 5);
        let short = job("--days 10 --until +8d");
        let last = short.tape.last().map(|(at, _)| *at);
        assert_eq!(short.tape.len(), 3);
        assert_eq!(last, Some(short.until));
    }
}
