//! Holds the repository against those of its rules that no compiler and no lint checks.
//! `cargo xtask tidy`, `test` and a test of this crate call it.
//! It never repairs anything: each problem names the place, and a person decides.

mod code;
mod docs;
mod layout;
mod manifests;
mod rooms;
mod words;

use crate::workspace::{self, root};
use anyhow::{Context, Result, bail};
use std::{fmt, fs, path::Path};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    /// Relative to the repository's root.
    file: String,
    /// Counted from 1; none where the whole file is meant.
    line: Option<usize>,
    what: String,
}

impl Problem {
    fn of_file(file: &str, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            what: what.into(),
        }
    }

    fn at_line(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(file, what)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// A text file of the repository.
struct File {
    /// Relative to the repository's root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// Written by a tool and compared by a test: how it reads is the tool's affair.
    fn is_generated(&self) -> bool {
        self.text
            .lines()
            .take(5)
            .any(|line| line.contains(concat!("@", "generated")))
    }
}

pub(crate) fn run() -> Result<()> {
    let problems = problems()?;
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => {
            println!("tidy: nothing to say");
            Ok(())
        }
        1 => bail!("one problem"),
        count => bail!("{count} problems"),
    }
}

/// Everything that is wrong in the repository as it lies there, sorted by place.
fn problems() -> Result<Vec<Problem>> {
    let files = read_files()?;
    let committed: Vec<String> = workspace::committed_files()?
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut problems = layout::check(&files);
    problems.extend(layout::check_top_level(&committed));
    problems.extend(manifests::check(&files)?);
    problems.extend(code::check(&files));
    problems.extend(words::check(&files));
    problems.extend(docs::check(&files, |path| root().join(path).exists()));
    let map = files
        .iter()
        .find(|file| file.path == rooms::MAP)
        .with_context(|| format!("{} is missing", rooms::MAP))?;
    problems.extend(rooms::check(
        &map.text,
        &rooms::members(&workspace::metadata()?)?,
    ));
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// The files that are text; what is not UTF-8 (images, components) is no affair of ours.
fn read_files() -> Result<Vec<File>> {
    let root = root();
    let mut files = Vec::new();
    for path in workspace::files()? {
        let bytes = match fs::read(root.join(&path)) {
            Ok(bytes) => bytes,
            // Someone removed it since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        if let Ok(text) = String::from_utf8(bytes) {
            let path = path.to_string_lossy().into_owned();
            files.push(File { path, text });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{File, Problem};

    pub(super) fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: text.into(),
        }
    }

    /// One line a problem, for comparing with an expectation.
    pub(super) fn text(problems: &[Problem]) -> String {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn repository_is_tidy() {
        assert_eq!(text(&super::problems().unwrap()), "");
    }
}
