//! Reference tables: rows that change ask about whom they concern, page by page, and a rebuild knows every version.

use std::sync::Arc;

use serde_json::json;
use signalbox_engine::{CommandError, Conflict, Hops};
use signalbox_model::{id::TableName, table::Table, workflow::Action};

use crate::support::{Place, Standstill, World, template};

const CONTACTS: usize = 20;

fn products() -> TableName {
    TableName::parse("products").expect("a name")
}

async fn put(world: &World, csv: &str) -> Result<u32, CommandError> {
    let table = Table::from_csv(csv.as_bytes(), None).expect("a table");
    let view = world.engine.put_table(&products(), Arc::new(table)).await?;
    world.settle().await;
    Ok(view.definition.current.number)
}

async fn waiting() -> World {
    waiting_at(Hops::default()).await
}

/// Every second contact waits for a lamp, the others for a chair; neither is there.
async fn waiting_at(hops: Hops) -> World {
    let mut place = Place::new(&["back-in-stock"]);
    place.configure = |config| config.limits.tick_timers_max = 3;
    place.hops = hops;
    let world = place.start();
    let first = put(&world, "id,stock:integer\nlamp,0\nchair,0\n").await;
    assert_eq!(first.expect("it is put"), 1);
    world
        .run(json!({
            "id": "back",
            "title": "It is back",
            "goal": "none",
            "trigger": {"plugin": "back_in_stock"},
            "steps": [{"id": "mail", "send": {"template": "back"}}],
            "templates": {"back": template("{{ event.key }}: {{ event.row.stock }}")},
        }))
        .await;
    for number in 0..CONTACTS {
        let product = if number % 2 == 0 { "lamp" } else { "chair" };
        let contact = format!("c{number}");
        world
            .event(
                &contact,
                "stock_alert_requested",
                json!({"product_id": product}),
            )
            .await;
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rows_ask_about_whom_they_concern() {
    let world = waiting().await;
    assert!(world.mails().is_empty());
    put(&world, "id,stock:integer\nlamp,7\nchair,0\n")
        .await
        .expect("it is put");
    let mails = world.mails();
    assert_eq!(mails.len(), CONTACTS / 2);
    assert!(
        mails.iter().all(|mail| mail.ends_with(" lamp: 7")),
        "{mails:?}"
    );

    let (before, mut place) = world.export().await;
    let reexecution = place.reexecute().expect("it is asked again");
    assert_eq!(
        (reexecution.different, reexecution.equal),
        (0, CONTACTS as u64 / 2)
    );
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    assert_eq!(world.mails(), mails, "nothing is sent again");
    let (after, _place) = world.export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_after_a_crash_and_ends_with_a_pause() {
    let (standstill, hops) = Standstill::new();
    let world = waiting_at(hops).await;
    // The first page is logged, and no mail is begun yet; the control partition has told everybody of the table.
    standstill.arm([("partition-0", 2), ("partition-1", 2), ("partition-2", 2)]);
    let table = Table::from_csv(b"id,stock:integer\nlamp,0\nchair,9\n", None).expect("a table");
    let put = world.engine.put_table(&products(), Arc::new(table)).await;
    put.expect("it is put");
    standstill.wait(3);
    let crashed = world.place.copy();
    assert!(world.mails().is_empty());
    drop(standstill);
    world.stopped().await;
    let world = crashed.start();
    world.settle().await;
    assert_eq!(world.mails().len(), CONTACTS / 2);

    world.action("back", Action::Pause).await;
    let changed = Table::from_csv(b"id,stock:integer\nlamp,5\nchair,9\n", None).expect("a table");
    let put = world.engine.put_table(&products(), Arc::new(changed)).await;
    put.expect("it is put");
    world.action("back", Action::Resume).await;
    world.settle().await;
    assert_eq!(world.mails().len(), CONTACTS / 2);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_read_stays() {
    let world = waiting().await;
    let deleted = world.engine.delete_table(&products()).await;
    assert!(
        matches!(
            deleted,
            Err(CommandError::Conflict(Conflict::TableInUse { .. }))
        ),
        "{deleted:?}"
    );
    let view = world
        .engine
        .table(&products())
        .expect("it runs")
        .expect("it is there");
    assert_eq!(view.read_by.len(), 1);
    assert_eq!(
        put(&world, "id,stock:integer\nlamp,0\nchair,0\n")
            .await
            .expect("the same"),
        1
    );
    let rows = world.engine.table_rows(&products(), None, 1, 10).await;
    let rows = rows.expect("they are read").expect("it is there");
    assert_eq!(*rows.rows, [r#"{"id":"chair","stock":0}"#.into()]);
    assert_eq!(
        put(&world, "id,stock:integer\nlamp,1\n")
            .await
            .expect("it is put"),
        2
    );
    let old = world.engine.table_rows(&products(), Some(1), 0, 10).await;
    assert_eq!(
        old.expect("they are read").expect("it is there").rows.len(),
        2
    );
    world.action("back", Action::End).await;
    world
        .engine
        .delete_table(&products())
        .await
        .expect("nobody reads it");
    world.stopped().await;
}
