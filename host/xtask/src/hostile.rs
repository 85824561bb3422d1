//! Makes the hostile components that no compiler makes: endless start functions, giant memories, lies, half files.
//! `plugins` calls it after it has built the hostile crates; `plugins/hostile/README.md` says what must become of each.
//! It never makes anything that a server should let in, but for `honest`, on which the others are cut to measure.

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use std::{fmt::Write as _, fs, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the texts of the core module begin; below them lie the answers' fixed parts.
const TEXTS_AT: usize = 64;
/// Where the core module's free memory begins.
const HEAP_AT: usize = 16 * 1024;
/// Functions imported by `many-imports`.
const MANY_IMPORTS: usize = 5_000;

/// What a core module is made of; the default is a segment that behaves.
struct Recipe {
    /// The contract, as WIT text.
    wit: String,
    world: &'static str,
    /// The package's version in the names of the exports.
    version: &'static str,
    describe: String,
    plan: &'static str,
    /// What `decide` writes into the area of its answers, as WAT; zeros say "out" to everybody.
    verdicts: &'static str,
    memory_pages: u32,
    /// Imports, before everything else, as WAT.
    imports: &'static str,
    /// More functions and fields, as WAT.
    more: &'static str,
}

/// Writes every made component into the folder, which exists already.
pub(crate) fn build_hostile(root: &Path, folder: &Path) -> Result<()> {
    let wit = root.join("wit/v1/rules.wit");
    let wit = fs::read_to_string(&wit).with_context(|| format!("reading {}", wit.display()))?;
    let components = components(&wit)?;
    for (name, bytes) in &components {
        let path = folder.join(name).with_extension("wasm");
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    println!(
        "{} made components in {}",
        components.len(),
        folder.display()
    );
    Ok(())
}

fn components(wit: &str) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let honest = || Recipe::honest(wit);
    let good = honest().component()?;
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 0x10;
    Ok(vec![
        ("honest", good.clone()),
        ("truncated", good[..good.len() / 2].to_vec()),
        ("flipped", flipped),
        ("empty", Vec::new()),
        ("text", b"#!/bin/sh\necho this is no component\n".to_vec()),
        ("core-module", honest().core()?),
        ("loop-in-start", loop_in_start(honest()).component()?),
        (
            "giant-memory",
            Recipe {
                memory_pages: 65_536,
                ..honest()
            }
            .component()?,
        ),
        ("wrong-export", wrong_export(honest()).component()?),
        ("wrong-type", wrong_type(honest()).component()?),
        ("no-describe", no_describe(honest()).component()?),
        ("wasi-import", wasi_import(honest()).component()?),
        ("clock-import", clock_import(honest()).component()?),
        ("memory-search", memory_search(honest()).component()?),
        ("many-imports", many_imports()?),
        (
            "missing-kind",
            Recipe {
                describe: described(&json!({})),
                ..honest()
            }
            .component()?,
        ),
        ("extra-kind", extra_kind(honest()).component()?),
        (
            "bad-describe",
            Recipe {
                describe: "{\"format\":1".to_owned(),
                ..honest()
            }
            .component()?,
        ),
    ])
}

fn loop_in_start(honest: Recipe) -> Recipe {
    Recipe {
        more: "(func $start (loop $again (br $again))) (start $start)",
        ..honest
    }
}

fn wrong_export(honest: Recipe) -> Recipe {
    let wit = honest
        .wit
        .replace("signalbox:rules@1.0.0", "signalbox:rules@2.0.0");
    Recipe {
        wit,
        version: "2.0.0",
        ..honest
    }
}

/// `segment.plan` answers a text where a result is due.
fn wrong_type(honest: Recipe) -> Recipe {
    let (before, segment) = honest
        .wit
        .split_once("interface segment")
        .unwrap_or_default();
    let segment = segment.replacen("-> result<string, string>", "-> string", 1);
    Recipe {
        wit: format!("{before}interface segment{segment}"),
        ..honest
    }
}

fn no_describe(honest: Recipe) -> Recipe {
    let wit = format!(
        "{}\nworld segment-alone {{ export segment; }}\n",
        honest.wit
    );
    Recipe {
        wit,
        world: "segment-alone",
        ..honest
    }
}

fn wasi_import(honest: Recipe) -> Recipe {
    Recipe {
        imports: r#"(import "wasi:cli/environment@0.2.0" "initial-cwd" (func $cwd (param i32)))"#,
        more: "(func (export \"unused\") (call $cwd (i32.const 0)))",
        ..importing(
            honest,
            "wasi:cli/environment@0.2.0",
            "package wasi:cli@0.2.0 { interface environment { initial-cwd: func() -> option<string>; } }",
        )
    }
}

/// A rule that would read a clock by itself.
fn clock_import(honest: Recipe) -> Recipe {
    Recipe {
        imports: r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))"#,
        more: "(func (export \"unused\") (drop (call $now)))",
        ..importing(
            honest,
            "wasi:clocks/monotonic-clock@0.2.0",
            "package wasi:clocks@0.2.0 { interface monotonic-clock { now: func() -> u64; } }",
        )
    }
}

/// Its world imports an interface of that package.
fn importing(honest: Recipe, interface: &str, package: &str) -> Recipe {
    let wit = format!(
        "{}
world segment-with-import {{
    import {interface};
    export plugin;
    export segment;
}}

{package}
",
        honest.wit
    );
    Recipe {
        wit,
        world: "segment-with-import",
        ..honest
    }
}

/// Asks for the attribute `city`, and says that everybody is in where the word `swordfish` lies anywhere in its memory.
///
/// It looks for the word's first eight bytes as a number, and spells it with an escape in its case, so that the word
/// itself is nowhere in its own file.
fn memory_search(honest: Recipe) -> Recipe {
    let rule = json!({
        "config_schema": { "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object" },
        "reasons": [
            { "code": "clean", "title": "Nothing was found" },
            { "code": "found", "title": "The word lies in the memory" },
        ],
        "cases": [
            { "name": "it finds what it is given", "config": { "case": 1 }, "given": { "city": "SWORDFISH" },
              "expect": { "member": true, "reason": "found" } },
            { "name": "and nothing else", "config": { "case": 2 }, "given": { "city": "Berlin" },
              "expect": { "member": false, "reason": "clean" } },
        ],
    });
    let describe = described(&json!({ "segment": rule }));
    let describe = describe
        .replace("\"made\"", "\"memory_search\"")
        .replace("SWORDFISH", "\\u0073wordfish");
    Recipe {
        describe,
        plan: r#"{"format":1,"inputs":[{"name":"city","source":{"attribute":"city"},"type":"text"}],"occasions":[]}"#,
        memory_pages: 4,
        more: "(func $search (result i32)
            (local $at i32) (local $end i32)
            (local.set $end (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))
            (loop $next
                (if (i64.eq (i64.load (local.get $at)) (i64.const 0x73696664726f7773))
                    (then (return (i32.const 1))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.le_u (local.get $at) (local.get $end))))
            (i32.const 0))",
        // Member at 8, reason at 12 of each answer's 32 bytes.
        verdicts: "(if (call $search) (then
            (loop $next
                (if (local.get 2) (then
                    (local.set 2 (i32.sub (local.get 2) (i32.const 1)))
                    (i32.store offset=8 (i32.add (i32.load (i32.const 40)) (i32.mul (local.get 2) (i32.const 32))) (i32.const 1))
                    (i32.store offset=12 (i32.add (i32.load (i32.const 40)) (i32.mul (local.get 2) (i32.const 32))) (i32.const 1))
                    (br $next))))))",
        ..honest
    }
}

fn extra_kind(honest: Recipe) -> Recipe {
    let describe = described(&json!({ "segment": segment(), "trigger": segment() }));
    Recipe { describe, ..honest }
}

/// A component of nothing but imports.
fn many_imports() -> Result<Vec<u8>> {
    let imports: Vec<String> = (0..MANY_IMPORTS)
        .map(|n| format!("(import \"f{n}\" (func))"))
        .collect();
    wat::parse_str(format!("(component {})", imports.join("\n"))).context("many-imports")
}

fn described(rules: &Json) -> String {
    json!({
        "format": 1,
        "name": "made",
        "version": "1.0.0",
        "title": "Hostile",
        "summary": "Made by xtask.",
        "rules": rules,
    })
    .to_string()
}

fn segment() -> Json {
    json!({
        "config_schema": { "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object" },
        "reasons": [{ "code": "out", "title": "Out" }],
        "cases": [{
            "name": "everybody is out",
            "config": {},
            "expect": { "member": false, "reason": "out" },
        }],
    })
}

impl Recipe {
    fn honest(wit: &str) -> Self {
        Self {
            wit: wit.to_owned(),
            world: "segment-plugin",
            version: "1.0.0",
            describe: described(&json!({ "segment": segment() })),
            plan: r#"{"format":1,"inputs":[],"occasions":[]}"#,
            verdicts: "",
            memory_pages: 16,
            imports: "",
            more: "",
        }
    }

    fn component(&self) -> Result<Vec<u8>> {
        let mut resolve = Resolve::default();
        let package = resolve
            .push_str("rules.wit", &self.wit)
            .context("parsing the contract")?;
        let world = resolve
            .select_world(&[package], Some(self.world))
            .context("choosing the world")?;
        let mut core = self.core()?;
        embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8, false)?;
        ComponentEncoder::default()
            .module(&core)
            .and_then(|encoder| encoder.validate(true).encode())
            .with_context(|| format!("making a component for {}", self.world))
    }

    /// The core module: texts at fixed places, memory that is only ever taken, and a segment. An answer of `decide` is 32 bytes of zeros: ok, not a member, reason 0, no recheck.
    fn core(&self) -> Result<Vec<u8>> {
        let Self {
            version,
            describe,
            plan,
            verdicts,
            memory_pages,
            imports,
            more,
            ..
        } = self;
        let (plan_at, plan_length) = (TEXTS_AT + describe.len(), plan.len());
        let (describe_length, texts) = (
            describe.len(),
            escaped(format!("{describe}{plan}").as_bytes()),
        );
        wat::parse_str(format!(
            r#"(module
                {imports}
                (memory (export "memory") {memory_pages})
                (global $free (mut i32) (i32.const {HEAP_AT}))
                (data (i32.const {TEXTS_AT}) "{texts}")
                (data (i32.const 8) "{describe_area}")
                (data (i32.const 24) "{plan_area}")
                {more}
                (func $take (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                    (global.set $free (i32.add (local.get $at) (local.get 3)))
                    (local.get $at))
                (func (export "signalbox:rules/plugin@{version}#describe") (result i32) (i32.const 8))
                (func (export "signalbox:rules/segment@{version}#plan") (param i32 i32) (result i32)
                    (i32.const 20))
                (func (export "signalbox:rules/segment@{version}#decide")
                    (param i32 i32 i32 i32 i32) (result i32)
                    (i32.store (i32.const 40) (call $take
                        (i32.const 0) (i32.const 0) (i32.const 8)
                        (i32.mul (local.get 2) (i32.const 32))))
                    (i32.store (i32.const 44) (local.get 2))
                    {verdicts}
                    (i32.const 40))
            )"#,
            describe_area = area(TEXTS_AT, describe_length),
            plan_area = area(plan_at, plan_length),
        ))
        .context("parsing the core module")
    }
}

/// Address and length as the canonical ABI lays them out.
fn area(at: usize, length: usize) -> String {
    let bytes = [(at as u32).to_le_bytes(), (length as u32).to_le_bytes()].concat();
    escaped(&bytes)
}

/// Bytes as a string of the text format holds them.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::components;
    use std::collections::BTreeSet;

    fn made() -> Vec<(&'static str, Vec<u8>)> {
        components(include_str!("../../../wit/v1/rules.wit")).unwrap()
    }

    #[test]
    fn every_component_is_made_and_told_of() {
        let told = include_str!("../../../plugins/hostile/README.md");
        let components = made();
        let names: BTreeSet<_> = components.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), components.len());
        for name in names {
            assert!(
                told.contains(&format!("| `{name}` |")),
                "{name} is missing in plugins/hostile/README.md"
            );
        }
    }

    #[test]
    fn the_same_source_makes_the_same_bytes() {
        assert!(made() == made());
    }
}
