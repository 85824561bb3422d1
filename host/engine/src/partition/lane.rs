//! One contact on its way through the records of a group: in order, one after the other, each until it asks.
//!
//! The pure core does the work. What it wants done is kept here until the whole group is committed.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
};

use signalbox_journey::{Advance, Context, Decision, Effect, Question, Status};
use signalbox_model::{
    contact::Contact,
    id::ContactId,
    state::{ContactState, Place},
    verdict::Answer,
};
use signalbox_reports::Standing;

use super::group::{Item, What};
use crate::loaded::Loaded;

/// What a lane needs to know of the world.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) store_seed: u64,
}

impl<'a> World<'a> {
    fn at(self, item: &Item) -> Context<'a> {
        Context {
            definitions: &self.loaded.compiled,
            now: item.now,
            sequence: item.sequence,
            store_seed: self.store_seed,
        }
    }
}

/// See the module.
pub(super) struct Lane {
    pub(super) contact: ContactId,
    /// `None` while an advance has it, and for a contact that nothing is known of.
    pub(super) state: Option<ContactState>,
    /// Nothing was known of the contact before the group.
    pub(super) is_new: bool,
    /// Where its journeys stood before the group.
    pub(super) standing: Standing,
    items: VecDeque<Item>,
    under_way: Option<(Item, Advance)>,
    pub(super) done: Vec<Done>,
    /// Why the record under way cannot be applied.
    pub(super) fault: Option<String>,
    /// The fault was noted, and the lane is passed over.
    pub(super) parked: bool,
}

/// A record that is through.
pub(super) struct Done {
    pub(super) item: Item,
    pub(super) effects: Vec<Effect>,
}

impl Lane {
    pub(super) fn new(contact: ContactId, state: Option<ContactState>) -> Self {
        let standing = state.as_ref().map(standing_of).unwrap_or_default();
        Self {
            contact,
            is_new: state.is_none(),
            state,
            standing,
            items: VecDeque::new(),
            under_way: None,
            done: Vec::new(),
            fault: None,
            parked: false,
        }
    }

    pub(super) fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    /// Goes on until there are questions (`true`) or nothing is left. A panic in the core becomes a fault of this
    /// lane alone.
    pub(super) fn go_on(&mut self, world: World<'_>) -> bool {
        if self.fault.is_some() {
            return false;
        }
        // Unwind safety: a lane with a fault is never gone on with, and its effects are thrown away.
        match catch_unwind(AssertUnwindSafe(|| self.go_on_unguarded(world))) {
            Ok(asks) => asks,
            Err(panic) => {
                self.fault = Some(format!("the core panicked: {}", panic_message(&*panic)));
                false
            }
        }
    }

    fn go_on_unguarded(&mut self, world: World<'_>) -> bool {
        loop {
            if let Some((item, advance)) = &mut self.under_way
                && advance.run(&world.at(item)) == Status::Asking
            {
                return true;
            }
            if let Some((item, advance)) = self.under_way.take() {
                let (state, effects) = advance.finish();
                self.state = Some(state);
                self.done.push(Done { item, effects });
            }
            let Some(item) = self.items.pop_front() else {
                return false;
            };
            if let Some(state) = self.state_for(&item) {
                // Back in the queue while the core may panic over it, so that it is not lost.
                let ctx = world.at(&item);
                self.items.push_front(item);
                let advance = Advance::new(&ctx, state, &self.items[0].what.input());
                if let Some(item) = self.items.pop_front() {
                    self.under_way = Some((item, advance));
                }
            } else {
                let effects = of_nobody(&item.what);
                self.done.push(Done { item, effects });
            }
        }
    }

    fn state_for(&mut self, item: &Item) -> Option<ContactState> {
        let unknown = || {
            let contact = Contact::new(self.contact.clone(), item.now);
            ContactState::new(contact)
        };
        match self.state.take() {
            None if item.what.makes_contact() => Some(unknown()),
            state => state,
        }
    }

    /// The record under way and its questions.
    pub(super) fn questions(&self) -> Option<(&Item, &[Question])> {
        let (item, advance) = self.under_way.as_ref()?;
        Some((item, advance.questions()))
    }

    /// Answers the questions under way, in their order.
    pub(super) fn answer(&mut self, answers: Vec<Option<Answer>>) {
        if let Some((_, advance)) = &mut self.under_way {
            let mut answers = answers.into_iter();
            advance.answer(|_| answers.next().flatten());
        }
    }

    /// All records of the lane that it still has.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        let done = self.done.iter().map(|done| &done.item);
        let under_way = self.under_way.as_ref().map(|(item, _)| item);
        done.chain(under_way).chain(&self.items)
    }

    /// The record that it came to.
    pub(super) fn sequence(&self) -> u64 {
        let under_way = self.under_way.as_ref().map(|(item, _)| item.sequence);
        let last = self.done.last().map(|done| done.item.sequence);
        under_way.or(last).unwrap_or_default()
    }

    /// All records of the lane, to be applied another time.
    pub(super) fn into_items(self) -> Vec<Item> {
        let done = self.done.into_iter().map(|done| done.item);
        let under_way = self.under_way.map(|(item, _)| item);
        done.chain(under_way).chain(self.items).collect()
    }
}

/// What is done about an input of a contact that nothing is known of.
fn of_nobody(what: &What) -> Vec<Effect> {
    match what {
        What::Timer(timer) => vec![Effect::CancelTimer(timer.clone())],
        What::Intent {
            message, attempt, ..
        } => vec![Effect::Claimed {
            message: *message,
            attempt: *attempt,
            decision: Decision::Skipped("not_pending".to_owned()),
        }],
        _ => Vec::new(),
    }
}

fn standing_of(state: &ContactState) -> Standing {
    let journeys = state
        .presences
        .values()
        .flat_map(|presence| &presence.journeys);
    journeys
        .map(|(id, journey)| {
            let (Place::Waiting { step, .. }
            | Place::Sending { step, .. }
            | Place::Held { step, .. }) = &journey.place;
            (*id, Some(step.clone()))
        })
        .collect()
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
