//! Enrolment over Secure Transport (RFC 7030, with 8951 and 9908): its four routes, in its encodings.
//!
//! Content-Transfer-Encoding is ignored on input (RFC 8951 §3.1), the base64 may have any white space in it, and a body may
//! come chunked. Proof of possession by tls-unique does not exist on TLS 1.3 and is not asked for.

use std::sync::Arc;

use muster_pki::est;

use super::{enrol, renew};
use crate::app::App;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

const CERTIFICATES: &str = "application/pkcs7-mime; smime-type=certs-only";

/// `GET /.well-known/est/cacerts`
///
/// # Errors
/// The certificates could not be packed: a fault of ours.
pub async fn cacerts(app: Arc<App>, _request: DeviceRequest) -> Answer<DeviceResponse> {
    packed(&app.authority.cacerts())
}

/// `GET /.well-known/est/csrattrs`
///
/// # Errors
/// None.
pub async fn csrattrs(_app: Arc<App>, _request: DeviceRequest) -> Answer<DeviceResponse> {
    Ok(base64("application/csrattrs", &est::CSR_ATTRIBUTES))
}

/// `POST /.well-known/est/simpleenroll`
///
/// # Errors
/// Those of [`enrol::enrol`].
pub async fn simpleenroll(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    takes_pkcs10(&request)?;
    packed(&[&enrol::enrol(&app, &request).await?])
}

/// `POST /.well-known/est/simplereenroll`
///
/// # Errors
/// Those of [`renew::renew`].
pub async fn simplereenroll(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    takes_pkcs10(&request)?;
    packed(&[&renew::renew(&app, &request).await?])
}

/// RFC 7030 §4.2.1 wants `application/pkcs10`; clients that send no type, or curl's default, mean the same.
fn takes_pkcs10(request: &DeviceRequest) -> Answer<()> {
    let Some(sent) = &request.content_type else {
        return Ok(());
    };
    let kind = sent
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match kind.as_str() {
        "application/pkcs10"
        | "application/x-pkcs10"
        | "application/octet-stream"
        | "application/x-www-form-urlencoded" => Ok(()),
        _ => Err(Problem::new(
            Kind::WrongType,
            "wrong-type",
            "Send a certification request: Content-Type: application/pkcs10.",
        )),
    }
}

fn packed(certificates: &[&[u8]]) -> Answer<DeviceResponse> {
    let der = est::certs_only(certificates).map_err(|error| enrol::fault(error.to_string()))?;
    Ok(base64(CERTIFICATES, &der))
}

fn base64(content_type: &'static str, der: &[u8]) -> DeviceResponse {
    let mut answer = DeviceResponse::body(content_type, est::encode_lines(der).into_bytes());
    answer
        .headers
        .push(("Content-Transfer-Encoding", "base64".to_owned()));
    answer
}
