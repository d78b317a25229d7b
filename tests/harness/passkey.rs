//! A passkey as browser and authenticator use it, in software: it answers what the pages of the approvals host ask, honestly or
//! bent in one place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_protocol::digest::Digest;
use muster_protocol::keys::P256Signer;
use serde_json::Value;

use crate::api::Answered;
use crate::app::TestApp;
use crate::browser::Browser;
use crate::page;
use crate::tab::Tab;

/// A passkey on the approvals host. What a test bends, it sets.
#[derive(Clone)]
pub struct Passkey {
    key: P256Signer,
    /// The name by which the authenticator finds it.
    pub credential: Vec<u8>,
    /// The page's origin, as the browser tells it.
    pub origin: String,
    /// The RP ID that the authenticator hashes.
    pub rp_id: String,
    /// User present, user verified; and of a registration the bit for its key.
    pub flags: u8,
    /// The signature counter of the next answer.
    pub counter: u32,
    /// What follows the origin in the client data.
    pub tail: String,
    /// The public key that a registration claims, where it is not this one's.
    pub claimed: Option<Vec<u8>>,
}

/// The fields of a form as a browser fills it.
pub type Filled = Vec<(&'static str, String)>;

impl Passkey {
    /// A new one on the approvals host of this node.
    ///
    /// # Panics
    /// There is no such host.
    #[must_use]
    pub fn new(t: &TestApp, seed: u8) -> Self {
        let host = t.app().approvals.clone().expect("an approvals host");
        Self {
            key: P256Signer::from_bytes([seed; 32]).expect("a scalar below the order"),
            credential: vec![seed; 32],
            origin: host.origin,
            rp_id: host.host,
            flags: 0x05,
            counter: 1,
            tail: r#","crossOrigin":false}"#.to_owned(),
            claimed: None,
        }
    }

    /// What the authenticator says of a new passkey.
    #[must_use]
    pub fn made(&self) -> Filled {
        let own = self.key.verifying_key().raw().to_vec();
        let point = self.claimed.clone().unwrap_or(own);
        let length = u16::try_from(self.credential.len()).expect("a short credential id");
        let auth = [
            Digest::of(self.rp_id.as_bytes()).as_bytes().as_slice(),
            &[self.flags | 0x40],
            &self.counter.to_be_bytes(),
            &[0xaa; 16],
            &length.to_be_bytes(),
            &self.credential,
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20],
            &point[1..33],
            &[0x22, 0x58, 0x20],
            &point[33..],
        ]
        .concat();
        vec![("auth", URL_SAFE_NO_PAD.encode(auth))]
    }

    /// What it answers to the challenge of a page.
    ///
    /// # Panics
    /// The page asks for nothing.
    #[must_use]
    pub fn answers(&mut self, asked: &Answered) -> Filled {
        let options = options(asked);
        self.signs(options["challenge"].as_str().expect("a challenge"))
    }

    /// What it answers to this challenge, base64url.
    #[must_use]
    pub fn signs(&mut self, challenge: &str) -> Filled {
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}"{}"#,
            self.origin, self.tail
        );
        let auth = [
            Digest::of(self.rp_id.as_bytes()).as_bytes().as_slice(),
            &[self.flags],
            &self.counter.to_be_bytes(),
        ]
        .concat();
        let hash = Digest::of(client.as_bytes());
        let sig = self
            .key
            .sign(&[auth.as_slice(), hash.as_bytes().as_slice()].concat());
        self.counter += 1;
        vec![
            ("credential", URL_SAFE_NO_PAD.encode(&self.credential)),
            ("auth", URL_SAFE_NO_PAD.encode(auth)),
            ("client", URL_SAFE_NO_PAD.encode(client)),
            ("sig", URL_SAFE_NO_PAD.encode(sig)),
        ]
    }
}

/// What a page of the approvals host asks the browser for.
///
/// # Panics
/// It asks for nothing.
#[must_use]
pub fn options(asked: &Answered) -> Value {
    let form = page::tags(&asked.text, "form").find_map(|tag| page::attribute(tag, "data-options"));
    let form = form.unwrap_or_else(|| unreachable!("the page asks for no passkey: {}", asked.text));
    serde_json::from_str(&form).expect("options in JSON")
}

/// A window at the approvals host. It has no cookie jar: that host sets none.
pub struct Approvals {
    tab: Tab,
    origin: String,
}

impl Approvals {
    /// The host of this node.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn of(t: &TestApp) -> Self {
        let host = t.app().approvals.clone().expect("an approvals host");
        Self {
            tab: Tab::new(t),
            origin: host.origin,
        }
    }

    fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }

    fn path<'a>(&self, address: &'a str) -> &'a str {
        address.strip_prefix(&self.origin).unwrap_or(address)
    }

    /// Opens an address of this host.
    pub async fn get(&self, address: &str) -> Answered {
        let headers = [("host", self.host())];
        self.tab.get(self.path(address), &headers).await
    }

    /// Sends a form to an address of this host, as its own page would.
    pub async fn post(&self, address: &str, filled: &Filled) -> Answered {
        let form: Vec<String> = filled
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = [
            ("host", self.host()),
            ("origin", self.origin.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        self.tab
            .post(self.path(address), &form.join("&"), &headers)
            .await
    }

    /// Registers a passkey for whoever is signed in: from the account page to the trial. Answers the last answer.
    ///
    /// # Panics
    /// A step before the trial is refused.
    pub async fn register(
        &self,
        browser: &mut Browser,
        label: &str,
        passkey: &mut Passkey,
    ) -> Answered {
        let address = begin_registration(browser, label).await;
        let first = self.get(&address).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let made = self.post(&address, &passkey.made()).await;
        assert_eq!(made.status, 303, "{}", made.text);
        let trial = made.header("location").to_owned();
        let asked = self.get(&trial).await;
        self.post(&trial, &passkey.answers(&asked)).await
    }

    /// Approves a command for whoever is signed in, from its page on. Answers the last answer.
    ///
    /// # Panics
    /// The portal does not hand over.
    pub async fn approve(
        &self,
        browser: &mut Browser,
        command: &str,
        passkey: &mut Passkey,
    ) -> Answered {
        let address = begin_approval(browser, command).await;
        let asked = self.get(&address).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        self.post(&address, &passkey.answers(&asked)).await
    }
}

/// From the account page to the address of a registration.
///
/// # Panics
/// The portal does not hand over.
pub async fn begin_registration(browser: &mut Browser, label: &str) -> String {
    browser.get("/account/approving").await;
    let handed = browser
        .submit_once("/account/approving", &[("label", label), ("person", "")])
        .await;
    assert_eq!(handed.status, 303, "{}", handed.text);
    handed.header("location").to_owned()
}

/// From a command's page to the address of its approval.
///
/// # Panics
/// The portal does not hand over.
pub async fn begin_approval(browser: &mut Browser, command: &str) -> String {
    browser.get(&format!("/commands/{command}")).await;
    let handed = browser
        .submit_once(&format!("/commands/{command}/passkey"), &[])
        .await;
    assert_eq!(handed.status, 303, "{}", handed.text);
    handed.header("location").to_owned()
}
