//! Which devices somebody looks for: the filter of the search, and the one query body it becomes.

use diesel::dsl::{InnerJoin, IntoBoxed};
use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::connection::MultiBackend;
use crate::page::literally;
use crate::schema::{device_state, devices, organisations};
use crate::{Conn, StoreResult, organisations as tree};

/// Which devices.
#[derive(Debug, Clone, Default)]
pub struct DeviceFilter {
    /// Beginning of a serial number or an IMEI, or a part of the owner's name.
    pub q: Option<String>,
    /// `registered`, `enrolled`, `killed`, `wiped` or `retired`.
    pub lifecycle: Option<String>,
    /// When they were last heard of.
    pub contact: Option<ContactWindow>,
    /// What is in force on them.
    pub restriction: Option<Restriction>,
    /// The organisation that owns them.
    pub organisation_id: Option<String>,
}

/// When a phone was last heard of, microseconds since 1970. The limits of fresh, stale and lost are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactWindow {
    /// Never yet.
    Never,
    /// After `after`, and not after `until`.
    Within {
        /// The moment the window begins behind; `i64::MIN` for none.
        after: i64,
        /// The last moment inside; `i64::MAX` for none.
        until: i64,
    },
}

/// What may be in force on a phone, as the phone said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// Locked.
    Locked,
    /// Suspended.
    Suspended,
    /// Under a legal hold.
    Held,
    /// Neither locked nor suspended.
    None,
}

/// Devices with their state and owner.
type Joined = InnerJoin<InnerJoin<devices::table, device_state::table>, organisations::table>;

/// A statement over [`Joined`] that takes more conditions.
pub(crate) type Matching<'a> = IntoBoxed<'a, Joined, MultiBackend>;

/// The filter's rows of a scope: one body for pages, counts and frozen lists.
pub(crate) fn matching<'a>(
    c: &mut Conn,
    scope: &'a Scope,
    filter: &'a DeviceFilter,
) -> StoreResult<Matching<'a>> {
    let query = devices::table
        .inner_join(device_state::table)
        .inner_join(organisations::table)
        .into_boxed();
    // Both tables carry the owner, and each has its index: the planner chooses by the order asked for.
    let query = in_scope!(query, scope, devices);
    let mut query = in_scope!(query, scope, device_state);
    if let Some(lifecycle) = &filter.lifecycle {
        query = query.filter(devices::lifecycle.eq(lifecycle));
    }
    if let Some(organisation) = &filter.organisation_id {
        query = query.filter(devices::organisation_id.eq(organisation));
    }
    match filter.contact {
        None => {}
        Some(ContactWindow::Never) => {
            query = query.filter(device_state::last_check_in_at.is_null());
        }
        Some(ContactWindow::Within { after, until }) => {
            query = query
                .filter(device_state::last_check_in_at.gt(after))
                .filter(device_state::last_check_in_at.le(until));
        }
    }
    match filter.restriction {
        None => {}
        Some(Restriction::Locked) => query = query.filter(device_state::locked.eq(true)),
        Some(Restriction::Suspended) => query = query.filter(device_state::suspended.eq(true)),
        Some(Restriction::Held) => query = query.filter(device_state::held.eq(true)),
        Some(Restriction::None) => {
            query = query
                .filter(device_state::locked.eq(false))
                .filter(device_state::suspended.eq(false));
        }
    }
    let Some(LookedFor {
        typed,
        upper,
        owners,
        maybe_imei,
    }) = LookedFor::resolve(c, scope, filter.q.as_deref())?
    else {
        return Ok(query);
    };
    let beginning = format!("{}%", literally(&typed));
    let serial = devices::serial_number
        .like(beginning.clone())
        .escape('\\')
        .or(devices::serial_number
            .like(format!("{}%", literally(&upper)))
            .escape('\\'));
    if owners.is_empty() && !maybe_imei {
        query = query.filter(serial);
        if matches!(c, Conn::Sqlite(_)) && typed.is_ascii() {
            // SQLite's LIKE ignores case and therefore the index: the same said as a range.
            query = query
                .filter(devices::serial_number.ge(upper))
                .filter(devices::serial_number.lt(format!("{typed}\u{10FFFF}")));
        }
        return Ok(query);
    }
    let imei = devices::imei.assume_not_null().like(beginning).escape('\\');
    Ok(query.filter(
        serial
            .or(devices::imei.is_not_null().and(imei))
            .or(devices::organisation_id.eq_any(owners)),
    ))
}

/// What a search text may mean.
struct LookedFor {
    /// As it was typed.
    typed: String,
    /// In upper case, as serial numbers mostly are.
    upper: String,
    /// Owners whose name has it.
    owners: Vec<String>,
    /// It could be the beginning of an IMEI.
    maybe_imei: bool,
}

impl LookedFor {
    /// Reads a search text; `None` when there is nothing in it.
    fn resolve(c: &mut Conn, scope: &Scope, q: Option<&str>) -> StoreResult<Option<Self>> {
        let Some(typed) = q.map(str::trim).filter(|q| !q.is_empty()) else {
            return Ok(None);
        };
        let named = tree::Filter {
            q: Some(typed.to_owned()),
            ..tree::Filter::default()
        };
        // Looked up first: a search for a serial number then stays a walk along its index.
        let owners = tree::list(c, scope, &named, None, 100)?
            .items
            .into_iter()
            .map(|o| o.id)
            .collect();
        let digits = typed.len() >= 6 && typed.bytes().all(|b| b.is_ascii_digit());
        Ok(Some(Self {
            upper: typed.to_uppercase(),
            typed: typed.to_owned(),
            owners,
            maybe_imei: digits,
        }))
    }
}
