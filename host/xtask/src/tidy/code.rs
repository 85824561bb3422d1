//! What Rust code may not contain, told from its tokens, so that comments and texts are never mistaken for code.
//! `tidy` calls it with the files of the repository.
//! It never judges names: `words` does.

use super::{File, Problem};
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use std::str::FromStr;

/// The one room that may load compiled components, and what is generated for or attacks the sandbox.
const MAY_BE_UNSAFE: [&str; 3] = ["host/rules/", "plugin-sdk/", "plugins/"];

/// Where iteration order reaches an answer.
const ORDERED: [&str; 2] = ["host/model/src/", "host/journey/src/"];

/// Where the public documentation is the product.
const DOCUMENTED: [&str; 4] = [
    "host/model/src/lib.rs",
    "host/journey/src/lib.rs",
    "host/rules/src/lib.rs",
    "plugin-sdk/rust/src/lib.rs",
];

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.has_extension("rs") && !file.is_generated())
    {
        if !file.text.lines().any(|line| line.starts_with("//!")) {
            let what =
                "does not say in `//!` what it is for, who calls it and what it must never do";
            problems.push(Problem::of_file(&file.path, what));
        }
        match TokenStream::from_str(&file.text) {
            Ok(tokens) => {
                let mut visitor = Visitor {
                    file,
                    problems: Vec::new(),
                    denies_missing_docs: false,
                };
                visitor.stream(tokens);
                if DOCUMENTED.contains(&file.path.as_str()) && !visitor.denies_missing_docs {
                    visitor.problems.push(Problem::of_file(
                        &file.path,
                        "lacks `#![deny(missing_docs)]`",
                    ));
                }
                problems.extend(visitor.problems);
            }
            Err(error) => {
                let line = error.span().start().line;
                problems.push(Problem::at_line(&file.path, line, "is not Rust"));
            }
        }
    }
    problems
}

struct Visitor<'a> {
    file: &'a File,
    problems: Vec<Problem>,
    denies_missing_docs: bool,
}

impl Visitor<'_> {
    fn stream(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) => {
                    if let Some(TokenTree::Group(group)) = tokens.get(index + 1) {
                        self.serde(ident, group);
                    }
                    self.ident(ident);
                }
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Bracket && is_attribute(&tokens[..index]) {
                        self.attribute(group);
                    }
                    self.stream(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn ident(&mut self, ident: &Ident) {
        let within = |folders: &[&str]| {
            folders
                .iter()
                .any(|folder| self.file.path.starts_with(folder))
        };
        if ident == "unsafe" && !within(&MAY_BE_UNSAFE) {
            self.problem(ident, "`unsafe` outside the room `rules`");
        } else if (ident == "HashMap" || ident == "HashSet") && within(&ORDERED) {
            self.problem(
                ident,
                "the core has ordered maps only: its answers must not hang on hashing",
            );
        }
    }

    /// `flatten` and `untagged` guess at the shape of data and make unknown fields pass.
    fn serde(&mut self, ident: &Ident, arguments: &Group) {
        if ident != "serde" || arguments.delimiter() != Delimiter::Parenthesis {
            return;
        }
        for word in idents(arguments) {
            if word == "flatten" || word == "untagged" {
                self.problem(&word, &format!("no `{word}` in what is stored or sent"));
            }
        }
    }

    fn attribute(&mut self, brackets: &Group) {
        let mut tokens = brackets.stream().into_iter();
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            return;
        };
        if name == "ignore" {
            self.problem(
                &name,
                "an ignored test: assert today's wrong result with a note instead",
            );
        }
        let Some(TokenTree::Group(arguments)) = tokens.next() else {
            return;
        };
        let words: Vec<Ident> = idents(&arguments).collect();
        if (name == "allow" || name == "expect") && !words.iter().any(|word| word == "reason") {
            self.problem(&name, &format!("`{name}` without a reason"));
        }
        if (name == "deny" || name == "forbid") && words.iter().any(|word| word == "missing_docs") {
            self.denies_missing_docs = true;
        }
    }

    fn problem(&mut self, at: &Ident, what: &str) {
        let line = at.span().start().line;
        self.problems
            .push(Problem::at_line(&self.file.path, line, what));
    }
}

/// Whether what stands before a bracket makes it an attribute: `#[..]` or `#![..]`.
fn is_attribute(before: &[TokenTree]) -> bool {
    let is = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
    match before {
        [.., hash, bang] if is(bang, '!') => is(hash, '#'),
        [.., hash] => is(hash, '#'),
        [] => false,
    }
}

fn idents(group: &Group) -> impl Iterator<Item = Ident> {
    group.stream().into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, text},
        check,
    };

    #[test]
    fn harmless_code_passes() {
        let code = "//! Purpose.\n// unsafe\n#[serde(rename = \"untagged\", default)]\nstruct A;\n\
                    #[expect(dead_code, reason = \"shown later\")]\nfn flatten() { x.iter().flatten(); }\n\
                    fn expect() { value.expect(\"#[ignore]\"); }\n";
        assert_eq!(text(&check(&[file("host/store/src/lib.rs", code)])), "");
    }

    #[test]
    fn each_forbidden_thing_is_found_with_its_line() {
        let code = "#![allow(dead_code)]\n#[serde(flatten)]\nstruct A;\n#[cfg_attr(x, serde(untagged))]\n\
                    enum B {}\n#[test]\n#[ignore = \"later\"]\nfn c() { unsafe { d() } }\n";
        assert_eq!(
            text(&check(&[file("host/store/src/a.rs", code)])),
            "host/store/src/a.rs: does not say in `//!` what it is for, who calls it and what it must never do\n\
             host/store/src/a.rs:1: `allow` without a reason\n\
             host/store/src/a.rs:2: no `flatten` in what is stored or sent\n\
             host/store/src/a.rs:4: no `untagged` in what is stored or sent\n\
             host/store/src/a.rs:7: an ignored test: assert today's wrong result with a note instead\n\
             host/store/src/a.rs:8: `unsafe` outside the room `rules`"
        );
    }

    #[test]
    fn core_has_ordered_maps_only() {
        let code = "//! Purpose.\n#![deny(missing_docs)]\nuse std::collections::HashMap;\n";
        assert_eq!(
            text(&check(&[
                file("host/journey/src/lib.rs", code),
                file("host/rules/src/a.rs", code)
            ])),
            "host/journey/src/lib.rs:3: the core has ordered maps only: its answers must not hang on hashing"
        );
    }

    #[test]
    fn public_rooms_deny_missing_docs() {
        assert_eq!(
            text(&check(&[file("host/model/src/lib.rs", "//! Purpose.\n")])),
            "host/model/src/lib.rs: lacks `#![deny(missing_docs)]`"
        );
    }

    #[test]
    fn what_is_not_rust_is_named() {
        let problems = check(&[file("host/api/src/x.rs", "//! Purpose.\nfn a() {\n")]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].what, "is not Rust");
    }
}
