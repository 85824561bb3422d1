//! `signalbox workflow`: checks workflows in files without a server, and puts, lists, shows, starts, pauses, resumes and
//! ends them on one.
//!
//! A check says what a put would say, with the place in the file. On a server everything goes over its API.

mod document;
mod show;

use std::{fmt::Write as _, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use signalbox_engine::check_workflow;
use signalbox_model::{
    id::WorkflowId, problem::Problem, segment::Segment, settings::Settings as ServerSettings,
    workflow::Workflow,
};
use signalbox_rules::documents::read_workflow;

use self::document::{Document, Place};
use crate::{
    cli::{ServerArgs, Settings, StartOnServer, WorkflowCommand, WorkflowOnServer},
    client::{Client, read_secret},
    config::{self, Config},
    output, wiring,
};

/// Longest wait for one answer of the server.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// The status of what is not there.
const NOT_FOUND: u16 = 404;

pub(crate) fn run(command: &WorkflowCommand) -> anyhow::Result<()> {
    match command {
        WorkflowCommand::Check { file, settings } => check(file, settings),
        WorkflowCommand::List(server) => show::list(server),
        WorkflowCommand::Show(which) => show::show(which),
        WorkflowCommand::Watch(which) => show::watch(which),
        WorkflowCommand::Put {
            file,
            migrate,
            server,
        } => put(file, *migrate, server),
        WorkflowCommand::Start(start) => transition(&start.which, "start", &body_of(start)),
        WorkflowCommand::Schedule { at, start } => {
            let mut body = body_of(start);
            body["at"] = Json::from(at.to_string());
            transition(&start.which, "schedule", &body)
        }
        WorkflowCommand::Pause(which) => transition(which, "pause", &json!({})),
        WorkflowCommand::Resume(start) => transition(&start.which, "resume", &body_of(start)),
        WorkflowCommand::End(which) => transition(which, "end", &json!({})),
    }
}

fn check(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let config = config::load(&settings.clone().into(), std::env::vars())?.config;
    let document = Document::read(file)?;
    let reading = read_workflow(&document.json);
    let mut problems = reading.problems.clone();
    let Some(workflow) = &reading.workflow else {
        return refused(file, &document, &problems);
    };
    let found = problems_with_plugins(&config, workflow)?;
    problems.extend(reading.of_document(found));
    problems.sort();
    if !problems.is_empty() {
        return refused(file, &document, &problems);
    }
    for advice in signalbox_journey::advise(workflow) {
        let (reason, help) = (&advice.reason, &advice.help);
        output::line(format_args!(
            "{}: {reason}: {help} ({})",
            file.display(),
            advice.code
        ))?;
    }
    output::line(format_args!(
        "{}: workflow {} is good, {} and {}",
        file.display(),
        workflow.id,
        counted(workflow.steps.len(), "step"),
        counted(workflow.templates.len(), "template")
    ))
}

/// The workflow in a file, as far as its form goes; all that is wrong with that if it is none.
pub(crate) fn read(file: &Path) -> anyhow::Result<Workflow> {
    let document = Document::read(file)?;
    parse(&document.json).map_err(|problems| {
        let problems: Vec<String> = problems
            .iter()
            .map(|problem| in_words(file, &document, problem))
            .collect();
        anyhow::anyhow!(
            "{} is no workflow:\n{}",
            file.display(),
            problems.join("\n")
        )
    })
}

/// What a file may hold that can be tried on the past.
pub(crate) enum Subject {
    /// A workflow: it has a trigger and steps.
    Workflow(Box<Workflow>),
    /// A named segment: it has neither.
    Segment(Segment),
}

/// The workflow or segment in a file.
pub(crate) fn read_subject(file: &Path) -> anyhow::Result<Subject> {
    let document = Document::read(file)?.json;
    let is_segment = document.get("rule").is_some() || document.get("of").is_some();
    if is_segment {
        read_segment(file).map(Subject::Segment)
    } else {
        read(file).map(|workflow| Subject::Workflow(Box::new(workflow)))
    }
}

/// The named segment of a file, as far as its form goes.
pub(crate) fn read_segment(file: &Path) -> anyhow::Result<Segment> {
    let document = Document::read(file)?.json;
    let segment = Segment::deserialize(&document);
    segment.with_context(|| format!("{} holds no segment", file.display()))
}

/// The settings of a file, as `PUT /v1/settings` takes them.
pub(crate) fn read_settings(file: &Path) -> anyhow::Result<ServerSettings> {
    let document = Document::read(file)?;
    let name = file.display();
    let settings = ServerSettings::deserialize(&document.json);
    let settings = settings.with_context(|| format!("{name} holds no settings"))?;
    let problems = settings.problems();
    if problems.is_empty() {
        return Ok(settings);
    }
    let problems = problems
        .iter()
        .map(|found| in_words(file, &document, found));
    let problems: Vec<String> = problems.collect();
    bail!("{name} holds no settings:\n{}", problems.join("\n"));
}

/// The workflow that a document says, as the server reads it.
fn parse(document: &Json) -> Result<Workflow, Vec<Problem>> {
    let reading = read_workflow(document);
    match reading.workflow {
        Some(workflow) if reading.problems.is_empty() => Ok(workflow),
        _ => Err(reading.problems),
    }
}

/// What the core, the rules and the templates say. Compiles the plugins of the folder, beside any server's.
fn problems_with_plugins(config: &Config, workflow: &Workflow) -> anyhow::Result<Vec<Problem>> {
    if !config.plugins.is_dir() {
        bail!(
            "there is no folder {}: name that of the plugins with --plugins",
            config.plugins.display()
        );
    }
    let kept = tempfile::tempdir().context("making a temporary folder")?;
    let catalogue = wiring::catalogue(
        config,
        // What is released, only a server knows.
        wiring::policy(config)?.by_signature_only(),
        kept.path().to_owned(),
        wiring::PLUGINS_WAIT_MAX,
        |_| {},
    )?;
    let problems = check_workflow(&catalogue, workflow);
    if !problems.is_empty() {
        let (_, refused) = wiring::plugins_in_words(&catalogue.list());
        for reason in refused {
            output::warning(format_args!("refused plugin: {reason}"))?;
        }
    }
    Ok(problems)
}

/// Why a server would not take the workflow of a file: every problem with its place.
pub(crate) fn refusal(file: &Path, problems: &[Problem]) -> anyhow::Error {
    let document = match Document::read(file) {
        Ok(document) => document,
        Err(error) => return error,
    };
    let lines = problems
        .iter()
        .map(|problem| in_words(file, &document, problem));
    let lines: Vec<String> = lines.collect();
    let (file, count) = (file.display(), counted(problems.len(), "problem"));
    anyhow::anyhow!(
        "the server would refuse {file}: {count}\n{}",
        lines.join("\n")
    )
}

/// Prints every problem with its place, and makes the command fail.
fn refused(file: &Path, document: &Document, problems: &[Problem]) -> anyhow::Result<()> {
    for problem in problems {
        output::line(format_args!("{}", in_words(file, document, problem)))?;
    }
    bail!(
        "the server would refuse {}: {}",
        file.display(),
        counted(problems.len(), "problem")
    )
}

fn in_words(file: &Path, document: &Document, problem: &Problem) -> String {
    let mut text = file.display().to_string();
    // A string does not fail to be written to.
    if let Some(place) = place_of(document, problem) {
        let _ = write!(text, ":{place}");
    }
    let pointer = match problem.pointer.as_str() {
        "" => "the document",
        pointer => pointer,
    };
    let _ = write!(text, ": {pointer}: {} ({})", problem.reason, problem.code);
    if !problem.help.is_empty() {
        let _ = write!(text, "\n    {}", problem.help);
    }
    text
}

/// Where the problem lies: in a template the very line, elsewhere the value.
fn place_of(document: &Document, problem: &Problem) -> Option<Place> {
    let pointer = &problem.pointer;
    let inside = || {
        let told = problem.reason.strip_prefix("line ")?.split_once(": ")?.0;
        let (line, column) = told.split_once(", column ")?;
        document.place_inside(pointer, line.parse().ok()?, column.parse().ok()?)
    };
    let in_template = pointer.starts_with("/templates/").then(inside);
    in_template.flatten().or_else(|| document.place(pointer))
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn put(file: &Path, migrate: bool, server: &ServerArgs) -> anyhow::Result<()> {
    let document = Document::read(file)?;
    let id = document.json.get("id").and_then(Json::as_str);
    let id = id.with_context(|| format!("{} names no id of a workflow", file.display()))?;
    let id =
        WorkflowId::parse(id).with_context(|| format!("reading the id of {}", file.display()))?;
    let client = client(server)?;
    let path = format!("/v1/workflows/{id}");
    let tried = format!("putting the workflow {id}");
    let based_on = version_on(&client, &path, &tried)?;
    let edit = if migrate { "migrate" } else { "pin" };
    let route = based_on.map_or_else(
        || path.clone(),
        |version| format!("{path}?based_on={version}&edit={edit}"),
    );
    let answer = client.put(&route, document.json.to_string().as_bytes())?;
    let problems: Vec<Problem> = answer
        .body
        .pointer("/error/problems")
        .map_or_else(Vec::new, |found| {
            Deserialize::deserialize(found).unwrap_or_default()
        });
    if !problems.is_empty() {
        return refused(file, &document, &problems);
    }
    let body = answer.good(&tried)?;
    for advice in body["workflow"]["advice"].as_array().into_iter().flatten() {
        if let Ok(advice) = Problem::deserialize(advice) {
            output::warning(format_args!("{}", in_words(file, &document, &advice)))?;
        }
    }
    let version = body.pointer("/workflow/version").and_then(Json::as_u64);
    output::line(format_args!(
        "workflow {id}: version {}, {}",
        version.context("the server's answer names no version")?,
        state_in(&body)?
    ))
}

/// The version that the server has, if it has the workflow.
fn version_on(client: &Client, path: &str, tried: &str) -> anyhow::Result<Option<u64>> {
    let answer = client.get(path)?;
    if answer.status == NOT_FOUND {
        return Ok(None);
    }
    let body = answer.good(tried)?;
    Ok(body.pointer("/workflow/version").and_then(Json::as_u64))
}

/// What the server is told with a start: who lets it run though its checklist fails, if anybody does.
fn body_of(start: &StartOnServer) -> Json {
    match (&start.overriding, &start.actor) {
        (Some(reason), Some(actor)) => {
            json!({ "override": { "actor": actor, "reason": reason } })
        }
        _ => json!({}),
    }
}

fn transition(which: &WorkflowOnServer, action: &str, body: &Json) -> anyhow::Result<()> {
    let id = WorkflowId::parse(&which.id).context("reading the id")?;
    let path = format!("/v1/workflows/{id}/{action}");
    let answer = client(&which.server)?.post(&path, body.to_string().as_bytes())?;
    let body = answer.good(&format!("asking for {action} of the workflow {id}"))?;
    output::line(format_args!("workflow {id}: {}", state_in(&body)?))
}

fn state_in(body: &Json) -> anyhow::Result<&str> {
    let state = body.pointer("/workflow/state").and_then(Json::as_str);
    state.context("the server's answer names no state")
}

fn client(server: &ServerArgs) -> anyhow::Result<Client> {
    let key = read_secret(&server.key_file)?;
    Client::new(&server.url, &key, ANSWER_TIMEOUT)
}
