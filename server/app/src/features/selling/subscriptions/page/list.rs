//! `GET /subscriptions`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::permission::Permission;
use muster_domain::scope::Books;
use muster_domain::selling::life::Life;

use crate::app::App;
use crate::features::selling::subscriptions::list::{self as listing, Named, Query};
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::text::Key;
use crate::web::time_words;
use crate::web::view::subscriptions::{Row, Subscriptions, life_words};
use crate::web::view::{Filter, Frame, Pages, Place};

/// The parts of the query that links keep.
const PARTS: [&str; 5] = ["side", "life", "account", "device", "parked"];

/// `GET /subscriptions`
///
/// # Errors
/// A filter knows no such word.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let typed = Fields::parse(request.query_string().as_bytes());
    let query = Query::read(&allowed, &typed)?;
    let (sold, first) = (
        matches!(query.books, Books::Seller(_)),
        query.page.cursor.is_none(),
    );
    let filtered = PARTS[1..].iter().any(|part| typed.some(part).is_some());
    let page = listing::list(&app, &allowed, query).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Subscriptions).await?;
    let t = &frame.t;
    let sells = allowed.actor.organisation.kind != "customer";
    let buys = allowed.actor.organisation.kind == "reseller";
    let sides = if sells && buys {
        let side = |words: String, side: &str, current| {
            (
                words,
                with(&typed, &[("side", Some(side)), ("account", None)], None),
                current,
            )
        };
        vec![
            side(t.get("subscriptions-sold"), "sold", sold),
            side(t.get("subscriptions-bought"), "bought", !sold),
        ]
    } else {
        Vec::new()
    };
    let view = Subscriptions {
        sides,
        other: if sold {
            t.get("subscriptions-buyer")
        } else {
            t.get("subscriptions-seller")
        },
        filters: filters(&frame, &typed),
        filtered,
        rows: page.items.iter().map(|named| row(&frame, named)).collect(),
        pages: Pages {
            previous: (!first).then(|| with(&typed, &[], None)),
            next: page.next.map(|cursor| with(&typed, &[], Some(&cursor))),
        },
        may_sell: sold && sells && allowed.actor.role.may(Permission::Sell),
        frame,
    };
    frame::html(&view)
}

fn row(frame: &Frame, named: &Named) -> Row {
    let row = &named.row;
    let key = if row.cancel_at_end == 1 {
        Key("subscriptions-ends-on")
    } else {
        Key("subscriptions-renews-on")
    };
    let day = |day| frame.put(key.0, "day", time_words::date(&frame.t, day));
    let next = named.next_on.map_or_else(|| "–".to_owned(), day);
    Row {
        id: row.id.clone(),
        plan: named.plan.clone(),
        other: named.other.clone(),
        device: row.device_id.clone().zip(named.serial_number.clone()),
        life: row.life.clone(),
        next,
        parked: row.parked_at.is_some(),
    }
}

fn filters(frame: &Frame, typed: &Fields) -> Vec<Filter> {
    let t = &frame.t;
    let lives = Life::ALL.map(|life| {
        let link = with(typed, &[("life", Some(life.as_str()))], None);
        (
            life_words(frame, life.as_str()),
            link,
            typed.one("life") == life.as_str(),
        )
    });
    let life = typed.some("life").map(|life| {
        (
            life_words(frame, life),
            with(typed, &[("life", None)], None),
        )
    });
    let mut filters = vec![Filter {
        name: t.get("state"),
        set: life,
        options: lives.to_vec(),
    }];
    let parked = typed.some("parked") == Some("true");
    filters.push(Filter {
        name: t.get("subscriptions-set-aside"),
        set: parked.then(|| {
            (
                t.get("subscriptions-yes"),
                with(typed, &[("parked", None)], None),
            )
        }),
        options: vec![(
            t.get("subscriptions-yes"),
            with(typed, &[("parked", Some("true"))], None),
            parked,
        )],
    });
    for (part, name) in [
        ("account", t.get("subscriptions-buyer")),
        ("device", t.get("phone")),
    ] {
        if typed.some(part).is_some() {
            filters.push(Filter {
                name,
                set: Some((
                    t.get("subscriptions-chosen"),
                    with(typed, &[(part, None)], None),
                )),
                options: Vec::new(),
            });
        }
    }
    filters
}

/// The address of the list with parts of its query set or taken away.
fn with(typed: &Fields, changes: &[(&str, Option<&str>)], cursor: Option<&str>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for part in PARTS {
        let changed = changes.iter().find(|(name, _)| *name == part);
        if let Some(value) = changed.map_or_else(|| typed.some(part), |(_, value)| *value) {
            encoded.append_pair(part, value);
        }
    }
    if let Some(cursor) = cursor {
        encoded.append_pair("cursor", cursor);
    }
    match encoded.finish() {
        none if none.is_empty() => "/subscriptions".to_owned(),
        some => format!("/subscriptions?{some}"),
    }
}
