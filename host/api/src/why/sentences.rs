//! What happened to a contact, a sentence for each fact and one for all of it in a workflow.

use serde_json::Value as Json;
use signalbox_engine::{AskedAgain, JourneyView};
use signalbox_model::{
    amount,
    definitions::{Definitions, Slot, WorkflowDefinition},
    fact::{Fact, FactKind},
    id::StepId,
    segment::Owner,
    state::{PendingArm, Place},
    workflow::WorkflowState,
};

use super::reasons::because;

/// The fact as a sentence.
pub(super) fn of_fact(fact: &Fact, definitions: &Definitions) -> String {
    match &fact.what {
        FactKind::RuleDecided(decision) => {
            let title = title_of(
                definitions,
                &fact.owner,
                fact.version,
                &decision.slot,
                &decision.reason,
            );
            decided(&decision.slot, &decision.answer, &title)
        }
        FactKind::Armed(_, at) => format!("the trigger asks again at {at}"),
        FactKind::Disarmed(_, event) => {
            format!("{event} came first, so the trigger does not ask again")
        }
        FactKind::ArmDropped(_, reason) => {
            format!("the trigger was not asked again, {}", because(reason))
        }
        FactKind::JourneyEntered(key) => format!("came in, with the key {key}"),
        FactKind::NotEntered(reason) => format!("did not come in, {}", because(reason)),
        FactKind::StepReached(step) => format!("came to {step}"),
        FactKind::WaitStarted(step, until) => format!("waits at {step} until {until}"),
        FactKind::ArmTaken(step, arm) => match arm {
            Some(arm) => format!("took arm {arm} at {step}"),
            None => format!("took the way of everybody else at {step}"),
        },
        FactKind::JourneyCompleted => "came to the end".to_owned(),
        FactKind::JourneyExited(reason) => format!("left, {}", because(reason)),
        FactKind::Updated(step, changes) => format!("{step} changed {}", changes.join(", ")),
        FactKind::Jumped(from, to, event) => format!("{event} moved them from {from} to {to}"),
        FactKind::StepSkipped(step) => format!("{step} was passed over"),
        FactKind::ZoneTaken(step, zone, source) => {
            let whose = source.replace('_', " ");
            format!("{step} goes by the clocks of {zone} ({whose})")
        }
        FactKind::ApprovalDecided(step, decision, actor, _) => {
            format!("{actor} {decision} it at {step}")
        }
        FactKind::WebhookQueued(step, _) => format!("{step} calls another system"),
        FactKind::Migrated(from, step) => {
            let standing = step.as_ref().map(|step| format!(", standing at {step}"));
            format!(
                "moved over from version {from}{}",
                standing.unwrap_or_default()
            )
        }
        FactKind::Converted(conversion) => format!(
            "did what the workflow is for, after the message of {}: event {}",
            conversion.step, conversion.event
        ),
        FactKind::ArmAssigned(step, arm) => format!("was given the arm {arm} at {step}"),
        FactKind::ArmChosen(step, arm, chance) => {
            format!("was given the arm {arm} at {step}, the chance of which was {chance}")
        }
        FactKind::ArmConverted(step, arm) | FactKind::ChosenArmConverted(step, arm, _) => {
            format!("converted in the arm {arm} of {step}")
        }
        FactKind::SegmentEntered(_) => "came into the segment".to_owned(),
        FactKind::SegmentLeft(_) => "left the segment".to_owned(),
        FactKind::MessageQueued(..)
        | FactKind::MessageSent(..)
        | FactKind::MessageSkipped(..)
        | FactKind::MessageRefused(..)
        | FactKind::MessageDeferred(..)
        | FactKind::MessageInDoubt(..)
        | FactKind::MessageHeld(..)
        | FactKind::OfferSent(..) => of_message(&fact.what),
    }
}

fn of_message(what: &FactKind) -> String {
    match what {
        FactKind::MessageQueued(step, _) => format!("the message of {step} was made"),
        FactKind::MessageSent(step, _) => format!("got the message of {step}"),
        FactKind::MessageSkipped(step, _, reason) => {
            format!("did not get the message of {step}, {}", because(reason))
        }
        FactKind::MessageRefused(step, _, reason) => {
            format!("the message of {step} was refused, {}", because(reason))
        }
        FactKind::MessageDeferred(step, _, until, reason) => {
            format!("the message of {step} is tried again at {until}: {reason}")
        }
        FactKind::MessageInDoubt(step, _, true) => {
            format!("nobody knows whether the message of {step} arrived; it is sent again")
        }
        FactKind::MessageInDoubt(step, _, false) => {
            format!("nobody knows whether the message of {step} arrived; it is not sent again")
        }
        FactKind::MessageHeld(step, _, until, reason) => format!(
            "the message of {step} waits until {until}, {}",
            because(reason)
        ),
        FactKind::OfferSent(step, _, offer) => format!(
            "was offered {} by {step}, which costs {}",
            offer.arm,
            amount::number_of(offer.cost)
        ),
        _ => String::new(),
    }
}

/// A decision that nothing came of, as a sentence.
pub(super) fn of_nothing(asked: &AskedAgain, definitions: &Definitions) -> String {
    let said = &asked.recorded;
    let answer = match &said["member"] {
        Json::Bool(true) => "in",
        Json::Bool(false) => "out",
        _ if said.get("failed").is_some() => "failed",
        _ if said.get("values").is_some() => "chosen",
        _ if !said["enter"].is_null() => "enter",
        _ if !said["arm"].is_null() => "arm",
        _ => "no",
    };
    let code = said.get("reason").or(said.get("failed"));
    let code = code.and_then(Json::as_str).unwrap_or_default();
    let title = title_of(definitions, &asked.owner, asked.version, &asked.slot, code);
    format!(
        "{}; nothing came of it",
        decided(&asked.slot, answer, &title)
    )
}

/// What a rule said, as a sentence.
fn decided(slot: &Slot, answer: &str, title: &str) -> String {
    let who = match slot {
        Slot::Trigger => "the trigger".to_owned(),
        Slot::Audience => "the audience".to_owned(),
        Slot::Personalizer(step) => format!("the personalizer of {step}"),
        Slot::Arm(step, arm) => format!("the segment of arm {arm} at {step}"),
        Slot::Exit(exit) => format!("the segment of exit {exit}"),
        Slot::Membership => "the rule of the segment".to_owned(),
    };
    match answer {
        "failed" => format!("{who} failed: {title}"),
        "chosen" => format!("{who} chose: {title}"),
        answer => format!("{who} said {answer}: {title}"),
    }
}

/// The title of a reason; its code where the version is not there any more.
fn title_of(
    definitions: &Definitions,
    owner: &Owner,
    version: u32,
    slot: &Slot,
    code: &str,
) -> String {
    let binding = definitions.binding(owner, version, slot);
    let mut reasons = binding.into_iter().flat_map(|binding| &binding.reasons);
    let found = reasons.find(|reason| reason.code == code);
    found.map_or_else(|| code.to_owned(), |reason| reason.title.clone())
}

/// What a contact's standing in one workflow is told from.
pub(super) struct Standing<'a> {
    pub(super) contact: &'a str,
    pub(super) workflow: &'a WorkflowDefinition,
    pub(super) facts: &'a [&'a Fact],
    pub(super) journeys: Vec<&'a JourneyView>,
    pub(super) arms: Vec<&'a PendingArm>,
}

impl Standing<'_> {
    /// All of it in a sentence or two: whether the contact came in, what it got and did not, and where it stands.
    pub(super) fn in_words(&self, definitions: &Definitions) -> String {
        let entered = self.count(|what| matches!(what, FactKind::JourneyEntered(_)));
        if entered == 0 && self.journeys.is_empty() {
            return self.outside(definitions);
        }
        let mut parts = vec![match entered {
            0 | 1 => format!("{} came in", self.contact),
            times => format!("{} came in {times} times", self.contact),
        }];
        let got = self.messages(|what| match what {
            FactKind::MessageSent(step, _) => Some((step, None)),
            _ => None,
        });
        parts.push(if got.is_empty() {
            "got no message".to_owned()
        } else {
            format!("got {}", got.join(", "))
        });
        let not = self.messages(|what| match what {
            FactKind::MessageSkipped(step, _, reason)
            | FactKind::MessageRefused(step, _, reason) => Some((step, Some(reason.as_str()))),
            _ => None,
        });
        parts.extend(not.iter().map(|one| format!("did not get {one}")));
        parts.extend(self.now());
        parts.join("; ")
    }

    fn count(&self, counts: impl Fn(&FactKind) -> bool) -> usize {
        self.facts.iter().filter(|fact| counts(&fact.what)).count()
    }

    /// The messages of steps, each once, with the reason where there is one, and how often where that was more than once.
    fn messages<'f>(
        &'f self,
        of: impl Fn(&'f FactKind) -> Option<(&'f StepId, Option<&'f str>)>,
    ) -> Vec<String> {
        let mut times: Vec<((&StepId, Option<&str>), usize)> = Vec::new();
        for found in self.facts.iter().filter_map(|fact| of(&fact.what)) {
            match times.iter_mut().find(|(known, _)| *known == found) {
                Some((_, times)) => *times += 1,
                None => times.push((found, 1)),
            }
        }
        let told = times.into_iter().map(|((step, reason), times)| {
            let often = match times {
                1 => String::new(),
                times => format!(" {times} times"),
            };
            match reason {
                None => format!("the message of {step}{often}"),
                Some(reason) => format!("the message of {step}{often}, {}", because(reason)),
            }
        });
        told.collect()
    }

    /// Where journeys stand, or how the last one ended.
    fn now(&self) -> Option<String> {
        let mut inside = self.journeys.iter().filter_map(|view| view.inside.as_ref());
        if let Some(journey) = inside.next() {
            return Some(match &journey.place {
                Place::Waiting { step, due, .. } => format!("waits at {step} until {due}"),
                Place::Sending { step, .. } => format!("waits at {step} for its message to go out"),
                Place::Held { step, due, .. } => {
                    format!("is held at {step}, whose rule is asked again at {due}")
                }
            });
        }
        self.facts.iter().rev().find_map(|fact| match &fact.what {
            FactKind::JourneyCompleted => Some("came to the end".to_owned()),
            FactKind::JourneyExited(reason) => Some(format!("left, {}", because(reason))),
            _ => None,
        })
    }

    /// Why the contact never came in.
    fn outside(&self, definitions: &Definitions) -> String {
        let contact = self.contact;
        if let Some(arm) = self.arms.first() {
            return format!(
                "{contact} has not come in yet: the trigger asks again at {}",
                arm.at
            );
        }
        let telling = self.facts.iter().rev().find(|fact| {
            matches!(
                fact.what,
                FactKind::NotEntered(_)
                    | FactKind::ArmDropped(..)
                    | FactKind::Disarmed(..)
                    | FactKind::RuleDecided(_)
            )
        });
        if let Some(fact) = telling {
            return match &fact.what {
                FactKind::NotEntered(reason) => {
                    format!("{contact} did not come in, {}", because(reason))
                }
                _ => format!("{contact} did not come in: {}", of_fact(fact, definitions)),
            };
        }
        match (self.workflow.state, self.workflow.running_since) {
            (WorkflowState::Draft | WorkflowState::Scheduled, _) | (_, None) => {
                format!("{contact} did not come in: the workflow was not started")
            }
            (_, Some(since)) => format!(
                "{contact} did not come in: since the workflow was started at {since}, its trigger said yes to nothing that happened to them"
            ),
        }
    }
}
