//! TLS of the device listener: 1.3 only, certificates of phones optional at the handshake and judged at every request.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    ClientHello, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};

use crate::clock::Clock;

/// How long an expired certificate still completes a handshake (DESIGN §5, RULES F4).
pub const EXPIRED_GRACE: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Sessions kept for resumption; a phone holds one.
const SESSIONS: usize = 65_536;

/// The server's own certificate; replaced while running when it is renewed.
#[derive(Debug)]
pub struct ServerCertificate(ArcSwap<CertifiedKey>);

impl ServerCertificate {
    /// The chain to send (leaf first, the root left out) and its PKCS#8 key.
    ///
    /// # Errors
    /// The key is of a kind TLS cannot use, or belongs to another certificate.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self(ArcSwap::from_pointee(CertifiedKey::from_der(
            chain,
            key,
            &provider(),
        )?)))
    }

    /// Takes a renewed certificate into use from the next handshake on.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn replace(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), rustls::Error> {
        self.0
            .store(Arc::new(CertifiedKey::from_der(chain, key, &provider())?));
        Ok(())
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The one cryptographic provider of this program, passed explicitly everywhere.
#[must_use]
pub fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

/// The injected clock as rustls asks for the time: when it judges a certificate, and when a ticket ends.
struct TlsClock(Arc<dyn Clock>);

impl std::fmt::Debug for TlsClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsClock")
    }
}

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            seconds,
        )))
    }
}

/// The device listener's TLS: `certificate` for the server, `issuer` as the only anchor of phones' certificates, judged by
/// `clock`.
///
/// # Errors
/// The issuer is no certificate.
pub fn device_listener(
    certificate: Arc<ServerCertificate>,
    issuers: Vec<CertificateDer<'static>>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(provider());
    let mut anchors = RootCertStore::empty();
    for issuer in issuers {
        anchors.add(issuer)?;
    }
    let strict = WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), provider.clone())
        .allow_unauthenticated()
        .build()?;
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(TlsClock(clock)))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(PatientVerifier { strict }))
        .with_cert_resolver(certificate);
    // A store of its own: a session made on a listener without client certificates must never resume here.
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.send_tls13_tickets = 1;
    Ok(config)
}

/// Verifies the chain as webpki does, but lets a certificate that expired within [`EXPIRED_GRACE`] through: which routes
/// such a phone may use is decided at each request, like everything else about it.
#[derive(Debug)]
struct PatientVerifier {
    strict: Arc<dyn ClientCertVerifier>,
}

impl ClientCertVerifier for PatientVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.strict.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let judged_at = expired_since(end_entity, now).unwrap_or(now);
        self.strict
            .verify_client_cert(end_entity, intermediates, judged_at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

/// The last moment of a certificate's validity, when that lies in the past but within the grace.
fn expired_since(certificate: &CertificateDer<'_>, now: UnixTime) -> Option<UnixTime> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let end = Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?;
    let now = Timestamp::from_second(i64::try_from(now.as_secs()).ok()?).ok()?;
    if end >= now || now.duration_since(end) > EXPIRED_GRACE {
        return None;
    }
    let seconds = u64::try_from(end.as_second()).ok()?;
    Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        seconds,
    )))
}
