//! What happened behind the event that a journey or an arm begins with, and was told before it: events come late and in
//! any order, and whoever has bought by then is not to hear of the cart.

use signalbox_model::{
    definitions::WorkflowVersion,
    id::{EntryKey, WorkflowId},
    state::Cause,
    workflow::goal::Goal,
};

use crate::advance::{
    Advance, Context, Whose,
    events::{Happening, disarmed, exit_named},
};

impl Advance {
    /// Takes the arm away that was just set, if one of its cancels occurred behind the event that set it.
    pub(super) fn disarm_by_earlier(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        key: &EntryKey,
    ) {
        let presence = self.state.presences.get(workflow);
        let Some(arm) = presence.and_then(|presence| presence.arms.get(key)) else {
            return;
        };
        if arm.cancelled_by.is_empty() {
            return;
        }
        let cancel = self
            .told_behind(&arm.event)
            .find(|event| event.cancels(&arm.cancelled_by, &arm.event))
            .map(|event| disarmed(key, &event));
        if let Some(what) = cancel
            && let Some(arm) = self.take_arm(workflow, key)
        {
            self.entry_fact(ctx, workflow, arm.version, what);
        }
    }

    /// Why the journey, which an event has just begun, is over: one of its exits occurred behind that event.
    pub(super) fn exited_earlier<'v>(
        &self,
        whose: &Whose,
        version: &'v WorkflowVersion,
    ) -> Option<&'v str> {
        let document = &version.document;
        let ends_by_goal = document.goal.as_ref().and_then(Goal::event);
        let ends_by_goal = ends_by_goal.is_some_and(|goal| goal.exit);
        if !ends_by_goal && document.exits.iter().all(|exit| exit.on.is_none()) {
            return None;
        }
        let began_with = &self.journey(whose)?.event;
        self.told_behind(began_with)
            .find_map(|event| exit_named(document, &began_with.fields, &event))
    }

    /// What is in the history that occurred behind the event. Strictly: the event itself is none of it.
    fn told_behind<'s>(&'s self, began_with: &'s Cause) -> impl Iterator<Item = Happening<'s>> {
        let events = self.state.history.events();
        events
            .filter(|event| event.occurred_at > began_with.occurred_at)
            .map(|event| Happening::past(event, &began_with.id))
    }
}
