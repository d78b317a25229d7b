//! The secrets with which payment providers sign what they announce. Sealed before they come here.

use diesel::prelude::*;

use crate::schema::selling::webhook_secrets;
use crate::{Conn, StoreResult};

/// One secret.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_secrets, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct WebhookSecret {
    pub id: String,
    pub seller_id: String,
    pub sealed: String,
    pub made_by_name: String,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &WebhookSecret) -> StoreResult<()> {
    diesel::insert_into(webhook_secrets::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Those of a seller that hold, oldest first. Also how a provider's call is judged, which has no actor as yet.
pub fn live(c: &mut Conn, seller: &str) -> StoreResult<Vec<WebhookSecret>> {
    let query = webhook_secrets::table
        .filter(webhook_secrets::seller_id.eq(seller))
        .filter(webhook_secrets::ended_at.is_null());
    Ok(query
        .order(webhook_secrets::id)
        .select(WebhookSecret::as_select())
        .load(c)?)
}

/// Ends one; whether it held until now.
pub fn end(c: &mut Conn, seller: &str, id: &str, now: i64) -> StoreResult<bool> {
    let live = webhook_secrets::table
        .find(id)
        .filter(webhook_secrets::seller_id.eq(seller))
        .filter(webhook_secrets::ended_at.is_null());
    Ok(diesel::update(live)
        .set(webhook_secrets::ended_at.eq(now))
        .execute(c)?
        == 1)
}
