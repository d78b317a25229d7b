//! The certificate authority of this installation: its files in `ca/` of the data folder, the certificates it issues for
//! phones, and the device listener's own certificate, which renews itself.
//!
//! ```text
//! ca/root.crt  root.key      20 years; the key may be taken away (`muster ca init` says how)
//!    devices.crt devices.key  signs phones and the CRL
//!    servers.crt servers.key  signs listeners
//!    tls.crt tls.key          the listener's own, 90 days
//!    former/*.crt             CAs of servers that this one succeeded
//! ```
//! Certificates are PEM, keys are sealed by the vault. What a certificate says is the profiles' matter (`muster-pki`);
//! which phone gets one is decided in [`crate::features::enrolment`].

mod files;
mod former;
mod listener;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_pki::authority::{Authority as Place, Hierarchy};
use muster_pki::certificate::CaCertificate;
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
    listener: OnceLock<Listener>,
}

/// What a node that listens holds beside the CA.
#[derive(Debug)]
struct Listener {
    names: ServerNames,
    certificate: Arc<ServerCertificate>,
    validity: Mutex<Validity>,
}

/// A certificate for a listener with its key, both PEM: what `muster ca issue-server` writes out.
pub struct ServerPem {
    /// The certificate and its intermediate.
    pub chain: String,
    /// The key, PKCS#8, unencrypted.
    pub key: Zeroizing<String>,
}

impl Authority {
    /// Opens the CA in the data folder, or makes it when there is none. The listener's own certificate is left alone.
    ///
    /// # Errors
    /// A sentence: a file is missing, damaged, or was sealed under another key.
    pub fn open(
        data_dir: &Path,
        vault: &Vault,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, String> {
        let folder = data_dir.join("ca");
        if !folder.exists() {
            files::make(&folder, vault.key(), random, now)?;
        }
        let hierarchy = Hierarchy::open(&files::read(&folder)?, vault.key())
            .map_err(|error| in_folder(&folder, &error))?;
        Ok(Self {
            folder,
            key: vault.key().clone(),
            hierarchy,
            listener: OnceLock::new(),
        })
    }

    /// The device listener's own certificate, for a node that is about to listen: the one that lies in the folder, or a new one
    /// when that is missing, due or for other names. Renewed in place from then on.
    ///
    /// # Errors
    /// A sentence: a name of the listener is no name, or the certificate cannot be signed or written.
    pub fn take_server_certificate(
        &self,
        config: &Config,
        device_url: &str,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Arc<ServerCertificate>, String> {
        let names = listener::names(config, device_url)?;
        let pair = match Pair::load(&self.folder, &self.key, &self.hierarchy, &names, now) {
            Some(pair) => pair,
            None => {
                let pair = Pair::issue(&self.hierarchy, &names, now, random)?;
                pair.store(&self.folder, &self.key, random)
                    .map_err(|error| in_folder(&self.folder, &error))?;
                pair
            }
        };
        let (chain, secret) = pair.for_tls();
        let certificate = ServerCertificate::new(chain, secret)
            .map_err(|error| in_folder(&self.folder, &error))?;
        let taken = Listener {
            names,
            certificate: Arc::new(certificate),
            validity: Mutex::new(pair.validity),
        };
        Ok(self.listener.get_or_init(|| taken).certificate.clone())
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

    /// The CAs of the phones, the device listener's only anchors: this server's own, and those of servers it succeeded.
    ///
    /// # Errors
    /// A sentence: a former CA's file does not read.
    pub fn device_issuers(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let own = CertificateDer::from(self.devices().certificate().der().to_vec());
        let former = self.former()?;
        let former = former
            .iter()
            .map(|one| CertificateDer::from(one.der().to_vec()));
        Ok(std::iter::once(own).chain(former).collect())
    }

    /// The CAs of servers that this one succeeded.
    ///
    /// # Errors
    /// A sentence: a file does not read.
    pub fn former(&self) -> Result<Vec<CaCertificate>, String> {
        former::read(&self.folder)
    }

    /// Hears the phones of another server's CA from the next start on; answers its fingerprint, and whether that is news.
    ///
    /// # Errors
    /// A sentence: the file is no CA's certificate, or one of this server's own.
    pub fn trust_former(&self, file: &Path) -> Result<(String, bool), String> {
        let (certificate, is_news) = former::add(&self.folder, file, &self.cacerts())?;
        Ok((certificate.fingerprint(), is_news))
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

    /// Until when the listener's own certificate holds; `None` where nothing listens.
    #[must_use]
    pub fn server_certificate_ends(&self) -> Option<Timestamp> {
        let validity = &self.listener.get()?.validity;
        Some(
            validity
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .not_after(),
        )
    }

    /// Renews the listener's own certificate when two thirds of its life have passed; whether it did.
    ///
    /// # Errors
    /// A sentence: it could not be signed or written. The old one stays in use.
    pub fn renew_server_if_due(&self, now: Timestamp, random: &dyn Random) -> Result<bool, String> {
        let Some(listener) = self.listener.get() else {
            return Ok(false);
        };
        let mut validity = listener
            .validity
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now < validity.renewal_at() {
            return Ok(false);
        }
        let pair = Pair::issue(&self.hierarchy, &listener.names, now, random)?;
        pair.store(&self.folder, &self.key, random)
            .map_err(|error| in_folder(&self.folder, &error))?;
        let (chain, secret) = pair.for_tls();
        listener
            .certificate
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
        Authority::open(dir, &vault, &random, at).unwrap()
    }

    fn listen(dir: &Path, at: Timestamp) -> Authority {
        let authority = open(dir, at);
        let (config, random) = (Config::in_dir(dir), SeededRandom::new(9));
        authority
            .take_server_certificate(&config, "https://phones.example.org:8443", &random, at)
            .unwrap();
        authority
    }

    #[test]
    fn a_program_that_does_not_listen_leaves_the_listeners_certificate_alone() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path(), now());
        assert!(!dir.path().join("ca/tls.crt").exists());
        listen(dir.path(), now());
        let tls = fs::read(dir.path().join("ca/tls.crt")).unwrap();
        open(dir.path(), now() + SignedDuration::from_hours(24 * 80));
        assert_eq!(fs::read(dir.path().join("ca/tls.crt")).unwrap(), tls);
    }

    #[test]
    fn a_second_start_finds_the_same_ca_and_the_same_server_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let first = listen(dir.path(), now());
        let tls = fs::read(dir.path().join("ca/tls.crt")).unwrap();
        let second = listen(dir.path(), now());
        assert_eq!(first.ca_fingerprint(), second.ca_fingerprint());
        assert_eq!(fs::read(dir.path().join("ca/tls.crt")).unwrap(), tls);
        assert!(second.root_key_is_here());
    }

    #[test]
    fn the_server_certificate_renews_itself_from_two_thirds_of_its_life() {
        let dir = tempfile::tempdir().unwrap();
        let (authority, random) = (listen(dir.path(), now()), SeededRandom::new(8));
        let days = |n: i64| now() + SignedDuration::from_hours(24 * n);
        assert!(!authority.renew_server_if_due(days(59), &random).unwrap());
        assert!(authority.renew_server_if_due(days(61), &random).unwrap());
        assert!(authority.server_certificate_ends().unwrap() > days(150));
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
