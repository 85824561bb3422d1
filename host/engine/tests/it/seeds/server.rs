//! A mail server on loopback that lies by the seed, and the sink behind it that outlives every crash.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::{JoinHandle, JoinSet},
};

use super::draw::Draw;

/// Longest that a silent server holds a connection; whoever sends has given up before.
const SILENCE: Duration = Duration::from_secs(2);
/// How long a slow server thinks about a body: long enough for calls to come in between, shorter than a client waits.
const SLOWNESS: Duration = Duration::from_millis(15);
/// So many in a hundred steps of a conversation are lies, while it lies.
const LIES_PERCENT: u64 = 12;

/// After this reply, and no other, a body comes.
const GO_ON: &str = "354 go on";

/// A body that a server was given, whole.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) message_id: String,
    pub(super) bytes: String,
    /// When its first byte came, among all bodies and all [`Sink::stamp`]s.
    pub(super) begun: u64,
    /// The server took it over, whatever it said.
    pub(super) taken: bool,
}

/// What came to the servers of a seed, over all crashes.
#[derive(Default)]
pub(super) struct Sink {
    /// A mutex since conversations of several messages meet here; held for a push.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stamp: u64,
    bodies: Vec<Body>,
}

impl Sink {
    /// The next number: what has it comes after all that had one before.
    pub(super) fn stamp(&self) -> u64 {
        let mut state = self.lock();
        state.stamp += 1;
        state.stamp
    }

    pub(super) fn bodies(&self) -> Vec<Body> {
        self.lock().bodies.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all conversations of one server share.
struct Shared {
    sink: Arc<Sink>,
    /// `None` once it tells the truth.
    lies: Mutex<Option<Draw>>,
    /// Its client is dead: nothing is taken any more. Changed with the sink locked.
    cut: Mutex<bool>,
}

/// One server, for the life of one engine.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What is said at one step.
enum Said {
    Well(&'static str),
    /// Says it, or nothing, and hangs up.
    HangsUp(&'static str),
    Silence,
}

/// What becomes of a body.
struct End {
    said: Said,
    taken: bool,
    slow: bool,
}

impl Server {
    /// Lies by that stream; tells the truth without one.
    pub(super) fn start(runtime: &Handle, sink: Arc<Sink>, lies: Option<Draw>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("the listener can wait");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            sink,
            lies: Mutex::new(lies),
            cut: Mutex::new(false),
        });
        let all = Arc::clone(&shared);
        let listening = runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the runtime takes it");
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&all);
                conversations.spawn(async move {
                    // A client that hangs up ends its conversation.
                    let _ = converse(stream, &shared).await;
                });
            }
        });
        Self {
            address,
            shared,
            listening,
        }
    }

    /// Its client is dead: takes nothing more, and every connection ends.
    pub(super) fn cut(&self) {
        *lock(&self.shared.cut) = true;
        self.listening.abort();
    }

    /// Tells the truth from now on.
    pub(super) fn reform(&self) {
        lock(&self.shared.lies).take();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn lie(&self) -> Option<u64> {
        let mut lies = lock(&self.lies);
        let draw = lies.as_mut()?;
        draw.percent(LIES_PERCENT).then(|| draw.number())
    }

    /// Keeps a body; `false` once the server was cut.
    fn keep(&self, body: Body) -> bool {
        let cut = lock(&self.cut);
        if !*cut {
            self.sink.lock().bodies.push(body);
        }
        !*cut
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let greeting = match shared.lie() {
        Some(lie) => [
            Said::HangsUp("421 4.3.2 not now"),
            Said::HangsUp(""),
            Said::Well("ready, are you?"),
        ]
        .into_iter()
        .nth((lie % 3) as usize)
        .unwrap_or(Said::Silence),
        None => Said::Well("220 sink ready"),
    };
    if !say(&mut stream, greeting).await? {
        return Ok(());
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let said = match verb.as_str() {
            "EHLO" => Said::Well("250-sink\r\n250 8BITMIME"),
            "MAIL" => at_sender(shared.lie()),
            "RCPT" => at_recipient(shared.lie()),
            "DATA" => at_data(shared.lie()),
            "QUIT" => Said::HangsUp("221 2.0.0 bye"),
            _ => Said::Well("250 2.0.0 well"),
        };
        let takes = matches!(said, Said::Well(GO_ON));
        if !say(&mut stream, said).await? {
            return Ok(());
        }
        if takes && !take(&mut stream, shared).await? {
            return Ok(());
        }
    }
}

fn at_sender(lie: Option<u64>) -> Said {
    match lie.map(|lie| lie % 4) {
        None => Said::Well("250 2.1.0 well"),
        Some(0 | 1) => Said::Well("451 4.3.0 later"),
        // It is about the sender: the recipient is mailed as before.
        Some(2) => Said::Well("550 5.1.1 who are you?"),
        Some(_) => Said::HangsUp("421 4.3.2 enough"),
    }
}

fn at_data(lie: Option<u64>) -> Said {
    match lie.map(|lie| lie % 4) {
        None => Said::Well(GO_ON),
        Some(0 | 1) => Said::Well("451 4.3.0 later"),
        Some(2) => Said::Well("554 5.5.1 never"),
        Some(_) => Said::HangsUp(""),
    }
}

fn at_recipient(lie: Option<u64>) -> Said {
    match lie.map(|lie| lie % 5) {
        None => Said::Well("250 2.1.5 well"),
        Some(0 | 1) => Said::Well("450 4.2.1 later"),
        Some(2) => Said::Well("550 5.2.1 never"),
        // The domain gets its marketing slowly from then on.
        Some(3) => Said::Well("550 5.7.1 not from you"),
        Some(_) => Said::HangsUp("421 4.3.2 enough"),
    }
}

fn at_end(lie: Option<u64>) -> End {
    let (said, taken) = match lie.map(|lie| lie / 2 % 8) {
        None => (Said::Well("250 2.0.0 taken"), true),
        Some(0 | 1) => (Said::Well("451 4.3.0 later"), false),
        Some(2) => (Said::Well("554 5.6.0 never"), false),
        // The reply is lost, whether it was taken or not.
        Some(3) => (Said::HangsUp(""), true),
        Some(4) => (Said::HangsUp(""), false),
        Some(5) => (Said::Well("it is well"), true),
        Some(6) => (Said::Silence, true),
        Some(_) => (Said::HangsUp("421 4.3.2 enough"), false),
    };
    End {
        said,
        taken,
        slow: lie.is_some_and(|lie| lie % 2 == 0),
    }
}

/// Reads a body and answers it; false ends the conversation.
async fn take(stream: &mut BufReader<TcpStream>, shared: &Shared) -> std::io::Result<bool> {
    let mut bytes = String::new();
    let mut line = String::new();
    let mut begun = None;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let begun = *begun.get_or_insert_with(|| shared.sink.stamp());
        if line == ".\r\n" {
            let End { said, taken, slow } = at_end(shared.lie());
            if slow {
                // Nothing more comes from a client that waits; one that hangs up is not waited for.
                let _ = tokio::time::timeout(SLOWNESS, stream.fill_buf()).await;
            }
            let body = Body {
                message_id: message_id(&bytes),
                bytes,
                begun,
                taken,
            };
            return Ok(shared.keep(body) && say(stream, said).await?);
        }
        bytes.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn message_id(bytes: &str) -> String {
    let headers = bytes.lines();
    let named = headers
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
    let (_, id) = named.unwrap_or_default();
    id.trim_matches(['<', '>']).to_owned()
}

/// Does one step; false ends the conversation.
async fn say(stream: &mut BufReader<TcpStream>, said: Said) -> std::io::Result<bool> {
    let (text, goes_on) = match said {
        Said::Well(text) => (text, true),
        Said::HangsUp(text) => (text, false),
        Said::Silence => {
            let mut line = String::new();
            // Until the other side gives up.
            let _ = tokio::time::timeout(SILENCE, stream.read_line(&mut line)).await;
            return Ok(false);
        }
    };
    if !text.is_empty() {
        stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(goes_on)
}
