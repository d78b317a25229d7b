//! The description, held against the route table; and what roles of tokens may.

use std::collections::BTreeSet;

use muster::features;
use muster::features::operations::openapi;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use serde_json::json;

on_both_databases![
    every_route_is_described_and_every_description_is_a_route,
    roles_of_tokens_hold,
];

async fn every_route_is_described_and_every_description_is_a_route(t: &mut TestApp) {
    let described: BTreeSet<String> = openapi::description()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
            ];
            methods
                .into_iter()
                .filter(|(_, there)| *there)
                .map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    let routed: BTreeSet<String> = features::portal_routes()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        // The router's pattern of a tail is no part of the address.
        .map(|route| format!("{} {}", route.method, route.path.replace(":.*}", "}")))
        .collect();
    assert_eq!(described, routed);
    let document = t.anybody().get("/api/openapi.json").await.expect(200);
    assert!(text(&document["openapi"]).starts_with("3.1"));
    assert!(!document["components"]["securitySchemes"]["token"].is_null());
}

async fn roles_of_tokens_hold(t: &mut TestApp) {
    let world = t.world().await;
    let support = world.api(&world.northwind, Role::Support).await;
    support.get("/api/v1/devices").await.expect(200);
    support
        .post(
            "/api/v1/devices",
            &json!({ "serial_number": "X", "model": "X" }),
        )
        .await
        .expect_problem(403, "role");
    let auditor = world.api(&world.operator, Role::Auditor).await;
    auditor.get("/api/v1/events").await.expect(200);
    let body = json!({ "kind": "lock", "device_ids": [], "reason": "x" });
    auditor
        .post("/api/v1/commands", &body)
        .await
        .expect_problem(403, "role");
    let operator = &world.operator.api;
    let everybody = operator.get("/api/v1/organisations").await.expect(200);
    assert_eq!(everybody["items"].as_array().unwrap().len(), 6);
    let own = world
        .northwind
        .api
        .get("/api/v1/organisations")
        .await
        .expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 3);
    // A customer has nobody beneath; a reseller's customers are beneath it, and no other's.
    world
        .press
        .api
        .post("/api/v1/organisations", &json!({ "name": "Beneath" }))
        .await
        .expect_problem(409, "organisation-customer");
    let foreign = json!({ "name": "Beneath", "parent_id": world.lyre.id });
    world
        .northwind
        .api
        .post("/api/v1/organisations", &foreign)
        .await
        .expect_problem(404, "not-found");
    let made = world
        .northwind
        .api
        .post("/api/v1/organisations", &json!({ "name": "A third" }))
        .await
        .expect(201);
    assert_eq!(
        (&made["kind"], &made["parent_id"]),
        (&json!("customer"), &json!(world.northwind.id))
    );
}
