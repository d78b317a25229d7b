//! The page of the organisations beneath one's own.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::Permission;
use muster_domain::scope::Scope;
use muster_store::device_search::{self, DeviceFilter};
use muster_store::organisations::{Filter, Organisation};
use muster_store::{Conn, StoreResult, fleets, members};

use super::add::{self, AddOrganisation};
use super::list::{self as listing, Query};
use crate::app::App;
use crate::web::actor::{Actor, Allowed, ManageOrganisations, ReadOrganisations};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::organisations::{self as view, Organisations};
use crate::web::view::{Input, OrganisationKind, Pages, Place};

/// `GET /organisations`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadOrganisations>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed, &request, Input::default()).await?)
}

/// `POST /organisations`
pub async fn add(
    app: Data<App>,
    allowed: Allowed<ManageOrganisations>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let typed = fields.one("name");
    let added = match AddOrganisation::read(typed, None) {
        Ok(new) => add::add(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(_) => Ok(frame::done("/organisations", Done::OrganisationAdded)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let reader = allowed.actor.allow::<ReadOrganisations>()?;
            let mut page = fill(&app, &reader, &request, Input::default()).await?;
            page.name = frame::input(&page.frame.t, &problem, "name", typed);
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn fill(
    app: &App,
    allowed: &Allowed<ReadOrganisations>,
    request: &HttpRequest,
    name: Input,
) -> Answer<Organisations> {
    let actor = &allowed.actor;
    let query = Fields::parse(request.query_string().as_bytes());
    let filter = Filter {
        parent_id: Some(actor.organisation.id.clone()),
        ..Filter::default()
    };
    // A refused form is answered under the address of the list, so both read the same query.
    let asked = Query {
        filter,
        page: PageRequest::read(&query)?,
    };
    let is_first = asked.page.cursor.is_none();
    let found = listing::list(app, allowed, asked).await?;
    let next = found.next.as_deref().map(|cursor| {
        let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        format!("/organisations?cursor={cursor}")
    });
    let rows = app
        .store
        .read(move |c| {
            found
                .items
                .into_iter()
                .map(|row| describe(c, row))
                .collect()
        })
        .await?;
    Ok(Organisations {
        frame: frame::frame(app, actor, request, Place::Organisations).await?,
        kind: beneath(actor),
        rows,
        pages: Pages {
            previous: (!is_first).then(|| "/organisations".to_owned()),
            next,
        },
        name,
        may_create: actor.role.may(Permission::ManageOrganisations)
            && actor.organisation.kind != "customer",
    })
}

/// What stands beneath the actor's own organisation.
fn beneath(actor: &Actor) -> OrganisationKind {
    match frame::organisation_kind(&actor.organisation.kind) {
        OrganisationKind::Operator => OrganisationKind::Reseller,
        OrganisationKind::Reseller | OrganisationKind::Customer => OrganisationKind::Customer,
    }
}

fn describe(c: &mut Conn, row: Organisation) -> StoreResult<view::Organisation> {
    let reseller = row.reseller_id.clone().unwrap_or_default();
    let inside = match frame::organisation_kind(&row.kind) {
        OrganisationKind::Operator => Scope::Platform,
        OrganisationKind::Reseller => Scope::Reseller(reseller),
        OrganisationKind::Customer => Scope::Customer {
            reseller,
            customer: row.id.clone(),
        },
    };
    let phones = device_search::count(c, &inside, &DeviceFilter::default())?;
    let fleet = fleets::find_by_organisation(c, &row.id)?;
    Ok(view::Organisation {
        phones: u64::try_from(phones.n).unwrap_or(0),
        members: u64::try_from(members::count_live(c, &row.id)?).unwrap_or(0),
        since: Timestamp::from_microsecond(row.created_at).unwrap_or_default(),
        fleet_fingerprint: fleet.and_then(|fleet| fleet.fingerprint),
        id: row.id,
        name: row.name,
    })
}
