//! An answer that uses a passkey: parsed, held against the ceremony it answers, and judged.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_store::members::Member;
use muster_store::organisations::Organisation;
use muster_store::passkeys::{self, Used};
use muster_store::{Conn, StoreResult};
use serde_json::json;
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, Passkey, PublicKeyCredential,
    RequestChallengeResponse, WebauthnError,
};

use super::ceremony::{self, Begun, Purpose};
use super::party::{handle, party};
use crate::app::App;
use crate::features::people::{by_member, entry};
use crate::features::record::write::{self as record, Weight};
use crate::web::problem::{Answer, Kind, Problem};

/// The second half as a form carries it.
#[derive(Debug, Clone)]
pub struct Given {
    /// Which ceremony it answers.
    pub ceremony: String,
    /// What the browser said, JSON.
    pub answer: String,
}

/// A use of a passkey that was judged good. It counts once [`Proof::take`] has noted it.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose passkey it is.
    pub member: Member,
    /// Where they are a member.
    pub organisation: Organisation,
    /// What they call it.
    pub label: String,
    id: String,
    counter_before: i64,
    used: Used,
}

/// Why an answer is not taken.
#[derive(Debug)]
pub enum Refused {
    /// The answer does not prove anything. Who it would have been, where the passkey is known: for the record alone.
    Unproved(Option<Box<Member>>),
    /// Something else stands in the way, and whoever asks may know what.
    Otherwise(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Otherwise(problem)
    }
}

impl From<muster_store::StoreError> for Refused {
    fn from(error: muster_store::StoreError) -> Self {
        Self::Otherwise(error.into())
    }
}

/// The words for an answer that proves nothing: the same whatever is wrong with it.
pub fn unproved() -> Problem {
    Problem::new(
        Kind::Invalid,
        "passkey-refused",
        "This passkey was not taken. Try again, or use your password.",
    )
}

/// Reads what a browser said. Nothing of it is trusted as yet.
///
/// # Errors
/// It is no answer of a browser.
pub fn read(given: &Given) -> Answer<PublicKeyCredential> {
    serde_json::from_str(&given.answer).map_err(|_| unproved())
}

/// How an authenticator's name for a passkey is stored.
pub fn name_of(credential: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(credential)
}

/// Asks for a passkey: one of `allowed`, or any of this portal where it is empty.
///
/// # Errors
/// The portal cannot have passkeys; the database does not answer.
pub async fn ask(app: &App, purpose: &Purpose, allowed: &[CredentialID]) -> Answer<Begun> {
    let (challenge, state) = party(app)?
        .start_discoverable_authentication()
        .map_err(|error| failed(&error))?;
    let RequestChallengeResponse { public_key, .. } = challenge;
    let mut options = json!(public_key);
    options["allowCredentials"] = allowed
        .iter()
        .map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) }))
        .collect();
    ceremony::begin(app, purpose, &options, &state).await
}

/// Judges an answer. The ceremony is spent, whatever comes of it; a count that fell is an alarm on the record.
///
/// # Errors
/// [`Refused`].
pub async fn judge(
    app: &Arc<App>,
    purpose: &Purpose,
    ceremony: &str,
    answer: &PublicKeyCredential,
) -> Result<Proof, Refused> {
    let party = party(app)?;
    let state: DiscoverableAuthentication = ceremony::spend(app, purpose, ceremony).await?;
    let name = name_of(&answer.raw_id);
    let found = app
        .store
        .read(move |c| passkeys::find_by_credential(c, &name))
        .await?;
    let Some((row, member, organisation)) = found else {
        return Err(Refused::Unproved(None));
    };
    let Ok(mut passkey) = serde_json::from_str::<Passkey>(&row.credential) else {
        tracing::error!(passkey = row.id, "a stored passkey does not read");
        return Err(Refused::Unproved(Some(Box::new(member))));
    };
    // Whoever signs in is known by the handle alone; where the member was known before, it may be missing.
    let said = answer.get_user_unique_id();
    let fits = said.map_or(*purpose != Purpose::SignIn, |said| {
        said == handle(&member.id).as_bytes()
    });
    let judged = party.finish_discoverable_authentication_v2(answer, state, &passkey);
    match judged {
        Ok(result) if fits && result.user_verified() => {
            passkey.update_credential(&result);
            let used = after(&passkey, &result)?;
            Ok(Proof {
                member,
                organisation,
                label: row.label,
                id: row.id,
                counter_before: row.counter,
                used,
            })
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            raise_alarm(app, member.clone(), organisation, row.label).await?;
            Err(Refused::Unproved(Some(Box::new(member))))
        }
        Ok(_) => Err(Refused::Unproved(Some(Box::new(member)))),
        Err(error) => {
            tracing::info!(passkey = row.id, %error, "a passkey's answer was refused");
            Err(Refused::Unproved(Some(Box::new(member))))
        }
    }
}

impl Proof {
    /// Notes the use; `false` when the passkey was removed or used meanwhile, and then it proves nothing.
    pub fn take(&self, tx: &mut Conn, now: i64) -> StoreResult<bool> {
        passkeys::note_use(tx, &self.id, self.counter_before, &self.used, now)
    }
}

fn after(passkey: &Passkey, result: &AuthenticationResult) -> Answer<Used> {
    Ok(Used {
        credential: serde_json::to_string(passkey).map_err(|error| {
            tracing::error!(%error, "a passkey could not be written as JSON");
            unproved()
        })?,
        counter: result.counter().into(),
        synced: result.backup_state(),
    })
}

/// Two authenticators hold what one should: somebody must look at it, and its owner remove it.
async fn raise_alarm(
    app: &Arc<App>,
    member: Member,
    organisation: Organisation,
    label: String,
) -> Answer<()> {
    let alarming = app.clone();
    let copied = entry(
        "passkey.copied",
        Weight::Trouble,
        &organisation,
        json!({ "label": label }),
    );
    app.store
        .write(move |tx| record::write(tx, &alarming, &by_member(&member), &copied))
        .await?;
    Ok(())
}

/// The library cannot begin: a fault of ours.
pub fn failed(error: &WebauthnError) -> Problem {
    tracing::error!(%error, "a passkey ceremony cannot begin");
    Problem::new(
        Kind::Internal,
        "internal",
        "Something is wrong on our side. It is on our log.",
    )
}
