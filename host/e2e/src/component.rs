//! Makes segment plugins of any version in a moment, without a compiler: everybody is in, for a reason that is named
//! after the version.
//!
//! Tests and stories drop them into a server's folder. What they say of themselves is true unless a lie is asked for.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The name of the plugin.
pub const NAME: &str = "versioned";
/// Where the texts begin, and where free memory does.
const TEXTS_AT: usize = 64;
const HEAP_AT: usize = 16 * 1024;

/// The component of version `1.0.NUMBER`, whose only reason is `vNUMBER`.
pub fn versioned(number: u32) -> Result<Vec<u8>> {
    component(number, true)
}

/// The same, but for its case `everybody`: that says nobody is in, which is not so.
pub fn lying(number: u32) -> Result<Vec<u8>> {
    component(number, false)
}

/// Puts another text of the same length in the place of each such text of a component: another version, other words.
pub fn exchange(component: &mut [u8], from: &str, to: &str) -> Result<()> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    ensure!(from.len() == to.len(), "only texts of one length");
    for at in 1..component.len().saturating_sub(from.len()) {
        // Versions of the contract stand behind an `@`.
        if component[at..].starts_with(from) && component[at - 1] != b'@' {
            component[at..at + to.len()].copy_from_slice(to);
        }
    }
    Ok(())
}

fn component(number: u32, case_member: bool) -> Result<Vec<u8>> {
    let describe = json!({
        "format": 1,
        "name": NAME,
        "version": format!("1.0.{number}"),
        "title": "Versioned",
        "summary": "Everybody is in, and the reason names the version.",
        "rules": { "segment": {
            "config_schema": { "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object" },
            "reasons": [{ "code": format!("v{number}"), "title": "The version that answered" }],
            "cases": [{ "name": "everybody", "config": {}, "expect": { "member": case_member, "reason": format!("v{number}") } }],
        }},
    })
    .to_string();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v1/rules.wit");
    let wit = std::fs::read_to_string(wit).with_context(|| format!("reading {wit}"))?;
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("rules.wit", &wit)
        .context("the contract")?;
    let world = resolve
        .select_world(&[package], Some("segment-plugin"))
        .context("the world of a segment")?;
    let mut core = core(&describe)?;
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8, false)
        .context("embedding the world")?;
    ComponentEncoder::default()
        .module(&core)
        .context("reading the core module")?
        .validate(true)
        .encode()
        .context("encoding the component")
}

/// A core module whose `decide` answers, for each row, 32 bytes by the canonical ABI: ok (0) at 0, member (1) at 8,
/// reason (0) at 12, no recheck (0) at 16.
fn core(describe: &str) -> Result<Vec<u8>> {
    let plan = r#"{"format":1,"inputs":[],"occasions":[]}"#;
    let texts = bytes(format!("{describe}{plan}").as_bytes());
    wat::parse_str(format!(
        r#"(module
            (memory (export "memory") 16)
            (global $free (mut i32) (i32.const {HEAP_AT}))
            (data (i32.const {TEXTS_AT}) "{texts}")
            (data (i32.const 8) "{describe_area}")
            (data (i32.const 24) "{plan_area}")
            (func $take (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.set $free (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "signalbox:rules/plugin@1.0.0#describe") (result i32) (i32.const 8))
            (func (export "signalbox:rules/segment@1.0.0#plan") (param i32 i32) (result i32) (i32.const 20))
            (func (export "signalbox:rules/segment@1.0.0#decide")
                (param i32 i32 i32 i32 i32) (result i32)
                (local $row i32)
                (i32.store (i32.const 40) (call $take
                    (i32.const 0) (i32.const 0) (i32.const 8)
                    (i32.mul (local.get 2) (i32.const 32))))
                (i32.store (i32.const 44) (local.get 2))
                (local.set $row (i32.load (i32.const 40)))
                (block $done
                    (loop $next
                        (br_if $done (i32.eqz (local.get 2)))
                        (i32.store8 offset=8 (local.get $row) (i32.const 1))
                        (local.set $row (i32.add (local.get $row) (i32.const 32)))
                        (local.set 2 (i32.sub (local.get 2) (i32.const 1)))
                        (br $next)))
                (i32.const 40))
        )"#,
        describe_area = area(TEXTS_AT, describe.len()),
        plan_area = area(TEXTS_AT + describe.len(), plan.len()),
    ))
    .context("assembling the core module")
}

/// Address and length as the canonical ABI lays them out.
fn area(at: usize, length: usize) -> String {
    bytes(&[(at as u32).to_le_bytes(), (length as u32).to_le_bytes()].concat())
}

fn bytes(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
