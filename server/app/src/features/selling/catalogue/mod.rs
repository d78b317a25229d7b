//! Plans and what they cost, for whom and from when.

pub mod add;
pub mod api;
mod page;
pub mod plan;
pub mod price;
pub mod show;

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::permission::Permission;
use muster_domain::selling::zone::Zone;
use muster_store::selling::plans::Price;
use muster_store::selling::sellers::Seller;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::problem::Answer;
use crate::web::route::{Access, Route};
use crate::web::view::catalogue::State;

/// The routes of this room.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    let read = Access::Needs(Permission::ReadBooks);
    let change = Access::Needs(Permission::SetPrices);
    vec![
        route!(GET "/plans", read, page::list),
        route!(GET "/plans/new", change, page::blank),
        route!(POST "/plans/new", change, page::add),
        route!(GET "/plans/{id}", read, page::show),
        route!(POST "/plans/{id}/retire", change, page::retire),
        route!(POST "/plans/{id}/prices", change, page::set_price),
        route!(POST "/plans/{id}/prices/take-back", change, page::take_back_price),
        route!(GET "/api/v1/plans", read, api::list),
        route!(POST "/api/v1/plans", change, api::add),
        route!(GET "/api/v1/plans/{id}", read, api::find),
        route!(POST "/api/v1/plans/{id}/retire", change, api::retire),
        route!(GET "/api/v1/plans/{id}/prices", read, api::prices),
        route!(POST "/api/v1/plans/{id}/prices", change, api::set_price),
        route!(POST "/api/v1/plans/{id}/prices/take-back", change, api::take_back_price),
    ]
}

/// What it does by itself: nothing.
#[must_use]
pub fn jobs() -> Vec<Job> {
    Vec::new()
}

/// The seller's day.
///
/// # Errors
/// Its zone is one that this version does not know.
pub fn today(seller: &Seller, now: Timestamp) -> Answer<Date> {
    Ok(Zone::parse(&seller.zone)?.date_of(now))
}

/// Where a price stands on a day. Dates are written year first, so that they compare as text.
#[must_use]
pub fn state(price: &Price, today: Date) -> State {
    let today = today.to_string();
    if price.valid_from > today {
        State::ToCome
    } else if price
        .valid_until
        .as_ref()
        .is_some_and(|until| *until <= today)
    {
        State::Past
    } else {
        State::Today
    }
}
