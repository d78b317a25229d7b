//! Who asks, and what they may: an [`Actor`] from a session cookie or a bearer token, an [`Allowed`] as the proof of a
//! right that use cases demand.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_core::future::LocalBoxFuture;
use muster_domain::permission::{Permission, Role};
use muster_domain::scope::Scope;
use muster_store::organisations::Organisation;
use muster_store::{api_tokens, sessions};
use sha2::{Digest, Sha256};

use super::problem::{Answer, Kind, Problem};
use super::route::is_api;
use super::session;
use crate::app::App;

/// How long after typing a password a destructive act may be started, seconds (OWASP ASVS 5.0, 7.5.3).
pub const CONFIRMED_FOR: i64 = 300;
/// A session nobody used for this long is over, seconds.
const IDLE_FOR: i64 = 12 * 3600;
/// `last_seen_at` is written at most this often, seconds.
const TOUCH_EVERY: i64 = 60;

/// Somebody who signed in, or a program with a token.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Member or token.
    pub who: Who,
    /// Name as the record keeps it.
    pub name: String,
    /// Role in the organisation.
    pub role: Role,
    /// The organisation itself.
    pub organisation: Home,
    /// What they may see.
    pub scope: Scope,
}

/// The two kinds of actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person in a browser.
    Member {
        /// Member id.
        id: String,
        /// The session of this browser.
        session: String,
        /// What every form of this session carries.
        csrf: String,
        /// When the password was last typed, microseconds.
        confirmed_at: i64,
    },
    /// A program.
    Token {
        /// Token id.
        id: String,
    },
}

/// The organisation an actor belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `operator`, `reseller` or `customer`.
    pub kind: String,
    /// The reseller at or above it; `None` for the operator.
    pub reseller: Option<String>,
}

impl From<Organisation> for Home {
    fn from(row: Organisation) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            reseller: row.reseller_id,
        }
    }
}

impl Home {
    /// The scope of whoever works here.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match (self.kind.as_str(), &self.reseller) {
            ("operator", _) => Scope::Platform,
            ("reseller", _) => Scope::Reseller(self.id.clone()),
            (_, reseller) => Scope::Customer {
                reseller: reseller.clone().unwrap_or_default(),
                customer: self.id.clone(),
            },
        }
    }
}

impl Actor {
    /// How the record names them: `member:<id>` or `token:<id>`.
    #[must_use]
    pub fn reference(&self) -> String {
        match &self.who {
            Who::Member { id, .. } => format!("member:{id}"),
            Who::Token { id } => format!("token:{id}"),
        }
    }

    /// Whether the password was typed lately enough for a destructive act at `now` (microseconds). Tokens have no
    /// password; what they may do was settled when they were made.
    #[must_use]
    pub fn is_confirmed(&self, now: i64) -> bool {
        match &self.who {
            Who::Member { confirmed_at, .. } => {
                confirmed_at.saturating_add(CONFIRMED_FOR * 1_000_000) > now
            }
            Who::Token { .. } => true,
        }
    }

    /// Refuses until the password was typed again.
    ///
    /// # Errors
    /// It was typed too long ago.
    pub fn confirm_first(&self, app: &App) -> Answer<()> {
        if self.is_confirmed(app.clock.now().as_microsecond()) {
            return Ok(());
        }
        let detail =
            "Type your password again: this act asks for it when five minutes have passed.";
        Err(Problem::new(Kind::ConfirmFirst, "confirm-first", detail))
    }

    /// The proof of a right, if the role has it.
    ///
    /// # Errors
    /// The role has not.
    pub fn allow<R: Right>(self) -> Answer<Allowed<R>> {
        self.must(R::PERMISSION)?;
        Ok(Allowed {
            actor: self,
            right: PhantomData,
        })
    }

    /// Refuses who has not this right, where what is asked for decides which one it takes.
    ///
    /// # Errors
    /// The role has it not.
    pub fn must(&self, permission: Permission) -> Answer<()> {
        if self.role.may(permission) {
            return Ok(());
        }
        let detail = format!(
            "Your role ({}) does not allow this. Ask an owner or admin of {}.",
            self.role, self.organisation.name
        );
        Err(Problem::new(Kind::Forbidden, "role", detail))
    }

    async fn of_request(request: &HttpRequest) -> Answer<Self> {
        if let Some(known) = request.extensions().get::<Self>() {
            return Ok(known.clone());
        }
        let Some(app) = request.app_data::<Data<App>>().cloned() else {
            return Err(Problem::new(
                Kind::Internal,
                "no-app",
                "The server is not ready.",
            ));
        };
        let actor = if is_api(request.match_info()) {
            by_token(request, &app).await?
        } else {
            by_session(request, &app).await?
        };
        request.extensions_mut().insert(actor.clone());
        Ok(actor)
    }
}

impl FromRequest for Actor {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Answer<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of_request(&request).await })
    }
}

/// An actor who has the right `R`. Only the edge makes one, so a use case that asks for it cannot be reached without.
#[derive(Debug, Clone)]
pub struct Allowed<R> {
    /// Who it is.
    pub actor: Actor,
    right: PhantomData<R>,
}

impl<R> Allowed<R> {
    /// What they may see.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.actor.scope
    }
}

impl<R: Right> FromRequest for Allowed<R> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Answer<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Actor::of_request(&request).await?.allow() })
    }
}

/// A right as a type, for signatures.
pub trait Right: 'static {
    /// The right.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => {$(
        #[doc = concat!("The right [`Permission::", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

rights!(
    ReadFleet,
    ReadCommands,
    ReadRecord,
    ReadOrganisations,
    ReadPeople,
    ManageDevices,
    IssueCodes,
    DraftCommands,
    SendCommands,
    SetHolds,
    DeliverApprovals,
    RevokeDevices,
    ManagePeople,
    ManageTokens,
    ManageOrganisations,
    ManageTrust,
    ReadBooks,
    Sell,
    SetPrices,
    TakePayments,
    GiveUpDebts,
);

async fn by_token(request: &HttpRequest, app: &App) -> Answer<Actor> {
    let sent = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(secret) = sent.and_then(|value| value.strip_prefix("Bearer ")) else {
        let detail = "Send your API token in the header Authorization: Bearer TOKEN.";
        return Err(Problem::new(Kind::SignedOut, "token-missing", detail));
    };
    let (hash, now) = (secret_hash(secret.trim()), app.clock.now().as_microsecond());
    let found = app
        .store
        .read(move |c| api_tokens::find_live_by_hash(c, &hash, now))
        .await?;
    let Some((token, home)) = found else {
        let detail = "This API token is unknown, expired or revoked. Make a new one in the portal.";
        return Err(Problem::new(Kind::SignedOut, "token", detail));
    };
    let role = role(&token.role)?;
    let organisation = Home::from(home);
    if token
        .last_used_at
        .is_none_or(|used| used + TOUCH_EVERY * 1_000_000 < now)
    {
        let id = token.id.clone();
        app.store
            .write(move |tx| api_tokens::touch(tx, &id, now))
            .await?;
    }
    Ok(Actor {
        who: Who::Token { id: token.id },
        name: token.name,
        role,
        scope: organisation.scope(),
        organisation,
    })
}

async fn by_session(request: &HttpRequest, app: &App) -> Answer<Actor> {
    let first = || Problem::new(Kind::SignInFirst, "signed-out", "Sign in to go on.");
    let claims = session::of_request(app, request).ok_or_else(first)?;
    let (id, now) = (claims.sid.clone(), app.clock.now().as_microsecond());
    let found = app
        .store
        .read(move |c| sessions::find_live(c, &id, now))
        .await?;
    let (session, member, home) = found.ok_or_else(first)?;
    if session.last_seen_at + IDLE_FOR * 1_000_000 < now {
        return Err(first());
    }
    if session.last_seen_at + TOUCH_EVERY * 1_000_000 < now {
        let (id, until) = (session.id.clone(), session.expires_at);
        app.store
            .write(move |tx| sessions::touch(tx, &id, now, until))
            .await?;
    }
    let role = role(&member.role)?;
    let organisation = Home::from(home);
    Ok(Actor {
        who: Who::Member {
            id: member.id,
            session: session.id,
            csrf: claims.csrf,
            confirmed_at: session.confirmed_at,
        },
        name: member.name,
        role,
        scope: organisation.scope(),
        organisation,
    })
}

fn role(word: &str) -> Answer<Role> {
    Role::parse(word).ok_or_else(|| {
        Problem::new(
            Kind::Internal,
            "role",
            "The store names a role nobody knows.",
        )
    })
}

/// How secrets of 32 random bytes are stored: they need no slow hash, nobody can guess one.
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
