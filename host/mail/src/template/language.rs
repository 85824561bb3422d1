//! The Liquid that a template may speak: the tags, blocks and filters, with our own where the standard ones
//! have no bound, print holes or do not escape.
//!
//! [`super::tokens`] rewrites what an author wrote into this language (`{{ x }}` becomes an output tag that
//! knows how to escape and what to do about a missing variable) and asks here whether a single tag parses.
//! There is no `include`, no `render`, and nothing that reaches a file, the environment or a clock.

use std::io::Write;
use std::sync::LazyLock;

use liquid_core::error::ResultLiquidReplaceExt;
use liquid_core::model::{KString, Object, Value, ValueCow, ValueView};
use liquid_core::parser::{
    self, BlockElement, FilterChain, ParseBlock, ParseTag, TagToken, TryMatchToken,
};
use liquid_core::runtime::{Interrupt, InterruptRegister};
use liquid_core::{
    BlockReflection, Error, Expression, Language, Renderable, Result, Runtime, TagBlock,
    TagReflection, TagTokenIter, Template,
};
use liquid_lib::stdlib;

use super::filters;
use super::limits::{self, Bound, Bounded, Meter, Stop};
use super::tokens::Escape;
use super::view::LoopScope;

/// The word in a rewritten loop that is followed by its weight.
pub(super) const WEIGHT: &str = "sb_weight";

const OUT: &str = "sb_out";
const OUT_ESCAPE: &str = "sb_out_escape";
const OUT_ONCE: &str = "sb_out_once";

/// Built once and never changed: tags and filters are code.
static LANGUAGE: LazyLock<Language> = LazyLock::new(build);

fn build() -> Language {
    let mut language = Language::empty();
    for (name, escape) in [
        (OUT, Quoting::None),
        (OUT_ESCAPE, Quoting::All),
        (OUT_ONCE, Quoting::Once),
    ] {
        language
            .tags
            .register(name.to_owned(), OutTag { name, escape }.into());
    }
    language
        .tags
        .register("assign".to_owned(), AssignTag.into());
    language
        .tags
        .register("break".to_owned(), stdlib::BreakTag.into());
    language
        .tags
        .register("continue".to_owned(), stdlib::ContinueTag.into());
    language
        .blocks
        .register("if".to_owned(), stdlib::IfBlock.into());
    language
        .blocks
        .register("unless".to_owned(), stdlib::UnlessBlock.into());
    language
        .blocks
        .register("case".to_owned(), stdlib::CaseBlock.into());
    language
        .blocks
        .register("raw".to_owned(), stdlib::RawBlock.into());
    language.blocks.register("for".to_owned(), ForBlock.into());
    language
        .blocks
        .register("capture".to_owned(), CaptureBlock.into());
    filters::register(&mut language.filters);
    language
}

/// Parses a whole part in this language.
pub(super) fn parse(source: &str) -> Result<Template> {
    parser::parse(source, &LANGUAGE).map(Template::new)
}

pub(super) fn is_block(name: &str) -> bool {
    matches!(name, "if" | "unless" | "case" | "for" | "capture")
}

/// For a tag that only has a meaning inside of a block: those blocks.
pub(super) fn homes(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "else" => Some(&["if", "unless", "case", "for"]),
        "elsif" => Some(&["if", "unless"]),
        "when" => Some(&["case"]),
        "break" | "continue" => Some(&["for"]),
        _ => None,
    }
}

/// The name of the output tag for `{{ body }}`.
///
/// In HTML every value is escaped, unless the last filter has already made it safe. Where `escape` stands
/// earlier, what it made is kept and anything after it is still escaped.
pub(super) fn output_tag(escape: Escape, body: &str) -> &'static str {
    let filters = filters::names_in(body);
    match (escape, filters.last().map(String::as_str)) {
        (Escape::None, _)
        | (Escape::Html, Some("escape" | "escape_once" | "url_encode" | "raw")) => OUT,
        (Escape::Html, _) if filters.iter().any(|name| name == "escape") => OUT_ONCE,
        (Escape::Html, _) => OUT_ESCAPE,
    }
}

/// A tag that prints `text`, which has no quotes, as it is.
pub(super) fn printed(text: &str) -> String {
    format!("{{% {OUT} \"{text}\" %}}")
}

/// Parses one tag by itself; the error is a sentence fragment for its author.
pub(super) fn check_tag(name: &str, body: &str) -> Result<(), String> {
    let source = match name {
        "" => format!("{{% {OUT} {body} %}}"),
        "if" | "unless" | "for" | "capture" => format!("{{% {name} {body} %}}{{% end{name} %}}"),
        "elsif" => format!("{{% if {body} %}}{{% endif %}}"),
        "case" => format!("{{% case {body} %}}{{% when 1 %}}{{% endcase %}}"),
        "when" => format!("{{% case 1 %}}{{% when {body} %}}{{% endcase %}}"),
        "assign" => format!("{{% {name} {body} %}}"),
        "else" | "break" | "continue" | "endif" | "endunless" | "endfor" | "endcase"
        | "endcapture" => {
            return if body.is_empty() {
                Ok(())
            } else {
                Err(format!("`{name}` takes nothing after its name"))
            };
        }
        _ => return Err(format!("there is no tag `{name}`")),
    };
    if let Some(unknown) = filters::names_in(body)
        .iter()
        .find(|filter| !filters::is_known(filter))
    {
        return Err(format!("there is no filter `{unknown}`"));
    }
    match std::panic::catch_unwind(|| parse(&source)) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(readable(&error)),
        Err(_) => Err("this tag cannot be read".to_owned()),
    }
}

/// The part of a Liquid error that helps its author: neither positions in rewritten source nor values.
pub(super) fn readable(error: &Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let first = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("liquid:")
        .trim();
    let expected = lines.find_map(|line| line.strip_prefix("= "));
    let message = match expected {
        Some(expected) => format!("this tag cannot be read: {expected}"),
        None => first.trim_end_matches('.').to_owned(),
    };
    message.chars().take(200).collect()
}

fn clear_missing(runtime: &dyn Runtime) {
    runtime.registers().get_mut::<Meter>().missing = None;
}

fn missing(runtime: &dyn Runtime) -> Option<String> {
    runtime.registers().get_mut::<Meter>().missing.clone()
}

#[derive(Debug, Clone, Copy)]
enum Quoting {
    None,
    All,
    /// Leaves entities that are already there.
    Once,
}

/// `{{ ... }}`: evaluates, refuses to print a hole, escapes.
#[derive(Debug, Clone, Copy)]
struct OutTag {
    name: &'static str,
    escape: Quoting,
}

impl TagReflection for OutTag {
    fn tag(&self) -> &str {
        self.name
    }

    fn description(&self) -> &'static str {
        "prints a value"
    }
}

impl ParseTag for OutTag {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let chain = next(&mut arguments, "a value is expected")?
            .expect_filter_chain(options)
            .into_result()?;
        arguments.expect_nothing()?;
        Ok(Box::new(Out {
            chain,
            escape: self.escape,
        }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct Out {
    chain: FilterChain,
    escape: Quoting,
}

impl Renderable for Out {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        clear_missing(runtime);
        let value = self.chain.evaluate(runtime)?;
        if let Some(name) = missing(runtime) {
            return Err(limits::stop(runtime, Stop::Missing(name)));
        }
        limits::charge_value(runtime, value.as_view())?;
        let text = value.to_kstr();
        let written = match self.escape {
            Quoting::None => writer.write_all(text.as_bytes()),
            Quoting::All => write_escaped(writer, &text, false),
            Quoting::Once => write_escaped(writer, &text, true),
        };
        written.replace("the output could not be written")
    }
}

fn write_escaped(writer: &mut dyn Write, text: &str, keep_entities: bool) -> std::io::Result<()> {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let entity = match c {
            '&' if keep_entities && is_entity(&text[at..]) => continue,
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            _ => continue,
        };
        writer.write_all(&text.as_bytes()[from..at])?;
        writer.write_all(entity.as_bytes())?;
        from = at + c.len_utf8();
    }
    writer.write_all(&text.as_bytes()[from..])
}

fn is_entity(text: &str) -> bool {
    ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
        .iter()
        .any(|entity| text.starts_with(entity))
}

/// `{% assign name = chain %}`, bounded in the size of the value.
#[derive(Debug, Clone, Copy)]
struct AssignTag;

impl TagReflection for AssignTag {
    fn tag(&self) -> &'static str {
        "assign"
    }

    fn description(&self) -> &'static str {
        "keeps a value under a name"
    }
}

impl ParseTag for AssignTag {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = next(&mut arguments, "a name is expected")?
            .expect_identifier()
            .into_result()?;
        next(&mut arguments, "`=` is expected")?
            .expect_str("=")
            .into_result_custom_msg("`=` is expected")?;
        let chain = next(&mut arguments, "a value is expected")?
            .expect_filter_chain(options)
            .into_result()?;
        arguments.expect_nothing()?;
        Ok(Box::new(Assign {
            name: KString::from_ref(name),
            chain,
        }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct Assign {
    name: KString,
    chain: FilterChain,
}

impl Renderable for Assign {
    fn render_to(&self, _writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        clear_missing(runtime);
        let value = self.chain.evaluate(runtime)?.into_owned();
        if let Some(name) = missing(runtime)
            && !value.is_nil()
        {
            return Err(limits::stop(runtime, Stop::Missing(name)));
        }
        limits::charge_value(runtime, &value)?;
        runtime.set_global(self.name.clone(), value);
        Ok(())
    }
}

/// `{% capture name %}...{% endcapture %}`, bounded in the size of what it keeps.
#[derive(Debug, Clone, Copy)]
struct CaptureBlock;

impl BlockReflection for CaptureBlock {
    fn start_tag(&self) -> &'static str {
        "capture"
    }

    fn end_tag(&self) -> &'static str {
        "endcapture"
    }

    fn description(&self) -> &'static str {
        "keeps what is printed inside under a name"
    }
}

impl ParseBlock for CaptureBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = next(&mut arguments, "a name is expected")?
            .expect_identifier()
            .into_result()?;
        let name = KString::from_ref(name);
        arguments.expect_nothing()?;
        let body = Template::new(block.parse_all(options)?);
        block.assert_empty();
        Ok(Box::new(Capture { name, body }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Capture {
    name: KString,
    body: Template,
}

impl Renderable for Capture {
    fn render_to(&self, _writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let mut kept = Bounded::new(limits::limits(runtime).value_bytes_max);
        if let Err(error) = self.body.render_to(&mut kept, runtime) {
            return Err(if kept.over {
                limits::stop(runtime, Stop::Bound(Bound::ValueBytes))
            } else {
                error
            });
        }
        let text = String::from_utf8(kept.bytes).replace("the captured text is not UTF-8")?;
        let value = Value::scalar(text);
        limits::charge_value(runtime, &value)?;
        clear_missing(runtime);
        runtime.set_global(self.name.clone(), value);
        Ok(())
    }
}

/// `{% for x in list %}`, bounded in turns, and paying for every tag inside on every turn.
#[derive(Debug, Clone, Copy)]
struct ForBlock;

impl BlockReflection for ForBlock {
    fn start_tag(&self) -> &'static str {
        "for"
    }

    fn end_tag(&self) -> &'static str {
        "endfor"
    }

    fn description(&self) -> &'static str {
        "repeats its inside for each item"
    }
}

#[derive(Debug)]
enum Items {
    List(Expression),
    Range(Expression, Expression),
}

#[derive(Debug)]
struct For {
    name: KString,
    items: Items,
    limit: Option<Expression>,
    offset: Option<Expression>,
    reversed: bool,
    weight: u64,
    body: Template,
    otherwise: Option<Template>,
}

impl ParseBlock for ForBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = next(&mut arguments, "a name is expected")?
            .expect_identifier()
            .into_result()?;
        let name = KString::from_ref(name);
        next(&mut arguments, "`in` is expected")?
            .expect_str("in")
            .into_result_custom_msg("`in` is expected")?;
        let items = match next(&mut arguments, "a list is expected")?.expect_value() {
            TryMatchToken::Matches(list) => Items::List(list),
            TryMatchToken::Fails(token) => {
                let (from, to) = token.expect_range().into_result()?;
                Items::Range(from, to)
            }
        };
        let (mut limit, mut offset, mut reversed, mut weight) = (None, None, false, 1);
        while let Some(token) = arguments.next() {
            match token.as_str() {
                "limit" => limit = Some(attribute(&mut arguments)?),
                "offset" => offset = Some(attribute(&mut arguments)?),
                "reversed" => reversed = true,
                WEIGHT => {
                    let value = next(&mut arguments, "a weight is expected")?
                        .expect_literal()
                        .into_result()?;
                    weight = value
                        .as_scalar()
                        .and_then(|scalar| scalar.to_integer())
                        .map_or(1, i64::unsigned_abs);
                }
                _ => {
                    return Err(
                        token.raise_custom_error("`limit`, `offset` or `reversed` is expected")
                    );
                }
            }
        }
        let (mut body, mut otherwise) = (Vec::new(), None);
        while let Some(element) = block.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "else" => {
                    tag.tokens().expect_nothing()?;
                    otherwise = Some(Template::new(block.parse_all(options)?));
                    break;
                }
                element => body.push(element.parse(&mut block, options)?),
            }
        }
        block.assert_empty();
        let body = Template::new(body);
        Ok(Box::new(For {
            name,
            items,
            limit,
            offset,
            reversed,
            weight,
            body,
            otherwise,
        }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

impl For {
    fn items(&self, runtime: &dyn Runtime) -> Result<Vec<Value>> {
        let turns_max = limits::limits(runtime).loop_turns_max;
        let limit = whole(self.limit.as_ref(), runtime)?.unwrap_or(usize::MAX);
        let offset = whole(self.offset.as_ref(), runtime)?.unwrap_or(0);
        let too_many = || limits::stop(runtime, Stop::Bound(Bound::LoopTurns));
        let mut items = match &self.items {
            Items::List(list) => {
                let value = list.evaluate(runtime)?;
                let values = list_of(&value);
                let chosen: Vec<Value> = values.into_iter().skip(offset).take(limit).collect();
                if chosen.len() > turns_max {
                    return Err(too_many());
                }
                chosen
            }
            Items::Range(from, to) => {
                let end = |expression: &Expression| -> Result<i64> {
                    let value = expression.evaluate(runtime)?;
                    let whole = value.as_scalar().and_then(|scalar| scalar.to_integer());
                    whole.ok_or_else(|| Error::with_msg("a range needs whole numbers at both ends"))
                };
                let (from, to) = (end(from)?, end(to)?);
                let length =
                    usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(0);
                let turns = length.saturating_sub(offset).min(limit);
                if turns > turns_max {
                    return Err(too_many());
                }
                let first = from.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX));
                (first..).take(turns).map(Value::scalar).collect()
            }
        };
        if self.reversed {
            items.reverse();
        }
        Ok(items)
    }
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        clear_missing(runtime);
        let items = self.items(runtime)?;
        if items.is_empty() {
            if let Some(otherwise) = &self.otherwise {
                clear_missing(runtime);
                return otherwise.render_to(writer, runtime);
            }
            return match missing(runtime) {
                Some(name) => Err(limits::stop(runtime, Stop::Missing(name))),
                None => Ok(()),
            };
        }
        for (index, item) in items.iter().enumerate() {
            limits::charge(runtime, self.weight)?;
            let forloop = forloop(index, items.len());
            let scope = LoopScope {
                around: runtime,
                name: &self.name,
                item,
                forloop: &forloop,
            };
            self.body.render_to(writer, &scope)?;
            let interrupt = runtime.registers().get_mut::<InterruptRegister>().reset();
            if matches!(interrupt, Some(Interrupt::Break)) {
                break;
            }
        }
        Ok(())
    }
}

/// A list's items; an object gives pairs of key and value; nil and plain values give nothing.
fn list_of(value: &ValueCow<'_>) -> Vec<Value> {
    let view = value.as_view();
    if let Some(array) = view.as_array() {
        return array.values().map(ValueView::to_value).collect();
    }
    let Some(object) = view.as_object() else {
        return Vec::new();
    };
    object
        .iter()
        .map(|(key, item)| {
            Value::Array(vec![
                Value::scalar(key.as_str().to_owned()),
                item.to_value(),
            ])
        })
        .collect()
}

fn forloop(index: usize, length: usize) -> Value {
    let number = |n: usize| Value::scalar(i64::try_from(n).unwrap_or(i64::MAX));
    let mut object = Object::new();
    object.insert("index".into(), number(index + 1));
    object.insert("index0".into(), number(index));
    object.insert("rindex".into(), number(length - index));
    object.insert("rindex0".into(), number(length - index - 1));
    object.insert("first".into(), Value::scalar(index == 0));
    object.insert("last".into(), Value::scalar(index + 1 == length));
    object.insert("length".into(), number(length));
    Value::Object(object)
}

fn whole(expression: Option<&Expression>, runtime: &dyn Runtime) -> Result<Option<usize>> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let value = expression.evaluate(runtime)?;
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    let number = number.and_then(|number| usize::try_from(number).ok());
    number
        .map(Some)
        .ok_or_else(|| Error::with_msg("`limit` and `offset` need a whole number"))
}

fn attribute(arguments: &mut TagTokenIter<'_>) -> Result<Expression> {
    next(arguments, "`:` is expected")?
        .expect_str(":")
        .into_result_custom_msg("`:` is expected")?;
    next(arguments, "a value is expected")?
        .expect_value()
        .into_result()
}

fn next<'a>(arguments: &mut TagTokenIter<'a>, message: &str) -> Result<TagToken<'a>> {
    arguments.expect_next(message)
}
