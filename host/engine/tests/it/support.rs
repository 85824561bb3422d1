//! An engine over temporary folders with the shipped plugins, and what tests say to it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_engine::{
    ClockMode, Config, Edge, Engine, EvidenceError, Hops, NewInput, Parts, Position,
    ReexecuteError, Reexecution, StartError, Told, evidence, reexecute,
};

use signalbox_mail::{capture::Capture, transport::Transport};
use signalbox_model::{
    event::Event,
    id::{ContactId, EventId, EventName, WorkflowId},
    time::Instant,
    workflow::{Action, Edit, Workflow},
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig, CatalogueEvent},
    compile,
    engine::Engine as Sandbox,
    limits::Limits,
    toolchain,
};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Longest wait for a state that must come; only reached when it does not.
pub(crate) const BOUND: Duration = Duration::from_mins(1);
/// Set in the process that this binary starts to compile plugins.
const CHILD: &str = "SIGNALBOX_TEST_COMPILES";

/// Not a test by itself: the catalogue starts this binary again, with this one selected, to compile.
#[test]
fn compiling_child() {
    if std::env::var_os(CHILD).is_some() {
        compile::child(std::io::stdin()).expect("the job is done");
    }
}

pub(crate) fn compile_command() -> Vec<OsString> {
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

/// A shipped plugin, or one of `hostile/`: as `cargo xtask plugins` built it, or built now.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let this = std::env::current_exe().expect("a test has a binary");
    let target = this
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .expect("a test's binary lies in a target folder");
    let (folder, file) = match name.strip_prefix("hostile/") {
        Some(name) => ("plugins-hostile", name),
        None => ("plugins", name),
    };
    let file = Path::new(file).with_extension("wasm");
    if let Ok(bytes) = fs::read(target.join(folder).join(&file)) {
        return bytes;
    }
    let built = target
        .join("engine-tests")
        .join(format!("{}-{name}", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugins")
        .join(name);
    toolchain::build(&source, &built.join(&file), &Limits::default()).expect("the plugin builds");
    let bytes = fs::read(built.join(&file)).expect("it is there");
    fs::remove_dir_all(&built).expect("what was built here is removed");
    bytes
}

/// The same plugin with other text of the same length in its code: another version, another schema.
pub(crate) fn exchanged(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    assert_eq!(
        from.len(),
        to.len(),
        "only bytes of the same count can be exchanged"
    );
    let mut changed = component.to_vec();
    for at in 1..changed.len() - from.len() {
        // Versions of the contract stand behind an `@`.
        if changed[at..].starts_with(from) && changed[at - 1] != b'@' {
            changed[at..at + to.len()].copy_from_slice(to);
        }
    }
    changed
}

/// The folders of one engine, which outlive it.
pub(crate) struct Place {
    root: TempDir,
    /// The partitions of its store.
    pub(crate) partitions: u16,
    pub(crate) clock: ClockMode,
    pub(crate) configure: fn(&mut Config),
    /// Who listens at the hops of its engines.
    pub(crate) hops: Hops,
}

/// An engine that runs.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) place: Place,
}

impl Place {
    /// With these plugins in its folder.
    pub(crate) fn new(plugins: &[&str]) -> Self {
        let place = Self {
            root: tempfile::tempdir().expect("a temporary folder"),
            partitions: 2,
            clock: ClockMode::Manual,
            configure: |_| {},
            hops: Hops::default(),
        };
        fs::create_dir(place.plugins()).expect("the folder is made");
        for name in plugins {
            place.put_plugin(name, &component(name));
        }
        place
    }

    pub(crate) fn plugins(&self) -> PathBuf {
        self.root.path().join("plugins")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub(crate) fn put_plugin(&self, name: &str, bytes: &[u8]) {
        let new = self.plugins().join(format!(".{name}"));
        fs::write(&new, bytes).expect("the file is written");
        fs::rename(&new, self.plugins().join(name).with_extension("wasm"))
            .expect("the file is renamed");
    }

    /// A place with a copy of the data, as a crash at this instant would leave them.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self {
            root: tempfile::tempdir().expect("a temporary folder"),
            hops: Hops::default(),
            ..*self
        };
        copy_folder(self.root.path(), copy.root.path());
        copy
    }

    pub(crate) fn try_start(&self) -> Result<(Engine, Arc<Catalogue>), StartError> {
        let (config, parts) = self.parts();
        let catalogue = Arc::clone(&parts.catalogue);
        tokio::task::block_in_place(|| Engine::start(config, parts))
            .map(|engine| (engine, catalogue))
    }

    /// Asks the rules again what the log says they were asked.
    pub(crate) fn reexecute(&self) -> Result<Reexecution, ReexecuteError> {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (config, parts) = self.parts();
        tokio::task::block_in_place(|| reexecute(config, parts, scratch.path()))
    }

    /// Asks again what was asked about one contact.
    pub(crate) fn evidence(&self, contact: &ContactId) -> Result<Told, EvidenceError> {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (config, catalogue) = self.for_a_simulation();
        tokio::task::block_in_place(|| evidence(config, catalogue, scratch.path(), contact))
    }

    /// What a simulation needs of it; the data folder is its own.
    pub(crate) fn for_a_simulation(&self) -> (Config, Arc<Catalogue>) {
        let (catalogue, _events) = self.catalogue();
        (self.config(), catalogue)
    }

    fn config(&self) -> Config {
        let mut config = Config::new(self.data());
        config.partitions = self.partitions;
        config.store_cache_bytes = 16 << 20;
        config.snapshot_every_s = 0;
        config.manual_start = instant("2026-03-01T09:00:00Z");
        config.faults.hops = self.hops.clone();
        (self.configure)(&mut config);
        config
    }

    fn catalogue(&self) -> (Arc<Catalogue>, mpsc::Receiver<CatalogueEvent>) {
        let sandbox = Sandbox::new(Limits {
            instances: 4,
            ..Limits::default()
        });
        let (tell, events) = mpsc::channel();
        let catalogue = Catalogue::open(
            Arc::new(sandbox.expect("a sandbox")),
            CatalogueConfig::new(
                self.plugins(),
                self.root.path().join("catalogue"),
                compile_command(),
            ),
            move |event| {
                // The engine may have stopped listening.
                let _ = tell.send(event);
            },
        );
        let catalogue = Arc::new(catalogue.expect("a catalogue"));
        assert!(catalogue.wait_settled(BOUND), "the plugins are loaded");
        (catalogue, events)
    }

    fn parts(&self) -> (Config, Parts) {
        let (catalogue, catalogue_events) = self.catalogue();
        let inbox = Capture::open(&self.root.path().join("inbox"), 10_000).expect("an inbox");
        let config = self.config();
        let parts = Parts {
            catalogue,
            catalogue_events,
            transport: Transport::Capture(inbox),
            clock: self.clock,
            runtime: Handle::current(),
        };
        (config, parts)
    }

    pub(crate) fn start(self) -> World {
        let (engine, catalogue) = self.try_start().expect("the engine starts");
        World {
            engine,
            catalogue,
            place: self,
        }
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
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

/// Has each partition's thread stand before so many commits more, its own count, from when it is armed until it is
/// dropped: what a copy of the files then holds is of one instant.
pub(crate) struct Standstill {
    commits_left: Arc<Mutex<Option<BTreeMap<String, u32>>>>,
    stands: mpsc::Receiver<()>,
    _release: mpsc::Sender<()>,
}

impl Standstill {
    pub(crate) fn new() -> (Self, Hops) {
        let commits_left = Arc::new(Mutex::new(None));
        let (stood, stands) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let counted = Arc::clone(&commits_left);
        let hops = Hops::heard_by(move |hop| {
            if hop == "commit" && is_last(&counted) {
                let _ = stood.send(());
                // Nothing is ever sent.
                let _ = released
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv();
            }
        });
        let this = Self {
            commits_left,
            stands,
            _release: release,
        };
        (this, hops)
    }

    pub(crate) fn arm<const N: usize>(&self, commits: [(&str, u32); N]) {
        let commits = commits.map(|(thread, count)| (thread.to_owned(), count));
        *self
            .commits_left
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(commits.into());
    }

    pub(crate) fn wait(&self, partitions: usize) {
        for _ in 0..partitions {
            self.stands
                .recv_timeout(BOUND)
                .expect("each partition comes to its commit");
        }
    }
}

/// Whether this thread's commits are used up with this one.
fn is_last(commits_left: &Mutex<Option<BTreeMap<String, u32>>>) -> bool {
    let mut armed = commits_left.lock().unwrap_or_else(PoisonError::into_inner);
    let this = thread::current();
    let Some(left) = armed
        .as_mut()
        .zip(this.name())
        .and_then(|(armed, name)| armed.get_mut(name))
    else {
        return false;
    };
    *left = left.saturating_sub(1);
    *left == 0
}

/// The store finds that the machine was started anew since it was opened.
pub(crate) fn restart_machine(store: &Path) {
    let running = store.join("running");
    if running.exists() {
        let json = r#"{"boot":"another"}"#;
        let text = format!("{json}\ncrc32c {:08x}\n", crc32c(json.as_bytes()));
        fs::write(running, text).expect("it is written");
    }
}

/// The checksum of the store's documents, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

impl World {
    /// With the plugins that most tests need.
    pub(crate) fn new() -> Self {
        Place::new(&["event", "audience"]).start()
    }

    /// Stops cleanly and starts again.
    pub(crate) async fn restarted(self) -> Self {
        let place = self.stopped().await;
        place.start()
    }

    pub(crate) async fn stopped(self) -> Place {
        let Self {
            engine,
            catalogue,
            place,
        } = self;
        engine.stop().await;
        drop((engine, catalogue));
        place
    }

    /// Creates the workflow and starts it.
    pub(crate) async fn run(&self, document: Json) {
        let workflow = workflow(document);
        let id = workflow.id.clone();
        self.engine
            .put_workflow(workflow, None, Edit::Pin)
            .await
            .expect("the workflow is good");
        self.action(id.as_str(), Action::Start).await;
    }

    pub(crate) async fn action(&self, workflow: &str, action: Action) {
        let id = WorkflowId::parse(workflow).expect("an id");
        self.engine
            .transition(&id, action)
            .await
            .expect("the state allows it");
    }

    /// Accepts one event and waits until all that follows from it at this instant has happened.
    pub(crate) async fn event(&self, contact: &str, name: &str, fields: Json) -> Position {
        let position = self.accept(event(contact, name, fields, self.now())).await;
        self.settle().await;
        position
    }

    pub(crate) async fn accept(&self, event: Event) -> Position {
        let accepted = self.engine.accept(vec![NewInput::Event(event)]).await;
        accepted.expect("the event is accepted")[0]
    }

    pub(crate) async fn settle(&self) {
        let clock = self
            .engine
            .clock()
            .expect("it runs")
            .expect("its clock is manual");
        let settled = tokio::time::timeout(BOUND, clock.settle()).await;
        settled
            .expect("everything settles")
            .expect("the engine goes on");
    }

    pub(crate) async fn advance(&self, to: &str) {
        let clock = self
            .engine
            .clock()
            .expect("it runs")
            .expect("its clock is manual");
        let advanced =
            tokio::time::timeout(BOUND, clock.advance_to(instant(to), Edge::Through)).await;
        advanced
            .expect("everything settles")
            .expect("the engine goes on");
    }

    pub(crate) fn now(&self) -> Instant {
        self.engine.now().expect("it runs")
    }

    /// The captured mails, the oldest first: to and subject.
    pub(crate) fn mails(&self) -> Vec<String> {
        let inbox = self.engine.inbox().expect("mails are captured");
        let page = inbox.list(None, 200).expect("the inbox can be read");
        let mut mails: Vec<String> = page
            .messages
            .iter()
            .map(|mail| format!("{} {}", mail.to, mail.subject))
            .collect();
        mails.reverse();
        mails
    }

    /// What happened to the contact, a line a fact.
    pub(crate) async fn facts(&self, contact: &str) -> Vec<String> {
        let contact = ContactId::parse(contact).expect("an id");
        let facts = self
            .engine
            .facts(&contact, None, 1_000)
            .await
            .expect("they can be read");
        facts
            .iter()
            .map(|stored| fact_in_words(&stored.fact.what))
            .collect()
    }

    /// Everything that is kept, as canonical text.
    pub(crate) async fn export(self) -> (String, Place) {
        let place = self.stopped().await;
        (export(&place), place)
    }
}

/// Everything that a stopped engine's store holds.
pub(crate) fn export(place: &Place) -> String {
    let config = signalbox_store::Config::new(
        &place.data().join("store"),
        place.partitions,
        Instant::from_ms(0),
    );
    let store = signalbox_store::Store::open(&config).expect("the store opens");
    let mut text = Vec::new();
    store.export(&mut text).expect("it exports");
    store.close_clean().expect("it closes");
    String::from_utf8(text).expect("it is text")
}

pub(crate) fn fact_in_words(what: &signalbox_model::fact::FactKind) -> String {
    use signalbox_model::fact::FactKind::{
        ApprovalDecided, ArmAssigned, ArmChosen, ArmConverted, ArmDropped, ArmTaken, Armed,
        ChosenArmConverted, Converted, Disarmed, JourneyCompleted, JourneyEntered, JourneyExited,
        Jumped, MessageDeferred, MessageHeld, MessageInDoubt, MessageQueued, MessageRefused,
        MessageSent, MessageSkipped, Migrated, NotEntered, OfferSent, RuleDecided, SegmentEntered,
        SegmentLeft, StepReached, StepSkipped, Updated, WaitStarted, WebhookQueued, ZoneTaken,
    };
    match what {
        RuleDecided(decision) => format!(
            "{}: {} ({})",
            decision.slot, decision.answer, decision.reason
        ),
        Armed(_, at) => format!("armed for {at}"),
        Disarmed(_, by) => format!("disarmed by {by}"),
        ArmDropped(_, reason) => format!("arm dropped: {reason}"),
        JourneyEntered(_) => "entered".to_owned(),
        NotEntered(reason) => format!("not entered: {reason}"),
        StepReached(step) => format!("step {step}"),
        WaitStarted(_, until) => format!("waits until {until}"),
        ArmTaken(_, arm) => arm.map_or_else(
            || "takes the default arm".to_owned(),
            |arm| format!("takes arm {arm}"),
        ),
        MessageQueued(..) => "queued".to_owned(),
        MessageSent(..) => "sent".to_owned(),
        MessageSkipped(_, _, reason) => format!("skipped: {reason}"),
        MessageRefused(_, _, reason) => format!("refused: {reason}"),
        MessageDeferred(_, _, until, reason) => format!("deferred until {until}: {reason}"),
        MessageInDoubt(_, _, again) => {
            format!("in doubt, {}", if *again { "again" } else { "held" })
        }
        JourneyCompleted => "completed".to_owned(),
        Updated(step, changes) => format!("{step} updated {}", changes.join(" ")),
        Jumped(from, to, event) => format!("jumped from {from} to {to} by {event}"),
        StepSkipped(step) => format!("{step} passed over"),
        ApprovalDecided(step, decision, actor, _) => format!("{step} {decision} by {actor}"),
        WebhookQueued(step, _) => format!("{step} calls"),
        Migrated(from, _) => format!("moved from version {from}"),
        ArmAssigned(step, arm) => format!("{step} gave {arm}"),
        ArmConverted(step, arm) => format!("{step} converted in {arm}"),
        ArmChosen(step, arm, chance) => format!("{step} gave {arm} at {chance}"),
        ChosenArmConverted(step, arm, chance) => format!("{step} converted in {arm} at {chance}"),
        MessageHeld(step, _, until, reason) => format!("{step} held until {until}: {reason}"),
        Converted(conversion) => format!("{} converted by {}", conversion.step, conversion.event),
        ZoneTaken(step, zone, source) => format!("{step} goes by {zone} ({source})"),
        OfferSent(step, _, offer) => format!("{step} offered {} for {}", offer.arm, offer.cost),
        SegmentEntered(_) => "came in".to_owned(),
        SegmentLeft(_) => "left".to_owned(),
        JourneyExited(reason) => format!("exited: {reason}"),
    }
}

pub(crate) fn instant(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

pub(crate) fn event(contact: &str, name: &str, fields: Json, at: Instant) -> Event {
    // An id of its own for what is said, so that saying it twice is a repetition.
    let id = format!("{name}-{at}-{fields}");
    let email = format!("{contact}@example.com");
    Event {
        contact: ContactId::parse(contact).expect("an id"),
        name: EventName::parse(name).expect("a name"),
        id: EventId::parse(&id).expect("an id"),
        occurred_at: at,
        fields: serde_json::from_value(fields).expect("fields"),
        attributes: serde_json::from_value(json!({ "email": email })).expect("attributes"),
        history_only: false,
        source: None,
    }
}

pub(crate) fn workflow(document: Json) -> Workflow {
    serde_json::from_value(document).expect("the shape of a workflow")
}

/// Thanks for every order, at once.
pub(crate) fn thanks() -> Json {
    json!({
        "id": "thanks",
        "title": "Thanks",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
        "steps": [{"id": "mail", "send": {"template": "thanks", "class": "transactional"}}],
        "templates": {"thanks": template("Order {{ event.order }}")},
    })
}

/// Waits a day, then writes to those who spent over 100 otherwise than to the rest.
pub(crate) fn follow_up() -> Json {
    json!({
        "id": "follow_up",
        "title": "Follow up",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
        "steps": [
            {"id": "pause", "wait": {"for": "1d"}},
            {"id": "fork", "branch": {
                "arms": [{"segment": {"plugin": "audience", "config": big_spender()}, "goto": "big"}],
                "otherwise": "small",
            }},
            {"id": "big", "send": {"template": "big"}},
            {"id": "end", "exit": {"reason": "big_told"}},
            {"id": "small", "send": {"template": "small"}},
        ],
        "templates": {"big": template("Big"), "small": template("Small")},
    })
}

pub(crate) fn big_spender() -> Json {
    let orders = json!({"event": "order_completed"});
    json!({"sum": {"of": orders, "field": "value", "operator": "gt", "value": 100}})
}

pub(crate) fn template(subject: &str) -> Json {
    json!({
        "subject": subject,
        "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>",
    })
}
