//! Buyers, found: as their seller sees them, and as they see themselves.

use muster_domain::scope::Books;
use muster_store::selling::accounts::Account;
use muster_store::selling::buyers::{self, Named};
use muster_store::selling::invoices::{self, Receivable};
use muster_store::selling::letters::{self, Bounce};
use muster_store::selling::parties::{self, Party};
use muster_store::selling::sellers::Seller;
use muster_store::{Conn, Page, StoreResult};

use crate::app::App;
use crate::features::selling::books;
use crate::features::selling::sellers::of::of;
use crate::web::actor::{Actor, Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// An account with everything that its page says.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The account.
    pub account: Account,
    /// The organisation on its other side.
    pub name: String,
    /// Whether the reader is the seller; else the buyer.
    pub sold: bool,
    /// Who stands on its invoices.
    pub party: Party,
    /// What is open, the longest due first.
    pub open: Vec<Receivable>,
    /// Its address, if mail to it came back. The buyer itself is not told so here.
    pub bounce: Option<Bounce>,
}

impl Shown {
    /// What is open altogether.
    #[must_use]
    pub fn owed(&self) -> i64 {
        self.open.iter().map(|owed| owed.open).sum()
    }
}

/// Which buyers, and which page of them.
#[derive(Debug, Clone)]
pub struct Query {
    /// Whose books.
    pub books: Books,
    /// A part of the name.
    pub q: Option<String>,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Reads `side`, `q`, `cursor` and `limit`.
    ///
    /// # Errors
    /// `side` is another word; the page cannot be one.
    pub fn read(actor: &Actor, query: &Fields) -> Answer<Self> {
        Ok(Self {
            books: books::asked(actor, query)?,
            q: query.some("q").map(|q| q.trim().to_owned()),
            page: PageRequest::read(query)?,
        })
    }
}

/// A page of them, by name.
///
/// # Errors
/// The cursor is not one of this list's.
pub async fn list(app: &App, _: &Allowed<ReadBooks>, query: Query) -> Answer<Page<Named>> {
    let Query { books, q, page } = query;
    Ok(app
        .store
        .read(move |c| buyers::list(c, &books, q.as_deref(), page.cursor.as_deref(), page.limit))
        .await?)
}

/// One of them, whichever side the actor's organisation is on.
///
/// # Errors
/// There is no such account in its books.
pub async fn find(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Shown> {
    let sides = [books::sold(&allowed.actor), books::bought(&allowed.actor)];
    let found = app.store.read(move |c| {
        for side in &sides {
            if let Some(found) = shown(c, side, &id)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    });
    found.await?.ok_or_else(|| Problem::not_found("buyer"))
}

fn shown(c: &mut Conn, side: &Books, id: &str) -> StoreResult<Option<Shown>> {
    let Some((account, name)) = buyers::find(c, side, id)? else {
        return Ok(None);
    };
    let Some(party) = parties::find(c, &account.party_id)? else {
        return Ok(None);
    };
    Ok(Some(Shown {
        open: invoices::open_of_account(c, &account.id)?,
        bounce: match side {
            Books::Seller(_) => letters::bounce_of_account(c, &account.id)?,
            Books::Buyer(_) => None,
        },
        sold: matches!(side, Books::Seller(_)),
        account,
        name,
        party,
    }))
}

/// How the actor's organisation sells, for forms that begin with it.
///
/// # Errors
/// It does not sell, or has not said how.
pub async fn seller(app: &App, actor: &Actor) -> Answer<Seller> {
    let home = actor.organisation.clone();
    app.store.read(move |c| of(c, &home)).await?
}
