//! The page of the payment provider.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use super::told;
use crate::app::App;
use crate::features::payments::provider::secrets;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::session;
use crate::web::view::Place;
use crate::web::view::payments::{Provider, Secret};

/// `GET /payments/provider`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&fill(&app, &allowed, &request).await?)
}

/// `POST /payments/provider`: the answer shows the secret, this once.
pub async fn make(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    let app = app.into_inner();
    let made = secrets::make(&app, &allowed).await;
    let mut page = fill(&app, &allowed, &request).await?;
    match made {
        Ok((_, secret)) => {
            page.made = Some(secret);
            frame::html(&page)
        }
        Err(problem) => {
            let answered = problem.clone();
            page.refusal = Some(told(&page.frame, problem)?);
            frame::refused(&answered, &page)
        }
    }
}

/// `POST /payments/provider/{id}/end`
pub async fn end(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    secrets::end(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(frame::see_other("/payments/provider"))
}

async fn fill(
    app: &App,
    allowed: &Allowed<TakePayments>,
    request: &HttpRequest,
) -> Answer<Provider> {
    let rows = secrets::list(app, allowed).await?;
    let seller = &allowed.actor.organisation.id;
    Ok(Provider {
        frame: frame::frame(app, &allowed.actor, request, Place::Payments).await?,
        address: format!("{}/webhooks/payments/{seller}", app.portal_url),
        made: None,
        refusal: None,
        secrets: rows
            .into_iter()
            .map(|row| Secret {
                id: row.id,
                made_by: row.made_by_name,
                made_at: Timestamp::from_microsecond(row.created_at).unwrap_or_default(),
            })
            .collect(),
    })
}
