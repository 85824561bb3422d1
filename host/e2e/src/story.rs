//! Stories: small readable files that say what a marketer set up, what happened when, and what must come of it.
//!
//! A story is played against the built server over HTTP, a manual clock and a real SMTP conversation. Its file begins
//! with the row of `rows.txt` that it shows and a sentence, then come its parts. One that shows several rows, such as
//! lines of the semantics, begins with what they have in common and names each where it is shown.
//!
//! ```text
//! T1: A sign-up is answered with one welcome mail.
//!
//! --- workflow welcome
//! { the document as the API takes it, without its templates }
//!
//! --- template welcome hello
//! Subject: Welcome, {{ contact.first_name }}
//!
//! Good to have you here.
//!
//! --- story
//! at 2026-03-02 09:00
//! create welcome
//! start welcome
//! event ann signed_up #s1 {"plan": "free"}
//! mails
//!     ann@example.com | Welcome, Ann | 2026-03-02 09:00:00
//! ```
//!
//! The lines of the story, one thing each; `#` begins a comment:
//!
//! | line | what happens |
//! |---|---|
//! | `shows ROW` | nothing: the lines from here on show that row; the first line of the file need not name one then |
//! | `at DATE TIME`, `later SPAN` | the clock is wound to just before that instant: what is due at it still is |
//! | `create`, `edit`, `start`, `pause`, `resume`, `end`, `cancel`, `delete` and a workflow | it is asked of the server |
//! | `start WORKFLOW over ACTOR: REASON`, `resume` likewise | likewise, against its checklist |
//! | `schedule WORKFLOW DATE TIME` | likewise |
//! | `new TEMPLATE` | a shipped template is written into a file, checked and put, all by commands of the binary |
//! | `event CONTACT NAME #ID FIELDS` | an event is posted; id and fields may be left out |
//! | `old event CONTACT NAME #ID DATE TIME FIELDS` | likewise, with another instant than now |
//! | `contact CONTACT ATTRIBUTES`, `contact CONTACT from SOURCE ATTRIBUTES` | attributes are set |
//! | `settings JSON` | the settings of the whole server are put |
//! | `approve CONTACT STEP ACTOR`, `reject CONTACT STEP ACTOR` | a person decides about the journey that stands there |
//! | `segment NAME`, `drop NAME` | the segment of a part `--- segment NAME` is put, anew if it is there; it is deleted |
//! | `people FIRST..LAST EVENT` | each of these people, `p1@example.com` and so on, has that event |
//! | `of each N SUBJECT \| EVENT` | every Nth of those whom a mail of that subject reached has that event |
//! | `run COMMAND` | a command of the binary beside the server, on its data folder; what it prints. `{FILE}` is a file of a part `--- file FILE`, `{WORKFLOW.json}` a workflow of the story, `{PLUGIN.wasm}` a plugin that is shipped or hostile, any other `{...}` a new file; fuel, bytes, digests and times stand there as `..` |
//! | `shadow WORDS` | a command of the binary on the server that runs; what it prints |
//! | `ask COMMAND` | likewise any command that works on a server, such as `workflow show news` |
//! | `feed FILE` | the events of a file, JSON lines, each at its instant |
//! | `smtp ADDRESS STAGE REPLY` | the mail server answers so, once, at `rcpt`, `data` or `end`; `rcpt*9` is nine times |
//! | `kill`, `restart` | kill -9 or a graceful stop, and another start |
//! | `down`, `up` | a graceful stop, and another start; what fell due between them happens late, then |
//! | `hostile NAME` | that one of the hostile plugins is dropped into the folder; its rule fails for contacts with `attack` |
//! | `version N` | a plugin `versioned`, version `1.0.N`, is dropped into the folder: everybody is in, for the reason `vN`; what follows it does so before the next line |
//! | `altered NEW.wasm of FILE.wasm A=B C=D` | a plugin of that file is dropped into the folder under another name or its own, with other texts of the same length in it: `1.0.0=1.1.0` is another version |
//! | `version N lying`, `version N unsigned` | likewise one whose own case fails; one that nobody has signed |
//! | `trust signature PERSON...`, `trust release PERSON...` | a graceful stop, and a start that asks that of plugins, by a key of each of these |
//! | `sign FILE PERSON`, `unsign FILE` | that person signs a file of the folder (`damaged` and `huge` behind it: badly); its signature is removed |
//! | `release NAME@VERSION PERSON` | that person releases it; what the command says |
//! | `mails` | the mails since the last look: to, subject and date |
//! | `text`, `html` | what the last mail says in its text and in its HTML, without empty lines |
//! | `workflows` | all of them, each with its kind and its state |
//! | `state WORKFLOW` | its state and what it allows |
//! | `journeys CONTACT` | the contact's journeys; equal names (`J1`) are equal ids |
//! | `messages CONTACT` | the contact's messages: step, status, and the subject that a rule gave; equal names (`T1`) are equal templates |
//! | `log CONTACT`, `log CONTACT WORKFLOW` | everything that happened, with reasons |
//! | `checklist WORKFLOW` | what it should have before it starts, and who overrode that |
//! | `counters WORKFLOW` | its statistics |
//! | `bindings WORKFLOW` | the files that its current version names; equal names (`D1`) are equal digests |
//! | `decisions CONTACT` | what the rules said of the contact, each with the file that answered |
//! | `reads WORKFLOW` | what each of its rules reads, in plain words |
//! | `plugin FILE` | how a file of the folder stands, why it was refused, and what serves |
//! | `days WORKFLOW` | what its trigger said on each day, and who entered |
//! | `calls` | how many rows the rules of the whole server have answered since it started |
//! | `simulated FILE` | the mails that a simulation wrote: to, subject and date |
//! | `subjects` | how many mails of each subject came since the beginning |
//! | `experiment WORKFLOW` | its experiments: people by arm, what the counts say, how it ended |
//! | `webhooks CONTACT` | the calls to other systems that were queued |
//! | `funnel WORKFLOW` | who came to each step, and where they are now |
//! | `members SEGMENT` | who is in since when, and how many came in and left |
//! | `profile CONTACT` | what is known of the contact |
//! | `status` | events that came again, and records that could not be applied |
//!
//! At the end each message of the contacts that are named has come to one end, if its journey has, and tells why it was
//! not sent.
//!
//! `soon` before a look takes it without winding the clock, and within a second after the event in the line before was
//! posted; `awaits` likewise within a minute, for what follows by itself.
//!
//! The indented lines below a line are what must come of it, all of it. Below a line that asks for something they may
//! be left out: then it must succeed. Before a look everything due at the instant has happened.
//!
//! With `STORIES_UPDATE=1` what comes is written into the file instead: read it before it is kept.

mod audit;
mod command;
mod crowd;
mod parse;
mod play;
mod plugins;
mod ready_made;
mod segments;
pub mod tell;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value as Json;

pub use self::play::play;

/// A story as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// What its first line names: a row, or what the rows that it shows are of.
    pub row: String,
    /// What it tells, in a sentence.
    pub title: String,
    /// The rows that it shows: those that its lines name with `shows`, else that of its first line.
    pub shows: BTreeSet<String>,
    /// Workflow documents by id, with their templates.
    pub workflows: BTreeMap<String, Json>,
    /// Documents of named segments, by what the story calls them.
    pub segments: BTreeMap<String, Json>,
    /// Other files by name.
    pub files: BTreeMap<String, String>,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// One line of a story with what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The words.
    pub text: String,
    /// The indented lines below, without their indent.
    pub expected: Vec<String>,
}

/// A row of the capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: String,
    pub title: String,
    /// The heading above it.
    pub group: String,
    /// The test that shows what no story can: its file, from the top of the repository, and its name.
    pub test: Option<(String, String)>,
}

impl Row {
    /// Whether there is a test of that name where one is said to show it; `None` where none is.
    pub fn has_test(&self) -> Option<bool> {
        let (file, name) = self.test.as_ref()?;
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = fs::read_to_string(top.join(file)).unwrap_or_default();
        Some(text.contains(&format!("fn {name}(")))
    }
}

/// The folder of the stories.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

/// The stories' files by name without ending, in order.
pub fn files() -> Result<BTreeMap<String, PathBuf>> {
    let folder = folder();
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry.context("reading the stories")?.path();
        let is_story = path.extension().is_some_and(|ending| ending == "story");
        if let (true, Some(name)) = (is_story, path.file_stem().and_then(|name| name.to_str())) {
            files.insert(name.to_owned(), path.clone());
        }
    }
    Ok(files)
}

/// Reads a story.
pub fn read(path: &Path) -> Result<Story> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    parse::story(&text).with_context(|| format!("in {}", path.display()))
}

/// All rows of the capabilities, in their order.
pub fn rows() -> Result<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rows.txt");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut rows = Vec::new();
    let mut group = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut group);
        } else if let (false, Some((id, title))) = (line.starts_with('#'), line.split_once(' ')) {
            let (title, shown_by) = match title.split_once(" [") {
                Some((title, shown_by)) => (title, shown_by.trim_end_matches(']').split_once(' ')),
                None => (title, None),
            };
            rows.push(Row {
                id: id.to_owned(),
                title: title.to_owned(),
                group: group.clone(),
                test: shown_by.map(|(file, name)| (file.to_owned(), name.to_owned())),
            });
        }
    }
    Ok(rows)
}
