//! A small TLS listener that answers what a test tells it to, and an authority that certifies whatever it is asked to.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_protocol::bundle::Bundle;
use muster_protocol::digest::sha256;
use muster_protocol::keyring::ServerEntry;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType,
    IsCa, KeyPair, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::core::tests::fleet::NOW;

/// A certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Unix seconds as rcgen wants them.
fn set_life(params: &mut CertificateParams, [from, to]: [u64; 2]) {
    let day = |seconds: u64| {
        let day = crate::sentences::day(seconds);
        let part = |range: std::ops::Range<usize>| day[range].parse::<u16>().expect("digits");
        let small = |range| u8::try_from(part(range)).expect("a month or day");
        rcgen::date_time_ymd(i32::from(part(0..4)), small(5..7), small(8..10))
    };
    params.not_before = day(from);
    params.not_after = day(to);
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("a root"),
        }
    }

    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// The certificate that was asked for, with the name of a device.
    pub fn certify(&self, csr: &[u8], device: &str, life: [u64; 2]) -> Vec<u8> {
        let csr = CertificateSigningRequestDer::from(csr.to_vec());
        let mut asked = CertificateSigningRequestParams::from_der(&csr).expect("a request");
        let name = format!("urn:uuid:{device}");
        asked.params.subject_alt_names.retain(
            |san| !matches!(san, SanType::URI(uri) if uri.as_str().starts_with("urn:uuid:")),
        );
        let uri = name.as_str().try_into().expect("ASCII");
        asked.params.subject_alt_names.push(SanType::URI(uri));
        set_life(&mut asked.params, life);
        let issued = asked.signed_by(&self.issuer).expect("a certificate");
        issued.der().to_vec()
    }

    fn certify_server(&self, life: [u64; 2]) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        set_life(&mut params, life);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        (certificate.der().clone(), key)
    }
}

/// What a phone asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    pub body: Vec<u8>,
}

/// What a server answers.
pub enum Reply {
    /// A status and a body.
    Answer(u16, Vec<u8>),
    /// A head of its own, after the status line, and a body.
    Headed(u16, String, Vec<u8>),
    /// A body that never ends.
    Endless,
}

type Answers = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// How a server greets.
pub struct Greeting {
    pub tls12: bool,
    pub life: [u64; 2],
    /// Phones must show a certificate of this root.
    pub phones: Option<Vec<u8>>,
    /// Shows its root in the handshake, as web servers with static files do, and hands out none.
    pub shows_root: bool,
}

impl Default for Greeting {
    fn default() -> Self {
        Self {
            tls12: false,
            life: [NOW - 86_400, NOW + 500 * 86_400],
            phones: None,
            shows_root: false,
        }
    }
}

/// A listener on this machine.
pub struct TestServer {
    pub url: String,
    root: Vec<u8>,
    answers: Arc<Mutex<Answers>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    /// An honest one that has nothing for anybody.
    pub async fn start(authority: &Authority) -> Self {
        Self::start_with(authority, Greeting::default()).await
    }

    pub async fn start_with(authority: &Authority, greeting: Greeting) -> Self {
        let root = authority.der();
        let versions = if greeting.tls12 {
            [&rustls::version::TLS12]
        } else {
            [&rustls::version::TLS13]
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .expect("a version");
        let builder = match greeting.phones {
            None => builder.with_no_client_auth(),
            Some(root) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(CertificateDer::from(root)).expect("a root");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let (leaf, key) = authority.certify_server(greeting.life);
        let mut chain = vec![leaf];
        if greeting.shows_root {
            chain.push(CertificateDer::from(root.clone()));
        }
        let config = builder.with_single_cert(chain, key).expect("a key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let own = (!greeting.shows_root).then(|| root.clone());
        let answers: Answers = Box::new(move |asked| honest(asked, own.as_deref()));
        let server = Self {
            url,
            root,
            answers: Arc::new(Mutex::new(answers)),
            seen: Arc::default(),
        };
        let (answers, seen) = (server.answers.clone(), server.seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answers, seen) = (acceptor.clone(), answers.clone(), seen.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &answers, &seen).await;
                    }
                });
            }
        });
        server
    }

    /// From now on this is answered; what it does not want to answer it hands to the honest server.
    pub fn answer(&self, mut answer: impl FnMut(&Asked) -> Option<Reply> + Send + 'static) {
        let root = self.root.clone();
        *self.answers.lock().expect("whole") =
            Box::new(move |asked| answer(asked).unwrap_or_else(|| honest(asked, Some(&root))));
    }

    /// The entry of a keyring.
    pub fn entry(&self) -> ServerEntry {
        ServerEntry {
            url: self.url.clone(),
            ca: sha256(&self.root),
        }
    }

    /// How often this was asked, and forgets it.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().expect("whole"))
    }

    /// How many check-ins came, and forgets all.
    pub fn check_ins(&self) -> usize {
        let seen = self.take_seen();
        seen.iter()
            .filter(|line| *line == "POST /v1/check-in")
            .count()
    }
}

/// What an honest server answers that has nothing for anybody, and takes every receipt.
fn honest(asked: &Asked, root: Option<&[u8]>) -> Reply {
    match (asked.line.as_str(), root) {
        ("POST /v1/check-in", _) => Reply::Answer(200, Bundle::default().encode()),
        ("POST /v1/receipts", _) => {
            let sent: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
            let count = sent["receipts"].as_array().map_or(0, Vec::len);
            let results = vec!["stored"; count];
            let body = serde_json::json!({ "v": 1, "results": results });
            Reply::Answer(200, body.to_string().into_bytes())
        }
        ("POST /v1/enrolment", _) => Reply::Answer(204, Vec::new()),
        ("GET /.well-known/est/cacerts", Some(root)) => Reply::Answer(200, pkcs7(root)),
        (line, _) if line.starts_with("GET /v1/wake") => Reply::Answer(204, Vec::new()),
        _ => Reply::Answer(404, Vec::new()),
    }
}

/// A fleet document.
pub fn fleet_document(descriptor: &[u8], keyrings: &[Vec<u8>]) -> Vec<u8> {
    let keyrings: Vec<String> = keyrings
        .iter()
        .map(|envelope| STANDARD.encode(envelope))
        .collect();
    let descriptor = STANDARD.encode(descriptor);
    serde_json::json!({ "v": 1, "descriptor": descriptor, "keyrings": keyrings })
        .to_string()
        .into_bytes()
}

/// A certs-only PKCS#7 with one certificate, in base64 (RFC 7030 §4.1.3).
pub fn pkcs7(certificate: &[u8]) -> Vec<u8> {
    let oid = |last: u8| {
        tlv(
            0x06,
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last],
        )
    };
    let parts = [
        tlv(0x02, &[1]),
        tlv(0x31, &[]),
        tlv(0x30, &oid(1)),
        tlv(0xa0, certificate),
        tlv(0x31, &[]),
    ];
    let signed = tlv(0xa0, &tlv(0x30, &parts.concat()));
    STANDARD
        .encode(tlv(0x30, &[oid(2), signed].concat()))
        .into_bytes()
}

/// The DER of a certificate request that came in base64.
pub fn csr_of(asked: &Asked) -> Vec<u8> {
    let packed: Vec<u8> = asked
        .body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD.decode(packed).expect("base64")
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short");
    let [high, low] = length.to_be_bytes();
    let head = match (high, low) {
        (0, 0..=127) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        (_, _) => vec![tag, 0x82, high, low],
    };
    [head.as_slice(), content].concat()
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: &Mutex<Answers>,
    seen: &Mutex<Vec<String>>,
) {
    while let Some(asked) = read(&mut stream).await {
        seen.lock().expect("whole").push(asked.line.clone());
        let reply = (answers.lock().expect("whole"))(&asked);
        let (status, head, body) = match reply {
            Reply::Answer(status, body) => (status, String::new(), body),
            Reply::Headed(status, head, body) => (status, head, body),
            Reply::Endless => {
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                let mut sent = stream.write_all(head.as_bytes()).await;
                let chunk = [b"1000\r\n", [b' '; 4096].as_slice(), b"\r\n"].concat();
                while sent.is_ok() {
                    sent = stream.write_all(&chunk).await;
                }
                return;
            }
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{head}\r\n");
        let whole = [head.into_bytes(), body].concat();
        if stream.write_all(&whole).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let first = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let line = first.lines().next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    Some(Asked {
        line,
        body: bytes[end..end + length].to_vec(),
    })
}
