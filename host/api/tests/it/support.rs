//! A server over temporary folders, and what tests ask of it.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use serde_json::{Value as Json, json};
use signalbox_api::{
    App,
    bodies::Bodies,
    connections,
    keys::{Keyring, Role},
};
use signalbox_engine::{ClockMode, Config, Engine, Parts};
use signalbox_mail::{capture::Capture, transport::Transport};
use signalbox_model::time::Instant;
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig},
    compile,
    engine::Engine as Sandbox,
    limits::Limits,
    trust::Trust,
};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tower::ServiceExt;

/// Longest wait for a state that must come; only reached when it does not.
pub(crate) const BOUND: Duration = Duration::from_mins(1);
/// Longest answer that a test reads, in bytes.
const REPLY_BYTES_MAX: usize = 16 << 20;
/// Set in the process that this binary starts to compile plugins.
const CHILD: &str = "SIGNALBOX_TEST_COMPILES";
/// Where the clock of every test begins.
pub(crate) const NOW: &str = "2026-03-01T09:00:00Z";

/// Not a test by itself: the catalogue starts this binary again, with this one selected, to compile.
#[test]
fn compiling_child() {
    if std::env::var_os(CHILD).is_some() {
        compile::child(std::io::stdin()).expect("the job is done");
    }
}

fn compile_command() -> Vec<OsString> {
    let this = std::env::current_exe().expect("a test has a binary");
    let words = [
        "env".into(),
        format!("{CHILD}=1").into(),
        this.into_os_string(),
        "support::compiling_child".into(),
        "--exact".into(),
        "--nocapture".into(),
    ];
    words.into()
}

/// A shipped plugin as `cargo xtask plugins` built it.
fn component(name: &str) -> Vec<u8> {
    let this = std::env::current_exe().expect("a test has a binary");
    let target = this
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .expect("a test's binary lies in a target folder");
    let file = target.join("plugins").join(name).with_extension("wasm");
    match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) => panic!(
            "{}: {error}; run `cargo xtask plugins` first",
            file.display()
        ),
    }
}

/// A server that runs, with a key of each role.
pub(crate) struct World {
    router: Router,
    pub(crate) engine: Engine,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) admin: String,
    pub(crate) read: String,
    pub(crate) ingest: String,
    pub(crate) catalogue: Arc<Catalogue>,
    root: TempDir,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body as JSON, after a look at the status.
    pub(crate) fn expect(&self, status: u16) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header is there");
        value.to_str().expect("a header in ASCII")
    }

    /// Status, code, place and message in one line; checks that it is the error envelope.
    pub(crate) fn error_line(&self) -> String {
        let body = self.json();
        let error = &body["error"];
        let word = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
        assert_eq!(
            body.as_object().map(serde_json::Map::len),
            Some(1),
            "{body}"
        );
        assert!(error["code"].is_string() && error["message"].is_string());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json");
        format!(
            "{} {} at {:?}: {}",
            self.status.as_u16(),
            word("code"),
            word("field"),
            word("message")
        )
    }
}

/// Status and body; of a refusal its line, and a line for each of its problems.
pub(crate) fn told(reply: &Reply) -> String {
    if reply.text.is_empty() {
        return reply.status.as_u16().to_string();
    }
    let body = reply.json();
    if reply.status.is_success() {
        return format!("{} {body}", reply.status.as_u16());
    }
    let problems = body["error"]["problems"].as_array().into_iter().flatten();
    let problems = problems.map(|problem| {
        let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        format!(
            "\n  {} {}: {}",
            word("pointer"),
            word("code"),
            word("reason")
        )
    });
    format!("{}{}", reply.error_line(), problems.collect::<String>())
}

/// A request from this machine that names another host, as a proxy would pass it on.
pub(crate) fn request(method: &str, path: &str) -> Builder {
    let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "signalbox.example")
        .extension(ConnectInfo(peer))
}

impl World {
    /// Without any plugin.
    pub(crate) fn new() -> Self {
        Self::with(&[], |_| {})
    }

    /// With these plugins and settings.
    pub(crate) fn with(plugins: &[&str], configure: impl FnOnce(&mut Config)) -> Self {
        Self::on_clock(ClockMode::Manual, plugins, configure)
    }

    /// The same on another clock.
    pub(crate) fn on_clock(
        clock: ClockMode,
        plugins: &[&str],
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        Self::opened(clock, plugins, Trust::default(), configure)
    }

    /// With these plugins and a policy.
    pub(crate) fn trusting(plugins: &[&str], trust: Trust) -> Self {
        Self::opened(ClockMode::Manual, plugins, trust, |_| {})
    }

    fn opened(
        clock: ClockMode,
        plugins: &[&str],
        trust: Trust,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("plugins");
        fs::create_dir(&folder).expect("the folder is made");
        for name in plugins {
            let file = folder.join(name).with_extension("wasm");
            fs::write(file, component(name)).expect("the file is written");
        }
        let (engine, catalogue) = start(root.path(), folder, clock, trust, configure);
        let keys = Keyring::open(root.path().join("keys.json")).expect("a key file");
        let made = |role: Role| {
            let made = keys.create(role.as_str(), role, Instant::from_ms(0));
            made.expect("a key is made").1
        };
        let (admin, read, ingest) = (made(Role::Admin), made(Role::Read), made(Role::Ingest));
        let keys = Arc::new(keys);
        let router = signalbox_api::router(app(&engine, &keys, connections::Limits::default()));
        Self {
            router,
            engine,
            keys,
            admin,
            read,
            ingest,
            catalogue,
            root,
        }
    }

    /// A plugin's file.
    pub(crate) fn plugin(&self, name: &str) -> PathBuf {
        self.root
            .path()
            .join("plugins")
            .join(name)
            .with_extension("wasm")
    }

    /// What a server over sockets needs, with these bounds on its connections.
    pub(crate) fn app(&self, connections: connections::Limits) -> App {
        app(&self.engine, &self.keys, connections)
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let answered = tokio::time::timeout(BOUND, self.router.clone().oneshot(request)).await;
        let response = answered
            .expect("it is answered in time")
            .expect("it is answered");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, REPLY_BYTES_MAX).await.expect("a short body");
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("text"),
        }
    }

    /// Sends a body, declared as JSON, with the admin's key.
    pub(crate) async fn send_body(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let request = self
            .by_admin(method, path)
            .header(header::CONTENT_TYPE, "application/json");
        let body = Body::from(body.into());
        self.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Json) -> Reply {
        self.send_body("POST", path, body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Json) -> Reply {
        self.send_body("PUT", path, body.to_string()).await
    }

    /// Puts a body that is declared as something.
    pub(crate) async fn put_as(&self, path: &str, declared: &str, body: &str) -> Reply {
        let request = self
            .by_admin("PUT", path)
            .header(header::CONTENT_TYPE, declared);
        let body = Body::from(body.to_owned());
        self.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Json) -> Reply {
        self.send_body("PATCH", path, body.to_string()).await
    }

    /// Asks with the admin's key and without a body.
    pub(crate) async fn ask(&self, method: &str, path: &str) -> Reply {
        let request = self.by_admin(method, path).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path).await
    }

    fn by_admin(&self, method: &str, path: &str) -> Builder {
        request(method, path).header(header::AUTHORIZATION, format!("Bearer {}", self.admin))
    }

    /// Waits until everything that follows from what was accepted has happened.
    pub(crate) async fn settle(&self) {
        let now = self.get("/v1/clock").await.expect(200)["clock"]["now"].clone();
        let settled = self.post("/v1/clock", json!({ "advance_to": now })).await;
        settled.expect(200);
    }

    /// The file that the keys are kept in.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.root.path().join("keys.json")
    }

    /// The last sequences that are durable, by partition: they stand still while nothing is logged.
    pub(crate) async fn durable(&self) -> Json {
        self.get("/v1/status").await.expect(200)["status"]["durable"].clone()
    }

    /// How often each event was seen.
    pub(crate) async fn seen(&self) -> Vec<String> {
        let schema = self.get("/v1/schema").await.expect(200);
        let events = schema["schema"]["events"].as_object().expect("an object");
        let lines = events.iter();
        lines
            .map(|(name, seen)| format!("{name} {}", seen["count"]))
            .collect()
    }

    /// Stops cleanly; fails if something was left undone.
    pub(crate) async fn stop(self) {
        let status = self.engine.status().await.expect("it runs");
        assert_eq!((status.failed, status.inputs.parked), (None, 0));
        self.engine.stop().await;
        let Self { catalogue, .. } = self;
        let dropped = tokio::task::spawn_blocking(move || drop(catalogue)).await;
        dropped.expect("its threads end");
    }
}

fn app(engine: &Engine, keys: &Arc<Keyring>, connections: connections::Limits) -> App {
    App {
        engine: engine.clone(),
        keys: Arc::clone(keys),
        rule_limits: Arc::new(Limits::default()),
        connections,
        bodies: Bodies::new(&connections),
    }
}

fn start(
    root: &Path,
    plugins: PathBuf,
    clock: ClockMode,
    trust: Trust,
    configure: impl FnOnce(&mut Config),
) -> (Engine, Arc<Catalogue>) {
    let sandbox = Sandbox::new(Limits {
        instances: 4,
        ..Limits::default()
    });
    let (tell, events) = mpsc::channel();
    let catalogue = Catalogue::open(
        Arc::new(sandbox.expect("a sandbox")),
        CatalogueConfig {
            trust,
            ..CatalogueConfig::new(plugins, root.join("catalogue"), compile_command())
        },
        move |event| {
            // The engine may have stopped listening.
            let _ = tell.send(event);
        },
    );
    let catalogue = Arc::new(catalogue.expect("a catalogue"));
    assert!(catalogue.wait_settled(BOUND), "the plugins are loaded");
    let inbox = Capture::open(&root.join("inbox"), 10_000).expect("an inbox");
    let mut config = Config::new(root.join("data"));
    config.partitions = 2;
    config.store_cache_bytes = 16 << 20;
    config.snapshot_every_s = 0;
    config.manual_start = Instant::parse(NOW).expect("an instant");
    configure(&mut config);
    let parts = Parts {
        catalogue: Arc::clone(&catalogue),
        catalogue_events: events,
        transport: Transport::Capture(inbox),
        clock,
        runtime: Handle::current(),
    };
    let engine = tokio::task::block_in_place(|| Engine::start(config, parts));
    (engine.expect("the engine starts"), catalogue)
}

/// An event of that contact.
pub(crate) fn event(contact: &str, name: &str) -> Json {
    json!({ "contact": contact, "name": name })
}

/// Thanks for every order, at once.
pub(crate) fn thanks() -> Json {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>";
    json!({
        "id": "thanks",
        "title": "Thanks",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
        "steps": [{"id": "mail", "send": {"template": "thanks", "class": "transactional"}}],
        "templates": {"thanks": {"subject": "Order {{ event.order }}", "mjml": mjml}},
    })
}
