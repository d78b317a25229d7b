//! The certificate authority of this installation: its files in `ca/` of the data folder, the certificates it issues for
//! phones, and the device listener's own certificate, which renews itself.
//!
//! ```text
//! ca/root.crt  root.key      20 years; the key may be taken away (`muster ca init` says how)
//!    devices.crt devices.key  signs phones and the CRL
//!    servers.crt servers.key  signs listeners
//!    tls.crt tls.key          the listener's own, 90 days
//! ```
//! Certificates are PEM, keys are sealed by the vault. What a certificate says is the profiles' matter (`muster-pki`);
//! which phone gets one is decided in [`crate::features::enrolment`].

mod files;
mod listener;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_pki::authority::{Authority as Place, Hierarchy};
use muster_pki::issue::{Issued, Plan, issue};
use muster_pki::issuer::Issuer;
use muster_pki::key::PublicKey;
use muster_pki::profile::{CrlUrl, DeviceSubject, Profile, ServerNames};
use muster_pki::serial::Serial;
use muster_pki::validity::Validity;
use muster_pki::{crl, est};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use self::files::{certificate_file, in_folder, key_file};
use self::listener::Pair;
use crate::app::Kek;
use crate::config::Config;
use crate::random::Random;
use crate::vault::{self, Vault};
use crate::web::tls::ServerCertificate;

/// How long a phone's certificate holds (DESIGN §5).
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long the listener's own certificate holds; it is renewed from two thirds of it.
pub const SERVER_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The CA, open for work.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    key: Kek,
    hierarchy: Hierarchy,
    names: ServerNames,
    server: Arc<ServerCertificate>,
    server_validity: Mutex<Validity>,
}

/// A certificate for a listener with its key, both PEM: what `muster ca issue-server` writes out.
pub struct ServerPem {
    /// The certificate and its intermediate.
    pub chain: String,
    /// The key, PKCS#8, unencrypted.
    pub key: Zeroizing<String>,
}

impl Authority {
    /// Opens the CA in the data folder, or makes it when there is none, and takes a certificate for the listener: the one
    /// that lies there, or a new one when that is missing, old or for other names.
    ///
    /// # Errors
    /// A sentence: a file is missing, damaged, or was sealed under another key; a name of the listener is no name.
    pub fn open(
        config: &Config,
        vault: &Vault,
        random: &dyn Random,
        now: Timestamp,
        device_url: &str,
    ) -> Result<Self, String> {
        let folder = config.data_dir.join("ca");
        if !folder.exists() {
            files::make(&folder, vault.key(), random, now)?;
        }
        let hierarchy = Hierarchy::open(&files::read(&folder)?, vault.key())
            .map_err(|error| in_folder(&folder, &error))?;
        let names = listener::names(config, device_url)?;
        let key = vault.key().clone();
        let (pair, kept) = match Pair::load(&folder, &key, &hierarchy, &names, now) {
            Some(pair) => (pair, true),
            None => (Pair::issue(&hierarchy, &names, now, random)?, false),
        };
        if !kept {
            pair.store(&folder, &key, random)
                .map_err(|error| in_folder(&folder, &error))?;
        }
        let (chain, secret) = pair.for_tls();
        let server =
            ServerCertificate::new(chain, secret).map_err(|error| in_folder(&folder, &error))?;
        Ok(Self {
            folder,
            key,
            hierarchy,
            names,
            server: Arc::new(server),
            server_validity: Mutex::new(pair.validity),
        })
    }

    /// SHA-256 of the root's certificate, lower hex: what a QR and a keyring name as `ca`.
    #[must_use]
    pub fn ca_fingerprint(&self) -> String {
        self.hierarchy.root().fingerprint()
    }

    /// The root's certificate, PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.hierarchy.root().pem()
    }

    /// Where the root's certificate lies.
    #[must_use]
    pub fn root_path(&self) -> PathBuf {
        self.folder.join(certificate_file(Place::Root))
    }

    /// Every CA certificate, DER, the root first (RFC 7030 §4.1).
    #[must_use]
    pub fn cacerts(&self) -> [&[u8]; 3] {
        self.hierarchy.certificates()
    }

    /// The CA of the phones: the device listener's only anchor.
    #[must_use]
    pub fn device_issuer(&self) -> CertificateDer<'static> {
        CertificateDer::from(self.devices().certificate().der().to_vec())
    }

    /// The CA of the phones, for signing.
    #[must_use]
    pub fn devices(&self) -> &Issuer {
        self.hierarchy.devices()
    }

    /// What a phone's certificate will say. The serial number is drawn here, so that it can be written down before anything
    /// is signed. Without `enrolment` it is a plain EST client's.
    ///
    /// # Errors
    /// The ids or the address are not well-formed, or the CA itself has run out.
    pub fn plan_device(
        &self,
        device: &str,
        enrolment: Option<&str>,
        crl_url: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Plan, String> {
        let subject = DeviceSubject::parse(device, enrolment).map_err(|error| error.to_string())?;
        let validity = Validity::lasting(now, DEVICE_LIFETIME)
            .and_then(|validity| validity.within(self.devices().certificate()))
            .map_err(|error| error.to_string())?;
        let crl_url = Some(CrlUrl::parse(crl_url).map_err(|error| error.to_string())?);
        Ok(Plan {
            serial: draw(random),
            validity,
            profile: Profile::Device { subject, crl_url },
        })
    }

    /// Signs a phone's certificate as planned. It was checked once more against the plan when it comes out.
    ///
    /// # Errors
    /// It could not be signed, or is not what was planned.
    pub fn sign_device(&self, plan: &Plan, key: &PublicKey) -> Result<Issued, String> {
        issue(self.devices(), plan, key).map_err(|error| error.to_string())
    }

    /// Signs a list of revoked certificates.
    ///
    /// # Errors
    /// It could not be signed, or would be due before it was made.
    pub fn sign_crl(
        &self,
        head: &crl::Head,
        revoked: Vec<crl::Revoked>,
    ) -> Result<Vec<u8>, String> {
        crl::build(self.devices(), head, revoked).map_err(|error| error.to_string())
    }

    /// The device listener's own certificate; renewed in place.
    #[must_use]
    pub fn server_certificate(&self) -> Arc<ServerCertificate> {
        self.server.clone()
    }

    /// Until when the listener's own certificate holds.
    #[must_use]
    pub fn server_certificate_ends(&self) -> Timestamp {
        self.server_validity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .not_after()
    }

    /// Renews the listener's own certificate when two thirds of its life have passed; whether it did.
    ///
    /// # Errors
    /// A sentence: it could not be signed or written. The old one stays in use.
    pub fn renew_server_if_due(&self, now: Timestamp, random: &dyn Random) -> Result<bool, String> {
        let mut validity = self
            .server_validity
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now < validity.renewal_at() {
            return Ok(false);
        }
        let pair = Pair::issue(&self.hierarchy, &self.names, now, random)?;
        pair.store(&self.folder, &self.key, random)
            .map_err(|error| in_folder(&self.folder, &error))?;
        let (chain, secret) = pair.for_tls();
        self.server
            .replace(chain, secret)
            .map_err(|error| in_folder(&self.folder, &error))?;
        *validity = pair.validity;
        Ok(true)
    }

    /// A certificate and key for another listener, such as a proxy before this one.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an address, or signing failed.
    pub fn issue_server(
        &self,
        names: &[String],
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<ServerPem, String> {
        let names = ServerNames::parse(names.iter().map(String::as_str))
            .map_err(|error| error.to_string())?;
        let pair = Pair::issue(&self.hierarchy, &names, now, random)?;
        let key = Zeroizing::new(est::encode_lines(&pair.key.to_pkcs8()));
        Ok(ServerPem {
            chain: pair.pem(),
            key: Zeroizing::new(format!(
                "-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n",
                *key
            )),
        })
    }

    /// Whether the root's key lies beside its certificate. It is needed for new intermediates only.
    #[must_use]
    pub fn root_key_is_here(&self) -> bool {
        self.folder.join(key_file(Place::Root)).exists()
    }

    /// Moves the root's key, still sealed, to `to`, where nothing may lie yet: from then on this machine cannot make
    /// another CA. It is on the other disk before it is gone from this one.
    ///
    /// # Errors
    /// A sentence: the key is not here, or `to` cannot be written.
    pub fn take_root_key_away(&self, to: &Path) -> Result<(), String> {
        let from = self.folder.join(key_file(Place::Root));
        let sealed = fs::read(&from).map_err(|error| {
            in_folder(
                &self.folder,
                &format!("the root's key cannot be read: {error}"),
            )
        })?;
        vault::write_secret(to, &sealed)
            .map_err(|error| format!("{} cannot be written: {error}.", to.display()))?;
        fs::remove_file(&from).map_err(|error| in_folder(&self.folder, &error))
    }
}

fn draw(random: &dyn Random) -> Serial {
    Serial::draw(&mut |bytes: &mut [u8]| random.fill(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    fn open(dir: &Path, at: Timestamp) -> Authority {
        let (config, random) = (Config::in_dir(dir), SeededRandom::new(7));
        let vault = Vault::open(&config.key_file, &random).unwrap();
        Authority::open(
            &config,
            &vault,
            &random,
            at,
            "https://phones.example.org:8443",
        )
        .unwrap()
    }

    #[test]
    fn a_second_start_finds_the_same_ca_and_the_same_server_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), now());
        let tls = fs::read(dir.path().join("ca/tls.crt")).unwrap();
        let second = open(dir.path(), now());
        assert_eq!(first.ca_fingerprint(), second.ca_fingerprint());
        assert_eq!(fs::read(dir.path().join("ca/tls.crt")).unwrap(), tls);
        assert!(second.root_key_is_here());
    }

    #[test]
    fn the_server_certificate_renews_itself_from_two_thirds_of_its_life() {
        let dir = tempfile::tempdir().unwrap();
        let (authority, random) = (open(dir.path(), now()), SeededRandom::new(8));
        let days = |n: i64| now() + SignedDuration::from_hours(24 * n);
        assert!(!authority.renew_server_if_due(days(59), &random).unwrap());
        assert!(authority.renew_server_if_due(days(61), &random).unwrap());
        assert!(authority.server_certificate_ends() > days(150));
        assert!(!authority.renew_server_if_due(days(62), &random).unwrap());
    }

    #[test]
    fn without_the_roots_key_everything_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let away = dir.path().join("away.key");
        open(dir.path(), now()).take_root_key_away(&away).unwrap();
        assert!(!open(dir.path(), now()).root_key_is_here() && away.exists());
    }
}
