//! The hierarchy: one root, which can be kept offline, and two intermediates that sign every day.
//!
//! ```text
//! root (20 years) ─┬─ devices (10 years, clientAuth only) ── phones, CRL
//!                  └─ servers (10 years, serverAuth only) ── listeners
//! ```
//! The intermediates are limited to one use each: a stolen device CA key cannot pose as the server.

use jiff::{SignedDuration, Timestamp};

use crate::Randomness;
use crate::certificate::{CaCertificate, CertificateError};
use crate::issue::{self, IssueError, Plan};
use crate::issuer::Issuer;
use crate::key::{KeyError, SecretKey};
use crate::profile::{CaName, Profile, ProfileError, Usage};
use crate::sealing::{KeyEncryptionKey, SealError};
use crate::serial::Serial;
use crate::validity::{Validity, ValidityError};

/// How long the root lives: longer than any phone.
pub const ROOT_LIFETIME: SignedDuration = SignedDuration::from_hours(20 * 365 * 24);
/// How long an intermediate lives.
pub const INTERMEDIATE_LIFETIME: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// Which of the three CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authority {
    /// Signs the other two.
    Root,
    /// Signs phones and the CRL.
    Devices,
    /// Signs listeners.
    Servers,
}

impl Authority {
    /// All of them, the root first.
    pub const ALL: [Self; 3] = [Self::Root, Self::Devices, Self::Servers];

    /// A short name, for files and command lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Devices => "devices",
            Self::Servers => "servers",
        }
    }

    /// The purpose its key is sealed for (see [`crate::sealing`]).
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Root => "ca/root",
            Self::Devices => "ca/devices",
            Self::Servers => "ca/servers",
        }
    }
}

/// A CA at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuthority {
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its sealed key; absent for a root whose key was taken away.
    pub sealed_key: Option<Vec<u8>>,
}

/// The hierarchy at rest: what is written to files, and read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHierarchy {
    /// The root.
    pub root: StoredAuthority,
    /// The CA of the phones.
    pub devices: StoredAuthority,
    /// The CA of the listeners.
    pub servers: StoredAuthority,
}

/// A CA that was just made, its key still open.
#[derive(Debug)]
pub struct NewAuthority {
    /// Its certificate.
    pub certificate: CaCertificate,
    /// Its key.
    pub key: SecretKey,
}

/// A hierarchy that was just made.
#[derive(Debug)]
pub struct NewHierarchy {
    /// The root.
    pub root: NewAuthority,
    /// The CA of the phones.
    pub devices: NewAuthority,
    /// The CA of the listeners.
    pub servers: NewAuthority,
}

/// The hierarchy at work: both intermediates can sign, the root is only a certificate.
#[derive(Debug)]
pub struct Hierarchy {
    root: CaCertificate,
    devices: Issuer,
    servers: Issuer,
}

/// Why a hierarchy cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The name is too long or odd.
    #[error(transparent)]
    Name(#[from] ProfileError),
    /// The clock is far off.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Signing failed, or what was signed is not what was meant.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key did not open.
    #[error("the key of the CA {authority:?}: {source}")]
    Seal {
        /// Whose key.
        authority: Authority,
        /// Why.
        source: SealError,
    },
    /// A certificate is damaged or in the wrong place.
    #[error("the certificate of the CA {authority:?}: {source}")]
    Certificate {
        /// Whose certificate.
        authority: Authority,
        /// Why.
        source: CertificateError,
    },
    /// The key's file belongs to another certificate.
    #[error(
        "the key of the CA {0:?} does not belong to its certificate; restore both from the same backup"
    )]
    Mismatch(Authority),
    /// The key is kept elsewhere.
    #[error("the key of the CA {0:?} is not here; bring it back from where it is kept")]
    KeyAway(Authority),
}

impl Hierarchy {
    /// Makes a hierarchy for an installation called `name` (at most 50 characters, so that the CAs' names fit).
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn create(
        name: &str,
        now: Timestamp,
        random: &mut Randomness<'_>,
    ) -> Result<NewHierarchy, AuthorityError> {
        let key = SecretKey::generate(random)?;
        let plan = Plan {
            serial: Serial::draw(random),
            validity: Validity::lasting(now, ROOT_LIFETIME)?,
            profile: Profile::Root {
                name: CaName::parse(&format!("{name} Root CA"))?,
            },
        };
        let issued = issue::self_sign(&key, &plan)?;
        let root = Issuer::new(Authority::Root, &issued.der, key)?;
        let devices = root.create_intermediate(Authority::Devices, name, now, random)?;
        let servers = root.create_intermediate(Authority::Servers, name, now, random)?;
        Ok(NewHierarchy {
            root: root.into_new(),
            devices,
            servers,
        })
    }

    /// Opens a stored hierarchy, and checks that its pieces belong together. The root's key is not touched.
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn open(stored: &StoredHierarchy, kek: &KeyEncryptionKey) -> Result<Self, AuthorityError> {
        let root = CaCertificate::parse(&stored.root.certificate).map_err(|source| {
            AuthorityError::Certificate {
                authority: Authority::Root,
                source,
            }
        })?;
        let devices = Issuer::open(Authority::Devices, &stored.devices, kek)?;
        let servers = Issuer::open(Authority::Servers, &stored.servers, kek)?;
        Self::assemble(root, devices, servers)
    }

    /// The root's certificate: what phones trust for the server's TLS.
    pub fn root(&self) -> &CaCertificate {
        &self.root
    }

    /// The CA of the phones.
    pub fn devices(&self) -> &Issuer {
        &self.devices
    }

    /// The CA of the listeners.
    pub fn servers(&self) -> &Issuer {
        &self.servers
    }

    /// All CA certificates, DER, the root first: the answer to EST's `cacerts`.
    pub fn certificates(&self) -> [&[u8]; 3] {
        [
            self.root.der(),
            self.devices.certificate().der(),
            self.servers.certificate().der(),
        ]
    }

    /// What a listener sends after its own certificate: the intermediate, without the root.
    pub fn server_chain(&self) -> [&[u8]; 1] {
        [self.servers.certificate().der()]
    }

    fn assemble(
        root: CaCertificate,
        devices: Issuer,
        servers: Issuer,
    ) -> Result<Self, AuthorityError> {
        let placed = [(&devices, Usage::ClientAuth), (&servers, Usage::ServerAuth)];
        for (issuer, usage) in placed {
            let wrong = |source| AuthorityError::Certificate {
                authority: issuer.authority(),
                source,
            };
            root.verify_signed(issuer.certificate().der())
                .map_err(wrong)?;
            if issuer.certificate().usage() != Some(usage) {
                return Err(wrong(CertificateError::ForeignUsage));
            }
        }
        Ok(Self {
            root,
            devices,
            servers,
        })
    }
}

impl NewHierarchy {
    /// Seals all three keys for rest.
    pub fn seal(&self, kek: &KeyEncryptionKey, random: &mut Randomness<'_>) -> StoredHierarchy {
        StoredHierarchy {
            root: self.root.seal(Authority::Root, kek, random),
            devices: self.devices.seal(Authority::Devices, kek, random),
            servers: self.servers.seal(Authority::Servers, kek, random),
        }
    }

    /// Goes to work at once; the root's key is dropped, so seal first.
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn into_hierarchy(self) -> Result<Hierarchy, AuthorityError> {
        let devices = Issuer::new(
            Authority::Devices,
            self.devices.certificate.der(),
            self.devices.key,
        )?;
        let servers = Issuer::new(
            Authority::Servers,
            self.servers.certificate.der(),
            self.servers.key,
        )?;
        Hierarchy::assemble(self.root.certificate, devices, servers)
    }
}

impl NewAuthority {
    /// Seals the key for rest.
    pub fn seal(
        &self,
        authority: Authority,
        kek: &KeyEncryptionKey,
        random: &mut Randomness<'_>,
    ) -> StoredAuthority {
        StoredAuthority {
            certificate: self.certificate.der().to_vec(),
            sealed_key: Some(self.key.seal(kek, authority.purpose(), random)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{now, seeded};

    fn create() -> NewHierarchy {
        Hierarchy::create("Northwind Mobile", now(), &mut seeded(42)).unwrap()
    }

    #[test]
    fn a_hierarchy_survives_being_stored() {
        let kek = KeyEncryptionKey::from_bytes([1; 32]);
        let mut stored = create().seal(&kek, &mut seeded(1));
        stored.root.sealed_key = None;
        let open = Hierarchy::open(&stored, &kek).unwrap();
        assert_eq!(open.root().common_name(), "Northwind Mobile Root CA");
        assert_eq!(
            open.devices().certificate().common_name(),
            "Northwind Mobile Devices CA"
        );
        assert!(matches!(
            Issuer::open(Authority::Root, &stored.root, &kek),
            Err(AuthorityError::KeyAway(Authority::Root))
        ));
    }

    #[test]
    fn a_seeded_run_repeats_to_the_byte() {
        assert_eq!(create().servers.certificate, create().servers.certificate);
    }

    #[test]
    fn swapped_files_are_noticed() {
        let kek = KeyEncryptionKey::from_bytes([1; 32]);
        let stored = create().seal(&kek, &mut seeded(1));
        let mut swapped_keys = stored.clone();
        std::mem::swap(
            &mut swapped_keys.devices.sealed_key,
            &mut swapped_keys.servers.sealed_key,
        );
        assert!(matches!(
            Hierarchy::open(&swapped_keys, &kek),
            Err(AuthorityError::Seal { .. })
        ));

        let other = Hierarchy::create("Lyre Telecom", now(), &mut seeded(43))
            .unwrap()
            .seal(&kek, &mut seeded(1));
        let mixed = StoredHierarchy {
            devices: other.devices.clone(),
            ..stored.clone()
        };
        assert!(matches!(
            Hierarchy::open(&mixed, &kek),
            Err(AuthorityError::Certificate { .. })
        ));
        let mixed = StoredAuthority {
            sealed_key: other.devices.sealed_key,
            ..stored.devices
        };
        assert!(matches!(
            Issuer::open(Authority::Devices, &mixed, &kek),
            Err(AuthorityError::Mismatch(_))
        ));
    }

    #[test]
    fn an_intermediate_cannot_make_another() {
        let hierarchy = create().into_hierarchy().unwrap();
        let refused = hierarchy.devices().create_intermediate(
            Authority::Devices,
            "Rogue",
            now(),
            &mut seeded(9),
        );
        assert!(matches!(refused, Err(AuthorityError::Issue(_))));
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        for name in ["x".repeat(57), "a\nb".to_owned()] {
            let refused = Hierarchy::create(&name, now(), &mut seeded(1));
            assert!(matches!(
                refused,
                Err(AuthorityError::Name(ProfileError::CaName))
            ));
        }
    }
}
