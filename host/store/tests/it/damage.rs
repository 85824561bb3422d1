//! A bit that flips in sled's file is found: at open, or by a check, with its row named; never by the process ending.

use std::{
    fs,
    path::{Path, PathBuf},
};

use signalbox_store::Store;

use crate::fixture::{config, copy_folder, export, fill, in_full, open};

/// How many places of the file are flipped, one at a time. Set the environment variable for more.
const PLACES: &str = "SIGNALBOX_STORE_FLIPS";

#[derive(Debug, Default)]
struct Outcomes {
    at_open: usize,
    by_check: usize,
    without_effect: usize,
}

#[test]
fn a_flipped_bit_is_found_after_a_clean_close() {
    let (folder, good, expected) = filled();
    open(&good).close_clean().unwrap();
    // sled reads the whole file at this first open, and cuts it at the damage.
    let outcomes = flip_each(folder.path(), &good, &expected);
    assert!(outcomes.at_open > 0, "{outcomes:?}");

    // From the second open on it reads most of it when it is needed.
    open(&good).close_clean().unwrap();
    let outcomes = flip_each(folder.path(), &good, &expected);
    assert!(
        outcomes.at_open > 0 && outcomes.by_check > 0,
        "{outcomes:?}"
    );
}

#[test]
fn a_flipped_bit_is_found_after_a_kill() {
    let (folder, good, _) = filled();
    let store = open(&good);
    fill(&store, 200);
    store.flush().unwrap();
    let expected = export(&store);
    // As a kill leaves it: nothing is closed.
    let killed = folder.path().join("killed");
    copy_folder(&good, &killed);
    let outcomes = flip_each(folder.path(), &killed, &expected);
    assert!(outcomes.at_open > 0, "{outcomes:?}");
}

/// A filled store that is closed, its folder, and what it exports.
fn filled() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    let store = open(&good);
    fill(&store, 200);
    let expected = export(&store);
    store.close_clean().unwrap();
    (folder, good, expected)
}

/// Flips one bit in each of many places of each of sled's files, every time in a fresh copy.
fn flip_each(folder: &Path, good: &Path, expected: &str) -> Outcomes {
    let places = std::env::var(PLACES).map_or(40, |text| text.parse().unwrap());
    let mut outcomes = Outcomes::default();
    for entry in fs::read_dir(good.join("sled")).unwrap() {
        let name = entry.unwrap().file_name();
        let path = Path::new("sled").join(&name);
        if !good.join(&path).is_file() {
            continue;
        }
        let file = fs::read(good.join(&path)).unwrap();
        let used = file.iter().rposition(|byte| *byte != 0).unwrap();
        // The small files get fewer.
        let places = if name == "db" { places } else { places / 4 };
        for place in 0..places {
            let offset = used * place / places;
            let bad = folder.join("bad");
            let _ = fs::remove_dir_all(&bad);
            copy_folder(good, &bad);
            let mut bytes = file.clone();
            bytes[offset] ^= 1 << (place % 8);
            fs::write(bad.join(&path), bytes).unwrap();
            look(
                &bad,
                &format!("{} at {offset}", path.display()),
                expected,
                &mut outcomes,
            );
        }
    }
    outcomes
}

fn look(folder: &Path, place: &str, expected: &str, outcomes: &mut Outcomes) {
    let store = match Store::open(&config(folder)) {
        Ok(store) => store,
        Err(error) => {
            assert!(error.is_damage(), "{place}: {}", in_full(&error));
            outcomes.at_open += 1;
            return;
        }
    };
    let report = store.check().unwrap();
    if report.is_good() {
        assert!(
            export(&store) == expected,
            "{place}: a change that nobody told"
        );
        outcomes.without_effect += 1;
    } else {
        let first = &report.problems[0];
        let row = first.row.as_ref().unwrap();
        assert!(row.kind.is_some() && row.partition.is_some(), "{first:?}");
        outcomes.by_check += 1;
    }
}
