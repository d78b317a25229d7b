//! The enrolment code as HTTP Basic: who is let in, how often one may try, and one answer for every refusal, so that nobody
//! learns whether a code was wrong, used, old, or for another phone.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_domain::enrolment_code::EnrolmentCode;
use muster_store::devices::{self, Device};
use muster_store::enrolment_codes::{self, EnrolmentCode as CodeRow};
use muster_store::{Conn, StoreResult, organisations, rate_limits};
use serde_json::json;

use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::actor::secret_hash;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::{DeviceRequest, neighbourhood};

/// Refused tries of one address in a window.
const PER_ADDRESS: i64 = 30;
/// Refused tries in the name of one device in a window.
const PER_DEVICE: i64 = 10;
/// The window, seconds.
const WINDOW: i64 = 600;
/// The longest user name that can be a device id or a serial number.
const LONGEST_USER: usize = 64;

/// What somebody sent as user and password.
#[derive(Debug, Clone)]
pub(super) struct Login {
    user: String,
    /// Hash of the code; `None` when what was sent cannot be one.
    code_hash: Option<String>,
    buckets: [(String, i64); 2],
}

/// A login that fits.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// The code can be spent.
    Live(CodeRow, Device),
    /// The code was spent on this very key: the phone did not hear the answer.
    SpentOnThisKey(Device),
}

impl Login {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none, or it is not HTTP Basic (RFC 7617).
    pub(super) fn of(request: &DeviceRequest) -> Answer<Self> {
        let parsed = request.authorization.as_deref().and_then(basic);
        let Some((user, password)) = parsed else {
            let detail = "Send the device id or serial number and the enrolment code as HTTP Basic user and password.";
            return Err(Problem::new(Kind::SignedOut, "code-missing", detail));
        };
        let code_hash = EnrolmentCode::parse(&password)
            .ok()
            .map(|code| secret_hash(code.as_str()));
        // What cannot be a name is counted together: it must not make rows of any length, or of bytes no database takes.
        let user = if may_be_name(&user) {
            user
        } else {
            String::new()
        };
        let buckets = [
            (
                format!("enrol:address:{}", neighbourhood(request.address)),
                PER_ADDRESS,
            ),
            (format!("enrol:device:{user}"), PER_DEVICE),
        ];
        Ok(Self {
            user,
            code_hash,
            buckets,
        })
    }

    /// The code and its device. `key` is the SHA-256 of the SubjectPublicKeyInfo that a certificate is asked for.
    ///
    /// # Errors
    /// Too many refused tries (429); or the code cannot be used, whatever the reason (401, on the record).
    pub(super) async fn find(&self, app: &Arc<App>, key: Option<&str>) -> Answer<Found> {
        self.within_limits(app).await?;
        let now = app.now_micros();
        let (login, key) = (self.clone(), key.map(str::to_owned));
        match app
            .store
            .read(move |c| login.look_up(c, key.as_deref(), now))
            .await?
        {
            Some(found) => Ok(found),
            None => Err(self.refuse(app, "code").await?),
        }
    }

    fn look_up(&self, c: &mut Conn, key: Option<&str>, now: i64) -> StoreResult<Option<Found>> {
        let Some(hash) = &self.code_hash else {
            return Ok(None);
        };
        if let Some((code, device)) = enrolment_codes::find_live_by_hash(c, hash, now)? {
            return Ok(self.means(&device).then_some(Found::Live(code, device)));
        }
        let Some(key) = key else { return Ok(None) };
        let spent = enrolment_codes::find_spent_for_key(c, hash, key, now)?;
        Ok(spent
            .filter(|(_, device)| self.means(device))
            .map(|(_, device)| Found::SpentOnThisKey(device)))
    }

    fn means(&self, device: &Device) -> bool {
        self.user == device.id || self.user == device.serial_number
    }

    async fn within_limits(&self, app: &App) -> Answer<()> {
        let (buckets, window) = (self.buckets.clone(), window(app));
        let over = app.store.read(move |c| {
            for (bucket, most) in &buckets {
                if rate_limits::used(c, bucket, window)? >= *most {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        if over.await? {
            let left = (window + WINDOW * 1_000_000 - app.now_micros()) / 1_000_000;
            return Err(Problem::too_many(u32::try_from(left.max(1)).unwrap_or(1)));
        }
        Ok(())
    }

    /// Counts a refusal, writes it on the record of whoever is concerned, and answers what the phone is told.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn refuse(&self, app: &Arc<App>, why: &'static str) -> Answer<Problem> {
        let (login, app2, window) = (self.clone(), app.clone(), window(app));
        app.store
            .write(move |tx| {
                for (bucket, _) in &login.buckets {
                    rate_limits::hit(tx, bucket, window)?;
                }
                login.record(tx, &app2, why)
            })
            .await?;
        app.due.sequencer.notify_one();
        let detail = "This enrolment code cannot be used for this device. Check its letters, or ask for a new code.";
        Ok(Problem::new(Kind::SignedOut, "code-refused", detail))
    }

    fn record(&self, tx: &mut Conn, app: &App, why: &'static str) -> StoreResult<()> {
        let named = devices::find_for_phone(tx, &self.user)?;
        match named.as_slice() {
            [] => {
                // Nobody's phone: the operator's matter, once there is one.
                let Some(operator) = organisations::operator(tx)? else {
                    return Ok(());
                };
                let place = Place {
                    organisation: operator.id,
                    reseller: None,
                    fleet: None,
                };
                write::write(
                    tx,
                    app,
                    &By::stranger("a stranger"),
                    &entry(place, None, why),
                )
            }
            // A serial number may stand in several fleets: each of them should know.
            some => some
                .iter()
                .try_for_each(|device| refused(tx, app, device, why)),
        }
    }
}

/// Writes on the record that an enrolment of `device` was refused.
///
/// # Errors
/// The database refused.
pub(super) fn refused(
    tx: &mut Conn,
    app: &App,
    device: &Device,
    why: &'static str,
) -> StoreResult<()> {
    let named = Some((device.id.clone(), device.serial_number.clone()));
    write::write(
        tx,
        app,
        &By::stranger("a stranger"),
        &entry(place(device), named, why),
    )
}

/// Where a device belongs.
pub(super) fn place(device: &Device) -> Place {
    Place {
        organisation: device.organisation_id.clone(),
        reseller: Some(device.reseller_id.clone()),
        fleet: Some(device.fleet_id.clone()),
    }
}

fn entry(place: Place, device: Option<(String, String)>, why: &'static str) -> Entry {
    Entry {
        kind: "enrolment.refused",
        weight: Weight::Trouble,
        place,
        device,
        command: None,
        facts: json!({ "why": why }),
    }
}

/// The beginning of the present window, microseconds.
fn window(app: &App) -> i64 {
    let now = app.now_micros();
    now - now.rem_euclid(WINDOW * 1_000_000)
}

/// Whether this can be a device id or a serial number at all.
fn may_be_name(user: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    user.len() <= LONGEST_USER && user.bytes().all(known)
}

/// User and password of an `Authorization` header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, sent) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(sent.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn user_and_password_are_read_as_rfc_7617_has_them() {
        assert_eq!(
            basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            Some(("Aladdin".into(), "open sesame".into()))
        );
        assert_eq!(basic("basic QTpiOmM="), Some(("A".into(), "b:c".into())));
        for wrong in [
            "",
            "Basic",
            "Bearer QTpi",
            "Basic !!",
            "Basic QQ==",
            "Basic /w==",
        ] {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
    }
}
