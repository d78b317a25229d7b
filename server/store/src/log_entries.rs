//! The bytes behind the log's digests, for whoever may see them. A leaf holds a digest only; its entry lies where the feature
//! that made it keeps it, and is looked up here by that digest, or an event by the leaf's own id.
//!
//! The scope is the reader's: an entry outside it is simply not among the answers, and its leaf is shown without bytes.

use std::collections::HashMap;

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::events::Event;
use crate::schema::{certificates, clearances, commands, devices, enrolments, events, receipts};
use crate::{Conn, StoreResult};

/// Envelopes of sealed commands by their digests.
pub fn commands(
    c: &mut Conn,
    scope: &Scope,
    digests: &[&str],
) -> StoreResult<HashMap<String, String>> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    let rows: Vec<(Option<String>, Option<String>)> = query
        .filter(commands::envelope_digest.eq_any(digests))
        .select((commands::envelope_digest, commands::envelope))
        .load(c)?;
    Ok(rows
        .into_iter()
        .filter_map(|(digest, envelope)| Some((digest?, envelope?)))
        .collect())
}

/// Envelopes of receipts by their digests.
pub fn receipts(
    c: &mut Conn,
    scope: &Scope,
    digests: &[&str],
) -> StoreResult<HashMap<String, String>> {
    let query = receipts::table.inner_join(devices::table).into_boxed();
    let rows: Vec<(String, String)> = in_scope!(query, scope, devices)
        .filter(receipts::id.eq_any(digests))
        .select((receipts::id, receipts::envelope))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// Certificates by their fingerprints, DER.
pub fn certificates(
    c: &mut Conn,
    scope: &Scope,
    digests: &[&str],
) -> StoreResult<HashMap<String, Vec<u8>>> {
    let query = certificates::table.inner_join(devices::table).into_boxed();
    let rows: Vec<(Option<String>, Option<Vec<u8>>)> = in_scope!(query, scope, devices)
        .filter(certificates::fingerprint.eq_any(digests))
        .select((certificates::fingerprint, certificates::der))
        .load(c)?;
    Ok(rows
        .into_iter()
        .filter_map(|(digest, der)| Some((digest?, der?)))
        .collect())
}

/// Revocations made at these moments: serial number, when, reason code. Their entries are made from these rows again.
pub fn revocations(
    c: &mut Conn,
    scope: &Scope,
    at: &[i64],
) -> StoreResult<Vec<(String, i64, Option<i64>)>> {
    let query = certificates::table.inner_join(devices::table).into_boxed();
    let rows: Vec<(String, Option<i64>, Option<i64>)> = in_scope!(query, scope, devices)
        .filter(certificates::revoked_at.eq_any(at))
        .select((
            certificates::serial_number,
            certificates::revoked_at,
            certificates::revocation_reason,
        ))
        .load(c)?;
    Ok(rows
        .into_iter()
        .filter_map(|(serial, at, reason)| Some((serial, at?, reason)))
        .collect())
}

/// Enrolment statements by their digests, as they were sent.
pub fn statements(
    c: &mut Conn,
    scope: &Scope,
    digests: &[&str],
) -> StoreResult<HashMap<String, String>> {
    let query = enrolments::table.inner_join(devices::table).into_boxed();
    let rows: Vec<(Option<String>, Option<String>)> = in_scope!(query, scope, devices)
        .filter(enrolments::statement_digest.eq_any(digests))
        .select((enrolments::statement_digest, enrolments::statement))
        .load(c)?;
    Ok(rows
        .into_iter()
        .filter_map(|(digest, statement)| Some((digest?, statement?)))
        .collect())
}

/// Clearances by their digests; each names a phone, and is shown with the command it clears.
pub fn clearances(
    c: &mut Conn,
    scope: &Scope,
    digests: &[&str],
) -> StoreResult<HashMap<String, String>> {
    let query = clearances::table
        .inner_join(commands::table.on(commands::id.eq(clearances::command_id)))
        .into_boxed();
    let rows: Vec<(String, String)> = in_scope!(query, scope, commands)
        .filter(clearances::digest.eq_any(digests))
        .select((clearances::digest, clearances::envelope))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// Events by their ids, which are their leaves' ids.
pub fn events(c: &mut Conn, scope: &Scope, ids: &[&str]) -> StoreResult<HashMap<String, Event>> {
    let query = in_scope!(events::table.into_boxed(), scope, events);
    let rows = query
        .filter(events::id.eq_any(ids))
        .select(Event::as_select())
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|event| (event.id.clone(), event))
        .collect())
}
