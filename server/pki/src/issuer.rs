//! A CA that can sign: a certificate together with its key.

use std::fmt;

use jiff::Timestamp;

use crate::Randomness;
use crate::authority::{
    Authority, AuthorityError, INTERMEDIATE_LIFETIME, NewAuthority, StoredAuthority,
};
use crate::certificate::{CaCertificate, CertificateError};
use crate::issue::{self, Plan};
use crate::key::SecretKey;
use crate::profile::{CaName, Profile, Usage};
use crate::sealing::KeyEncryptionKey;
use crate::serial::Serial;
use crate::validity::Validity;

/// A CA that can sign.
pub struct Issuer {
    authority: Authority,
    certificate: CaCertificate,
    inner: rcgen::Issuer<'static, SecretKey>,
}

impl Issuer {
    /// Opens a stored CA.
    ///
    /// # Errors
    /// A key that is away, does not open or belongs to another certificate; a certificate that is none.
    pub fn open(
        authority: Authority,
        stored: &StoredAuthority,
        kek: &KeyEncryptionKey,
    ) -> Result<Self, AuthorityError> {
        let sealed = stored
            .sealed_key
            .as_ref()
            .ok_or(AuthorityError::KeyAway(authority))?;
        let key = SecretKey::open(kek, authority.purpose(), sealed)
            .map_err(|source| AuthorityError::Seal { authority, source })?;
        Self::new(authority, &stored.certificate, key)
    }

    /// Brings a certificate and its key together.
    ///
    /// # Errors
    /// When they do not belong together, or the certificate is no CA's.
    pub fn new(
        authority: Authority,
        certificate: &[u8],
        key: SecretKey,
    ) -> Result<Self, AuthorityError> {
        let wrong = |source| AuthorityError::Certificate { authority, source };
        let parsed = CaCertificate::parse(certificate).map_err(wrong)?;
        if parsed.public_key() != key.public() {
            return Err(AuthorityError::Mismatch(authority));
        }
        let inner = rcgen::Issuer::from_ca_cert_der(&certificate.into(), key)
            .map_err(|_| wrong(CertificateError::Malformed))?;
        Ok(Self {
            authority,
            certificate: parsed,
            inner,
        })
    }

    /// Makes a new intermediate, as the root.
    ///
    /// # Errors
    /// See [`AuthorityError`]; the lint refuses what an intermediate tries to sign.
    pub fn create_intermediate(
        &self,
        authority: Authority,
        name: &str,
        now: Timestamp,
        random: &mut Randomness<'_>,
    ) -> Result<NewAuthority, AuthorityError> {
        let (name, usage) = match authority {
            Authority::Root => return Err(AuthorityError::Mismatch(authority)),
            Authority::Devices => (format!("{name} Devices CA"), Usage::ClientAuth),
            Authority::Servers => (format!("{name} Servers CA"), Usage::ServerAuth),
        };
        let plan = Plan {
            serial: Serial::draw(random),
            validity: Validity::lasting(now, INTERMEDIATE_LIFETIME)?.within(&self.certificate)?,
            profile: Profile::Intermediate {
                name: CaName::parse(&name)?,
                usage,
            },
        };
        let key = SecretKey::generate(random)?;
        let issued = issue::issue(self, &plan, key.public())?;
        let certificate = CaCertificate::parse(&issued.der)
            .map_err(|source| AuthorityError::Certificate { authority, source })?;
        Ok(NewAuthority { certificate, key })
    }

    /// Which CA this is.
    pub fn authority(&self) -> Authority {
        self.authority
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CaCertificate {
        &self.certificate
    }

    pub(crate) fn inner(&self) -> &rcgen::Issuer<'static, SecretKey> {
        &self.inner
    }

    /// Only a CA that was just made gives its key out again.
    pub(crate) fn into_new(self) -> NewAuthority {
        let key = SecretKey::from_pkcs8(&self.inner.key().to_pkcs8())
            .expect("the key wrote this form itself");
        NewAuthority {
            certificate: self.certificate,
            key,
        }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("authority", &self.authority)
            .field("certificate", &self.certificate.common_name())
            .finish_non_exhaustive()
    }
}
