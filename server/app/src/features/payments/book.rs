//! A payment is booked: what it settles, what is left over, what the ledger and the buyer are told. All in the caller's
//! transaction, whatever it came by: a person, a bank statement, a provider.

use jiff::Span;
use jiff::civil::Date;
use muster_domain::selling::allocation::{self, OpenItem};
use muster_domain::selling::money::Money;
use muster_domain::selling::posting;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Allocation};
use muster_store::selling::letters::{self, Letter};
use muster_store::selling::payment_turns;
use muster_store::selling::payments::{self, Payment};
use muster_store::{Conn, StoreError, StoreResult};
use serde_json::json;

use super::books::{self, MOST, Recorder};
use crate::app::App;
use crate::features::record::write::Weight;
use crate::web::problem::{Answer, Problem};

/// A payment of the same amount and note within so many days is flagged. Less than the shortest month, so that what is paid each
/// month is no twin of the month before.
const TWINS_WITHIN: i32 = 27;

/// Where a payment came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A person entered it.
    Hand,
    /// An entry of a bank statement.
    Statement,
    /// A provider announced it.
    Provider,
}

impl Source {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Statement => "statement",
            Self::Provider => "provider",
        }
    }
}

/// Money that came in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Whose it was.
    pub account: Account,
    /// Where it came from.
    pub source: Source,
    /// What the source calls it: the same one twice is the same payment.
    pub key: String,
    /// How much, in the account's currency.
    pub amount: Money,
    /// The day it came.
    pub received_on: Date,
    /// What the payer wrote, or whoever enters it.
    pub note: String,
    /// The bank account it came to, as the ledger names it.
    pub bank: String,
    /// Invoices that it names, which it settles first.
    pub named: Vec<String>,
}

/// A payment that is in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// Its row.
    pub payment: Payment,
    /// Invoices that it settled, each with the part.
    pub settled: Vec<(String, i64)>,
    /// What was left over and became credit.
    pub to_credit: i64,
    /// Whether it was booked just now, and not before.
    pub is_new: bool,
}

/// Books it, unless it is booked already. The caller rings [`ring`] after its commit.
///
/// # Errors
/// The database's; inside, why it cannot be booked: then nothing was written.
pub fn book(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    it: &Incoming,
) -> StoreResult<Answer<Booked>> {
    let seller = &it.account.seller_id;
    if let Some(known) = payments::find_by_source(tx, seller, it.source.as_str(), &it.key)? {
        return again(tx, it, known);
    }
    if let Err(problem) = check(it) {
        return Ok(Err(problem));
    }
    let open = invoices::open_of_account(tx, &it.account.id)?;
    let items = open
        .iter()
        .map(|owed| {
            Ok(OpenItem {
                id: owed.invoice_id.clone(),
                // Ids sort by age, as numbers do.
                number: owed.invoice_id.clone(),
                due: books::date(&owed.due_date)?,
                open: books::money(owed.open, &owed.currency)?,
            })
        })
        .collect::<StoreResult<Vec<_>>>()?;
    let allocated = match allocation::allocate(it.amount, &it.named, &items) {
        Ok(allocated) => allocated,
        Err(error) => return Ok(Err(books::refused(error.into()))),
    };
    let posted = allocated
        .to_invoices()
        .map_err(Into::into)
        .and_then(|part| posting::payment(&it.account.id, &it.bank, part, allocated.to_credit));
    let transfers = match posted {
        Ok(transfers) => transfers,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    let payment = row(tx, app, who, it)?;
    payments::insert(tx, &payment)?;
    let mut settled = Vec::new();
    for (invoice, part) in allocated.parts {
        settle(tx, app, &payment, &invoice, part.minor())?;
        settled.push((invoice, part.minor()));
    }
    let to_credit = allocated.to_credit.minor();
    if to_credit > 0 {
        accounts::put_in(tx, &it.account.id, to_credit)?;
    }
    books::transfer(tx, app, seller, &payment.id, &transfers)?;
    if !settled.is_empty() {
        thank(tx, app, &payment)?;
    }
    let weight = if payment.doubtful == 1 {
        Weight::Trouble
    } else {
        Weight::Ordinary
    };
    let facts = json!({
        "payment": payment.id, "amount": it.amount.to_string(), "source": payment.source, "invoices": settled.len(),
        "credit": if to_credit > 0 { allocated.to_credit.to_string() } else { String::new() }, "doubtful": payment.doubtful,
    });
    let buyer = Some(it.account.buyer_id.as_str());
    books::tell(
        tx,
        app,
        &who.by,
        seller,
        ("payment.recorded", weight),
        buyer,
        facts,
    )?;
    Ok(Ok(Booked {
        payment,
        settled,
        to_credit,
        is_new: true,
    }))
}

/// Rings whoever waits for what was paid.
pub fn ring(app: &App) {
    app.due.collection.notify_one();
    app.due.letters.notify_one();
}

fn check(it: &Incoming) -> Answer<()> {
    let (currency, own) = (it.amount.currency(), it.account.currency.as_str());
    if currency.as_str() != own {
        let detail = format!(
            "This buyer's account is kept in {own}, and the payment is in {currency}. Choose the account in that currency."
        );
        return Err(Problem::invalid("currency", detail));
    }
    if it.amount.minor() > MOST {
        let detail = "This amount is too large for one payment. Look whether it was typed right.";
        return Err(Problem::invalid("amount-large", detail));
    }
    Ok(())
}

/// The answer about a payment that was booked before.
fn again(tx: &mut Conn, it: &Incoming, known: Payment) -> StoreResult<Answer<Booked>> {
    let same = known.kind == "payment"
        && known.billing_account_id == it.account.id
        && known.amount == it.amount.minor()
        && known.currency == it.amount.currency().as_str();
    if !same {
        let detail = "There is another payment under this key already, of another buyer or amount. Send a new key for a new payment.";
        return Ok(Err(Problem::conflict("payment-key", detail)));
    }
    let settled: Vec<(String, i64)> = payment_turns::allocations_of(tx, &known.id)?
        .into_iter()
        .map(|part| (part.invoice_id, part.amount))
        .collect();
    let to_credit = known.amount - settled.iter().map(|(_, part)| part).sum::<i64>();
    Ok(Ok(Booked {
        payment: known,
        settled,
        to_credit,
        is_new: false,
    }))
}

fn row(tx: &mut Conn, app: &App, who: &Recorder, it: &Incoming) -> StoreResult<Payment> {
    let since = it
        .received_on
        .checked_sub(Span::new().days(TWINS_WITHIN))
        .unwrap_or(it.received_on)
        .to_string();
    let amount = it.amount.minor();
    let twin = payments::has_twin(tx, &it.account.id, amount, &it.note, &since)?;
    Ok(Payment {
        id: app.new_id(),
        seller_id: it.account.seller_id.clone(),
        billing_account_id: it.account.id.clone(),
        kind: "payment".to_owned(),
        source: it.source.as_str().to_owned(),
        source_key: it.key.clone(),
        currency: it.account.currency.clone(),
        amount,
        received_on: it.received_on.to_string(),
        note: it.note.clone(),
        doubtful: i64::from(twin),
        recorded_by: who.reference.clone(),
        recorded_by_name: who.name.clone(),
        created_at: app.now_micros(),
    })
}

/// Settles a part of an invoice by a payment or a write-off.
///
/// # Errors
/// The database's; that somebody else settled it meanwhile, which makes the caller's transaction run again.
pub fn settle(
    tx: &mut Conn,
    app: &App,
    payment: &Payment,
    invoice: &str,
    part: i64,
) -> StoreResult<()> {
    let allocation = Allocation {
        id: app.new_id(),
        invoice_id: invoice.to_owned(),
        payment_id: Some(payment.id.clone()),
        credit_note_id: None,
        amount: part,
        created_at: payment.created_at,
    };
    if invoices::settle(tx, &allocation)? {
        Ok(())
    } else {
        Err(StoreError::Collision(format!(
            "{invoice} was settled meanwhile"
        )))
    }
}

/// A letter of thanks to a buyer who owes nothing more: one for a payment.
fn thank(tx: &mut Conn, app: &App, payment: &Payment) -> StoreResult<()> {
    if !invoices::open_of_account(tx, &payment.billing_account_id)?.is_empty() {
        return Ok(());
    }
    let letter = Letter {
        id: app.new_id(),
        seller_id: payment.seller_id.clone(),
        billing_account_id: payment.billing_account_id.clone(),
        kind: "thank-you".to_owned(),
        letter_key: format!("payment:{}", payment.id),
        invoice_id: None,
        subscription_id: None,
        state: "waiting".to_owned(),
        created_at: payment.created_at,
        mail_id: None,
    };
    letters::insert(tx, &letter)?;
    Ok(())
}
