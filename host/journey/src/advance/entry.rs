//! The way in: the trigger's verdict, the mode of entry, the audience, and the first step.

use std::{cmp::Reverse, sync::Arc};

use signalbox_model::{
    address,
    definitions::{Slot, WorkflowVersion},
    fact::FactKind,
    id::{EntryKey, EventId, EventName, JourneyId, WorkflowId},
    plan::Occasion,
    state::{Cause, Journey, KEY_KEEP_DAYS, Place, Presence},
    time::Instant,
    value::Fields,
    verdict::{SegmentVerdict, TriggerVerdict, Verdict},
    workflow::{Entry, OnFailure},
};

use crate::{
    advance::{
        Advance, BAD_ANSWER, CONTACT_FULL, Context, Entering, NO_ANSWER, Reply, Standing, Whose,
        decision, standing,
    },
    budget,
    effect::Effect,
    hash::fnv1a,
    limits::{JOURNEYS_MAX, KEYS_MAX},
};

/// What a journey begins with that began with its workflow.
const WORKFLOW_STARTED: &str = "workflow_started";
/// The key of such a journey, and the id of that event.
const EXISTING: &str = "existing";
/// Why those stay out whom the audience does not have.
const NOT_IN_AUDIENCE: &str = "not_in_audience";
/// Why those stay out whom the trigger would let in at the start of a workflow that takes in nobody then.
const NOT_AT_START: &str = "not_at_start";

/// Why those stay out whose address is none, in workflows that send mail.
const ADDRESS_INVALID: &str = "address_invalid";
/// Why those stay out whose address is at a domain that the settings block.
const DOMAIN_BLOCKED: &str = "domain_blocked";

/// Whether it is about somebody who was there when the workflow started.
pub(super) fn is_existing(event: &Cause) -> bool {
    event.name.as_str() == WORKFLOW_STARTED && event.id.as_str() == EXISTING
}

/// The occasion on which the version's trigger is asked about everybody who is there at the start.
fn start_occasion(version: &WorkflowVersion) -> Option<u32> {
    let trigger = version.bindings.get(&Slot::Trigger)?;
    let mut occasions = trigger.plan.occasions.iter();
    let found = occasions.position(|occasion| *occasion == Occasion::Start)?;
    Some(found as u32)
}

impl Advance {
    pub(super) fn ask_trigger(&mut self, ctx: &Context<'_>, entering: Entering) {
        let version = ctx
            .definitions
            .version(&entering.workflow, entering.version);
        match version.and_then(|version| version.bindings.get(&Slot::Trigger)) {
            Some(binding) => self.ask_about_entry(ctx, Slot::Trigger, binding, entering),
            None => self.entry_failed(ctx, entering, NO_ANSWER),
        }
    }

    pub(super) fn entry_answered(&mut self, ctx: &Context<'_>, entering: Entering, reply: Reply) {
        match (entering.key.is_some(), reply) {
            (false, Reply::Verdict(Verdict::Trigger(verdict))) => {
                self.trigger_answered(ctx, entering, verdict);
            }
            (true, Reply::Verdict(Verdict::Segment(verdict))) => {
                self.audience_answered(ctx, entering, &verdict);
            }
            (_, Reply::Verdict(_)) => self.entry_failed(ctx, entering, BAD_ANSWER),
            (_, Reply::Failed(code)) => self.entry_failed(ctx, entering, code),
        }
    }

    /// The contact was there when the workflow started: its trigger is asked, where it wants to be, and decides then.
    pub(super) fn enter_existing(&mut self, ctx: &Context<'_>, workflow: &WorkflowId) {
        let Some(definition) = ctx.definitions.workflow(workflow) else {
            return;
        };
        let running = definition.running_since.zip(definition.current_version());
        let Some((since, version)) = running else {
            return;
        };
        let is_known = self.state.contact.created_at <= since;
        if !is_known || standing(ctx, workflow) != Standing::Running {
            return;
        }
        let (Ok(id), Ok(name), Ok(key)) = (
            EventId::parse(EXISTING),
            EventName::parse(WORKFLOW_STARTED),
            EntryKey::parse(EXISTING),
        ) else {
            return;
        };
        let event = Cause {
            id,
            name,
            occurred_at: since,
            fields: Fields::new(),
        };
        let asked = start_occasion(version);
        let entering = Entering {
            workflow: workflow.clone(),
            version: version.number,
            event: Arc::new(event),
            occasion: asked.unwrap_or(0),
            arm_key: None,
            cancelled_by: Vec::new(),
            key: asked.is_none().then_some(key),
            attempts: 0,
            grace_until: None,
        };
        // Whoever enters by the start is due since then, however late somebody looks.
        self.due_at = since;
        self.is_due_since_resume(ctx, workflow);
        if asked.is_some() {
            self.ask_trigger(ctx, entering);
        } else if version.document.enter_existing {
            self.let_in(ctx, entering);
        }
    }

    /// Whether the trigger was asked at the start, in a workflow that takes in nobody then.
    fn is_kept_out_at_start(ctx: &Context<'_>, entering: &Entering) -> bool {
        let version = ctx
            .definitions
            .version(&entering.workflow, entering.version);
        is_existing(&entering.event)
            && entering.arm_key.is_none()
            && version.is_some_and(|version| !version.document.enter_existing)
    }

    fn trigger_answered(
        &mut self,
        ctx: &Context<'_>,
        mut entering: Entering,
        verdict: TriggerVerdict,
    ) {
        let TriggerVerdict { enter, arm, reason } = verdict;
        let answer = match (&enter, &arm) {
            (Some(_), Some(_)) => "enter_and_arm",
            (Some(_), None) => "enter",
            (None, Some(_)) => "arm",
            (None, None) => "no",
        };
        self.entry_decided(ctx, &entering, &Slot::Trigger, reason, answer);
        if let Some(arm) = arm {
            self.arm(ctx, &entering, arm);
        }
        if enter.is_none() && answer == "no" && !is_existing(&entering.event) {
            return self.keep_in_grace(ctx, entering);
        }
        if let Some(enter) = enter {
            if Self::is_kept_out_at_start(ctx, &entering) {
                let what = FactKind::NotEntered(NOT_AT_START.to_owned());
                let fact = self.new_fact(ctx, &entering.workflow, entering.version, None, what);
                return self.effects.push(Effect::Count(fact));
            }
            // An event's id has the alphabet and the length of a key.
            let of_event = || EntryKey::parse(entering.event.id.as_str()).ok();
            let Some(key) = enter.key.or_else(of_event) else {
                return self.entry_failed(ctx, entering, BAD_ANSWER);
            };
            entering.key = Some(key);
            entering.attempts = 0;
            self.let_in(ctx, entering);
        }
    }

    /// Looks at the mode of entry first, which costs nothing, and asks the audience if there is one.
    pub(super) fn let_in(&mut self, ctx: &Context<'_>, mut entering: Entering) {
        let definition = ctx.definitions.workflow(&entering.workflow);
        let Some(version) = definition.and_then(|definition| definition.current_version()) else {
            return;
        };
        entering.version = version.number;
        if let Err(reason) = self.may_enter(ctx, &entering, version) {
            return self.not_entered(ctx, &entering, reason);
        }
        if version.document.audience.is_none() {
            return self.enter(ctx, entering, version);
        }
        match version.bindings.get(&Slot::Audience) {
            Some(binding) => self.ask_about_entry(ctx, Slot::Audience, binding, entering),
            None => self.entry_failed(ctx, entering, NO_ANSWER),
        }
    }

    fn audience_answered(
        &mut self,
        ctx: &Context<'_>,
        entering: Entering,
        verdict: &SegmentVerdict,
    ) {
        let answer = if verdict.member { "in" } else { "out" };
        if !verdict.member && is_existing(&entering.event) {
            return self.count_outside(ctx, &entering, verdict.reason);
        }
        self.entry_decided(ctx, &entering, &Slot::Audience, verdict.reason, answer);
        if !verdict.member {
            return self.not_entered(ctx, &entering, NOT_IN_AUDIENCE);
        }
        let Some(version) = ctx
            .definitions
            .version(&entering.workflow, entering.version)
        else {
            return;
        };
        // Another occasion of the same event may have entered meanwhile.
        match self.may_enter(ctx, &entering, version) {
            Ok(()) => self.enter(ctx, entering, version),
            Err(reason) => self.not_entered(ctx, &entering, reason),
        }
    }

    /// Of all contacts there are, most may not belong to the audience: they are counted, and leave no facts.
    fn count_outside(&mut self, ctx: &Context<'_>, entering: &Entering, reason: u32) {
        let (workflow, number) = (&entering.workflow, entering.version);
        let version = ctx.definitions.version(workflow, number);
        let Some(binding) = version.and_then(|one| one.bindings.get(&Slot::Audience)) else {
            return;
        };
        let reason = binding.reason_code(reason);
        let decided = decision(ctx, Slot::Audience, binding, reason, "out");
        for what in [decided, FactKind::NotEntered(NOT_IN_AUDIENCE.to_owned())] {
            let fact = self.new_fact(ctx, workflow, number, None, what);
            self.effects.push(Effect::Count(fact));
        }
    }

    fn may_enter(
        &self,
        ctx: &Context<'_>,
        entering: &Entering,
        version: &WorkflowVersion,
    ) -> Result<(), &'static str> {
        self.may_be_mailed(ctx, version)?;
        let Some(presence) = self.state.presences.get(&entering.workflow) else {
            return Ok(());
        };
        let key = entering.key.as_ref().map(key_hash);
        let oldest = oldest_day(ctx.now);
        let mut kept = presence.keys.iter().filter(|&&(_, day)| day >= oldest);
        if kept.any(|&(hash, _)| Some(hash) == key) {
            return Err("key_seen");
        }
        match version.document.entry {
            Entry::Once if presence.entered > 0 => Err("entered_before"),
            Entry::AfterExit if !presence.journeys.is_empty() => Err("inside"),
            Entry::After(least)
                if presence
                    .last_entered_at
                    .is_some_and(|last| ctx.now < last.plus(least)) =>
            {
                Err("entered_lately")
            }
            _ if presence.journeys.len() >= JOURNEYS_MAX => Err("journeys_full"),
            Entry::Once | Entry::AfterExit | Entry::Every | Entry::After(_) => Ok(()),
        }
    }

    /// Whether the contact's address, if it has one, is one that mail can go to. A workflow that sends none does not mind.
    fn may_be_mailed(
        &self,
        ctx: &Context<'_>,
        version: &WorkflowVersion,
    ) -> Result<(), &'static str> {
        let mut steps = version.document.steps.iter();
        let Some(email) = self.state.contact.email() else {
            return Ok(());
        };
        if !steps.any(|step| step.send.is_some()) {
            return Ok(());
        }
        let domain = address::domain(email).ok_or(ADDRESS_INVALID)?;
        let mut blocked = ctx
            .definitions
            .definitions()
            .settings
            .blocked_domains
            .iter();
        if blocked.any(|blocked| address::is_within(domain, blocked)) {
            return Err(DOMAIN_BLOCKED);
        }
        Ok(())
    }

    fn enter(&mut self, ctx: &Context<'_>, entering: Entering, version: &WorkflowVersion) {
        let Some(key) = entering.key else {
            return;
        };
        let contact = self.state.contact.id.clone();
        // An arm may fire long behind its event: what took it away did so when it came.
        let is_by_event = entering.arm_key.is_none();
        let Some(first) = version.document.steps.first() else {
            return;
        };
        let definition = ctx.definitions.workflow(&entering.workflow);
        let Some(since) = definition.and_then(|definition| definition.running_since) else {
            return;
        };
        let whose = Whose {
            journey: JourneyId::new(&entering.workflow, since, &contact, &key),
            workflow: entering.workflow,
        };
        let journey = Journey {
            version: version.number,
            key: key.clone(),
            entered_at: ctx.now,
            event: Arc::unwrap_or_clone(entering.event),
            place: Place::Held {
                step: first.id.clone(),
                due: ctx.now,
                attempts: 0,
            },
            steps_taken: 0,
            visits: std::collections::BTreeMap::new(),
            arms: std::collections::BTreeMap::new(),
            kept: signalbox_model::value::Fields::new(),
            holdout: false,
        };
        if self.is_under_way(&whose) {
            return self.kept_out(ctx, &whose.workflow, version.number, "key_seen");
        }
        let bytes = budget::journey_bytes(ctx.definitions, &whose.workflow, &journey);
        if !self.has_room(ctx, &whose.workflow, bytes) {
            return self.kept_out(ctx, &whose.workflow, version.number, CONTACT_FULL);
        }
        let Some(presence) = self.presence_mut(ctx, &whose.workflow) else {
            return;
        };
        presence.entered = presence.entered.saturating_add(1);
        presence.last_entered_at = Some(ctx.now);
        presence.journeys.insert(whose.journey, journey);
        self.remember_key(&whose.workflow, &key, ctx.now);
        self.journey_fact(ctx, &whose, FactKind::JourneyEntered(key));
        if is_by_event && let Some(reason) = self.exited_earlier(&whose, version) {
            return self.exit(ctx, &whose, reason, "exit");
        }
        self.go(ctx, &whose, version, Some(0));
    }

    /// Whether the journey or a message of it is there although its key is forgotten.
    fn is_under_way(&self, whose: &Whose) -> bool {
        let mut pending = self.state.pending.values();
        self.journey(whose).is_some() || pending.any(|message| message.journey == whose.journey)
    }

    /// Remembers the key for as long as it is kept. Where there are too many over all workflows, the workflow that has
    /// the most forgets its oldest, so that one with many entries never costs another its keys.
    fn remember_key(&mut self, workflow: &WorkflowId, key: &EntryKey, now: Instant) {
        let Some(presence) = self.state.presences.get_mut(workflow) else {
            return;
        };
        let oldest = oldest_day(now);
        let keys = &mut presence.keys;
        let old = keys.iter().take_while(|&&(_, day)| day < oldest).count();
        keys.drain(..old);
        keys.push((key_hash(key), now.utc_day()));
        let presences = &mut self.state.presences;
        let count: usize = presences.values().map(|one| one.keys.len()).sum();
        for _ in KEYS_MAX..count {
            let all = presences.values_mut().map(|one| &mut one.keys);
            let most = all
                .filter(|keys| !keys.is_empty())
                .max_by_key(|keys| (keys.len(), Reverse(keys[0].1)));
            if let Some(keys) = most {
                keys.remove(0);
            }
        }
    }

    /// The contact's standing in a workflow that runs, made when it is first needed.
    pub(super) fn presence_mut(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
    ) -> Option<&mut Presence> {
        let since = ctx.definitions.workflow(workflow)?.running_since?;
        let presence = self.state.presences.entry(workflow.clone());
        Some(presence.or_insert_with(|| Presence {
            since,
            ..Presence::default()
        }))
    }

    /// Keeps the evidence; an answer that changes nothing is only counted.
    fn entry_decided(
        &mut self,
        ctx: &Context<'_>,
        entering: &Entering,
        slot: &Slot,
        reason: u32,
        answer: &str,
    ) {
        let version = ctx
            .definitions
            .version(&entering.workflow, entering.version);
        let Some(binding) = version.and_then(|version| version.bindings.get(slot)) else {
            return;
        };
        let reason = binding.reason_code(reason);
        let what = decision(ctx, slot.clone(), binding, reason, answer);
        let fact = self.new_fact(ctx, &entering.workflow, entering.version, None, what);
        self.effects.push(if answer == "no" {
            Effect::Count(fact)
        } else {
            Effect::Fact(fact)
        });
    }

    /// Holds the entry where the binding's policy says so, else counts it as not entered.
    fn entry_failed(&mut self, ctx: &Context<'_>, entering: Entering, code: &'static str) {
        let version = ctx
            .definitions
            .version(&entering.workflow, entering.version);
        let slot = match entering.key {
            None => Slot::Trigger,
            Some(_) => Slot::Audience,
        };
        if let Some(binding) = version.and_then(|version| version.bindings.get(&slot)) {
            let what = decision(ctx, slot.clone(), binding, code, "failed");
            self.entry_fact(ctx, &entering.workflow, entering.version, what);
        }
        let policy = version.map_or(OnFailure::Skip, |version| entry_policy(version, &slot));
        match policy {
            OnFailure::Hold => self.hold_entry(ctx, entering),
            OnFailure::Pause => {
                self.pause_workflow(ctx, &entering.workflow, &slot, code);
                self.hold_entry(ctx, entering);
            }
            OnFailure::Skip | OnFailure::Default => {
                self.not_entered(ctx, &entering, "rule_failed");
            }
        }
    }

    pub(super) fn not_entered(&mut self, ctx: &Context<'_>, entering: &Entering, reason: &str) {
        self.kept_out(ctx, &entering.workflow, entering.version, reason);
    }

    fn kept_out(&mut self, ctx: &Context<'_>, workflow: &WorkflowId, version: u32, reason: &str) {
        let what = FactKind::NotEntered(reason.to_owned());
        self.entry_fact(ctx, workflow, version, what);
    }
}

/// What the version says of a failing trigger or audience.
pub(super) fn entry_policy(version: &WorkflowVersion, slot: &Slot) -> OnFailure {
    if let (Slot::Audience, Some(audience)) = (slot, &version.document.audience) {
        return audience.on_failure;
    }
    let trigger = version.document.trigger.as_ref();
    trigger.map_or(OnFailure::Skip, |trigger| trigger.on_failure)
}

/// The first day whose keys are still kept.
fn oldest_day(now: Instant) -> i32 {
    now.utc_day() - KEY_KEEP_DAYS as i32
}

fn key_hash(key: &EntryKey) -> u64 {
    fnv1a(key.as_str().as_bytes())
}
