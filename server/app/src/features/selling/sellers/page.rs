//! The page on which an organisation says how it sells.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::permission::Permission;

use super::party;
use super::set_up::{self, HowWeSell};
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::sellers::{self as view, Selling};
use crate::web::view::{Inputs, Place};

/// `GET /selling`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed, &request).await?)
}

/// `POST /selling`
pub async fn put(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let put = match HowWeSell::read(&fields) {
        Ok(new) => set_up::put(&app, &allowed, new).await,
        Err(problem) => Err(problem),
    };
    match put {
        Ok(_) => Ok(frame::done("/selling", Done::Saved)),
        Err(problem) if problem.kind == Kind::Invalid => {
            let reader = allowed.actor.allow::<ReadBooks>()?;
            let mut page = fill(&app, &reader, &request).await?;
            page.inputs = Inputs::refused(&page.frame.t, &fields, &problem);
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn fill(app: &App, allowed: &Allowed<ReadBooks>, request: &HttpRequest) -> Answer<Selling> {
    let known = set_up::find(app, allowed).await?;
    let frame = frame::frame(app, &allowed.actor, request, Place::Plans).await?;
    let languages = view::languages(&frame.t);
    let (inputs, facts) = match &known {
        Some((seller, stands)) => {
            let mut fields = party::fields(stands);
            let mut facts = view::party_facts(&frame.t, &fields);
            facts.extend([
                (frame.t("selling-currency"), seller.currency.clone()),
                (frame.t("selling-terms"), seller.terms_days.to_string()),
                (frame.t("selling-zone"), seller.zone.clone()),
                (
                    frame.t("selling-language"),
                    view::label(&languages, &seller.language),
                ),
                (frame.t("selling-invoices"), seller.invoice_series.clone()),
                (
                    frame.t("selling-credit-notes"),
                    seller.credit_note_series.clone(),
                ),
            ]);
            if seller.vat_exempt == 1 {
                facts.push((frame.t("selling-vat"), frame.t("selling-exempt")));
            }
            let exempt = if seller.vat_exempt == 1 { "yes" } else { "" };
            fields.extend([
                ("currency", seller.currency.clone()),
                ("zone", seller.zone.clone()),
                ("language", seller.language.clone()),
                ("vat_exempt", exempt.to_owned()),
                ("terms_days", seller.terms_days.to_string()),
                ("invoice_series", seller.invoice_series.clone()),
                ("credit_note_series", seller.credit_note_series.clone()),
            ]);
            (Inputs::filled(fields), facts)
        }
        None => (usual(), Vec::new()),
    };
    Ok(Selling {
        known: known.is_some(),
        may_change: allowed.actor.role.may(Permission::SetPrices),
        inputs,
        zones: view::zones(),
        languages,
        facts,
        frame,
    })
}

/// What a form begins with where nothing was said.
fn usual() -> Inputs {
    let values = [
        ("currency", "EUR"),
        ("zone", "Europe/Paris"),
        ("language", "en"),
        ("terms_days", "30"),
        ("invoice_series", "{year}-{number:5}"),
        ("credit_note_series", "C-{year}-{number:5}"),
    ];
    Inputs::filled(values.map(|(name, value)| (name, value.to_owned())))
}
