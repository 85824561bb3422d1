//! The one way messages leave: to a server, or into the inbox on disk.
//!
//! The engine's outbox calls [`Transport::begin`], logs its intent while the server waits at 354, and then gives
//! the [`Ready`] handle a body or abandons it. Both transports follow the same steps, so that the engine has one
//! code path.

use thiserror::Error;

use crate::address::Address;
use crate::capture::{Capture, CaptureError};
use crate::smtp::{Accepted, BodyError, Lease, Needs, Pool, SendError, Urgency};

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Transport {
    Smtp(Pool),
    Capture(Capture),
}

/// What both transports need to know of a message before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub from: Address,
    pub to: Address,
    pub needs: Needs,
    pub urgency: Urgency,
    /// For the inbox on disk.
    pub subject: String,
    pub workflow: String,
    pub message_id: String,
    /// The instant of sending on the journey's clock, in milliseconds.
    pub at_ms: i64,
}

/// Why a message did not get as far as 354.
#[derive(Debug, Error)]
pub enum BeginError {
    #[error(transparent)]
    Smtp(#[from] SendError),
    #[error("the inbox on disk cannot be written")]
    Capture(#[source] CaptureError),
}

/// Why a body did not end in acceptance.
#[derive(Debug, Error)]
pub enum HandOverError {
    #[error(transparent)]
    Smtp(#[from] BodyError),
    /// Nothing of the message was kept.
    #[error("the inbox on disk cannot be written")]
    Capture(#[source] CaptureError),
}

/// A receiver that waits for the body. Dropping it abandons the message.
pub enum Ready {
    Smtp(Box<Lease>),
    Capture(Capture, Box<Outgoing>),
}

/// The message was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The server's reply to the body.
    Smtp(Accepted),
    /// The id in the inbox.
    Captured(String),
}

impl Transport {
    /// Takes one message as far as the receiver's 354.
    pub async fn begin(&self, outgoing: &Outgoing) -> Result<Ready, BeginError> {
        match self {
            Self::Smtp(pool) => {
                let lease = pool
                    .begin(
                        &outgoing.from,
                        &outgoing.to,
                        outgoing.needs,
                        outgoing.urgency,
                    )
                    .await?;
                Ok(Ready::Smtp(Box::new(lease)))
            }
            Self::Capture(capture) => {
                Ok(Ready::Capture(capture.clone(), Box::new(outgoing.clone())))
            }
        }
    }

    /// Ends what is kept open. Messages in hand are finished by their holders.
    pub async fn close(&self) {
        match self {
            Self::Smtp(pool) => pool.close().await,
            Self::Capture(_) => {}
        }
    }
}

impl Ready {
    /// Sends the body and waits for the receiver to take it over.
    pub async fn body(self, bytes: Vec<u8>) -> Result<Handed, HandOverError> {
        match self {
            Self::Smtp(lease) => Ok(Handed::Smtp(lease.body(&bytes).await?)),
            Self::Capture(capture, outgoing) => {
                let kept =
                    tokio::task::spawn_blocking(move || capture.keep(&outgoing, &bytes)).await;
                let id = kept
                    .unwrap_or(Err(CaptureError::Interrupted))
                    .map_err(HandOverError::Capture)?;
                Ok(Handed::Captured(id))
            }
        }
    }

    /// Gives up before the body: nothing is sent.
    pub fn abandon(self) {
        match self {
            Self::Smtp(lease) => lease.abandon(),
            Self::Capture(..) => {}
        }
    }
}
