//! The room's boundary: facts in, counters out; counts of an experiment in, a finding out.

mod days;
mod experiment;
mod false_winners;
mod funnel;
mod series;
