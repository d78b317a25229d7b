//! Forms: a device and its code, commands, and what is kept of what was typed.

use muster_domain::permission::Role;
use muster_tests::{TestApp, on_both_databases, page};
use serde_json::json;

use super::sound;

on_both_databases![
    the_form_that_adds_a_device_answers_with_its_code,
    the_card_of_a_code_turns_when_the_phone_joins,
    forms_keep_what_was_typed,
    a_serial_number_must_be_read_before_a_wipe,
];

async fn the_form_that_adds_a_device_answers_with_its_code(t: &mut TestApp) {
    let world = t.world().await;
    let mut agent = world.browser(&world.northwind, Role::Agent).await;
    agent.get("/devices/new").await;
    let fields = [
        ("serial_number", "NW-000042"),
        ("imei", "490154203237518"),
        ("model", "Hardline X7"),
        ("organisation_id", &world.press.id),
    ];
    let added = agent.submit("/devices/new", &fields).await;
    assert_eq!(added.status, 200, "{}", added.text);
    sound(&added, "/devices/new");
    let letters = page::between(&added.text, "<p class=\"letters\">", "</p>").unwrap();
    let groups: Vec<&str> = letters
        .split("</span>")
        .filter_map(|part| part.split('>').nth(1))
        .collect();
    assert_eq!(
        groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
        [5, 5, 5, 5],
        "{letters}"
    );
    assert!(
        added.text.contains("<svg")
            && added.text.contains("NW-000042")
            && added.text.contains("The Evening Press")
    );
    // The next phone is of the same kind for the same owner; the serial number is another.
    assert_eq!(
        page::input(&added.text, "model").as_deref(),
        Some("Hardline X7")
    );
    assert_eq!(
        page::input(&added.text, "serial_number").as_deref(),
        Some("")
    );
    let phone =
        muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &groups.join("-")).await;
    let device = world.northwind.api.device(&phone.device).await;
    assert_eq!(
        (&device["imei"], &device["organisation_id"]),
        (&json!("490154203237518"), &json!(world.press.id))
    );
    // A code is shown once; the device's page makes the next one.
    assert!(
        !agent
            .get(&format!("/devices/{}", phone.device))
            .await
            .text
            .contains(groups[0])
    );
    let again = agent
        .submit(&format!("/devices/{}/enrolment-code", phone.device), &[])
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(again.text.contains("class=\"letters\"") && !again.text.contains(groups[0]));
}

async fn the_card_of_a_code_turns_when_the_phone_joins(t: &mut TestApp) {
    let world = t.world().await;
    let mut agent = world.browser(&world.northwind, Role::Agent).await;
    agent.get("/devices/new").await;
    let fields = [
        ("serial_number", "NW-000042"),
        ("model", "Hardline X7"),
        ("organisation_id", &world.northwind.id),
    ];
    let added = agent.submit("/devices/new", &fields).await;
    let live = page::between(&added.text, "data-live-url=\"", "\"")
        .unwrap()
        .to_owned();
    let before = agent.get_once(&live).await;
    assert_eq!(before.status, 200);
    assert!(
        before.text.contains("data-live=") && !before.text.contains("data-live-done"),
        "{}",
        before.text
    );
    let letters = page::between(&added.text, "<p class=\"letters\">", "</p>").unwrap();
    let code: Vec<&str> = letters
        .split("</span>")
        .filter_map(|part| part.split('>').nth(1))
        .collect();
    let phone = muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &code.join("-")).await;
    let after = agent.get_once(&live).await;
    assert!(after.text.contains("data-live-done"), "{}", after.text);
    let words =
        muster_protocol::words::words(&hex::decode(phone.status().enrolment_id).unwrap()[..5])
            .join(" ");
    let first = words.split(' ').next().unwrap();
    assert!(
        after.text.contains(first),
        "the phone's words are not shown ({words}): {}",
        after.text
    );
}

async fn forms_keep_what_was_typed(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/").await;
    let device = phone.device.as_str();
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (
            "/devices/new",
            &[
                ("serial_number", "has spaces"),
                ("imei", "123"),
                ("model", "Hardline X9"),
                ("organisation_id", ""),
            ],
            &["has spaces", "123", "Hardline X9"],
        ),
        (
            "/devices/new",
            &[("serial_number", "NW-000042"), ("model", "Hardline X9")],
            &["NW-000042", "Hardline X9"],
        ),
        (
            "/people",
            &[("name", "Kim"), ("email", "no address"), ("role", "agent")],
            &["Kim", "no address"],
        ),
        (
            "/organisations",
            &[("name", "The Evening Press")],
            &["The Evening Press"],
        ),
        (
            "/commands/new",
            &[
                ("kind", "suspend"),
                ("device", device),
                ("reason", "unpaid since May"),
                ("days", "900"),
            ],
            &["unpaid since May", "900"],
        ),
    ];
    for (path, fields, kept) in cases {
        let refused = owner.submit_once(path, fields).await;
        assert!(
            matches!(refused.status, 409 | 422),
            "{path}: {} {}",
            refused.status,
            refused.text
        );
        sound(&refused, path);
        assert!(
            refused.text.contains("aria-invalid=\"true\""),
            "{path} marks no field: {}",
            refused.text
        );
        for typed in kept {
            assert!(
                refused.text.contains(&format!("value=\"{typed}\"")),
                "{path} lost {typed}: {}",
                refused.text
            );
        }
    }
    // A refused form changed nothing.
    let organisations = world
        .northwind
        .api
        .get("/api/v1/organisations")
        .await
        .expect(200);
    assert_eq!(organisations["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        world
            .northwind
            .api
            .get("/api/v1/commands")
            .await
            .expect(200)["items"],
        json!([])
    );
}

async fn a_serial_number_must_be_read_before_a_wipe(t: &mut TestApp) {
    let world = t.world().await;
    let (phone, other) = (
        world.phone(t, "NW-000042").await,
        world.phone(t, "NW-000043").await,
    );
    let admin = {
        let mut browser = world.browser(&world.northwind, Role::Admin).await;
        let form = browser
            .get(&format!("/commands/new?kind=wipe&device={}", phone.device))
            .await;
        assert!(
            form.text.contains("NW-000042")
                && page::input(&form.text, "typed").as_deref() == Some(""),
            "{}",
            form.text
        );
        browser
    };
    let send = async |kind: &str, devices: &[&str], typed: &str| {
        let mut fields = vec![
            ("kind", kind),
            ("reason", "stolen"),
            ("typed", typed),
            ("days", "10"),
        ];
        fields.extend(devices.iter().map(|device| ("device", *device)));
        admin.submit_once("/commands/new", &fields).await
    };
    for kind in ["wipe", "kill", "lock-fleet"] {
        for typed in ["", "NW-000043", "NW-00004", "yes"] {
            let refused = send(kind, &[&phone.device], typed).await;
            assert_eq!(refused.status, 422, "{kind} {typed}");
        }
    }
    // What counts is that it was read: dashes, spaces and case do not.
    assert_eq!(
        send("wipe", &[&phone.device], "nw 000042").await.status,
        303
    );
    for typed in ["NW-000042", "1", "3", ""] {
        assert_eq!(
            send("wipe", &[&phone.device, &other.device], typed)
                .await
                .status,
            422,
            "{typed}"
        );
    }
    assert_eq!(
        send("wipe", &[&phone.device, &other.device], "2")
            .await
            .status,
        303
    );
    let made = world
        .northwind
        .api
        .get("/api/v1/commands")
        .await
        .expect(200);
    assert_eq!(made["items"].as_array().unwrap().len(), 2);
}
