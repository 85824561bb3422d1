//! Plugins written by hand in WebAssembly text, small enough to be encoded in a test.
//!
//! The segment reads one number, `spent`: over 100 is a member. Some numbers make it misbehave, so that one bad row
//! can be put among good ones.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The reasons of the segment, by index.
pub(crate) const OVER: u32 = 0;
pub(crate) const UNDER: u32 = 1;
pub(crate) const UNKNOWN: u32 = 2;

/// Numbers that make the segment misbehave.
pub(crate) const LOOPS: f64 = 601.0;
pub(crate) const TRAPS: f64 = 602.0;
pub(crate) const EATS_MEMORY: f64 = 603.0;
pub(crate) const BAD_REASON: f64 = 604.0;
pub(crate) const RECURSES: f64 = 605.0;
pub(crate) const SAYS_FAILED: f64 = 606.0;
pub(crate) const PAST_RECHECK: f64 = 607.0;
pub(crate) const WRONG_COUNT: f64 = 608.0;
pub(crate) const HUGE_ANSWER: f64 = 609.0;
pub(crate) const BAD_TAG: f64 = 610.0;

/// What a guest is made of; every part can be changed.
pub(crate) struct Guest {
    pub(crate) world: &'static str,
    pub(crate) describe: Json,
    pub(crate) plan: Json,
    /// Pages of memory declared.
    pub(crate) pages: u32,
    /// WIT beside the contract's, where the world is not one of the contract's own.
    pub(crate) wit: &'static str,
    /// Imports of the module.
    pub(crate) imports: &'static str,
    /// Further items of the module.
    pub(crate) items: &'static str,
    /// Run for each row before it is decided.
    pub(crate) row: &'static str,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            world: "segment-plugin",
            describe: describe("1.0.0"),
            plan: json!({
                "format": 1,
                "inputs": [{"name": "spent", "source": {"attribute": "spent"}, "type": "number"}],
            }),
            pages: 2,
            wit: "",
            imports: "",
            items: "",
            row: "",
        }
    }
}

/// A good description.
pub(crate) fn describe(version: &str) -> Json {
    json!({
        "format": 1,
        "name": "big_spender",
        "version": version,
        "title": "Big spender",
        "summary": "In when more than 100 was spent.",
        "rules": {"segment": {
            "config_schema": {"type": "object", "properties": {"note": {"type": "string"}}, "additionalProperties": false},
            "reasons": [
                {"code": "over", "title": "Over"},
                {"code": "under", "title": "Under"},
                {"code": "unknown", "title": "Unknown"},
            ],
            "cases": [
                {"name": "over", "config": {}, "given": {"spent": 101}, "expect": {"member": true, "reason": "over"}},
                {"name": "under", "config": {}, "given": {"spent": 100}, "expect": {"member": false, "reason": "under"}},
                {"name": "missing", "config": {}, "expect": {"member": false, "reason": "unknown"}},
            ],
        }},
    })
}

impl Guest {
    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        signalbox_rules::toolchain::encode(&self.module()).expect("the guest encodes")
    }

    /// The core module, with the contract's types in it.
    pub(crate) fn module(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).expect("the text parses");
        let mut resolve = Resolve::default();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v1");
        let (mut package, _) = resolve.push_path(folder).expect("the contract parses");
        if !self.wit.is_empty() {
            package = resolve
                .push_str("more.wit", self.wit)
                .expect("the WIT parses");
        }
        let world = resolve
            .select_world(&[package], Some(self.world))
            .expect("the contract has this world");
        wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            StringEncoding::UTF8,
            false,
        )
        .expect("the types fit into the module");
        module
    }

    fn text(&self) -> String {
        let (describe, plan) = (self.describe.to_string(), self.plan.to_string());
        let plan_at = 1024 + describe.len();
        let heap = (plan_at + plan.len()).next_multiple_of(16);
        let places = [
            ("{pages}", self.pages.to_string()),
            ("{heap}", heap.to_string()),
            ("{describe_data}", escaped(&describe)),
            ("{describe_len}", describe.len().to_string()),
            ("{plan_at}", plan_at.to_string()),
            ("{plan_data}", escaped(&plan)),
            ("{plan_len}", plan.len().to_string()),
            ("{row}", self.row.to_owned()),
            ("{misbehave}", misbehaviours()),
            ("{imports}", self.imports.to_owned()),
            ("{items}", self.items.to_owned()),
        ];
        let text = include_str!("guest.wat").to_owned();
        places
            .iter()
            .fold(text, |text, (place, with)| text.replace(place, with))
    }
}

fn misbehaviours() -> String {
    let mut text = String::new();
    let mut on = |value: f64, body: &str| {
        let _ = writeln!(
            text,
            "(if (f64.eq (local.get $value) (f64.const {value})) (then {body}))"
        );
    };
    on(LOOPS, "(loop $on (br $on))");
    on(TRAPS, "unreachable");
    on(EATS_MEMORY, "(call $eat)");
    on(
        BAD_REASON,
        "(i32.store offset=12 (local.get $at) (i32.const 99))",
    );
    on(RECURSES, "(drop (call $recurse (i32.const 0)))");
    on(
        SAYS_FAILED,
        "(i32.store8 (local.get $at) (i32.const 1)) (i32.store offset=8 (local.get $at) (i32.const 1024)) \
         (i32.store offset=12 (local.get $at) (i32.const 9))",
    );
    on(
        PAST_RECHECK,
        "(i32.store8 offset=16 (local.get $at) (i32.const 1)) (i64.store offset=24 (local.get $at) (i64.const 5))",
    );
    on(WRONG_COUNT, "(global.set $extra (i32.const -1))");
    on(
        HUGE_ANSWER,
        "(drop (memory.grow (i32.const 640))) (i32.store8 (local.get $at) (i32.const 1)) \
         (i32.store offset=8 (local.get $at) (i32.const 1024)) (i32.store offset=12 (local.get $at) (i32.const 40000000))",
    );
    on(BAD_TAG, "(i32.store8 (local.get $at) (i32.const 77))");
    text
}

/// A text as the string of a data segment.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        let _ = write!(escaped, "\\{byte:02x}");
        escaped
    })
}
