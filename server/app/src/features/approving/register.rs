//! A new passkey for approving: what the authenticator says of it, then the trial that proves it to be one that phones will
//! believe (PROTOCOL §8.2), then its row.

use std::sync::Arc;

use muster_protocol::digest::Digest;
use muster_protocol::ids::Person;
use muster_protocol::keyring::Display;
use muster_protocol::text;
use muster_protocol::time::UnixTime;
use muster_protocol::webauthn::{Passkey, registration};
use muster_store::approving_passkeys::{self, ApprovingPasskey};
use muster_store::{StoreError, approval_ceremonies};
use serde_json::json;

use super::MOST;
use super::ceremony::{self, Given, Held, Purpose};
use crate::app::App;
use crate::features::people;
use crate::features::record::write::{self as record, By, Entry, Weight};
use crate::offline::registration::{Claim, Registration, Trial};
use crate::web::actor::{Actor, Allowed, DeliverApprovals, secret_hash};
use crate::web::problem::{Answer, Problem};
use muster_domain::text::Invalid;

/// The longest label, in Unicode scalar values.
pub const LABEL_MOST: usize = 60;

/// Sends a member to the approvals host to make a passkey. `person` is who they are in the keyrings already, or empty.
///
/// # Errors
/// The label does not read, the person is nobody of their keyrings, they have as many passkeys as one keeps, or the password was
/// typed too long ago.
pub async fn begin(
    app: &Arc<App>,
    allowed: &Allowed<DeliverApprovals>,
    label: &str,
    person: &str,
) -> Answer<String> {
    allowed.actor.confirm_first(app)?;
    let member = ceremony::member_of(&allowed.actor)?.to_owned();
    let label = label.trim().to_owned();
    if text::check(&label, LABEL_MOST).is_err() {
        let message = format!("Give it a name of 1 to {LABEL_MOST} characters that can be seen.");
        return Err(Invalid::new("label", "label", message).into());
    }
    let known = super::mine::people(app, &allowed.actor).await?;
    let person = match person {
        "" => hex::encode(app.random.bytes::<16>()),
        named if known.iter().any(|known| known.person == named) => named.to_owned(),
        _ => {
            let message = "Nobody of your keyrings is called so any more. Choose again.";
            return Err(Invalid::new("person", "person", message).into());
        }
    };
    let asked = Some(person.clone());
    let mine = app
        .store
        .read(move |c| approving_passkeys::list(c, &member))
        .await?;
    let in_use = mine.iter().filter(|known| known.removed_at.is_none());
    if in_use.count() >= MOST {
        let detail = format!("You have {MOST} passkeys for approving. Put one out of use first.");
        return Err(Problem::conflict("too-many-passkeys", detail));
    }
    // One member is one person: two would count twice where two people must agree (PROTOCOL §17).
    let same = mine.first().map(|passkey| passkey.person.clone());
    let given = Given {
        label: Some(label),
        person: same.or(asked),
        ..Given::default()
    };
    ceremony::begin(app, &allowed.actor, Purpose::Register, given).await
}

/// Takes what the authenticator said of a new passkey, and keeps it until the trial.
///
/// # Errors
/// The ceremony is over; the authenticator made something that no keyring could hold.
pub async fn claim(app: &Arc<App>, token: &str, authenticator_data: &[u8]) -> Answer<()> {
    let held = ceremony::look(app, Purpose::Register, token).await?;
    let host = ceremony::host(app)?;
    let made = registration::read(authenticator_data, &host.host).map_err(|error| {
        let detail = format!("This passkey cannot approve: {error}. Use another authenticator, with its PIN, fingerprint or face.");
        Problem::invalid("passkey", detail)
    })?;
    let claim = Claim {
        name: readable(&held.member.name),
        label: held.row.label.clone().unwrap_or_default(),
        person: person(&held)?,
        key: made.key,
        passkey: Passkey {
            origin: host.origin.clone(),
            rp_id: host.host.clone(),
            synced: made.synced,
        },
        display: Display::Portal,
        credential: made.credential,
        aaguid: made.aaguid,
        made_at: UnixTime(u64::try_from(app.now().as_second()).unwrap_or(0)),
    };
    let text = String::from_utf8_lossy(&claim.encode()).into_owned();
    let hash = secret_hash(token);
    let kept = app
        .store
        .write(move |tx| approval_ceremonies::claim(tx, &hash, &text))
        .await?;
    if kept {
        return Ok(());
    }
    let detail = "A passkey was made here already. Try it, or begin again on the portal.";
    Err(Problem::conflict("claimed", detail))
}

/// What is waiting for its trial, and the trial's challenge.
///
/// # Errors
/// The row does not read: a fault of ours.
pub fn waiting(held: &Held) -> Answer<Option<(Claim, Digest)>> {
    let Some(text) = &held.row.claim else {
        return Ok(None);
    };
    let damaged = || StoreError::Corrupt("a claim of a ceremony does not read".to_owned());
    let claim = Claim::decode(text.as_bytes()).ok_or_else(damaged)?;
    let nonce = nonce(held)?;
    let challenge = claim.challenge(&nonce);
    Ok(Some((claim, challenge)))
}

/// Takes the trial: verified as phones verify approvals, and stored.
///
/// # Errors
/// The ceremony is over, the trial does not hold, or this passkey is registered already.
pub async fn finish(
    app: &Arc<App>,
    token: &str,
    auth: &[u8],
    client: &[u8],
    sig: &[u8],
) -> Answer<()> {
    let held = ceremony::look(app, Purpose::Register, token).await?;
    let Some((claim, _)) = waiting(&held)? else {
        let detail = "Make the passkey first; then it is tried.";
        return Err(Problem::conflict("not-claimed", detail));
    };
    let trial = Trial {
        nonce: nonce(&held)?,
        auth: auth.to_vec(),
        client: client.to_vec(),
        sig: sig.to_vec(),
    };
    let made =
        Registration::of(claim, trial).map_err(|detail| Problem::invalid("trial", detail))?;
    let (app2, token) = (app.clone(), token.to_owned());
    app.store
        .write_or_refuse(move |tx| {
            let Some(held) = ceremony::spend(tx, &app2, Purpose::Register, &token)? else {
                return Ok(Err(ceremony::ended()));
            };
            let row = row(&app2, &held, &made);
            // What was true at the hand-over may no longer be: another one may have been finished meanwhile.
            let others = approving_passkeys::list(tx, &held.member.id)?;
            let in_use = others.iter().filter(|other| other.removed_at.is_none());
            let is_another = others.first().is_some_and(|other| other.person != row.person);
            if is_another || in_use.count() >= MOST {
                let detail = "Another passkey was added meanwhile. Begin again on your account page.";
                return Ok(Err(Problem::conflict("passkeys-changed", detail)));
            }
            approving_passkeys::insert(tx, &row)?;
            let entry = Entry {
                kind: "approving-passkey.added",
                weight: Weight::Major,
                place: people::place(&held.organisation),
                device: None,
                command: None,
                facts: json!({ "label": row.label, "key": row.key_id, "words": made.claim.words() }),
            };
            let by = By::member(&held.member.id, &held.member.name);
            record::write(tx, &app2, &by, &entry)?;
            Ok(Ok(()))
        })
        .await?
}

fn row(app: &App, held: &Held, made: &Registration) -> ApprovingPasskey {
    let claim = &made.claim;
    ApprovingPasskey {
        id: app.new_id(),
        member_id: held.member.id.clone(),
        label: claim.label.clone(),
        key_id: claim.key_id().to_string(),
        person: claim.person.to_string(),
        credential: muster_protocol::base64::encode(&claim.credential),
        origin: claim.passkey.origin.clone(),
        rp_id: claim.passkey.rp_id.clone(),
        synced: claim.passkey.synced,
        aaguid: hex::encode(claim.aaguid),
        registration: String::from_utf8_lossy(&made.encode()).into_owned(),
        created_at: app.now_micros(),
        in_keyring_at: None,
        removed_at: None,
    }
}

/// Puts a passkey out of use here. The keyrings that hold it do so until the root signers take it out.
///
/// # Errors
/// There is none of this member's, or it is out of use already; the password was typed too long ago.
pub async fn remove(app: &Arc<App>, actor: &Actor, id: &str) -> Answer<()> {
    actor.confirm_first(app)?;
    let (member, id, app2) = (
        ceremony::member_of(actor)?.to_owned(),
        id.to_owned(),
        app.clone(),
    );
    let (by, place) = (By::actor(actor), record::Place::of_actor(actor));
    app.store
        .write_or_refuse(move |tx| {
            let Some(row) = approving_passkeys::remove(tx, &member, &id, app2.now_micros())? else {
                return Ok(Err(Problem::not_found("passkey")));
            };
            let entry = Entry {
                kind: "approving-passkey.removed",
                weight: Weight::Major,
                place: place.clone(),
                device: None,
                command: None,
                facts: json!({ "label": row.label, "key": row.key_id }),
            };
            record::write(tx, &app2, &by, &entry)?;
            Ok(Ok(()))
        })
        .await?
}

fn nonce(held: &Held) -> Answer<Digest> {
    Digest::parse(&held.row.nonce)
        .map_err(|_| StoreError::Corrupt("a nonce of a ceremony does not read".to_owned()).into())
}

fn person(held: &Held) -> Answer<Person> {
    let stored = held.row.person.as_deref().unwrap_or_default();
    Person::parse(stored)
        .map_err(|_| StoreError::Corrupt("a person of a ceremony does not read".to_owned()).into())
}

/// A name without what the registration's readers could not see.
fn readable(name: &str) -> String {
    let seen: String = name
        .chars()
        .filter(|character| !text::is_forbidden(*character))
        .collect();
    if seen.trim().is_empty() {
        "A member".to_owned()
    } else {
        seen
    }
}
