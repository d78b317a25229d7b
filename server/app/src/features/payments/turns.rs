//! What becomes of a payment after it was entered: a person looks at it, or it is taken back because the bank returned it or it was
//! a mistake. Nothing is deleted: what it moved is moved back, and what it had settled is open again.

use std::sync::Arc;

use jiff::civil::Date;
use muster_domain::selling::ledger::{Account as Name, Transfer};
use muster_domain::selling::money::Money;
use muster_domain::selling::posting;
use muster_domain::selling::refusal::Refusal;
use muster_domain::text::Invalid;
use muster_store::selling::payment_turns::{self, Reopening, Turn};
use muster_store::selling::payments::{self, Payment};
use muster_store::selling::{accounts, ledger};
use muster_store::{Conn, StoreError, StoreResult};
use serde_json::json;

use super::book;
use super::books::{self, Recorder};
use crate::app::App;
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::problem::{Answer, Problem};

/// How many settlements by credit are opened again at most when one payment is returned.
const MOST_REOPENED: i64 = 500;

/// Notes that somebody looked at a flagged payment and that it is right.
///
/// # Errors
/// There is no such payment, or it is not flagged.
pub async fn looked_at(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    id: String,
) -> Answer<Payment> {
    let (noting, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    app.store
        .write_or_refuse(move |tx| {
            let Some(payment) = payments::find(tx, &seller, &id)? else {
                return Ok(Err(Problem::not_found("payment")));
            };
            let today = books::today(tx, &noting, &seller)?;
            let flagged = payment.doubtful == 1;
            if !flagged {
                let detail = "This payment is not flagged: there is nothing to look at.";
                return Ok(Err(Problem::conflict("payment-clear", detail)));
            }
            if let Err(problem) = take(tx, &noting, &who, &payment, "looked-at", today, "")? {
                return Ok(Err(problem));
            }
            let facts = json!({ "payment": payment.id });
            let kind = ("payment.looked-at", Weight::Ordinary);
            books::tell(tx, &noting, &who.by, &seller, kind, None, facts)?;
            Ok(Ok(payment))
        })
        .await?
}

/// Takes a payment, a refund or a write-off back.
///
/// # Errors
/// There is no such payment; it was taken back already; what it had left over was paid out to the buyer meanwhile.
pub async fn take_back(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    id: String,
    on: Date,
    note: String,
) -> Answer<Payment> {
    let (taking, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let payment = app
        .store
        .write_or_refuse(move |tx| take_back_in(tx, &taking, &who, (&seller, &id), on, &note))
        .await??;
    book::ring(app);
    Ok(payment)
}

fn take_back_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    (seller, id): (&str, &str),
    on: Date,
    note: &str,
) -> StoreResult<Answer<Payment>> {
    let Some(payment) = payments::find(tx, seller, id)? else {
        return Ok(Err(Problem::not_found("payment")));
    };
    if on > books::today(tx, app, seller)? {
        let message = "This day is still to come. Type the day on which it was returned.";
        return Ok(Err(Invalid::new("on", "date-ahead", message).into()));
    }
    if let Err(problem) = take(tx, app, who, &payment, "returned", on, note)? {
        return Ok(Err(problem));
    }
    let written = ledger::of_document(tx, seller, &payment.id)?;
    let transfers = match payment.kind.as_str() {
        "payment" => match payment_back(tx, app, &payment, &written)? {
            Ok(transfers) => transfers,
            Err(problem) => return Ok(Err(problem)),
        },
        kind => {
            if kind == "refund" {
                accounts::put_in(tx, &payment.billing_account_id, payment.amount)?;
            } else {
                reopen_own(tx, app, &payment)?;
            }
            let written = written
                .iter()
                .map(read)
                .collect::<StoreResult<Vec<Transfer>>>()?;
            posting::taken_back(&written)
        }
    };
    books::transfer(tx, app, seller, &payment.id, &transfers)?;
    let account = match books::account(tx, seller, &payment.billing_account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let amount = books::money(payment.amount, &payment.currency)?.to_string();
    let facts =
        json!({ "payment": payment.id, "amount": amount, "note": note, "what": payment.kind });
    let kind = ("payment.returned", Weight::Trouble);
    books::tell(
        tx,
        app,
        &who.by,
        seller,
        kind,
        Some(&account.buyer_id),
        facts,
    )?;
    Ok(Ok(payment))
}

/// Takes a payment back: from the invoices that it settled, then from the credit. Where the credit was used meanwhile, the newest
/// invoices that it settled are open again; where it was paid out, it falls below zero as far as its limit lets it.
fn payment_back(
    tx: &mut Conn,
    app: &App,
    payment: &Payment,
    written: &[ledger::Transfer],
) -> StoreResult<Answer<Vec<Transfer>>> {
    let id = &payment.billing_account_id;
    let (owed, credit) = (Name::Receivable(id.clone()), Name::Credit(id.clone()));
    let bank = written
        .iter()
        .find_map(|row| Name::parse(&row.debit).filter(|name| matches!(name, Name::Bank(_))))
        .ok_or_else(|| books::unreadable("transfers of payment", &payment.id))?;
    let money = |minor| books::money(minor, &payment.currency);
    let mut transfers = Vec::new();
    let settled = reopen_own(tx, app, payment)?;
    add(&mut transfers, &owed, &bank, money(settled)?)?;
    let over = payment.amount - settled;
    let mut short = over - accounts::draw(tx, id, over)?;
    for (allocation, counts) in payment_turns::settled_by_credit(tx, id, MOST_REOPENED)? {
        if short == 0 {
            break;
        }
        let part = counts.min(short);
        let reopening = reopening(app, payment, &allocation.id, part);
        open_again(tx, &allocation.invoice_id, &reopening)?;
        add(&mut transfers, &owed, &credit, money(part)?)?;
        short -= part;
    }
    if short > 0 && !accounts::charge(tx, id, short)? {
        let detail = format!(
            "{} of this payment was paid out to the buyer meanwhile. Raise the account's credit limit by that much, so that \
             its credit may stand below zero, and take the payment back then.",
            money(short)?
        );
        return Ok(Err(Problem::conflict("payment-paid-out", detail)));
    }
    add(&mut transfers, &credit, &bank, money(over)?)?;
    Ok(Ok(transfers))
}

fn add(
    transfers: &mut Vec<Transfer>,
    debit: &Name,
    credit: &Name,
    amount: Money,
) -> StoreResult<()> {
    let transfer = Transfer::signed(debit.clone(), credit.clone(), amount);
    transfers.extend(transfer.map_err(|refusal: Refusal| StoreError::Query(refusal.message))?);
    Ok(())
}

/// Opens again what a payment or a write-off settled itself; answers how much it was.
fn reopen_own(tx: &mut Conn, app: &App, payment: &Payment) -> StoreResult<i64> {
    let mut sum = 0;
    for allocation in payment_turns::allocations_of(tx, &payment.id)? {
        let reopening = reopening(app, payment, &allocation.id, allocation.amount);
        open_again(tx, &allocation.invoice_id, &reopening)?;
        sum += allocation.amount;
    }
    Ok(sum)
}

fn reopening(app: &App, payment: &Payment, allocation: &str, amount: i64) -> Reopening {
    Reopening {
        id: app.new_id(),
        allocation_id: allocation.to_owned(),
        payment_id: payment.id.clone(),
        amount,
        created_at: app.now_micros(),
    }
}

fn open_again(tx: &mut Conn, invoice: &str, reopening: &Reopening) -> StoreResult<()> {
    if payment_turns::reopen(tx, invoice, reopening)? {
        Ok(())
    } else {
        Err(books::unreadable("receivable of", invoice))
    }
}

fn read(row: &ledger::Transfer) -> StoreResult<Transfer> {
    let name = |name: &str| Name::parse(name).ok_or_else(|| books::unreadable("account", name));
    let amount = books::money(row.amount, &row.currency)?;
    Transfer::new(name(&row.debit)?, name(&row.credit)?, amount)
        .map_err(|refusal| StoreError::Query(refusal.message))
}

/// Notes a turn. One that was taken back takes no other.
pub(super) fn take(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    payment: &Payment,
    turn: &str,
    on: Date,
    note: &str,
) -> StoreResult<Answer<()>> {
    let known = payment_turns::of(tx, &[&payment.id])?;
    if known.iter().any(|known| known.turn == "returned") {
        let detail = "This was taken back already. Enter a new payment if money came again.";
        return Ok(Err(Problem::conflict("payment-returned", detail)));
    }
    let new = Turn {
        payment_id: payment.id.clone(),
        turn: turn.to_owned(),
        on_date: on.to_string(),
        note: note.to_owned(),
        recorded_by: who.reference.clone(),
        recorded_by_name: who.name.clone(),
        created_at: app.now_micros(),
    };
    if payment_turns::insert(tx, &new)? {
        return Ok(Ok(()));
    }
    let detail = "This was noted already. There is nothing more to do.";
    Ok(Err(Problem::conflict("payment-noted", detail)))
}
