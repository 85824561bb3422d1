//! `signalbox why`: why a contact got what it got, or did not, from the data folder, each decision asked again.
//!
//! The server may run meanwhile: nothing of its folder is changed.

use std::fmt;

use anyhow::{Context, bail};
use serde_json::Value as Json;
use signalbox_api::why::{
    AboutBody, AskedAgainBody, EvidenceBody, InputBody, LineBody, WhyBody, tell,
};
use signalbox_engine::{ReplayedFrom, evidence};

use crate::{cli, config::Config, output, wiring};

/// Longest value that is printed, in characters; `--json` has it whole.
const VALUE_CHARS_MAX: usize = 200;

pub(crate) async fn run(config: &Config, why: &cli::Why) -> anyhow::Result<()> {
    let (config, why) = (config.clone(), why.clone());
    tokio::task::spawn_blocking(move || blocking(&config, &why))
        .await
        .context("asking why")?
}

fn blocking(config: &Config, why: &cli::Why) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new()
        .prefix("signalbox-why-")
        .tempdir()
        .context("making a temporary folder")?;
    let mut copy = config.clone();
    copy.data = scratch.path().join("plugins");
    copy.limits.rules = copy.limits.rules.for_every_row();
    wiring::copy_kept_plugins(config, &copy)?;
    let (catalogue, _events) =
        wiring::listened(&copy, wiring::policy(&copy)?, wiring::PLUGINS_WAIT_MAX)?;
    let folder = scratch.path().join("store");
    wiring::make_data_folder(&folder)?;
    let told = evidence(config.engine(), catalogue, &folder, &why.contact)
        .with_context(|| format!("reading {}", config.data.display()))?;
    scratch.close().context("removing the temporary folder")?;
    let (contact, definitions) = (&why.contact, &told.definitions);
    let Some(journeys) = &told.journeys else {
        bail!("nothing is known of contact {contact}: no event and no change ever named it");
    };
    if let Some(workflow) = &why.workflow
        && !definitions.workflows.contains_key(workflow)
    {
        bail!("there is no workflow {workflow}");
    }
    let workflow = why.workflow.as_ref();
    let body = tell(
        contact,
        workflow,
        journeys,
        definitions,
        Some(&told.evidence),
    );
    if why.json {
        output::line(format_args!("{}", serde_json::to_string(&body)?))?;
    } else {
        output::line(format_args!("{}", Told(&body, &told.evidence.from)))?;
    }
    match body.asked_again.map_or(0, |asked| asked.different) {
        0 => Ok(()),
        1 => bail!("one decision comes out otherwise than recorded"),
        count => bail!("{count} decisions come out otherwise than recorded"),
    }
}

/// All of it, for people.
struct Told<'a>(&'a WhyBody, &'a ReplayedFrom);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(body, from) = self;
        if body.about.is_empty() {
            write!(f, "no workflow took notice of {}\n\n", body.contact)?;
        }
        for about in &body.about {
            write_about(f, about)?;
        }
        if body.is_cut {
            f.write_str("what happened before the newest 10,000 facts is left out\n\n")?;
        }
        if let ReplayedFrom::Snapshot { records, .. } = from {
            write!(
                f,
                "decisions of the first {records} records are not asked again: the journal was trimmed\n\n"
            )?;
        }
        write_count(f, body.asked_again.unwrap_or_default())
    }
}

fn write_count(f: &mut fmt::Formatter<'_>, asked: AskedAgainBody) -> fmt::Result {
    let AskedAgainBody {
        equal,
        different,
        not_asked,
        left_out,
    } = asked;
    write!(
        f,
        "{} decisions asked again: {equal} equal, {different} different; {not_asked} not re-executable",
        equal + different
    )?;
    if left_out > 0 {
        write!(f, "; {left_out} older ones left out")?;
    }
    Ok(())
}

fn write_about(f: &mut fmt::Formatter<'_>, about: &AboutBody) -> fmt::Result {
    let name = match (&about.workflow, &about.segment) {
        (Some(workflow), _) => workflow.clone(),
        (None, segment) => format!("segment {}", segment.as_deref().unwrap_or_default()),
    };
    writeln!(f, "{name} ({})", about.title)?;
    writeln!(f, "  {}", about.answer)?;
    for line in &about.lines {
        write_line(f, line)?;
    }
    writeln!(f)
}

fn write_line(f: &mut fmt::Formatter<'_>, line: &LineBody) -> fmt::Result {
    writeln!(f, "  {}  {}", line.at, line.text)?;
    let Some(evidence) = &line.evidence else {
        return Ok(());
    };
    for input in &evidence.inputs {
        writeln!(f, "      given {}", Given(input))?;
    }
    writeln!(f, "      {}", Again(evidence))
}

struct Given<'a>(&'a InputBody);

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputBody { name, what, value } = self.0;
        write!(f, "{name} = ")?;
        match value {
            Some(value) => f.write_str(&shortened(value))?,
            None => f.write_str("(missing)")?,
        }
        if what == name {
            return Ok(());
        }
        write!(f, "  ({what})")
    }
}

fn shortened(value: &Json) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(VALUE_CHARS_MAX) {
        text.truncate(end);
        text.push_str(" ...");
    }
    text
}

struct Again<'a>(&'a EvidenceBody);

impl fmt::Display for Again<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evidence = self.0;
        let plugin = evidence.plugin.as_deref().unwrap_or("an unknown plugin");
        let version = evidence.version.as_deref().unwrap_or_default();
        let file = evidence.digest.get(..12).unwrap_or(&evidence.digest);
        match (&evidence.now, &evidence.hindrance) {
            (Some(now), _) => write!(
                f,
                "{plugin} {version} ({file}) says otherwise now\n      then {}\n      now  {}",
                shortened(&evidence.recorded),
                shortened(now)
            ),
            (None, Some(hindrance)) => {
                write!(
                    f,
                    "{plugin} {version} ({file}) was not asked again: {hindrance}"
                )
            }
            (None, None) => write!(f, "{plugin} {version} ({file}) says the same again"),
        }
    }
}
