//! A program with a token: the API as callers see it.

use std::sync::Arc;

use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// A caller with a token, or without.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Answered {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.expect("the body arrives"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| unreachable!("{error}: {} {}", self.status, self.text))
    }

    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body, after a look at the status.
    ///
    /// # Panics
    /// It is another one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Checks that it is a problem document of this status and code.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let body = self.json();
        assert_eq!(body["type"], format!("urn:muster:problem:{code}"), "{body}");
        assert_eq!(body["status"], status, "{body}");
        for member in ["title", "detail"] {
            assert!(
                body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member} is missing: {body}"
            );
        }
    }
}

/// A client for plain HTTP that also has the TLS it is given, and never a library's default.
pub(crate) fn client() -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

impl Api {
    /// A caller of the API at `base`.
    ///
    /// # Panics
    /// The client cannot be built.
    #[must_use]
    pub fn new(base: &str, token: Option<String>) -> Self {
        Self {
            client: client().build().expect("a client"),
            base: base.to_owned(),
            token,
        }
    }

    /// Its token.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same caller, of another node.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// A request, to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn send(&self, request: RequestBuilder) -> Answered {
        Answered::read(request.send().await.expect("the portal answers")).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answered {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Answered {
        self.send(self.request(Method::POST, path)).await
    }

    /// Registers a device; answers it.
    pub async fn register(&self, serial: &str, organisation: &str) -> Value {
        let body = json!({ "serial_number": serial, "model": "Hardline X7", "organisation_id": organisation });
        self.post("/api/v1/devices", &body).await.expect(201)
    }

    /// Makes an enrolment code; answers its letters.
    pub async fn code(&self, device: &str) -> String {
        text(
            &self
                .post_empty(&format!("/api/v1/devices/{device}/enrolment-code"))
                .await
                .expect(201)["code"],
        )
    }

    /// One device.
    pub async fn device(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/devices/{id}")).await.expect(200)
    }

    /// Drafts a command for these devices; answers it.
    pub async fn command(&self, kind: &str, devices: &[&str], arguments: Value) -> Value {
        let mut body = json!({ "kind": kind, "device_ids": devices, "reason": "left in a taxi" });
        if !arguments.is_null() {
            body["arguments"] = arguments;
        }
        self.post("/api/v1/commands", &body).await.expect(201)
    }

    /// One command.
    pub async fn command_state(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/commands/{id}"))
            .await
            .expect(200)
    }

    /// Signs a command as an approver's program does, and hands the signature in.
    pub async fn approve(&self, id: &str, signer: &Ed25519Signer) -> Answered {
        let shown = self
            .get(&format!("/api/v1/commands/{id}/envelope"))
            .await
            .expect(200);
        let payload = base64::decode(&text(&shown["payload"])).expect("a payload in base64");
        let envelope = Envelope::unsigned(DocumentType::Command, payload);
        let sig = base64::encode(&signer.sign(&envelope.signed_bytes()));
        let body = json!({ "keyid": signer.key_id().to_string(), "sig": sig });
        self.post(&format!("/api/v1/commands/{id}/approvals"), &body)
            .await
    }
}

/// A member that is a text.
///
/// # Panics
/// It is not.
#[must_use]
#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| unreachable!("a text was expected, not {value}"))
        .to_owned()
}
