//! `GET /search`: the palette's form as a page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_store::commands::{self, CommandFilter};
use muster_store::device_search::{self, DeviceFilter, Sort};
use muster_store::{organisations, targets};

use super::rows::{self, About};
use crate::app::App;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::view::Place;
use crate::web::view::search::Search;

/// Devices found at most.
const DEVICES: i64 = 20;
/// Commands shown at most, and how many of the newest are looked through.
const COMMANDS: usize = 10;
const LOOKED_THROUGH: i64 = 200;

/// `GET /search?q=`
///
/// # Errors
/// The database does not answer.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let q: String = query.one("q").trim().chars().take(100).collect();
    let (scope, wanted, now) = (allowed.scope().clone(), q.clone(), app.now_micros());
    let (devices, commands) = app
        .store
        .read(move |c| {
            if wanted.is_empty() {
                return Ok((Vec::new(), Vec::new()));
            }
            let filter = DeviceFilter {
                q: Some(wanted.clone()),
                ..DeviceFilter::default()
            };
            let found = device_search::search(c, &scope, &filter, Sort::Serial, None, DEVICES)?;
            let devices = rows::with_days(c, &scope, found.items, now)?;
            let newest =
                commands::list(c, &scope, &CommandFilter::default(), None, LOOKED_THROUGH)?;
            let plain = wanted.to_lowercase();
            let fits = |command: &commands::Command| {
                command.reason.to_lowercase().contains(&plain)
                    || command.id == plain
                    || command.kind == plain
            };
            let mut commands = Vec::new();
            for command in newest.items.into_iter().filter(fits).take(COMMANDS) {
                let first = targets::page(c, &scope, &command.id, &[], None, 1)?
                    .items
                    .pop();
                let owner = organisations::find(c, &scope, &command.organisation_id)?;
                let counts = targets::counts_of(c, &command.id)?;
                let about = About {
                    state: &command.state,
                    code: None,
                    serial_number: first.map(|target| target.serial_number).unwrap_or_default(),
                    organisation: owner.map(|owner| owner.name).unwrap_or_default(),
                    done: counts
                        .iter()
                        .filter(|(state, _)| state == "done")
                        .map(|(_, n)| n)
                        .sum(),
                };
                commands.extend(rows::command(&command, about));
            }
            Ok((devices, commands))
        })
        .await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Nowhere).await?;
    let devices = devices
        .into_iter()
        .map(|(view, days)| rows::device(&view, days, frame.now))
        .collect();
    frame::html(&Search {
        q,
        devices,
        commands,
        frame,
    })
}
