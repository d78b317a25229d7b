//! Passkeys that approve commands: registering one, what it signs and what it never does, and the host where both happen.

mod handed;
mod host;
mod limits;
mod register;
mod sign;

use muster::offline::registration::Registration;
use muster_domain::permission::Role;
use muster_protocol::command::Kind;
use muster_protocol::keyring::{GrantKind, Keyring};
use muster_tests::passkey::{Approvals, Passkey};
use muster_tests::world::World;
use muster_tests::{Browser, Fleet, TestApp, page};

/// Somebody whose passkey is in Northwind's keyring, with every grant in which the fleet's other portal passkeys stand.
pub struct Approver {
    pub browser: Browser,
    pub passkey: Passkey,
    pub host: Approvals,
}

impl Approver {
    /// Registered by an admin, and brought into the keyring by root signers.
    pub async fn of(t: &TestApp, world: &mut World, seed: u8) -> Self {
        let mut browser = world.browser(&world.northwind, Role::Admin).await;
        let mut passkey = Passkey::new(t, seed);
        let host = Approvals::of(t);
        let done = host.register(&mut browser, "Blue key", &mut passkey).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let made = registration(&mut browser).await;
        bring_in(t, world, &made).await;
        Self {
            browser,
            passkey,
            host,
        }
    }
}

/// The newest passkey's registration, as its owner downloads it.
pub async fn registration(browser: &mut Browser) -> Registration {
    let account = browser.get("/account").await;
    let links = page::links(&account.text);
    let file = links.iter().rfind(|link| link.ends_with("/registration"));
    let file = browser.get_once(file.expect("a file to download")).await;
    assert_eq!(file.status, 200, "{}", file.text);
    assert!(
        file.header("content-disposition")
            .starts_with("attachment; filename=\"passkey-")
    );
    Registration::decode(file.text.as_bytes()).expect("a registration whose trial holds")
}

/// Root signers take a registration into the next keyring, in every grant that names Cleo's passkey.
pub async fn bring_in(t: &TestApp, world: &mut World, made: &Registration) {
    let cleo = world.fleet.cleo.entry().id();
    let mut next = Keyring {
        issued_at: t.now(),
        ..world.fleet.next()
    };
    let entry = made.claim.public_part().approver();
    for grant in &mut next.grants {
        if grant.keys.contains(&cleo) || grant.kinds.contains(&GrantKind::Command(Kind::Hold)) {
            grant.keys.push(entry.id());
            grant.keys.sort_unstable();
        }
    }
    next.keys.push(entry);
    let api = world.northwind.api.clone();
    world.fleet.publish(&api, next).await;
}

/// Takes a person out of the next keyring.
pub async fn take_out(t: &TestApp, world: &mut World, made: &Registration) {
    let mut next = Keyring {
        issued_at: t.now(),
        ..world.fleet.next()
    };
    Fleet::remove(&mut next, &made.claim.person);
    let api = world.northwind.api.clone();
    world.fleet.publish(&api, next).await;
}
