//! `signalbox plugin list`, `revoke`, `lift` and `deprecate`: which versions a server has, and which of them serve. Everything
//! goes over its API.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};
use signalbox_model::id::{Digest, PluginName};

use super::sign::NamedVersion;
use crate::{
    cli::{ServerArgs, ServiceCommand},
    client::{Client, read_secret},
    output,
};

/// Longest wait for one answer of the server.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

pub(super) fn run(command: &ServiceCommand) -> anyhow::Result<()> {
    match command {
        ServiceCommand::List { plugin, server } => list(plugin.as_ref(), server),
        ServiceCommand::Revoke {
            plugin,
            actor,
            reason,
            digest,
            server,
        } => {
            let body = json!({ "actor": actor, "reason": reason });
            revoke(plugin, *digest, &body, server)
        }
        ServiceCommand::Lift {
            plugin,
            digest,
            server,
        } => lift(plugin, *digest, server),
        ServiceCommand::Deprecate {
            plugin,
            undo: true,
            server,
            ..
        } => undeprecate(plugin, server),
        ServiceCommand::Deprecate {
            plugin,
            message: None,
            server,
            ..
        } => deprecated(plugin, server),
        ServiceCommand::Deprecate {
            plugin,
            message: Some(message),
            versions,
            replaced_by,
            removed_on,
            server,
            ..
        } => {
            let body = json!({
                "versions": versions.as_deref().unwrap_or("*"),
                "message": message,
                "replaced_by": replaced_by,
                "removed_on": removed_on.map(|on| on.to_string()),
            });
            deprecate(plugin, &body, server)
        }
    }
}

/// A line for each file, and for each version without one; only those of the plugin if one is named.
fn list(plugin: Option<&PluginName>, server: &ServerArgs) -> anyhow::Result<()> {
    let all = all(&client(server)?, "/v1/plugins", "plugins")?;
    let is_meant = |status: &&Json| {
        let name = &status["version"]["name"];
        plugin.is_none_or(|plugin| name == plugin.as_str())
    };
    for status in all.iter().filter(is_meant) {
        let file = status["file"].as_str().unwrap_or("without a file");
        let version = &status["version"];
        let named = match version["name"].as_str() {
            Some(name) => format!("{name} {}", text(&version["version"])),
            None => "nothing that serves".to_owned(),
        };
        output::line(format_args!("{file}: {named}, {}", text(&status["state"])))?;
        if version["quarantined"] == true {
            output::line(format_args!("  {}", text(&version["last_error"])))?;
        }
        if let Some(reason) = status["refusal"]["reason"].as_str() {
            output::line(format_args!("  {reason}"))?;
        }
        if !status["deprecated"].is_null() {
            output::line(format_args!("  {}", in_words(&status["deprecated"])))?;
        }
    }
    Ok(())
}

fn revoke(
    plugin: &NamedVersion,
    digest: Option<Digest>,
    body: &Json,
    server: &ServerArgs,
) -> anyhow::Result<()> {
    let client = client(server)?;
    let digest = if let Some(digest) = digest {
        digest.to_string()
    } else {
        let listed = all(&client, "/v1/plugins", "plugins")?;
        digest_among(listed.iter().map(|status| &status["version"]), plugin)?
    };
    let path = format!("/v1/plugins/{digest}/revoke");
    let answer = client.post(&path, body.to_string().as_bytes())?;
    let body = answer.good(&format!("revoking {plugin}"))?;
    output::line(format_args!(
        "{plugin}: revoked by {}, asked no more, digest {digest}",
        text(&body["quarantined"]["revoked_by"])
    ))
}

fn lift(plugin: &NamedVersion, digest: Option<Digest>, server: &ServerArgs) -> anyhow::Result<()> {
    let client = client(server)?;
    let digest = if let Some(digest) = digest {
        digest.to_string()
    } else {
        let status = client.get("/v1/status")?.good("reading the status")?;
        let quarantined = status["status"]["quarantined"].as_array();
        digest_among(quarantined.into_iter().flatten(), plugin)
            .context("looking for it among what is quarantined")?
    };
    let path = format!("/v1/plugins/{digest}/quarantine");
    let tried = format!("lifting the quarantine of {plugin}");
    client.delete(&path)?.good(&tried)?;
    output::line(format_args!("{plugin}: asked again, digest {digest}"))
}

fn deprecate(plugin: &PluginName, body: &Json, server: &ServerArgs) -> anyhow::Result<()> {
    let path = format!("/v1/plugins/deprecations/{plugin}");
    let answer = client(server)?.put(&path, body.to_string().as_bytes())?;
    let body = answer.good(&format!("deprecating {plugin}"))?;
    print(&body["deprecation"])
}

fn undeprecate(plugin: &PluginName, server: &ServerArgs) -> anyhow::Result<()> {
    let path = format!("/v1/plugins/deprecations/{plugin}");
    let answer = client(server)?.delete(&path)?;
    answer.good(&format!("taking back what was said of {plugin}"))?;
    output::line(format_args!("{plugin}: no version is deprecated"))
}

fn deprecated(plugin: &PluginName, server: &ServerArgs) -> anyhow::Result<()> {
    let all = all(&client(server)?, "/v1/plugins/deprecations", "deprecations")?;
    match all.iter().find(|one| one["plugin"] == plugin.as_str()) {
        Some(found) => print(found),
        None => output::line(format_args!("{plugin}: no version is deprecated")),
    }
}

/// What was said, and what is bound to such a version.
fn print(deprecation: &Json) -> anyhow::Result<()> {
    let plugin = text(&deprecation["plugin"]);
    let said = &deprecation["deprecated"];
    output::line(format_args!(
        "{plugin} {}: {}",
        text(&said["versions"]),
        in_words(said)
    ))?;
    let uses = deprecation["used_by"].as_array();
    for one in uses.into_iter().flatten() {
        let owner = match one["workflow"].as_str() {
            Some(workflow) => format!("workflow {workflow}"),
            None => format!("segment {}", text(&one["segment"])),
        };
        output::line(format_args!(
            "  {owner} is bound to {plugin} {}: {} of version {}",
            text(&one["bound"]),
            text(&one["binding"]),
            one["version"]
        ))?;
    }
    if deprecation["left_out"] != 0 {
        output::line(format_args!("  and {} more", deprecation["left_out"]))?;
    }
    Ok(())
}

/// As `deprecated: the list is old; bind company ^2 instead; not bound anew from 2026-06-01T00:00:00Z on`.
fn in_words(said: &Json) -> String {
    let mut words = format!("deprecated: {}", text(&said["message"]));
    if let Some(instead) = said["replaced_by"].as_str() {
        words = format!("{words}; bind {instead} instead");
    }
    if let Some(on) = said["removed_on"].as_str() {
        words = format!("{words}; not bound anew from {on} on");
    }
    words
}

/// The digest of that version, which has to be one.
fn digest_among<'a>(
    versions: impl Iterator<Item = &'a Json>,
    plugin: &NamedVersion,
) -> anyhow::Result<String> {
    let mut digests: Vec<&str> = versions
        .filter(|one| plugin.is(one))
        .filter_map(|one| one["digest"].as_str())
        .collect();
    digests.sort_unstable();
    digests.dedup();
    match digests.as_slice() {
        [digest] => Ok((*digest).to_owned()),
        [] => bail!("the server lists no {plugin} there: name its file with --digest"),
        _ => bail!(
            "the server has several files of {plugin} with other bytes: name one with --digest, {}",
            digests.join(" or ")
        ),
    }
}

fn all(client: &Client, path: &str, name: &str) -> anyhow::Result<Vec<Json>> {
    let mut body = client.get(path)?.good(&format!("listing the {name}"))?;
    match body[name].take() {
        Json::Array(all) => Ok(all),
        _ => bail!("the server's answer has no {name}"),
    }
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or("?")
}

fn client(server: &ServerArgs) -> anyhow::Result<Client> {
    let key = read_secret(&server.key_file)?;
    Client::new(&server.url, &key, ANSWER_TIMEOUT)
}
