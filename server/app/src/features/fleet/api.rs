//! Devices for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_store::device_search::{DeviceView, LiveCertificate};
use muster_store::devices;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::list::{self, read_filter, read_sort};
use super::register::{self, NewDevice};
use super::shape::{DeviceShown, shown};
use super::show;
use crate::app::App;
use crate::web::actor::{Allowed, ManageDevices, ReadFleet};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::{Answer, Problem};

/// The part of the API's description that is devices.
#[derive(OpenApi)]
#[openapi(paths(list, register, show))]
pub struct Api;

/// A phone to register.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeviceBody {
    /// 1 to 64 letters, digits, dots, dashes and underscores; unique in the fleet.
    serial_number: String,
    /// 1 to 64 characters.
    model: String,
    /// 15 digits.
    imei: Option<String>,
    /// The owner: a reseller or one of its customers; one's own organisation unless said otherwise.
    organisation_id: Option<String>,
}

/// Devices in the token's scope.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "devices",
    params(
        ("q" = Option<String>, Query, description = "Beginning of a serial number or IMEI, or a part of the owner's name"),
        ("lifecycle" = Option<String>, Query, description = "registered, enrolled, killed, wiped or retired"),
        ("contact" = Option<String>, Query, description = "fresh, stale, lost, never, or silent for stale and lost"),
        ("restriction" = Option<String>, Query, description = "locked, suspended, held or none"),
        ("organisation_id" = Option<String>, Query),
        ("sort" = Option<String>, Query, description = "serial, contact, silent or newest"),
        ("limit" = Option<i64>, Query),
        ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = List<DeviceShown>))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let (query, now) = (
        Fields::parse(request.query_string().as_bytes()),
        app.now_micros(),
    );
    let (filter, sort, page) = (
        read_filter(&query, now)?,
        read_sort(&query)?,
        PageRequest::read(&query)?,
    );
    let page = list::list(&app.into_inner(), &allowed, filter, sort, page).await?;
    let items = page.items.iter().map(|view| shown(view, now)).collect();
    Ok(json::ok(&List::<DeviceShown> {
        items,
        next_cursor: page.next,
    }))
}

/// Registers a device.
#[utoipa::path(
    post, path = "/api/v1/devices", tag = "devices", request_body = NewDeviceBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 201, body = DeviceShown),
        (status = 409, description = "The serial number is registered already, or the reseller has no fleet"),
        (status = 422)
    )
)]
pub async fn register(
    app: Data<App>,
    allowed: Allowed<ManageDevices>,
    request: HttpRequest,
    body: Json<NewDeviceBody>,
) -> Answer<HttpResponse> {
    let (app, sent) = (app.into_inner(), body.value);
    json::once(&app, &allowed.actor, &request, &body.bytes, async || {
        let new = NewDevice::parse(
            &sent.serial_number,
            &sent.model,
            sent.imei.as_deref(),
            sent.organisation_id.as_deref(),
        )?;
        let device = register::register(&app, &allowed, new).await?;
        registered(&app, device).await
    })
    .await
}

/// A device that was just registered: nothing has happened to it yet.
async fn registered(app: &App, device: devices::Device) -> Answer<DeviceShown> {
    let id = device.id.clone();
    let state = app
        .store
        .read(move |c| devices::state_for_phone(c, &id))
        .await?;
    let state = state.ok_or_else(|| Problem::not_found("device"))?;
    let certificate: Option<LiveCertificate> = None;
    Ok(shown(
        &DeviceView {
            device,
            state,
            organisation_name: String::new(),
            certificate,
        },
        app.now_micros(),
    ))
}

/// One device.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "The device")),
    responses((status = 200, body = DeviceShown), (status = 404))
)]
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let now = app.now_micros();
    let view = show::find(&app.into_inner(), &allowed, &id).await?;
    Ok(json::ok(&shown(&view, now)))
}
