//! One contact's facts, folded whole, split and merged.

use signalbox_model::{
    definitions::Slot,
    fact::{Fact, FactKind, RuleDecision},
    id::{ContactId, Digest, EntryKey, JourneyId, MessageId, StepId, WorkflowId},
    time::Instant,
};
use signalbox_reports::{Counters, Standing, fold};

fn facts(contact: &str, kinds: Vec<FactKind>) -> Vec<Fact> {
    let contact = ContactId::parse(contact).expect("a contact");
    let workflow = WorkflowId::parse("thanks").expect("a workflow");
    let key = EntryKey::parse("k").expect("a key");
    let journey = JourneyId::new(&workflow, Instant::from_ms(0), &contact, &key);
    kinds
        .into_iter()
        .map(|what| Fact {
            at: Instant::from_ms(0),
            contact: contact.clone(),
            owner: workflow.clone().into(),
            version: 1,
            journey: match what {
                FactKind::NotEntered(_) | FactKind::RuleDecided(_) => None,
                _ => Some(journey),
            },
            what,
        })
        .collect()
}

fn step(id: &str) -> StepId {
    StepId::parse(id).expect("a step")
}

fn inside_and_out() -> Vec<Fact> {
    use FactKind::{
        JourneyCompleted, JourneyEntered, JourneyExited, MessageQueued, MessageSent, NotEntered,
        RuleDecided, StepReached,
    };
    let key = || EntryKey::parse("k").expect("a key");
    let message = MessageId([0; 16]);
    let decision = RuleDecision {
        slot: Slot::Trigger,
        digest: Digest([0; 32]),
        reason: "matched".to_owned(),
        answer: "enter".to_owned(),
        sequence: 1,
    };
    let mut all = facts(
        "ann",
        vec![
            RuleDecided(decision),
            JourneyEntered(key()),
            StepReached(step("pause")),
            StepReached(step("mail")),
            MessageQueued(step("mail"), message),
            MessageSent(step("mail"), message),
            JourneyCompleted,
            NotEntered("entered_already".to_owned()),
        ],
    );
    all.extend(facts(
        "bob",
        vec![
            JourneyEntered(key()),
            StepReached(step("pause")),
            JourneyExited("exit_event".to_owned()),
        ],
    ));
    all.extend(facts(
        "cid",
        vec![JourneyEntered(key()), StepReached(step("pause"))],
    ));
    all
}

#[test]
fn every_step_has_entered_equal_to_inside_and_exited_and_advanced() {
    let mut counters = Counters::default();
    let mut standing = Standing::new();
    for fact in inside_and_out() {
        fold(&mut counters, &mut standing, &fact);
    }
    let version = &counters.workflows[&WorkflowId::parse("thanks").expect("a workflow")][&1];
    let text: Vec<String> = version
        .steps
        .iter()
        .map(|(id, step)| {
            let exited: u64 = step.exited.values().sum();
            assert_eq!(step.entered, step.inside() + exited + step.advanced);
            format!(
                "{id}: entered {} inside {} exited {exited} advanced {} queued {} sent {}",
                step.entered,
                step.inside(),
                step.advanced,
                step.messages.queued,
                step.messages.sent
            )
        })
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    mail: entered 1 inside 0 exited 0 advanced 1 queued 1 sent 1
    pause: entered 3 inside 1 exited 1 advanced 1 queued 0 sent 0
    ");
    assert_eq!(
        (version.entered, version.inside(), version.completed),
        (3, 1, 1)
    );
    assert_eq!(version.not_entered["entered_already"], 1);
    assert_eq!(version.decisions["trigger"]["matched"], 1);
}

#[test]
fn counters_of_partitions_merge_to_the_whole() {
    let all = inside_and_out();
    let mut whole = Counters::default();
    let mut standing = Standing::new();
    for fact in &all {
        fold(&mut whole, &mut standing, fact);
    }

    let mut merged = Counters::default();
    for contact in ["ann", "bob", "cid"] {
        let mut part = Counters::default();
        let mut standing = Standing::new();
        for fact in all.iter().filter(|fact| fact.contact.as_str() == contact) {
            fold(&mut part, &mut standing, fact);
        }
        merged.merge(&part);
    }
    assert_eq!(merged, whole);
}
