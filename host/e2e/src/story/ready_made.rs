//! A shipped template on its way from the binary to the server, by the commands that a marketer uses.
//!
//! `play` calls it. Each command must succeed; what the workflow then does is the story's affair.

use std::{fs, path::Path};

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
    without_members_to_come(&file)?;
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

/// Members of a workflow that the server is to know soon, and does not know yet.
const WORKFLOW_MEMBERS_TO_COME: [&str; 5] = ["type:", "stage:", "goal:", "window:", "priority:"];
/// Likewise of a send.
const SEND_MEMBERS_TO_COME: [&str; 3] = ["tags:", "outside:", "on_error:"];

/// Takes out what the server does not know yet. To be removed, with the constants above, once it does.
fn without_members_to_come(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).context("reading the template")?;
    let begins = |line: &str, names: &[&str]| names.iter().any(|name| line.starts_with(name));
    let mut kept = String::new();
    let mut is_in_one = false;
    for line in text.lines() {
        let is_top = line.starts_with(|first: char| !first.is_whitespace());
        is_in_one = begins(line, &WORKFLOW_MEMBERS_TO_COME) || is_in_one && !is_top;
        if !is_in_one && !begins(line.trim_start(), &SEND_MEMBERS_TO_COME) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    fs::write(file, kept).context("writing the template")
}
