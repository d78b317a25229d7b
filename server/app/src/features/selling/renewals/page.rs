//! The page of what is set aside.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::Permission;

use super::parked;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::paging::PageRequest;
use crate::web::problem::Answer;
use crate::web::session;
use crate::web::view::renewals::{Parked, ParkedRow};
use crate::web::view::{Pages, Place};

/// `GET /subscriptions/parked`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let asked = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let is_first = asked.cursor.is_none();
    let found = parked::list(&app, &allowed, asked).await?;
    let state = parked::state(&app, &allowed).await?;
    let next = found.next.as_deref().map(|cursor| {
        let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        format!("/subscriptions/parked?cursor={cursor}")
    });
    frame::html(&Parked {
        frame: frame::frame(&app, &allowed.actor, &request, Place::Subscriptions).await?,
        behind_since: state.behind_since.map(at),
        all: u64::try_from(state.parked).unwrap_or(0),
        rows: found.items.into_iter().map(describe).collect(),
        pages: Pages {
            previous: (!is_first).then(|| "/subscriptions/parked".to_owned()),
            next,
        },
        may_unpark: allowed.actor.role.may(Permission::SetPrices),
    })
}

/// `POST /subscriptions/{id}/unpark`
pub async fn unpark(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    parked::unpark(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(frame::done("/subscriptions/parked", Done::RenewalUnparked))
}

/// `POST /subscriptions/parked`: all of them.
pub async fn unpark_all(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    parked::unpark_all(&app.into_inner(), &allowed).await?;
    Ok(frame::done("/subscriptions/parked", Done::RenewalUnparked))
}

fn describe(parked: parked::Parked) -> ParkedRow {
    let row = parked.row;
    ParkedRow {
        id: row.id,
        serial_number: parked.serial_number,
        plan: parked.plan,
        buyer: parked.buyer,
        due_at: row.next_start_at.map(at),
        parked_at: at(row.parked_at.unwrap_or_default()),
        because: row.parked_because.unwrap_or_default(),
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}
