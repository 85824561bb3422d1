//! Versions stand in the manifest of a workspace and nowhere else; exceptions in `deny.toml` say why.
//! `tidy` calls it with the files of the repository.
//! It reads manifests as text and never asks a registry.

use super::{File, Problem};
use anyhow::{Context, Result};
use toml::{Table, Value};

const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The lists in `deny.toml` whose entries are exceptions.
const EXCEPTIONS: [(&str, &str); 3] = [
    ("bans", "skip"),
    ("bans", "skip-tree"),
    ("advisories", "ignore"),
];

pub(super) fn check(files: &[File]) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in files {
        match file.name() {
            "Cargo.toml" => problems.extend(versions(&file.path, &read(file)?)),
            "deny.toml" => problems.extend(exceptions(&file.path, &read(file)?)),
            _ => {}
        }
    }
    Ok(problems)
}

fn read(file: &File) -> Result<Table> {
    toml::from_str(&file.text).with_context(|| format!("reading {}", file.path))
}

fn versions(path: &str, manifest: &Table) -> Vec<Problem> {
    let of_targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(of_targets)
        .flat_map(|table| {
            DEPENDENCIES
                .iter()
                .filter_map(|key| table.get(*key)?.as_table())
        })
        .flatten()
        .filter(|(_, wanted)| wanted.is_str() || wanted.get("version").is_some())
        .map(|(name, _)| {
            let what = format!(
                "names a version of `{name}`: it belongs into the manifest of the workspace"
            );
            Problem::of_file(path, what)
        })
        .collect()
}

fn exceptions(path: &str, deny: &Table) -> Vec<Problem> {
    EXCEPTIONS
        .iter()
        .flat_map(|(section, list)| {
            let entries = deny
                .get(*section)
                .and_then(|table| table.get(*list)?.as_array());
            entries.into_iter().flatten()
        })
        .filter(|entry| entry.get("reason").is_none())
        .map(|entry| Problem::of_file(path, format!("an exception without a reason: {entry}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, text},
        check,
    };

    #[test]
    fn versions_outside_the_workspace_manifest_are_found() {
        let root = file("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n");
        let member = file(
            "host/a/Cargo.toml",
            "[dependencies]\nserde.workspace = true\nsdk = { path = \"../b\" }\ncsv = \"1\"\n\
             [dev-dependencies]\ninsta = { version = \"1\" }\n\
             [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n",
        );
        assert_eq!(
            text(&check(&[root, member]).unwrap()),
            "host/a/Cargo.toml: names a version of `csv`: it belongs into the manifest of the workspace\n\
             host/a/Cargo.toml: names a version of `insta`: it belongs into the manifest of the workspace\n\
             host/a/Cargo.toml: names a version of `libc`: it belongs into the manifest of the workspace"
        );
    }

    #[test]
    fn exceptions_say_why() {
        let deny = file(
            "deny.toml",
            "[bans]\nskip = [{ crate = \"a\", reason = \"because\" }, { crate = \"b\" }]\n",
        );
        assert_eq!(
            text(&check(&[deny]).unwrap()),
            "deny.toml: an exception without a reason: { crate = \"b\" }"
        );
    }
}
