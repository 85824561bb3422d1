//! Finds the Liquid tags of a template's source, checks each one where it stands, and rewrites them into the
//! language of [`super::language`].
//!
//! Called by [`super::Template::parse`] for each part. It reports every problem at once, with line and
//! column in what the author wrote; whatever passes here is bounded in depth, count and length, so the
//! recursive parsers behind it cannot be driven into the ground.

use std::collections::BTreeSet;
use std::ops::Range;

use super::language;
use super::limits::{BRACKETS_MAX, NESTING_MAX, TAG_BYTES_MAX, TAGS_MAX};
use super::text;
use super::view::Root;
use super::{Part, Problems, Variable};

/// How a rewritten output treats its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// Text, subject: as it is.
    None,
    /// HTML text and attribute values.
    Html,
}

/// One stretch of the source.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(Range<usize>),
    Tag(Tag),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{ ... }}`
    Output,
    /// `{% name ... %}`
    Tag,
    /// The inside of `{% raw %}`, printed as it is.
    Raw,
}

#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) kind: Kind,
    pub(super) at: usize,
    /// The tag's name; empty for outputs and raw text.
    name: String,
    /// What follows the name, with white space outside of quotes made plain.
    body: String,
    trim: (bool, bool),
    /// For a loop: how many tags its body holds, so that one turn is charged for all of them.
    weight: usize,
}

/// The source of one part, taken apart.
pub(super) struct Scanned<'s> {
    pub(super) source: &'s str,
    pub(super) pieces: Vec<Piece>,
    pub(super) variables: Vec<Variable>,
}

impl Tag {
    /// Whether the tag gives a name to something; the name comes first in its body.
    fn declares(&self) -> bool {
        matches!(self.name.as_str(), "assign" | "capture" | "for")
    }

    /// The tag in the language of [`super::language`], for a text that is made of the markup around it.
    pub(super) fn for_text(&self) -> String {
        match self.kind {
            Kind::Raw => text::decode(&self.body),
            Kind::Output | Kind::Tag => self.rewritten(Escape::None),
        }
    }

    /// The tag in the language of [`super::language`].
    pub(super) fn rewritten(&self, escape: Escape) -> String {
        let open = if self.trim.0 { "{%-" } else { "{%" };
        let close = if self.trim.1 { "-%}" } else { "%}" };
        match (self.kind, self.name.as_str()) {
            (Kind::Raw, _) => format!("{{% raw %}}{}{{% endraw %}}", self.body),
            (Kind::Output, _) => format!(
                "{open} {} {} {close}",
                language::output_tag(escape, &self.body),
                self.body
            ),
            (Kind::Tag, "for") => format!(
                "{open} for {} {} {} {close}",
                self.body,
                language::WEIGHT,
                self.weight
            ),
            (Kind::Tag, name) => format!("{open} {name} {} {close}", self.body),
        }
    }
}

/// Line and column (both from 1, columns in characters) of a byte position.
pub(super) fn position(source: &str, at: usize) -> (u32, u32) {
    let before = &source[..at.min(source.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

/// Takes `source` apart and adds what is wrong with it to `problems`.
pub(super) fn scan<'s>(part: Part, source: &'s str, problems: &mut Problems) -> Scanned<'s> {
    let mut scanner = Scanner {
        part,
        source,
        problems,
        pieces: Vec::new(),
        open: Vec::new(),
        excessive: false,
    };
    scanner.split();
    if !scanner.excessive {
        scanner.close_all();
    }
    let Scanner {
        mut pieces,
        excessive,
        ..
    } = scanner;
    if excessive {
        // The bounds are there so that nothing further has to look at it.
        return Scanned {
            source,
            pieces: Vec::new(),
            variables: Vec::new(),
        };
    }
    weigh_loops(&mut pieces);
    let variables = check_tags(part, source, &pieces, problems);
    Scanned {
        source,
        pieces,
        variables,
    }
}

/// A block that was opened and not yet closed.
struct Open {
    name: String,
    at: usize,
}

struct Scanner<'s, 'p> {
    part: Part,
    source: &'s str,
    problems: &'p mut Problems,
    pieces: Vec<Piece>,
    open: Vec<Open>,
    /// Set when the source goes beyond a bound.
    excessive: bool,
}

impl Scanner<'_, '_> {
    fn problem(&mut self, at: usize, code: &'static str, message: String, help: &str) {
        self.problems
            .report(self.part, self.source, at, code, message, help);
    }

    fn split(&mut self) {
        let mut from = 0;
        while let Some(start) = find_tag(self.source, from) {
            self.text(from..start);
            match self.tag(start) {
                Some(end) => from = end,
                None => return,
            }
            if self.pieces.len() > TAGS_MAX * 2 || self.open.len() > NESTING_MAX {
                self.excessive = true;
            }
            if self.pieces.len() > TAGS_MAX * 2 {
                let help = "split the message, or let a personalizer prepare the values";
                self.problem(
                    start,
                    "too_many_tags",
                    format!("more than {TAGS_MAX} Liquid tags"),
                    help,
                );
            }
            if self.excessive {
                return;
            }
        }
        self.text(from..self.source.len());
    }

    fn text(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.pieces.push(Piece::Text(range));
        }
    }

    /// Reads the tag at `start` and answers where the source goes on, or nothing if the rest cannot be read.
    fn tag(&mut self, start: usize) -> Option<usize> {
        let output = self.source[start..].starts_with("{{");
        let close = if output { "}}" } else { "%}" };
        let Some(end) = find_close(self.source, start + 2, close) else {
            let message = format!("this tag is never closed with `{close}`");
            self.problem(
                start,
                "tag_not_closed",
                message,
                "close the tag, or write {% raw %} around literal braces",
            );
            return None;
        };
        let inner = &self.source[start + 2..end];
        let after = end + 2;
        if inner.len() > TAG_BYTES_MAX {
            let message = format!(
                "a tag of {} bytes; at most {TAG_BYTES_MAX} are allowed",
                inner.len()
            );
            self.problem(start, "tag_too_long", message, "split it with {% assign %}");
            return Some(after);
        }
        let trim = (
            inner.starts_with('-'),
            inner.len() > 1 && inner.ends_with('-'),
        );
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = if trim.1 {
            inner.strip_suffix('-').unwrap_or(inner)
        } else {
            inner
        };
        let inner = plain_spaces(inner);
        if output {
            let tag = Tag {
                kind: Kind::Output,
                at: start,
                name: String::new(),
                body: inner,
                trim,
                weight: 1,
            };
            self.pieces.push(Piece::Tag(tag));
            return Some(after);
        }
        let (name, body) = inner.split_once(' ').unwrap_or((&inner, ""));
        match name {
            "raw" => self.verbatim(start, after, "endraw", true),
            "comment" => self.verbatim(start, after, "endcomment", false),
            _ => {
                self.nest(start, name);
                let (name, body) = (name.to_owned(), body.trim().to_owned());
                self.pieces.push(Piece::Tag(Tag {
                    kind: Kind::Tag,
                    at: start,
                    name,
                    body,
                    trim,
                    weight: 1,
                }));
                Some(after)
            }
        }
    }

    /// Skips to the end of a block whose inside is not Liquid.
    fn verbatim(
        &mut self,
        start: usize,
        inside: usize,
        end_name: &str,
        keep: bool,
    ) -> Option<usize> {
        let mut from = inside;
        while let Some(offset) = self.source[from..].find("{%") {
            let open = from + offset;
            let inner = open + 2;
            let Some(length) = self.source[inner..].find("%}") else {
                break;
            };
            let close = inner + length;
            let name = self.source[inner..close].trim_matches(['-', ' ', '\t', '\r', '\n']);
            if name == end_name {
                if keep {
                    let body = self.source[inside..open].to_owned();
                    let tag = Tag {
                        kind: Kind::Raw,
                        at: start,
                        name: String::new(),
                        body,
                        trim: (false, false),
                        weight: 1,
                    };
                    self.pieces.push(Piece::Tag(tag));
                }
                return Some(close + 2);
            }
            from = inner;
        }
        self.problem(
            start,
            "block_not_closed",
            format!("`{end_name}` is missing"),
            "close the block",
        );
        None
    }

    /// Keeps the stack of open blocks.
    fn nest(&mut self, at: usize, name: &str) {
        if language::is_block(name) {
            self.open.push(Open {
                name: name.to_owned(),
                at,
            });
            if self.open.len() == NESTING_MAX + 1 {
                let message = format!("blocks are nested more than {NESTING_MAX} deep");
                self.problem(at, "too_deep", message, "flatten the conditions");
            }
            return;
        }
        let innermost = self
            .open
            .last()
            .map(|open| open.name.clone())
            .unwrap_or_default();
        if let Some(block) = name.strip_prefix("end") {
            if innermost == block {
                self.open.pop();
            } else {
                let message = match innermost.as_str() {
                    "" => format!("`{name}` closes nothing"),
                    other => format!("`{name}` closes nothing: `{other}` is open here"),
                };
                self.problem(
                    at,
                    "block_mismatch",
                    message,
                    "close the innermost block first",
                );
            }
            return;
        }
        if let Some(homes) = language::homes(name)
            && !self
                .open
                .iter()
                .rev()
                .any(|open| homes.contains(&open.name.as_str()))
        {
            let message = format!("`{name}` stands outside of {}", homes.join(" or "));
            self.problem(at, "tag_out_of_place", message, "move it into its block");
        }
    }

    fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open) {
            let message = format!("`{}` is never closed", open.name);
            self.problem(
                open.at,
                "block_not_closed",
                message,
                &format!("add {{% end{} %}}", open.name),
            );
        }
    }
}

fn find_tag(source: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += source[at..].find('{')?;
        if source[at + 1..].starts_with(['{', '%']) {
            return Some(at);
        }
        at += 1;
    }
}

/// The position of `close`, outside of quotes.
fn find_close(source: &str, from: usize, close: &str) -> Option<usize> {
    let mut quote = None;
    for (offset, c) in source[from..].char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if source[from + offset..].starts_with(close) => return Some(from + offset),
            _ => {}
        }
    }
    None
}

/// Trims, and turns each run of white space outside of quotes into one space: the parser knows no tabs.
fn plain_spaces(inner: &str) -> String {
    let mut plain = String::with_capacity(inner.len());
    let mut quote = None;
    for c in inner.trim().chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
        if quote.is_none() && c.is_whitespace() {
            if !plain.ends_with(' ') {
                plain.push(' ');
            }
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Writes into each loop how many tags it holds.
fn weigh_loops(pieces: &mut [Piece]) {
    let mut open = Vec::new();
    for index in 0..pieces.len() {
        let Piece::Tag(tag) = &pieces[index] else {
            continue;
        };
        match tag.name.as_str() {
            "for" => open.push((index, 1_usize)),
            "endfor" => {
                if let Some((start, inside)) = open.pop() {
                    if let Piece::Tag(tag) = &mut pieces[start] {
                        tag.weight = inside;
                    }
                    // An outer loop pays for the tags of an inner one once; each turn inside pays again.
                    if let Some((_, outer)) = open.last_mut() {
                        *outer += inside;
                    }
                }
            }
            _ => {
                if let Some((_, inside)) = open.last_mut() {
                    *inside += 1;
                }
            }
        }
    }
}

/// Parses each tag by itself, so that all mistakes are seen at once, and collects the variables.
fn check_tags(
    part: Part,
    source: &str,
    pieces: &[Piece],
    problems: &mut Problems,
) -> Vec<Variable> {
    let tags = pieces.iter().filter_map(|piece| {
        if let Piece::Tag(tag) = piece {
            Some(tag)
        } else {
            None
        }
    });
    let mut names = BTreeSet::from(["forloop".to_owned()]);
    let declaring = tags.clone().filter(|tag| tag.declares());
    names.extend(declaring.map(|tag| {
        let is_name = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
        tag.body.chars().take_while(is_name).collect()
    }));
    let mut variables = Vec::new();
    for tag in tags.filter(|tag| tag.kind != Kind::Raw) {
        match check_tag(tag, &names) {
            Ok(used) => variables.extend(used.into_iter().map(|used| Variable { part, ..used })),
            Err(wrong) => {
                problems.report(part, source, tag.at, wrong.code, wrong.message, wrong.help);
            }
        }
    }
    variables
}

struct Wrong {
    code: &'static str,
    message: String,
    help: &'static str,
}

/// What one tag uses of the view, or the first thing that is wrong with it.
fn check_tag(tag: &Tag, names: &BTreeSet<String>) -> Result<Vec<Variable>, Wrong> {
    let found = paths(&tag.body);
    if found.brackets > BRACKETS_MAX {
        let message = format!("brackets are nested more than {BRACKETS_MAX} deep");
        return Err(Wrong {
            code: "too_deep",
            message,
            help: "use {% assign %}",
        });
    }
    if let Err(message) = language::check_tag(&tag.name, &tag.body) {
        let help = "see the list of tags and filters in the guide on templates";
        return Err(Wrong {
            code: "liquid_syntax",
            message,
            help,
        });
    }
    let is_root = |name: &str| Root::ALL.iter().any(|root| root.as_str() == name);
    if tag.declares()
        && let Some(name) = found.paths.first().filter(|name| is_root(&name.path))
    {
        let message = format!("`{}` is given and cannot be set", name.path);
        return Err(Wrong {
            code: "name_taken",
            message,
            help: "choose another name",
        });
    }
    let in_condition = matches!(
        tag.name.as_str(),
        "if" | "elsif" | "unless" | "case" | "when"
    );
    let mut used = Vec::new();
    for Named { path, is_head } in found.paths.into_iter().skip(usize::from(tag.declares())) {
        let root = path.split(['.', '[']).next().unwrap_or_default();
        if names.contains(root) {
            continue;
        }
        if !is_root(root) {
            let message = format!("there is no variable `{root}`");
            let help = "what a template sees: contact, event, journey, rule, workflow, links";
            return Err(Wrong {
                code: "unknown_variable",
                message,
                help,
            });
        }
        used.push(Variable {
            part: Part::Html,
            path,
            has_default: is_head && found.has_default,
            in_condition,
        });
    }
    Ok(used)
}

struct Found {
    paths: Vec<Named>,
    /// Whether one of the filters gives a default to what it is handed.
    has_default: bool,
    brackets: usize,
}

/// A variable of the view as a tag names it.
struct Named {
    path: String,
    /// Whether it is what the filters are handed, and so what a default stands in for: neither an argument of a filter
    /// nor an index in brackets is.
    is_head: bool,
}

/// The variables named in the inside of a tag, with their paths as written.
fn paths(body: &str) -> Found {
    const WORDS: [&str; 12] = [
        "true", "false", "nil", "null", "empty", "blank", "and", "or", "contains", "in",
        "reversed", "limit",
    ];
    let chars: Vec<char> = body.chars().collect();
    let mut found = Found {
        paths: Vec::new(),
        has_default: false,
        brackets: 0,
    };
    let mut index = 0;
    let mut after_pipe = false;
    let mut in_filters = false;
    let mut depth = 0_usize;
    while index < chars.len() {
        let c = chars[index];
        match c {
            '"' | '\'' => index = skip_quoted(&chars, index),
            '|' => (after_pipe, in_filters) = (true, true),
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        found.brackets = found.brackets.max(depth);
        if !(c.is_ascii_alphabetic() || c == '_') {
            // Digits and what clings to them are numbers, never names.
            if c.is_ascii_digit() {
                while chars
                    .get(index + 1)
                    .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
                {
                    index += 1;
                }
            }
            index += 1;
            continue;
        }
        let start = index;
        index = skip_path(&chars, index);
        if chars[..start].ends_with(&[']', '.']) {
            // A part of what the brackets are about, such as `name` in `event.items[event.chosen].name`.
            continue;
        }
        let word: String = chars[start..index].iter().collect();
        let colon = chars[index..]
            .iter()
            .find(|c| **c != ' ')
            .is_some_and(|c| *c == ':');
        if after_pipe {
            after_pipe = false;
            found.has_default |= word == "default";
        } else if !colon && !WORDS.contains(&word.as_str()) && word != "offset" {
            found.brackets = found.brackets.max(word.matches('[').count());
            let is_head = !in_filters && depth == 0;
            found.paths.push(Named {
                path: word,
                is_head,
            });
        }
    }
    found
}

fn skip_quoted(chars: &[char], open: usize) -> usize {
    let quote = chars[open];
    let mut index = open + 1;
    while index < chars.len() && chars[index] != quote {
        index += 1;
    }
    index
}

/// The end of `name`, `.name` and `[literal]` in a row; a variable in brackets is left to be found by itself.
fn skip_path(chars: &[char], start: usize) -> usize {
    let is_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '-';
    let mut index = start;
    loop {
        while chars.get(index).is_some_and(is_word) {
            index += 1;
        }
        match chars.get(index) {
            Some('.')
                if chars
                    .get(index + 1)
                    .is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') =>
            {
                index += 1;
            }
            Some('[') => {
                let literal = chars
                    .get(index + 1)
                    .is_some_and(|c| c.is_ascii_digit() || *c == '"' || *c == '\'');
                let close = chars[index..].iter().position(|c| *c == ']');
                match close {
                    Some(offset) if literal => index += offset + 1,
                    _ => return index,
                }
            }
            _ => return index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &str) -> Vec<String> {
        let paths = paths(body).paths.into_iter();
        paths.map(|named| named.path).collect()
    }

    #[test]
    fn paths_skip_strings_filters_keywords_and_numbers() {
        let body = r#"contact.first_name | append: event.suffix, flag: true | default: "a.b""#;
        assert_eq!(names(body), ["contact.first_name", "event.suffix"]);
        assert!(paths(body).has_default);
        assert_eq!(
            names("item in event.items limit: 3 reversed"),
            ["item", "event.items"]
        );
        assert_eq!(
            names(r#"event.items[0].name == "x" and contact.vip"#),
            ["event.items[0].name", "contact.vip"]
        );
        assert_eq!(names("contact[event.key]"), ["contact", "event.key"]);
    }

    #[test]
    fn positions_count_lines_and_characters() {
        assert_eq!(position("aé\nbü{{", "aé\nbü".len()), (2, 3));
    }
}
