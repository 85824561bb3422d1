//! Reads a workflow's document from a file: JSON, or YAML for people. `workflow check` and `workflow put` call it.
//!
//! YAML is only another way to write the same JSON: what comes out is a JSON value, checked like any other, with the
//! place of each of its parts. Nothing of YAML that JSON does not have is read: no aliases, tags, merges or several
//! documents, and only `true` and `false` are truth values.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::Read as _,
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess},
};
use serde_json::{Map, Number, Value as Json};
use serde_saphyr::{
    DuplicateKeyPolicy, Error as YamlError, MergeKeyPolicy, Options, Spanned, budget::BudgetBreach,
};

/// Largest file, in bytes: as much as the API takes in one body.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Deepest nesting of lists and maps.
const DEPTH_MAX: usize = 32;
/// Most values of one document, maps and lists counted.
const VALUES_MAX: usize = 100_000;

/// Where a part of a document stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: u64,
    /// From 1, in characters.
    pub(super) column: u64,
}

/// A document as it was read.
#[derive(Debug)]
pub(super) struct Document {
    /// What it says.
    pub(super) json: Json,
    /// As it was written.
    text: String,
    /// Places of its parts by their JSON pointers.
    places: BTreeMap<String, Place>,
}

impl Document {
    /// Reads a file, by the ending of its name.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = read_text(path)?;
        let name = path.display();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let (json, places) = match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("json") => from_json(&text),
            Some("yaml" | "yml") => from_yaml(&text),
            _ => bail!("{name}: its name ends in neither .yaml, .yml nor .json"),
        }
        .map_err(|mistake| anyhow!("{name}:{mistake}"))?;
        Ok(Self { json, text, places })
    }

    /// Where the part at that pointer stands; what is missing is where it should be.
    pub(super) fn place(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return Some(*place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// Where a line and a column of the text at that pointer stand in the file, if it is written as it is, behind `|`.
    pub(super) fn place_inside(&self, pointer: &str, line: u64, column: u64) -> Option<Place> {
        let begins = self.places.get(pointer)?.line;
        let mut lines = self.text.lines().skip(usize::try_from(begins).ok()? - 1);
        let header = lines.next()?.trim_end_matches(['+', '-', ' ']);
        let first = lines.find(|line| !line.trim().is_empty())?;
        let indent = (first.len() - first.trim_start().len()) as u64;
        header.ends_with(": |").then_some(Place {
            line: begins + line,
            column: indent + column,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let tried = || format!("reading {}", path.display());
    let file = File::open(path).with_context(tried)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(tried)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!(
            "{} has more than {FILE_BYTES_MAX} bytes: a document is smaller",
            path.display()
        );
    }
    String::from_utf8(bytes).with_context(|| format!("{} is no UTF-8", path.display()))
}

/// Why a text is no document, behind its place.
type Mistake = String;
/// Places by JSON pointers.
type Places = BTreeMap<String, Place>;

fn from_json(text: &str) -> Result<(Json, Places), Mistake> {
    let mistake = |error: serde_json::Error| {
        let said = error.to_string();
        let reason = said.split(" at line ").next().unwrap_or(&said);
        format!("{}:{}: {reason}", error.line(), error.column())
    };
    let EachOnce = serde_json::from_str(text).map_err(mistake)?;
    let json = serde_json::from_str(text).map_err(mistake)?;
    // JSON is YAML in nearly all cases. Where it is not, problems go by their pointers alone.
    let places = from_yaml(text).map_or_else(|_| Places::new(), |(_, places)| places);
    Ok((json, places))
}

fn from_yaml(text: &str) -> Result<(Json, Places), Mistake> {
    let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| in_words(error.without_snippet()))?;
    let mut places = Places::new();
    let json = placed(root, "", &mut places);
    Ok((json, places))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: VALUES_MAX,
            max_documents: 1,
            max_anchors: 0,
            max_aliases: 0,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        with_snippet: false,
    }
}

/// What is wrong, where, and what to do about it where that is not plain.
fn in_words(error: &YamlError) -> Mistake {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    let reason = match error {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => said_twice(key),
        YamlError::Budget { breach, .. } => match breach {
            BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } => {
                "anchors (&) and aliases (*) are not read: write the value out, or quote the text"
                    .to_owned()
            }
            BudgetBreach::Depth { .. } => format!("it is nested deeper than {DEPTH_MAX}"),
            BudgetBreach::Nodes { .. } => format!("it has more than {VALUES_MAX} values"),
            BudgetBreach::Documents { .. } => {
                "a second document begins: one file holds one workflow".to_owned()
            }
            _ => said.to_owned(),
        },
        YamlError::MergeKeyNotAllowed { .. } => {
            "merge keys (<<) are not read: write the members out".to_owned()
        }
        _ if said.starts_with("mapping values are not allowed") => {
            format!("{said}: put a text that holds \": \" into quotes")
        }
        _ if said.starts_with("expected string scalar") => {
            "the name of a member is no text: put a text that begins with { or [ into quotes"
                .to_owned()
        }
        _ => said.to_owned(),
    };
    match error.location() {
        Some(at) => format!("{}:{}: {reason}", at.line(), at.column()),
        None => format!(" {reason}"),
    }
}

/// A value with the places of what it holds.
enum Node {
    Leaf(Json),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    fn into_json(self, pointer: &str, places: &mut Places) -> Json {
        match self {
            Self::Leaf(json) => json,
            Self::List(items) => {
                let items = items.into_iter().enumerate();
                items
                    .map(|(index, item)| placed(item, &format!("{pointer}/{index}"), places))
                    .collect()
            }
            Self::Map(members) => {
                let mut map = Map::new();
                for (name, value) in members {
                    let segment = name.value.replace('~', "~0").replace('/', "~1");
                    let pointer = format!("{pointer}/{segment}");
                    let value = value.value.into_json(&pointer, places);
                    places.extend(place_of(&name).map(|place| (pointer, place)));
                    map.insert(name.value, value);
                }
                Json::Object(map)
            }
        }
    }
}

fn placed(node: Spanned<Node>, pointer: &str, places: &mut Places) -> Json {
    places.extend(place_of(&node).map(|place| (pointer.to_owned(), place)));
    node.value.into_json(pointer, places)
}

fn place_of<T>(part: &Spanned<T>) -> Option<Place> {
    let (line, column) = (part.referenced.line(), part.referenced.column());
    (line > 0).then_some(Place { line, column })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value);
        let number = number.ok_or_else(|| E::custom("JSON has no such number"))?;
        Ok(Node::Leaf(number.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Node::Map(members))
    }
}

/// A value in which no map has two members of one name, whatever it says.
struct EachOnce;

impl<'de> Deserialize<'de> for EachOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> de::Visitor<'de> for EachOnce {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(twice) = names.replace(name) {
                return Err(de::Error::custom(said_twice(&twice)));
            }
            map.next_value::<Self>()?;
        }
        Ok(self)
    }
}

fn said_twice(name: &str) -> String {
    format!("{name} stands there twice: take one of them out")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> String {
        from_yaml(text).map_or_else(|mistake| mistake, |(json, _)| json.to_string())
    }

    #[test]
    fn what_yaml_says_is_what_json_would_say() {
        for (text, json) in [
            (
                "a: no\nb: yes\nc: off\nd: true",
                r#"{"a":"no","b":"yes","c":"off","d":true}"#,
            ),
            ("on: {event: x}\ny: n", r#"{"on":{"event":"x"},"y":"n"}"#),
            (
                "at: 09:00\nday: 2026-02-28\ninstant: 2026-01-31T09:30:00Z\nspan: 7d",
                r#"{"at":"09:00","day":"2026-02-28","instant":"2026-01-31T09:30:00Z","span":"7d"}"#,
            ),
            (
                "a: 1\nb: -2.5\nc: 1e3\nd: 1.0\ne: 007\nf: 1_000\ng: \"1\"\nh: 0.5\ni: 0",
                r#"{"a":1,"b":-2.5,"c":1000.0,"d":1.0,"e":"007","f":"1_000","g":"1","h":0.5,"i":0}"#,
            ),
            (
                "a:\nb: ~\nc: null\nd: \"\"",
                r#"{"a":null,"b":null,"c":null,"d":""}"#,
            ),
            (
                "# a comment\na: |\n  one\n    two\n\nb: >-\n  three\n  four\n",
                r#"{"a":"one\n  two\n","b":"three four"}"#,
            ),
            ("- a\n- [b, {c: d}]", r#"["a",["b",{"c":"d"}]]"#),
        ] {
            assert_eq!(yaml(text), json, "{text}");
        }
    }

    #[test]
    fn what_json_does_not_have_is_refused_with_its_place() {
        for (text, mistake) in [
            (
                "a: 1\nb: 2\na: 3",
                "3:1: a stands there twice: take one of them out",
            ),
            (
                "a: &x [1, 2]\nb: *x",
                "1:7: anchors (&) and aliases (*) are not read: write the value out, or quote the text",
            ),
            (
                "<<: {a: 1}",
                "1:1: merge keys (<<) are not read: write the members out",
            ),
            (
                "a: 1\n---\nb: 2",
                "2:1: a second document begins: one file holds one workflow",
            ),
            ("a: !money 5", "1:11: unsupported tag `!money`"),
            ("a: .inf", "1:4: "),
            (
                "subject: Hello: again",
                "1:15: mapping values are not allowed in this context: put a text that holds \": \" into quotes",
            ),
            (
                "subject: {{ contact.name }}",
                "1:11: the name of a member is no text: put a text that begins with { or [ into quotes",
            ),
            ("a: [1,", "1:4: unclosed bracket '['"),
        ] {
            let found = yaml(text);
            assert!(found.starts_with(mistake), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(yaml(&deep(DEPTH_MAX)), deep(DEPTH_MAX));
        let found = yaml(&deep(DEPTH_MAX + 1));
        assert!(found.ends_with(": it is nested deeper than 32"), "{found}");
        let found = yaml(&"- 1\n".repeat(VALUES_MAX));
        assert!(
            found.ends_with(": it has more than 100000 values"),
            "{found}"
        );
        let found = from_json(&deep(200)).map(|_| ());
        assert_eq!(found, Err("1:128: recursion limit exceeded".to_owned()));
    }

    #[test]
    fn parts_have_their_places() {
        let text = "id: a\nsteps:\n  - id: one\n    send:\n      template: hello\n";
        let (json, places) = from_yaml(text).expect("a document");
        let text = text.to_owned();
        let document = Document { json, text, places };
        let place = |pointer: &str| document.place(pointer).map(|place| place.to_string());
        assert_eq!(place("/steps/0/send/template"), Some("5:7".to_owned()));
        assert_eq!(place("/steps/0"), Some("3:5".to_owned()));
        assert_eq!(place("/steps/0/wait/for"), Some("3:5".to_owned()));
        assert_eq!(place(""), Some("1:1".to_owned()));
    }

    #[test]
    fn a_line_of_a_text_has_its_place_in_the_file() {
        let text = "a: one\nb:\n  c: |-\n\n      two\n      three\nd: |\n  four\n".to_owned();
        let (json, places) = from_yaml(&text).expect("a document");
        let document = Document { json, text, places };
        let place = |pointer: &str, line, column| {
            let place = document.place_inside(pointer, line, column);
            place.map(|place| place.to_string())
        };
        assert_eq!(document.json["b"]["c"], "\ntwo\nthree");
        assert_eq!(place("/b/c", 3, 1), Some("6:7".to_owned()));
        assert_eq!(place("/d", 1, 4), Some("8:6".to_owned()));
        assert_eq!(place("/a", 1, 1), None);
        assert_eq!(place("/e", 1, 1), None);
    }

    #[test]
    fn json_is_read_as_json_with_its_places() {
        let text = "{\n\t\"a\": [1, \"no\"],\n\t\"b/c\": 1e2,\n\"d\": {\"e\": {\"f\": []}}}";
        let (json, places) = from_json(text).expect("JSON");
        assert_eq!(
            json.to_string(),
            r#"{"a":[1,"no"],"b/c":100.0,"d":{"e":{"f":[]}}}"#
        );
        assert_eq!(
            places.get("/a/1").map(Place::to_string),
            Some("2:11".to_owned())
        );
        assert_eq!(
            places.get("/b~1c").map(Place::to_string),
            Some("3:2".to_owned())
        );
        for (text, mistake) in [
            (
                "{\"a\": 1,\n\"a\": 2}",
                "2:3: a stands there twice: take one of them out",
            ),
            ("{\"a\": 1,\n a: 2}", "2:2: key must be a string"),
            ("{\"a\": 1} b", "1:10: trailing characters"),
        ] {
            assert_eq!(
                from_json(text).map(|(json, _)| json),
                Err(mistake.to_owned()),
                "{text}"
            );
        }
    }
}
