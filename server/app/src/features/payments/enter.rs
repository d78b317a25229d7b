//! A person, or a program with a token, enters a payment.

use std::sync::Arc;

use jiff::civil::Date;
use muster_domain::selling::money::Money;
use muster_domain::text::Invalid;
use muster_store::{Conn, StoreResult};

use super::book::{self, Booked, Incoming, Source};
use super::books::{self, Recorder};
use crate::app::App;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::problem::Answer;

/// A payment about to be entered.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// Whose it was.
    pub account_id: String,
    /// How much.
    pub amount: Money,
    /// The day it came.
    pub received_on: Date,
    /// What it says.
    pub note: String,
    /// Invoices to settle first.
    pub invoice_ids: Vec<String>,
    /// What makes it known again; the same key is the same payment.
    pub key: String,
}

/// Enters it.
///
/// # Errors
/// There is no such buyer or invoice; the day lies ahead; the amount does not fit; the key is another payment's.
pub async fn enter(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    new: NewPayment,
) -> Answer<Booked> {
    let (entering, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let booked = app
        .store
        .write_or_refuse(move |tx| enter_in(tx, &entering, &who, &seller, &new))
        .await??;
    book::ring(app);
    Ok(booked)
}

fn enter_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    new: &NewPayment,
) -> StoreResult<Answer<Booked>> {
    let account = match books::account(tx, seller, &new.account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    if new.received_on > books::today(tx, app, seller)? {
        let message = "This day is still to come. Type the day on which the money arrived.";
        return Ok(Err(
            Invalid::new("received_on", "date-ahead", message).into()
        ));
    }
    for id in &new.invoice_ids {
        let found = books::invoice(tx, seller, id)?;
        let theirs = found.is_ok_and(|invoice| invoice.billing_account_id == account.id);
        if !theirs {
            let message =
                "One of these invoices is not this buyer's. Name its own invoices, or none.";
            return Ok(Err(Invalid::new("invoice_ids", "invoice", message).into()));
        }
    }
    let incoming = Incoming {
        account,
        source: Source::Hand,
        key: new.key.clone(),
        amount: new.amount,
        received_on: new.received_on,
        note: new.note.clone(),
        bank: books::own_bank(tx, seller)?,
        named: new.invoice_ids.clone(),
    };
    book::book(tx, app, who, &incoming)
}
