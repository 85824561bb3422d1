//! Python: componentize-py, with WASI stubbed.
//!
//! Called by `toolchain`. The tool lies in `.venv` of the plugin's folder or on the search path. The component holds
//! `CPython`, the SDK, and what the plugin's module imports at its top.

use std::{fs, path::Path, process::Command};

use signalbox_model::describe::RuleKind;

use super::{BuildError, Language, file, kinds_of, process, read, read_text, scratch, sdk, world};

/// The version that was tried; the guide of a new plugin names the same.
pub(super) const COMPONENTIZE_PY: &str = "0.25.1";

/// The module that answers the contract; no plugin has one of this name.
const ENTRY: &str = "signalbox_entry";

/// What `pyproject.toml` says under `tool.signalbox`.
struct Manifest {
    module: String,
    kinds: Vec<RuleKind>,
}

pub(super) fn build(folder: &Path) -> Result<Vec<u8>, BuildError> {
    let manifest = manifest(folder)?;
    let tool = process::find(&[folder.join(".venv/bin")], &["componentize-py"]);
    let tool = tool.ok_or_else(|| BuildError::Missing {
        tool: "componentize-py",
        purpose: "makes components of Python",
        command: format!("python3 -m pip install componentize-py=={COMPONENTIZE_PY}"),
    })?;
    let scratch = scratch()?;
    let here = scratch.path();
    let (wit, entry, own) = (here.join("wit"), here.join("entry"), here.join("sdk"));
    let out = here.join("component.wasm");
    for folder in [&wit, &entry] {
        fs::create_dir(folder).map_err(file(folder))?;
    }
    world::write(&wit, &manifest.kinds)?;
    let module = entry.join(ENTRY).with_extension("py");
    fs::write(&module, entry_module(&manifest)).map_err(file(&module))?;
    let mut command = Command::new(tool);
    command
        .arg("--quiet")
        .arg("--wit-path")
        .arg(&wit)
        .args(["--world", world::WORLD, "componentize", "--stub-wasi"])
        .arg("--python-path")
        .arg(&entry)
        .arg("--python-path")
        .arg(folder);
    if !folder.join(sdk::FOLDER).is_dir() {
        sdk::write(Language::Python, &own)?;
        command.arg("--python-path").arg(&own);
    }
    process::run(command.arg(ENTRY).arg("--output").arg(&out), here)?;
    read(&out)
}

/// The SDK's sandbox is imported first, before the plugin can look at clock or chance.
fn entry_module(manifest: &Manifest) -> String {
    let module = &manifest.module;
    let first = format!(
        "import signalbox.component as component\n\
         from {module} import plugin\n\
         Plugin = component.described(plugin)\n"
    );
    let rules = manifest.kinds.iter().map(|kind| {
        let kind = kind.as_str();
        let class = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
        format!(
            "import wit_world.exports.{kind}\n\
             {class} = component.exported(plugin, \"{kind}\", wit_world.exports.{kind})\n"
        )
    });
    std::iter::once(first).chain(rules).collect()
}

fn manifest(folder: &Path) -> Result<Manifest, BuildError> {
    let path = folder.join("pyproject.toml");
    let wrong = |reason: String| BuildError::Manifest {
        path: path.clone(),
        reason,
    };
    let document: toml::Table =
        toml::from_str(&read_text(&path)?).map_err(|e| wrong(e.to_string()))?;
    let ours = document.get("tool").and_then(|tool| tool.get("signalbox"));
    let module = ours.and_then(|ours| ours.get("module")?.as_str());
    let is_name = |name: &&str| {
        name.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    let module = module.filter(is_name).ok_or_else(|| {
        wrong("must say under [tool.signalbox] which module is the plugin: module = \"rule\", rules = [\"segment\"]".to_owned())
    })?;
    let names = ours
        .and_then(|ours| ours.get("rules")?.as_array())
        .map(|rules| {
            let names = rules.iter().map(|name| name.as_str().unwrap_or_default());
            names.collect()
        });
    Ok(Manifest {
        module: module.to_owned(),
        kinds: kinds_of(&path, names)?,
    })
}
