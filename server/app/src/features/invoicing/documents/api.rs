//! Documents for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_paper::invoice as document;
use muster_store::selling::invoices;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::frozen;
use super::list::{self as listing, Listed, Query};
use super::show::{self as showing, Settled, Shown};
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::json;
use crate::web::paging::List;
use crate::web::problem::Answer;

/// What this room adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    find,
    super::download::api_pdf,
    super::download::api_cii,
    super::download::api_ubl,
    super::download::api_journal
))]
pub struct Api;

/// An invoice or a credit note.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    id: String,
    /// `invoice` or `credit-note`. The amounts of both are positive.
    kind: String,
    /// Its number.
    number: String,
    /// The organisation that sold.
    seller_id: String,
    /// The organisation that bought.
    buyer_id: String,
    /// The billing account it is on.
    billing_account_id: String,
    /// The invoice that a credit note corrects.
    corrects_id: Option<String>,
    /// Day of issue, YYYY-MM-DD.
    issue_date: String,
    /// The last day to pay it without being late, YYYY-MM-DD.
    due_date: String,
    /// ISO 4217; every amount is in its minor units.
    currency: String,
    /// Without VAT.
    net: i64,
    /// The VAT.
    vat: i64,
    /// With VAT.
    total: i64,
    /// What is still owed.
    open: i64,
    /// When it was issued, RFC 3339.
    created_at: String,
}

impl Invoice {
    fn of(row: &invoices::Invoice, open: i64) -> Self {
        Self {
            number: frozen::number(row),
            id: row.id.clone(),
            kind: row.kind.clone(),
            seller_id: row.seller_id.clone(),
            buyer_id: row.buyer_id.clone(),
            billing_account_id: row.billing_account_id.clone(),
            corrects_id: row.corrects_id.clone(),
            issue_date: row.issue_date.clone(),
            due_date: row.due_date.clone(),
            currency: row.currency.clone(),
            net: row.net,
            vat: row.vat,
            total: row.total,
            open,
            created_at: json::time(row.created_at),
        }
    }
}

/// A document with its lines and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whole {
    /// The document.
    #[serde(flatten)]
    invoice: Invoice,
    /// Who sold, as the document says.
    seller: Party,
    /// Who bought, as the document says.
    buyer: Party,
    /// What is on it.
    lines: Vec<Line>,
    /// The VAT by category and rate.
    taxes: Vec<Tax>,
    /// What was paid from the buyer's credit before it was issued.
    prepaid: i64,
    /// What the payer writes (ISO 11649); null on a credit note.
    reference: Option<String>,
    /// What settled it, oldest first.
    settlements: Vec<Settlement>,
    /// The ids of the credit notes that correct it, oldest first.
    corrections: Vec<String>,
}

/// Seller or buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Party {
    /// Its registered name.
    name: String,
    /// Street.
    street: String,
    /// Postcode.
    postcode: String,
    /// Town.
    city: String,
    /// ISO 3166-1, two letters.
    country: String,
    /// Its VAT id.
    vat_id: Option<String>,
    /// Its number in the national register.
    registration: Option<String>,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// Its place, from 1.
    position: i64,
    /// The subscription it is about.
    subscription_id: Option<String>,
    /// `recurring`, `handset`, `proration` or `other`.
    product: String,
    /// What was sold.
    description: String,
    /// How many; below zero where something billed before is taken back.
    quantity: i64,
    /// The price of one, net.
    unit_price: i64,
    /// Net amount.
    net: i64,
    /// The VAT category (UNTDID 5305).
    vat_category: String,
    /// The rate in hundredths of a percent.
    vat_rate: i64,
    /// The first day it is for, YYYY-MM-DD; null for goods.
    from_date: Option<String>,
    /// The first day after that time, YYYY-MM-DD.
    until_date: Option<String>,
}

/// The VAT of one category and rate.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tax {
    /// The category (UNTDID 5305).
    category: &'static str,
    /// The rate in hundredths of a percent.
    rate: u32,
    /// What it is reckoned on.
    base: i64,
    /// The VAT.
    amount: i64,
    /// Why none is charged.
    exemption: Option<String>,
}

/// What settled a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settlement {
    /// `payment`, `write-off`, `credit-note`, or `credit` for what the buyer had paid ahead.
    by: String,
    /// The payment or credit note.
    id: Option<String>,
    /// How much of it.
    amount: i64,
    /// When, RFC 3339.
    created_at: String,
}

impl From<Shown> for Whole {
    fn from(shown: Shown) -> Self {
        let of = &shown.of;
        Self {
            invoice: Invoice::of(&of.invoice, shown.open),
            seller: party(&of.seller),
            buyer: party(&of.buyer),
            lines: of.lines.iter().map(line).collect(),
            taxes: shown.document.taxes.iter().map(tax).collect(),
            prepaid: of.prepaid,
            reference: shown.document.payment.reference.clone(),
            settlements: shown
                .settled
                .iter()
                .map(|(part, by)| Settlement {
                    by: match by {
                        Settled::Payment(payment) => payment.kind.clone(),
                        Settled::CreditNote(_) => "credit-note".to_owned(),
                        Settled::Credit => "credit".to_owned(),
                    },
                    id: part.payment_id.clone().or(part.credit_note_id.clone()),
                    amount: part.amount,
                    created_at: json::time(part.created_at),
                })
                .collect(),
            corrections: shown.corrections.iter().map(|row| row.id.clone()).collect(),
        }
    }
}

fn party(row: &muster_store::selling::parties::Party) -> Party {
    Party {
        name: row.legal_name.clone(),
        street: row.street.clone(),
        postcode: row.postcode.clone(),
        city: row.city.clone(),
        country: row.country.clone(),
        vat_id: row.vat_id.clone(),
        registration: row.registration.clone(),
    }
}

fn line(row: &invoices::InvoiceLine) -> Line {
    Line {
        position: row.position,
        subscription_id: row.subscription_id.clone(),
        product: row.product.clone(),
        description: row.description.clone(),
        quantity: row.quantity,
        unit_price: row.unit_price,
        net: row.net,
        vat_category: row.vat_category.clone(),
        vat_rate: row.vat_rate,
        from_date: row.from_date.clone(),
        until_date: row.until_date.clone(),
    }
}

fn tax(row: &document::TaxTotal) -> Tax {
    Tax {
        category: row.vat.category.code(),
        rate: row.vat.rate,
        base: row.base,
        amount: row.amount,
        exemption: row.exemption.as_ref().map(|reason| reason.text.clone()),
    }
}

/// The invoices and credit notes that the token's organisation sold, or bought: the newest first, and of the open ones what is due
/// first.
#[utoipa::path(
    get,
    path = "/api/v1/invoices",
    tag = "invoices",
    params(
        ("side" = Option<String>, Query, description = "sold or bought; sold when left out, for a customer bought"),
        ("kind" = Option<String>, Query, description = "invoice or credit-note"),
        ("buyer" = Option<String>, Query, description = "Those on this billing account"),
        ("open" = Option<bool>, Query, description = "true for those on which something is owed"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Invoice>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let fields = Fields::parse(request.query_string().as_bytes());
    let query = Query::read(&allowed.actor, &fields)?;
    let page = listing::list(&app, &allowed, query)
        .await?
        .map(|Listed { invoice, open, .. }| Invoice::of(&invoice, open));
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// One document that the token's organisation sold or bought.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}",
    tag = "invoices",
    params(("id" = String, Path, description = "The document")),
    responses(
        (status = 200, body = Whole),
        (status = 404, description = "There is no such document, or it is not the token's to see"),
    ),
    security(("token" = []))
)]
pub async fn find(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let shown = showing::show(&app, &allowed, id.into_inner()).await?;
    Ok(json::ok(&Whole::from(shown)))
}
