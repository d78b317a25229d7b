//! The device listener's own certificate: issued by the servers' CA, kept in `tls.crt` and `tls.key`, told apart from one that
//! is due or for other names.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use muster_pki::authority::Hierarchy;
use muster_pki::certificate::{certificate_from_pem, certificate_pem};
use muster_pki::issue::{Plan, issue};
use muster_pki::key::SecretKey;
use muster_pki::profile::{AlternativeName, Profile, ServerNames};
use muster_pki::validity::Validity;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::extensions::GeneralName;

use super::{SERVER_LIFETIME, draw, files};
use crate::app::Kek;
use crate::config::Config;
use crate::random::Random;

/// What the listener's key is sealed for.
const TLS: &str = "ca/tls";

/// The listener's certificate, its intermediate and its key.
pub(super) struct Pair {
    chain: [Vec<u8>; 2],
    pub(super) key: SecretKey,
    pub(super) validity: Validity,
}

impl Pair {
    pub(super) fn issue(
        hierarchy: &Hierarchy,
        names: &ServerNames,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, String> {
        let issuer = hierarchy.servers();
        let key = SecretKey::generate(&mut |bytes: &mut [u8]| random.fill(bytes))
            .map_err(|error| error.to_string())?;
        let validity = Validity::lasting(now, SERVER_LIFETIME)
            .and_then(|validity| validity.within(issuer.certificate()))
            .map_err(|error| error.to_string())?;
        let plan = Plan {
            serial: draw(random),
            validity,
            profile: Profile::Server {
                names: names.clone(),
            },
        };
        let issued = issue(issuer, &plan, key.public()).map_err(|error| error.to_string())?;
        Ok(Self {
            chain: [issued.der, issuer.certificate().der().to_vec()],
            key,
            validity,
        })
    }

    /// The one that lies in the folder, if it is whole, ours, for exactly these names, and not due.
    pub(super) fn load(
        folder: &Path,
        kek: &Kek,
        hierarchy: &Hierarchy,
        names: &ServerNames,
        now: Timestamp,
    ) -> Option<Self> {
        let pem = fs::read_to_string(folder.join("tls.crt")).ok()?;
        let end = "-----END CERTIFICATE-----";
        let leaf = certificate_from_pem(&pem[..pem.find(end)? + end.len()]).ok()?;
        let issuer = hierarchy.servers().certificate();
        issuer.verify_signed(&leaf).ok()?;
        let key = SecretKey::open(kek, TLS, &fs::read(folder.join("tls.key")).ok()?).ok()?;
        let (validity, found, spki) = describe(&leaf)?;
        let same_names =
            found.len() == names.iter().count() && names.iter().all(|name| found.contains(name));
        let fits = same_names && spki == key.public().spki() && now < validity.renewal_at();
        fits.then(|| Self {
            chain: [leaf, issuer.der().to_vec()],
            key,
            validity,
        })
    }

    pub(super) fn store(
        &self,
        folder: &Path,
        kek: &Kek,
        random: &dyn Random,
    ) -> std::io::Result<()> {
        let sealed = self
            .key
            .seal(kek, TLS, &mut |bytes: &mut [u8]| random.fill(bytes));
        // A crash between the two leaves a pair that does not fit; the next start sees that and issues anew.
        files::replace(&folder.join("tls.key"), &sealed)?;
        files::replace(&folder.join("tls.crt"), self.pem().as_bytes())
    }

    pub(super) fn pem(&self) -> String {
        self.chain.iter().map(|der| certificate_pem(der)).collect()
    }

    pub(super) fn for_tls(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = self
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.clone()))
            .collect();
        (
            chain,
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.to_pkcs8().to_vec())),
        )
    }
}

/// What a listener's certificate says: when it holds, for which names, for which key.
fn describe(der: &[u8]) -> Option<(Validity, Vec<AlternativeName>, Vec<u8>)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
    let moment = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    let validity = Validity::new(
        moment(parsed.validity().not_before)?,
        moment(parsed.validity().not_after)?,
    )
    .ok()?;
    let mut names = Vec::new();
    for name in &parsed.subject_alternative_name().ok()??.value.general_names {
        if let GeneralName::DNSName(dns) = name {
            names.push(AlternativeName::Dns((*dns).to_owned()));
        } else if let GeneralName::IPAddress(octets) = name {
            let address = match octets.len() {
                4 => <[u8; 4]>::try_from(*octets).ok()?.into(),
                _ => IpAddr::from(<[u8; 16]>::try_from(*octets).ok()?),
            };
            names.push(AlternativeName::Ip(address));
        } else {
            return None;
        }
    }
    Some((validity, names, parsed.public_key().raw.to_vec()))
}

/// The names of the listener: where phones are sent, what the settings add, and this machine itself.
pub(super) fn names(config: &Config, device_url: &str) -> Result<ServerNames, String> {
    // An address that means "all of this machine's" is nobody's name.
    let host = Some(host(device_url)).filter(|host| !matches!(*host, "0.0.0.0" | "[::]"));
    let own = ["localhost", "127.0.0.1", "::1"];
    let all = host
        .into_iter()
        .chain(config.device.names.iter().map(String::as_str))
        .chain(own);
    ServerNames::parse(all).map_err(|error| {
        format!("The names of the device listener (device.url, device.names): {error}.")
    })
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

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_of_addresses() {
        assert_eq!(
            host("https://phones.example.org:8443"),
            "phones.example.org"
        );
        assert_eq!(host("https://[::1]:8443/x"), "[::1]");
        assert_eq!(host("https://127.0.0.1"), "127.0.0.1");
    }
}
