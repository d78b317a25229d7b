//! Pages on their way out: the frame every view stands in, answers made from views, and failures as pages.
//!
//! A handler asks for its [`frame`], fills its view, and answers [`html`]; a form that was taken answers [`done`], one
//! that was refused comes back with [`refused`].

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use muster_domain::permission::Permission;
use muster_store::commands;
use sha2::{Digest, Sha256};

use super::actor::{Actor, Who};
use super::problem::{Answer, Kind, Problem};
use super::text::{Html, Texts};
use super::view::{Frame, Input, May, OrganisationKind, Place, Role, Theme, Toast, Viewer};
use crate::app::App;

mod done;
mod failure;

pub use done::Done;
pub use failure::{local_path, problem_page};

/// The cookie that holds the theme.
const THEME: &str = "muster-theme";
/// How long a browser keeps its theme.
const THEME_LASTS: Duration = Duration::days(365);

/// The frame of a page for whoever is signed in. `here` is its entry of the navigation.
///
/// # Errors
/// The database does not answer.
pub async fn frame(app: &App, actor: &Actor, request: &HttpRequest, here: Place) -> Answer<Frame> {
    let approvals = if actor.role.may(Permission::DeliverApprovals) {
        let scope = actor.scope.clone();
        app.store
            .read(move |c| commands::count_awaiting_approval(c, &scope))
            .await?
    } else {
        0
    };
    Ok(shell(
        app,
        actor,
        request,
        here,
        u64::try_from(approvals).unwrap_or(0),
    ))
}

/// The frame of a page before anybody signed in.
#[must_use]
pub fn signed_out(app: &App, request: &HttpRequest) -> Frame {
    Frame {
        t: texts(app, request),
        now: app.now(),
        here: Place::Nowhere,
        theme: theme(request),
        csrf: String::new(),
        toast: None,
        viewer: None,
    }
}

fn shell(app: &App, actor: &Actor, request: &HttpRequest, here: Place, approvals: u64) -> Frame {
    let csrf = match &actor.who {
        Who::Member { csrf, .. } => csrf.clone(),
        Who::Token { .. } => String::new(),
    };
    let mut frame = Frame {
        here,
        csrf,
        ..signed_out(app, request)
    };
    frame.toast = Done::of(request).map(|key| Toast {
        words: Html::escape(&frame.t.word(key)),
        undo: None,
    });
    frame.viewer = Some(Viewer {
        name: actor.name.clone(),
        organisation: actor.organisation.name.clone(),
        organisation_kind: organisation_kind(&actor.organisation.kind),
        role: role(actor.role),
        may: may(actor),
        approvals,
    });
    frame
}

fn may(actor: &Actor) -> May {
    let may = |permission| actor.role.may(permission);
    May {
        add_devices: may(Permission::ManageDevices),
        send_commands: may(Permission::SendCommands),
        set_holds: may(Permission::SetHolds),
        see_approvals: may(Permission::DeliverApprovals),
        // A customer has nobody beneath it.
        see_organisations: may(Permission::ReadOrganisations)
            && actor.organisation.kind != "customer",
        see_people: may(Permission::ReadPeople),
        manage_tokens: may(Permission::ManageTokens),
        sells: actor.organisation.kind != "customer",
        sell: may(Permission::Sell),
        set_prices: may(Permission::SetPrices),
        take_payments: may(Permission::TakePayments),
    }
}

/// The role as pages show it.
#[must_use]
pub fn role(role: muster_domain::permission::Role) -> Role {
    use muster_domain::permission::Role as Ours;
    match role {
        Ours::Owner => Role::Owner,
        Ours::Admin => Role::Admin,
        Ours::Agent => Role::Agent,
        Ours::Support => Role::Support,
        Ours::Auditor => Role::Auditor,
    }
}

/// The kind of an organisation as pages show it, from the store's word.
#[must_use]
pub fn organisation_kind(word: &str) -> OrganisationKind {
    match word {
        "operator" => OrganisationKind::Operator,
        "reseller" => OrganisationKind::Reseller,
        _ => OrganisationKind::Customer,
    }
}

fn texts(app: &App, request: &HttpRequest) -> Texts {
    app.texts
        .texts(header_text(request, header::ACCEPT_LANGUAGE))
}

fn header_text(request: &HttpRequest, name: header::HeaderName) -> &str {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn theme(request: &HttpRequest) -> Theme {
    request
        .cookie(THEME)
        .map_or(Theme::System, |cookie| Theme::parse(cookie.value()))
}

/// The cookie that keeps a theme; the system's takes it away.
#[must_use]
pub fn theme_cookie(theme: Theme) -> Cookie<'static> {
    let mut cookie = Cookie::build(THEME, theme.as_str())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(THEME_LASTS)
        .finish();
    if theme == Theme::System {
        cookie.make_removal();
    }
    cookie
}

/// 200 with a page.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn html(page: &impl Template) -> Answer<HttpResponse> {
    html_as(StatusCode::OK, page)
}

/// A form that was refused, with what was typed and what to do about it: 422, or the problem's own status.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn refused(problem: &Problem, page: &impl Template) -> Answer<HttpResponse> {
    let mut answer = html_as(problem.kind.status(), page)?;
    add_retry_after(&mut answer, problem);
    Ok(answer)
}

fn html_as(status: StatusCode, page: &impl Template) -> Answer<HttpResponse> {
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(render(page)?))
}

/// A part of a page that a script asks for again and again: 304 while it is what the asker has already.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn fragment(request: &HttpRequest, part: &impl Template) -> Answer<HttpResponse> {
    let body = render(part)?;
    let digest = Sha256::digest(body.as_bytes());
    let tag = format!("\"{}\"", hex::encode(&digest[..16]));
    if header_text(request, header::IF_NONE_MATCH) == tag {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .finish());
    }
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::ETAG, tag))
        .body(body))
}

fn render(template: &impl Template) -> Answer<String> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page does not render");
        Problem::new(
            Kind::Internal,
            "internal",
            "Something is wrong on our side. It is on our log.",
        )
    })
}

/// 303 to another page of ours.
#[must_use]
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// 303 to another page of ours, which says in passing what was done.
#[must_use]
pub fn done(to: &str, done: Done) -> HttpResponse {
    let joint = if to.contains('?') { '&' } else { '?' };
    see_other(&format!("{to}{joint}done={}", done.word()))
}

/// A field as it goes back to the reader: what was typed, and what `problem` says is wrong with it.
#[must_use]
pub fn input(t: &Texts, problem: &Problem, name: &str, typed: &str) -> Input {
    let fault = problem.fields.iter().find(|fault| fault.field == name);
    Input {
        value: typed.to_owned(),
        error: fault.map(|fault| words(t, fault.code, &fault.message)),
    }
}

/// The reader's words for a fault: those of the catalogue for its code, or else the fault's own.
#[must_use]
pub fn words(t: &Texts, code: &str, message: &str) -> String {
    let key = format!("error-{code}");
    let found = t.has(&key).then(|| t.get(&key));
    // A sentence that asks for a number which is not at hand says less than the fault's own.
    found
        .filter(|words| !words.contains("{$"))
        .unwrap_or_else(|| message.to_owned())
}

fn add_retry_after(answer: &mut HttpResponse, problem: &Problem) {
    if let Some(seconds) = problem.retry_after {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
}
