//! A ceremony between its two halves: one row in the database, for five minutes, spent by the first answer. The library's
//! state holds the challenge; it never leaves the server.

use muster_store::webauthn_ceremonies::{self, Ceremony};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::web::problem::{Answer, Kind, Problem};

/// How long somebody has for their answer, microseconds: five minutes, what WebAuthn recommends.
const LASTS: i64 = 300 * 1_000_000;

/// What a ceremony is for. One begun for one purpose ends no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody comes in.
    SignIn,
    /// The member of this session adds a passkey.
    Add(String),
    /// The member of this session proves once more who they are.
    Confirm(String),
}

impl Purpose {
    fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Add(_) => "add",
            Self::Confirm(_) => "confirm",
        }
    }

    fn session(&self) -> Option<&str> {
        match self {
            Self::SignIn => None,
            Self::Add(session) | Self::Confirm(session) => Some(session),
        }
    }
}

/// The first half, as the browser gets it.
#[derive(Debug, Clone, Serialize)]
pub struct Begun {
    /// Names the ceremony in the answer.
    pub ceremony: String,
    /// What the browser hands to the authenticator.
    pub options: serde_json::Value,
}

/// Puts a ceremony down and answers its first half.
///
/// # Errors
/// The database does not answer.
pub async fn begin(
    app: &App,
    purpose: &Purpose,
    options: &impl Serialize,
    state: &impl Serialize,
) -> Answer<Begun> {
    let row = Ceremony {
        id: app.new_id(),
        purpose: purpose.as_str().to_owned(),
        session_id: purpose.session().map(str::to_owned),
        state: serde_json::to_string(state).map_err(|error| unwritten(&error))?,
        expires_at: app.now_micros() + LASTS,
    };
    let begun = Begun {
        ceremony: row.id.clone(),
        options: serde_json::to_value(options).map_err(|error| unwritten(&error))?,
    };
    app.store
        .write(move |tx| webauthn_ceremonies::begin(tx, &row))
        .await?;
    Ok(begun)
}

/// Takes a ceremony up again, and away: whatever becomes of the answer, there is no second one.
///
/// # Errors
/// It is over, was answered, or is another's.
pub async fn spend<S: DeserializeOwned>(app: &App, purpose: &Purpose, id: &str) -> Answer<S> {
    let (purpose, id, now) = (purpose.clone(), id.to_owned(), app.now_micros());
    let state = app
        .store
        .write(move |tx| {
            webauthn_ceremonies::spend(tx, &id, purpose.as_str(), purpose.session(), now)
        })
        .await?;
    // A state that does not read was written by another version of this program.
    state
        .and_then(|state| serde_json::from_str(&state).ok())
        .ok_or_else(over)
}

fn over() -> Problem {
    Problem::new(
        Kind::Conflict,
        "passkey-over",
        "This took longer than five minutes, or was sent twice. Try again.",
    )
}

fn unwritten(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "a passkey ceremony could not be written as JSON");
    Problem::new(
        Kind::Internal,
        "internal",
        "Something is wrong on our side. It is on our log.",
    )
}
