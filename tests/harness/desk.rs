//! An approver's desk, really open, and the one browser that it lets in. Every header is the test's own.

use std::path::PathBuf;
use std::sync::Arc;

use muster::desk::{Running, Settings};
use muster::offline::key_file::{KeyFile, Use};
use muster::random::SeededRandom;
use muster_protocol::digest::Digest;
use muster_protocol::keys::Ed25519Signer;
use tempfile::TempDir;

use crate::api::{Answered, Api};
use crate::app::TestApp;
use crate::fleet::{Fleet, person};
use crate::page;
use crate::tab::Tab;

/// A desk and its owner's browser.
pub struct TestDesk {
    /// The desk.
    pub running: Running,
    /// How it was opened.
    pub settings: Settings,
    /// Asks it by its address, with the headers that it is given.
    pub tab: Tab,
    /// `approve.localhost:PORT`.
    pub host: String,
    /// What its pages' addresses begin with.
    pub base: String,
    /// The header `Cookie` of its owner's browser.
    pub cookie: String,
    /// `Set-Cookie` as it came.
    pub set_cookie: String,
    folder: TempDir,
}

/// How a desk of this fleet is opened by somebody with these key files; the files lie in `folder`.
///
/// # Panics
/// A key file cannot be written.
#[must_use]
pub fn settings(
    t: &TestApp,
    folder: &TempDir,
    api: &Api,
    fleet: &Fleet,
    keys: &[(&Ed25519Signer, u8)],
) -> Settings {
    let file = |(number, (signer, who)): (usize, &(&Ed25519Signer, u8))| -> PathBuf {
        let key = KeyFile {
            r#use: Use::Approver,
            name: "Ada".to_owned(),
            person: person(*who),
            fleet: Some(fleet.fingerprint),
            signer: (*signer).clone(),
        };
        let path = folder.path().join(format!("approver-{number}.key"));
        key.write(&path).expect("a key file");
        path
    };
    Settings {
        server: t.app().portal_url.clone(),
        token: api.token().expect("a token").to_owned(),
        keys: keys.iter().enumerate().map(file).collect(),
        fleet: None,
        name: None,
        dir: folder.path().join("desk"),
        port: 0,
    }
}

impl TestDesk {
    /// Opens a desk with these key files of one person, and a browser at it.
    ///
    /// # Panics
    /// It does not open.
    pub async fn open(
        t: &TestApp,
        api: &Api,
        fleet: &Fleet,
        keys: &[(&Ed25519Signer, u8)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the desk");
        let settings = settings(t, &folder, api, fleet, keys);
        Self::with(t, settings, folder).await
    }

    /// Opens a desk of somebody without a key file, who typed the fleet's fingerprint.
    pub async fn bare(t: &TestApp, api: &Api, fleet: &Fleet, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the desk");
        let settings = Settings {
            fleet: Some(fleet.fingerprint),
            name: Some(name.to_owned()),
            ..settings(t, &folder, api, fleet, &[])
        };
        Self::with(t, settings, folder).await
    }

    async fn with(t: &TestApp, settings: Settings, folder: TempDir) -> Self {
        // The program sets it for every client that it makes; the second time it is there already.
        drop(muster::web::tls::provider().install_default());
        let seed = Digest::of(settings.dir.to_string_lossy().as_bytes()).0[0];
        let random = Arc::new(SeededRandom::new(seed.into()));
        let running = Running::start(&settings, t.clock.clone(), random).expect("the desk opens");
        let host = running
            .origin
            .strip_prefix("http://")
            .expect("an origin")
            .to_owned();
        let (_, port) = host.rsplit_once(':').expect("a port");
        let tab = Tab::at(&format!("http://127.0.0.1:{port}"));
        let link = running.link.strip_prefix(&running.origin).expect("a link");
        let opened = tab.get(link, &[("host", &host)]).await;
        assert_eq!(opened.status, 303, "{}", opened.text);
        let set_cookie = opened.header("set-cookie").to_owned();
        let cookie = set_cookie.split(';').next().unwrap_or_default().to_owned();
        let base = opened.header("location").trim_end_matches('/').to_owned();
        Self {
            running,
            settings,
            tab,
            host,
            base,
            cookie,
            set_cookie,
            folder,
        }
    }

    /// Closes it and opens it again on the same folder.
    pub async fn again(self, t: &TestApp) -> Self {
        self.running.stop().await;
        Self::with(t, self.settings, self.folder).await
    }

    /// A page, by its address below [`TestDesk::base`].
    pub async fn get(&self, path: &str) -> Answered {
        let headers = [("host", self.host.as_str()), ("cookie", &self.cookie)];
        self.tab
            .get(&format!("{}/{path}", self.base), &headers)
            .await
    }

    /// A form of a page, sent as its own browser sends it.
    ///
    /// # Panics
    /// The desk shows no form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let keys = self.get("keys").await;
        let csrf = page::input(&keys.text, "csrf").expect("a page with a form");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_as(path, &all, &[]).await
    }

    /// The same with exactly these fields, and with more headers; of a header given here, the desk's own is left out.
    pub async fn post_as(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answered {
        let form = encoded(fields);
        let own = [
            ("host", self.host.as_str()),
            ("origin", &self.running.origin),
            ("sec-fetch-site", "same-origin"),
            ("cookie", &self.cookie),
        ];
        let mut all: Vec<(&str, &str)> = own
            .into_iter()
            .filter(|(name, _)| headers.iter().all(|(other, _)| other != name))
            .collect();
        all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
        self.tab
            .post(&format!("{}/{path}", self.base), &form, &all)
            .await
    }

    /// Signs a command with a key file, as its page asks; follows to the page that says what became of it.
    ///
    /// # Panics
    /// It is refused.
    pub async fn sign(&self, command: &str, key: &Ed25519Signer, typed: &str) -> Answered {
        let shown = self.get(&format!("commands/{command}")).await;
        let digest = page::input(&shown.text, "digest").expect("a page to sign on");
        let key = key.key_id().to_string();
        let fields = [("digest", digest.as_str()), ("typed", typed), ("key", &key)];
        let signed = self
            .post(&format!("commands/{command}/sign"), &fields)
            .await;
        assert_eq!(signed.status, 303, "{}", signed.text);
        self.follow(&signed).await
    }

    /// The page that an answer leads to.
    pub async fn follow(&self, answer: &Answered) -> Answered {
        let to = answer.header("location");
        let headers = [("host", self.host.as_str()), ("cookie", &self.cookie)];
        self.tab.get(to, &headers).await
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        text.bytes()
            .map(|byte| {
                if plain(byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    pairs.join("&")
}
