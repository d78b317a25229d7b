//! Tenants are separated: the route table itself is walked, every route by every role, for things of one's own organisation,
//! of those beneath it, beside it, above it and elsewhere.
//!
//! A route that is added needs a line in [`FILLINGS`]; without one the walk fails, and so does a line without its route.

mod fillings;
mod state;
mod tenants;

use std::collections::BTreeSet;
use std::time::Duration;

use muster::features::portal_routes;
use muster::web::route::{Access, Route};
use muster_domain::permission::{Permission, Role};
use muster_tests::world::{PASSWORD, Place, World};
use muster_tests::{Answered, Api, Browser, TestApp, on_both_databases};
use reqwest::Method;
use serde_json::Value;

use fillings::Outside::{Alike, Empty, Open, Personal, Refused, Shared, Sold, Traded, Unknown};
use fillings::{FILLINGS, filling, name};
use state::{state_of, unchanged};
use tenants::{Tenant, new_token, place, seller_of, tenants};

on_both_databases![
    every_route_has_one_filling,
    strangers_reach_only_what_is_public,
    what_the_operators_people_reach,
    what_a_resellers_people_reach,
    what_a_customers_people_reach,
];

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
        Self {
            email,
            browser,
            api: world.api(place, role).await,
            role,
        }
    }

    async fn call(&mut self, route: &Route, path: &str, body: &str) -> Answered {
        if path.starts_with("/api/") {
            let mut request = self
                .api
                .request(Method::from_bytes(route.method.as_bytes()).unwrap(), path);
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
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
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
    assert_eq!(
        routes.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        filled.iter().copied().collect::<BTreeSet<_>>()
    );
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
            Access::Public => assert!(
                !matches!(answer.status, 403 | 500..),
                "{}: {}",
                name(route),
                answer.status
            ),
            Access::SignedIn | Access::Needs(_) if is_api => {
                answer.expect_problem(401, "token-missing");
            }
            Access::SignedIn | Access::Needs(_) => {
                assert_eq!(answer.status, 303, "{}: {}", name(route), answer.text);
                assert!(
                    answer.header("location").starts_with("/sign-in?next="),
                    "{}",
                    name(route)
                );
            }
        }
        if is_api && route.access != Access::Public {
            // A cookie is no token: what a browser sends of itself never reaches the API.
            let with_cookie = member.get_once(&path).await;
            assert!(
                matches!(with_cookie.status, 401 | 404),
                "{}: {}",
                name(route),
                with_cookie.status
            );
        } else if route.access != Access::Public {
            // And a token is no cookie: a form's defences are not walked around.
            let request = world
                .northwind
                .api
                .request(Method::from_bytes(route.method.as_bytes()).unwrap(), &path);
            let with_token = world.northwind.api.send(request).await;
            assert_eq!(
                with_token.status,
                303,
                "{}: {}",
                name(route),
                with_token.text
            );
        }
    }
    unchanged(&before, &state_of(t, &tenants, &[]).await, "a stranger");
}

async fn call_as_stranger(
    anybody: &Api,
    nobody: &Browser,
    route: &Route,
    path: &str,
    body: &str,
) -> Answered {
    match (route.method, path.starts_with("/api/")) {
        ("GET", _) => nobody.get_once(path).await,
        (method, true) => {
            let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            anybody
                .send(anybody.request(method, path).json(&body))
                .await
        }
        (_, false) => {
            nobody
                .post_raw(
                    path,
                    &[("email", "a@example.org"), ("password", "wrong")],
                    &[],
                )
                .await
        }
    }
}

async fn what_the_operators_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(
        t,
        &world,
        &world.operator.clone(),
        &["northwind", "press", "chambers", "bakery"],
    )
    .await;
}

async fn what_a_resellers_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(
        t,
        &world,
        &world.northwind.clone(),
        &["northwind", "press", "chambers"],
    )
    .await;
}

async fn what_a_customers_people_reach(t: &mut TestApp) {
    let world = t.world().await;
    walk(t, &world, &world.press.clone(), &["press"]).await;
}

/// Calls every route as every role of `home`, for a thing of each organisation; `inside` are those in its part of the tree.
async fn walk(t: &TestApp, world: &World, home: &Place, inside: &[&str]) {
    let tenants = tenants(t, world).await;
    let inside: Vec<&str> = inside
        .iter()
        .map(|name| place(world, name).id.as_str())
        .collect();
    let is_inside = |tenant: &Tenant| inside.contains(&tenant.place.id.as_str());
    let inside_fleets: Vec<&str> = tenants
        .iter()
        .filter(|tenant| is_inside(tenant))
        .map(Tenant::fleet)
        .collect();
    t.log_settles().await;
    let before = state_of(t, &tenants, &inside).await;
    let mut count = 0;
    for role in Role::ALL {
        let mut person = Person::of(t, world, home, role).await;
        for route in portal_routes() {
            let (path, body, outside) = filling(&route);
            let may = match route.access {
                Access::Public | Access::SignedIn => true,
                // Who drafts at all gets to the route; what is drafted or taken back here is no legal hold but a lock or a kill.
                Access::Needs(Permission::DraftCommands) if route.method == "POST" => {
                    role.may(Permission::SendCommands)
                }
                Access::Needs(permission) => role.may(permission),
            };
            // Books are not the tree: a seller's are closed to whoever is above it.
            let is_theirs = |tenant: &Tenant| {
                let sells = seller_of(world, &tenant.place).id == home.id;
                match outside {
                    Sold => sells,
                    Traded => sells || tenant.place.id == home.id,
                    Alike | Unknown | Refused | Empty | Personal | Open | Shared => {
                        is_inside(tenant)
                    }
                }
            };
            let mut reference: Option<(u16, String)> = None;
            let nobody = Tenant::nobody(&tenants[0]);
            // Nobody's things first, which others' are compared with; one's own last, because they change.
            let (own, others): (Vec<&Tenant>, Vec<&Tenant>) =
                tenants.iter().partition(|tenant| is_theirs(tenant));
            for tenant in std::iter::once(&nobody).chain(others).chain(own) {
                let exists = !std::ptr::eq(tenant, &nobody);
                if exists && outside == Alike && tenant.place.id != home.id {
                    continue;
                }
                // The same log again: it was looked at as one's own.
                if exists
                    && outside == Shared
                    && !is_inside(tenant)
                    && inside_fleets.contains(&tenant.fleet())
                {
                    continue;
                }
                count += 1;
                let fresh = if exists && path.contains("{token}") {
                    Some(new_token(t, &tenant.place).await)
                } else {
                    None
                };
                let mut path = tenant.fill(path, count);
                if let Some(token) = &fresh {
                    path = format!("/account/tokens/{token}/revoke");
                }
                let answer = person.call(&route, &path, &tenant.fill(body, count)).await;
                let what = format!(
                    "{} of {} as {role} of {}",
                    name(&route),
                    tenant.place.name,
                    home.name
                );
                // A buyer is told who sells to it.
                let may_be_named = |tenant: &Tenant| {
                    is_inside(tenant)
                        || (route.path.contains("/buyers")
                            && tenant.place.id == seller_of(world, home).id)
                };
                no_trace_of_others(&answer, &tenants, &may_be_named, &what);
                if !may {
                    let code = answer.text.contains("urn:muster:problem:role")
                        || !path.starts_with("/api/");
                    // Which kind of command it is must be known before the right to take it back is: what is not theirs to see is
                    // told from nothing here as everywhere.
                    let unseen = answer.status == 404
                        && !(exists && is_inside(tenant))
                        && route.access == Access::Needs(Permission::DraftCommands);
                    assert!(
                        unseen || (answer.status == 403 && code),
                        "{what}: {} {}",
                        answer.status,
                        answer.text
                    );
                    continue;
                }
                assert!(
                    answer.status < 500,
                    "{what}: {} {}",
                    answer.status,
                    answer.text
                );
                let mut blind = tenant.blind(&answer, count);
                if let Some(token) = &fresh {
                    blind = blind.replace(token, "THING");
                }
                if !exists {
                    let expected = match outside {
                        Unknown | Open | Shared | Sold | Traded => answer.status == 404,
                        Personal => matches!(answer.status, 404 | 410),
                        Refused => answer.status == 422,
                        Empty => answer.status == 200,
                        Alike => !matches!(answer.status, 403 | 404),
                    };
                    assert!(
                        expected,
                        "{what}, which does not exist: {} {}",
                        answer.status, answer.text
                    );
                    reference = Some((answer.status, blind));
                } else if matches!(outside, Alike | Open)
                    || (is_theirs(tenant) && outside != Personal)
                {
                    // 401 is what a wrong password at the sign-in form gets.
                    let refused = matches!(answer.status, 403 | 404)
                        || (answer.status == 401 && route.path != "/sign-in");
                    // A fleet is its reseller's: there is none to bring keyrings to at a customer.
                    let has_fleet = !path.contains("/fleet/")
                        || tenant.place.id == world.northwind.id
                        || tenant.place.id == world.lyre.id;
                    assert!(
                        !refused || !has_fleet,
                        "{what}, which is theirs: {} {}",
                        answer.status,
                        answer.text
                    );
                } else if route.path == "/api/v1/organisations"
                    && home.id == world.press.id
                    && tenant.place.id == world.northwind.id
                {
                    // A customer knows who is above it: its own row says so, and nothing else is beneath that for it to see.
                    assert!(
                        answer.status == 404
                            || answer.json()["items"]
                                .as_array()
                                .is_some_and(|items| items.len() == 1),
                        "{what}"
                    );
                } else {
                    let (status, nobodys) = reference.as_ref().expect("nobody's things come first");
                    assert_eq!(
                        answer.status, *status,
                        "{what}: tells that the thing exists"
                    );
                    assert_eq!(
                        differing_line(&blind, nobodys),
                        None,
                        "{what}: tells that the thing exists"
                    );
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

/// No answer names who or what lies outside.
#[track_caller]
fn no_trace_of_others(
    answer: &Answered,
    tenants: &[Tenant],
    is_inside: &impl Fn(&Tenant) -> bool,
    what: &str,
) {
    for other in tenants.iter().filter(|tenant| !is_inside(tenant)) {
        for trace in [&other.serial, &other.place.name] {
            // A search shows what was searched for.
            let said = if what.contains("/search") {
                answer.text.matches(trace.as_str()).count() > 3
            } else {
                answer.text.contains(trace)
            };
            assert!(!said, "{what}: the answer names {trace}");
        }
    }
}
