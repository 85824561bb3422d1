//! HTTP to the server, with its status and its JSON as they come.
//!
//! Stories and tests call it. It never takes a refusal for an error of its own: what the server answers is a value.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value as Json, json};

/// Longest wait for one answer. Winding a clock over a long story takes the longest.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);

/// A server and a key.
#[derive(Debug, Clone)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// `null` where the answer has no body or another than JSON.
    pub body: Json,
    /// Seconds of the header `Retry-After`.
    pub retry_after_s: Option<u64>,
    /// The body as it came.
    pub text: String,
}

impl Api {
    /// `base` without a slash at its end.
    pub fn new(base: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_WITHIN))
            .build()
            .new_agent();
        Self {
            agent,
            base: base.to_owned(),
            authorization: format!("Bearer {key}"),
        }
    }

    /// The server's own address.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn get(&self, path: &str) -> Result<Answer> {
        let request = self.agent.get(self.url(path));
        self.read(
            path,
            request.header("authorization", &self.authorization).call(),
        )
    }

    pub fn delete(&self, path: &str) -> Result<Answer> {
        let request = self.agent.delete(self.url(path));
        self.read(
            path,
            request.header("authorization", &self.authorization).call(),
        )
    }

    pub fn post(&self, path: &str, body: &Json) -> Result<Answer> {
        self.send(self.agent.post(self.url(path)), path, body)
    }

    pub fn put(&self, path: &str, body: &Json) -> Result<Answer> {
        self.send(self.agent.put(self.url(path)), path, body)
    }

    /// Puts what is CSV.
    pub fn put_csv(&self, path: &str, text: &str) -> Result<Answer> {
        let request = self.agent.put(self.url(path));
        self.read(
            path,
            request
                .header("authorization", &self.authorization)
                .header("content-type", "text/csv")
                .send(text),
        )
    }

    pub fn patch(&self, path: &str, body: &Json) -> Result<Answer> {
        self.send(self.agent.patch(self.url(path)), path, body)
    }

    /// Winds the manual clock; `edge` is `through` or `before`. Everything due has then happened.
    pub fn wind(&self, to: &str, edge: &str) -> Result<()> {
        let body = json!({ "advance_to": to, "edge": edge });
        self.post("/v1/clock", &body)?.good("winding the clock")?;
        Ok(())
    }

    /// Where the clock stands.
    pub fn now(&self) -> Result<String> {
        let body = self.get("/v1/clock")?.good("reading the clock")?;
        let now = body["clock"]["now"].as_str();
        now.map(str::to_owned).context("the clock says no time")
    }

    /// Waits until everything accepted so far has been applied and handed over; the manual clock stays where it is.
    pub fn settle(&self) -> Result<()> {
        let now = self.now()?;
        self.wind(&now, "through")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn send(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        path: &str,
        body: &Json,
    ) -> Result<Answer> {
        let request = request
            .header("authorization", &self.authorization)
            .header("content-type", "application/json");
        self.read(path, request.send(body.to_string()))
    }

    fn read(
        &self,
        path: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer> {
        let mut response = sent.with_context(|| format!("asking {}", self.url(path)))?;
        let retry_after = response.headers().get("retry-after");
        let retry_after_s = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(256 * 1024 * 1024)
            .read_to_string()
            .with_context(|| format!("reading the answer of {}", self.url(path)))?;
        Ok(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Json::Null),
            retry_after_s,
            text,
        })
    }
}

impl Answer {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a 2xx; anything else as an error.
    pub fn good(self, tried: &str) -> Result<Json> {
        if self.is_good() {
            return Ok(self.body);
        }
        bail!("{tried}: {}", self.refusal())
    }

    /// What the error envelope says, on one line.
    pub fn refusal(&self) -> String {
        let error = &self.body["error"];
        let (Some(code), Some(message)) = (error["code"].as_str(), error["message"].as_str())
        else {
            return format!("{} without an envelope: {}", self.status, self.text);
        };
        let mut text = format!("{code}: {message}");
        let problems = error["problems"].as_array().map(Vec::as_slice);
        for problem in problems.unwrap_or_default() {
            let part = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            text = format!("{text}; {} {}", part("pointer"), part("reason"));
        }
        text
    }
}
