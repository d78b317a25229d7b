//! Tenants are separated: the route table itself is walked, every route by every role, for things of one's own organisation,
//! of those beneath it, beside it, above it and elsewhere.
//!
//! A route that is added needs a line in [`FILLINGS`]; without one the walk fails, and so does a line without its route.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use muster::features::people::tokens::{self, NewToken};
use muster::features::portal_routes;
use muster::features::record::write::By;
use muster::web::route::{Access, Route};
use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_store::{Conn, StoreError, StoreResult, organisations};
use muster_tests::api::text;
use muster_tests::fleet::Fleet;
use muster_tests::world::{PASSWORD, Place, World};
use muster_tests::{Answered, Api, Browser, TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

use Outside::{Alike, Empty, Personal, Refused, Unknown};

on_both_databases![
    every_route_has_one_filling,
    strangers_reach_only_what_is_public,
    what_the_operators_people_reach,
    what_a_resellers_people_reach,
    what_a_customers_people_reach,
];

/// What a request gets that names a thing outside one's own part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outside {
    /// The route names nobody's thing: it is the same for everybody who may call it.
    Alike,
    /// 404, exactly as for an id that nobody has.
    Unknown,
    /// 422, exactly as for an id that nobody has.
    Refused,
    /// An answer that shows nothing, exactly as for an id that nobody has.
    Empty,
    /// 404, or 410 for a link, for everybody but one person.
    Personal,
}

/// How each route is called: the words in braces are the thing's of the organisation under test, or new ones.
#[rustfmt::skip]
const FILLINGS: &[(&str, &str, &str, Outside)] = &[
    ("GET /sign-in", "/sign-in", "", Alike),
    ("POST /sign-in", "/sign-in", "email={email}&password=wrong", Alike),
    ("POST /sign-out", "/sign-out", "", Alike),
    ("GET /set-up/{secret}", "/set-up/{word}", "", Personal),
    ("POST /set-up/{secret}", "/set-up/{word}", "organisation=A&name=B&email={email}&password=a+lantern+over+water", Personal),
    ("GET /password/{secret}", "/password/{word}", "", Personal),
    ("POST /password/{secret}", "/password/{word}", "password=a+lantern+over+water", Personal),
    ("GET /confirm", "/confirm", "", Alike),
    ("POST /confirm", "/confirm", "password=wrong", Alike),
    ("GET /people", "/people", "", Alike),
    ("POST /people", "/people", "name=New&email={email}&role=support&organisation_id={organisation}", Refused),
    ("POST /people/{id}/disable", "/people/{member}/disable", "", Unknown),
    ("POST /people/{id}/link", "/people/{member}/link", "", Unknown),
    ("GET /account", "/account", "", Alike),
    ("POST /account/password", "/account/password", "current=wrong&password=a+lantern+over+water", Alike),
    ("POST /account/theme", "/account/theme", "theme=dark", Alike),
    ("POST /account/sessions/{id}/end", "/account/sessions/{session}/end", "", Personal),
    ("GET /account/tokens", "/account/tokens", "", Alike),
    ("POST /account/tokens", "/account/tokens", "name=New&role=support", Alike),
    ("POST /account/tokens/{id}/revoke", "/account/tokens/{token}/revoke", "", Unknown),
    ("GET /organisations", "/organisations", "", Alike),
    ("POST /organisations", "/organisations", "name={word}", Alike),
    ("GET /api/v1/organisations", "/api/v1/organisations?parent_id={organisation}", "", Empty),
    ("POST /api/v1/organisations", "/api/v1/organisations", r#"{"name":"{word}","parent_id":"{organisation}"}"#, Unknown),
    ("GET /api/v1/organisations/{id}", "/api/v1/organisations/{organisation}", "", Unknown),
    ("GET /", "/", "", Alike),
    ("GET /search", "/search?q={serial}", "", Empty),
    ("GET /devices", "/devices?organisation={organisation}", "", Empty),
    ("GET /devices/new", "/devices/new", "", Alike),
    ("POST /devices/new", "/devices/new", "serial_number={word}&model=X7&organisation_id={organisation}", Refused),
    ("GET /devices/{id}", "/devices/{device}", "", Unknown),
    ("GET /api/v1/devices", "/api/v1/devices?organisation_id={organisation}", "", Empty),
    ("POST /api/v1/devices", "/api/v1/devices",
        r#"{"serial_number":"{word}","model":"X7","organisation_id":"{organisation}"}"#, Refused),
    ("GET /api/v1/devices/{id}", "/api/v1/devices/{device}", "", Unknown),
    ("POST /devices/{id}/enrolment-code", "/devices/{device}/enrolment-code", "", Unknown),
    ("GET /devices/{id}/code/waiting", "/devices/{device}/code/waiting", "", Unknown),
    ("POST /devices/{id}/revoke", "/devices/{device}/revoke", "", Unknown),
    ("POST /api/v1/devices/{id}/enrolment-code", "/api/v1/devices/{device}/enrolment-code", "", Unknown),
    ("POST /api/v1/devices/{id}/revoke", "/api/v1/devices/{device}/revoke", r#"{"reason":"stolen"}"#, Unknown),
    ("GET /v1/crl", "/v1/crl", "", Alike),
    ("GET /commands", "/commands?device={device}", "", Empty),
    ("GET /commands/new", "/commands/new?kind=lock&device={device}", "", Unknown),
    ("POST /commands/new", "/commands/new", "kind=lock&device={device}&reason=left+in+a+taxi", Unknown),
    ("GET /commands/{id}", "/commands/{command}", "", Unknown),
    ("GET /commands/{id}/progress", "/commands/{command}/progress", "", Unknown),
    ("POST /commands/{id}/cancel", "/commands/{command}/cancel", "", Unknown),
    ("GET /approvals", "/approvals", "", Alike),
    ("GET /api/v1/commands", "/api/v1/commands?device_id={device}", "", Empty),
    ("POST /api/v1/commands", "/api/v1/commands", r#"{"kind":"lock","device_ids":["{device}"],"reason":"left in a taxi"}"#, Unknown),
    ("GET /api/v1/commands/{id}", "/api/v1/commands/{command}", "", Unknown),
    ("GET /api/v1/commands/{id}/targets", "/api/v1/commands/{command}/targets", "", Unknown),
    ("GET /api/v1/commands/{id}/envelope", "/api/v1/commands/{command}/envelope", "", Unknown),
    ("POST /api/v1/commands/{id}/approvals", "/api/v1/commands/{command}/approvals", "{signature}", Unknown),
    ("POST /api/v1/commands/{id}/cancel", "/api/v1/commands/{command}/cancel", "", Unknown),
    ("GET /api/v1/organisations/{id}/fleet", "/api/v1/organisations/{organisation}/fleet", "", Unknown),
    ("POST /api/v1/organisations/{id}/fleet", "/api/v1/organisations/{organisation}/fleet", "", Unknown),
    ("POST /api/v1/organisations/{id}/fleet/adopt", "/api/v1/organisations/{organisation}/fleet/adopt", "{adoption}", Unknown),
    ("POST /api/v1/organisations/{id}/fleet/keyrings", "/api/v1/organisations/{organisation}/fleet/keyrings", "{keyring}", Unknown),
    ("GET /events", "/events?device={device}", "", Empty),
    ("GET /api/v1/events", "/api/v1/events?device={device}", "", Empty),
    ("GET /livez", "/livez", "", Alike),
    ("GET /readyz", "/readyz", "", Alike),
    ("GET /api/openapi.json", "/api/openapi.json", "", Alike),
];

/// An organisation with one of everything.
struct Tenant {
    place: Place,
    serial: String,
    things: Vec<(&'static str, String)>,
}

impl Tenant {
    /// Somebody who owns nothing, and whom nobody has: ids of the right form that do not exist.
    fn nobody(like: &Self) -> Self {
        let things = like.things.iter().map(|(word, value)| match *word {
            "{serial}" => (*word, "ZZ-999999".to_owned()),
            "{signature}" | "{adoption}" | "{keyring}" => (*word, value.clone()),
            _ => (*word, "0197c0de-ffff-7000-8000-00000000dead".to_owned()),
        });
        Self { place: like.place.clone(), serial: "ZZ-999999".to_owned(), things: things.collect() }
    }

    fn fill(&self, template: &str, count: usize) -> String {
        let mut filled = template.replace("{word}", &format!("new-{count}")).replace("{email}", &format!("new-{count}@example.org"));
        for (word, value) in &self.things {
            filled = filled.replace(word, value);
        }
        assert!(!filled.contains('{') || filled.starts_with('{'), "nothing fills {template}");
        filled
    }

    /// The answer with this organisation's own ids taken out, so that it compares with the one about nobody's.
    fn blind(&self, answer: &Answered, count: usize) -> String {
        let mut blind = answer.text.replace(&format!("new-{count}"), "NEW");
        for (_, value) in self.things.iter().filter(|(_, value)| value.len() < 64) {
            blind = blind.replace(value, "THING");
        }
        blind
    }
}

/// One actor: a browser and a token of the same role in the same organisation.
struct Person {
    email: String,
    browser: Browser,
    api: Api,
    role: Role,
}

impl Person {
    async fn of(t: &TestApp, world: &World, place: &Place, role: Role) -> Self {
        // A window of its own for the limit of sign-ins, and a password typed a moment ago.
        t.advance(Duration::from_secs(16 * 60));
        let email = world.member(place, role).await;
        let mut browser = Browser::new(&t.app().portal_url);
        browser.sign_in(&email, PASSWORD).await;
        Self { email, browser, api: world.api(place, role).await, role }
    }

    async fn call(&mut self, route: &Route, path: &str, body: &str) -> Answered {
        if path.starts_with("/api/") {
            let mut request = self.api.request(Method::from_bytes(route.method.as_bytes()).unwrap(), path);
            if !body.is_empty() {
                let body: Value = serde_json::from_str(body).unwrap();
                request = request.json(&body);
            }
            return self.api.send(request).await;
        }
        if route.method == "GET" {
            return self.browser.get_once(path).await;
        }
        let fields: Vec<(&str, String)> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, value.replace('+', " ")))
            .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = self.browser.submit_once(path, &fields).await;
        if route.path == "/sign-out" {
            self.browser.sign_in(&self.email, PASSWORD).await;
        }
        answer
    }
}

async fn every_route_has_one_filling(_: &mut TestApp) {
    let routes: Vec<String> = portal_routes().iter().map(name).collect();
    let filled: Vec<&str> = FILLINGS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(routes.iter().map(String::as_str).collect::<BTreeSet<_>>(), filled.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(routes.len(), filled.len(), "a route stands twice");
}

async fn strangers_reach_only_what_is_public(t: &mut TestApp) {
    let world = t.world().await;
    let tenants = tenants(t, &world).await;
    let member = world.browser(&world.northwind, Role::Owner).await;
    let before = state_of(t, &tenants, &[]).await;
    let (anybody, nobody) = (t.anybody(), Browser::new(&t.app().portal_url));
    for (count, route) in portal_routes().iter().enumerate() {
        let (path, body, _) = filling(route);
        let (path, body) = (tenants[0].fill(path, count), tenants[0].fill(body, count));
        let is_api = path.starts_with("/api/");
        let answer = call_as_stranger(&anybody, &nobody, route, &path, &body).await;
        match route.access {
            Access::Public => assert!(!matches!(answer.status, 403 | 500..), "{}: {}", name(route), answer.status),
            Access::SignedIn | Access::Needs(_) if is_api => answer.expect_problem(401, "token-missing"),
            Access::SignedIn | Access::Needs(_) => {
                assert_eq!(answer.status, 303, "{}: {}", name(route), answer.text);
                assert!(answer.header("location").starts_with("/sign-in?next="), "{}", name(route));
            }
        }
        if is_api && route.access != Access::Public {
            // A cookie is no token: what a browser sends of itself never reaches the API.
            let with_cookie = member.get_once(&path).await;
            assert!(matches!(with_cookie.status, 401 | 404), "{}: {}", name(route), with_cookie.status);
        } else if route.access != Access::Public {
            // And a token is no cookie: a form's defences are not walked around.
            let request = world.northwind.api.request(Method::from_bytes(route.method.as_bytes()).unwrap(), &path);
            let with_token = world.northwind.api.send(request).await;
            assert_eq!(with_token.status, 303, "{}: {}", name(route), with_token.text);
        }
    }
    unchanged(&before, &state_of(t, &tenants, &[]).await, "a stranger");
}

async fn call_as_stranger(anybody: &Api, nobody: &Browser, route: &Route, path: &str, body: &str) -> Answered {
    match (route.method, path.starts_with("/api/")) {
        ("GET", _) => nobody.get_once(path).await,
        (_, true) => {
            let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
            anybody.post(path, &body).await
        }
        (_, false) => nobody.post_raw(path, &[("email", "a@example.org"), ("password", "wrong")], &[]).await,
    }
}

async fn what_the_operators_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(t, &world, &world.operator.clone(), &["northwind", "press", "chambers", "bakery"]).await;
}

async fn what_a_resellers_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(t, &world, &world.northwind.clone(), &["northwind", "press", "chambers"]).await;
}

async fn what_a_customers_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(t, &world, &world.press.clone(), &["press"]).await;
}

/// Calls every route as every role of `home`, for a thing of each organisation; `inside` are those in its part of the tree.
async fn walk(t: &TestApp, world: &World, home: &Place, inside: &[&str]) {
    let tenants = tenants(t, world).await;
    let inside: Vec<&str> = inside.iter().map(|name| place(world, name).id.as_str()).collect();
    let is_inside = |tenant: &Tenant| inside.contains(&tenant.place.id.as_str());
    let before = state_of(t, &tenants, &inside).await;
    let mut count = 0;
    for role in Role::ALL {
        let mut person = Person::of(t, world, home, role).await;
        for route in portal_routes() {
            let (path, body, outside) = filling(&route);
            let may = match route.access {
                Access::Public | Access::SignedIn => true,
                Access::Needs(permission) => role.may(permission),
            };
            let mut reference: Option<(u16, String)> = None;
            let nobody = Tenant::nobody(&tenants[0]);
            // Nobody's things first, which others' are compared with; one's own last, because they change.
            let (own, others): (Vec<&Tenant>, Vec<&Tenant>) = tenants.iter().partition(|tenant| is_inside(tenant));
            for tenant in std::iter::once(&nobody).chain(others).chain(own) {
                let exists = !std::ptr::eq(tenant, &nobody);
                if exists && outside == Alike && tenant.place.id != home.id {
                    continue;
                }
                count += 1;
                let fresh = if exists && path.contains("{token}") { Some(new_token(t, &tenant.place).await) } else { None };
                let mut path = tenant.fill(path, count);
                if let Some(token) = &fresh {
                    path = format!("/account/tokens/{token}/revoke");
                }
                let answer = person.call(&route, &path, &tenant.fill(body, count)).await;
                let what = format!("{} of {} as {role} of {}", name(&route), tenant.place.name, home.name);
                no_trace_of_others(&answer, &tenants, &is_inside, &what);
                if !may {
                    let code = answer.text.contains("urn:muster:problem:role") || !path.starts_with("/api/");
                    assert!(answer.status == 403 && code, "{what}: {} {}", answer.status, answer.text);
                    continue;
                }
                assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text);
                let mut blind = tenant.blind(&answer, count);
                if let Some(token) = &fresh {
                    blind = blind.replace(token, "THING");
                }
                if !exists {
                    let expected = match outside {
                        Unknown => answer.status == 404,
                        Personal => matches!(answer.status, 404 | 410),
                        Refused => answer.status == 422,
                        Empty => answer.status == 200,
                        Alike => !matches!(answer.status, 403 | 404),
                    };
                    assert!(expected, "{what}, which does not exist: {} {}", answer.status, answer.text);
                    reference = Some((answer.status, blind));
                } else if outside == Alike || (is_inside(tenant) && outside != Personal) {
                    // 401 is what a wrong password at the sign-in form gets.
                    let refused = matches!(answer.status, 403 | 404) || (answer.status == 401 && route.path != "/sign-in");
                    // A fleet is its reseller's: there is none to bring keyrings to at a customer.
                    let has_fleet = !path.ends_with("/keyrings") || tenant.place.id == world.northwind.id || tenant.place.id == world.lyre.id;
                    assert!(!refused || !has_fleet, "{what}, which is theirs: {} {}", answer.status, answer.text);
                } else {
                    let (status, nobodys) = reference.as_ref().expect("nobody's things come first");
                    assert_eq!(answer.status, *status, "{what}: tells that the thing exists");
                    assert_eq!(differing_line(&blind, nobodys), None, "{what}: tells that the thing exists");
                }
            }
        }
        assert_eq!(person.role, role);
    }
    assert!(count > 300, "the walk was short: {count}");
    unchanged(&before, &state_of(t, &tenants, &inside).await, &home.name);
}

/// The first line in which two answers differ.
fn differing_line<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    let pairs = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    pairs.or_else(|| (one.lines().count() != other.lines().count()).then_some((one, other)))
}

#[track_caller]
fn unchanged(before: &BTreeSet<String>, after: &BTreeSet<String>, who: &str) {
    let changes: Vec<_> = before.symmetric_difference(after).collect();
    assert!(changes.is_empty(), "{who} changed what is not theirs: {changes:#?}");
}

/// No answer names who or what lies outside.
#[track_caller]
fn no_trace_of_others(answer: &Answered, tenants: &[Tenant], is_inside: &impl Fn(&Tenant) -> bool, what: &str) {
    for other in tenants.iter().filter(|tenant| !is_inside(tenant)) {
        for trace in [&other.serial, &other.place.name] {
            // A search shows what was searched for.
            let said = if what.contains("/search") { answer.text.matches(trace.as_str()).count() > 3 } else { answer.text.contains(trace) };
            assert!(!said, "{what}: the answer names {trace}");
        }
    }
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

fn filling(route: &Route) -> (&'static str, &'static str, Outside) {
    let name = name(route);
    let found = FILLINGS.iter().find(|(known, ..)| *known == name);
    let (_, path, body, outside) = found.unwrap_or_else(|| unreachable!("{name} has no filling: add its line"));
    (path, body, *outside)
}

fn place<'a>(world: &'a World, name: &str) -> &'a Place {
    match name {
        "northwind" => &world.northwind,
        "press" => &world.press,
        "chambers" => &world.chambers,
        "bakery" => &world.bakery,
        other => unreachable!("no tenant is called {other}"),
    }
}

/// Four organisations, each with a phone, a code, a command that waits, a member, a session and a token.
async fn tenants(t: &TestApp, world: &World) -> Vec<Tenant> {
    let mut tenants = Vec::new();
    for (number, name) in ["northwind", "press", "chambers", "bakery"].into_iter().enumerate() {
        let fleet = if name == "bakery" { &world.lyre_fleet } else { &world.fleet };
        tenants.push(tenant(t, world, place(world, name), fleet, &format!("SN-{name}-{number}")).await);
    }
    tenants
}

async fn tenant(t: &TestApp, world: &World, place: &Place, fleet: &Fleet, serial: &str) -> Tenant {
    let phone = world.phone_of(t, place, fleet, serial).await;
    let command = text(&place.api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let email = world.member(place, Role::Support).await;
    Browser::new(&t.app().portal_url).sign_in(&email, PASSWORD).await;
    let now = t.app().now_micros();
    let (member, session) = t
        .read(move |c| {
            let (member, _) = muster_store::members::find_by_email(c, &email)?.ok_or(StoreError::Cursor)?;
            let sessions = muster_store::sessions::list_of_member(c, &member.id, now)?;
            Ok((member.id, sessions[0].id.clone()))
        })
        .await;
    let envelope = base64::encode(&fleet.chain[0]);
    let adoption = json!({ "descriptor": base64::encode(&fleet.descriptor), "keyring": envelope }).to_string();
    let signature = json!({ "keyid": fleet.ada.key_id().to_string(), "sig": base64::encode(&[7; 64]) }).to_string();
    let things = vec![
        ("{organisation}", place.id.clone()),
        ("{device}", phone.device.clone()),
        ("{serial}", serial.to_owned()),
        ("{command}", command),
        ("{member}", member),
        ("{session}", session),
        ("{token}", new_token(t, place).await),
        ("{signature}", signature),
        ("{adoption}", adoption),
        ("{keyring}", json!({ "keyring": envelope }).to_string()),
    ];
    Tenant { place: place.clone(), serial: serial.to_owned(), things }
}

async fn new_token(t: &TestApp, place: &Place) -> String {
    let (app, id) = (t.app().clone(), place.id.clone());
    let secret = tokens::new_secret(&app);
    t.write(move |tx| {
        let home = organisations::find(tx, &muster_domain::scope::Scope::Platform, &id)?.ok_or(StoreError::Cursor)?;
        let new = NewToken { name: "one to revoke".to_owned(), role: Role::Support };
        tokens::make_in(tx, &app, &By::system(), &home, &new, &secret)
    })
    .await
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything that stands in the database about organisations that are not `inside`, as lines.
async fn state_of(t: &TestApp, tenants: &[Tenant], inside: &[&str]) -> BTreeSet<String> {
    let outside: Vec<String> =
        tenants.iter().map(|tenant| tenant.place.id.clone()).filter(|id| !inside.contains(&id.as_str())).collect();
    t.read(move |c| {
        let mut state = BTreeSet::new();
        for organisation in &outside {
            state.extend(lines(c, organisation)?);
        }
        Ok(state)
    })
    .await
}

fn lines(c: &mut Conn, organisation: &str) -> StoreResult<Vec<String>> {
    let own = format!("organisation_id = '{organisation}'");
    let of_devices = format!("device_id IN (SELECT id FROM devices WHERE {own})");
    let of_members = format!("member_id IN (SELECT id FROM members WHERE {own})");
    let of_commands = format!("command_id IN (SELECT id FROM commands WHERE {own})");
    let of_fleet = format!("fleet_id IN (SELECT id FROM fleets WHERE {own})");
    let queries = [
        format!("SELECT 'organisation ' || id || name AS line FROM organisations WHERE parent_id = '{organisation}' OR id = '{organisation}'"),
        format!("SELECT 'device ' || id || lifecycle || COALESCE(enrolment_id, '') AS line FROM devices WHERE {own}"),
        format!("SELECT 'state ' || device_id || restrictions || COALESCE(report, '') AS line FROM device_state WHERE {own}"),
        format!("SELECT 'code ' || id || COALESCE(CAST(withdrawn_at AS TEXT), '') AS line FROM enrolment_codes WHERE {of_devices}"),
        format!("SELECT 'enrolment ' || id || COALESCE(ended_why, '') AS line FROM enrolments WHERE {of_devices}"),
        format!("SELECT 'certificate ' || serial_number || state AS line FROM certificates WHERE {of_devices}"),
        format!("SELECT 'command ' || id || state || COALESCE(cancelled_by_name, '') AS line FROM commands WHERE {own}"),
        format!("SELECT 'target ' || command_id || device_id || state AS line FROM command_targets WHERE {of_devices}"),
        format!("SELECT 'approval ' || command_id || key_id AS line FROM command_approvals WHERE {of_commands}"),
        format!("SELECT 'member ' || id || role || COALESCE(password_hash, '') || COALESCE(CAST(disabled_at AS TEXT), '') AS line FROM members WHERE {own}"),
        format!("SELECT 'session ' || id || COALESCE(CAST(ended_at AS TEXT), '') AS line FROM sessions WHERE {of_members}"),
        format!("SELECT 'link ' || id || COALESCE(CAST(used_at AS TEXT), '') AS line FROM one_time_links WHERE {of_members}"),
        format!("SELECT 'keyring ' || fleet_id || CAST(version AS TEXT) AS line FROM keyrings WHERE {of_fleet}"),
        format!("SELECT 'fleet ' || id || COALESCE(fingerprint, '') AS line FROM fleets WHERE {own}"),
        // New ones of ours are there for the walk; what counts is that none was revoked.
        format!("SELECT 'token ' || id AS line FROM api_tokens WHERE {own} AND revoked_at IS NOT NULL"),
        format!("SELECT 'event ' || id || kind AS line FROM events WHERE {own} AND kind <> 'token.made'"),
    ];
    let mut found = Vec::new();
    for query in queries {
        let rows: Vec<Line> = match c {
            Conn::Sqlite(c) => diesel::sql_query(query).load(c)?,
            Conn::Postgres(c) => diesel::sql_query(query).load(c)?,
        };
        found.extend(rows.into_iter().map(|row| row.line));
    }
    Ok(found)
}
