//! `signalbox demo`: the whole on real purchases, in a temporary folder, on a clock that the events wind.
//!
//! It takes the ways that anybody can take: workflows and events go in over HTTP, mails come out in `/inbox`. It adds
//! nothing to what the server does; a test holds its counts against a count straight from the file.

mod result;

use std::{path::Path, time::Duration};

use anyhow::{Context, bail};
use serde_json::Value as Json;
use signalbox_api::keys::{Role, write_owner_only};
use signalbox_model::time::{Instant, Span};
use tempfile::TempDir;

use self::result::Outcome;
use crate::{
    cli::{self, FeedFormat},
    client::Client,
    clock::machine_now,
    config::{Clock, Config, Transport},
    feed::{self, Job, Until},
    output,
    signals::Signals,
    wiring::{PLUGINS_WAIT_MAX, Running, plugins_in_words},
};

/// The workflows, in the order in which they are started.
const WORKFLOWS: [&str; 2] = [
    include_str!("../demo/thank_you.json"),
    include_str!("../demo/win_back.json"),
];
/// What an event is made of, by the columns of the file.
const MAPS: [&str; 6] = [
    "contact={2}",
    "name=order_completed",
    "occurred_at={3:%Y%m%d}",
    "fields.items={4:integer}",
    "fields.value={5:number}",
    "attributes.email={2}@demo.example",
];
/// Where the key lies, in the data folder.
const KEY_FILE: &str = "admin.key";
/// Days beyond the last purchase: one more than the win-back waits.
const BEYOND_DAYS: u32 = 91;
/// The first day of the data.
const FIRST_DAY: &str = "1997-01-01T00:00:00Z";
/// Longest wait for one answer; winding the clock over the last months does a lot.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(10);

pub(crate) async fn run(demo: &cli::Demo) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("signalbox-demo-")
        .tempdir()
        .context("making a temporary folder")?;
    let config = config(demo, folder.path())?;
    let starting = Running::start_unless_stopped(&config, PLUGINS_WAIT_MAX, Signals::new()?);
    let Some((running, mut signals)) = starting.await? else {
        bail!("stopped");
    };
    let (available, refused) = plugins_in_words(&running.plugins.list());
    say(demo, format_args!("plugins: {}", available.join(", ")))?;
    for reason in refused {
        output::warning(format_args!("refused: {reason}"))?;
    }
    let client = client(&running)?;
    let shown = tokio::select! {
        shown = show(demo, &running, client.clone()) => shown,
        () = signals.next() => Err(anyhow::anyhow!("stopped")),
    };
    if shown.is_ok() && !demo.exit {
        invite(demo, &running)?;
        signals.next().await;
    }
    client.cancel();
    let _second = signals.end_at_the_next();
    running.stop().await;
    keep_or_remove(demo, folder)?;
    shown
}

fn config(demo: &cli::Demo, folder: &Path) -> anyhow::Result<Config> {
    if !demo.plugins.is_dir() {
        bail!(
            "there is no folder {}: `cargo xtask plugins` builds the plugins into target/plugins",
            demo.plugins.display()
        );
    }
    let mut config = Config {
        data: folder.join("data"),
        plugins: demo.plugins.clone(),
        listen: demo
            .listen
            .parse()
            .with_context(|| format!("reading the address {:?}", demo.listen))?,
        clock: Clock::Manual,
        transport: Transport::Capture,
        ..Config::default()
    };
    config.store.manual_start = Instant::parse(FIRST_DAY).context("reading the first day")?;
    config.store.snapshot_every_s = 0;
    config.sender.from_address = String::from("hello@secondspin.example");
    config.sender.from_name = Some("Second Spin Records".to_owned());
    Ok(config)
}

fn client(running: &Running) -> anyhow::Result<Client> {
    let (_, key) = running.keys.create("demo", Role::Admin, machine_now())?;
    write_owner_only(&running.data.join(KEY_FILE), format!("{key}\n").as_bytes())
        .context("writing the admin key")?;
    Client::new(&running.url(), &key, ANSWER_TIMEOUT)
}

/// Says what can be looked at while the server is up.
fn invite(demo: &cli::Demo, running: &Running) -> anyhow::Result<()> {
    let url = running.url();
    let key_file = running.data.join(KEY_FILE);
    say(
        demo,
        format_args!(
            "\nThe server is up:\n  mails    {url}/inbox\n  metrics  {url}/metrics\n  API      {url}/openapi.json, with the key in {}\nCtrl-C ends it.",
            key_file.display()
        ),
    )
}

async fn show(demo: &cli::Demo, running: &Running, client: Client) -> anyhow::Result<()> {
    let job = job(demo)?;
    let fed = tokio::task::spawn_blocking(move || {
        for document in WORKFLOWS {
            start_workflow(&client, document)?;
        }
        feed::post_file(&job, &client)
    });
    let fed = fed.await.context("feeding")??;
    let outcome = Outcome::of(&running.engine, &fed).await?;
    if demo.json {
        output::line(format_args!("{}", outcome.to_json()))
    } else {
        output::line(format_args!("{outcome}"))
    }
}

fn start_workflow(client: &Client, document: &str) -> anyhow::Result<()> {
    let parsed: Json = serde_json::from_str(document).context("reading a workflow of the demo")?;
    let id = parsed
        .get("id")
        .and_then(Json::as_str)
        .context("a workflow of the demo has no id")?;
    let path = format!("/v1/workflows/{id}");
    client
        .put(&path, document.as_bytes())?
        .good(&format!("creating the workflow {id}"))?;
    client
        .post(&format!("{path}/start"), b"{}")?
        .good(&format!("starting the workflow {id}"))?;
    Ok(())
}

fn job(demo: &cli::Demo) -> anyhow::Result<Job> {
    let file = demo.data_file.clone();
    if !file.is_file() {
        bail!(
            "there is no file {}: name the purchases with --data-file",
            file.display()
        );
    }
    Ok(Job {
        file,
        format: FeedFormat::Columns,
        no_header: false,
        maps: MAPS.map(str::to_owned).to_vec(),
        skip_bad: false,
        history_only: false,
        batch_events_max: 1_000,
        ordered_lines_max: 1_000_000,
        wind: Some(Until::Beyond(Span::from_days(BEYOND_DAYS))),
    })
}

fn keep_or_remove(demo: &cli::Demo, folder: TempDir) -> anyhow::Result<()> {
    if demo.keep {
        let path = folder.keep();
        return say(
            demo,
            format_args!("the data folder is kept: {}", path.join("data").display()),
        );
    }
    folder.close().context("removing the temporary folder")
}

/// What is no result of the demo; not to stand in its JSON.
fn say(demo: &cli::Demo, text: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    if demo.json {
        output::warning(text)
    } else {
        output::line(text)
    }
}
