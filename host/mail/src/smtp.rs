//! Hands messages to a server over SMTP, stopping where the engine must decide.
//!
//! [`crate::transport`] is the only caller outside of tests. A [`Session`] is one connection: `begin` takes it
//! up to the server's 354, and from there it is either given a body or dropped. The commands are lettre's, the
//! connection is ours: `TCP_NODELAY`, a timeout on every command, TLS that never falls back in silence,
//! replies bounded in memory, and a server that speaks out of turn is not believed.
//!
//! It must never say a message was refused when it may have been accepted, and never log an address, a
//! credential or a body.

mod pool;
mod reply;
mod session;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use self::pool::{Lease, Pool, PoolConfig, Urgency};
pub use self::reply::{Class, Enhanced, REPLY_TEXT_BYTES_MAX, Reply};
pub use self::session::{Accepted, Needs, Session};
pub use self::wire::TlsContext;

/// How a connection is secured (RFC 8314, RFC 3207).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually on port 465.
    Implicit,
    /// STARTTLS, and no mail without it. The default.
    StartTls,
    /// STARTTLS where the server offers it; where it does not, plain, with a warning in the log each time.
    /// A failed handshake or a bad certificate is an error all the same.
    StartTlsIfOffered,
    /// No encryption: for a server on this machine or in tests.
    None,
}

/// A name and password. Printed nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub name: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

/// How long each step may take. The defaults are those of RFC 5321 section 4.5.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving and connecting. Default 30 s.
    pub connect: Duration,
    /// The TLS handshake. Default 30 s.
    pub tls: Duration,
    /// The greeting. Default 5 min.
    pub greeting: Duration,
    /// EHLO, STARTTLS, AUTH, RSET, QUIT: each. Default 5 min.
    pub command: Duration,
    /// MAIL. Default 5 min.
    pub mail: Duration,
    /// RCPT. Default 5 min.
    pub rcpt: Duration,
    /// From DATA to 354. Default 2 min.
    pub data: Duration,
    /// Writing the body. Default 3 min.
    pub block: Duration,
    /// The reply to the final dot. Default 10 min.
    pub end: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            connect: Duration::from_secs(30),
            tls: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            mail: minutes(5),
            rcpt: minutes(5),
            data: minutes(2),
            block: minutes(3),
            end: minutes(10),
        }
    }
}

impl Timeouts {
    /// The same bound for every step.
    pub fn all(bound: Duration) -> Self {
        Self {
            connect: bound,
            tls: bound,
            greeting: bound,
            command: bound,
            mail: bound,
            rcpt: bound,
            data: bound,
            block: bound,
            end: bound,
        }
    }
}

/// One server and how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Host name or IP address; certificates are checked against it.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// A PEM file of certificate authorities trusted beside the public ones.
    pub extra_roots: Option<PathBuf>,
    pub credentials: Option<Credentials>,
    /// What EHLO says we are: our host name.
    pub hello_name: String,
    pub timeouts: Timeouts,
}

/// What is wrong with a [`Config`].
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("the hello name is not a host name")]
    HelloName,
    #[error("the host is neither a host name nor an IP address")]
    Host,
    #[error("credentials would be sent without encryption: use implicit TLS or STARTTLS")]
    CredentialsInClear,
    #[error("reading certificate authorities from {path}", path = path.display())]
    Roots {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} holds no certificate that can be used", path = path.display())]
    NoRoots { path: PathBuf },
    #[error("the cryptographic provider cannot serve TLS")]
    Provider,
}

/// The step at which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Tls,
    Greeting,
    Hello,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Body,
    Reset,
    Quit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Hello => "hello",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Body => "body",
            Self::Reset => "reset",
            Self::Quit => "quit",
        })
    }
}

/// Why a connection was of no use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Cause {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the connection ended")]
    Ended,
    #[error("{0}")]
    Io(std::io::ErrorKind),
    /// The TLS library's words; they name certificates, never contents.
    #[error("{0}")]
    Tls(String),
    /// What came was not SMTP, came out of turn, or was too long.
    #[error("the server does not follow the protocol")]
    Protocol,
    #[error("the server offers no STARTTLS")]
    NoStartTls,
    #[error("the server offers neither AUTH PLAIN nor AUTH LOGIN")]
    NoAuth,
    /// The server said no before a message was in play.
    #[error("{0}")]
    Refused(Reply),
}

/// Why a message was not handed over. Nothing was sent: the same message may be tried as each case says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// 4yz: try later, by [`crate::retry`].
    #[error("refused for now at {stage}: {reply}")]
    Retry {
        stage: Stage,
        reply: Reply,
        class: Class,
        connection_usable: bool,
    },
    /// 5yz: do not try again.
    #[error("refused at {stage}: {reply}")]
    Permanent {
        stage: Stage,
        reply: Reply,
        class: Class,
        connection_usable: bool,
    },
    /// The server could not be reached or used: says nothing about the message; try later.
    #[error("no usable connection at {stage}: {cause}")]
    Connection { stage: Stage, cause: Cause },
    /// The message needs what this server does not offer (8BITMIME, SMTPUTF8): do not try again there.
    #[error("the server does not offer {0}")]
    Unsupported(&'static str),
}

impl SendError {
    /// Whether the connection can carry another message after this.
    pub fn connection_usable(&self) -> bool {
        match self {
            Self::Retry {
                connection_usable, ..
            }
            | Self::Permanent {
                connection_usable, ..
            } => *connection_usable,
            Self::Unsupported(_) => true,
            Self::Connection { .. } => false,
        }
    }
}

/// How a body that was begun did not end in acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The server answered and said no: nothing was delivered.
    #[error(transparent)]
    Refused(#[from] SendError),
    /// The connection ended or timed out without a reply: the message may or may not have been accepted.
    /// `end_written` says whether the final dot had left; without it a server that follows RFC 5321 section
    /// 4.1.1.4 cannot have accepted.
    #[error("in doubt: {cause}")]
    InDoubt { cause: Cause, end_written: bool },
}
