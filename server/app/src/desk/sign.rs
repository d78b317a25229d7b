//! Signing: what was read is looked at once more, the serial number or the count was typed, and one key of this desk signs. A
//! passkey's signature is verified here before anybody else sees it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use muster_protocol::authority;
use muster_protocol::base64;
use muster_protocol::envelope::Signature;
use muster_protocol::ids::{CommandId, KeyId};
use serde_json::Value;

use super::Desk;
use super::item::{self, Means, Own};
use super::look::{Found, Look};
use crate::features::commands::seal::SignatureEntry;
use crate::offline::inspection;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Problem};
use crate::web::text::Key;
use crate::web::view::Input;

/// Why a command was not signed.
enum Unsigned {
    /// Something else was typed than the serial number or the count.
    Typed,
    /// Another sentence.
    Because(String),
}

/// `POST /commands/{id}/sign`.
///
/// # Errors
/// The form is of an earlier start, or the portal does not hand the command over.
pub(super) async fn sign(
    desk: Data<Desk>,
    path: Path<String>,
    form: Fields,
) -> Answer<HttpResponse> {
    desk.gate.check_form(&form)?;
    let id = item::number(&desk, &path)?;
    let found = match desk.look(&id).await {
        Look::Sound(found) => found,
        Look::Suspect(why) => return item::suspect(&desk, &id, why),
        Look::Away(why) => return Err(item::away(why)),
    };
    let entry = match signed(&desk, &found, &form) {
        Ok(entry) => entry,
        Err(why) => return refused(&desk, &id, &found, &form, why),
    };
    let to = format!("/api/v1/commands/{id}/approvals");
    match desk.api.post::<Value>(&to, &entry).await {
        Ok(_) => {
            let signed = form.one("key");
            let back = format!("{}/commands/{id}?signed={signed}", desk.gate.base);
            Ok(frame::see_other(&back))
        }
        Err(why) => {
            let t = desk.words();
            let told = t.put("desk-refused", "why", &why);
            refused(&desk, &id, &found, &form, Unsigned::Because(told))
        }
    }
}

/// The signature as the API takes it.
fn signed(desk: &Desk, found: &Found, form: &Fields) -> Result<SignatureEntry, Unsigned> {
    let t = desk.words();
    let because = |key: Key| Unsigned::Because(t.word(key));
    // What is signed is what was read: the portal may have drafted something else in between.
    if form.one("digest") != item::digest(found).to_hex() {
        return Err(because(Key("desk-changed")));
    }
    if !muster_domain::device::same_serial(form.one("typed"), &to_type(found)) {
        return Err(Unsigned::Typed);
    }
    let keys = match desk.own(found) {
        Own::MaySign(keys) => keys,
        Own::HasSigned => return Err(because(Key("desk-waits"))),
        Own::TooLate => return Err(because(Key("desk-over-words"))),
        Own::MayNot(why) => return Err(Unsigned::Because(why)),
    };
    let key = keys
        .into_iter()
        .find(|key| key.id().to_string() == form.one("key"))
        .ok_or_else(|| because(Key("desk-key-unknown")))?;
    let id = key.id();
    match key {
        Means::File(file) => Ok(inspection::sign_payload(&found.checked.payload, &file.key)),
        Means::Passkey(_) => assertion(id, form)
            .ok_or_else(|| because(Key("desk-signature-missing")))
            .and_then(|signature| {
                let keyring = &found.checked.keyring.keyring;
                authority::verify_approval(keyring, &found.checked.payload, &signature).map_err(
                    |refusal| {
                        let code = refusal.reason.as_str();
                        Unsigned::Because(t.put("desk-assertion-wrong", "code", code))
                    },
                )?;
                Ok(SignatureEntry::of(&signature))
            }),
    }
}

/// A passkey's signature as the page's script filled it in.
fn assertion(keyid: KeyId, form: &Fields) -> Option<Signature> {
    let bytes = |name: &str| base64::decode(form.some(name)?);
    Some(Signature::WebAuthn {
        keyid,
        auth: bytes("auth")?,
        client: bytes("client")?,
        sig: bytes("sig")?,
    })
}

/// What cannot be undone is confirmed by reading: one phone by its serial number, several by their count.
fn to_type(found: &Found) -> String {
    match found.checked.serials.as_slice() {
        [one] => one.to_string(),
        many => many.len().to_string(),
    }
}

fn refused(
    desk: &Desk,
    id: &CommandId,
    found: &Found,
    form: &Fields,
    why: Unsigned,
) -> Answer<HttpResponse> {
    let mut page = item::page(desk, id, found, &Fields::default())?;
    page.typed = Input::filled(form.one("typed"));
    let problem = match why {
        Unsigned::Typed => {
            let words = page
                .frame
                .put("desk-typed-differs", "wanted", to_type(found));
            page.typed.error = Some(words.clone());
            Problem::invalid("typed", words)
        }
        Unsigned::Because(words) => {
            page.fault = Some(words.clone());
            Problem::invalid("unsigned", words)
        }
    };
    frame::refused(&problem, &page)
}
