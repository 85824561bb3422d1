//! Reference tables: put and deleted as definitions, and their rows as inputs.

use std::{collections::BTreeMap, sync::Arc};

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::{
    Advance, Compiled, Context, Effect, Input, Status, control,
    inputs::{self, Asking, Seed},
    tables::{ChangedRows, unmet},
};
use signalbox_model::{
    contact::Contact,
    definitions::{Definitions, Slot},
    fact::FactKind,
    id::{ContactId, TableName, WorkflowId},
    plan::Plan,
    record::Command,
    segment::{Owner, Segment},
    state::ContactState,
    table::Table,
    time::Instant,
    verdict::{Enter, TriggerVerdict, Verdict},
    workflow::{Action, Edit},
};

use crate::rules::{bindings, fields, has, on, resolved, workflow};

fn now() -> Instant {
    Instant::parse("2026-03-01T00:00:00Z").unwrap()
}

fn name() -> TableName {
    TableName::parse("products").unwrap()
}

fn products(csv: &str) -> Table {
    Table::from_csv(csv.as_bytes(), None).unwrap()
}

fn apply(definitions: &mut Definitions, command: &Command) -> String {
    match control::apply(definitions, command, now()) {
        Ok(change) => {
            *definitions = change.definitions;
            "done".to_owned()
        }
        Err(conflict) => format!("{}: {conflict}", conflict.code()),
    }
}

fn put(definitions: &mut Definitions, csv: &str) -> String {
    let command = Command::PutTable {
        table: name(),
        text: products(csv).to_text(),
    };
    apply(definitions, &command)
}

fn delete(definitions: &mut Definitions) -> String {
    apply(definitions, &Command::DeleteTable { table: name() })
}

fn input(name: &str, source: &Json) -> Json {
    json!({"name": name, "type": if source["table"].is_null() { "any" } else { "json" }, "source": source})
}

/// A workflow whose trigger listens to rows and reads the row of the attribute `wish`.
fn listening() -> Json {
    let mut trigger = on("never");
    trigger["config"]["on"] = json!([{"table_row_changed": "products"}]);
    trigger["config"]["inputs"] = json!([
        input("wish", &json!({"attribute": "wish"})),
        input(
            "row",
            &json!({"table": {"table": "products", "key_input": "wish"}})
        ),
        input(
            "best",
            &json!({"table": {"table": "products", "order_by": "rank", "rows_max": 2}})
        ),
    ]);
    workflow("w", trigger, json!([{"id": "over", "exit": {}}]))
}

fn put_workflow(definitions: &mut Definitions) -> String {
    let document = serde_json::from_value(listening()).unwrap();
    let bindings = bindings(&document);
    let command = Command::put(&document, &bindings, BTreeMap::new(), None, Edit::Pin).unwrap();
    apply(definitions, &command)
}

fn put_segment(definitions: &mut Definitions, name: &str, rule: &Json) -> String {
    let document = json!({"name": name, "title": "Some of them", "rule": rule});
    let document: Segment = serde_json::from_value(document).unwrap();
    let bound = document.rule.as_ref().map(resolved);
    let command = Command::put_segment(&document, bound.as_ref(), None).unwrap();
    apply(definitions, &command)
}

fn transition(definitions: &mut Definitions, action: Action) -> String {
    let workflow = WorkflowId::parse("w").unwrap();
    apply(definitions, &Command::Transition { workflow, action })
}

const FIRST: &str = "id,rank:integer\na,3\nb,1\nc,\nd,2\n";

#[test]
fn a_table_serves_its_bindings_for_as_long_as_they_may_be_asked() {
    let mut all = Definitions::default();
    let mut told = vec![put_workflow(&mut all), put(&mut all, FIRST)];
    told.push(format!("version {}", all.tables[&name()].current.number));
    told.push(put_workflow(&mut all));
    told.push(put(&mut all, "id\na\n"));
    told.push(delete(&mut all));
    told.push(put(&mut all, "id,rank:integer,price:number\na,3,2.5\n"));
    told.push(put(&mut all, "id,rank:integer,price:number\na,3,2.5\n"));
    let table = &all.tables[&name()];
    told.push(format!(
        "version {}, {} before",
        table.current.number,
        table.before.len()
    ));
    told.push(transition(&mut all, Action::Start));
    told.push(transition(&mut all, Action::End));
    told.push(delete(&mut all));
    told.push(delete(&mut all));
    let broken = Command::PutTable {
        table: name(),
        text: "{}".to_owned(),
    };
    told.push(apply(&mut all, &broken));
    assert_snapshot!(told.join("\n"), @r"
    table_unmet: trigger cannot be bound: there is no table products
    done
    version 1
    done
    table_in_use: table products is read by trigger of workflow w: table products has no column rank
    table_in_use: table products is read by trigger of workflow w: there is no table products
    done
    done
    version 2, 1 before
    done
    done
    done
    table_not_found: there is no table products
    command_malformed: the table of the command does not read: columns is not a list of name and type
    ");
}

#[test]
fn a_table_has_everybody_asked_anew_about_the_segments_that_read_it() {
    let mut all = Definitions::default();
    let rows = json!({"table": {"table": "products", "order_by": "rank", "rows_max": 2}});
    let wanting = json!({"plugin": "has", "config": {"inputs": [input("best", &rows)]}});
    let mut told = vec![put_segment(&mut all, "wanting", &wanting)];
    told.push(put(&mut all, FIRST));
    told.push(put_segment(&mut all, "wanting", &wanting));
    told.push(put_segment(&mut all, "gold", &has("gold")));
    told.push(evaluations(&all));
    told.push(put(&mut all, "id,rank:integer\na,4\n"));
    told.push(evaluations(&all));
    told.push(put(&mut all, "id,rank:integer\na,4\n"));
    told.push(evaluations(&all));
    told.push(put(&mut all, "id\na\n"));
    told.push(delete(&mut all));
    assert_snapshot!(told.join("\n"), @"
    table_unmet: membership cannot be bound: there is no table products
    done
    done
    done
    gold 1, wanting 1
    done
    gold 1, wanting 2
    done
    gold 1, wanting 2
    table_in_use: table products is read by membership of segment wanting: table products has no column rank
    table_in_use: table products is read by membership of segment wanting: there is no table products
    ");
}

/// How often everybody was asked, or is to be.
fn evaluations(definitions: &Definitions) -> String {
    let all = definitions.segments.iter();
    let told: Vec<String> = all
        .map(|(name, found)| format!("{name} {}", found.evaluation))
        .collect();
    told.join(", ")
}

#[test]
fn old_versions_are_listed_up_to_a_bound() {
    let mut all = Definitions::default();
    for rank in 0..20 {
        assert_eq!(
            put(&mut all, &format!("id,rank:integer\na,{rank}\n")),
            "done"
        );
    }
    let table = &all.tables[&name()];
    let before: Vec<u32> = table.before.iter().map(|one| one.number).collect();
    assert_eq!(table.current.number, 20);
    assert_eq!(before, (4..20).collect::<Vec<u32>>());
}

#[test]
fn what_a_plan_asks_is_held_against_the_tables() {
    let mut all = Definitions::default();
    let many: Vec<String> = (0..9_000).map(|n| format!("key-{n},{n}\n")).collect();
    let many = many.concat();
    put(&mut all, &format!("id,rank:integer\n{many}"));
    let plan: Plan = serde_json::from_value(json!({"format": 1, "inputs": [
        input("whole", &json!({"table": {"table": "products"}})),
        input("first", &json!({"table": {"table": "products", "rows_max": 5}})),
        input("by", &json!({"table": {"table": "products", "order_by": "price", "rows_max": 5}})),
        input("other", &json!({"table": {"table": "stores"}})),
    ], "occasions": [{"table_row_changed": "cities"}]}))
    .unwrap();
    let told: Vec<String> = unmet(&all.tables, &plan)
        .into_iter()
        .map(|one| {
            format!(
                "{} {}: {} [{}]",
                one.pointer, one.code, one.reason, one.help
            )
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    /inputs/0/source/table table_too_large: table products has 276875 bytes, and at most 65536 are given as a whole [ask for the row of a key, or for the first rows by a column]
    /inputs/2/source/table table_column_unknown: table products has no column price [name one that it has, or put a version of the table with it]
    /inputs/3/source/table table_unknown: there is no table stores [put the table first; there are products]
    /occasions/0 table_unknown: there is no table cities [put the table first; there are products]
    ");
}

fn contact(wish: &Json) -> ContactState {
    let mut contact = Contact::new(ContactId::parse("c1").unwrap(), now());
    contact.attributes = fields(&json!({"wish": wish}));
    ContactState::new(contact)
}

#[test]
fn rows_are_found_by_key_or_in_order() {
    let mut all = Definitions::default();
    put(&mut all, FIRST);
    put_workflow(&mut all);
    let tables = BTreeMap::from([(name(), Arc::new(products(FIRST)))]);
    let compiled = Compiled::with_tables(Arc::new(all.clone()), tables);
    let plan = &all.workflows["w"].versions[&1].bindings[&Slot::Trigger].plan;
    let owner = Owner::Workflow(WorkflowId::parse("w").unwrap());
    let mut told = Vec::new();
    for wish in [
        json!("a"),
        json!("c"),
        json!("gone"),
        json!(["a"]),
        json!(true),
    ] {
        let asking = Asking {
            event: None,
            occasion: None,
            arm_key: None,
            now: now(),
            journey: None,
            seed: Seed {
                store: 7,
                owner: &owner,
                slot: &Slot::Trigger,
                journey: None,
            },
            definitions: &compiled,
        };
        let row = inputs::row(plan, &contact(&wish), &asking);
        let shown = row[1..].iter().map(|value| match value {
            Some(value) => value.as_text().unwrap().to_owned(),
            None => "-".to_owned(),
        });
        told.push(format!("{wish}: {}", shown.collect::<Vec<_>>().join(" ")));
    }
    assert_snapshot!(told.join("\n"), @r#"
    "a": [{"id":"a","rank":3}] [{"id":"b","rank":1},{"id":"d","rank":2}]
    "c": [{"id":"c"}] [{"id":"b","rank":1},{"id":"d","rank":2}]
    "gone": [] [{"id":"b","rank":1},{"id":"d","rank":2}]
    ["a"]: - [{"id":"b","rank":1},{"id":"d","rank":2}]
    true: - [{"id":"b","rank":1},{"id":"d","rank":2}]
    "#);
}

/// Who is asked about which rows, and what stands in the event; every question is answered by an entry.
fn asked(state: ContactState, compiled: &Compiled, changed: &ChangedRows) -> Vec<String> {
    let ctx = Context {
        definitions: compiled,
        now: now(),
        sequence: 9,
        store_seed: 7,
    };
    let workflow = WorkflowId::parse("w").unwrap();
    let id = state.contact.id.clone();
    let mut advance = Advance::new(&ctx, state, &Input::RowsChanged(&id, &workflow, changed));
    while advance.run(&ctx) == Status::Asking {
        advance.answer(|_| {
            Some(Ok(Verdict::Trigger(TriggerVerdict {
                enter: Some(Enter { key: None }),
                arm: None,
                reason: 0,
            })))
        });
    }
    let (_, effects) = advance.finish();
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Fact(fact) => match &fact.what {
            FactKind::JourneyEntered(key) => Some(format!("entered {key}")),
            FactKind::NotEntered(reason) => Some(format!("not entered: {reason}")),
            _ => None,
        },
        _ => None,
    });
    told.collect()
}

#[test]
fn a_changed_row_concerns_whom_a_key_joins_with_it() {
    let mut all = Definitions::default();
    put(&mut all, FIRST);
    put_workflow(&mut all);
    transition(&mut all, Action::Start);
    let before = products(FIRST);
    let after = products("id,rank:integer\na,4\nb,1\nc,\ne,5\n");
    let keys = after.changed_since(&before);
    assert_eq!(
        keys.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["a", "d", "e"]
    );
    assert!(before.changed_since(&before).is_empty());
    let changed = ChangedRows {
        table: name(),
        version: 2,
        at: now(),
        keys,
    };
    let tables = BTreeMap::from([(name(), Arc::new(after))]);
    let compiled = Compiled::with_tables(Arc::new(all.clone()), tables.clone());
    let told = |wish: &Json| asked(contact(wish), &compiled, &changed).join(", ");
    assert_snapshot!(told(&json!("a")), @"entered table_row_changed:products:2:af63dc4c8601ec8c");
    assert_snapshot!(told(&json!("d")), @"entered table_row_changed:products:2:af63d94c8601e773");
    assert_eq!(told(&json!("b")), "");
    assert_eq!(told(&json!(["a"])), "");

    let mut late = changed.clone();
    late.at = Instant::parse("2026-02-20T00:00:00Z").unwrap();
    assert_eq!(
        asked(contact(&json!("a")), &compiled, &late),
        ["not entered: before_start"]
    );
    transition(&mut all, Action::Pause);
    let paused = Compiled::with_tables(Arc::new(all), tables);
    assert!(asked(contact(&json!("a")), &paused, &changed).is_empty());
}
