//! What the demo made, for people and programs that try it: addresses, passwords, tokens, keys. None of it guards anything real.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::trade::Trade;
use crate::vault;

/// The version of this file. A newer one means a newer program made the folder.
const VERSION: u32 = 1;

/// Everything one needs to use the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// Version of this file.
    pub version: u32,
    /// The portal.
    pub portal_url: String,
    /// The phones' listener.
    pub device_url: String,
    /// Path of the CA's root certificate, PEM.
    pub ca_certificate: String,
    /// Its SHA-256.
    pub ca_fingerprint: String,
    /// Each reseller's fleet.
    pub fleets: Vec<Fleet>,
    /// Who can sign in.
    pub members: Vec<Member>,
    /// Tokens of the API.
    pub api_tokens: Tokens,
    /// Paths of the approvers' key files, Northwind's two first.
    pub approver_keys: Vec<String>,
    /// The sandbox phones.
    pub phones: Vec<Phone>,
    /// What is sold, by id.
    #[serde(default)]
    pub trade: Trade,
}

/// A fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fleet {
    /// The organisation its phones are pinned to.
    pub organisation: String,
    /// SHA-256 of its descriptor.
    pub fingerprint: String,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// What they type first.
    pub email: String,
    /// What they type second.
    pub password: String,
    /// Their role.
    pub role: String,
    /// Name of their organisation.
    pub organisation: String,
}

/// Tokens by who they act for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// The operator's owner.
    pub operator: String,
    /// Northwind Mobile's owner.
    pub reseller: String,
    /// Lyre Telecom's owner.
    pub other_reseller: String,
    /// The operator's auditor, who reads everything beneath.
    pub auditor: String,
}

/// A sandbox phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phone {
    /// The server's record.
    pub device_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its folder.
    pub state_dir: String,
}

impl Credentials {
    /// A new file's version.
    #[must_use]
    pub fn version() -> u32 {
        VERSION
    }

    /// Reads what an earlier start wrote; `None` when there was none.
    ///
    /// # Errors
    /// A sentence: it does not read, or a newer program wrote it.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let Ok(text) = std::fs::read_to_string(path) else {
            return Ok(None);
        };
        let damaged = || {
            format!(
                "{} does not read. Start with --fresh, or give another folder with --dir.",
                path.display()
            )
        };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| damaged())?;
        if value
            .get("version")
            .and_then(serde_json::Value::as_u64)
            .is_some_and(|version| version > u64::from(VERSION))
        {
            return Err(format!(
                "{} was made by a newer version of this program. Use that one, start with --fresh, or give another folder with --dir.",
                path.parent().unwrap_or(path).display()
            ));
        }
        serde_json::from_value(value)
            .map(Some)
            .map_err(|_| damaged())
    }

    /// Writes the file in one step, readable by its owner only: whoever sees it sees all of it.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let cannot =
            |error: std::io::Error| format!("{} cannot be written: {error}.", path.display());
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let part = path.with_extension("part");
        if part.exists() {
            std::fs::remove_file(&part).map_err(cannot)?;
        }
        vault::write_secret(&part, text.as_bytes()).map_err(cannot)?;
        std::fs::rename(&part, path).map_err(cannot)
    }
}
