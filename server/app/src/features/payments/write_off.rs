//! An owner gives up what will never be paid.

use std::sync::Arc;

use muster_domain::selling::money::Money;
use muster_domain::selling::posting;
use muster_store::selling::payments::{self, Payment};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::books::{self, Recorder};
use super::{book, refund};
use crate::app::App;
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, GiveUpDebts};
use crate::web::problem::Answer;

/// A debt about to be given up.
#[derive(Debug, Clone)]
pub struct NewWriteOff {
    /// Of which invoice.
    pub invoice_id: String,
    /// How much of what is open.
    pub amount: Money,
    /// Why.
    pub note: String,
    /// What makes it known again.
    pub key: String,
}

/// Gives it up.
///
/// # Errors
/// There is no such invoice; less is open on it; the key is another payment's.
pub async fn write_off(
    app: &Arc<App>,
    allowed: &Allowed<GiveUpDebts>,
    new: NewWriteOff,
) -> Answer<Payment> {
    let (writing, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let made = app
        .store
        .write_or_refuse(move |tx| write_off_in(tx, &writing, &who, &seller, &new))
        .await??;
    book::ring(app);
    Ok(made)
}

fn write_off_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    new: &NewWriteOff,
) -> StoreResult<Answer<Payment>> {
    let invoice = match books::invoice(tx, seller, &new.invoice_id)? {
        Ok(invoice) => invoice,
        Err(problem) => return Ok(Err(problem)),
    };
    let account = match books::account(tx, seller, &invoice.billing_account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let made = refund::row(
        app,
        who,
        &account,
        "write-off",
        &new.key,
        new.amount,
        &new.note,
    );
    let made = Payment {
        received_on: books::today(tx, app, seller)?.to_string(),
        ..made
    };
    if let Some(answer) = refund::known(tx, &made)? {
        return Ok(answer);
    }
    let open = books::open_on(tx, &invoice)?;
    let transfers = match posting::write_off(&account.id, new.amount, open) {
        Ok(transfers) => transfers,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    payments::insert(tx, &made)?;
    book::settle(tx, app, &made, &invoice.id, made.amount)?;
    books::transfer(tx, app, seller, &made.id, &transfers)?;
    let facts = json!({
        "payment": made.id, "invoice": invoice.id, "number": books::number(&invoice),
        "amount": new.amount.to_string(), "note": made.note,
    });
    let kind = ("payment.written-off", Weight::Major);
    let buyer = Some(account.buyer_id.as_str());
    books::tell(tx, app, &who.by, seller, kind, buyer, facts)?;
    Ok(Ok(made))
}
