//! Certificates: intent before signing, result after; and the question asked at every request, who this is.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use muster_domain::scope::Scope;

use crate::devices::Device;
use crate::enrolments::Enrolment;
use crate::schema::{certificates, devices, enrolments};
use crate::{Conn, StoreResult};

/// A certificate without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = certificates)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Certificate {
    pub serial_number: String,
    pub profile: String,
    pub state: String,
    pub device_id: Option<String>,
    pub enrolment_id: Option<String>,
    pub fingerprint: Option<String>,
    pub key_hash: String,
    pub not_before: i64,
    pub not_after: i64,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    pub revocation_reason: Option<i64>,
}

/// What is known of a certificate before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Intent {
    pub serial_number: String,
    pub profile: String,
    pub device_id: Option<String>,
    pub enrolment_id: Option<String>,
    pub key_hash: String,
    pub not_before: i64,
    pub not_after: i64,
    pub created_at: i64,
}

/// Who a client certificate stands for: everything there is to judge, from one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate: state, validity, enrolment.
    pub certificate: Certificate,
    /// The device it was issued to.
    pub device: Device,
    /// The enrolment it was issued under.
    pub enrolment: Enrolment,
}

/// A line of the CRL.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = certificates)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Revoked {
    pub serial_number: String,
    #[diesel(select_expression = certificates::revoked_at.assume_not_null())]
    pub revoked_at: i64,
    pub revocation_reason: Option<i64>,
    pub not_after: i64,
}

/// The certificates of a device inside the scope, newest first, 100 at most.
pub fn list_of_device(c: &mut Conn, scope: &Scope, device: &str) -> StoreResult<Vec<Certificate>> {
    let query = certificates::table.inner_join(devices::table).into_boxed();
    let query = in_scope!(query, scope, devices);
    Ok(query
        .filter(certificates::device_id.eq(device))
        .order((certificates::created_at.desc(), certificates::serial_number))
        .limit(100)
        .select(Certificate::as_select())
        .load(c)?)
}

/// When the first of the devices that [`count_expiring`] counts loses its certificate.
pub fn first_expiring(
    c: &mut Conn,
    scope: &Scope,
    now: i64,
    until: i64,
) -> StoreResult<Option<i64>> {
    let query = certificates::table.inner_join(devices::table).into_boxed();
    let query = in_scope!(query, scope, devices);
    Ok(query
        .filter(certificates::state.eq("issued"))
        .filter(certificates::not_after.gt(now))
        .filter(certificates::not_after.le(until))
        .filter(devices::lifecycle.eq("enrolled"))
        .order(certificates::not_after)
        .select(certificates::not_after)
        .first(c)
        .optional()?)
}

/// How many enrolled devices of the scope hold no certificate that lasts beyond `until`, though they hold one now.
pub fn count_expiring(c: &mut Conn, scope: &Scope, now: i64, until: i64) -> StoreResult<i64> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let (whose, id) = match scope {
        Scope::Platform => ("'' = $4", ""),
        Scope::Reseller(reseller) => ("d.reseller_id = $4", reseller.as_str()),
        Scope::Customer { customer, .. } => ("d.organisation_id = $4", customer.as_str()),
    };
    let query = diesel::sql_query(format!(
        "SELECT COUNT(DISTINCT x.device_id) AS n FROM certificates x JOIN devices d ON d.id = x.device_id \
         WHERE x.state = 'issued' AND x.not_after > $1 AND x.not_after <= $2 AND d.lifecycle = 'enrolled' \
         AND NOT EXISTS (SELECT 1 FROM certificates y WHERE y.device_id = x.device_id AND y.state = 'issued' \
                         AND y.not_after > $3) AND {whose}"
    ));
    let counted: Counted = query
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(until)
        .bind::<BigInt, _>(until)
        .bind::<Text, _>(id)
        .get_result(c)?;
    Ok(counted.n)
}

// For phones and jobs: issuing, judging and revoking follow from a phone's proof or an act that was already judged in
// its scope. There is no person and therefore no scope.

/// Writes down what is about to be signed. Conflict: `certificates.serial_number`.
pub fn intend(c: &mut Conn, intent: &Intent) -> StoreResult<()> {
    diesel::insert_into(certificates::table)
        .values((
            certificates::serial_number.eq(&intent.serial_number),
            certificates::profile.eq(&intent.profile),
            certificates::state.eq("intended"),
            certificates::device_id.eq(&intent.device_id),
            certificates::enrolment_id.eq(&intent.enrolment_id),
            certificates::key_hash.eq(&intent.key_hash),
            certificates::not_before.eq(intent.not_before),
            certificates::not_after.eq(intent.not_after),
            certificates::created_at.eq(intent.created_at),
        ))
        .execute(c)?;
    Ok(())
}

/// Writes down what was signed; `false` when the intent was abandoned meanwhile: then it must not leave.
pub fn complete(
    c: &mut Conn,
    serial_number: &str,
    fingerprint: &str,
    der: &[u8],
) -> StoreResult<bool> {
    let intended = certificates::table
        .find(serial_number)
        .filter(certificates::state.eq("intended"));
    Ok(diesel::update(intended)
        .set((
            certificates::state.eq("issued"),
            certificates::fingerprint.eq(fingerprint),
            certificates::der.eq(der),
        ))
        .execute(c)?
        == 1)
}

/// Gives up intents from before `before`: the server died between the two; answers how many.
pub fn abandon_intents_for_job(c: &mut Conn, before: i64) -> StoreResult<usize> {
    let old = certificates::table
        .filter(certificates::state.eq("intended"))
        .filter(certificates::created_at.lt(before));
    Ok(diesel::update(old)
        .set(certificates::state.eq("abandoned"))
        .execute(c)?)
}

/// Who presents the certificate with this SHA-256: asked at every request of the device listener.
pub fn find_by_fingerprint(c: &mut Conn, fingerprint: &str) -> StoreResult<Option<Identity>> {
    let found: Option<(Certificate, Device, Enrolment)> = certificates::table
        .inner_join(devices::table)
        .inner_join(enrolments::table.on(certificates::enrolment_id.eq(enrolments::id.nullable())))
        .filter(certificates::fingerprint.eq(fingerprint))
        .select((
            Certificate::as_select(),
            Device::as_select(),
            Enrolment::as_select(),
        ))
        .first(c)
        .optional()?;
    Ok(found.map(|(certificate, device, enrolment)| Identity {
        certificate,
        device,
        enrolment,
    }))
}

/// The bytes of an issued certificate.
pub fn der(c: &mut Conn, serial_number: &str) -> StoreResult<Option<Vec<u8>>> {
    let bytes: Option<Option<Vec<u8>>> = certificates::table
        .find(serial_number)
        .select(certificates::der)
        .first(c)
        .optional()?;
    Ok(bytes.flatten())
}

/// The bytes of the live certificate an enrolment was given for this very key: the same request again gets the same
/// answer.
pub fn der_for_key(
    c: &mut Conn,
    enrolment: &str,
    key_hash: &str,
    now: i64,
) -> StoreResult<Option<Vec<u8>>> {
    let bytes: Option<Option<Vec<u8>>> = certificates::table
        .filter(certificates::enrolment_id.eq(enrolment))
        .filter(certificates::key_hash.eq(key_hash))
        .filter(certificates::state.eq("issued"))
        .filter(certificates::not_after.gt(now))
        .order(certificates::not_after.desc())
        .select(certificates::der)
        .first(c)
        .optional()?;
    Ok(bytes.flatten())
}

/// The other certificates an enrolment holds that are older than this one: done with once it was used.
pub fn issued_before(
    c: &mut Conn,
    enrolment: &str,
    serial_number: &str,
) -> StoreResult<Vec<String>> {
    let own: Option<i64> = certificates::table
        .find(serial_number)
        .select(certificates::created_at)
        .first(c)
        .optional()?;
    let Some(own) = own else {
        return Ok(Vec::new());
    };
    Ok(certificates::table
        .filter(certificates::enrolment_id.eq(enrolment))
        .filter(certificates::state.eq("issued"))
        .filter(certificates::created_at.lt(own))
        .select(certificates::serial_number)
        .load(c)?)
}

/// The newest issued certificate of a profile that is no device's: the server's own.
pub fn newest_of_profile(
    c: &mut Conn,
    profile: &str,
) -> StoreResult<Option<(Certificate, Option<Vec<u8>>)>> {
    Ok(certificates::table
        .filter(sql::<Bool>("state = 'issued'"))
        .filter(certificates::profile.eq(profile))
        .order(certificates::not_after.desc())
        .select((Certificate::as_select(), certificates::der))
        .first(c)
        .optional()?)
}

/// Revokes every issued certificate of an enrolment; answers their serial numbers. `reason` is RFC 5280 §5.3.1.
pub fn revoke_of_enrolment(
    c: &mut Conn,
    enrolment: &str,
    reason: Option<i64>,
    now: i64,
) -> StoreResult<Vec<String>> {
    let issued = certificates::table
        .filter(certificates::enrolment_id.eq(enrolment))
        .filter(certificates::state.eq("issued"));
    Ok(diesel::update(issued)
        .set((
            certificates::state.eq("revoked"),
            certificates::revoked_at.eq(now),
            certificates::revocation_reason.eq(reason),
        ))
        .returning(certificates::serial_number)
        .get_results(c)?)
}

/// Revokes one; `false` when it is not issued.
pub fn revoke(
    c: &mut Conn,
    serial_number: &str,
    reason: Option<i64>,
    now: i64,
) -> StoreResult<bool> {
    let issued = certificates::table
        .find(serial_number)
        .filter(certificates::state.eq("issued"));
    Ok(diesel::update(issued)
        .set((
            certificates::state.eq("revoked"),
            certificates::revoked_at.eq(now),
            certificates::revocation_reason.eq(reason),
        ))
        .execute(c)?
        == 1)
}

/// Revoked certificates behind (moment, serial number), in that order, that were still valid at `valid_at`: a CRL is
/// read in pages.
pub fn revoked_for_job(
    c: &mut Conn,
    after: Option<(i64, &str)>,
    valid_at: i64,
    limit: i64,
) -> StoreResult<Vec<Revoked>> {
    let (moment, serial) = after.unwrap_or((i64::MIN, ""));
    Ok(certificates::table
        .filter(certificates::revoked_at.is_not_null())
        .filter(certificates::revoked_at.ge(moment))
        .filter(
            certificates::revoked_at
                .gt(moment)
                .or(certificates::serial_number.gt(serial).nullable()),
        )
        .filter(certificates::not_after.ge(valid_at))
        .order((certificates::revoked_at, certificates::serial_number))
        .limit(limit)
        .select(Revoked::as_select())
        .load(c)?)
}

/// When the latest revocation was: a CRL older than that is out of date.
pub fn last_revoked_at_for_job(c: &mut Conn) -> StoreResult<Option<i64>> {
    let last: Option<Option<i64>> = certificates::table
        .filter(certificates::revoked_at.is_not_null())
        .order(certificates::revoked_at.desc())
        .select(certificates::revoked_at)
        .first(c)
        .optional()?;
    Ok(last.flatten())
}
