//! The rules of the stories, and what workflows are made of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use signalbox_journey::Question;
use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    describe::Reason,
    id::{Digest, EntryKey},
    plan::Plan,
    time::{Instant, Span},
    value::{Fields, Value},
    verdict::{
        Answer, Arm, Enter, Failure, FailureKind, PersonalizerVerdict, SegmentVerdict,
        TriggerVerdict, Verdict,
    },
    workflow::{Binding, Workflow},
};

/// The bindings of a document. A binding's config holds its plan: `on` for the occasions, `inputs`.
pub(crate) fn bindings(document: &Workflow) -> BTreeMap<Slot, ResolvedBinding> {
    let mut bindings = BTreeMap::new();
    if let Some(trigger) = &document.trigger {
        bindings.insert(Slot::Trigger, resolved(trigger));
    }
    if let Some(audience) = &document.audience {
        bindings.insert(Slot::Audience, resolved(audience));
    }
    for (index, exit) in document.exits.iter().enumerate() {
        if let Some(segment) = &exit.segment {
            bindings.insert(Slot::Exit(index as u16), resolved(segment));
        }
    }
    for step in &document.steps {
        let arms = step.branch.iter().flat_map(|branch| &branch.arms);
        for (index, arm) in arms.enumerate() {
            let slot = Slot::Arm(step.id.clone(), index as u16);
            bindings.insert(slot, resolved(&arm.segment));
        }
        if let Some(personalizer) = step
            .send
            .as_ref()
            .and_then(|send| send.personalizer.as_ref())
        {
            bindings.insert(Slot::Personalizer(step.id.clone()), resolved(personalizer));
        }
        if let Some(by) = step.split.as_ref().and_then(|split| split.by.as_ref()) {
            bindings.insert(Slot::Personalizer(step.id.clone()), resolved(by));
        }
    }
    bindings
}

pub(crate) fn resolved(binding: &Binding) -> ResolvedBinding {
    let part = |name: &str| binding.config.get(name).cloned().unwrap_or(json!([]));
    let plan = json!({"format": 1, "inputs": part("inputs"), "occasions": part("on")});
    let reason = |code: &str| Reason {
        code: code.to_owned(),
        title: code.to_owned(),
    };
    ResolvedBinding {
        plugin: binding.plugin.clone(),
        version: "1.0.0".parse().unwrap(),
        digest: Digest::of_bytes(binding.plugin.as_str().as_bytes()),
        config: binding.config.to_string(),
        plan: serde_json::from_value::<Plan>(plan).unwrap(),
        reasons: vec![reason("because"), reason("because_not")],
        formers: Vec::new(),
        returned_from: None,
    }
}

/// The rules of the stories, by plugin: `event` enters by input 0 or the event's id, `later` arms and enters when due,
/// `never` says no; `has` looks whether input 0 is
/// there, `least` whether input 0 is a count of at least `least` in its config, `true` whether input 0 is true; `values`
/// fills in its config.
pub(crate) fn answer(
    definitions: &Definitions,
    broken: &BTreeSet<String>,
    question: &Question,
    now: Instant,
) -> Answer {
    let id = &question.id;
    let binding = definitions.binding(&id.owner, id.version, &id.slot);
    let binding = binding.expect("only what is there is asked");
    assert_eq!(question.row.len(), binding.plan.inputs.len());
    if broken.contains(binding.plugin.as_str()) {
        return Err(Failure {
            kind: FailureKind::Trapped,
            plugin: binding.plugin.clone(),
            version: "1.0.0".to_owned(),
            digest: binding.digest,
            row: 0,
            message: "unreachable".to_owned(),
        });
    }
    let config: Json = serde_json::from_str(&binding.config).unwrap();
    let first = question.row.first().cloned().flatten();
    let key = first
        .as_ref()
        .and_then(Value::as_text)
        .map(|key| EntryKey::parse(key).unwrap());
    Ok(match binding.plugin.as_str() {
        "event" => Verdict::Trigger(TriggerVerdict {
            enter: Some(Enter { key }),
            arm: None,
            reason: 0,
        }),
        // Enters once input 0 is there.
        "known" => Verdict::Trigger(TriggerVerdict {
            enter: first.is_some().then_some(Enter { key: None }),
            arm: None,
            reason: u32::from(first.is_none()),
        }),
        "never" => Verdict::Trigger(TriggerVerdict {
            enter: None,
            arm: None,
            reason: 1,
        }),
        "later" => Verdict::Trigger(later(&config, question, key, now)),
        "has" => segment(first.is_some(), None),
        "least" => {
            let count = first.as_ref().and_then(Value::as_number);
            let member = count >= config["least"].as_f64();
            segment(member, recheck(&config, question))
        }
        "true" => segment(first == Some(Value::Boolean(true)), None),
        "values" => Verdict::Personalizer(PersonalizerVerdict {
            values: serde_json::from_value(config["values"].clone())
                .unwrap_or(Value::Map(BTreeMap::new())),
            subject: config["subject"].as_str().map(str::to_owned),
            variant: config["variant"].as_str().map(str::to_owned),
            send_at: config["send_in"]
                .as_str()
                .map(|span| now.plus(Span::parse(span).unwrap())),
            reason: 0,
        }),
        other => panic!("no such rule in stories: {other}"),
    })
}

fn segment(member: bool, recheck_at: Option<Instant>) -> Verdict {
    Verdict::Segment(SegmentVerdict {
        member,
        reason: u32::from(!member),
        recheck_at,
    })
}

/// `recheck_in` of the config after the clock, where that is input 1.
fn recheck(config: &Json, question: &Question) -> Option<Instant> {
    let span = Span::parse(config["recheck_in"].as_str()?).unwrap();
    let Some(Some(Value::Integer(now))) = question.row.get(1) else {
        panic!("who wants to be asked again has the clock as its second input");
    };
    Some(Instant::from_ms(*now).plus(span))
}

/// Input 0 is the key, input 1 the occasion, input 2 the key of the arm.
fn later(
    config: &Json,
    question: &Question,
    key: Option<EntryKey>,
    now: Instant,
) -> TriggerVerdict {
    let occasions = config["on"].as_array().unwrap();
    let Some(Some(Value::Integer(occasion))) = question.row.get(1) else {
        panic!("the plan of `later` has the occasion as its second input");
    };
    let arm = |key: EntryKey| Arm {
        at: now.plus(Span::parse(config["after"].as_str().unwrap()).unwrap()),
        cancelled_by: serde_json::from_value(json!([{
            "event": config["unless"],
            "where": [{"field": "key", "operator": "eq", "value": key.as_str()}],
        }]))
        .unwrap(),
        key,
    };
    if occasions[*occasion as usize] == json!("due") {
        let key = question.row[2].as_ref().and_then(Value::as_text).unwrap();
        let key = EntryKey::parse(key).unwrap();
        return TriggerVerdict {
            enter: Some(Enter {
                key: Some(key.clone()),
            }),
            arm: config["again"].as_bool().unwrap_or(false).then(|| arm(key)),
            reason: 0,
        };
    }
    TriggerVerdict {
        enter: None,
        arm: key.map(arm),
        reason: 0,
    }
}

pub(crate) fn fields(json: &Json) -> Fields {
    serde_json::from_value(json.clone()).unwrap()
}

/// A trigger on an event, with the field `key` as its key.
pub(crate) fn on(event: &str) -> Json {
    json!({"plugin": "event", "config": {
        "on": [{"event": {"event": event}}],
        "inputs": [{"name": "key", "source": {"event_field": "key"}, "type": "text"}],
    }})
}

/// A trigger that arms on an event and enters `after`, unless the other event comes.
pub(crate) fn later_than(event: &str, after: &str, unless: &str) -> Json {
    json!({"plugin": "later", "config": {
        "after": after,
        "unless": unless,
        "on": [{"event": {"event": event}}, "due"],
        "inputs": [
            {"name": "key", "source": {"event_field": "key"}, "type": "text"},
            {"name": "occasion", "source": "occasion", "type": "integer"},
            {"name": "arm", "source": "arm_key", "type": "text"},
        ],
    }})
}

/// A segment of those who have the attribute.
pub(crate) fn has(attribute: &str) -> Json {
    json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"attribute": attribute}, "type": "any"}],
    }})
}

/// A workflow with a template `hello`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the stories build their JSON in place"
)]
pub(crate) fn workflow(id: &str, trigger: Json, steps: Json) -> Json {
    json!({
        "id": id,
        "title": id,
        "goal": "none",
        "trigger": trigger,
        "steps": steps,
        "templates": {"hello": {"subject": "Hello", "mjml": "<mjml></mjml>"}},
    })
}

/// A member of a JSON object set to a value.
pub(crate) fn with(mut object: Json, member: &str, value: Json) -> Json {
    object[member] = value;
    object
}
