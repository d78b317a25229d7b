//! Finding phones: one set of filters for the API, the pages, and commands for many phones at once.

use std::sync::Arc;

use muster_domain::device::{Contact, LOST_DAYS, Lifecycle, STALE_HOURS};
use muster_store::device_search::{
    self, ContactWindow, DeviceFilter, DeviceView, Restriction, Sort,
};
use muster_store::{Page, StoreError};

use crate::app::App;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// The longest text that is searched for.
const LONGEST_Q: usize = 100;

/// The window of a state of contact at `now`, microseconds.
#[must_use]
pub fn contact_window(contact: Contact, now: i64) -> ContactWindow {
    let (stale, lost) = limits(now);
    match contact {
        Contact::Never => ContactWindow::Never,
        Contact::Fresh => ContactWindow::Within {
            after: stale,
            until: i64::MAX,
        },
        Contact::Stale => ContactWindow::Within {
            after: lost,
            until: stale,
        },
        Contact::Lost => ContactWindow::Within {
            after: i64::MIN,
            until: lost,
        },
    }
}

/// Phones that are stale or lost: what pages call silent.
#[must_use]
pub fn silent_window(now: i64) -> ContactWindow {
    ContactWindow::Within {
        after: i64::MIN,
        until: limits(now).0,
    }
}

/// The two limits of contact at `now`: a phone is stale up to the first, lost up to the second.
#[must_use]
pub fn limits(now: i64) -> (i64, i64) {
    (
        now.saturating_sub(STALE_HOURS * 3_600_000_000),
        now.saturating_sub(LOST_DAYS * 86_400_000_000),
    )
}

/// Reads the filters of a query string at `now`: `q`, `lifecycle`, `contact`, `restriction`, `organisation_id`. Pages write
/// shorter: `organisation`, and `state` for lifecycles and restrictions alike.
///
/// # Errors
/// A value that a filter does not know; the sentence lists those it knows.
pub fn read_filter(query: &Fields, now: i64) -> Answer<DeviceFilter> {
    let mut filter = DeviceFilter {
        q: query
            .some("q")
            .map(|q| q.trim().chars().take(LONGEST_Q).collect()),
        organisation_id: query
            .some("organisation_id")
            .or(query.some("organisation"))
            .map(str::to_owned),
        ..DeviceFilter::default()
    };
    if let Some(word) = query.some("lifecycle") {
        filter.lifecycle = Some(lifecycle(word).ok_or_else(|| {
            unknown(
                "lifecycle",
                "registered, enrolled, killed, wiped or retired",
            )
        })?);
    }
    if let Some(word) = query.some("restriction") {
        let known = restriction(word)
            .ok_or_else(|| unknown("restriction", "locked, suspended, held or none"))?;
        filter.restriction = Some(known);
    }
    if let Some(word) = query.some("state") {
        match (lifecycle(word), restriction(word)) {
            (Some(stage), _) => filter.lifecycle = Some(stage),
            (None, Some(known)) => filter.restriction = Some(known),
            (None, None) => return Err(unknown("state", "a lifecycle or a restriction")),
        }
    }
    if let Some(word) = query.some("contact") {
        filter.contact = Some(match (word, Contact::parse(word)) {
            (_, Some(contact)) => contact_window(contact, now),
            ("silent", None) => silent_window(now),
            (_, None) => return Err(unknown("contact", "fresh, stale, lost, never or silent")),
        });
        // Nobody waits for a phone that left.
        if word == "silent" && filter.lifecycle.is_none() {
            filter.lifecycle = Some(Lifecycle::Enrolled.as_str().to_owned());
        }
    }
    Ok(filter)
}

/// Reads `sort`: `serial` (unless asked otherwise), `contact` (latest first), `silent` (longest silent first), `newest`.
///
/// # Errors
/// An order nobody knows.
pub fn read_sort(query: &Fields) -> Answer<Sort> {
    match query.one("sort") {
        "" | "serial" => Ok(Sort::Serial),
        "contact" => Ok(Sort::LatestContact),
        "silent" => Ok(Sort::LongestSilent),
        "newest" => Ok(Sort::Newest),
        _ => Err(unknown("sort", "serial, contact, silent or newest")),
    }
}

fn lifecycle(word: &str) -> Option<String> {
    Lifecycle::parse(word).map(|stage| stage.as_str().to_owned())
}

fn restriction(word: &str) -> Option<Restriction> {
    match word {
        "locked" => Some(Restriction::Locked),
        "suspended" => Some(Restriction::Suspended),
        "held" => Some(Restriction::Held),
        "none" => Some(Restriction::None),
        _ => None,
    }
}

fn unknown(name: &'static str, known: &str) -> Problem {
    Problem::invalid("filter", format!("{name} is {known}."))
}

/// A page of devices in the actor's scope.
///
/// # Errors
/// The cursor is not one of this list.
pub async fn list(
    app: &Arc<App>,
    allowed: &Allowed<ReadFleet>,
    filter: DeviceFilter,
    sort: Sort,
    page: PageRequest,
) -> Answer<Page<DeviceView>> {
    let scope = allowed.scope().clone();
    let found = app.store.read(move |c| {
        device_search::search(c, &scope, &filter, sort, page.cursor.as_deref(), page.limit)
    });
    found.await.map_err(|error| {
        if matches!(error, StoreError::Cursor) {
            let detail = "This cursor is not one this list gave out. Start from the first page.";
            return Problem::invalid("cursor", detail);
        }
        error.into()
    })
}

#[cfg(test)]
mod tests {
    use muster_store::device_search::ContactWindow;

    use super::{read_filter, read_sort, silent_window};
    use crate::web::fields::Fields;

    const NOW: i64 = 1_790_000_000_000_000;

    #[test]
    fn pages_and_api_write_the_same_filters() {
        let read = |query: &str| read_filter(&Fields::parse(query.as_bytes()), NOW);
        assert_eq!(
            read("lifecycle=enrolled").unwrap().lifecycle,
            read("state=enrolled").unwrap().lifecycle
        );
        assert_eq!(
            read("restriction=locked").unwrap().restriction,
            read("state=locked").unwrap().restriction
        );
        assert_eq!(
            read("organisation_id=a").unwrap().organisation_id,
            read("organisation=a").unwrap().organisation_id
        );
        assert_eq!(
            read("contact=never").unwrap().contact,
            Some(ContactWindow::Never)
        );
        let silent = read("contact=silent").unwrap();
        assert_eq!(
            (silent.contact, silent.lifecycle.as_deref()),
            (Some(silent_window(NOW)), Some("enrolled"))
        );
        assert!(read("state=blue").unwrap_err().detail.contains("state is"));
        assert!(read_sort(&Fields::parse(b"sort=colour")).is_err());
    }
}
