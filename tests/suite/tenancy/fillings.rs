//! How each route is called, for a thing of the organisation under test: one line a route.

use muster::web::route::Route;

use Outside::{Alike, Empty, Open, Personal, Refused, Shared, Unknown};

/// What a request gets that names a thing outside one's own part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
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
    /// Anybody may have it who knows its name; 404 for a name that nobody has.
    Open,
    /// It is a reseller's and its customers' together; 404 for others, exactly as for an id that nobody has.
    Shared,
}

/// How each route is called: the words in braces are the thing's of the organisation under test, or new ones.
#[rustfmt::skip]
pub const FILLINGS: &[(&str, &str, &str, Outside)] = &[
    ("GET /sign-in", "/sign-in", "", Alike),
    ("POST /sign-in", "/sign-in", "email={email}&password=wrong", Alike),
    ("POST /sign-out", "/sign-out", "", Alike),
    ("GET /set-up/{secret}", "/set-up/{word}", "", Personal),
    ("POST /set-up/{secret}", "/set-up/{word}", "organisation=A&name=B&email={email}&password=a+lantern+over+water", Personal),
    ("GET /password/{secret}", "/password/{word}", "", Personal),
    ("POST /password/{secret}", "/password/{word}", "password=a+lantern+over+water", Personal),
    ("GET /confirm", "/confirm", "", Alike),
    ("POST /confirm", "/confirm", "password=wrong", Alike),
    ("POST /sign-in/passkey/begin", "/sign-in/passkey/begin", "", Alike),
    ("POST /sign-in/passkey", "/sign-in/passkey", "ceremony={word}&answer=none", Alike),
    ("POST /confirm/passkey/begin", "/confirm/passkey/begin", "", Alike),
    ("POST /confirm/passkey", "/confirm/passkey", "ceremony={word}&answer=none", Alike),
    ("GET /people", "/people", "", Alike),
    ("POST /people", "/people", "name=New&email={email}&role=support&organisation_id={organisation}", Refused),
    ("POST /people/{id}/disable", "/people/{member}/disable", "", Unknown),
    ("POST /people/{id}/link", "/people/{member}/link", "", Unknown),
    ("GET /account", "/account", "", Alike),
    ("POST /account/password", "/account/password", "current=wrong&password=a+lantern+over+water", Alike),
    ("POST /account/theme", "/account/theme", "theme=dark", Alike),
    ("POST /account/sessions/{id}/end", "/account/sessions/{session}/end", "", Personal),
    ("POST /account/passkeys/begin", "/account/passkeys/begin", "label=Key", Alike),
    ("POST /account/passkeys", "/account/passkeys", "label=Key&ceremony={word}&answer=none", Alike),
    ("POST /account/passkeys/{id}/remove", "/account/passkeys/{word}/remove", "", Personal),
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
    ("POST /commands/{id}/signed-cancel", "/commands/{command}/signed-cancel", "", Unknown),
    ("GET /approvals", "/approvals", "", Alike),
    ("GET /account/approving", "/account/approving", "", Alike),
    ("POST /account/approving", "/account/approving", "label=Blue+key", Alike),
    ("GET /account/approving/{id}/registration", "/account/approving/{member}/registration", "", Personal),
    ("POST /account/approving/{id}/remove", "/account/approving/{member}/remove", "", Personal),
    ("POST /commands/{id}/passkey", "/commands/{command}/passkey", "", Unknown),
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
    ("POST /api/v1/organisations/{id}/fleet/keys", "/api/v1/organisations/{organisation}/fleet/keys", "", Unknown),
    ("POST /api/v1/organisations/{id}/fleet/policies", "/api/v1/organisations/{organisation}/fleet/policies", "{policy}", Unknown),
    ("GET /api/v1/log", "/api/v1/log", "", Alike),
    ("GET /api/v1/log/{fleet}/checkpoint", "/api/v1/log/{fleet}/checkpoint?newest=1", "", Open),
    ("GET /api/v1/log/{fleet}/consistency/{old}/{new}", "/api/v1/log/{fleet}/consistency/1/2", "", Open),
    ("GET /api/v1/log/{fleet}/tile/{level}/{place:.*}", "/api/v1/log/{fleet}/tile/0/000.p/1", "", Open),
    ("GET /api/v1/log/{fleet}/inclusion/{digest}", "/api/v1/log/{fleet}/inclusion/{digest}", "", Shared),
    ("GET /api/v1/log/{fleet}/entries", "/api/v1/log/{fleet}/entries", "", Shared),
    ("GET /api/v1/log/{fleet}/tile/entries/{place:.*}", "/api/v1/log/{fleet}/tile/entries/000.p/1", "", Shared),
    ("GET /mail", "/mail", "", Alike),
    ("GET /mail/{id}", "/mail/{word}", "", Personal),
    ("GET /mail/{id}/html", "/mail/{word}/html", "", Personal),
    ("GET /events", "/events?device={device}", "", Empty),
    ("GET /api/v1/events", "/api/v1/events?device={device}", "", Empty),
    // Whose subscription it is, selling::renewals::parked walks through.
    ("GET /subscriptions/parked", "/subscriptions/parked", "", Alike),
    ("POST /subscriptions/parked", "/subscriptions/parked", "", Alike),
    ("POST /subscriptions/{id}/unpark", "/subscriptions/{word}/unpark", "", Personal),
    ("GET /api/v1/renewals/state", "/api/v1/renewals/state", "", Alike),
    ("GET /api/v1/subscriptions/parked", "/api/v1/subscriptions/parked", "", Alike),
    ("POST /api/v1/subscriptions/parked/unpark", "/api/v1/subscriptions/parked/unpark", "", Alike),
    ("POST /api/v1/subscriptions/{id}/unpark", "/api/v1/subscriptions/{word}/unpark", "", Unknown),
    // Selling has books, not scopes: selling::subscriptions walks through both sides of them.
    ("GET /subscriptions", "/subscriptions", "", Alike),
    ("GET /subscriptions/new", "/subscriptions/new", "", Alike),
    ("POST /subscriptions/new", "/subscriptions/new", "account={word}&plan={word}&go=yes", Personal),
    ("GET /subscriptions/bulk", "/subscriptions/bulk?act=pause&id={word}", "", Alike),
    ("POST /subscriptions/bulk", "/subscriptions/bulk", "act=pause&id={word}", Alike),
    ("GET /subscriptions/{id}", "/subscriptions/{word}", "", Personal),
    ("GET /subscriptions/{id}/act", "/subscriptions/{word}/act?act=pause", "", Personal),
    ("POST /subscriptions/{id}/act", "/subscriptions/{word}/act", "act=pause", Personal),
    ("GET /api/v1/subscriptions", "/api/v1/subscriptions", "", Alike),
    ("POST /api/v1/subscriptions", "/api/v1/subscriptions", r#"{"billing_account_id":"{word}","plan_id":"{word}"}"#, Personal),
    ("POST /api/v1/subscriptions/bulk", "/api/v1/subscriptions/bulk", r#"{"act":"pause","ids":["{word}"]}"#, Alike),
    ("GET /api/v1/subscriptions/{id}", "/api/v1/subscriptions/{word}", "", Personal),
    ("POST /api/v1/subscriptions/{id}/pause", "/api/v1/subscriptions/{word}/pause", "{}", Personal),
    ("POST /api/v1/subscriptions/{id}/resume", "/api/v1/subscriptions/{word}/resume", "{}", Personal),
    ("POST /api/v1/subscriptions/{id}/cancel", "/api/v1/subscriptions/{word}/cancel", r#"{"when":"now"}"#, Personal),
    ("POST /api/v1/subscriptions/{id}/undo-cancel", "/api/v1/subscriptions/{word}/undo-cancel", "{}", Personal),
    ("POST /api/v1/subscriptions/{id}/change-plan", "/api/v1/subscriptions/{word}/change-plan", r#"{"plan_id":"{word}","when":"now"}"#, Personal),
    ("POST /api/v1/subscriptions/{id}/move", "/api/v1/subscriptions/{word}/move", r#"{"device_id":"{word}"}"#, Personal),
    ("POST /api/v1/subscriptions/{id}/unpark", "/api/v1/subscriptions/{word}/unpark", "", Personal),
    ("GET /livez", "/livez", "", Alike),
    ("GET /readyz", "/readyz", "", Alike),
    ("GET /api/openapi.json", "/api/openapi.json", "", Alike),
];

pub fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

pub fn filling(route: &Route) -> (&'static str, &'static str, Outside) {
    let name = name(route);
    let found = FILLINGS.iter().find(|(known, ..)| *known == name);
    let (_, path, body, outside) =
        found.unwrap_or_else(|| unreachable!("{name} has no filling: add its line"));
    (path, body, *outside)
}
