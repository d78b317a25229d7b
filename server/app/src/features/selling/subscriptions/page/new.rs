//! `GET` and `POST /subscriptions/new`: the form, what it will come to, and the start.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::scope::Scope;
use muster_store::organisations;
use muster_store::selling::accounts;

use super::act::{phone, plans_of};
use super::words;
use crate::app::App;
use crate::features::selling::books;
use crate::features::selling::subscriptions::acts::Mode;
use crate::features::selling::subscriptions::order::{Order, Sent};
use crate::features::selling::subscriptions::start::{self, Started};
use crate::web::actor::{Allowed, Sell};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session;
use crate::web::view::subscriptions::New;
use crate::web::view::{Choice, Place};

/// The most buyers that the form offers; the page of any other buyer leads here with its account chosen.
const BUYERS: i64 = 200;

/// `GET /subscriptions/new`
///
/// # Errors
/// The database does not answer.
pub async fn form(
    app: Data<App>,
    allowed: Allowed<Sell>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let typed = Fields::parse(request.query_string().as_bytes());
    let app = app.into_inner();
    frame::html(&fill(&app, &allowed, &request, (&typed, None, None)).await?)
}

/// `POST /subscriptions/new`
///
/// # Errors
/// The form is from an older sign-in. What does not fit comes back in the form.
pub async fn go(
    app: Data<App>,
    allowed: Allowed<Sell>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let mode = if fields.some("go").is_some() {
        Mode::Do
    } else {
        Mode::Try
    };
    let started = match order(&app, &allowed, &fields).await {
        Ok(order) => start::start(&app, &allowed, order, mode).await,
        Err(problem) => Err(problem),
    };
    match started {
        Ok(started) if mode == Mode::Do => Ok(frame::see_other(&place_of(&started))),
        Ok(started) => {
            let page = fill(&app, &allowed, &request, (&fields, None, Some(&started))).await?;
            frame::html(&page)
        }
        Err(problem)
            if matches!(
                problem.kind,
                Kind::Invalid | Kind::Conflict | Kind::NotFound
            ) =>
        {
            let page = fill(&app, &allowed, &request, (&fields, Some(&problem), None)).await?;
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// One is shown; of many the list.
fn place_of(started: &Started) -> String {
    match started.subscriptions.as_slice() {
        [one] => format!("/subscriptions/{}", one.id),
        _ => "/subscriptions".to_owned(),
    }
}

async fn order(app: &App, allowed: &Allowed<Sell>, typed: &Fields) -> Answer<Order> {
    let mut devices = Vec::new();
    for serial in typed.one("serials").split_whitespace() {
        if devices.len() > super::super::order::MOST {
            break;
        }
        devices.push(phone(app, allowed, serial).await?);
    }
    let count = typed
        .some("count")
        .map(|count| count.trim().parse().unwrap_or(-1));
    Order::read(Sent {
        account: typed.one("account").to_owned(),
        plan: typed.one("plan").to_owned(),
        devices,
        count,
        start_date: typed.some("start_date").map(str::to_owned),
        trial: typed.some("trial").is_some(),
        handset: typed.some("handset").is_some(),
    })
}

async fn fill(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    request: &HttpRequest,
    (typed, problem, started): (&Fields, Option<&Problem>, Option<&Started>),
) -> Answer<New> {
    let frame = frame::frame(app, &allowed.actor, request, Place::Subscriptions).await?;
    let none = Problem::invalid("", "");
    let input =
        |name: &str| frame::input(&frame.t, problem.unwrap_or(&none), name, typed.one(name));
    // A fault of no single field stands above the form.
    let fault = problem.filter(|problem| problem.fields.is_empty());
    Ok(New {
        account: input("account"),
        accounts: buyers(app, allowed, typed.one("account")).await?,
        plan: input("plan"),
        plans: plans_of(app, allowed).await?,
        serials: input("serials"),
        count: input("count"),
        start_date: input("start_date"),
        trial: typed.some("trial").is_some(),
        handset: typed.some("handset").is_some(),
        fault: fault.map(|problem| frame::words(&frame.t, problem.code, &problem.detail)),
        cost: started
            .map(|started| words::cost(&frame.t, &started.documents, started.next.as_ref())),
        frame,
    })
}

/// The buyers of the actor's organisation, and the one that was chosen already.
async fn buyers(app: &App, allowed: &Allowed<Sell>, chosen: &str) -> Answer<Vec<Choice>> {
    let (books, chosen) = (books::sold(&allowed.actor), chosen.to_owned());
    let found = app.store.read(move |c| {
        let mut found = accounts::list(c, &books, None, BUYERS)?.items;
        if !chosen.is_empty() && !found.iter().any(|account| account.id == chosen) {
            found.extend(accounts::find(c, &books, &chosen)?);
        }
        let mut choices = Vec::with_capacity(found.len());
        for account in found {
            // A seller knows the names of its buyers.
            let buyer = organisations::find(c, &Scope::Platform, &account.buyer_id)?;
            let name = buyer.map_or_else(String::new, |buyer| buyer.name);
            choices.push(Choice {
                label: format!("{name}, {}", account.currency),
                value: account.id,
            });
        }
        choices.sort_by(|one, other| one.label.cmp(&other.label));
        Ok(choices)
    });
    Ok(found.await?)
}
