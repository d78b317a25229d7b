//! The member's own account: sessions, passkeys, password, appearance.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_store::{members, sessions};

use crate::app::App;
use crate::features::approving;
use crate::features::people::{change_password as changing, passkeys, sign_out};
use crate::web::actor::{Actor, Who};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session;
use crate::web::view::account::{Account, Session};
use crate::web::view::passkeys::{Held, Offer, Passkeys};
use crate::web::view::{Input, Place, Theme};

/// `GET /account`
pub async fn show(app: Data<App>, actor: Actor, request: HttpRequest) -> Answer<HttpResponse> {
    frame::html(&fill(&app.into_inner(), &actor, &request).await?)
}

/// `POST /account/password`
pub async fn change_password(
    app: Data<App>,
    actor: Actor,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let app = app.into_inner();
    match changing::change(&app, &actor, fields.one("current"), fields.one("password")).await {
        Ok(()) => Ok(frame::done("/account", Done::PasswordChanged)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let mut page = fill(&app, &actor, &request).await?;
            page.current = frame::input(&page.frame.t, &problem, "current", "");
            page.password = frame::input(&page.frame.t, &problem, "password", "");
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /account/theme`
pub async fn choose_theme(actor: Actor, fields: Fields) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    let mut answer = frame::done("/account", Done::ThemeChosen);
    if let Err(error) = answer.add_cookie(&frame::theme_cookie(Theme::parse(fields.one("theme")))) {
        tracing::error!(%error, "a cookie of ours cannot be a header");
    }
    Ok(answer)
}

/// `POST /account/sessions/{id}/end`
pub async fn end_session(
    app: Data<App>,
    actor: Actor,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&actor, &fields)?;
    sign_out::end(&app.into_inner(), &actor, Some(id.into_inner())).await?;
    Ok(frame::done("/account", Done::SessionEnded))
}

/// The page as it opens for the actor.
///
/// # Errors
/// The database does not answer.
pub async fn fill(app: &Arc<App>, actor: &Actor, request: &HttpRequest) -> Answer<Account> {
    let Who::Member {
        id, session: this, ..
    } = actor.who.clone()
    else {
        return Err(Problem::not_found("member"));
    };
    let (scope, now) = (actor.scope.clone(), app.now_micros());
    let (member, found) = app
        .store
        .read(move |c| {
            Ok((
                members::find(c, &scope, &id)?,
                sessions::list_of_member(c, &id, now)?,
            ))
        })
        .await?;
    let (member, _) = member.ok_or_else(|| Problem::not_found("member"))?;
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
    let mut sessions: Vec<Session> = found
        .into_iter()
        .map(|row| Session {
            this: row.id == this,
            since: at(row.created_at),
            last_seen_at: at(row.last_seen_at),
            browser: row.user_agent,
            id: row.id,
        })
        .collect();
    sessions.sort_by_key(|session| !session.this);
    let frame = frame::frame(app, actor, request, Place::Account).await?;
    let held = passkeys::list::of_actor(app, actor).await?;
    // Whoever had to prove who they are first comes back to what they had typed.
    let query = Fields::parse(request.query_string().as_bytes());
    Ok(Account {
        approving: approving::section(app, actor, &frame).await?,
        frame,
        email: member.email,
        sessions,
        passkeys: Passkeys {
            full: held.len() >= passkeys::MOST,
            held: held
                .into_iter()
                .map(|row| Held {
                    added_at: at(row.created_at),
                    used_at: row.last_used_at.map(at),
                    synced: row.synced,
                    label: row.label,
                    id: row.id,
                })
                .collect(),
            label: Input::filled(query.one("label")),
            offer: Offer::of(passkeys::origin(&app.portal_url)),
            refused: None,
        },
        current: Input::default(),
        password: Input::default(),
    })
}
