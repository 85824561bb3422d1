//! Takes history away when it is old: facts, journeys that are over, and messages that are settled.
//!
//! A partition's thread calls it when it applies a page of a sweep. What is deleted follows from the rows and from
//! what the record says, and from nothing else. It must never touch what the core still needs: contacts, timers, and
//! messages that are pending.
//!
//! Facts lie by contact and record, journeys by contact and end, so the first that is young enough ends a contact. A
//! message goes with the fact that settled it and a call to another system with the fact that queued it, so neither needs
//! a scan of its own.

use serde::{Deserialize, Serialize};
use signalbox_model::{
    fact::{Fact, FactKind},
    id::Partition,
    record::SweepCursor,
    time::Instant,
};

use crate::{
    Store,
    batch::Batch,
    error::{Damage, Error},
    key::{self, Key, Kind, Rest},
    row,
    rows::Row,
};

/// Rows read in one go; those of a contact behind its first young one are passed over.
const READ_ROWS: usize = 32;

/// How far the history of a partition was swept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// What the last complete sweep deleted was older than this.
    pub before: Instant,
    /// Nothing in the partition is older than this.
    pub oldest: Instant,
}

/// What a page of a sweep came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptPage {
    /// Where the next page begins; `None` when the sweep is complete.
    pub next: Option<SweepCursor>,
    /// Nothing that was looked at in this sweep and stayed is older than this.
    pub oldest: Instant,
    /// Rows deleted.
    pub deleted: u64,
}

impl Store {
    /// How far the partition's history was swept away; `None` before the first complete sweep.
    pub fn swept(&self, partition: Partition) -> Result<Option<Swept>, Error> {
        let key = key::prefix(Kind::Swept, partition);
        self.core.rows.read(&key)
    }
}

impl Batch<'_> {
    /// Deletes what is older than `before`, from `after` on, and looks at no more than `rows_max` rows for it; the
    /// messages that one fact's row settled may come on top. `now` is the oldest that a sweep without rows leaves.
    /// Notes [`Swept`] when the sweep is complete. For an empty batch: what was put into it before is not seen.
    pub fn sweep(
        &mut self,
        before: Instant,
        after: Option<&SweepCursor>,
        rows_max: u32,
        now: Instant,
    ) -> Result<SweptPage, Error> {
        let mut page = Page {
            before,
            oldest: after.map_or(now, |after| after.oldest),
            // A page that looks at nothing would never come to an end.
            looks_left: u64::from(rows_max.max(1)),
            deleted: 0,
        };
        let start = after.map_or(&[][..], |after| &after.key);
        let mut next = None;
        for kind in [Kind::Facts, Kind::Journey] {
            next = self.sweep_kind(&mut page, kind, start)?;
            if next.is_some() {
                break;
            }
        }
        let Page {
            oldest, deleted, ..
        } = page;
        if next.is_none() {
            let swept = Swept { before, oldest };
            self.put(key::prefix(Kind::Swept, self.partition), &swept)?;
        }
        Ok(SweptPage {
            next: next.map(|key| SweepCursor { key, oldest }),
            oldest,
            deleted,
        })
    }

    /// Answers with the first row that the page did not come to, if there is one.
    fn sweep_kind(
        &mut self,
        page: &mut Page,
        kind: Kind,
        start: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        let all = key::prefix(kind, self.partition);
        let Some(end) = key::behind(&all) else {
            return Ok(None);
        };
        let mut start = start.max(&all).to_vec();
        while start < end {
            let rows = self.store.core.rows.page(&start, Some(&end), READ_ROWS)?;
            for row in &rows {
                let (key, _) = row;
                if **key < *start {
                    continue;
                }
                if page.looks_left == 0 {
                    return Ok(Some(key.to_vec()));
                }
                page.looks_left -= 1;
                start = self.sweep_row(page, row)?;
            }
            if rows.len() < READ_ROWS {
                break;
            }
        }
        Ok(None)
    }

    /// Deletes the row if it is old; answers from where on to look.
    fn sweep_row(&mut self, page: &mut Page, (key, value): &Row) -> Result<Vec<u8>, Error> {
        let decoded = Key::decode(key).map(|key| (key.kind, key.rest));
        let (kind, contact, at, facts) = match decoded {
            Some((kind, Rest::Facts(contact, ..))) => {
                let facts: Vec<(u32, Fact)> = row::open(key, value)?;
                let at = facts.iter().map(|(_, fact)| fact.at).max();
                (kind, contact, at.unwrap_or(Instant::MIN), facts)
            }
            Some((kind, Rest::Journey(contact, ended_at, _))) => {
                (kind, contact, ended_at, Vec::new())
            }
            _ => return Err(Error::damaged(key, Damage::Key)),
        };
        if at >= page.before {
            page.oldest = page.oldest.min(at);
            let of_contact = key::of_contact(kind, self.partition, &contact);
            return Ok(key::behind(&of_contact).unwrap_or_else(|| key::after(key)));
        }
        for id in facts.iter().filter_map(|(_, fact)| fact.what.settles()) {
            let message = self.message(id)?;
            if message.is_some_and(|message| message.status.is_settled()) {
                self.delete(key::message(Kind::Message, self.partition, id));
                page.looks_left = page.looks_left.saturating_sub(1);
                page.deleted += 1;
            }
        }
        for (_, fact) in &facts {
            if let FactKind::WebhookQueued(_, id) = &fact.what {
                self.delete(key::webhook(self.partition, &contact, id));
                page.deleted += 1;
            }
        }
        self.delete(key.to_vec());
        page.deleted += 1;
        Ok(key::after(key))
    }
}

/// A page under way.
struct Page {
    before: Instant,
    oldest: Instant,
    looks_left: u64,
    deleted: u64,
}
