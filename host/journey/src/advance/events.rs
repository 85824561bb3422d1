//! What an event does, before any rule is asked: attributes, history, cancels, exits, and who wants to hear of it.

use std::sync::Arc;

use signalbox_model::{
    codec,
    condition::{EventPattern, JourneyPattern},
    contact::{
        ATTRIBUTES_BYTES_MAX, ATTRIBUTES_MAX, AttributeChanges, EMAIL_ATTRIBUTE,
        NEW_ATTRIBUTES_BYTES_MAX, attributes_bytes,
    },
    definitions::{Slot, WorkflowDefinition, WorkflowVersion},
    event::{EVENT_AHEAD_MAX, Event, TRIGGER_LATE_LIMIT},
    fact::{FactKind, WORKFLOW_DELETED},
    id::{EntryKey, EventId, EventName, FieldName, SegmentName, SourceName, WorkflowId},
    plan::Occasion,
    segment::{SEGMENT_ENTERED, SEGMENT_LEFT},
    sources::AttributeSources,
    state::{Cause, Journey, PastEvent, Suppressed},
    time::Instant,
    value::{Fields, Value},
    workflow::{
        ExitOn, Workflow,
        goal::{Goal, GoalEvent},
        step::MessageClass,
    },
};

use crate::{
    advance::{
        Advance, Context, Entering, Standing, Updates, Whose,
        exits::Change,
        reasons::PAUSED,
        segments::{Arrived, Settling},
        standing,
    },
    compiled::Listener,
    effect::Effect,
    history::{self, Novelty},
    limits::{FOLLOW_UPS_MAX, WAVES_MAX},
    segments::Open,
    sources,
};

/// The contact opened a message.
pub(super) const MESSAGE_OPENED: &str = "message_opened";
/// The contact clicked in a message.
pub(super) const MESSAGE_CLICKED: &str = "message_clicked";
/// The field of an event about a message that says that a machine did it.
const MACHINE: &str = "machine";
/// The contact took its consent back.
const CONTACT_UNSUBSCRIBED: &str = "contact_unsubscribed";
/// The contact gave it again.
const CONTACT_SUBSCRIBED: &str = "contact_subscribed";
/// The contact is forgotten.
const CONTACT_ERASED: &str = "contact_erased";
/// The contact told its provider that a message was not wanted.
const MESSAGE_COMPLAINED: &str = "message_complained";
/// A message came back; for good where its field [`BOUNCE_KIND`] is [`HARD`].
pub(super) const MESSAGE_BOUNCED: &str = "message_bounced";
/// The field of a bounce that says of what kind it is.
pub(super) const BOUNCE_KIND: &str = "kind";
/// What a change of attributes without an event begins a journey with.
pub(super) const ATTRIBUTES_CHANGED: &str = "attributes_changed";
/// The kind of a bounce that is about the address.
pub(super) const HARD: &str = "hard";

/// An event from outside or from one of the contact's own steps.
pub(super) struct Happening<'e> {
    pub(super) id: &'e EventId,
    pub(super) name: &'e EventName,
    pub(super) occurred_at: Instant,
    pub(super) fields: &'e Fields,
    pub(super) history_only: bool,
    /// The workflow whose step made it; it cannot be triggered by itself.
    pub(super) made_by: Option<&'e WorkflowId>,
    /// How many journeys in a row, each begun by the one before, led to it.
    pub(super) follow_ups: i64,
    /// The segment that the contact came into, or left, by it.
    pub(super) segment: Option<&'e SegmentName>,
}

/// The fields of an event that the contact's own steps make.
pub(super) fn fields_of<const N: usize>(members: [(&str, Value); N]) -> Fields {
    let members = members.into_iter();
    members
        .filter_map(|(name, value)| Some((FieldName::parse(name).ok()?, value)))
        .collect()
}

impl<'e> Happening<'e> {
    /// The same again, for journeys that were there when it came.
    pub(super) fn of(cause: &'e Cause) -> Self {
        Self {
            id: &cause.id,
            name: &cause.name,
            occurred_at: cause.occurred_at,
            fields: &cause.fields,
            history_only: false,
            made_by: None,
            follow_ups: 0,
            segment: None,
        }
    }

    /// What is in the history again; its own id is not kept there.
    pub(super) fn past(event: &'e PastEvent, id: &'e EventId) -> Self {
        Self {
            id,
            name: &event.name,
            occurred_at: event.occurred_at,
            fields: &event.fields,
            history_only: false,
            made_by: None,
            follow_ups: 0,
            segment: None,
        }
    }

    pub(super) fn cause(&self) -> Cause {
        Cause {
            id: self.id.clone(),
            name: self.name.clone(),
            occurred_at: self.occurred_at,
            fields: self.fields.clone(),
        }
    }

    /// Whether the pattern means the event. One that a machine made by opening or clicking is meant only by a pattern
    /// that asks for it.
    pub(super) fn fits(&self, pattern: &EventPattern) -> bool {
        let fields = pattern.conditions.iter().map(|condition| &condition.field);
        pattern.matches(self.name, self.fields) && self.is_asked_for(fields)
    }

    /// The same of a pattern of a journey that began with an event of those fields.
    pub(super) fn fits_journey(&self, pattern: &JourneyPattern, began_with: &Fields) -> bool {
        let fields = pattern.conditions.iter().map(|condition| &condition.field);
        pattern.matches(self.name, self.fields, began_with) && self.is_asked_for(fields)
    }

    /// Whether a machine did not make it, or a pattern with conditions on those fields asks for what machines make.
    fn is_asked_for<'c>(&self, fields: impl Iterator<Item = &'c FieldName>) -> bool {
        !self.is_by_machine() || asks_for_machines(fields)
    }

    /// Whether it occurred before the journey began: before the event that the journey began with, and of those that were
    /// waited for, before the last day of the wait. The clocks of who tells of events may differ.
    pub(super) fn is_before(&self, journey: &Journey) -> bool {
        let entered = journey.entered_at;
        let first = entered.minus(TRIGGER_LATE_LIMIT);
        self.is_before_it_began(journey.event.occurred_at.clamp(first, entered))
    }

    /// Whether it takes away what one of its patterns cancels and what began with that event: it fits, and did not occur
    /// before.
    pub(super) fn cancels(&self, patterns: &[EventPattern], began_with: &Cause) -> bool {
        patterns.iter().any(|pattern| self.fits(pattern))
            && !self.is_before_it_began(began_with.occurred_at)
    }

    fn is_before_it_began(&self, began: Instant) -> bool {
        self.occurred_at.plus(EVENT_AHEAD_MAX) < began
    }

    /// Whether a trigger that listens to the occasion is asked about it.
    fn meets(&self, occasion: &Occasion) -> bool {
        let is_about = |event: &str, asked: &str| {
            let named = self.segment.map(SegmentName::as_str);
            self.name.as_str() == event && named == Some(asked)
        };
        match occasion {
            Occasion::Event(pattern) => self.fits(pattern),
            Occasion::SegmentEntered(segment) => is_about(SEGMENT_ENTERED, segment),
            Occasion::SegmentLeft(segment) => is_about(SEGMENT_LEFT, segment),
            _ => false,
        }
    }

    /// Whether a machine opened or clicked a message, not the contact.
    pub(super) fn is_by_machine(&self) -> bool {
        is_by_machine(self.name, self.fields)
    }
}

/// Whether the event says that a machine opened or clicked a message, not the contact.
pub(crate) fn is_by_machine(name: &EventName, fields: &Fields) -> bool {
    let is_engagement = matches!(name.as_str(), MESSAGE_OPENED | MESSAGE_CLICKED);
    is_engagement && fields.get(MACHINE) == Some(&Value::Boolean(true))
}

/// Whether one of those fields of conditions asks for what machines make.
pub(crate) fn asks_for_machines<'c>(mut fields: impl Iterator<Item = &'c FieldName>) -> bool {
    fields.any(|field| field.as_str() == MACHINE)
}

impl Advance {
    pub(super) fn event(&mut self, ctx: &Context<'_>, event: &Event) {
        let is_new = self.is_new(ctx);
        match history::remember(&mut self.state, event, ctx.now) {
            Novelty::New => {}
            Novelty::Repeated => {
                let id = event.id.clone();
                return self.effects.push(Effect::EventRepeated { id });
            }
            Novelty::Conflicting => {
                let id = event.id.clone();
                return self.effects.push(Effect::EventConflict { id });
            }
        }
        let happening = Happening {
            id: &event.id,
            name: &event.name,
            occurred_at: event.occurred_at,
            fields: &event.fields,
            history_only: event.history_only,
            made_by: None,
            follow_ups: 0,
            segment: None,
        };
        let attributes = event.attributes.iter();
        let attributes = attributes.map(|(name, value)| (name, Some(value)));
        let differing = self.take_attributes(ctx, event.source.as_ref(), attributes);
        self.enter_history(&happening);
        let open = open_after(ctx, is_new, Some(&event.name), &differing);
        self.arrive_settled(ctx, &happening, (differing, true), open);
    }

    pub(super) fn change_attributes(&mut self, ctx: &Context<'_>, changes: &AttributeChanges) {
        let is_new = self.is_new(ctx);
        let id = EventId::parse(&format!("{ATTRIBUTES_CHANGED}:{}", ctx.sequence));
        let (Ok(id), Ok(name)) = (id, EventName::parse(ATTRIBUTES_CHANGED)) else {
            return;
        };
        let happening = Happening {
            id: &id,
            name: &name,
            occurred_at: ctx.now,
            fields: &Fields::new(),
            history_only: false,
            made_by: None,
            follow_ups: 0,
            segment: None,
        };
        let named = changes.attributes.iter();
        let named = named.map(|(name, value)| (name, value.as_ref()));
        let differing = self.take_attributes(ctx, changes.source.as_ref(), named);
        let open = open_after(ctx, is_new, None, &differing);
        self.arrive_settled(ctx, &happening, (differing, false), open);
    }

    /// Whether nothing was known of the contact before.
    fn is_new(&self, ctx: &Context<'_>) -> bool {
        let state = &self.state;
        let is_blank = state.contact.attributes.is_empty() && state.seen.is_empty();
        is_blank && state.contact.created_at == ctx.now
    }

    /// Does what the arrival leads to, once the segments are settled that read what has changed.
    fn arrive_settled(
        &mut self,
        ctx: &Context<'_>,
        arrived: &Happening<'_>,
        (differing, is_event): (Vec<FieldName>, bool),
        open: Open,
    ) {
        if open.is_empty() {
            return self.arrive(ctx, arrived, &differing, is_event);
        }
        let arrived = Arrived {
            cause: arrived.cause(),
            history_only: arrived.history_only,
            differing,
            is_event,
        };
        self.settle_segments(ctx, Settling::new(open).before(arrived));
    }

    /// What other values of attributes lead to, and then what the event does: waits, exits, triggers that said no, and
    /// triggers that listen.
    pub(super) fn arrive(
        &mut self,
        ctx: &Context<'_>,
        arrived: &Happening<'_>,
        differing: &[FieldName],
        is_event: bool,
    ) {
        if !differing.is_empty() {
            self.recompute_waits(ctx, Some(differing));
            let updates = Updates {
                attributes: differing.iter().cloned().collect(),
                ..Updates::default()
            };
            self.ask_exits(ctx, &Change::Values(&updates));
            self.ask_again_in_grace(ctx);
            self.ask_about_attributes(ctx, differing, arrived);
        }
        if is_event {
            self.react(ctx, arrived);
        }
    }

    /// Sets attributes from outside, as far as their source is believed, and tells which have another value now.
    fn take_attributes<'v>(
        &mut self,
        ctx: &Context<'_>,
        source: Option<&SourceName>,
        changes: impl Iterator<Item = (&'v FieldName, Option<&'v Value>)>,
    ) -> Vec<FieldName> {
        let settings = &ctx.definitions.definitions().settings;
        let (changes, count) = sources::taken(settings, &self.state, source, changes);
        if count > 0 {
            self.effects.push(Effect::AttributesOverruled { count });
        }
        if changes.is_empty() {
            return Vec::new();
        }
        let attributes = &self.state.contact.attributes;
        let before: Vec<Option<Value>> = changes
            .iter()
            .map(|(name, _)| attributes.get(*name).cloned())
            .collect();
        let held = self.held_by_clocks(ctx);
        self.set_attributes(changes.iter().copied());
        sources::remember(settings, &mut self.state, source, &changes);
        let attributes = &self.state.contact.attributes;
        let compared = changes.iter().zip(before);
        let differing: Vec<FieldName> = compared
            .filter(|((name, _), before)| attributes.get(*name) != before.as_ref())
            .map(|((name, _), _)| (*name).clone())
            .collect();
        if !differing.is_empty() {
            self.release_by_clocks(ctx, held);
        }
        differing
    }

    /// Makes room first, so that a change that fits as a whole is taken whole; then what needs more room than before:
    /// the mail address first, then what is known already, for which room is kept, then new names, each in their order.
    /// What is left out keeps its former value and source; what is set has none any more.
    pub(super) fn set_attributes<'v>(
        &mut self,
        changes: impl Iterator<Item = (&'v FieldName, Option<&'v Value>)>,
    ) {
        let attributes = &mut self.state.contact.attributes;
        let mut sources = self.state.sources.by_attribute(attributes);
        let left_out = put(attributes, changes, |name| {
            sources.remove(name);
        });
        self.state.sources = AttributeSources::new(attributes, &sources);
        if left_out > 0 {
            self.effects
                .push(Effect::AttributesLeftOut { count: left_out });
        }
    }

    /// What the contact's own steps and segments make happen. Segments that read it are asked beside all else it does.
    pub(super) fn happen(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        self.enter_history(event);
        let open = ctx.definitions.segments().after(Some(event.name), &[]);
        let settling = Settling::new(open).made_by(event.made_by, event.follow_ups);
        self.settle_segments(ctx, settling);
        self.react(ctx, event);
    }

    /// Before anything else, so that every rule asked sees the event.
    fn enter_history(&mut self, event: &Happening<'_>) {
        let past = PastEvent {
            name: event.name.clone(),
            occurred_at: event.occurred_at,
            fields: event.fields.clone(),
        };
        history::push(&mut self.state.history, past, &mut self.effects);
    }

    /// What the event takes away, and then what it begins.
    fn react(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        if event.history_only {
            return;
        }
        self.suppress(event);
        self.note_engagement(ctx, event);
        self.convert(ctx, event);
        self.cancel_arms(ctx, event);
        self.cancel_held_entries(ctx, event);
        self.exit_on(ctx, event);
        self.ask_exits(ctx, &Change::Event(event));
        self.wake(ctx, event);
        self.ask_triggers(ctx, event);
    }

    /// Takes down that the contact must not be mailed, or may be again. What forbids more stays.
    fn suppress(&mut self, event: &Happening<'_>) {
        let known = self.state.suppressed;
        if event.name.as_str() == CONTACT_SUBSCRIBED {
            self.state.suppressed =
                known.filter(|known| known.forbids(MessageClass::Transactional));
        } else {
            self.state.suppressed = known.max(suppressed_by(event));
        }
    }

    fn exit_on(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut leaving = Vec::new();
        for (workflow, presence) in &self.state.presences {
            for (&id, journey) in &presence.journeys {
                let version = ctx.definitions.version(workflow, journey.version);
                let reason = version.and_then(|version| exit_reason(version, journey, event));
                if let Some(reason) = reason {
                    let whose = Whose {
                        workflow: workflow.clone(),
                        journey: id,
                    };
                    leaving.push((whose, reason));
                }
            }
        }
        for (whose, reason) in leaving {
            self.exit(ctx, &whose, reason, "exit");
        }
    }

    fn ask_triggers(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut cause = None;
        for listener in ctx.definitions.listeners(event.name) {
            self.ask_listener(ctx, listener, event, &mut cause, |occasion| {
                event.meets(occasion)
            });
        }
    }

    /// Asks the triggers that listen to attributes which have another value now. History changes nothing of today.
    pub(super) fn ask_about_attributes(
        &mut self,
        ctx: &Context<'_>,
        changed: &[FieldName],
        by: &Happening<'_>,
    ) {
        if by.history_only {
            return;
        }
        let mut cause = None;
        for name in changed {
            for listener in ctx.definitions.attribute_listeners(name) {
                self.ask_listener(
                    ctx,
                    listener,
                    by,
                    &mut cause,
                    |occasion| matches!(occasion, Occasion::AttributeChanged(asked) if asked == name),
                );
            }
        }
    }

    /// Asks one trigger, if its workflow's version has that occasion and nothing keeps the event out of it.
    pub(super) fn ask_listener(
        &mut self,
        ctx: &Context<'_>,
        listener: &Listener,
        event: &Happening<'_>,
        cause: &mut Option<Arc<Cause>>,
        is_met: impl Fn(&Occasion) -> bool,
    ) {
        if event.made_by == Some(&listener.workflow) {
            return;
        }
        let Some(definition) = ctx.definitions.workflow(&listener.workflow) else {
            return;
        };
        let running = definition.running_since.zip(definition.current_version());
        let Some((since, version)) = running else {
            return;
        };
        let trigger = version.bindings.get(&Slot::Trigger);
        let occasions = trigger.map_or(&[][..], |binding| &binding.plan.occasions);
        if !occasions
            .get(listener.occasion as usize)
            .is_some_and(is_met)
        {
            return;
        }
        let cause = cause.get_or_insert_with(|| Arc::new(event.cause()));
        let entering = Entering {
            workflow: listener.workflow.clone(),
            version: version.number,
            event: Arc::clone(cause),
            occasion: listener.occasion,
            arm_key: None,
            cancelled_by: Vec::new(),
            key: None,
            attempts: 0,
            grace_until: None,
        };
        match self.kept_out_by(ctx, event, since, definition) {
            Some(reason) => self.not_entered(ctx, &entering, reason),
            None => self.ask_trigger(ctx, entering),
        }
    }

    /// Why no trigger of that workflow, which runs since that instant, is asked about the event.
    fn kept_out_by(
        &self,
        ctx: &Context<'_>,
        event: &Happening<'_>,
        since: Instant,
        definition: &WorkflowDefinition,
    ) -> Option<&'static str> {
        if event.follow_ups > FOLLOW_UPS_MAX || self.waves >= WAVES_MAX {
            Some("loop_guard")
        } else if event.occurred_at < since {
            Some("before_start")
        } else if definition.was_paused(event.occurred_at) {
            Some(PAUSED)
        } else if ctx.now.since(event.occurred_at) > TRIGGER_LATE_LIMIT {
            Some("event_late")
        } else if self.is_about_earlier(ctx, event, since) {
            Some("sent_before_start")
        } else {
            None
        }
    }

    /// Ends journeys, arms and held entries in workflows that are ended or deleted, whatever the input is. Definitions
    /// change for everybody at once; each contact sees it here, at its next input.
    pub(super) fn leave_what_is_over(&mut self, ctx: &Context<'_>) {
        let mut over: Vec<(WorkflowId, &'static str)> = Vec::new();
        for (workflow, presence) in &self.state.presences {
            let definition = ctx.definitions.workflow(workflow);
            let same_life =
                definition.is_some_and(|found| found.running_since == Some(presence.since));
            match standing(ctx, workflow) {
                Standing::Over(reason) => over.push((workflow.clone(), reason)),
                _ if !same_life => over.push((workflow.clone(), WORKFLOW_DELETED)),
                _ => {}
            }
        }
        for (workflow, reason) in over {
            self.drop_arms(ctx, &workflow, reason);
            self.drop_held_entries(ctx, &workflow, reason);
            let presence = self.state.presences.get(&workflow);
            let inside = presence.map(|found| found.journeys.keys().copied().collect::<Vec<_>>());
            for journey in inside.unwrap_or_default() {
                let whose = Whose {
                    workflow: workflow.clone(),
                    journey,
                };
                self.exit(ctx, &whose, reason, reason);
            }
            self.state.presences.remove(&workflow);
        }
    }
}

/// Puts what there is room for, tells of each attribute that is set or removed, and counts what is left out.
fn put<'v>(
    attributes: &mut Fields,
    changes: impl Iterator<Item = (&'v FieldName, Option<&'v Value>)>,
    mut is_set: impl FnMut(&FieldName),
) -> u32 {
    let mut growing = Vec::new();
    for (name, value) in changes {
        match (value, attributes.get_mut(name)) {
            (None, None) => {}
            (None, Some(_)) => {
                attributes.remove(name);
                is_set(name);
            }
            (Some(value), Some(former)) if codec::size(value) <= codec::size(former) => {
                former.clone_from(value);
                is_set(name);
            }
            (Some(value), _) => growing.push((name, value)),
        }
    }
    if growing.is_empty() {
        return 0;
    }
    growing.sort_by_key(|(name, _)| {
        (
            name.as_str() != EMAIL_ATTRIBUTE,
            !attributes.contains_key(*name),
        )
    });
    let mut bytes = attributes_bytes(&*attributes);
    let mut left_out = 0;
    for (name, value) in growing {
        let former = attributes.get_key_value(name);
        let is_new = former.is_none() && name.as_str() != EMAIL_ATTRIBUTE;
        let bytes_max = if is_new {
            NEW_ATTRIBUTES_BYTES_MAX
        } else {
            ATTRIBUTES_BYTES_MAX
        };
        let count = attributes.len() + usize::from(former.is_none());
        let grown = bytes - attributes_bytes(former) + attributes_bytes([(name, value)]);
        if count <= ATTRIBUTES_MAX && grown <= bytes_max {
            attributes.insert(name.clone(), value.clone());
            bytes = grown;
            is_set(name);
        } else {
            left_out += 1;
        }
    }
    left_out
}

/// The segments to settle: of a contact that is new, all.
fn open_after(
    ctx: &Context<'_>,
    is_new: bool,
    event: Option<&EventName>,
    differing: &[FieldName],
) -> Open {
    let segments = ctx.definitions.segments();
    if is_new {
        segments.all()
    } else {
        segments.after(event, differing)
    }
}

/// Why the event ends a journey of that version, if it does: an exit of the workflow, its goal, or what always does.
fn exit_reason<'v>(
    version: &'v WorkflowVersion,
    journey: &Journey,
    event: &Happening<'_>,
) -> Option<&'v str> {
    let document = &version.document;
    let named =
        (!event.is_before(journey)).then(|| exit_named(document, &journey.event.fields, event));
    if let Some(reason) = named.flatten() {
        return Some(reason);
    }
    let suppressed = suppressed_by(event)?;
    let sends = document.steps.iter().filter_map(|step| step.send.as_ref());
    let classes: Vec<MessageClass> = sends.map(|send| send.class).collect();
    // Only a journey of transactional messages goes on, while they may be sent.
    let goes_on = !classes.is_empty() && !classes.iter().any(|class| suppressed.forbids(*class));
    (!goes_on).then(|| suppressed.as_str())
}

/// The reason for which the document says that the event ends a journey that began with an event of those fields.
pub(super) fn exit_named<'v>(
    document: &'v Workflow,
    began_with: &Fields,
    event: &Happening<'_>,
) -> Option<&'v str> {
    let mut exits = document.exits.iter();
    let ends = |exit: &&ExitOn| {
        let on = exit.on.as_ref();
        on.is_some_and(|on| event.fits_journey(on, began_with))
    };
    if let Some(exit) = exits.find(ends) {
        return Some(exit.reason.as_deref().unwrap_or("exit_event"));
    }
    let goal = document.goal.as_ref().and_then(Goal::event);
    let is_reached = |goal: &GoalEvent| goal.exit && event.fits(&goal.on);
    goal.is_some_and(is_reached).then_some("goal_reached")
}

/// Why the contact must not be mailed from the event on.
fn suppressed_by(event: &Happening<'_>) -> Option<Suppressed> {
    match event.name.as_str() {
        CONTACT_UNSUBSCRIBED => Some(Suppressed::Unsubscribed),
        MESSAGE_COMPLAINED => Some(Suppressed::Complaint),
        MESSAGE_BOUNCED if is_hard(event.fields) => Some(Suppressed::HardBounce),
        CONTACT_ERASED => Some(Suppressed::Erased),
        _ => None,
    }
}

fn is_hard(fields: &Fields) -> bool {
    fields.get(BOUNCE_KIND).and_then(Value::as_text) == Some(HARD)
}

/// Keeps what took an arm away.
pub(super) fn disarmed(key: &EntryKey, event: &Happening<'_>) -> FactKind {
    FactKind::Disarmed(key.clone(), event.name.clone())
}
