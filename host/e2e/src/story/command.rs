//! Commands of the binary in a story: what a person types beside the server, and what comes of it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};

use super::{Story, tell};
use crate::{
    http::Api,
    mail::Mail,
    server::{self, Home},
    tools,
};

/// Digits of a digest that commands print.
const DIGEST_DIGITS: usize = 12;
/// What a command says behind the number that a rule was given to draw by.
const A_SEED: &str = "  (a seed of the contact)";
/// Commands that know no data folder.
const BESIDE_A_SERVER: [&str; 4] = ["workflow", "new", "plugin", "shadow"];
/// What is measured, or differs from one build to the next, stands before these words.
const MEASURES: [&str; 4] = ["fuel", "bytes", "us", "ms"];

/// Runs `WORDS` on the server that runs: its URL and key are added.
pub(super) fn on_server(home: &Home, api: &Api, story: &Story, words: &str) -> Result<Vec<String>> {
    let key_file = text_of(home.data().join("admin.key"))?;
    let server = format!("{words} --url {} --key-file {key_file}", api.base());
    run(home, story, &server)
}

/// Runs `WORDS`, with files in the place of `{NAME}`; its lines, and how it ended if not well.
pub(super) fn run(home: &Home, story: &Story, words: &str) -> Result<Vec<String>> {
    let words: Vec<String> = words
        .split_whitespace()
        .map(|word| filled(home, story, word))
        .collect::<Result<_>>()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = if BESIDE_A_SERVER.contains(&words[0]) {
        server::output(&words)?
    } else {
        home.command(&words)?
    };
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        // What plugins there are was logged, and that a copy is rebuilt.
        let is_logged = |line: &&str| line.contains(" INFO ") || line.contains(" WARN ");
        for line in errors.lines().filter(|line| !is_logged(line)) {
            said.push_str(line);
            said.push('\n');
        }
        said.push_str(&output.status.to_string());
    }
    for folder in [
        home.beside(""),
        home.plugins.join(""),
        tools::hostile_folder()?.join(""),
    ] {
        said = said.replace(&text_of(folder)?, "");
    }
    let lines = said.lines().filter(|line| !line.trim().is_empty());
    let is_plugin = words[0] == "plugin";
    let told = lines.map(|line| {
        if is_plugin {
            unmeasured(line)
        } else {
            without_seed(&without_digests(line))
        }
    });
    Ok(told.collect())
}

/// The line with `..` in the place of what is measured, and of digests.
fn unmeasured(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_measured = |index: usize| {
        let next = words
            .get(index + 1)
            .map(|word| word.trim_end_matches([',', ')', ';']));
        let before = index.checked_sub(1).map(|index| words[index]);
        let has_digits = words[index].contains(|letter: char| letter.is_ascii_digit());
        has_digits
            && (next.is_some_and(|next| MEASURES.contains(&next)) || before == Some("digest"))
    };
    let told = words.iter().enumerate().map(|(index, word)| {
        if !is_measured(index) {
            return (*word).to_owned();
        }
        let opening = if word.starts_with('(') { "(" } else { "" };
        format!("{opening}..")
    });
    told.collect::<Vec<_>>().join(" ")
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

/// The line with `SEED` in place of the number that a rule was given to draw by, which differs from store to store.
fn without_seed(line: &str) -> String {
    match line.split_once(" = ") {
        Some((input, seed)) if seed.ends_with(A_SEED) => format!("{input} = SEED{A_SEED}"),
        _ => line.to_owned(),
    }
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
        name if name
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ending == "wasm") =>
        {
            component(home, name)?
        }
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

/// A plugin of the folder, else a hostile one.
fn component(home: &Home, name: &str) -> Result<PathBuf> {
    let shipped = home.plugins.join(name);
    if shipped.exists() {
        return Ok(shipped);
    }
    Ok(tools::hostile()?.join(name))
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
