//! A device as the API shows it.

use jiff::Timestamp;
use muster_domain::check_in::Restriction;
use muster_domain::compliance::Compliance;
use muster_domain::device::Contact;
use muster_store::device_search::DeviceView;
use muster_store::devices::DeviceState;
use serde::Serialize;
use utoipa::ToSchema;

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceShown {
    /// Its id.
    pub id: String,
    /// Serial number of the handset.
    pub serial_number: String,
    /// Its IMEI, if it is known.
    pub imei: Option<String>,
    /// Its model, as registered.
    pub model: String,
    /// The organisation that owns it.
    pub organisation_id: String,
    /// `registered`, `enrolled`, `killed`, `wiped` or `retired`.
    pub lifecycle: String,
    /// The active locks and suspends, as the phone reported them: `lock`, `lock-fleet`, `suspend`.
    pub restrictions: Vec<String>,
    /// `fresh`, `stale`, `lost` or `never`.
    pub contact: &'static str,
    /// Whether it reports a legal hold.
    pub held: bool,
    /// The policy version it holds; 0 for none.
    pub policy_version: i64,
    /// How it judges itself under its policy; null while it says nothing.
    pub compliance: Option<ComplianceShown>,
    /// `fresh`, `stale`, `contact_lost`, `forked` or `unwitnessed`, by its own word; null while it says nothing.
    pub freshness: Option<String>,
    /// How often it enrolled.
    pub epoch: i64,
    /// Its present enrolment.
    pub enrolment_id: Option<String>,
    /// When it last checked in, RFC 3339 UTC.
    pub last_check_in_at: Option<String>,
    /// The certificate it holds.
    pub certificate: Option<CertificateShown>,
}

/// A phone's judgement of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplianceShown {
    /// Whether it meets its policy.
    pub compliant: bool,
    /// What it does not meet: `os_patch`, `encryption`, `agent`.
    pub faults: Vec<String>,
    /// Since when, RFC 3339 UTC.
    pub since_at: Option<String>,
    /// Whether it has switched its own service off for it.
    pub suspended: bool,
}

/// A certificate a device holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateShown {
    /// Serial number, lower hex.
    pub serial_number: String,
    /// When it ends, RFC 3339 UTC.
    pub not_after: String,
}

/// A device as it stands at `now`, microseconds.
#[must_use]
pub fn shown(view: &DeviceView, now: i64) -> DeviceShown {
    let (device, state) = (&view.device, &view.state);
    DeviceShown {
        id: device.id.clone(),
        serial_number: device.serial_number.clone(),
        imei: device.imei.clone(),
        model: device.model.clone(),
        organisation_id: device.organisation_id.clone(),
        lifecycle: device.lifecycle.clone(),
        restrictions: restrictions(state),
        contact: Contact::at(state.last_check_in_at, now).as_str(),
        held: state.held,
        policy_version: state.policy_version,
        compliance: compliance(state).map(|compliance| ComplianceShown {
            compliant: compliance.compliant,
            since_at: compliance.since.and_then(|since| {
                let at = Timestamp::from_second(i64::try_from(since).ok()?).ok()?;
                Some(at.to_string())
            }),
            faults: compliance.faults,
            suspended: compliance.suspended,
        }),
        freshness: state.freshness.clone(),
        epoch: device.epoch,
        enrolment_id: device.enrolment_id.clone(),
        last_check_in_at: state.last_check_in_at.map(rfc3339),
        certificate: view
            .certificate
            .as_ref()
            .map(|certificate| CertificateShown {
                serial_number: certificate.serial_number.clone(),
                not_after: rfc3339(certificate.not_after),
            }),
    }
}

/// The kinds of restriction in force, each once.
#[must_use]
pub fn restrictions(state: &DeviceState) -> Vec<String> {
    let stored: Vec<Restriction> = serde_json::from_str(&state.restrictions).unwrap_or_default();
    let mut kinds: Vec<String> = stored
        .into_iter()
        .map(|restriction| restriction.kind)
        .collect();
    // The owner's lock may be in force without a command that is still known.
    if state.locked && !kinds.iter().any(|kind| kind.starts_with("lock")) {
        kinds.push("lock".to_owned());
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What a phone last said of its own compliance.
#[must_use]
pub fn compliance(state: &DeviceState) -> Option<Compliance> {
    serde_json::from_str(state.compliance.as_deref()?).ok()
}

/// Whole days between two moments in microseconds, one at least.
#[must_use]
pub fn days_since(then: i64, now: i64) -> u64 {
    u64::try_from((now - then) / 86_400_000_000)
        .unwrap_or(0)
        .max(1)
}

/// A moment of the database as the API writes it.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    at(micros).to_string()
}

/// A moment of the database.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
