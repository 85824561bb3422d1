;; A plugin by hand: the segment of `guest.rs`, with places for its documents and its misbehaviours.
(module
  {imports}
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
)
