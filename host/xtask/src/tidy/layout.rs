//! Where files lie and how long they are.
//! `tidy` calls it with the files of the repository.
//! It never looks at what code means.

use super::{File, Problem};
use std::collections::BTreeSet;

/// A file longer than this is split by meaning.
const LINES_MAX: usize = 800;

/// What a person reads line by line.
const CODE: [&str; 7] = ["rs", "wit", "ts", "tsx", "css", "sh", "py"];

/// The whole top level: the parts of the product, and what a tool insists on finding here.
const TOP_LEVEL: [&str; 20] = [
    ".cargo",
    ".ci",
    ".config",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "host",
    "plugin-sdk",
    "plugins",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "wit",
    ".dockerignore",
];

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        if file.name() == "mod.rs" {
            problems.push(Problem::of_file(
                &file.path,
                "a module `foo` lives in `foo.rs` beside `foo/`, not in `mod.rs`",
            ));
        }
        let is_code = CODE.iter().any(|extension| file.has_extension(extension));
        let lines = file.text.lines().count();
        if is_code && !file.is_generated() && lines > LINES_MAX {
            problems.push(Problem::of_file(
                &file.path,
                format!("{lines} lines, more than {LINES_MAX}: split it by meaning"),
            ));
        }
        problems.extend(machine_paths(file));
    }
    problems
}

/// A path of one machine works nowhere else.
fn machine_paths(file: &File) -> impl Iterator<Item = Problem> {
    const FOLDERS: [&str; 4] = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/main"),
        concat!("/wo", "rk/shared"),
    ];
    file.text.lines().enumerate().filter_map(|(index, line)| {
        let folder = FOLDERS.iter().find(|folder| line.contains(**folder))?;
        Some(Problem::at_line(
            &file.path,
            index + 1,
            format!("names a path of one machine: `{folder}`"),
        ))
    })
}

/// Looks at what is committed: what lies about uncommitted is its owner's affair.
pub(super) fn check_top_level(committed: &[String]) -> Vec<Problem> {
    let found: BTreeSet<&str> = committed
        .iter()
        .filter_map(|path| path.split('/').next())
        .collect();
    found
        .into_iter()
        .filter(|name| !TOP_LEVEL.contains(name))
        .map(|name| Problem::of_file(name, "does not belong at the top level of the repository"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, text},
        check, check_top_level,
    };

    #[test]
    fn long_files_and_mod_rs_are_found() {
        let long = "line\n".repeat(801);
        let generated = format!("// {}\n{long}", concat!("@", "generated"));
        let problems = check(&[
            file("host/a/src/part/mod.rs", ""),
            file("host/a/src/long.rs", &long),
            file("host/a/src/bindings.rs", &generated),
            file("host/a/data/long.csv", &long),
            file("host/a/src/full.rs", &"line\n".repeat(800)),
        ]);
        assert_eq!(
            text(&problems),
            "host/a/src/part/mod.rs: a module `foo` lives in `foo.rs` beside `foo/`, not in `mod.rs`\n\
             host/a/src/long.rs: 801 lines, more than 800: split it by meaning"
        );
    }

    #[test]
    fn machine_paths_are_found() {
        let path = concat!("/ho", "me/somebody/x");
        let problems = check(&[file(
            "host/a/src/lib.rs",
            &format!("fine\nlet x = \"{path}\";"),
        )]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, Some(2));
    }

    #[test]
    fn strangers_at_the_top_level_are_found() {
        let committed = ["Cargo.toml", "host/a/b.rs", "notes.txt", "tools/x.sh"].map(String::from);
        assert_eq!(
            text(&check_top_level(&committed)),
            "notes.txt: does not belong at the top level of the repository\n\
             tools: does not belong at the top level of the repository"
        );
    }
}
