//! Named segments as they are seen from outside: their definitions, how many are in, and who.

use std::sync::Arc;

use signalbox_model::{
    contact::EMAIL_ATTRIBUTE,
    definitions::Definitions,
    id::{ContactId, SegmentName},
    problem::Problem,
    segment::{Owner, SegmentDefinition},
    time::Instant,
    value::Value,
};
use signalbox_reports::SegmentCounters;

use crate::{deprecations, error::ReadError, partition::read_evaluated, shared::Shared, views};

/// Contacts that one page of members looks at, at most: in a small segment of a large base a page may have few members
/// and still a next one.
const LOOKED_AT_MAX: usize = 20_000;
/// Contacts read in one go.
const READ: usize = 512;

/// A segment as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentView {
    /// Document, binding and version.
    pub definition: SegmentDefinition,
    /// Who came and left, and what the rule said.
    pub counters: SegmentCounters,
    /// Contacts that were asked since the segment was last changed, apart from what happened to them.
    pub evaluated: u64,
    /// Whether that is everybody who was there.
    pub is_evaluated: bool,
    /// What would make it better, without being wrong.
    pub advice: Vec<Problem>,
}

/// A contact that is in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub contact: ContactId,
    /// Since when it is in.
    pub since: Instant,
    /// Its mail address, if it has one.
    pub email: Option<String>,
}

/// A page of the members of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MembersPage {
    /// In an order that stays.
    pub members: Vec<Member>,
    /// The contact behind which the next page begins; `None` on the last one.
    pub next: Option<ContactId>,
}

pub(crate) fn list(shared: &Shared) -> Vec<SegmentDefinition> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    definitions.segments.values().cloned().collect()
}

pub(crate) fn view(shared: &Shared, name: &SegmentName) -> Result<Option<SegmentView>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let Some(definition) = definitions.segments.get(name) else {
        return Ok(None);
    };
    let mut counters = views::counters(shared)?;
    let (evaluated, is_evaluated) = evaluated(shared, &definitions, name)?;
    Ok(Some(SegmentView {
        definition: definition.clone(),
        counters: counters.segments.remove(name).unwrap_or_default(),
        evaluated,
        is_evaluated,
        advice: deprecations::advice(
            &definitions,
            &Owner::Segment(name.clone()),
            definition.version,
        ),
    }))
}

fn evaluated(
    shared: &Shared,
    definitions: &Definitions,
    name: &SegmentName,
) -> Result<(u64, bool), ReadError> {
    let (mut asked, mut is_done) = (0, true);
    for partition in 0..shared.control() {
        let read = read_evaluated(&shared.store, partition, definitions, name);
        let (count, done) = read.map_err(views::read_error)?;
        asked += count;
        is_done &= done;
    }
    Ok((asked, is_done))
}

/// A page of at most that many members behind that contact; `None` if there is no such segment.
pub(crate) fn members(
    shared: &Shared,
    name: &SegmentName,
    after: Option<&ContactId>,
    members_max: usize,
) -> Result<Option<MembersPage>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let Some(definition) = definitions.segments.get(name) else {
        return Ok(None);
    };
    let mut page = MembersPage::default();
    let mut looked_at = 0;
    let first = after.map_or(0, |contact| shared.store.partition_of(contact));
    for partition in first..shared.control() {
        let mut after = after.filter(|_| partition == first).cloned();
        loop {
            let ids = shared.store.contact_ids(partition, after.as_ref(), READ)?;
            for contact in &ids {
                page.members
                    .extend(member(shared, contact, definition.number)?);
                looked_at += 1;
                if page.members.len() == members_max || looked_at == LOOKED_AT_MAX {
                    page.next = Some(contact.clone());
                    return Ok(Some(page));
                }
            }
            if ids.len() < READ {
                break;
            }
            after = ids.last().cloned();
        }
    }
    Ok(Some(page))
}

fn member(shared: &Shared, contact: &ContactId, number: u32) -> Result<Option<Member>, ReadError> {
    let Some(state) = shared.store.contact(contact)? else {
        return Ok(None);
    };
    let membership = state.segments.get(&number);
    let since = membership.and_then(|membership| membership.since);
    let email = state.contact.attributes.get(EMAIL_ATTRIBUTE);
    let email = email.and_then(Value::as_text).map(str::to_owned);
    Ok(since.map(|since| Member {
        contact: contact.clone(),
        since,
        email,
    }))
}
