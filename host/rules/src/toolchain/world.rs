//! The contract as a tool wants it: one WIT document with a world of just the rules that a plugin has.
//!
//! Called by the languages but Rust, whose macro brings its own.

use std::{fs, path::Path};

use signalbox_model::describe::RuleKind;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{BuildError, file};
use crate::error::cut;

/// The contract that plugins are built for.
const CONTRACT: &str = include_str!("../../../../wit/v1/rules.wit");
/// The world's name, which nothing in a component depends on.
pub(super) const WORLD: &str = "built-plugin";

fn document(kinds: &[RuleKind]) -> String {
    let exports: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let exports = exports.join(";\n    export ");
    format!("{CONTRACT}\nworld {WORLD} {{\n    export plugin;\n    export {exports};\n}}\n")
}

/// Writes the document into a folder that is there.
pub(super) fn write(folder: &Path, kinds: &[RuleKind]) -> Result<(), BuildError> {
    let path = folder.join("rules.wit");
    fs::write(&path, document(kinds)).map_err(file(&path))
}

/// Puts the contract's types into a core module, which is then ready to be encoded.
pub(super) fn embed(core: &mut Vec<u8>, kinds: &[RuleKind]) -> Result<(), String> {
    let mut resolve = Resolve::default();
    let embedded = resolve
        .push_str("rules.wit", &document(kinds))
        .and_then(|package| resolve.select_world(&[package], Some(WORLD)))
        .and_then(|world| {
            embed_component_metadata(core, &resolve, world, StringEncoding::UTF8, false)
        });
    embedded.map_err(|e| cut(&format!("{e:#}")))
}
