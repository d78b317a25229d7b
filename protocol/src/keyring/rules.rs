//! The rules that one keyring keeps by itself (§2, §5): each key one use, thresholds that can be reached, independence that is
//! real.

use std::collections::BTreeSet;

use super::{
    Display, GRANTS_MAX, Grant, KEYS_MAX, KeyEntry, Keyring, KeyringError, LIFE_MAX, Root,
    SIGNERS_MAX, host,
};
use crate::checkpoint;
use crate::field::FieldError;
use crate::ids::{KeyId, Person};
use crate::json::MAX_INT;
use crate::keys::PublicKey;
use crate::target::TARGETS_MAX;

impl Keyring {
    /// Checks every rule that a keyring keeps by itself.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn check(&self) -> Result<(), KeyringError> {
        self.check_bounds()?;
        self.check_one_use()?;
        self.root.check()?;
        self.check_witnesses()?;
        for server in &self.servers {
            host::of_server(&server.url).ok_or(KeyringError::Address("servers"))?;
        }
        if !self.portals.iter().all(|portal| host::is_host(portal)) {
            return Err(KeyringError::Address("portals"));
        }
        self.keys
            .iter()
            .try_for_each(|entry| self.check_key(entry))?;
        self.grants
            .iter()
            .try_for_each(|grant| self.check_grant(grant))
    }

    fn check_bounds(&self) -> Result<(), KeyringError> {
        let within = |name, fits: bool| {
            if fits {
                Ok(())
            } else {
                Err(KeyringError::Field(FieldError::Invalid(name)))
            }
        };
        within("version", (1..=MAX_INT).contains(&self.version))?;
        within("min_protocol", (1..=MAX_INT).contains(&self.min_protocol))?;
        within("online", self.online.len() <= 2)?;
        within("keys", self.keys.len() <= KEYS_MAX)?;
        within("grants", self.grants.len() <= GRANTS_MAX)?;
        within("servers", (1..=4).contains(&self.servers.len()))?;
        within("portals", self.portals.len() <= 4)?;
        let life = self.expires_at.since(self.issued_at);
        if life == 0 || life > LIFE_MAX || self.expires_at.0 > MAX_INT {
            return Err(KeyringError::Life);
        }
        Ok(())
    }

    /// A key has one use and stands in one list. Raw keys are compared, so that no second algorithm's name hides one.
    fn check_one_use(&self) -> Result<(), KeyringError> {
        let mut seen = BTreeSet::new();
        let whole = self.root.keys.iter().chain(&self.online).map(|key| key.key);
        let named = self.witness.keys.iter().map(|witness| witness.key);
        let all = whole
            .chain(named)
            .chain([self.log.key])
            .map(PublicKey::Ed25519)
            .chain(self.keys.iter().map(|entry| entry.key));
        for key in all {
            if !seen.insert(key.raw().to_vec()) {
                return Err(KeyringError::KeyTwice(key.key_id()));
            }
        }
        Ok(())
    }

    fn check_witnesses(&self) -> Result<(), KeyringError> {
        let names: BTreeSet<&str> = self
            .witness
            .keys
            .iter()
            .map(|witness| witness.name.as_str())
            .collect();
        if names.len() != self.witness.keys.len() {
            return Err(KeyringError::WitnessTwice);
        }
        if !names.iter().all(|name| checkpoint::is_key_name(name)) {
            return Err(FieldError::Invalid("witness").into());
        }
        if !checkpoint::is_key_name(&self.log.origin) {
            return Err(FieldError::Invalid("log").into());
        }
        if self.witness.keys.len() > SIGNERS_MAX || !at_least(names.len(), self.witness.threshold) {
            return Err(KeyringError::Unreachable("witness"));
        }
        Ok(())
    }

    fn check_key(&self, entry: &KeyEntry) -> Result<(), KeyringError> {
        match (&entry.key, &entry.passkey) {
            (PublicKey::Ed25519(_), None) => match entry.display {
                Display::Independent => Ok(()),
                Display::Portal => Err(KeyringError::NotIndependent(entry.id())),
            },
            (PublicKey::WebauthnEs256(_), Some(passkey)) => {
                let host = host::of_origin(&passkey.origin)
                    .filter(|host| *host == passkey.rp_id)
                    .ok_or_else(|| KeyringError::Passkey(entry.id()))?;
                if entry.display == Display::Independent && self.is_drawn_by_server(host) {
                    return Err(KeyringError::NotIndependent(entry.id()));
                }
                Ok(())
            }
            (PublicKey::Ed25519(_) | PublicKey::P256(_), _)
            | (PublicKey::WebauthnEs256(_), None) => Err(FieldError::Invalid("alg").into()),
        }
    }

    fn is_drawn_by_server(&self, host: &str) -> bool {
        let servers = self
            .servers
            .iter()
            .filter_map(|server| host::of_server(&server.url));
        let portals = self.portals.iter().map(String::as_str);
        servers
            .chain(portals)
            .any(|other| host::are_related(host, other))
    }

    fn check_grant(&self, grant: &Grant) -> Result<(), KeyringError> {
        if grant.kinds.is_empty() || grant.keys.is_empty() {
            return Err(FieldError::Invalid("grants").into());
        }
        let most = u32::try_from(TARGETS_MAX).unwrap_or(u32::MAX);
        if !(1..=most).contains(&grant.max_targets) {
            return Err(FieldError::Invalid("max_targets").into());
        }
        let entries = grant
            .keys
            .iter()
            .map(|id| self.key(id).ok_or(KeyringError::UnknownKey(*id)))
            .collect::<Result<Vec<&KeyEntry>, _>>()?;
        let people: BTreeSet<&Person> = entries.iter().map(|entry| &entry.person).collect();
        let independent: BTreeSet<&Person> = entries
            .iter()
            .filter(|entry| entry.counts_as_independent())
            .map(|entry| &entry.person)
            .collect();
        let reachable = grant.threshold >= 1
            && at_least(people.len().min(SIGNERS_MAX), grant.threshold)
            && at_least(independent.len(), grant.independent)
            && at_least(self.witness.keys.len(), grant.clearances);
        if reachable {
            Ok(())
        } else {
            Err(KeyringError::Unreachable("a grant"))
        }
    }
}

impl Root {
    /// Checks that the threshold is at least 1, that so many people hold keys, and that no key stands twice.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn check(&self) -> Result<(), KeyringError> {
        let mut seen: BTreeSet<KeyId> = BTreeSet::new();
        for key in &self.keys {
            if !seen.insert(key.id()) {
                return Err(KeyringError::KeyTwice(key.id()));
            }
        }
        let people: BTreeSet<&Person> = self.keys.iter().map(|key| &key.person).collect();
        let sound = self.threshold >= 1
            && self.keys.len() <= SIGNERS_MAX
            && at_least(people.len(), self.threshold);
        if sound {
            Ok(())
        } else {
            Err(KeyringError::Unreachable("root"))
        }
    }
}

fn at_least(available: usize, wanted: u32) -> bool {
    u64::try_from(available).unwrap_or(u64::MAX) >= u64::from(wanted)
}
