//! What it costs to take events in: inside the engine with 256 in flight, and over HTTP with one event a request.
//!
//! What was accepted is applied meanwhile, as in a server, and each sample ends only when all of it is, so that no
//! sample pays for the one before; the time after the last answer is not counted.

use std::{
    cell::OnceCell,
    fs::File,
    future::Future,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use criterion::{Criterion, Throughput};
use signalbox_api::{
    App,
    bodies::Bodies,
    connections,
    events::{AcceptedEvent, EventAccepted, EventDocument},
    keys::{Keyring, Role},
};
use signalbox_bench::{
    clock::{machine_now, process_now},
    http::Client,
    place::{BOUND, Place, World, order},
};
use signalbox_engine::{ClockMode, NewInput, Position};
use signalbox_journal::{Entry, Journal};
use signalbox_model::{
    codec,
    event::Event,
    id::{ContactId, EventId},
    record::Record,
};
use signalbox_rules::limits::Limits;
use tokio::{net::TcpListener, runtime::Runtime, task::JoinSet};

/// Events in flight inside the engine.
const IN_FLIGHT: u64 = 256;
/// Connections, each with one request in flight.
const CONNECTIONS: u64 = 64;
/// Contacts that the events are of.
const CONTACTS: u64 = 10_000;
/// Partitions of the bare journal: as many as the engine's.
const PARTITIONS: u16 = 9;

/// Numbers events, so that none is a repetition.
static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn in_the_engine(criterion: &mut Criterion, runtime: &Runtime) {
    let payloads: Vec<Vec<u8>> = (0..IN_FLIGHT).map(|_| payload(&next_order())).collect();
    let place = Place::new(&[]);
    let mut group = criterion.benchmark_group("accept_256_in_flight");
    group.throughput(Throughput::Elements(IN_FLIGHT));

    let file = File::create(place.root().join("bare"));
    let mut file = file.expect("the file is made");
    group.bench_function("baseline_append_and_fsync", |bencher| {
        bencher.iter(|| {
            let bytes = payloads.concat();
            file.write_all(&bytes).expect("it is appended");
            file.sync_data().expect("it is synced");
        });
    });

    let config = signalbox_journal::Config::new(place.root().join("journal"), PARTITIONS);
    let opened = Journal::open(config, Arc::new(MachineClock), Arc::new(Nobody));
    let (journal, _) = opened.expect("the journal opens");
    group.bench_function("journal_alone", |bencher| {
        bencher.iter(|| {
            let tickets: Vec<_> = (0..PARTITIONS)
                .cycle()
                .zip(&payloads)
                .map(|(partition, payload)| journal.append(partition, payload.clone()))
                .collect();
            for ticket in tickets {
                ticket
                    .and_then(|ticket| ticket.wait())
                    .expect("it is appended");
            }
        });
    });

    let world = OnceCell::new();
    group.bench_function("signalbox", |bencher| {
        let world = world.get_or_init(|| Arc::new(place.start(runtime, ClockMode::Real)));
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let last = Arc::new(Mutex::new(Vec::new()));
                let took = at_once(IN_FLIGHT, || {
                    accept_in_turn(Arc::clone(world), Arc::clone(&last), rounds)
                });
                let took = took.await;
                let last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                world.applied(&last).await;
                took
            })
        });
    });
    group.finish();
    if let Some(world) = world.into_inner().and_then(Arc::into_inner) {
        world.stop(runtime);
    }
}

/// One of those in flight: parses an event, has it accepted, and goes on to the next.
async fn accept_in_turn(world: Arc<World>, last: Arc<Mutex<Vec<Position>>>, rounds: u64) {
    let body = serde_json::to_vec(&next_order()).expect("an event is JSON");
    let mut position = None;
    for _ in 0..rounds {
        let mut event: Event = serde_json::from_slice(&body).expect("it is an event");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        event.id = EventId::parse(&format!("order-{number}")).expect("an id");
        let contact = number % CONTACTS;
        event.contact = ContactId::parse(&format!("contact-{contact}")).expect("an id");
        let accepted = world.engine.accept(vec![NewInput::Event(event)]).await;
        position = accepted.expect("it is accepted").pop();
    }
    last.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(position);
}

pub(crate) fn over_http(criterion: &mut Criterion, runtime: &Runtime) {
    let place = Place::new(&[]);
    let keys = Keyring::open(place.root().join("keys.json")).expect("a ring of keys");
    let (_, key) = keys
        .create("bench", Role::Ingest, machine_now())
        .expect("a key");
    let keys = Arc::new(keys);
    let mut group = criterion.benchmark_group("http_one_event_64_connections");
    group.throughput(Throughput::Elements(CONNECTIONS));

    let without_log = Router::new()
        .route("/v1/events", post(answer_without_log))
        .with_state(Arc::clone(&keys));
    let bare = runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, without_log).await });
        address
    });
    group.bench_function("baseline_without_log", |bencher| {
        bencher.iter_custom(|rounds| runtime.block_on(post_all(bare, &key, rounds)));
    });

    let server = OnceCell::new();
    group.bench_function("signalbox", |bencher| {
        let server = server.get_or_init(|| Server::start(&place, Arc::clone(&keys), runtime));
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let took = post_all(server.address, &key, rounds).await;
                server.all_applied().await;
                took
            })
        });
    });
    group.finish();
    if let Some(server) = server.into_inner() {
        server.stop(runtime);
    }
}

/// What the route of events does, without the engine: key, body, event, answer.
async fn answer_without_log(
    State(keys): State<Arc<Keyring>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<EventAccepted>), StatusCode> {
    let key = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let key = key.and_then(|value| value.strip_prefix("Bearer "));
    let role = keys.holder_of(key.unwrap_or_default());
    if !matches!(role, Ok(Some(_))) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let document: Result<EventDocument, _> = serde_json::from_slice(&body);
    let Ok(_document) = document else {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    };
    let event = AcceptedEvent {
        id: EventId::parse("order-1").expect("an id"),
        position: "1:1".to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(EventAccepted { event })))
}

/// The engine behind the real routes.
struct Server {
    world: World,
    address: SocketAddr,
    stop: tokio::sync::watch::Sender<bool>,
    http: tokio::task::JoinHandle<()>,
}

impl Server {
    fn start(place: &Place, keys: Arc<Keyring>, runtime: &Runtime) -> Self {
        let world = place.start(runtime, ClockMode::Real);
        let app = App {
            engine: world.engine.clone(),
            keys,
            rule_limits: Arc::new(Limits::default()),
            connections: connections::Limits::default(),
            bodies: Bodies::new(&connections::Limits::default()),
        };
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            let listener = listener.expect("a free port");
            let address = listener.local_addr().expect("an address");
            let http = tokio::spawn(connections::serve(listener, app, async move {
                // A sender that is gone is a server that goes.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            }));
            Self {
                world,
                address,
                stop,
                http,
            }
        })
    }

    /// Waits until everything durable is applied.
    async fn all_applied(&self) {
        let status = self
            .world
            .engine
            .status()
            .await
            .expect("the engine goes on");
        let durable: Vec<Position> = (0..)
            .zip(status.durable)
            .map(|(partition, sequence)| Position {
                partition,
                sequence,
            })
            .collect();
        self.world.applied(&durable).await;
    }

    fn stop(self, runtime: &Runtime) {
        self.stop.send_replace(true);
        let ended = runtime.block_on(async { tokio::time::timeout(BOUND, self.http).await });
        ended.expect("it ends in time").expect("it does not panic");
        self.world.stop(runtime);
    }
}

/// Posts one event after another over every connection; the time from the first request to the last answer.
async fn post_all(address: SocketAddr, key: &str, rounds: u64) -> Duration {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = Client::connect(address, key).await;
        clients.push(client.expect("it connects"));
    }
    let clients = Mutex::new(clients);
    at_once(CONNECTIONS, || {
        let client = clients.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut client = client.expect("there is one for each");
        async move {
            for _ in 0..rounds {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let contact = number % CONTACTS;
                let event = format!(
                    r#"{{"contact":"contact-{contact}","name":"order_completed","id":"order-{number}","fields":{{"order":{number},"value":59.9,"items":3}},"attributes":{{"email":"contact-{contact}@example.com","country":"DE"}}}}"#
                );
                let status = client.post_event(&event).await.expect("it is answered");
                assert_eq!(status, 202, "the event is taken");
            }
        }
    })
    .await
}

/// Runs so many tasks at one time; how long until the last was done.
async fn at_once<F>(tasks: u64, mut task: impl FnMut() -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    let began = process_now();
    for _ in 0..tasks {
        running.spawn(task());
    }
    while let Some(done) = running.join_next().await {
        done.expect("no task panics");
    }
    began.elapsed()
}

fn next_order() -> Event {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    order(number % CONTACTS, number, machine_now())
}

/// The bytes that the engine logs for the event.
fn payload(event: &Event) -> Vec<u8> {
    codec::encode(&Record::Event(event.clone())).expect("it encodes")
}

struct MachineClock;

impl signalbox_journal::Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        machine_now().as_ms()
    }
}

struct Nobody;

impl signalbox_journal::Sink for Nobody {
    fn durable(&self, _: &[Entry]) {}
}
