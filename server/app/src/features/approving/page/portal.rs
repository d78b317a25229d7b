//! Where somebody is signed in: the form for a new passkey, its file, and the hand-overs to the approvals host.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::features::approving::{mine, register, sign};
use crate::web::actor::{Actor, Allowed, DeliverApprovals, Who};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::approving::{NewPasskey, Section};
use crate::web::view::{Choice, Frame, Input, Place};

/// The part of the account page about a member's passkeys for approving.
///
/// # Errors
/// The database does not answer.
pub async fn section(app: &Arc<App>, actor: &Actor, frame: &Frame) -> Answer<Section> {
    let may = actor
        .role
        .may(muster_domain::permission::Permission::DeliverApprovals);
    let rows = if may && matches!(actor.who, Who::Member { .. }) {
        mine::list(app, actor).await?
    } else {
        Vec::new()
    };
    Ok(Section {
        may,
        is_set_up: app.approvals.is_some(),
        rows: rows
            .into_iter()
            .map(|mine| super::row(frame, mine))
            .collect(),
    })
}

/// `GET /account/approving`
///
/// # Errors
/// The password was typed too long ago; the database does not answer.
pub async fn new_form(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    allowed.actor.confirm_first(&app)?;
    let app = app.into_inner();
    frame::html(&fill(&app, &allowed.actor, &request).await?)
}

/// `POST /account/approving`
///
/// # Errors
/// As [`register::begin`].
pub async fn hand_over_registration(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let (label, person) = (fields.one("label"), fields.one("person"));
    match register::begin(&app, &allowed, label, person).await {
        Ok(address) => Ok(frame::see_other(&address)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let mut page = fill(&app, &allowed.actor, &request).await?;
            page.label = frame::input(&page.frame.t, &problem, "label", label);
            page.person = frame::input(&page.frame.t, &problem, "person", person);
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /account/approving/{id}/registration`: the file for the root signers.
///
/// # Errors
/// There is none of this member's.
pub async fn registration(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let (name, text) = mine::registration(&app.into_inner(), &allowed.actor, &id).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(text))
}

/// `POST /account/approving/{id}/remove`
///
/// # Errors
/// As [`register::remove`].
pub async fn remove(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    register::remove(&app.into_inner(), &allowed.actor, &id).await?;
    Ok(frame::done("/account", Done::ApprovingPasskeyRemoved))
}

/// `POST /commands/{id}/passkey`
///
/// # Errors
/// As [`sign::begin`].
pub async fn hand_over_approval(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    command: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let address = sign::begin(&app.into_inner(), &allowed, &command).await?;
    Ok(frame::see_other(&address))
}

async fn fill(app: &Arc<App>, actor: &Actor, request: &HttpRequest) -> Answer<NewPasskey> {
    let frame = frame::frame(app, actor, request, Place::Account).await?;
    let known = mine::people(app, actor).await?;
    let is_known = !mine::list(app, actor).await?.is_empty();
    let mut people = vec![Choice {
        value: String::new(),
        label: frame.t("approving-person-new"),
    }];
    people.extend(known.into_iter().map(|known| Choice {
        value: known.person,
        label: frame.t.with(
            "approving-person-known",
            &[
                ("words", known.words.into()),
                (
                    "organisation",
                    super::of(&frame, known.organisation.as_ref()).into(),
                ),
            ],
        ),
    }));
    Ok(NewPasskey {
        host: app
            .approvals
            .as_ref()
            .map(|approvals| approvals.host.clone()),
        people: if is_known { Vec::new() } else { people },
        label: Input::default(),
        person: Input::default(),
        frame,
    })
}
