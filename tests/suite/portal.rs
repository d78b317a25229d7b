//! The pages: each with real data, by every link that leads to it; what a browser may do with them; forms that keep what was
//! typed; lists that page and filter.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use muster::features::portal_routes;
use muster::web::assets;
use muster::web::route::Access;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::tab::Tab;
use muster_tests::world::{PASSWORD, World};
use muster_tests::{Answered, Browser, TestApp, on_both_databases, page};
use serde_json::{Value, json};

on_both_databases![
    every_page_that_links_lead_to_answers_and_is_sound,
    nothing_that_anybody_typed_or_reported_is_markup,
    a_page_that_is_missing_or_refused_says_what_to_do,
    the_form_that_adds_a_device_answers_with_its_code,
    the_card_of_a_code_turns_when_the_phone_joins,
    forms_keep_what_was_typed,
    a_serial_number_must_be_read_before_a_wipe,
    lists_page_through_everything_once,
    devices_are_searched_filtered_and_ordered,
    a_live_part_answers_only_when_it_changed,
    the_search_finds_devices_and_commands,
    the_theme_is_kept,
];

/// What a browser may load and run: our own files, nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A phone that checked in, one that waits for its code, commands in several states, people, tokens, events.
async fn busy(t: &TestApp, world: &World) -> String {
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let mut other = world.phone_of(t, &world.press, &world.fleet, "NW-000043").await;
    other.check_in().await;
    api.register("NW-000044", &world.chambers.id).await;
    api.command("lock", &[&phone.device], Value::Null).await;
    phone.check_in().await;
    api.command("refresh", &[&phone.device, &other.device], Value::Null).await;
    let wipe = api.command("wipe", &[&other.device], Value::Null).await;
    api.approve(&text(&wipe["id"]), &world.fleet.ada).await.expect(201);
    let kill = api.command("kill", &[&other.device], Value::Null).await;
    api.post_empty(&format!("/api/v1/commands/{}/cancel", text(&kill["id"]))).await.expect(200);
    world.member(&world.northwind, Role::Support).await;
    world.phone_of(t, &world.lyre, &world.lyre_fleet, "LY-000001").await.check_in().await;
    t.advance_days(1);
    phone.check_in().await;
    phone.device
}

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
        let mut waiting = VecDeque::from(["/".to_owned(), "/confirm".to_owned(), "/search?q=NW".to_owned()]);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(path) = waiting.pop_front() {
            if !seen.insert(path.clone()) || seen.len() > 150 {
                continue;
            }
            let answer = browser.get_once(&path).await;
            assert_eq!(answer.status, 200, "{role} of {} follows a link to {path}: {}", place.name, answer.text);
            sound(&answer, &path);
            for link in page::links(&answer.text).into_iter().chain(forms_that_ask(&answer.text)) {
                assert!(link.starts_with('/') || link.starts_with('#'), "{path} leads elsewhere: {link}");
                if let Some(anchor) = link.strip_prefix('#') {
                    assert!(answer.text.contains(&format!("id=\"{anchor}\"")), "{path} has no {link}");
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
    let fragments = ["/devices/{id}/code/waiting", "/commands/{id}/progress"];
    for route in portal_routes().iter().filter(|route| route.method == "GET" && route.access != Access::Public) {
        let is_met = seen_everywhere.iter().any(|path| fits(route.path, path.split('?').next().unwrap_or(path)));
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
        assert!(answer.header("cache-control").contains("immutable") && file.contains("?v="), "{file}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(anybody.get("/assets/../Cargo.toml", &[]).await.status, 404);
    assert_eq!(anybody.get("/assets/js/nothing.js", &[]).await.status, 404);
}

/// Whether a path is one of a route's.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(known, given)| known == given || (known.starts_with('{') && !given.is_empty()))
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

/// What is true of every page.
#[track_caller]
fn sound(answer: &Answered, path: &str) {
    let html = &answer.text;
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{path}");
    }
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<html lang=\"en\""), "{path}");
    let nothing_inline = !html.contains(" style=\"") && !html.contains("<style") && !html.contains("javascript:") && !html.contains("data:image");
    assert!(nothing_inline, "{path} holds inline code");
    for script in page::tags(html, "script") {
        assert!(page::attribute(script, "src").is_some_and(|src| src.starts_with("/assets/")), "{path}: <{script}>");
    }
    for handler in [" onclick=", " onload=", " onerror=", " onsubmit=", " onchange=", " oninput="] {
        assert!(!html.contains(handler), "{path} holds{handler}");
    }
    for (what, name) in [("heading", "h1"), ("main part", "main"), ("title", "title")] {
        assert_eq!(page::tags(html, name).count(), 1, "{path} has not one {what}");
    }
    let title = page::between(html, "<title>", "</title>").unwrap();
    assert!(title.len() > " · Muster".len() && !title.starts_with(' '), "{path}: {title}");
    // Every name that marks refer to exists, once.
    let mut ids = BTreeMap::new();
    for part in html.split(" id=\"").skip(1) {
        *ids.entry(part.split('"').next().unwrap()).or_insert(0) += 1;
    }
    for (id, count) in &ids {
        assert_eq!(*count, 1, "{path} has {count} of id {id}");
    }
    for reference in ["aria-labelledby", "aria-describedby", "for", "popovertarget"] {
        for part in html.split(&format!(" {reference}=\"")).skip(1) {
            for id in part.split('"').next().unwrap().split(' ') {
                assert!(ids.contains_key(id), "{path}: {reference} names {id}, which is not there");
            }
        }
    }
    // Every field has a name that is read aloud, and every text came from the catalogue whole.
    for field in page::tags(html, "input") {
        let kind = page::attribute(field, "type").unwrap_or_default();
        let labelled = page::attribute(field, "aria-label").is_some()
            || page::attribute(field, "aria-hidden").is_some()
            || page::attribute(field, "id").is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
        assert!(labelled || ["hidden", "radio", "checkbox"].contains(&kind.as_str()), "{path}: <{field}> has no label");
    }
    for sign in ["{$", "{ $", "\u{2068}", "{{", "}}", "Some(", "None)"] {
        assert!(!html.contains(sign), "{path} shows {sign}: a text did not come out whole");
    }
    let posts = page::tags(html, "form").filter(|tag| page::attribute(tag, "method").as_deref() == Some("post")).count();
    assert_eq!(html.matches("name=\"csrf\"").count(), posts, "{path}: a form without its secret");
}

async fn nothing_that_anybody_typed_or_reported_is_markup(t: &mut TestApp) {
    const EVIL: &str = "<script>alert(1)</script>";
    const QUOTE: &str = "\"><img src=x onerror=alert(1)>";
    let mut world = t.world().await;
    let owner = &world.northwind.api;
    let customer = owner.post("/api/v1/organisations", &json!({ "name": format!("{EVIL}{QUOTE}") })).await.expect(201);
    let body = json!({ "serial_number": "NW-000042", "model": format!("{EVIL}{QUOTE}"), "organisation_id": customer["id"] });
    let device = text(&owner.post("/api/v1/devices", &body).await.expect(201)["id"]);
    let code = owner.code(&device).await;
    let phone = muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &code).await;
    let report: serde_json::Map<String, Value> = ["agent_version", "os_name", "os_version", "patch_level", "model"]
        .into_iter()
        .map(|field| (field.to_owned(), json!(format!("{QUOTE}{EVIL}"))))
        .collect();
    let way = Way::to(t, Some(&phone.identity()));
    assert_eq!(way.post("/v1/check-in", &json!({ "v": 1, "report": report })).await.status, 200);
    owner.post("/api/v1/commands", &json!({ "kind": "lock", "device_ids": [device], "reason": format!("{EVIL}{QUOTE}") })).await.expect(201);
    let message = json!({ "kind": "message", "device_ids": [device], "reason": EVIL, "arguments": { "text": format!("{EVIL}{QUOTE}") } });
    owner.post("/api/v1/commands", &message).await.expect(201);
    owner.post(&format!("/api/v1/devices/{device}/revoke"), &json!({ "reason": EVIL })).await.expect(204);
    // Somebody whose name, and whose browser, is markup.
    world.northwind.name = "northwind".to_owned();
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get("/people").await;
    let new = [("name", EVIL), ("email", "evil@northwind.example.org"), ("role", "support")];
    assert_eq!(browser.submit("/people", &new).await.status, 200);
    let strange = Tab::new(t);
    let form = format!("email={EVIL}&password={QUOTE}&next={QUOTE}").replace('<', "%3C").replace('>', "%3E").replace('"', "%22");
    let refused = strange.post("/sign-in", &form, &[("user-agent", EVIL)]).await;
    assert_eq!(refused.status, 401);
    unmarked(&refused, "/sign-in");
    let asked = "/devices?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E";
    let mut waiting = VecDeque::from(
        [asked, "/", "/events", "/commands", "/people", "/organisations", "/account", "/approvals", "/devices/new"].map(str::to_owned),
    );
    waiting.push_back(asked.replace("/devices", "/search"));
    waiting.push_back(asked.replace("/devices", "/events"));
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(path.clone()) || seen.len() > 60 {
            continue;
        }
        let answer = browser.get_once(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        unmarked(&answer, &path);
        waiting.extend(page::links(&answer.text).into_iter().filter(|link| link.starts_with('/')));
    }
    // The words stand there, as words.
    let shown = browser.get_once(&format!("/devices/{device}")).await;
    assert!(shown.text.matches("&#60;script&#62;alert(1)").count() >= 3, "{}", shown.text);
    for path in ["/people", "/devices/new", "/organisations", "/account/tokens"] {
        let fields = [("name", QUOTE), ("email", QUOTE), ("role", QUOTE), ("serial_number", QUOTE), ("model", EVIL), ("organisation_id", QUOTE)];
        unmarked(&browser.submit_once(path, &fields).await, path);
    }
}

#[track_caller]
fn unmarked(answer: &Answered, path: &str) {
    for markup in ["<script>alert", "<img src=x", "\"><img", "\"><script"] {
        assert!(!answer.text.contains(markup), "{path} holds {markup}: {}", answer.text);
    }
}

async fn a_page_that_is_missing_or_refused_says_what_to_do(t: &mut TestApp) {
    let world = t.world().await;
    let support = world.browser(&world.northwind, Role::Support).await;
    let stranger = Browser::new(&t.app().portal_url);
    for (answer, status) in [
        (support.get_once("/nothing/here").await, 404),
        (stranger.get_once("/nothing/here").await, 404),
        (support.get_once("/devices/0197c0de-0000-7000-8000-000000000000").await, 404),
        (support.get_once("/devices/not-an-id").await, 404),
        (support.get_once("/people").await, 403),
        (support.get_once("/devices/new").await, 403),
        (support.get_once("/devices?cursor=not-one-of-ours").await, 422),
        (support.get_once("/devices?state=nowhere").await, 422),
        (support.get_once("/commands?state=nowhere").await, 422),
        (support.get_once("/events?about=nothing").await, 422),
        (stranger.get_once("/password/not-a-secret").await, 410),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        sound(&answer, &format!("the page of a {status}"));
        assert!(!page::links(&answer.text).is_empty(), "no way on");
    }
    let wrong_method = Tab::new(t).post("/devices", "", &[]).await;
    assert!(matches!(wrong_method.status, 404 | 405), "{}", wrong_method.status);
    let large = Tab::new(t).post("/sign-in", &"x=".repeat(40_000), &[]).await;
    assert_eq!(large.status, 413, "{}", large.text);
    sound(&large, "the page of a 413");
}

async fn the_form_that_adds_a_device_answers_with_its_code(t: &mut TestApp) {
    let world = t.world().await;
    let mut agent = world.browser(&world.northwind, Role::Agent).await;
    agent.get("/devices/new").await;
    let fields = [("serial_number", "NW-000042"), ("imei", "490154203237518"), ("model", "Hardline X7"), ("organisation_id", &world.press.id)];
    let added = agent.submit("/devices/new", &fields).await;
    assert_eq!(added.status, 200, "{}", added.text);
    sound(&added, "/devices/new");
    let letters = page::between(&added.text, "<p class=\"letters\">", "</p>").unwrap();
    let groups: Vec<&str> = letters.split("</span>").filter_map(|part| part.split('>').nth(1)).collect();
    assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [5, 5, 5, 5], "{letters}");
    assert!(added.text.contains("<svg") && added.text.contains("NW-000042") && added.text.contains("The Evening Press"));
    // The next phone is of the same kind for the same owner; the serial number is another.
    assert_eq!(page::input(&added.text, "model").as_deref(), Some("Hardline X7"));
    assert_eq!(page::input(&added.text, "serial_number").as_deref(), Some(""));
    let phone = muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &groups.join("-")).await;
    let device = world.northwind.api.device(&phone.device).await;
    assert_eq!((&device["imei"], &device["organisation_id"]), (&json!("490154203237518"), &json!(world.press.id)));
    // A code is shown once; the device's page makes the next one.
    assert!(!agent.get(&format!("/devices/{}", phone.device)).await.text.contains(groups[0]));
    let again = agent.submit(&format!("/devices/{}/enrolment-code", phone.device), &[]).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(again.text.contains("class=\"letters\"") && !again.text.contains(groups[0]));
}

async fn the_card_of_a_code_turns_when_the_phone_joins(t: &mut TestApp) {
    let world = t.world().await;
    let mut agent = world.browser(&world.northwind, Role::Agent).await;
    agent.get("/devices/new").await;
    let fields = [("serial_number", "NW-000042"), ("model", "Hardline X7"), ("organisation_id", &world.northwind.id)];
    let added = agent.submit("/devices/new", &fields).await;
    let live = page::between(&added.text, "data-live-url=\"", "\"").unwrap().to_owned();
    let before = agent.get_once(&live).await;
    assert_eq!(before.status, 200);
    assert!(before.text.contains("data-live=") && !before.text.contains("data-live-done"), "{}", before.text);
    let letters = page::between(&added.text, "<p class=\"letters\">", "</p>").unwrap();
    let code: Vec<&str> = letters.split("</span>").filter_map(|part| part.split('>').nth(1)).collect();
    let phone = muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &code.join("-")).await;
    let after = agent.get_once(&live).await;
    assert!(after.text.contains("data-live-done"), "{}", after.text);
    let words = muster_protocol::words::words(&hex::decode(phone.status().enrolment_id).unwrap()[..5]).join(" ");
    let first = words.split(' ').next().unwrap();
    assert!(after.text.contains(first), "the phone's words are not shown ({words}): {}", after.text);
}

async fn forms_keep_what_was_typed(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/").await;
    let device = phone.device.as_str();
    let cases: [(&str, &[(&str, &str)], &[&str]); 5] = [
        (
            "/devices/new",
            &[("serial_number", "has spaces"), ("imei", "123"), ("model", "Hardline X9"), ("organisation_id", "")],
            &["has spaces", "123", "Hardline X9"],
        ),
        ("/devices/new", &[("serial_number", "NW-000042"), ("model", "Hardline X9")], &["NW-000042", "Hardline X9"]),
        ("/people", &[("name", "Kim"), ("email", "no address"), ("role", "agent")], &["Kim", "no address"]),
        ("/organisations", &[("name", "The Evening Press")], &["The Evening Press"]),
        (
            "/commands/new",
            &[("kind", "suspend"), ("device", device), ("reason", "unpaid since May"), ("days", "900")],
            &["unpaid since May", "900"],
        ),
    ];
    for (path, fields, kept) in cases {
        let refused = owner.submit_once(path, fields).await;
        assert!(matches!(refused.status, 409 | 422), "{path}: {} {}", refused.status, refused.text);
        sound(&refused, path);
        assert!(refused.text.contains("aria-invalid=\"true\""), "{path} marks no field: {}", refused.text);
        for typed in kept {
            assert!(refused.text.contains(&format!("value=\"{typed}\"")), "{path} lost {typed}: {}", refused.text);
        }
    }
    // A refused form changed nothing.
    let organisations = world.northwind.api.get("/api/v1/organisations").await.expect(200);
    assert_eq!(organisations["items"].as_array().unwrap().len(), 3);
    assert_eq!(world.northwind.api.get("/api/v1/commands").await.expect(200)["items"], json!([]));
}

async fn a_serial_number_must_be_read_before_a_wipe(t: &mut TestApp) {
    let world = t.world().await;
    let (phone, other) = (world.phone(t, "NW-000042").await, world.phone(t, "NW-000043").await);
    let admin = {
        let mut browser = world.browser(&world.northwind, Role::Admin).await;
        let form = browser.get(&format!("/commands/new?kind=wipe&device={}", phone.device)).await;
        assert!(form.text.contains("NW-000042") && page::input(&form.text, "typed").as_deref() == Some(""), "{}", form.text);
        browser
    };
    let send = async |kind: &str, devices: &[&str], typed: &str| {
        let mut fields = vec![("kind", kind), ("reason", "stolen"), ("typed", typed), ("days", "10")];
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
    assert_eq!(send("wipe", &[&phone.device], "nw 000042").await.status, 303);
    for typed in ["NW-000042", "1", "3", ""] {
        assert_eq!(send("wipe", &[&phone.device, &other.device], typed).await.status, 422, "{typed}");
    }
    assert_eq!(send("wipe", &[&phone.device, &other.device], "2").await.status, 303);
    let made = world.northwind.api.get("/api/v1/commands").await.expect(200);
    assert_eq!(made["items"].as_array().unwrap().len(), 2);
}

async fn lists_page_through_everything_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    for number in 0..60 {
        api.register(&format!("NW-{number:06}"), &world.northwind.id).await;
    }
    let owner = world.browser(&world.northwind, Role::Owner).await;
    for start in ["/devices", "/devices?sort=newest", "/devices?q=NW&state=registered"] {
        let (mut path, mut seen) = (Some(start.to_owned()), Vec::new());
        while let Some(next) = path.take() {
            let shown = owner.get_once(&next).await;
            assert_eq!(shown.status, 200, "{next}");
            let rows = serials(&shown);
            assert!(!rows.is_empty() && rows.len() <= 25, "{next}: {}", rows.len());
            seen.extend(rows);
            path = page::links(&shown.text).into_iter().find(|link| link.contains("cursor="));
            assert!(seen.len() <= 60, "{start} goes round in circles");
        }
        assert_eq!(seen.len(), 60, "{start}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 60, "{start} shows a phone twice");
    }
    let (mut path, mut days) = (Some("/events".to_owned()), 0);
    while let Some(next) = path.take() {
        let shown = owner.get_once(&next).await;
        assert_eq!(shown.status, 200, "{next}");
        days += shown.text.matches("NW-0000").count();
        path = page::links(&shown.text).into_iter().find(|link| link.contains("cursor=") && *link != next);
        assert!(days < 600, "/events goes round in circles");
    }
    assert!(days >= 60, "{days}");
}

fn serials(answer: &Answered) -> Vec<String> {
    answer
        .text
        .split("class=\"open mono\"")
        .skip(1)
        .map(|part| part.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned())
        .collect()
}

async fn devices_are_searched_filtered_and_ordered(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    world.northwind.api.register("PR-000001", &world.press.id).await;
    let mut silent = world.phone(t, "NW-000001").await;
    silent.check_in().await;
    t.advance_days(3);
    phone.check_in().await;
    world.northwind.api.command("suspend", &[&phone.device], Value::Null).await;
    phone.check_in().await;
    phone.check_in().await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    for (query, expected) in [
        ("", &["NW-000001", "NW-000042", "PR-000001"][..]),
        ("q=PR", &["PR-000001"]),
        ("q=evening", &["PR-000001"]),
        ("q=%25", &[]),
        ("q=_", &[]),
        ("state=registered", &["PR-000001"]),
        ("state=enrolled", &["NW-000001", "NW-000042"]),
        ("state=suspended", &["NW-000042"]),
        ("state=wiped", &[]),
        ("contact=silent", &["NW-000001"]),
        ("contact=never", &["PR-000001"]),
        ("contact=fresh", &["NW-000042"]),
        ("sort=contact", &["NW-000042", "NW-000001", "PR-000001"]),
        ("sort=newest", &["NW-000001", "PR-000001", "NW-000042"]),
        (&format!("organisation={}", world.press.id), &["PR-000001"]),
        (&format!("organisation={}", world.lyre.id), &[]),
        ("state=enrolled&q=NW-000042&contact=fresh", &["NW-000042"]),
    ] {
        let shown = owner.get_once(&format!("/devices?{query}")).await;
        assert_eq!(shown.status, 200, "{query}");
        assert_eq!(serials(&shown), expected, "{query}");
    }
}

async fn a_live_part_answers_only_when_it_changed(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let command = text(&world.northwind.api.command("lock", &[&phone.device], Value::Null).await["id"]);
    let email = world.member(&world.northwind, Role::Support).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let path = format!("/commands/{command}/progress");
    let ask = async |tag: &str| tab.get(&path, &[("cookie", &session.cookie), ("if-none-match", tag)]).await;
    let first = ask("").await;
    assert_eq!(first.status, 200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
    assert!(!first.text.contains("<html") && first.text.contains("data-live=\""), "{}", first.text);
    let again = ask(&tag).await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag.as_str()));
    for _ in 0..2 {
        phone.check_in().await;
    }
    let changed = ask(&tag).await;
    assert_eq!(changed.status, 200);
    assert!(changed.text.contains("data-live-done") && changed.header("etag") != tag, "{}", changed.text);
    // Whoever signed out is sent nowhere by a script's question.
    assert_eq!(tab.get(&path, &[]).await.status, 303);
}

async fn the_search_finds_devices_and_commands(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let body = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "left in a gondola" });
    let command = text(&world.northwind.api.post("/api/v1/commands", &body).await.expect(201)["id"]);
    let owner = world.browser(&world.northwind, Role::Owner).await;
    let by_serial = owner.get_once("/search?q=nw-000042").await;
    assert!(by_serial.text.contains(&format!("href=\"/devices/{}\"", phone.device)), "{}", by_serial.text);
    let by_reason = owner.get_once("/search?q=gondola").await;
    assert!(by_reason.text.contains(&format!("href=\"/commands/{command}\"")), "{}", by_reason.text);
    for nothing in ["/search", "/search?q=", "/search?q=zzz"] {
        assert_eq!(owner.get_once(nothing).await.status, 200);
    }
    let elsewhere = world.browser(&world.lyre, Role::Owner).await;
    for q in ["nw-000042", "gondola"] {
        let found = elsewhere.get_once(&format!("/search?q={q}")).await;
        assert!(!found.text.contains("/commands/0") && !found.text.contains("/devices/0"), "{}", found.text);
    }
}

async fn the_theme_is_kept(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Support).await;
    assert!(!browser.get("/").await.text.contains("data-theme"));
    for theme in ["dark", "light"] {
        browser.submit("/account/theme", &[("theme", theme)]).await;
        assert!(browser.get("/devices").await.text.contains(&format!("data-theme=\"{theme}\"")));
    }
    browser.submit("/account/theme", &[("theme", "system")]).await;
    assert!(!browser.get("/").await.text.contains("data-theme"));
    assert!(assets::lookup("muster.css").is_some());
}
