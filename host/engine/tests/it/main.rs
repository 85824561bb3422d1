//! The engine at its boundary: real journal, store, plugins and inbox on a manual clock, and text out.

mod addresses;
mod adopt;
mod budgets;
mod choices;
mod clock;
mod deprecations;
mod entering;
mod events;
mod evidence;
mod journeys;
mod quarantine;
mod recovery;
mod reexecute;
mod seeds;
mod segments;
mod shadows;
mod simulate;
mod support;
mod sweep;
mod tables;
mod versions;
mod visits;
mod workflows;
