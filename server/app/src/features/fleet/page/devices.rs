//! `GET /devices`: the list, with search, filters, order and paging, each a link that changes the query.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_store::Page;
use muster_store::device_search::{self, BoundedCount, DeviceFilter, RollCall, Sort};
use muster_store::organisations::{self, Organisation};

use super::rows::{self, WithDays, unsigned};
use crate::app::App;
use crate::features::fleet::list::{limits, read_filter, read_sort};
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::paging::PageRequest;
use crate::web::problem::Answer;
use crate::web::view::devices::{Column, Devices};
use crate::web::view::{Filter, Frame, Kind, Pages, Place};

/// Rows on a page of the portal.
const ROWS: i64 = 25;
/// Organisations offered as a filter.
const ORGANISATIONS: i64 = 100;
/// The parts of the query that the list knows.
const PARTS: [&str; 5] = ["q", "state", "contact", "organisation", "sort"];

/// What the page is made of, from one moment.
struct Found {
    page: Page<(muster_store::device_search::DeviceView, Vec<bool>)>,
    matching: BoundedCount,
    roll: Vec<RollCall>,
    owners: Vec<Organisation>,
}

/// `GET /devices`
///
/// # Errors
/// A filter or an order that does not exist; the database does not answer.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let (query, now) = (
        Fields::parse(request.query_string().as_bytes()),
        app.now_micros(),
    );
    let (filter, sort) = (read_filter(&query, now)?, read_sort(&query)?);
    let cursor = PageRequest::read(&query)?.cursor;
    let first = cursor.is_none();
    let found = find(&app, &allowed, filter, sort, cursor, now).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Devices).await?;
    let sends = frame
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may.send_commands);
    let bulk = if sends {
        vec![Kind::Lock, Kind::Suspend, Kind::Notice]
    } else {
        Vec::new()
    };
    let page = Devices {
        q: query.one("q").to_owned(),
        kept: PARTS[1..]
            .iter()
            .filter_map(|part| Some(((*part).to_owned(), query.some(part)?.to_owned())))
            .collect(),
        total: count(&found.roll, |_| true),
        matching: unsigned(found.matching.n),
        views: views(&frame, &query, &found.roll),
        filters: filters(&frame, &query, &found.owners),
        columns: columns(&query, sort),
        rows: rows_of(&frame, found.page.items),
        pages: Pages {
            previous: (!first).then(|| with(&query, &[])),
            next: found
                .page
                .next
                .map(|cursor| with(&query, &[("cursor", Some(&cursor))])),
        },
        bulk,
        frame,
    };
    frame::html(&page)
}

async fn find(
    app: &App,
    allowed: &Allowed<ReadFleet>,
    filter: DeviceFilter,
    sort: Sort,
    cursor: Option<String>,
    now: i64,
) -> Answer<Found> {
    let scope = allowed.scope().clone();
    let found = app.store.read(move |c| {
        let page = device_search::search(c, &scope, &filter, sort, cursor.as_deref(), ROWS)?;
        let (stale, lost) = limits(now);
        Ok(Found {
            page: Page {
                items: rows::with_days(c, &scope, page.items, now)?,
                next: page.next,
            },
            matching: device_search::count(c, &scope, &filter)?,
            roll: device_search::roll_call(c, &scope, stale, lost)?,
            owners: organisations::owners_of_devices(c, &scope, ORGANISATIONS)?,
        })
    });
    Ok(found.await?)
}

fn rows_of(frame: &Frame, found: WithDays) -> Vec<crate::web::view::devices::DeviceRow> {
    found
        .into_iter()
        .map(|(view, days)| rows::device(&view, days, frame.now))
        .collect()
}

fn count(roll: &[RollCall], which: impl Fn(&RollCall) -> bool) -> u64 {
    unsigned(
        roll.iter()
            .filter(|row| which(row))
            .map(|row| row.devices)
            .sum(),
    )
}

/// The ready-made views, each with how many it shows.
fn views(frame: &Frame, query: &Fields, roll: &[RollCall]) -> Vec<(String, String, u64, bool)> {
    let t = &frame.t;
    let chosen = (query.one("state"), query.one("contact"));
    let narrowed = PARTS[..4].iter().any(|part| query.some(part).is_some());
    let silent = |row: &RollCall| {
        row.lifecycle == "enrolled" && matches!(row.contact.as_str(), "stale" | "lost")
    };
    vec![
        (
            t.get("view-all"),
            "/devices".to_owned(),
            count(roll, |_| true),
            !narrowed,
        ),
        (
            t.get("view-silent"),
            "/devices?contact=silent".to_owned(),
            count(roll, silent),
            chosen == ("", "silent"),
        ),
        (
            t.get("view-locked"),
            "/devices?state=locked".to_owned(),
            count(roll, |row| row.locked),
            chosen == ("locked", ""),
        ),
        (
            t.get("view-waiting"),
            "/devices?state=registered".to_owned(),
            count(roll, |row| row.lifecycle == "registered"),
            chosen == ("registered", ""),
        ),
    ]
}

fn filters(frame: &Frame, query: &Fields, owners: &[Organisation]) -> Vec<Filter> {
    let t = &frame.t;
    let words = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(value, key)| ((*value).to_owned(), t.get(key)))
            .collect()
    };
    let states = words(&[
        ("enrolled", "enrolled"),
        ("locked", "device-locked"),
        ("suspended", "device-suspended"),
        ("held", "device-on-hold"),
        ("registered", "device-not-enrolled"),
        ("killed", "device-killed"),
        ("wiped", "device-wiped"),
        ("retired", "device-retired"),
    ]);
    let contacts = words(&[
        ("fresh", "contact-fresh"),
        ("silent", "contact-silent"),
        ("never", "contact-never"),
    ]);
    let owners: Vec<(String, String)> = owners
        .iter()
        .map(|owner| (owner.id.clone(), owner.name.clone()))
        .collect();
    let mut filters = Vec::new();
    if owners.len() > 1 {
        filters.push(filter(
            query,
            t.get("filter-organisation"),
            "organisation",
            &owners,
        ));
    }
    filters.push(filter(query, t.get("filter-state"), "state", &states));
    filters.push(filter(query, t.get("filter-contact"), "contact", &contacts));
    filters
}

fn filter(query: &Fields, label: String, part: &str, values: &[(String, String)]) -> Filter {
    let chosen = query.some(part);
    let set = chosen.and_then(|chosen| values.iter().find(|(value, _)| value == chosen));
    Filter {
        set: set.map(|(_, words)| (words.clone(), with(query, &[(part, None)]))),
        options: values
            .iter()
            .map(|(value, words)| {
                (
                    words.clone(),
                    with(query, &[(part, Some(value))]),
                    chosen == Some(value.as_str()),
                )
            })
            .collect(),
        name: label,
    }
}

/// The heads of the columns that have an order of their own: serial numbers, and contact in both directions.
fn columns(query: &Fields, sort: Sort) -> [Option<Column>; 5] {
    let serial = Column {
        link: with(query, &[("sort", None)]),
        sorted: (sort == Sort::Serial).then_some("ascending"),
    };
    let (next, sorted) = match sort {
        Sort::LatestContact => ("silent", Some("descending")),
        Sort::LongestSilent => ("contact", Some("ascending")),
        Sort::Serial | Sort::Newest => ("contact", None),
    };
    let contact = Column {
        link: with(query, &[("sort", Some(next))]),
        sorted,
    };
    [Some(serial), None, None, Some(contact), None]
}

/// The address of the list with parts of its query set or taken away; always its first page.
fn with(query: &Fields, changes: &[(&str, Option<&str>)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for part in PARTS {
        let changed = changes.iter().find(|(name, _)| *name == part);
        if let Some(value) = changed.map_or_else(|| query.some(part), |(_, value)| *value) {
            encoded.append_pair(part, value);
        }
    }
    if let Some((_, Some(cursor))) = changes.iter().find(|(name, _)| *name == "cursor") {
        encoded.append_pair("cursor", cursor);
    }
    let encoded = encoded.finish();
    if encoded.is_empty() {
        "/devices".to_owned()
    } else {
        format!("/devices?{encoded}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, with};

    #[test]
    fn a_change_of_filter_keeps_the_rest_and_starts_at_the_first_page() {
        let query = Fields::parse(b"q=HX7&state=locked&cursor=x&done=y");
        assert_eq!(with(&query, &[("state", None)]), "/devices?q=HX7");
        assert_eq!(
            with(&query, &[("contact", Some("never"))]),
            "/devices?q=HX7&state=locked&contact=never"
        );
        assert_eq!(
            with(&query, &[("cursor", Some("a~b"))]),
            "/devices?q=HX7&state=locked&cursor=a%7Eb"
        );
        assert_eq!(with(&Fields::default(), &[]), "/devices");
    }
}
