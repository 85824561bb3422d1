//! People who sign and release plugins in a story, each with a key of their own, by the commands of the binary.
//!
//! `play` calls it. Keys are drawn when a person is first named; whom the server trusts, the line `trust` says.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use super::{
    plugins::{LOOKED_AT_WITHIN, drop_in, every_follower_has, status},
    tell,
};
use crate::{
    http::Api,
    server::{self, Home},
    wait,
};

/// `signature PERSON...` or `release PERSON...`: from the next start on the server asks that of plugins.
pub(super) fn ask(home: &mut Home, rest: &str) -> Result<()> {
    let mut words = rest.split(' ');
    let is_released = match words.next() {
        Some("signature") => false,
        Some("release") => true,
        _ => bail!("write `trust signature PERSON...` or `trust release PERSON...`"),
    };
    let mut keys = Vec::new();
    for person in words {
        let said = key(home, person)?;
        keys.push(said.trim().to_owned());
    }
    home.set("trust.require_signature", true)
        .set("trust.require_release", is_released)
        .set("trust.keys", keys.join(","));
    Ok(())
}

/// `FILE PERSON` signs a file of the folder; `FILE PERSON damaged` and `FILE PERSON huge` leave a bad signature beside it.
pub(super) fn sign(home: &Home, api: &Api, rest: &str) -> Result<()> {
    let mut words = rest.split(' ');
    let (file, person) = words
        .next()
        .zip(words.next())
        .context("write FILE PERSON")?;
    key(home, person)?;
    let component = text_of(home.plugins.join(file))?;
    let signature = format!("{file}.sig");
    let made = text_of(home.beside(&signature))?;
    let secret = text_of(home.beside(&format!("{person}.key")))?;
    server::run(&[
        "plugin",
        "sign",
        &component,
        "--secret-key",
        &secret,
        "--out",
        &made,
    ])?;
    let mut text = fs::read_to_string(&made).context("reading the signature")?;
    match words.next() {
        None => {}
        Some("damaged") => {
            let at = text.len() - 2;
            let other = if text[at..].starts_with('0') {
                "1"
            } else {
                "0"
            };
            text.replace_range(at..=at, other);
        }
        Some("huge") => text.push_str(&" ".repeat(1 << 20)),
        Some(other) => bail!("nobody knows how to sign {other}"),
    }
    looked_at_anew(api, file, || drop_in(home, &signature, text.as_bytes()))
}

/// Takes the signature of a file away.
pub(super) fn unsign(home: &Home, api: &Api, file: &str) -> Result<()> {
    let path = home.plugins.join(format!("{file}.sig"));
    looked_at_anew(api, file, || {
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))
    })
}

/// `NAME@VERSION PERSON`: what the command says, without the digest.
pub(super) fn release(
    home: &Home,
    api: &Api,
    rest: &str,
    digests: &mut tell::Names,
) -> Result<Vec<String>> {
    let (plugin, person) = rest.split_once(' ').context("write NAME@VERSION PERSON")?;
    key(home, person)?;
    let secret = text_of(home.beside(&format!("{person}.key")))?;
    let admin = text_of(home.data().join("admin.key"))?;
    let mut words = vec!["plugin", "release", plugin, "--secret-key", &secret];
    words.extend(["--url", api.base(), "--key-file", &admin]);
    let output = server::output(&words)?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let lines = errors.lines().map(|line| tell::with_names(line, digests));
        return Ok(lines.collect());
    }
    if let Some((_, version)) = plugin.split_once('@') {
        wait::until("it is followed", LOOKED_AT_WITHIN, || {
            Ok(every_follower_has(api, version)?.then_some(()))
        })?;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let lines = said.lines().map(|line| line.split(", digest ").next());
    Ok(lines.flatten().map(str::to_owned).collect())
}

/// The entry of `trust.keys` of a person, whose key is drawn if it is not there yet.
fn key(home: &Home, person: &str) -> Result<String> {
    let entry = home.beside(&format!("{person}.entry"));
    if let Ok(said) = fs::read_to_string(&entry) {
        return Ok(said);
    }
    let secret = text_of(home.beside(&format!("{person}.key")))?;
    let said = server::run(&["plugin", "keygen", person, "--out", &secret])?;
    fs::write(&entry, &said).with_context(|| format!("keeping the key of {person}"))?;
    Ok(said)
}

/// Changes what stands beside a file, and waits until the server sees the file otherwise, and what follows it has moved.
fn looked_at_anew(api: &Api, file: &str, change: impl FnOnce() -> Result<()>) -> Result<()> {
    let before = standing(api, file)?;
    change()?;
    wait::until(&format!("{file} is looked at"), LOOKED_AT_WITHIN, || {
        let now = standing(api, file)?;
        if now == before {
            return Ok(None);
        }
        let [state, _, _, version] = &now;
        let is_followed = match version.as_str().filter(|_| state == "available") {
            Some(version) => every_follower_has(api, version)?,
            None => true,
        };
        Ok(is_followed.then_some(()))
    })
}

/// How the file stands, why, by whom and with which version.
fn standing(api: &Api, file: &str) -> Result<[Json; 4]> {
    let found = status(api, file)?;
    let member = |name: &str| found[name].clone();
    Ok([
        member("state"),
        member("refusal"),
        member("signed_by"),
        found["version"]["version"].clone(),
    ])
}

fn text_of(path: std::path::PathBuf) -> Result<String> {
    let path = path.into_os_string().into_string();
    path.map_err(|path| anyhow::anyhow!("{} is no text", path.display()))
}
