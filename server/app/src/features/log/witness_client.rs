//! Witnesses as this server reaches them. None is believed: a cosignature or clearance counts when the keyring's key made it.

use std::time::Duration;

use dashmap::DashMap;
use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::keys::Ed25519Signer;
use reqwest::{Client, Response, StatusCode};

use crate::web::tls;
use crate::witness::asker;
use crate::witness::cosign::AddCheckpoint;
use crate::witness::shapes::{Asked, ClearedAnswer, Declined, Feed, Followed};

/// How long a witness may take. A dead one holds nothing up but what needs it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most an answer may carry, bytes.
const MOST: usize = 128 * 1024;

/// The configured witnesses.
pub struct Witnesses {
    client: Client,
    /// Their addresses, without a slash at the end.
    pub urls: Vec<String>,
    /// What each is believed to have cosigned last and when, microseconds, by address and log.
    cosigned: DashMap<(String, String), (u64, i64)>,
    /// What each is believed to have followed, by address and fleet; `None` for one that takes no entries.
    followed: DashMap<(String, String), Option<Followed>>,
    /// When it makes sense to ask again, microseconds: by address, command and enrolment.
    asked: DashMap<(String, String, String), i64>,
}

/// What a witness answered to a request for a clearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The clearance's envelope.
    Cleared(Vec<u8>),
    /// Not, and why.
    Declined(Declined),
}

impl Witnesses {
    /// Reaches witnesses at these addresses.
    ///
    /// # Errors
    /// A sentence: the client cannot be set up.
    pub fn new(urls: &[String]) -> Result<Self, String> {
        // Only the first in a process takes effect; the command line made it already, a test has not.
        drop(tls::provider().install_default());
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| format!("The connection to witnesses cannot be set up: {error}."))?;
        Ok(Self {
            client,
            urls: urls.to_vec(),
            cosigned: DashMap::new(),
            followed: DashMap::new(),
            asked: DashMap::new(),
        })
    }

    /// The size that the witness is believed to have cosigned last, and when it did so here, microseconds; 0 when that is not known.
    #[must_use]
    pub fn cosigned(&self, url: &str, origin: &str) -> (u64, i64) {
        let key = (url.to_owned(), origin.to_owned());
        self.cosigned.get(&key).map_or((0, 0), |known| *known)
    }

    /// Asks for a cosignature. `Ok(Err(size))`: it stands elsewhere, ask again from there.
    ///
    /// # Errors
    /// A sentence: it does not answer, or refuses.
    pub async fn add_checkpoint(
        &self,
        url: &str,
        origin: &str,
        (old, consistency): (u64, &[Digest]),
        (note, size): (&str, u64),
        now: i64,
    ) -> Result<Result<String, u64>, String> {
        let body = AddCheckpoint::encode(old, consistency, note);
        let body = body.into_bytes();
        let (status, answer) = self.post(url, "add-checkpoint", body, None).await?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let key = (url.to_owned(), origin.to_owned());
        match (status, text.trim_end().parse::<u64>()) {
            (StatusCode::OK, _) => {
                self.cosigned.insert(key, (size, now));
                Ok(Ok(text))
            }
            (StatusCode::CONFLICT, Ok(size)) => {
                let before = self.cosigned.insert(key, (size, 0));
                if before.is_some_and(|(believed, _)| size < believed) {
                    tracing::error!(
                        witness = url,
                        size,
                        "a witness forgot what it signed: its folder is an old copy. Replace it by one with a new key"
                    );
                }
                Ok(Err(size))
            }
            (StatusCode::CONFLICT, Err(_)) => {
                Err("it cosigned another root of this size: there are two logs".to_owned())
            }
            (status, _) => Err(format!("it answers {status} to a checkpoint")),
        }
    }

    /// How far the witness is believed to have come; `None` when it takes no entries, as a plain C2SP witness does not.
    #[must_use]
    pub fn followed(&self, url: &str, fleet: &str) -> Option<Followed> {
        let key = (url.to_owned(), fleet.to_owned());
        let nothing = Followed {
            size: 0,
            keyring: 0,
        };
        self.followed
            .get(&key)
            .map_or(Some(nothing), |known| *known)
    }

    /// Brings entries, signed by the log's key; answers how far the witness is now.
    ///
    /// # Errors
    /// A sentence: it does not answer, or refuses.
    pub async fn feed(
        &self,
        url: &str,
        fleet: &str,
        feed: &Feed,
        log: &Ed25519Signer,
    ) -> Result<Option<Followed>, String> {
        let body = serde_json::to_vec(feed).map_err(|error| error.to_string())?;
        let signature = asker::sign(log, "entries", &body);
        let (status, answer) = self.post(url, "entries", body, Some(signature)).await?;
        let followed = match status {
            // Refused or not, it says where it stands: which keyrings it lacks, as well.
            StatusCode::OK | StatusCode::CONFLICT | StatusCode::FORBIDDEN => {
                let followed: Followed = serde_json::from_slice(&answer)
                    .map_err(|_| format!("it answers {status}, which does not read"))?;
                Some(followed)
            }
            StatusCode::NOT_FOUND => None,
            status => {
                let why = String::from_utf8_lossy(&answer).into_owned();
                return Err(format!("it answers {status} to entries: {why}"));
            }
        };
        self.followed
            .insert((url.to_owned(), fleet.to_owned()), followed);
        Ok(followed)
    }

    /// Asks for a clearance.
    ///
    /// # Errors
    /// A sentence: it does not answer, or something else than a witness does.
    pub async fn clear(
        &self,
        url: &str,
        asked: &Asked,
        log: &Ed25519Signer,
    ) -> Result<Word, String> {
        let body = serde_json::to_vec(asked).map_err(|error| error.to_string())?;
        let signature = asker::sign(log, "clearances", &body);
        let (status, answer) = self.post(url, "clearances", body, Some(signature)).await?;
        if status == StatusCode::OK {
            let cleared: Option<ClearedAnswer> = serde_json::from_slice(&answer).ok();
            let envelope = cleared.and_then(|cleared| base64::decode(&cleared.clearance));
            return envelope
                .map(Word::Cleared)
                .ok_or_else(|| "its clearance does not read".to_owned());
        }
        serde_json::from_slice(&answer)
            .map(Word::Declined)
            .map_err(|_| format!("it answers {status} to a request for a clearance"))
    }

    /// Whether it makes sense to ask at `now`, microseconds.
    #[must_use]
    pub fn may_ask(&self, url: &str, command: &str, enrolment: &str, now: i64) -> bool {
        let key = (url.to_owned(), command.to_owned(), enrolment.to_owned());
        self.asked.get(&key).is_none_or(|due| *due <= now)
    }

    /// Notes that asking makes no sense before `due`, microseconds.
    pub fn wait(&self, url: &str, command: &str, enrolment: &str, due: i64) {
        let key = (url.to_owned(), command.to_owned(), enrolment.to_owned());
        self.asked.insert(key, due);
    }

    /// Forgets pauses that have passed.
    pub fn forget(&self, now: i64) {
        self.asked.retain(|_, due| *due > now);
    }

    async fn post(
        &self,
        url: &str,
        what: &str,
        body: Vec<u8>,
        signature: Option<String>,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let mut request = self.client.post(format!("{url}/{what}")).body(body);
        if let Some(signature) = signature {
            request = request.header(asker::HEADER, signature);
        }
        let sent = request.send().await;
        let mut response: Response =
            sent.map_err(|error| format!("it does not answer: {}", error.without_url()))?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| format!("its answer broke off: {}", error.without_url()))?
        {
            answer.extend_from_slice(&chunk);
            if answer.len() > MOST {
                return Err("its answer is too large".to_owned());
            }
        }
        Ok((status, answer))
    }
}
