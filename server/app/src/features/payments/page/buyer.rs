//! A buyer's money: refunds, credit used, debts given up.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::permission::Permission;

use super::{amount, day, told, typed};
use crate::app::App;
use crate::features::payments::find;
use crate::features::payments::input;
use crate::features::payments::refund::{self, NewRefund};
use crate::features::payments::write_off::{self, NewWriteOff};
use crate::web::actor::{Actor, Allowed, GiveUpDebts, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::view::payments::{Money, Owed};
use crate::web::view::{Choice, Input, Place};

/// `GET /buyers/{id}/money`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let standing = find::standing(&app, &allowed, id.into_inner()).await?;
    frame::html(&fill(&app, &allowed.actor, &request, standing).await?)
}

/// `POST /buyers/{id}/refund`
pub async fn refund(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let page = page_of(&app, &allowed.actor, &request, &id).await?;
    let read = || {
        Ok::<_, Problem>(NewRefund {
            account_id: id.clone(),
            amount: typed(&page.1.frame.t, &page.0.account, fields.one("amount"))?,
            note: input::reason(fields.one("note"))?,
            key: input::key(&app, fields.some("key"))?,
        })
    };
    let done = match read() {
        Ok(new) => refund::refund(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(made) => Ok(frame::see_other(&format!("/payments/{}", made.id))),
        Err(problem) => again(page.1, &fields, problem),
    }
}

/// `POST /buyers/{id}/use-credit`
pub async fn use_credit(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let page = page_of(&app, &allowed.actor, &request, &id).await?;
    let done = match typed(&page.1.frame.t, &page.0.account, fields.one("amount")) {
        Ok(sum) => {
            let invoice = fields.one("invoice").to_owned();
            refund::use_credit(&app, &allowed, invoice, sum).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(_) => Ok(frame::see_other(&format!("/buyers/{id}/money"))),
        Err(problem) => again(page.1, &fields, problem),
    }
}

/// `POST /buyers/{id}/write-off`
pub async fn write_off(
    app: Data<App>,
    allowed: Allowed<GiveUpDebts>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    let app = app.into_inner();
    let page = page_of(&app, &allowed.actor, &request, &id).await?;
    let read = || {
        Ok::<_, Problem>(NewWriteOff {
            invoice_id: fields.one("invoice").to_owned(),
            amount: typed(&page.1.frame.t, &page.0.account, fields.one("amount"))?,
            note: input::reason(fields.one("note"))?,
            key: input::key(&app, fields.some("key"))?,
        })
    };
    let done = match read() {
        Ok(new) => write_off::write_off(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(made) => Ok(frame::see_other(&format!("/payments/{}", made.id))),
        Err(problem) => again(page.1, &fields, problem),
    }
}

/// The form with what was typed, and why it was refused.
fn again(mut page: Money, fields: &Fields, problem: Problem) -> Answer<HttpResponse> {
    page.amount = Input::filled(fields.one("amount"));
    page.note = Input::filled(fields.one("note"));
    if let Some(key) = fields.some("key") {
        key.clone_into(&mut page.key);
    }
    let answered = problem.clone();
    page.refusal = Some(told(&page.frame, problem)?);
    frame::refused(&answered, &page)
}

async fn page_of(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    id: &str,
) -> Answer<(find::Standing, Money)> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    let standing = find::standing(app, &reader, id.to_owned()).await?;
    let page = fill(app, actor, request, standing.clone()).await?;
    Ok((standing, page))
}

async fn fill(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    standing: find::Standing,
) -> Answer<Money> {
    let frame = frame::frame(app, actor, request, Place::Buyers).await?;
    let t = &frame.t;
    let mut owed = Vec::new();
    for (number, row) in standing.open {
        owed.push(Owed {
            due: day(t, &row.due_date),
            open: amount(t, row.open, &row.currency)?,
            id: row.invoice_id,
            number,
        });
    }
    let account = standing.account;
    Ok(Money {
        credit: amount(t, account.credit, &account.currency)?,
        has_credit: account.credit.saturating_add(account.credit_limit) > 0,
        invoices: owed
            .iter()
            .map(|row| Choice {
                value: row.id.clone(),
                label: format!("{} · {}", row.number, row.open),
            })
            .collect(),
        owed,
        id: account.id,
        buyer: standing.buyer,
        refusal: None,
        amount: Input::default(),
        note: Input::default(),
        key: app.new_id(),
        may_take: actor.role.may(Permission::TakePayments),
        may_give_up: actor.role.may(Permission::GiveUpDebts),
        frame,
    })
}
