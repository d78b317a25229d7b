//! The mail outbox: mail is written in the act's own transaction and leaves later. No scopes: a job sends it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::schema::mail_outbox;
use crate::{Conn, Page, StoreResult};

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_outbox, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Mail {
    pub id: String,
    pub message_id: String,
    pub recipient: String,
    pub subject: String,
    pub body_text: String,
    pub body_html: String,
    pub state: String,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub next_attempt_at: i64,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub sender_name: Option<String>,
    pub reply_to: Option<String>,
    pub seller_id: Option<String>,
    pub held_until: Option<i64>,
}

/// The words of the partial index, which a bound value would not match.
const WAITING: &str = "state = 'waiting'";
/// The same of those that the others wait behind.
const HELD: &str = "state = 'waiting' AND held_until IS NOT NULL";
/// The same of those that a seller wrote.
const OF_SELLERS: &str = "seller_id IS NOT NULL";

/// Puts one in.
pub fn insert(c: &mut Conn, new: &Mail) -> StoreResult<()> {
    diesel::insert_into(mail_outbox::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Takes at most `limit` mails that are due, oldest first, each for one attempt: until `retry_at` nobody else gets them, and
/// then they are due again unless [`mark_sent`], [`reschedule`], [`hold_back`] or [`park`] said otherwise. None while a mail is
/// held: nothing overtakes what waits for the server to come back. The mails are as they stood before but for their attempts.
pub fn claim_due(c: &mut Conn, now: i64, retry_at: i64, limit: i64) -> StoreResult<Vec<Mail>> {
    let held: Option<String> = mail_outbox::table
        .filter(sql::<Bool>(HELD))
        .filter(mail_outbox::held_until.gt(now))
        .select(mail_outbox::id)
        .first(c)
        .optional()?;
    if held.is_some() {
        return Ok(Vec::new());
    }
    let due: Vec<Mail> = mail_outbox::table
        .filter(sql::<Bool>(WAITING))
        .filter(mail_outbox::next_attempt_at.le(now))
        .order((mail_outbox::next_attempt_at, mail_outbox::id))
        .limit(limit)
        .select(Mail::as_select())
        .load(c)?;
    let mut claimed = Vec::with_capacity(due.len());
    for mut mail in due {
        let guarded = mail_outbox::table
            .find(&mail.id)
            .filter(mail_outbox::state.eq("waiting"))
            .filter(mail_outbox::next_attempt_at.eq(mail.next_attempt_at));
        mail.attempts += 1;
        let taken = (
            mail_outbox::attempts.eq(mail.attempts),
            mail_outbox::next_attempt_at.eq(retry_at),
            mail_outbox::held_until.eq(None::<i64>),
        );
        if diesel::update(guarded).set(taken).execute(c)? == 1 {
            claimed.push(mail);
        }
    }
    Ok(claimed)
}

/// It was taken over by the next mail server. Unless it is a seller's letter its text is forgotten: it may hold a link that sets
/// a password, of which the database keeps a hash only.
pub fn mark_sent(c: &mut Conn, id: &str, now: i64) -> StoreResult<bool> {
    let waiting = mail_outbox::table
        .find(id)
        .filter(mail_outbox::state.eq("waiting"));
    let sent = (
        mail_outbox::state.eq("sent"),
        mail_outbox::sent_at.eq(now),
        mail_outbox::last_error.eq(None::<String>),
    );
    let sent = diesel::update(waiting).set(sent).execute(c)? == 1;
    let secret = mail_outbox::table
        .find(id)
        .filter(mail_outbox::state.eq("sent"))
        .filter(mail_outbox::seller_id.is_null());
    let forgotten = (mail_outbox::body_text.eq(""), mail_outbox::body_html.eq(""));
    diesel::update(secret).set(forgotten).execute(c)?;
    Ok(sent)
}

/// The most tries that count of those with a silent server: they are no fault of the mail.
const SILENT_TRIES: i64 = 5;

/// The server was not reached with `claimed`: it keeps its place, and until `until` it and whatever waits behind it wait.
pub fn hold_back(c: &mut Conn, claimed: &Mail, error: &str, until: i64) -> StoreResult<bool> {
    let waiting = mail_outbox::table
        .find(&claimed.id)
        .filter(mail_outbox::state.eq("waiting"));
    let held = (
        mail_outbox::last_error.eq(error),
        mail_outbox::next_attempt_at.eq(claimed.next_attempt_at),
        mail_outbox::held_until.eq(until),
        mail_outbox::attempts.eq(claimed.attempts.min(SILENT_TRIES)),
    );
    Ok(diesel::update(waiting).set(held).execute(c)? == 1)
}

/// Gives claimed mails back unsent, as if nobody had taken them.
pub fn give_back(c: &mut Conn, claimed: &[Mail]) -> StoreResult<()> {
    for mail in claimed {
        let waiting = mail_outbox::table
            .find(&mail.id)
            .filter(mail_outbox::state.eq("waiting"));
        let back = (
            mail_outbox::attempts.eq(mail.attempts - 1),
            mail_outbox::next_attempt_at.eq(mail.next_attempt_at),
        );
        diesel::update(waiting).set(back).execute(c)?;
    }
    Ok(())
}

/// A page of a seller's letters as mail, newest first.
pub fn of_seller(
    c: &mut Conn,
    seller: &str,
    state: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Mail>> {
    let mut query = mail_outbox::table
        .filter(sql::<Bool>(OF_SELLERS))
        .filter(mail_outbox::seller_id.eq(seller))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(mail_outbox::state.eq(state));
    }
    if let Some(cursor) = cursor {
        query = query.filter(mail_outbox::id.lt(cursor));
    }
    let rows = query
        .order(mail_outbox::id.desc())
        .limit(limit + 1)
        .select(Mail::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Mail| row.id.clone()))
}

/// One of a seller's.
pub fn find_of_seller(c: &mut Conn, seller: &str, id: &str) -> StoreResult<Option<Mail>> {
    let query = mail_outbox::table
        .find(id)
        .filter(mail_outbox::seller_id.eq(seller));
    Ok(query.select(Mail::as_select()).first(c).optional()?)
}

/// It failed and is tried again at `at`.
pub fn reschedule(c: &mut Conn, id: &str, error: &str, at: i64) -> StoreResult<bool> {
    let waiting = mail_outbox::table
        .find(id)
        .filter(mail_outbox::state.eq("waiting"));
    let later = (
        mail_outbox::last_error.eq(error),
        mail_outbox::next_attempt_at.eq(at),
    );
    Ok(diesel::update(waiting).set(later).execute(c)? == 1)
}

/// It failed for good: it waits for a person.
pub fn park(c: &mut Conn, id: &str, error: &str) -> StoreResult<bool> {
    let waiting = mail_outbox::table
        .find(id)
        .filter(mail_outbox::state.eq("waiting"));
    let parked = (
        mail_outbox::state.eq("parked"),
        mail_outbox::last_error.eq(error),
    );
    Ok(diesel::update(waiting).set(parked).execute(c)? == 1)
}
