//! Named places between two steps of the work, at which a simulation stops it as the end of the process would.
//!
//! `engine` and this room pass them; only a simulator of faults listens. Outside of one, passing is a test of an
//! `Option` and nothing else.

use std::{fmt, sync::Arc};

/// Called with the name of each hop that is passed, on the thread that passes it.
type Listener = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Who listens at the hops. Cheap to clone; nobody by default.
#[derive(Clone, Default)]
pub struct Hops(Option<Listener>);

impl Hops {
    /// Has `listener` called at every hop. It may unwind, and so end the work there.
    pub fn heard_by(listener: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// The work has come to the hop of that name.
    pub fn pass(&self, hop: &'static str) {
        if let Some(listener) = &self.0 {
            listener(hop);
        }
    }
}

impl fmt::Debug for Hops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heard = if self.0.is_some() { "heard" } else { "nobody" };
        f.debug_tuple("Hops").field(&heard).finish()
    }
}
