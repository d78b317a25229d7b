//! The ways in and out: sign in, sign out, set up, a password by link, and the password once more.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::browser;
use crate::app::App;
use crate::features::people::links::{self, Purpose};
use crate::features::people::set_up::{self as setting_up, SetUp};
use crate::features::people::sign_in::{self as signing_in, SignIn};
use crate::features::people::{
    confirm as confirming, passkeys, set_password as password_by_link, sign_out as signing_out,
};
use crate::web::actor::Actor;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::passkeys::Offer;
use crate::web::view::{self, Input, Place};

/// `GET /sign-in`
pub async fn sign_in_form(
    app: Data<App>,
    request: HttpRequest,
    actor: Option<Actor>,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let next = frame::local_path(query.one("next")).to_owned();
    if actor.is_some() {
        return Ok(frame::see_other(&next));
    }
    frame::html(&sign_in_page(&app, &request, next))
}

/// The page as it first opens.
pub fn sign_in_page(app: &App, request: &HttpRequest, next: String) -> view::sign_in::SignIn {
    view::sign_in::SignIn {
        frame: frame::signed_out(app, request),
        email: Input::default(),
        offer: Offer::of(passkeys::origin(&app.portal_url)),
        next,
    }
}

/// `POST /sign-in`
pub async fn sign_in(app: Data<App>, request: HttpRequest, fields: Fields) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let next = frame::local_path(fields.one("next")).to_owned();
    let email = fields.one("email").trim().to_owned();
    let typed = SignIn {
        email: email.clone(),
        password: fields.one("password").to_owned(),
        browser: browser(&request),
    };
    match signing_in::sign_in(&app, typed).await {
        Ok(session) => enter(&app, &session, &next),
        Err(problem) if problem.kind == Kind::SignedOut => {
            let mut page = sign_in_page(&app, &request, next);
            page.email = Input::wrong(&email, &page.frame.t("sign-in-wrong"));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /sign-out`
pub async fn sign_out(app: Data<App>, actor: Actor, fields: Fields) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    signing_out::end(&app, &actor, None).await?;
    let mut answer = frame::see_other("/sign-in");
    set_cookie(&mut answer, &session::cookie_gone(&app));
    Ok(answer)
}

/// `GET /set-up/{secret}`
pub async fn set_up_form(
    app: Data<App>,
    request: HttpRequest,
    secret: Path<String>,
) -> Answer<HttpResponse> {
    links::look(&app, Purpose::SetUp, &secret).await?;
    frame::html(&view::set_up::SetUp {
        frame: frame::signed_out(&app, &request),
        action: request.path().to_owned(),
        organisation: Input::default(),
        name: Input::default(),
        email: Input::default(),
        password: Input::default(),
    })
}

/// `POST /set-up/{secret}`
pub async fn set_up(
    app: Data<App>,
    request: HttpRequest,
    secret: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    // Whoever has no link learns nothing of what fits.
    links::look(&app, Purpose::SetUp, &secret).await?;
    let made = match SetUp::read(&fields) {
        Ok(owner) => setting_up::set_up(&app, &secret, owner, browser(&request)).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(session) => enter(&app, &session, "/"),
        Err(problem) if problem.kind == Kind::Invalid => {
            let frame = frame::signed_out(&app, &request);
            let again = |name: &str| frame::input(&frame.t, &problem, name, fields.one(name));
            let page = view::set_up::SetUp {
                action: request.path().to_owned(),
                organisation: again("organisation"),
                name: again("name"),
                email: again("email"),
                password: frame::input(&frame.t, &problem, "password", ""),
                frame: frame.clone(),
            };
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /password/{secret}`
pub async fn password_form(
    app: Data<App>,
    request: HttpRequest,
    secret: Path<String>,
) -> Answer<HttpResponse> {
    let member = password_by_link::member_of(&app, &secret).await?;
    frame::html(&view::password::SetPassword {
        frame: frame::signed_out(&app, &request),
        action: request.path().to_owned(),
        email: member.email,
        password: Input::default(),
    })
}

/// `POST /password/{secret}`
pub async fn set_password(
    app: Data<App>,
    request: HttpRequest,
    secret: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    match password_by_link::by_link(&app, &secret, fields.one("password"), browser(&request)).await
    {
        Ok(session) => enter(&app, &session, "/"),
        Err(problem) if problem.kind == Kind::Invalid => {
            let member = password_by_link::member_of(&app, &secret).await?;
            let frame = frame::signed_out(&app, &request);
            let page = view::password::SetPassword {
                action: request.path().to_owned(),
                email: member.email,
                password: frame::input(&frame.t, &problem, "password", ""),
                frame,
            };
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /confirm`
pub async fn confirm_form(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let next = frame::local_path(query.one("next")).to_owned();
    frame::html(&confirm_page(&app, &actor, &request, next).await?)
}

/// The page as it first opens.
///
/// # Errors
/// The database does not answer.
pub async fn confirm_page(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    next: String,
) -> Answer<view::confirm::Confirm> {
    Ok(view::confirm::Confirm {
        frame: frame::frame(app, actor, request, Place::Nowhere).await?,
        next,
        password: Input::default(),
        has_passkeys: !passkeys::list::of_actor(app, actor).await?.is_empty(),
        offer: Offer::of(passkeys::origin(&app.portal_url)),
    })
}

/// `POST /confirm`
pub async fn confirm(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    let next = frame::local_path(fields.one("next")).to_owned();
    match confirming::confirm(&app, &actor, fields.one("password")).await {
        Ok(()) => Ok(frame::see_other(&next)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let mut page = confirm_page(&app, &actor, &request, next).await?;
            page.password = frame::input(&page.frame.t, &problem, "password", "");
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// Through the door: the session's cookie, and on to `next`.
///
/// # Errors
/// The cookie cannot be signed: a fault of ours.
pub fn enter(app: &App, session: &str, next: &str) -> Answer<HttpResponse> {
    let mut answer = frame::see_other(next);
    set_cookie(&mut answer, &session::cookie(app, session)?);
    Ok(answer)
}

fn set_cookie(answer: &mut HttpResponse, cookie: &actix_web::cookie::Cookie<'_>) {
    if let Err(error) = answer.add_cookie(cookie) {
        tracing::error!(%error, "a cookie of ours cannot be a header");
    }
}
