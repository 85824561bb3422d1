//! Decisions about one contact asked again: each with what its rule was given, of a server that runs too.

use std::{collections::BTreeSet, fs};

use serde_json::json;
use signalbox_engine::{AskedAgain, CameOut, EvidenceError, ReplayedFrom, Told};
use signalbox_model::{definitions::Slot, id::ContactId, verdict::Verdict};

use crate::{
    recovery::busy_day,
    reexecute::{after_a_busy_day, tamper, trim_behind},
    support::{Place, World},
};

fn contact(id: &str) -> ContactId {
    ContactId::parse(id).expect("an id")
}

/// Of those whom a branch asked about the first by name.
fn decided_at_a_branch(place: &Place) -> ContactId {
    let mut found = BTreeSet::new();
    tamper(place, |given| {
        if let Slot::Arm(..) = given.question.slot {
            found.insert(given.contact.clone());
        }
    });
    found.pop_first().expect("a segment was asked")
}

fn in_words(asked: &AskedAgain) -> String {
    let inputs = asked.inputs.iter().map(|input| match &input.value {
        Some(value) => format!("{} = {value}", input.name),
        None => format!("{} is missing", input.name),
    });
    let inputs: Vec<String> = inputs.collect();
    let came_out = match &asked.again {
        CameOut::Equal => "the same".to_owned(),
        CameOut::Different(now) => format!("now {}", now["member"]),
        CameOut::NotAsked(hindrance) => hindrance.to_string(),
    };
    let plugin = asked.plugin.as_ref().map(|(name, _)| name.as_str());
    format!(
        "{} {} by {}: {} [{}] {came_out}",
        asked.owner,
        asked.slot,
        plugin.unwrap_or("nobody"),
        asked.recorded["reason"].as_str().unwrap_or("failed"),
        inputs.join(", ")
    )
}

fn decisions(told: &Told) -> String {
    let decisions = told.evidence.decisions.iter().map(in_words);
    decisions.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_s_decisions_come_out_again_with_what_the_rules_were_given() {
    let place = after_a_busy_day().await;
    let who = decided_at_a_branch(&place);
    let told = place.evidence(&who).expect("it can be asked again");
    insta::assert_snapshot!(decisions(&told), @"
    follow_up trigger by event: matched [key = 0] the same
    thanks trigger by event: matched [key = 0] the same
    follow_up trigger by event: matched [key = 7] the same
    thanks trigger by event: matched [key = 7] the same
    follow_up trigger by event: matched [key = 14] the same
    thanks trigger by event: matched [key = 14] the same
    follow_up trigger by event: matched [key = 21] the same
    thanks trigger by event: matched [key = 21] the same
    follow_up trigger by event: matched [key = 28] the same
    thanks trigger by event: matched [key = 28] the same
    follow_up trigger by event: matched [key = 35] the same
    thanks trigger by event: matched [key = 35] the same
    follow_up steps/fork/arms/0 by audience: member [sum of value over order_completed = 315.0] the same
    follow_up trigger by event: matched [key = 45] the same
    thanks trigger by event: matched [key = 45] the same
    follow_up trigger by event: matched [key = 54] the same
    thanks trigger by event: matched [key = 54] the same
    ");
    assert_eq!(told.evidence.from, ReplayedFrom::Beginning);
    let journeys = told.journeys.expect("it is known");
    assert!(!journeys.journeys.is_empty());
    let nobody = place
        .evidence(&contact("nobody"))
        .expect("that is no error");
    assert!(nobody.journeys.is_none() && nobody.evidence.decisions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rule_does_not_say_again_is_told() {
    let place = after_a_busy_day().await;
    let who = decided_at_a_branch(&place);
    tamper(&place, |given| {
        if let (true, Slot::Arm(..), Ok(Verdict::Segment(verdict))) = (
            given.contact == who,
            &given.question.slot,
            &mut given.answer,
        ) {
            verdict.member = !verdict.member;
        }
    });
    let told = place.evidence(&who).expect("it can be asked again");
    let different = told.evidence.decisions.iter();
    let different: Vec<String> = different
        .filter(|asked| asked.again != CameOut::Equal)
        .map(in_words)
        .collect();
    insta::assert_snapshot!(different.join("\n"), @"
    follow_up steps/fork/arms/0 by audience: member [sum of value over order_completed = 315.0] now true
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_asks_again_and_leaves_nothing_behind() {
    let world = World::new();
    busy_day(&world).await;
    let known = world.engine.evidence(&contact("nobody")).await;
    assert!(known.expect("that is no error").decisions.is_empty());
    world
        .event("ann", "order_completed", json!({"order": 900, "value": 1}))
        .await;
    let found = world.engine.evidence(&contact("ann")).await;
    let found = found.expect("it can be asked again");
    let equal = |asked: &AskedAgain| asked.again == CameOut::Equal;
    assert!(!found.decisions.is_empty() && found.decisions.iter().all(equal));
    let (ann, bob) = (contact("ann"), contact("bob"));
    let both = tokio::join!(world.engine.evidence(&ann), world.engine.evidence(&bob));
    for answer in [both.0, both.1] {
        assert!(matches!(answer, Ok(_) | Err(EvidenceError::Busy)));
    }
    assert!(!world.place.data().join("asked-again").exists());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trim_it_is_asked_from_the_oldest_snapshot() {
    let world = World::new();
    busy_day(&world).await;
    let order = |number: u32| json!({"order": number, "value": number});
    world.event("late", "order_completed", order(99)).await;
    let oldest = world.engine.snapshot().await.expect("a snapshot is made");
    world.event("late", "order_completed", order(100)).await;
    world.engine.snapshot().await.expect("a second one");
    let place = world.stopped().await;
    let whole = place
        .evidence(&contact("late"))
        .expect("it can be asked again");
    trim_behind(&place, &oldest);
    let told = place
        .evidence(&contact("late"))
        .expect("it can be asked again");
    assert!(matches!(told.evidence.from, ReplayedFrom::Snapshot { .. }));
    let (before, now) = (&whole.evidence.decisions, &told.evidence.decisions);
    assert!(!now.is_empty() && now.len() < before.len());
    assert!(
        before.ends_with(now),
        "those behind the snapshot come out as from the begin"
    );
    let facts = |told: &Told| {
        let journeys = told.journeys.iter().flat_map(|view| &view.journeys);
        journeys.map(|journey| journey.facts.len()).sum::<usize>()
    };
    assert_eq!(
        facts(&told),
        facts(&whole),
        "what happened is told as before"
    );
    fs::remove_dir_all(place.data().join("snapshots")).expect("the snapshots are gone");
    let error = place
        .evidence(&contact("late"))
        .expect_err("nothing to go on from");
    assert!(matches!(error, EvidenceError::Reexecute(_)), "{error}");
}
