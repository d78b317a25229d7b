//! Plans: the list, one of them with its prices, and what is done to it.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::civil::Date;
use muster_domain::permission::Permission;
use muster_domain::scope::Books;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::dunning;
use muster_domain::selling::money::Money;
use muster_store::selling::{buyers, plans, sellers};

use crate::app::App;
use crate::features::selling::catalogue::price::{self, NewPrice, Whose};
use crate::features::selling::catalogue::show::{self as found, Named, Priced, Query};
use crate::features::selling::catalogue::{add as adding, plan as rules, state};
use crate::features::selling::typed::{Amounts, date};
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::money_words::decimal_sign;
use crate::web::paging::{MOST, PageRequest};
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::catalogue::{self as view, Plan, PlanRow, Plans, PriceSet, STEPS};
use crate::web::view::sellers::{choice, label};
use crate::web::view::{Choice, Frame, Inputs, Pages, Place};

/// `GET /plans`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let actor = &allowed.actor;
    let query = Query::read(&Fields::parse(request.query_string().as_bytes()))?;
    let (is_first, retired) = (query.page.cursor.is_none(), query.retired);
    let page = found::list(&app, &allowed, query).await?;
    let frame = frame::frame(&app, actor, &request, Place::Plans).await?;
    let base = if retired {
        "/plans?retired=yes"
    } else {
        "/plans"
    };
    let joint = if retired { '&' } else { '?' };
    let home = actor.organisation.id.clone();
    let selling = app.store.read(move |c| sellers::find(c, &home)).await?;
    let rows = page.items.into_iter().map(|plan| row(&frame, plan));
    frame::html(&Plans {
        selling: selling.is_some(),
        retired,
        rows: rows.collect::<Answer<Vec<_>>>()?,
        pages: Pages {
            previous: (!is_first).then(|| base.to_owned()),
            next: page
                .next
                .map(|cursor| format!("{base}{joint}cursor={cursor}")),
        },
        may_add: actor.role.may(Permission::SetPrices),
        frame,
    })
}

/// `GET /plans/{id}`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let page = fill(&app, &allowed, &request, id.into_inner(), Inputs::default());
    frame::html(&page.await?)
}

/// `POST /plans/{id}/retire`
pub async fn retire(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let plan = adding::retire(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(frame::done(&format!("/plans/{}", plan.id), Done::Saved))
}

/// `POST /plans/{id}/prices`
pub async fn set_price(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let (app, id) = (app.into_inner(), id.into_inner());
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    let plan = found::find(&app, &reader, id.clone()).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Plans).await?;
    let amounts = Amounts::Typed(decimal_sign(frame.t.language()));
    let currency = Currency::parse(&plan.plan.currency)?;
    let set = match NewPrice::read(&fields, &steps(&fields), amounts, currency) {
        Ok(new) => price::set(&app, &allowed, id.clone(), new).await,
        Err(problem) => Err(problem),
    };
    match set {
        Ok(_) => Ok(frame::done(&format!("/plans/{id}"), Done::Saved)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let inputs = Inputs::refused(&frame.t, &fields, &problem);
            let page = fill(&app, &reader, &request, id, inputs).await?;
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /plans/{id}/prices/take-back`
pub async fn take_back_price(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let (app, id) = (app.into_inner(), id.into_inner());
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    // What is not there is told before what does not fit.
    found::find(&app, &reader, id.clone()).await?;
    let whose = Whose::read(&fields)?;
    let from = date("valid_from", fields.one("valid_from"))?;
    price::take_back(&app, &allowed, id.clone(), whose, from).await?;
    Ok(frame::done(&format!("/plans/{id}"), Done::Saved))
}

/// The steps of the form: the first from one unit on, the others where something was typed.
fn steps(fields: &Fields) -> Vec<(String, String)> {
    let first = ("1".to_owned(), fields.one("amount").to_owned());
    let others = (1..=STEPS).map(|step| {
        let typed = |what: &str| fields.one(&format!("step_{what}_{step}")).trim().to_owned();
        (typed("from"), typed("amount"))
    });
    std::iter::once(first)
        .chain(others.filter(|(from, amount)| !from.is_empty() || !amount.is_empty()))
        .collect()
}

async fn fill(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    request: &HttpRequest,
    id: String,
    inputs: Inputs,
) -> Answer<Plan> {
    let actor = &allowed.actor;
    let priced = found::find(app, allowed, id.clone()).await?;
    let all = PageRequest {
        cursor: None,
        limit: MOST,
    };
    let (prices, today) = found::prices(app, allowed, id, all).await?;
    let frame = frame::frame(app, actor, request, Place::Plans).await?;
    let currency = Currency::parse(&priced.plan.currency)?;
    let may_change = actor.role.may(Permission::SetPrices);
    let buyers = if may_change {
        who(app, &frame, &actor.organisation.id, currency).await?
    } else {
        Vec::new()
    };
    Ok(Plan {
        facts: facts(&frame, &priced.plan),
        currency: priced.plan.currency.clone(),
        row: row(&frame, priced)?,
        more: prices.next.is_some(),
        prices: sets(prices.items, today, currency),
        inputs,
        items: view::items(&frame.t),
        buyers,
        may_change,
        frame,
    })
}

/// For whom a price may be: everybody, or one of the buyers in this currency.
async fn who(app: &App, frame: &Frame, home: &str, currency: Currency) -> Answer<Vec<Choice>> {
    let books = Books::Seller(home.to_owned());
    let known = app
        .store
        .read(move |c| buyers::list(c, &books, None, None, MOST))
        .await?;
    let mut who = vec![choice("", frame.t("price-everybody"))];
    who.extend(
        known
            .items
            .into_iter()
            .filter(|(account, _)| account.currency == currency.as_str())
            .map(|(account, name)| choice(&account.buyer_id, name)),
    );
    Ok(who)
}

fn row(frame: &Frame, priced: Priced) -> Answer<PlanRow> {
    let currency = Currency::parse(&priced.plan.currency)?;
    let amount = |minor: Option<i64>| minor.map(|minor| Money::new(minor, currency));
    Ok(PlanRow {
        interval: view::every(
            &frame.t,
            &priced.plan.interval_unit,
            priced.plan.interval_count,
        ),
        recurring: amount(priced.recurring),
        handset: amount(priced.handset),
        retired: priced.plan.retired_at.is_some(),
        id: priced.plan.id,
        name: priced.plan.name,
    })
}

fn facts(frame: &Frame, plan: &plans::Plan) -> Vec<(String, String)> {
    let t = &frame.t;
    let days = |count: i64| t.count("plan-days", count.unsigned_abs());
    let rate = match plan.rate.as_str() {
        "standard" => t.get("plan-rate-unknown"),
        "zero" => t.get("plan-rate-zero"),
        stored => t.put("plan-rate-reduced", "rate", &rules::rate_words(stored)),
    };
    let mut facts = vec![
        (t.get("plan-trial"), days(plan.trial_days)),
        (t.get("buyer-terms-days"), days(plan.terms_days)),
        (t.get("plan-rate"), rate),
        (
            t.get("plan-cancellation"),
            label(&view::cancellations(t), &plan.cancellation),
        ),
        (
            t.get("plan-paused"),
            label(&view::paused_times(t), &plan.paused_time),
        ),
    ];
    if let Ok(schedule) = serde_json::from_str::<dunning::Plan>(&plan.dunning) {
        facts.extend([
            (t.get("plan-before"), rules::days_words(schedule.before())),
            (t.get("plan-after"), rules::days_words(schedule.after())),
            (t.get("plan-suspend"), schedule.suspend().to_string()),
            (t.get("plan-end"), schedule.end().to_string()),
        ]);
    }
    facts
}

/// Rows that begin on one day are the steps of one price. Today's come first, then those to come, then the past; among them
/// everybody's before a buyer's own, the newest first.
fn sets(rows: Vec<Named>, today: Date, currency: Currency) -> Vec<PriceSet> {
    type Known = (String, Option<String>, String);
    let mut sets: BTreeMap<Known, PriceSet> = BTreeMap::new();
    for (price, name) in rows {
        let Ok(from) = price.valid_from.parse() else {
            continue;
        };
        let key = (
            price.item.clone(),
            price.buyer_id.clone(),
            price.valid_from.clone(),
        );
        let set = sets.entry(key).or_insert_with(|| PriceSet {
            state: state(&price, today),
            item: price.item.clone(),
            buyer: price
                .buyer_id
                .clone()
                .map(|id| (id, name.unwrap_or_default())),
            from,
            until: price
                .valid_until
                .as_deref()
                .and_then(|day| day.parse().ok()),
            steps: Vec::new(),
        });
        let amount = Money::new(price.amount, currency);
        set.steps.push((price.from_quantity.unsigned_abs(), amount));
    }
    let mut sets: Vec<PriceSet> = sets.into_values().collect();
    for set in &mut sets {
        set.steps.sort_by_key(|(from, _)| *from);
    }
    sets.sort_by(|a, b| {
        let name = |set: &PriceSet| set.buyer.as_ref().map(|(_, name)| name.clone());
        // "recurring" before "handset".
        (a.state, &b.item, name(a))
            .cmp(&(b.state, &a.item, name(b)))
            .then(b.from.cmp(&a.from))
    });
    sets
}
