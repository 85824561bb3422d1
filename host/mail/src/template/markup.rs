//! Walks through markup with Liquid in it and says where everything stands.
//!
//! One pass serves two readers: [`super::mjml`] needs to know for each Liquid tag whether it stands between
//! elements or inside an attribute, [`super::text`] makes the plain alternative from the same events. It
//! keeps the stack of open elements, so that depth is bounded and a missing end tag is reported where it is
//! missing.

use std::ops::Range;

use super::limits::ELEMENTS_DEEP_MAX;
use super::tokens::{Piece, Scanned, Tag};
use super::{Part, Problems};

/// Where a Liquid tag stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Between elements or in text: a comment can take its place.
    Markup,
    /// In an attribute's value, a style sheet, a title or a comment: only a word can take its place.
    Word,
    /// Inside of a tag but not in a value: nothing can take its place.
    Between,
    /// Where nothing is printed from.
    Dropped,
}

#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) name: String,
    /// The value with its Liquid rewritten for text.
    pub(super) value: String,
    /// Where in the value the rewritten Liquid stands, in order.
    pub(super) liquid: Vec<Range<usize>>,
    pub(super) at: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) at: usize,
    /// The position right behind the name.
    pub(super) name_end: usize,
    /// The position right behind the tag.
    pub(super) end: usize,
    pub(super) attributes: Vec<Attribute>,
}

impl Element {
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attribute.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Text(String),
    Liquid {
        at: usize,
        place: Place,
        /// The tag, rewritten for text.
        source: String,
    },
    Open(Element),
    Close {
        name: String,
        /// The position of the end tag; of the start tag's end where there is none.
        at: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// Inside of an element whose content is not markup.
    RawText,
    Comment,
    /// Reading `<name` or `</name`.
    Name,
    /// Inside of a tag, between attributes.
    Attributes,
    Value(char),
}

struct Walker<'s, 'p> {
    source: &'s str,
    problems: &'p mut Problems,
    state: State,
    events: Vec<Event>,
    stack: Vec<(String, usize)>,
    text: String,
    element: Element,
    closing: bool,
    slash: bool,
    /// The name of the attribute being read, and whether its `=` has been seen.
    attribute: Option<(Attribute, bool)>,
}

/// Elements that have no end tag.
fn is_void(name: &str) -> bool {
    const VOID: [&str; 14] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    ];
    VOID.contains(&name)
}

fn is_raw_text(name: &str) -> bool {
    matches!(
        name,
        "mj-style" | "mj-title" | "mj-preview" | "style" | "script" | "title"
    )
}

pub(super) fn walk(scanned: &Scanned<'_>, problems: &mut Problems) -> Vec<Event> {
    let mut walker = Walker {
        source: scanned.source,
        problems,
        state: State::Text,
        events: Vec::new(),
        stack: Vec::new(),
        text: String::new(),
        element: Element {
            name: String::new(),
            at: 0,
            name_end: 0,
            end: 0,
            attributes: Vec::new(),
        },
        closing: false,
        slash: false,
        attribute: None,
    };
    for piece in &scanned.pieces {
        match piece {
            Piece::Text(range) => walker.stretch(range.start, range.end),
            Piece::Tag(tag) => walker.liquid(tag),
        }
    }
    walker.finish()
}

impl Walker<'_, '_> {
    fn problem(&mut self, at: usize, code: &'static str, message: String, help: &str) {
        self.problems
            .report(Part::Html, self.source, at, code, message, help);
    }

    fn stretch(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let rest = &self.source[at..end];
            let Some(c) = rest.chars().next() else { return };
            at += match self.state {
                State::Text => self.in_text(rest, at, c),
                State::RawText => self.in_raw_text(rest, at, c),
                State::Comment if rest.starts_with("-->") => {
                    self.state = State::Text;
                    3
                }
                State::Comment => c.len_utf8(),
                State::Name => self.in_name(at, c),
                State::Attributes => self.in_attributes(at, c),
                State::Value(quote) => self.in_value(quote, c),
            };
        }
    }

    fn in_text(&mut self, rest: &str, at: usize, c: char) -> usize {
        if rest.starts_with("<!--") {
            self.state = State::Comment;
            return 4;
        }
        if rest.starts_with("<![CDATA[") {
            let help = "write the text as it is, with &lt; and &amp;";
            self.problem(at, "no_cdata", "CDATA is not supported".to_owned(), help);
        }
        let next = rest.chars().nth(1);
        if c == '<'
            && next.is_some_and(|next| {
                next.is_ascii_alphabetic() || next == '/' || next == '!' || next == '?'
            })
        {
            self.flush();
            self.start_tag(at, next == Some('/'));
            return if next == Some('/') { 2 } else { 1 };
        }
        self.text.push(c);
        c.len_utf8()
    }

    fn in_raw_text(&mut self, rest: &str, at: usize, c: char) -> usize {
        let name = self
            .stack
            .last()
            .map(|(name, _)| name.clone())
            .unwrap_or_default();
        let ends = rest
            .strip_prefix("</")
            .is_some_and(|rest| rest.starts_with(&name));
        if ends {
            self.flush();
            self.start_tag(at, true);
            return 2;
        }
        self.text.push(c);
        c.len_utf8()
    }

    fn start_tag(&mut self, at: usize, closing: bool) {
        self.element = Element {
            name: String::new(),
            at,
            name_end: at,
            end: at,
            attributes: Vec::new(),
        };
        self.closing = closing;
        self.slash = false;
        self.attribute = None;
        self.state = State::Name;
    }

    fn in_name(&mut self, at: usize, c: char) -> usize {
        if c.is_whitespace() || c == '>' || (c == '/' && !self.element.name.is_empty()) {
            self.element.name_end = at;
            self.state = State::Attributes;
            return 0;
        }
        self.element.name.push(c.to_ascii_lowercase());
        c.len_utf8()
    }

    fn in_attributes(&mut self, at: usize, c: char) -> usize {
        match c {
            '>' => {
                self.keep_attribute();
                self.end_tag(at + 1);
            }
            '/' => self.slash = true,
            '=' => {
                if let Some((_, equals)) = &mut self.attribute {
                    *equals = true;
                }
            }
            '"' | '\'' => self.state = State::Value(c),
            c if c.is_whitespace() => {}
            c => {
                self.slash = false;
                let follows = matches!(&self.attribute, Some((attribute, false)) if attribute.at + attribute.name.len() == at);
                if !follows {
                    self.keep_attribute();
                    let attribute = Attribute {
                        name: String::new(),
                        value: String::new(),
                        liquid: Vec::new(),
                        at,
                    };
                    self.attribute = Some((attribute, false));
                }
                if let Some((attribute, _)) = &mut self.attribute {
                    attribute.name.push(c.to_ascii_lowercase());
                }
            }
        }
        c.len_utf8()
    }

    fn in_value(&mut self, quote: char, c: char) -> usize {
        if c == quote {
            self.keep_attribute();
            self.state = State::Attributes;
        } else if let Some((attribute, _)) = &mut self.attribute {
            attribute.value.push(c);
        }
        c.len_utf8()
    }

    fn keep_attribute(&mut self) {
        if let Some((attribute, _)) = self.attribute.take() {
            self.element.attributes.push(attribute);
        }
    }

    fn end_tag(&mut self, end: usize) {
        let fresh = Element {
            name: String::new(),
            at: 0,
            name_end: 0,
            end: 0,
            attributes: Vec::new(),
        };
        let mut element = std::mem::replace(&mut self.element, fresh);
        element.end = end;
        let (name, at) = (element.name.clone(), element.at);
        self.state = State::Text;
        if name.starts_with(['!', '?']) {
            return;
        }
        if self.closing {
            self.close(&name, at);
            return;
        }
        self.events.push(Event::Open(element));
        if self.slash || is_void(&name) {
            self.events.push(Event::Close { name, at: end });
            return;
        }
        if is_raw_text(&name) {
            self.state = State::RawText;
        }
        self.stack.push((name, at));
        if self.stack.len() == ELEMENTS_DEEP_MAX + 1 {
            let message = format!("elements are nested more than {ELEMENTS_DEEP_MAX} deep");
            self.problem(
                at,
                "too_deep",
                message,
                "flatten the layout, or close what is open",
            );
        }
    }

    fn close(&mut self, name: &str, at: usize) {
        match self.stack.last() {
            Some((open, _)) if open == name => {
                self.stack.pop();
                self.events.push(Event::Close {
                    name: name.to_owned(),
                    at,
                });
            }
            Some((open, open_at)) => {
                let message = format!("`</{name}>` stands where `</{open}>` is expected");
                let (line, _) = super::tokens::position(self.source, *open_at);
                let help = format!("close the `{open}` that was opened in line {line} first");
                self.problem(at, "element_mismatch", message, &help);
                // Recover where it can be, so that one slip is not reported many times.
                if let Some(depth) = self.stack.iter().rposition(|(open, _)| open == name) {
                    self.stack.truncate(depth);
                }
            }
            None => self.problem(
                at,
                "element_mismatch",
                format!("`</{name}>` closes nothing"),
                "remove it",
            ),
        }
    }

    fn liquid(&mut self, tag: &Tag) {
        let source = tag.for_text();
        let place = match self.state {
            State::Text => Place::Markup,
            State::RawText => Place::Word,
            State::Comment => Place::Dropped,
            State::Name | State::Attributes => Place::Between,
            State::Value(_) => {
                if let Some((attribute, _)) = &mut self.attribute {
                    let start = attribute.value.len();
                    attribute.value.push_str(&source);
                    attribute.liquid.push(start..attribute.value.len());
                }
                Place::Word
            }
        };
        self.flush();
        self.events.push(Event::Liquid {
            at: tag.at,
            place,
            source,
        });
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.events
                .push(Event::Text(std::mem::take(&mut self.text)));
        }
    }

    fn finish(mut self) -> Vec<Event> {
        self.flush();
        if !matches!(self.state, State::Text) {
            let at = self.element.at;
            self.problem(
                at,
                "markup_not_closed",
                "the markup ends inside of a tag or comment".to_owned(),
                "close it",
            );
        }
        for (name, at) in std::mem::take(&mut self.stack) {
            self.problem(
                at,
                "element_not_closed",
                format!("`<{name}>` is never closed"),
                &format!("add </{name}>"),
            );
        }
        self.events
    }
}
