//! Bodies: read within a time and a length of their own, and all together within one bound of memory.
//!
//! The extractors read by it. What is counted is the memory that a body takes as it comes, so that who announces much
//! and sends little takes little.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody as _};

use crate::{
    connections::Limits,
    error::{Error, ErrorCode},
};

/// After how many seconds somebody whose body found no room should try again.
const RETRY_AFTER_S: u64 = 1;

/// Room for the bodies of all requests.
#[derive(Debug, Clone)]
pub struct Bodies {
    taken: Arc<AtomicUsize>,
    bytes_max: usize,
    time_max: Duration,
}

/// A body as it came, and the room it takes.
#[derive(Debug)]
pub(crate) struct ReadBody {
    pub(crate) bytes: Bytes,
    pub(crate) room: Room,
}

/// Bytes that one body takes of the room for all, until this is dropped. A handler keeps it for as long as it has
/// anything that was made from the body.
#[derive(Debug)]
pub(crate) struct Room {
    bodies: Bodies,
    bytes: usize,
}

impl Bodies {
    /// Room as the limits say.
    pub fn new(limits: &Limits) -> Self {
        Self {
            taken: Arc::default(),
            bytes_max: limits.bodies_bytes_max,
            time_max: limits.body_timeout,
        }
    }

    /// Reads the whole of a body.
    ///
    /// # Errors
    /// When it is longer than `bytes_max`, comes too slowly, breaks off, or finds no room beside the others.
    pub(crate) async fn read(&self, body: Body, bytes_max: usize) -> Result<ReadBody, Error> {
        let read = tokio::time::timeout(self.time_max, self.collect(body, bytes_max)).await;
        read.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorCode::BodyTooSlow,
                format!("the body did not come within {} s", self.time_max.as_secs()),
            ))
        })
    }

    async fn collect(&self, mut body: Body, bytes_max: usize) -> Result<ReadBody, Error> {
        let too_large = || {
            Error::new(
                ErrorCode::BodyTooLarge,
                format!("the body is longer than {bytes_max} bytes, or it broke off"),
            )
        };
        if body.size_hint().lower() > bytes_max as u64 {
            return Err(too_large());
        }
        let mut room = Room {
            bodies: self.clone(),
            bytes: 0,
        };
        let mut collected = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let Ok(data) = frame.map_err(|_| too_large())?.into_data() else {
                continue;
            };
            let wanted = collected.len() + data.len();
            if wanted > bytes_max {
                return Err(too_large());
            }
            if wanted > collected.capacity() {
                // Twice as much each time, so that a body in many pieces is not moved for each.
                let capacity = wanted.max(collected.capacity() * 2).min(bytes_max);
                room.grow(capacity - collected.capacity())?;
                collected.reserve_exact(capacity - collected.len());
            }
            collected.extend_from_slice(&data);
        }
        Ok(ReadBody {
            bytes: collected.into(),
            room,
        })
    }
}

impl Room {
    fn grow(&mut self, more: usize) -> Result<(), Error> {
        let bytes_max = self.bodies.bytes_max;
        let grown = |taken: usize| taken.checked_add(more).filter(|&all| all <= bytes_max);
        let taken = &self.bodies.taken;
        if taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, grown)
            .is_err()
        {
            let error = Error::new(
                ErrorCode::Busy,
                "the bodies of other requests take all the room there is for them",
            );
            return Err(error.retry_after(RETRY_AFTER_S));
        }
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.bodies.taken.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
