//! An SMTP server that takes every mail at once, and notes when it had the whole body.
//!
//! It is as fast as the machine allows, so that what talks to it is the bottleneck; it keeps no bodies.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant as ProcessInstant,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{clock::process_now, place::BOUND};

/// The server. It ends when it is dropped, with every connection.
pub struct Sink {
    port: u16,
    seen: Arc<Seen>,
    _tasks: JoinSet<()>,
}

struct Seen {
    count: watch::Sender<u64>,
    /// When each recipient's last body was whole. A mutex: held for one insertion.
    at: Mutex<HashMap<String, ProcessInstant>>,
}

impl Sink {
    /// Starts one on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Seen {
            count: watch::Sender::new(0),
            at: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let for_connections = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let seen = Arc::clone(&for_connections);
                connections.spawn(async move {
                    // A client that goes away in the middle is measured by what is missing.
                    let _ = converse(tcp, &seen).await;
                });
            }
        });
        Self {
            port,
            seen,
            _tasks: tasks,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many bodies came so far.
    pub fn count(&self) -> u64 {
        *self.seen.count.borrow()
    }

    /// Waits until that many bodies have come in all.
    pub async fn reaches(&self, count: u64) {
        let mut seen = self.seen.count.subscribe();
        let reached = tokio::time::timeout(BOUND, seen.wait_for(|seen| *seen >= count)).await;
        reached
            .expect("the mails come in time")
            .expect("the sink is there");
    }

    /// When the last body to that address was whole.
    pub fn at(&self, to: &str) -> Option<ProcessInstant> {
        let at = self.seen.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.get(to).copied()
    }
}

async fn converse(tcp: TcpStream, seen: &Seen) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let mut stream = BufReader::new(tcp);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut to) = (Vec::new(), String::new());
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match line.get(..4).unwrap_or_default() {
            b"EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            b"RCPT" => {
                to = between_brackets(&line);
                b"250 ok\r\n"
            }
            b"DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                while line != b".\r\n" {
                    line.clear();
                    if stream.read_until(b'\n', &mut line).await? == 0 {
                        return Ok(());
                    }
                }
                seen.note(std::mem::take(&mut to));
                b"250 taken\r\n"
            }
            b"QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}

impl Seen {
    fn note(&self, to: String) {
        let now = process_now();
        self.at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(to, now);
        self.count.send_modify(|count| *count += 1);
    }
}

fn between_brackets(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let inside = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}
