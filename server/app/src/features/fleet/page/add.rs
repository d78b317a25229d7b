//! `/devices/new`: scan one phone after the other; each gets its own code.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_store::device_search::{self, DeviceFilter, Sort};
use muster_store::{devices, enrolments, fleets, organisations};

use crate::app::App;
use crate::features::enrolment::issue_code::{self, IssuedCode};
use crate::features::enrolment::page as enrolment_page;
use crate::features::fleet::register::{self, NewDevice};
use crate::features::fleet::shape::at;
use crate::web::actor::{Allowed, IssueCodes, ManageDevices};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Kind};
use crate::web::session;
use crate::web::view::add_device::{AddDevice, Added};
use crate::web::view::{Choice, Input, Place};

/// Phones of today that are listed.
const ADDED: i64 = 20;
/// Owners and models that are offered.
const OFFERED: i64 = 500;
const DAY: i64 = 86_400_000_000;

/// `GET /devices/new`
pub async fn form(
    app: Data<App>,
    allowed: Allowed<ManageDevices>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    frame::html(&page(&app.into_inner(), &allowed, &request, &Fields::default()).await?)
}

/// `POST /devices/new`: the phone and its code; or the form again, with what to do.
pub async fn add(
    app: Data<App>,
    allowed: Allowed<ManageDevices>,
    codes: Allowed<IssueCodes>,
    fields: Fields,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    issue_code::confirm_many(&app, &codes).await?;
    match register_and_issue(&app, &allowed, &codes, &fields).await {
        Ok(issued) => {
            // The next phone is usually another of the same kind for the same owner.
            let mut page = page(&app, &allowed, &request, &fields).await?;
            (page.serial_number, page.imei) = (Input::default(), Input::default());
            page.card = Some(enrolment_page::card(&app, &page.frame, &issued)?);
            page.marks = enrolment_page::marks(&app, &page.frame, &issued.fleet_fingerprint);
            frame::html(&page)
        }
        Err(problem)
            if matches!(problem.kind, Kind::Invalid | Kind::Conflict)
                && !problem.fields.is_empty() =>
        {
            let mut page = page(&app, &allowed, &request, &fields).await?;
            let t = page.frame.t.clone();
            page.serial_number =
                frame::input(&t, &problem, "serial_number", fields.one("serial_number"));
            page.imei = frame::input(&t, &problem, "imei", fields.one("imei"));
            page.model = frame::input(&t, &problem, "model", fields.one("model"));
            page.organisation_id = frame::input(
                &t,
                &problem,
                "organisation_id",
                fields.one("organisation_id"),
            );
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn register_and_issue(
    app: &Arc<App>,
    allowed: &Allowed<ManageDevices>,
    codes: &Allowed<IssueCodes>,
    fields: &Fields,
) -> Answer<IssuedCode> {
    let new = NewDevice::parse(
        fields.one("serial_number"),
        fields.one("model"),
        fields.some("imei"),
        fields.some("organisation_id"),
    )?;
    let device = register::register(app, allowed, new).await?;
    issue_code::issue_code(app, codes, &device.id).await
}

/// The form, with what the organisation has already to choose from.
async fn page(
    app: &Arc<App>,
    allowed: &Allowed<ManageDevices>,
    request: &HttpRequest,
    typed: &Fields,
) -> Answer<AddDevice> {
    let (scope, today) = (
        allowed.scope().clone(),
        app.now_micros().div_euclid(DAY) * DAY,
    );
    let (owners, models, added, fingerprint) = app
        .store
        .read(move |c| {
            let newest = device_search::search(
                c,
                &scope,
                &DeviceFilter::default(),
                Sort::Newest,
                None,
                ADDED,
            )?;
            let mut added = Vec::new();
            for view in newest
                .items
                .into_iter()
                .filter(|view| view.device.created_at >= today)
            {
                let enrolment = match &view.device.enrolment_id {
                    Some(id) => enrolments::find(c, id)?,
                    None => None,
                };
                added.push(Added {
                    id: view.device.id,
                    serial_number: view.device.serial_number,
                    enrolled_at: enrolment.map(|enrolment| at(enrolment.created_at)),
                });
            }
            let fleets = fleets::list(c, &scope)?;
            // The operator sees many fleets; which one a phone will trust is known once its owner is.
            let fingerprint = match fleets.as_slice() {
                [only] => only.fingerprint.clone(),
                [] | [_, _, ..] => None,
            };
            let owners = organisations::owners_of_devices(c, &scope, OFFERED)?;
            Ok((
                owners,
                devices::models(c, &scope, OFFERED)?,
                added,
                fingerprint,
            ))
        })
        .await?;
    let frame = frame::frame(app, &allowed.actor, request, Place::AddDevices).await?;
    let mut marks = enrolment_page::marks(app, &frame, fingerprint.as_deref().unwrap_or_default());
    marks.retain(|(_, fingerprint)| !fingerprint.is_empty());
    let own = &allowed.actor.organisation.id;
    let chosen = typed.some("organisation_id").unwrap_or(own);
    Ok(AddDevice {
        card: None,
        serial_number: Input::default(),
        imei: Input::default(),
        model: Input::filled(typed.one("model")),
        organisation_id: Input::filled(chosen),
        organisations: owners
            .into_iter()
            .map(|owner| Choice {
                value: owner.id,
                label: owner.name,
            })
            .collect(),
        models,
        added,
        marks,
        frame,
    })
}
