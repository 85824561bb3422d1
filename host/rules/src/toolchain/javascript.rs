//! JavaScript and TypeScript: one bundle by esbuild, then a component around a JavaScript engine.
//!
//! Called by `toolchain`. The tools lie in `node_modules` of the plugin's folder or of one above, as npm puts them, or
//! on the search path. The component needs no WASI: `QuickJS` has it stubbed, `StarlingMonkey` has it off.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use signalbox_model::describe::RuleKind;

use super::{
    BuildError, JavaScriptEngine, file, kinds_of, process, read, read_text, scratch, world,
};

/// The versions that were tried; `package.json` of a new plugin names the same.
pub(super) const COMPONENTIZE_QJS: &str = "0.4.5";
/// See [`COMPONENTIZE_QJS`].
pub(super) const COMPONENTIZE_JS: &str = "0.23.0";
/// See [`COMPONENTIZE_QJS`].
pub(super) const ESBUILD: &str = "0.28.2";

/// What `package.json` says under `signalbox`.
struct Manifest {
    main: PathBuf,
    kinds: Vec<RuleKind>,
}

pub(super) fn build(folder: &Path, engine: JavaScriptEngine) -> Result<Vec<u8>, BuildError> {
    let manifest = manifest(folder)?;
    let scratch = scratch()?;
    let here = scratch.path();
    world::write(here, &manifest.kinds)?;
    let bundle = here.join("bundle.js");
    let out = here.join("component.wasm");
    process::run(
        Command::new(esbuild(folder)?)
            .arg(&manifest.main)
            .args([
                "--bundle",
                "--format=esm",
                "--platform=neutral",
                "--main-fields=module,main",
                "--target=es2022",
                "--log-level=warning",
            ])
            .arg(format!(
                "--define:SIGNALBOX_BIGINT={}",
                engine == JavaScriptEngine::StarlingMonkey
            ))
            .arg(outfile(&bundle)),
        folder,
    )?;
    let mut command = match engine {
        JavaScriptEngine::QuickJs => quick_js(folder, here, &bundle, &out)?,
        JavaScriptEngine::StarlingMonkey => starling_monkey(folder, here, &bundle, &out)?,
    };
    process::run(&mut command, folder)?;
    read(&out)
}

fn outfile(path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from("--outfile=");
    argument.push(path);
    argument
}

/// Without `--sync` the component has the asynchronous ABI, which the server does not take.
fn quick_js(folder: &Path, wit: &Path, bundle: &Path, out: &Path) -> Result<Command, BuildError> {
    let tool = find(folder, "componentize-qjs").ok_or_else(|| BuildError::Missing {
        tool: "componentize-qjs",
        purpose: "makes components of JavaScript",
        command: install(folder, &format!("componentize-qjs@{COMPONENTIZE_QJS}")),
    })?;
    let mut command = Command::new(tool);
    command
        .arg("--wit")
        .arg(wit)
        .args(["--world", world::WORLD, "--stub-wasi", "--sync", "--minify"])
        .arg("--js")
        .arg(bundle)
        .arg("--output")
        .arg(out);
    Ok(command)
}

fn starling_monkey(
    folder: &Path,
    wit: &Path,
    bundle: &Path,
    out: &Path,
) -> Result<Command, BuildError> {
    let package = "@bytecodealliance/componentize-js";
    let tool = find(folder, "componentize-js").ok_or_else(|| BuildError::Missing {
        tool: "componentize-js",
        purpose: "makes components of JavaScript with StarlingMonkey",
        command: install(folder, &format!("{package}@{COMPONENTIZE_JS}")),
    })?;
    let mut command = Command::new(tool);
    command
        .arg(bundle)
        .arg("--wit")
        .arg(wit)
        .args(["--world-name", world::WORLD])
        .arg("--out")
        .arg(out)
        .args([
            "--disable",
            "stdio",
            "random",
            "clocks",
            "http",
            "fetch-event",
        ]);
    Ok(command)
}

fn esbuild(folder: &Path) -> Result<PathBuf, BuildError> {
    find(folder, "esbuild").ok_or_else(|| BuildError::Missing {
        tool: "esbuild",
        purpose: "bundles JavaScript and TypeScript",
        command: install(folder, &format!("esbuild@{ESBUILD}")),
    })
}

/// What npm put beside the plugin goes before what is installed for everybody.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = folder
        .ancestors()
        .map(|above| above.join("node_modules/.bin"))
        .collect();
    process::find(&folders, &[name])
}

/// A new plugin's own list of tools has it already.
fn install(folder: &Path, package: &str) -> String {
    let name = package.rsplit_once('@').map_or(package, |(name, _)| name);
    let listed = fs::read_to_string(folder.join("package.json"))
        .is_ok_and(|text| text.contains(&format!("\"{name}\"")));
    let folder = folder.display();
    if listed {
        format!("npm install --prefix {folder}")
    } else {
        format!("npm install --prefix {folder} --save-dev {package}")
    }
}

fn manifest(folder: &Path) -> Result<Manifest, BuildError> {
    let path = folder.join("package.json");
    let wrong = |reason: String| BuildError::Manifest {
        path: path.clone(),
        reason,
    };
    let document: Json =
        serde_json::from_str(&read_text(&path)?).map_err(|e| wrong(e.to_string()))?;
    let ours = &document["signalbox"];
    let main = ours["main"].as_str().ok_or_else(|| {
        wrong("must say under `signalbox` which file is the plugin: {\"main\": \"rule.js\", \"rules\": [\"segment\"]}".to_owned())
    })?;
    let main = folder.join(main);
    fs::metadata(&main).map_err(file(&main))?;
    let names = ours["rules"].as_array().map(|rules| {
        let names = rules.iter().map(|name| name.as_str().unwrap_or_default());
        names.collect()
    });
    Ok(Manifest {
        main,
        kinds: kinds_of(&path, names)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_plugin_gets_the_versions_that_were_tried() {
        let template = include_str!("../../../../plugin-sdk/javascript/template/manifest.json");
        let template: Json = serde_json::from_str(template).expect("it is JSON");
        let tools = &template["devDependencies"];
        assert_eq!(tools["componentize-qjs"], COMPONENTIZE_QJS);
        assert_eq!(tools["esbuild"], ESBUILD);
    }
}
