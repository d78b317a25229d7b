//! The published list of revoked certificates (RFC 5280 §5), for others: this server asks its store. It is signed anew when
//! something was revoked, and at half of its life.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use jiff::{SignedDuration, Timestamp};
use muster_pki::crl::{Head, Reason, Revoked};
use muster_pki::serial::Serial;
use muster_store::certificates::{self, Revoked as Row};
use muster_store::crls::{self, Crl};

use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// How long a list holds.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// A revocation may be committed a little after the moment it is dated: it is looked for this far back, microseconds.
const OVERLAP: i64 = 60 * 1_000_000;
/// How long after its end a revoked certificate is listed: once more after it ended (RFC 5280 §3.3), microseconds.
const LISTED_AFTER_END: i64 = 2 * 86_400 * 1_000_000;
/// Rows read at a time.
const PAGE: i64 = 5_000;
/// Lists that are kept.
const KEPT: i64 = 5;
const PKIX_CRL: &str = "application/pkix-crl";

/// Where the list is published, as certificates name it: over plain HTTP where there is some, because a client that checks a
/// TLS certificate cannot need TLS for it.
#[must_use]
pub fn url(app: &App) -> String {
    let base = if app.portal_url.starts_with("http://") {
        &app.portal_url
    } else {
        &app.device_url
    };
    format!("{base}/v1/crl")
}

/// `GET /v1/crl` of the device listener.
///
/// # Errors
/// The database does not answer.
pub async fn device(app: Arc<App>, _request: DeviceRequest) -> Answer<DeviceResponse> {
    Ok(DeviceResponse::body(PKIX_CRL, newest(&app).await?))
}

/// `GET /v1/crl` of the portal's listener.
///
/// # Errors
/// The database does not answer.
pub async fn portal(app: Data<App>) -> Answer<HttpResponse> {
    let der = newest(&app.into_inner()).await?;
    Ok(HttpResponse::Ok()
        .content_type(PKIX_CRL)
        .insert_header(("Cache-Control", "public, max-age=300"))
        .body(der))
}

/// The newest list; the first one is made when somebody asks for it.
async fn newest(app: &Arc<App>) -> Answer<Vec<u8>> {
    if let Some(list) = app.store.read(crls::newest).await? {
        return Ok(list.der);
    }
    publish(app.clone()).await.map_err(|error| {
        tracing::error!(
            error,
            "the first list of revoked certificates could not be made"
        );
        Problem::new(
            Kind::Unavailable,
            "crl",
            "The list of revoked certificates is not ready. Try again in a minute.",
        )
    })?;
    let list = app.store.read(crls::newest).await?;
    list.map(|list| list.der)
        .ok_or_else(|| Problem::not_found("list"))
}

/// Signs a new list if there is reason to. The job of the schedule.
///
/// # Errors
/// The database does not answer, or the list cannot be signed.
pub async fn publish(app: Arc<App>) -> Done {
    let now = app.now();
    let (last, newest) = app
        .store
        .read(|c| Ok((certificates::last_revoked_at_for_job(c)?, crls::newest(c)?)))
        .await
        .map_err(|error| error.to_string())?;
    if newest
        .as_ref()
        .is_some_and(|newest| is_good_enough(newest, last, now.as_microsecond()))
    {
        return Ok(());
    }
    let revoked = revoked(&app, now).await?;
    let number = newest.map_or(1, |newest| newest.number + 1);
    let next_update = now
        .checked_add(LIFETIME)
        .map_err(|error| error.to_string())?;
    let head = Head {
        number: number.unsigned_abs(),
        this_update: now,
        next_update,
        shard: None,
    };
    let entries = i64::try_from(revoked.len()).unwrap_or(i64::MAX);
    let signer = app.clone();
    let der = tokio::task::spawn_blocking(move || signer.authority.sign_crl(&head, revoked))
        .await
        .map_err(|error| error.to_string())??;
    app.crash_point("crl.signed");
    let list = Crl {
        number,
        der,
        entries,
        this_update: now.as_microsecond(),
        next_update: next_update.as_microsecond(),
    };
    let stored = app.store.write(move |tx| {
        crls::insert(tx, &list)?;
        crls::delete_below(tx, number - KEPT + 1)
    });
    stored.await.map_err(|error| error.to_string())?;
    tracing::info!(
        number,
        entries,
        "published the list of revoked certificates"
    );
    Ok(())
}

/// Nothing was revoked since, and half of its life is left.
fn is_good_enough(newest: &Crl, last_revoked: Option<i64>, now: i64) -> bool {
    let half = newest.this_update + (newest.next_update - newest.this_update) / 2;
    now < half && last_revoked.is_none_or(|last| last < newest.this_update - OVERLAP)
}

async fn revoked(app: &Arc<App>, now: Timestamp) -> Result<Vec<Revoked>, String> {
    let valid_at = now.as_microsecond() - LISTED_AFTER_END;
    let mut all = Vec::new();
    let mut after: Option<(i64, String)> = None;
    loop {
        let from = after.clone();
        let page = app
            .store
            .read(move |c| {
                let from = from
                    .as_ref()
                    .map(|(moment, serial)| (*moment, serial.as_str()));
                certificates::revoked_for_job(c, from, valid_at, PAGE)
            })
            .await
            .map_err(|error| error.to_string())?;
        let full = i64::try_from(page.len()).unwrap_or(PAGE) >= PAGE;
        after = page
            .last()
            .map(|row| (row.revoked_at, row.serial_number.clone()));
        for row in &page {
            all.push(entry(row)?);
        }
        if !full {
            return Ok(all);
        }
    }
}

fn entry(row: &Row) -> Result<Revoked, String> {
    Ok(Revoked {
        serial: Serial::from_hex(&row.serial_number)
            .map_err(|error| format!("{}: {error}", row.serial_number))?,
        at: Timestamp::from_microsecond(row.revoked_at).map_err(|error| error.to_string())?,
        reason: row
            .revocation_reason
            .and_then(|code| u8::try_from(code).ok())
            .and_then(Reason::from_code),
    })
}

#[cfg(test)]
mod tests {
    use super::{Crl, is_good_enough};

    #[test]
    fn a_list_is_made_anew_when_something_was_revoked_and_at_half_of_its_life() {
        let hour = 3_600_000_000;
        let list = Crl {
            number: 1,
            der: Vec::new(),
            entries: 0,
            this_update: 100 * hour,
            next_update: 124 * hour,
        };
        assert!(is_good_enough(&list, None, 101 * hour));
        assert!(is_good_enough(&list, Some(99 * hour), 101 * hour));
        assert!(
            !is_good_enough(&list, Some(100 * hour - 1), 101 * hour),
            "it may have been committed after the list was read"
        );
        assert!(!is_good_enough(&list, Some(101 * hour), 101 * hour));
        assert!(!is_good_enough(&list, None, 112 * hour));
    }
}
