//! Commands of the binary in a story: what a person types beside the server, and what comes of it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};

use super::{Story, tell};
use crate::{
    http::Api,
    mail::Mail,
    server::{self, Home},
};

/// Digits of a digest that commands print.
const DIGEST_DIGITS: usize = 12;
/// Commands that know no data folder.
const BESIDE_A_SERVER: [&str; 2] = ["workflow", "new"];

/// Runs `WORDS`, with files in the place of `{NAME}`; its lines, and how it ended if not well.
pub(super) fn run(home: &Home, story: &Story, words: &str) -> Result<Vec<String>> {
    let words: Vec<String> = words
        .split_whitespace()
        .map(|word| filled(home, story, word))
        .collect::<Result<_>>()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut said = if BESIDE_A_SERVER.contains(&words[0]) {
        server::run(&words)?
    } else {
        let output = home.command(&words)?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            // What plugins there are was logged.
            for line in errors.lines().filter(|line| !line.contains(" INFO ")) {
                said.push_str(line);
                said.push('\n');
            }
            said.push_str(&output.status.to_string());
        }
        said
    };
    said = said.replace(&text_of(home.beside(""))?, "");
    let lines = said.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(without_digests).collect())
}

/// The line with `FILE` in place of each part of a component's digest in parentheses, which differs from build to build.
fn without_digests(line: &str) -> String {
    let is_digest = |word: &&str| {
        let digits = word
            .strip_prefix('(')
            .and_then(|word| word.strip_suffix(')'));
        digits.is_some_and(|digits| {
            digits.len() == DIGEST_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    let mut line = line.to_owned();
    while let Some(digest) = line.split(' ').find(is_digest).map(str::to_owned) {
        line = line.replace(&digest, "(FILE)");
    }
    line
}

/// A word of a command: `{NAME}` is the path of that file, written anew, also behind a `=`.
fn filled(home: &Home, story: &Story, word: &str) -> Result<String> {
    if let Some((before, file)) = word.split_once("={") {
        let file = filled(home, story, &format!("{{{file}"))?;
        return Ok(format!("{before}={file}"));
    }
    let Some(name) = word
        .strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'))
    else {
        return Ok(word.to_owned());
    };
    let path = match name {
        "data" => home.data(),
        "plugins" => home.plugins.clone(),
        _ => home.beside(name),
    };
    if let Some(text) = story.files.get(name) {
        fs::write(&path, text).with_context(|| format!("writing {name}"))?;
    } else if let Some(document) = name
        .strip_suffix(".json")
        .and_then(|workflow| story.workflows.get(workflow))
    {
        fs::write(&path, document.to_string()).with_context(|| format!("writing {name}"))?;
    }
    text_of(path)
}

fn text_of(path: PathBuf) -> Result<String> {
    path.into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("{} is no text", path.display()))
}

/// Posts the events of a file, each at its instant.
pub(super) fn feed(api: &Api, story: &Story, name: &str) -> Result<()> {
    let text = story.files.get(name);
    let text = text.with_context(|| format!("the story has no file {name}"))?;
    let mut tape: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let event: Json = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let at = event["occurred_at"]
            .as_str()
            .context("when did it happen?")?;
        tape.entry(at.to_owned()).or_default().push(event);
    }
    for (at, events) in tape {
        api.wind(&at, "before")?;
        let answer = api.post("/v1/events/batch", &json!({ "events": events }))?;
        ensure!(answer.is_good(), "refused: {}", answer.refusal());
    }
    Ok(())
}

/// The mails in what a simulation wrote with `--full --out`.
pub(super) fn simulated(home: &Home, name: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(home.beside(name)).with_context(|| format!("reading {name}"))?;
    let mut lines = Vec::new();
    for line in text.lines() {
        let line: Json = serde_json::from_str(line).context("reading a line")?;
        if let Some(raw) = line["message"]["raw"].as_str() {
            let to = line["message"]["to"].as_str().context("to whom?")?;
            let mail = Mail {
                to: vec![to.to_owned()],
                from: String::new(),
                bytes: raw.as_bytes().to_vec(),
            };
            lines.push(tell::mail(&mail));
        }
    }
    lines.sort();
    Ok(lines)
}
