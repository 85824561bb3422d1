//! `signalbox store reexecute`: asks every rule again what the journal says it was asked, and says what differs.
//!
//! `store` calls it on the data folder of a server that does not run. It works on copies in a temporary folder.

use anyhow::{Context, bail};
use signalbox_engine::{Difference, NotReexecutable, Reexecution, ReplayedFrom};
use tokio::runtime::Handle;

use super::{Folders, offline_parts};
use crate::{config::Config, output};

/// Prints what came of it; fails if a decision comes out otherwise than recorded, or is no longer asked for.
pub(super) fn reexecute(config: &Config, folders: &Folders, runtime: Handle) -> anyhow::Result<()> {
    let meta = folders.meta()?;
    let mut config = config.clone();
    config.limits.rules = config.limits.rules.for_every_row();
    let scratch = tempfile::Builder::new()
        .prefix("signalbox-reexecute-")
        .tempdir()
        .context("making a temporary folder")?;
    let parts = offline_parts(&config, &meta, &scratch.path().join("inbox"), runtime)?;
    let found = signalbox_engine::reexecute(config.engine(), parts, scratch.path())
        .context("asking the rules again")?;
    scratch.close().context("removing the temporary folder")?;
    print(&found)?;
    match found.different {
        0 if found.unasked > 0 => bail!("not every recorded answer is asked for"),
        0 => Ok(()),
        1 => bail!("one decision comes out otherwise than recorded"),
        count => bail!("{count} decisions come out otherwise than recorded"),
    }
}

fn print(found: &Reexecution) -> anyhow::Result<()> {
    match &found.from {
        ReplayedFrom::Beginning => output::line(format_args!(
            "the journal is applied from its first record on"
        ))?,
        ReplayedFrom::Snapshot { folder, records } => output::line(format_args!(
            "the journal was trimmed: it is applied from the snapshot {} on; decisions of the {records} records before are not asked again",
            folder.display()
        ))?,
    }
    for difference in &found.differences {
        print_difference(difference)?;
    }
    let more = found.different - found.differences.len() as u64;
    if more > 0 {
        output::line(format_args!("different: and {more} more"))?;
    }
    for (rule, count) in &found.not_reexecutable {
        print_hindered(rule, *count)?;
    }
    if found.unasked > 0 {
        output::line(format_args!(
            "{} recorded answers are not asked for: this binary asks otherwise than the one that recorded them",
            found.unasked
        ))?;
    }
    if found.unanswered > 0 {
        output::line(format_args!(
            "{} questions at the end of the journal have no recorded answer; the next start asks them",
            found.unanswered
        ))?;
    }
    output::line(format_args!(
        "{} decisions recorded: {} asked again, {} equal, {} different; {} not re-executable",
        found.recorded(),
        found.reexecuted(),
        found.equal,
        found.different,
        found.recorded() - found.reexecuted()
    ))?;
    match (found.recorded(), found.reexecuted()) {
        (0, _) => output::line(format_args!(
            "nothing to compare: the journal holds no decision"
        )),
        (_, 0) => output::line(format_args!(
            "nothing was compared: no recorded decision can be asked again"
        )),
        _ => Ok(()),
    }
}

fn print_difference(difference: &Difference) -> anyhow::Result<()> {
    let Difference {
        position,
        contact,
        owner,
        version,
        slot,
        plugin,
        digest,
        recorded,
        new,
    } = difference;
    output::line(format_args!(
        "different: record {position}, contact {contact}, {} version {version}, {slot}, plugin {plugin} ({digest})",
        owner.in_words()
    ))?;
    output::line(format_args!("  recorded: {recorded}"))?;
    output::line(format_args!("  now:      {new}"))
}

fn print_hindered(rule: &NotReexecutable, count: u64) -> anyhow::Result<()> {
    let version = rule
        .version
        .as_ref()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    output::line(format_args!(
        "not re-executable: {count} of plugin {}{version} ({}): {}",
        rule.plugin, rule.digest, rule.hindrance
    ))
}
