//! Every error code has a page with its cause and the next step, and every link between documents leads somewhere.
//! `tidy` calls it with the files of the repository.
//! It never fetches a link that leads outside.

use super::{File, Problem};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

const PAGES: &str = "host/docs/errors/";
/// The page that says what the others look like.
const README: &str = "README";
const HEADINGS: [&str; 2] = ["## Cause", "## Next step"];

/// Holds `enum ErrorCode` and in its `as_str` every code as a text.
const CODES: &str = "host/api/src/error";

pub(super) fn check(files: &[File], exists: impl Fn(&Path) -> bool) -> Vec<Problem> {
    let mut problems = error_pages(files);
    for file in files.iter().filter(|file| file.has_extension("md")) {
        problems.extend(links(file, &exists));
    }
    problems
}

fn error_pages(files: &[File]) -> Vec<Problem> {
    let codes: BTreeSet<(String, &str)> = files
        .iter()
        .filter(|file| file.path.starts_with(CODES) && file.has_extension("rs"))
        .flat_map(|file| {
            codes(&file.text)
                .into_iter()
                .map(|code| (code, file.path.as_str()))
        })
        .collect();
    // Before there is a code there is nothing to document, and a page may come first.
    if codes.is_empty() {
        return Vec::new();
    }
    let pages: Vec<(&str, &File)> = files
        .iter()
        .filter_map(|file| {
            let name = file.path.strip_prefix(PAGES)?.strip_suffix(".md")?;
            (name != README).then_some((name, file))
        })
        .collect();
    let undocumented = codes
        .iter()
        .filter(|(code, _)| !pages.iter().any(|(page, _)| page == code))
        .map(|(code, path)| {
            Problem::of_file(
                path,
                format!("the code `{code}` lacks its page {PAGES}{code}.md"),
            )
        });
    let unused = pages
        .iter()
        .filter(|(page, _)| !codes.iter().any(|(code, _)| code == page))
        .map(|(page, file)| {
            Problem::of_file(&file.path, format!("no error has the code `{page}`"))
        });
    let unfinished = pages.iter().flat_map(|(_, file)| {
        HEADINGS
            .iter()
            .filter(|heading| !file.text.lines().any(|line| line == **heading))
            .map(|heading| Problem::of_file(&file.path, format!("lacks the heading `{heading}`")))
    });
    undocumented.chain(unused).chain(unfinished).collect()
}

/// Every text within the body of `as_str` of `impl ErrorCode`.
fn codes(code: &str) -> Vec<String> {
    let Ok(tokens) = TokenStream::from_str(code) else {
        return Vec::new();
    };
    let Some(implementation) = body_after(tokens, &["impl", "ErrorCode"]) else {
        return Vec::new();
    };
    let Some(body) = body_after(implementation, &["fn", "as_str"]) else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    collect_texts(body, &mut texts);
    texts
}

/// The next braces behind two words in a row.
fn body_after(tokens: TokenStream, words: &[&str; 2]) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |index: usize, word: &str| matches!(tokens.get(index), Some(TokenTree::Ident(ident)) if ident == word);
    let start = (0..tokens.len()).find(|&index| is(index, words[0]) && is(index + 1, words[1]))?;
    tokens[start..].iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    })
}

fn collect_texts(tokens: TokenStream, texts: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect_texts(group.stream(), texts),
            TokenTree::Literal(literal) => {
                let literal = literal.to_string();
                texts.extend(
                    literal
                        .strip_prefix('"')
                        .and_then(|rest| rest.strip_suffix('"'))
                        .map(str::to_owned),
                );
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Targets of `[text](target)` that are neither addresses nor places on the same page.
fn links<'a>(
    file: &'a File,
    exists: &'a impl Fn(&Path) -> bool,
) -> impl Iterator<Item = Problem> + 'a {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    file.text
        .lines()
        .enumerate()
        .flat_map(move |(index, line)| {
            line.split("](")
                .skip(1)
                .filter_map(|rest| rest.split([')', '#', ' ']).next())
                .filter(|target| !target.is_empty() && !target.contains(':'))
                .filter(move |target| !exists(&normal(&folder.join(target))))
                .map(move |target| {
                    Problem::at_line(
                        &file.path,
                        index + 1,
                        format!("the link to `{target}` leads nowhere"),
                    )
                })
        })
}

/// Resolves `..` by the names alone, so that a link out of a folder that is not there is judged too.
fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                result.pop();
            }
            Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, text},
        check,
    };
    use std::path::Path;

    const CODE: &str = "impl ErrorCode {\n pub fn as_str(self) -> &'static str {\n match self {\n\
                        Self::NotFound => \"not_found\", Self::Full => \"queue_full\" } }\n\
                        fn other(self) -> &'static str { \"no code\" } }";

    #[test]
    fn each_error_code_has_its_page() {
        let problems = check(
            &[
                file("host/api/src/error.rs", CODE),
                file("host/docs/errors/README.md", "what a page looks like"),
                file(
                    "host/docs/errors/not_found.md",
                    "# not_found\n## Cause\nx\n",
                ),
                file("host/docs/errors/gone.md", "## Cause\n## Next step\n"),
            ],
            |_| true,
        );
        assert_eq!(
            text(&problems),
            "host/api/src/error.rs: the code `queue_full` lacks its page host/docs/errors/queue_full.md\n\
             host/docs/errors/gone.md: no error has the code `gone`\n\
             host/docs/errors/not_found.md: lacks the heading `## Next step`"
        );
    }

    #[test]
    fn links_have_targets() {
        let page = file(
            "host/docs/a.md",
            "[one](../model) and [two](b.md#part),\n[three](https://example.org) [four](#here) [five](gone.md)",
        );
        let known = ["host/model", "host/docs/b.md"];
        let problems = check(&[page], |path| {
            known.iter().any(|known| Path::new(known) == path)
        });
        assert_eq!(
            text(&problems),
            "host/docs/a.md:2: the link to `gone.md` leads nowhere"
        );
    }
}
