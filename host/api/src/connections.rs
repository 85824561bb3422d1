//! Connections: how many there are at one time, and how long each may keep the server waiting.
//!
//! `app` calls it with a listener. A client that sends slowly, takes nothing of its answer or asks nothing costs a place
//! for a bounded time; one that takes a little of its answer now and then keeps its place until it has it. Who finds
//! every place taken is told so. What a request means is the routes' affair.
//!
//! HTTP/1.1 only: what would come with HTTP/2 (streams that are opened and reset in a flood) has no way in.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    time::Duration,
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::Request,
    response::{IntoResponse, Response},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
};
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use crate::{
    App,
    error::{Error, ErrorCode},
};

/// Longest head of a request, in bytes; a longer one is answered 431.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most connections beyond the bound that are told so at one time; more are closed without a word.
const REFUSALS_MAX: usize = 64;
/// Longest time for telling one of them.
const REFUSAL_TIME_MAX: Duration = Duration::from_secs(1);
/// After how many seconds somebody who found no place should try again.
const RETRY_AFTER_S: u64 = 1;

/// What bounds the connections. None of it bounds how long a handler may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for the whole head of a request, counted from the connection or from the end of the request before;
    /// so it is also how long a connection may stay idle. It is closed without an answer then. Default: 30 s.
    pub header_timeout: Duration,
    /// Longest wait for the whole body of a request, counted from its head; answered 408 then. Default: 60 s.
    pub body_timeout: Duration,
    /// Longest that a client may take nothing of an answer; the connection is closed then. Default: 30 s.
    pub answer_timeout: Duration,
    /// Connections at one time, 1 or more; one more is answered 503. Default: 512, so that they, the connections to mail
    /// servers and the files of the store stay under the 1,024 descriptors that a process commonly may have.
    pub connections_max: usize,
    /// Bytes of all bodies that are being read or handled at one time, 8 MiB (the longest body) or more; whoever needs
    /// more is answered 429. Default: 128 MiB.
    pub bodies_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_mins(1),
            answer_timeout: Duration::from_secs(30),
            connections_max: 512,
            bodies_bytes_max: 128 << 20,
        }
    }
}

/// Serves until `stop` is done, and then until what was begun is answered. Whoever drops the future breaks that off.
pub async fn serve(
    mut listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let limits = app.connections;
    let router = crate::router(app);
    let graceful = GracefulShutdown::new();
    let (mut served, mut refused) = (JoinSet::new(), JoinSet::new());
    let mut fullness = Fullness::default();
    let mut stop = pin!(stop);
    loop {
        // Connections that have ended give their places back before the next one looks for a place.
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = served.join_next() => {
                note(ended);
                fullness.freed(served.len(), limits.connections_max);
                continue;
            }
            Some(ended) = refused.join_next() => {
                note(ended);
                continue;
            }
            accepted = Listener::accept(&mut listener) => accepted,
        };
        if served.len() < limits.connections_max {
            let watcher = graceful.watcher();
            served.spawn(serve_one(stream, peer, router.clone(), limits, watcher));
        } else {
            fullness.found(limits.connections_max);
            if refused.len() < REFUSALS_MAX {
                refused.spawn(refuse(stream));
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
    while let Some(ended) = served.join_next().await {
        note(ended);
    }
}

async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    watcher: Watcher,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let stream = bounded(stream, limits.answer_timeout);
    let connection = http1(limits.header_timeout).serve_connection(stream, service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = %error, "a connection was broken off: {error}");
    }
}

/// Tells whoever asks that every place is taken. Who asks nothing in time is closed without a word.
async fn refuse(stream: TcpStream) {
    let service = service_fn(|_: Request<Incoming>| async {
        let error = Error::new(
            ErrorCode::Unavailable,
            "as many connections as there may be are open",
        );
        Ok::<Response, Infallible>(error.retry_after(RETRY_AFTER_S).into_response())
    });
    let stream = bounded(stream, REFUSAL_TIME_MAX);
    let connection = http1(REFUSAL_TIME_MAX)
        .keep_alive(false)
        .serve_connection(stream, service);
    // However it ends, there is nobody to tell.
    let _ = tokio::time::timeout(REFUSAL_TIME_MAX, connection).await;
}

fn http1(header_timeout: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_header_size(HEAD_BYTES_MAX);
    builder
}

/// The stream, on which a write fails once nothing of it was taken for that long.
fn bounded(
    stream: TcpStream,
    write_timeout: Duration,
) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    TokioIo::new(Box::pin(stream))
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a connection ended by a fault of ours: {error}");
    }
}

/// Whether the log was told that every place is taken: once, until half of them are free again.
#[derive(Default)]
struct Fullness {
    is_told: bool,
}

impl Fullness {
    fn found(&mut self, connections_max: usize) {
        if !self.is_told {
            self.is_told = true;
            tracing::warn!(
                "all {connections_max} connections are in use, more are refused; http.connections_max raises the bound"
            );
        }
    }

    fn freed(&mut self, connections: usize, connections_max: usize) {
        if connections <= connections_max / 2 {
            self.is_told = false;
        }
    }
}
