//! Payments as people and programs look at them: with their buyers, what they settled and what became of them.

use std::collections::BTreeMap;

use muster_domain::scope::{Books, Scope};
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Receivable};
use muster_store::selling::payment_turns::{self, Turn};
use muster_store::selling::payments::{self, Payment};
use muster_store::{Conn, Page, StoreResult, organisations};

use super::books;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// A payment with what a list shows of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its row.
    pub payment: Payment,
    /// Whose it is.
    pub buyer_id: String,
    /// Their name.
    pub buyer: String,
    /// What became of it.
    pub turns: Vec<Turn>,
}

impl Shown {
    /// The turn of this name, if it took it.
    #[must_use]
    pub fn turn(&self, name: &str) -> Option<&Turn> {
        self.turns.iter().find(|turn| turn.turn == name)
    }

    /// Whether a person should look at it still.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.payment.doubtful == 1
            && self.turn("looked-at").is_none()
            && self.turn("returned").is_none()
    }
}

/// A payment with everything.
#[derive(Debug, Clone)]
pub struct Whole {
    /// It.
    pub shown: Shown,
    /// Invoices that it settled: id, number, part.
    pub settled: Vec<(String, String, i64)>,
    /// What was left over and became credit; of a refund or write-off nothing.
    pub to_credit: i64,
}

/// A page of what the actor's organisation was paid, newest first; of one buyer's account if that is named.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    account: Option<String>,
    page: PageRequest,
) -> Answer<Page<Shown>> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| {
            let cursor = page.cursor.as_deref();
            let found = payments::list(c, &seller, account.as_deref(), cursor, page.limit)?;
            let items = with_names(c, &seller, found.items)?;
            Ok(Page {
                items,
                next: found.next,
            })
        })
        .await?;
    Ok(found)
}

fn with_names(c: &mut Conn, seller: &str, rows: Vec<Payment>) -> StoreResult<Vec<Shown>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut turns: BTreeMap<String, Vec<Turn>> = BTreeMap::new();
    for turn in payment_turns::of(c, &ids)? {
        turns.entry(turn.payment_id.clone()).or_default().push(turn);
    }
    let mut names: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        if !names.contains_key(&row.billing_account_id) {
            let named = buyer_of(c, seller, &row.billing_account_id)?;
            names.insert(row.billing_account_id.clone(), named);
        }
        let (buyer_id, buyer) = names
            .get(&row.billing_account_id)
            .cloned()
            .unwrap_or_default();
        shown.push(Shown {
            turns: turns.remove(&row.id).unwrap_or_default(),
            buyer_id,
            buyer,
            payment: row,
        });
    }
    Ok(shown)
}

/// The buyer of an account: id and name.
///
/// # Errors
/// The database's.
pub fn buyer_of(c: &mut Conn, seller: &str, account: &str) -> StoreResult<(String, String)> {
    let found = accounts::find(c, &Books::Seller(seller.to_owned()), account)?;
    let Some(account) = found else {
        return Ok(Default::default());
    };
    let home = organisations::find(c, &Scope::Platform, &account.buyer_id)?;
    Ok((
        account.buyer_id,
        home.map_or_else(String::new, |home| home.name),
    ))
}

/// One payment.
///
/// # Errors
/// There is none in the actor's books.
pub async fn find(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Whole> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| match payments::find(c, &seller, &id)? {
            Some(row) => whole(c, &seller, row).map(Some),
            None => Ok(None),
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("payment"))
}

fn whole(c: &mut Conn, seller: &str, row: Payment) -> StoreResult<Whole> {
    let own = Books::Seller(seller.to_owned());
    let mut settled = Vec::new();
    for part in payment_turns::allocations_of(c, &row.id)? {
        let number = invoices::find(c, &own, &part.invoice_id)?
            .map_or_else(String::new, |invoice| books::number(&invoice));
        settled.push((part.invoice_id, number, part.amount));
    }
    let sum: i64 = settled.iter().map(|(_, _, part)| part).sum();
    let to_credit = if row.kind == "payment" {
        row.amount - sum
    } else {
        0
    };
    let shown = with_names(c, seller, vec![row])?;
    let shown = shown
        .into_iter()
        .next()
        .ok_or_else(|| books::unreadable("payment", "none"))?;
    Ok(Whole {
        shown,
        settled,
        to_credit,
    })
}

/// A buyer's account with its name and what is open on it: the invoice's id and number, and what is owed.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The account.
    pub account: Account,
    /// The buyer's name.
    pub buyer: String,
    /// What it owes, oldest first: number and row.
    pub open: Vec<(String, Receivable)>,
}

/// How a buyer stands.
///
/// # Errors
/// There is no such buyer in the actor's books.
pub async fn standing(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    account: String,
) -> Answer<Standing> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| {
            let own = Books::Seller(seller.clone());
            let Some(account) = accounts::find(c, &own, &account)? else {
                return Ok(None);
            };
            let mut open = Vec::new();
            for owed in invoices::open_of_account(c, &account.id)? {
                let number = invoices::find(c, &own, &owed.invoice_id)?
                    .map_or_else(String::new, |invoice| books::number(&invoice));
                open.push((number, owed));
            }
            let (_, buyer) = buyer_of(c, &seller, &account.id)?;
            Ok(Some(Standing {
                account,
                buyer,
                open,
            }))
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("buyer"))
}

/// The buyers that a payment may be entered for: account, name and currency, at most so many as a list of choices bears.
///
/// # Errors
/// The database does not answer.
pub async fn buyers(app: &App, allowed: &Allowed<ReadBooks>) -> Answer<Vec<(Account, String)>> {
    let seller = allowed.actor.organisation.id.clone();
    let mut found = app
        .store
        .read(move |c| {
            let own = Books::Seller(seller.clone());
            let page = accounts::list(c, &own, None, 500)?;
            page.items
                .into_iter()
                .map(|account| {
                    let home = organisations::find(c, &Scope::Platform, &account.buyer_id)?;
                    Ok((account, home.map_or_else(String::new, |home| home.name)))
                })
                .collect::<StoreResult<Vec<_>>>()
        })
        .await?;
    found.sort_by(|(a, one), (b, other)| one.cmp(other).then(a.currency.cmp(&b.currency)));
    Ok(found)
}
