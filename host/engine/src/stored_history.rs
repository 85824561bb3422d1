//! What a copied data folder knows of its contacts, as inputs to begin anew with: `signalbox backtest`.

use std::{collections::BTreeMap, sync::Arc};

use signalbox_journey::sources;
use signalbox_model::{
    contact::{AttributeChanges, Contact},
    definitions::Definitions,
    event::{APPROVAL_DECIDED, Event},
    id::{EventId, FieldName, SourceName, TableName},
    settings::Settings,
    state::ContactState,
    table::Table,
    time::Instant,
    value::Fields,
};

use crate::{
    NewInput,
    config::Config,
    error::StartError,
    shared::{Shared, in_words},
    start::{self, Parts},
};

/// Most inputs that are held in memory: some gigabytes.
const INPUTS_MAX: usize = 5_000_000;
/// Contacts read in one go.
const READ: usize = 512;

/// The past of all contacts.
#[derive(Debug, Default)]
pub struct StoredHistory {
    /// What contacts are, and what happened to them, in the order of time: the attributes of each as they are now, at
    /// the first that is known of it, and every event that is kept one by one.
    pub inputs: Vec<(Instant, NewInput)>,
    /// How many contacts.
    pub contacts: u64,
    /// Events of which only daily totals are kept: they are not among the inputs.
    pub folded: u64,
    /// What is defined.
    pub definitions: Arc<Definitions>,
    /// The reference tables, as they are now.
    pub tables: Vec<(TableName, Arc<Table>)>,
}

/// Why the past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The copy cannot be rebuilt.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A row cannot be read.
    #[error("read the contacts")]
    Store(#[from] signalbox_store::Error),
    /// A table cannot be read.
    #[error("read the table {name}: {reason}")]
    Table {
        /// Its name.
        name: TableName,
        /// Why not.
        reason: String,
    },
    /// So many are not held in memory.
    #[error(
        "the store has more than {INPUTS_MAX} events and contacts: that is more than is held in memory"
    )]
    TooMany,
}

/// Rebuilds a copy that [`crate::copy_data`] made, and reads the past of all contacts. Blocks.
///
/// # Errors
/// When the log cannot be applied, a row cannot be read, or there is too much of it.
pub fn stored_history(config: Config, parts: Parts) -> Result<StoredHistory, HistoryError> {
    let shared = start::recover_only(config, parts)?;
    let read = read(&shared);
    crate::close(shared);
    read
}

fn read(shared: &Shared) -> Result<StoredHistory, HistoryError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let mut history = StoredHistory::default();
    for (name, table) in &definitions.tables {
        let rows = shared.definers.table(&shared.store, table.current.digest);
        let rows = rows.map_err(|error| HistoryError::Table {
            name: name.clone(),
            reason: in_words(&error),
        })?;
        history.tables.push((name.clone(), rows));
    }
    for partition in 0..shared.control() {
        let mut after = None;
        loop {
            let page = shared.store.contacts(partition, after.as_ref(), READ)?;
            let is_last = page.len() < READ;
            after = page.last().map(|state| state.contact.id.clone());
            for state in page {
                history.add(&definitions.settings, state)?;
            }
            if is_last {
                break;
            }
        }
    }
    // Stable: what happened to a contact at one instant stays in its order.
    history.inputs.sort_by_key(|(at, _)| *at);
    history.definitions = definitions;
    Ok(history)
}

impl StoredHistory {
    fn add(&mut self, settings: &Settings, state: ContactState) -> Result<(), HistoryError> {
        let sources = sources::of_attributes(settings, &state);
        let contact = state.contact;
        self.contacts += 1;
        self.folded += state
            .history
            .totals
            .iter()
            .map(|total| u64::from(total.count))
            .sum::<u64>();
        let first = state.history.events().map(|event| event.occurred_at).min();
        let known_from = first.map_or(contact.created_at, |first| first.min(contact.created_at));
        for changes in said(&contact, &sources) {
            let input = NewInput::Attributes(contact.id.clone(), changes);
            self.inputs.push((known_from, input));
        }
        for past in state.history.events() {
            if past.name.as_str() == APPROVAL_DECIDED {
                continue;
            }
            // The history keeps no ids.
            let Ok(id) = EventId::parse(&format!("past-{}", self.inputs.len())) else {
                continue;
            };
            let event = Event {
                contact: contact.id.clone(),
                name: past.name.clone(),
                id,
                occurred_at: past.occurred_at,
                fields: past.fields.clone(),
                attributes: Fields::new(),
                history_only: false,
                source: None,
            };
            self.inputs.push((past.occurred_at, NewInput::Event(event)));
        }
        if self.inputs.len() > INPUTS_MAX {
            return Err(HistoryError::TooMany);
        }
        Ok(())
    }
}

/// What is known of a contact as its sources said it: once at least, if it is that nobody said anything.
fn said(
    contact: &Contact,
    sources: &BTreeMap<FieldName, SourceName>,
) -> impl Iterator<Item = AttributeChanges> {
    let mut said: BTreeMap<Option<&SourceName>, AttributeChanges> = BTreeMap::new();
    for (name, value) in &contact.attributes {
        let source = sources.get(name);
        let changes = said.entry(source).or_default();
        changes.source = source.cloned();
        changes.attributes.insert(name.clone(), Some(value.clone()));
    }
    if said.is_empty() {
        said.entry(None).or_default();
    }
    said.into_values()
}
