//! From the text of a story to its parts. A pure function; every error names its line.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value as Json, json};

use super::{Line, Story};

/// What stands before what must come of a line.
const INDENT: &str = "    ";

/// A part of the file: its heading's words, and its lines with their numbers.
struct Part<'a> {
    heading: Vec<&'a str>,
    number: usize,
    lines: Vec<(usize, &'a str)>,
}

pub(super) fn story(text: &str) -> Result<Story> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let (_, first) = lines.next().context("the file is empty")?;
    let (row, title) = first
        .split_once(": ")
        .context("line 1: write the row, a colon and a sentence")?;
    let mut story = Story {
        row: row.to_owned(),
        title: title.to_owned(),
        shows: BTreeSet::new(),
        workflows: BTreeMap::new(),
        segments: BTreeMap::new(),
        files: BTreeMap::new(),
        lines: Vec::new(),
    };
    for part in parts(lines)? {
        let number = part.number;
        match part.heading.as_slice() {
            ["workflow", id] => {
                let text = joined(&part.lines);
                let document = serde_json::from_str(&text)
                    .with_context(|| format!("line {number}: the document of {id}"))?;
                story.workflows.insert((*id).to_owned(), document);
            }
            ["segment", name] => {
                let text = joined(&part.lines);
                let document = serde_json::from_str(&text)
                    .with_context(|| format!("line {number}: the document of {name}"))?;
                story.segments.insert((*name).to_owned(), document);
            }
            ["template", workflow, name] => {
                let document = story.workflows.get_mut(*workflow);
                let document = document.with_context(|| {
                    format!("line {number}: there is no workflow {workflow} above")
                })?;
                document["templates"][*name] =
                    template(&part.lines).with_context(|| format!("line {number}"))?;
            }
            ["file", name] => {
                let text = joined(&part.lines);
                story
                    .files
                    .insert((*name).to_owned(), format!("{}\n", text.trim()));
            }
            ["story"] => story.lines = told(&part.lines)?,
            other => bail!("line {number}: there is no part {:?}", other.join(" ")),
        }
    }
    ensure!(!story.lines.is_empty(), "there is no part `--- story`");
    let named = story.lines.iter();
    let named = named.filter_map(|line| line.text.strip_prefix("shows "));
    story.shows = named.map(str::to_owned).collect();
    if story.shows.is_empty() {
        story.shows.insert(story.row.clone());
    }
    Ok(story)
}

fn parts<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<Vec<Part<'a>>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for (number, line) in lines {
        if let Some(heading) = line.strip_prefix("--- ") {
            parts.push(Part {
                heading: heading.split_whitespace().collect(),
                number,
                lines: Vec::new(),
            });
        } else if let Some(part) = parts.last_mut() {
            part.lines.push((number, line));
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            bail!("line {number}: begin a part with `--- workflow`, `--- template` or `--- story`");
        }
    }
    Ok(parts)
}

fn joined(lines: &[(usize, &str)]) -> String {
    let lines: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
    lines.join("\n")
}

/// A subject, and paragraphs that become both the text and the MJML.
fn template(lines: &[(usize, &str)]) -> Result<Json> {
    let text = joined(lines);
    let text = text.trim();
    let (subject, body) = text
        .strip_prefix("Subject: ")
        .and_then(|text| text.split_once("\n\n"))
        .context("write `Subject: ...`, an empty line and the text")?;
    let paragraphs: Vec<String> = body
        .split("\n\n")
        .map(|paragraph| format!("<mj-text>{paragraph}</mj-text>"))
        .collect();
    let paragraphs = paragraphs.concat();
    let mjml = format!(
        "<mjml><mj-body><mj-section><mj-column>{paragraphs}</mj-column></mj-section></mj-body></mjml>"
    );
    Ok(json!({ "subject": subject, "mjml": mjml, "text": format!("{body}\n") }))
}

fn told(lines: &[(usize, &str)]) -> Result<Vec<Line>> {
    let mut told: Vec<Line> = Vec::new();
    for (number, line) in lines {
        if let Some(expected) = line.strip_prefix(INDENT) {
            let last = told.last_mut().with_context(|| {
                format!("line {number}: there is no line above that this comes of")
            })?;
            last.expected.push(expected.trim_end().to_owned());
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            told.push(Line {
                number: *number,
                text: line.trim().to_owned(),
                expected: Vec::new(),
            });
        }
    }
    Ok(told)
}

/// The text of a story with what came of its lines in place of what was expected.
pub(super) fn updated(text: &str, came: &BTreeMap<usize, Vec<String>>) -> String {
    let mut out = String::new();
    let mut replaces = false;
    for (index, line) in text.lines().enumerate() {
        if replaces && line.starts_with(INDENT) {
            continue;
        }
        replaces = false;
        out.push_str(line);
        out.push('\n');
        if let Some(came) = came.get(&(index + 1)) {
            replaces = true;
            for line in came {
                out.push_str(INDENT);
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{story, updated};

    const TEXT: &str = "T1: A title.\n\n--- workflow w\n{\"id\": \"w\"}\n--- template w t\nSubject: Hi\n\nOne.\n\nTwo.\n\
        --- story\nat 2026-03-02 09:00\n# a comment\nmails\n    a | b\n    c | d\nstart w\n";

    #[test]
    fn parts_are_read() {
        let story = story(TEXT).unwrap();
        assert_eq!(
            (story.row.as_str(), story.title.as_str()),
            ("T1", "A title.")
        );
        let template = &story.workflows["w"]["templates"]["t"];
        assert_eq!(template["subject"], "Hi");
        assert_eq!(template["text"], "One.\n\nTwo.\n");
        assert!(
            template["mjml"]
                .as_str()
                .unwrap()
                .contains("<mj-text>Two.</mj-text>")
        );
        let told: Vec<_> = story
            .lines
            .iter()
            .map(|line| (line.number, line.expected.len()))
            .collect();
        assert_eq!(told, [(12, 0), (14, 2), (17, 0)]);
        assert_eq!(Vec::from_iter(story.shows), ["T1"]);
    }

    #[test]
    fn the_rows_are_those_that_are_named_behind_shows() {
        let text = TEXT.replace("start w", "shows T2\nshows T1\nstart w");
        let shows = story(&text).unwrap().shows;
        assert_eq!(Vec::from_iter(shows), ["T1", "T2"]);
    }

    #[test]
    fn an_update_changes_only_what_came() {
        let came = BTreeMap::from([(14, vec!["x".to_owned()])]);
        let text = updated(TEXT, &came);
        assert_eq!(text, TEXT.replace("    a | b\n    c | d\n", "    x\n"));
    }

    #[test]
    fn mistakes_name_their_line() {
        let mistakes = [
            ("no colon", "line 1"),
            ("T1: t\nwords\n", "line 2"),
            ("T1: t\n--- chapter\n", "line 2"),
            ("T1: t\n--- story\n    x\n", "line 3"),
            ("T1: t\n--- template w t\nSubject: x\n\ny\n", "line 2"),
            ("T1: t\n", "--- story"),
        ];
        for (text, place) in mistakes {
            let error = format!("{:#}", story(text).unwrap_err());
            assert!(error.contains(place), "{error}");
        }
    }
}
