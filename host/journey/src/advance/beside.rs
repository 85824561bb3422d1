//! What a shadow is asked beside a question: a row of its own plan, from the same state at the same instant.
//!
//! Nothing of the core depends on it: no answer of a shadow ever comes back here.

use signalbox_model::{
    definitions::ResolvedBinding, plan::Plan, record::QuestionId, state::ContactState, value::Value,
};

use crate::inputs::{self, Asking};

/// What is put to a shadow.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Which one.
    pub shadow: u32,
    /// The values of its plan, in order; `None` where its plan has not the occasion on which the binding is asked.
    pub row: Option<Box<[Option<Value>]>>,
}

/// What is put to a shadow of the binding that is asked; `None` where it has none.
pub(super) fn of(
    id: &QuestionId,
    binding: &ResolvedBinding,
    state: &ContactState,
    asking: &Asking<'_>,
) -> Option<Beside> {
    let (number, shadow) = asking.definitions.definitions().shadow_of(id)?;
    Some(Beside {
        shadow: number,
        row: row(&shadow.binding.plan, &binding.plan, state, asking),
    })
}

fn row(
    plan: &Plan,
    bound: &Plan,
    state: &ContactState,
    asking: &Asking<'_>,
) -> Option<Box<[Option<Value>]>> {
    let Some(index) = asking.occasion else {
        return Some(inputs::row(plan, state, asking));
    };
    // The two plans may have the occasion in different places.
    let occasion = bound.occasions.get(index as usize)?;
    let index = plan.occasions.iter().position(|own| own == occasion)?;
    let asking = Asking {
        occasion: Some(index as u32),
        ..*asking
    };
    Some(inputs::row(plan, state, &asking))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};
    use signalbox_model::{
        contact::Contact,
        definitions::{Definitions, Slot},
        id::{ContactId, Digest, PluginName, WorkflowId},
        shadow::Shadow,
        time::Instant,
    };

    use super::*;
    use crate::{compiled::Compiled, inputs::Seed};

    fn bound(occasions: &Json) -> ResolvedBinding {
        let inputs = json!([{"name": "occasion", "type": "integer", "source": "occasion"}]);
        let plan = json!({"format": 1, "inputs": inputs, "occasions": occasions});
        ResolvedBinding {
            plugin: PluginName::parse("event").expect("a name"),
            version: "1.0.0".parse().expect("a version"),
            digest: Digest::of_bytes(b"a component"),
            config: "{}".to_owned(),
            plan: serde_json::from_value(plan).expect("a plan"),
            reasons: Vec::new(),
            formers: Vec::new(),
            returned_from: None,
        }
    }

    /// What a shadow with these occasions is given where the binding is asked on the first of its own.
    fn given(own: &Json, asked: &Json, slot: Slot) -> Option<Beside> {
        let owner = WorkflowId::parse("note").expect("an id").into();
        let shadow = Shadow {
            owner,
            version: 1,
            slot: Slot::Trigger,
            binding: bound(own),
            started_at: Instant::from_ms(0),
        };
        let definitions = Definitions {
            shadows: [(7, shadow.clone())].into(),
            ..Definitions::default()
        };
        let compiled = Compiled::new(Arc::new(definitions));
        let state = ContactState::new(Contact::new(
            ContactId::parse("ann").expect("an id"),
            Instant::from_ms(0),
        ));
        let id = QuestionId {
            owner: shadow.owner.clone(),
            version: 1,
            slot,
            journey: None,
            ordinal: 0,
        };
        let asking = Asking {
            event: None,
            occasion: Some(0),
            arm_key: None,
            now: Instant::from_ms(0),
            journey: None,
            seed: Seed {
                store: 0,
                owner: &shadow.owner,
                slot: &shadow.slot,
                journey: None,
            },
            definitions: &compiled,
        };
        of(&id, &bound(asked), &state, &asking)
    }

    #[test]
    fn a_shadow_is_asked_on_the_same_occasion_wherever_its_plan_has_it() {
        let signup = json!({"event": {"event": "signed_up"}});
        let order = json!({"event": {"event": "order_completed"}});
        let own = json!([order, signup]);
        let beside = |row| Some(Beside { shadow: 7, row });
        let second: Box<[Option<Value>]> = Box::new([Some(Value::Integer(1))]);
        let asked = given(&own, &json!([signup]), Slot::Trigger);
        assert_eq!(asked, beside(Some(second)));
        let asked = given(&json!([order]), &json!([signup]), Slot::Trigger);
        assert_eq!(asked, beside(None), "it has no such occasion");
        let asked = given(&own, &json!([signup]), Slot::Audience);
        assert_eq!(asked, None, "no shadow of that binding");
    }
}
