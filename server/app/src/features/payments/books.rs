//! What every act on money here needs: who did it, whose account it is about, and how it is written into the ledger and onto the
//! record.

use jiff::civil::Date;
use muster_domain::scope::{Books, Scope};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::ledger;
use muster_domain::selling::money::Money;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::zone::Zone;
use muster_domain::text::Invalid;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Invoice};
use muster_store::selling::{ledger as journal, parties, sellers};
use muster_store::{Conn, StoreError, StoreResult, organisations};
use serde_json::Value;

use crate::app::App;
use crate::features::invoicing::issue;
use crate::features::people;
use crate::features::record::write::{self as record, By, Entry, Weight};
use crate::web::actor::Actor;
use crate::web::problem::{Answer, Problem};

/// The most one payment may be, minor units: sums of a hundred thousand such still fit.
pub const MOST: i64 = 10_000_000_000_000;

/// Who enters something: as the record keeps it, and as the payment itself does.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// For the record.
    pub by: By,
    /// `member:<id>`, `token:<id>`, `provider`.
    pub reference: String,
    /// The name they had then.
    pub name: String,
}

impl Recorder {
    /// A member or a token.
    #[must_use]
    pub fn actor(actor: &Actor) -> Self {
        Self {
            by: By::actor(actor),
            reference: actor.reference(),
            name: actor.name.clone(),
        }
    }

    /// A payment provider whose signature was right.
    #[must_use]
    pub fn provider() -> Self {
        let name = "Payment provider".to_owned();
        Self {
            by: By::stranger(&name),
            reference: "provider".to_owned(),
            name,
        }
    }
}

/// A refusal of the domain as the edge tells it.
#[must_use]
pub fn refused(refusal: Refusal) -> Problem {
    Problem::invalid(refusal.code, refusal.message)
}

/// Something the store holds that no use case writes.
pub fn unreadable(what: &str, stored: &str) -> StoreError {
    StoreError::Query(format!("the stored {what} \"{stored}\" cannot be read"))
}

/// An amount of a row.
///
/// # Errors
/// The stored currency is none.
pub fn money(minor: i64, currency: &str) -> StoreResult<Money> {
    let currency = Currency::parse(currency).map_err(|_| unreadable("currency", currency))?;
    Ok(Money::new(minor, currency))
}

/// A date of a row.
///
/// # Errors
/// The stored text is none.
pub fn date(stored: &str) -> StoreResult<Date> {
    stored.parse().map_err(|_| unreadable("date", stored))
}

/// An account of a seller, or a refusal that names the field.
///
/// # Errors
/// The database's; inside, that there is none.
pub fn account(tx: &mut Conn, seller: &str, id: &str) -> StoreResult<Answer<Account>> {
    let found = accounts::find(tx, &Books::Seller(seller.to_owned()), id)?;
    Ok(found.ok_or_else(|| {
        Invalid::new(
            "account_id",
            "account",
            "There is no such buyer in your books. Choose one of your buyers.",
        )
        .into()
    }))
}

/// An invoice of a seller, or a refusal that names the field.
///
/// # Errors
/// The database's; inside, that there is none.
pub fn invoice(tx: &mut Conn, seller: &str, id: &str) -> StoreResult<Answer<Invoice>> {
    let found = invoices::find(tx, &Books::Seller(seller.to_owned()), id)?;
    let found = found.filter(|invoice| invoice.kind == "invoice");
    Ok(found.ok_or_else(|| {
        Invalid::new(
            "invoice_id",
            "invoice",
            "There is no such invoice in your books. Choose one of your invoices.",
        )
        .into()
    }))
}

/// What is open on an invoice.
///
/// # Errors
/// The database's.
pub fn open_on(tx: &mut Conn, invoice: &Invoice) -> StoreResult<Money> {
    let open = invoices::open_on(tx, &invoice.id)?;
    money(open, &invoice.currency)
}

/// The number of a document as people write it.
#[must_use]
pub fn number(invoice: &Invoice) -> String {
    issue::number(invoice)
        .unwrap_or_else(|_| format!("{} {}/{}", invoice.series, invoice.year, invoice.number))
}

/// The account of the ledger that stands for a seller's own bank: by its IBAN, as statements have it.
///
/// # Errors
/// The database's.
pub fn own_bank(tx: &mut Conn, seller: &str) -> StoreResult<String> {
    let party = match sellers::find(tx, seller)? {
        Some(row) => parties::find(tx, &row.party_id)?,
        None => None,
    };
    Ok(party
        .and_then(|party| party.iban)
        .map_or_else(|| "main".to_owned(), |iban| bank_name(&iban)))
}

/// The name of a bank account within the ledger: no spaces, and never a colon.
#[must_use]
pub fn bank_name(iban: &str) -> String {
    let name: String = iban.chars().filter(char::is_ascii_alphanumeric).collect();
    if name.is_empty() {
        "main".to_owned()
    } else {
        name
    }
}

/// Today where the seller is.
///
/// # Errors
/// The database's.
pub fn today(tx: &mut Conn, app: &App, seller: &str) -> StoreResult<Date> {
    let zone = sellers::find(tx, seller)?.and_then(|row| Zone::parse(&row.zone).ok());
    Ok(zone.unwrap_or_else(Zone::utc).date_of(app.now()))
}

/// Appends the transfers of a document.
///
/// # Errors
/// The database's.
pub fn transfer(
    tx: &mut Conn,
    app: &App,
    seller: &str,
    document: &str,
    transfers: &[ledger::Transfer],
) -> StoreResult<()> {
    let rows: Vec<journal::Transfer> = transfers
        .iter()
        .map(|transfer| journal::Transfer {
            id: app.new_id(),
            seller_id: seller.to_owned(),
            debit: transfer.debit().to_string(),
            credit: transfer.credit().to_string(),
            currency: transfer.amount().currency().as_str().to_owned(),
            amount: transfer.amount().minor(),
            document_id: document.to_owned(),
            at: app.now_micros(),
        })
        .collect();
    journal::insert(tx, &rows)
}

/// Puts something that happened in a seller's books on the record. `buyer` is added to the facts by its name.
///
/// # Errors
/// The database's.
pub fn tell(
    tx: &mut Conn,
    app: &App,
    by: &By,
    seller: &str,
    (kind, weight): (&'static str, Weight),
    buyer: Option<&str>,
    mut facts: Value,
) -> StoreResult<()> {
    let Some(home) = organisations::find(tx, &Scope::Platform, seller)? else {
        return Err(unreadable("seller", seller));
    };
    if let Some(buyer) = buyer {
        let found = organisations::find(tx, &Scope::Platform, buyer)?;
        facts["buyer"] = found.map_or(Value::Null, |row| Value::from(row.name));
    }
    let entry = Entry {
        kind,
        weight,
        place: people::place(&home),
        device: None,
        command: None,
        facts,
    };
    record::write(tx, app, by, &entry)
}
