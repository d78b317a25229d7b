//! The page of the record.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::list::{self as listing, ABOUT, Query};
use super::sentence::sentence;
use crate::app::App;
use crate::web::actor::{Allowed, ReadRecord};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::text::{Key, Texts};
use crate::web::view::events::Events;
use crate::web::view::record::by_day;
use crate::web::view::{Filter, Pages, Place};

/// What `about` may be, in words; the order is that of [`ABOUT`].
const ABOUT_WORDS: [Key; 4] = [
    Key("about-phones"),
    Key("about-commands"),
    Key("about-people"),
    Key("about-keys"),
];
/// What `weight` may be.
const WEIGHTS: [(&str, Key); 2] = [
    ("trouble", Key("about-trouble")),
    ("major", Key("about-major")),
];

/// `GET /events`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadRecord>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let asked = Fields::parse(request.query_string().as_bytes());
    let page = listing::list(&app, &allowed, Query::read(&asked)?).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Events).await?;
    let t = &frame.t;
    let first = address(&asked, "cursor", None);
    frame::html(&Events {
        filters: filters(t, &asked),
        days: by_day(page.items.iter().map(|event| sentence(t, event)).collect()),
        pages: Pages {
            previous: asked.some("cursor").map(|_| first),
            next: page
                .next
                .map(|cursor| address(&asked, "cursor", Some(&cursor))),
        },
        frame,
    })
}

fn filters(t: &Texts, asked: &Fields) -> Vec<Filter> {
    let about = ABOUT
        .iter()
        .zip(ABOUT_WORDS)
        .map(|((value, _), key)| (*value, t.word(key)));
    let weights = WEIGHTS.iter().map(|(value, key)| (*value, t.word(*key)));
    let mut filters = vec![
        choice(t.get("filter-about"), asked, "about", about.collect()),
        choice(t.get("filter-weight"), asked, "weight", weights.collect()),
    ];
    // These come from other pages' links: they can be taken away here, and not set.
    for (name, key) in [
        ("device", Key("filter-one-phone")),
        ("command", Key("filter-one-command")),
        ("q", Key("filter-words")),
    ] {
        if let Some(value) = asked.some(name) {
            let without = address(asked, name, None);
            filters.push(Filter {
                name: t.word(key),
                set: Some((value.to_owned(), without)),
                options: Vec::new(),
            });
        }
    }
    filters
}

fn choice(label: String, asked: &Fields, name: &str, values: Vec<(&str, String)>) -> Filter {
    let chosen = asked.one(name);
    let set = values
        .iter()
        .find(|(value, _)| *value == chosen)
        .map(|(_, words)| (words.clone(), address(asked, name, None)));
    let options = values
        .into_iter()
        .map(|(value, words)| (words, address(asked, name, Some(value)), value == chosen))
        .collect();
    Filter {
        name: label,
        set,
        options,
    }
}

/// The address of the list with `name` set to `value`, or without it. Whatever changes, the list starts anew.
fn address(asked: &Fields, name: &str, value: Option<&str>) -> String {
    const KNOWN: [&str; 7] = [
        "about",
        "weight",
        "kind",
        "device",
        "command",
        "organisation",
        "q",
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    for known in KNOWN.into_iter().filter(|known| *known != name) {
        if let Some(kept) = asked.some(known) {
            query.append_pair(known, kept);
        }
    }
    if let Some(value) = value {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        "/events".to_owned()
    } else {
        format!("/events?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::address;
    use crate::web::fields::Fields;

    #[test]
    fn a_filter_changes_one_thing_and_starts_the_list_anew() {
        let asked = Fields::parse(b"about=people&q=Dagny+K&cursor=abc&evil=%3Cscript%3E");
        assert_eq!(
            address(&asked, "weight", Some("trouble")),
            "/events?about=people&q=Dagny+K&weight=trouble"
        );
        assert_eq!(address(&asked, "about", None), "/events?q=Dagny+K");
        assert_eq!(address(&Fields::default(), "about", None), "/events");
        assert_eq!(
            address(&asked, "cursor", Some("x&y")),
            "/events?about=people&q=Dagny+K&cursor=x%26y"
        );
    }
}
