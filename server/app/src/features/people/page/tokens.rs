//! The page of the API tokens.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::Role;
use muster_store::api_tokens::ApiToken;

use super::roles;
use crate::app::App;
use crate::features::people::tokens::{self, NewToken};
use crate::web::actor::{Allowed, ManageTokens};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::tokens::{Token, Tokens};
use crate::web::view::{Input, Place};

/// `GET /account/tokens`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ManageTokens>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed, &request).await?)
}

/// `POST /account/tokens`: the answer shows the secret, this once.
pub async fn make(
    app: Data<App>,
    allowed: Allowed<ManageTokens>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    let app = app.into_inner();
    let made = match NewToken::read(&fields) {
        Ok(new) => tokens::make(&app, &allowed, new.clone())
            .await
            .map(|secret| (new.name, secret)),
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => frame::html(&Tokens {
            made: Some(made),
            ..fill(&app, &allowed, &request).await?
        }),
        Err(problem) if problem.kind == Kind::Invalid => {
            let mut page = fill(&app, &allowed, &request).await?;
            page.name = frame::input(&page.frame.t, &problem, "name", fields.one("name"));
            page.role = frame::input(&page.frame.t, &problem, "role", fields.one("role"));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /account/tokens/{id}/revoke`
pub async fn revoke(
    app: Data<App>,
    allowed: Allowed<ManageTokens>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    tokens::revoke(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(frame::done("/account/tokens", Done::TokenRevoked))
}

async fn fill(app: &App, allowed: &Allowed<ManageTokens>, request: &HttpRequest) -> Answer<Tokens> {
    let found = tokens::list(app, allowed).await?;
    Ok(Tokens {
        frame: frame::frame(app, &allowed.actor, request, Place::Account).await?,
        made: None,
        tokens: found.into_iter().filter_map(describe).collect(),
        name: Input::default(),
        role: Input::filled(Role::Support.as_str()),
        roles: roles(allowed.actor.role),
    })
}

fn describe(token: ApiToken) -> Option<Token> {
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
    Some(Token {
        role: frame::role(Role::parse(&token.role)?),
        made_at: at(token.created_at),
        used_at: token.last_used_at.map(at),
        revoked_at: token.revoked_at.map(at),
        id: token.id,
        name: token.name,
    })
}
