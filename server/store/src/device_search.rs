//! Searching, counting and summing up devices. Every list is a page by keyset and every count is bounded, so that no
//! page of the portal costs as much as the fleet is large.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use muster_domain::scope::Scope;

use crate::device_filter::matching;
pub use crate::device_filter::{ContactWindow, DeviceFilter, Restriction};
use crate::devices::{Device, DeviceState};
use crate::page::{pair, unpair};
use crate::schema::{certificates, device_state, devices, organisations};
use crate::{Conn, Page, StoreError, StoreResult};

/// The order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By serial number.
    #[default]
    Serial,
    /// Longest silent first; those never heard of last.
    LongestSilent,
    /// Latest check-in first; those never heard of last.
    LatestContact,
    /// Latest registered first.
    Newest,
}

/// A device as lists and pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// What it is.
    pub device: Device,
    /// What it last said.
    pub state: DeviceState,
    /// The name of the organisation that owns it.
    pub organisation_name: String,
    /// The live certificate that lasts longest.
    pub certificate: Option<LiveCertificate>,
}

/// The certificate a device holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCertificate {
    /// Serial number, lower hex.
    pub serial_number: String,
    /// Last moment of its validity, microseconds since 1970.
    pub not_after: i64,
}

/// A count that does not go on for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundedCount {
    /// How many; [`COUNTED_AT_MOST`] when there are `more`.
    pub n: i64,
    /// There are more than that.
    pub more: bool,
}

/// Where a count stops: the page then says "10000+".
pub const COUNTED_AT_MOST: i64 = 10_000;

/// How many devices of a scope are alike: one row of the roll call.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct RollCall {
    /// Where they are in their lives.
    #[diesel(sql_type = Text)]
    pub lifecycle: String,
    /// Whether they are locked.
    #[diesel(sql_type = Bool)]
    pub locked: bool,
    /// Whether they are suspended.
    #[diesel(sql_type = Bool)]
    pub suspended: bool,
    /// Whether they are under a legal hold.
    #[diesel(sql_type = Bool)]
    pub held: bool,
    /// `fresh`, `stale`, `lost` or `never`.
    #[diesel(sql_type = Text)]
    pub contact: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub devices: i64,
}

/// A page of devices.
pub fn search(
    c: &mut Conn,
    scope: &Scope,
    filter: &DeviceFilter,
    sort: Sort,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<DeviceView>> {
    let at = cursor.map(unpair).transpose()?;
    let rows = match sort {
        Sort::Serial => {
            let mut query = matching(c, scope, filter)?;
            if let Some((serial, id)) = at {
                query = query.filter(
                    devices::serial_number
                        .gt(serial)
                        .or(devices::serial_number.eq(serial).and(devices::id.gt(id))),
                );
            }
            let query = query.order((devices::serial_number, devices::id));
            query.limit(limit + 1).select(Row::as_select()).load(c)?
        }
        Sort::Newest => {
            let mut query = matching(c, scope, filter)?;
            if let Some((_, id)) = at {
                query = query.filter(devices::id.lt(id));
            }
            query
                .order(devices::id.desc())
                .limit(limit + 1)
                .select(Row::as_select())
                .load(c)?
        }
        Sort::LongestSilent | Sort::LatestContact => by_contact(c, scope, filter, sort, at, limit)?,
    };
    let page = Page::cut(rows, limit, |row: &Row| match sort {
        Sort::Serial => pair(&row.device.serial_number, &row.device.id),
        Sort::Newest => pair("", &row.device.id),
        Sort::LongestSilent | Sort::LatestContact => {
            let last = row
                .state
                .last_check_in_at
                .map_or_else(|| NEVER.to_owned(), |at| at.to_string());
            pair(&last, &row.device.id)
        }
    });
    let views = with_certificates(c, page.items)?;
    Ok(Page {
        items: views,
        next: page.next,
    })
}

/// One device inside the scope, as [`search`] shows it.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<DeviceView>> {
    let filter = DeviceFilter::default();
    let query = matching(c, scope, &filter)?.filter(devices::id.eq(id));
    let found: Option<Row> = query.select(Row::as_select()).first(c).optional()?;
    Ok(with_certificates(c, found.into_iter().collect())?.pop())
}

/// How many devices the filter leaves, up to [`COUNTED_AT_MOST`].
pub fn count(c: &mut Conn, scope: &Scope, filter: &DeviceFilter) -> StoreResult<BoundedCount> {
    let query = matching(c, scope, filter)?;
    let found: Vec<i32> = query
        .limit(COUNTED_AT_MOST + 1)
        .select(sql::<Integer>("1"))
        .load(c)?;
    let n = i64::try_from(found.len()).unwrap_or(i64::MAX);
    Ok(BoundedCount {
        n: n.min(COUNTED_AT_MOST),
        more: n > COUNTED_AT_MOST,
    })
}

/// The devices a filter means at this moment, by id: a command is for them and for nobody who fits later. Ask for one
/// more than is allowed to see that there are too many.
pub fn frozen(
    c: &mut Conn,
    scope: &Scope,
    filter: &DeviceFilter,
    limit: i64,
) -> StoreResult<Vec<Device>> {
    let query = matching(c, scope, filter)?;
    Ok(query
        .order(devices::id)
        .limit(limit)
        .select(Device::as_select())
        .load(c)?)
}

/// The whole scope in a few rows. `fresh_after` and `lost_until` are the limits of contact: after the one is fresh, up
/// to the other is lost, between them is stale.
pub fn roll_call(
    c: &mut Conn,
    scope: &Scope,
    fresh_after: i64,
    lost_until: i64,
) -> StoreResult<Vec<RollCall>> {
    let (whose, id) = match scope {
        Scope::Platform => ("'' = $3", ""),
        Scope::Reseller(reseller) => ("d.reseller_id = $3", reseller.as_str()),
        Scope::Customer { customer, .. } => ("d.organisation_id = $3", customer.as_str()),
    };
    let query = diesel::sql_query(format!(
        "SELECT lifecycle, locked, suspended, held, contact, COUNT(*) AS devices FROM ( \
           SELECT d.lifecycle, s.locked, s.suspended, s.held, \
             CASE WHEN s.last_check_in_at > $1 THEN 'fresh' WHEN s.last_check_in_at > $2 THEN 'stale' \
                  WHEN s.last_check_in_at IS NULL THEN 'never' ELSE 'lost' END AS contact \
           FROM devices d JOIN device_state s ON s.device_id = d.id WHERE {whose}) AS roll \
         GROUP BY lifecycle, locked, suspended, held, contact \
         ORDER BY lifecycle, locked, suspended, held, contact"
    ));
    Ok(query
        .bind::<BigInt, _>(fresh_after)
        .bind::<BigInt, _>(lost_until)
        .bind::<Text, _>(id)
        .load(c)?)
}

/// In a cursor: behind those that were heard of.
const NEVER: &str = "never";

/// A device before its certificate is looked up.
#[derive(Queryable, Selectable)]
pub(crate) struct Row {
    #[diesel(embed)]
    device: Device,
    #[diesel(embed)]
    state: DeviceState,
    #[diesel(select_expression = organisations::name)]
    organisation_name: String,
}

/// Those with a last contact in its order, then, to fill the page, those without by id: SQLite and PostgreSQL disagree on
/// where NULL sorts, and this way each half is one walk along an index.
fn by_contact(
    c: &mut Conn,
    scope: &Scope,
    filter: &DeviceFilter,
    sort: Sort,
    at: Option<(&str, &str)>,
    limit: i64,
) -> StoreResult<Vec<Row>> {
    let last = device_state::last_check_in_at;
    let mut rows: Vec<Row> = Vec::new();
    if at.is_none_or(|(key, _)| key != NEVER) {
        let mut query = matching(c, scope, filter)?.filter(last.is_not_null());
        let behind = match at {
            Some((key, id)) => Some((key.parse::<i64>().map_err(|_| StoreError::Cursor)?, id)),
            None => None,
        };
        if sort == Sort::LongestSilent {
            if let Some((then, id)) = behind {
                query = query
                    .filter(last.ge(then))
                    .filter(last.gt(then).or(device_state::device_id.gt(id)));
            }
            query = query.order((last.asc(), device_state::device_id.asc()));
        } else {
            if let Some((then, id)) = behind {
                query = query
                    .filter(last.le(then))
                    .filter(last.lt(then).or(device_state::device_id.lt(id)));
            }
            query = query.order((last.desc(), device_state::device_id.desc()));
        }
        rows = query.limit(limit + 1).select(Row::as_select()).load(c)?;
    }
    let missing = limit + 1 - i64::try_from(rows.len()).unwrap_or(limit + 1);
    if missing > 0 {
        let mut query = matching(c, scope, filter)?.filter(last.is_null());
        if let Some((NEVER, id)) = at {
            query = query.filter(device_state::device_id.gt(id));
        }
        let silent = query
            .order(device_state::device_id)
            .limit(missing)
            .select(Row::as_select())
            .load(c)?;
        rows.extend(silent);
    }
    Ok(rows)
}

fn with_certificates(c: &mut Conn, rows: Vec<Row>) -> StoreResult<Vec<DeviceView>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.device.id.as_str()).collect();
    let live: Vec<(Option<String>, String, i64)> = certificates::table
        .filter(certificates::device_id.eq_any(ids))
        .filter(certificates::state.eq("issued"))
        .order(certificates::not_after)
        .select((
            certificates::device_id,
            certificates::serial_number,
            certificates::not_after,
        ))
        .load(c)?;
    // Ascending by end: the one that lasts longest is the one that stays.
    let mut of_device: HashMap<String, LiveCertificate> = live
        .into_iter()
        .filter_map(|(device, serial_number, not_after)| {
            Some((
                device?,
                LiveCertificate {
                    serial_number,
                    not_after,
                },
            ))
        })
        .collect();
    Ok(rows
        .into_iter()
        .map(|row| DeviceView {
            certificate: of_device.remove(&row.device.id),
            device: row.device,
            state: row.state,
            organisation_name: row.organisation_name,
        })
        .collect())
}
