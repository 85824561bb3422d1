//! The speed rows of design section 11, each beside its baseline, in one binary.
//!
//! `cargo xtask bench` calls it. One binary for all, since each is linked with everything that the server is made of.

mod advance;

mod decide;

mod accept;

mod apply;

mod send;

mod due;

mod delay;

mod looping;

mod waiting;

mod reload;

mod start;

mod simulate;

use signalbox_bench::{compiles, criterion, runtime};

/// Many small values live for a moment only: records, rows, effects.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if compiles() {
        return;
    }
    let runtime = runtime();
    if start::fills(&runtime) || waiting::builds(&runtime) {
        return;
    }
    let mut criterion = criterion();
    advance::steps(&mut criterion);
    decide::decisions(&mut criterion);
    accept::in_the_engine(&mut criterion, &runtime);
    accept::over_http(&mut criterion, &runtime);
    apply::events_applied(&mut criterion, &runtime);
    send::latency(&mut criterion, &runtime);
    send::rate(&mut criterion, &runtime);
    delay::delays(&runtime);
    looping::looping(&runtime);
    due::due_in_one_second(&runtime);
    waiting::bytes_each();
    reload::reload(&mut criterion, &runtime);
    start::starts(&mut criterion, &runtime);
    simulate::simulations(&mut criterion);
    criterion.final_summary();
}
