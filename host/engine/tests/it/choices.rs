//! Arms that a plugin chooses: the log says who was given which at what chance, and a rebuild or asking again agrees.

use std::{collections::BTreeMap, fs};

use serde_json::{Value as Json, json};
use signalbox_engine::{CameOut, ExperimentView};
use signalbox_model::{
    definitions::Slot,
    fact::FactKind,
    id::{ContactId, WorkflowId},
    propensity::Propensity,
};

use crate::support::{Place, World, event, export, template};

const CONTACTS: u32 = 40;

/// Who has a high score gets a gift, but for a share that is drawn; an order is what it is for.
fn welcome() -> Json {
    let by = json!({"plugin": "explore", "on_failure": "skip", "config": {
        "explore": 0.4,
        "temperature": 0.5,
        "arms": [
            {"name": "plain", "score": "plain_score", "otherwise": 0.5},
            {"name": "gift", "score": "gift_score"},
        ],
    }});
    json!({
        "id": "welcome",
        "title": "Welcome",
        "goal": {"on": {"event": "order_completed"}, "within": "5d"},
        "trigger": {"plugin": "event", "config": {"event": "signed_up", "key": "key"}},
        "entry": "every",
        "steps": [
            {"id": "lot", "split": {"by": by, "arms": [{"name": "plain", "goto": "plain"}, {"name": "gift", "goto": "gift"}]}},
            {"id": "plain", "send": {"template": "plain", "class": "transactional"}, "next": "end"},
            {"id": "gift", "send": {"template": "gift", "class": "transactional"}},
            {"id": "end", "exit": {}},
        ],
        "templates": {"plain": template("Welcome"), "gift": template("A gift")},
    })
}

fn contact(number: u32) -> ContactId {
    ContactId::parse(&format!("c{number}")).expect("an id")
}

/// Everybody signs up, some twice, and some order.
async fn played() -> World {
    let world = Place::new(&["event", "explore"]).start();
    world.run(welcome()).await;
    for number in 0..CONTACTS {
        let contact = contact(number);
        let mut signed_up = event(
            contact.as_str(),
            "signed_up",
            json!({"key": "a"}),
            world.now(),
        );
        let attributes = json!({"email": format!("{contact}@example.com"), "gift_score": f64::from(number % 5) / 4.0});
        signed_up.attributes = serde_json::from_value(attributes).expect("attributes");
        world.accept(signed_up).await;
    }
    world.settle().await;
    for number in (0..CONTACTS).step_by(3) {
        let id = contact(number);
        world
            .event(id.as_str(), "signed_up", json!({"key": "b"}))
            .await;
        world
            .event(id.as_str(), "order_completed", json!({"order": number}))
            .await;
    }
    world
}

/// The arm that each contact was given with its chance, and whether it converted, from the facts.
async fn given(world: &World) -> BTreeMap<ContactId, (String, Propensity, bool)> {
    let mut all = BTreeMap::new();
    for number in 0..CONTACTS {
        let id = contact(number);
        let facts = world.engine.facts(&id, None, 1_000).await;
        for stored in facts.expect("they can be read") {
            match stored.fact.what {
                FactKind::ArmChosen(_, arm, chance) => {
                    let before = all.insert(id.clone(), (arm.to_string(), chance, false));
                    assert_eq!(before, None, "once a person");
                }
                FactKind::ChosenArmConverted(_, arm, chance) => {
                    let known = all.get_mut(&id).expect("the arm was given before");
                    assert_eq!(
                        (known.0.as_str(), known.1, known.2),
                        (arm.as_str(), chance, false)
                    );
                    known.2 = true;
                }
                _ => {}
            }
        }
    }
    all
}

async fn experiment(world: &World) -> ExperimentView {
    let id = WorkflowId::parse("welcome").expect("an id");
    let views = world.engine.experiments(&id).await.expect("it runs");
    let mut views = views.expect("the workflow is there");
    views.pop().expect("it splits")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_store_gave_everybody_the_same_arm_at_the_same_chance() {
    let world = played().await;
    let before = given(&world).await;
    assert_eq!(before.len(), CONTACTS as usize);
    let arms: Vec<&str> = before.values().map(|one| one.0.as_str()).collect();
    assert!(
        arms.contains(&"plain") && arms.contains(&"gift"),
        "{arms:?}"
    );
    let viewed = experiment(&world).await;
    let mut place = world.stopped().await;
    let kept = export(&place);

    fs::remove_dir_all(place.plugins()).expect("the plugins are gone");
    fs::remove_dir_all(place.data().join("../catalogue")).expect("their copies too");
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    assert_eq!(metrics.decisions, 0, "no plugin is asked");
    assert_eq!(given(&world).await, before);
    assert_eq!(experiment(&world).await, viewed);
    let (again, _place) = world.export().await;
    assert_eq!(again, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_asked_again_chooses_the_same_arm_at_the_same_chance() {
    let world = played().await;
    let given = given(&world).await;
    let place = world.stopped().await;
    let found = place.reexecute().expect("it can be asked again");
    assert_eq!(
        (found.different, found.unasked, found.unanswered),
        (0, 0, 0)
    );
    assert_eq!(found.equal, found.recorded());
    for number in [0, 1, 2] {
        let id = contact(number);
        let told = place.evidence(&id).expect("it can be asked again");
        let decisions = told.evidence.decisions;
        let mut chosen = decisions
            .iter()
            .filter(|one| matches!(one.slot, Slot::Personalizer(_)));
        let one = chosen.next().expect("the rule was asked");
        assert_eq!(chosen.count(), 0, "once, also who came twice");
        assert_eq!(one.again, CameOut::Equal);
        let values = &one.recorded["values"];
        let (arm, chance, _) = &given[&id];
        assert_eq!(values["arm"], arm.as_str());
        let recorded = values["propensity"].as_f64().and_then(Propensity::of);
        assert_eq!(recorded, Some(*chance));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_count_as_many_as_they_stand_for() {
    let world = played().await;
    let given = given(&world).await;
    let view = experiment(&world).await;
    assert_eq!(view.plugin.expect("it is named").as_str(), "explore");
    assert_eq!(view.finding, None, "no test of drawn arms");
    for arm in view.arms {
        let people = given.values().filter(|(name, ..)| *name == arm.name);
        let people: Vec<_> = people.collect();
        let sum = |of: &dyn Fn(&bool) -> bool| -> u64 {
            let counted = people.iter().filter(|(.., converted)| of(converted));
            counted.map(|(_, chance, _)| chance.inverse_parts()).sum()
        };
        let weighed = view.weighed[arm.name.as_str()];
        assert_eq!(arm.assigned, people.len() as u64);
        assert_eq!(weighed.assigned, sum(&|_| true));
        assert_eq!(weighed.converted, sum(&|converted| *converted));
        assert!(weighed.converted > 0 && weighed.converted < weighed.assigned);
        let rate = weighed.converted as f64 / weighed.assigned as f64;
        assert_eq!(weighed.rate(), Some(rate));
    }
    world.stopped().await;
}
