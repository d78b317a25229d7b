//! Bank statements: the upload, what waits, one statement.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::Permission;
use muster_store::selling::statements;

use super::{amount, choices, day, told};
use crate::app::App;
use crate::features::payments::api::bank::whole;
use crate::features::payments::find;
use crate::features::payments::statement::decide::{self, Shown};
use crate::features::payments::statement::import::{self, Imported};
use crate::web::actor::{Actor, Allowed, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session;
use crate::web::text::Texts;
use crate::web::view::payments as view;
use crate::web::view::{Pages, Place};

/// So many statements are listed beside what waits.
const NEWEST: i64 = 10;

/// `GET /payments/bank`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed.actor, &request).await?)
}

/// `POST /payments/bank`: the answer says what became of the file.
pub async fn import(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    body: Payload,
) -> Answer<HttpResponse> {
    let body = whole(body).await?;
    let (csrf, file) = uploaded(&request, &body).await?;
    let csrf = form_urlencoded::Serializer::new(String::new())
        .append_pair("csrf", &csrf)
        .finish();
    session::check_form(&allowed.actor, &Fields::parse(csrf.as_bytes()))?;
    let app = app.into_inner();
    let imported = import::import(&app, &allowed, file).await;
    let mut page = fill(&app, &allowed.actor, &request).await?;
    match imported {
        Ok(imported) => {
            page.imported = imported.iter().map(counts).collect();
            frame::html(&page)
        }
        Err(problem) => {
            let answered = problem.clone();
            page.refusal = Some(told(&page.frame, problem)?);
            frame::refused(&answered, &page)
        }
    }
}

fn counts(imported: &Imported) -> (String, [u64; 4]) {
    let counts = [
        imported.new,
        imported.booked,
        imported.waiting,
        imported.known,
    ];
    let counts = counts.map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    (imported.statement.iban.clone(), counts)
}

/// The secret and the file that a form sent.
async fn uploaded(request: &HttpRequest, body: &[u8]) -> Answer<(String, Vec<u8>)> {
    let declared = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(declared) else {
        let detail = "Send the form with its file: multipart/form-data.";
        return Err(Problem::new(Kind::WrongType, "wrong-type", detail));
    };
    let broken = |_| {
        let detail = "The form did not arrive whole. Send it again.";
        Problem::invalid("form", detail)
    };
    let mut parts = multer::Multipart::with_reader(body, boundary);
    let (mut csrf, mut file) = (String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("csrf") => csrf = part.text().await.map_err(broken)?,
            Some("file") => file = part.bytes().await.map_err(broken)?.to_vec(),
            Some(_) | None => {}
        }
    }
    Ok((csrf, file))
}

/// `POST /payments/entries/{id}/book`
pub async fn book(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let account = fields.some("account").map(str::to_owned);
    let done = decide::book(&app, &allowed, id.into_inner(), account).await;
    after(&app, &allowed.actor, &request, done.map(drop)).await
}

/// `POST /payments/entries/{id}/ignore`
pub async fn ignore(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let done = decide::ignore(&app, &allowed, id.into_inner()).await;
    after(&app, &allowed.actor, &request, done.map(drop)).await
}

async fn after(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    done: Answer<()>,
) -> Answer<HttpResponse> {
    let Err(problem) = done else {
        return Ok(frame::see_other("/payments/bank"));
    };
    if problem.kind == Kind::NotFound {
        return Err(problem);
    }
    let mut page = fill(app, actor, request).await?;
    let answered = problem.clone();
    page.refusal = Some(told(&page.frame, problem)?);
    frame::refused(&answered, &page)
}

async fn fill(app: &App, actor: &Actor, request: &HttpRequest) -> Answer<view::Bank> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    let asked = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let is_first = asked.cursor.is_none();
    let waiting = decide::undecided(app, &reader, asked).await?;
    let newest = PageRequest {
        cursor: None,
        limit: NEWEST,
    };
    let statements = decide::statements(app, &reader, newest).await?;
    let frame = frame::frame(app, actor, request, Place::Payments).await?;
    let entries = waiting
        .items
        .into_iter()
        .map(|shown| entry(&frame.t, shown));
    Ok(view::Bank {
        imported: Vec::new(),
        refusal: None,
        entries: entries.collect::<Answer<Vec<_>>>()?,
        pages: pages("/payments/bank", is_first, waiting.next),
        buyers: choices(&find::buyers(app, &reader).await?),
        statements: statements.items.into_iter().map(line).collect(),
        may_take: actor.role.may(Permission::TakePayments),
        frame,
    })
}

/// `GET /payments/bank/{id}`
pub async fn statement(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let asked = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let is_first = asked.cursor.is_none();
    let (row, found) = decide::entries(&app, &allowed, id.clone(), asked).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Payments).await?;
    let entries = found.items.into_iter().map(|shown| entry(&frame.t, shown));
    frame::html(&view::Statement {
        entries: entries.collect::<Answer<Vec<_>>>()?,
        pages: pages(&format!("/payments/bank/{id}"), is_first, found.next),
        line: line(row),
        frame,
    })
}

fn pages(address: &str, is_first: bool, next: Option<String>) -> Pages {
    Pages {
        previous: (!is_first).then(|| address.to_owned()),
        next: next.map(|cursor| {
            let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            format!("{address}?cursor={cursor}")
        }),
    }
}

fn entry(t: &Texts, shown: Shown) -> Answer<view::Entry> {
    let entry = shown.entry;
    let state = match (shown.aside, entry.state.as_str()) {
        (Some(aside), _) => aside.as_str(),
        (None, "booked") => "booked",
        (None, "suggested") => "suggested",
        (None, "open") => "open",
        (None, _) => "ignored",
    };
    Ok(view::Entry {
        day: day(t, &entry.booked_on),
        amount: amount(t, entry.amount, &entry.currency)?,
        suggested: entry.suggested_account_id.zip(shown.suggested),
        id: entry.id,
        payer: entry.payer,
        reference: entry.reference,
        state,
        payment: entry.payment_id,
    })
}

fn line(row: statements::Statement) -> view::StatementLine {
    view::StatementLine {
        id: row.id,
        iban: row.iban,
        key: row.statement_key,
        entries: u64::try_from(row.entries).unwrap_or(0),
        by: row.imported_by_name,
        at: Timestamp::from_microsecond(row.created_at).unwrap_or_default(),
    }
}
