//! A member's passkeys for approving as the keyrings see them: which hold one, and what it may sign there.

use std::sync::Arc;

use muster_domain::scope::Scope;
use muster_protocol::authority;
use muster_protocol::command::Kind;
use muster_protocol::ids::OrganisationId;
use muster_protocol::keyring::Keyring;
use muster_store::approving_passkeys::{self, ApprovingPasskey};
use muster_store::{Conn, StoreResult, fleets, organisations};

use super::ceremony;
use crate::app::App;
use crate::features::commands::seal;
use crate::offline::public_part::spoken;
use crate::web::actor::Actor;
use crate::web::problem::{Answer, Problem};

/// The most fleets whose keyrings are read for one page: an operator has more, and approves for few.
const FLEETS: usize = 50;

/// A passkey and where it stands.
#[derive(Debug, Clone)]
pub struct Mine {
    /// Its row.
    pub row: ApprovingPasskey,
    /// The newest keyrings that hold it.
    pub keyrings: Vec<Standing>,
}

/// What a keyring lets a passkey sign.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Whose fleet it is, where the member may know.
    pub organisation: Option<String>,
    /// The keyring's version.
    pub version: u64,
    /// Kinds for which its signature is enough.
    pub alone: Vec<Kind>,
    /// Kinds for which it counts beside others.
    pub beside: Vec<Kind>,
}

/// A person of the keyrings, by a key of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who they are, 32 hexadecimal characters.
    pub person: String,
    /// The words of a key of theirs.
    pub words: String,
    /// Whose fleet it is, where the member may know.
    pub organisation: Option<String>,
}

/// A member's passkeys, oldest first.
///
/// # Errors
/// The database did not answer.
pub async fn list(app: &Arc<App>, actor: &Actor) -> Answer<Vec<Mine>> {
    let (member, scope) = (ceremony::member_of(actor)?.to_owned(), actor.scope.clone());
    let found = app.store.read(move |c| {
        let rows = approving_passkeys::list(c, &member)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keyrings = newest(c, &scope)?;
        Ok(rows
            .into_iter()
            .map(|row| Mine {
                keyrings: keyrings
                    .iter()
                    .filter_map(|fleet| standing(fleet, &row.key_id))
                    .collect(),
                row,
            })
            .collect())
    });
    Ok(found.await?)
}

/// The people in the keyrings that the actor sees, by a key of theirs, a file or a passkey: one of them may be the actor, who must
/// be able to say so. Whoever could not would become a second person, and count twice where two people must agree (PROTOCOL §17).
///
/// # Errors
/// The database did not answer.
pub async fn people(app: &Arc<App>, actor: &Actor) -> Answer<Vec<Known>> {
    let scope = actor.scope.clone();
    let keyrings = app.store.read(move |c| newest(c, &scope)).await?;
    let mut known: Vec<Known> = Vec::new();
    for fleet in &keyrings {
        for entry in &fleet.keyring.keys {
            let person = entry.person.to_string();
            if known.iter().all(|known| known.person != person) {
                known.push(Known {
                    person,
                    words: spoken(&entry.id()),
                    organisation: fleet.name.clone(),
                });
            }
        }
    }
    Ok(known)
}

/// The registration of a member's passkey: exact bytes, and the name of its file.
///
/// # Errors
/// There is none of this member's.
pub async fn registration(app: &Arc<App>, actor: &Actor, id: &str) -> Answer<(String, String)> {
    let (member, id) = (ceremony::member_of(actor)?.to_owned(), id.to_owned());
    let found = app
        .store
        .read(move |c| approving_passkeys::find(c, &member, &id))
        .await?
        .ok_or_else(|| Problem::not_found("passkey"))?;
    let name = format!(
        "passkey-{}.json",
        &found.key_id[..8.min(found.key_id.len())]
    );
    Ok((name, found.registration))
}

/// Notes which registered passkeys a stored keyring holds.
///
/// # Errors
/// The database refused.
pub fn after_keyring(tx: &mut Conn, app: &App, keyring: &Keyring) -> StoreResult<()> {
    let ids: Vec<String> = keyring
        .keys
        .iter()
        .filter(|entry| entry.passkey.is_some())
        .map(|entry| entry.id().to_string())
        .collect();
    approving_passkeys::note_in_keyring(tx, &ids, app.now_micros()).map(drop)
}

/// The newest keyring of a fleet.
struct Newest {
    /// What its organisation is called.
    name: Option<String>,
    /// The organisation that its phones are pinned to.
    organisation: OrganisationId,
    keyring: Keyring,
}

/// The newest keyring of each fleet of a scope.
fn newest(c: &mut Conn, scope: &Scope) -> StoreResult<Vec<Newest>> {
    let mut found = Vec::new();
    for fleet in fleets::list(c, scope)?.into_iter().take(FLEETS) {
        let organisation = OrganisationId::parse(&fleet.organisation_id);
        let (Some(held), Ok(organisation)) = (seal::newest_keyring(c, &fleet.id)?, organisation)
        else {
            continue;
        };
        // A customer is under its reseller's keyring, and is not told of the reseller here.
        let owner = organisations::find(c, scope, &fleet.organisation_id)?;
        found.push(Newest {
            name: owner.map(|owner| owner.name),
            organisation,
            keyring: held.keyring,
        });
    }
    Ok(found)
}

fn standing(fleet: &Newest, key: &str) -> Option<Standing> {
    let keyring = &fleet.keyring;
    let entry = keyring
        .keys
        .iter()
        .find(|entry| entry.id().to_string() == key)?;
    let mut standing = Standing {
        organisation: fleet.name.clone(),
        version: keyring.version,
        alone: Vec::new(),
        beside: Vec::new(),
    };
    for kind in Kind::ALL {
        let needed = authority::needed_with(keyring, entry, *kind, &fleet.organisation, 1);
        match needed.map(|needed| needed.people) {
            Some(1) => standing.alone.push(*kind),
            Some(_) => standing.beside.push(*kind),
            None => {}
        }
    }
    Some(standing)
}
