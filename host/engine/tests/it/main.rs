//! The engine at its boundary: real journal, store, plugins and inbox on a manual clock, and text out.

mod adopt;
mod flow;
mod recovery;
mod support;
mod workflows;
