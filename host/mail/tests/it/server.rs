//! A small SMTP server that answers by a script, well or badly, and keeps what it was given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What the server does at one step.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Say(&'static str),
    /// Says something and closes.
    SayAndClose(&'static str),
    Close,
    Silence,
    /// One reply of lines without end.
    FloodOfLines,
    /// One line without end.
    FloodWithoutLineEnd,
}

#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) greeting: Answer,
    pub(crate) hello: Answer,
    pub(crate) mail: Answer,
    pub(crate) rcpt: Answer,
    pub(crate) data: Answer,
    pub(crate) end: Answer,
    pub(crate) auth: Answer,
    pub(crate) start_tls: Answer,
    pub(crate) tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub(crate) implicit: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: Answer::Say("220 test ready"),
            hello: Answer::Say("250-test\r\n250-8BITMIME\r\n250 SIZE 1000000"),
            mail: Answer::Say("250 2.1.0 sender ok"),
            rcpt: Answer::Say("250 2.1.5 recipient ok"),
            data: Answer::Say("354 go on"),
            end: Answer::Say("250 2.0.0 queued as 1"),
            auth: Answer::Say("535 5.7.8 no"),
            start_tls: Answer::Say("502 not here"),
            tls: None,
            implicit: false,
        }
    }
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    // Ends every conversation when the server is dropped.
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = JoinSet::new();
        let log = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut conversations = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                log.lock().unwrap().connections += 1;
                let (script, log) = (script.clone(), Arc::clone(&log));
                conversations.spawn(async move {
                    if script.implicit {
                        let acceptor = script.tls.clone().unwrap();
                        if let Ok(stream) = acceptor.accept(tcp).await {
                            let _ended = converse(stream, &script, &log, true).await;
                        }
                    } else {
                        start(tcp, &script, &log).await;
                    }
                });
            }
        });
        Self {
            address,
            seen,
            _tasks: tasks,
        }
    }

    pub(crate) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

async fn start(tcp: tokio::net::TcpStream, script: &Script, log: &Mutex<Seen>) {
    let Ok(Some(tcp)) = converse(tcp, script, log, true).await else {
        return;
    };
    let Some(acceptor) = &script.tls else { return };
    if let Ok(stream) = acceptor.accept(tcp).await {
        let mut script = script.clone();
        script.hello = Answer::Say("250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME");
        let _ended = converse(stream, &script, log, false).await;
    }
}

/// One conversation; the stream comes back when it is to be encrypted.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    script: &Script,
    log: &Mutex<Seen>,
    greet: bool,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if greet && !answer(&mut stream, &script.greeting).await? {
        return Ok(None);
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let command = line.trim_end().to_owned();
        log.lock().unwrap().commands.push(command.clone());
        let verb = command
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let step = match verb.as_str() {
            "EHLO" => &script.hello,
            "MAIL" => &script.mail,
            "RCPT" => &script.rcpt,
            "DATA" => &script.data,
            "AUTH" => &script.auth,
            "RSET" => &Answer::Say("250 reset"),
            "QUIT" => &Answer::SayAndClose("221 bye"),
            "STARTTLS" => &script.start_tls,
            _ => &Answer::Say("500 what?"),
        };
        if !answer(&mut stream, step).await? {
            return Ok(None);
        }
        if verb == "STARTTLS" && matches!(step, Answer::Say(text) if text.starts_with("220")) {
            return Ok(Some(stream.into_inner()));
        }
        if verb == "DATA" && matches!(step, Answer::Say(text) if text.starts_with("354")) {
            let Some(message) = read_body(&mut stream).await? else {
                return Ok(None);
            };
            log.lock().unwrap().messages.push(message);
            if !answer(&mut stream, &script.end).await? {
                return Ok(None);
            }
        }
    }
}

/// The body with its dots unstuffed, or nothing if the connection ended before the final dot.
async fn read_body<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
) -> std::io::Result<Option<String>> {
    let mut message = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line == ".\r\n" {
            return Ok(Some(message));
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// Does one step; false ends the conversation.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    step: &Answer,
) -> std::io::Result<bool> {
    match step {
        Answer::Say(text) => {
            stream.write_all(format!("{text}\r\n").as_bytes()).await?;
            stream.flush().await?;
            Ok(true)
        }
        Answer::SayAndClose(text) => {
            stream.write_all(format!("{text}\r\n").as_bytes()).await?;
            stream.shutdown().await?;
            Ok(false)
        }
        Answer::Close => Ok(false),
        Answer::Silence => {
            // Reads on, so that the connection stays open until the other side gives up.
            let mut line = String::new();
            while stream.read_line(&mut line).await? > 0 {
                line.clear();
            }
            Ok(false)
        }
        Answer::FloodOfLines => loop {
            stream
                .write_all("250-more and more and more\r\n".repeat(1_000).as_bytes())
                .await?;
        },
        Answer::FloodWithoutLineEnd => loop {
            stream.write_all(&[b'2'; 16_384]).await?;
        },
    }
}
