//! The counters at the room's boundary: facts in, counters out.

mod funnel;
