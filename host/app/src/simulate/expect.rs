//! Holds what happened against a table of what was expected: `signalbox simulate --expect`.
//!
//! A row is a contact in a workflow, a column something that can be expected of it; an empty cell expects nothing.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use signalbox_model::{
    fact::FactKind,
    id::{ContactId, StepId, WorkflowId},
};

use super::record::outcome_of;
use crate::output;

/// Begins the name of a column that expects an arm of a step.
const ARM: &str = "arm:";
/// What a cell says where nothing should have happened.
const NOTHING: &str = "-";

/// What happened to a contact in a workflow.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    entered: u64,
    /// Of the last journey.
    outcome: Option<String>,
    not_entered: Option<String>,
    /// Steps whose messages were sent, in their order.
    messages: Vec<StepId>,
    /// The last arm taken at each step.
    arms: BTreeMap<StepId, String>,
}

impl Seen {
    pub(crate) fn note(&mut self, what: &FactKind) {
        if let Some(outcome) = outcome_of(what) {
            self.outcome = Some(outcome.to_owned());
        }
        match what {
            FactKind::JourneyEntered(_) => self.entered += 1,
            FactKind::NotEntered(reason) => self.not_entered = Some(reason.clone()),
            // An answer that lets nobody in and changes nothing.
            FactKind::RuleDecided(decision) if decision.answer == "no" => {
                self.not_entered = Some(decision.reason.clone());
            }
            FactKind::MessageSent(step, _) => self.messages.push(step.clone()),
            FactKind::ArmTaken(step, arm) => {
                let arm = arm.map_or_else(|| "otherwise".to_owned(), |index| index.to_string());
                self.arms.insert(step.clone(), arm);
            }
            _ => {}
        }
    }

    fn says(&self, expected: &Column) -> String {
        let said = match expected {
            Column::Entered => return self.entered.to_string(),
            Column::Outcome => self.outcome.clone(),
            Column::NotEntered => self.not_entered.clone(),
            Column::Messages => {
                let steps: Vec<&str> = self.messages.iter().map(StepId::as_str).collect();
                (!steps.is_empty()).then(|| steps.join(" "))
            }
            Column::Arm(step) => self.arms.get(step).cloned(),
        };
        said.unwrap_or_else(|| NOTHING.to_owned())
    }
}

/// Something that can be expected.
enum Column {
    Entered,
    Outcome,
    NotEntered,
    Messages,
    Arm(StepId),
}

/// A table of what is expected.
pub(crate) struct Expected {
    rows: Vec<Row>,
}

struct Row {
    /// In the file, the line of names being the first.
    line: usize,
    key: (ContactId, WorkflowId),
    cells: Vec<(String, Column, String)>,
}

impl Expected {
    /// Reads the table. Rows that name no workflow are about the only one that is simulated.
    pub(crate) fn read(path: &Path, workflows: &[WorkflowId]) -> anyhow::Result<Self> {
        let reading = || format!("reading {}", path.display());
        let mut reader = csv::Reader::from_path(path).with_context(reading)?;
        let names = reader.headers().with_context(reading)?.clone();
        let mut rows = Vec::new();
        for (line, record) in (2..).zip(reader.records()) {
            let record = record.with_context(reading)?;
            let row = row(line, &names, &record, workflows);
            rows.push(row.with_context(|| format!("{}, line {line}", path.display()))?);
        }
        Ok(Self { rows })
    }

    /// Whom something is expected of, with nothing seen yet.
    pub(crate) fn nothing_seen(&self) -> BTreeMap<(ContactId, WorkflowId), Seen> {
        let keys = self.rows.iter().map(|row| row.key.clone());
        keys.map(|key| (key, Seen::default())).collect()
    }

    /// Prints each difference, and fails if there is one.
    pub(crate) fn compare(
        &self,
        seen: &BTreeMap<(ContactId, WorkflowId), Seen>,
    ) -> anyhow::Result<()> {
        let mut wrong_rows = 0_usize;
        let nothing = Seen::default();
        for row in &self.rows {
            let seen = seen.get(&row.key).unwrap_or(&nothing);
            let mut is_wrong = false;
            for (name, column, expected) in &row.cells {
                let found = seen.says(column);
                if found != *expected {
                    is_wrong = true;
                    let (contact, workflow) = &row.key;
                    output::warning(format_args!(
                        "line {}: contact {contact} in {workflow}: {name} is {found}, expected {expected}",
                        row.line
                    ))?;
                }
            }
            wrong_rows += usize::from(is_wrong);
        }
        match wrong_rows {
            0 => output::warning(format_args!("all {} rows are as expected", self.rows.len())),
            wrong => bail!("{wrong} of {} rows are not as expected", self.rows.len()),
        }
    }
}

fn row(
    line: usize,
    names: &csv::StringRecord,
    record: &csv::StringRecord,
    workflows: &[WorkflowId],
) -> anyhow::Result<Row> {
    let mut contact = None;
    let mut workflow = match workflows {
        [only] => Some(only.clone()),
        _ => None,
    };
    let mut cells = Vec::new();
    for (name, cell) in names.iter().zip(record) {
        let cell = cell.trim();
        match name {
            "contact" => contact = Some(ContactId::parse(cell)?),
            "workflow" if !cell.is_empty() => workflow = Some(WorkflowId::parse(cell)?),
            _ if cell.is_empty() => {}
            _ => cells.push((name.to_owned(), column(name)?, cell.to_owned())),
        }
    }
    let contact = contact.context("there is no column contact")?;
    let workflow = workflow.context("which workflow? add a column workflow")?;
    if !workflows.contains(&workflow) {
        bail!("workflow {workflow} is not simulated");
    }
    Ok(Row {
        line,
        key: (contact, workflow),
        cells,
    })
}

fn column(name: &str) -> anyhow::Result<Column> {
    Ok(match name {
        "entered" => Column::Entered,
        "outcome" => Column::Outcome,
        "not_entered" => Column::NotEntered,
        "messages" => Column::Messages,
        _ => match name.strip_prefix(ARM) {
            Some(step) => Column::Arm(StepId::parse(step)?),
            None => bail!(
                "nobody knows the column {name:?}: it is one of contact, workflow, entered, outcome, not_entered, messages and arm:STEP"
            ),
        },
    })
}
