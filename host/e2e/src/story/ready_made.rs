//! A shipped template on its way from the binary to the server, by the commands that a marketer uses.
//!
//! `play` calls it. Each command must succeed; what the workflow then does is the story's affair.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{
    http::Api,
    server::{self, Home},
};

/// Has the template written into a new file, checked without the server, and put on it.
pub(super) fn put(home: &Home, api: &Api, template: &str) -> Result<()> {
    let file = home.beside(&format!("{template}.yaml"));
    let path = text_of(&file)?;
    server::run(&["new", "workflow", "--template", template, "--out", path])?;
    let plugins = text_of(&home.plugins)?;
    server::run(&["workflow", "check", path, "--plugins", plugins])?;
    let key_file = home.data().join("admin.key");
    let key_file = text_of(&key_file)?;
    let put = [
        "workflow",
        "put",
        path,
        "--url",
        api.base(),
        "--key-file",
        key_file,
    ];
    server::run(&put).map(drop)
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is no text", path.display()))
}
