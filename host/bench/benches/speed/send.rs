//! From an event to the body in a server's hands, and how many mails leave.
//!
//! Latency: 200 events a second, each answered by a mail at once, from before accept until the sink has the whole body;
//! beside it one conversation over a kept connection with nothing before it. Rate: 1,000 messages due at one instant,
//! from winding the clock until the sink has the last, beside lettre alone over as many connections (`TCP_NODELAY` on
//! both) and beside the room `mail` without an engine. All build each message with `signalbox_mail::message::build`.

use std::{
    cell::OnceCell,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant as ProcessInstant},
};

use criterion::{Criterion, SamplingMode, Throughput};
use lettre::{
    address::Envelope as LettreEnvelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};
use signalbox_bench::{
    clock::{machine_now, process_now},
    place::{BOUND, Place, World, order, smtp, thanking, waiting},
    quantile, say,
    sink::Sink,
};
use signalbox_engine::{ClockMode, Edge};
use signalbox_mail::{
    address::{Address, Mailbox},
    message::{Envelope, build},
    smtp::{Needs, Pool, Urgency},
    transport::Transport,
};
use signalbox_model::time::Span;
use tokio::{net::TcpStream, runtime::Runtime, task::JoinSet};

/// Between two events: 200 a second.
const PACE: Duration = Duration::from_millis(5);
/// Connections of every sender of the second group.
pub(crate) const CONNECTIONS: usize = 64;
/// Mails of one iteration of the second group.
pub(crate) const MAILS: u64 = 1_000;

/// Numbers contacts and orders.
pub(crate) static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn latency(criterion: &mut Criterion, runtime: &Runtime) {
    let sink = runtime.block_on(Sink::start());
    let mut group = criterion.benchmark_group("event_to_smtp_at_200_a_second");
    group.sampling_mode(SamplingMode::Flat);

    let pool = smtp(sink.port(), 1);
    group.bench_function("baseline_smtp_conversation", |bencher| {
        bencher.iter(|| runtime.block_on(hand_over(&pool, NEXT.fetch_add(1, Ordering::Relaxed))));
    });

    let place = Place::new(&["event"]);
    let world = OnceCell::new();
    let mut latencies = Vec::new();
    group.bench_function("signalbox", |bencher| {
        let world = world.get_or_init(|| {
            let transport = Transport::Smtp(smtp(sink.port(), CONNECTIONS));
            let world = place.start_with(runtime, ClockMode::Real, transport);
            runtime.block_on(world.run(thanking("thanks")));
            Arc::new(world)
        });
        bencher.iter_custom(|events| {
            let paced = runtime.block_on(paced(world, &sink, events));
            latencies.extend_from_slice(&paced);
            paced.iter().sum()
        });
    });
    group.finish();
    if let Some(world) = world.into_inner().and_then(Arc::into_inner) {
        latencies.sort_unstable();
        let metrics = world.engine.metrics_snapshot().expect("it runs");
        say(&format!(
            "event to SMTP, {} events at 200 a second: p50 {:.2?}, p99 {:.2?} (bars: 10 ms, 50 ms); of it from the log \
             to the commit p50 {} us, sending until the outcome p50 {} us",
            latencies.len(),
            quantile(&latencies, 0.5),
            quantile(&latencies, 0.99),
            metrics.apply_lag.quantile_us(0.5),
            metrics.send_time.quantile_us(0.5),
        ));
        world.stop(runtime);
    }
}

/// Has an event accepted at every beat, and answers how long each took to become a mail in the sink.
async fn paced(world: &Arc<World>, sink: &Sink, events: u64) -> Vec<Duration> {
    let before = sink.count();
    let mut accepting = JoinSet::new();
    let mut began: Vec<(u64, ProcessInstant)> = Vec::new();
    let mut beats = tokio::time::interval(PACE);
    for _ in 0..events {
        beats.tick().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let event = order(number, number, machine_now());
        let world = Arc::clone(world);
        began.push((number, process_now()));
        accepting.spawn(async move { drop(world.accept(vec![event]).await) });
    }
    while let Some(accepted) = accepting.join_next().await {
        accepted.expect("it is accepted");
    }
    sink.reaches(before + events).await;
    let took = began.into_iter().map(|(number, began)| {
        let came = sink.at(&address_of(number)).expect("the mail came");
        came.saturating_duration_since(began)
    });
    took.collect()
}

pub(crate) fn rate(criterion: &mut Criterion, runtime: &Runtime) {
    let sink = runtime.block_on(Sink::start());
    let mut group = criterion.benchmark_group("mail_out_1000_over_64_connections");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(MAILS));

    let idle = Arc::new(Connections::default());
    group.bench_function("baseline_lettre", |bencher| {
        bencher.iter_custom(|iterations| {
            let idle = Arc::clone(&idle);
            let port = sink.port();
            runtime.block_on(async move {
                idle.fill(port).await;
                by_lettre(&idle, iterations * MAILS).await
            })
        });
    });

    let pool = smtp(sink.port(), CONNECTIONS);
    group.bench_function("room_mail_alone", |bencher| {
        bencher
            .iter_custom(|iterations| runtime.block_on(by_pool(pool.clone(), iterations * MAILS)));
    });

    let place = Place::new(&["event"]);
    let world = OnceCell::new();
    group.bench_function("signalbox", |bencher| {
        let world = world.get_or_init(|| {
            let transport = Transport::Smtp(smtp(sink.port(), CONNECTIONS));
            let world = place.start_with(runtime, ClockMode::Manual, transport);
            runtime.block_on(world.run(waiting("waiting")));
            world
        });
        bencher.iter_custom(|iterations| {
            runtime.block_on(async {
                let mut took = Duration::ZERO;
                for _ in 0..iterations {
                    took += by_engine(world, &sink).await;
                }
                took
            })
        });
    });
    group.finish();
    if let Some(world) = world.into_inner() {
        let metrics = world.engine.metrics_snapshot().expect("it runs");
        let mails = metrics.sends_accepted.max(1) as f64;
        say(&format!(
            "mail out: {} sent; each from its begin to its outcome p50 {} us, the wait for one of {CONNECTIONS} \
             connections included; commits {:.0} us of thread time by mail, groups of {:.0} records",
            metrics.sends_accepted,
            metrics.send_time.quantile_us(0.5),
            metrics.commit_time.sum_us as f64 / mails,
            metrics.records_applied as f64 / metrics.groups.max(1) as f64,
        ));
        world.stop(runtime);
    }
}

/// Contacts wait an hour; the time from winding past it until the sink has all mails.
pub(crate) async fn by_engine(world: &World, sink: &Sink) -> Duration {
    let clock = world.engine.clock().expect("it runs");
    let clock = clock.expect("its clock is manual");
    let now = clock.now().expect("it runs");
    let orders = (0..MAILS).map(|_| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        order(number, number, now)
    });
    world.accept(orders.collect()).await;
    clock.settle().await.expect("everything settles");
    let wanted = sink.count() + MAILS;
    let began = process_now();
    let due = now.plus(Span::from_ms(3_600_000));
    let (wound, ()) = tokio::join!(clock.advance_to(due, Edge::Through), async {
        sink.reaches(wanted).await;
    });
    wound.expect("everything settles");
    let last = (NEXT.load(Ordering::Relaxed) - MAILS..NEXT.load(Ordering::Relaxed))
        .filter_map(|number| sink.at(&address_of(number)))
        .max();
    last.expect("mails came").saturating_duration_since(began)
}

/// Tasks that take the next mail until all are sent, each over a connection of its own.
async fn by_lettre(idle: &Connections, mails: u64) -> Duration {
    let left = Arc::new(AtomicU64::new(mails));
    let mut sending = JoinSet::new();
    let began = process_now();
    for mut connection in idle.take().await {
        let left = Arc::clone(&left);
        sending.spawn(async move {
            while take_one(&left) {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let bytes = build(&envelope(number)).expect("it is built");
                let from = FROM.parse().expect("an address");
                let to = address_of(number).parse().expect("an address");
                let envelope = LettreEnvelope::new(Some(from), vec![to]).expect("an envelope");
                let sent = connection.send(&envelope, &bytes);
                sent.await.expect("it is sent");
            }
            connection
        });
    }
    while let Some(connection) = sending.join_next().await {
        idle.give_back(connection.expect("no sender panics")).await;
    }
    began.elapsed()
}

/// Kept connections of lettre's own.
#[derive(Default)]
struct Connections {
    kept: tokio::sync::Mutex<Vec<AsyncSmtpConnection>>,
}

impl Connections {
    async fn fill(&self, port: u16) {
        let hello = ClientId::Domain("bench.example".to_owned());
        let mut kept = self.kept.lock().await;
        while kept.len() < CONNECTIONS {
            let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            let tcp = tcp.expect("it connects");
            tcp.set_nodelay(true).expect("a socket");
            let connection =
                AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &hello).await;
            kept.push(connection.expect("it greets"));
        }
    }

    async fn take(&self) -> Vec<AsyncSmtpConnection> {
        std::mem::take(&mut *self.kept.lock().await)
    }

    async fn give_back(&self, connection: AsyncSmtpConnection) {
        self.kept.lock().await.push(connection);
    }
}

async fn by_pool(pool: Pool, mails: u64) -> Duration {
    let left = Arc::new(AtomicU64::new(mails));
    let mut sending = JoinSet::new();
    let began = process_now();
    for _ in 0..CONNECTIONS {
        let (pool, left) = (pool.clone(), Arc::clone(&left));
        sending.spawn(async move {
            while take_one(&left) {
                hand_over(&pool, NEXT.fetch_add(1, Ordering::Relaxed)).await;
            }
        });
    }
    while let Some(done) = sending.join_next().await {
        done.expect("no sender panics");
    }
    began.elapsed()
}

/// Builds one message and sends it.
async fn hand_over(pool: &Pool, number: u64) {
    let envelope = envelope(number);
    let bytes = build(&envelope).expect("it is built");
    let begun = pool.begin(
        envelope.from.address(),
        &envelope.to,
        Needs::default(),
        Urgency::Ordinary,
    );
    let lease = tokio::time::timeout(BOUND, begun).await;
    let lease = lease
        .expect("it begins in time")
        .expect("the sink takes it");
    lease.body(&bytes).await.expect("the sink takes it");
}

fn take_one(left: &AtomicU64) -> bool {
    let less = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        .is_ok()
}

const FROM: &str = "signalbox@bench.example";

pub(crate) fn address_of(contact: u64) -> String {
    format!("contact-{contact}@example.com")
}

/// What a mail of the engine's is made of, of the same length.
fn envelope(number: u64) -> Envelope {
    let from = Address::parse(FROM).expect("an address");
    Envelope {
        from: Mailbox::new(None, from).expect("a mailbox"),
        reply_to: None,
        to: Address::parse(&address_of(number)).expect("an address"),
        message_id: format!("{number}@bench.example"),
        date_ms: machine_now().as_ms(),
        subject: format!("Order {number}"),
        html: HTML.repeat(3_500 / HTML.len()),
        text: format!("Thank you for order {number}, 3 records."),
        unsubscribe: None,
        list_id: None,
        headers: Vec::new(),
    }
}

/// A line of what MJML makes of a small template, which is about 3,500 bytes in all.
const HTML: &str = "<td align=\"left\" style=\"font-size:0px;padding:10px 25px;word-break:break-word;\">Thanks</td>\r\n";
