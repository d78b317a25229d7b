//! Sign in with a passkey. Nobody types an address: the authenticator says whose passkey it is.

use std::sync::Arc;

use webauthn_rs::prelude::PublicKeyCredential;

use super::assertion::{self, Given, Refused};
use super::ceremony::{Begun, Purpose};
use crate::app::App;
use crate::features::people::sign_in::{self, Browser};
use crate::features::people::tries::{self, Bucket, Counted};
use crate::features::record::write::Weight;
use crate::web::problem::{Answer, Problem};

/// How the record names somebody whose passkey nobody knows.
const NOBODY: &str = "a stranger";

/// The first half, for whoever asks.
///
/// # Errors
/// The portal cannot have passkeys; too many were begun from this address.
pub async fn begin(app: &Arc<App>, browser: &Browser) -> Answer<Begun> {
    // Each is a row in the database that a stranger makes.
    let buckets = browser.address.map(Bucket::of_ceremonies);
    tries::within(app, buckets.into_iter().collect()).await?;
    assertion::ask(app, &Purpose::SignIn, &[]).await
}

/// The second half; answers the new session's id. An unknown passkey, a removed one, another site's, a disabled member's:
/// one answer for all.
///
/// # Errors
/// It proves nothing; the ceremony is over; there were too many tries.
pub async fn sign_in(app: &Arc<App>, given: &Given, browser: Browser) -> Answer<String> {
    let answer = assertion::read(given)?;
    count_try(app, &answer, &browser).await?;
    let judged = assertion::judge(app, &Purpose::SignIn, &given.ceremony, &answer).await;
    let proof = match judged {
        Ok(proof) if proof.member.disabled_at.is_none() => proof,
        Ok(proof) => return refuse(app, proof.member.email).await,
        Err(Refused::Unproved(Some(member))) => return refuse(app, member.email).await,
        Err(Refused::Unproved(None)) => return refuse(app, NOBODY.to_owned()).await,
        Err(Refused::Otherwise(problem)) => return Err(problem),
    };
    let (id, started, now) = (app.new_id(), app.clone(), app.now_micros());
    let bucket = bucket(&answer);
    app.store
        .write_or_refuse(move |tx| {
            if !proof.take(tx, now)? {
                return Ok(Err(assertion::unproved()));
            }
            tries::forgive(tx, &bucket)?;
            let (member, organisation) = (&proof.member, &proof.organisation);
            let by = Some(proof.label.as_str());
            sign_in::begin_by(tx, &started, &id, member, organisation, &browser, by)?;
            Ok(Ok(id.clone()))
        })
        .await?
}

/// Counts the try before anything is looked at. Strangers who guess somebody's password do not hold off their passkey.
async fn count_try(app: &Arc<App>, answer: &PublicKeyCredential, browser: &Browser) -> Answer<()> {
    let mut buckets = vec![bucket(answer)];
    buckets.extend(browser.address.map(Bucket::of_address));
    match tries::count_now(app, buckets).await? {
        Counted::Within => Ok(()),
        Counted::TooMany { wait, first } => {
            if first {
                let nobody = NOBODY.to_owned();
                sign_in::note_refusal(app, nobody, "member.held-off", Weight::Trouble).await?;
            }
            Err(Problem::too_many(wait))
        }
    }
}

fn bucket(answer: &PublicKeyCredential) -> Bucket {
    Bucket::of_passkey(&answer.raw_id)
}

async fn refuse(app: &Arc<App>, shown: String) -> Answer<String> {
    sign_in::note_refusal(app, shown, "member.refused", Weight::Ordinary).await?;
    Err(assertion::unproved())
}
