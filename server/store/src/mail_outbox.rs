//! The mail outbox: mail is written in the act's own transaction and leaves later. No scopes: a job sends it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::schema::mail_outbox;
use crate::{Conn, StoreResult};

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
}

/// The words of the partial index, which a bound value would not match.
const WAITING: &str = "state = 'waiting'";

/// Puts one in.
pub fn insert(c: &mut Conn, new: &Mail) -> StoreResult<()> {
    diesel::insert_into(mail_outbox::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Takes at most `limit` mails that are due, each for one attempt: until `retry_at` nobody else gets them, and then
/// they are due again unless [`mark_sent`], [`reschedule`] or [`park`] said otherwise.
pub fn claim_due(c: &mut Conn, now: i64, retry_at: i64, limit: i64) -> StoreResult<Vec<Mail>> {
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
        );
        if diesel::update(guarded).set(taken).execute(c)? == 1 {
            mail.next_attempt_at = retry_at;
            claimed.push(mail);
        }
    }
    Ok(claimed)
}

/// It was taken over by the next mail server. Its text is forgotten: it may hold a link that sets a password, of which the
/// database keeps a hash only.
pub fn mark_sent(c: &mut Conn, id: &str, now: i64) -> StoreResult<bool> {
    let waiting = mail_outbox::table
        .find(id)
        .filter(mail_outbox::state.eq("waiting"));
    let sent = (
        mail_outbox::state.eq("sent"),
        mail_outbox::sent_at.eq(now),
        mail_outbox::body_text.eq(""),
        mail_outbox::body_html.eq(""),
        mail_outbox::last_error.eq(None::<String>),
    );
    Ok(diesel::update(waiting).set(sent).execute(c)? == 1)
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
