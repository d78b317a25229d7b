//! A new enrolment code for a device. It withdraws the ones before, lives 24 hours, and is shown once: only its hash is kept.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use muster_domain::brake;
use muster_domain::enrolment_code::{EnrolmentCode, LIFE_HOURS};
use muster_paper::qr::{self, Drawing};
use muster_store::devices::{self, Device};
use muster_store::{enrolment_codes, fleets, organisations};
use serde_json::json;

use super::login;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, IssueCodes, secret_hash};
use crate::web::problem::{Answer, Kind, Problem};

/// A code as it is shown, this once, and what belongs beside it.
#[derive(Debug, Clone)]
pub struct IssuedCode {
    /// Names the code without telling it.
    pub id: String,
    /// The phone it is for.
    pub device: Device,
    /// The name of the organisation that owns it.
    pub organisation: String,
    /// The code itself.
    pub code: EnrolmentCode,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The fingerprint that the phone should pin.
    pub fleet_fingerprint: String,
}

/// Asks for the password again where somebody has made many codes lately and it was typed long ago: each code lets another
/// phone take a record's place.
///
/// # Errors
/// It must be typed again.
pub async fn confirm_many(app: &Arc<App>, allowed: &Allowed<IssueCodes>) -> Answer<()> {
    let now = app.now_micros();
    if allowed.actor.is_confirmed(now) {
        return Ok(());
    }
    let by = allowed.actor.reference();
    let since = now.saturating_sub(brake::CODES_WINDOW_SECONDS * 1_000_000);
    let made = app
        .store
        .read(move |c| enrolment_codes::count_made_by(c, &by, since))
        .await?;
    if made < brake::CODES_AT_ONCE {
        return Ok(());
    }
    allowed.actor.confirm_first(app)
}

/// Makes a code.
///
/// # Errors
/// There is no such device in the actor's scope, its life is over, or its fleet has no descriptor as yet.
pub async fn issue_code(
    app: &Arc<App>,
    allowed: &Allowed<IssueCodes>,
    device: &str,
) -> Answer<IssuedCode> {
    let code = EnrolmentCode::from_random(app.random.bytes());
    // Whole seconds: the card counts them down.
    let made_at = Timestamp::from_second(app.now().as_second()).unwrap_or_else(|_| app.now());
    let expires_at = made_at
        .checked_add(SignedDuration::from_hours(LIFE_HOURS))
        .unwrap_or(made_at);
    let row = enrolment_codes::EnrolmentCode {
        id: app.new_id(),
        device_id: device.to_owned(),
        code_hash: secret_hash(code.as_str()),
        created_by: allowed.actor.reference(),
        created_at: made_at.as_microsecond(),
        expires_at: expires_at.as_microsecond(),
        used_at: None,
        used_for_key: None,
        withdrawn_at: None,
    };
    let (by, scope, app2, id) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        app.clone(),
        row.id.clone(),
    );
    let (device, organisation, fleet_fingerprint) = app
        .store
        .write_or_refuse(move |tx| {
            let Some(device) = devices::find(tx, &scope, &row.device_id)? else {
                return Ok(Err(Problem::not_found("device")));
            };
            if !may_enrol(&device) {
                let detail = format!(
                    "This phone is {}. Only a phone that is registered or enrolled can get a code.",
                    device.lifecycle
                );
                return Ok(Err(Problem::conflict("device-over", detail)));
            }
            let Some(fingerprint) =
                fleets::find(tx, &device.fleet_id)?.and_then(|fleet| fleet.fingerprint)
            else {
                return Ok(Err(crate::features::fleet::register::fleet_missing()));
            };
            let owner = organisations::find(tx, &scope, &device.organisation_id)?
                .map(|owner| owner.name)
                .unwrap_or_default();
            enrolment_codes::insert(tx, &row)?;
            let entry = Entry {
                kind: "code.made",
                weight: Weight::Ordinary,
                place: login::place(&device),
                device: Some((device.id.clone(), device.serial_number.clone())),
                command: None,
                facts: json!({ "hours": LIFE_HOURS }),
            };
            write::write(tx, &app2, &by, &entry)?;
            Ok(Ok((device, owner, fingerprint)))
        })
        .await??;
    app.due.sequencer.notify_one();
    Ok(IssuedCode {
        id,
        device,
        organisation,
        code,
        made_at,
        expires_at,
        fleet_fingerprint,
    })
}

/// Whether a device in this stage of its life can be given a code. Also one that was killed or wiped: a phone that was found
/// again joins anew, and its new enrolment id voids every older command (RULES F1).
#[must_use]
pub fn may_enrol(device: &Device) -> bool {
    device.lifecycle != "retired"
}

impl IssuedCode {
    /// What the QR says (docs/DEVICE-API.md). The fingerprints in it are a convenience: they count as trust on first use.
    #[must_use]
    pub fn qr_text(&self, app: &App) -> String {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("server", &app.device_url)
            .append_pair("code", &self.code.to_string())
            .append_pair("device", &self.device.id)
            .append_pair("ca", &app.authority.ca_fingerprint())
            .append_pair("fleet", &self.fleet_fingerprint)
            .finish();
        format!("muster:enrol?{query}")
    }

    /// The QR as SVG.
    ///
    /// # Errors
    /// The server's address is longer than a QR can hold.
    pub fn qr_svg(&self, app: &App) -> Answer<String> {
        let label = format!("QR code for enrolling {}", self.device.serial_number);
        qr::svg(
            &self.qr_text(app),
            Drawing {
                label: &label,
                class: "qr",
            },
        )
        .map_err(|error| {
            tracing::error!(%error, "a QR code could not be drawn");
            Problem::new(
                Kind::Internal,
                "qr",
                "The QR code could not be drawn. Type the letters instead.",
            )
        })
    }
}

/// The address of EST for clients that are no agents of ours.
#[must_use]
pub fn est_url(app: &App) -> String {
    format!("{}/.well-known/est", app.device_url)
}
