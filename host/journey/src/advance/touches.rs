//! What reached the contact: messages with their opens and clicks, and the conversions that are counted for them.

use signalbox_model::{
    amount,
    fact::{Conversion, FactKind},
    id::{MessageId, StepId, WorkflowId},
    state::{Occurred, TOUCHES_MAX, Touch},
    time::Instant,
    value::{Fields, Value},
    workflow::{
        goal::{Basis, GOAL_WITHIN_MAX, GoalEvent},
        step::{Measure, MessageClass},
    },
};

use crate::{
    advance::{
        Advance, Context, MESSAGE_SENT, Whose,
        events::{Happening, MESSAGE_CLICKED, MESSAGE_OPENED},
        permits::tag_hash,
    },
    effect::Effect,
    hash::fnv1a,
};

/// The contact answered a message.
const MESSAGE_REPLIED: &str = "message_replied";

/// What an event counts as for one workflow.
struct Candidate {
    workflow: WorkflowId,
    /// Which touch, by its place.
    touch: usize,
    touched_at: Instant,
    may_be_credited: bool,
    worth: i64,
}

impl Advance {
    /// Remembers a message that reached the contact, or was withheld from it.
    pub(super) fn touch(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        message: MessageId,
        is_withheld: bool,
    ) {
        let Some((version, step)) = self.version_and_position(ctx, whose, step, message) else {
            return;
        };
        let send = ctx.definitions.send_at(&whose.workflow, version, step);
        let is_marketing = send.is_some_and(|send| send.class == MessageClass::Marketing);
        let oldest = ctx.now.minus(GOAL_WITHIN_MAX);
        let touches = &mut self.state.touches;
        touches.retain(|touch| {
            let lasts = touch.sent_at >= oldest || may_convert(ctx, touch);
            lasts && touch.message != message
        });
        touches.push(Touch {
            workflow: workflow_hash(&whose.workflow),
            version,
            step: step as u16,
            journey: whose.journey,
            message,
            sent_at: ctx.now,
            opened: None,
            clicked: None,
            tags: send
                .map_or(&[][..], |send| &send.tags)
                .iter()
                .map(tag_hash)
                .collect(),
            is_capped: is_marketing && !is_withheld,
            is_withheld,
            has_converted: false,
        });
        if touches.len() > TOUCHES_MAX {
            self.forget_touch(ctx);
        }
    }

    /// Forgets the touch that is missed least: one that no cap counts, and of these one that nothing can convert any more;
    /// of equal ones the oldest.
    fn forget_touch(&mut self, ctx: &Context<'_>) {
        let counted = self.counted_until(ctx);
        let touches = self.state.touches.iter().enumerate();
        let missed = touches.min_by_key(|(place, touch)| {
            (counted.contains_key(place), may_convert(ctx, touch), *place)
        });
        if let Some((place, _)) = missed {
            self.state.touches.remove(place);
        }
    }

    /// The version that sends the message and the place of the step in it; its journey may be over.
    fn version_and_position(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        message: MessageId,
    ) -> Option<(u32, usize)> {
        let pending = self.state.pending.get(&message);
        let of_message = pending.map(|pending| pending.version);
        let version = of_message.or_else(|| self.journey(whose).map(|journey| journey.version))?;
        let position = ctx
            .definitions
            .steps(&whose.workflow, version)?
            .position(step)?;
        Some((version, position))
    }

    /// Takes down that the contact opened or clicked a message. What a machine did is history only.
    pub(super) fn note_engagement(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let name = event.name.as_str();
        if !matches!(name, MESSAGE_OPENED | MESSAGE_CLICKED) || event.is_by_machine() {
            return;
        }
        let Some(touch) = self.touch_of(ctx, event.fields) else {
            return;
        };
        let touch = &mut self.state.touches[touch];
        let (noted, met) = match name {
            MESSAGE_OPENED => (&mut touch.opened, &[Measure::Opened][..]),
            _ => (&mut touch.clicked, &[Measure::Opened, Measure::Clicked][..]),
        };
        *noted = Some(Occurred::and_at(*noted, event.occurred_at));
        let touch = touch.clone();
        let workflow = ctx
            .definitions
            .workflow_of_hash(touch.workflow, touch.sent_at);
        if let Some(workflow) = workflow.cloned() {
            self.convert_lots(ctx, &workflow, &touch, met);
        }
    }

    /// The message that an event is about: by its id, or the last one of that workflow and step.
    fn touch_of(&self, ctx: &Context<'_>, fields: &Fields) -> Option<usize> {
        let mut touches = self.state.touches.iter();
        if let Some(message) = text(fields, "message") {
            let message = MessageId::parse(message).ok()?;
            return touches.position(|touch| touch.message == message);
        }
        let workflow = WorkflowId::parse(text(fields, "workflow")?).ok()?;
        let step = StepId::parse(text(fields, "step")?).ok()?;
        let hash = workflow_hash(&workflow);
        let since = ctx.definitions.workflow(&workflow)?.running_since?;
        touches.rposition(|touch| {
            let steps = ctx.definitions.steps(&workflow, touch.version);
            let position = steps.and_then(|steps| steps.position(&step));
            // What went out before this workflow ran is of one before it, whose steps nobody knows any more.
            touch.workflow == hash
                && touch.sent_at >= since
                && position == Some(usize::from(touch.step))
        })
    }

    /// When the last message went out, of any step, of a workflow that was deleted and had the id that the event names.
    fn sent_by_former(&self, ctx: &Context<'_>, fields: &Fields) -> Option<Instant> {
        let workflow = WorkflowId::parse(text(fields, "workflow")?).ok()?;
        let hash = workflow_hash(&workflow);
        let definition = ctx.definitions.workflow(&workflow);
        let since = definition.and_then(|definition| definition.running_since);
        let mut touches = self.state.touches.iter();
        let last = touches.rfind(|touch| {
            touch.workflow == hash && since.is_none_or(|since| touch.sent_at < since)
        });
        last.map(|touch| touch.sent_at)
    }

    /// When a message went out at the latest that is not remembered any more: before those that are.
    fn sent_by_forgotten(&self, message: &str) -> Option<Instant> {
        MessageId::parse(message).ok()?;
        self.state.touches.first().map(|oldest| oldest.sent_at)
    }

    /// Whether the event is about a message that was sent before that instant.
    pub(super) fn is_about_earlier(
        &self,
        ctx: &Context<'_>,
        event: &Happening<'_>,
        since: Instant,
    ) -> bool {
        let about = [
            MESSAGE_SENT,
            MESSAGE_OPENED,
            MESSAGE_CLICKED,
            MESSAGE_REPLIED,
        ];
        if !about.contains(&event.name.as_str()) {
            return false;
        }
        let touch = self.touch_of(ctx, event.fields);
        let known = touch.map(|touch| self.state.touches[touch].sent_at);
        let told = event.fields.get("sent_at").and_then(Value::as_instant);
        let former = || match text(event.fields, "message") {
            Some(message) => self.sent_by_forgotten(message),
            None => self.sent_by_former(ctx, event.fields),
        };
        let sent_at = known.or(told).or_else(former);
        sent_at.is_some_and(|sent_at| sent_at < since)
    }

    /// Counts the event for every workflow whose goal it meets in time; of all their messages the last one that went out is
    /// credited.
    pub(super) fn convert(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut candidates: Vec<Candidate> = Vec::new();
        for workflow in ctx.definitions.measured_by(event.name) {
            candidates.extend(self.candidates(ctx, workflow, event));
        }
        let credited = candidates
            .iter()
            .filter(|one| one.may_be_credited)
            .max_by_key(|one| (one.touched_at, one.touch))
            .map(|one| one.touch);
        for candidate in candidates {
            self.count_conversion(ctx, event, &candidate, credited);
        }
    }

    /// What the event counts as for the workflow: for the last message that went out. Where the last marketing message was
    /// withheld it counts apart for that one, so that whoever is held out is compared, and besides only for a marketing
    /// message that went out before.
    fn candidates(
        &self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        event: &Happening<'_>,
    ) -> impl Iterator<Item = Candidate> {
        let of = |is_meant: fn(&Touch) -> bool| self.candidate(ctx, workflow, event, is_meant);
        let marketing = of(|touch| touch.is_capped || touch.is_withheld);
        let withheld = marketing.filter(|one| self.state.touches[one.touch].is_withheld);
        let sent = if withheld.is_some() {
            of(|touch| touch.is_capped)
        } else {
            of(|touch| !touch.is_withheld)
        };
        sent.into_iter().chain(withheld)
    }

    /// The last of those messages that the event follows in time.
    fn candidate(
        &self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        event: &Happening<'_>,
        is_meant: fn(&Touch) -> bool,
    ) -> Option<Candidate> {
        let hash = workflow_hash(workflow);
        let since = ctx.definitions.workflow(workflow)?.running_since?;
        let mut best: Option<(Instant, usize, &GoalEvent)> = None;
        for (place, touch) in self.state.touches.iter().enumerate() {
            // What went out before this workflow ran is of one before it with the same id.
            if touch.workflow != hash || touch.sent_at < since || !is_meant(touch) {
                continue;
            }
            let Some(goal) = goal_of(ctx, touch).filter(|goal| event.fits(&goal.on)) else {
                continue;
            };
            let Some(at) = touched_before(touch, goal.after, event.occurred_at) else {
                continue;
            };
            let is_in_time = event.occurred_at.since(at) <= goal.within;
            if is_in_time && best.is_none_or(|(best, ..)| at >= best) {
                best = Some((at, place, goal));
            }
        }
        let (touched_at, touch, goal) = best?;
        let value = goal.value.as_ref().and_then(|name| event.fields.get(name));
        Some(Candidate {
            workflow: workflow.clone(),
            touch,
            touched_at,
            may_be_credited: !self.state.touches[touch].is_withheld
                && event.occurred_at.since(touched_at) <= goal.credit_within(),
            worth: value.and_then(Value::as_number).map_or(0, amount::parts_of),
        })
    }

    fn count_conversion(
        &mut self,
        ctx: &Context<'_>,
        event: &Happening<'_>,
        candidate: &Candidate,
        credited: Option<usize>,
    ) {
        let touch = &mut self.state.touches[candidate.touch];
        let is_first = !std::mem::replace(&mut touch.has_converted, true);
        let touch = touch.clone();
        let version = ctx.definitions.version(&candidate.workflow, touch.version);
        let step = version.and_then(|found| found.document.steps.get(usize::from(touch.step)));
        let Some(step) = step else {
            return;
        };
        let what = FactKind::Converted(Conversion {
            step: step.id.clone(),
            message: touch.message,
            event: event.id.clone(),
            worth: candidate.worth,
            is_first,
            is_credited: credited == Some(candidate.touch),
            is_withheld: touch.is_withheld,
        });
        let journey = Some(touch.journey);
        let fact = self.new_fact(ctx, &candidate.workflow, touch.version, journey, what);
        self.effects.push(Effect::Fact(fact));
        self.convert_lots(ctx, &candidate.workflow, &touch, &[Measure::Goal]);
    }
}

/// What the message is measured by.
fn goal_of<'a>(ctx: &Context<'a>, touch: &Touch) -> Option<&'a GoalEvent> {
    let workflow = ctx
        .definitions
        .workflow_of_hash(touch.workflow, touch.sent_at)?;
    let version = ctx.definitions.version(workflow, touch.version)?;
    version.document.goal.as_ref()?.event()
}

/// Whether an event from now on can be in time for the message.
fn may_convert(ctx: &Context<'_>, touch: &Touch) -> bool {
    let engaged = [touch.opened, touch.clicked].into_iter().flatten();
    let last = engaged.map(|one| one.last).max().max(Some(touch.sent_at));
    let goal = goal_of(ctx, touch);
    goal.zip(last)
        .is_some_and(|(goal, last)| last.plus(goal.within) >= ctx.now)
}

/// When the message last touched the contact, at or before an instant, in the way that the goal counts from.
fn touched_before(touch: &Touch, basis: Basis, at: Instant) -> Option<Instant> {
    let sent = Some(touch.sent_at).filter(|sent| *sent <= at);
    let of = |occurred: Option<Occurred>| occurred.and_then(|one| one.until(at));
    match basis {
        Basis::Sent => sent,
        // Whoever was kept from the message cannot open it: compared from when it would have come.
        _ if touch.is_withheld => sent,
        Basis::Opened => of(touch.opened).max(of(touch.clicked)),
        Basis::Clicked => of(touch.clicked),
    }
}

fn text<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).and_then(Value::as_text)
}

/// The hash under which a contact's row names a workflow.
pub(super) fn workflow_hash(workflow: &WorkflowId) -> u64 {
    fnv1a(workflow.as_str().as_bytes())
}
