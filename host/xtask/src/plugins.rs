//! Builds the plugins of this repository into components, with the same command that a rule author uses.
//! `plugins`, `test` and `demo` call it.
//! It never knows how a component is made: that is `signalbox plugin build`.

use crate::{
    setup, shell,
    workspace::{app_binary, cargo, root, target_folder},
};
use anyhow::{Context, Result};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What only the benchmarks ask begins so, and no marketer ever sees it.
const BENCHED: &str = "bench-";

/// Builds the server first, since it is the tool that builds plugins.
/// Built as part of the workspace its dependencies have the features that the tests need too;
/// built alone, wasmtime would be compiled a second time.
pub(crate) fn build() -> Result<()> {
    setup::wasm_target()?;
    shell::run(cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    build_with_app()
}

/// Builds the plugins with a server that is built already:
/// the shipped ones into `plugins`, those of the benchmarks into `plugins-bench`, the hostile ones into `plugins-hostile`.
pub(crate) fn build_with_app() -> Result<()> {
    let plugins = root().join("plugins");
    let hostile = plugins.join("hostile");
    let target = target_folder()?;
    let app = app_binary()?;
    let (benched, mut shipped): (BTreeSet<OsString>, BTreeSet<OsString>) = crates_in(&plugins)?
        .into_iter()
        .partition(|name| name.to_string_lossy().starts_with(BENCHED));
    shipped.extend(others_in(&plugins)?);
    build_all(&app, &plugins, &shipped, &target.join("plugins"))?;
    link_quick(
        &plugins,
        &target.join("plugins"),
        &target.join("plugins-quick"),
    )?;
    build_all(&app, &plugins, &benched, &target.join("plugins-bench"))?;
    let attackers = target.join("plugins-hostile");
    build_all(&app, &hostile, &crates_in(&hostile)?, &attackers)?;
    crate::hostile::build_hostile(&root(), &attackers)
}

/// The shipped plugins that compile in a moment, for tests that compile a whole folder each time: a component of
/// Python or JavaScript carries its interpreter, and takes as long as all others together.
fn link_quick(sources: &Path, components: &Path, quick: &Path) -> Result<()> {
    fs::create_dir_all(quick).with_context(|| format!("creating {}", quick.display()))?;
    let mut names = BTreeSet::new();
    for entry in
        fs::read_dir(components).with_context(|| format!("reading {}", components.display()))?
    {
        let component = entry
            .with_context(|| format!("reading {}", components.display()))?
            .path();
        let (Some(name), Some(file)) = (component.file_stem(), component.file_name()) else {
            continue;
        };
        if let Some(Other::JavaScript | Other::Python) = Other::of(&sources.join(name)) {
            continue;
        }
        names.insert(name.to_owned());
        let link = quick.join(file);
        // A name is linked anew, since a component that was built again is another file.
        if link.exists() {
            fs::remove_file(&link).with_context(|| format!("removing {}", link.display()))?;
        }
        fs::hard_link(&component, &link)
            .with_context(|| format!("linking {}", component.display()))?;
    }
    remove_strangers(quick, &names)
}

/// The folder that holds the shipped components once they are built.
pub(crate) fn shipped_folder() -> Result<PathBuf> {
    Ok(target_folder()?.join("plugins"))
}

fn build_all(
    app: &Path,
    sources: &Path,
    crates: &BTreeSet<OsString>,
    components: &Path,
) -> Result<()> {
    fs::create_dir_all(components).with_context(|| format!("creating {}", components.display()))?;
    remove_strangers(components, crates)?;
    for name in crates {
        let source = sources.join(name);
        let component = components.join(name).with_extension("wasm");
        match Other::of(&source) {
            Some(language) if !language.is_there()? => {
                println!(
                    "notice: {} is left out: `cargo xtask setup` installs what builds it",
                    source.display()
                );
            }
            Some(language) if is_newer(&component, &[&source, &language.sdk()])? => {}
            _ => shell::run(
                Command::new(app)
                    .args(["plugin", "build"])
                    .arg(&source)
                    .arg("--out")
                    .arg(&component)
                    .env("PATH", setup::search_path()?),
            )?,
        }
    }
    println!("{} plugins in {}", crates.len(), components.display());
    Ok(())
}

/// The folders with a package of their own; a folder without one (shared code, the hostile ones) is passed over.
fn crates_in(folder: &Path) -> Result<BTreeSet<OsString>> {
    let mut crates = BTreeSet::new();
    if !folder.is_dir() {
        return Ok(crates);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        let manifest = entry.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("reading {}", manifest.display()))?;
        let table: toml::Table =
            toml::from_str(&text).with_context(|| format!("reading {}", manifest.display()))?;
        if is_plugin(&table) {
            crates.insert(entry.file_name());
        }
    }
    Ok(crates)
}

/// A language of plugins beside Rust. Its components are never twice the same and take seconds, so they are built only
/// after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    JavaScript,
    Python,
    C,
}

impl Other {
    /// The language of the plugin in a folder, by what lies there.
    fn of(folder: &Path) -> Option<Self> {
        let is_there = |name: &str| folder.join(name).is_file();
        if is_there("Cargo.toml") {
            return None;
        }
        let languages = [
            ("package.json", Self::JavaScript),
            ("pyproject.toml", Self::Python),
            ("description.json", Self::C),
        ];
        let found = languages.into_iter().find(|(name, _)| is_there(name));
        found.map(|(_, language)| language)
    }

    /// Whether its tools are installed; a C compiler may come from anywhere.
    fn is_there(self) -> Result<bool> {
        Ok(match self {
            Self::JavaScript => setup::tool("componentize-qjs")?.is_some(),
            Self::Python => setup::tool("componentize-py")?.is_some(),
            Self::C => setup::has_clang() || setup::tool("python-zig")?.is_some(),
        })
    }

    /// Its SDK, which is part of every component.
    fn sdk(self) -> PathBuf {
        root().join("plugin-sdk").join(match self {
            Self::JavaScript => "javascript/src",
            Self::Python => "python/signalbox",
            Self::C => "c/src",
        })
    }
}

/// The folders of plugins in another language than Rust.
fn others_in(folder: &Path) -> Result<Vec<OsString>> {
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        if Other::of(&entry.path()).is_some() {
            others.push(entry.file_name());
        }
    }
    Ok(others)
}

/// Whether a file is there and newer than everything in these folders.
fn is_newer(file: &Path, folders: &[&Path]) -> Result<bool> {
    let Ok(made) = fs::metadata(file).and_then(|metadata| metadata.modified()) else {
        return Ok(false);
    };
    for folder in folders {
        for entry in
            fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?
        {
            let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
            let metadata = entry.metadata().context("reading a source")?;
            let is_source = !entry.file_name().to_string_lossy().starts_with("__");
            if metadata.is_dir() && is_source && !is_newer(file, &[&entry.path()])? {
                return Ok(false);
            }
            if metadata.is_file() && metadata.modified().context("reading a source")? >= made {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A plugin is a package whose library is linked as a wasm module; what only helps to test plugins is not.
fn is_plugin(manifest: &toml::Table) -> bool {
    manifest
        .get("lib")
        .and_then(|lib| lib.get("crate-type"))
        .and_then(toml::Value::as_array)
        .is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == Some("cdylib")))
}

/// A component whose source is gone would be loaded by the next demo, so it goes too.
fn remove_strangers(components: &Path, crates: &BTreeSet<OsString>) -> Result<()> {
    for entry in
        fs::read_dir(components).with_context(|| format!("reading {}", components.display()))?
    {
        let path = entry
            .with_context(|| format!("reading {}", components.display()))?
            .path();
        let known = path.file_stem().is_some_and(|name| crates.contains(name));
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
            && !known
        {
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Other, build_all, crates_in, is_newer, link_quick};
    use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

    fn file(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn builds_each_plugin_and_removes_components_without_a_source() {
        let folder = tempfile::tempdir().unwrap();
        let (sources, components) = (folder.path().join("plugins"), folder.path().join("out"));
        file(
            &sources.join("event/Cargo.toml"),
            "[package]\nname = \"event\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
        );
        file(
            &sources.join("helper/Cargo.toml"),
            "[package]\nname = \"helper\"\n",
        );
        file(&sources.join("hostile/README.md"), "not a plugin itself");
        file(&components.join("gone.wasm"), "old");
        file(&components.join("notes.txt"), "kept");
        // A stand-in for the server that writes the component it is asked for.
        let app = folder.path().join("app");
        file(
            &app,
            "#!/bin/sh\necho \"$1 $2 $(basename $3) $4\" > \"$5\"\n",
        );
        fs::set_permissions(&app, fs::Permissions::from_mode(0o755)).unwrap();

        build_all(&app, &sources, &crates_in(&sources).unwrap(), &components).unwrap();

        let mut names: Vec<_> = fs::read_dir(&components)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["event.wasm", "notes.txt"]);
        let component = fs::read_to_string(components.join("event.wasm")).unwrap();
        assert_eq!(component, "plugin build event --out\n");
    }

    #[test]
    fn what_compiles_in_a_moment_is_linked_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        file(&at("sources/event/Cargo.toml"), "[package]\n");
        file(&at("sources/trend/pyproject.toml"), "");
        for name in ["event", "trend"] {
            file(&at("out").join(name).with_extension("wasm"), name);
        }
        file(&at("quick/gone.wasm"), "old");
        file(&at("quick/event.wasm"), "old");
        link_quick(&at("sources"), &at("out"), &at("quick")).unwrap();
        let event = fs::read_to_string(at("quick/event.wasm")).unwrap();
        assert_eq!(event, "event");
        assert_eq!(fs::read_dir(at("quick")).unwrap().count(), 1);
    }

    #[test]
    fn a_plugin_in_another_language_is_built_after_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("greeting");
        file(&source.join("package.json"), "{}");
        file(&source.join("tests/rule.js"), "");
        assert_eq!(Other::of(&source), Some(Other::JavaScript));
        let component = folder.path().join("greeting.wasm");
        assert!(!is_newer(&component, &[&source]).unwrap(), "not there yet");
        file(&component, "");
        let old = fs::File::options().write(true).open(&component).unwrap();
        let made = old.metadata().unwrap().modified().unwrap();
        old.set_modified(made + Duration::from_mins(1)).unwrap();
        assert!(is_newer(&component, &[&source]).unwrap());
        let changed = fs::File::options()
            .write(true)
            .open(source.join("tests/rule.js"))
            .unwrap();
        changed.set_modified(made + Duration::from_mins(2)).unwrap();
        assert!(!is_newer(&component, &[&source]).unwrap());
        file(&source.join("Cargo.toml"), "");
        assert_eq!(Other::of(&source), None, "Rust");
    }
}
