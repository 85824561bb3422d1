//! Rows of a table that changed, and whether a workflow's trigger is asked about this contact.

use std::collections::BTreeMap;

use signalbox_model::{
    codec,
    definitions::Slot,
    event::EVENT_BYTES_MAX,
    id::{EventId, EventName, FieldName, WorkflowId},
    plan::{Occasion, Plan},
    segment::Owner,
    table::key_of,
    value::{Fields, Value},
    workflow::WorkflowState,
};

use crate::{
    advance::{Advance, Context, events::Happening, seed},
    compiled::Listener,
    hash::fnv1a,
    inputs::{self, Asking},
    tables::{self, ChangedRows},
};

/// What a journey begins with that began with a changed row.
const ROW_CHANGED: &str = "table_row_changed";
/// Bytes that the event leaves for its other fields.
const REST_BYTES_MAX: usize = 1024;

impl Advance {
    /// Asks the workflow's trigger, on each of its occasions that is about the table, once for each changed row that one of
    /// its keys joins the contact with.
    pub(super) fn rows_changed(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        changed: &ChangedRows,
    ) {
        let found = ctx.definitions.workflow(workflow);
        let Some(definition) = found.filter(|found| found.state == WorkflowState::Running) else {
            return;
        };
        let version = definition.current_version();
        let Some(binding) = version.and_then(|version| version.bindings.get(&Slot::Trigger)) else {
            return;
        };
        for (occasion, asked) in (0..).zip(&binding.plan.occasions) {
            let is_it = |one: &Occasion| matches!(one, Occasion::TableRowChanged(table) if table == changed.table.as_str());
            if !is_it(asked) {
                continue;
            }
            let listener = Listener {
                workflow: workflow.clone(),
                occasion,
            };
            for key in self.joined(ctx, workflow, &binding.plan, changed) {
                let Some((id, name, fields)) = row_event(ctx, changed, &key) else {
                    continue;
                };
                let happening = Happening {
                    id: &id,
                    name: &name,
                    occurred_at: changed.at,
                    fields: &fields,
                    history_only: false,
                    made_by: None,
                    follow_ups: 0,
                    segment: None,
                };
                self.ask_listener(ctx, &listener, &happening, &mut None, is_it);
            }
        }
    }

    /// The changed rows that the contact is joined with, each once.
    fn joined(
        &self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        plan: &Plan,
        changed: &ChangedRows,
    ) -> Vec<Box<str>> {
        let owner = Owner::Workflow(workflow.clone());
        let id = self.question_id(owner, 0, Slot::Trigger, None);
        let asking = Asking {
            event: None,
            occasion: None,
            arm_key: None,
            now: ctx.now,
            journey: None,
            seed: seed(ctx, &id),
            definitions: ctx.definitions,
        };
        let mut keys: Vec<Box<str>> = tables::joins(plan, &changed.table)
            .filter_map(|input| key_of(&inputs::value(input, plan, &self.state, &asking)?))
            .filter(|key| changed.keys.contains(key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// The event of the occasion: which row, and what stands in it now, where there is room for that.
fn row_event(
    ctx: &Context<'_>,
    changed: &ChangedRows,
    key: &str,
) -> Option<(EventId, EventName, Fields)> {
    let (table, version) = (&changed.table, changed.version);
    let hash = fnv1a(key.as_bytes());
    let id = format!("{ROW_CHANGED}:{table}:{version}:{hash:016x}");
    let row = ctx.definitions.tables().row(table, key);
    let row: Option<BTreeMap<Box<str>, Value>> =
        row.and_then(|json| serde_json::from_str(json).ok());
    let row = row.map(Value::Map);
    let row = row.filter(|row| codec::size(row) <= EVENT_BYTES_MAX - REST_BYTES_MAX);
    let members = [
        ("table", Some(Value::text(table.as_str()))),
        ("key", Some(Value::text(key))),
        ("row", row),
    ];
    let fields = members.into_iter().filter_map(|(name, value)| {
        let name = FieldName::parse(name).ok()?;
        Some((name, value?))
    });
    let fields = fields.collect();
    Some((
        EventId::parse(&id).ok()?,
        EventName::parse(ROW_CHANGED).ok()?,
        fields,
    ))
}
