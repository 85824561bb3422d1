//! Named segments: who comes in and who leaves by what happens, by time, and when a segment is new or was changed.
//!
//! What arrives from outside first settles the segments that read it; then it does whatever else it does, so that every
//! rule it leads to is told the membership of now. Segments are looked at in the order of their ranks: a segment that
//! reads others comes after them, so that nobody enters and leaves it by one event.

use signalbox_model::{
    definitions::{ResolvedBinding, Slot},
    fact::{Fact, FactKind},
    id::{EventId, EventName, FieldName, WorkflowId},
    segment::{Membership, Owner, SEGMENT_ENTERED, SEGMENT_FIELD, SEGMENT_LEFT, SegmentDefinition},
    state::{Cause, Timer, TimerId},
    time::Instant,
    value::Value,
    verdict::Verdict,
};

use crate::{
    advance::{
        Advance, BAD_ANSWER, Context, Continuation, Reply, decision,
        events::{Happening, fields_of},
        holds::hold_delay,
        outcomes::FOLLOW_UPS,
    },
    effect::Effect,
    inputs,
    limits::{FOLLOW_UPS_MAX, REARM_AFTER_MIN, WAVES_MAX},
    segments::Open,
};

/// Segments that are being settled.
#[derive(Debug)]
pub(super) struct Settling {
    /// What is still to be looked at.
    open: Open,
    /// The numbers that were asked, in the order of their questions.
    asked: Vec<u32>,
    /// Whom the contact came into or left, in that order.
    changes: Vec<Moved>,
    /// What these do not count as happening now for: the segment itself was changed, or history came in.
    is_quiet: bool,
    /// See [`Happening::follow_ups`].
    follow_ups: i64,
    /// See [`Happening::made_by`].
    made_by: Option<WorkflowId>,
    /// What goes on once all is settled.
    then: Option<Box<Arrived>>,
}

/// A segment that the contact came into, or left.
#[derive(Debug, Clone, Copy)]
struct Moved {
    number: u32,
    is_in: bool,
}

/// What arrived from outside and waits for segments to be settled.
#[derive(Debug)]
pub(super) struct Arrived {
    /// The event; of a change of attributes one that stands for it.
    pub(super) cause: Cause,
    pub(super) history_only: bool,
    /// Attributes that have another value now.
    pub(super) differing: Vec<FieldName>,
    /// Whether there was an event, and not a change of attributes alone.
    pub(super) is_event: bool,
}

impl Settling {
    pub(super) fn new(open: Open) -> Self {
        Self {
            open,
            asked: Vec::new(),
            changes: Vec::new(),
            is_quiet: false,
            follow_ups: 0,
            made_by: None,
            then: None,
        }
    }

    /// What a step of that workflow led to, behind so many journeys in a row.
    pub(super) fn made_by(mut self, workflow: Option<&WorkflowId>, follow_ups: i64) -> Self {
        self.made_by = workflow.cloned();
        self.follow_ups = follow_ups;
        self
    }

    /// Nothing of it counts as happening now.
    fn quietly(mut self, is_quiet: bool) -> Self {
        self.is_quiet = is_quiet;
        self
    }

    pub(super) fn before(mut self, arrived: Arrived) -> Self {
        self.is_quiet = arrived.history_only;
        self.then = Some(Box::new(arrived));
        self
    }
}

impl Advance {
    /// The segment is new or was changed: the contact is asked about it.
    pub(super) fn evaluate(&mut self, ctx: &Context<'_>, number: u32) {
        let open: Open = ctx
            .definitions
            .segments()
            .ranked(number)
            .into_iter()
            .collect();
        self.settle_segments(ctx, Settling::new(open).quietly(true));
    }

    /// Membership can have changed by time alone.
    pub(super) fn recheck_segments(&mut self, ctx: &Context<'_>) {
        let segments = ctx.definitions.segments();
        let known = self.state.segments.iter();
        let due = known.filter(|(_, one)| one.recheck_at.is_some_and(|at| at <= ctx.now));
        let open = due
            .filter_map(|(number, _)| segments.ranked(*number))
            .collect();
        self.settle_segments(ctx, Settling::new(open));
    }

    /// Forgets segments that are deleted.
    pub(super) fn forget_segments(&mut self, ctx: &Context<'_>) {
        let segments = ctx.definitions.segments();
        let known = self.state.segments.keys().copied();
        let gone: Vec<u32> = known
            .filter(|number| segments.ranked(*number).is_none())
            .collect();
        for number in gone {
            self.set_membership(number, Membership::default());
        }
    }

    /// Looks at what is open, rank by rank, until rules have to be asked or all is settled.
    pub(super) fn settle_segments(&mut self, ctx: &Context<'_>, mut settling: Settling) {
        while let Some(&(rank, _)) = settling.open.first() {
            let later = settling.open.split_off(&(rank + 1, 0));
            let now = std::mem::replace(&mut settling.open, later);
            for (_, number) in now {
                let Some(found) = ctx.definitions.segments().numbered(number) else {
                    continue;
                };
                match (&found.document.of, &found.binding) {
                    (Some(of), _) => {
                        let is_in = of.holds(|name| self.is_in_segment(ctx, name.as_str()));
                        self.take_membership(ctx, found, (is_in, None), &mut settling);
                    }
                    (None, Some(binding)) => {
                        self.ask_about_segment(ctx, found, binding, &mut settling);
                    }
                    (None, None) => {}
                }
            }
            if !settling.asked.is_empty() {
                let count = settling.asked.len();
                return self.waiting.push((Continuation::Segments(settling), count));
            }
        }
        self.settled(ctx, &settling);
    }

    fn ask_about_segment(
        &mut self,
        ctx: &Context<'_>,
        found: &SegmentDefinition,
        binding: &ResolvedBinding,
        settling: &mut Settling,
    ) {
        if self.waves >= WAVES_MAX {
            // Not now; the next look is soon, and nothing is lost.
            let known = self.membership(found.number);
            let recheck_at = Some(ctx.now.plus(REARM_AFTER_MIN));
            return self.set_membership(
                found.number,
                Membership {
                    recheck_at,
                    ..known
                },
            );
        }
        let owner = Owner::Segment(found.document.name.clone());
        self.ask_about_contact(ctx, owner, found.version, Slot::Membership, binding);
        settling.asked.push(found.number);
    }

    pub(super) fn segments_answered(
        &mut self,
        ctx: &Context<'_>,
        mut settling: Settling,
        replies: Vec<Reply>,
    ) {
        let asked = std::mem::take(&mut settling.asked);
        for (number, reply) in asked.into_iter().zip(replies) {
            let Some(found) = ctx.definitions.segments().numbered(number) else {
                continue;
            };
            let Some(binding) = &found.binding else {
                continue;
            };
            match reply {
                Reply::Verdict(Verdict::Segment(verdict)) => {
                    let by_window =
                        inputs::next_change(&binding.plan, &self.state.history, ctx.now);
                    let said = verdict
                        .recheck_at
                        .map(|at| at.max(ctx.now.plus(REARM_AFTER_MIN)));
                    let recheck_at = [said, by_window].into_iter().flatten().min();
                    let answer = if verdict.member { "in" } else { "out" };
                    let reason = binding.reason_code(verdict.reason);
                    let evidence = decision(ctx, Slot::Membership, binding, reason, answer);
                    let fact = self.segment_fact(ctx, found, evidence);
                    let place = self.effects.len();
                    let answered = (verdict.member, recheck_at);
                    let has_moved = self.take_membership(ctx, found, answered, &mut settling);
                    let effect = if has_moved {
                        Effect::Fact(fact)
                    } else {
                        Effect::Count(fact)
                    };
                    self.effects.insert(place, effect);
                }
                Reply::Verdict(_) => self.segment_failed(ctx, found, binding, BAD_ANSWER),
                Reply::Failed(code) => self.segment_failed(ctx, found, binding, code),
            }
        }
        self.settle_segments(ctx, settling);
    }

    /// What was known stays, and the rule is asked again.
    fn segment_failed(
        &mut self,
        ctx: &Context<'_>,
        found: &SegmentDefinition,
        binding: &ResolvedBinding,
        code: &str,
    ) {
        let evidence = decision(ctx, Slot::Membership, binding, code, "failed");
        let fact = self.segment_fact(ctx, found, evidence);
        self.effects.push(Effect::Fact(fact));
        let known = self.membership(found.number);
        let failures = known.failures.saturating_add(1);
        let membership = Membership {
            since: known.since,
            recheck_at: Some(ctx.now.plus(hold_delay(u32::from(failures)))),
            failures,
        };
        self.set_membership(found.number, membership);
    }

    /// Takes down whether the contact is in; whether that is another answer than before.
    fn take_membership(
        &mut self,
        ctx: &Context<'_>,
        found: &SegmentDefinition,
        (is_in, recheck_at): (bool, Option<Instant>),
        settling: &mut Settling,
    ) -> bool {
        let number = found.number;
        let known = self.membership(number);
        let has_moved = known.since.is_some() != is_in;
        let membership = Membership {
            since: is_in.then(|| known.since.unwrap_or(ctx.now)),
            recheck_at,
            failures: 0,
        };
        self.set_membership(number, membership);
        if has_moved {
            let counts = !settling.is_quiet;
            let what = if is_in {
                FactKind::SegmentEntered(counts)
            } else {
                FactKind::SegmentLeft(counts)
            };
            let fact = self.segment_fact(ctx, found, what);
            self.effects.push(Effect::Fact(fact));
            settling.changes.push(Moved { number, is_in });
            settling
                .open
                .extend(ctx.definitions.segments().after_change(number));
        }
        has_moved
    }

    /// All is settled: what arrived does what else it does, and then the contact has come into segments or left them.
    fn settled(&mut self, ctx: &Context<'_>, settling: &Settling) {
        if let Some(arrived) = &settling.then {
            self.react_to(ctx, arrived);
        }
        if settling.is_quiet || settling.follow_ups > FOLLOW_UPS_MAX {
            return;
        }
        for moved in &settling.changes {
            self.happen_to_membership(ctx, *moved, settling);
        }
    }

    fn react_to(&mut self, ctx: &Context<'_>, arrived: &Arrived) {
        let cause = &arrived.cause;
        let happening = Happening {
            id: &cause.id,
            name: &cause.name,
            occurred_at: cause.occurred_at,
            fields: &cause.fields,
            history_only: arrived.history_only,
            made_by: None,
            follow_ups: 0,
            segment: None,
        };
        self.arrive(ctx, &happening, &arrived.differing, arrived.is_event);
    }

    fn happen_to_membership(&mut self, ctx: &Context<'_>, moved: Moved, settling: &Settling) {
        let follow_ups = settling.follow_ups + 1;
        let Some(found) = ctx.definitions.segments().numbered(moved.number) else {
            return;
        };
        let segment = &found.document.name;
        let event = if moved.is_in {
            SEGMENT_ENTERED
        } else {
            SEGMENT_LEFT
        };
        let id = EventId::parse(&format!("{event}:{segment}:{}", ctx.sequence));
        let (Ok(id), Ok(name)) = (id, EventName::parse(event)) else {
            return;
        };
        let fields = fields_of([
            (SEGMENT_FIELD, Value::text(segment.as_str())),
            (FOLLOW_UPS, Value::Integer(follow_ups)),
        ]);
        let happening = Happening {
            id: &id,
            name: &name,
            occurred_at: ctx.now,
            fields: &fields,
            history_only: false,
            made_by: settling.made_by.as_ref(),
            follow_ups,
            segment: Some(segment),
        };
        self.happen(ctx, &happening);
    }

    fn is_in_segment(&self, ctx: &Context<'_>, name: &str) -> bool {
        let found = ctx.definitions.segments().named(name);
        found.is_some_and(|found| self.membership(found.number).since.is_some())
    }

    fn membership(&self, number: u32) -> Membership {
        self.state
            .segments
            .get(&number)
            .copied()
            .unwrap_or_default()
    }

    /// Keeps what there is to keep, and has the contact woken when the first of all is to be asked again.
    fn set_membership(&mut self, number: u32, membership: Membership) {
        if membership == self.membership(number) {
            return;
        }
        self.effects.push(Effect::Changed);
        let before = self.next_recheck();
        if membership == Membership::default() {
            self.state.segments.remove(&number);
        } else {
            self.state.segments.insert(number, membership);
        }
        let after = self.next_recheck();
        if before != after {
            let timer = |due| Timer {
                due,
                id: TimerId::Segments,
                contact: self.state.contact.id.clone(),
            };
            let cancelled = before.map(|due| Effect::CancelTimer(timer(due)));
            let set = after.map(|due| Effect::SetTimer(timer(due)));
            self.effects.extend(cancelled.into_iter().chain(set));
        }
    }

    fn next_recheck(&self) -> Option<Instant> {
        let known = self.state.segments.values();
        known.filter_map(|membership| membership.recheck_at).min()
    }

    fn segment_fact(&self, ctx: &Context<'_>, found: &SegmentDefinition, what: FactKind) -> Fact {
        Fact {
            at: ctx.now,
            contact: self.state.contact.id.clone(),
            owner: Owner::Segment(found.document.name.clone()),
            version: found.version,
            journey: None,
            what,
        }
    }
}
