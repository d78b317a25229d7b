//! What a phone's hardware and operating system can do, as one trait, and the phones we know.
//!
//! Nothing here decides anything: what is done, and whether, is decided in [`crate::core`]. Every act may be asked for
//! twice, because a phone can lose power between an act and its entry in the journal (PROTOCOL §11).

mod hooks;
mod sandbox;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use hooks::HooksPhone;
pub use sandbox::{OwnerUnlock, SandboxPhone, owner_unlock};

/// A phone, as the agent acts on it. Each act is repeatable: the second time it finds its work done and succeeds.
pub trait Phone: Send {
    /// What the phone reports about itself. What cannot be read is left out.
    fn inventory(&mut self) -> Inventory;

    /// Which locks hold right now.
    ///
    /// # Errors
    /// When the phone cannot tell.
    fn lock_state(&mut self) -> Result<LockState, PhoneError>;

    /// Closes the screen with that lock.
    ///
    /// # Errors
    /// When the phone did not do it.
    fn lock(&mut self, lock: Lock) -> Result<(), PhoneError>;

    /// Opens the fleet's lock. The owner's own lock stays as it is: no command opens that one.
    ///
    /// # Errors
    /// When the phone did not do it.
    fn unlock_fleet(&mut self) -> Result<(), PhoneError>;

    /// Whether the fleet's service is switched on.
    ///
    /// # Errors
    /// When the phone cannot tell.
    fn service_on(&mut self) -> Result<bool, PhoneError>;

    /// Switches the fleet's service on or off. Calls, network and the owner's data are not touched.
    ///
    /// # Errors
    /// When the phone did not do it.
    fn set_service(&mut self, on: bool) -> Result<(), PhoneError>;

    /// Makes the owner's data unreadable for good. `step` is called between parts of the work.
    ///
    /// # Errors
    /// When anything may be left.
    fn erase_user_data(&mut self, step: &mut dyn FnMut()) -> Result<(), PhoneError>;

    /// Destroys the fleet's service data. The owner's own data stays.
    ///
    /// # Errors
    /// When anything may be left.
    fn erase_service_data(&mut self) -> Result<(), PhoneError>;

    /// Shows these lines to the owner, in place of the ones before.
    ///
    /// # Errors
    /// When they could not be shown.
    fn show(&mut self, lines: &[String]) -> Result<(), PhoneError>;
}

/// The two locks. They are independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Opened by the owner's own credential.
    Owner,
    /// Opened by an `unlock` that names it, or by its end; the owner's credential does not help.
    Fleet,
}

impl Lock {
    /// The word for it in hooks and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Fleet => "fleet",
        }
    }
}

/// Which locks hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockState {
    /// The owner's own lock is closed.
    pub owner: bool,
    /// The fleet's lock is closed.
    pub fleet: bool,
}

/// What a phone tells about itself; every member may be absent (docs/DEVICE-API.md).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Name of the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Its security patch level, by the vendor's naming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_level: Option<String>,
    /// The handset's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Charge of the battery, 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// Connected to power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charging: Option<bool>,
    /// Size of the user's storage in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_total_bytes: Option<u64>,
    /// Free part of it in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_free_bytes: Option<u64>,
    /// The user's storage is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Seconds since the phone was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
}

impl Inventory {
    /// Longest text in a report, in characters (docs/DEVICE-API.md).
    pub const TEXT_LIMIT: usize = 64;

    /// Cuts texts to [`Self::TEXT_LIMIT`], drops control characters and clamps numbers, so that a vendor's odd value
    /// never costs the phone its check-in.
    #[must_use]
    pub fn bounded(self) -> Self {
        let text = |value: Option<String>| {
            value
                .map(|text| bounded_text(&text))
                .filter(|text| !text.is_empty())
        };
        // Above 2^53 JSON readers disagree on numbers.
        let number = |value: Option<u64>| value.filter(|number| *number < 1 << 53);
        Self {
            os_name: text(self.os_name),
            os_version: text(self.os_version),
            patch_level: text(self.patch_level),
            model: text(self.model),
            battery_percent: self.battery_percent.map(|percent| percent.min(100)),
            charging: self.charging,
            storage_total_bytes: number(self.storage_total_bytes),
            storage_free_bytes: number(self.storage_free_bytes),
            encrypted: self.encrypted,
            uptime_seconds: number(self.uptime_seconds),
        }
    }
}

fn bounded_text(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(Inventory::TEXT_LIMIT)
        .collect()
}

/// Which kind of phone the agent runs on; chosen at enrolment and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneKind {
    /// A folder that plays a phone, for demonstrations and tests.
    Sandbox,
    /// The vendor's own executables.
    Hooks,
}

impl PhoneKind {
    /// Opens the phone of this kind whose agent works in `folder`.
    ///
    /// # Errors
    /// When the phone's own files are missing or wrong.
    pub fn open(self, folder: &Path) -> Result<Box<dyn Phone>, PhoneError> {
        Ok(match self {
            Self::Sandbox => Box::new(SandboxPhone::open(folder)?),
            Self::Hooks => Box::new(HooksPhone::open(folder)?),
        })
    }
}

impl std::str::FromStr for PhoneKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "sandbox" => Ok(Self::Sandbox),
            "hooks" => Ok(Self::Hooks),
            other => Err(format!(
                "there is no phone called {other:?}; choose sandbox or hooks"
            )),
        }
    }
}

/// Why a phone did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// A file of the phone could not be read or written.
    #[error("{what}: {source}")]
    File {
        /// What was being done.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file of the phone, or a hook's answer, is not what it must be.
    #[error("{0}")]
    Malformed(String),
    /// A hook ended badly, or not in time.
    #[error("hook {verb}: {how}")]
    Hook {
        /// The verb.
        verb: &'static str,
        /// What went wrong.
        how: String,
    },
    /// The phone said it did the act, and a second look says otherwise.
    #[error("{0}")]
    NotVerified(&'static str),
}

impl PhoneError {
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::File { what, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reported_text_is_cut_and_cleaned() {
        let inventory = Inventory {
            model: Some(format!("a\u{1b}[31m{}", "x".repeat(100))),
            os_name: Some("\n".to_owned()),
            battery_percent: Some(255),
            ..Inventory::default()
        }
        .bounded();
        assert_eq!(
            inventory
                .model
                .as_deref()
                .map(|model| model.chars().count()),
            Some(64)
        );
        assert!(
            inventory
                .model
                .is_some_and(|model| model.starts_with("a[31m"))
        );
        assert_eq!(inventory.os_name, None);
        assert_eq!(inventory.battery_percent, Some(100));
    }
}
