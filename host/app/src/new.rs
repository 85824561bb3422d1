//! `signalbox new workflow`: writes one of the shipped templates into a new file, or lists them.
//!
//! The templates lie in `host/app/workflows`, as files that a marketer goes on with; tests run every one of them.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use signalbox_model::id::WorkflowId;

use crate::{
    cli::{NewCommand, WorkflowTemplate},
    output,
};

pub(crate) fn run(command: &NewCommand) -> anyhow::Result<()> {
    let NewCommand::Workflow { template, id, out } = command;
    let Some(template) = template else {
        return list();
    };
    let (text, own_id) = with_id(source(*template), id.as_deref())?;
    let out = out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{own_id}.yaml")));
    write_new(&out, &text)?;
    let file = out.display();
    output::line(format_args!(
        "{file}: change what its comments name, then run signalbox workflow check {file}"
    ))
}

fn source(template: WorkflowTemplate) -> &'static str {
    match template {
        WorkflowTemplate::Welcome => include_str!("../workflows/welcome.yaml"),
        WorkflowTemplate::Cart => include_str!("../workflows/cart.yaml"),
        WorkflowTemplate::Browse => include_str!("../workflows/browse.yaml"),
        WorkflowTemplate::PostPurchase => include_str!("../workflows/post-purchase.yaml"),
        WorkflowTemplate::WinBack => include_str!("../workflows/win-back.yaml"),
        WorkflowTemplate::Onboarding => include_str!("../workflows/onboarding.yaml"),
        WorkflowTemplate::Survey => include_str!("../workflows/survey.yaml"),
        WorkflowTemplate::Birthday => include_str!("../workflows/birthday.yaml"),
        WorkflowTemplate::BackInStock => include_str!("../workflows/back-in-stock.yaml"),
        WorkflowTemplate::Transactional => include_str!("../workflows/transactional.yaml"),
    }
}

fn list() -> anyhow::Result<()> {
    output::line(format_args!(
        "Templates, for signalbox new workflow --template NAME:\n"
    ))?;
    for template in WorkflowTemplate::value_variants() {
        let named = template
            .to_possible_value()
            .context("a template has no name")?;
        let says = named.get_help().map(ToString::to_string);
        output::line(format_args!(
            "  {:<13}  {}",
            named.get_name(),
            says.unwrap_or_default()
        ))?;
    }
    Ok(())
}

/// Behind a value in a template that is the id of the workflow itself.
const OWN_ID: &str = "# the id of this workflow";

/// The template with that id in place of its own, and the id it has then.
fn with_id(text: &str, id: Option<&str>) -> anyhow::Result<(String, String)> {
    let own = text.lines().find(|line| line.starts_with("id: "));
    let own = own.context("the template has no id")?;
    let own_id = own.trim_start_matches("id: ").trim();
    let Some(id) = id else {
        return Ok((text.to_owned(), own_id.to_owned()));
    };
    let id = WorkflowId::parse(id).context("reading --id")?;
    // In quotes: some ids would be something else than a text without them.
    let text = text.replacen(own, &format!("id: \"{id}\""), 1);
    let text = text.replace(&format!("{own_id} {OWN_ID}"), &format!("\"{id}\" {OWN_ID}"));
    Ok((text, id.to_string()))
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} is there already: name another file with --out",
            path.display()
        ),
        opened => opened.with_context(|| format!("writing {}", path.display()))?,
    };
    file.write_all(text.as_bytes())
        .with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    const STAGES: [&str; 7] = [
        "contact", "explore", "deepen", "push", "confirm", "deliver", "maintain",
    ];

    fn document(template: WorkflowTemplate) -> Json {
        serde_saphyr::from_str(source(template)).expect("a template is YAML")
    }

    fn mails(document: &Json) -> impl Iterator<Item = (&String, &str, &str)> {
        let templates = document["templates"].as_object().into_iter().flatten();
        templates.map(|(name, mail)| {
            let part = |part: &str| mail[part].as_str().unwrap_or_default();
            (name, part("mjml"), part("text"))
        })
    }

    #[test]
    fn every_template_says_what_it_is_for() {
        for template in WorkflowTemplate::value_variants() {
            let name = template.to_possible_value().expect("a name");
            let name = name.get_name();
            let document = document(*template);
            assert_eq!(document["id"], name);
            assert_eq!(document["type"], name.replace('-', "_"), "{name}");
            assert!(
                STAGES.iter().any(|stage| document["stage"] == *stage),
                "{name}"
            );
            let goal = &document["goal"];
            assert!(
                *goal == "none" || goal["on"]["event"].is_string(),
                "{name}: {goal}"
            );
            assert!(
                source(*template).contains("\n# What to change:\n"),
                "{name}"
            );
        }
    }

    #[test]
    fn another_id_stands_wherever_a_template_names_its_own() {
        for template in WorkflowTemplate::value_variants() {
            let (own, own_id) = with_id(source(*template), None).expect("the template");
            let (other, other_id) = with_id(&own, Some("other")).expect("with another id");
            assert_eq!(other_id, "other");
            let places = |text: &str, id: &str| text.matches(&format!("{id} {OWN_ID}")).count();
            let count = own.matches(OWN_ID).count();
            assert_eq!(places(&own, &own_id), count, "{own_id}");
            assert_eq!(places(&other, "\"other\""), count, "{own_id}");
        }
    }

    #[test]
    fn every_mail_has_what_a_mail_needs() {
        for template in WorkflowTemplate::value_variants() {
            let document = document(*template);
            for (name, mjml, text) in mails(&document) {
                let place = format!("{template:?} {name}");
                let sends = document["steps"].as_array().into_iter().flatten();
                let send = sends
                    .map(|step| &step["send"])
                    .find(|send| send["template"] == **name);
                let send = send.unwrap_or_else(|| panic!("{place}: no step sends it"));
                assert!(mjml.contains("<mj-preview>"), "{place}");
                // Who writes, and why, stands in both parts; what is no answer can be unsubscribed from in both.
                let is_marketing = send["class"] != "transactional";
                for part in [mjml, text] {
                    assert!(
                        part.contains(" Ltd, ") && part.contains("You get this mail because"),
                        "{place}"
                    );
                    assert_eq!(
                        part.contains("{{ links.unsubscribe | default: "),
                        is_marketing,
                        "{place}"
                    );
                }
                assert_eq!(
                    mjml.matches("<img ").count(),
                    mjml.matches("<img src=\"{{ item.image }}\" alt=").count(),
                    "{place}"
                );
                assert_eq!(
                    mjml.matches("<mj-image ").count(),
                    mjml.matches("\" alt=\"{{ event.product").count(),
                    "{place}"
                );
                // Tagged for caps, so that they can be bounded together.
                assert_eq!(send["tags"].is_array(), is_marketing, "{place}");
            }
        }
    }
}
