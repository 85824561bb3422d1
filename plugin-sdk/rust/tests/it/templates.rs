//! What `signalbox plugin new` writes, compiled as it is; each brings its own test.

#[path = "../../template/personalizer.rs"]
mod personalizer;
#[path = "../../template/segment.rs"]
mod segment;
#[path = "../../template/trigger.rs"]
mod trigger;
