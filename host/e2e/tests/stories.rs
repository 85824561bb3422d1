//! Plays the stories: every one of them with a table of all capabilities when a person asks, one at a time when the
//! test runner does.
//!
//! `cargo xtask stories` and the test runner start it. The words it takes: `--list` (the stories as tests), `--exact
//! NAME`, or any beginnings of names of stories and of the rows that they show.
#![expect(clippy::print_stdout, reason = "this is a test runner")]

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Result, anyhow, ensure};
use signalbox_e2e::story;

/// Stories played at one time.
const PLAYERS: usize = 2;

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<bool> {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let files = story::files()?;
    if has("--list") {
        if !has("--ignored") {
            for name in files.keys() {
                println!("{name}: test");
            }
        }
        return Ok(true);
    }
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| {
        let fits = |wanted: &&String| {
            if has("--exact") {
                name == **wanted
            } else {
                name.starts_with(wanted.as_str())
            }
        };
        wanted.is_empty() || wanted.iter().any(fits)
    };
    let mut chosen: Vec<(String, PathBuf)> = Vec::new();
    for (name, path) in files {
        let shows = if has("--exact") {
            BTreeSet::new()
        } else {
            story::read(&path)?.shows
        };
        if is_wanted(&name) || shows.iter().any(|row| is_wanted(row)) {
            chosen.push((name, path));
        }
    }
    ensure!(!chosen.is_empty(), "there is no such story");
    let ended = play_all(&chosen);
    if has("--exact") {
        return Ok(ended.values().all(|failure| tell_failure(failure.as_ref())));
    }
    tell(&chosen, &ended, wanted.is_empty())
}

/// How each story ended, by name; `None` is well.
fn play_all(chosen: &[(String, PathBuf)]) -> BTreeMap<String, Option<anyhow::Error>> {
    let next = AtomicUsize::new(0);
    let ended = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..PLAYERS.min(chosen.len()) {
            scope.spawn(|| {
                while let Some((name, path)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failure = play(path).err();
                    let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                    ended.insert(name.clone(), failure);
                }
            });
        }
    });
    ended.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn play(path: &Path) -> Result<()> {
    catch_unwind(AssertUnwindSafe(|| story::play(path)))
        .unwrap_or_else(|_| Err(anyhow!("the player itself panicked")))
}

fn tell_failure(failure: Option<&anyhow::Error>) -> bool {
    if let Some(error) = failure {
        println!("{error:#}");
    }
    failure.is_none()
}

/// Prints every row, then what failed; whether all went well.
fn tell(
    chosen: &[(String, PathBuf)],
    ended: &BTreeMap<String, Option<anyhow::Error>>,
    with_missing: bool,
) -> Result<bool> {
    let mut by_row: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (name, path) in chosen {
        for row in story::read(path)?.shows {
            by_row.entry(row).or_default().push(name);
        }
    }
    let (mut passed, mut failed, mut missing) = (0, 0, 0);
    let mut group = String::new();
    for row in story::rows()? {
        let stories = by_row.remove(&row.id);
        if stories.is_none() && !with_missing {
            continue;
        }
        if row.group != group {
            println!("\n{}", row.group);
            group.clone_from(&row.group);
        }
        let word = match stories {
            None if row.has_test() == Some(true) => "tested ",
            // A test that is gone shows nothing.
            Some(names)
                if row.has_test() != Some(false)
                    && names.iter().all(|name| ended[*name].is_none()) =>
            {
                passed += 1;
                "passed "
            }
            Some(_) => {
                failed += 1;
                "FAILED "
            }
            None => {
                missing += 1;
                "missing"
            }
        };
        println!("  {word} {:<18} {}", row.id, row.title);
    }
    for (name, failure) in ended {
        if let Some(error) = failure {
            println!("\n{name} failed:\n{error:#}");
        }
    }
    println!(
        "\n{passed} rows passed, {failed} failed, {missing} missing; {} stories played",
        ended.len()
    );
    ensure!(by_row.is_empty(), "stories of no row: {by_row:?}");
    Ok(failed == 0)
}
