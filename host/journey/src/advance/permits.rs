//! Whether a message may go out, and when: windows, quiet hours, frequency caps, holdouts. Transactional messages pass
//! all of it.
//!
//! Asked when a message is queued, for the instant it is released at, and once more at its claim.

use std::{cmp::Reverse, collections::BTreeMap};

use signalbox_model::{
    calendar::{self, LocalDate, LocalTime, Window, Zone},
    definitions::WorkflowVersion,
    id::{MessageId, Tag, WorkflowId},
    settings::{AtCap, Cap, Period},
    state::{PendingMessage, Place, TOUCHES_MAX, Touch},
    time::{Instant, Span},
    workflow::{
        WorkflowState,
        step::{MessageClass, Outside, Send, WEIGHTS},
    },
};

use crate::{
    advance::{
        Advance, Context, Whose,
        claims::whose_of,
        reasons::{FREQUENCY_CAP, Hold, LATE},
    },
    hash::{fnv1a, mixed},
    limits::{OPENINGS_TRIED_MAX, TURN_LOOK_AFTER},
};

/// Why a message is not sent outside of its window.
pub(super) const WINDOW_CLOSED: &str = "window_closed";
/// Why a message is withheld.
pub(super) const HOLDOUT: &str = "holdout";
/// What the lot of the server's own holdout is drawn for.
const SERVER_HOLDOUT: &[u8] = b"server_holdout";

/// Longest that a calendar day is anywhere: one that comes twice as a zone changes its side of the date line.
const LOCAL_DAY_MAX: Span = Span::from_days(2);

/// When a message may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    /// Then; and what it has to wait for, if anything.
    At(Instant, Option<Hold>),
    /// Not at all.
    Skip(&'static str),
    /// Not at all, and its journey ends.
    Exit(&'static str),
}

impl Advance {
    /// Whether the contact gets no marketing message, to compare it with others.
    pub(super) fn is_held_out(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        class: MessageClass,
    ) -> bool {
        if class == MessageClass::Transactional {
            return false;
        }
        let contact = self.state.contact.id.as_str().as_bytes();
        let lot = mixed(0, [SERVER_HOLDOUT, contact]) % u64::from(WEIGHTS);
        let share = ctx.definitions.definitions().settings.holdout;
        lot < u64::from(share) || self.journey(whose).is_some_and(|journey| journey.holdout)
    }

    /// When a message that is wished for at an instant may go out by its window and the quiet hours.
    pub(super) fn permit(
        &self,
        ctx: &Context<'_>,
        version: &WorkflowVersion,
        send: &Send,
        id: MessageId,
        wished: Instant,
    ) -> Permit {
        if send.class == MessageClass::Transactional {
            return Permit::At(wished, None);
        }
        let document = &version.document;
        let window = send.window.as_ref().or(document.window.as_ref());
        let (zone, _) = self.zone(ctx, version);
        let outside = send.outside.unwrap_or(document.outside);
        match (opening(ctx, &zone, window, id, wished), outside) {
            (Some(found), Outside::Hold) => Permit::At(found.at, found.hold),
            (Some(found), _) if !found.was_outside => Permit::At(found.at, found.hold),
            (Some(_), Outside::Exit) => Permit::Exit(WINDOW_CLOSED),
            _ => Permit::Skip(WINDOW_CLOSED),
        }
    }

    /// When a message that is queued now, and wished for at an instant, is due, and when it may go out. One that is late
    /// already is not held: it would not be late any more when it is let out.
    pub(super) fn permit_to_queue(
        &self,
        ctx: &Context<'_>,
        version: &WorkflowVersion,
        send: &Send,
        id: MessageId,
        wished: Instant,
    ) -> (Instant, Permit) {
        let due_at = if wished > ctx.now {
            wished
        } else {
            self.due_out(ctx, version, send, id, self.due_at.min(ctx.now))
        };
        match self.permit(ctx, version, send, id, wished) {
            // Its claim comes now, and says what is late.
            Permit::At(at, held) if at <= ctx.now => (due_at, Permit::At(at, held)),
            _ if ctx.now.since(due_at) > send.late_limit => (due_at, Permit::Skip(LATE)),
            Permit::At(at, held) => (at, Permit::At(at, held)),
            closed => (due_at, closed),
        }
    }

    /// When a message that was due at an instant would have gone by its window and the quiet hours, had somebody looked
    /// then; at most now. It is late from there.
    pub(super) fn due_out(
        &self,
        ctx: &Context<'_>,
        version: &WorkflowVersion,
        send: &Send,
        id: MessageId,
        due: Instant,
    ) -> Instant {
        if due >= ctx.now {
            return due;
        }
        match self.permit(ctx, version, send, id, due) {
            Permit::At(at, _) => at.min(ctx.now),
            Permit::Skip(_) | Permit::Exit(_) => due,
        }
    }

    /// When the caps have room for the message; `None` if they have now. It waits for its turn where there is room only if
    /// nobody goes before it who is due: whether their messages go out is known once they are claimed, and whether a
    /// journey makes one once it is woken.
    pub(super) fn capped(
        &self,
        ctx: &Context<'_>,
        id: MessageId,
        pending: &PendingMessage,
    ) -> Option<Permit> {
        if pending.class == MessageClass::Transactional {
            return None;
        }
        let mut room_at = None;
        let mut is_contested = false;
        let mut about_to = None;
        let tags = tags_of(ctx, pending);
        let caps = ctx.definitions.definitions().settings.caps.iter();
        let caps: Vec<&Cap> = caps.filter(|cap| concerns(cap, tags)).collect();
        for cap in &caps {
            let Some(until) = self.full_until(ctx, cap, id, pending, 0) else {
                let about_to =
                    *about_to.get_or_insert_with(|| self.about_to_go_before(ctx, id, pending));
                let more = about_to + self.queued_before(ctx, cap, id, pending);
                is_contested |= more > 0 && self.full_until(ctx, cap, id, pending, more).is_some();
                continue;
            };
            if cap.at_cap == AtCap::Skip {
                return Some(Permit::Skip(FREQUENCY_CAP));
            }
            room_at = room_at.max(Some(until));
        }
        if !caps.is_empty()
            && let Some(until) = self.memory_full_until(ctx, id)
        {
            if caps.iter().any(|cap| cap.at_cap == AtCap::Skip) {
                return Some(Permit::Skip(FREQUENCY_CAP));
            }
            room_at = room_at.max(Some(until));
        }
        let turn = ctx.now.plus(TURN_LOOK_AFTER);
        match room_at {
            Some(at) => Some(Permit::At(at, Some(Hold::FrequencyCap))),
            None => is_contested.then_some(Permit::At(turn, Some(Hold::Turn))),
        }
    }

    /// When a message can be remembered again for the caps, if one more would make them forget one that they count: all caps
    /// are full then.
    fn memory_full_until(&self, ctx: &Context<'_>, id: MessageId) -> Option<Instant> {
        let settings = &ctx.definitions.definitions().settings;
        let on_their_way = self.state.pending.iter().filter(|(other, one)| {
            let mut caps = settings.caps.iter();
            **other != id && one.claimed.is_some() && caps.any(|cap| is_under(ctx, cap, one))
        });
        let room = TOUCHES_MAX.saturating_sub(on_their_way.count());
        if self.state.touches.len() < room {
            return None;
        }
        let counted = self.counted_until(ctx);
        let first = counted.values().min();
        let until = first.copied().unwrap_or(ctx.now.plus(TURN_LOOK_AFTER));
        (counted.len() >= room).then_some(until)
    }

    /// The touches that a cap counts, now or later, by their places, each with when the last one stops to: of each cap the
    /// last ones in its time, as many as it lets out.
    pub(super) fn counted_until(&self, ctx: &Context<'_>) -> BTreeMap<usize, Instant> {
        let mut counted = BTreeMap::new();
        for cap in &ctx.definitions.definitions().settings.caps {
            let time = match cap.per {
                Period::Day => LOCAL_DAY_MAX,
                Period::Last(period) => period,
            };
            let touches = self.state.touches.iter().enumerate().rev();
            let of_cap = touches.filter(|(_, touch)| {
                let is_in_time = touch.sent_at.plus(time) > ctx.now;
                is_in_time && touch.is_capped && concerns_touch(cap, touch)
            });
            for (place, touch) in of_cap.take(cap.count as usize) {
                let until: &mut Instant = counted.entry(place).or_insert(touch.sent_at);
                *until = touch.sent_at.plus(time).max(*until);
            }
        }
        counted
    }

    /// How many journeys are due and not woken yet whose messages, if they make any, go before this one.
    fn about_to_go_before(
        &self,
        ctx: &Context<'_>,
        id: MessageId,
        pending: &PendingMessage,
    ) -> usize {
        let (Reverse(mine), due_at, ..) = rank(ctx, id, pending);
        let presences = self.state.presences.iter();
        let running = presences.filter(|(workflow, _)| is_running(ctx, workflow));
        let journeys = running.flat_map(|(workflow, presence)| {
            presence.journeys.values().map(move |one| (workflow, one))
        });
        journeys
            .filter(|(workflow, journey)| match journey.place {
                Place::Waiting { due, .. } | Place::Held { due, .. } if due <= ctx.now => {
                    let priority = priority(ctx, workflow, journey.version);
                    (Reverse(priority), due) < (Reverse(mine), due_at)
                }
                _ => false,
            })
            .count()
    }

    /// How many messages that the cap concerns are due, and go before this one.
    fn queued_before(
        &self,
        ctx: &Context<'_>,
        cap: &Cap,
        id: MessageId,
        pending: &PendingMessage,
    ) -> usize {
        let mine = rank(ctx, id, pending);
        let others = self.state.pending.iter().filter(|(other, one)| {
            one.claimed.is_none()
                && is_under(ctx, cap, one)
                && goes_before(ctx, **other, one, &mine)
        });
        others.count()
    }

    /// When the cap has room again, if it has none for the message and so many others that go before it.
    fn full_until(
        &self,
        ctx: &Context<'_>,
        cap: &Cap,
        id: MessageId,
        pending: &PendingMessage,
        more: usize,
    ) -> Option<Instant> {
        let version = ctx
            .definitions
            .version(&pending.workflow, pending.version)?;
        let (zone, _) = self.zone(ctx, version);
        let today = LocalDate::of(&zone, ctx.now);
        // Who is held out would have been at the cap by what was withheld.
        let is_held_out = self.is_held_out(ctx, &whose_of(pending), pending.class);
        let counts = |touch: &&Touch| {
            let in_time = match cap.per {
                Period::Day => LocalDate::of(&zone, touch.sent_at) == today,
                Period::Last(period) => touch.sent_at > ctx.now.minus(period),
            };
            let is_counted = touch.is_capped || is_held_out && touch.is_withheld;
            in_time && is_counted && concerns_touch(cap, touch)
        };
        let sent: Vec<&Touch> = self.state.touches.iter().filter(counts).collect();
        let room = (cap.count as usize).saturating_sub(sent.len());
        let others = self.state.pending.iter().filter(|(other, one)| {
            **other != id && one.claimed.is_some() && is_under(ctx, cap, one)
        });
        let others = others.count() + more;
        if others < room {
            return None;
        }
        // What is on its way is taken as sent now.
        Some(match cap.per {
            Period::Day => calendar::local_at(&zone, today.plus_days(1), LocalTime::MIDNIGHT),
            Period::Last(period) => {
                let leaves = sent.get(sent.len() + others - cap.count as usize);
                leaves.map_or(ctx.now, |touch| touch.sent_at).plus(period)
            }
        })
    }
}

/// Who goes first where there is no room for all: by priority, then by age.
type Rank = (Reverse<u8>, Instant, Instant, MessageId);

/// Whether the other message is due and goes before the one of `mine`.
fn goes_before(ctx: &Context<'_>, id: MessageId, other: &PendingMessage, mine: &Rank) -> bool {
    let is_due = other.cancelled.is_none()
        && other.due_at.max(other.release_at) <= ctx.now
        && is_running(ctx, &other.workflow);
    is_due && rank(ctx, id, other) < *mine
}

fn rank(ctx: &Context<'_>, id: MessageId, pending: &PendingMessage) -> Rank {
    let priority = priority(ctx, &pending.workflow, pending.version);
    (Reverse(priority), pending.due_at, pending.queued_at, id)
}

fn priority(ctx: &Context<'_>, workflow: &WorkflowId, version: u32) -> u8 {
    let version = ctx.definitions.version(workflow, version);
    version.map_or(0, |version| version.document.priority)
}

fn is_running(ctx: &Context<'_>, workflow: &WorkflowId) -> bool {
    let definition = ctx.definitions.workflow(workflow);
    definition.is_some_and(|found| found.state == WorkflowState::Running)
}

/// When window and quiet hours let a message out.
struct Opening {
    at: Instant,
    /// Which of them it waits for.
    hold: Option<Hold>,
    /// Whether it had to wait for the window, at the instant it was wished for or where the quiet hours put it.
    was_outside: bool,
}

/// The first instant from the wished one on that is in the window and not in the quiet hours. `None` where the quiet hours
/// leave nothing of the window. What the quiet hours held is spread over some time, also where the window opens behind
/// them.
fn opening(
    ctx: &Context<'_>,
    zone: &Zone,
    window: Option<&Window>,
    id: MessageId,
    wished: Instant,
) -> Option<Opening> {
    let quiet = ctx.definitions.definitions().settings.quiet_hours.as_ref();
    let is_open = |at: Instant| {
        window.is_none_or(|window| window.contains(zone, at))
            && quiet.is_none_or(|quiet| !quiet.window.contains(zone, at))
    };
    let mut held_by = quiet.filter(|quiet| quiet.window.contains(zone, wished));
    let mut found = Opening {
        at: wished,
        hold: None,
        was_outside: false,
    };
    for _ in 0..OPENINGS_TRIED_MAX {
        if is_open(found.at) {
            let spread = held_by.map(|quiet| found.at.plus(spread(id, quiet.spread)));
            found.at = spread.filter(|at| is_open(*at)).unwrap_or(found.at);
            return Some(found);
        }
        if let Some(window) = window.filter(|window| !window.contains(zone, found.at)) {
            found.at = window.opens_at(zone, found.at);
            found.hold = Some(Hold::Window);
            found.was_outside = true;
        }
        if let Some(quiet) = quiet.filter(|quiet| quiet.window.contains(zone, found.at)) {
            found.at = quiet.window.closes_at(zone, found.at);
            found.hold = Some(Hold::QuietHours);
            held_by = Some(quiet);
        }
    }
    None
}

fn concerns(cap: &Cap, tags: &[Tag]) -> bool {
    cap.tag.as_ref().is_none_or(|tag| tags.contains(tag))
}

/// Whether the cap counts the message once it is sent.
fn is_under(ctx: &Context<'_>, cap: &Cap, pending: &PendingMessage) -> bool {
    pending.class == MessageClass::Marketing && concerns(cap, tags_of(ctx, pending))
}

fn tags_of<'a>(ctx: &Context<'a>, pending: &PendingMessage) -> &'a [Tag] {
    let steps = ctx.definitions.steps(&pending.workflow, pending.version);
    let position = steps.and_then(|steps| steps.position(&pending.step));
    let version = ctx.definitions.version(&pending.workflow, pending.version);
    tags_at(version, position)
}

/// Whether the cap counts messages like the one that left the touch.
fn concerns_touch(cap: &Cap, touch: &Touch) -> bool {
    let mut tags = touch.tags.iter();
    let named = |tag: &Tag| tags.any(|one| *one == tag_hash(tag));
    cap.tag.as_ref().is_none_or(named)
}

/// What a touch keeps of a tag.
pub(super) fn tag_hash(tag: &Tag) -> u32 {
    fnv1a(tag.as_str().as_bytes()) as u32
}

fn tags_at(version: Option<&WorkflowVersion>, position: Option<usize>) -> &[Tag] {
    let steps = version.map_or(&[][..], |version| &version.document.steps);
    let step = position.and_then(|position| steps.get(position));
    let send = step.and_then(|step| step.send.as_ref());
    send.map_or(&[], |send| &send.tags)
}

/// The message's own part of the time over which releases are spread.
fn spread(id: MessageId, over: Span) -> Span {
    Span::from_ms(mixed(0, [&id.0[..]]) % (over.as_ms() + 1))
}
