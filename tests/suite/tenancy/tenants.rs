//! Organisations with one of everything that a route can name.

use muster::features::people::tokens::{self, NewToken};
use muster::features::record::write::By;
use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_store::{StoreError, organisations};
use muster_tests::api::text;
use muster_tests::fleet::Fleet;
use muster_tests::sellers;
use muster_tests::world::{PASSWORD, Place, World};
use muster_tests::{Answered, Browser, TestApp};
use serde_json::{Value, json};

/// An organisation with one of everything.
pub struct Tenant {
    pub place: Place,
    /// Of its phone.
    pub serial: String,
    /// What stands for each word in braces.
    pub things: Vec<(&'static str, String)>,
}

impl Tenant {
    /// Somebody who owns nothing, and whom nobody has: ids of the right form that do not exist.
    pub fn nobody(like: &Self) -> Self {
        let things = like.things.iter().map(|(word, value)| match *word {
            "{serial}" => (*word, "ZZ-999999".to_owned()),
            "{signature}" | "{adoption}" | "{keyring}" | "{policy}" | "{digest}" => {
                (*word, value.clone())
            }
            _ => (*word, "0197c0de-ffff-7000-8000-00000000dead".to_owned()),
        });
        Self {
            place: like.place.clone(),
            serial: "ZZ-999999".to_owned(),
            things: things.collect(),
        }
    }

    /// A template with this organisation's things in it; `count` makes new names new.
    pub fn fill(&self, template: &str, count: usize) -> String {
        let mut filled = template
            .replace("{word}", &format!("new-{count}"))
            .replace("{email}", &format!("new-{count}@example.org"));
        for (word, value) in &self.things {
            filled = filled.replace(word, value);
        }
        assert!(
            !filled.contains('{') || filled.starts_with('{'),
            "nothing fills {template}"
        );
        filled
    }

    /// The answer with this organisation's own ids taken out, so that it compares with the one about nobody's.
    pub fn blind(&self, answer: &Answered, count: usize) -> String {
        let mut blind = answer.text.replace(&format!("new-{count}"), "NEW");
        for (_, value) in self.things.iter().filter(|(_, value)| value.len() < 64) {
            blind = blind.replace(value, "THING");
        }
        blind
    }
}

/// The organisation of the world that is called so.
pub fn place<'a>(world: &'a World, name: &str) -> &'a Place {
    match name {
        "northwind" => &world.northwind,
        "press" => &world.press,
        "chambers" => &world.chambers,
        "bakery" => &world.bakery,
        other => unreachable!("no tenant is called {other}"),
    }
}

/// Four organisations, each with a phone, a code, a command that waits, a member, a session and a token.
pub async fn tenants(t: &TestApp, world: &World) -> Vec<Tenant> {
    trade(world).await;
    let mut tenants = Vec::new();
    for (number, name) in ["northwind", "press", "chambers", "bakery"]
        .into_iter()
        .enumerate()
    {
        let fleet = if name == "bakery" {
            &world.lyre_fleet
        } else {
            &world.fleet
        };
        tenants.push(
            tenant(
                t,
                world,
                place(world, name),
                fleet,
                &format!("SN-{name}-{number}"),
            )
            .await,
        );
    }
    tenants
}

/// Who sells to an organisation.
pub fn seller_of<'a>(world: &'a World, place: &Place) -> &'a Place {
    if place.id == world.northwind.id {
        &world.operator
    } else if place.id == world.bakery.id {
        &world.lyre
    } else {
        &world.northwind
    }
}

/// Everybody who sells says how, and offers a plan.
async fn trade(world: &World) {
    for place in [&world.operator, &world.northwind, &world.lyre] {
        sellers::sells(place).await;
    }
}

async fn tenant(t: &TestApp, world: &World, place: &Place, fleet: &Fleet, serial: &str) -> Tenant {
    let phone = world.phone_of(t, place, fleet, serial).await;
    let command = text(
        &place
            .api
            .command("kill", &[&phone.device], Value::Null)
            .await["id"],
    );
    let seller = seller_of(world, place);
    let plan = json!({ "name": serial, "interval_unit": "months", "interval_count": 6, "recurring": 150_000 });
    let plan = text(&seller.api.post("/api/v1/plans", &plan).await.expect(201)["id"]);
    let account = sellers::takes_on(seller, place).await;
    let email = world.member(place, Role::Support).await;
    Browser::new(&t.app().portal_url)
        .sign_in(&email, PASSWORD)
        .await;
    let now = t.app().now_micros();
    let (member, session) = t
        .read(move |c| {
            let (member, _) =
                muster_store::members::find_by_email(c, &email)?.ok_or(StoreError::Cursor)?;
            let sessions = muster_store::sessions::list_of_member(c, &member.id, now)?;
            Ok((member.id, sessions[0].id.clone()))
        })
        .await;
    let envelope = base64::encode(&fleet.chain[0]);
    let adoption =
        json!({ "descriptor": base64::encode(&fleet.descriptor), "keyring": envelope }).to_string();
    let signature =
        json!({ "keyid": fleet.ada.key_id().to_string(), "sig": base64::encode(&[7; 64]) })
            .to_string();
    let things = vec![
        ("{organisation}", place.id.clone()),
        ("{device}", phone.device.clone()),
        ("{serial}", serial.to_owned()),
        ("{command}", command),
        ("{account}", account),
        ("{plan}", plan),
        ("{member}", member),
        ("{session}", session),
        ("{token}", new_token(t, place).await),
        ("{signature}", signature),
        ("{adoption}", adoption),
        ("{policy}", json!({ "policy": envelope }).to_string()),
        ("{keyring}", json!({ "keyring": envelope }).to_string()),
        ("{digest}", Digest::of(&fleet.chain[0]).to_hex()),
        (
            "{fleet}",
            Descriptor::decode(&fleet.descriptor)
                .expect("a fleet's descriptor")
                .fleet
                .to_string(),
        ),
    ];
    Tenant {
        place: place.clone(),
        serial: serial.to_owned(),
        things,
    }
}

impl Tenant {
    /// The fleet of its phones: a reseller's and its customers' are one.
    pub fn fleet(&self) -> &str {
        self.things
            .iter()
            .find(|(word, _)| *word == "{fleet}")
            .map_or("", |(_, id)| id)
    }
}

pub async fn new_token(t: &TestApp, place: &Place) -> String {
    let (app, id) = (t.app().clone(), place.id.clone());
    let secret = tokens::new_secret(&app);
    t.write(move |tx| {
        let home = organisations::find(tx, &muster_domain::scope::Scope::Platform, &id)?
            .ok_or(StoreError::Cursor)?;
        let new = NewToken {
            name: "one to revoke".to_owned(),
            role: Role::Support,
        };
        tokens::make_in(tx, &app, &By::system(), &home, &new, &secret)
    })
    .await
}
