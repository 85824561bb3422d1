//! Hostile plugins in a story: rules that fail for contacts with the attribute `attack`, so that what a failure means can
//! be told.
//!
//! `play` calls it. The story's server has a folder of plugins of its own, and no other story sees what comes into it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

use crate::{http::Api, server::Home, tools, wait};

/// Longest that a plugin may take to become available.
const AVAILABLE_WITHIN: Duration = Duration::from_mins(1);

/// Gives the home a folder of plugins of its own, with the shipped ones.
pub(super) fn own_folder(home: &mut Home) -> Result<()> {
    let folder = home.beside("plugins");
    tools::copy_folder(&home.plugins, &folder)?;
    home.plugins = folder;
    Ok(())
}

/// Drops it into the folder as an operator does, and waits until it can be bound.
pub(super) fn drop_in(home: &Home, api: &Api, name: &str) -> Result<()> {
    let file = format!("{name}.wasm");
    let half = home.plugins.join(format!(".{file}.part"));
    fs::copy(tools::hostile()?.join(&file), &half).with_context(|| format!("copying {file}"))?;
    fs::rename(&half, home.plugins.join(&file)).with_context(|| format!("renaming {file}"))?;
    wait::until(&format!("{file} is available"), AVAILABLE_WITHIN, || {
        let body = api.get("/v1/plugins")?.good("listing the plugins")?;
        let mut plugins = body["plugins"].as_array().into_iter().flatten();
        let is_there =
            plugins.any(|one| one["file"] == file.as_str() && one["state"] == "available");
        Ok(is_there.then_some(()))
    })
}
