//! `signalbox backtest`: what a trigger or a segment would have done with the past of all contacts, day by day.
//!
//! It copies the data folder, reads what is known of every contact, and plays that from the begin in a simulation. The
//! server may run meanwhile: nothing of its folder is changed.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use anyhow::{Context, bail};
use serde_json::{Value as Json, json};
use signalbox_engine::{
    Edge, Happened, NewInput, Rendering, Simulation, StoredHistory, copy_data, stored_history,
};
use signalbox_model::{
    fact::FactKind,
    segment::{Owner, Segment},
    time::{Instant, Span},
    workflow::Action,
};
use tokio::runtime::Handle;

use crate::{
    cli,
    config::Config,
    output,
    simulate::unput,
    table, wiring,
    workflow::{Subject, read_subject},
};

/// Contacts do not depend on each other, and one thread does the work.
const PARTITIONS: u16 = 1;

pub(crate) async fn run(config: &Config, backtest: &cli::Backtest) -> anyhow::Result<()> {
    let (config, backtest) = (config.clone(), backtest.clone());
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || blocking(&config, &backtest, runtime))
        .await
        .context("trying it on the past")?
}

fn blocking(config: &Config, backtest: &cli::Backtest, runtime: Handle) -> anyhow::Result<()> {
    let subject = read_subject(&backtest.file)?;
    let scratch = tempfile::Builder::new()
        .prefix("signalbox-backtest-")
        .tempdir()
        .context("making a temporary folder")?;
    let mut copy = config.clone();
    copy.data = scratch.path().join("copy");
    wiring::make_data_folder(&copy.data)?;
    let copied = copy_data(&config.engine(), &copy.engine(), Span::default())
        .with_context(|| format!("copying {}", config.data.display()))?;
    copy.store.partitions = copied.meta.partitions;
    wiring::copy_kept_plugins(config, &copy)?;
    let parts = wiring::parts_of_copy(&copy, runtime)?;
    let catalogue = Arc::clone(&parts.catalogue);
    let history = stored_history(copy.engine(), parts).context("reading the past")?;
    let ends_at = copied.ends_at.unwrap_or(copied.meta.created_at);
    let begins_at = history.inputs.first().map_or(ends_at, |(at, _)| *at);
    let (from, until) = (
        backtest.from.unwrap_or(begins_at),
        backtest.until.unwrap_or(ends_at),
    );
    if until < from {
        bail!(
            "it would end at {until}, before it begins at {from}: name another --from or --until"
        );
    }
    let mut days = Days::new(&subject, from, until);
    (days.contacts, days.folded) = (history.contacts, history.folded);
    let mut play = config.clone();
    play.data = scratch.path().join("play");
    wiring::make_data_folder(&play.data)?;
    play.store.partitions = PARTITIONS;
    play.store.manual_start = begins_at.min(from);
    let tell = Box::new(|happened: Happened<'_>| {
        days.take(&happened);
        Ok(())
    });
    let seed = copied.meta.store_seed;
    let mut simulation =
        Simulation::create(play.engine(), catalogue, seed, Rendering::Skipped, tell)
            .context("beginning the simulation")?;
    put_around(&mut simulation, &history, backtest, &subject)?;
    played(
        &mut simulation,
        history.inputs,
        backtest,
        &subject,
        (from, until),
    )?;
    simulation.finish()?;
    scratch.close().context("removing the temporary folder")?;
    if backtest.json {
        return output::line(format_args!("{}", days.to_json()));
    }
    output::line(format_args!("{days}"))
}

/// All that the server has and the subject may go by.
fn put_around(
    simulation: &mut Simulation<'_>,
    history: &StoredHistory,
    backtest: &cli::Backtest,
    subject: &Subject,
) -> anyhow::Result<()> {
    let definitions = &history.definitions;
    let put = simulation.put_settings(&definitions.settings);
    put.context("putting the settings")?;
    for (name, rows) in &history.tables {
        let put = simulation.put_table(name, rows);
        put.with_context(|| format!("putting the table {name}"))?;
    }
    table::put_all(simulation, &backtest.tables)?;
    let is_another = |segment: &&Segment| match subject {
        Subject::Workflow(_) => true,
        Subject::Segment(of_file) => of_file.name != segment.name,
    };
    let others = definitions.segments.values().map(|known| &known.document);
    let mut others: Vec<&Segment> = others.filter(is_another).collect();
    // Those that go by others come after them; what goes by the subject itself is not looked at.
    loop {
        let before = others.len();
        others.retain(|segment| simulation.put_segment(segment).is_err());
        if others.is_empty() || others.len() == before {
            return Ok(());
        }
    }
}

/// Plays the past: up to the begin as history, then with the subject in force.
fn played(
    simulation: &mut Simulation<'_>,
    inputs: Vec<(Instant, NewInput)>,
    backtest: &cli::Backtest,
    subject: &Subject,
    (from, until): (Instant, Instant),
) -> anyhow::Result<()> {
    let mut inputs = inputs.into_iter().filter(|(at, _)| *at <= until).peekable();
    let mut is_put = false;
    while let Some((at, first)) = inputs.next() {
        if at >= from && !is_put {
            simulation.advance_to(from, Edge::Before)?;
            put(simulation, &backtest.file, subject)?;
            is_put = true;
        }
        let mut together = vec![first];
        while let Some((_, next)) = inputs.next_if(|(next_at, _)| *next_at == at) {
            together.push(next);
        }
        simulation.advance_to(at, Edge::Before)?;
        simulation.feed(together)?;
    }
    if !is_put {
        simulation.advance_to(from, Edge::Before)?;
        put(simulation, &backtest.file, subject)?;
    }
    simulation.advance_to(until, Edge::Through)?;
    Ok(())
}

fn put(simulation: &mut Simulation<'_>, file: &Path, subject: &Subject) -> anyhow::Result<()> {
    match subject {
        Subject::Segment(segment) => {
            let put = simulation.put_segment(segment);
            put.map_err(|error| unput(file, error))
        }
        Subject::Workflow(workflow) => {
            let put = simulation.put_workflow(workflow, None);
            put.map_err(|error| unput(file, error))?;
            simulation
                .transition(&workflow.id, Action::Start)
                .with_context(|| format!("starting workflow {}", workflow.id))
        }
    }
}

/// What came of it, by days of UTC.
struct Days {
    subject: Owner,
    from: Instant,
    until: Instant,
    contacts: u64,
    folded: u64,
    /// Entries, or comings into the segment, and leavings of it.
    moves: BTreeMap<i32, (u64, u64)>,
    /// Answers of the trigger and the audience, or of the segment's rule, by reason.
    reasons: BTreeMap<String, u64>,
}

impl Days {
    fn new(subject: &Subject, from: Instant, until: Instant) -> Self {
        Self {
            subject: match subject {
                Subject::Workflow(workflow) => Owner::Workflow(workflow.id.clone()),
                Subject::Segment(segment) => Owner::Segment(segment.name.clone()),
            },
            from,
            until,
            contacts: 0,
            folded: 0,
            moves: BTreeMap::new(),
            reasons: BTreeMap::new(),
        }
    }

    fn take(&mut self, happened: &Happened<'_>) {
        let (Happened::Fact(fact) | Happened::Counted(fact)) = happened else {
            return;
        };
        if fact.owner != self.subject {
            return;
        }
        let day = fact.at.utc_day();
        match &fact.what {
            FactKind::JourneyEntered(_) | FactKind::SegmentEntered(_) => {
                self.moves.entry(day).or_default().0 += 1;
            }
            FactKind::SegmentLeft(_) => self.moves.entry(day).or_default().1 += 1,
            FactKind::NotEntered(reason) => {
                *self
                    .reasons
                    .entry(format!("not entered: {reason}"))
                    .or_default() += 1;
            }
            FactKind::RuleDecided(decision) => {
                let what = format!("{} said {}", decision.slot, decision.reason);
                *self.reasons.entry(what).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Every day from the first to the last: its instant, comings, leavings, and how many are in at its end.
    fn each(&self) -> impl Iterator<Item = (Instant, u64, u64, u64)> {
        let days = self.from.utc_day()..=self.until.utc_day();
        days.scan(0_u64, |members, day| {
            let (came, left) = self.moves.get(&day).copied().unwrap_or_default();
            *members = (*members + came).saturating_sub(left);
            Some((Instant::of_utc_day(day), came, left, *members))
        })
    }

    fn to_json(&self) -> Json {
        let days = self
            .each()
            .map(|(day, came, left, members)| match self.subject {
                Owner::Workflow(_) => json!({ "day": day, "entered": came }),
                Owner::Segment(_) => {
                    json!({ "day": day, "entered": came, "left": left, "members": members })
                }
            });
        json!({
            "subject": self.subject.in_words(),
            "from": self.from,
            "until": self.until,
            "contacts": self.contacts,
            "events_left_out": self.folded,
            "days": days.collect::<Vec<_>>(),
            "reasons": self.reasons,
        })
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with the past of {} contacts, from {} until {}; nothing was sent and nothing has changed",
            self.subject.in_words(),
            self.contacts,
            self.from,
            self.until
        )?;
        if self.folded > 0 {
            write!(
                f,
                "\n{} events are left out: only their daily totals are kept",
                self.folded
            )?;
        }
        for (day, came, left, members) in self.each().filter(|(_, came, left, _)| came + left > 0) {
            let day = &day.to_string()[..10];
            match self.subject {
                Owner::Workflow(_) => write!(f, "\n  {day}  {came} entered")?,
                Owner::Segment(_) => {
                    write!(f, "\n  {day}  {members} in ({came} came, {left} left)")?;
                }
            }
        }
        for (what, count) in &self.reasons {
            write!(f, "\n  {count:>9} {what}")?;
        }
        Ok(())
    }
}
