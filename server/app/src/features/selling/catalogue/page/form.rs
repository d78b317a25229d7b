//! The form of a new plan.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::selling::country::Country;
use muster_domain::selling::dunning;
use muster_domain::selling::tax_rates;
use muster_store::selling::parties;
use muster_store::selling::sellers::Seller;

use crate::app::App;
use crate::features::selling::catalogue::add as adding;
use crate::features::selling::catalogue::plan::{BY_HAND, NewPlan, days_words};
use crate::features::selling::catalogue::today;
use crate::features::selling::sellers::buyers::show::seller;
use crate::features::selling::typed::Amounts;
use crate::web::actor::{Actor, Allowed, SetPrices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::money_words::decimal_sign;
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::text::Texts;
use crate::web::view::catalogue::{self as view, PlanForm};
use crate::web::view::sellers::choice;
use crate::web::view::{Choice, Inputs, Place};

/// `GET /plans/new`
pub async fn blank(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let seller = seller(&app, &allowed.actor).await?;
    let usual = dunning::Plan::default();
    let values = [
        ("interval_count", "6".to_owned()),
        ("interval_unit", "months".to_owned()),
        ("currency", seller.currency.clone()),
        ("rate", "standard".to_owned()),
        ("trial_days", "0".to_owned()),
        ("terms_days", seller.terms_days.to_string()),
        ("before", days_words(usual.before())),
        ("after", days_words(usual.after())),
        ("suspend", usual.suspend().to_string()),
        ("end", usual.end().to_string()),
    ];
    let form = form(
        &app,
        &allowed.actor,
        &request,
        &seller,
        Inputs::filled(values),
    );
    frame::html(&form.await?)
}

/// `POST /plans/new`
pub async fn add(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let seller = seller(&app, &allowed.actor).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Plans).await?;
    let amounts = Amounts::Typed(decimal_sign(frame.t.language()));
    let added = match NewPlan::read(&fields, amounts, &seller) {
        Ok(new) => adding::add(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(plan) => Ok(frame::done(&format!("/plans/{}", plan.id), Done::Saved)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let inputs = Inputs::refused(&frame.t, &fields, &problem);
            let form = form(&app, &allowed.actor, &request, &seller, inputs).await?;
            frame::refused(&problem, &form)
        }
        Err(problem) => Err(problem),
    }
}

async fn form(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    seller: &Seller,
    inputs: Inputs,
) -> Answer<PlanForm> {
    let frame = frame::frame(app, actor, request, Place::Plans).await?;
    let party = seller.party_id.clone();
    let party = app.store.read(move |c| parties::find(c, &party)).await?;
    let country = party.and_then(|party| Country::parse(&party.country).ok());
    let today = today(seller, app.now())?;
    Ok(PlanForm {
        inputs,
        units: view::units(&frame.t),
        rates: rates(&frame.t, country, today),
        cancellations: view::cancellations(&frame.t),
        paused_times: view::paused_times(&frame.t),
        frame,
    })
}

/// The rates of the seller's country as the table knows them on a day, zero, and any other by hand.
fn rates(t: &Texts, country: Option<Country>, day: jiff::civil::Date) -> Vec<Choice> {
    let standard = country.and_then(|country| tax_rates::standard(country, day).ok());
    let words = standard.map_or_else(
        || t.get("plan-rate-unknown"),
        |rate| t.put("plan-rate-standard", "rate", &rate.to_string()),
    );
    let mut rates = vec![choice("standard", words)];
    let reduced = country.and_then(|country| tax_rates::reduced(country, day).ok());
    rates.extend(reduced.unwrap_or_default().into_iter().map(|rate| {
        let percent = rate.to_string();
        choice(&percent, t.put("plan-rate-reduced", "rate", &percent))
    }));
    rates.extend([
        choice("zero", t.get("plan-rate-zero")),
        choice(BY_HAND, t.get("plan-rate-by-hand")),
    ]);
    rates
}
