//! Plays a story: one server, one mail server, one clock, line by line.
//!
//! [`play`] is what the story runner calls. It compares what came with what is expected and nothing else: what a line
//! means is the server's affair.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value as Json, json};

use super::{
    Line, Story, audit, command, crowd, parse, plugins, read, ready_made, segments, tell, trust,
};
use crate::{
    http::{Answer, Api},
    mail::Mail,
    server::{Home, Server},
    smtp::{Fault, Sink, Stage},
    wait::Watch,
};

/// Set to 1 to write what comes into the file.
const UPDATE: &str = "STORIES_UPDATE";

/// Longest time after which what was accepted can be seen.
const SOON: Duration = Duration::from_secs(1);

/// Longest time after which what follows by itself can be seen.
const AWAITED: Duration = Duration::from_mins(1);

/// Plays a story; what comes otherwise than expected is an error that shows both.
pub fn play(path: &Path) -> Result<()> {
    let story = read(path)?;
    let mut player = Player::new(&story)?;
    let mut came = BTreeMap::new();
    let mut wrong = Vec::new();
    for (index, line) in story.lines.iter().enumerate() {
        let next = story.lines.get(index + 1);
        player.is_watched = next.is_some_and(|next| next.text.starts_with("soon "));
        let told = player
            .line(line)
            .with_context(|| format!("line {}: {}", line.number, line.text))
            .with_context(|| player.log_tail())?;
        let Some(told) = told else { continue };
        if told != line.expected {
            wrong.push(format!(
                "line {}: {}\n  expected\n{}  came\n{}",
                line.number,
                line.text,
                block(&line.expected),
                block(&told)
            ));
            came.insert(line.number, told);
        }
    }
    if let Some(server) = player.server.take() {
        server.api.wind(&player.now.to_string(), "through")?;
        audit::all(&server.api, &story)?;
        server.stop()?;
    }
    if wrong.is_empty() {
        return Ok(());
    }
    if std::env::var(UPDATE).is_ok_and(|value| value == "1") {
        let text = fs::read_to_string(path).context("reading the story")?;
        fs::write(path, parse::updated(&text, &came)).context("writing the story")?;
        return Ok(());
    }
    bail!("{}", wrong.join("\n"))
}

fn block(lines: &[String]) -> String {
    let indented: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
    indented.concat()
}

struct Player<'a> {
    story: &'a Story,
    home: Home,
    server: Option<Server>,
    sink: Sink,
    now: Timestamp,
    /// Mails that were looked at.
    mails_seen: usize,
    journeys: tell::Names,
    digests: tell::Names,
    templates: tell::Names,
    /// Whether the next line looks `soon`: what this one asks for is not waited for.
    is_watched: bool,
    /// Since the last event was posted.
    posted: Watch,
}

impl<'a> Player<'a> {
    fn new(story: &'a Story) -> Result<Self> {
        let first = story.lines.first().context("the story is empty")?;
        let begin = first.text.strip_prefix("at ");
        let now = instant(begin.context("a story begins with `at DATE TIME`")?)?;
        let sink = Sink::start()?;
        let mut home = Home::new()?;
        home.smtp(sink.port()).manual_clock(&now.to_string());
        let mut lines = story.lines.iter();
        if lines.any(|line| plugins::changes_folder(&line.text)) {
            plugins::own_folder(&mut home)?;
        }
        let server = Some(home.start()?);
        Ok(Self {
            story,
            home,
            server,
            sink,
            now,
            mails_seen: 0,
            journeys: tell::Names::default(),
            digests: tell::Names::default(),
            templates: tell::Names::default(),
            is_watched: false,
            posted: Watch::start(),
        })
    }

    fn log_tail(&self) -> String {
        let tail = self
            .server
            .as_ref()
            .map(Server::log_tail)
            .unwrap_or_default();
        format!("the server's log:\n{tail}\n")
    }

    fn api(&self) -> Result<&Api> {
        let server = self.server.as_ref().context("the server is down")?;
        Ok(&server.api)
    }

    /// Does one line; what came of it, if that is to be compared.
    fn line(&mut self, line: &Line) -> Result<Option<Vec<String>>> {
        let (verb, rest) = line.text.split_once(' ').unwrap_or((&line.text, ""));
        match verb {
            "shows" => {}
            "at" => self.wind(instant(rest)?)?,
            "later" => self.wind(self.now + span(rest)?)?,
            "kill" => {
                self.server.take().context("the server is down")?.kill();
                self.start()?;
            }
            "restart" => {
                self.stop()?;
                self.start()?;
            }
            "down" => self.stop()?,
            "up" => {
                self.server = Some(self.home.start()?);
                self.api()?.wind(&self.now.to_string(), "leap")?;
            }
            "hostile" => plugins::hostile(&self.home, self.api()?, rest)?,
            "version" => plugins::version(&self.home, self.api()?, rest)?,
            "altered" => plugins::altered(&self.home, self.api()?, rest)?,
            "trust" | "sign" | "unsign" | "release" => return self.stand_for(verb, rest),
            "smtp" => self.misbehave(rest)?,
            "new" => ready_made::put(&self.home, self.api()?, rest)?,
            "create" | "edit" | "migrate" | "start" | "pause" | "resume" | "end" | "cancel"
            | "delete" | "schedule" => {
                let came = self.ask(verb, rest)?;
                return must_succeed_or_compare(line, self.named(&came));
            }
            "event" => {
                let came = self.event(rest, None)?;
                return must_succeed_or_compare(line, came);
            }
            "old" => {
                let came = self.old_event(rest)?;
                return must_succeed_or_compare(line, came);
            }
            "settings" => {
                let came = self.settings(rest)?;
                return must_succeed_or_compare(line, came);
            }
            "segment" => {
                let document = self.story.segments.get(rest);
                let document = document.with_context(|| format!("there is no segment {rest}"))?;
                let answer = segments::put(self.api()?, document)?;
                return must_succeed_or_compare(line, told(&answer, || "put".to_owned()));
            }
            "drop" => {
                let answer = self.api()?.delete(&format!("/v1/segments/{rest}"))?;
                return must_succeed_or_compare(line, told(&answer, || "deleted".to_owned()));
            }
            "table" => {
                let came = self.table(rest)?;
                return must_succeed_or_compare(line, came);
            }
            "soon" => return self.until(rest, &line.expected, SOON).map(Some),
            "awaits" => return self.until(rest, &line.expected, AWAITED).map(Some),
            "approve" | "reject" => {
                let came = self.decide(verb, rest)?;
                return must_succeed_or_compare(line, came);
            }
            "run" => return command::run(&self.home, self.story, rest).map(Some),
            "feed" => command::feed(self.api()?, self.story, rest)?,
            "people" => crowd::enter(self.api()?, rest)?,
            "of" => crowd::some_of(self.api()?, &self.sink.mails(), rest)?,
            "contact" => {
                let (contact, said) = rest.split_once(' ').context("whose attributes?")?;
                let body = attributes(said)?;
                let answer = self
                    .api()?
                    .patch(&format!("/v1/contacts/{contact}"), &body)?;
                let came = told(&answer, || "accepted".to_owned());
                self.settle_before()?;
                return must_succeed_or_compare(line, came);
            }
            _ => return self.look(verb, rest).map(Some),
        }
        Ok(None)
    }

    fn stop(&mut self) -> Result<()> {
        self.server.take().context("the server is down")?.stop()
    }

    fn start(&mut self) -> Result<()> {
        self.server = Some(self.home.start()?);
        self.settle_before()
    }

    /// The lines with names in the place of digests and keys.
    fn named(&mut self, lines: &[String]) -> Vec<String> {
        let lines = lines.iter();
        lines
            .map(|line| tell::with_names(line, &mut self.digests))
            .collect()
    }

    /// What people do who stand for plugins; what came of a release.
    fn stand_for(&mut self, verb: &str, rest: &str) -> Result<Option<Vec<String>>> {
        if verb == "trust" {
            self.stop()?;
            trust::ask(&mut self.home, rest)?;
            self.start()?;
            return Ok(None);
        }
        let api = &self.server.as_ref().context("the server is down")?.api;
        match verb {
            "sign" => trust::sign(&self.home, api, rest)?,
            "unsign" => trust::unsign(&self.home, api, rest)?,
            _ => return trust::release(&self.home, api, rest, &mut self.digests).map(Some),
        }
        Ok(None)
    }

    /// The clock to just before `to`; while the server is down it is only remembered.
    fn wind(&mut self, to: Timestamp) -> Result<()> {
        self.now = to;
        if self.server.is_some() {
            self.settle_before()?;
        }
        Ok(())
    }

    /// Everything accepted is applied; what is due at this very instant still is.
    fn settle_before(&self) -> Result<()> {
        self.api()?.wind(&self.now.to_string(), "before")
    }

    fn misbehave(&self, rest: &str) -> Result<()> {
        let mut words = rest.splitn(3, ' ');
        let mut word = || words.next().context("write ADDRESS STAGE REPLY");
        let (to, stage, reply) = (word()?, word()?, word()?);
        let (stage, times) = match stage.split_once('*') {
            Some((stage, times)) => (stage, times.parse().context("how often?")?),
            None => (stage, 1),
        };
        let stage = match stage {
            "rcpt" => Stage::Rcpt,
            "data" => Stage::Data,
            "end" => Stage::End,
            other => bail!("there is no stage {other}"),
        };
        self.sink
            .plan_for(to, stage, Fault::Reply(reply.to_owned()), times);
        Ok(())
    }

    /// Asks for a change of a workflow.
    fn ask(&self, verb: &str, rest: &str) -> Result<Vec<String>> {
        let api = self.api()?;
        let (id, when) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = format!("/v1/workflows/{id}");
        let answer = match verb {
            "create" => api.put(&path, self.document(id)?)?,
            "edit" | "migrate" => {
                let found = api.get(&path)?;
                // What is not there has no version either: the server is to say so.
                let based_on = found.body["workflow"]["version"].as_u64().unwrap_or(1);
                let edit = if verb == "edit" { "pin" } else { verb };
                // The story may have a document of its own for the next version: `ID.VERSION`.
                let next = format!("{id}.{}", based_on + 1);
                let document = match self.story.workflows.get(&next) {
                    Some(document) => document,
                    None => self.document(id)?,
                };
                api.put(&format!("{path}?based_on={based_on}&edit={edit}"), document)?
            }
            "delete" => api.delete(&path)?,
            "schedule" => {
                let at = instant(when)?.to_string();
                api.post(&format!("{path}/schedule"), &json!({ "at": at }))?
            }
            "start" | "resume" if !when.is_empty() => {
                let said = when
                    .strip_prefix("over ")
                    .and_then(|said| said.split_once(": "));
                let (actor, reason) =
                    said.context("write `start WORKFLOW over ACTOR: REASON`, or `resume`")?;
                let body = json!({ "override": { "actor": actor, "reason": reason } });
                api.post(&format!("{path}/{verb}"), &body)?
            }
            action => api.post(&format!("{path}/{action}"), &json!({}))?,
        };
        let came = told(&answer, || tell::state(&answer.body["workflow"]));
        self.settle_before()?;
        Ok(came)
    }

    fn document(&self, id: &str) -> Result<&Json> {
        let document = self.story.workflows.get(id);
        document.with_context(|| format!("the story has no workflow {id}"))
    }

    fn event(&mut self, rest: &str, occurred_at: Option<Timestamp>) -> Result<Vec<String>> {
        let mut words = rest.splitn(3, ' ');
        let contact = words.next().unwrap_or_default();
        let name = words.next().context("what happened?")?;
        let rest = words.next().unwrap_or_default().trim();
        let (id, fields) = match rest.strip_prefix('#') {
            Some(rest) => rest
                .split_once(' ')
                .map_or((Some(rest), ""), |(id, rest)| (Some(id), rest)),
            None => (None, rest),
        };
        let mut body = json!({ "contact": contact, "name": name });
        if let Some(id) = id {
            body["id"] = id.into();
        }
        if !fields.trim().is_empty() {
            body["fields"] = read_json(fields)?;
        }
        if let Some(at) = occurred_at {
            body["occurred_at"] = at.to_string().into();
        }
        self.posted = Watch::start();
        let answer = self.api()?.post("/v1/events", &body)?;
        let came = told(&answer, || "accepted".to_owned());
        if !self.is_watched {
            self.settle_before()?;
        }
        Ok(came)
    }

    /// `event CONTACT NAME #ID DATE TIME FIELDS`.
    fn old_event(&mut self, rest: &str) -> Result<Vec<String>> {
        let rest = rest
            .strip_prefix("event ")
            .context("write `old event ...`")?;
        let mut words = rest.splitn(6, ' ');
        let mut word = || {
            words
                .next()
                .context("write CONTACT NAME #ID DATE TIME FIELDS")
        };
        let (contact, name, id, date, time) = (word()?, word()?, word()?, word()?, word()?);
        let at = instant(&format!("{date} {time}"))?;
        let fields = words.next().unwrap_or_default();
        self.event(&format!("{contact} {name} {id} {fields}"), Some(at))
    }

    /// Puts the settings of the whole server.
    fn settings(&self, rest: &str) -> Result<Vec<String>> {
        let api = self.api()?;
        let found = api.get("/v1/settings")?.good("reading the settings")?;
        let path = format!("/v1/settings?based_on={}", found["version"]);
        let answer = api.put(&path, &read_json(rest)?)?;
        let came = told(&answer, || "accepted".to_owned());
        self.settle_before()?;
        Ok(came)
    }

    /// `table NAME FILE` puts a table of CSV, `table NAME gone` deletes it.
    fn table(&self, rest: &str) -> Result<Vec<String>> {
        let (name, file) = rest.split_once(' ').context("write `table NAME FILE`")?;
        let path = format!("/v1/tables/{name}");
        let answer = if file == "gone" {
            self.api()?.delete(&path)?
        } else {
            let text = self.story.files.get(file);
            let text = text.with_context(|| format!("the story has no file {file}"))?;
            self.api()?.put_csv(&path, text)?
        };
        let came = told(&answer, || tell::table(&answer.body["table"]));
        self.settle_before()?;
        Ok(came)
    }

    /// A look without winding the clock, until it shows what is expected or that long has passed since the event before
    /// was posted.
    fn until(&mut self, rest: &str, expected: &[String], at_most: Duration) -> Result<Vec<String>> {
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        loop {
            let came = self.see(verb, rest)?;
            if came == expected || self.posted.elapsed() > at_most {
                return Ok(came);
            }
            std::thread::yield_now();
        }
    }

    fn look(&mut self, verb: &str, rest: &str) -> Result<Vec<String>> {
        self.api()?.wind(&self.now.to_string(), "through")?;
        self.see(verb, rest)
    }

    fn see(&mut self, verb: &str, rest: &str) -> Result<Vec<String>> {
        let lines = match verb {
            "mails" => self.mails(),
            "text" => {
                let text = self.last_mail()?.text_part();
                text.lines()
                    .filter(|line| !line.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            "html" => tell::words_of(&self.last_mail()?.html_part()),
            "subjects" => crowd::subjects(&self.sink.mails()),
            "simulated" => command::simulated(&self.home, rest)?,
            "members" => segments::members(self.api()?, rest)?,
            "calls" => plugins::calls(self.api()?)?,
            "plugin" => {
                let server = self.server.as_ref().context("the server is down")?;
                plugins::page(&server.api, rest, &mut self.digests)?
            }
            "shadow" => {
                let words = format!("shadow {rest}");
                command::on_server(&self.home, self.api()?, self.story, &words)?
            }
            "ask" => {
                let said = command::on_server(&self.home, self.api()?, self.story, rest)?;
                self.named(&said)
            }
            "workflows" => {
                let body = self.api()?.get("/v1/workflows")?;
                tell::workflows(&body.good("listing the workflows")?)
            }
            "status" => {
                let body = self.api()?.get("/v1/status")?.good("reading the status")?;
                tell::status(&body["status"])
            }
            "state" | "checklist" | "counters" | "funnel" | "bindings" | "reads" | "days"
            | "experiment" => self.see_workflow(verb, rest)?,
            _ => self.see_contact(verb, rest)?,
        };
        Ok(if lines.is_empty() {
            vec!["none".to_owned()]
        } else {
            lines
        })
    }

    fn see_workflow(&mut self, verb: &str, workflow: &str) -> Result<Vec<String>> {
        let path = format!("/v1/workflows/{workflow}");
        let read = |more: &str| {
            let answer = self.api()?.get(&format!("{path}{more}"))?;
            answer.good("reading the workflow")
        };
        Ok(match verb {
            "state" => {
                let answer = self.api()?.get(&path)?;
                let workflow = &answer.body["workflow"];
                let allowed = || {
                    format!(
                        "{}; allowed: {}",
                        tell::state(workflow),
                        tell::allowed(workflow)
                    )
                };
                told(&answer, allowed)
            }
            "checklist" => tell::checklist(&read("/checklist")?, &read("")?["workflow"]),
            "counters" => tell::counters(&read("")?["workflow"]["counters"]),
            "funnel" => tell::funnel(&read("")?["workflow"]["counters"]),
            "reads" => tell::reads(&read("")?["workflow"]),
            "days" => tell::days(&read("/days")?),
            "experiment" => tell::experiments(&read("/experiments")?),
            "bindings" => {
                let body = read("")?;
                tell::bindings(&body["workflow"], &mut self.digests)
            }
            other => bail!("there is no line that begins with `{other}`"),
        })
    }

    fn see_contact(&mut self, verb: &str, rest: &str) -> Result<Vec<String>> {
        Ok(match verb {
            "webhooks" => {
                let path = format!("/v1/contacts/{rest}/webhooks");
                let body = self.api()?.get(&path)?.good("reading the webhooks")?;
                tell::webhooks(&body)
            }
            "journeys" => {
                let body = self.journeys_of(rest)?;
                tell::journeys(&body, &mut self.journeys)
            }
            "messages" => {
                let body = self.journeys_of(rest)?;
                tell::messages(&body, &mut self.templates)
            }
            "decisions" => {
                let body = self.journeys_of(rest)?;
                tell::decisions(&body, &mut self.digests)
            }
            "log" => {
                let (contact, workflow) = rest.split_once(' ').unwrap_or((rest, ""));
                let body = self.journeys_of(contact)?;
                tell::log(&body, workflow)
            }
            "profile" => {
                let answer = self.api()?.get(&format!("/v1/contacts/{rest}"))?;
                if answer.status == 404 {
                    return Ok(vec!["not known".to_owned()]);
                }
                tell::profile(&answer.good("reading the contact")?["contact"])
            }
            other => bail!("there is no line that begins with `{other}`"),
        })
    }

    /// `approve CONTACT STEP ACTOR`, about the contact's journey that stands at the step.
    fn decide(&mut self, verb: &str, rest: &str) -> Result<Vec<String>> {
        let mut words = rest.splitn(3, ' ');
        let (Some(contact), Some(step), Some(actor)) = (words.next(), words.next(), words.next())
        else {
            bail!("write `{verb} CONTACT STEP ACTOR`");
        };
        self.settle_before()?;
        let page = self.journeys_of(contact)?;
        let journeys = page["journeys"].as_array().into_iter().flatten();
        let mut there = journeys.filter(|journey| journey["place"]["step"] == step);
        let journey = there.next().context("no journey stands there")?;
        let id = journey["id"].as_str().context("a journey has an id")?;
        let decision = match verb {
            "approve" => "approved",
            _ => "rejected",
        };
        let visit = &journey["place"]["visit"];
        let body = json!({ "step": step, "visit": visit, "decision": decision, "actor": actor });
        let path = format!("/v1/contacts/{contact}/journeys/{id}/approval");
        let answer = self.api()?.post(&path, &body)?;
        Ok(told(&answer, || "accepted".to_owned()))
    }

    fn journeys_of(&self, contact: &str) -> Result<Json> {
        let answer = self
            .api()?
            .get(&format!("/v1/contacts/{contact}/journeys"))?;
        if answer.status == 404 {
            return Ok(json!({}));
        }
        let page = answer.good("reading the journeys")?;
        ensure!(
            page["next"].is_null(),
            "{contact} has more journeys than one page tells"
        );
        Ok(page)
    }

    fn last_mail(&self) -> Result<Mail> {
        self.sink.mails().pop().context("there is no mail")
    }

    fn mails(&mut self) -> Vec<String> {
        let mails = self.sink.mails();
        let new = &mails[self.mails_seen.min(mails.len())..];
        let mut lines: Vec<String> = new.iter().map(tell::mail).collect();
        // Mails of one instant to several contacts are sent side by side.
        lines.sort();
        self.mails_seen = mails.len();
        lines
    }
}

/// What an answer says: what the caller makes of a good one, the refusal of another.
fn told(answer: &Answer, good: impl FnOnce() -> String) -> Vec<String> {
    if answer.is_good() {
        vec![good()]
    } else {
        vec![format!("refused: {}", answer.refusal())]
    }
}

/// A line without anything below it must succeed.
fn must_succeed_or_compare(line: &Line, came: Vec<String>) -> Result<Option<Vec<String>>> {
    if !line.expected.is_empty() {
        return Ok(Some(came));
    }
    match came.iter().find(|line| line.starts_with("refused")) {
        Some(refusal) => bail!("{refusal}"),
        None => Ok(None),
    }
}

/// `ATTRIBUTES` or `from SOURCE ATTRIBUTES`.
fn attributes(said: &str) -> Result<Json> {
    let Some(said) = said.strip_prefix("from ") else {
        return Ok(json!({ "attributes": read_json(said)? }));
    };
    let (source, attributes) = said.split_once(' ').context("which attributes?")?;
    Ok(json!({ "attributes": read_json(attributes)?, "source": source }))
}

fn read_json(text: &str) -> Result<Json> {
    serde_json::from_str(text).with_context(|| format!("reading {text:?}"))
}

/// `2026-03-02 09:00`, with seconds or without, in UTC.
fn instant(text: &str) -> Result<Timestamp> {
    let civil = DateTime::from_str(text.trim())
        .with_context(|| format!("{text:?} is not a date and time such as 2026-03-02 09:00"))?;
    let zoned = civil
        .to_zoned(TimeZone::UTC)
        .context("finding the instant")?;
    Ok(zoned.timestamp())
}

/// `90s`, `15m`, `36h`, `7d`.
fn span(text: &str) -> Result<SignedDuration> {
    let wrong = || format!("{text:?} is not a duration such as 90s, 15m, 36h or 7d");
    let (count, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .with_context(wrong)?;
    let count: i64 = count.parse().with_context(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => bail!(wrong()),
    };
    Ok(SignedDuration::from_secs(count * seconds))
}
