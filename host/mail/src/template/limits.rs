//! The bounds on a template and on one rendering, and what happens when one is reached.
//!
//! [`super::language`] charges every tag, turn of a loop and byte handled to a [`Meter`] that lives in the
//! rendering's registers. Nothing here looks at a clock: the same template and view always end the same way.

use std::io::{self, Write};

use liquid_core::model::ValueView;
use liquid_core::{Error, Runtime};
use thiserror::Error as ThisError;

/// Longest source of one part, in bytes.
pub const SOURCE_BYTES_MAX: usize = 512 * 1024;
/// Most problems reported for one template.
pub const PROBLEMS_MAX: usize = 100;
/// Most Liquid tags in one part.
pub const TAGS_MAX: usize = 5_000;
/// Longest Liquid tag, in bytes.
pub const TAG_BYTES_MAX: usize = 2_048;
/// Deepest nesting of Liquid blocks.
pub const NESTING_MAX: usize = 16;
/// Deepest nesting of elements in the MJML.
pub const ELEMENTS_DEEP_MAX: usize = 64;
/// Deepest nesting of brackets in a Liquid variable.
pub const BRACKETS_MAX: usize = 8;
/// Deepest nesting of a value in the view.
pub const VALUE_DEPTH_MAX: usize = 32;

/// The bounds on one rendering of one part. They do not cover parsing, which has the constants above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes the rendered HTML or text may have. Default 1 MiB (many providers cut at 100 kB).
    pub output_bytes_max: usize,
    /// Most bytes the rendered subject may have. Default 500.
    pub subject_bytes_max: usize,
    /// Most steps: one per tag run, per turn of a loop for each tag in it, and per 64 bytes handled. Default 200,000.
    pub steps_max: u64,
    /// Most bytes one value may have while it is being worked on. Default 256 KiB.
    pub value_bytes_max: usize,
    /// Most turns of one loop. Default 10,000.
    pub loop_turns_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output_bytes_max: 1024 * 1024,
            subject_bytes_max: 500,
            steps_max: 200_000,
            value_bytes_max: 256 * 1024,
            loop_turns_max: 10_000,
        }
    }
}

/// Which bound a rendering reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Bound {
    #[error("output_bytes_max")]
    OutputBytes,
    #[error("steps_max")]
    Steps,
    #[error("value_bytes_max")]
    ValueBytes,
    #[error("loop_turns_max")]
    LoopTurns,
}

/// Why a rendering was stopped, kept beside the Liquid error, which cannot carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    Missing(String),
    Bound(Bound),
}

/// What one rendering has used so far. Written by the tags and filters, read when it ends.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) limits: Limits,
    pub(super) steps: u64,
    /// The first variable that was asked for and is not there, since this was last cleared.
    pub(super) missing: Option<String>,
    pub(super) stop: Option<Stop>,
}

/// Ends the rendering for `stop`; the first reason is the one kept.
pub(super) fn stop(runtime: &dyn Runtime, stop: Stop) -> Error {
    let mut meter = runtime.registers().get_mut::<Meter>();
    meter.stop.get_or_insert(stop);
    Error::with_msg("stopped")
}

/// Charges `steps`.
pub(super) fn charge(runtime: &dyn Runtime, steps: u64) -> Result<(), Error> {
    let over = {
        let mut meter = runtime.registers().get_mut::<Meter>();
        meter.steps = meter.steps.saturating_add(steps);
        meter.steps > meter.limits.steps_max
    };
    if over {
        Err(stop(runtime, Stop::Bound(Bound::Steps)))
    } else {
        Ok(())
    }
}

/// Charges a value by its size and refuses one that is too large.
pub(super) fn charge_value(runtime: &dyn Runtime, value: &dyn ValueView) -> Result<(), Error> {
    let bytes_max = limits(runtime).value_bytes_max;
    let bytes = value_bytes(value, bytes_max, 0);
    charge(runtime, 1 + bytes as u64 / 64)?;
    if bytes > bytes_max {
        Err(stop(runtime, Stop::Bound(Bound::ValueBytes)))
    } else {
        Ok(())
    }
}

pub(super) fn limits(runtime: &dyn Runtime) -> Limits {
    runtime.registers().get_mut::<Meter>().limits
}

/// Roughly the bytes a value takes, counted no further than a little beyond `enough`.
fn value_bytes(value: &dyn ValueView, enough: usize, depth: usize) -> usize {
    const EACH: usize = 16;
    if depth > VALUE_DEPTH_MAX {
        return enough + 1;
    }
    let mut bytes = EACH;
    if let Some(array) = value.as_array() {
        for item in array.values() {
            bytes += value_bytes(item, enough, depth + 1);
            if bytes > enough {
                break;
            }
        }
    } else if let Some(object) = value.as_object() {
        for (key, item) in object.iter() {
            bytes += key.len() + value_bytes(item, enough, depth + 1);
            if bytes > enough {
                break;
            }
        }
    } else if let Some(scalar) = value.as_scalar() {
        bytes += scalar.to_kstr().len();
    }
    bytes
}

/// A buffer that refuses to grow beyond its bound.
#[derive(Debug)]
pub(super) struct Bounded {
    pub(super) bytes: Vec<u8>,
    pub(super) over: bool,
    bytes_max: usize,
}

impl Bounded {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes_max.min(16 * 1024)),
            over: false,
            bytes_max,
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.bytes_max {
            self.over = true;
            return Err(io::Error::other("the output is too large"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
