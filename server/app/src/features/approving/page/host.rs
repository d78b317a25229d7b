//! The approvals host: no session, no navigation, one thing to do. The token in the address stands for the member.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_protocol::base64 as standard;
use muster_protocol::digest::Digest;
use muster_store::approving_passkeys;
use serde_json::{Value, json};

use crate::app::App;
use crate::features::approving::ceremony::{self, Purpose};
use crate::features::approving::register;
use crate::features::approving::sign::{self, Asserted, Way};
use crate::features::commands::approve::{self, Approved};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::view;
use crate::web::view::approving::{Register, Sign, Trial};

/// How long a browser waits for the authenticator, milliseconds: as long as the ceremony lasts.
const PATIENCE: u32 = 180_000;

/// `GET /register/{token}`
///
/// # Errors
/// The ceremony is over.
pub async fn register_form(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let held = ceremony::look(&app, Purpose::Register, &token).await?;
    if held.row.claim.is_some() {
        return Ok(frame::see_other(&format!("/register/{token}/trial")));
    }
    let host = ceremony::host(&app)?;
    let owner = held.member.id.clone();
    let known = app
        .store
        .read(move |c| approving_passkeys::live(c, &owner))
        .await?;
    // Another one each time: this passkey and the one for signing in have nothing in common.
    let user = Digest::of_parts(&[b"muster-approving-user/v1\n", held.row.nonce.as_bytes()]);
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(held.row.nonce.as_bytes()),
        "rp": { "id": host.host, "name": "Muster approvals" },
        "user": {
            "id": URL_SAFE_NO_PAD.encode(user.as_bytes()),
            "name": format!("{} (approves)", held.member.email),
            "displayName": held.member.name,
        },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "authenticatorSelection": {
            "residentKey": "discouraged", "requireResidentKey": false, "userVerification": "required",
        },
        "attestation": "none",
        "timeout": PATIENCE,
        "excludeCredentials": credentials(known.iter().map(|known| known.credential.as_str())),
    });
    frame::html(&Register {
        action: format!("/register/{token}"),
        options: options.to_string(),
        host: host.host.clone(),
        name: held.member.name.clone(),
        organisation: held.organisation.name.clone(),
        label: held.row.label.clone().unwrap_or_default(),
        back: format!("{}/account", app.portal_url),
        frame: frame::signed_out(&app, &request),
    })
}

/// `POST /register/{token}`
///
/// # Errors
/// As [`register::claim`].
pub async fn register(app: Data<App>, token: Path<String>, fields: Fields) -> Answer<HttpResponse> {
    let made = bytes(&fields, "auth")?;
    register::claim(&app.into_inner(), &token, &made).await?;
    Ok(frame::see_other(&format!("/register/{token}/trial")))
}

/// `GET /register/{token}/trial`
///
/// # Errors
/// The ceremony is over, or no passkey was made yet.
pub async fn trial_form(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let held = ceremony::look(&app, Purpose::Register, &token).await?;
    let Some((claim, challenge)) = register::waiting(&held)? else {
        return Ok(frame::see_other(&format!("/register/{token}")));
    };
    let credential = standard::encode(&claim.credential);
    let options = asking(
        &challenge,
        &claim.passkey.rp_id,
        std::iter::once(credential.as_str()),
    );
    frame::html(&Trial {
        action: format!("/register/{token}/trial"),
        options: options.to_string(),
        host: claim.passkey.rp_id.clone(),
        words: claim.words(),
        key_id: claim.key_id().to_string(),
        synced: claim.passkey.synced,
        back: format!("{}/account", app.portal_url),
        frame: frame::signed_out(&app, &request),
    })
}

/// `POST /register/{token}/trial`
///
/// # Errors
/// As [`register::finish`].
pub async fn trial(app: Data<App>, token: Path<String>, fields: Fields) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let (auth, client, sig) = (
        bytes(&fields, "auth")?,
        bytes(&fields, "client")?,
        bytes(&fields, "sig")?,
    );
    register::finish(&app, &token, &auth, &client, &sig).await?;
    let account = format!("{}/account", app.portal_url);
    Ok(frame::done(&account, Done::ApprovingPasskeyAdded))
}

/// `GET /approve/{token}`
///
/// # Errors
/// The ceremony is over, or the command cannot be signed so any more.
pub async fn approve_form(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let (held, shown) = sign::show(&app, &token).await?;
    let (passkeys, needed) = match (shown.way, None::<Problem>) {
        (Way::Ready(passkeys, needed), _) => (passkeys, needed),
        (other, _) => return Err(other.problem().unwrap_or_else(ceremony::ended)),
    };
    let row = &shown.row;
    let challenge = Digest::parse(&row.digest)
        .map_err(|_| Problem::new(Kind::Internal, "digest", "The command does not read."))?;
    let host = ceremony::host(&app)?;
    let known = passkeys.iter().map(|passkey| passkey.credential.as_str());
    let options = asking(&challenge, &host.host, known);
    let frame = frame::signed_out(&app, &request);
    let time = |micros| jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    let people: std::collections::BTreeSet<&str> = shown
        .approvals
        .iter()
        .map(|approval| approval.person.as_str())
        .collect();
    frame::html(&Sign {
        action: format!("/approve/{token}"),
        options: options.to_string(),
        host: host.host.clone(),
        name: held.member.name.clone(),
        kind: view::Kind::parse(&row.kind).ok_or_else(|| Problem::not_found("command"))?,
        arguments: crate::features::commands::page::arguments(&frame, &row.arguments),
        reason: row.reason.clone(),
        organisation: shown.organisation,
        serial_numbers: shown
            .leaves
            .into_iter()
            .map(|leaf| leaf.serial_number)
            .collect(),
        drafted_by: row.drafted_by_name.clone(),
        drafted_at: time(row.created_at),
        expires_at: time(row.expires_at),
        digest: row.digest.clone(),
        keyring: shown.keyring,
        people: u64::from(needed.people),
        signed_people: people.len() as u64,
        signers: shown
            .approvals
            .iter()
            .map(|approval| view::command::Signer {
                name: approval.key_id.chars().take(8).collect(),
                key_id: approval.key_id.clone(),
                independent: shown.independent.contains(&approval.key_id),
                at: time(approval.created_at),
            })
            .collect(),
        independent: u64::from(needed.independent),
        back: format!("{}/commands/{}", app.portal_url, row.id),
        frame,
    })
}

/// `POST /approve/{token}`
///
/// # Errors
/// As [`sign::sign`]; the signature does not count.
pub async fn approve(app: Data<App>, token: Path<String>, fields: Fields) -> Answer<HttpResponse> {
    let app: Arc<App> = app.into_inner();
    let asserted = Asserted {
        credential: bytes(&fields, "credential")?,
        auth: bytes(&fields, "auth")?,
        client: bytes(&fields, "client")?,
        sig: bytes(&fields, "sig")?,
    };
    let (command, outcome) = sign::sign(&app, &token, asserted).await?;
    let done = match outcome {
        Approved::Sealed => Done::CommandSealed,
        Approved::Missing(reason) => match approve::refusal(reason) {
            Some(problem) => return Err(problem),
            None => Done::CommandSigned,
        },
    };
    let back = format!("{}/commands/{command}", app.portal_url);
    Ok(frame::done(&back, done))
}

fn asking<'a>(challenge: &Digest, rp_id: &str, known: impl Iterator<Item = &'a str>) -> Value {
    json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge.as_bytes()),
        "rpId": rp_id,
        "allowCredentials": credentials(known),
        "userVerification": "required",
        "timeout": PATIENCE,
    })
}

/// Credentials as the store has them, for the browser.
fn credentials<'a>(known: impl Iterator<Item = &'a str>) -> Vec<Value> {
    known
        .filter_map(standard::decode)
        .map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) }))
        .collect()
}

/// Bytes of a field, as the browser's script writes them.
fn bytes(fields: &Fields, name: &'static str) -> Answer<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(fields.one(name)).map_err(|_| {
        let detail = "The browser’s answer does not read. Load the page again and use your passkey once more.";
        Problem::invalid("passkey-answer", detail)
    })
}
