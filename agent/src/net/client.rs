//! One kept-alive HTTP/1.1 connection to one server. No redirects, no compression, bounded answers, a limit of time on
//! every request.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_ENCODING, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::NetError;
use super::url::ServerUrl;

const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// How long an ordinary request may take, answer included.
pub const ORDINARY: Duration = Duration::from_secs(60);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers beyond Host and User-Agent.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
    /// Most octets the answer may have.
    pub answer_limit: usize,
    /// How long all of it may take.
    pub time_limit: Duration,
}

impl Question {
    /// A GET of `path`.
    #[must_use]
    pub fn get(path: impl Into<String>, answer_limit: usize) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            answer_limit,
            time_limit: ORDINARY,
        }
    }

    /// A POST of `body` to `path`.
    #[must_use]
    pub fn post(
        path: impl Into<String>,
        content_type: &str,
        body: Vec<u8>,
        answer_limit: usize,
    ) -> Self {
        Self {
            method: Method::POST,
            headers: vec![("content-type", content_type.to_owned())],
            body,
            ..Self::get(path, answer_limit)
        }
    }

    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What came back with a 2xx.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status, 200–299.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A connection to one server, opened when needed and kept.
pub struct Client {
    url: ServerUrl,
    tls: Arc<ClientConfig>,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Nothing is sent before the first question.
    #[must_use]
    pub fn new(url: ServerUrl, tls: Arc<ClientConfig>) -> Self {
        Self {
            url,
            tls,
            open: None,
        }
    }

    /// The server this is a connection to.
    #[must_use]
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// The certificates that the server shows in its handshake, DER each. The connection is kept.
    ///
    /// # Errors
    /// When no connection comes about.
    pub async fn shown_certificates(&mut self) -> Result<Vec<Vec<u8>>, NetError> {
        let (sender, shown) = self.connect().await?;
        self.open = Some(sender);
        Ok(shown)
    }

    /// Connects, unless a connection is open.
    ///
    /// # Errors
    /// When no connection comes about.
    pub async fn open(&mut self) -> Result<(), NetError> {
        if self.open.as_ref().is_none_or(SendRequest::is_closed) {
            self.open = Some(self.connect().await?.0);
        }
        Ok(())
    }

    /// Asks, and gives the answer if its status is 2xx.
    ///
    /// A kept connection may have been closed at the other end: then the question is asked once more on a new one.
    /// Everything a phone asks may be asked twice.
    ///
    /// # Errors
    /// See [`NetError`]; every status that is not 2xx, redirects among them, is [`NetError::Refused`].
    pub async fn ask(&mut self, question: &Question) -> Result<Answer, NetError> {
        let answer = timeout(question.time_limit, self.ask_without_limit(question)).await;
        answer.unwrap_or_else(|_| {
            self.open = None;
            Err(NetError::TimedOut(self.url.authority()))
        })
    }

    async fn ask_without_limit(&mut self, question: &Question) -> Result<Answer, NetError> {
        if let Some(mut kept) = self.open.take() {
            match self.exchange(&mut kept, question).await {
                Err(NetError::Unreachable { .. }) => {}
                outcome => {
                    self.keep(kept, &outcome);
                    return outcome;
                }
            }
        }
        let (mut fresh, _) = self.connect().await?;
        let outcome = self.exchange(&mut fresh, question).await;
        self.keep(fresh, &outcome);
        outcome
    }

    fn keep(&mut self, connection: SendRequest<Full<Bytes>>, outcome: &Result<Answer, NetError>) {
        // After an answer that was cut off or refused the connection's state is not worth trusting.
        if outcome.is_ok() && !connection.is_closed() {
            self.open = Some(connection);
        }
    }

    /// A new connection, and the certificates that the server showed.
    async fn connect(&self) -> Result<(SendRequest<Full<Bytes>>, Vec<Vec<u8>>), NetError> {
        let host = self.url.authority();
        let unreachable = |how: String| NetError::Unreachable {
            host: host.clone(),
            how,
        };
        let connecting = TcpStream::connect((self.url.host(), self.url.port()));
        let stream = timeout(CONNECT_LIMIT, connecting)
            .await
            .map_err(|_| NetError::TimedOut(host.clone()))?
            .map_err(|error| unreachable(error.to_string()))?;
        // A failure to switch off Nagle's delay costs milliseconds, not correctness.
        let _ = stream.set_nodelay(true);
        let name = ServerName::try_from(self.url.host().to_owned()).map_err(|_| {
            NetError::Unusable(format!("{host} is not a name that a certificate can carry"))
        })?;
        let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
        let stream = timeout(CONNECT_LIMIT, handshake)
            .await
            .map_err(|_| NetError::TimedOut(host.clone()))?
            .map_err(|error| NetError::Handshake {
                host: host.clone(),
                how: error.to_string(),
            })?;
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let shown = shown.iter().map(|der| der.to_vec()).collect();
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        tokio::spawn(async move {
            // Whoever asked sees the failure too, with the question it belongs to.
            let _ = connection.await;
        });
        Ok((sender, shown))
    }

    async fn exchange(
        &self,
        connection: &mut SendRequest<Full<Bytes>>,
        question: &Question,
    ) -> Result<Answer, NetError> {
        let unreachable = |error: hyper::Error| match tls_error(&error) {
            Some(how) => NetError::Handshake {
                host: self.url.authority(),
                how,
            },
            None => NetError::Unreachable {
                host: self.url.authority(),
                how: error.to_string(),
            },
        };
        connection.ready().await.map_err(unreachable)?;
        let mut request = Request::builder()
            .method(question.method.clone())
            .uri(format!("{}{}", self.url.path(), question.path))
            .header(HOST, self.url.authority())
            .header(
                USER_AGENT,
                concat!("muster-agent/", env!("CARGO_PKG_VERSION")),
            );
        for (name, value) in &question.headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(question.body.clone())))
            .map_err(|error| NetError::Unusable(error.to_string()))?;
        let (head, body) = connection
            .send_request(request)
            .await
            .map_err(unreachable)?
            .into_parts();
        if head.headers.contains_key(CONTENT_ENCODING) {
            return Err(NetError::Malformed("it is compressed".to_owned()));
        }
        let body = Limited::new(body, question.answer_limit)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    NetError::TooLarge
                } else {
                    NetError::Malformed("it broke off".to_owned())
                }
            })?;
        let body = body.to_bytes().to_vec();
        if head.status.is_success() {
            return Ok(Answer {
                status: head.status.as_u16(),
                body,
            });
        }
        Err(refused(head.status, &head.headers, &body))
    }
}

/// With TLS 1.3 a server that refuses our certificate says so only after our side finished the handshake, so it arrives
/// as a failed read of the first answer.
fn tls_error(error: &hyper::Error) -> Option<String> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && let Some(tls) = io
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            return matches!(tls, rustls::Error::AlertReceived(_)).then(|| tls.to_string());
        }
        source = cause.source();
    }
    None
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> NetError {
    // Only the form in seconds: a server's idea of the date moves nothing on a phone (PROTOCOL §10).
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let detail = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|problem| {
            let sentence = problem
                .get("detail")
                .or_else(|| problem.get("title"))?
                .as_str()?
                .to_owned();
            Some(
                sentence
                    .chars()
                    .filter(|character| !character.is_control())
                    .take(200)
                    .collect(),
            )
        });
    NetError::Refused {
        status: status.as_u16(),
        retry_after,
        detail,
    }
}
