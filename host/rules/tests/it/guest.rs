//! Plugins written by hand in WebAssembly text, small enough to be encoded in a test.
//!
//! The segment reads one number, `spent`: over 100 is a member. Some numbers make it misbehave, so that one bad row
//! can be put among good ones.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The reasons of the segment, by index.
pub const OVER: u32 = 0;
pub const UNDER: u32 = 1;
pub const UNKNOWN: u32 = 2;

/// Numbers that make the segment misbehave.
pub const LOOPS: f64 = 601.0;
pub const TRAPS: f64 = 602.0;
pub const EATS_MEMORY: f64 = 603.0;
pub const BAD_REASON: f64 = 604.0;
pub const RECURSES: f64 = 605.0;
pub const SAYS_FAILED: f64 = 606.0;
pub const PAST_RECHECK: f64 = 607.0;
pub const WRONG_COUNT: f64 = 608.0;
pub const HUGE_ANSWER: f64 = 609.0;
pub const BAD_TAG: f64 = 610.0;

/// What a guest is made of; every part can be changed.
pub struct Guest {
    pub world: &'static str,
    pub describe: Json,
    pub plan: Json,
    /// Pages of memory declared.
    pub pages: u32,
    /// Further items of the module.
    pub items: &'static str,
    /// Run for each row before it is decided.
    pub row: &'static str,
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
            items: "",
            row: "",
        }
    }
}

/// A good description.
pub fn describe(version: &str) -> Json {
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
    pub fn component(&self) -> Vec<u8> {
        signalbox_rules::toolchain::encode(&self.module()).expect("the guest encodes")
    }

    /// The core module, with the contract's types in it.
    pub fn module(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).expect("the text parses");
        let mut resolve = Resolve::default();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v1");
        let (package, _) = resolve.push_path(folder).expect("the contract parses");
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
        format!(
            r#"(module
  (memory (export "memory") {pages})
  (global $next (mut i32) (i32.const {heap}))
  (global $extra (mut i32) (i32.const 0))
  (global $turn (mut i32) (i32.const 0))
  (data (i32.const 1024) "{describe_data}")
  (data (i32.const {plan_at}) "{plan_data}")
  (func $alloc (export "cabi_realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))) (i32.const -1))
        (then unreachable)))
    (local.get $at))
  (func $recurse (param i32) (result i32)
    (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func $eat (loop $more
    (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
    (br $more)))
  (func (export "signalbox:rules/plugin@1.0.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const {describe_len}))
    (i32.const 16))
  (func (export "signalbox:rules/segment@1.0.0#plan") (param i32 i32) (result i32)
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.store (i32.const 36) (i32.const {plan_at}))
    (i32.store (i32.const 40) (i32.const {plan_len}))
    (i32.const 32))
  (func (export "signalbox:rules/segment@1.0.0#decide")
    (param $config i32) (param $config_len i32) (param $rows i32) (param $columns i32) (param $columns_len i32)
    (result i32)
    (local $list i32) (local $i i32) (local $at i32) (local $value f64) (local $missing i32) (local $has i32)
    (local.set $list (call $alloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.mul (local.get $rows) (i32.const 32))))
    ;; The first column: 0 is numbers, anything else has no values here.
    (local.set $has (i32.eqz (i32.load8_u (local.get $columns))))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $i) (local.get $rows)))
      (local.set $at (i32.add (local.get $list) (i32.mul (local.get $i) (i32.const 32))))
      {row}
      (if (local.get $has)
        (then
          (local.set $value (f64.load (i32.add
            (i32.load offset=8 (local.get $columns)) (i32.mul (local.get $i) (i32.const 8)))))
          (i32.store8 offset=8 (local.get $at) (f64.gt (local.get $value) (f64.const 100)))
          (i32.store offset=12 (local.get $at) (f64.le (local.get $value) (f64.const 100)))
          (call $misbehave (local.get $value) (local.get $at))
          ;; The missing rows are ascending: the next of them is looked at only.
          (if (i32.lt_u (local.get $missing) (i32.load offset=28 (local.get $columns)))
            (then (if (i32.eq (local.get $i) (i32.load (i32.add
                (i32.load offset=24 (local.get $columns)) (i32.mul (local.get $missing) (i32.const 4)))))
              (then
                (local.set $missing (i32.add (local.get $missing) (i32.const 1)))
                (i32.store8 offset=8 (local.get $at) (i32.const 0))
                (i32.store offset=12 (local.get $at) (i32.const 2)))))))
        (else (i32.store offset=12 (local.get $at) (i32.const 2))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $each)))
    (i32.store (i32.const 48) (local.get $list))
    (i32.store (i32.const 52) (i32.add (local.get $rows) (global.get $extra)))
    (i32.const 48))
  (func $misbehave (param $value f64) (param $at i32)
    {misbehave})
  {items}
)"#,
            pages = self.pages,
            describe_data = escaped(&describe),
            describe_len = describe.len(),
            plan_data = escaped(&plan),
            plan_len = plan.len(),
            row = self.row,
            items = self.items,
            misbehave = misbehaviours(),
        )
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
