//! What `signalbox plugin new` writes, compiled as it is; each brings its own test.

use std::{fs, path::Path};

#[path = "../../template/personalizer.rs"]
mod personalizer;
#[path = "../../template/segment.rs"]
mod segment;
#[path = "../../template/trigger.rs"]
mod trigger;

#[test]
fn a_copy_of_the_sdk_stands_on_what_the_sdk_stands_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let root = fs::read_to_string(root).expect("the workspace has a manifest");
    let copy = include_str!("../../template/sdk.toml");
    let (_, dependencies) = copy.split_once("[dependencies]\n").expect("it has some");
    for line in dependencies.lines() {
        assert!(root.lines().any(|other| other == line), "{line}");
    }
}
