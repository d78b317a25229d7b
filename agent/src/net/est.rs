//! Certificates over EST (RFC 7030, 8951): the one way in and the one way to renew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::NetError;
use super::certificate::from_pkcs7;
use super::client::{Client, Question};

const ANSWER_LIMIT: usize = 64 * 1024;
const PKCS10: &str = "application/pkcs10";

/// The CA's certificates. The caller picks the one whose fingerprint it trusts.
///
/// # Errors
/// No valid answer.
pub async fn ca_certificates(client: &mut Client) -> Result<Vec<Vec<u8>>, NetError> {
    let answer = client
        .ask(&Question::get("/.well-known/est/cacerts", ANSWER_LIMIT))
        .await?;
    from_pkcs7(&unwrap(&answer.body)?)
}

/// Spends an enrolment code on a first certificate; all certificates of the answer.
///
/// # Errors
/// No valid answer. The server does not tell a wrong code from a used or an old one.
pub async fn simple_enrol(
    client: &mut Client,
    user: &str,
    code: &str,
    request: &[u8],
) -> Result<Vec<Vec<u8>>, NetError> {
    let question = Question::post(
        "/.well-known/est/simpleenroll",
        PKCS10,
        wrap(request),
        ANSWER_LIMIT,
    )
    .header("authorization", basic(user, code))
    .header("content-transfer-encoding", "base64");
    from_pkcs7(&unwrap(&client.ask(&question).await?.body)?)
}

/// Asks for the next certificate, over a connection that shows the present one.
///
/// # Errors
/// No valid answer.
pub async fn simple_reenrol(client: &mut Client, request: &[u8]) -> Result<Vec<Vec<u8>>, NetError> {
    let question = Question::post(
        "/.well-known/est/simplereenroll",
        PKCS10,
        wrap(request),
        ANSWER_LIMIT,
    )
    .header("content-transfer-encoding", "base64");
    from_pkcs7(&unwrap(&client.ask(&question).await?.body)?)
}

/// The value of an Authorization header, HTTP Basic (RFC 7617).
#[must_use]
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Base64 in lines of 64: some servers read only broken lines, all read these.
fn wrap(der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let mut lines = Vec::with_capacity(text.len() + text.len() / 64 + 1);
    for line in text.as_bytes().chunks(64) {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines
}

/// Base64 with whatever white space the server put into it (RFC 8951 §3).
fn unwrap(body: &[u8]) -> Result<Vec<u8>, NetError> {
    let packed: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD
        .decode(packed)
        .map_err(|_| NetError::Malformed("it is not base64".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives_any_line_breaks() {
        let der: Vec<u8> = (0..200).collect();
        assert_eq!(unwrap(&wrap(&der)).expect("base64"), der);
        assert_eq!(unwrap(b" AA\t\r\n==\n").expect("base64"), [0]);
        assert!(unwrap(b"*").is_err());
    }
}
