//! Reference tables in files: `signalbox table`, which works over a server's API, and the folder of tables that a server
//! follows.

pub(crate) mod folder;

use std::{path::Path, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value as Json;
use signalbox_engine::Simulation;
use signalbox_model::{
    id::TableName,
    problem::Problem,
    table::{TABLE_BYTES_MAX, Table},
};
use signalbox_rules::files;

use crate::{
    cli::{NamedTable, ServerArgs, TableCommand},
    client::{Client, read_secret},
    output,
};

/// Longest wait for one answer of the server.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) fn run(command: &TableCommand) -> anyhow::Result<()> {
    match command {
        TableCommand::Put {
            name,
            file,
            key,
            server,
        } => put(name, file, key.as_deref(), server),
        TableCommand::List(server) => list(server),
        TableCommand::Delete { name, server } => {
            let answer = client(server)?.delete(&format!("/v1/tables/{name}"))?;
            answer.good(&format!("deleting the table {name}"))?;
            output::line(format_args!("table {name}: deleted"))
        }
    }
}

fn put(
    name: &TableName,
    file: &Path,
    key: Option<&str>,
    server: &ServerArgs,
) -> anyhow::Result<()> {
    // Checked here first, so that what is wrong is told with the file's name.
    let table = read(file, key)?;
    let path = format!("/v1/tables/{name}");
    let answer = client(server)?.put(&path, table.to_text().as_bytes())?;
    let body = answer.good(&format!("putting the table {name}"))?;
    let current = &body["table"]["current"];
    output::line(format_args!("table {name}: {}", in_words(current)))
}

fn list(server: &ServerArgs) -> anyhow::Result<()> {
    let body = client(server)?
        .get("/v1/tables")?
        .good("listing the tables")?;
    for table in body["tables"].as_array().into_iter().flatten() {
        let name = table["name"].as_str().unwrap_or_default();
        output::line(format_args!("{name}: {}", in_words(&table["current"])))?;
    }
    Ok(())
}

fn in_words(version: &Json) -> String {
    let columns = version["columns"].as_array().into_iter().flatten();
    let columns: Vec<&str> = columns
        .filter_map(|column| column["name"].as_str())
        .collect();
    format!(
        "version {}, {} rows by {}, columns {}",
        version["version"],
        version["rows"],
        version["key"].as_str().unwrap_or_default(),
        columns.join(", ")
    )
}

fn client(server: &ServerArgs) -> anyhow::Result<Client> {
    let key = read_secret(&server.key_file)?;
    Client::new(&server.url, &key, ANSWER_TIMEOUT)
}

/// The table of a file that ends in `.json` or `.csv`.
pub(crate) fn read(file: &Path, key: Option<&str>) -> anyhow::Result<Table> {
    let name = file.display();
    let bytes = files::read(file, TABLE_BYTES_MAX as u64);
    let bytes = bytes.with_context(|| format!("reading {name}"))?;
    let table = match (file.extension().and_then(|one| one.to_str()), key) {
        (Some("csv"), key) => Table::from_csv(&bytes, key),
        (Some("json"), None) => Table::from_text(&bytes),
        (Some("json"), Some(_)) => bail!("{name} names its key itself: leave --key out"),
        _ => bail!("{name} is written in what? its name must end in .csv or .json"),
    };
    table.map_err(|problems| refusal(file, &problems))
}

fn refusal(file: &Path, problems: &[Problem]) -> anyhow::Error {
    let told = problems.iter().map(|problem| {
        let help = if problem.help.is_empty() {
            String::new()
        } else {
            format!("; {}", problem.help)
        };
        format!(
            "\n  {}: {} ({}){help}",
            problem.pointer, problem.reason, problem.code
        )
    });
    let told: String = told.collect();
    anyhow!("{} is no table:{told}", file.display())
}

/// Puts tables into a simulation.
pub(crate) fn put_all(
    simulation: &mut Simulation<'_>,
    tables: &[NamedTable],
) -> anyhow::Result<()> {
    for NamedTable { name, file } in tables {
        let put = simulation.put_table(name, &read(file, None)?);
        put.with_context(|| format!("putting the table {name}"))?;
    }
    Ok(())
}
