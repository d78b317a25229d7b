//! The forecast for programs.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use jiff::Timestamp;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::selling::tax_rates::Rate;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::figures::{Figures, InCurrency};
use super::show;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::csv::Row;
use crate::web::json;
use crate::web::problem::Answer;

/// What this room adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(find, api_csv))]
pub struct Api;

/// What is to come for the token's organisation, as it was last reckoned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forecast {
    /// When it was reckoned, RFC 3339; null before the first time.
    taken_at: Option<String>,
    /// The seller's day then, YYYY-MM-DD.
    today: Option<String>,
    /// By currency.
    currencies: Vec<ForecastInCurrency>,
    /// Subscriptions that are left out because their plan has no price.
    unpriced: u64,
    /// Subscriptions there were thirty days before.
    there_before: u64,
    /// How many of those have ended since.
    ended_since: u64,
    /// The same in hundredths of a percent; null where there were none.
    churn: Option<u16>,
    /// Whether what is owed comes to what the ledger says.
    reconciled: bool,
}

/// What is to come and owed in one currency. Amounts are in its minor units.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastInCurrency {
    /// ISO 4217.
    currency: String,
    /// What the subscriptions that run come to in a month, net.
    recurring: i64,
    /// How many run.
    running: u64,
    /// What will be billed, this month first.
    months: Vec<ForecastMonth>,
    /// What is owed, with VAT.
    owed: i64,
    /// What of it is late.
    past_due: i64,
    /// What is not due yet.
    current: i64,
    /// 1 to 30 days late.
    to_30: i64,
    /// 31 to 60 days late.
    to_60: i64,
    /// 61 to 90 days late.
    to_90: i64,
    /// More than 90 days late.
    older: i64,
    /// What buyers owe by the ledger.
    ledger: i64,
    /// How much more the invoices say than the ledger; anything but 0 is a fault in the books.
    difference: i64,
}

/// One month.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastMonth {
    /// YYYY-MM.
    month: String,
    /// How many periods will be billed.
    renewals: u64,
    /// What for, net.
    revenue: i64,
}

impl Forecast {
    fn of(newest: Option<(Timestamp, Figures)>) -> Self {
        let Some((taken_at, figures)) = newest else {
            return Self {
                taken_at: None,
                today: None,
                currencies: Vec::new(),
                unpriced: 0,
                there_before: 0,
                ended_since: 0,
                churn: None,
                reconciled: true,
            };
        };
        Self {
            taken_at: Some(taken_at.to_string()),
            today: Some(figures.today.to_string()),
            unpriced: figures.unpriced,
            there_before: figures.there_before,
            ended_since: figures.ended_since,
            churn: figures.churn().map(Rate::hundredths),
            reconciled: figures.is_reconciled(),
            currencies: figures.currencies.into_iter().map(in_currency).collect(),
        }
    }
}

fn in_currency((currency, of): (String, InCurrency)) -> ForecastInCurrency {
    ForecastInCurrency {
        currency,
        recurring: of.recurring,
        running: of.running,
        owed: of.owed.total(),
        past_due: of.owed.past_due(),
        current: of.owed.current,
        to_30: of.owed.to_30,
        to_60: of.owed.to_60,
        to_90: of.owed.to_90,
        older: of.owed.older,
        ledger: of.ledger,
        difference: of.difference(),
        months: of
            .months
            .iter()
            .map(|month| ForecastMonth {
                month: month.first.strftime("%Y-%m").to_string(),
                renewals: month.renewals,
                revenue: month.revenue,
            })
            .collect(),
    }
}

/// What renews in the next twelve months, what recurs, who left, what is owed by age. It is reckoned every hour from the
/// schedules and prices of that moment; it guesses neither new buyers nor lost ones.
#[utoipa::path(
    get,
    path = "/api/v1/forecast",
    tag = "forecast",
    responses((status = 200, body = Forecast)),
    security(("token" = []))
)]
pub async fn find(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    Ok(json::ok(&Forecast::of(show::newest(&app, &allowed).await?)))
}

/// The months of the forecast as CSV: `month,currency,renewals,revenue`.
#[utoipa::path(
    get,
    path = "/api/v1/forecast.csv",
    tag = "forecast",
    responses((status = 200, body = String, content_type = "text/csv")),
    security(("token" = []))
)]
pub async fn api_csv(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    csv(app, allowed).await
}

/// `GET /forecast.csv`
pub async fn csv(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    let newest = show::newest(&app, &allowed).await?;
    let mut lines = Row::of(["month", "currency", "renewals", "revenue"]).to_string();
    let figures = newest.map(|(_, figures)| figures.currencies);
    for (code, of) in figures.unwrap_or_default() {
        let currency = Currency::parse(&code)?;
        for month in &of.months {
            let row = Row::of([
                month.first.strftime("%Y-%m").to_string(),
                code.clone(),
                month.renewals.to_string(),
                Money::new(month.revenue, currency).decimal(),
            ]);
            lines.push_str(&row.to_string());
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"forecast.csv\"",
        ))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(lines))
}
