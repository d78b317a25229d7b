//! The page on which an invoice is credited.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::selling::money::Money;
use muster_domain::text::Invalid;

use super::{amount, told};
use crate::app::App;
use crate::features::payments::books;
use crate::features::payments::credit_note::{self, Creditable, NewCredit, NewPart};
use crate::features::payments::input::above_zero;
use crate::web::actor::{Allowed, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::money_words;
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::text::Texts;
use crate::web::view::Place;
use crate::web::view::payments::{Credit, Line};

/// `GET /invoices/{id}/credit`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = find(&app, &allowed, id.into_inner()).await?;
    frame::html(&fill(&app, &allowed, &request, &found).await?)
}

/// `POST /invoices/{id}/credit`
pub async fn credit(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let found = find(&app, &allowed, id.into_inner()).await?;
    let mut page = fill(&app, &allowed, &request, &found).await?;
    let done = match read(&page.frame.t, &found, &fields) {
        Ok(new) => credit_note::credit(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    let problem = match done {
        Ok(note) => return Ok(frame::see_other(&format!("/invoices/{}", note.id))),
        Err(problem) => problem,
    };
    for line in &mut page.lines {
        fields
            .one(&field(line.position))
            .clone_into(&mut line.typed);
    }
    let answered = problem.clone();
    page.refusal = Some(told(&page.frame, problem)?);
    frame::refused(&answered, &page)
}

async fn find(app: &App, allowed: &Allowed<TakePayments>, id: String) -> Answer<Creditable> {
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    credit_note::creditable(app, &reader, id).await
}

fn field(position: i64) -> String {
    format!("net-{position}")
}

fn read(t: &Texts, found: &Creditable, fields: &Fields) -> Answer<NewCredit> {
    let sign = money_words::decimal_sign(t.language());
    let mut parts = Vec::new();
    for (line, left) in &found.lines {
        let Some(typed) = fields.some(&field(line.position)) else {
            continue;
        };
        parts.push(NewPart {
            position: line.position,
            net: above_zero(Money::parse(typed, left.currency(), sign)?)?,
            text: String::new(),
        });
    }
    // The whole is credited where the button for it was pressed, never because nothing was typed.
    if fields.some("whole").is_some() {
        parts.clear();
    } else if parts.is_empty() {
        let message = "Nothing was typed. Type what is credited of at least one line.";
        return Err(Invalid::new("amount", "credit-empty", message).into());
    }
    Ok(NewCredit {
        invoice_id: found.invoice.id.clone(),
        parts,
    })
}

async fn fill(
    app: &App,
    allowed: &Allowed<TakePayments>,
    request: &HttpRequest,
    found: &Creditable,
) -> Answer<Credit> {
    let frame = frame::frame(app, &allowed.actor, request, Place::Invoices).await?;
    let (t, invoice) = (&frame.t, &found.invoice);
    let lines = found.lines.iter().map(|(line, left)| {
        let net = books::money(line.net, &invoice.currency).map_err(Problem::from)?;
        Ok(Line {
            position: line.position,
            text: line.description.clone(),
            net: money_words::amount(t, net),
            left: money_words::amount(t, *left),
            typed: String::new(),
        })
    });
    Ok(Credit {
        id: invoice.id.clone(),
        number: found.number.clone(),
        total: amount(t, invoice.total, &invoice.currency)?,
        open: money_words::amount(t, found.open),
        lines: lines.collect::<Answer<Vec<_>>>()?,
        whole: !found.was_credited && invoice.kind == "invoice",
        refusal: None,
        frame,
    })
}
