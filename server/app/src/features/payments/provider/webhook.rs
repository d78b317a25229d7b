//! `POST /webhooks/payments/{seller}`: a provider says that somebody paid (docs/PAYMENTS.md). The signature is all that tells who
//! calls, so nothing is looked at before it; the same call again gets the same answer and books nothing.

use std::sync::Arc;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_store::{Conn, StoreResult};
use serde::{Deserialize, Serialize};

use super::secrets;
use super::signature::{self, SIGNATURE, TIMESTAMP, WITHIN};
use crate::app::App;
use crate::features::payments::book::{self, Booked, Incoming, Source};
use crate::features::payments::books::{self, Recorder};
use crate::features::payments::{input, statement};
use crate::web::json;
use crate::web::portal_listener::document;
use crate::web::problem::{Answer, Kind, Problem};

/// The most a call may carry, bytes.
const MOST: usize = 64 * 1024;

/// What a provider announces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    /// What the provider calls this payment.
    id: String,
    /// The buyer's account.
    account_id: String,
    /// Minor units.
    amount: i64,
    currency: String,
    received_on: String,
    #[serde(default)]
    reference: String,
}

/// What is answered, to the first call and to each that repeats it.
#[derive(Debug, Serialize)]
struct Answered {
    payment_id: String,
    settled: i64,
    to_credit: i64,
    currency: String,
}

/// The route. Providers read problem documents, as callers of the API do.
pub async fn take(
    app: Data<App>,
    request: HttpRequest,
    seller: Path<String>,
    body: Bytes,
) -> HttpResponse {
    match answer(&app.into_inner(), &request, &seller, &body).await {
        Ok(answered) => json::ok(&answered),
        Err(problem) => document(&problem),
    }
}

async fn answer(
    app: &Arc<App>,
    request: &HttpRequest,
    seller: &str,
    body: &Bytes,
) -> Answer<Answered> {
    if body.len() > MOST {
        let detail = "This call is too large. At most 64 KiB fit.";
        return Err(Problem::new(Kind::TooLarge, "too-large", detail));
    }
    check(app, request, seller, body).await?;
    let announced: Announced = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid("member", format!("The body does not fit: {error}.")))?;
    let amount = input::amount(announced.amount, &announced.currency)?;
    let received_on = input::day("received_on", &announced.received_on)?;
    let key = announced.id.clone();
    if key.is_empty() || key.len() > 200 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let detail = "id is what you call the payment: 1 to 200 visible ASCII characters.";
        return Err(Problem::invalid("id", detail));
    }
    let note = statement::shown(&announced.reference, input::NOTE_MOST);
    let (booking, seller) = (app.clone(), seller.to_owned());
    let booked = app
        .store
        .write_or_refuse(move |tx| {
            let account = match books::account(tx, &seller, &announced.account_id)? {
                Ok(account) => account,
                Err(problem) => return Ok(Err(problem)),
            };
            let incoming = Incoming {
                named: named(tx, &seller, &account.id, &note)?,
                account,
                source: Source::Provider,
                key: key.clone(),
                amount,
                received_on,
                note: note.clone(),
                bank: "provider".to_owned(),
            };
            book::book(tx, &booking, &Recorder::provider(), &incoming)
        })
        .await??;
    if booked.is_new {
        book::ring(app);
    }
    Ok(told(&booked))
}

fn told(booked: &Booked) -> Answered {
    Answered {
        payment_id: booked.payment.id.clone(),
        settled: booked.settled.iter().map(|(_, part)| part).sum(),
        to_credit: booked.to_credit,
        currency: booked.payment.currency.clone(),
    }
}

/// The invoices of this account that the reference names.
fn named(tx: &mut Conn, seller: &str, account: &str, note: &str) -> StoreResult<Vec<String>> {
    let found = statement::invoices_named(tx, seller, note)?;
    Ok(found
        .into_iter()
        .filter(|invoice| invoice.billing_account_id == account)
        .map(|invoice| invoice.id)
        .collect())
}

/// Whether one of the seller's secrets signed this body within the last minutes. A seller that nobody has is answered as a wrong
/// signature is.
async fn check(app: &App, request: &HttpRequest, seller: &str, body: &[u8]) -> Answer<()> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let (Some(timestamp), Some(sent)) = (header(TIMESTAMP), header(SIGNATURE)) else {
        let detail =
            "This call is not signed. Send the headers Muster-Timestamp and Muster-Signature.";
        return Err(Problem::invalid("signature-missing", detail));
    };
    let Ok(at) = timestamp.parse::<i64>() else {
        let detail = "Muster-Timestamp is the time in seconds since 1970, in digits.";
        return Err(Problem::invalid("timestamp", detail));
    };
    let secrets = secrets::open(app, seller).await?;
    // Each is tried, so that the answer takes as long whichever it was.
    let right = secrets.iter().fold(false, |right, secret| {
        signature::verify(secret, timestamp, body, sent) | right
    });
    if !right {
        let detail = "The signature does not fit. Sign the time, a point and the body as it is sent with a secret that holds.";
        return Err(Problem::new(Kind::SignedOut, "signature", detail));
    }
    if app.now().as_second().abs_diff(at) > WITHIN.unsigned_abs() {
        let detail = "This call was signed more than five minutes ago, or by a clock that is wrong. Sign it anew and send it again.";
        return Err(Problem::new(Kind::SignedOut, "timestamp-old", detail));
    }
    Ok(())
}
