//! Reference tables over HTTP: put as CSV and JSON, read by pages, refused with every place.

use serde_json::json;

use crate::support::{World, told};

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_put_and_read() {
    let world = World::new();
    let path = "/v1/tables/products";
    let csv = "sku,price:number\nA1,2.50\nB2,\nC3,7\n";
    let table = json!({
        "key": "sku",
        "columns": [{"name": "sku", "type": "text"}, {"name": "price", "type": "number"}],
        "rows": [{"sku": "A1", "price": 3}],
    });
    let mut lines = vec![
        told(&world.get("/v1/tables").await),
        told(&world.get(path).await),
        told(&world.put_as(path, "text/csv; charset=utf-8", csv).await),
        told(&world.put_as(path, "text/csv", csv).await),
        told(&world.get(&format!("{path}/rows?limit=2")).await),
        told(&world.get(&format!("{path}/rows?limit=2&after=2")).await),
        told(&world.put(path, table).await),
        told(&world.get(&format!("{path}/rows")).await),
        told(&world.get(&format!("{path}/rows?version=1&limit=1")).await),
        told(&world.get(&format!("{path}/rows?version=7")).await),
        told(&world.get(&format!("{path}/rows?limit=0")).await),
        told(&world.get("/v1/tables").await),
        told(
            &world
                .put_as(
                    "/v1/tables/by_price?key=sku",
                    "text/csv",
                    "price:number,sku\n1,A\n",
                )
                .await,
        ),
    ];
    for _ in 0..2 {
        lines.push(told(&world.ask("DELETE", path).await));
    }
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_table_is_refused_with_every_place() {
    let world = World::new();
    let path = "/v1/tables/products";
    let mut lines = Vec::new();
    for csv in [
        "",
        "sku,price:money\n",
        "price:number\n1\n",
        "sku,price:number\nA,x\nB\nC,1\nC,2\n,3\n",
    ] {
        lines.push(told(&world.put_as(path, "text/csv", csv).await));
    }
    for body in [
        r#"{"key": "a", "key": "b"}"#,
        "[]",
        r#"{"key": "sku"}"#,
        r#"{"key": "sku", "columns": [{"name": "sku", "type": "text"}], "rows": [{"sku": "A", "x": 1}, {"sku": 7}]}"#,
    ] {
        lines.push(told(&world.put_as(path, "application/json", body).await));
    }
    lines.push(told(&world.put_as(path, "text/plain", "sku\n").await));
    lines.push(told(
        &world.put_as(path, "text/csv", &"x".repeat(9 << 20)).await,
    ));
    lines.push(told(
        &world
            .put_as("/v1/tables/no%20name", "text/csv", "sku\n")
            .await,
    ));
    lines.push(told(&world.get("/v1/tables").await));
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}
