//! Snapshots and what is restored from them say the same; what is damaged is found before it is used.

use std::{fs, io::Cursor, path::Path};

use signalbox_store::{
    Condition, Config, Error, SnapshotDamage, SnapshotInfo, Snapshots, Store, create_as,
    discard_rows, verify_snapshot,
};

use crate::fixture::{PARTITIONS, at, copy_folder, export, fill, open};

fn snapshot(store: &Store, partition: u16) -> (Vec<u8>, SnapshotInfo) {
    let mut out = Vec::new();
    let info = store.snapshot(partition, &mut out).unwrap();
    (out, info)
}

#[test]
fn a_restored_store_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 100);
    let before = export(&store);
    let snapshots: Vec<_> = store.partitions().map(|p| snapshot(&store, p)).collect();
    // What is restored replaces what is there.
    fill(&store, 200);
    assert_ne!(export(&store), before);
    for (bytes, info) in &snapshots {
        assert_eq!(verify_snapshot(&mut Cursor::new(bytes)).unwrap(), *info);
        assert_eq!(
            store
                .restore(info.partition, &mut Cursor::new(bytes))
                .unwrap(),
            *info
        );
        assert_eq!(snapshot(&store, info.partition).1, *info);
    }
    assert_eq!(export(&store), before);
    assert!(store.check().unwrap().is_good());
    drop(store);
    assert_eq!(open(folder.path()).condition(), Condition::Rebuilding);
}

#[test]
fn damage_in_a_snapshot_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 3);
    let (bytes, _) = snapshot(&store, 0);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(
            verify_snapshot(&mut Cursor::new(&damaged)).is_err(),
            "byte {at}"
        );
    }
    for length in 0..bytes.len() {
        assert!(
            verify_snapshot(&mut Cursor::new(&bytes[..length])).is_err(),
            "cut at {length}"
        );
    }
    let longer = [&*bytes, b"!"].concat();
    let error = verify_snapshot(&mut Cursor::new(longer)).unwrap_err();
    assert!(
        matches!(error, Error::Snapshot(SnapshotDamage::LeftOver)),
        "{error}"
    );
}

#[test]
fn a_snapshot_of_another_partition_or_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("a"));
    fill(&store, 3);
    let before = export(&store);
    let (bytes, _) = snapshot(&store, 0);
    let error = store.restore(1, &mut Cursor::new(&bytes)).unwrap_err();
    assert!(matches!(error, Error::ForeignSnapshot(_)), "{error}");
    assert_eq!(export(&store), before);
    let other = open(&folder.path().join("b"));
    let error = other.restore(0, &mut Cursor::new(&bytes)).unwrap_err();
    assert!(matches!(error, Error::ForeignSnapshot(_)), "{error}");
}

fn write_set(folder: &Path, store: &Store) {
    let snapshots = Snapshots::open(folder).unwrap();
    let writing = snapshots.begin().unwrap();
    std::thread::scope(|scope| {
        for partition in store.partitions() {
            let writing = &writing;
            scope.spawn(move || writing.write(store, partition).unwrap());
        }
    });
    // Somebody who only looks meanwhile changes nothing.
    assert!(Snapshots::open(folder).unwrap().list().is_ok());
    assert!(writing.finish(store).unwrap().verified);
}

#[test]
fn two_verified_sets_are_kept_and_the_newest_whole_one_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, sets) = (folder.path().join("store"), folder.path().join("snapshots"));
    let store = open(&rows);
    let snapshots = Snapshots::open(&sets).unwrap();
    let mut exports = Vec::new();
    let mut positions = Vec::new();
    for round in 1..=4 {
        fill(&store, round * 10);
        write_set(&sets, &store);
        exports.push(export(&store));
        positions.push(
            store
                .partitions()
                .map(|p| store.position(p))
                .collect::<Vec<_>>(),
        );
        let covered = snapshots.covered().unwrap();
        assert_eq!(
            covered,
            round.checked_sub(2).map(|before| positions[before].clone())
        );
    }
    assert_eq!(snapshots.list().unwrap().len(), 2);
    store.close_clean().unwrap();

    let restore = || {
        discard_rows(&rows).unwrap();
        let store = open(&rows);
        let seed = store.meta().store_seed;
        let restored = snapshots.newest(|of| of.store_seed == seed).unwrap();
        snapshots
            .restore(restored.set.as_ref().unwrap(), &store)
            .unwrap();
        store.finish_rebuild().unwrap();
        (export(&store), restored)
    };
    let (found, restored) = restore();
    assert_eq!(found, exports[3]);
    assert!(restored.passed_over.is_empty());

    // A flipped bit in the newest set: the one before is taken, and the damage is told.
    let newest = restored.set.unwrap().folder;
    let file = newest.join("00001.snapshot");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&file, bytes).unwrap();
    let (found, restored) = restore();
    assert_eq!(found, exports[2]);
    assert_eq!(restored.passed_over.len(), 1);
    assert_eq!(restored.passed_over[0].0, newest);
}

#[test]
fn a_newer_set_of_another_store_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("snapshots");
    let ours = open(&folder.path().join("ours"));
    fill(&ours, 10);
    write_set(&sets, &ours);
    let other = open(&folder.path().join("other"));
    fill(&other, 20);
    write_set(&sets, &other);

    let snapshots = Snapshots::open(&sets).unwrap();
    let seed = ours.meta().store_seed;
    let newest = snapshots.newest(|of| of.store_seed == seed).unwrap();
    assert_eq!(newest.set.unwrap().manifest.store, ours.meta());
    let [(_, error)] = newest.passed_over.as_slice() else {
        panic!("{:?}", newest.passed_over);
    };
    assert!(error.to_string().contains("snapshot"), "{error}");
}

#[test]
fn a_set_alone_makes_the_store_anew() {
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("snapshots");
    let store = open(&folder.path().join("store"));
    fill(&store, 25);
    write_set(&sets, &store);
    let before = export(&store);

    let (elsewhere, moved) = (folder.path().join("elsewhere"), folder.path().join("moved"));
    copy_folder(&sets, &moved);
    let snapshots = Snapshots::open(&moved).unwrap();
    let set = snapshots.list().unwrap().remove(0).unwrap();
    snapshots.verify(&set).unwrap();
    create_as(&elsewhere, &set.manifest.store).unwrap();
    let store = Store::open(&Config::new(&elsewhere, PARTITIONS, at(0))).unwrap();
    snapshots.restore(&set, &store).unwrap();
    store.finish_rebuild().unwrap();
    assert_eq!(export(&store), before);
    let report = store.check().unwrap();
    assert!(report.is_good(), "{report:?}");
    drop(store);
    assert!(create_as(&elsewhere, &set.manifest.store).is_err());
}
