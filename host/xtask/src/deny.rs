//! The dependency gate: licences, bans and sources always, advisories where their database can be reached.
//! `cargo xtask deny` and `.ci/run` call it.
//! It never hangs on a missing network, and never passes over a part in silence: what is not checked is named.

use crate::{
    shell::{self, Ended},
    workspace::{cargo, plugins_manifest},
};
use anyhow::{Result, bail};
use std::{path::PathBuf, time::Duration};

/// Time for fetching the advisories; longer than that counts as out of reach.
const FETCH_BOUND: Duration = Duration::from_mins(1);
/// Time for checking; it reads the lock file and the sources of the dependencies that cargo has already.
const CHECK_BOUND: Duration = Duration::from_mins(5);

pub(crate) fn run(install_within_minutes: Option<u64>) -> Result<()> {
    if !installed() && !install(install_within_minutes)? {
        return Ok(());
    }
    check(&["licenses", "bans", "sources"])?;
    match shell::run_within(cargo().args(["deny", "fetch", "db"]), FETCH_BOUND)? {
        Ended::Well => check(&["advisories"]),
        Ended::Badly(_) | Ended::OutOfTime => {
            println!(
                "notice: advisories are not checked, their database cannot be reached from here"
            );
            Ok(())
        }
    }
}

fn installed() -> bool {
    shell::succeeds(cargo().args(["deny", "--version"]))
}

/// Whether cargo-deny is there afterwards.
fn install(within_minutes: Option<u64>) -> Result<bool> {
    let Some(minutes) = within_minutes else {
        bail!("cargo-deny is not installed; `cargo xtask deny --install-within 20` installs it");
    };
    // Outside the repository's folder no setting of ours reaches the build of the tool.
    let ended = shell::run_within(
        cargo()
            .args(["install", "cargo-deny", "--locked"])
            .current_dir(std::env::temp_dir()),
        Duration::from_mins(minutes),
    )?;
    match ended {
        Ended::Well if installed() => return Ok(true),
        Ended::Well => println!("notice: cargo-deny was built, yet cargo does not find it"),
        Ended::Badly(status) => println!("notice: cargo-deny cannot be installed here ({status})"),
        Ended::OutOfTime => {
            println!("notice: cargo-deny could not be built within {minutes} minutes");
        }
    }
    println!("notice: licences, bans, sources and advisories of the dependencies are not checked");
    Ok(false)
}

/// Checks both workspaces; the plugins' dependencies are shipped as well.
fn check(parts: &[&str]) -> Result<()> {
    let manifests: [Option<PathBuf>; 2] = [None, plugins_manifest()];
    for (index, manifest) in manifests.into_iter().enumerate() {
        if index > 0 && manifest.is_none() {
            continue;
        }
        let mut command = cargo();
        command.arg("deny");
        if let Some(manifest) = manifest {
            command.arg("--manifest-path").arg(manifest);
        }
        command.args(["check", "--hide-inclusion-graph"]);
        command.args(parts);
        match shell::run_within(&mut command, CHECK_BOUND)? {
            Ended::Well => {}
            Ended::Badly(status) => bail!("the check of {} ended with {status}", parts.join(", ")),
            Ended::OutOfTime => bail!("the check of {} hung", parts.join(", ")),
        }
    }
    Ok(())
}
