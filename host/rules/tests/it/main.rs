//! The sandbox at its boundary: bytes and rows in, reasons and answers out.

mod catalogue;
mod decide;
mod documents;
mod guest;
mod inspect;
mod support;
