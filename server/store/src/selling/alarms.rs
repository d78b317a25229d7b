//! Alarms that stand: what is late, since when, and when people were last told. They are the installation's: no books.

use diesel::prelude::*;

use crate::schema::selling::standing_alarms;
use crate::{Conn, StoreResult};

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = standing_alarms, primary_key(name), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Alarm {
    pub name: String,
    pub since: i64,
    pub told_at: i64,
}

/// The one of this name, while it stands.
pub fn find(c: &mut Conn, name: &str) -> StoreResult<Option<Alarm>> {
    let query = standing_alarms::table.find(name);
    Ok(query.select(Alarm::as_select()).first(c).optional()?)
}

/// Raises it, or notes that people were told again.
pub fn put(c: &mut Conn, alarm: &Alarm) -> StoreResult<()> {
    on_both!(c, c => diesel::insert_into(standing_alarms::table)
        .values(alarm)
        .on_conflict(standing_alarms::name)
        .do_update()
        .set(alarm)
        .execute(c))?;
    Ok(())
}

/// It is over; whether it stood.
pub fn clear(c: &mut Conn, name: &str) -> StoreResult<bool> {
    Ok(diesel::delete(standing_alarms::table.find(name)).execute(c)? == 1)
}
