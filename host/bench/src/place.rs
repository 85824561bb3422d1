//! An engine over temporary folders, joined as `app` joins it, and the events and workflows put to it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_engine::{ClockMode, Config, Engine, NewInput, Parts, Position};
use signalbox_mail::{
    capture::Capture,
    smtp::{Config as SmtpConfig, Pool, PoolConfig, Security, Timeouts},
    transport::Transport,
};
use signalbox_model::{
    event::Event,
    id::{ContactId, EventId, EventName},
    time::Instant,
    workflow::{Action, Edit, Workflow},
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig, CatalogueEvent},
    engine::Engine as Sandbox,
    limits::Limits,
    toolchain,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{clock::machine_now, compile_command};

/// Longest wait for a state that must come.
pub const BOUND: Duration = Duration::from_mins(2);
/// Mails that the inbox on disk keeps, where a benchmark sends none.
const CAPTURED_MAX: usize = 1_000;

/// The folders of one engine, which outlive it.
pub struct Place {
    root: PathBuf,
    /// Removes the folder in the end; none where another process owns it.
    _kept: Option<TempDir>,
}

/// An engine that runs.
pub struct World {
    pub engine: Engine,
    pub catalogue: Arc<Catalogue>,
}

impl Place {
    /// A new folder with these plugins in it.
    pub fn new(plugins: &[&str]) -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let place = Self {
            root: kept.path().to_owned(),
            _kept: Some(kept),
        };
        fs::create_dir(place.plugins()).expect("the folder is made");
        for name in plugins {
            place.put_plugin(name, &component(name));
        }
        place
    }

    /// A folder that another process made and removes.
    pub fn at(root: PathBuf) -> Self {
        Self { root, _kept: None }
    }

    /// A copy as it lies there now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&self.root, kept.path());
        Self {
            root: kept.path().to_owned(),
            _kept: Some(kept),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// Puts a plugin in as an operator should: written beside, then renamed.
    pub fn put_plugin(&self, name: &str, bytes: &[u8]) {
        let new = self.plugins().join(format!(".{name}"));
        fs::write(&new, bytes).expect("the file is written");
        fs::rename(&new, self.plugins().join(name).with_extension("wasm"))
            .expect("the file is renamed");
    }

    /// The catalogue with all plugins of the folder loaded, and what it tells.
    pub fn catalogue(&self) -> (Catalogue, mpsc::Receiver<CatalogueEvent>) {
        let sandbox = Sandbox::new(Limits::default()).expect("a sandbox");
        let config = CatalogueConfig::new(
            self.plugins(),
            self.root.join("catalogue"),
            compile_command(),
        );
        let (tell, events) = mpsc::channel();
        let catalogue = Catalogue::open(Arc::new(sandbox), config, move |event| {
            // Nobody listens where the catalogue is measured alone.
            let _ = tell.send(event);
        });
        let catalogue = catalogue.expect("a catalogue");
        assert!(catalogue.wait_settled(BOUND), "the plugins are loaded");
        (catalogue, events)
    }

    /// Starts an engine that keeps its mails on disk.
    pub fn start(&self, runtime: &Runtime, clock: ClockMode) -> World {
        let inbox = Capture::open(&self.root.join("inbox"), CAPTURED_MAX).expect("an inbox");
        self.start_with(runtime, clock, Transport::Capture(inbox))
    }

    /// Starts an engine. Its queues are without bound, so that a benchmark is never told to come later.
    pub fn start_with(&self, runtime: &Runtime, clock: ClockMode, transport: Transport) -> World {
        let (catalogue, catalogue_events) = self.catalogue();
        let catalogue = Arc::new(catalogue);
        let mut config = Config::new(self.data());
        config.snapshot_every_s = 0;
        config.limits.queue_records_max = u64::MAX / 2;
        config.manual_start = machine_now();
        let parts = Parts {
            catalogue: Arc::clone(&catalogue),
            catalogue_events,
            transport,
            clock,
            runtime: runtime.handle().clone(),
        };
        let engine = Engine::start(config, parts).expect("the engine starts");
        World { engine, catalogue }
    }
}

impl World {
    /// Creates the workflow and starts it.
    pub async fn run(&self, document: Json) {
        let workflow: Workflow = serde_json::from_value(document).expect("the shape of a workflow");
        let id = workflow.id.clone();
        self.engine
            .put_workflow(workflow, None, Edit::Pin)
            .await
            .expect("the workflow is good");
        self.engine
            .transition(&id, Action::Start)
            .await
            .expect("it starts");
    }

    /// Accepts events as one batch.
    pub async fn accept(&self, events: Vec<Event>) -> Vec<Position> {
        let inputs = events.into_iter().map(NewInput::Event).collect();
        self.engine.accept(inputs).await.expect("they are accepted")
    }

    /// Waits until all of these are applied.
    pub async fn applied(&self, positions: &[Position]) {
        let mut last = std::collections::BTreeMap::new();
        for position in positions {
            let sequence = last.entry(position.partition).or_insert(0);
            *sequence = position.sequence.max(*sequence);
        }
        for (partition, sequence) in last {
            let position = Position {
                partition,
                sequence,
            };
            let applied = self.engine.applied(position, BOUND).await;
            assert!(
                applied.expect("the engine goes on"),
                "it is applied in time"
            );
        }
    }

    /// Stops cleanly.
    pub fn stop(self, runtime: &Runtime) {
        let Self { engine, catalogue } = self;
        runtime.block_on(engine.stop());
        drop((engine, catalogue));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("its entries can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}

/// A plugin as `cargo xtask plugins` built it, or built now.
pub fn component(name: &str) -> Vec<u8> {
    let this = std::env::current_exe().expect("a benchmark has a binary");
    let target = this
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .expect("a benchmark's binary lies in a target folder");
    let (folder, name_there) = match name.strip_prefix("hostile/") {
        Some(name) => ("plugins-hostile", name),
        None => ("plugins", name),
    };
    let file = Path::new(name_there).with_extension("wasm");
    for folder in [folder, "plugins-bench"] {
        if let Ok(bytes) = fs::read(target.join(folder).join(&file)) {
            return bytes;
        }
    }
    let built = tempfile::tempdir().expect("a temporary folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugins")
        .join(name);
    toolchain::build(&source, &built.path().join(&file), &Limits::default())
        .expect("the plugin builds");
    fs::read(built.path().join(&file)).expect("it is there")
}

/// SMTP to a server on this machine over at most that many connections, which are kept.
pub fn smtp(port: u16, connections_max: usize) -> Pool {
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        extra_roots: None,
        credentials: None,
        hello_name: "bench.example".to_owned(),
        timeouts: Timeouts::all(BOUND),
    };
    let pool = PoolConfig {
        connections_max,
        idle_max: BOUND,
        messages_per_connection_max: u32::MAX,
    };
    Pool::new(config, pool).expect("the settings of SMTP are good")
}

/// The order of that number, by that contact.
pub fn order(contact: u64, number: u64, at: Instant) -> Event {
    let contact = format!("contact-{contact}");
    let attributes = json!({ "email": format!("{contact}@example.com"), "country": "DE" });
    Event {
        contact: ContactId::parse(&contact).expect("an id"),
        name: EventName::parse("order_completed").expect("a name"),
        id: EventId::parse(&format!("order-{number}")).expect("an id"),
        occurred_at: at,
        fields: serde_json::from_value(json!({ "order": number, "value": 59.9, "items": 3 }))
            .expect("fields"),
        attributes: serde_json::from_value(attributes).expect("attributes"),
        history_only: false,
        source: None,
    }
}

/// A workflow that is asked about every order and lets nobody in.
pub fn listening(id: &str) -> Json {
    let mut document = waiting(id);
    document["trigger"]["config"] = json!({ "event": "order_completed", "key": "no_such_field" });
    document
}

/// A workflow that every contact enters once, to wait.
pub fn waiting(id: &str) -> Json {
    json!({
        "id": id,
        "title": "Waiting",
        "goal": "none",
        "entry": "once",
        "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
        "steps": [
            { "id": "pause", "wait": { "for": "1h" } },
            { "id": "mail", "send": { "template": "thanks", "class": "transactional" } },
        ],
        "templates": { "thanks": template() },
    })
}

/// A workflow that answers each order with a mail at once.
pub fn thanking(id: &str) -> Json {
    json!({
        "id": id,
        "title": "Thanks",
        "goal": "none",
        "entry": "once",
        "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
        "steps": [{ "id": "mail", "send": { "template": "thanks", "class": "transactional" } }],
        "templates": { "thanks": template() },
    })
}

fn template() -> Json {
    json!({
        "subject": "Order {{ event.order }}",
        "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Thank you for order {{ event.order }}, {{ event.items }} records.</mj-text><mj-button href=\"https://shop.example/new\">More of it</mj-button></mj-column></mj-section></mj-body></mjml>",
        "text": "Thank you for order {{ event.order }}, {{ event.items }} records.",
    })
}
