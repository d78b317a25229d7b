//! TLS for phones: 1.3 only, X25519MLKEM768 preferred, sessions resumed, one pinned root as the only anchor.

use std::sync::Arc;

use muster_protocol::digest::{Digest, sha256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::NetError;
use super::certificate::not_before;
use crate::state::credentials::TlsIdentity;

/// The time by which a server's certificate is judged.
#[derive(Clone, Copy, Debug)]
pub enum CertificateTime {
    /// The phone's `now`, when its clock can be believed.
    At(u64),
    /// The clock is out of bounds (PROTOCOL §10). The chain is judged as of the day the certificate was issued, so that
    /// no false clock cuts a phone off from what gives back; a carrier is not obeyed anyway.
    Unknown,
}

/// A configuration that trusts these roots and nothing else, and shows `identity` if there is one.
///
/// # Errors
/// When a root is not a certificate, or the identity's key and certificate cannot be used.
pub fn pinned(
    roots: &[Vec<u8>],
    time: CertificateTime,
    identity: Option<&TlsIdentity>,
) -> Result<Arc<ClientConfig>, NetError> {
    let unusable =
        |error: Error| NetError::Unusable(format!("certificates cannot be used: {error}"));
    let mut anchors = RootCertStore::empty();
    for root in roots {
        anchors
            .add(CertificateDer::from(root.clone()))
            .map_err(unusable)?;
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(anchors), provider())
        .build()
        .map_err(|error| NetError::Unusable(format!("the CA root cannot be used: {error}")))?;
    let builder = builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedRoot { inner, time }));
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.pkcs8()?.to_vec()));
            let chain = vec![CertificateDer::from(identity.certificate.clone())];
            builder
                .with_client_auth_cert(chain, key)
                .map_err(unusable)?
        }
    };
    Ok(Arc::new(config))
}

/// A configuration that accepts any certificate. For the two questions whose answers are checked against a pin
/// (`/v1/fleets/…` and `cacerts`), and for nothing that carries a secret (docs/DEVICE-API.md).
///
/// # Errors
/// Never in practice: the provider supports TLS 1.3.
pub fn unverified() -> Result<Arc<ClientConfig>, NetError> {
    Ok(Arc::new(
        builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(provider())))
            .with_no_client_auth(),
    ))
}

/// The certificate among `certificates` whose SHA-256 is `fingerprint`.
#[must_use]
pub fn find_root(certificates: &[Vec<u8>], fingerprint: &Digest) -> Option<Vec<u8>> {
    certificates
        .iter()
        .find(|certificate| sha256(certificate) == *fingerprint)
        .cloned()
}

fn provider() -> Arc<CryptoProvider> {
    // Built with `prefer-post-quantum`, so X25519MLKEM768 stands first.
    Arc::new(aws_lc_rs::default_provider())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, NetError> {
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| NetError::Unusable(format!("TLS 1.3 is not available: {error}")))
}

#[derive(Debug)]
struct PinnedRoot {
    inner: Arc<WebPkiServerVerifier>,
    time: CertificateTime,
}

impl ServerCertVerifier for PinnedRoot {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seconds = match self.time {
            CertificateTime::At(seconds) => seconds,
            CertificateTime::Unknown => not_before(end_entity)
                .map_err(|_| Error::InvalidCertificate(rustls::CertificateError::BadEncoding))?,
        };
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        self.inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, time)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
