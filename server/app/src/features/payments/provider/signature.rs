//! The signature of a call: HMAC-SHA256 over the time and the body, under a secret that seller and provider share.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};

/// The header that says when a call was signed: seconds since 1970.
pub const TIMESTAMP: &str = "muster-timestamp";
/// The header with the signature: `v1=` and 64 hexadecimal digits.
pub const SIGNATURE: &str = "muster-signature";
/// How far a call's time may be from ours, seconds.
pub const WITHIN: i64 = 300;

/// The signature of a body at a time, as its header carries it.
#[must_use]
pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &signed(timestamp, body));
    format!("v1={}", hex::encode(tag.as_ref()))
}

/// Whether a signature is that of this secret; compared in constant time.
#[must_use]
pub fn verify(secret: &[u8], timestamp: &str, body: &[u8], signature: &str) -> bool {
    let Some(tag) = signature
        .strip_prefix("v1=")
        .and_then(|digits| hex::decode(digits).ok())
    else {
        return false;
    };
    let key = Key::new(HMAC_SHA256, secret);
    hmac::verify(&key, &signed(timestamp, body), &tag).is_ok()
}

fn signed(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::{sign, verify};

    /// The worked example of docs/PAYMENTS.md, byte for byte.
    #[test]
    fn the_worked_example_of_the_documentation_is_right() {
        let text = include_str!("../../../../../../docs/PAYMENTS.md");
        let block = |name: &str| {
            let (_, rest) = text.split_once(&format!("{name}:\n\n```\n")).unwrap();
            rest.split_once("\n```").unwrap().0
        };
        let (secret, timestamp) = (block("The secret"), block("The time"));
        let (body, signature) = (block("The body"), block("The signature"));
        assert_eq!(sign(secret, timestamp, body.as_bytes()), signature);
    }

    #[test]
    fn only_the_same_secret_time_and_body_verify() {
        let signature = sign("s", "1", b"{}");
        assert!(verify(b"s", "1", b"{}", &signature));
        for (secret, time, body, sent) in [
            ("t", "1", "{}", signature.as_str()),
            ("s", "2", "{}", &signature),
            ("s", "1", "{ }", &signature),
            ("s", "1", "{}", "v1="),
            ("s", "1", "{}", "v1=zz"),
            ("s", "1", "{}", &signature[3..]),
            ("s", "1", "{}", &signature[..40]),
        ] {
            assert!(
                !verify(secret.as_bytes(), time, body.as_bytes(), sent),
                "{sent}"
            );
        }
    }
}
