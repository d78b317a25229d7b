//! One document, with what became of it: who paid, what was credited, what it wrote into the ledger.

use muster_domain::scope::Books;
use muster_paper::invoice as document;
use muster_store::selling::accounts;
use muster_store::selling::documents as store;
use muster_store::selling::invoices::{self, Allocation, Invoice};
use muster_store::selling::ledger::{self, Transfer};
use muster_store::selling::payments::{self, Payment};
use muster_store::{Conn, StoreResult};

use super::frozen::Frozen;
use super::paper;
use crate::app::App;
use crate::features::selling::books;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::problem::{Answer, Problem};

/// What settled a part of an invoice.
#[derive(Debug, Clone)]
pub enum Settled {
    /// A payment, or what was given up.
    Payment(Payment),
    /// A credit note.
    CreditNote(Invoice),
    /// Money that the buyer had paid ahead.
    Credit,
}

/// A document as it stands today.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its rows.
    pub of: Frozen,
    /// The same as its writers take it.
    pub document: document::Invoice,
    /// Whether whoever asks sold it, and did not buy it.
    pub is_sold: bool,
    /// What is still owed on it.
    pub open: i64,
    /// What settled it, oldest first.
    pub settled: Vec<(Allocation, Settled)>,
    /// The credit notes that correct it, oldest first.
    pub corrections: Vec<Invoice>,
    /// What it wrote into the seller's ledger. Empty for the buyer: the books are the seller's.
    pub journal: Vec<Transfer>,
    /// The buyer's legal name today, which may have changed since.
    pub account_name: String,
}

/// One that the actor's organisation sold or bought.
///
/// # Errors
/// There is none of that id in either of its books.
pub async fn show(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Shown> {
    let sides = [books::sold(&allowed.actor), books::bought(&allowed.actor)];
    let found = app.store.read(move |c| {
        for side in &sides {
            if let Some(invoice) = invoices::find(c, side, &id)? {
                return shown(c, side, invoice).map(Some);
            }
        }
        Ok(None)
    });
    found.await?.ok_or_else(|| Problem::not_found("invoice"))
}

/// The rows of one, for its download.
///
/// # Errors
/// As [`show`].
pub async fn rows(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Frozen> {
    let sides = [books::sold(&allowed.actor), books::bought(&allowed.actor)];
    let found = app.store.read(move |c| {
        for side in &sides {
            if let Some(invoice) = invoices::find(c, side, &id)? {
                return Frozen::of(c, invoice).map(Some);
            }
        }
        Ok(None)
    });
    found.await?.ok_or_else(|| Problem::not_found("invoice"))
}

fn shown(c: &mut Conn, books: &Books, invoice: Invoice) -> StoreResult<Shown> {
    let is_sold = matches!(books, Books::Seller(_));
    let open = invoices::open_on(c, &invoice.id)?;
    let mut settled = Vec::new();
    for part in invoices::settlements(c, &invoice.id)? {
        let by = settled_by(c, &invoice, &part)?;
        settled.push((part, by));
    }
    let journal = if is_sold {
        ledger::of_document(c, &invoice.seller_id, &invoice.id)?
    } else {
        Vec::new()
    };
    let mut account = accounts::many_for_job(c, &[&invoice.billing_account_id])?;
    let account_name = match account.pop() {
        Some(account) => store::party_names(c, &[&account.party_id])?
            .remove(&account.party_id)
            .unwrap_or_default(),
        None => String::new(),
    };
    let corrections = invoices::corrections(c, &invoice.id)?;
    let of = Frozen::of(c, invoice)?;
    Ok(Shown {
        document: paper::document(&of)?,
        is_sold,
        open,
        settled,
        corrections,
        journal,
        account_name,
        of,
    })
}

fn settled_by(c: &mut Conn, invoice: &Invoice, part: &Allocation) -> StoreResult<Settled> {
    if let Some(note) = &part.credit_note_id {
        return Ok(Settled::CreditNote(store::named(c, note)?));
    }
    let payment = match &part.payment_id {
        Some(payment) => payments::find(c, &invoice.seller_id, payment)?,
        None => None,
    };
    Ok(payment.map_or(Settled::Credit, Settled::Payment))
}
