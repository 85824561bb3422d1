//! Updates: what a step changes of the contact, and what it keeps with the journey; and webhooks, which carry such values
//! to another system.

use std::collections::BTreeSet;

use signalbox_model::{
    codec,
    contact::TAGS_ATTRIBUTE,
    definitions::WorkflowVersion,
    fact::FactKind,
    id::{EventId, EventName, FieldName, WebhookId},
    state::{Journey, KeptValue},
    value::{Fields, Value},
    webhook::{WEBHOOK_BYTES_MAX, Webhook},
    workflow::step::{self, Source, Step, Update},
};

use crate::{
    advance::{
        Advance, Context, Deferred, Updates, Whose,
        events::{ATTRIBUTES_CHANGED, Happening, fields_of},
        outcomes::{FOLLOW_UPS, follow_ups},
        segments::Settling,
        steps::{Next, position_after},
    },
    effect::Effect,
    limits::{KEPT_BYTES_MAX, KEPT_OF_CONTACT_BYTES_MAX, TAGS_MAX},
};

impl Advance {
    pub(super) fn update_contact(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        update: &Update,
    ) -> Next {
        let Some(journey) = self.journey(whose) else {
            return Next::Stay;
        };
        let follow_ups = follow_ups(&journey.event);
        let attributes = &self.state.contact.attributes;
        let keep = values(&update.keep, attributes, journey, &journey.kept);
        let set = values(&update.set, attributes, journey, attributes);
        let set = set.into_iter().chain(retagged(attributes, update));
        let removed = update.unset.iter().map(|name| (name.clone(), None));
        let changes: Vec<(FieldName, Option<Value>)> = removed
            .chain(set.map(|(name, value)| (name, Some(value))))
            .collect();
        let before: Vec<Option<Value>> = changes
            .iter()
            .map(|(name, _)| attributes.get(name).cloned())
            .collect();
        let held = self.held_by_clocks(ctx);
        self.set_attributes(changes.iter().map(|(name, value)| (name, value.as_ref())));
        self.release_by_clocks(ctx, held);
        let mut told = Vec::new();
        let mut differing = Vec::new();
        for ((name, _), before) in changes.iter().zip(&before) {
            let now = self.state.contact.attributes.get(name);
            if now != before.as_ref() {
                tell(name, before.as_ref(), now, &mut told);
                differing.push(name.clone());
            }
        }
        self.recompute_waits(ctx, Some(&differing));
        let mut kept = BTreeSet::new();
        let kept_before = self.state.kept.clone();
        for (name, value) in keep {
            let is_new = self.state.kept(name.as_str()) != Some(&value);
            let is_told = self.keep(whose, &name, &value);
            if is_told {
                told.push(format!("kept.{name}"));
            }
            if is_new || is_told {
                kept.insert(name);
            }
        }
        if !told.is_empty() {
            self.journey_fact(ctx, whose, FactKind::Updated(step.id.clone(), told));
        }
        let segments = ctx.definitions.segments();
        let mut open = segments.after(None, &differing);
        let is_kept_anew = |name: &str| {
            let mut before = kept_before.iter();
            let before = before.find(|one| one.name.as_str() == name);
            before.map(|one| &one.value) != self.state.kept(name)
        };
        open.extend(segments.after_kept(is_kept_anew));
        let settling = Settling::new(open).made_by(Some(&whose.workflow), follow_ups);
        self.settle_segments(ctx, settling);
        if !differing.is_empty() {
            self.tell_of_update(ctx, whose, step, &differing);
        }
        let updates = Updates {
            attributes: differing.into_iter().collect(),
            kept,
        };
        let asks = Self::exits_read(version, &updates);
        self.updates.attributes.extend(updates.attributes);
        self.updates.kept.extend(updates.kept);
        if !asks {
            return Next::On(position_after(ctx, whose, version, step));
        }
        if self.may_ask(ctx, whose, step) {
            self.once_it_stays(whose.clone(), Deferred::Updated(step.id.clone()));
        }
        Next::Stay
    }

    /// Keeps the value with the journey and for later ones of the contact, and says whether the journey's changed.
    fn keep(&mut self, whose: &Whose, name: &FieldName, value: &Value) -> bool {
        keep_for_later(&mut self.state.kept, name, value);
        let journey = self.journey_mut(whose);
        journey.is_some_and(|journey| keep_value(&mut journey.kept, name, value))
    }

    /// Asks the triggers of other workflows that listen to attributes which the step changed.
    fn tell_of_update(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &Step,
        changed: &[FieldName],
    ) {
        let visit = self.visit(whose);
        let id = format!("{ATTRIBUTES_CHANGED}:{}:{}:{visit}", whose.journey, step.id);
        let (Ok(id), Ok(name)) = (EventId::parse(&id), EventName::parse(ATTRIBUTES_CHANGED)) else {
            return;
        };
        let begun_by = self.journey(whose).map(|journey| &journey.event);
        let follow_ups = 1 + begun_by.map_or(0, follow_ups);
        let fields = fields_of([
            ("workflow", Value::text(whose.workflow.as_str())),
            ("step", Value::text(step.id.as_str())),
            (FOLLOW_UPS, Value::Integer(follow_ups)),
        ]);
        let happening = Happening {
            id: &id,
            name: &name,
            occurred_at: ctx.now,
            fields: &fields,
            history_only: false,
            made_by: Some(&whose.workflow),
            follow_ups,
            segment: None,
        };
        self.ask_about_attributes(ctx, changed, &happening);
    }
}

impl Advance {
    pub(super) fn webhook(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        webhook: &step::Webhook,
    ) -> Next {
        let Some(journey) = self.journey(whose) else {
            return Next::Stay;
        };
        let id = WebhookId::new(whose.journey, &step.id, self.visit(whose));
        let attributes = &self.state.contact.attributes;
        let mut bytes = 0;
        let found = values(&webhook.fields, attributes, journey, &Fields::new());
        let fields: Fields = found
            .into_iter()
            .filter(|(name, value)| {
                let more = codec::size(&(name, value));
                let fits = bytes + more <= WEBHOOK_BYTES_MAX;
                bytes += if fits { more } else { 0 };
                fits
            })
            .collect();
        self.effects.push(Effect::QueueWebhook(Box::new(Webhook {
            id,
            contact: self.state.contact.id.clone(),
            workflow: whose.workflow.clone(),
            version: version.number,
            journey: whose.journey,
            step: step.id.clone(),
            url: webhook.url.clone(),
            fields,
            queued_at: ctx.now,
        })));
        self.journey_fact(ctx, whose, FactKind::WebhookQueued(step.id.clone(), id));
        Next::On(position_after(ctx, whose, version, step))
    }
}

/// The values of the sources that have one.
fn values<'s>(
    sources: impl IntoIterator<Item = (&'s FieldName, &'s Source)>,
    attributes: &Fields,
    journey: &Journey,
    changed: &Fields,
) -> Vec<(FieldName, Value)> {
    let found = sources.into_iter().filter_map(|(name, source)| {
        let value = value_of(source, attributes, journey, changed.get(name))?;
        Some((name.clone(), value))
    });
    found.collect()
}

fn value_of(
    source: &Source,
    attributes: &Fields,
    journey: &Journey,
    before: Option<&Value>,
) -> Option<Value> {
    let from = |fields: &Fields, name: &Option<FieldName>| {
        name.as_ref().and_then(|name| fields.get(name)).cloned()
    };
    if let Some(plus) = source.plus {
        return Some(sum(before, plus));
    }
    source
        .value
        .clone()
        .or_else(|| from(attributes, &source.attribute))
        .or_else(|| from(&journey.event.fields, &source.event))
        .or_else(|| from(&journey.kept, &source.kept))
}

/// Whole numbers stay whole; what is no number counts as 0.
fn sum(before: Option<&Value>, plus: f64) -> Value {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    let sum = before.and_then(Value::as_number).unwrap_or(0.0) + plus;
    let is_whole = !matches!(before, Some(Value::Number(_))) && sum.fract() == 0.0;
    if is_whole && sum.abs() <= WHOLE_MAX {
        Value::Integer(sum as i64)
    } else if sum.is_finite() {
        Value::Number(sum)
    } else {
        before.cloned().unwrap_or(Value::Integer(0))
    }
}

/// The attribute of tags with the update's changes, if it changes.
fn retagged(attributes: &Fields, update: &Update) -> Option<(FieldName, Value)> {
    let name = FieldName::parse(TAGS_ATTRIBUTE).ok()?;
    let before = tags(attributes.get(&name));
    let mut after = before.clone();
    for tag in &update.remove_tags {
        after.remove(tag.as_str());
    }
    for tag in &update.add_tags {
        if after.len() < TAGS_MAX {
            after.insert(tag.as_str());
        }
    }
    let list = after.iter().map(|tag| Value::text(*tag)).collect();
    (after != before).then_some((name, Value::List(list)))
}

fn tags(value: Option<&Value>) -> BTreeSet<&str> {
    match value {
        Some(Value::List(list)) => list.iter().filter_map(Value::as_text).collect(),
        _ => BTreeSet::new(),
    }
}

/// Says that the attribute changed; of tags, which ones.
fn tell(name: &FieldName, before: Option<&Value>, now: Option<&Value>, told: &mut Vec<String>) {
    if name.as_str() != TAGS_ATTRIBUTE {
        return told.push(name.to_string());
    }
    let (before, now) = (tags(before), tags(now));
    told.extend(before.difference(&now).map(|tag| format!("-{tag}")));
    told.extend(now.difference(&before).map(|tag| format!("+{tag}")));
}

/// Keeps the value if there is room for it, and says whether that changed anything.
fn keep_value(kept: &mut Fields, name: &FieldName, value: &Value) -> bool {
    let others = kept.iter().filter(|(other, _)| *other != name);
    let taken: usize = others.map(|one| codec::size(&one)).sum();
    let fits = taken + codec::size(&(name, value)) <= KEPT_BYTES_MAX;
    let changes = kept.get(name) != Some(value);
    if fits && changes {
        kept.insert(name.clone(), value.clone());
    }
    fits && changes
}

/// Keeps the value as the latest; what was kept longest ago makes room.
fn keep_for_later(kept: &mut Vec<KeptValue>, name: &FieldName, value: &Value) {
    let latest = KeptValue {
        name: name.clone(),
        value: value.clone(),
    };
    if codec::size(&latest) > KEPT_OF_CONTACT_BYTES_MAX {
        return;
    }
    kept.retain(|one| one.name != *name);
    kept.push(latest);
    let mut bytes: usize = kept.iter().map(codec::size).sum();
    let too_much = kept.iter().take_while(|one| {
        let is_over = bytes > KEPT_OF_CONTACT_BYTES_MAX;
        bytes -= if is_over { codec::size(*one) } else { 0 };
        is_over
    });
    let count = too_much.count();
    kept.drain(..count);
}
