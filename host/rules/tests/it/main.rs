//! The sandbox at its boundary: bytes and rows in, reasons and answers out.

mod catalogue;
mod decide;
mod documents;
mod files;
mod fuzz;
mod guest;
mod hostile;
mod inspect;
mod prune;
mod seal;
mod support;
mod trust;
