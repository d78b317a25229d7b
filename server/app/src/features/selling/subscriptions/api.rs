//! Subscriptions for programs: list, show, start, and one route for each act.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::selling::entitlement::Entitlement;
use muster_domain::selling::money::Money;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::subscriptions::{Period, Subscription as Row};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::acts::{self, Mode, Outcome, When, Wish};
use super::list::{self as listing, Query};
use super::next::Next;
use super::order::{Order, Sent};
use super::show::{self as showing, Shown};
use super::start::{self as starting, Started};
use super::{bulk, stop};
use crate::app::App;
use crate::features::invoicing::issue;
use crate::web::actor::{Allowed, ReadBooks, Sell};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::List;
use crate::web::problem::{Answer, Problem};

/// What this room adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    create,
    bulk_act,
    find,
    pause,
    resume,
    cancel,
    undo_cancel,
    change_plan,
    move_to
))]
pub struct Api;

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    id: String,
    /// The organisation that sells it.
    seller_id: String,
    /// The organisation that buys it.
    buyer_id: String,
    /// The account that it is billed to.
    billing_account_id: String,
    /// Its plan.
    plan_id: String,
    /// Its phone; null while it has none.
    device_id: Option<String>,
    /// `pending`, `trialing`, `active`, `paused`, `canceled` or `expired`.
    life: String,
    /// Whether it ends with its period.
    cancel_at_period_end: bool,
    /// The plan of the next period, where it is another.
    next_plan_id: Option<String>,
    /// The date that periods are counted from, in the account's time zone.
    anchor: String,
    /// When the next period begins and is billed; null where nothing more is.
    next_period_at: Option<String>,
    /// The end of what was billed; null before the first period.
    covered_until: Option<String>,
    /// What is collected: `current`, `past-due`, `grace`, `suspended` or `terminated`.
    collection: String,
    /// Since which date.
    collection_since: String,
    /// Why billing it failed and it was set aside; null where it was not.
    parked_because: Option<String>,
    /// What its phone was last ordered for its sake: `nothing`, `suspended` or `full`.
    ordered: String,
    /// When it was sold.
    created_at: String,
    /// When it ended.
    ended_at: Option<String>,
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        Self {
            cancel_at_period_end: row.cancel_at_end == 1,
            next_period_at: row.next_start_at.map(json::time),
            covered_until: row.covered_until.map(json::time),
            created_at: json::time(row.created_at),
            ended_at: row.ended_at.map(json::time),
            id: row.id,
            seller_id: row.seller_id,
            buyer_id: row.buyer_id,
            billing_account_id: row.billing_account_id,
            plan_id: row.plan_id,
            device_id: row.device_id,
            life: row.life,
            next_plan_id: row.next_plan_id,
            anchor: row.anchor,
            collection: row.reached,
            collection_since: row.reached_on,
            parked_because: row.parked_because,
            ordered: row.ordered,
        }
    }
}

/// A period that was billed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BilledPeriod {
    /// Its number in the subscription; it means this period for ever.
    index: i64,
    /// Its first day.
    start_date: String,
    /// The first day after it.
    end_date: String,
    /// Its first moment.
    start_at: String,
    /// The first moment after it.
    end_at: String,
    /// The time zone it was billed in.
    zone: String,
    /// The plan it was billed at.
    plan_id: String,
    /// The invoice that billed it.
    invoice_id: String,
}

impl From<Period> for BilledPeriod {
    fn from(row: Period) -> Self {
        Self {
            index: row.period_index,
            start_at: json::time(row.start_at),
            end_at: json::time(row.end_at),
            start_date: row.start_date,
            end_date: row.end_date,
            zone: row.zone,
            plan_id: row.plan_id,
            invoice_id: row.invoice_id,
        }
    }
}

/// What will be billed next.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextPeriod {
    /// Its first day, in the account's time zone.
    on: String,
    /// The name of the plan that it is billed at.
    plan: String,
    /// What it costs without VAT, minor units; null where the plan has no price on that day.
    net: Option<i64>,
    /// The same with VAT.
    total: Option<i64>,
    /// ISO 4217.
    currency: Option<String>,
}

impl From<Next> for NextPeriod {
    fn from(next: Next) -> Self {
        Self {
            on: next.on.to_string(),
            plan: next.plan,
            net: next.net.map(Money::minor),
            total: next.total.map(Money::minor),
            currency: next.net.map(|net| net.currency().as_str().to_owned()),
        }
    }
}

/// A document that an act issued, or would.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedDocument {
    /// Its id.
    id: String,
    /// `invoice` or `credit-note`.
    kind: String,
    /// Its number.
    number: String,
    /// Without VAT, minor units; of a credit note what is given back.
    net: i64,
    /// The VAT.
    vat: i64,
    /// With VAT.
    total: i64,
    /// ISO 4217.
    currency: String,
}

impl IssuedDocument {
    fn of(row: &Invoice) -> Answer<Self> {
        Ok(Self {
            id: row.id.clone(),
            kind: row.kind.clone(),
            number: issue::number(row).map_err(stop::refused)?,
            net: row.net,
            vat: row.vat,
            total: row.total,
            currency: row.currency.clone(),
        })
    }
}

fn documents(rows: &[Invoice]) -> Answer<Vec<IssuedDocument>> {
    rows.iter().map(IssuedDocument::of).collect()
}

/// A subscription with what was billed and what comes next.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeSubscription {
    /// The subscription.
    #[serde(flatten)]
    subscription: Subscription,
    /// What it entitles its phone to, `full` or `suspended`; null while it has no say. The phone may have another subscription,
    /// from the other seller, that says less.
    service: Option<String>,
    /// What will be billed next; null where nothing is.
    next: Option<NextPeriod>,
    /// The newest periods, newest first.
    periods: Vec<BilledPeriod>,
}

impl From<Shown> for WholeSubscription {
    fn from(shown: Shown) -> Self {
        Self {
            subscription: shown.named.row.into(),
            service: shown
                .service
                .map(|service: Entitlement| service.as_str().to_owned()),
            next: shown.next.map(NextPeriod::from),
            periods: shown
                .periods
                .into_iter()
                .map(|(period, _)| BilledPeriod::from(period))
                .collect(),
        }
    }
}

/// Subscriptions to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscriptions {
    /// The buyer's billing account.
    billing_account_id: String,
    /// The plan.
    plan_id: String,
    /// A phone for each, 500 at most; each in the buyer's part of the tree and without a running subscription of this seller.
    #[serde(default)]
    device_ids: Vec<String>,
    /// How many, where no phones are named: 1 to 500, 1 when left out.
    #[serde(default)]
    count: Option<i64>,
    /// The first day, `YYYY-MM-DD` in the account's time zone; today when left out, never earlier.
    #[serde(default)]
    start_date: Option<String>,
    /// Begin with the plan's trial.
    #[serde(default)]
    trial: bool,
    /// Sell a handset with each. Handsets are invoiced at once.
    #[serde(default)]
    handset: bool,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What was started, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedSubscriptions {
    /// The subscriptions, in the order of their phones.
    items: Vec<Subscription>,
    /// The invoice over the handsets, where some were sold.
    documents: Vec<IssuedDocument>,
    /// What each is billed first.
    next: Option<NextPeriod>,
    /// Whether nothing was changed.
    dry_run: bool,
}

/// What an act came to, or would.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActedSubscription {
    /// The subscription afterwards.
    #[serde(flatten)]
    subscription: Subscription,
    /// What was issued for it.
    documents: Vec<IssuedDocument>,
    /// What will be billed next.
    next: Option<NextPeriod>,
    /// Whether nothing was changed.
    dry_run: bool,
}

fn acted(outcome: Outcome, mode: Mode) -> Answer<ActedSubscription> {
    Ok(ActedSubscription {
        documents: documents(&outcome.documents)?,
        subscription: outcome.subscription.into(),
        next: outcome.next.map(NextPeriod::from),
        dry_run: mode == Mode::Try,
    })
}

fn mode(dry_run: bool) -> Mode {
    if dry_run { Mode::Try } else { Mode::Do }
}

/// An act that needs no more words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainAct {
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A cancellation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// `now` or `period-end`.
    when: String,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A change of plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChange {
    /// The new plan.
    plan_id: String,
    /// `now`, settled to the day, or `period-end`.
    when: String,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A move to another phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The phone it goes on with.
    device_id: String,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// One act on many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAct {
    /// `pause`, `resume`, `cancel` or `undo-cancel`.
    act: String,
    /// When a cancellation takes effect: `now` or `period-end`.
    #[serde(default)]
    when: Option<String>,
    /// The subscriptions, 500 at most.
    ids: Vec<String>,
    /// Their number, once more, where there are more than ten.
    #[serde(default)]
    count: Option<usize>,
    /// Say what it would come to, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What became of one of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOne {
    /// The subscription.
    id: String,
    /// What became of it; null where nothing did.
    done: Option<ActedSubscription>,
    /// Why nothing did: a stable word.
    code: Option<String>,
    /// The same as a sentence.
    detail: Option<String>,
}

/// What became of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkDone {
    /// In the order they were named.
    items: Vec<BulkOne>,
}

/// The subscriptions of the token's organisation, newest first: those it sells, or those it bought.
#[utoipa::path(
    get,
    path = "/api/v1/subscriptions",
    tag = "subscriptions",
    params(
        ("side" = Option<String>, Query, description = "sold or bought"),
        ("life" = Option<String>, Query, description = "pending, trialing, active, paused, canceled or expired"),
        ("billing_account_id" = Option<String>, Query, description = "Of this buyer"),
        ("device_id" = Option<String>, Query, description = "Of this phone"),
        ("parked" = Option<bool>, Query, description = "true: only those whose billing failed"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Subscription>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Query::read(&allowed, &Fields::parse(request.query_string().as_bytes()))?;
    let page = listing::list(&app, &allowed, query).await?;
    let page = page.map(|named| Subscription::from(named.row));
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// One subscription, sold or bought, with its periods.
#[utoipa::path(
    get,
    path = "/api/v1/subscriptions/{id}",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    responses((status = 200, body = WholeSubscription), (status = 404, description = "It is in none of the token's books")),
    security(("token" = []))
)]
pub async fn find(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let shown = showing::show(&app, &allowed, &id).await?;
    Ok(json::ok(&WholeSubscription::from(shown)))
}

/// Starts subscriptions: one, or up to 500 alike; all of them or none.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions",
    tag = "subscriptions",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = NewSubscriptions,
    responses(
        (status = 201, body = StartedSubscriptions),
        (status = 200, body = StartedSubscriptions, description = "A dry run"),
        (status = 404, description = "The account, the plan or a phone is not there"),
        (status = 409, description = "A rule of selling says no; the detail says which"),
        (status = 422, description = "A member does not fit"),
    ),
    security(("token" = []))
)]
pub async fn create(
    app: Data<App>,
    allowed: Allowed<Sell>,
    request: HttpRequest,
    body: Json<NewSubscriptions>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let sent = body.value;
    let mode = mode(sent.dry_run);
    let order = Order::read(Sent {
        account: sent.billing_account_id,
        plan: sent.plan_id,
        devices: sent.device_ids,
        count: sent.count,
        start_date: sent.start_date,
        trial: sent.trial,
        handset: sent.handset,
    })?;
    let make = async || started(starting::start(&app, &allowed, order, mode).await?, mode);
    match mode {
        Mode::Try => Ok(json::ok(&make().await?)),
        Mode::Do => json::once(&app, &allowed.actor, &request, &body.bytes, make).await,
    }
}

fn started(started: Started, mode: Mode) -> Answer<StartedSubscriptions> {
    Ok(StartedSubscriptions {
        documents: documents(&started.documents)?,
        next: started.next.map(NextPeriod::from),
        items: started
            .subscriptions
            .into_iter()
            .map(Subscription::from)
            .collect(),
        dry_run: mode == Mode::Try,
    })
}

/// Does one act to many subscriptions, each for itself.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/bulk",
    tag = "subscriptions",
    request_body = BulkAct,
    responses(
        (status = 200, body = BulkDone),
        (status = 422, description = "The act is not known, or the count is not their number"),
    ),
    security(("token" = []))
)]
pub async fn bulk_act(
    app: Data<App>,
    allowed: Allowed<Sell>,
    body: Json<BulkAct>,
) -> Answer<HttpResponse> {
    let app: Arc<App> = app.into_inner();
    let sent = body.value;
    let wish = plain_wish(&sent.act, sent.when.as_deref())?;
    let mode = mode(sent.dry_run);
    let done = bulk::act(&app, &allowed, &sent.ids, &wish, (mode, sent.count)).await?;
    let items = done.into_iter().map(|(id, outcome)| match outcome {
        Ok(outcome) => Ok(BulkOne {
            id,
            done: Some(acted(outcome, mode)?),
            code: None,
            detail: None,
        }),
        Err(problem) => Ok(BulkOne {
            id,
            done: None,
            code: Some(problem.code.to_owned()),
            detail: Some(problem.detail),
        }),
    });
    let items = items.collect::<Answer<Vec<BulkOne>>>()?;
    Ok(json::ok(&BulkDone { items }))
}

/// The act of a word that needs no more than a time.
///
/// # Errors
/// It is none that can be done to many at once.
pub fn plain_wish(act: &str, when: Option<&str>) -> Answer<Wish> {
    match act {
        "pause" => Ok(Wish::Pause),
        "resume" => Ok(Wish::Resume),
        "cancel" => Ok(Wish::Cancel(When::parse(when.unwrap_or_default())?)),
        "undo-cancel" => Ok(Wish::UndoCancel),
        _ => Err(Problem::invalid(
            "act",
            "act must be pause, resume, cancel or undo-cancel.",
        )),
    }
}

/// Pauses it: nothing more is billed until it is resumed.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/pause",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = PlainAct,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "It is not active")),
    security(("token" = []))
)]
pub async fn pause(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<PlainAct>,
) -> Answer<HttpResponse> {
    one(app, &allowed, &id, Wish::Pause, body.value.dry_run).await
}

/// Resumes it: it renews again.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/resume",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = PlainAct,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "It is not paused")),
    security(("token" = []))
)]
pub async fn resume(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<PlainAct>,
) -> Answer<HttpResponse> {
    one(app, &allowed, &id, Wish::Resume, body.value.dry_run).await
}

/// Cancels it, at the end of its period or now; now credits the unused days where the plan says so.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/cancel",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = Cancellation,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "A rule says no")),
    security(("token" = []))
)]
pub async fn cancel(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<Cancellation>,
) -> Answer<HttpResponse> {
    let wish = Wish::Cancel(When::parse(&body.value.when)?);
    one(app, &allowed, &id, wish, body.value.dry_run).await
}

/// Takes a cancellation at the end of the period back.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/undo-cancel",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = PlainAct,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "It is not about to end")),
    security(("token" = []))
)]
pub async fn undo_cancel(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<PlainAct>,
) -> Answer<HttpResponse> {
    one(app, &allowed, &id, Wish::UndoCancel, body.value.dry_run).await
}

/// Goes on with another plan: from the next period, or from today with the rest of the paid period settled to the day.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/change-plan",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = PlanChange,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "A rule says no")),
    security(("token" = []))
)]
pub async fn change_plan(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<PlanChange>,
) -> Answer<HttpResponse> {
    let wish = Wish::ChangePlan {
        plan: body.value.plan_id,
        when: When::parse(&body.value.when)?,
    };
    one(app, &allowed, &id, wish, body.value.dry_run).await
}

/// Goes on with another phone, or with a first one. The term stays as it is.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/move",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    request_body = Move,
    responses((status = 200, body = ActedSubscription), (status = 404), (status = 409, description = "The phone is taken")),
    security(("token" = []))
)]
pub async fn move_to(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    body: Json<Move>,
) -> Answer<HttpResponse> {
    let wish = Wish::Move {
        device: body.value.device_id,
    };
    one(app, &allowed, &id, wish, body.value.dry_run).await
}

async fn one(
    app: Data<App>,
    allowed: &Allowed<Sell>,
    id: &str,
    wish: Wish,
    dry_run: bool,
) -> Answer<HttpResponse> {
    let (app, mode) = (app.into_inner(), mode(dry_run));
    let outcome = acts::act(&app, allowed, id, wish, mode).await?;
    Ok(json::ok(&acted(outcome, mode)?))
}
