//! The connection under lettre: a TCP stream with `TCP_NODELAY`, TLS where it belongs, and a guard on what
//! the server says.
//!
//! Opened by [`super::session`]. [`Wire`] hands out what the server writes line by line and counts it, so that
//! a flood cannot grow in memory, and refuses to write while something unread has come: a server that speaks
//! out of turn (or text slipped in before STARTTLS) can then never be taken for the answer to a later command.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Cause, Config, ConfigError, Reply, Security, SendError, Stage};

/// Most bytes that a server may write between two of our commands.
const REPLY_BYTES_MAX: usize = 64 * 1024;
/// What ends a body; lettre writes it by itself, and it cannot occur inside of a dot-stuffed body.
const END_OF_BODY: &[u8] = b"\r\n.\r\n";

/// The TLS settings for one server, made once.
#[derive(Clone)]
pub struct TlsContext {
    connector: TlsConnector,
    /// What the certificate must be for; nothing if the host's name could not stand in one.
    name: Option<ServerName<'static>>,
}

impl fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsContext")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl TlsContext {
    /// Reads the certificate authorities that `config` names, and checks what else can be checked beforehand.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(path) = &config.extra_roots {
            let pem = std::fs::read(path).map_err(|source| ConfigError::Roots {
                path: path.clone(),
                source,
            })?;
            let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&pem)
                .filter_map(Result::ok)
                .collect();
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(ConfigError::NoRoots { path: path.clone() });
            }
        }
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| ConfigError::Provider)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(config.host.clone()).ok();
        if name.is_none() && config.security != Security::None {
            return Err(ConfigError::Host);
        }
        Ok(Self {
            connector: TlsConnector::from(Arc::new(client)),
            name,
        })
    }
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    /// Read from the stream and not handed out yet.
    pending: Vec<u8>,
    /// Bytes the server wrote since our last command.
    reply_bytes: usize,
    /// Whether the reply to our last command has begun to be read: from then on nothing more may come.
    answered: bool,
    /// Set when the end of a body has been handed to the stream.
    end_written: Arc<AtomicBool>,
}

impl Wire {
    fn new(stream: Stream, pending: Vec<u8>) -> Self {
        Self {
            stream,
            pending,
            reply_bytes: 0,
            answered: false,
            end_written: Arc::default(),
        }
    }

    /// Says whether the end of the latest body has left.
    pub(super) fn end_written(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.end_written)
    }

    /// Connects, without TLS.
    pub(super) async fn connect(config: &Config) -> Result<Self, SendError> {
        let failed = |cause| SendError::Connection {
            stage: Stage::Connect,
            cause,
        };
        let bound = config.timeouts.connect;
        let connected = timeout(
            bound,
            TcpStream::connect((config.host.as_str(), config.port)),
        )
        .await;
        let tcp = match connected {
            Err(_) => return Err(failed(Cause::Timeout(bound))),
            Ok(Err(error)) => return Err(failed(Cause::Io(error.kind()))),
            Ok(Ok(tcp)) => tcp,
        };
        // Body and final dot are two writes; with Nagle's algorithm each message would wait for an
        // acknowledgement in between, some 40 ms.
        tcp.set_nodelay(true)
            .map_err(|error| failed(Cause::Io(error.kind())))?;
        Ok(Self::new(Stream::Plain(tcp), Vec::new()))
    }

    /// Turns a plain connection into an encrypted one. `greeting` is what the next reader finds first.
    pub(super) async fn secure(
        self,
        tls: &TlsContext,
        config: &Config,
        greeting: &[u8],
    ) -> Result<Self, SendError> {
        let failed = |cause| SendError::Connection {
            stage: Stage::Tls,
            cause,
        };
        let Stream::Plain(tcp) = self.stream else {
            return Ok(self);
        };
        if !self.pending.is_empty() {
            // Text that came before the handshake was not encrypted and must not be taken for what is.
            return Err(failed(Cause::Protocol));
        }
        let name = tls
            .name
            .clone()
            .ok_or_else(|| failed(Cause::Tls("the host has no name to check".to_owned())))?;
        let bound = config.timeouts.tls;
        match timeout(bound, tls.connector.connect(name, tcp)).await {
            Err(_) => Err(failed(Cause::Timeout(bound))),
            Ok(Err(error)) => Err(failed(Cause::Tls(
                error.to_string().chars().take(200).collect(),
            ))),
            Ok(Ok(stream)) => Ok(Self::new(Stream::Tls(Box::new(stream)), greeting.to_vec())),
        }
    }

    /// The same connection for a reader that expects to be greeted first.
    pub(super) fn greeted(mut self, greeting: &[u8]) -> Self {
        self.pending.extend_from_slice(greeting);
        self
    }

    /// Writes one command by itself, before lettre takes over.
    pub(super) async fn write_command(&mut self, command: &str) -> io::Result<()> {
        self.write_all(command.as_bytes()).await?;
        self.flush().await
    }

    /// Reads one reply, its lines joined by line breaks.
    pub(super) async fn read_reply(&mut self) -> io::Result<(u16, String)> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        let mut lines = String::new();
        loop {
            let line = self.read_line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code: u16 = line
                .get(..3)
                .and_then(|code| code.parse().ok())
                .ok_or_else(broken)?;
            let (mark, text) = (
                line.as_bytes().get(3).copied(),
                line.get(4..).unwrap_or_default(),
            );
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(text);
            match mark {
                Some(b'-') => {}
                Some(b' ') | None => return Ok((code, lines)),
                Some(_) => return Err(broken()),
            }
        }
    }

    async fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut chunk = [0; 1024];
        loop {
            // `poll_read` hands out one line at most.
            let count = self.read(&mut chunk).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            line.extend_from_slice(&chunk[..count]);
            if line.ends_with(b"\n") {
                return Ok(line);
            }
        }
    }

    /// Looks, without waiting, whether the server has written something since its last reply.
    fn poll_unasked(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut space = [0; 256];
        let mut buffer = ReadBuf::new(&mut space);
        match self.stream.poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Poll::Ready(Ok(())) => {
                self.pending.extend_from_slice(buffer.filled());
                Err(io::ErrorKind::InvalidData.into())
            }
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Ok(()),
        }
    }
}

impl Stream {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.pending.is_empty() {
            let mut space = [0; 4096];
            let mut chunk = ReadBuf::new(&mut space);
            match wire.stream.poll_read(cx, &mut chunk) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
            wire.reply_bytes += chunk.filled().len();
            if wire.reply_bytes > REPLY_BYTES_MAX {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            wire.pending.extend_from_slice(chunk.filled());
        }
        wire.answered = true;
        let line = wire
            .pending
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(wire.pending.len(), |at| at + 1);
        let count = line.min(buffer.remaining());
        buffer.put_slice(&wire.pending[..count]);
        wire.pending.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if !wire.pending.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        if wire.answered {
            if let Err(error) = wire.poll_unasked(cx) {
                return Poll::Ready(Err(error));
            }
            wire.answered = false;
            wire.reply_bytes = 0;
            wire.end_written.store(false, Ordering::Relaxed);
        }
        let written = match &mut wire.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        };
        if bytes == END_OF_BODY && matches!(written, Poll::Ready(Ok(_))) {
            wire.end_written.store(true, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

/// What an I/O error means for the connection.
pub(super) fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::InvalidData => Cause::Protocol,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Cause::Ended,
        kind => Cause::Io(kind),
    }
}

/// A refusal before a message is in play.
pub(super) fn refused(stage: Stage, code: u16, text: &str) -> SendError {
    SendError::Connection {
        stage,
        cause: Cause::Refused(Reply::new(code, text)),
    }
}
