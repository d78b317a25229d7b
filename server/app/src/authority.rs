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

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_pki::authority::{Authority as Place, Hierarchy, StoredAuthority, StoredHierarchy};
use muster_pki::certificate::{certificate_from_pem, certificate_pem};
use muster_pki::issue::{Issued, Plan, issue};
use muster_pki::issuer::Issuer;
use muster_pki::key::{PublicKey, SecretKey};
use muster_pki::profile::{AlternativeName, CrlUrl, DeviceSubject, Profile, ServerNames};
use muster_pki::serial::Serial;
use muster_pki::validity::Validity;
use muster_pki::{crl, est};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

use crate::app::Kek;
use crate::config::Config;
use crate::random::Random;
use crate::vault::{self, Vault};
use crate::web::tls::ServerCertificate;

/// How long a phone's certificate holds (DESIGN §5).
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long the listener's own certificate holds; it is renewed from two thirds of it.
pub const SERVER_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What the CAs call themselves.
const NAME: &str = "Muster";
/// What the listener's key is sealed for.
const TLS: &str = "ca/tls";

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
    pub fn open(config: &Config, vault: &Vault, random: &dyn Random, now: Timestamp, device_url: &str) -> Result<Self, String> {
        let folder = config.data_dir.join("ca");
        if !folder.exists() {
            make(&folder, vault.key(), random, now)?;
        }
        let hierarchy = Hierarchy::open(&read(&folder)?, vault.key()).map_err(|error| in_folder(&folder, &error))?;
        let names = names(config, device_url)?;
        let key = vault.key().clone();
        let (pair, kept) = match Pair::load(&folder, &key, &hierarchy, &names, now) {
            Some(pair) => (pair, true),
            None => (Pair::issue(&hierarchy, &names, now, random)?, false),
        };
        if !kept {
            pair.store(&folder, &key, random).map_err(|error| in_folder(&folder, &error))?;
        }
        let (chain, secret) = pair.for_tls();
        let server = ServerCertificate::new(chain, secret).map_err(|error| in_folder(&folder, &error))?;
        Ok(Self { folder, key, hierarchy, names, server: Arc::new(server), server_validity: Mutex::new(pair.validity) })
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
        Ok(Plan { serial: draw(random), validity, profile: Profile::Device { subject, crl_url } })
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
    pub fn sign_crl(&self, head: &crl::Head, revoked: Vec<crl::Revoked>) -> Result<Vec<u8>, String> {
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
        self.server_validity.lock().unwrap_or_else(PoisonError::into_inner).not_after()
    }

    /// Renews the listener's own certificate when two thirds of its life have passed; whether it did.
    ///
    /// # Errors
    /// A sentence: it could not be signed or written. The old one stays in use.
    pub fn renew_server_if_due(&self, now: Timestamp, random: &dyn Random) -> Result<bool, String> {
        let mut validity = self.server_validity.lock().unwrap_or_else(PoisonError::into_inner);
        if now < validity.renewal_at() {
            return Ok(false);
        }
        let pair = Pair::issue(&self.hierarchy, &self.names, now, random)?;
        pair.store(&self.folder, &self.key, random).map_err(|error| in_folder(&self.folder, &error))?;
        let (chain, secret) = pair.for_tls();
        self.server.replace(chain, secret).map_err(|error| in_folder(&self.folder, &error))?;
        *validity = pair.validity;
        Ok(true)
    }

    /// A certificate and key for another listener, such as a proxy before this one.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an address, or signing failed.
    pub fn issue_server(&self, names: &[String], now: Timestamp, random: &dyn Random) -> Result<ServerPem, String> {
        let names = ServerNames::parse(names.iter().map(String::as_str)).map_err(|error| error.to_string())?;
        let pair = Pair::issue(&self.hierarchy, &names, now, random)?;
        let key = Zeroizing::new(est::encode_lines(&pair.key.to_pkcs8()));
        Ok(ServerPem {
            chain: pair.pem(),
            key: Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n", *key)),
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
        let sealed = fs::read(&from).map_err(|error| in_folder(&self.folder, &format!("the root's key cannot be read: {error}")))?;
        vault::write_secret(to, &sealed).map_err(|error| format!("{} cannot be written: {error}.", to.display()))?;
        fs::remove_file(&from).map_err(|error| in_folder(&self.folder, &error))
    }
}

/// The listener's certificate, its intermediate and its key.
struct Pair {
    chain: [Vec<u8>; 2],
    key: SecretKey,
    validity: Validity,
}

impl Pair {
    fn issue(hierarchy: &Hierarchy, names: &ServerNames, now: Timestamp, random: &dyn Random) -> Result<Self, String> {
        let issuer = hierarchy.servers();
        let key = SecretKey::generate(&mut |bytes: &mut [u8]| random.fill(bytes)).map_err(|error| error.to_string())?;
        let validity = Validity::lasting(now, SERVER_LIFETIME)
            .and_then(|validity| validity.within(issuer.certificate()))
            .map_err(|error| error.to_string())?;
        let plan = Plan { serial: draw(random), validity, profile: Profile::Server { names: names.clone() } };
        let issued = issue(issuer, &plan, key.public()).map_err(|error| error.to_string())?;
        Ok(Self { chain: [issued.der, issuer.certificate().der().to_vec()], key, validity })
    }

    /// The one that lies in the folder, if it is whole, ours, for exactly these names, and not due.
    fn load(folder: &Path, kek: &Kek, hierarchy: &Hierarchy, names: &ServerNames, now: Timestamp) -> Option<Self> {
        let pem = fs::read_to_string(folder.join("tls.crt")).ok()?;
        let end = "-----END CERTIFICATE-----";
        let leaf = certificate_from_pem(&pem[..pem.find(end)? + end.len()]).ok()?;
        let issuer = hierarchy.servers().certificate();
        issuer.verify_signed(&leaf).ok()?;
        let key = SecretKey::open(kek, TLS, &fs::read(folder.join("tls.key")).ok()?).ok()?;
        let (validity, found, spki) = describe(&leaf)?;
        let same_names = found.len() == names.iter().count() && names.iter().all(|name| found.contains(name));
        let fits = same_names && spki == key.public().spki() && now < validity.renewal_at();
        fits.then(|| Self { chain: [leaf, issuer.der().to_vec()], key, validity })
    }

    fn store(&self, folder: &Path, kek: &Kek, random: &dyn Random) -> std::io::Result<()> {
        let sealed = self.key.seal(kek, TLS, &mut |bytes: &mut [u8]| random.fill(bytes));
        // A crash between the two leaves a pair that does not fit; the next start sees that and issues anew.
        replace(&folder.join("tls.key"), &sealed)?;
        replace(&folder.join("tls.crt"), self.pem().as_bytes())
    }

    fn pem(&self) -> String {
        self.chain.iter().map(|der| certificate_pem(der)).collect()
    }

    fn for_tls(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        (chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.to_pkcs8().to_vec())))
    }
}

/// What a listener's certificate says: when it holds, for which names, for which key.
fn describe(der: &[u8]) -> Option<(Validity, Vec<AlternativeName>, Vec<u8>)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
    let moment = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    let validity = Validity::new(moment(parsed.validity().not_before)?, moment(parsed.validity().not_after)?).ok()?;
    let mut names = Vec::new();
    for name in &parsed.subject_alternative_name().ok()??.value.general_names {
        if let GeneralName::DNSName(dns) = name {
            names.push(AlternativeName::Dns((*dns).to_owned()));
        } else if let GeneralName::IPAddress(octets) = name {
            let address = match octets.len() {
                4 => <[u8; 4]>::try_from(*octets).ok()?.into(),
                _ => std::net::IpAddr::from(<[u8; 16]>::try_from(*octets).ok()?),
            };
            names.push(AlternativeName::Ip(address));
        } else {
            return None;
        }
    }
    Some((validity, names, parsed.public_key().raw.to_vec()))
}

/// Makes all three CAs, in a folder beside that is renamed when it is complete: there is no half a CA.
fn make(folder: &Path, kek: &Kek, random: &dyn Random, now: Timestamp) -> Result<(), String> {
    let mut draw = |bytes: &mut [u8]| random.fill(bytes);
    let new = Hierarchy::create(NAME, now, &mut draw).map_err(|error| in_folder(folder, &error))?;
    let stored = new.seal(kek, &mut draw);
    let beside = folder.with_extension("new");
    let write = || -> std::io::Result<()> {
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        fs::create_dir_all(&beside)?;
        vault::only_for_its_owner(&beside)?;
        for (place, one) in [(Place::Root, &stored.root), (Place::Devices, &stored.devices), (Place::Servers, &stored.servers)] {
            replace(&beside.join(certificate_file(place)), certificate_pem(&one.certificate).as_bytes())?;
            if let Some(key) = &one.sealed_key {
                vault::write_secret(&beside.join(key_file(place)), key)?;
            }
        }
        fs::rename(&beside, folder)?;
        sync_parent(folder)
    };
    write().map_err(|error| in_folder(folder, &error))
}

fn read(folder: &Path) -> Result<StoredHierarchy, String> {
    let one = |place: Place| -> Result<StoredAuthority, String> {
        let path = folder.join(certificate_file(place));
        let shown = path.display();
        let pem = fs::read_to_string(&path)
            .map_err(|error| format!("{shown} cannot be read: {error}. Restore the folder ca from your backup."))?;
        let certificate = certificate_from_pem(&pem).map_err(|error| format!("{shown}: {error}. Restore it from your backup."))?;
        // A missing key is told by whoever needs it: the root's may be kept elsewhere.
        Ok(StoredAuthority { certificate, sealed_key: fs::read(folder.join(key_file(place))).ok() })
    };
    Ok(StoredHierarchy { root: one(Place::Root)?, devices: one(Place::Devices)?, servers: one(Place::Servers)? })
}

/// The names of the listener: where phones are sent, what the settings add, and this machine itself.
fn names(config: &Config, device_url: &str) -> Result<ServerNames, String> {
    // An address that means "all of this machine's" is nobody's name.
    let host = Some(host(device_url)).filter(|host| !matches!(*host, "0.0.0.0" | "[::]"));
    let own = ["localhost", "127.0.0.1", "::1"];
    let all = host.into_iter().chain(config.device.names.iter().map(String::as_str)).chain(own);
    ServerNames::parse(all).map_err(|error| format!("The names of the device listener (device.url, device.names): {error}."))
}

/// The host of an address; an IPv6 one keeps its brackets.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

fn draw(random: &dyn Random) -> Serial {
    Serial::draw(&mut |bytes: &mut [u8]| random.fill(bytes))
}

fn certificate_file(place: Place) -> String {
    format!("{}.crt", place.as_str())
}

fn key_file(place: Place) -> String {
    format!("{}.key", place.as_str())
}

fn in_folder(folder: &Path, why: &impl std::fmt::Display) -> String {
    format!("The CA in {}: {why}.", folder.display())
}

/// Writes a file whole or not at all, readable by its owner only.
fn replace(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    vault::write_secret(&beside, contents)?;
    fs::rename(&beside, path)?;
    sync_parent(path)
}

/// A rename is on the disk when its folder is.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let mut folder = fs::File::open(parent)?;
    folder.flush()?;
    folder.sync_all()
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
        Authority::open(&config, &vault, &random, at, "https://phones.example.org:8443").unwrap()
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

    #[test]
    fn hosts_of_addresses() {
        assert_eq!(host("https://phones.example.org:8443"), "phones.example.org");
        assert_eq!(host("https://[::1]:8443/x"), "[::1]");
        assert_eq!(host("https://127.0.0.1"), "127.0.0.1");
    }
}
