//! A client of the server's own HTTP API. `feed` and `demo` call it.
//!
//! It must never print or log the key it carries.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::config;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Talks to one server with one key.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: String,
    /// Shared by all clones.
    cancelled: Arc<AtomicBool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What a busy server asks for.
    pub(crate) retry_after: Option<Duration>,
    /// `null` where the body is no JSON.
    pub(crate) body: Json,
}

/// What an answer that is not 2xx says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) problems: Vec<RefusedItem>,
}

/// One of the things that are wrong.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RefusedItem {
    pub(crate) pointer: String,
    pub(crate) reason: String,
}

impl Client {
    /// `answer_timeout` bounds each request.
    pub(crate) fn new(url: &str, key: &str, answer_timeout: Duration) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            bail!("{url} is no URL of a server, write for example http://127.0.0.1:8080");
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(answer_timeout))
            // The key must not follow a redirect to somebody else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base,
            authorization: format!("Bearer {key}"),
            cancelled: Arc::default(),
        })
    }

    /// Nothing more is asked, by this client or a clone of it.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let request = self
            .agent
            .get(self.url(path))
            .header("authorization", &self.authorization);
        self.read(path, request.call())
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let request = self
            .agent
            .post(self.url(path))
            .header("authorization", &self.authorization);
        self.read(
            path,
            request
                .header("content-type", "application/json")
                .send(body),
        )
    }

    pub(crate) fn put(&self, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let request = self
            .agent
            .put(self.url(path))
            .header("authorization", &self.authorization);
        self.read(
            path,
            request
                .header("content-type", "application/json")
                .send(body),
        )
    }

    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        let request = self
            .agent
            .delete(self.url(path))
            .header("authorization", &self.authorization);
        self.read(path, request.call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn read(
        &self,
        path: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Answer> {
        let response = sent.with_context(|| format!("asking {}", self.url(path)))?;
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let status = response.status().as_u16();
        let text = response
            .into_body()
            .into_with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .with_context(|| format!("reading the answer of {}", self.url(path)))?;
        Ok(Answer {
            status,
            retry_after,
            body: serde_json::from_str(&text).unwrap_or(Json::Null),
        })
    }
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What the server says is wrong.
    pub(crate) fn refusal(&self) -> Refusal {
        let error = self.body.get("error").cloned().unwrap_or(Json::Null);
        serde_json::from_value(error).unwrap_or_default()
    }

    /// The body of a good answer; anything else as an error that says what was tried.
    pub(crate) fn good(self, tried: &str) -> anyhow::Result<Json> {
        if self.is_good() {
            return Ok(self.body);
        }
        let refusal = self.refusal();
        let mut text = format!("{tried}: the server answered {}", self.status);
        if !refusal.message.is_empty() {
            text = format!("{text} ({}): {}", refusal.code, refusal.message);
        }
        for problem in refusal.problems {
            text = format!("{text}\n  {}: {}", problem.pointer, problem.reason);
        }
        bail!(text)
    }
}

/// Reads a key, or another secret, from a file that only its owner can read.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<String> {
    let exposed =
        config::is_exposed(path).with_context(|| format!("reading {}", path.display()))?;
    if exposed {
        bail!(
            "{} can be read by others: run chmod 600 on it",
            path.display()
        );
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let secret = text.trim();
    if secret.is_empty() {
        bail!("{} is empty", path.display());
    }
    Ok(secret.to_owned())
}
