//! Runs the benchmarks and prints each beside its baseline.
//! `cargo xtask bench` calls it.
//! It reads what criterion wrote and never measures anything itself.
//!
//! In each group the function whose name begins with `baseline` is what the others are compared with:
//! the ratio printed is their mean time over the baseline's.

use crate::{
    shell,
    workspace::{cargo, target_folder},
};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// Mean times in nanoseconds, by group and function.
type Means = BTreeMap<String, BTreeMap<String, f64>>;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    shell::run(
        cargo()
            .args(["bench", "--package", "signalbox-bench", "--"])
            .args(arguments),
    )?;
    print!("{}", report(&means(&target_folder()?.join("criterion"))?));
    Ok(())
}

/// Criterion keeps one folder a group and in it one a function, with the last run under `new`.
fn means(folder: &Path) -> Result<Means> {
    let mut means = Means::new();
    for group in folders(folder)? {
        for function in folders(&folder.join(&group))? {
            let file = folder
                .join(&group)
                .join(&function)
                .join("new/estimates.json");
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            let estimates: serde_json::Value = serde_json::from_str(&text)
                .with_context(|| format!("reading {}", file.display()))?;
            let mean = estimates["mean"]["point_estimate"]
                .as_f64()
                .with_context(|| format!("{} names no mean", file.display()))?;
            means
                .entry(group.clone())
                .or_default()
                .insert(function, mean);
        }
    }
    Ok(means)
}

fn folders(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn report(means: &Means) -> String {
    let mut text =
        String::from("\nmean time of each benchmark, and as a multiple of its group's baseline\n");
    for (group, functions) in means {
        let baseline = functions
            .iter()
            .find(|(name, _)| name.starts_with("baseline"))
            .map(|(_, mean)| *mean);
        _ = writeln!(text, "{group}");
        for (function, mean) in functions {
            let ratio = baseline.map_or_else(String::new, |baseline| {
                format!("  {:>7.2}x", mean / baseline)
            });
            _ = writeln!(text, "  {function:<40} {:>14}{ratio}", time(*mean));
        }
    }
    text
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} us", n / 1e3),
        n if n < 1e9 => format!("{:.2} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::{means, report};
    use std::fs;

    #[test]
    fn each_benchmark_is_printed_beside_its_baseline() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mean) in [
            ("decision/baseline_wasmtime", 10_000.0),
            ("decision/signalbox", 13_000.0),
            ("start/million_contacts", 2.5e9),
        ] {
            let new = folder.path().join(name).join("new");
            fs::create_dir_all(&new).unwrap();
            let estimates = format!("{{\"mean\":{{\"point_estimate\":{mean}}}}}");
            fs::write(new.join("estimates.json"), estimates).unwrap();
        }
        fs::create_dir_all(folder.path().join("decision/report")).unwrap();
        let text = report(&means(folder.path()).unwrap());
        let lines: Vec<String> = text
            .lines()
            .skip(2)
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "decision",
                "baseline_wasmtime 10.00 us 1.00x",
                "signalbox 13.00 us 1.30x",
                "start",
                "million_contacts 2.50 s",
            ]
        );
    }
}
