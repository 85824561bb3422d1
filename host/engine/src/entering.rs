//! How far a workflow came with taking in whoever was there at its start, as it is seen from outside.

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::{Definitions, WorkflowDefinition},
    id::WorkflowId,
    time::Instant,
    workflow::WorkflowState,
};

use crate::{
    error::ReadError,
    partition::{read_entrance, read_input_counters},
    shared::Shared,
    views,
};

/// How far it came. At every instant looked at = entered + kept out, for whatever reason, + unmatched + waiting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnteringView {
    /// When the first contacts were looked at; `None` before that.
    pub began_at: Option<Instant>,
    /// When the last ones were; `None` before that, also in a workflow that was ended meanwhile.
    pub finished_at: Option<Instant>,
    /// Contacts that there were when it began.
    pub contacts: u64,
    /// Those of them that were looked at.
    pub looked_at: u64,
    /// Those who entered.
    pub entered: u64,
    /// Those who were to enter and were kept out, by reason.
    pub not_entered: BTreeMap<String, u64>,
    /// Those whom nothing would let in: the trigger said no, or the version since an edit takes in nobody.
    pub unmatched: u64,
    /// Those who could enter later: the trigger armed itself, or a rule failed and was to be asked again.
    pub waiting: u64,
}

/// `None` for a workflow that takes in nobody who was there, or has not started.
pub(crate) fn view(
    shared: &Shared,
    workflow: &WorkflowId,
    definition: &WorkflowDefinition,
) -> Result<Option<EnteringView>, ReadError> {
    let since = definition.running_since;
    let Some(since) = since.filter(|_| definition.enters_existing) else {
        return Ok(None);
    };
    let mut view = EnteringView::default();
    let mut finished_at = Some(since);
    for partition in 0..shared.control() {
        let come = read_entrance(&shared.store, partition, (workflow, since));
        let Some(come) = come.map_err(views::read_error)? else {
            let inputs = read_input_counters(&shared.store, partition);
            view.contacts += inputs.map_err(views::read_error)?.contacts;
            finished_at = None;
            continue;
        };
        let (looked_at, contacts) = come.share();
        view.looked_at += looked_at;
        view.contacts += contacts;
        view.began_at = Some(
            view.began_at
                .map_or(come.began_at, |at| at.min(come.began_at)),
        );
        let both = finished_at.zip(come.finished_at);
        finished_at = both.map(|(one, other)| one.max(other));
        view.entered += come.looked_at.entered;
        for (reason, count) in come.looked_at.not_entered {
            *view.not_entered.entry(reason).or_default() += count;
        }
        view.unmatched += come.looked_at.unmatched;
        view.waiting += come.looked_at.waiting;
    }
    view.finished_at = finished_at;
    Ok(Some(view))
}

/// Contacts that workflows which run have still to look at.
pub(crate) fn ahead(shared: &Shared, definitions: &Definitions) -> Result<u64, ReadError> {
    let mut ahead = 0;
    for (workflow, definition) in &definitions.workflows {
        if definition.state == WorkflowState::Running
            && let Some(view) = view(shared, workflow, definition)?
        {
            ahead += view.contacts - view.looked_at;
        }
    }
    Ok(ahead)
}
