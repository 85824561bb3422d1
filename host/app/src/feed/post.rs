//! Posts events in batches, again while the server is busy or away, and winds its manual clock.
//!
//! `feed` calls it. Posting a batch again is safe: the server takes each event's id once.

use std::{fmt::Write as _, time::Duration};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use serde_json::{Value as Json, json};
use signalbox_model::time::Instant;

use super::{Report, map::Posting};
use crate::client::{Answer, Client};

/// Largest body of a batch, in bytes: half of what the server takes, so that one more event always fits.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest that one batch is tried while the server says it is busy.
const BUSY_MAX: Duration = Duration::from_mins(10);
/// Longest that one batch is tried while the server cannot be reached.
const AWAY_MAX: Duration = Duration::from_mins(1);
/// First wait after which to try again, doubled each time up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Which of what is due at an instant is done when the clock is wound to it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edge {
    /// What is due before; at one instant events go before timers.
    Before,
    /// That, and what is due at it.
    Through,
}

/// Collects events and posts them.
pub(crate) struct Poster<'a> {
    client: &'a Client,
    events_max: usize,
    body: Vec<u8>,
    /// The line of each event in the body.
    lines: Vec<u64>,
    report: Report,
}

impl<'a> Poster<'a> {
    pub(crate) fn new(client: &'a Client, events_max: usize) -> Self {
        Self {
            client,
            events_max: events_max.max(1),
            body: Vec::new(),
            lines: Vec::new(),
            report: Report::default(),
        }
    }

    /// Takes an event; answers whether that made a batch go out.
    pub(crate) fn add(
        &mut self,
        line: u64,
        posting: &Posting,
        bar: &ProgressBar,
    ) -> anyhow::Result<bool> {
        let prefix: &[u8] = if self.lines.is_empty() {
            b"{\"events\":["
        } else {
            b","
        };
        self.body.extend_from_slice(prefix);
        serde_json::to_writer(&mut self.body, posting).context("writing an event as JSON")?;
        self.lines.push(line);
        let is_full = self.lines.len() >= self.events_max || self.body.len() >= BODY_BYTES_MAX;
        if is_full {
            self.flush(bar)?;
        }
        Ok(is_full)
    }

    /// Posts what was collected.
    pub(crate) fn flush(&mut self, bar: &ProgressBar) -> anyhow::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.body.extend_from_slice(b"]}");
        let answer = self.post_until_answered("/v1/events/batch", &self.body.clone())?;
        if !answer.is_good() {
            bail!(self.in_words(&answer));
        }
        let events = self.lines.len() as u64;
        self.report.posted += events;
        self.report.batches += 1;
        bar.inc(events);
        self.body.clear();
        self.lines.clear();
        Ok(())
    }

    /// Where the server's manual clock stands.
    pub(crate) fn clock(&self) -> anyhow::Result<Instant> {
        let answer = self
            .client
            .get("/v1/clock")?
            .good("reading the server's clock")?;
        let clock = answer.get("clock").unwrap_or(&Json::Null);
        if clock.get("manual").and_then(Json::as_bool) != Some(true) {
            bail!(
                "the server runs on the real clock: --wind-clock needs one that was started with --clock manual"
            );
        }
        let now = clock
            .get("now")
            .and_then(Json::as_str)
            .context("the server's clock has no instant")?;
        Instant::parse(now).context("reading the server's clock")
    }

    /// Winds the server's clock; the answer comes when everything due by then is done.
    pub(crate) fn advance(&mut self, to: Instant, edge: Edge) -> anyhow::Result<()> {
        let edge = match edge {
            Edge::Before => "before",
            Edge::Through => "through",
        };
        let body = json!({ "advance_to": to, "edge": edge }).to_string();
        let answer = self.post_until_answered("/v1/clock", body.as_bytes())?;
        answer.good(&format!("winding the clock to {to}"))?;
        Ok(())
    }

    pub(crate) fn report(self) -> Report {
        self.report
    }

    fn post_until_answered(&mut self, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let mut pause = PAUSE_FIRST;
        let mut waited = Duration::ZERO;
        loop {
            if self.client.is_cancelled() {
                bail!("stopped");
            }
            let (wait, wait_max) = match self.client.post(path, body) {
                Ok(answer) if answer.status == 429 || answer.status == 503 => {
                    if waited >= BUSY_MAX {
                        return Ok(answer);
                    }
                    (answer.retry_after.unwrap_or(pause), BUSY_MAX)
                }
                Ok(answer) => return Ok(answer),
                Err(error) if waited >= AWAY_MAX => return Err(error),
                Err(_) => (pause, AWAY_MAX),
            };
            let wait = wait.min(wait_max.saturating_sub(waited)).max(PAUSE_FIRST);
            wait_for(wait);
            waited += wait;
            pause = (pause * 2).min(PAUSE_MAX);
            self.report.retries += 1;
        }
    }

    /// A refusal of a batch, by the lines of the file.
    fn in_words(&self, answer: &Answer) -> String {
        let refusal = answer.refusal();
        let mut text = format!(
            "the server answered {} ({}): {}",
            answer.status, refusal.code, refusal.message
        );
        for problem in refusal.problems {
            let mut parts = problem
                .pointer
                .trim_start_matches('/')
                .splitn(3, '/')
                .skip(1);
            let index: Option<usize> = parts.next().and_then(|index| index.parse().ok());
            let rest = parts.next().unwrap_or_default();
            let place = match index.and_then(|index| self.lines.get(index)) {
                Some(line) => format!("line {line}: {rest}"),
                None => problem.pointer,
            };
            // Writing to a text cannot fail.
            let _ = write!(text, "\n  {place}: {}", problem.reason);
        }
        text
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server said for how long it wants to be left alone"
)]
fn wait_for(wait: Duration) {
    std::thread::sleep(wait);
}
