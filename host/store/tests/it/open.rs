//! How a store is opened, left and found again.

use std::fs;

use signalbox_store::{
    ClockUse, Condition, Config, OpenError, STORE_FORMAT, Store, discard_rows, read_condition,
    read_meta,
};

use crate::fixture::{PARTITIONS, at, config, contact_id, export, fill, open};

/// What a store notes while it is open, by another run of the machine.
fn of_another_run() -> String {
    let json = "{\n  \"boot\": \"another\"\n}";
    format!("{json}\ncrc32c {:08x}\n", crc32c::crc32c(json.as_bytes()))
}

#[test]
fn a_closed_store_is_found_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::New);
    fill(&store, 20);
    store.mark_clock(ClockUse::Manual).unwrap();
    store.mark_versions("1", "2026a").unwrap();
    let (meta, before) = (store.meta(), export(&store));
    store.close_clean().unwrap();
    assert_eq!(
        read_condition(folder.path()).unwrap(),
        Some(Condition::Clean)
    );

    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::Clean);
    assert_eq!(store.meta(), meta);
    assert_eq!(export(&store), before);
    assert!(store.contact(&contact_id(3)).unwrap().is_some());
    let report = store.check().unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.stale_timers, 0);
}

#[test]
fn the_real_clock_is_never_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.mark_clock(ClockUse::Real).unwrap();
    store.mark_clock(ClockUse::Manual).unwrap();
    drop(store);
    let meta = read_meta(folder.path()).unwrap().unwrap();
    assert_eq!(meta.clock, ClockUse::Real);
}

#[test]
fn what_was_not_closed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    assert_eq!(open(folder.path()).condition(), Condition::Killed);

    // As another run of the machine would have left it.
    fs::write(folder.path().join("running"), of_another_run()).unwrap();
    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::Restarted);
    assert!(store.condition().needs_rebuild());
}

#[test]
fn whoever_only_reads_leaves_a_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let left = || read_condition(folder.path()).unwrap().unwrap();
    let store = open(folder.path());
    fill(&store, 20);
    store.flush().unwrap();
    let before = export(&store);
    drop(store);
    for (condition, closes) in [(Condition::Killed, true), (Condition::Clean, false)] {
        assert_eq!(left(), condition);
        let store = Store::open_to_read(&config(folder.path())).unwrap();
        assert_eq!(store.condition(), condition);
        assert_eq!(export(&store), before);
        assert_eq!(left(), condition, "whatever becomes of who reads");
        drop(store);
        assert_eq!(left(), condition);
        if closes {
            open(folder.path()).close_clean().unwrap();
        }
    }
    let store = Store::open_to_read(&config(folder.path())).unwrap();
    store.close_clean().unwrap();
    assert_eq!(left(), Condition::Clean);

    // A machine that ended meanwhile may have been moving rows.
    let note = folder.path().join("reading");
    fs::write(&note, of_another_run()).unwrap();
    assert_eq!(left(), Condition::Restarted);
    drop(open(folder.path()));
    assert!(!note.exists());
}

#[test]
fn a_rebuild_keeps_the_seed_and_is_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 10);
    let seed = store.meta().store_seed;
    let body = store.blobs().list().unwrap();
    store.close_clean().unwrap();

    discard_rows(folder.path()).unwrap();
    for _ in 0..2 {
        let store = open(folder.path());
        assert_eq!(store.condition(), Condition::Rebuilding);
        assert_eq!(store.meta().store_seed, seed);
        assert_eq!(store.blobs().list().unwrap(), body);
        assert_eq!(store.position(0), 0);
    }
    let store = open(folder.path());
    store.finish_rebuild().unwrap();
    store.close_clean().unwrap();
    assert_eq!(open(folder.path()).condition(), Condition::Clean);
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(matches!(
        Store::open(&config(folder.path())),
        Err(OpenError::Locked { .. })
    ));
    store.close_clean().unwrap();

    let other = Config::new(folder.path(), PARTITIONS + 1, at(0));
    let error = Store::open(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "store has 3 partitions, 4 were asked for"
    );
    let none = Config::new(folder.path(), 0, at(0));
    assert!(matches!(
        Store::open(&none),
        Err(OpenError::BadPartitions { asked: 0 })
    ));

    let meta = folder.path().join("meta");
    let text = fs::read_to_string(&meta).unwrap();
    fs::write(
        &meta,
        text.replace("\"partitions\": 3", "\"partitions\": 2"),
    )
    .unwrap();
    let error = Store::open(&config(folder.path())).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("is damaged: its checksum does not fit"),
        "{error}"
    );

    for other in [STORE_FORMAT - 1, STORE_FORMAT + 1] {
        let json = text.rsplit_once("\ncrc32c").unwrap().0.replace(
            &format!("\"format\": {STORE_FORMAT}"),
            &format!("\"format\": {other}"),
        );
        let other_text = format!("{json}\ncrc32c {:08x}\n", crc32c::crc32c(json.as_bytes()));
        fs::write(&meta, other_text).unwrap();
        let error = Store::open(&config(folder.path())).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the store has format {other}, this binary reads {STORE_FORMAT}: use the binary that made it, or make a new store in another folder"
            )
        );
        assert!(!error.is_damage(), "nothing of it is thrown away");
    }

    fs::remove_file(&meta).unwrap();
    assert!(matches!(
        Store::open(&config(folder.path())),
        Err(OpenError::NoMeta { .. })
    ));
}

#[test]
fn a_clean_close_vouches_for_the_positions() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 10);
    store.close_clean().unwrap();
    // As if sled had taken the end of its file for torn.
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let error = Store::open(&config(folder.path())).unwrap_err();
    assert!(
        matches!(error, OpenError::PositionLost { found: 0, .. }),
        "{error}"
    );
    assert!(error.is_damage());
}

#[test]
fn flushes_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 10);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| store.flush().unwrap()));
        }
    });
    let position = store.position(0);
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.condition(), Condition::Killed);
    assert_eq!(store.position(0), position);
}
