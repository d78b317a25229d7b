//! What trade did in a stretch of time, in figures. No books: for whoever runs the installation. Walks whole tables; not for
//! pages.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::schema::commands;
use crate::schema::selling::{invoices, letters, subscription_periods, subscriptions};
use crate::{Conn, StoreResult};

/// Sums are NUMERIC on PostgreSQL unless told otherwise.
const TOTAL: &str = "CAST(COALESCE(SUM(total), 0) AS BIGINT)";
const PHONES: &str = "CAST(COALESCE(SUM(target_count), 0) AS BIGINT)";

/// The figures of one stretch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Periods billed, of all time.
    pub periods: i64,
    /// Documents issued in it: kind, currency, how many, their total in minor units.
    pub documents: Vec<(String, String, i64, i64)>,
    /// Letters of it: kind, state, how many.
    pub letters: Vec<(String, String, i64)>,
    /// Phones that commands of it name: `suspend` or `resume`, how many.
    pub orders: Vec<(String, i64)>,
    /// Subscriptions that ended in it: how, how many.
    pub ended: Vec<(String, i64)>,
    /// Subscriptions that are parked now.
    pub parked: i64,
}

/// The figures from `from` until before `to`, microseconds.
pub fn between(c: &mut Conn, from: i64, to: i64) -> StoreResult<Summary> {
    let issued = invoices::table
        .filter(invoices::created_at.ge(from))
        .filter(invoices::created_at.lt(to));
    let written = letters::table
        .filter(letters::created_at.ge(from))
        .filter(letters::created_at.lt(to));
    let ordered = commands::table
        .filter(commands::created_at.ge(from))
        .filter(commands::created_at.lt(to))
        .filter(commands::kind.eq_any(["suspend", "resume"]));
    let ended = subscriptions::table
        .filter(subscriptions::ended_at.ge(from))
        .filter(subscriptions::ended_at.lt(to));
    let how_many = || sql::<BigInt>("COUNT(*)");
    Ok(Summary {
        periods: subscription_periods::table.count().get_result(c)?,
        documents: issued
            .group_by((invoices::kind, invoices::currency))
            .select((
                invoices::kind,
                invoices::currency,
                how_many(),
                sql::<BigInt>(TOTAL),
            ))
            .order((invoices::kind, invoices::currency))
            .load(c)?,
        letters: written
            .group_by((letters::kind, letters::state))
            .select((letters::kind, letters::state, how_many()))
            .order((letters::kind, letters::state))
            .load(c)?,
        orders: ordered
            .group_by(commands::kind)
            .select((commands::kind, sql::<BigInt>(PHONES)))
            .order(commands::kind)
            .load(c)?,
        ended: ended
            .group_by(subscriptions::life)
            .select((subscriptions::life, how_many()))
            .order(subscriptions::life)
            .load(c)?,
        parked: subscriptions::table
            .filter(subscriptions::parked_at.is_not_null())
            .count()
            .get_result(c)?,
    })
}
