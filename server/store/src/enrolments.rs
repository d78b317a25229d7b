//! Enrolments: one row per enrolment id that a certificate was ever issued for.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::schema::{devices, enrolments};
use crate::{Conn, StoreResult};

/// One enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolments, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Enrolment {
    pub id: String,
    pub device_id: String,
    pub epoch: i64,
    pub device_key: Option<String>,
    pub statement: Option<String>,
    pub pin: Option<String>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
    pub ended_why: Option<String>,
}

/// The enrolments of a device inside the scope, newest first, 100 at most.
pub fn list_of_device(c: &mut Conn, scope: &Scope, device: &str) -> StoreResult<Vec<Enrolment>> {
    let query = enrolments::table.inner_join(devices::table).into_boxed();
    let query = in_scope!(query, scope, devices);
    Ok(query
        .filter(enrolments::device_id.eq(device))
        .order(enrolments::epoch.desc())
        .limit(100)
        .select(Enrolment::as_select())
        .load(c)?)
}

/// Those of these enrolments that are live and sent a statement: the ones that commands can name. The caller found the
/// devices inside its scope.
pub fn stated_of(c: &mut Conn, ids: &[String]) -> StoreResult<Vec<String>> {
    Ok(enrolments::table
        .filter(enrolments::id.eq_any(ids))
        .filter(enrolments::ended_at.is_null())
        .filter(enrolments::device_key.is_not_null())
        .select(enrolments::id)
        .load(c)?)
}

/// How many devices of the scope enrolled for the first time on each day from `from` on (microseconds): (days since
/// 1970-01-01 UTC, how many), ascending. Days without any are left out.
pub fn first_per_day(c: &mut Conn, scope: &Scope, from: i64) -> StoreResult<Vec<(i64, i64)>> {
    let query = enrolments::table.inner_join(devices::table).into_boxed();
    let query = in_scope!(query, scope, devices);
    let moments: Vec<i64> = query
        .filter(enrolments::epoch.eq(1))
        .filter(enrolments::created_at.ge(from))
        .order(enrolments::created_at)
        .select(enrolments::created_at)
        .load(c)?;
    let mut days: Vec<(i64, i64)> = Vec::new();
    for moment in moments {
        let day = moment.div_euclid(86_400_000_000);
        match days.last_mut() {
            Some((last, count)) if *last == day => *count += 1,
            Some(_) | None => days.push((day, 1)),
        }
    }
    Ok(days)
}

// For phones: the caller is the device itself. There is no person and therefore no scope.

/// Adds one. Conflict `enrolments.id`: this key was enrolled before.
pub fn insert(c: &mut Conn, new: &Enrolment) -> StoreResult<()> {
    diesel::insert_into(enrolments::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// One by its id.
pub fn find(c: &mut Conn, id: &str) -> StoreResult<Option<Enrolment>> {
    Ok(enrolments::table
        .find(id)
        .select(Enrolment::as_select())
        .first(c)
        .optional()?)
}

/// How many enrolments of this serial number live, over all fleets: two handsets that say they are one.
pub fn count_live_of_serial_number(c: &mut Conn, serial_number: &str) -> StoreResult<i64> {
    let live = enrolments::table
        .inner_join(devices::table)
        .filter(devices::serial_number.eq(serial_number))
        .filter(enrolments::ended_at.is_null());
    Ok(live.count().get_result(c)?)
}

/// What a phone stated when it enrolled.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The raw point of its device key, base64.
    pub device_key: &'a str,
    /// The statement's envelope.
    pub statement: &'a str,
    /// SHA-256 of the envelope, as the log names it.
    pub digest: &'a str,
    /// How it came to its pin.
    pub pin: &'a str,
}

/// Stores the phone's enrolment statement, once; `false` when there is one, or the enrolment has ended.
pub fn set_statement(c: &mut Conn, id: &str, stated: Stated<'_>) -> StoreResult<bool> {
    let waiting = enrolments::table
        .find(id)
        .filter(enrolments::statement.is_null())
        .filter(enrolments::ended_at.is_null());
    let said = (
        enrolments::device_key.eq(stated.device_key),
        enrolments::statement.eq(stated.statement),
        enrolments::statement_digest.eq(stated.digest),
        enrolments::pin.eq(stated.pin),
    );
    Ok(diesel::update(waiting).set(said).execute(c)? == 1)
}

/// Ends one: `re-enrolled`, `killed`, `wiped`, `revoked` or `retired`.
pub fn end(c: &mut Conn, id: &str, why: &str, now: i64) -> StoreResult<bool> {
    let live = enrolments::table
        .find(id)
        .filter(enrolments::ended_at.is_null());
    let ended = (enrolments::ended_at.eq(now), enrolments::ended_why.eq(why));
    Ok(diesel::update(live).set(ended).execute(c)? == 1)
}

/// The enrolment whose place this one took while it was live. For the phone itself: there is no person and no scope.
pub fn displaced_by(c: &mut Conn, id: &str) -> StoreResult<Option<String>> {
    let Some(own) = find(c, id)? else {
        return Ok(None);
    };
    Ok(enrolments::table
        .filter(enrolments::device_id.eq(&own.device_id))
        .filter(enrolments::epoch.lt(own.epoch))
        .filter(enrolments::ended_why.eq("re-enrolled"))
        .filter(enrolments::ended_at.ge(own.created_at))
        .order(enrolments::epoch.desc())
        .select(enrolments::id)
        .first(c)
        .optional()?)
}

/// Ends every live enrolment of a device but `except`; answers their ids.
pub fn end_of_device(
    c: &mut Conn,
    device: &str,
    except: &str,
    why: &str,
    now: i64,
) -> StoreResult<Vec<String>> {
    let live = enrolments::table
        .filter(enrolments::device_id.eq(device))
        .filter(enrolments::id.ne(except))
        .filter(enrolments::ended_at.is_null());
    Ok(diesel::update(live)
        .set((enrolments::ended_at.eq(now), enrolments::ended_why.eq(why)))
        .returning(enrolments::id)
        .get_results(c)?)
}
