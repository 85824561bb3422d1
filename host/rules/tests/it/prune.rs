//! What the data folder keeps of plugins, and for how long.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    time::{Duration, SystemTime},
};

use signalbox_model::id::Digest;
use signalbox_rules::catalogue::{COMPILED_KEPT, Pruned};

use crate::{
    guest::{Guest, describe},
    support::{Bench, names},
};

const DAY: Duration = Duration::from_hours(24);
const KEPT: Duration = Duration::from_hours(100 * 24);

fn put(bench: &Bench, version: &str) -> Digest {
    let guest = Guest {
        describe: describe(version),
        ..Guest::default()
    };
    bench.put("a.wasm", &guest.component());
    bench.resolved("*").expect("a version is there").1
}

/// When the files were last written, and so wanted: the latest of them.
fn written(bench: &Bench) -> SystemTime {
    let times = ["components", "compiled"].map(|folder| {
        let folder = bench.data.join(folder);
        let files = names(&folder).into_iter();
        let times = files.map(|name| fs::metadata(folder.join(name)).and_then(|m| m.modified()));
        times.map(|time| time.expect("a time")).max()
    });
    times.into_iter().flatten().max().expect("a file")
}

#[test]
fn what_nobody_wants_goes_after_its_time() {
    let bench = Bench::new();
    let [first, second, third] = ["1.0.0", "1.1.0", "1.2.0"].map(|version| put(&bench, version));
    let start = written(&bench);
    let prune = |in_use: &[Digest], now: SystemTime| {
        let in_use: BTreeSet<Digest> = in_use.iter().copied().collect();
        let pruned = bench.catalogue.prune(&in_use, now, KEPT);
        let Pruned {
            components,
            compiled,
            ..
        } = pruned.expect("it can be pruned");
        (components, compiled)
    };
    let has = |digest: Digest| {
        ["components", "compiled"].map(|folder| {
            let names = names(&bench.data.join(folder));
            names
                .iter()
                .any(|name| name.starts_with(&digest.to_string()))
        })
    };
    // In the folder are the third and, behind it, the second.
    assert_eq!(prune(&[first], start + 2 * KEPT), (0, 0));
    let left = start + 2 * KEPT;
    assert_eq!(prune(&[], left + COMPILED_KEPT), (0, 0));
    assert_eq!(prune(&[], left + COMPILED_KEPT + DAY), (0, 1));
    assert_eq!(has(first), [true, false]);
    bench.catalogue.ensure(first).expect("it is loaded still");
    assert_eq!(prune(&[], left + KEPT), (0, 0));
    assert_eq!(prune(&[], left + KEPT + DAY), (1, 0));
    assert_eq!(has(first), [false, false]);
    assert_eq!([has(second), has(third)], [[true, true]; 2]);
    // A clock that went back says nothing of age.
    assert_eq!(prune(&[], start - KEPT), (0, 0));
}

#[test]
fn code_of_another_engine_goes_at_once_and_other_files_stay() {
    let bench = Bench::new();
    let digest = put(&bench, "1.0.0");
    let compiled = bench.data.join("compiled");
    let other = compiled.join(format!("{digest}-0123456789abcdef.code"));
    for file in [&other, &compiled.join("notes.txt")] {
        File::create(file).expect("a file");
    }
    let pruned = bench
        .catalogue
        .prune(&BTreeSet::new(), written(&bench), KEPT)
        .expect("it can be pruned");
    assert_eq!((pruned.components, pruned.compiled), (0, 1));
    assert!(!other.exists());
    assert_eq!(names(&compiled).len(), 2);
}
