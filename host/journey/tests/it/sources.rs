//! Sources of attributes: who is believed about what, by the order that the settings declare.

use std::{collections::BTreeMap, fmt::Write as _};

use insta::assert_snapshot;
use serde_json::{Map, Value as Json, json};
use signalbox_journey::sources;
use signalbox_model::{
    codec,
    contact::{ATTRIBUTES_MAX, NEW_ATTRIBUTES_BYTES_MAX, attributes_bytes},
    id::{FieldName, SourceName},
    settings::{PRECEDENCES_MAX, Settings},
    sources::{AttributeSources, SOURCES_MAX},
};

use crate::{
    harness::{World, story},
    rules::{on, workflow},
};

const THREE: &str = r#"settings {"sources": ["crm", "shop", "analytics"]}"#;

/// What is known of the contact, each attribute with its source if it has one.
fn known(world: &World) -> String {
    let settings = &world.definitions.settings;
    let sources = sources::of_attributes(settings, &world.state);
    let mut told = String::new();
    for (name, value) in &world.state.contact.attributes {
        if name.as_str() == "email" {
            continue;
        }
        let value = serde_json::to_string(value).unwrap();
        write!(told, "{name}: {value}").unwrap();
        if let Some(source) = sources.get(name) {
            write!(told, " by {source}").unwrap();
        }
        told.push('\n');
    }
    told
}

/// What happens and what is known then.
fn check(lines: &str) -> String {
    let mut world = World::new(&[]);
    world.play(lines);
    format!("{}{}", world.out, known(&world))
}

#[test]
fn whatever_comes_first_the_source_that_is_believed_before_stands() {
    let say = |source: &str| match source {
        "nobody" => r#"set {"city": "nobody"}"#.to_owned(),
        source => format!(r#"set from {source} {{"city": "{source}"}}"#),
    };
    let order = ["crm", "shop", "analytics", "nobody"];
    for (before, first) in order.iter().enumerate() {
        for (after, second) in order.iter().enumerate() {
            let told = check(&format!("{THREE}\n{}\n{}", say(first), say(second)));
            let stands = if after <= before { second } else { first };
            let by = match *stands {
                "nobody" => String::new(),
                source => format!(" by {source}"),
            };
            let expected = format!("city: \"{stands}\"{by}\n");
            assert!(told.ends_with(&expected), "{first}, then {second}: {told}");
            let is_overruled = told.contains("1 attributes overruled");
            assert_eq!(is_overruled, after > before, "{told}");
        }
    }
}

#[test]
fn an_event_and_a_change_are_believed_alike_and_each_attribute_for_itself() {
    assert_snapshot!(check(&format!(r#"{THREE}
        event signed_up from=shop set=city:Lyon set=plan:free
        set from crm {{"city": "Paris", "phone": "1"}}
        event order_completed from=analytics set=city:Nice set=device:phone set=plan:paid
        event order_completed set=plan:gold set=note:late
        set {{"device": "tablet", "note": "later"}}
    "#)), @r#"
    0s 2 attributes overruled
    0s 1 attributes overruled
    0s 1 attributes overruled
    city: "Paris" by crm
    device: "phone" by analytics
    note: "later"
    phone: "1" by crm
    plan: "free" by shop
    "#);
}

#[test]
fn what_says_the_same_is_not_overruled_and_stays_with_who_is_believed() {
    assert_snapshot!(check(&format!(r#"{THREE}
        set from shop {{"city": "Paris"}}
        set from analytics {{"city": "Paris"}}
    "#)), @r#"city: "Paris" by shop"#);
    assert_snapshot!(check(&format!(r#"{THREE}
        set from shop {{"city": "Paris"}}
        set from crm {{"city": "Paris"}}
        set from shop {{"city": "Lyon"}}
    "#)), @r#"
    0s 1 attributes overruled
    city: "Paris" by crm
    "#);
}

#[test]
fn who_may_set_may_remove_and_then_anybody_may_set() {
    assert_snapshot!(check(&format!(r#"{THREE}
        set from crm {{"city": "Paris", "phone": "1"}}
        set from shop {{"city": null, "nothing": null}}
        set {{"city": null}}
        set from crm {{"phone": null}}
        set from analytics {{"phone": "2"}}
    "#)), @r#"
    0s 1 attributes overruled
    0s 1 attributes overruled
    city: "Paris" by crm
    phone: "2" by analytics
    "#);
}

#[test]
fn an_attribute_may_have_an_order_of_its_own() {
    let settings = r#"settings {"sources": ["crm", "shop", "analytics"], "precedence": {"device": ["analytics"]}}"#;
    assert_snapshot!(check(&format!(r#"{settings}
        set from crm {{"device": "desk", "city": "Paris"}}
        set from shop {{"device": "till", "city": "Lyon"}}
        set from analytics {{"device": "phone", "city": "Nice"}}
        set from crm {{"device": "desk"}}
    "#)), @r#"
    0s 2 attributes overruled
    0s 1 attributes overruled
    0s 1 attributes overruled
    city: "Paris" by crm
    device: "phone" by analytics
    "#);
}

#[test]
fn another_order_holds_for_what_is_said_from_then_on() {
    assert_snapshot!(check(r#"
        settings {"sources": ["crm", "shop"]}
        set from crm {"city": "Paris"}
        settings {"sources": ["shop", "crm"]}
        set {"city": "Nice"}
        set from shop {"city": "Lyon"}
        set from crm {"city": "Paris"}
    "#), @r#"
    0s 1 attributes overruled
    0s 1 attributes overruled
    city: "Lyon" by shop
    "#);
}

#[test]
fn a_source_that_is_not_declared_any_more_is_believed_last_until_it_is_again() {
    assert_snapshot!(check(r#"
        settings {"sources": ["crm", "shop"]}
        set from crm {"city": "Paris", "plan": "free", "phone": "1"}
        settings {"sources": ["shop"]}
        set {"plan": "paid"}
        set from shop {"phone": "2"}
        settings {"sources": ["crm", "shop"]}
        set from shop {"city": "Lyon", "plan": "gold", "phone": "3"}
    "#), @r#"
    0s 1 attributes overruled
    city: "Paris" by crm
    phone: "3" by shop
    plan: "gold" by shop
    "#);
    assert_snapshot!(check(r#"
        settings {"sources": ["crm"]}
        set from shop {"city": "Lyon"}
        set from crm {"city": "Paris"}
        set from shop {"city": "Lyon"}
    "#), @r#"
    0s 1 attributes overruled
    city: "Paris" by crm
    "#);
}

#[test]
fn an_update_takes_effect_and_the_next_word_of_anybody_does() {
    let moved =
        json!([{"id": "note", "update": {"set": {"city": {"value": "Metz"}}, "unset": ["phone"]}}]);
    let mut world = World::new(&[workflow("moved", on("moved_house"), moved)]);
    world.play(&format!(
        r#"start moved
        {THREE}
        set from crm {{"city": "Paris", "phone": "1", "plan": "free"}}
        event moved_house"#
    ));
    assert_snapshot!(known(&world), @r#"
    city: "Metz"
    plan: "free" by crm
    "#);
    world.play(r#"set from analytics {"city": "Nice", "plan": "gold"}"#);
    assert_snapshot!(known(&world), @r#"
    city: "Nice" by analytics
    plan: "free" by crm
    "#);
}

#[test]
fn what_is_overruled_changes_nothing_for_journeys_but_its_event_is_heard() {
    let steps = json!([{"id": "over", "exit": {}}]);
    let mut changed = on("never_happens");
    changed["config"]["on"] = json!([{"attribute_changed": "plan"}]);
    let workflows = [
        workflow("ordered", on("order_completed"), steps.clone()),
        workflow("changed", changed, steps),
    ];
    let lines = format!(
        r#"{THREE}
        set from crm {{"plan": "gold"}}
        event order_completed from=shop set=plan:free"#
    );
    let told = story(&workflows, &lines);
    let count = |line: &str| told.lines().filter(|one| one.contains(line)).count();
    assert_eq!(count("changed: entered as"), 1, "{told}");
    assert_eq!(count("1 attributes overruled"), 1, "{told}");
    assert_eq!(count("ordered: entered as e1"), 1, "{told}");
}

#[test]
fn a_repeated_event_is_the_same_whoever_tells_of_it() {
    assert_snapshot!(check(&format!(r"{THREE}
        event signed_up id=e from=shop set=city:Lyon
        event signed_up id=e from=crm set=city:Lyon
        event signed_up id=e set=city:Lyon
        event signed_up id=e from=crm set=city:Paris
    ")), @r#"
    0s event e repeated
    0s event e repeated
    0s event e conflicts
    city: "Lyon" by shop
    "#);
}

#[test]
fn as_many_attributes_as_fit_remember_as_many_sources_as_there_are() {
    let names: Vec<String> = (0..SOURCES_MAX)
        .map(|one| format!("source-{one}"))
        .collect();
    let mut world = World::new(&[]);
    world.play(&format!("settings {}", json!({"sources": names})));
    for (index, source) in names.iter().enumerate() {
        let own = (0..ATTRIBUTES_MAX).filter(|one| one % SOURCES_MAX == index);
        let own: Map<String, Json> = own.map(|one| (format!("a{one}"), json!("value"))).collect();
        world.play(&format!("set from {source} {}", Json::Object(own)));
    }
    let attributes = &world.state.contact.attributes;
    assert_eq!(attributes.len(), ATTRIBUTES_MAX);
    assert!(attributes_bytes(attributes) <= NEW_ATTRIBUTES_BYTES_MAX);
    let bytes = codec::size(&world.state.sources);
    assert!(bytes <= AttributeSources::BYTES_MAX, "{bytes} bytes");
    assert!(bytes > ATTRIBUTES_MAX + SOURCES_MAX * 8, "{bytes} bytes");
    let told = sources::of_attributes(&world.definitions.settings, &world.state);
    // The last of them came behind the address, for which there was no room.
    let expected = |name: &FieldName| {
        let number: usize = name.as_str().strip_prefix('a')?.parse().ok()?;
        SourceName::parse(&names[number % SOURCES_MAX]).ok()
    };
    let expected: BTreeMap<FieldName, SourceName> = attributes
        .keys()
        .filter_map(|name| Some((name.clone(), expected(name)?)))
        .collect();
    assert_eq!(told, expected);

    // All sources are others now: who is not declared any more makes room.
    let others: Vec<String> = (0..SOURCES_MAX).map(|one| format!("other-{one}")).collect();
    world.play(&format!("settings {}", json!({"sources": others})));
    for (index, source) in others.iter().enumerate() {
        world.play(&format!(r#"set from {source} {{"a{index}": "other"}}"#));
    }
    let told = known(&world);
    assert_eq!(told.matches(" by other-").count(), SOURCES_MAX);
    assert!(told.contains("a3: \"other\" by other-3\n"), "{told}");
    assert!(codec::size(&world.state.sources) <= AttributeSources::BYTES_MAX);
}

#[test]
fn settings_name_everything_that_is_wrong_with_sources() {
    let problems = |settings: Json| {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let told = settings.problems();
        let told = told
            .iter()
            .map(|one| format!("{} {}: {}", one.pointer, one.code, one.reason));
        told.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(problems(json!({
        "sources": ["crm", "shop", "crm"],
        "precedence": {"city": ["shop", "till", "shop"], "plan": []},
    })), @r"
    /sources/2 named_twice: crm is named before
    /precedence/city/2 named_twice: shop is named before
    /precedence/city/1 source_unknown: till is not among the sources
    ");
    let many: Vec<String> = (0..=SOURCES_MAX).map(|one| format!("s{one}")).collect();
    let orders: Map<String, Json> = (0..=PRECEDENCES_MAX)
        .map(|one| (format!("a{one}"), json!(["s1"])))
        .collect();
    assert_snapshot!(problems(json!({"sources": many, "precedence": orders})), @r"
    /sources too_many: there are 17 sources, at most 16 are allowed
    /precedence too_many: there are 65 attributes with an order of their own, at most 64 are allowed
    ");
    let refused = serde_json::from_value::<Settings>(json!({"sources": ["Our CRM"]}));
    assert_snapshot!(refused.unwrap_err(), @"source may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'O' at byte 0");
}
