//! Buyers by name: billing accounts with the organisation on the other side of them.

use diesel::prelude::*;
use muster_domain::scope::Books;

use super::accounts::Account;
use super::in_books;
use crate::organisations::lower;
use crate::page::{literally, pair, unpair};
use crate::schema::organisations;
use crate::schema::selling::billing_accounts;
use crate::{Conn, Page, StoreResult};

/// An account and the name of the other side: the buyer's in a seller's books, the seller's in a buyer's.
pub type Named = (Account, String);

/// The accounts of some books with the other side's organisation: of buyer and seller the one whose books they are not.
macro_rules! named {
    ($books:expr) => {{
        let either = organisations::id
            .eq(billing_accounts::buyer_id)
            .or(organisations::id.eq(billing_accounts::seller_id));
        let query = billing_accounts::table
            .inner_join(organisations::table.on(either))
            .filter(organisations::id.ne($books.organisation().to_owned()))
            .into_boxed();
        in_books!(query, $books, billing_accounts)
    }};
}

/// One of these books.
pub fn find(c: &mut Conn, books: &Books, id: &str) -> StoreResult<Option<Named>> {
    Ok(named!(books)
        .filter(billing_accounts::id.eq(id))
        .select((Account::as_select(), organisations::name))
        .first(c)
        .optional()?)
}

/// A page, by the other side's name; `q` is a part of it, in any case.
pub fn list(
    c: &mut Conn,
    books: &Books,
    q: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Named>> {
    let mut query = named!(books);
    if let Some(q) = q {
        let pattern = format!("%{}%", literally(&q.to_lowercase()));
        query = query.filter(lower(organisations::name).like(pattern).escape('\\'));
    }
    if let Some(cursor) = cursor {
        let (name, id) = unpair(cursor)?;
        query = query.filter(
            organisations::name
                .gt(name.to_owned())
                .or(organisations::name
                    .eq(name.to_owned())
                    .and(billing_accounts::id.gt(id.to_owned()))),
        );
    }
    let rows = query
        .order((organisations::name, billing_accounts::id))
        .limit(limit + 1)
        .select((Account::as_select(), organisations::name))
        .load(c)?;
    Ok(Page::cut(rows, limit, |(account, name): &Named| {
        pair(name, &account.id)
    }))
}

/// The organisations directly beneath a seller, by name: whom it may have as buyers. So many at most.
pub fn possible(c: &mut Conn, seller: &str, limit: i64) -> StoreResult<Vec<(String, String)>> {
    let query = organisations::table.filter(organisations::parent_id.eq(seller));
    Ok(query
        .order((organisations::name, organisations::id))
        .limit(limit)
        .select((organisations::id, organisations::name))
        .load(c)?)
}

/// The name of an organisation that stands directly beneath a seller; `None` of any other.
pub fn name_beneath(c: &mut Conn, seller: &str, buyer: &str) -> StoreResult<Option<String>> {
    let query = organisations::table
        .find(buyer)
        .filter(organisations::parent_id.eq(seller));
    Ok(query.select(organisations::name).first(c).optional()?)
}
