//! The page of the members.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::{Permission, Role};
use muster_store::members::{self, Member};
use muster_store::organisations::{self, Organisation};

use super::roles;
use crate::app::App;
use crate::features::people::add::{self as adding, AddMember};
use crate::features::people::disable as disabling;
use crate::features::people::links::{self, Link};
use crate::web::actor::{Actor, Allowed, ManagePeople, ReadPeople};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::people::{self as view, People};
use crate::web::view::{Choice, Input, Pages, Place};

/// The most organisations that a form offers.
const CHOICES: i64 = 500;

/// `GET /people`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadPeople>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed.actor, &request).await?)
}

/// `POST /people`: the answer shows the new member's link, this once.
pub async fn add(
    app: Data<App>,
    allowed: Allowed<ManagePeople>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let added = match AddMember::read(&fields) {
        Ok(new) => adding::add(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok((member, link)) => show_link(&app, &allowed, &request, &member, &link).await,
        Err(problem) if problem.kind == Kind::Invalid => {
            let mut page = fill(&app, &allowed.actor, &request).await?;
            let again = |name: &str| frame::input(&page.frame.t, &problem, name, fields.one(name));
            (page.name, page.email) = (again("name"), again("email"));
            (page.role, page.organisation_id) = (again("role"), again("organisation_id"));
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /people/{id}/link`: the answer shows the link, this once.
pub async fn give_link(
    app: Data<App>,
    allowed: Allowed<ManagePeople>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    let app = app.into_inner();
    let (member, link) = links::give_password(&app, &allowed, id.into_inner()).await?;
    show_link(&app, &allowed, &request, &member, &link).await
}

/// `POST /people/{id}/disable`
pub async fn disable(
    app: Data<App>,
    allowed: Allowed<ManagePeople>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    disabling::disable(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(frame::done("/people", Done::MemberDisabled))
}

async fn show_link(
    app: &App,
    allowed: &Allowed<ManagePeople>,
    request: &HttpRequest,
    member: &Member,
    link: &Link,
) -> Answer<HttpResponse> {
    let mut page = fill(app, &allowed.actor, request).await?;
    page.added = Some((member.name.clone(), link.url.clone(), link.expires_at));
    frame::html(&page)
}

async fn fill(app: &App, actor: &Actor, request: &HttpRequest) -> Answer<People> {
    let asked = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let is_first = asked.cursor.is_none();
    let scope = actor.scope.clone();
    let (found, choices) = app
        .store
        .read(move |c| {
            let found = members::list(c, &scope, None, asked.cursor.as_deref(), asked.limit)?;
            Ok((found, organisations::owners_of_devices(c, &scope, CHOICES)?))
        })
        .await?;
    let home = &actor.organisation;
    let mut organisations = vec![Choice {
        value: home.id.clone(),
        label: home.name.clone(),
    }];
    organisations.extend(
        choices
            .into_iter()
            .filter(|row| row.id != home.id)
            .map(|row| Choice {
                value: row.id,
                label: row.name,
            }),
    );
    let next = found
        .next
        .as_deref()
        .map(|cursor| format!("/people?cursor={cursor}"));
    Ok(People {
        frame: frame::frame(app, actor, request, Place::People).await?,
        added: None,
        members: found
            .items
            .into_iter()
            .filter_map(|row| describe(actor, row))
            .collect(),
        pages: Pages {
            previous: (!is_first).then(|| "/people".to_owned()),
            next,
        },
        may_add: actor.role.may(Permission::ManagePeople),
        name: Input::default(),
        email: Input::default(),
        role: Input::filled(Role::Support.as_str()),
        roles: roles(actor.role),
        organisation_id: Input::filled(&home.id),
        organisations,
    })
}

fn describe(actor: &Actor, (member, organisation): (Member, Organisation)) -> Option<view::Member> {
    let may_change = actor.role.may(Permission::ManagePeople)
        && actor.reference() != format!("member:{}", member.id)
        && disabling::may_change(actor.role, &member).is_ok();
    Some(view::Member {
        role: frame::role(Role::parse(&member.role)?),
        since: Timestamp::from_microsecond(member.created_at).unwrap_or_default(),
        waiting: member.password_hash.is_none() && member.disabled_at.is_none(),
        disabled: member.disabled_at.is_some(),
        organisation: organisation.name,
        may_change,
        id: member.id,
        name: member.name,
        email: member.email,
    })
}
