//! The folder of tables: each file `NAME.csv` or `NAME.json` is put as the table NAME when it comes and when it changes.
//!
//! A file is read once it has been still between two looks. One that is refused changes nothing: the version before
//! stays in force, and the log says what is wrong. A file that goes leaves its table.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use signalbox_engine::Engine;
use signalbox_model::{id::TableName, table::TABLES_MAX};
use tokio::{sync::watch, time::MissedTickBehavior};

/// Between two looks, and how long a file must be still.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What tells one state of a file from another, short of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

/// What was done about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    stamp: Stamp,
    is_taken: bool,
}

/// Follows the folder until told to stop. One that is not there is an empty one.
pub(crate) async fn follow(engine: Engine, folder: PathBuf, mut stopped: watch::Receiver<bool>) {
    let mut known = BTreeMap::new();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => look(&engine, &folder, &mut known).await,
            () = told_to_stop(&mut stopped) => return,
        }
    }
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // A sender that is gone is a server that goes.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn look(engine: &Engine, folder: &Path, known: &mut BTreeMap<PathBuf, Seen>) {
    let read = folder.to_owned();
    let found = tokio::task::spawn_blocking(move || files(&read)).await;
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Ok(Err(error)) => {
            tracing::error!("read the folder of tables {}: {error}", folder.display());
            return;
        }
        Err(_) => return,
    };
    known.retain(|path, _| found.contains_key(path));
    for (path, stamp) in found {
        let before = known.get(&path).copied();
        let is_still = before.is_some_and(|seen| seen.stamp == stamp);
        let is_taken = is_still && before.is_some_and(|seen| seen.is_taken);
        known.insert(
            path.clone(),
            Seen {
                stamp,
                is_taken: is_still,
            },
        );
        if is_still && !is_taken {
            take(engine, path).await;
        }
    }
}

/// The files of tables. Hidden ones are skipped: half of a copy often has such a name.
fn files(folder: &Path) -> io::Result<BTreeMap<PathBuf, Stamp>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_hidden = name.is_none_or(|name| name.starts_with('.'));
        let ending = path.extension().and_then(|ending| ending.to_str());
        if is_hidden || !matches!(ending, Some("csv" | "json")) {
            continue;
        }
        if found.len() == TABLES_MAX {
            tracing::error!("the folder of tables has more than {TABLES_MAX} files");
            break;
        }
        // Gone between two calls is gone.
        if let Ok(metadata) = fs::metadata(&path)
            && metadata.is_file()
        {
            let stamp = Stamp {
                bytes: metadata.len(),
                modified: metadata.modified().ok(),
                inode: metadata.ino(),
            };
            found.insert(path, stamp);
        }
    }
    Ok(found)
}

async fn take(engine: &Engine, path: PathBuf) {
    let name = path.file_stem().and_then(|stem| stem.to_str());
    let name = match name.map(TableName::parse) {
        Some(Ok(name)) => name,
        Some(Err(error)) => {
            return tracing::error!("table file {} is refused: {error}", path.display());
        }
        None => return,
    };
    let file = path.clone();
    let read = tokio::task::spawn_blocking(move || super::read(&file, None)).await;
    let table = match read {
        Ok(Ok(table)) => Arc::new(table),
        Ok(Err(error)) => return tracing::error!("table file refused: {error:#}"),
        Err(_) => return,
    };
    match engine.put_table(&name, table).await {
        Ok(view) => tracing::info!(
            table.name = %name,
            "table {name} of {} is version {}", path.display(), view.definition.current.number
        ),
        Err(error) => tracing::error!("table file {} is refused: {error}", path.display()),
    }
}
