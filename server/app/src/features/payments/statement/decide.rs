//! A person says whose an entry is, or that it is nobody's business here.

use std::sync::Arc;

use muster_domain::scope::Books;
use muster_store::selling::accounts;
use muster_store::selling::matching as store;
use muster_store::selling::statements::{self, Entry, Statement};
use muster_store::{Conn, Page, StoreResult};
use serde_json::json;

use super::import::book_line;
use super::matching;
use crate::app::App;
use crate::features::payments::book;
use crate::features::payments::books::{self, Recorder};
use crate::features::payments::find::buyer_of;
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, ReadBooks, TakePayments};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// An entry with what people see of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its row.
    pub entry: Entry,
    /// The name of the buyer that is suggested.
    pub suggested: Option<String>,
    /// Why it is not for booking, if it never was.
    pub aside: Option<Aside>,
}

/// Why an entry is shown and never booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// Money that went out.
    WentOut,
    /// A currency in which nobody is billed.
    Currency,
}

impl Aside {
    /// The word that is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WentOut => "went-out",
            Self::Currency => "currency",
        }
    }
}

/// Books an entry for a buyer: the one that is suggested, unless another is named. Invoices that the entry names are settled first.
///
/// # Errors
/// There is no such entry or buyer; it was decided about; its currency is another.
pub async fn book(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    id: String,
    account: Option<String>,
) -> Answer<Entry> {
    let (booking, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let booked = app
        .store
        .write_or_refuse(move |tx| book_in(tx, &booking, &who, &seller, &id, account.as_deref()))
        .await??;
    book::ring(app);
    Ok(booked)
}

fn book_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    id: &str,
    account: Option<&str>,
) -> StoreResult<Answer<Entry>> {
    let (entry, statement) = match waiting(tx, seller, id)? {
        Ok(found) => found,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(account) = account.or(entry.suggested_account_id.as_deref()) else {
        let detail = "Nothing says whose this is. Choose a buyer.";
        return Ok(Err(Problem::invalid("account", detail)));
    };
    let named = matching::invoices_named(tx, seller, &entry.reference)?
        .into_iter()
        .filter(|invoice| invoice.billing_account_id == account)
        .map(|invoice| invoice.id)
        .collect();
    match book_line(tx, app, who, &statement, &entry, account, named)? {
        Ok(()) => Ok(Ok(statements::find_entry(tx, seller, id)?.unwrap_or(entry))),
        Err(problem) => Ok(Err(problem)),
    }
}

/// Sets an entry aside: it is no payment of a buyer.
///
/// # Errors
/// There is no such entry, or it was decided about.
pub async fn ignore(app: &Arc<App>, allowed: &Allowed<TakePayments>, id: String) -> Answer<Entry> {
    let (ignoring, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    app.store
        .write_or_refuse(move |tx| {
            let (entry, _) = match waiting(tx, &seller, &id)? {
                Ok(found) => found,
                Err(problem) => return Ok(Err(problem)),
            };
            statements::decide(tx, &seller, &id, "ignored", None)?;
            let facts = json!({
                "entry": entry.id, "amount": books::money(entry.amount, &entry.currency)?.to_string(),
            });
            let kind = ("entry.ignored", Weight::Ordinary);
            books::tell(tx, &ignoring, &who.by, &seller, kind, None, facts)?;
            let decided = statements::find_entry(tx, &seller, &id)?;
            Ok(Ok(decided.unwrap_or(entry)))
        })
        .await?
}

/// An entry that waits, and its statement.
fn waiting(tx: &mut Conn, seller: &str, id: &str) -> StoreResult<Answer<(Entry, Statement)>> {
    let Some(entry) = statements::find_entry(tx, seller, id)? else {
        return Ok(Err(Problem::not_found("entry")));
    };
    if !matches!(entry.state.as_str(), "suggested" | "open") {
        let detail = "This entry was decided about already. Look at it again.";
        return Ok(Err(Problem::conflict("entry-decided", detail)));
    }
    let Some(statement) = store::statement(tx, seller, &entry.statement_id)? else {
        return Err(books::unreadable("statement", &entry.statement_id));
    };
    Ok(Ok((entry, statement)))
}

/// A page of the entries that wait for a person, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn undecided(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    page: PageRequest,
) -> Answer<Page<Shown>> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app.store.read(move |c| {
        let found = statements::undecided(c, &seller, page.cursor.as_deref(), page.limit)?;
        let items = shown(c, &seller, found.items)?;
        Ok(Page {
            items,
            next: found.next,
        })
    });
    Ok(found.await?)
}

/// A statement with a page of its entries, in the bank's order.
///
/// # Errors
/// There is no such statement in the actor's books.
pub async fn entries(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    statement: String,
    page: PageRequest,
) -> Answer<(Statement, Page<Shown>)> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| {
            let Some(row) = store::statement(c, &seller, &statement)? else {
                return Ok(None);
            };
            let cursor = page.cursor.as_deref();
            let found = store::entries(c, &seller, &statement, cursor, page.limit)?;
            let items = shown(c, &seller, found.items)?;
            let next = found.next;
            Ok(Some((row, Page { items, next })))
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("statement"))
}

/// A page of the statements that were read in, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn statements(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    page: PageRequest,
) -> Answer<Page<Statement>> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| statements::list(c, &seller, page.cursor.as_deref(), page.limit));
    Ok(found.await?)
}

fn shown(c: &mut Conn, seller: &str, entries: Vec<Entry>) -> StoreResult<Vec<Shown>> {
    let currencies = store::currencies(c, seller)?;
    let own = Books::Seller(seller.to_owned());
    entries
        .into_iter()
        .map(|entry| {
            let suggested = match &entry.suggested_account_id {
                Some(account) if accounts::find(c, &own, account)?.is_some() => {
                    Some(buyer_of(c, seller, account)?.1)
                }
                Some(_) | None => None,
            };
            let aside = if entry.amount <= 0 {
                Some(Aside::WentOut)
            } else if currencies.contains(&entry.currency) {
                None
            } else {
                Some(Aside::Currency)
            };
            Ok(Shown {
                entry,
                suggested,
                aside,
            })
        })
        .collect()
}
