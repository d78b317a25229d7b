//! The handlers: first halves answer JSON to the page's script, second halves are ordinary forms, so that what goes wrong
//! is said where it went wrong.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Begun, Given, add, confirm, remove, sign_in};
use crate::app::App;
use crate::features::people::page::{account, browser, entrance};
use crate::web::actor::Actor;
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind};
use crate::web::{json, portal_listener, session};

/// `POST /sign-in/passkey/begin`
pub async fn begin_sign_in(app: Data<App>, request: HttpRequest, _: Fields) -> HttpResponse {
    begun(sign_in::begin(&app.into_inner(), &browser(&request)).await)
}

/// `POST /sign-in/passkey`
pub async fn sign_in(app: Data<App>, request: HttpRequest, fields: Fields) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let next = frame::local_path(fields.one("next")).to_owned();
    match sign_in::sign_in(&app, &given(&fields), browser(&request)).await {
        Ok(session) => entrance::enter(&app, &session, &next),
        Err(problem) if is_told_on_the_page(problem.kind) => {
            let mut page = entrance::sign_in_page(&app, &request, next);
            page.offer.error = Some(frame::words(&page.frame.t, problem.code, &problem.detail));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /confirm/passkey/begin`
pub async fn begin_confirm(app: Data<App>, actor: Actor, fields: Fields) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    Ok(begun(confirm::begin(&app.into_inner(), &actor).await))
}

/// `POST /confirm/passkey`
pub async fn confirm(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    let next = frame::local_path(fields.one("next")).to_owned();
    match confirm::confirm(&app, &actor, &given(&fields)).await {
        Ok(()) => Ok(frame::see_other(&next)),
        Err(problem) if is_told_on_the_page(problem.kind) => {
            let mut page = entrance::confirm_page(&app, &actor, &request, next).await?;
            page.offer.error = Some(frame::words(&page.frame.t, problem.code, &problem.detail));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /account/passkeys/begin`
pub async fn begin_add(app: Data<App>, actor: Actor, fields: Fields) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    Ok(begun(
        add::begin(&app.into_inner(), &actor, fields.one("label")).await,
    ))
}

/// `POST /account/passkeys`
pub async fn add(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    let typed = fields.one("label");
    match add::add(&app, &actor, typed, &given(&fields)).await {
        Ok(()) => Ok(frame::done("/account", Done::PasskeyAdded)),
        Err(problem) if is_told_on_the_page(problem.kind) => {
            let mut page = account::fill(&app, &actor, &request).await?;
            let t = &page.frame.t;
            page.passkeys.label = frame::input(t, &problem, "label", typed);
            if problem.fields.is_empty() {
                page.passkeys.offer.error = Some(frame::words(t, problem.code, &problem.detail));
            }
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /account/passkeys/{id}/remove`
pub async fn remove(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    match remove::remove(&app, &actor, id.into_inner()).await {
        Ok(()) => Ok(frame::done("/account", Done::PasskeyRemoved)),
        Err(problem) if is_told_on_the_page(problem.kind) => {
            let mut page = account::fill(&app, &actor, &request).await?;
            page.passkeys.refused =
                Some(frame::words(&page.frame.t, problem.code, &problem.detail));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// A script wants a document, also where a page would be sent elsewhere.
fn begun(begun: Answer<Begun>) -> HttpResponse {
    match begun {
        Ok(begun) => json::ok(&begun),
        Err(problem) => portal_listener::document(&problem),
    }
}

fn given(fields: &Fields) -> Given {
    Given {
        ceremony: fields.one("ceremony").to_owned(),
        answer: fields.one("answer").to_owned(),
    }
}

fn is_told_on_the_page(kind: Kind) -> bool {
    matches!(kind, Kind::Invalid | Kind::Conflict)
}
