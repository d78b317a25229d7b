//! The page of the forecast.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_store::{StoreError, StoreResult};

use super::figures::{Figures, InCurrency};
use super::show;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::frame;
use crate::web::money_words;
use crate::web::problem::Answer;
use crate::web::text::{Key, Texts};
use crate::web::view::Place;
use crate::web::view::forecast::{Book, Forecast, Known, Month, Overdue};

/// What is owed and not late.
const NOT_DUE: Key = Key("forecast-current");

/// `GET /forecast`
pub async fn page(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let newest = show::newest(&app, &allowed).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Forecast).await?;
    let known = match newest {
        None => None,
        Some((taken_at, figures)) => Some(Known {
            taken_at,
            books: books(&frame.t, &figures)?,
            unpriced: figures.unpriced,
            there_before: figures.there_before,
            ended_since: figures.ended_since,
            churn: figures.churn().map(|rate| rate.to_string()),
        }),
    };
    frame::html(&Forecast { known, frame })
}

fn books(t: &Texts, figures: &Figures) -> StoreResult<Vec<Book>> {
    figures
        .currencies
        .iter()
        .map(|(code, of)| book(t, code, of))
        .collect()
}

fn book(t: &Texts, code: &str, of: &InCurrency) -> StoreResult<Book> {
    let currency =
        Currency::parse(code).map_err(|_| StoreError::Corrupt(format!("a forecast in {code}")))?;
    let money = |minor| money_words::amount(t, Money::new(minor, currency));
    let figure = |minor| money_words::figures(t.language(), Money::new(minor, currency));
    let first = of.months.first();
    Ok(Book {
        currency: code.to_owned(),
        recurring: money(of.recurring),
        running: of.running,
        this_month: money(first.map_or(0, |month| month.revenue)),
        renewals_this_month: first.map_or(0, |month| month.renewals),
        past_due: money(of.owed.past_due()),
        owed: money(of.owed.total()),
        ledger: money(of.ledger),
        difference: (of.difference() != 0).then(|| money(of.difference())),
        months: of
            .months
            .iter()
            .map(|month| Month {
                first: month.first,
                renewals: month.renewals,
                revenue: figure(month.revenue),
                weight: weight(month.revenue),
            })
            .collect(),
        overdue: [
            (NOT_DUE, of.owed.current),
            (Key("forecast-to-30"), of.owed.to_30),
            (Key("forecast-to-60"), of.owed.to_60),
            (Key("forecast-to-90"), of.owed.to_90),
            (Key("forecast-older"), of.owed.older),
        ]
        .into_iter()
        .map(|(key, amount)| Overdue {
            words: t.word(key),
            amount: figure(amount),
            weight: weight(amount),
            is_late: key != NOT_DUE,
        })
        .collect(),
    })
}

/// How long a bar is.
fn weight(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or(0)
}
