//! `signalbox plugin keygen`, `sign` and `release`: two persons stand for a plugin, each with a key of their own.
//!
//! A secret key stays in its file, which only its owner may read; what leaves is a statement signed with it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value as Json, json};
use signalbox_model::id::{ActorName, Digest, PluginName};
use signalbox_rules::{
    limits::Limits,
    signature::{Purpose, STATEMENT_BYTES_MAX, SecretKey},
    trust::signature_path,
};

use super::read_component;
use crate::{
    cli::{ServerArgs, SignCommand},
    client::{Client, read_secret},
    config, output,
};

/// Longest wait for one answer of the server.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A version of a plugin, as `NAME@VERSION`.
#[derive(Debug, Clone)]
pub(crate) struct NamedVersion {
    name: PluginName,
    version: semver::Version,
}

impl NamedVersion {
    /// Whether the server speaks of that version.
    pub(super) fn is(&self, version: &Json) -> bool {
        version["name"].as_str().or(version["plugin"].as_str()) == Some(self.name.as_str())
            && version["version"] == self.version.to_string()
    }
}

impl fmt::Display for NamedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl FromStr for NamedVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text.split_once('@').ok_or("write NAME@VERSION")?;
        Ok(Self {
            name: PluginName::parse(name).map_err(|error| error.to_string())?,
            version: version
                .parse()
                .map_err(|_| "write a version such as 1.2.0")?,
        })
    }
}

pub(super) fn run(command: &SignCommand) -> anyhow::Result<()> {
    match command {
        SignCommand::Keygen { person, out } => keygen(person, out.as_deref()),
        SignCommand::Sign {
            file,
            secret_key,
            out,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            let limits = &loaded.config.limits.rules;
            sign(file, secret_key, out.as_deref(), limits)
        }
        SignCommand::Release {
            plugin,
            secret_key,
            file,
            digest,
            server,
            settings,
        } => {
            let loaded = config::load(&settings.clone().into(), std::env::vars())?;
            let limits = &loaded.config.limits.rules;
            let seen = seen(file.as_deref(), *digest, limits)?;
            release(plugin, secret_key, seen.as_ref(), server)
        }
    }
}

/// Draws a key and keeps it in a new file.
fn keygen(person: &ActorName, out: Option<&Path>) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let default = PathBuf::from(format!("{person}.key"));
    let path = out.unwrap_or(&default);
    let key = SecretKey::draw()?;
    // Never over a key that is there: what it signed could not be signed again.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = file.with_context(|| format!("making the file {}", path.display()))?;
    file.write_all(key.to_text().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))?;
    output::warning(format_args!(
        "the secret key is in {}: keep it to yourself; others know you by this entry of trust.keys:",
        path.display()
    ))?;
    output::line(format_args!("{person} {}", key.public()))
}

/// Writes the signature of a component beside it, over one that is there.
fn sign(file: &Path, secret_key: &Path, out: Option<&Path>, limits: &Limits) -> anyhow::Result<()> {
    let key = read_key(secret_key)?;
    let digest = Digest::of_bytes(&read_component(file, limits)?);
    let statement = key.sign(Purpose::Signature, digest);
    let path = out.map_or_else(|| signature_path(file), Path::to_owned);
    replace(&path, &statement.to_string())
        .with_context(|| format!("writing {}", path.display()))?;
    output::line(format_args!(
        "{}: signed with {}, digest {digest}",
        path.display(),
        key.public()
    ))
}

/// Writes the file anew. A server may look at any time: it is whole under another name, which a server passes over,
/// before it is renamed.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let half = path.with_extension("sig.part");
    // Left behind by one that was broken off, or a link that leads elsewhere: nothing that is there is written to.
    match fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&half)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&half, path)
}

/// The bytes that whoever releases has looked at, and what tells of them.
struct Seen {
    digest: Digest,
    source: String,
}

/// What is to be released by its digest, by a copy of it, or by both.
fn seen(
    file: Option<&Path>,
    digest: Option<Digest>,
    limits: &Limits,
) -> anyhow::Result<Option<Seen>> {
    let Some(file) = file else {
        let source = "--digest".to_owned();
        return Ok(digest.map(|digest| Seen { digest, source }));
    };
    let own = Digest::of_bytes(&read_component(file, limits)?);
    let source = file.display().to_string();
    if let Some(digest) = digest {
        ensure!(
            own == digest,
            "{source} has other bytes ({own}) than --digest says ({digest}): nothing is released"
        );
    }
    Ok(Some(Seen {
        digest: own,
        source,
    }))
}

/// Has a server let a version be bound that somebody else has signed.
fn release(
    plugin: &NamedVersion,
    secret_key: &Path,
    seen: Option<&Seen>,
    server: &ServerArgs,
) -> anyhow::Result<()> {
    let key = read_key(secret_key)?;
    let NamedVersion { name, version } = plugin;
    let client = Client::new(&server.url, &read_secret(&server.key_file)?, ANSWER_TIMEOUT)?;
    let listed = client.get("/v1/plugins")?.good("listing the plugins")?;
    let digest = digest_of(&listed, plugin)?;
    if let Some(Seen {
        digest: own,
        source,
    }) = seen
    {
        ensure!(
            *own == digest,
            "the server has other bytes of {name} {version} ({digest}) than {source} ({own}): nothing is released"
        );
    }
    let statement = key.sign(Purpose::Release, digest).to_string();
    let body = json!({ "statement": statement }).to_string();
    let answer = client.post("/v1/plugins/releases", body.as_bytes())?;
    let body = answer.good(&format!("releasing {name} {version}"))?;
    let said = |member: &str| {
        body["release"][member]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    output::line(format_args!(
        "{name} {version}: released by {}, signed by {}, digest {digest}",
        said("released_by"),
        said("signed_by")
    ))
}

/// The digest of the files of that version, which have to be one.
fn digest_of(listed: &Json, plugin: &NamedVersion) -> anyhow::Result<Digest> {
    let NamedVersion { name, version } = plugin;
    let plugins = listed["plugins"].as_array().into_iter().flatten();
    let mut digests: Vec<&str> = plugins
        .filter(|one| !one["file"].is_null())
        .map(|one| &one["version"])
        .filter(|one| plugin.is(one))
        .filter_map(|one| one["digest"].as_str())
        .collect();
    digests.sort_unstable();
    digests.dedup();
    match digests.as_slice() {
        [digest] => Ok(Digest::parse(digest)?),
        [] => bail!(
            "the server has no {name} {version} that is let in: GET /v1/plugins says how each file stands"
        ),
        _ => bail!(
            "the server has several files of {name} {version} with other bytes ({}): leave one of them in its folder",
            digests.join(", ")
        ),
    }
}

fn read_key(path: &Path) -> anyhow::Result<SecretKey> {
    let bytes = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
    ensure!(
        bytes.len() <= STATEMENT_BYTES_MAX,
        "{} is no secret key: it has {} bytes",
        path.display(),
        bytes.len()
    );
    let text = read_secret(path)?;
    SecretKey::parse(&text).with_context(|| format!("{} is no secret key", path.display()))
}
