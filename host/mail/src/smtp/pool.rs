//! Connections to one server: at most so many at once, kept for the next message while they are fresh.
//!
//! Owned by [`crate::transport`]. lettre's own pool bounds only idle connections; here a permit is held from
//! `begin` to the end of the body, so the bound is on messages in hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::session::{Accepted, Needs, Session};
use super::wire::TlsContext;
use super::{BodyError, Cause, Config, ConfigError, SendError, Stage};
use crate::address::Address;

/// One of so many connections is kept free for urgent messages, as long as there are that many.
const URGENT_SHARE: usize = 4;

/// Whether a message may use the connections that are kept free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// It waits while ordinary messages use all connections but the urgent ones' share.
    #[default]
    Ordinary,
    /// It waits only while all connections are in use.
    Urgent,
}

/// How connections are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Most connections at once. Default 16. A quarter of them, rounded down, is used by urgent messages only.
    pub connections_max: usize,
    /// A connection unused for longer than this is closed. Default 30 s.
    pub idle_max: Duration,
    /// A connection is closed after this many messages, because servers count. Default 100.
    pub messages_per_connection_max: u32,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            connections_max: 16,
            idle_max: Duration::from_secs(30),
            messages_per_connection_max: 100,
        }
    }
}

/// A cheap handle on the connections to one server.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

struct Shared {
    config: Config,
    pool: PoolConfig,
    tls: TlsContext,
    permits: Arc<Semaphore>,
    /// What ordinary messages need besides, so that they never hold all permits.
    ordinary: Arc<Semaphore>,
    /// A std mutex: held to push or pop, never over an await.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    session: Session,
    since: Instant,
    messages: u32,
}

/// A connection on which the server waits for a body, and the permit to use it.
pub struct Lease {
    shared: Arc<Shared>,
    session: Session,
    messages: u32,
    _permits: Permits,
}

/// One of all connections, and for an ordinary message one of those that are not kept free.
struct Permits {
    _any: OwnedSemaphorePermit,
    _ordinary: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub fn new(config: Config, pool: PoolConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let tls = TlsContext::new(&config)?;
        let connections_max = pool.connections_max.clamp(1, Semaphore::MAX_PERMITS);
        let ordinary_max = connections_max - connections_max / URGENT_SHARE;
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                pool,
                tls,
                permits: Arc::new(Semaphore::new(connections_max)),
                ordinary: Arc::new(Semaphore::new(ordinary_max)),
                idle: Mutex::default(),
            }),
        })
    }

    /// Waits for a free connection and takes it to the server's 354.
    ///
    /// A kept connection that turns out to be dead is replaced once, silently: nothing had been sent on it.
    pub async fn begin(
        &self,
        from: &Address,
        to: &Address,
        needs: Needs,
        urgency: Urgency,
    ) -> Result<Lease, SendError> {
        let shared = Arc::clone(&self.shared);
        let permits = shared.permits_for(urgency).await?;
        if let Some(Idle {
            mut session,
            messages,
            ..
        }) = shared.take()
        {
            match session.begin(from, to, needs).await {
                Ok(()) => {
                    return Ok(Lease {
                        shared,
                        session,
                        messages,
                        _permits: permits,
                    });
                }
                Err(error) if error.connection_usable() => {
                    shared.keep_after_refusal(session, messages).await;
                    return Err(error);
                }
                // 421 on a kept connection is most often its own old age.
                Err(SendError::Connection { .. } | SendError::Retry { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut session = Session::open(&shared.config, &shared.tls).await?;
        match session.begin(from, to, needs).await {
            Ok(()) => Ok(Lease {
                shared,
                session,
                messages: 0,
                _permits: permits,
            }),
            Err(error) => {
                if error.connection_usable() {
                    shared.keep_after_refusal(session, 0).await;
                }
                Err(error)
            }
        }
    }

    /// How many connections are kept unused at the moment.
    pub fn idle_count(&self) -> usize {
        self.shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Says goodbye on every unused connection and takes no more messages.
    pub async fn close(&self) {
        self.shared.permits.close();
        self.shared.ordinary.close();
        let idle = std::mem::take(
            &mut *self
                .shared
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for Idle { session, .. } in idle {
            session.quit().await;
        }
    }
}

impl Lease {
    /// Sends the body; the connection is kept if it is still good.
    pub async fn body(mut self, bytes: &[u8]) -> Result<Accepted, BodyError> {
        let outcome = self.session.body(bytes).await;
        let usable = match &outcome {
            Ok(_) => true,
            Err(BodyError::Refused(error)) => error.connection_usable(),
            Err(BodyError::InDoubt { .. }) => false,
        };
        if usable {
            self.shared.keep(self.session, self.messages + 1);
        }
        outcome
    }

    /// Drops the connection at 354: nothing is sent.
    pub fn abandon(self) {
        self.session.abandon();
    }
}

/// Waits for one; an error once the pool takes no more messages.
async fn permit_of(permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, SendError> {
    let permit = Arc::clone(permits).acquire_owned().await;
    permit.map_err(|_| SendError::Connection {
        stage: Stage::Connect,
        cause: Cause::Ended,
    })
}

impl Shared {
    async fn permits_for(&self, urgency: Urgency) -> Result<Permits, SendError> {
        let ordinary = match urgency {
            Urgency::Ordinary => Some(permit_of(&self.ordinary).await?),
            Urgency::Urgent => None,
        };
        Ok(Permits {
            _any: permit_of(&self.permits).await?,
            _ordinary: ordinary,
        })
    }

    fn take(&self) -> Option<Idle> {
        let now = now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| now.duration_since(idle.since) <= self.pool.idle_max);
        idle.pop()
    }

    fn keep(&self, session: Session, messages: u32) {
        if messages < self.pool.messages_per_connection_max && !self.permits.is_closed() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(Idle {
                session,
                since: now(),
                messages,
            });
        }
    }

    async fn keep_after_refusal(&self, mut session: Session, messages: u32) {
        if session.reset().await.is_ok() {
            self.keep(session, messages);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: the age of an unused connection"
)]
fn now() -> Instant {
    Instant::now()
}
