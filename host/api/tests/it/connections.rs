//! Slow, idle and too many clients at real sockets: each costs a place for a bounded time, and the others are served.

use std::{
    fs::File,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use serde_json::Value as Json;
use signalbox_api::connections::{self, Limits};
use signalbox_engine::{Disk, SystemDisk};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::oneshot,
    task::JoinHandle,
    time::{interval, timeout},
};

use crate::support::{BOUND, World};

/// A request, after which the connection stays.
const ASK: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
/// The same, after which the connection goes.
const ASK_ONCE: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
/// How its answer ends.
const ANSWER_END: &str = r#"{"status":"ok"}"#;
/// Between two pieces of a client that trickles.
const TRICKLE: Duration = Duration::from_millis(50);

/// Bounds that none of these tests comes to.
fn wide() -> Limits {
    Limits {
        header_timeout: 2 * BOUND,
        body_timeout: 2 * BOUND,
        answer_timeout: 2 * BOUND,
        connections_max: 16,
        bodies_bytes_max: 8 << 20,
    }
}

/// A server at a socket.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    http: JoinHandle<()>,
}

impl Server {
    async fn start(world: &World, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let http = tokio::spawn(connections::serve(listener, world.app(limits), async {
            // A sender that is gone is a server that goes.
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            http,
        }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.expect("a server");
        let (read, write) = stream.into_split();
        Client { read, write }
    }

    /// What the server says to one request on a connection of its own.
    async fn ask_once(&self) -> String {
        let mut client = self.connect().await;
        client.say(ASK_ONCE).await;
        client.rest().await
    }

    /// Asks again and again until there is a place.
    async fn until_served(&self) {
        let served = async { while !self.ask_once().await.starts_with("HTTP/1.1 200 ") {} };
        timeout(BOUND, served).await.expect("a place in time");
    }

    async fn stop(self) {
        self.stop.send(()).expect("it serves");
        let ended = timeout(BOUND, self.http).await;
        ended.expect("it ends in time").expect("it does not panic");
    }
}

/// A client that says what it likes when it likes.
struct Client {
    read: tcp::OwnedReadHalf,
    write: tcp::OwnedWriteHalf,
}

impl Client {
    /// Whether the server still listens is seen by what it says.
    async fn say(&mut self, text: &str) {
        let _ = timeout(BOUND, self.write.write_all(text.as_bytes())).await;
    }

    /// What the server says, up to these words.
    async fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        let hear = async {
            while !heard.ends_with(end.as_bytes()) {
                heard.push(self.read.read_u8().await.expect("more of the answer"));
            }
        };
        timeout(BOUND, hear).await.expect("an answer in time");
        String::from_utf8(heard).expect("text")
    }

    /// What the server still says before it closes.
    async fn rest(&mut self) -> String {
        rest(&mut self.read).await
    }

    /// The same, while the client says that piece over and over.
    async fn rest_while_saying(&mut self, piece: &str) -> String {
        let mut ticks = interval(TRICKLE);
        let trickle = async {
            loop {
                ticks.tick().await;
                let _ = self.write.write_all(piece.as_bytes()).await;
            }
        };
        tokio::select! {
            heard = rest(&mut self.read) => heard,
            () = trickle => String::new(),
        }
    }
}

async fn rest(read: &mut tcp::OwnedReadHalf) -> String {
    let mut heard = Vec::new();
    let read = timeout(BOUND, read.read_to_end(&mut heard)).await;
    // A server that closes on a client that still writes resets the connection.
    let _ = read.expect("it is closed in time");
    String::from_utf8(heard).expect("text")
}

/// The status and the error of an answer in the envelope, after a look at how it leaves the connection.
fn closing_error(answer: &str) -> (u16, Json) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    let status = head.split(' ').nth(1).expect("a status");
    let body: Json = serde_json::from_str(body).expect("it is JSON");
    (status.parse().expect("a number"), body["error"].clone())
}

fn post(world: &World, body_bytes: usize) -> String {
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {body_bytes}\r\n\r\n",
        world.ingest
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_closes_the_connection() {
    let world = World::new();
    let limits = Limits {
        header_timeout: Duration::from_secs(1),
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    for half in [
        "",
        "GET /healthz HTT",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx-ha",
    ] {
        let mut client = server.connect().await;
        client.say(half).await;
        assert_eq!(client.rest().await, "", "{half:?}");
    }
    let mut trickling = server.connect().await;
    trickling.say("GET /healthz HTTP/1.1\r\n").await;
    assert_eq!(trickling.rest_while_saying("x-more: 1\r\n").await, "");
    server.until_served().await;
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let world = World::new();
    let limits = Limits {
        header_timeout: Duration::from_secs(1),
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.say(ASK).await;
        let answer = client.hear(ANSWER_END).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!(client.rest().await, "");
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_is_refused() {
    let world = World::new();
    let server = Server::start(&world, wide()).await;
    let mut client = server.connect().await;
    let long = "a".repeat(40 * 1024);
    client
        .say(&format!(
            "GET /healthz HTTP/1.1\r\nhost: a\r\nx-long: {long}\r\n\r\n"
        ))
        .await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.until_served().await;
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_408() {
    let world = World::new();
    let limits = Limits {
        body_timeout: Duration::from_secs(1),
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let durable = world.durable().await;
    let mut half = server.connect().await;
    half.say(&post(&world, 10_000)).await;
    half.hear("100 Continue\r\n\r\n").await;
    half.say("{\"contact\":").await;
    let mut trickling = server.connect().await;
    trickling.say(&post(&world, 10_000)).await;
    trickling.hear("100 Continue\r\n\r\n").await;
    for answer in [half.rest().await, trickling.rest_while_saying(" ").await] {
        let (status, error) = closing_error(&answer);
        assert_eq!(status, 408);
        assert_eq!(error["code"], "body_too_slow");
        assert_eq!(error["message"], "the body did not come within 1 s");
    }
    assert_eq!(world.durable().await, durable);
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_have_no_room_beside_the_others_are_answered_429() {
    let world = World::new();
    let limits = Limits {
        bodies_bytes_max: 100,
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let durable = world.durable().await;
    let mut first = server.connect().await;
    first.say(&post(&world, 10_000)).await;
    first.hear("100 Continue\r\n\r\n").await;
    first.say(&" ".repeat(60)).await;
    let refused = until_status(&server, &world, 429).await;
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let (_, error) = closing_error(&refused);
    assert_eq!(error["code"], "busy");
    drop(first);
    until_status(&server, &world, 422).await;
    assert_eq!(world.durable().await, durable);
    server.stop().await;
    world.stop().await;
}

/// Room for a few short bodies.
fn narrow() -> Limits {
    Limits {
        bodies_bytes_max: 100,
        ..wide()
    }
}

/// The status of the answer to so many bytes of no event.
async fn status_of(server: &Server, world: &World, body_bytes: usize) -> String {
    let head = post(world, body_bytes).replace("expect: 100-continue", "connection: close");
    let mut client = server.connect().await;
    client
        .say(&format!("{head}{{{}}}", " ".repeat(body_bytes - 2)))
        .await;
    let answer = client.rest().await;
    answer["HTTP/1.1 ".len()..][..3].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_body_is_free_after_408_and_after_413() {
    let world = World::new();
    let limits = Limits {
        body_timeout: Duration::from_secs(1),
        ..narrow()
    };
    let server = Server::start(&world, limits).await;
    let mut slow = server.connect().await;
    slow.say(&post(&world, 10_000)).await;
    slow.hear("100 Continue\r\n\r\n").await;
    slow.say(&" ".repeat(90)).await;
    until_status(&server, &world, 429).await;
    assert_eq!(closing_error(&slow.rest().await).0, 408);
    assert_eq!(status_of(&server, &world, 100).await, "422");
    server.stop().await;

    let body_bytes_max = 1 << 20;
    let limits = Limits {
        bodies_bytes_max: body_bytes_max,
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let chunk = " ".repeat(body_bytes_max);
    let head = post(&world, 0)
        .replace("expect: 100-continue", "connection: close")
        .replace("content-length: 0", "transfer-encoding: chunked");
    let mut long = server.connect().await;
    long.say(&format!(
        "{head}{body_bytes_max:x}\r\n{chunk}\r\n1\r\n \r\n0\r\n\r\n"
    ))
    .await;
    assert_eq!(closing_error(&long.rest().await).0, 413);
    assert_eq!(status_of(&server, &world, body_bytes_max).await, "422");
    server.stop().await;
    world.stop().await;
}

/// A journal's disk that makes everybody wait while it is shut.
#[derive(Default)]
struct Gate {
    /// A mutex with its condition, since the journal's thread waits here.
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_shut: bool,
    waiting: usize,
}

impl Gate {
    fn set_shut(&self, shut: bool) {
        self.state.lock().expect("nobody panics with it").is_shut = shut;
        self.changed.notify_all();
    }

    /// Until somebody waits before it.
    fn until_waited_at(&self) {
        let state = self.state.lock().expect("nobody panics with it");
        let nobody = |state: &mut GateState| state.waiting == 0;
        let waited = self.changed.wait_timeout_while(state, BOUND, nobody);
        let in_time = !waited.expect("nobody panics with it").1.timed_out();
        assert!(in_time, "somebody waits in time");
    }
}

impl Disk for Gate {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.waiting += 1;
        self.changed.notify_all();
        let shut = |state: &mut GateState| state.is_shut;
        let waited = self.changed.wait_timeout_while(state, BOUND, shut);
        waited.expect("nobody panics with it").0.waiting -= 1;
        SystemDisk.sync(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(folder)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_body_is_kept_until_its_handler_has_ended() {
    let gate = Arc::new(Gate::default());
    let disk = Arc::clone(&gate);
    let world = World::with(&[], |config| config.faults.journal_disk = disk);
    let server = Server::start(&world, narrow()).await;
    for order in 1..=3 {
        let event = format!(r#"{{"contact":"ann","name":"order_completed","id":"o-{order}"}}"#);
        let head = post(&world, event.len()).replace("expect: 100-continue", "connection: close");
        gate.set_shut(true);
        let mut waiting = server.connect().await;
        waiting.say(&format!("{head}{event}")).await;
        // Who asks before its body is held could take the room from it.
        let waited_at = Arc::clone(&gate);
        let waited = tokio::task::spawn_blocking(move || waited_at.until_waited_at());
        waited.await.expect("somebody waits");
        until_status(&server, &world, 429).await;
        gate.set_shut(false);
        let answer = waiting.rest().await;
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
        assert_eq!(status_of(&server, &world, 100).await, "422");
    }
    server.stop().await;
    world.stop().await;
}

/// The answer to half a hundred bytes of no event, once it has this status.
async fn until_status(server: &Server, world: &World, status: u16) -> String {
    let body = format!("{{{}}}", " ".repeat(48));
    let head = post(world, body.len()).replace("expect: 100-continue", "connection: close");
    let begins = format!("HTTP/1.1 {status} ");
    let asked = async {
        loop {
            let mut client = server.connect().await;
            client.say(&format!("{head}{body}")).await;
            let answer = client.rest().await;
            if answer.starts_with(&begins) {
                return answer;
            }
        }
    };
    timeout(BOUND, asked).await.expect("the answer in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_so() {
    let world = World::new();
    let limits = Limits {
        connections_max: 2,
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    for client in [&mut first, &mut second] {
        client.say(ASK).await;
        client.hear(ANSWER_END).await;
    }
    let answer = server.ask_once().await;
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    let (status, error) = closing_error(&answer);
    assert_eq!((status, &error["code"]), (503, &Json::from("unavailable")));
    // Many more at once take nothing from those that have a place.
    let crowd: Vec<Client> = {
        let mut crowd = Vec::new();
        for _ in 0..200 {
            crowd.push(server.connect().await);
        }
        crowd
    };
    for client in [&mut first, &mut second] {
        client.say(ASK).await;
        client.hear(ANSWER_END).await;
    }
    drop(crowd);
    drop(first);
    server.until_served().await;
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_takes_close_the_connection() {
    let world = World::new();
    let limits = Limits {
        answer_timeout: Duration::from_secs(1),
        connections_max: 1,
        ..wide()
    };
    let server = Server::start(&world, limits).await;
    let mut client = server.connect().await;
    client.say(ASK).await;
    client.hear(ANSWER_END).await;
    // More than all buffers on the way hold.
    let ask = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.say(&ask.repeat(2_000)).await;
    server.until_served().await;
    drop(client);
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_was_begun() {
    let world = World::new();
    let server = Server::start(&world, wide()).await;
    let mut idle = server.connect().await;
    idle.say(ASK).await;
    idle.hear(ANSWER_END).await;
    let body = r#"{"contact":"ann","name":"order_completed"}"#;
    let mut begun = server.connect().await;
    begun.say(&post(&world, body.len())).await;
    begun.hear("100 Continue\r\n\r\n").await;
    let Server { stop, http, .. } = server;
    stop.send(()).expect("it serves");
    assert_eq!(idle.rest().await, "", "it is closed at once");
    begun.say(body).await;
    let answer = begun.rest().await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    let ended = timeout(BOUND, http).await;
    ended.expect("it ends in time").expect("it does not panic");
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 1"]);
    world.stop().await;
}
