//! Add an organisation beneath another: resellers beneath the operator, customers beneath a reseller.

use std::sync::Arc;

use muster_domain::text::{self, Invalid};
use muster_store::organisations::{self, Organisation};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use crate::app::App;
use crate::features::people::{NAME_MOST, place};
use crate::features::record::write::{self as record, By, Entry, Weight};
use crate::web::actor::{Allowed, ManageOrganisations};
use crate::web::problem::{Answer, Problem};

/// An organisation about to be added.
#[derive(Debug, Clone)]
pub struct AddOrganisation {
    name: String,
    parent: Option<String>,
}

impl AddOrganisation {
    /// One of this name beneath `parent`, or beneath the actor's own.
    ///
    /// # Errors
    /// The name is empty, too long or holds what cannot be seen.
    pub fn read(name: &str, parent: Option<&str>) -> Answer<Self> {
        Ok(Self {
            name: text::line("name", name, NAME_MOST)?,
            parent: parent.map(str::to_owned),
        })
    }
}

/// Adds it.
///
/// # Errors
/// The parent is not in the actor's scope, or is a customer; it has one of this name already.
pub async fn add(
    app: &Arc<App>,
    allowed: &Allowed<ManageOrganisations>,
    new: AddOrganisation,
) -> Answer<Organisation> {
    let (adding, by, scope) = (
        app.clone(),
        By::actor(&allowed.actor),
        allowed.scope().clone(),
    );
    let parent_id = new
        .parent
        .unwrap_or_else(|| allowed.actor.organisation.id.clone());
    let name = new.name;
    app.store
        .write_or_refuse(move |tx| {
            let Some(parent) = organisations::find(tx, &scope, &parent_id)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            let added = match parent.kind.as_str() {
                "operator" => reseller(tx, &adding, &by, &parent, &name),
                "reseller" => customer(tx, &adding, &by, &parent, &name),
                _ => {
                    let detail = "A customer has no organisations beneath it. Ask its reseller.";
                    return Ok(Err(Problem::conflict("organisation-customer", detail)));
                }
            };
            match added {
                Err(error) if error.is_conflict_of("organisations.parent_id,name") => {
                    Ok(Err(taken()))
                }
                other => Ok(Ok(other?)),
            }
        })
        .await?
}

fn taken() -> Problem {
    Invalid::new(
        "name",
        "name-taken",
        "There is an organisation of this name already. Choose another name.",
    )
    .into()
}

/// Makes the operator: the root of the tree.
///
/// # Errors
/// `Conflict("organisations.kind")`: there is one.
pub fn operator(tx: &mut Conn, app: &App, by: &By, name: &str) -> StoreResult<Organisation> {
    insert(
        tx,
        app,
        by,
        Organisation {
            kind: "operator".to_owned(),
            ..blank(app, name)
        },
    )
}

/// Makes a reseller beneath the operator.
///
/// # Errors
/// `Conflict("organisations.parent_id,name")`: there is one of this name.
pub fn reseller(
    tx: &mut Conn,
    app: &App,
    by: &By,
    operator: &Organisation,
    name: &str,
) -> StoreResult<Organisation> {
    let blank = blank(app, name);
    let new = Organisation {
        kind: "reseller".to_owned(),
        parent_id: Some(operator.id.clone()),
        reseller_id: Some(blank.id.clone()),
        ..blank
    };
    insert(tx, app, by, new)
}

/// Makes a customer beneath a reseller.
///
/// # Errors
/// `Conflict("organisations.parent_id,name")`: there is one of this name.
pub fn customer(
    tx: &mut Conn,
    app: &App,
    by: &By,
    reseller: &Organisation,
    name: &str,
) -> StoreResult<Organisation> {
    let new = Organisation {
        kind: "customer".to_owned(),
        parent_id: Some(reseller.id.clone()),
        reseller_id: Some(reseller.id.clone()),
        ..blank(app, name)
    };
    insert(tx, app, by, new)
}

fn blank(app: &App, name: &str) -> Organisation {
    Organisation {
        id: app.new_id(),
        kind: String::new(),
        parent_id: None,
        reseller_id: None,
        name: name.to_owned(),
        created_at: app.now_micros(),
    }
}

fn insert(tx: &mut Conn, app: &App, by: &By, new: Organisation) -> StoreResult<Organisation> {
    organisations::insert(tx, &new)?;
    let facts = json!({ "name": new.name, "floor": new.kind });
    let entry = Entry {
        kind: "organisation.added",
        weight: Weight::Major,
        place: place(&new),
        device: None,
        command: None,
        facts,
    };
    record::write(tx, app, by, &entry)?;
    Ok(new)
}
