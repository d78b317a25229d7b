//! Every page that links lead to, with real data.

use std::collections::{BTreeSet, VecDeque};

use muster::features::portal_routes;
use muster::mail::{self, Letter, Sender};
use muster::web::route::Access;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::tab::Tab;
use muster_tests::world::World;
use muster_tests::{TestApp, on_both_databases, page, sellers};
use serde_json::Value;

use super::sound;

on_both_databases![every_page_that_links_lead_to_answers_and_is_sound,];

async fn every_page_that_links_lead_to_answers_and_is_sound(t: &mut TestApp) {
    let world = t.world().await;
    let device = busy(t, &world).await;
    let mut seen_everywhere = BTreeSet::new();
    let mut loaded = BTreeSet::new();
    for (place, role) in [
        (&world.northwind, Role::Owner),
        (&world.northwind, Role::Support),
        (&world.operator, Role::Owner),
        (&world.operator, Role::Auditor),
        (&world.press, Role::Agent),
    ] {
        let browser = world.browser(place, role).await;
        let mut waiting = VecDeque::from([
            "/".to_owned(),
            "/confirm".to_owned(),
            "/search?q=NW".to_owned(),
        ]);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(path) = waiting.pop_front() {
            if !seen.insert(path.clone()) || seen.len() > 150 {
                continue;
            }
            let answer = browser.get_once(&path).await;
            assert_eq!(
                answer.status, 200,
                "{role} of {} follows a link to {path}: {}",
                place.name, answer.text
            );
            sound(&answer, &path);
            for link in page::links_to_pages(&answer.text)
                .into_iter()
                .chain(forms_that_ask(&answer.text))
            {
                assert!(
                    link.starts_with('/') || link.starts_with('#'),
                    "{path} leads elsewhere: {link}"
                );
                if let Some(anchor) = link.strip_prefix('#') {
                    assert!(
                        answer.text.contains(&format!("id=\"{anchor}\"")),
                        "{path} has no {link}"
                    );
                } else {
                    waiting.push_back(link);
                }
            }
            loaded.extend(files(&answer.text));
        }
        seen_everywhere.extend(seen);
    }
    // Every page of the route table was met on the way.
    let device_page = format!("/devices/{device}");
    let fragments = [
        "/devices/{id}/code/waiting",
        "/commands/{id}/progress",
        // What the frame of a mail's page shows.
        "/mail/{id}/html",
        // Of a passkey, which a browser without an authenticator does not make.
        "/account/approving/{id}/registration",
        // Where the form under a list of subscriptions leads to; looked at in `selling::subscriptions`.
        "/subscriptions/bulk",
        "/subscriptions/{id}",
        "/subscriptions/{id}/act",
        // Nothing was sold in this world; the files are looked at in `selling::documents` and `selling::forecast`.
        "/invoices/{id}",
        "/invoices/{id}/credit",
        // Nor was anything paid; looked at in `selling::payments`.
        "/payments/{id}",
        "/payments/bank/{id}",
        "/invoices/{id}.pdf",
        "/invoices/{id}.cii.xml",
        "/invoices/{id}.ubl.xml",
        "/invoices/journal.csv",
        "/forecast.csv",
    ];
    for route in portal_routes()
        .iter()
        .filter(|route| route.method == "GET" && route.access != Access::Public)
    {
        let is_met = seen_everywhere
            .iter()
            .any(|path| fits(route.path, path.split('?').next().unwrap_or(path)));
        assert!(
            is_met || route.path.starts_with("/api/") || fragments.contains(&route.path),
            "no link leads to {}",
            route.path
        );
    }
    assert!(seen_everywhere.contains(&device_page));
    // And every file that a page loads is there, under an address that changes with it.
    let anybody = Tab::new(t);
    assert!(loaded.len() > 5, "{loaded:?}");
    for file in loaded {
        let answer = anybody.get(&file, &[]).await;
        assert_eq!(answer.status, 200, "{file}");
        assert!(
            answer.header("cache-control").contains("immutable") && file.contains("?v="),
            "{file}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(anybody.get("/assets/../Cargo.toml", &[]).await.status, 404);
    assert_eq!(anybody.get("/assets/js/nothing.js", &[]).await.status, 404);
}

/// A phone that checked in, one that waits for its code, commands in several states, people, tokens, events.
async fn busy(t: &TestApp, world: &World) -> String {
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let mut other = world
        .phone_of(t, &world.press, &world.fleet, "NW-000043")
        .await;
    other.check_in().await;
    api.register("NW-000044", &world.chambers.id).await;
    api.command("lock", &[&phone.device], Value::Null).await;
    phone.check_in().await;
    api.command("refresh", &[&phone.device, &other.device], Value::Null)
        .await;
    let wipe = api.command("wipe", &[&other.device], Value::Null).await;
    api.approve(&text(&wipe["id"]), &world.fleet.ada)
        .await
        .expect(201);
    let kill = api.command("kill", &[&other.device], Value::Null).await;
    api.post_empty(&format!("/api/v1/commands/{}/cancel", text(&kill["id"])))
        .await
        .expect(200);
    world.member(&world.northwind, Role::Support).await;
    for (seller, buyer) in [
        (&world.operator, &world.northwind),
        (&world.northwind, &world.press),
    ] {
        sellers::sells(seller).await;
        sellers::takes_on(seller, buyer).await;
        sellers::offers(seller).await;
    }
    for seller in [&world.northwind.id, &world.operator.id] {
        let (app, seller_id) = (t.app().clone(), seller.clone());
        t.write(move |c| {
            let sender = Sender {
                seller_id: seller_id.clone(),
                name: "Northwind Mobile".to_owned(),
                reply_to: "books@example.org".to_owned(),
            };
            let letter = Letter {
                to: "press@example.org".to_owned(),
                subject: "Thank you for your payment".to_owned(),
                text: "We have received it.".to_owned(),
                html: "<p>We have received it.</p>".to_owned(),
            };
            mail::enqueue_from(c, &app, &letter, &sender)
        })
        .await;
    }
    world
        .phone_of(t, &world.lyre, &world.lyre_fleet, "LY-000001")
        .await
        .check_in()
        .await;
    t.advance_days(1);
    phone.check_in().await;
    phone.device
}

/// Whether a path is one of a route's.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) =
        (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route
            .iter()
            .zip(&path)
            .all(|(known, given)| known == given || (known.starts_with('{') && !given.is_empty()))
}

fn forms_that_ask(html: &str) -> Vec<String> {
    page::tags(html, "form")
        .filter(|tag| page::attribute(tag, "method").is_none())
        .filter_map(|tag| page::attribute(tag, "action"))
        .collect()
}

fn files(html: &str) -> Vec<String> {
    let scripts = page::tags(html, "script").filter_map(|tag| page::attribute(tag, "src"));
    let links = page::tags(html, "link").filter_map(|tag| page::attribute(tag, "href"));
    scripts.chain(links).collect()
}
