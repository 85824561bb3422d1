//! One word per thing: the words that this project does not use, as names in code and in routes.
//! `tidy` calls it with the files of the repository.
//! It never looks into comments or prose, where another project's word may have to be named.

use super::{File, Problem};
use proc_macro2::{Ident, TokenStream, TokenTree};
use std::str::FromStr;

/// A word that is not used as part of any name, and ours instead.
const PARTS: [(&str, &str); 10] = [
    ("lead", "contact"),
    ("leads", "contact"),
    ("subscriber", "contact"),
    ("subscribers", "contact"),
    ("customer", "contact"),
    ("customers", "contact"),
    ("campaign", "workflow"),
    ("campaigns", "workflow"),
    ("blocklist", "suppression"),
    ("blocklists", "suppression"),
];

/// A name that is not used as it stands; as a part of a longer one it has its ordinary meaning (`user_agent`).
const WHOLE: [(&str, &str); 8] = [
    ("user", "contact"),
    ("users", "contact"),
    ("user_id", "contact"),
    ("flow", "workflow"),
    ("flows", "workflow"),
    ("flow_id", "workflow"),
    ("run_id", "journey"),
    ("node_id", "step"),
];

/// Names that others gave, each with where it may stand and why.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    (
        "tracing_subscriber",
        "host/",
        "the name of the library that writes the log",
    ),
    (
        "SubscriberExt",
        "host/",
        "the name of the library that writes the log",
    ),
    (
        "SubscriberInitExt",
        "host/",
        "the name of the library that writes the log",
    ),
    (
        "subscriber",
        "host/",
        "the module of `tracing` that holds the writer of the log",
    ),
    (
        "Subscriber",
        "host/",
        "the trait of `tracing` for a writer of the log",
    ),
];

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| !file.is_generated()) {
        if file.has_extension("rs") {
            // What is not Rust is reported by `code`.
            if let Ok(tokens) = TokenStream::from_str(&file.text) {
                stream(file, tokens, &mut problems);
            }
        } else if file.has_extension("wit") {
            problems.extend(wit(file));
        }
    }
    problems
}

fn stream(file: &File, tokens: TokenStream, problems: &mut Vec<Problem>) {
    for token in tokens {
        let line = token.span().start().line;
        let found = match token {
            TokenTree::Group(group) => {
                stream(file, group.stream(), problems);
                continue;
            }
            TokenTree::Ident(ident) => unused_word_in(file, &ident),
            TokenTree::Literal(literal) => in_route(&literal.to_string()),
            TokenTree::Punct(_) => None,
        };
        problems.extend(found.map(|what| Problem::at_line(&file.path, line, what)));
    }
}

fn unused_word_in(file: &File, ident: &Ident) -> Option<String> {
    let name = ident.to_string();
    let excepted = EXCEPTIONS
        .iter()
        .any(|(exception, folder, _)| *exception == name && file.path.starts_with(folder));
    if excepted { None } else { unused(&name) }
}

fn wit(file: &File) -> Vec<Problem> {
    let code_of = |line: &'_ str| line.split("//").next().unwrap_or_default().to_owned();
    file.text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| {
            code_of(line)
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .filter_map(|name| unused(&name.replace('-', "_")))
                .map(move |what| Problem::at_line(&file.path, index + 1, what))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// A text that is the path of a route, such as `"/v1/contacts/{id}"`; the literal comes with its quotes.
fn in_route(literal: &str) -> Option<String> {
    let route = literal.strip_prefix("\"/")?.strip_suffix('"')?;
    if route.contains(char::is_whitespace) {
        return None;
    }
    route
        .split(['/', '?', '&', '=', '{', '}'])
        .find_map(|part| unused(&part.replace('-', "_")))
}

fn unused(name: &str) -> Option<String> {
    let words = words(name);
    let whole = words.join("_");
    let (word, ours) = WHOLE.iter().find(|(word, _)| *word == whole).or_else(|| {
        PARTS
            .iter()
            .find(|(word, _)| words.iter().any(|part| part == word))
    })?;
    Some(format!(
        "`{name}`: `{word}` is not a word of ours, say `{ours}`"
    ))
}

/// `LeadScore`, `lead_score` and `LEAD_SCORE` are the words `lead` and `score`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for letter in name.chars() {
        let begins = before == '_' || (letter.is_uppercase() && before.is_lowercase());
        if letter != '_' {
            match words.last_mut() {
                Some(word) if !begins => word.extend(letter.to_lowercase()),
                _ => words.push(letter.to_lowercase().collect()),
            }
        }
        before = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, text},
        check, words,
    };

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("LeadScore"), ["lead", "score"]);
        assert_eq!(words("lead_score2"), ["lead", "score2"]);
        assert_eq!(words("LEAD_SCORE"), ["lead", "score"]);
        assert_eq!(words("_leader"), ["leader"]);
    }

    #[test]
    fn names_and_routes_use_our_words() {
        let code = "// a customer\nstruct LeadScore { user: A, user_agent: B }\n\
                    fn route() { get(\"/v1/subscribers/{id}\"); say(\"dear customer, /lead on\"); }\n\
                    use tracing_subscriber::fmt;\nlet leader = 1;\n";
        assert_eq!(
            text(&check(&[file("host/api/src/a.rs", code)])),
            "host/api/src/a.rs:2: `LeadScore`: `lead` is not a word of ours, say `contact`\n\
             host/api/src/a.rs:2: `user`: `user` is not a word of ours, say `contact`\n\
             host/api/src/a.rs:3: `subscribers`: `subscribers` is not a word of ours, say `contact`"
        );
    }

    #[test]
    fn contract_uses_our_words() {
        let code = "// the customer\nrecord row {\n    campaign-id: string, // lead\n}\n";
        assert_eq!(
            text(&check(&[file("wit/v1/rules.wit", code)])),
            "wit/v1/rules.wit:3: `campaign_id`: `campaign` is not a word of ours, say `workflow`"
        );
    }
}
