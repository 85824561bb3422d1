//! Facts as callers read them: one flat object a fact, with its kind and what belongs to it by name.
//!
//! `contacts` calls it, and `app` for what a simulation says. How facts are stored never shows here, so that either can change without the other.

use serde::Serialize;
use signalbox_model::{
    amount,
    fact::{Conversion, Fact, FactKind},
    id::{ArmName, MessageId, StepId},
    propensity::Propensity,
    time::Instant,
};
use signalbox_store::StoredFact;
use utoipa::ToSchema;

/// Something that happened. Which members there are depends on the kind.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FactBody {
    /// When, in journey time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The record that caused it: its sequence in the contact's partition.
    #[serde(skip_serializing_if = "is_unlogged")]
    #[schema(required = true)]
    pub sequence: u64,
    /// In which workflow. Of what is about a segment, `segment` stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// About which segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// In which version of it.
    pub version: u32,
    /// `rule_decided`, `armed`, `disarmed`, `arm_dropped`, `journey_entered`, `not_entered`, `step_reached`,
    /// `wait_started`, `arm_taken`, `message_queued`, `message_sent`, `message_skipped`, `message_refused`,
    /// `message_deferred`, `message_in_doubt`, `journey_completed`, `journey_exited`, `updated`, `jumped`,
    /// `step_skipped`, `zone_taken`, `approval_decided`, `message_held`, `webhook_queued`, `migrated`, `converted`,
    /// `arm_assigned`, `arm_chosen`, `arm_converted`, `segment_entered`, `segment_left` or
    /// `offer_sent`.
    pub kind: &'static str,
    /// The step it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The message it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The call to another system that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// The code of its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key of the entry or arm; of a person's decision the id of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Until when: the arm fires, the wait ends, the message is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Instant>,
    /// The index of the arm of a branch, split or wait for events; `otherwise` for the way of everybody else. Of
    /// `arm_assigned`, `arm_chosen`, `arm_converted` and `offer_sent` the arm's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// An arm that a rule chose: how likely it was, above 0 and at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f64>,
    /// The event that took an arm away, or moved the journey, by name; of a conversion by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The time zone that a wait goes by; whose it is stands in `reason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The person who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The step that a jump led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The version that the journey moved from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// What an update changed: names of attributes, `+TAG` and `-TAG`, `kept.NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// A conversion: what the event is worth, for what the workflow takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
    /// An offer that was sent: what it costs, for what the rule takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// A conversion: whether it is the message's first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    /// A conversion: whether the message is the last of all workflows', and credited with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited: Option<bool>,
    /// A conversion: whether the message was withheld, to compare with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<bool>,
    /// Coming into a segment, or leaving it: whether that happened to the contact then; `false` where the segment itself
    /// was changed, or history came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub happened: Option<bool>,
    /// Whether a message in doubt is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resent: Option<bool>,
    /// A rule's decision: which binding of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
    /// A rule's decision: the file that answered, by SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// A rule's decision: `enter`, `arm`, `no`, `in`, `out`, `chosen` or `failed`. A person's: `approved` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The fact as callers read it.
pub(crate) fn fact_body(stored: &StoredFact) -> FactBody {
    FactBody {
        sequence: stored.sequence,
        ..unlogged(&stored.fact)
    }
}

/// The same of a fact that no log has a record of.
pub fn unlogged(fact: &Fact) -> FactBody {
    FactBody {
        at: fact.at,
        workflow: fact.owner.workflow().map(ToString::to_string),
        segment: fact.owner.segment().map(ToString::to_string),
        version: fact.version,
        ..body_of(&fact.what)
    }
}

/// Sequences begin with 1.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_unlogged(sequence: &u64) -> bool {
    *sequence == 0
}

fn body_of(what: &FactKind) -> FactBody {
    match what {
        FactKind::RuleDecided(decision) => FactBody {
            binding: Some(decision.slot.to_string()),
            digest: Some(decision.digest.to_string()),
            answer: Some(decision.answer.clone()),
            reason: Some(decision.reason.clone()),
            ..kind("rule_decided")
        },
        FactKind::Armed(key, at) => FactBody {
            key: Some(key.to_string()),
            due: Some(*at),
            ..kind("armed")
        },
        FactKind::Disarmed(key, event) => FactBody {
            key: Some(key.to_string()),
            event: Some(event.to_string()),
            ..kind("disarmed")
        },
        FactKind::ArmDropped(key, reason) => FactBody {
            key: Some(key.to_string()),
            ..because("arm_dropped", reason)
        },
        FactKind::JourneyEntered(key) => FactBody {
            key: Some(key.to_string()),
            ..kind("journey_entered")
        },
        FactKind::NotEntered(reason) => because("not_entered", reason),
        FactKind::StepReached(step) => at_step("step_reached", step),
        FactKind::WaitStarted(step, due) => FactBody {
            due: Some(*due),
            ..at_step("wait_started", step)
        },
        FactKind::ArmTaken(step, arm) => FactBody {
            arm: Some(arm.map_or_else(|| "otherwise".to_owned(), |index| index.to_string())),
            ..at_step("arm_taken", step)
        },
        FactKind::ArmAssigned(step, arm) => of_arm("arm_assigned", step, arm),
        FactKind::ArmConverted(step, arm) => of_arm("arm_converted", step, arm),
        FactKind::ArmChosen(step, arm, chance) => chosen("arm_chosen", (step, arm), *chance),
        FactKind::ChosenArmConverted(step, arm, chance) => {
            chosen("arm_converted", (step, arm), *chance)
        }
        FactKind::SegmentEntered(counts) => of_membership("segment_entered", *counts),
        FactKind::SegmentLeft(counts) => of_membership("segment_left", *counts),
        FactKind::JourneyCompleted => kind("journey_completed"),
        FactKind::JourneyExited(reason) => because("journey_exited", reason),
        FactKind::Updated(step, changes) => FactBody {
            changes: changes.clone(),
            ..at_step("updated", step)
        },
        FactKind::Jumped(from, to, event) => FactBody {
            to: Some(to.to_string()),
            event: Some(event.to_string()),
            ..at_step("jumped", from)
        },
        FactKind::StepSkipped(step) => at_step("step_skipped", step),
        FactKind::ApprovalDecided(step, decision, actor, key) => FactBody {
            answer: Some(decision.clone()),
            actor: Some(actor.clone()),
            key: Some(key.clone()),
            ..at_step("approval_decided", step)
        },
        FactKind::WebhookQueued(step, webhook) => FactBody {
            webhook: Some(webhook.to_string()),
            ..at_step("webhook_queued", step)
        },
        FactKind::Migrated(from, step) => FactBody {
            from: Some(*from),
            step: step.as_ref().map(StepId::to_string),
            ..kind("migrated")
        },
        FactKind::ZoneTaken(step, zone, source) => FactBody {
            zone: Some(zone.clone()),
            reason: Some(source.clone()),
            ..at_step("zone_taken", step)
        },
        of_messages => of_message_kind(of_messages),
    }
}

/// The kinds that are about a message.
fn of_message_kind(what: &FactKind) -> FactBody {
    match what {
        FactKind::MessageQueued(step, id) => of_message("message_queued", step, id),
        FactKind::MessageSent(step, id) => of_message("message_sent", step, id),
        FactKind::MessageSkipped(step, id, reason) => FactBody {
            reason: Some(reason.clone()),
            ..of_message("message_skipped", step, id)
        },
        FactKind::MessageRefused(step, id, reason) => FactBody {
            reason: Some(reason.clone()),
            ..of_message("message_refused", step, id)
        },
        FactKind::MessageDeferred(step, id, due, reason) => FactBody {
            due: Some(*due),
            reason: Some(reason.clone()),
            ..of_message("message_deferred", step, id)
        },
        FactKind::MessageInDoubt(step, id, resent) => FactBody {
            resent: Some(*resent),
            ..of_message("message_in_doubt", step, id)
        },
        FactKind::MessageHeld(step, id, until, reason) => FactBody {
            due: Some(*until),
            reason: Some(reason.clone()),
            ..of_message("message_held", step, id)
        },
        FactKind::Converted(conversion) => converted(conversion),
        FactKind::OfferSent(step, id, offer) => FactBody {
            arm: Some(offer.arm.to_string()),
            cost: Some(amount::number_of(offer.cost)),
            ..of_message("offer_sent", step, id)
        },
        // Every other kind is written above.
        _ => FactBody::default(),
    }
}

fn converted(conversion: &Conversion) -> FactBody {
    FactBody {
        event: Some(conversion.event.to_string()),
        worth: Some(amount::number_of(conversion.worth)),
        first: Some(conversion.is_first),
        credited: Some(conversion.is_credited),
        withheld: Some(conversion.is_withheld),
        ..of_message("converted", &conversion.step, &conversion.message)
    }
}

fn kind(kind: &'static str) -> FactBody {
    FactBody {
        kind,
        ..FactBody::default()
    }
}

fn because(name: &'static str, reason: &str) -> FactBody {
    FactBody {
        reason: Some(reason.to_owned()),
        ..kind(name)
    }
}

fn of_membership(name: &'static str, counts: bool) -> FactBody {
    FactBody {
        happened: Some(counts),
        ..kind(name)
    }
}

fn of_arm(name: &'static str, step: &StepId, arm: &ArmName) -> FactBody {
    FactBody {
        arm: Some(arm.to_string()),
        ..at_step(name, step)
    }
}

fn chosen(name: &'static str, (step, arm): (&StepId, &ArmName), chance: Propensity) -> FactBody {
    FactBody {
        propensity: Some(chance.as_number()),
        ..of_arm(name, step, arm)
    }
}

fn at_step(name: &'static str, step: &StepId) -> FactBody {
    FactBody {
        step: Some(step.to_string()),
        ..kind(name)
    }
}

fn of_message(name: &'static str, step: &StepId, message: &MessageId) -> FactBody {
    FactBody {
        message: Some(message.to_string()),
        ..at_step(name, step)
    }
}
