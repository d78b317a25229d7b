//! The two keys a server holds for a fleet: `online`, which may sign what an owner can undo, and the log's.

use std::sync::Arc;

use dashmap::DashMap;
use muster_protocol::keys::Ed25519Signer;
use muster_store::fleets::Fleet;
use zeroize::Zeroizing;

use crate::app::App;

/// Opened keys by fleet id. They are opened once and kept, because every checkpoint needs one.
#[derive(Default)]
pub struct FleetKeys(DashMap<String, Opened>);

/// Keys with what they were opened from: a fleet whose keys were replaced has others sealed.
struct Opened {
    online_sealed: Vec<u8>,
    log_sealed: Vec<u8>,
    keys: Arc<ServerKeys>,
}

/// The server's keys of one fleet.
pub struct ServerKeys {
    /// Signs the commands that need no person (PROTOCOL §6).
    pub online: Ed25519Signer,
    /// Signs checkpoints (PROTOCOL §14).
    pub log: Ed25519Signer,
}

impl FleetKeys {
    /// The keys of `fleet`.
    ///
    /// # Errors
    /// A sentence: they were sealed under another key than this installation's.
    pub fn of(&self, app: &App, fleet: &Fleet) -> Result<Arc<ServerKeys>, String> {
        if let Some(known) = self.0.get(&fleet.id)
            && known.online_sealed == fleet.online_key_sealed
            && known.log_sealed == fleet.log_key_sealed
        {
            return Ok(known.keys.clone());
        }
        let keys = Arc::new(open(app, &fleet.online_key_sealed, &fleet.log_key_sealed)?);
        let opened = Opened {
            online_sealed: fleet.online_key_sealed.clone(),
            log_sealed: fleet.log_key_sealed.clone(),
            keys: keys.clone(),
        };
        self.0.insert(fleet.id.clone(), opened);
        Ok(keys)
    }
}

/// The keys that the next keyring may name, if some were made.
///
/// # Errors
/// A sentence: they were sealed under another key than this installation's.
pub fn next_of(app: &App, fleet: &Fleet) -> Result<Option<ServerKeys>, String> {
    match (&fleet.next_online_key_sealed, &fleet.next_log_key_sealed) {
        (Some(online), Some(log)) => open(app, online, log).map(Some),
        (Some(_) | None, None) | (None, Some(_)) => Ok(None),
    }
}

fn open(app: &App, online: &[u8], log: &[u8]) -> Result<ServerKeys, String> {
    let open = |purpose, sealed: &[u8]| -> Result<Ed25519Signer, String> {
        let opened = app.vault.open_sealed(purpose, sealed)?;
        let seed: [u8; 32] = opened
            .as_slice()
            .try_into()
            .map_err(|_| format!("{purpose}: not a key of 32 bytes"))?;
        Ok(Ed25519Signer::from_seed(*Zeroizing::new(seed)))
    };
    Ok(ServerKeys {
        online: open(ONLINE, online)?,
        log: open(LOG, log)?,
    })
}

/// What the online key is sealed for.
pub const ONLINE: &str = "fleet-online-key";
/// What the log key is sealed for.
pub const LOG: &str = "fleet-log-key";
