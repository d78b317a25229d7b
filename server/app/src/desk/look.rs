//! One look at a command: fetched, checked against the owner's pin, its keyring remembered. Whatever the portal says beside is its
//! word and decides nothing.

use muster_protocol::base64;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::ids::CommandId;

use super::Desk;
use crate::features::commands::shapes::EnvelopeShown;
use crate::offline::inspection::{self, Checked};
use crate::offline::tally::Tally;

/// What a look came to.
pub(super) enum Look {
    /// It checks out.
    Sound(Box<Found>),
    /// It does not: why. Nobody may sign it.
    Suspect(String),
    /// The portal does not hand it over: what it says.
    Away(String),
}

/// A command that checks out.
pub(super) struct Found {
    /// The fleet.
    pub(super) pin: Digest,
    /// What was checked.
    pub(super) checked: Checked,
    /// Who signed, and who still must.
    pub(super) tally: Tally,
}

impl Desk {
    /// Looks at a command.
    pub(super) async fn look(&self, id: &CommandId) -> Look {
        let path = format!("/api/v1/commands/{id}/envelope");
        match self.api.get::<EnvelopeShown>(&path).await {
            Err(sentence) => Look::Away(sentence),
            Ok(sent) => match self.check(id, &sent) {
                Ok(found) => Look::Sound(Box::new(found)),
                Err(sentence) => Look::Suspect(sentence),
            },
        }
    }

    fn check(&self, id: &CommandId, sent: &EnvelopeShown) -> Result<Found, String> {
        let pin = self.pin_of(sent)?;
        let checked = inspection::check(sent, &pin, self.now())?;
        if checked.command.id != *id {
            return Err(
                "The portal shows another command under this number. Do not sign.".to_owned(),
            );
        }
        self.profile.remember(&pin, &checked.keyring)?;
        self.learn(pin, &checked.keyring);
        Ok(Found {
            pin,
            tally: Tally::of(&checked),
            checked,
        })
    }

    /// Which of the owner's pins to check against: the one that the descriptor hashes to. One that hashes to none of them is
    /// checked against the first all the same, and refused there.
    fn pin_of(&self, sent: &EnvelopeShown) -> Result<Digest, String> {
        let shown = base64::decode(&sent.descriptor)
            .and_then(|bytes| Descriptor::decode(&bytes).ok())
            .map(|descriptor| descriptor.fingerprint());
        let pins = self.profile.pins();
        let known = pins.iter().find(|pin| Some(**pin) == shown);
        known
            .or(pins.first())
            .copied()
            .ok_or_else(|| "This desk is pinned to no fleet.".to_owned())
    }
}
