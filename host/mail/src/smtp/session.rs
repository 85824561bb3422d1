//! One connection, and the conversation on it up to 354 and beyond.
//!
//! Used by [`super::pool`]. The commands and the dot-stuffing are lettre's `AsyncSmtpConnection`; the order, the
//! timeouts and what a failure means are here.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials as LettreCredentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::wire::{self, TlsContext, Wire};
use super::{
    BodyError, Cause, Class, Config, ConfigError, Reply, Security, SendError, Stage, Timeouts,
};
use crate::address::Address;

/// What a message asks of the server beyond plain SMTP. Messages built here need neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The body has bytes outside ASCII (8BITMIME, RFC 6152).
    pub eight_bit: bool,
    /// A header or address has characters outside ASCII (SMTPUTF8, RFC 6531).
    pub utf8: bool,
}

/// The server took the message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub reply: Reply,
}

/// One connection, ready for a message.
pub struct Session {
    connection: AsyncSmtpConnection,
    end_written: Arc<AtomicBool>,
    timeouts: Timeouts,
    encrypted: bool,
}

/// What the server greets with on a connection that has been greeted and secured already.
const SECURED_GREETING: &[u8] = b"220 secured\r\n";

impl Config {
    /// Checks what can be checked without a connection.
    pub fn check(&self) -> Result<(), ConfigError> {
        let name = |text: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte))
        };
        if !name(&self.hello_name) {
            return Err(ConfigError::HelloName);
        }
        if !name(&self.host) {
            return Err(ConfigError::Host);
        }
        let may_be_plain = matches!(self.security, Security::None | Security::StartTlsIfOffered);
        if self.credentials.is_some() && may_be_plain {
            return Err(ConfigError::CredentialsInClear);
        }
        Ok(())
    }
}

impl Session {
    /// Connects, secures the connection as configured, says EHLO and logs in.
    ///
    /// # Errors
    /// Always [`SendError::Connection`]: no message was in play, so nothing here refuses one.
    pub async fn open(config: &Config, tls: &TlsContext) -> Result<Self, SendError> {
        let wire = Wire::connect(config).await?;
        let (wire, encrypted) = match config.security {
            Security::None => (wire, false),
            Security::Implicit => (wire.secure(tls, config, b"").await?, true),
            Security::StartTls => start_tls(wire, tls, config, true).await?,
            Security::StartTlsIfOffered => start_tls(wire, tls, config, false).await?,
        };
        let end_written = wire.end_written();
        let hello = ClientId::Domain(config.hello_name.clone());
        let bound = config.timeouts.greeting + config.timeouts.command;
        let opened = timeout(
            bound,
            AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello),
        )
        .await;
        let connection = match opened {
            Err(_) => return Err(broken(Stage::Greeting, Cause::Timeout(bound))),
            Ok(Err(error)) => return Err(broken(Stage::Greeting, cause_of(&error))),
            Ok(Ok(connection)) => connection,
        };
        let mut session = Self {
            connection,
            end_written,
            timeouts: config.timeouts,
            encrypted,
        };
        session.log_in(config).await?;
        Ok(session)
    }

    /// Whether what is said on this connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    async fn log_in(&mut self, config: &Config) -> Result<(), SendError> {
        let Some(credentials) = &config.credentials else {
            return Ok(());
        };
        if !self.encrypted {
            return Err(broken(Stage::Auth, Cause::NoStartTls));
        }
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let info = self.connection.server_info();
        if !mechanisms
            .iter()
            .any(|mechanism| info.supports_auth_mechanism(*mechanism))
        {
            return Err(broken(Stage::Auth, Cause::NoAuth));
        }
        let secret = LettreCredentials::new(credentials.name.clone(), credentials.password.clone());
        let bound = self.timeouts.command;
        match timeout(bound, self.connection.auth(&mechanisms, &secret)).await {
            Err(_) => Err(broken(Stage::Auth, Cause::Timeout(bound))),
            Ok(Err(error)) => Err(broken(Stage::Auth, cause_of(&error))),
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// MAIL, RCPT and DATA: on success the server waits for the body and nothing has been sent yet.
    pub async fn begin(
        &mut self,
        from: &Address,
        to: &Address,
        needs: Needs,
    ) -> Result<(), SendError> {
        let info = self.connection.server_info();
        let mut parameters = Vec::new();
        if needs.utf8 {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::Unsupported("SMTPUTF8"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if needs.eight_bit {
            if !info.supports_feature(Extension::EightBitMime) {
                return Err(SendError::Unsupported("8BITMIME"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(Some(path(from, Stage::Mail)?), parameters);
        let rcpt = Rcpt::new(path(to, Stage::Rcpt)?, Vec::new());
        let timeouts = self.timeouts;
        run(
            Stage::Mail,
            timeouts.mail,
            200..300,
            self.connection.command(mail),
        )
        .await?;
        run(
            Stage::Rcpt,
            timeouts.rcpt,
            200..300,
            self.connection.command(rcpt),
        )
        .await?;
        run(
            Stage::Data,
            timeouts.data,
            354..355,
            self.connection.command(Data),
        )
        .await?;
        Ok(())
    }

    /// Sends the body that `begin` made room for, and waits for what the server makes of it.
    pub async fn body(&mut self, bytes: &[u8]) -> Result<Accepted, BodyError> {
        self.end_written.store(false, Ordering::Relaxed);
        // lettre ends every body with a line end of its own.
        let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let bound = self.timeouts.block + self.timeouts.end;
        let in_doubt = |cause| BodyError::InDoubt {
            cause,
            end_written: self.end_written.load(Ordering::Relaxed),
        };
        let response = match timeout(bound, self.connection.message(bytes)).await {
            Err(_) => return Err(in_doubt(Cause::Timeout(bound))),
            Ok(Err(error)) => match refusal(Stage::Body, &error) {
                Some(refusal) => return Err(BodyError::Refused(refusal)),
                None => return Err(in_doubt(cause_of(&error))),
            },
            Ok(Ok(response)) => response,
        };
        let reply = reply_of(&response);
        if (200..300).contains(&reply.code) {
            Ok(Accepted { reply })
        } else {
            Err(in_doubt(Cause::Protocol))
        }
    }

    /// Drops the connection where it stands: after `begin` the server discards what it has.
    pub fn abandon(self) {
        drop(self);
    }

    /// Ends a transaction that was refused, so that the connection can carry the next.
    pub async fn reset(&mut self) -> Result<(), SendError> {
        let bound = self.timeouts.command;
        run(Stage::Reset, bound, 200..300, self.connection.command(Rset)).await
    }

    /// Says goodbye; whatever the answer, the connection is closed.
    pub async fn quit(mut self) {
        let bound = self.timeouts.command.min(Duration::from_secs(5));
        let _closed = run(Stage::Quit, bound, 200..300, self.connection.command(Quit)).await;
    }
}

/// Greeting, EHLO and STARTTLS before lettre takes over: so that what was said in the clear is forgotten, and
/// nothing but a handshake can follow.
async fn start_tls(
    mut wire: Wire,
    tls: &TlsContext,
    config: &Config,
    required: bool,
) -> Result<(Wire, bool), SendError> {
    let timeouts = config.timeouts;
    let (code, text) = say(&mut wire, Stage::Greeting, timeouts.greeting, None).await?;
    if code != 220 {
        return Err(wire::refused(Stage::Greeting, code, &text));
    }
    let hello = format!("EHLO {}\r\n", config.hello_name);
    let (code, text) = say(&mut wire, Stage::Hello, timeouts.command, Some(&hello)).await?;
    if code != 250 {
        return Err(wire::refused(Stage::Hello, code, &text));
    }
    let offered = text
        .lines()
        .skip(1)
        .any(|line| line.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered {
        if required {
            return Err(broken(Stage::StartTls, Cause::NoStartTls));
        }
        tracing::warn!(smtp.host = %config.host, "the mail server offers no STARTTLS: mail goes unencrypted");
        return Ok((wire.greeted(SECURED_GREETING), false));
    }
    let (code, text) = say(
        &mut wire,
        Stage::StartTls,
        timeouts.command,
        Some("STARTTLS\r\n"),
    )
    .await?;
    if code != 220 {
        return Err(wire::refused(Stage::StartTls, code, &text));
    }
    Ok((wire.secure(tls, config, SECURED_GREETING).await?, true))
}

async fn say(
    wire: &mut Wire,
    stage: Stage,
    bound: Duration,
    command: Option<&str>,
) -> Result<(u16, String), SendError> {
    let exchange = async {
        if let Some(command) = command {
            wire.write_command(command).await?;
        }
        wire.read_reply().await
    };
    match timeout(bound, exchange).await {
        Err(_) => Err(broken(stage, Cause::Timeout(bound))),
        Ok(Err(error)) => Err(broken(stage, wire::cause_of(&error))),
        Ok(Ok(reply)) => Ok(reply),
    }
}

/// One command within its bound; a positive reply of another kind than `expected` breaks the connection,
/// because the two sides no longer mean the same.
async fn run(
    stage: Stage,
    bound: Duration,
    expected: std::ops::Range<u16>,
    command: impl Future<Output = Result<Response, lettre::transport::smtp::Error>>,
) -> Result<(), SendError> {
    match timeout(bound, command).await {
        Err(_) => Err(broken(stage, Cause::Timeout(bound))),
        Ok(Err(error)) => {
            Err(refusal(stage, &error).unwrap_or_else(|| broken(stage, cause_of(&error))))
        }
        Ok(Ok(response)) if expected.contains(&u16::from(response.code())) => Ok(()),
        Ok(Ok(_)) => Err(broken(stage, Cause::Protocol)),
    }
}

fn broken(stage: Stage, cause: Cause) -> SendError {
    SendError::Connection { stage, cause }
}

fn path(address: &Address, stage: Stage) -> Result<lettre::Address, SendError> {
    // Ours are stricter than lettre's, so this does not happen; if it did, nothing would be sent.
    address
        .as_str()
        .parse()
        .map_err(|_| broken(stage, Cause::Protocol))
}

fn reply_of(response: &Response) -> Reply {
    let text = response.message().collect::<Vec<_>>().join(" ");
    Reply::new(response.code().into(), &text)
}

/// A negative reply as a refusal of the message; nothing if the error is not a reply.
fn refusal(stage: Stage, error: &lettre::transport::smtp::Error) -> Option<SendError> {
    let code: u16 = error.status()?.into();
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let reply = Reply::new(code, &text);
    // 421 announces that the connection is being closed (RFC 5321 section 3.8).
    let connection_usable = code != 421;
    let class = reply.class(stage);
    let retry = code < 500 || class == Class::Transient;
    Some(if retry {
        SendError::Retry {
            stage,
            reply,
            class,
            connection_usable,
        }
    } else {
        SendError::Permanent {
            stage,
            reply,
            class,
            connection_usable,
        }
    })
}

/// What an error that is not a refusal of a message means for the connection.
fn cause_of(error: &lettre::transport::smtp::Error) -> Cause {
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Cause::Refused(Reply::new(code.into(), &text));
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return wire::cause_of(error);
        }
        source = inner.source();
    }
    let ended = error
        .source()
        .is_some_and(|source| source.to_string() == "incomplete response");
    if ended { Cause::Ended } else { Cause::Protocol }
}
