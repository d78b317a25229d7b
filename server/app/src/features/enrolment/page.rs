//! Enrolment's pages: the card with a code, the part of it that waits for the phone, and revocation.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_store::{devices, enrolment_codes};

use super::enrol;
use super::issue_code::{self, IssuedCode};
use super::revoke::{self, Revocation};
use crate::app::App;
use crate::web::actor::{Allowed, IssueCodes, ReadFleet, RevokeDevices};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::view::code::{Code, CodeCard, Waiting};
use crate::web::view::{Frame, Place};

/// `POST /devices/{id}/enrolment-code`: the card is the answer itself, because nobody can be shown a code twice.
pub async fn issue_code(
    app: Data<App>,
    allowed: Allowed<IssueCodes>,
    id: Path<String>,
    fields: Fields,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    issue_code::confirm_many(&app, &allowed).await?;
    let issued = issue_code::issue_code(&app, &allowed, &id).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Devices).await?;
    let page = Code {
        card: card(&app, &frame, &issued)?,
        marks: marks(&app, &frame, &issued.fleet_fingerprint),
        frame,
    };
    frame::html(&page)
}

/// `GET /devices/{id}/code/waiting`: the part of the card that is fetched again and again until the phone has joined.
pub async fn waiting(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let (scope, device, now) = (allowed.scope().clone(), id.into_inner(), app.now_micros());
    let found = app
        .store
        .read(move |c| {
            Ok((
                devices::find(c, &scope, &device)?,
                enrolment_codes::newest_of_device(c, &scope, &device)?,
            ))
        })
        .await?;
    let (Some(device), Some(code)) = found else {
        return Err(Problem::not_found("enrolment code"));
    };
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Devices).await?;
    let joined = code.used_at.and_then(|at| {
        let words = enrol::words(device.enrolment_id.as_deref()?);
        Some((Timestamp::from_microsecond(at).ok()?, words))
    });
    let ended = joined.is_none() && (code.withdrawn_at.is_some() || code.expires_at <= now);
    frame::fragment(
        &request,
        &part(frame, &device.id, &device.serial_number, joined, ended),
    )
}

/// `POST /devices/{id}/revoke`
pub async fn revoke(
    app: Data<App>,
    allowed: Allowed<RevokeDevices>,
    id: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    allowed.actor.confirm_first(&app)?;
    let asked = Revocation::parse(&id, fields.some("reason"))?;
    revoke::revoke(&app.into_inner(), &allowed, asked).await?;
    Ok(frame::done(
        &format!("/devices/{id}"),
        Done::CertificateRevoked,
    ))
}

/// The card of a code, for this page and for the one that adds devices.
///
/// # Errors
/// The QR cannot be drawn.
pub fn card(app: &App, frame: &Frame, issued: &IssuedCode) -> Answer<CodeCard> {
    let device = &issued.device;
    let code = issued.code.to_string();
    Ok(CodeCard {
        device_id: device.id.clone(),
        serial_number: device.serial_number.clone(),
        model: device.model.clone(),
        organisation: issued.organisation.clone(),
        code: code.split('-').map(str::to_owned).collect(),
        qr: CodeCard::qr_from_paper(issued.qr_svg(app)?),
        made_at: issued.made_at,
        expires_at: issued.expires_at,
        waiting: part(
            frame.clone(),
            &device.id,
            &device.serial_number,
            None,
            false,
        ),
    })
}

/// What a phone will trust: label and fingerprint.
#[must_use]
pub fn marks(app: &App, frame: &Frame, fleet_fingerprint: &str) -> Vec<(String, String)> {
    vec![
        (frame.t("mark-server"), app.authority.ca_fingerprint()),
        (frame.t("mark-fleet"), fleet_fingerprint.to_owned()),
    ]
}

fn part(
    frame: Frame,
    id: &str,
    serial: &str,
    joined: Option<(Timestamp, String)>,
    ended: bool,
) -> Waiting {
    Waiting {
        frame,
        live_url: format!("/devices/{id}/code/waiting"),
        device_id: id.to_owned(),
        serial_number: serial.to_owned(),
        joined,
        ended,
    }
}
