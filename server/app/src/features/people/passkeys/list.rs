//! A member's own passkeys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_store::passkeys::{self, Passkey};
use webauthn_rs::prelude::CredentialID;

use super::confirm::who;
use crate::app::App;
use crate::web::actor::Actor;
use crate::web::problem::Answer;

/// The actor's passkeys, in the order they were added.
///
/// # Errors
/// The database does not answer.
pub async fn of_actor(app: &App, actor: &Actor) -> Answer<Vec<Passkey>> {
    let (member, _) = who(actor)?;
    Ok(app
        .store
        .read(move |c| passkeys::list_of_member(c, &member))
        .await?)
}

/// What authenticators call these.
pub fn ids(own: &[Passkey]) -> Vec<CredentialID> {
    own.iter()
        .filter_map(|passkey| URL_SAFE_NO_PAD.decode(&passkey.credential_id).ok())
        .collect()
}
