//! What a document is made of: rows that were written once, when it was issued, and nothing else. So the document made in ten
//! years is the one that was made today.

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_store::selling::documents as store;
use muster_store::selling::invoices::{self, Invoice, InvoiceLine};
use muster_store::selling::parties::{self, Party};
use muster_store::{Conn, StoreError, StoreResult};

use crate::features::invoicing::issue;

/// The rows of one document.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// Invoice or credit note.
    pub invoice: Invoice,
    /// Its lines, in their order.
    pub lines: Vec<InvoiceLine>,
    /// The seller as it was.
    pub seller: Party,
    /// The buyer as it was.
    pub buyer: Party,
    /// The invoice that a credit note corrects.
    pub corrects: Option<Invoice>,
    /// What the issue itself settled from the buyer's credit: it was paid before the document was written (BT-113). What was paid
    /// later is no part of the document.
    pub prepaid: i64,
}

impl Frozen {
    /// The rows of `invoice`, which the caller has found in its books.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn of(c: &mut Conn, invoice: Invoice) -> StoreResult<Self> {
        let party = |c: &mut Conn, id: &str| {
            let missing = || StoreError::Corrupt(format!("party {id} of an invoice is not there"));
            parties::find(c, id)?.ok_or_else(missing)
        };
        let corrects = match &invoice.corrects_id {
            Some(id) => Some(store::named(c, id)?),
            None => None,
        };
        let at_issue = invoices::settlements(c, &invoice.id)?
            .into_iter()
            .filter(|part| part.payment_id.is_none() && part.credit_note_id.is_none())
            .filter(|part| part.created_at == invoice.created_at);
        Ok(Self {
            prepaid: at_issue.map(|part| part.amount).sum(),
            lines: invoices::lines(c, &invoice.id)?,
            seller: party(c, &invoice.seller_party_id)?,
            buyer: party(c, &invoice.buyer_party_id)?,
            corrects,
            invoice,
        })
    }

    /// Whether money goes back.
    #[must_use]
    pub fn is_credit_note(&self) -> bool {
        self.invoice.kind == "credit-note"
    }
}

/// The number as people write it, for every document that there is. A series without a pattern of ours, from elsewhere, still
/// tells its documents apart.
#[must_use]
pub fn number(invoice: &Invoice) -> String {
    issue::number(invoice)
        .unwrap_or_else(|_| format!("{}-{}-{}", invoice.series, invoice.year, invoice.number))
}

/// A stored civil date.
///
/// # Errors
/// It is none: somebody wrote the row by hand.
pub fn date(text: &str) -> StoreResult<Date> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("\"{text}\" is no date")))
}

/// A stored currency.
///
/// # Errors
/// It is none: somebody wrote the row by hand.
pub fn currency(code: &str) -> StoreResult<Currency> {
    Currency::parse(code).map_err(|_| StoreError::Corrupt(format!("\"{code}\" is no currency")))
}
