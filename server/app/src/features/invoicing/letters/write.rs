//! Writing: each letter that waits becomes a mail, in a transaction of its own, so that one that cannot be written holds no other
//! up. What was settled meanwhile is not written any more.

use std::sync::Arc;

use jiff::Timestamp;
use muster_domain::scope::Books;
use muster_domain::selling::collection::Collection;
use muster_store::devices::Device;
use muster_store::selling::accounts::Account;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::letters::{self, Letter as Row};
use muster_store::selling::parties::Party;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::{accounts, invoices, parties, plans, sellers, service, subscriptions};
use muster_store::{Conn, StoreError, StoreResult};

use super::words;
use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::mail::{self, Sender};

/// Letters that are read at once.
const BATCH: i64 = 100;

/// Writes every letter that waits.
///
/// # Errors
/// The database does not answer.
pub async fn write_waiting(app: Arc<App>) -> Done {
    let mut after: Option<(i64, String)> = None;
    loop {
        let from = after.clone();
        let page = app
            .store
            .read(move |c| {
                let from = from.as_ref().map(|(at, id)| (*at, id.as_str()));
                letters::waiting_behind_for_job(c, from, BATCH)
            })
            .await
            .map_err(|error| error.to_string())?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some((last.created_at, last.id.clone()));
        for letter in page {
            let (writing, id) = (app.clone(), letter.id.clone());
            let written = app
                .store
                .write(move |tx| write_one(tx, &writing, &letter))
                .await;
            match written {
                Ok(()) => {}
                Err(error @ (StoreError::Busy(_) | StoreError::Collision(_))) => {
                    return Err(error.to_string());
                }
                Err(error) => {
                    tracing::error!(letter = id, %error, "a letter cannot be written; it waits");
                }
            }
        }
    }
}

/// Everything that a letter may speak of.
pub struct About {
    /// The buyer as the seller knows it.
    pub account: Account,
    /// The seller on documents.
    pub seller: Party,
    /// The buyer on documents.
    pub buyer: Party,
    /// The invoice or credit note, and what is open on it.
    pub invoice: Option<(Invoice, i64)>,
    /// The invoice that a credit note corrects.
    pub corrected: Option<Invoice>,
    /// The subscription, and its plan.
    pub subscription: Option<(Subscription, Plan)>,
    /// Its phone.
    pub device: Option<Device>,
    /// What the next period costs, before tax, where that is known.
    pub price: Option<muster_domain::selling::money::Money>,
    /// Now.
    pub now: Timestamp,
}

fn write_one(tx: &mut Conn, app: &App, letter: &Row) -> StoreResult<()> {
    let about = gather(tx, app, letter)?;
    if about.buyer.email.trim().is_empty() || is_over(letter, &about) {
        return letters::skip(tx, &letter.id).map(|_| ());
    }
    let t = app.texts.letters(&about.account.language);
    let written = words::compose(&t, &letter.kind, &about)
        .map_err(|error| StoreError::Query(error.to_string()))?;
    let sender = Sender {
        seller_id: letter.seller_id.clone(),
        name: about.seller.legal_name.clone(),
        reply_to: about.seller.email.clone(),
    };
    let mail = mail::enqueue_from(tx, app, &written, &sender)?;
    if letters::mark_written(tx, &letter.id, &mail)? {
        Ok(())
    } else {
        // Another node wrote it: this mail is undone with its transaction.
        Err(StoreError::Collision(
            "a letter was written meanwhile".to_owned(),
        ))
    }
}

/// Whether what it says is no longer so.
fn is_over(letter: &Row, about: &About) -> bool {
    let is_paid = about.invoice.as_ref().is_some_and(|(_, open)| *open == 0);
    let subscription = about.subscription.as_ref().map(|(one, _)| one);
    match letter.kind.as_str() {
        "reminder" | "past-due" => is_paid,
        "suspended" => subscription.is_none_or(|one| {
            !matches!(
                Collection::parse(&one.reached),
                Some(Collection::Suspended | Collection::Terminated)
            )
        }),
        "renewal-notice" => subscription.is_none_or(|one| {
            one.cancel_at_end == 1
                || one
                    .next_start_at
                    .is_none_or(|at| at <= about.now.as_microsecond())
        }),
        _ => false,
    }
}

fn gather(c: &mut Conn, app: &App, letter: &Row) -> StoreResult<About> {
    let missing =
        |what: &str| StoreError::Corrupt(format!("letter {} lacks its {what}", letter.id));
    let account = accounts::many_for_job(c, &[&letter.billing_account_id])?
        .pop()
        .ok_or_else(|| missing("account"))?;
    let seller_row = sellers::find(c, &letter.seller_id)?.ok_or_else(|| missing("seller"))?;
    let seller = parties::find(c, &seller_row.party_id)?.ok_or_else(|| missing("seller"))?;
    let buyer = parties::find(c, &account.party_id)?.ok_or_else(|| missing("buyer"))?;
    let books = Books::Seller(letter.seller_id.clone());
    let invoice = match &letter.invoice_id {
        Some(id) => invoices::find(c, &books, id)?,
        None => None,
    };
    let corrected = match invoice.as_ref().and_then(|one| one.corrects_id.clone()) {
        Some(id) => invoices::find(c, &books, &id)?,
        None => None,
    };
    let invoice = match invoice {
        Some(one) => {
            let open = invoices::open_on(c, &one.id)?;
            Some((one, open))
        }
        None => None,
    };
    let subscription = match &letter.subscription_id {
        Some(id) => subscriptions::find(c, &books, id)?,
        None => None,
    };
    let subscription = match subscription {
        Some(one) => {
            let next = one
                .next_plan_id
                .as_ref()
                .filter(|_| letter.kind == "renewal-notice");
            let plan = plans::find(c, &letter.seller_id, next.unwrap_or(&one.plan_id))?;
            Some((one, plan.ok_or_else(|| missing("plan"))?))
        }
        None => None,
    };
    let device = match subscription
        .as_ref()
        .and_then(|(one, _)| one.device_id.clone())
    {
        Some(id) => service::devices_for_job(c, &[id.as_str()])?.pop(),
        None => None,
    };
    let mut about = About {
        account,
        seller,
        buyer,
        invoice,
        corrected,
        subscription,
        device,
        price: None,
        now: app.now(),
    };
    if let ("renewal-notice", Some((_, plan))) = (letter.kind.as_str(), &about.subscription) {
        let prices = plans::prices_of(c, &[&plan.id])?;
        about.price = words::next_price(&about, &prices);
    }
    Ok(about)
}
