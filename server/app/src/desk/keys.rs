//! The owner's keys, and the making of an independent passkey: made for this desk's origin, tried once, kept as a registration file
//! that the root signers take into the keyring.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use muster_protocol::base64;
use muster_protocol::ids::KeyId;
use muster_protocol::keyring::{Display, GrantKind, HeldKeyring};
use muster_protocol::text;
use muster_protocol::webauthn::{Passkey, registration};

use super::ceremony::Ceremony;
use super::{Desk, gate, item};
use crate::offline::public_part::spoken;
use crate::offline::registration::{Claim, Registration, Trial};
use crate::offline::typed;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::text::{Key, Texts};
use crate::web::view::desk::Here;
use crate::web::view::desk::keys::{Keys, NewPasskey, Registered, Shown, Standing, Step};
use crate::web::view::{Input, Kind as KindWords};

/// The longest name of a passkey.
const LABEL_MAX: usize = 60;

/// `GET /keys`.
///
/// # Errors
/// The page does not render.
pub(super) async fn show(desk: Data<Desk>) -> Answer<HttpResponse> {
    if desk.learned().is_empty() {
        desk.learn_something().await;
    }
    frame::html(&page(&desk))
}

fn page(desk: &Desk) -> Keys {
    let frame = desk.frame();
    let known = desk.learned();
    let shown = |id: KeyId, label: &str, passkey| Shown {
        label: label.to_owned(),
        id: id.to_string(),
        words: spoken(&id),
        passkey,
        standing: standing(&frame.t, &id, &known),
    };
    let files = desk.profile.files.iter();
    let mut keys: Vec<Shown> = files
        .map(|file| shown(file.key.signer.key_id(), &file.label, false))
        .collect();
    let made = desk.profile.passkeys();
    keys.extend(
        made.iter()
            .map(|made| shown(made.claim.key_id(), &made.claim.label, true)),
    );
    Keys {
        desk: desk.around(Here::Keys),
        keys,
        label: Input::default(),
        challenge: Input::default(),
        frame,
    }
}

/// Where a key stands in the keyrings that were checked since the start.
fn standing(t: &Texts, id: &KeyId, known: &[HeldKeyring]) -> Standing {
    let Some(first) = known.first() else {
        return Standing::Unknown;
    };
    let holding = known.iter().find(|held| held.keyring.key(id).is_some());
    let Some(held) = holding else {
        return Standing::Missing(first.keyring.version);
    };
    let grants = held
        .keyring
        .grants
        .iter()
        .filter(|grant| grant.keys.contains(id));
    let kinds = grants
        .flat_map(|grant| &grant.kinds)
        .map(|kind| match kind {
            GrantKind::Policy => t.get("desk-kind-policy"),
            GrantKind::Command(kind) => KindWords::parse(kind.as_str())
                .map_or_else(|| kind.to_string(), |kind| t.word(kind.name())),
        });
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    kinds.dedup();
    Standing::Held(held.keyring.version, kinds)
}

/// `POST /keys/new`: begins the ceremony of a passkey.
///
/// # Errors
/// The form is of an earlier start.
pub(super) async fn begin(desk: Data<Desk>, form: Fields) -> Answer<HttpResponse> {
    desk.gate.check_form(&form)?;
    let (label, challenge) = (form.one("label").trim(), form.one("challenge"));
    let nonce = typed::digest(challenge);
    let is_named = text::check(label, LABEL_MAX).is_ok();
    if is_named && let Some(nonce) = nonce {
        let random = &*desk.random;
        let id = desk.ceremonies.begin(label, nonce, desk.now(), random);
        return Ok(frame::see_other(&format!(
            "{}/keys/new/{id}",
            desk.gate.base
        )));
    }
    let mut again = page(&desk);
    again.label = Input::filled(label);
    again.challenge = Input::filled(challenge);
    if !is_named {
        again.label.error = Some(again.frame.t("desk-label-wrong"));
    }
    if nonce.is_none() {
        again.challenge.error = Some(again.frame.t("desk-challenge-wrong"));
    }
    let problem = Problem::invalid("fields", again.frame.t("desk-label-wrong"));
    frame::refused(&problem, &again)
}

/// `GET /keys/new/{ceremony}`: how far it is.
///
/// # Errors
/// There is no such ceremony any more.
pub(super) async fn ceremony(desk: Data<Desk>, id: Path<String>) -> Answer<HttpResponse> {
    let ceremony = under_way(&desk, &id)?;
    frame::html(&new_passkey(&desk, &ceremony))
}

fn under_way(desk: &Desk, id: &str) -> Answer<Ceremony> {
    desk.ceremonies.find(id, desk.now()).ok_or_else(|| {
        let words = desk.say(Key("desk-ceremony-over"));
        Problem::new(Kind::NotFound, "ceremony-over", words)
    })
}

fn new_passkey(desk: &Desk, ceremony: &Ceremony) -> NewPasskey {
    let around = desk.around(Here::Keys);
    NewPasskey {
        action: around.to(&format!("keys/new/{}", ceremony.id)),
        frame: desk.frame(),
        desk: around,
        label: ceremony.label.clone(),
        challenge: ceremony.nonce.to_hex(),
        step: match &ceremony.claim {
            None => Step::Make {
                options: ceremony.asked(gate::HOST, &desk.profile.owner, &desk.profile.passkeys()),
            },
            Some(claim) => Step::Try {
                options: item::asked(
                    &claim.challenge(&ceremony.nonce),
                    &claim.passkey.rp_id,
                    &claim.credential,
                ),
                words: claim.words(),
            },
        },
        fault: None,
    }
}

fn refused(desk: &Desk, ceremony: &Ceremony, why: String) -> Answer<HttpResponse> {
    let mut again = new_passkey(desk, ceremony);
    again.fault = Some(why.clone());
    frame::refused(&Problem::invalid("passkey", why), &again)
}

/// `POST /keys/new/{ceremony}`: the authenticator has made the passkey.
///
/// # Errors
/// The form is of an earlier start, or there is no such ceremony any more.
pub(super) async fn made(desk: Data<Desk>, id: Path<String>, form: Fields) -> Answer<HttpResponse> {
    desk.gate.check_form(&form)?;
    let ceremony = under_way(&desk, &id)?;
    let Some(auth) = form.some("registration").and_then(base64::decode) else {
        return refused(&desk, &ceremony, desk.say(Key("desk-signature-missing")));
    };
    let attested = match registration::read(&auth, gate::HOST) {
        Ok(attested) => attested,
        Err(error) => {
            let t = desk.words();
            let why = t.put("desk-registration-wrong", "why", &error.to_string());
            return refused(&desk, &ceremony, why);
        }
    };
    let claim = Claim {
        name: desk.profile.owner.clone(),
        label: ceremony.label.clone(),
        person: desk.profile.person.clone(),
        key: attested.key,
        passkey: Passkey {
            origin: desk.gate.origin.clone(),
            rp_id: gate::HOST.to_owned(),
            synced: attested.synced,
        },
        // Drawn by this program, whose pages no server can change (PROTOCOL §5).
        display: Display::Independent,
        credential: attested.credential,
        aaguid: attested.aaguid,
        made_at: desk.now(),
    };
    desk.ceremonies.keep(&ceremony.id, claim);
    Ok(frame::see_other(&format!(
        "{}/keys/new/{}",
        desk.gate.base, ceremony.id
    )))
}

/// `POST /keys/new/{ceremony}/trial`: it has signed once.
///
/// # Errors
/// The form is of an earlier start, or there is no such ceremony any more.
pub(super) async fn tried(
    desk: Data<Desk>,
    id: Path<String>,
    form: Fields,
) -> Answer<HttpResponse> {
    desk.gate.check_form(&form)?;
    let ceremony = under_way(&desk, &id)?;
    let Some(claim) = ceremony.claim.clone() else {
        return Ok(frame::see_other(&format!(
            "{}/keys/new/{}",
            desk.gate.base, ceremony.id
        )));
    };
    let bytes = |name: &str| form.some(name).and_then(base64::decode);
    let (Some(auth), Some(client), Some(sig)) = (bytes("auth"), bytes("client"), bytes("sig"))
    else {
        return refused(&desk, &ceremony, desk.say(Key("desk-signature-missing")));
    };
    let trial = Trial {
        nonce: ceremony.nonce,
        auth,
        client,
        sig,
    };
    let key = claim.key_id();
    let kept = Registration::of(claim, trial).and_then(|made| desk.profile.add(made));
    if let Err(why) = kept {
        return refused(&desk, &ceremony, why);
    }
    desk.ceremonies.end(&ceremony.id);
    Ok(frame::see_other(&format!("{}/keys/{key}", desk.gate.base)))
}

fn find(desk: &Desk, id: &str) -> Answer<Registration> {
    let made = desk.profile.passkeys().into_iter();
    made.into_iter()
        .find(|made| made.claim.key_id().to_string() == id)
        .ok_or_else(|| {
            let words = desk.say(Key("desk-key-unknown"));
            Problem::new(Kind::NotFound, "not-found", words)
        })
}

/// `GET /keys/{id}`: a passkey that was made here, and what to do with it.
///
/// # Errors
/// There is no such passkey.
pub(super) async fn passkey(desk: Data<Desk>, id: Path<String>) -> Answer<HttpResponse> {
    let Registration { claim, trial } = find(&desk, &id)?;
    if desk.learned().is_empty() {
        desk.learn_something().await;
    }
    let frame = desk.frame();
    let key = claim.key_id();
    let page = Registered {
        desk: desk.around(Here::Keys),
        words: claim.words(),
        aaguid: claim
            .aaguid()
            .unwrap_or_else(|| frame.t("desk-aaguid-none")),
        challenge: trial.nonce.to_hex(),
        origin: claim.passkey.origin.clone(),
        synced: claim.passkey.synced,
        file: desk.profile.path_of(&key).display().to_string(),
        standing: standing(&frame.t, &key, &desk.learned()),
        id: key.to_string(),
        label: claim.label,
        frame,
    };
    frame::html(&page)
}

/// `GET /keys/{id}/registration`: the file that goes to the ceremony.
///
/// # Errors
/// There is no such passkey.
pub(super) async fn registration(desk: Data<Desk>, id: Path<String>) -> Answer<HttpResponse> {
    let made = find(&desk, &id)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .body(made.encode()))
}
