//! `GET` and `POST /subscriptions/bulk`: one act on many.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_store::selling::invoices::Invoice;

use super::words;
use crate::app::App;
use crate::features::selling::books;
use crate::features::selling::subscriptions::acts::Mode;
use crate::features::selling::subscriptions::api::plain_wish;
use crate::features::selling::subscriptions::bulk::{self, COUNTED_ABOVE, One};
use crate::features::selling::subscriptions::list;
use crate::web::actor::{Allowed, Sell};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::view::subscriptions::{Act, Cost};
use crate::web::view::{Input, Place};

/// `GET /subscriptions/bulk?act=&id=…`
///
/// # Errors
/// There is no such act, or there are too many.
pub async fn form(
    app: Data<App>,
    allowed: Allowed<Sell>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let typed = Fields::parse(request.query_string().as_bytes());
    let app = app.into_inner();
    frame::html(&fill(&app, &allowed, &request, &typed, None).await?)
}

/// `POST /subscriptions/bulk`
///
/// # Errors
/// As [`form`]; the form is from an older sign-in. A wrong number comes back in the form.
pub async fn go(
    app: Data<App>,
    allowed: Allowed<Sell>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let wish = plain_wish(fields.one("act"), when(&fields))?;
    let counted = fields.one("count").trim().parse().ok();
    match bulk::act(&app, &allowed, &ids(&fields), &wish, (Mode::Do, counted)).await {
        Ok(_) => Ok(frame::see_other("/subscriptions")),
        Err(problem) if problem.code == "count" => {
            let page = fill(&app, &allowed, &request, &fields, Some(&problem)).await?;
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

fn ids(typed: &Fields) -> Vec<String> {
    typed.many("id").into_iter().map(str::to_owned).collect()
}

/// From a list many are canceled at the end of their periods; at once is for one at a time, or for programs.
fn when(typed: &Fields) -> Option<&str> {
    Some(typed.some("when").unwrap_or("period-end"))
}

async fn fill(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    request: &HttpRequest,
    typed: &Fields,
    problem: Option<&Problem>,
) -> Answer<Act> {
    let wish = plain_wish(typed.one("act"), when(typed))?;
    let ids = ids(typed);
    let frame = frame::frame(app, &allowed.actor, request, Place::Subscriptions).await?;
    let t = frame.t.clone();
    let (title, says) = words::act(&t, &wish);
    let tried = if ids.is_empty() {
        Vec::new()
    } else {
        bulk::act(app, allowed, &ids, &wish, (Mode::Try, None)).await?
    };
    let (number, able) = (
        tried.len(),
        tried.iter().filter(|(_, one)| one.is_ok()).count(),
    );
    let count = (number > COUNTED_ABOVE).then(|| {
        let wrong = problem.map(|problem| problem.detail.clone());
        (
            number,
            Input {
                value: typed.one("count").to_owned(),
                error: wrong,
            },
        )
    });
    let mut hidden = vec![("act".to_owned(), typed.one("act").to_owned())];
    hidden.extend(tried.iter().map(|(id, _)| ("id".to_owned(), id.clone())));
    Ok(Act {
        act: typed.one("act").to_owned(),
        title,
        says,
        action: "/subscriptions/bulk".to_owned(),
        back: "/subscriptions".to_owned(),
        about: t.count("subscriptions-many", number as u64),
        hidden,
        choices: Vec::new(),
        serial: None,
        cost: (able > 0).then(|| cost(&t, &tried, able)),
        refused: refused(app, allowed, &t, &tried).await?,
        fault: ids.is_empty().then(|| t.get("subscriptions-choose-some")),
        count,
        frame,
    })
}

/// What all of them come to together.
fn cost(t: &crate::web::text::Texts, tried: &[One], able: usize) -> Cost {
    let documents: Vec<Invoice> = tried
        .iter()
        .filter_map(|(_, one)| one.as_ref().ok())
        .flat_map(|outcome| outcome.documents.clone())
        .collect();
    Cost {
        next: t.count("subscriptions-done-to", able as u64),
        ..words::cost(t, &documents, None)
    }
}

/// Those that it cannot be done to, by name.
async fn refused(
    app: &App,
    allowed: &Allowed<Sell>,
    t: &crate::web::text::Texts,
    tried: &[One],
) -> Answer<Vec<(String, String)>> {
    let refused: Vec<(String, Problem)> = tried
        .iter()
        .filter_map(|(id, one)| Some((id.clone(), one.as_ref().err()?.clone())))
        .collect();
    let (books, scope) = (books::sold(&allowed.actor), allowed.scope().clone());
    let wanted: Vec<String> = refused.iter().map(|(id, _)| id.clone()).collect();
    let named = app.store.read(move |c| {
        let mut rows = Vec::new();
        for id in &wanted {
            rows.extend(muster_store::selling::subscriptions::find(c, &books, id)?);
        }
        list::named(c, &books, &scope, rows)
    });
    let named = named.await?;
    let whose = |id: &str| {
        let found = named.iter().find(|named| named.row.id == id);
        found.map_or_else(
            || t.get("subscriptions-unknown"),
            |named| format!("{}, {}", named.plan, named.other),
        )
    };
    Ok(refused
        .iter()
        .map(|(id, problem)| (whose(id), frame::words(t, problem.code, &problem.detail)))
        .collect())
}
