//! Issuing: a draft becomes an invoice or a credit note with a number, once, in the transaction of whatever it is for.
//!
//! Two steps. [`reckon`] looks at everything that could refuse; nothing is taken before it. [`Reckoned::rows`] makes the rows
//! once the number is there, and cannot fail: so no number is taken for a document that is never written.
//!
//! What follows from a document follows here and nowhere else: the transfers, what is owed, the letter, and the settlement.
//! An invoice is settled from the buyer's credit as far as its way of payment says; a credit note settles what is still open on
//! the invoice that it corrects, and what the buyer had paid of it already goes to the credit.

use jiff::Span;
use jiff::civil::Date;
use muster_domain::selling::calendar::OutOfRange;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::invoice::{Draft, Kind, Totals};
use muster_domain::selling::ledger;
use muster_domain::selling::money::Money;
use muster_domain::selling::number::{Pattern, Place};
use muster_domain::selling::posting;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Allocation, Invoice, InvoiceLine, Receivable};
use muster_store::selling::ledger::Transfer;
use muster_store::selling::letters::{self, Letter};
use muster_store::selling::sellers::{self, Seller};
use muster_store::{Conn, StoreError, StoreResult};

use crate::app::App;
use crate::features::selling::charge::unreadable;

/// What is to be issued.
#[derive(Debug, Clone, Copy)]
pub struct Issuing<'a> {
    /// Who issues it.
    pub seller: &'a Seller,
    /// To whom.
    pub account: &'a Account,
    /// What stands on it. What is taken off the whole, or was paid before, is none of it: the one is a line, the other the credit.
    pub draft: &'a Draft,
    /// For each line the subscription it is about.
    pub subscriptions: &'a [Option<String>],
    /// The invoice that a credit note corrects.
    pub corrects: Option<&'a Invoice>,
    /// Days from issue to due.
    pub terms_days: i64,
}

/// A document that could be issued today.
#[derive(Debug, Clone)]
pub struct Reckoned {
    /// Its totals.
    pub totals: Totals,
    /// What it writes into the ledger.
    pub transfers: Vec<ledger::Transfer>,
    /// The day of issue: the seller's.
    pub issued: Date,
    /// The last day to pay it without being late.
    pub due: Date,
}

/// The rows of a document.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The document.
    pub invoice: Invoice,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What is owed on it: the whole, before anything settles it. None of a credit note, and none where the whole is nothing.
    pub owed: Option<Receivable>,
    /// The ledger's.
    pub transfers: Vec<Transfer>,
    /// The letter that brings it.
    pub letter: Letter,
}

/// The number as people write it.
///
/// # Errors
/// The series of the row is no pattern: a fault of whoever wrote it.
pub fn number(invoice: &Invoice) -> Result<String, Refusal> {
    let pattern = Pattern::parse(&invoice.series).map_err(unreadable)?;
    Ok(pattern.format(Place {
        year: i16::try_from(invoice.year).map_err(|_| OutOfRange)?,
        sequence: u32::try_from(invoice.number).map_err(|_| OutOfRange)?,
    }))
}

/// Issues it, all of it in the caller's transaction. A refusal comes before anything is written, so that the caller may go on
/// in the same transaction or leave it.
///
/// The caller rings `due.letters` and `due.collection` after its commit.
///
/// # Errors
/// The database's; inside, why it cannot be issued.
pub fn issue(tx: &mut Conn, app: &App, it: &Issuing<'_>) -> StoreResult<Result<Invoice, Refusal>> {
    let open = match it.corrects {
        Some(original) => invoices::open_on(tx, &original.id)?,
        None => 0,
    };
    let reckoned = match reckon(it, app, open) {
        Ok(reckoned) => reckoned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (series, year) = place(it, reckoned.issued);
    let number = sellers::take_numbers(tx, &it.seller.organisation_id, series, year, 1)?;
    let rows = reckoned.rows(app, it, number);
    invoices::insert(tx, &rows.invoice, &rows.lines, rows.owed.as_ref())?;
    muster_store::selling::ledger::insert(tx, &rows.transfers)?;
    letters::insert(tx, &rows.letter)?;
    match it.corrects {
        Some(original) => correct(tx, app, &rows.invoice, original, open)?,
        None => settle_from_credit(tx, app, it, &rows.invoice)?,
    }
    Ok(Ok(rows.invoice))
}

/// Whether it can be issued today, and what it comes to. `open` is what is still owed on the invoice that a credit note
/// corrects.
///
/// # Errors
/// Why not.
pub fn reckon(it: &Issuing<'_>, app: &App, open: i64) -> Result<Reckoned, Refusal> {
    check(it)?;
    let totals = it.draft.totals()?;
    if totals.vat.is_negative() {
        return Err(Refusal::new(
            "invoice-negative",
            "The VAT of this document is less than nothing. Write a credit note over what is taken back, and an invoice over the rest.",
        ));
    }
    let transfers = match it.draft.kind {
        Kind::Invoice => posting::document(&it.account.id, it.draft)?,
        Kind::CreditNote { .. } => {
            let settled = Money::new(open.min(totals.with_vat.minor()), it.draft.currency);
            posting::credit_note(&it.account.id, it.draft, settled)?
        }
    };
    let zone = Zone::parse(&it.seller.zone).map_err(unreadable)?;
    let issued = zone.date_of(app.now());
    let due = Span::new()
        .try_days(it.terms_days)
        .and_then(|terms| issued.checked_add(terms))
        .map_err(|_| OutOfRange)?;
    Ok(Reckoned {
        totals,
        transfers,
        issued,
        due,
    })
}

/// The series that it takes its number from, and the year. The year is that of the day of issue, so that numbers and dates run
/// alike.
#[must_use]
pub fn place<'a>(it: &Issuing<'a>, issued: Date) -> (&'a str, i64) {
    let series = match it.draft.kind {
        Kind::Invoice => &it.seller.invoice_series,
        Kind::CreditNote { .. } => &it.seller.credit_note_series,
    };
    (series, i64::from(issued.year()))
}

impl Reckoned {
    /// The rows, under a number that was taken in the same transaction.
    #[must_use]
    pub fn rows(&self, app: &App, it: &Issuing<'_>, number: i64) -> Rows {
        let (id, now) = (app.new_id(), app.now_micros());
        let (series, year) = place(it, self.issued);
        let kind = match it.draft.kind {
            Kind::Invoice => "invoice",
            Kind::CreditNote { .. } => "credit-note",
        };
        let invoice = Invoice {
            id: id.clone(),
            seller_id: it.seller.organisation_id.clone(),
            buyer_id: it.account.buyer_id.clone(),
            billing_account_id: it.account.id.clone(),
            kind: kind.to_owned(),
            series: series.to_owned(),
            year,
            number,
            issue_date: self.issued.to_string(),
            due_date: self.due.to_string(),
            zone: it.account.zone.clone(),
            language: it.account.language.clone(),
            currency: it.draft.currency.as_str().to_owned(),
            net: self.totals.without_vat.minor(),
            vat: self.totals.vat.minor(),
            total: self.totals.with_vat.minor(),
            seller_party_id: it.seller.party_id.clone(),
            buyer_party_id: it.account.party_id.clone(),
            corrects_id: it.corrects.map(|original| original.id.clone()),
            created_at: now,
        };
        let owes = kind == "invoice" && invoice.total > 0;
        let owed = owes.then(|| Receivable {
            invoice_id: id.clone(),
            seller_id: invoice.seller_id.clone(),
            billing_account_id: invoice.billing_account_id.clone(),
            currency: invoice.currency.clone(),
            due_date: invoice.due_date.clone(),
            open: invoice.total,
        });
        let transfers = self.transfers.iter();
        Rows {
            lines: self.lines(it, &id),
            owed,
            transfers: transfers
                .map(|transfer| transfer_row(app, &invoice, transfer))
                .collect(),
            letter: Letter {
                id: app.new_id(),
                seller_id: invoice.seller_id.clone(),
                billing_account_id: invoice.billing_account_id.clone(),
                kind: kind.to_owned(),
                letter_key: format!("invoice:{id}"),
                invoice_id: Some(id),
                subscription_id: the_only_one(it.subscriptions),
                state: "waiting".to_owned(),
                created_at: now,
                mail_id: None,
            },
            invoice,
        }
    }

    fn lines(&self, it: &Issuing<'_>, id: &str) -> Vec<InvoiceLine> {
        let lines = it.draft.lines.iter().zip(&self.totals.lines);
        (1..)
            .zip(lines.zip(it.subscriptions))
            .map(|(position, ((line, net), subscription))| InvoiceLine {
                invoice_id: id.to_owned(),
                position,
                subscription_id: subscription.clone(),
                product: line.product.clone(),
                description: line.text.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price.minor(),
                net: net.minor(),
                vat_category: line.treatment.category.as_str().to_owned(),
                vat_rate: i64::from(line.treatment.rate.hundredths()),
                from_date: line.period.map(|(first, _)| first.to_string()),
                // A draft names the last day, the row the first after it; a draft whose last day is the last there is ends there.
                until_date: line
                    .period
                    .map(|(_, last)| last.tomorrow().unwrap_or(last).to_string()),
            })
            .collect()
    }
}

/// A transfer as it is stored under a document.
#[must_use]
pub fn transfer_row(app: &App, document: &Invoice, transfer: &ledger::Transfer) -> Transfer {
    Transfer {
        id: app.new_id(),
        seller_id: document.seller_id.clone(),
        debit: transfer.debit().to_string(),
        credit: transfer.credit().to_string(),
        currency: transfer.amount().currency().as_str().to_owned(),
        amount: transfer.amount().minor(),
        document_id: document.id.clone(),
        at: document.created_at,
    }
}

/// How much of an invoice over `total` a buyer's `credit` settles at once: of a prepaid account the whole, if credit and limit
/// reach, and else nothing; of the others what stands in the credit.
#[must_use]
pub fn from_credit(account: &Account, credit: i64, total: i64) -> i64 {
    if account.payment == "prepaid" {
        let reaches = credit.saturating_add(account.credit_limit) >= total;
        if reaches { total } else { 0 }
    } else {
        credit.min(total).max(0)
    }
}

/// The rows by which `amount` of the credit settles an invoice.
#[must_use]
pub fn settlement(app: &App, invoice: &Invoice, amount: i64) -> (Transfer, Allocation) {
    let transfer = Transfer {
        id: app.new_id(),
        seller_id: invoice.seller_id.clone(),
        debit: ledger::Account::Credit(invoice.billing_account_id.clone()).to_string(),
        credit: ledger::Account::Receivable(invoice.billing_account_id.clone()).to_string(),
        currency: invoice.currency.clone(),
        amount,
        document_id: invoice.id.clone(),
        at: invoice.created_at,
    };
    let allocation = Allocation {
        id: app.new_id(),
        invoice_id: invoice.id.clone(),
        payment_id: None,
        credit_note_id: None,
        amount,
        created_at: invoice.created_at,
    };
    (transfer, allocation)
}

/// What can be known to be wrong before anything is reckoned.
fn check(it: &Issuing<'_>) -> Result<(), Refusal> {
    let refused = |code, message: &str| Err(Refusal::new(code, message));
    let currency = it.draft.currency;
    if currency.as_str() != it.account.currency {
        return Err(Refusal::new(
            "invoice-currency",
            format!(
                "This buyer's account is kept in {}, and the document is in {currency}. Use an account in that currency.",
                it.account.currency
            ),
        ));
    }
    can_be_printed(currency)?;
    if !it.draft.allowances.is_empty() || !it.draft.prepaid.is_zero() {
        return refused(
            "invoice-parts",
            "What is taken off the whole cannot be kept here. Write it as a line of its own.",
        );
    }
    if it.subscriptions.len() != it.draft.lines.len() {
        return refused(
            "invoice-lines",
            "Each line needs to say which subscription it is about, or that it is about none.",
        );
    }
    let corrects = matches!(it.draft.kind, Kind::CreditNote { .. });
    let fits = it.corrects.is_none_or(|original| {
        original.kind == "invoice" && original.billing_account_id == it.account.id
    });
    if corrects != it.corrects.is_some() || !fits {
        return refused(
            "credit-original",
            "A credit note corrects an invoice of the same account. Name that invoice.",
        );
    }
    let series = match it.draft.kind {
        Kind::Invoice => &it.seller.invoice_series,
        Kind::CreditNote { .. } => &it.seller.credit_note_series,
    };
    Pattern::parse(series).map_err(unreadable)?;
    Ok(())
}

/// Electronic invoices know two decimals at most (EN 16931, BR-DEC).
fn can_be_printed(currency: Currency) -> Result<(), Refusal> {
    if currency.decimals() <= 2 {
        return Ok(());
    }
    Err(Refusal::new(
        "currency-decimals",
        format!(
            "Amounts in {currency} have {} decimals, and an electronic invoice knows two at most. Sell in another currency.",
            currency.decimals()
        ),
    ))
}

fn settle_from_credit(
    tx: &mut Conn,
    app: &App,
    it: &Issuing<'_>,
    invoice: &Invoice,
) -> StoreResult<()> {
    if invoice.total == 0 {
        return Ok(());
    }
    let drawn = if it.account.payment == "prepaid" {
        let charged = accounts::charge(tx, &it.account.id, invoice.total)?;
        if charged { invoice.total } else { 0 }
    } else {
        accounts::draw(tx, &it.account.id, invoice.total)?
    };
    if drawn == 0 {
        return Ok(());
    }
    let (transfer, allocation) = settlement(app, invoice, drawn);
    muster_store::selling::ledger::insert(tx, &[transfer])?;
    settle(tx, &allocation)
}

/// What is open on the original is settled by its credit note; what was paid is the buyer's again.
fn correct(
    tx: &mut Conn,
    app: &App,
    note: &Invoice,
    original: &Invoice,
    open: i64,
) -> StoreResult<()> {
    let settled = open.min(note.total);
    if settled > 0 {
        let allocation = Allocation {
            id: app.new_id(),
            invoice_id: original.id.clone(),
            payment_id: None,
            credit_note_id: Some(note.id.clone()),
            amount: settled,
            created_at: note.created_at,
        };
        settle(tx, &allocation)?;
    }
    if note.total > settled {
        accounts::put_in(tx, &note.billing_account_id, note.total - settled)?;
    }
    Ok(())
}

fn settle(tx: &mut Conn, allocation: &Allocation) -> StoreResult<()> {
    if invoices::settle(tx, allocation)? {
        Ok(())
    } else {
        Err(StoreError::Collision(
            "an invoice was settled by somebody else meanwhile".to_owned(),
        ))
    }
}

/// The subscription that a letter is about, where the document is about one alone.
fn the_only_one(subscriptions: &[Option<String>]) -> Option<String> {
    let (first, rest) = subscriptions.split_first()?;
    rest.iter()
        .all(|other| other == first)
        .then(|| first.clone())
        .flatten()
}
