//! The routes as callers meet them: the real router over a real engine on a manual clock, text in and text out.

mod approvals;
mod bad_input;
mod batches;
mod connections;
mod days;
mod deprecations;
mod documents;
mod events;
mod experiments;
mod journeys;
mod keys;
mod pages;
mod releases;
mod routes;
mod segments;
mod sources;
mod support;
mod tables;
mod why;
mod workflows;
