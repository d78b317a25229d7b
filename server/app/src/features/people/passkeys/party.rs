//! Who asks for a passkey: the portal, by the name people reach it under. A passkey is bound to that name by the browser,
//! which is what makes it worthless on any other site.

use sha2::{Digest, Sha256};
use webauthn_rs::prelude::{Url, Uuid};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::app::App;
use crate::web::problem::{Answer, Problem};
use crate::web::view::passkeys::Unable;

/// Tells whoever asked for a ceremony all the same.
fn cannot(unable: Unable) -> Problem {
    let (code, detail) = match unable {
        Unable::Address => (
            "passkeys-address",
            "Passkeys belong to a name, and this portal is reached as an IP address. Set portal.url to a name.",
        ),
        Unable::Plain => (
            "passkeys-plain",
            "Passkeys work over https alone, and this portal is reached over http. Set portal.url to an https address.",
        ),
    };
    Problem::conflict(code, detail)
}

/// The origin that passkeys of this portal work at, as browsers write it.
///
/// # Errors
/// There is none.
pub fn origin(portal_url: &str) -> Result<String, Unable> {
    let url = Url::parse(portal_url).map_err(|_| Unable::Address)?;
    let name = url.domain().ok_or(Unable::Address)?;
    let here = name == "localhost" || name.ends_with(".localhost");
    if url.scheme() != "https" && !here {
        return Err(Unable::Plain);
    }
    Ok(url.origin().ascii_serialization())
}

/// What verifies for this portal: its host is the relying party, its origin the only one that counts.
///
/// # Errors
/// The portal cannot have passkeys.
pub fn party(app: &App) -> Answer<Webauthn> {
    let nowhere = || cannot(Unable::Address);
    let origin = origin(&app.portal_url).map_err(cannot)?;
    let url = Url::parse(&origin).map_err(|_| nowhere())?;
    let name = url.domain().ok_or_else(nowhere)?;
    let built = WebauthnBuilder::new(name, &url)
        .map(|builder| builder.rp_name("Muster"))
        .and_then(WebauthnBuilder::build);
    built.map_err(|error| {
        tracing::error!(%error, "passkeys cannot be set up for this portal");
        nowhere()
    })
}

/// What authenticators know a member by. Not the member's id: an authenticator holds one passkey for each handle of a
/// name, so one that is made here must not take the place of one that was made for another purpose.
pub fn handle(member: &str) -> Uuid {
    let digest = Sha256::digest(format!("muster sign-in passkey of {member}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::{handle, origin};
    use crate::web::view::passkeys::Unable;

    #[test]
    fn a_name_over_tls_or_this_machine_has_passkeys() {
        for (portal, expected) in [
            (
                "https://muster.example.org",
                Ok("https://muster.example.org"),
            ),
            (
                "https://muster.example.org:443/",
                Ok("https://muster.example.org"),
            ),
            (
                "https://Muster.Example.org:8443",
                Ok("https://muster.example.org:8443"),
            ),
            ("http://localhost:8080", Ok("http://localhost:8080")),
            (
                "http://muster.localhost:8080",
                Ok("http://muster.localhost:8080"),
            ),
            ("http://muster.example.org", Err(Unable::Plain)),
            ("http://localhost.example.org", Err(Unable::Plain)),
            ("http://127.0.0.1:8080", Err(Unable::Address)),
            ("https://198.51.100.7", Err(Unable::Address)),
            ("https://[2001:db8::7]:8443", Err(Unable::Address)),
            ("nonsense", Err(Unable::Address)),
        ] {
            assert_eq!(origin(portal).as_deref(), expected.as_deref(), "{portal}");
        }
    }

    #[test]
    fn a_handle_stays_and_tells_no_id() {
        let member = "0197c0de-0000-7000-8000-000000000001";
        assert_eq!(handle(member), handle(member));
        assert_ne!(handle(member).to_string(), member);
    }
}
