//! Credit that goes back to the buyer, in two steps: it is set aside, then it has left the bank. Credit is used by hand here too.

use std::sync::Arc;

use jiff::civil::Date;
use muster_domain::selling::money::Money;
use muster_domain::selling::posting;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Allocation};
use muster_store::selling::payments::{self, Payment};
use muster_store::{Conn, StoreError, StoreResult};
use serde_json::json;

use super::book::{self, Source};
use super::books::{self, Recorder};
use super::turns;
use crate::app::App;
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::problem::{Answer, Problem};

/// A refund about to be made.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// To whom.
    pub account_id: String,
    /// How much of the credit.
    pub amount: Money,
    /// Why.
    pub note: String,
    /// What makes it known again.
    pub key: String,
}

/// Sets a part of a buyer's credit aside to be paid back. The credit limit is not money, so it is not paid back.
///
/// # Errors
/// There is no such buyer; the credit is less; the key is another payment's.
pub async fn refund(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    new: NewRefund,
) -> Answer<Payment> {
    let (refunding, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let made = app
        .store
        .write_or_refuse(move |tx| refund_in(tx, &refunding, &who, &seller, &new))
        .await??;
    book::ring(app);
    Ok(made)
}

fn refund_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    new: &NewRefund,
) -> StoreResult<Answer<Payment>> {
    let account = match books::account(tx, seller, &new.account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let made = row(
        app, who, &account, "refund", &new.key, new.amount, &new.note,
    );
    let made = Payment {
        received_on: books::today(tx, app, seller)?.to_string(),
        ..made
    };
    match known(tx, &made)? {
        None => {}
        Some(answer) => return Ok(answer),
    }
    let credit = books::money(account.credit, &account.currency)?;
    let transfers = match posting::refund(&account.id, new.amount, credit) {
        Ok(transfers) => transfers,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    if accounts::draw(tx, &account.id, made.amount)? != made.amount {
        return Err(StoreError::Collision(
            "the credit was used meanwhile".to_owned(),
        ));
    }
    payments::insert(tx, &made)?;
    books::transfer(tx, app, seller, &made.id, &transfers)?;
    let facts = json!({ "payment": made.id, "amount": new.amount.to_string(), "note": made.note });
    let kind = ("payment.refunded", Weight::Major);
    let buyer = Some(account.buyer_id.as_str());
    books::tell(tx, app, &who.by, seller, kind, buyer, facts)?;
    Ok(Ok(made))
}

/// Notes that a refund has left the bank.
///
/// # Errors
/// There is no such refund; it left already, or was taken back.
pub async fn paid_back(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    id: String,
    on: Date,
) -> Answer<Payment> {
    let (noting, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    app.store
        .write_or_refuse(move |tx| {
            let Some(refund) = payments::find(tx, &seller, &id)? else {
                return Ok(Err(Problem::not_found("payment")));
            };
            if refund.kind != "refund" {
                let detail =
                    "Only a refund is paid back. Make a refund of the buyer's credit first.";
                return Ok(Err(Problem::conflict("payment-kind", detail)));
            }
            if let Err(problem) = turns::take(tx, &noting, &who, &refund, "paid-back", on, "")? {
                return Ok(Err(problem));
            }
            let amount = books::money(refund.amount, &refund.currency)?;
            let bank = books::own_bank(tx, &seller)?;
            let transfers = match posting::paid_back(&bank, amount) {
                Ok(transfers) => transfers,
                Err(refusal) => return Ok(Err(books::refused(refusal))),
            };
            books::transfer(tx, &noting, &seller, &refund.id, &transfers)?;
            let facts = json!({ "payment": refund.id, "amount": amount.to_string() });
            let kind = ("payment.paid-back", Weight::Ordinary);
            books::tell(tx, &noting, &who.by, &seller, kind, None, facts)?;
            Ok(Ok(refund))
        })
        .await?
}

/// Settles a part of an invoice from the buyer's credit, which may go below zero as far as its limit says. Of two such acts side
/// by side for which the credit does not reach, one is refused (RULES B19).
///
/// # Errors
/// There is no such invoice; less is open on it; the credit does not reach.
pub async fn use_credit(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    invoice_id: String,
    amount: Money,
) -> Answer<i64> {
    let (using, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let left = app
        .store
        .write_or_refuse(move |tx| use_in(tx, &using, &who, &seller, &invoice_id, amount))
        .await??;
    book::ring(app);
    Ok(left)
}

fn use_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    invoice_id: &str,
    amount: Money,
) -> StoreResult<Answer<i64>> {
    let invoice = match books::invoice(tx, seller, invoice_id)? {
        Ok(invoice) => invoice,
        Err(problem) => return Ok(Err(problem)),
    };
    let account = match books::account(tx, seller, &invoice.billing_account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let open = books::open_on(tx, &invoice)?;
    if let Err(problem) = no_more_than(amount, open) {
        return Ok(Err(problem));
    }
    let available = account.credit.saturating_add(account.credit_limit);
    let available = books::money(available, &account.currency)?;
    let transfers = match posting::use_credit(&account.id, amount, available) {
        Ok(transfers) => transfers,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    let allocation = Allocation {
        id: app.new_id(),
        invoice_id: invoice.id.clone(),
        payment_id: None,
        credit_note_id: None,
        amount: amount.minor(),
        created_at: app.now_micros(),
    };
    let charged = accounts::charge(tx, &account.id, amount.minor())?;
    if !charged || !invoices::settle(tx, &allocation)? {
        return Err(StoreError::Collision(
            "credit or invoice changed meanwhile".to_owned(),
        ));
    }
    books::transfer(tx, app, seller, &invoice.id, &transfers)?;
    let facts = json!({
        "invoice": invoice.id, "number": books::number(&invoice), "amount": amount.to_string(),
    });
    let kind = ("credit.used", Weight::Ordinary);
    let buyer = Some(account.buyer_id.as_str());
    books::tell(tx, app, &who.by, seller, kind, buyer, facts)?;
    Ok(Ok(open.minor() - amount.minor()))
}

/// Refuses more than is open, and another currency than the invoice's.
///
/// # Errors
/// A sentence that says how much is open.
pub fn no_more_than(amount: Money, open: Money) -> Answer<()> {
    if amount.currency() == open.currency() && amount.minor() <= open.minor() {
        return Ok(());
    }
    let detail = format!("Only {open} is open on this invoice. Settle that much or less.");
    Err(Problem::invalid("invoice-open", detail))
}

/// The row of something that a person enters and that is no payment.
pub(super) fn row(
    app: &App,
    who: &Recorder,
    account: &Account,
    kind: &str,
    key: &str,
    amount: Money,
    note: &str,
) -> Payment {
    Payment {
        id: app.new_id(),
        seller_id: account.seller_id.clone(),
        billing_account_id: account.id.clone(),
        kind: kind.to_owned(),
        source: Source::Hand.as_str().to_owned(),
        source_key: key.to_owned(),
        currency: amount.currency().as_str().to_owned(),
        amount: amount.minor(),
        received_on: String::new(),
        note: note.to_owned(),
        doubtful: 0,
        recorded_by: who.reference.clone(),
        recorded_by_name: who.name.clone(),
        created_at: app.now_micros(),
    }
}

/// The answer about something that was entered before under the same key.
pub(super) fn known(tx: &mut Conn, made: &Payment) -> StoreResult<Option<Answer<Payment>>> {
    let source = Source::Hand.as_str();
    let Some(known) = payments::find_by_source(tx, &made.seller_id, source, &made.source_key)?
    else {
        return Ok(None);
    };
    let same = (&known.kind, &known.billing_account_id, known.amount)
        == (&made.kind, &made.billing_account_id, made.amount);
    Ok(Some(if same {
        Ok(known)
    } else {
        let detail =
            "There is something else under this key already. Send a new key for a new act.";
        Err(Problem::conflict("payment-key", detail))
    }))
}
