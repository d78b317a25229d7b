//! The list, one payment, and entering one.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::permission::Permission;

use super::{amount, choices, day, state, today, told, typed};
use crate::app::App;
use crate::features::payments::enter::{self, NewPayment};
use crate::features::payments::find::{self, Shown, Whole};
use crate::features::payments::{input, refund, turns};
use crate::web::actor::{Actor, Allowed, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::text::Texts;
use crate::web::view::payments as view;
use crate::web::view::{Input, Pages, Place};

/// `GET /payments`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let account = query.some("account").map(str::to_owned);
    let asked = PageRequest::read(&query)?;
    let is_first = asked.cursor.is_none();
    let found = find::list(&app, &allowed, account.clone(), asked).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Payments).await?;
    let address = |cursor: Option<&str>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(account) = &account {
            query.append_pair("account", account);
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        format!("/payments?{}", query.finish())
    };
    let rows = found.items.iter().map(|shown| row(&frame.t, shown));
    frame::html(&view::Payments {
        rows: rows.collect::<Answer<Vec<_>>>()?,
        pages: Pages {
            previous: (!is_first).then(|| address(None)),
            next: found.next.as_deref().map(|cursor| address(Some(cursor))),
        },
        may_take: allowed.actor.role.may(Permission::TakePayments),
        frame,
    })
}

fn row(t: &Texts, shown: &Shown) -> Answer<view::Row> {
    let payment = &shown.payment;
    Ok(view::Row {
        id: payment.id.clone(),
        buyer: shown.buyer.clone(),
        day: day(t, &payment.received_on),
        note: payment.note.clone(),
        amount: amount(t, payment.amount, &payment.currency)?,
        state: state(shown),
    })
}

/// `GET /payments/{id}`
pub async fn one(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed.actor, &request, id.into_inner()).await?)
}

/// `POST /payments/{id}/take-back`
pub async fn take_back(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let read = || {
        let on = input::day("on", fields.one("on"))?;
        Ok::<_, Problem>((on, input::reason(fields.one("note"))?))
    };
    let done = match read() {
        Ok((on, note)) => turns::take_back(&app, &allowed, id.clone(), on, note).await,
        Err(problem) => Err(problem),
    };
    after(
        &app,
        &allowed.actor,
        &request,
        (&id, &fields),
        done.map(drop),
    )
    .await
}

/// `POST /payments/{id}/paid-back`
pub async fn paid_back(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let done = match input::day("on", fields.one("on")) {
        Ok(on) => refund::paid_back(&app, &allowed, id.clone(), on).await,
        Err(fault) => Err(fault.into()),
    };
    after(
        &app,
        &allowed.actor,
        &request,
        (&id, &fields),
        done.map(drop),
    )
    .await
}

/// `POST /payments/{id}/looked-at`
pub async fn looked_at(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let done = turns::looked_at(&app, &allowed, id.clone()).await;
    after(
        &app,
        &allowed.actor,
        &request,
        (&id, &fields),
        done.map(drop),
    )
    .await
}

/// The payment again: as it is now, or with what was typed and why it was refused.
async fn after(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    (id, fields): (&str, &Fields),
    done: Answer<()>,
) -> Answer<HttpResponse> {
    let Err(problem) = done else {
        return Ok(frame::see_other(&format!("/payments/{id}")));
    };
    // What is not there is told before the page is asked for, which would say the same.
    let mut page = fill(app, actor, request, id.to_owned()).await?;
    page.on = frame::input(&page.frame.t, &problem, "on", fields.one("on"));
    page.reason = frame::input(&page.frame.t, &problem, "note", fields.one("note"));
    let answered = problem.clone();
    page.refusal = Some(told(&page.frame, problem)?);
    frame::refused(&answered, &page)
}

async fn fill(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    id: String,
) -> Answer<view::Payment> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    let Whole {
        shown,
        settled,
        to_credit,
    } = find::find(app, &reader, id).await?;
    let frame = frame::frame(app, actor, request, Place::Payments).await?;
    let t = &frame.t;
    let payment = &shown.payment;
    let money = |minor| amount(t, minor, &payment.currency);
    let settled = settled
        .into_iter()
        .map(|(invoice, number, part)| Ok((invoice, number, money(part)?)));
    let source = match payment.source.as_str() {
        "statement" => t.get("payment-source-statement"),
        "provider" => t.get("payment-source-provider"),
        _ => t.get("payment-source-hand"),
    };
    Ok(view::Payment {
        settled: settled.collect::<Answer<Vec<_>>>()?,
        to_credit: if to_credit > 0 {
            Some(money(to_credit)?)
        } else {
            None
        },
        amount: money(payment.amount)?,
        state: state(&shown),
        day: day(t, &payment.received_on),
        source,
        returned: shown.turn("returned").map(|turn| {
            let who = turn.recorded_by_name.clone();
            (day(t, &turn.on_date), turn.note.clone(), who)
        }),
        paid_back: shown.turn("paid-back").map(|turn| day(t, &turn.on_date)),
        refusal: None,
        on: Input::filled(&today(app, &actor.organisation.id).await?),
        reason: Input::default(),
        may_take: actor.role.may(Permission::TakePayments),
        recorded_at: Timestamp::from_microsecond(payment.created_at).unwrap_or_default(),
        id: shown.payment.id,
        account_id: shown.payment.billing_account_id,
        buyer: shown.buyer,
        note: shown.payment.note,
        recorded_by: shown.payment.recorded_by_name,
        frame,
    })
}

/// `GET /payments/new`
pub async fn new(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let mut page = form(&app, &allowed.actor, &request).await?;
    page.account = Input::filled(query.one("account"));
    frame::html(&page)
}

/// `POST /payments/new`
pub async fn add(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let mut page = form(&app, &allowed.actor, &request).await?;
    let entered = match read(&app, &allowed, &page.frame.t, &fields).await {
        Ok(new) => enter::enter(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    let problem = match entered {
        Ok(booked) => {
            return Ok(frame::see_other(&format!(
                "/payments/{}",
                booked.payment.id
            )));
        }
        Err(problem) => problem,
    };
    let input =
        |t: &Texts, field: &str, name: &str| frame::input(t, &problem, field, fields.one(name));
    let t = &page.frame.t;
    let account = input(t, "account_id", "account");
    let (amount, note) = (input(t, "amount", "amount"), input(t, "note", "note"));
    let received_on = input(t, "received_on", "received_on");
    page.refusal = if problem.fields.is_empty() {
        Some(told(&page.frame, problem.clone())?)
    } else {
        None
    };
    frame::refused(
        &problem,
        &view::NewPayment {
            account,
            amount,
            received_on,
            note,
            key: fields.one("key").to_owned(),
            ..page
        },
    )
}

async fn read(
    app: &App,
    allowed: &Allowed<TakePayments>,
    t: &Texts,
    fields: &Fields,
) -> Answer<NewPayment> {
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    let id = fields.one("account").to_owned();
    let standing = find::standing(app, &reader, id.clone()).await;
    let standing = standing.map_err(|_| {
        muster_domain::text::Invalid::new(
            "account_id",
            "account",
            "There is no such buyer in your books. Choose one of your buyers.",
        )
    })?;
    Ok(NewPayment {
        account_id: id,
        amount: typed(t, &standing.account, fields.one("amount"))?,
        received_on: input::day("received_on", fields.one("received_on"))?,
        note: input::note(fields.one("note"))?,
        invoice_ids: Vec::new(),
        key: input::key(app, fields.some("key"))?,
    })
}

async fn form(app: &App, actor: &Actor, request: &HttpRequest) -> Answer<view::NewPayment> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    Ok(view::NewPayment {
        frame: frame::frame(app, actor, request, Place::Payments).await?,
        buyers: choices(&find::buyers(app, &reader).await?),
        account: Input::default(),
        amount: Input::default(),
        received_on: Input::filled(&today(app, &actor.organisation.id).await?),
        note: Input::default(),
        key: app.new_id(),
        refusal: None,
    })
}
