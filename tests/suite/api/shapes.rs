//! The members that are promised.

use std::collections::BTreeSet;

use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::members;

on_both_databases![
    a_device_has_exactly_the_members_that_are_promised,
    a_command_has_the_members_that_are_promised,
    a_code_has_the_members_that_are_promised,
];

async fn a_device_has_exactly_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let promised = BTreeSet::from([
        "id",
        "serial_number",
        "imei",
        "model",
        "organisation_id",
        "lifecycle",
        "restrictions",
        "contact",
        "held",
        "epoch",
        "enrolment_id",
        "last_check_in_at",
        "certificate",
        "policy_version",
        "compliance",
        "freshness",
    ]);
    let body = json!({ "serial_number": "NW-1", "model": "Hardline X7", "imei": "490154203237518", "organisation_id": world.press.id });
    let created = world.northwind.api.post("/api/v1/devices", &body).await;
    let device = created.expect(201);
    assert_eq!(
        created.header("location"),
        format!("/api/v1/devices/{}", text(&device["id"]))
    );
    assert_eq!(members(&device), promised);
    assert_eq!(
        world.northwind.api.device(&text(&device["id"])).await,
        device
    );
    assert_eq!(
        (&device["lifecycle"], &device["contact"], &device["epoch"]),
        (&json!("registered"), &json!("never"), &json!(0))
    );
    assert_eq!(
        (
            &device["certificate"],
            &device["enrolment_id"],
            &device["imei"]
        ),
        (&Value::Null, &Value::Null, &json!("490154203237518"))
    );
    let mut phone = world.phone(t, "NW-2").await;
    phone.check_in().await;
    let enrolled = world.northwind.api.device(&phone.device).await;
    assert_eq!(members(&enrolled), promised);
    assert_eq!(
        members(&enrolled["certificate"]),
        BTreeSet::from(["serial_number", "not_after"])
    );
    assert!(text(&enrolled["last_check_in_at"]).ends_with('Z'));
}

async fn a_command_has_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-1").await;
    phone.check_in().await;
    let command = world
        .northwind
        .api
        .command("wipe", &[&phone.device], Value::Null)
        .await;
    for member in [
        "id",
        "kind",
        "state",
        "reason",
        "approvals_needed",
        "approvals",
        "expires_at",
        "target_counts",
        "targets",
    ] {
        assert!(
            command.get(member).is_some(),
            "{member} is missing: {command}"
        );
    }
    assert_eq!(
        (&command["approvals_needed"], &command["state"]),
        (&json!(2), &json!("awaiting-approval"))
    );
    let target = &command["targets"][0];
    assert_eq!(
        (&target["device_id"], &target["state"]),
        (&json!(phone.device), &json!("awaiting-approval"))
    );
    assert!(target.get("receipt").is_none());
}

async fn a_code_has_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let device = text(
        &world
            .northwind
            .api
            .register("NW-1", &world.northwind.id)
            .await["id"],
    );
    let code = world
        .northwind
        .api
        .post_empty(&format!("/api/v1/devices/{device}/enrolment-code"))
        .await
        .expect(201);
    assert_eq!(
        members(&code),
        BTreeSet::from([
            "code",
            "expires_at",
            "est_url",
            "ca_fingerprint",
            "fleet_fingerprint",
            "qr_svg"
        ])
    );
    let letters = text(&code["code"]);
    let groups: Vec<&str> = letters.split('-').collect();
    assert_eq!(groups.concat().len(), 20, "{letters}");
    assert!(
        groups
            .concat()
            .chars()
            .all(|c| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c))),
        "{letters}"
    );
    assert_eq!(
        code["fleet_fingerprint"],
        world.fleet.fingerprint.to_string()
    );
    assert_eq!(
        text(&code["est_url"]),
        format!("{}/.well-known/est", t.app().device_url)
    );
    let svg = text(&code["qr_svg"]);
    assert!(svg.starts_with("<svg") && !svg.contains("style=") && !svg.contains("<script"));
    // Shown once: it stands nowhere in the database.
    let hash = t
        .read(move |c| muster_store::enrolment_codes::find_live_by_hash(c, &letters, 0))
        .await;
    assert!(hash.is_none());
}
