//! What stories do with named segments, and how they tell who is in.

use anyhow::{Context, Result};
use serde_json::Value as Json;

use super::tell;
use crate::http::{Answer, Api};

/// Puts the segment: a new one, or what it is from now on.
pub(super) fn put(api: &Api, document: &Json) -> Result<Answer> {
    let name = document["name"].as_str().context("a segment has a name")?;
    let path = format!("/v1/segments/{name}");
    let found = api.get(&path)?;
    match found.body["segment"]["version"].as_u64() {
        Some(version) => api.put(&format!("{path}?based_on={version}"), document),
        None => api.put(&path, document),
    }
}

/// Who is in, each with since when, in the order of their ids; and what is counted.
pub(super) fn members(api: &Api, name: &str) -> Result<Vec<String>> {
    let answer = api.get(&format!("/v1/segments/{name}"))?;
    if !answer.is_good() {
        return Ok(vec![format!("refused: {}", answer.refusal())]);
    }
    let mut lines = Vec::new();
    let mut after = String::new();
    loop {
        let page = api.get(&format!("/v1/segments/{name}/members?limit=1000{after}"))?;
        let page = page.good("the members")?;
        let members = page["members"].as_array().context("members")?;
        lines.extend(members.iter().map(member));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    lines.sort();
    let counted = |what: &str| answer.body[what].as_u64().unwrap_or_default();
    lines.push(format!(
        "{} in, {} came in, {} left",
        counted("members"),
        counted("entered"),
        counted("left")
    ));
    Ok(lines)
}

fn member(member: &Json) -> String {
    let text = |name: &str| member[name].as_str().unwrap_or_default();
    format!("{} since {}", text("contact"), tell::at(&member["since"]))
}
