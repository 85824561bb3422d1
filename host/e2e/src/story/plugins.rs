//! Plugins that come into the folder in a story: hostile ones, whose rules fail for contacts with the attribute `attack`,
//! and versions of one that says which of them answered.
//!
//! `play` calls it. The story's server has a folder of plugins of its own, and no other story sees what comes into it.

use std::{fs, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use super::tell;
use crate::{component, http::Api, server::Home, tools, wait};

/// Longest that a plugin may take to be let in or refused, and a binding to follow it.
pub(super) const LOOKED_AT_WITHIN: Duration = Duration::from_mins(1);
/// The version of the plugins as they are built.
const BUILT_VERSION: &str = "1.0.0";
/// The file of the plugin that has versions.
const VERSIONED: &str = "versioned.wasm";

/// Whether the line brings a plugin into the folder.
pub(super) fn changes_folder(line: &str) -> bool {
    let verbs = ["hostile ", "version ", "altered ", "sign ", "unsign "];
    verbs.iter().any(|verb| line.starts_with(verb))
}

/// Gives the home a folder of plugins of its own, with the shipped ones.
pub(super) fn own_folder(home: &mut Home) -> Result<()> {
    let folder = home.beside("plugins");
    tools::copy_folder(&home.plugins, &folder)?;
    home.plugins = folder;
    Ok(())
}

/// Drops a hostile plugin into the folder as an operator does, and waits until it can be bound.
pub(super) fn hostile(home: &Home, api: &Api, name: &str) -> Result<()> {
    let file = format!("{name}.wasm");
    let from = tools::hostile()?.join(&file);
    let bytes = fs::read(&from).with_context(|| format!("reading {file}"))?;
    drop_in(home, &file, &bytes)?;
    wait::until(&format!("{file} is available"), LOOKED_AT_WITHIN, || {
        let found = status(api, &file)?;
        Ok((found["state"] == "available").then_some(()))
    })
}

/// `NEW.wasm of FILE.wasm A=B C=D` drops in a shipped or hostile plugin with these texts, each of one length, in the
/// place of those, and waits until it can be bound.
pub(super) fn altered(home: &Home, api: &Api, rest: &str) -> Result<()> {
    let mut words = rest.split(' ');
    let (Some(file), Some("of"), Some(from)) = (words.next(), words.next(), words.next()) else {
        bail!("write `altered NEW.wasm of FILE.wasm TEXT=TEXT`");
    };
    let shipped = tools::plugins()?.join(from);
    let from = if shipped.exists() {
        shipped
    } else {
        tools::hostile()?.join(from)
    };
    let mut bytes = fs::read(&from).with_context(|| format!("reading {}", from.display()))?;
    let mut version = BUILT_VERSION;
    for word in words {
        let (old, new) = word.split_once('=').context("write TEXT=TEXT")?;
        component::exchange(&mut bytes, old, new)?;
        if old == BUILT_VERSION {
            version = new;
        }
    }
    drop_in(home, file, &bytes)?;
    wait::until(&format!("{file} is available"), LOOKED_AT_WITHIN, || {
        let found = status(api, file)?;
        Ok((found["version"]["version"] == version).then_some(()))
    })
}

/// `NUMBER` drops in that version, and waits until every binding that follows has it; `NUMBER lying` one whose own case
/// fails, `NUMBER unsigned` one that nobody has signed, and waits until it is refused.
pub(super) fn version(home: &Home, api: &Api, rest: &str) -> Result<()> {
    let (number, how) = rest.split_once(' ').unwrap_or((rest, ""));
    let number: u32 = number.parse().context("which version?")?;
    if matches!(how, "lying" | "unsigned") {
        let bytes = match how {
            "lying" => component::lying(number)?,
            _ => component::versioned(number)?,
        };
        drop_in(home, VERSIONED, &bytes)?;
        return wait::until("it is refused", LOOKED_AT_WITHIN, || {
            let refusal = &status(api, VERSIONED)?["refusal"];
            Ok((!refusal.is_null()).then_some(()))
        });
    }
    if !how.is_empty() {
        bail!("write `version NUMBER`, `version NUMBER lying` or `version NUMBER unsigned`");
    }
    drop_in(home, VERSIONED, &component::versioned(number)?)?;
    let version = format!("1.0.{number}");
    wait::until(
        &format!("version {version} is current"),
        LOOKED_AT_WITHIN,
        || {
            let is_available = status(api, VERSIONED)?["version"]["version"] == version.as_str();
            Ok((is_available && every_follower_has(api, &version)?).then_some(()))
        },
    )
}

/// Whether all bindings of workflows that are not ended and that do not pin have that version.
pub(super) fn every_follower_has(api: &Api, version: &str) -> Result<bool> {
    let list = api.get("/v1/workflows")?.good("listing the workflows")?;
    for listed in list["workflows"].as_array().into_iter().flatten() {
        let id = listed["id"].as_str().context("a workflow has an id")?;
        let found = api.get(&format!("/v1/workflows/{id}"))?;
        let found = found.good("reading the workflow")?;
        let workflow = &found["workflow"];
        let bindings = workflow["bindings"].as_object().into_iter().flatten();
        for (slot, binding) in bindings {
            let is_behind = binding["plugin"] == component::NAME && binding["version"] != version;
            if is_behind && written(&workflow["document"], slot)["follow"] != "pin" {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The binding in the document that stands at that place: `audience`, or an arm of a branch, `steps/ID/arms/NUMBER`.
fn written<'a>(document: &'a Json, slot: &str) -> &'a Json {
    let words: Vec<&str> = slot.split('/').collect();
    let ["steps", id, "arms", number] = words[..] else {
        return &document[slot];
    };
    let mut steps = document["steps"].as_array().into_iter().flatten();
    let step = steps.find(|step| step["id"] == id).unwrap_or(&Json::Null);
    let number: usize = number.parse().unwrap_or(0);
    &step["branch"]["arms"][number]["segment"]
}

/// What the list of plugins says of a file: how it stands, why it was refused, and what serves.
pub(super) fn page(api: &Api, file: &str, digests: &mut tell::Names) -> Result<Vec<String>> {
    let found = status(api, file)?;
    if found.is_null() {
        return Ok(Vec::new());
    }
    Ok(tell::plugin(&found, digests))
}

/// How many rows all rules together have answered since the server started.
pub(super) fn calls(api: &Api) -> Result<Vec<String>> {
    let body = api.get("/v1/plugins")?.good("listing the plugins")?;
    let plugins = body["plugins"].as_array().into_iter().flatten();
    let rows = plugins.filter_map(|one| one["version"]["rows"].as_u64());
    Ok(vec![rows.sum::<u64>().to_string()])
}

pub(super) fn drop_in(home: &Home, file: &str, bytes: &[u8]) -> Result<()> {
    let half = home.plugins.join(format!(".{file}.part"));
    fs::write(&half, bytes).with_context(|| format!("writing {file}"))?;
    fs::rename(&half, home.plugins.join(file)).with_context(|| format!("renaming {file}"))
}

/// What is known of a file; null where nothing is.
pub(super) fn status(api: &Api, file: &str) -> Result<Json> {
    let body = api.get("/v1/plugins")?.good("listing the plugins")?;
    let mut plugins = body["plugins"].as_array().into_iter().flatten();
    let found = plugins.find(|one| one["file"] == file);
    Ok(found.cloned().unwrap_or_default())
}
