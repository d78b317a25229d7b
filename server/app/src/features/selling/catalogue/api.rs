//! Plans and prices for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::dunning;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::price::{self, NewPrice, Whose};
use super::show::{self, Named, Priced, Query};
use super::{add, plan, state};
use crate::app::App;
use crate::features::selling::sellers::buyers::show::seller;
use crate::features::selling::typed::{Amounts, date};
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::Answer;

/// What this part adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(list, add, find, retire, prices, set_price, take_back_price))]
pub struct Api;

/// A dunning schedule, in days.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dunning {
    /// Letters before a renewal.
    before: Vec<u16>,
    /// Letters after a due date.
    after: Vec<u16>,
    /// Days after a due date from which service is suspended.
    suspend: u16,
    /// Days after a due date from which the subscription may end.
    end: u16,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// Its id.
    id: String,
    /// Its name; no two of a seller share one.
    name: String,
    /// `months` or `days`.
    interval_unit: String,
    /// How many of them a period has.
    interval_count: i64,
    /// ISO 4217.
    currency: String,
    /// Days of trial.
    trial_days: i64,
    /// Days from issue to due.
    terms_days: i64,
    /// `standard`, `zero`, or a percentage such as `5.5`: the VAT rate of a period. A handset takes the standard one.
    rate: String,
    /// `at-period-end`, `now-without-credit` or `now-with-credit`.
    cancellation: String,
    /// `lapses` or `extends`: what becomes of paused time.
    paused_time: String,
    /// Letters, suspension and end; null where what is stored cannot be read.
    dunning: Option<Dunning>,
    /// What a period costs everybody today, in minor units; null before its first price begins.
    recurring: Option<i64>,
    /// What the handset costs everybody today, in minor units; null where none is sold.
    handset: Option<i64>,
    /// When it was added, RFC 3339.
    created_at: String,
    /// Since when it is offered no more, RFC 3339.
    retired_at: Option<String>,
}

impl From<Priced> for Plan {
    fn from(priced: Priced) -> Self {
        let row = priced.plan;
        let dunning: Option<dunning::Plan> = serde_json::from_str(&row.dunning).ok();
        Self {
            rate: plan::rate_words(&row.rate),
            dunning: dunning.map(|schedule| Dunning {
                before: schedule.before().to_vec(),
                after: schedule.after().to_vec(),
                suspend: schedule.suspend(),
                end: schedule.end(),
            }),
            recurring: priced.recurring,
            handset: priced.handset,
            created_at: json::time(row.created_at),
            retired_at: row.retired_at.map(json::time),
            id: row.id,
            name: row.name,
            interval_unit: row.interval_unit,
            interval_count: row.interval_count,
            currency: row.currency,
            trial_days: row.trial_days,
            terms_days: row.terms_days,
            cancellation: row.cancellation,
            paused_time: row.paused_time,
        }
    }
}

/// A plan to offer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Its name, 1 to 80 characters.
    name: String,
    /// `months` or `days`.
    interval_unit: String,
    /// How many of them a period has: up to 120 months or 1,200 days.
    interval_count: i64,
    /// What a period costs from `valid_from` on, in minor units.
    recurring: i64,
    /// What the handset costs, in minor units; left out where none is sold.
    #[serde(default)]
    handset: Option<i64>,
    /// The first day of these prices; today when left out.
    #[serde(default)]
    valid_from: Option<String>,
    /// ISO 4217; the seller's when left out.
    #[serde(default)]
    currency: Option<String>,
    /// Days of trial, 0 to 365; none when left out.
    #[serde(default)]
    trial_days: Option<i64>,
    /// Days from issue to due, 0 to 180; the seller's when left out.
    #[serde(default)]
    terms_days: Option<i64>,
    /// `standard` (when left out), `zero`, or a percentage such as `5.5`.
    #[serde(default)]
    rate: Option<String>,
    /// `at-period-end` (when left out), `now-without-credit` or `now-with-credit`.
    #[serde(default)]
    cancellation: Option<String>,
    /// `lapses` (when left out) or `extends`.
    #[serde(default)]
    paused_time: Option<String>,
    /// Letters 30, 14, 7 and 1 days before, 0, 3, 7 and 10 days after, suspension after 14 and end after 30 when left out.
    #[serde(default)]
    dunning: Option<Dunning>,
}

impl NewPlan {
    fn fields(self) -> Fields {
        let mut fields = vec![
            ("name", self.name),
            ("interval_unit", self.interval_unit),
            ("interval_count", self.interval_count.to_string()),
            ("recurring", self.recurring.to_string()),
        ];
        let given = [
            ("handset", self.handset.map(|amount| amount.to_string())),
            ("valid_from", self.valid_from),
            ("currency", self.currency),
            ("trial_days", self.trial_days.map(|days| days.to_string())),
            ("terms_days", self.terms_days.map(|days| days.to_string())),
            ("rate", self.rate),
            ("cancellation", self.cancellation),
            ("paused_time", self.paused_time),
        ];
        fields.extend(
            given
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if let Some(dunning) = self.dunning {
            fields.extend([
                ("before", plan::days_words(&dunning.before)),
                ("after", plan::days_words(&dunning.after)),
                ("suspend", dunning.suspend.to_string()),
                ("end", dunning.end.to_string()),
            ]);
        }
        Fields::of(fields)
    }
}

/// A price: one step of what an item of a plan costs during some time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Price {
    /// Its id.
    id: String,
    /// `recurring` or `handset`.
    item: String,
    /// The buyer's organisation it is for alone; null for everybody.
    buyer_id: Option<String>,
    /// Its name.
    buyer_name: Option<String>,
    /// From this many live subscriptions of the buyer on; then each of them costs this.
    from_quantity: i64,
    /// In minor units of the plan's currency.
    amount: i64,
    /// The first day.
    valid_from: String,
    /// The first day on which it no longer holds; null until further notice.
    valid_until: Option<String>,
    /// `past`, `today` or `to-come`, on the seller's day.
    state: &'static str,
}

impl Price {
    fn of((row, buyer_name): Named, today: jiff::civil::Date) -> Self {
        Self {
            state: state(&row, today).as_str(),
            id: row.id,
            item: row.item,
            buyer_id: row.buyer_id,
            buyer_name,
            from_quantity: row.from_quantity,
            amount: row.amount,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        }
    }
}

/// A step of a price.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// From this many live subscriptions on; the first step begins with 1.
    from_quantity: i64,
    /// In minor units.
    amount: i64,
}

/// A price that is to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPrice {
    /// `recurring` or `handset`.
    item: String,
    /// The buyer's organisation that it is for alone; left out for everybody.
    #[serde(default)]
    buyer_id: Option<String>,
    /// Its steps by rising quantity, 1 to 20; the whole quantity is charged at the step that it reaches.
    steps: Vec<Step>,
    /// The first day; today when left out. An earlier one only where nothing was billed after it.
    #[serde(default)]
    valid_from: Option<String>,
    /// The first day on which it no longer holds; until the next one begins when left out.
    #[serde(default)]
    valid_until: Option<String>,
}

/// A price that has not begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// `recurring` or `handset`.
    item: String,
    /// The buyer's organisation that it is for alone; left out for everybody.
    #[serde(default)]
    buyer_id: Option<String>,
    /// The first day of it.
    valid_from: String,
}

/// The plans of the token's organisation, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/plans",
    tag = "selling",
    params(
        ("retired" = Option<String>, Query, description = "yes: also those that are offered no more"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = List<Plan>),
        (status = 409, description = "`sells-nothing`: the organisation is a customer"),
    ),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Query::read(&Fields::parse(request.query_string().as_bytes()))?;
    let page = show::list(&app, &allowed, query).await?.map(Plan::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// Offers a plan, with its first prices.
#[utoipa::path(
    post,
    path = "/api/v1/plans",
    tag = "selling",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = NewPlan,
    responses(
        (status = 201, body = Plan),
        (status = 409, description = "`not-selling`: the organisation has not said how it sells"),
        (status = 422, description = "A field does not fit, or the name is taken"),
    ),
    security(("token" = []))
)]
pub async fn add(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    body: Json<NewPlan>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let make = async || {
        let seller = seller(&app, &allowed.actor).await?;
        let new = plan::NewPlan::read(&body.value.fields(), Amounts::Minor, &seller)?;
        let added = add::add(&app, &allowed, new).await?;
        let reader = allowed.actor.clone().allow::<ReadBooks>()?;
        Ok(Plan::from(show::find(&app, &reader, added.id).await?))
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// One plan.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{id}",
    tag = "selling",
    params(("id" = String, Path, description = "The plan")),
    responses(
        (status = 200, body = Plan),
        (status = 404, description = "There is no such plan of the token's organisation"),
    ),
    security(("token" = []))
)]
pub async fn find(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = show::find(&app, &allowed, id.into_inner()).await?;
    Ok(json::ok(&Plan::from(found)))
}

/// Offers a plan no more; what runs under it goes on.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{id}/retire",
    tag = "selling",
    params(("id" = String, Path, description = "The plan")),
    responses(
        (status = 200, body = Plan),
        (status = 404, description = "There is no such plan of the token's organisation"),
        (status = 409, description = "`plan-retired`: it is offered no more already"),
    ),
    security(("token" = []))
)]
pub async fn retire(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let retired = add::retire(&app, &allowed, id.into_inner()).await?;
    let reader = allowed.actor.allow::<ReadBooks>()?;
    let found = show::find(&app, &reader, retired.id).await?;
    Ok(json::ok(&Plan::from(found)))
}

/// The prices of a plan, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{id}/prices",
    tag = "selling",
    params(
        ("id" = String, Path, description = "The plan"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = List<Price>),
        (status = 404, description = "There is no such plan of the token's organisation"),
    ),
    security(("token" = []))
)]
pub async fn prices(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let page = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let (found, today) = show::prices(&app, &allowed, id.into_inner(), page).await?;
    let found = found.map(|named| Price::of(named, today));
    Ok(json::ok(&List {
        items: found.items,
        next_cursor: found.next,
    }))
}

/// Lets a price begin. It ends the one before on that day; what was billed keeps what it cost.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{id}/prices",
    tag = "selling",
    params(
        ("id" = String, Path, description = "The plan"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer"),
    ),
    request_body = SetPrice,
    responses(
        (status = 201, body = List<Price>, description = "Its steps"),
        (status = 404, description = "There is no such plan of the token's organisation"),
        (status = 422, description = "A field does not fit; the price would reach a billed period, or overlap another"),
    ),
    security(("token" = []))
)]
pub async fn set_price(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    request: HttpRequest,
    body: Json<SetPrice>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let make = async || {
        let reader = allowed.actor.clone().allow::<ReadBooks>()?;
        let found = show::find(&app, &reader, id.into_inner()).await?;
        let sent = body.value;
        let steps: Vec<(String, String)> = sent
            .steps
            .iter()
            .map(|step| (step.from_quantity.to_string(), step.amount.to_string()))
            .collect();
        let fields = Fields::of([
            ("item", sent.item),
            ("buyer_id", sent.buyer_id.unwrap_or_default()),
            ("valid_from", sent.valid_from.unwrap_or_default()),
            ("valid_until", sent.valid_until.unwrap_or_default()),
        ]);
        let currency = Currency::parse(&found.plan.currency)?;
        let new = NewPrice::read(&fields, &steps, Amounts::Minor, currency)?;
        let rows = price::set(&app, &allowed, found.plan.id.clone(), new).await?;
        let page = PageRequest {
            cursor: None,
            limit: crate::web::paging::MOST,
        };
        let (known, today) = show::prices(&app, &reader, found.plan.id, page).await?;
        let items = known
            .items
            .into_iter()
            .filter(|(price, _)| rows.iter().any(|row| row.id == price.id))
            .map(|named| Price::of(named, today))
            .collect();
        Ok(List {
            items,
            next_cursor: None,
        })
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// Takes back a price that has not begun; the one before it holds on.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{id}/prices/take-back",
    tag = "selling",
    params(("id" = String, Path, description = "The plan")),
    request_body = TakeBack,
    responses(
        (status = 204, description = "It was taken back"),
        (status = 404, description = "There is no such plan of the token's organisation"),
        (status = 409, description = "`price-none`: none begins on that day; `price-begun`: it holds already; `price-only`: the plan has no other"),
    ),
    security(("token" = []))
)]
pub async fn take_back_price(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    body: Json<TakeBack>,
) -> Answer<HttpResponse> {
    let sent = body.value;
    let from = date("valid_from", &sent.valid_from)?;
    let whose = Whose::read(&Fields::of([
        ("item", sent.item),
        ("buyer_id", sent.buyer_id.unwrap_or_default()),
    ]))?;
    price::take_back(&app.into_inner(), &allowed, id.into_inner(), whose, from).await?;
    Ok(HttpResponse::NoContent().finish())
}
