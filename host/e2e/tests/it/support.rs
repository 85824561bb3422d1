//! What the tests share: a workflow or two, events, and looks at what came of them.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex},
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_e2e::{http::Api, server::Home, smtp::Sink, story::tell};

/// Where manual clocks begin.
pub(crate) const START: &str = "2026-03-02T09:00:00Z";

/// A home whose mail goes to the sink, on a manual clock.
pub(crate) fn home(sink: &Sink) -> Home {
    let mut home = Home::new().unwrap();
    home.smtp(sink.port()).manual_clock(START);
    home
}

/// A workflow that an event begins; `steps` send the template `note`.
pub(crate) fn on_event(id: &str, event: &str, steps: &Json) -> Json {
    json!({
        "id": id,
        "title": id,
        "goal": "none",
        "trigger": { "plugin": "event", "config": { "event": event, "key": "key" } },
        "entry": "every",
        "steps": steps,
        "templates": { "note": note(&format!("{id} {{{{ event.key }}}}")) },
    })
}

/// A template of a few words.
pub(crate) fn note(subject: &str) -> Json {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>A note.</mj-text></mj-column></mj-section></mj-body></mjml>";
    json!({ "subject": subject, "mjml": mjml, "text": "A note.\n" })
}

/// One send of the template `note`.
pub(crate) fn send(id: &str, class: &str) -> Json {
    json!({ "id": id, "send": { "template": "note", "class": class } })
}

/// Creates a workflow and starts it.
pub(crate) fn start(api: &Api, document: &Json) {
    let path = format!("/v1/workflows/{}", document["id"].as_str().unwrap());
    api.put(&path, document)
        .unwrap()
        .good("creating a workflow")
        .unwrap();
    api.post(&format!("{path}/start"), &json!({}))
        .unwrap()
        .good("starting it")
        .unwrap();
}

/// Posts an event whose id and key are the same, and sets the address `CONTACT@example.com` along with it.
pub(crate) fn post(api: &Api, contact: &str, event: &str, key: &str) {
    let body = json!({
        "contact": contact, "name": event, "id": key,
        "fields": { "key": key }, "attributes": { "email": format!("{contact}@example.com") },
    });
    api.post("/v1/events", &body)
        .unwrap()
        .good("posting an event")
        .unwrap();
}

/// What happened to a contact, without the instants.
pub(crate) fn log(api: &Api, contact: &str) -> Vec<String> {
    let path = format!("/v1/contacts/{contact}/journeys");
    let body = api.get(&path).unwrap().good("reading journeys").unwrap();
    assert!(body["next"].is_null(), "{contact} has more than one page");
    let lines = tell::log(&body, "");
    lines
        .into_iter()
        .map(|line| line[20..].to_owned())
        .collect()
}

/// The lines of a log that speak of messages that were not simply queued.
pub(crate) fn outcomes(api: &Api, contact: &str) -> Vec<String> {
    let speaks = |line: &String| line.contains(": message ") && !line.contains("message queued");
    let of_message = |line: String| line.split_once(": message ").unwrap().1.to_owned();
    log(api, contact)
        .into_iter()
        .filter(speaks)
        .map(of_message)
        .collect()
}

/// A store's export: its lines by kind.
pub(crate) fn export(home: &Home) -> BTreeMap<String, Vec<Json>> {
    let text = home.succeed(&["store", "export"]).unwrap();
    let mut kinds: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in text.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let kind = line["kind"].as_str().unwrap().to_owned();
        kinds.entry(kind).or_default().push(line);
    }
    kinds
}

/// Numbers that look random and come again with the same seed (xorshift64*, Marsaglia 2003).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % end
    }
}

/// Whether a load still goes on, and how fast.
#[derive(Default)]
pub(crate) struct Pace {
    is_over: Mutex<bool>,
    ended: Condvar,
}

impl Pace {
    pub(crate) fn is_over(&self) -> bool {
        *self.is_over.lock().unwrap()
    }

    /// Until the load ends, at most that long: so fast and no faster it posts.
    pub(crate) fn rest(&self, at_most: Duration) {
        let guard = self.is_over.lock().unwrap();
        let rested = self
            .ended
            .wait_timeout_while(guard, at_most, |is_over| !*is_over);
        drop(rested.unwrap());
    }

    pub(crate) fn end(&self) {
        *self.is_over.lock().unwrap() = true;
        self.ended.notify_all();
    }
}

/// Ends the load when it goes out of scope, so that a failed assertion fails the test instead of hanging it.
pub(crate) struct Ends<'a>(pub(crate) &'a Pace);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
