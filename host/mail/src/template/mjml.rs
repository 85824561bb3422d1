//! MJML with Liquid in it, turned into HTML with Liquid in it.
//!
//! [`mrml`] cannot read Liquid: a `<` in a condition breaks it, and inlining styles moves and mangles tags. So
//! every Liquid tag becomes a token first (a comment between elements, a word inside attribute values), the
//! MJML is rendered, and the tags are put back. What mrml would drop or ignore in silence (unknown elements,
//! misspelt attributes, Liquid in a computed width) is a problem with a line here.

use std::panic::{self, AssertUnwindSafe};

use mrml::prelude::parser::{Error as MjmlError, ParserOptions};
use mrml::prelude::render::RenderOptions;

use super::markup::{Element, Event, Place};
use super::tokens::{Escape, Piece, Scanned, Tag};
use super::{Part, Problems};

/// The elements that MJML has; anything else that begins with `mj` is a mistake.
const ELEMENTS: [&str; 31] = [
    "mjml",
    "mj-head",
    "mj-body",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-breakpoint",
    "mj-font",
    "mj-preview",
    "mj-style",
    "mj-title",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-column",
    "mj-divider",
    "mj-group",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-wrapper",
];
/// The elements of MJML whose inside is HTML.
const CONTENT_ELEMENTS: [&str; 2] = ["mj-table", "mj-text"];
/// Elements of HTML that no mail client shows and that have no place in a message.
const FORBIDDEN: [&str; 6] = ["script", "iframe", "object", "embed", "base", "form"];
/// Attributes of MJML elements, taken together; one that ends in `*` stands for all that begin so.
const ATTRIBUTES: [&str; 58] = [
    "align",
    "alt",
    "background-*",
    "base-url",
    "border*",
    "cellpadding",
    "cellspacing",
    "class",
    "color",
    "container-background-color",
    "css-class",
    "dir",
    "direction",
    "fluid-on-mobile",
    "font-*",
    "full-width",
    "gap",
    "hamburger",
    "height",
    "href",
    "ico-*",
    "icon-*",
    "id",
    "inline",
    "inner-*",
    "lang",
    "left-icon",
    "letter-spacing",
    "line-height",
    "max-height",
    "mj-class",
    "mode",
    "name",
    "owa",
    "padding*",
    "position",
    "rel",
    "right-icon",
    "role",
    "sizes",
    "src",
    "srcset",
    "table-layout",
    "target",
    "tb-*",
    "text-align",
    "text-decoration",
    "text-padding",
    "text-transform",
    "thumbnails",
    "thumbnails-src",
    "title",
    "usemap",
    "vertical-align",
    "version",
    "width",
    "xmlns",
    "data-*",
];

/// Checks the elements and attributes, whatever else may be wrong with the part.
pub(super) fn check(scanned: &Scanned<'_>, events: &[Event], problems: &mut Problems) {
    let mut check = Check {
        source: scanned.source,
        problems,
    };
    check.elements(events);
    if find_token(scanned.source, 0).is_some() {
        let help = "rename it: the server uses such words for itself";
        check.problem(
            0,
            "reserved_text",
            "the source contains `sb_` with a number".to_owned(),
            help,
        );
    }
}

/// The HTML of a sound document with its Liquid rewritten and every output escaped, or nothing if there are problems.
pub(super) fn to_liquid(
    scanned: &Scanned<'_>,
    events: &[Event],
    problems: &mut Problems,
) -> Option<String> {
    let before = problems.count();
    let mut problem = |at: usize, code: &'static str, message: String, help: &str| {
        problems.report(Part::Html, scanned.source, at, code, message, help);
    };
    let tokenised = tokenise(scanned, events);
    let html = match render(&tokenised.text) {
        Ok(html) => html,
        Err((at, message)) => {
            let at = at.map_or(0, |at| tokenised.origin(at));
            let help = "check that every element is closed and every attribute quoted";
            problem(at, "mjml_syntax", message, help);
            return None;
        }
    };
    let tags: Vec<&Tag> = tags_of(scanned);
    let (liquid, seen) = put_back(&html, &tags);
    for (index, tag) in tags.iter().enumerate() {
        if !seen[index] && tokenised.places[index] != Place::Dropped {
            let message =
                "this tag would be lost: MJML does not print what it stands in".to_owned();
            let help =
                "move it into the text of an element, or into an attribute such as href or color";
            problem(tag.at, "liquid_lost", message, help);
        }
    }
    (problems.count() == before).then_some(liquid)
}

fn tags_of<'a>(scanned: &'a Scanned<'_>) -> Vec<&'a Tag> {
    scanned
        .pieces
        .iter()
        .filter_map(|piece| {
            if let Piece::Tag(tag) = piece {
                Some(tag)
            } else {
                None
            }
        })
        .collect()
}

struct Check<'s, 'p> {
    source: &'s str,
    problems: &'p mut Problems,
}

impl Check<'_, '_> {
    fn problem(&mut self, at: usize, code: &'static str, message: String, help: &str) {
        self.problems
            .report(Part::Html, self.source, at, code, message, help);
    }

    fn elements(&mut self, events: &[Event]) {
        let mut bodies = 0;
        for event in events {
            match event {
                Event::Open(element) => {
                    bodies += usize::from(element.name == "mj-body");
                    self.element(element);
                }
                Event::Liquid {
                    at,
                    place: Place::Between,
                    ..
                } => {
                    let help = "put the condition inside the value: href=\"{% if x %}a{% else %}b{% endif %}\"";
                    self.problem(
                        *at,
                        "liquid_between_attributes",
                        "a Liquid tag between attributes".to_owned(),
                        help,
                    );
                }
                _ => {}
            }
        }
        if bodies != 1 {
            let help = "the smallest document: <mjml><mj-body>...</mj-body></mjml>";
            self.problem(
                0,
                "no_body",
                "the document needs exactly one mj-body".to_owned(),
                help,
            );
        }
    }

    fn element(&mut self, element: &Element) {
        let name = element.name.as_str();
        if name == "mj-include" {
            self.problem(
                element.at,
                "no_include",
                "mj-include is not supported".to_owned(),
                "copy the part in here",
            );
            return;
        }
        if FORBIDDEN.contains(&name) {
            let message = format!("`{name}` is not allowed in a message");
            self.problem(
                element.at,
                "forbidden_element",
                message,
                "remove it: mail clients do",
            );
            return;
        }
        if !name.starts_with("mj") {
            return;
        }
        if !ELEMENTS.contains(&name) && !CONTENT_ELEMENTS.contains(&name) {
            let message = format!("MJML has no element `{name}`");
            self.problem(element.at, "unknown_element", message, "check the spelling");
            return;
        }
        for attribute in &element.attributes {
            if !is_attribute(&attribute.name) {
                let message = format!("MJML has no attribute `{}`", attribute.name);
                self.problem(
                    attribute.at,
                    "unknown_attribute",
                    message,
                    "check the spelling",
                );
            } else if !attribute.liquid.is_empty() && is_computed(&attribute.name) {
                let message = format!(
                    "`{}` is computed with, so Liquid in it would be lost",
                    attribute.name
                );
                self.problem(
                    attribute.at,
                    "liquid_in_number",
                    message,
                    "write a number, or choose between elements",
                );
            }
        }
    }
}

fn is_attribute(name: &str) -> bool {
    ATTRIBUTES
        .iter()
        .any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => *known == name,
        })
}

/// Attributes that MJML reads as numbers when it lays out columns.
fn is_computed(name: &str) -> bool {
    let measure = [
        "width",
        "padding",
        "inner-padding",
        "border",
        "inner-border",
        "icon-size",
        "height",
    ]
    .iter()
    .any(|start| name.starts_with(start));
    measure && !name.ends_with("color") && !name.ends_with("radius") || name.ends_with("-width")
}

struct Tokenised {
    text: String,
    /// Where each stretch of `text` came from: (position in it, position in the source).
    origins: Vec<(usize, usize)>,
    places: Vec<Place>,
}

impl Tokenised {
    fn origin(&self, at: usize) -> usize {
        let index = self
            .origins
            .partition_point(|(position, _)| *position <= at);
        let (position, source) = index
            .checked_sub(1)
            .map_or((0, 0), |index| self.origins[index]);
        source + (at - position)
    }
}

/// What is put into the source before it is rendered, by position.
///
/// An empty `alt` for pictures without one: a reader for the blind would spell out their address. A `tbody` for
/// tables without one: inlining styles adds it behind the first token, that is inside of a loop.
fn insertions(events: &[Event]) -> Vec<(usize, &'static str)> {
    let mut insertions = Vec::new();
    let mut table = None;
    for event in events {
        match event {
            Event::Open(element) => match element.name.as_str() {
                "mj-image" if !element.has("alt") => {
                    insertions.push((element.name_end, " alt=\"\""));
                }
                "mj-table" => table = Some(element.end),
                "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => table = None,
                _ => {}
            },
            Event::Close { name, at } if name == "mj-table" => {
                if let Some(start) = table.take().filter(|start| start < at) {
                    insertions.extend([(start, "<tbody>"), (*at, "</tbody>")]);
                }
            }
            _ => {}
        }
    }
    insertions.sort_by_key(|(at, _)| *at);
    insertions
}

/// The source with each Liquid tag replaced by a token that mrml carries through.
fn tokenise(scanned: &Scanned<'_>, events: &[Event]) -> Tokenised {
    let place = |event: &Event| {
        if let Event::Liquid { place, .. } = event {
            Some(*place)
        } else {
            None
        }
    };
    let places = events.iter().filter_map(place).collect();
    let mut insertions = insertions(events).into_iter().peekable();
    let mut tokenised = Tokenised {
        text: String::with_capacity(scanned.source.len()),
        origins: Vec::new(),
        places,
    };
    let mut index = 0;
    for piece in &scanned.pieces {
        match piece {
            Piece::Text(range) => {
                let mut from = range.start;
                while let Some((at, text)) = insertions.next_if(|(at, _)| *at <= range.end) {
                    push_source(&mut tokenised, scanned.source, from..at);
                    tokenised.text.push_str(text);
                    from = at;
                }
                push_source(&mut tokenised, scanned.source, from..range.end);
            }
            Piece::Tag(tag) => {
                tokenised.origins.push((tokenised.text.len(), tag.at));
                let place = tokenised
                    .places
                    .get(index)
                    .copied()
                    .unwrap_or(Place::Dropped);
                match place {
                    Place::Markup => tokenised
                        .text
                        .extend(["<!--sb:", &index.to_string(), "-->"]),
                    Place::Word => tokenised.text.extend(["sb_", &index.to_string(), "_"]),
                    Place::Between | Place::Dropped => {}
                }
                index += 1;
            }
        }
    }
    tokenised
}

fn push_source(tokenised: &mut Tokenised, source: &str, range: std::ops::Range<usize>) {
    tokenised.origins.push((tokenised.text.len(), range.start));
    tokenised.text.push_str(&source[range]);
}

/// Renders MJML; an error carries the byte where it lies, if known.
fn render(mjml: &str) -> Result<String, (Option<usize>, String)> {
    // mrml has assertions of its own; a document that trips one must cost its author a message, not the server.
    let rendered = panic::catch_unwind(AssertUnwindSafe(|| {
        let options = ParserOptions::default();
        let parsed =
            mrml::parse_with_options(mjml, &options).map_err(|error| describe(mjml, &error))?;
        let render_options = RenderOptions::default();
        parsed
            .element
            .render(&render_options)
            .map_err(|error| (None, error.to_string()))
    }));
    rendered.unwrap_or_else(|_| Err((None, "this document cannot be rendered".to_owned())))
}

fn describe(mjml: &str, error: &MjmlError) -> (Option<usize>, String) {
    match error {
        MjmlError::UnexpectedElement { position, .. } => (
            Some(position.start),
            "this element is not allowed here".to_owned(),
        ),
        MjmlError::UnexpectedToken { position, .. } => {
            (Some(position.start), "this is not expected here".to_owned())
        }
        MjmlError::MissingAttribute { name, position, .. } => (
            Some(position.start),
            format!("the attribute `{name}` is missing"),
        ),
        MjmlError::InvalidAttribute { position, .. } => {
            (Some(position.start), "this attribute is invalid".to_owned())
        }
        MjmlError::InvalidFormat { position, .. } => {
            (Some(position.start), "this has an invalid form".to_owned())
        }
        MjmlError::ParserError { source, .. } => {
            let place = source.pos();
            let line_start: usize = mjml
                .split_inclusive('\n')
                .take(place.row.saturating_sub(1) as usize)
                .map(str::len)
                .sum();
            let column = place.col.saturating_sub(1) as usize;
            let rest = mjml.get(line_start..).unwrap_or_default();
            let offset: usize = rest.chars().take(column).map(char::len_utf8).sum();
            (
                Some(line_start + offset),
                "the markup is broken here".to_owned(),
            )
        }
        other => (None, other.to_string()),
    }
}

/// Puts the Liquid back in place of its tokens, and says which tags were found.
fn put_back(html: &str, tags: &[&Tag]) -> (String, Vec<bool>) {
    let mut liquid = String::with_capacity(html.len() * 2);
    let mut seen = vec![false; tags.len()];
    let mut from = 0;
    while let Some((start, end, index)) = find_token(html, from) {
        liquid.push_str(&html[from..start]);
        match tags.get(index) {
            Some(tag) => {
                seen[index] = true;
                liquid.push_str(&tag.rewritten(Escape::Html));
            }
            None => liquid.push_str(&html[start..end]),
        }
        from = end;
    }
    liquid.push_str(&html[from..]);
    (liquid, seen)
}

/// The next token of either form: start, end and number.
fn find_token(html: &str, from: usize) -> Option<(usize, usize, usize)> {
    const COMMENT: &str = "<!--";
    let mut at = from;
    loop {
        let start = at + html[at..].find("sb")?;
        at = start + 2;
        let rest = &html[at..];
        let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let Some(Ok(index)) = rest.get(1..=digits).map(str::parse) else {
            continue;
        };
        let after = &rest[1 + digits..];
        if rest.starts_with('_') && after.starts_with('_') {
            return Some((start, at + 1 + digits + 1, index));
        }
        if rest.starts_with(':') && after.starts_with("-->") && html[from..start].ends_with(COMMENT)
        {
            return Some((start - COMMENT.len(), at + 1 + digits + 3, index));
        }
    }
}
