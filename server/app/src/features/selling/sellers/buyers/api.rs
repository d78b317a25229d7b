//! Buyers for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::add::{self, NewBuyer};
use super::change::{self, NewTerms};
use super::show::{self, Query, Shown};
use crate::app::App;
use crate::features::selling::sellers::api::Party;
use crate::features::selling::typed::Amounts;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::List;
use crate::web::problem::{Answer, Problem};

/// What this part adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(list, add, find, change))]
pub struct Api;

/// A buyer as one seller knows it, in one currency: a billing account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Buyer {
    /// Its id.
    id: String,
    /// The organisation that sells.
    seller_id: String,
    /// The organisation that buys.
    buyer_id: String,
    /// Name of the organisation on the other side.
    name: String,
    /// `business` (a taxable person) or `consumer`.
    kind: &'static str,
    /// ISO 4217.
    currency: String,
    /// IANA name; in it the buyer's periods are counted.
    zone: String,
    /// `en` or `fr`.
    language: String,
    /// Days from issue to due.
    terms_days: i64,
    /// `invoice` or `prepaid`.
    payment: String,
    /// What the seller holds of the buyer's money, in minor units; below zero: drawn beyond it.
    credit: i64,
    /// How far below zero the credit may go, in minor units.
    credit_limit: i64,
    /// How many of its subscriptions are live; chooses the step of a price.
    live_subscriptions: i64,
    /// When it was added, RFC 3339.
    created_at: String,
}

/// A buyer with what stands on its invoices and what it owes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuyerInFull {
    #[serde(flatten)]
    buyer: Buyer,
    /// Who stands on its invoices.
    party: Party,
    /// What is open altogether, in minor units.
    open: i64,
    /// How many invoices are open.
    open_invoices: usize,
    /// The earliest due date of an open invoice; null if there is none.
    due_since: Option<String>,
}

impl Buyer {
    fn of((account, name): muster_store::selling::buyers::Named) -> Self {
        Self {
            id: account.id,
            seller_id: account.seller_id,
            buyer_id: account.buyer_id,
            name,
            kind: if account.business == 1 {
                "business"
            } else {
                "consumer"
            },
            currency: account.currency,
            zone: account.zone,
            language: account.language,
            terms_days: account.terms_days,
            payment: account.payment,
            credit: account.credit,
            credit_limit: account.credit_limit,
            live_subscriptions: account.live_subscriptions,
            created_at: json::time(account.created_at),
        }
    }
}

impl From<Shown> for BuyerInFull {
    fn from(shown: Shown) -> Self {
        Self {
            open: shown.owed(),
            open_invoices: shown.open.len(),
            due_since: shown.open.first().map(|owed| owed.due_date.clone()),
            party: shown.party.into(),
            buyer: Buyer::of((shown.account, shown.name)),
        }
    }
}

/// Terms with a buyer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Who stands on its invoices.
    party: Party,
    /// `business` (a taxable person) or `consumer`; a business when left out.
    #[serde(default)]
    kind: Option<String>,
    /// IANA name; the seller's when left out.
    #[serde(default)]
    zone: Option<String>,
    /// `en` or `fr`; the seller's when left out.
    #[serde(default)]
    language: Option<String>,
    /// Days from issue to due, 0 to 180; the seller's when left out.
    #[serde(default)]
    terms_days: Option<i64>,
    /// `invoice` or `prepaid`; `invoice` when left out.
    #[serde(default)]
    payment: Option<String>,
    /// How far below zero the credit may go, in minor units; 0 when left out.
    #[serde(default)]
    credit_limit: Option<i64>,
}

/// A buyer to take on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// The organisation; it stands directly beneath the token's.
    organisation_id: String,
    /// ISO 4217; the seller's when left out. One account for each currency.
    #[serde(default)]
    currency: Option<String>,
    /// What is settled with it.
    terms: Terms,
}

impl Terms {
    fn fields(self) -> Vec<(&'static str, String)> {
        let mut fields = self.party.fields();
        let given = [
            ("kind", self.kind),
            ("zone", self.zone),
            ("language", self.language),
            ("terms_days", self.terms_days.map(|days| days.to_string())),
            ("payment", self.payment),
            (
                "credit_limit",
                self.credit_limit.map(|limit| limit.to_string()),
            ),
        ];
        fields.extend(
            given
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        fields
    }
}

/// The buyers of the token's organisation by name, or with `side=bought` its own accounts with those who sell to it.
#[utoipa::path(
    get,
    path = "/api/v1/buyers",
    tag = "selling",
    params(
        ("side" = Option<String>, Query, description = "sold or bought; what is sold when left out, for a customer what was bought"),
        ("q" = Option<String>, Query, description = "A part of the organisation's name"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Buyer>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let query = Query::read(&allowed.actor, &query)?;
    let page = show::list(&app, &allowed, query).await?.map(Buyer::of);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// Takes a buyer on.
#[utoipa::path(
    post,
    path = "/api/v1/buyers",
    tag = "selling",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = NewAccount,
    responses(
        (status = 201, body = BuyerInFull),
        (status = 409, description = "`not-selling`: the organisation has not said how it sells"),
        (status = 422, description = "A field does not fit, the organisation does not stand directly beneath, or buys in this currency already"),
    ),
    security(("token" = []))
)]
pub async fn add(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    body: Json<NewAccount>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let make = async || {
        let seller = show::seller(&app, &allowed.actor).await?;
        let sent = body.value;
        let mut fields = sent.terms.fields();
        fields.push(("organisation_id", sent.organisation_id));
        fields.extend(sent.currency.map(|currency| ("currency", currency)));
        let new = NewBuyer::read(&Fields::of(fields), Amounts::Minor, &seller)?;
        let added = add::add(&app, &allowed, new).await?;
        let reader = allowed.actor.clone().allow::<ReadBooks>()?;
        Ok(BuyerInFull::from(
            show::find(&app, &reader, added.id).await?,
        ))
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// One buyer, or one of the token's own accounts.
#[utoipa::path(
    get,
    path = "/api/v1/buyers/{id}",
    tag = "selling",
    params(("id" = String, Path, description = "The billing account")),
    responses(
        (status = 200, body = BuyerInFull),
        (status = 404, description = "There is no such account, or it is not the token's to see"),
    ),
    security(("token" = []))
)]
pub async fn find(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = show::find(&app, &allowed, id.into_inner()).await?;
    Ok(json::ok(&BuyerInFull::from(found)))
}

/// Settles other terms with a buyer, for what is billed from now on.
#[utoipa::path(
    put,
    path = "/api/v1/buyers/{id}",
    tag = "selling",
    params(("id" = String, Path, description = "The billing account")),
    request_body = Terms,
    responses(
        (status = 200, body = BuyerInFull),
        (status = 404, description = "There is no such buyer of the token's organisation"),
        (status = 422, description = "A field does not fit, or the limit is below what was drawn already"),
    ),
    security(("token" = []))
)]
pub async fn change(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
    body: Json<Terms>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    let found = show::find(&app, &reader, id.into_inner()).await?;
    if !found.sold {
        return Err(Problem::not_found("buyer"));
    }
    let seller = show::seller(&app, &allowed.actor).await?;
    let fields = Fields::of(body.value.fields());
    let new = NewTerms::read(&fields, Amounts::Minor, &found.account, &seller)?;
    let changed = change::change(&app, &allowed, new).await?;
    let shown = show::find(&app, &reader, changed.id).await?;
    Ok(json::ok(&BuyerInFull::from(shown)))
}
