//! The pages of buyers: the list, one of them, and the forms.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::permission::Permission;
use muster_domain::scope::Books;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_store::selling::{accounts::Account, buyers as rows, sellers};

use super::add::{self, NewBuyer};
use super::change::{self, NewTerms};
use super::show::{self, Query, Shown};
use crate::app::App;
use crate::features::selling::sellers::party;
use crate::features::selling::typed::Amounts;
use crate::web::actor::{Actor, Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::money_words::{decimal_sign, typed};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session;
use crate::web::view::sellers::{self as view, Buyer, BuyerForm, BuyerRow, Buyers};
use crate::web::view::{Frame, Inputs, Pages, Place};

/// How many organisations the form offers.
const OFFERED: i64 = 500;

/// `GET /buyers`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let actor = &allowed.actor;
    let fields = Fields::parse(request.query_string().as_bytes());
    let query = Query::read(actor, &fields)?;
    let sold = matches!(query.books, Books::Seller(_));
    let (is_first, q) = (
        query.page.cursor.is_none(),
        query.q.clone().unwrap_or_default(),
    );
    let page = show::list(&app, &allowed, query).await?;
    let frame = frame::frame(&app, actor, &request, Place::Buyers).await?;
    let address = |cursor: Option<&str>| {
        let mut kept = form_urlencoded::Serializer::new(String::new());
        if !sold && actor.organisation.kind != "customer" {
            kept.append_pair("side", "bought");
        }
        if !q.is_empty() {
            kept.append_pair("q", &q);
        }
        if let Some(cursor) = cursor {
            kept.append_pair("cursor", cursor);
        }
        match kept.finish() {
            kept if kept.is_empty() => "/buyers".to_owned(),
            kept => format!("/buyers?{kept}"),
        }
    };
    let payments = view::payments(&frame.t);
    let mut shown = Vec::new();
    for (account, name) in page.items {
        shown.push(BuyerRow {
            credit: Money::new(account.credit, Currency::parse(&account.currency)?),
            payment: view::label(&payments, &account.payment),
            live: account.live_subscriptions.unsigned_abs(),
            id: account.id,
            name,
        });
    }
    let home = actor.organisation.id.clone();
    let selling = app.store.read(move |c| sellers::find(c, &home)).await?;
    frame::html(&Buyers {
        sold,
        both_sides: actor.organisation.kind == "reseller",
        selling: selling.is_some(),
        rows: shown,
        pages: Pages {
            previous: (!is_first).then(|| address(None)),
            next: page.next.as_deref().map(|cursor| address(Some(cursor))),
        },
        may_add: actor.role.may(Permission::SetPrices),
        q,
        frame,
    })
}

/// `GET /buyers/{id}`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = show::find(&app, &allowed, id.into_inner()).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Buyers).await?;
    let may_change = found.sold && allowed.actor.role.may(Permission::SetPrices);
    frame::html(&describe(frame, found, may_change)?)
}

/// `GET /buyers/new`
pub async fn blank(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let seller = show::seller(&app, &allowed.actor).await?;
    let values = [
        ("currency", seller.currency.clone()),
        ("zone", seller.zone.clone()),
        ("language", seller.language.clone()),
        ("terms_days", seller.terms_days.to_string()),
        ("credit_limit", "0".to_owned()),
    ];
    let form = form(&app, &allowed.actor, &request, None, Inputs::filled(values));
    frame::html(&form.await?)
}

/// `POST /buyers/new`
pub async fn add(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let seller = show::seller(&app, &allowed.actor).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Buyers).await?;
    let amounts = Amounts::Typed(decimal_sign(frame.t.language()));
    let added = match NewBuyer::read(&fields, amounts, &seller) {
        Ok(new) => add::add(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(account) => Ok(frame::done(&format!("/buyers/{}", account.id), Done::Saved)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let inputs = Inputs::refused(&frame.t, &fields, &problem);
            let form = form(&app, &allowed.actor, &request, None, inputs).await?;
            frame::refused(&problem, &form)
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /buyers/{id}/terms`
pub async fn terms(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = own(&app, &allowed.actor, id.into_inner()).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Buyers).await?;
    let limit = Money::new(
        found.account.credit_limit,
        Currency::parse(&found.account.currency)?,
    );
    let kind = if found.account.business == 1 {
        "business"
    } else {
        "consumer"
    };
    let mut values = party::fields(&found.party);
    values.extend([
        ("kind", kind.to_owned()),
        ("zone", found.account.zone.clone()),
        ("language", found.account.language.clone()),
        ("terms_days", found.account.terms_days.to_string()),
        ("payment", found.account.payment.clone()),
        ("credit_limit", typed(frame.t.language(), limit)),
    ]);
    let inputs = Inputs::filled(values);
    let form = form(&app, &allowed.actor, &request, Some(&found), inputs);
    frame::html(&form.await?)
}

/// `POST /buyers/{id}/terms`
pub async fn change(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let found = own(&app, &allowed.actor, id.into_inner()).await?;
    let seller = show::seller(&app, &allowed.actor).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Buyers).await?;
    let amounts = Amounts::Typed(decimal_sign(frame.t.language()));
    let changed = match NewTerms::read(&fields, amounts, &found.account, &seller) {
        Ok(new) => change::change(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(account) => Ok(frame::done(&format!("/buyers/{}", account.id), Done::Saved)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let inputs = Inputs::refused(&frame.t, &fields, &problem);
            let form = form(&app, &allowed.actor, &request, Some(&found), inputs).await?;
            frame::refused(&problem, &form)
        }
        Err(problem) => Err(problem),
    }
}

/// A buyer of the actor's organisation; one from whom it buys is not its to change.
async fn own(app: &App, actor: &Actor, id: String) -> Answer<Shown> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    let found = show::find(app, &reader, id).await?;
    if found.sold {
        Ok(found)
    } else {
        Err(Problem::not_found("buyer"))
    }
}

async fn form(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    found: Option<&Shown>,
    inputs: Inputs,
) -> Answer<BuyerForm> {
    let frame = frame::frame(app, actor, request, Place::Buyers).await?;
    let home = actor.organisation.id.clone();
    let beneath = app
        .store
        .read(move |c| rows::possible(c, &home, OFFERED))
        .await?;
    let seller = show::seller(app, actor).await?;
    Ok(BuyerForm {
        account: found.map(|found| (found.account.id.clone(), found.name.clone())),
        currency: found.map_or(seller.currency, |found| found.account.currency.clone()),
        inputs,
        organisations: beneath
            .into_iter()
            .map(|(id, name)| view::choice(&id, name))
            .collect(),
        kinds: view::kinds(&frame.t),
        payments: view::payments(&frame.t),
        zones: view::zones(),
        languages: view::languages(&frame.t),
        frame,
    })
}

fn describe(frame: Frame, found: Shown, may_change: bool) -> Answer<Buyer> {
    let currency = Currency::parse(&found.account.currency)?;
    let amount = |minor| Money::new(minor, currency);
    let due = found.open.first().map(|owed| owed.due_date.clone());
    Ok(Buyer {
        owed: amount(found.owed()),
        open_count: found.open.len() as u64,
        due_since: due.and_then(|day| day.parse().ok()),
        credit: amount(found.account.credit),
        credit_limit: amount(found.account.credit_limit),
        live: found.account.live_subscriptions.unsigned_abs(),
        terms: terms_facts(&frame, &found.account),
        party: view::party_facts(&frame.t, &party::fields(&found.party)),
        bounce: found
            .bounce
            .map(|bounce| (bounce.mail_id, bounce.recipient, bounce.error)),
        id: found.account.id,
        name: found.name,
        sold: found.sold,
        may_change,
        frame,
    })
}

fn terms_facts(frame: &Frame, account: &Account) -> Vec<(String, String)> {
    let t = &frame.t;
    let kind = if account.business == 1 {
        "business"
    } else {
        "consumer"
    };
    vec![
        (
            t.get("buyer-payment"),
            view::label(&view::payments(t), &account.payment),
        ),
        (
            t.get("buyer-terms-days"),
            t.count("plan-days", account.terms_days.unsigned_abs()),
        ),
        (t.get("selling-currency"), account.currency.clone()),
        (t.get("buyer-kind"), view::label(&view::kinds(t), kind)),
        (t.get("selling-zone"), account.zone.clone()),
        (
            t.get("selling-language"),
            view::label(&view::languages(t), &account.language),
        ),
    ]
}
