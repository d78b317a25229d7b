//! Certificate revocation lists as they were signed. No scopes: they are published.

use diesel::prelude::*;

use crate::schema::crls;
use crate::{Conn, StoreResult};

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crls)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Crl {
    pub number: i64,
    pub der: Vec<u8>,
    pub entries: i64,
    pub this_update: i64,
    pub next_update: i64,
}

/// Adds one. Conflict: `crls.number`.
pub fn insert(c: &mut Conn, new: &Crl) -> StoreResult<()> {
    diesel::insert_into(crls::table).values(new).execute(c)?;
    Ok(())
}

/// The newest.
pub fn newest(c: &mut Conn) -> StoreResult<Option<Crl>> {
    Ok(crls::table
        .order(crls::number.desc())
        .select(Crl::as_select())
        .first(c)
        .optional()?)
}

/// Forgets all but the lists from `number` on; answers how many went.
pub fn delete_below(c: &mut Conn, number: i64) -> StoreResult<usize> {
    Ok(diesel::delete(crls::table.filter(crls::number.lt(number))).execute(c)?)
}
