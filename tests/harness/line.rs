//! One TLS connection to the device listener, spoken by hand: what no well-behaved client would send, and whether a session
//! was resumed or a connection stayed open.

use std::sync::Arc;

use muster_agent::state::credentials::TlsIdentity;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::app::TestApp;

type Pair = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// How a client connects: kept between connections, so that it can resume.
#[derive(Clone)]
pub struct Way {
    config: Arc<ClientConfig>,
    address: String,
}

/// An open connection.
pub struct Line {
    stream: TlsStream<TcpStream>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| unreachable!("{error}: {}", self.text()))
    }

    /// Checks that it is a problem document with this code.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json()["type"], format!("urn:muster:problem:{code}"));
    }
}

#[derive(Debug)]
struct FrozenTime(u64);

impl TimeProvider for FrozenTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            self.0,
        )))
    }
}

impl Way {
    /// To the node's device listener over its own CA, showing `identity` if there is one, at the test's present time.
    ///
    /// # Panics
    /// The certificates cannot be used.
    #[must_use]
    pub fn to(t: &TestApp, identity: Option<&TlsIdentity>) -> Self {
        Self::at_version(t, identity, &rustls::version::TLS13)
    }

    /// The same, speaking one version of TLS only.
    ///
    /// # Panics
    /// The certificates cannot be used.
    #[must_use]
    pub fn at_version(
        t: &TestApp,
        identity: Option<&TlsIdentity>,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        Self::build(t, identity.map(pair), version)
    }

    fn build(t: &TestApp, pair: Option<Pair>, version: &'static SupportedProtocolVersion) -> Self {
        // Intermediates do no harm as anchors of a test's client.
        let anchors: Vec<Vec<u8>> = t
            .app()
            .authority
            .cacerts()
            .iter()
            .map(|anchor| anchor.to_vec())
            .collect();
        Self::over(&t.app().device_url, &anchors, t.now().0, pair, version)
    }

    /// To the device listener of a program that runs by itself: over these anchors, at this time (Unix seconds), showing
    /// `identity`.
    ///
    /// # Panics
    /// The certificates cannot be used.
    #[must_use]
    pub fn to_url(url: &str, anchors: &[Vec<u8>], now: u64, identity: &TlsIdentity) -> Self {
        Self::over(
            url,
            anchors,
            now,
            Some(pair(identity)),
            &rustls::version::TLS13,
        )
    }

    fn over(
        url: &str,
        anchors: &[Vec<u8>],
        now: u64,
        pair: Option<Pair>,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        for anchor in anchors {
            roots
                .add(CertificateDer::from(anchor.clone()))
                .expect("a certificate");
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_details(provider, Arc::new(FrozenTime(now)))
            .with_protocol_versions(&[version])
            .expect("the provider has the version")
            .with_root_certificates(roots);
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(vec![certificate], key)
                .expect("a pair"),
        };
        let address = url.split_once("://").expect("an address").1.to_owned();
        Self {
            config: Arc::new(config),
            address,
        }
    }

    /// Showing a certificate whose PKCS#8 key stands in PEM: what a plain EST client has.
    ///
    /// # Panics
    /// They are no pair.
    #[must_use]
    pub fn with_pem(t: &TestApp, certificate: &[u8], key: &str) -> Self {
        use rustls::pki_types::pem::PemObject as _;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        Self::build(
            t,
            Some((CertificateDer::from(certificate.to_vec()), key)),
            &rustls::version::TLS13,
        )
    }

    /// Connects.
    ///
    /// # Errors
    /// The handshake failed.
    ///
    /// # Panics
    /// The listener is not there.
    pub async fn open(&self) -> std::io::Result<Line> {
        let stream = TcpStream::connect(&self.address)
            .await
            .expect("the device listener is there");
        let host = self.address.rsplit_once(':').expect("a port").0.to_owned();
        let name = ServerName::try_from(host).expect("a host");
        let stream = TlsConnector::from(self.config.clone())
            .connect(name, stream)
            .await?;
        Ok(Line { stream })
    }

    /// Connects, asks once, and hangs up.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut line = self.open().await.expect("the handshake succeeds");
        line.ask(method, path, headers, body)
            .await
            .expect("an answer")
    }

    /// POSTs JSON once.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
        .await
    }
}

impl Line {
    /// Whether the handshake resumed an earlier session.
    #[must_use]
    pub fn resumed(&self) -> bool {
        self.stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Sends a request and reads its answer; the connection stays open if the server lets it.
    ///
    /// # Errors
    /// The server hung up before it answered.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Reply> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: device\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        self.stream.write_all(head.as_bytes()).await?;
        // The server may answer and hang up before it has read all of a body that is too large.
        let sent = self.stream.write_all(body).await;
        let flushed = self.stream.flush().await;
        let reply = self.read().await;
        if reply.is_err() {
            sent?;
            flushed?;
        }
        reply
    }

    async fn read(&mut self) -> std::io::Result<Reply> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            self.more(&mut bytes).await?;
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let header = |wanted: &str| {
            headers
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
        };
        let mut body = bytes.split_off(head_end + 4);
        match header("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => {
                while body.len() < length {
                    self.more(&mut body).await?;
                }
            }
            None if header("transfer-encoding").as_deref() == Some("chunked") => {
                while find(&body, b"\r\n0\r\n\r\n").is_none() && !body.starts_with(b"0\r\n\r\n") {
                    self.more(&mut body).await?;
                }
                body = unchunked(&body);
            }
            None => {}
        }
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let read = tokio::time::timeout(
            std::time::Duration::from_secs(30),
            self.stream.read(&mut buffer),
        )
        .await??;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        Ok(())
    }
}

fn pair(identity: &TlsIdentity) -> Pair {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
        identity.pkcs8().expect("a key").to_vec(),
    ));
    (CertificateDer::from(identity.certificate.clone()), key)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let size = std::str::from_utf8(&rest[..end])
            .ok()
            .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else {
            break;
        };
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    whole
}
