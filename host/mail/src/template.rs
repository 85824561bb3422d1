//! Templates: subject, MJML and text in Liquid, checked once, rendered per message.
//!
//! [`Template::parse`] is called when a workflow version is saved and reports every problem with its place;
//! [`Template::render`] is called by the engine for each message. Rendering is a pure function of template
//! and [`View`]: no clock, no random source, no file, bounded in steps and bytes. What it must never do is
//! print a hole: a variable that is missing and has no default ends it with [`RenderError::Missing`].

mod filters;
mod language;
pub mod limits;
mod markup;
mod mjml;
mod text;
mod tokens;
mod view;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use liquid_core::Renderable;
use thiserror::Error;

pub use self::limits::{Bound, Limits};
pub use self::view::{Root, View};

use self::limits::{Bounded, Meter, PROBLEMS_MAX, SOURCE_BYTES_MAX, Stop};
use self::tokens::{Escape, Piece, Scanned};
use self::view::Scope;

/// What an author writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSource {
    /// One line, in Liquid.
    pub subject: String,
    /// An MJML document with Liquid in it.
    pub mjml: String,
    /// The plain alternative in Liquid; made from the MJML if there is none.
    pub text: Option<String>,
}

/// The parts of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Subject,
    Html,
    Text,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        })
    }
}

/// One thing that is wrong with a template's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub part: Part,
    /// From 1, in what the author wrote.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Stable, for programs.
    pub code: &'static str,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// The problems found so far, at most [`PROBLEMS_MAX`]: what comes after is rarely news.
#[derive(Debug, Default)]
struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    fn report(
        &mut self,
        part: Part,
        source: &str,
        at: usize,
        code: &'static str,
        message: String,
        help: &str,
    ) {
        if self.found.len() < PROBLEMS_MAX {
            let (line, column) = tokens::position(source, at);
            self.found.push(Problem {
                part,
                line,
                column,
                code,
                message,
                help: help.to_owned(),
            });
        }
    }

    fn count(&self) -> usize {
        self.found.len()
    }

    fn in_part(&self, part: Part) -> bool {
        self.found.iter().any(|problem| problem.part == part)
    }
}

/// A variable that a template uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub part: Part,
    /// As written, such as `event.items[0].name`.
    pub path: String,
    /// Whether the place that uses it says what to print without it.
    pub has_default: bool,
    /// Whether it only decides something, so that nothing is printed without it.
    pub in_condition: bool,
}

/// A source that no template can be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// All that is wrong with it, in the order of the parts and places.
    pub problems: Vec<Problem>,
    /// The variables of the parts that can be read, in the order of the parts and places.
    pub variables: Vec<Variable>,
}

/// One message's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    pub html: String,
    /// Lines end in `\n`.
    pub text: String,
}

/// Why a message could not be rendered. None of these holds a value of the contact.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A variable has no value and no default: the message must not go out.
    #[error("`{variable}` has no value and no default in the {part}")]
    Missing { variable: String, part: Part },
    /// A bound of [`Limits`] was reached.
    #[error("the {part} reached its bound {bound}")]
    Limit { bound: Bound, part: Part },
    /// A tag or filter was given something that it cannot work with.
    #[error("the {part} cannot be rendered: {message}")]
    Failed { message: String, part: Part },
    /// The subject came out empty.
    #[error("the subject is empty")]
    EmptySubject,
}

/// A checked template. Cheap to render, costly to make: keep it by the digest of its source.
pub struct Template {
    subject: liquid_core::Template,
    html: liquid_core::Template,
    text: liquid_core::Template,
    /// Whether the text was made from the MJML, and so needs tidying.
    text_derived: bool,
    variables: Vec<Variable>,
    bare_images: Vec<(u32, u32)>,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("variables", &self.variables)
            .finish_non_exhaustive()
    }
}

impl Template {
    /// Checks the source and prepares it; on failure every problem found, in the order of the parts.
    pub fn parse(source: &TemplateSource) -> Result<Self, Vec<Problem>> {
        Self::read(source).map_err(|unreadable| unreadable.problems)
    }

    /// As [`Self::parse`]; on failure with the variables of the parts that can be read, which may be wrong too.
    pub fn read(source: &TemplateSource) -> Result<Self, Unreadable> {
        let mut problems = Problems::default();
        check_sizes(source, &mut problems);
        if problems.count() > 0 {
            return Err(Unreadable {
                problems: problems.found,
                variables: Vec::new(),
            });
        }
        if source.subject.trim().is_empty() {
            let message = "the subject is empty".to_owned();
            problems.report(
                Part::Subject,
                &source.subject,
                0,
                "empty_subject",
                message,
                "write one",
            );
        }
        if let Some(at) = source.subject.trim_end().find(['\r', '\n']) {
            let message = "the subject has a line break".to_owned();
            problems.report(
                Part::Subject,
                &source.subject,
                at,
                "line_break",
                message,
                "write one line",
            );
        }
        let mut variables = Vec::new();
        let subject = plain(
            Part::Subject,
            source.subject.trim(),
            &mut variables,
            &mut problems,
        );

        let scanned = tokens::scan(Part::Html, &source.mjml, &mut problems);
        let events = markup::walk(&scanned, &mut problems);
        if !scanned.pieces.is_empty() || source.mjml.is_empty() {
            mjml::check(&scanned, &events, &mut problems);
        }
        let sound = !problems.in_part(Part::Html);
        let html = if sound {
            mjml::to_liquid(&scanned, &events, &mut problems)
        } else {
            None
        };
        let html = html.and_then(|liquid| compile(Part::Html, &liquid, &mut problems));
        if html.is_some() {
            variables.extend(scanned.variables);
        }

        let text = match &source.text {
            Some(text) => plain(Part::Text, text, &mut variables, &mut problems),
            None if html.is_some() => compile(Part::Text, &text::derive(&events), &mut problems),
            None => None,
        };
        match (subject, html, text) {
            (Some(subject), Some(html), Some(text)) if problems.count() == 0 => Ok(Self {
                subject,
                html,
                text,
                text_derived: source.text.is_none(),
                variables,
                bare_images: bare_images(&source.mjml, &events),
            }),
            _ => {
                problems
                    .found
                    .sort_by_key(|problem| (problem.part, problem.line, problem.column));
                Err(Unreadable {
                    problems: problems.found,
                    variables,
                })
            }
        }
    }

    /// Line and column in the MJML, from 1, of each image that has no `alt`.
    pub fn bare_images(&self) -> &[(u32, u32)] {
        &self.bare_images
    }

    /// The variables used, in the order of the parts and places.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Renders all three parts for one message, within the default [`Limits`].
    pub fn render(&self, view: &View) -> Result<Rendered, RenderError> {
        self.render_within(view, Limits::default())
    }

    /// Renders all three parts; each has the limits for itself.
    pub fn render_within(&self, view: &View, limits: Limits) -> Result<Rendered, RenderError> {
        let subject = run(&self.subject, Part::Subject, view, limits)?;
        let subject = one_line(&subject);
        if subject.is_empty() {
            return Err(RenderError::EmptySubject);
        }
        let html = run(&self.html, Part::Html, view, limits)?;
        let text = run(&self.text, Part::Text, view, limits)?;
        let text = if self.text_derived {
            text::tidy(&text)
        } else {
            text.replace("\r\n", "\n")
        };
        Ok(Rendered {
            subject,
            html,
            text,
        })
    }
}

/// Where there are images that say nothing to whom they are not shown (HTML 4.8.4.4).
fn bare_images(mjml: &str, events: &[markup::Event]) -> Vec<(u32, u32)> {
    const IMAGES: [&str; 3] = ["img", "mj-image", "mj-carousel-image"];
    let images = events.iter().filter_map(|event| match event {
        markup::Event::Open(element) if IMAGES.contains(&element.name.as_str()) => Some(element),
        _ => None,
    });
    images
        .filter(|image| !image.has("alt"))
        .map(|image| tokens::position(mjml, image.at))
        .collect()
}

fn check_sizes(source: &TemplateSource, problems: &mut Problems) {
    let text = source.text.as_deref().unwrap_or_default();
    for (part, source) in [
        (Part::Subject, source.subject.as_str()),
        (Part::Html, &source.mjml),
        (Part::Text, text),
    ] {
        if source.len() > SOURCE_BYTES_MAX {
            let message = format!(
                "{} bytes; at most {SOURCE_BYTES_MAX} are allowed",
                source.len()
            );
            problems.report(part, source, 0, "source_too_long", message, "shorten it");
        }
    }
}

/// Prepares a part that is not markup.
fn plain(
    part: Part,
    source: &str,
    variables: &mut Vec<Variable>,
    problems: &mut Problems,
) -> Option<liquid_core::Template> {
    let before = problems.count();
    let scanned = tokens::scan(part, source, problems);
    if problems.count() > before {
        return None;
    }
    let liquid = rewritten(&scanned);
    variables.extend(scanned.variables);
    compile(part, &liquid, problems)
}

fn rewritten(scanned: &Scanned<'_>) -> String {
    let mut liquid = String::with_capacity(scanned.source.len() * 2);
    for piece in &scanned.pieces {
        match piece {
            Piece::Text(range) => liquid.push_str(&scanned.source[range.clone()]),
            Piece::Tag(tag) => liquid.push_str(&tag.rewritten(Escape::None)),
        }
    }
    liquid
}

fn compile(part: Part, liquid: &str, problems: &mut Problems) -> Option<liquid_core::Template> {
    // The tags were checked one by one; what is left to find is how they stand to each other.
    let parsed = panic::catch_unwind(|| language::parse(liquid));
    let message = match parsed {
        Ok(Ok(template)) => return Some(template),
        Ok(Err(error)) => language::readable(&error),
        Err(_) => "the Liquid cannot be read".to_owned(),
    };
    problems.report(
        part,
        "",
        0,
        "liquid_syntax",
        message,
        "check how blocks open and close",
    );
    None
}

fn run(
    template: &liquid_core::Template,
    part: Part,
    view: &View,
    limits: Limits,
) -> Result<String, RenderError> {
    let bytes_max = if part == Part::Subject {
        limits.subject_bytes_max
    } else {
        limits.output_bytes_max
    };
    let scope = Scope::new(view, limits);
    let mut output = Bounded::new(bytes_max);
    // Liquid's arithmetic overflows with a panic; a message that trips it is refused like any other.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| template.render_to(&mut output, &scope)));
    let failed = |message: String| RenderError::Failed { message, part };
    match ended {
        Ok(Ok(())) => String::from_utf8(output.bytes)
            .map_err(|_| failed("the output is not UTF-8".to_owned())),
        _ if output.over => Err(RenderError::Limit {
            bound: Bound::OutputBytes,
            part,
        }),
        Err(_) => Err(failed(
            "a filter was given a number that it cannot work with".to_owned(),
        )),
        Ok(Err(error)) => {
            use liquid_core::Runtime as _;
            match scope.registers().get_mut::<Meter>().stop.take() {
                Some(Stop::Missing(variable)) => Err(RenderError::Missing { variable, part }),
                Some(Stop::Bound(bound)) => Err(RenderError::Limit { bound, part }),
                None => Err(failed(language::readable(&error))),
            }
        }
    }
}

/// Line breaks and other control characters become spaces, and runs of spaces one.
fn one_line(subject: &str) -> String {
    let plain: String = subject
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
