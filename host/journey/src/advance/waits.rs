//! Waits: how they begin, what ends them before their time, and where the journey goes then.

use std::sync::Arc;

use signalbox_model::{
    calendar::Zone,
    contact::ZONE_ATTRIBUTE,
    definitions::WorkflowVersion,
    event::{APPROVAL_DECIDED, approval},
    fact::FactKind,
    id::{FieldName, JourneyId, StepId},
    state::{Journey, Place},
    time::Instant,
    workflow::{
        Jump,
        step::{Approve, Missing, Step, Wait},
    },
};

use crate::{
    advance::{
        Advance, Context, DECISIONS, Deferred, Whose,
        events::Happening,
        steps::{Next, position_after, position_of},
    },
    due::{self, Due},
};

impl Advance {
    pub(super) fn wait(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        wait: &Wait,
    ) -> Next {
        let (zone, _) = self.zone(ctx, version);
        let attributes = &self.state.contact.attributes;
        let due = due::of(wait, &zone, attributes, ctx.now);
        if wait.duration.is_none() {
            self.tell_zone(ctx, whose, version, step);
        }
        match due {
            Due::At(due) => self.wait_until(ctx, whose, step, due),
            Due::Now | Due::Undated(Missing::GoOn) => {
                Next::On(position_after(ctx, whose, version, step))
            }
            Due::Undated(Missing::Exit) => {
                self.exit(ctx, whose, due::DATE_MISSING, "exit");
                Next::Stay
            }
            Due::Never(reason) => {
                self.exit(ctx, whose, reason, "exit");
                Next::Stay
            }
        }
    }

    /// The zone of the contact here, and whose it is.
    pub(super) fn zone(
        &self,
        ctx: &Context<'_>,
        version: &WorkflowVersion,
    ) -> (Zone, &'static str) {
        let attributes = &self.state.contact.attributes;
        let own = attributes.get(ZONE_ATTRIBUTE);
        let parsed = own.map(|own| own.as_text().and_then(|text| Zone::parse(text).ok()));
        let is_invalid = parsed == Some(None);
        if let Some(zone) = parsed.flatten() {
            return (zone, "contact");
        }
        let server = ctx.definitions.definitions().settings.zone.as_ref();
        let (zone, sources) = match (&version.document.zone, server) {
            (Some(zone), _) => (zone.clone(), ["workflow", "workflow_contact_invalid"]),
            (None, Some(zone)) => (zone.clone(), ["server", "server_contact_invalid"]),
            (None, None) => (Zone::UTC, ["utc", "utc_contact_invalid"]),
        };
        (zone, sources[usize::from(is_invalid)])
    }

    pub(super) fn wait_until(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &Step,
        due: Instant,
    ) -> Next {
        self.park(
            whose,
            Place::Waiting {
                step: step.id.clone(),
                since: ctx.now,
                due,
            },
        );
        self.journey_fact(ctx, whose, FactKind::WaitStarted(step.id.clone(), due));
        Next::Stay
    }

    /// Computes the waits anew that go by what has changed: the contact's zone, or the date that is waited for. `None`:
    /// what everybody's clocks go by. A wait that would be over ends at once; one whose date is gone stays as it is; one
    /// that is due already is left to its timer. Another date is looked at as if the wait began now: one that is past is
    /// past, whenever the wait began.
    pub(super) fn recompute_waits(&mut self, ctx: &Context<'_>, changed: Option<&[FieldName]>) {
        let is_elsewhere = changed.is_none_or(|changed| is_among(ZONE_ATTRIBUTE, changed));
        let changed = changed.unwrap_or_default();
        let is_other_date = |wait: &Wait| {
            let until = wait.until.as_ref();
            until.is_some_and(|until| is_among(until.attribute.as_str(), changed))
        };
        for whose in self.journeys_inside() {
            let Some(Place::Waiting { step, since, due }) =
                self.journey(&whose).map(|journey| journey.place.clone())
            else {
                continue;
            };
            let Some((version, step)) = self.step_of(ctx, &whose, &step) else {
                continue;
            };
            let wait = step.wait.as_ref();
            let Some(wait) = wait.filter(|wait| wait.duration.is_none() && due > ctx.now) else {
                continue;
            };
            if !is_elsewhere && !is_other_date(wait) {
                continue;
            }
            let (zone, _) = self.zone(ctx, version);
            let attributes = &self.state.contact.attributes;
            let anew = if is_other_date(wait) {
                due::of(wait, &zone, attributes, ctx.now)
            } else {
                due::in_zone(wait, &zone, attributes, (since, due), ctx.now)
            };
            self.wait_anew(ctx, &whose, (version, step), anew);
        }
    }

    /// The wait at that step ends otherwise than it was to: at once where that is over. A date that is gone changes nothing.
    pub(super) fn wait_anew(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        (version, step): (&WorkflowVersion, &Step),
        anew: Due,
    ) {
        let place = self.journey(whose).map(|journey| journey.place.clone());
        let Some(Place::Waiting { since, due, .. }) = place else {
            return;
        };
        let anew = match anew {
            Due::At(anew) => anew.max(ctx.now),
            Due::Now => ctx.now,
            Due::Never(reason) => return self.exit(ctx, whose, reason, "exit"),
            Due::Undated(_) => return,
        };
        if anew == due {
            return;
        }
        if step
            .wait
            .as_ref()
            .is_some_and(|wait| wait.duration.is_none())
        {
            self.tell_zone(ctx, whose, version, step);
        }
        self.move_wait(ctx, whose, step, since, anew);
    }

    /// Tells by whose zone the step goes.
    pub(super) fn tell_zone(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
    ) {
        let (zone, source) = self.zone(ctx, version);
        let what = FactKind::ZoneTaken(step.id.clone(), zone.to_string(), source.to_owned());
        self.journey_fact(ctx, whose, what);
    }

    pub(super) fn move_wait(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &Step,
        since: Instant,
        due: Instant,
    ) {
        self.leave_place(ctx, whose, "exit");
        let place = Place::Waiting {
            step: step.id.clone(),
            since,
            due,
        };
        self.park(whose, place);
        self.journey_fact(ctx, whose, FactKind::WaitStarted(step.id.clone(), due));
    }

    /// The time of the wait is over.
    pub(super) fn wait_over(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
    ) {
        let otherwise = match (&step.wait_for, &step.approve) {
            (Some(wait), _) => wait.otherwise.as_ref(),
            (None, Some(approve)) => Some(&approve.otherwise),
            (None, None) => return self.go_on_after(ctx, whose, version, step),
        };
        let taken = (None, otherwise);
        if let Next::On(next) = self.take_arm_of(ctx, whose, version, step, taken) {
            self.go(ctx, whose, version, next);
        }
    }

    /// Moves every journey for which the event is a jump, and goes on with every other one that waits for it; one whose
    /// exits are asked, only if they let it stay.
    pub(super) fn wake(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut cause = None;
        for whose in self.journeys_inside() {
            if self.is_asked_to_leave(&whose) {
                let cause = cause.get_or_insert_with(|| Arc::new(event.cause()));
                self.once_it_stays(whose, Deferred::Wake(Arc::clone(cause)));
            } else {
                self.wake_one(ctx, &whose, event);
            }
        }
    }

    pub(super) fn wake_one(&mut self, ctx: &Context<'_>, whose: &Whose, event: &Happening<'_>) {
        let is_before = |journey| event.is_before(journey);
        if self.journey(whose).is_none_or(is_before) {
            return;
        }
        if !self.jump(ctx, whose, event) {
            self.end_wait(ctx, whose, event);
        }
    }

    fn end_wait(&mut self, ctx: &Context<'_>, whose: &Whose, event: &Happening<'_>) {
        let Some(Place::Waiting { step, .. }) = self.journey(whose).map(|journey| &journey.place)
        else {
            return;
        };
        let Some((version, step)) = self.step_of(ctx, whose, &step.clone()) else {
            return;
        };
        let journey = self.journey(whose);
        let Some((arm, goto)) = journey.and_then(|journey| arm_of(step, whose, journey, event))
        else {
            return;
        };
        self.leave_place(ctx, whose, "exit");
        if step.approve.is_some() {
            let decision = DECISIONS[usize::from(arm)].to_owned();
            let actor = text(event, approval::ACTOR).unwrap_or_default().to_owned();
            let key = text(event, approval::KEY).unwrap_or_default().to_owned();
            let what = FactKind::ApprovalDecided(step.id.clone(), decision, actor, key);
            self.journey_fact(ctx, whose, what);
        }
        let taken = (Some(arm), goto);
        if let Next::On(next) = self.take_arm_of(ctx, whose, version, step, taken) {
            self.go(ctx, whose, version, next);
        }
    }

    /// Moves the journey if the event is a jump to where it has not been yet. A message that is on its way is taken back;
    /// while one that could not be is not settled, it does not jump again.
    fn jump(&mut self, ctx: &Context<'_>, whose: &Whose, event: &Happening<'_>) -> bool {
        let Some(version) = self.version_of(ctx, whose) else {
            return false;
        };
        let mut jumps = version.document.jumps.iter();
        let is_meant = |jump: &&Jump| {
            self.journey(whose)
                .is_some_and(|journey| event.fits_journey(&jump.on, &journey.event.fields))
        };
        let Some(jump) = jumps.find(is_meant) else {
            return false;
        };
        let was_there = self.visits_of(ctx, whose, version, &jump.goto) > 0;
        if was_there || self.has_left_message(whose) {
            return false;
        }
        let Some(from) = self.journey(whose).map(|one| one.place.step().clone()) else {
            return false;
        };
        let target = position_of(ctx, whose, version, &jump.goto);
        self.leave_send(ctx, whose, "jumped");
        self.leave_place(ctx, whose, "jumped");
        let what = FactKind::Jumped(from.clone(), jump.goto.clone(), event.name.clone());
        self.journey_fact(ctx, whose, what);
        let start = position_of(ctx, whose, version, &from);
        for step in passed_over(version, start, target) {
            self.journey_fact(ctx, whose, FactKind::StepSkipped(step.id.clone()));
        }
        self.go(ctx, whose, version, target);
        true
    }

    /// Whether a message is under way that the journey has left.
    fn has_left_message(&self, whose: &Whose) -> bool {
        let mut pending = self.state.pending.values();
        pending.any(|message| message.journey == whose.journey && message.cancelled.is_some())
    }

    /// Every journey of the contact.
    pub(super) fn journeys_inside(&self) -> Vec<Whose> {
        let presences = self.state.presences.iter();
        let journeys = presences.flat_map(|(workflow, presence)| {
            presence.journeys.keys().map(|&journey| Whose {
                workflow: workflow.clone(),
                journey,
            })
        });
        journeys.collect()
    }
}

/// The arm of the step that the event fits, and where it leads.
fn arm_of<'s>(
    step: &'s Step,
    whose: &Whose,
    journey: &Journey,
    event: &Happening<'_>,
) -> Option<(u16, Option<&'s StepId>)> {
    if let Some(approve) = &step.approve {
        let question = (whose.journey, &step.id, journey.steps_taken);
        return decision_of(approve, question, event);
    }
    let mut arms = (0..).zip(&step.wait_for.as_ref()?.arms);
    arms.find(|(_, arm)| event.fits_journey(&arm.on, &journey.event.fields))
        .map(|(index, arm)| (index, arm.goto.as_ref()))
}

/// What a person decided about this journey, at this step, in this visit.
fn decision_of<'s>(
    approve: &'s Approve,
    (journey, step, visit): (JourneyId, &StepId, u32),
    event: &Happening<'_>,
) -> Option<(u16, Option<&'s StepId>)> {
    let is_meant = event.name.as_str() == APPROVAL_DECIDED
        && text(event, approval::JOURNEY) == Some(journey.to_string().as_str())
        && text(event, approval::STEP) == Some(step.as_str())
        && text(event, approval::VISIT) == Some(visit.to_string().as_str());
    match text(event, approval::DECISION) {
        Some(approval::APPROVED) if is_meant => Some((0, approve.approved.as_ref())),
        Some(approval::REJECTED) if is_meant => Some((1, Some(&approve.rejected))),
        _ => None,
    }
}

fn text<'e>(event: &Happening<'e>, name: &str) -> Option<&'e str> {
    let mut fields = event.fields.iter();
    let (_, value) = fields.find(|(field, _)| field.as_str() == name)?;
    value.as_text()
}

/// The steps between the two, in the order of the document; none when the way leads back.
fn passed_over(version: &WorkflowVersion, start: Option<usize>, target: Option<usize>) -> &[Step] {
    let (Some(start), Some(target)) = (start, target) else {
        return &[];
    };
    let steps = &version.document.steps;
    steps.get(start + 1..target).unwrap_or(&[])
}

fn is_among(attribute: &str, changed: &[FieldName]) -> bool {
    changed.iter().any(|name| name.as_str() == attribute)
}
