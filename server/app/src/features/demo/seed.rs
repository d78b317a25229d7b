//! The sample data of the demo: an operator, two resellers with a fleet each, customers, people, 25 phones. Made through the same
//! use cases as everything else; plainly invented names.

use std::path::Path;
use std::sync::Arc;

use muster_domain::people::Email;
use muster_domain::permission::Role;
use muster_protocol::time::UnixTime;
use muster_protocol::words;
use muster_store::organisations::Organisation;

use super::credentials::{Credentials, Fleet, Member, Phone, Tokens};
use super::phones::{Newcomer, join};
use super::trade::{self, Traders};
use crate::app::App;
use crate::features::enrolment::issue_code;
use crate::features::fleet::register::{NewDevice, register};
use crate::features::organisations::add;
use crate::features::people::{NewMember, create_member, tokens};
use crate::features::record::write::By;
use crate::features::trust::{adopt, prepare};
use crate::offline::ceremony::{self, Wanted};
use crate::offline::folder::{Folder, Names};
use crate::web::actor::{Actor, Home, IssueCodes, ManageDevices, Right, Who};
use crate::web::problem::Problem;

/// Serial number and model of Northwind's sandbox phones.
const SANDBOX: [(&str, &str); 5] = [
    ("NW-000042", "Hardline X7"),
    ("NW-000043", "Hardline X7"),
    ("NW-000044", "Hardline X6"),
    ("NW-000045", "Hardline X6"),
    ("NW-000046", "Hardline X7 Mini"),
];
/// Phones that are on the books and wait for their codes: how many each owner has.
const NORTHWIND_STOCK: u32 = 12;
const LYRE_STOCK: u32 = 8;

/// Makes everything, and enrols the sandbox phones.
///
/// # Errors
/// A sentence that says what went wrong.
pub async fn make(app: &Arc<App>, dir: &Path) -> Result<Credentials, String> {
    let tree = organisations(app).await?;
    let (members, api_tokens) = people(app, &tree).await?;
    let mut fleets = Vec::new();
    let mut approver_keys = Vec::new();
    for reseller in [&tree.northwind, &tree.lyre] {
        let (fingerprint, keys) = fleet(app, dir, reseller).await?;
        fleets.push(Fleet {
            organisation: reseller.id.clone(),
            fingerprint,
        });
        approver_keys.extend(keys);
    }
    let phones = phones(app, dir, &tree, &fleets[0].fingerprint).await?;
    let traders = Traders {
        operator: &tree.operator,
        northwind: &tree.northwind,
        lyre: &tree.lyre,
        harbour: &tree.harbour,
        oakmere: &tree.oakmere,
    };
    let trade = trade::set_up(app, &traders).await?;
    Ok(Credentials {
        version: Credentials::version(),
        portal_url: app.portal_url.clone(),
        device_url: app.device_url.clone(),
        ca_certificate: app.authority.root_path().display().to_string(),
        ca_fingerprint: app.authority.ca_fingerprint(),
        fleets,
        members,
        api_tokens,
        approver_keys,
        phones,
        trade,
    })
}

struct Tree {
    operator: Organisation,
    northwind: Organisation,
    lyre: Organisation,
    harbour: Organisation,
    oakmere: Organisation,
}

async fn organisations(app: &Arc<App>) -> Result<Tree, String> {
    let app2 = app.clone();
    let made = app.store.write(move |tx| {
        let by = By::system();
        let operator = add::operator(tx, &app2, &by, "Palisade Platform")?;
        let northwind = add::reseller(tx, &app2, &by, &operator, "Northwind Mobile")?;
        let lyre = add::reseller(tx, &app2, &by, &operator, "Lyre Telecom")?;
        let harbour = add::customer(tx, &app2, &by, &northwind, "Tern Harbour Press")?;
        let oakmere = add::customer(tx, &app2, &by, &northwind, "Oakmere Legal")?;
        Ok(Tree {
            operator,
            northwind,
            lyre,
            harbour,
            oakmere,
        })
    });
    made.await.map_err(|error| error.to_string())
}

async fn people(app: &Arc<App>, tree: &Tree) -> Result<(Vec<Member>, Tokens), String> {
    let wanted = [
        (
            "nora.lindqvist@palisade.example.org",
            "Nora Lindqvist",
            Role::Owner,
            &tree.operator,
        ),
        (
            "ines.faure@palisade.example.org",
            "Ines Fauré",
            Role::Auditor,
            &tree.operator,
        ),
        (
            "marta.nilsson@northwind.example.org",
            "Marta Nilsson",
            Role::Owner,
            &tree.northwind,
        ),
        (
            "dagny.krol@northwind.example.org",
            "Dagny Krol",
            Role::Admin,
            &tree.northwind,
        ),
        (
            "teo.amari@northwind.example.org",
            "Teo Amari",
            Role::Agent,
            &tree.northwind,
        ),
        (
            "sam.okafor@northwind.example.org",
            "Sam Okafor",
            Role::Support,
            &tree.northwind,
        ),
        (
            "lena.brandt@lyre.example.org",
            "Lena Brandt",
            Role::Owner,
            &tree.lyre,
        ),
        (
            "ruth.adeyemi@harbour.example.org",
            "Ruth Adeyemi",
            Role::Admin,
            &tree.harbour,
        ),
    ];
    let mut members = Vec::new();
    for (email, name, role, organisation) in wanted {
        // Five words carry 40 bits: enough for a demo on this machine, and a person can type them.
        let password = words::words(&app.random.bytes::<5>()).join(" ");
        let hash = app
            .passwords
            .hash(&password, app.random.bytes())
            .await
            .map_err(told)?;
        let new = NewMember {
            organisation: organisation.clone(),
            email: Email::parse(email).map_err(|fault| fault.message)?,
            name: name.to_owned(),
            role,
            password_hash: Some(hash),
        };
        let app2 = app.clone();
        app.store
            .write(move |tx| create_member(tx, &app2, &By::system(), &new))
            .await
            .map_err(|error| error.to_string())?;
        members.push(Member {
            email: email.to_owned(),
            password,
            role: role.to_string(),
            organisation: organisation.name.clone(),
        });
    }
    let api_tokens = Tokens {
        operator: token(app, &tree.operator, Role::Owner).await?,
        reseller: token(app, &tree.northwind, Role::Owner).await?,
        other_reseller: token(app, &tree.lyre, Role::Owner).await?,
        auditor: token(app, &tree.operator, Role::Auditor).await?,
    };
    Ok((members, api_tokens))
}

async fn token(app: &Arc<App>, organisation: &Organisation, role: Role) -> Result<String, String> {
    let secret = tokens::new_secret(app);
    let (app2, shown, organisation) = (app.clone(), secret.clone(), organisation.clone());
    let new = tokens::NewToken {
        name: "Demo".to_owned(),
        role,
    };
    let made = app
        .store
        .write(move |tx| tokens::make_in(tx, &app2, &By::system(), &organisation, &new, &secret));
    made.await.map_err(|error| error.to_string())?;
    Ok(shown)
}

/// The ceremony, on this machine because it is a demo; answers the fingerprint and the paths of the approvers' keys.
async fn fleet(
    app: &Arc<App>,
    dir: &Path,
    reseller: &Organisation,
) -> Result<(String, Vec<String>), String> {
    let (app2, home) = (app.clone(), reseller.clone());
    let fleet = app
        .store
        .write(move |tx| prepare::prepare_in(tx, &app2, &home, &By::system()));
    let fleet = fleet.await.map_err(|error| error.to_string())?;
    let facts = prepare::facts(app, &fleet, &reseller.name).map_err(told)?;
    let now = UnixTime(u64::try_from(app.now().as_second()).unwrap_or(0));
    let wanted = Wanted {
        auditors: vec!["Auditor".to_owned()],
        ..Wanted::usual()
    };
    let made = ceremony::make(&facts, &wanted, now, &*app.random)?;
    let folder = dir.join("offline").join(slug(&reseller.name));
    let mut approvers = Vec::new();
    for (what, keys) in [
        ("root", &made.roots),
        ("approver", &made.approvers),
        ("auditor", &made.auditors),
    ] {
        for (key, number) in keys.iter().zip(1..) {
            let path = folder.join(format!("{what}-{number}.key"));
            key.write(&path)?;
            if what == "approver" {
                approvers.push(path.display().to_string());
            }
        }
    }
    let mut names = Names::default();
    for (person, name) in &made.names {
        names.add(person, name);
    }
    Folder::at(&folder).keep_names(&names)?;
    for (name, contents) in [
        ("descriptor.json", &made.descriptor),
        ("keyring-1.json", &made.keyring),
    ] {
        std::fs::write(folder.join(name), contents)
            .map_err(|error| format!("{name} cannot be written: {error}."))?;
    }
    let app2 = app.clone();
    let adopted = app.store.write_or_refuse(move |tx| {
        adopt::adopt_in(
            tx,
            &app2,
            &fleet,
            &made.descriptor,
            &made.keyring,
            &By::system(),
        )
    });
    let fingerprint = adopted
        .await
        .map_err(|error| error.to_string())?
        .map_err(told)?;
    Ok((fingerprint, approvers))
}

async fn phones(
    app: &Arc<App>,
    dir: &Path,
    tree: &Tree,
    fingerprint: &str,
) -> Result<Vec<Phone>, String> {
    let mut phones = Vec::new();
    let owners = [
        &tree.harbour,
        &tree.harbour,
        &tree.oakmere,
        &tree.oakmere,
        &tree.northwind,
    ];
    for ((serial, model), owner) in SANDBOX.into_iter().zip(owners) {
        let device = on_the_books(app, &tree.northwind, owner, serial, model).await?;
        let code = issue_code::issue_code(app, &allowed::<IssueCodes>(&tree.northwind)?, &device)
            .await
            .map_err(told)?;
        let folder = dir.join("phones").join(serial);
        join(
            app,
            Newcomer {
                folder: &folder,
                serial,
                model,
                code: code.code.to_string(),
                fingerprint,
            },
        )
        .await?;
        phones.push(Phone {
            device_id: device,
            serial_number: serial.to_owned(),
            state_dir: folder.display().to_string(),
        });
    }
    for number in 0..NORTHWIND_STOCK {
        let owner = [&tree.northwind, &tree.harbour, &tree.oakmere][number as usize % 3];
        on_the_books(
            app,
            &tree.northwind,
            owner,
            &format!("NW-{:06}", 100 + number),
            "Hardline X7",
        )
        .await?;
    }
    for number in 0..LYRE_STOCK {
        on_the_books(
            app,
            &tree.lyre,
            &tree.lyre,
            &format!("LT-{:06}", 700 + number),
            "Palisade One",
        )
        .await?;
    }
    Ok(phones)
}

async fn on_the_books(
    app: &Arc<App>,
    reseller: &Organisation,
    owner: &Organisation,
    serial: &str,
    model: &str,
) -> Result<String, String> {
    let new = NewDevice::parse(serial, model, None, Some(&owner.id)).map_err(told)?;
    Ok(register(app, &allowed::<ManageDevices>(reseller)?, new)
        .await
        .map_err(told)?
        .id)
}

/// The demo acts with the right of the reseller's owner, and the record says that it was the demo.
pub(super) fn allowed<R: Right>(
    reseller: &Organisation,
) -> Result<crate::web::actor::Allowed<R>, String> {
    let home = Home::from(reseller.clone());
    let actor = Actor {
        who: Who::Token {
            id: "demo".to_owned(),
        },
        name: "Demo".to_owned(),
        role: Role::Owner,
        scope: home.scope(),
        organisation: home,
    };
    actor.allow().map_err(told)
}

pub(super) fn told(problem: Problem) -> String {
    problem.detail
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}
