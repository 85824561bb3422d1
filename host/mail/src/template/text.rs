//! The plain alternative of a message that gives none, made from its MJML once, with the Liquid kept.
//!
//! A linear walk over [`super::markup`]'s events rather than a tree builder such as `html2text`: a tree builder
//! moves text (and so a loop's tags) out of tables, and would have to run on every message instead of once.

use super::language;
use super::markup::{Attribute, Event, Place};

/// What an element does to the text around it.
enum Effect {
    None,
    Line,
    Paragraph,
    Item,
    Cell,
    Rule,
    Hidden,
}

fn effect(name: &str) -> Effect {
    match name {
        "mj-head" | "style" | "title" | "script" => Effect::Hidden,
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "blockquote"
        | "mj-text" | "mj-button" | "mj-table" | "mj-section" | "mj-wrapper" | "mj-hero"
        | "mj-image" | "mj-navbar" | "mj-social" | "mj-accordion" => Effect::Paragraph,
        "br" | "div" | "tr" | "mj-navbar-link" | "mj-social-element" | "mj-accordion-title"
        | "mj-accordion-text" => Effect::Line,
        "li" => Effect::Item,
        "td" | "th" => Effect::Cell,
        "hr" | "mj-divider" => Effect::Rule,
        _ => Effect::None,
    }
}

#[derive(Default)]
struct Maker {
    text: String,
    /// Line breaks owed before the next word.
    breaks: usize,
    space: bool,
    hidden: usize,
    /// The links around the current place, innermost last, with where their label begins.
    links: Vec<(String, String, usize)>,
}

/// The Liquid source of the text part.
pub(super) fn derive(events: &[Event]) -> String {
    let mut maker = Maker::default();
    for event in events {
        match event {
            Event::Text(text) => maker.words(&decode(text)),
            Event::Liquid {
                place: Place::Markup,
                source,
                ..
            } => maker.liquid(source),
            Event::Liquid { .. } => {}
            Event::Open(element) => {
                let target = element
                    .attribute("href")
                    .map(value)
                    .filter(|href| !href.is_empty() && !href.starts_with('#'));
                maker.open(&element.name);
                if matches!(element.name.as_str(), "img" | "mj-image")
                    && let Some(alternative) = element
                        .attribute("alt")
                        .map(value)
                        .filter(|text| !text.is_empty())
                {
                    maker.words(&format!("[{alternative}]"));
                }
                if let Some(target) = target {
                    maker
                        .links
                        .push((element.name.clone(), target, maker.text.len()));
                }
            }
            Event::Close { name, .. } => maker.close(name),
        }
    }
    maker.text.push('\n');
    maker.text
}

impl Maker {
    fn open(&mut self, name: &str) {
        match effect(name) {
            Effect::None => {}
            Effect::Hidden => self.hidden += 1,
            Effect::Line => self.owe(1),
            Effect::Paragraph => self.owe(2),
            Effect::Item => {
                self.owe(1);
                self.settle();
                self.push("- ");
            }
            Effect::Cell => self.space = true,
            Effect::Rule => {
                self.owe(2);
                self.settle();
                self.push("----------");
                self.owe(2);
            }
        }
    }

    fn close(&mut self, name: &str) {
        if self.links.last().is_some_and(|(open, ..)| open == name)
            && let Some((_, target, from)) = self.links.pop()
        {
            let label = self.text.get(from..).unwrap_or_default().trim();
            let shown = label == target || target.strip_prefix("mailto:") == Some(label);
            if !shown && self.hidden == 0 {
                let linked = if label.is_empty() {
                    target
                } else {
                    format!("({target})")
                };
                self.space |= !label.is_empty();
                self.liquid(&linked);
            }
        }
        match effect(name) {
            Effect::Hidden => self.hidden = self.hidden.saturating_sub(1),
            Effect::Line | Effect::Item => self.owe(1),
            Effect::Paragraph => self.owe(2),
            Effect::Cell => self.space = true,
            Effect::None | Effect::Rule => {}
        }
    }

    fn owe(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn push(&mut self, text: &str) {
        if self.hidden == 0 {
            self.text.push_str(text);
        }
    }

    /// Writes the breaks or the space that are owed.
    fn settle(&mut self) {
        if self.hidden > 0 {
            return;
        }
        if self.breaks > 0 && !self.text.is_empty() {
            self.text.push_str(&"\n".repeat(self.breaks));
        } else if self.space && !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        self.breaks = 0;
        self.space = false;
    }

    fn words(&mut self, text: &str) {
        if text.starts_with(char::is_whitespace) {
            self.space = true;
        }
        for word in text.split_whitespace() {
            self.settle();
            self.push(word);
            self.space = true;
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            self.space = false;
        }
    }

    fn liquid(&mut self, source: &str) {
        self.settle();
        self.push(source);
    }
}

/// An attribute's value: its Liquid as it is, all else decoded.
fn value(attribute: &Attribute) -> String {
    let mut made = String::with_capacity(attribute.value.len());
    let mut from = 0;
    for tag in &attribute.liquid {
        made.push_str(&decode(&attribute.value[from..tag.start]));
        made.push_str(&attribute.value[tag.clone()]);
        from = tag.end;
    }
    made.push_str(&decode(&attribute.value[from..]));
    made
}

/// Entities as characters: the five of XML, those that editors write, and numbers. What was no Liquid in the markup is
/// none in the text either, so each brace becomes a tag that prints it.
pub(super) fn decode(text: &str) -> String {
    characters(text).replace('{', &language::printed("{"))
}

fn characters(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        if let Some((c, end)) = end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end))) {
            decoded.push(c);
            rest = &rest[end + 1..];
        } else {
            decoded.push('&');
            rest = &rest[1..];
        }
    }
    decoded.push_str(rest);
    decoded
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '\u{2013}',
        "mdash" => '\u{2014}',
        "hellip" => '\u{2026}',
        "laquo" => '\u{ab}',
        "raquo" => '\u{bb}',
        "copy" => '\u{a9}',
        "reg" => '\u{ae}',
        "trade" => '\u{2122}',
        "euro" => '\u{20ac}',
        "pound" => '\u{a3}',
        "bull" => '\u{2022}',
        "rarr" => '\u{2192}',
        "larr" => '\u{2190}',
        "lsquo" => '\u{2018}',
        "rsquo" => '\u{2019}',
        "ldquo" => '\u{201c}',
        "rdquo" => '\u{201d}',
        _ => return None,
    };
    Some(c)
}

/// Takes out what conditions and loops leave behind: spaces at line ends and runs of empty lines.
pub(super) fn tidy(rendered: &str) -> String {
    let mut tidied = String::with_capacity(rendered.len());
    let mut empty = 0;
    for line in rendered.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !tidied.is_empty() {
            tidied.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        tidied.push_str(line);
    }
    tidied.push('\n');
    tidied
}
