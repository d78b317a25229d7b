//! Letters to buyers: what is to be written, and what was. The key says what a letter is about, so that none goes out twice.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::schema::mail_outbox;
use crate::schema::selling::letters;
use crate::{Conn, Page, StoreResult};

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Letter {
    pub id: String,
    pub seller_id: String,
    pub billing_account_id: String,
    pub kind: String,
    pub letter_key: String,
    pub invoice_id: Option<String>,
    pub subscription_id: Option<String>,
    pub state: String,
    pub created_at: i64,
    pub mail_id: Option<String>,
}

/// Puts one on the pile, unless one about the same is there; whether it was new.
pub fn insert(c: &mut Conn, new: &Letter) -> StoreResult<bool> {
    let added = on_both!(c, c => diesel::insert_into(letters::table).values(new).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// Which of these keys there are letters for already.
pub fn known_keys(c: &mut Conn, keys: &[&str]) -> StoreResult<Vec<String>> {
    let query = letters::table.filter(letters::letter_key.eq_any(keys.iter().copied()));
    Ok(query.select(letters::letter_key).load(c)?)
}

/// At most `limit` that wait to be written, oldest first.
pub fn waiting_for_job(c: &mut Conn, limit: i64) -> StoreResult<Vec<Letter>> {
    let query = letters::table.filter(sql::<Bool>("state = 'waiting'"));
    Ok(query
        .order((letters::created_at, letters::id))
        .limit(limit)
        .select(Letter::as_select())
        .load(c)?)
}

/// It became a mail; whether it was still waiting.
pub fn mark_written(c: &mut Conn, id: &str, mail: &str) -> StoreResult<bool> {
    let waiting = letters::table.find(id).filter(letters::state.eq("waiting"));
    let written = (letters::state.eq("written"), letters::mail_id.eq(mail));
    Ok(diesel::update(waiting).set(written).execute(c)? == 1)
}

/// It is not written: there is no address, or what it was about is settled.
pub fn skip(c: &mut Conn, id: &str) -> StoreResult<bool> {
    let waiting = letters::table.find(id).filter(letters::state.eq("waiting"));
    Ok(diesel::update(waiting)
        .set(letters::state.eq("skipped"))
        .execute(c)?
        == 1)
}

/// The next that wait to be written behind `after` (moment and id), oldest first: for a walk that leaves behind what it could not
/// write.
pub fn waiting_behind_for_job(
    c: &mut Conn,
    after: Option<(i64, &str)>,
    limit: i64,
) -> StoreResult<Vec<Letter>> {
    let mut query = letters::table
        .filter(sql::<Bool>("state = 'waiting'"))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            letters::created_at
                .gt(at)
                .or(letters::created_at.eq(at).and(letters::id.gt(id))),
        );
    }
    Ok(query
        .order((letters::created_at, letters::id))
        .limit(limit)
        .select(Letter::as_select())
        .load(c)?)
}

/// Puts one on the pile as passed over, unless one about the same is there: it will never go out late.
pub fn insert_skipped(c: &mut Conn, new: &Letter) -> StoreResult<bool> {
    let passed = Letter {
        state: "skipped".to_owned(),
        ..new.clone()
    };
    insert(c, &passed)
}

/// The letter that a mail came from.
pub fn of_mail(c: &mut Conn, mail: &str) -> StoreResult<Option<Letter>> {
    let query = letters::table
        .filter(sql::<Bool>("mail_id IS NOT NULL"))
        .filter(letters::mail_id.eq(mail));
    Ok(query.select(Letter::as_select()).first(c).optional()?)
}

/// A letter that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// The mail it became.
    pub mail_id: String,
    /// The address that was refused.
    pub recipient: String,
    /// What the mail server said.
    pub error: String,
    /// When the mail was written, microseconds.
    pub at: i64,
}

/// Whether an account's newest letter that came to an end was refused for good: then its address is dead until a later one
/// arrives. The caller has found the account in its books.
pub fn bounce_of_account(c: &mut Conn, account: &str) -> StoreResult<Option<Bounce>> {
    let query = letters::table
        .inner_join(mail_outbox::table)
        .filter(letters::billing_account_id.eq(account))
        .filter(mail_outbox::state.eq_any(["sent", "parked"]))
        .order(letters::id.desc())
        .select((
            mail_outbox::id,
            mail_outbox::recipient,
            mail_outbox::state,
            mail_outbox::last_error,
            mail_outbox::created_at,
        ));
    let newest: Option<(String, String, String, Option<String>, i64)> =
        query.first(c).optional()?;
    Ok(newest.filter(|(_, _, state, ..)| state == "parked").map(
        |(mail_id, recipient, _, error, at)| Bounce {
            mail_id,
            recipient,
            error: error.unwrap_or_default(),
            at,
        },
    ))
}

/// A page of an account's letters, newest first. The caller has found the account in its books.
pub fn of_account(
    c: &mut Conn,
    account: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Letter>> {
    let mut query = letters::table
        .filter(letters::billing_account_id.eq(account))
        .into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(letters::id.lt(cursor));
    }
    let rows = query
        .order(letters::id.desc())
        .limit(limit + 1)
        .select(Letter::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Letter| row.id.clone()))
}
