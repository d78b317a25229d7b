//! The record: what happened, appended in the act's own transaction. Nothing here is ever changed or deleted.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::page::literally;
use crate::schema::events;
use crate::{Conn, Page, StoreResult};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Event {
    pub id: String,
    pub reseller_id: Option<String>,
    pub organisation_id: String,
    pub kind: String,
    pub weight: String,
    pub actor: String,
    pub actor_name: String,
    pub device_id: Option<String>,
    pub serial_number: Option<String>,
    pub command_id: Option<String>,
    pub facts: String,
    pub at: i64,
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Kinds that begin so: `command.` means everything about commands.
    pub kind: Option<String>,
    /// Kinds that begin with one of these; five at most. Empty for every kind.
    pub kinds: Vec<String>,
    /// About this device.
    pub device_id: Option<String>,
    /// About this command.
    pub command_id: Option<String>,
    /// With this weight.
    pub weight: Option<String>,
    /// Of this organisation.
    pub organisation_id: Option<String>,
    /// Beginning of a serial number, or a part of the actor's name as it is written.
    pub q: Option<String>,
}

/// Appends one.
pub fn insert(c: &mut Conn, new: &Event) -> StoreResult<()> {
    diesel::insert_into(events::table).values(new).execute(c)?;
    Ok(())
}

/// A page, newest first.
pub fn list(
    c: &mut Conn,
    scope: &Scope,
    filter: &EventFilter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Event>> {
    let mut query = in_scope!(events::table.into_boxed(), scope, events);
    if let Some(kind) = &filter.kind {
        query = query.filter(
            events::kind
                .like(format!("{}%", literally(kind)))
                .escape('\\'),
        );
    }
    if let Some(first) = filter.kinds.first() {
        // One statement for any number of beginnings: those that are not given repeat the first.
        let [a, b, d, e, f] = std::array::from_fn(|i| {
            format!("{}%", literally(filter.kinds.get(i).unwrap_or(first)))
        });
        query = query.filter(
            (events::kind.like(a).escape('\\'))
                .or(events::kind.like(b).escape('\\'))
                .or(events::kind.like(d).escape('\\'))
                .or(events::kind.like(e).escape('\\'))
                .or(events::kind.like(f).escape('\\')),
        );
    }
    if let Some(device) = &filter.device_id {
        query = query.filter(events::device_id.eq(device));
    }
    if let Some(command) = &filter.command_id {
        query = query.filter(events::command_id.eq(command));
    }
    if let Some(weight) = &filter.weight {
        query = query.filter(events::weight.eq(weight));
    }
    if let Some(organisation) = &filter.organisation_id {
        query = query.filter(events::organisation_id.eq(organisation));
    }
    if let Some(q) = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        let serial = format!("{}%", literally(&q.to_uppercase()));
        let name = format!("%{}%", literally(q));
        query = query.filter(
            events::actor_name
                .like(name)
                .escape('\\')
                .or(events::serial_number.is_not_null().and(
                    events::serial_number
                        .assume_not_null()
                        .like(serial)
                        .escape('\\'),
                )),
        );
    }
    if let Some(before) = cursor {
        query = query.filter(events::id.lt(before));
    }
    let rows = query
        .order(events::id.desc())
        .limit(limit + 1)
        .select(Event::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Event| row.id.clone()))
}

/// One entry inside the scope.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<Event>> {
    let query = in_scope!(events::table.into_boxed(), scope, events);
    Ok(query
        .filter(events::id.eq(id))
        .select(Event::as_select())
        .first(c)
        .optional()?)
}
