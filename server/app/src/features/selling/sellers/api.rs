//! How an organisation sells, for programs.

use actix_web::HttpResponse;
use actix_web::web::Data;
use muster_store::selling::parties;
use muster_store::selling::sellers::Seller;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::set_up::{self, HowWeSell};
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::problem::{Answer, Problem};

/// What this part adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(find, put))]
pub struct Api;

/// Who stands on an invoice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its name in law, 1 to 120 characters.
    pub legal_name: String,
    /// Street and number.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// City.
    pub city: String,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// VAT id with its country's prefix; its check digits are checked.
    #[serde(default)]
    pub vat_id: Option<String>,
    /// Entry in the national register (SIREN, Handelsregister …).
    #[serde(default)]
    pub registration: Option<String>,
    /// Where mail about money goes.
    pub email: String,
    /// IBAN; its check digits are checked.
    #[serde(default)]
    pub iban: Option<String>,
    /// BIC.
    #[serde(default)]
    pub bic: Option<String>,
}

impl Party {
    /// As the fields of a form.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            ("legal_name", self.legal_name.clone()),
            ("street", self.street.clone()),
            ("postcode", self.postcode.clone()),
            ("city", self.city.clone()),
            ("country", self.country.clone()),
            ("vat_id", or_nothing(&self.vat_id)),
            ("registration", or_nothing(&self.registration)),
            ("email", self.email.clone()),
            ("iban", or_nothing(&self.iban)),
            ("bic", or_nothing(&self.bic)),
        ]
    }
}

impl From<parties::Party> for Party {
    fn from(row: parties::Party) -> Self {
        Self {
            legal_name: row.legal_name,
            street: row.street,
            postcode: row.postcode,
            city: row.city,
            country: row.country,
            vat_id: row.vat_id,
            registration: row.registration,
            email: row.email,
            iban: row.iban,
            bic: row.bic,
        }
    }
}

/// How an organisation sells.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Selling {
    /// Who stands on its invoices.
    party: Party,
    /// ISO 4217; what new plans and buyers begin with.
    currency: String,
    /// IANA name; in it the days of invoices begin.
    zone: String,
    /// `en` or `fr`.
    language: String,
    /// A small enterprise that charges no VAT (directive 2006/112/EC, articles 282 to 292).
    #[serde(default)]
    vat_exempt: bool,
    /// Days that a new buyer has to pay, 0 to 180.
    terms_days: i64,
    /// Numbers of invoices, such as `NM-{year}-{number:5}`.
    invoice_series: String,
    /// Numbers of credit notes; none may ever be the number of an invoice.
    credit_note_series: String,
}

impl From<(Seller, parties::Party)> for Selling {
    fn from((seller, party): (Seller, parties::Party)) -> Self {
        Self {
            party: party.into(),
            currency: seller.currency,
            zone: seller.zone,
            language: seller.language,
            vat_exempt: seller.vat_exempt == 1,
            terms_days: seller.terms_days,
            invoice_series: seller.invoice_series,
            credit_note_series: seller.credit_note_series,
        }
    }
}

/// How the token's organisation sells.
#[utoipa::path(
    get,
    path = "/api/v1/selling",
    tag = "selling",
    responses(
        (status = 200, body = Selling),
        (status = 404, description = "It was never said how this organisation sells"),
        (status = 409, description = "`sells-nothing`: the organisation is a customer"),
    ),
    security(("token" = []))
)]
pub async fn find(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    let found = set_up::find(&app, &allowed).await?;
    let found = found.ok_or_else(|| Problem::not_found("seller"))?;
    Ok(json::ok(&Selling::from(found)))
}

/// Says how the token's organisation sells from now on. What was issued keeps what it says.
#[utoipa::path(
    put,
    path = "/api/v1/selling",
    tag = "selling",
    request_body = Selling,
    responses(
        (status = 200, body = Selling),
        (status = 409, description = "`sells-nothing`: the organisation is a customer"),
        (status = 422, description = "A field does not fit, or a series could make a number that another has made"),
    ),
    security(("token" = []))
)]
pub async fn put(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    body: Json<Selling>,
) -> Answer<HttpResponse> {
    let sent = body.value;
    let mut fields = sent.party.fields();
    fields.extend([
        ("currency", sent.currency),
        ("zone", sent.zone),
        ("language", sent.language),
        ("vat_exempt", sent.vat_exempt.to_string()),
        ("terms_days", sent.terms_days.to_string()),
        ("invoice_series", sent.invoice_series),
        ("credit_note_series", sent.credit_note_series),
    ]);
    let new = HowWeSell::read(&Fields::of(fields))?;
    let put = set_up::put(&app.into_inner(), &allowed, new).await?;
    Ok(json::ok(&Selling::from(put)))
}
