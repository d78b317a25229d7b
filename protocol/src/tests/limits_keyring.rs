//! The rules that one keyring keeps by itself (§2, §4, §5), exactly at their edges: the last that is allowed, and the first
//! that is not.

use super::*;
use crate::field::FieldError;
use crate::json::MAX_INT;
use crate::keyring::KeyringError;

/// The last allowed form passes, both checked and written and read back; the first beyond it is refused.
fn edge(
    allowed: impl Fn(&mut Keyring),
    refused: impl Fn(&mut Keyring),
    error: impl Fn(&KeyringError) -> bool,
) {
    let mut keyring = World::new().next();
    allowed(&mut keyring);
    assert_eq!(keyring.check(), Ok(()));
    assert_eq!(Keyring::decode(&keyring.encode()), Ok(keyring));
    let mut keyring = World::new().next();
    refused(&mut keyring);
    let judged = keyring.check().unwrap_err();
    assert!(error(&judged), "{judged:?}");
    Keyring::decode(&keyring.encode()).unwrap_err();
}

fn field(name: &'static str) -> impl Fn(&KeyringError) -> bool {
    move |error| *error == KeyringError::Field(FieldError::Invalid(name))
}

fn unreachable(name: &'static str) -> impl Fn(&KeyringError) -> bool {
    move |error| *error == KeyringError::Unreachable(name)
}

/// Fresh keys of an own range of seeds.
fn fresh(count: u8) -> impl Iterator<Item = Ed25519Signer> {
    (0..count).map(|number| Ed25519Signer::from_seed([200, number].repeat(16).try_into().unwrap()))
}

fn more_keys(keyring: &mut Keyring, until: usize) {
    for signer in fresh(250) {
        if keyring.keys.len() < until {
            keyring.keys.push(file_key(&signer, 90));
        }
    }
}

fn more_people(keyring: &mut Keyring, until: usize) {
    let grant = &mut keyring.grants[0];
    for (number, signer) in (100..).zip(fresh(30)) {
        if grant.keys.len() < until {
            keyring.keys.push(file_key(&signer, number));
            grant.keys.push(signer.key_id());
        }
    }
}

fn more_witnesses(keyring: &mut Keyring, until: usize) {
    for (at, signer) in fresh(30).enumerate() {
        if keyring.witness.keys.len() < until {
            keyring.witness.keys.push(Witness {
                name: format!("witness.example/more{at}"),
                key: signer.verifying_key(),
            });
        }
    }
}

fn more_roots(keyring: &mut Keyring, until: usize) {
    for (number, signer) in (100..).zip(fresh(30)) {
        if keyring.root.keys.len() < until {
            keyring.root.keys.push(whole(&signer, number));
        }
    }
}

#[test]
fn versions_start_at_one_and_end_with_the_integers() {
    edge(|k| k.version = 1, |k| k.version = 0, field("version"));
    edge(
        |k| k.version = MAX_INT,
        |k| k.version = MAX_INT + 1,
        field("version"),
    );
    edge(
        |k| k.min_protocol = 1,
        |k| k.min_protocol = 0,
        field("min_protocol"),
    );
    edge(
        |k| k.min_protocol = MAX_INT,
        |k| k.min_protocol = MAX_INT + 1,
        field("min_protocol"),
    );
}

#[test]
fn lists_hold_as_much_as_paragraph_4_and_5_say() {
    fn online(keyring: &mut Keyring, until: usize) {
        for signer in fresh(3) {
            if keyring.online.len() < until {
                keyring.online.push(whole(&signer, 4));
            }
        }
    }
    fn grants(keyring: &mut Keyring, until: usize) {
        let grant = keyring.grants[0].clone();
        keyring.grants.resize(until, grant);
    }
    fn servers(keyring: &mut Keyring, until: usize) {
        let server = keyring.servers[0].clone();
        keyring.servers.resize(until, server);
    }
    fn portals(keyring: &mut Keyring, until: usize) {
        keyring
            .portals
            .resize(until, "portal.northwind.example".into());
    }
    edge(|k| online(k, 2), |k| online(k, 3), field("online"));
    edge(|k| more_keys(k, 128), |k| more_keys(k, 129), field("keys"));
    edge(|k| grants(k, 32), |k| grants(k, 33), field("grants"));
    edge(|k| servers(k, 4), |k| servers(k, 5), field("servers"));
    edge(|k| servers(k, 1), |k| servers(k, 0), field("servers"));
    edge(|k| portals(k, 4), |k| portals(k, 5), field("portals"));
    edge(|k| portals(k, 0), |k| portals(k, 5), field("portals"));
}

#[test]
fn a_keyring_lives_400_days_and_ends_within_the_integers() {
    let life = |error: &KeyringError| *error == KeyringError::Life;
    edge(
        |k| k.expires_at = k.issued_at.plus(400 * DAY),
        |k| k.expires_at = k.issued_at.plus(400 * DAY + 1),
        life,
    );
    edge(
        |k| k.expires_at = k.issued_at.plus(1),
        |k| k.expires_at = k.issued_at,
        life,
    );
    edge(
        |k| (k.issued_at, k.expires_at) = (UnixTime(MAX_INT - DAY), UnixTime(MAX_INT)),
        |k| (k.issued_at, k.expires_at) = (UnixTime(MAX_INT - DAY), UnixTime(MAX_INT + 1)),
        life,
    );
    edge(|_| {}, |k| k.expires_at = UnixTime(k.issued_at.0 - 1), life);
}

#[test]
fn sixteen_roots_and_as_many_people_as_there_are() {
    edge(
        |k| more_roots(k, 16),
        |k| more_roots(k, 17),
        unreachable("root"),
    );
    edge(
        |k| k.root.threshold = 3,
        |k| k.root.threshold = 4,
        unreachable("root"),
    );
    edge(
        |k| k.root.threshold = 1,
        |k| k.root.threshold = 0,
        unreachable("root"),
    );
    edge(
        |k| (k.root.keys[2].person, k.root.threshold) = (person(1), 2),
        |k| (k.root.keys[2].person, k.root.threshold) = (person(1), 3),
        unreachable("root"),
    );
}

#[test]
fn sixteen_witnesses_with_names_that_a_note_can_bear() {
    edge(
        |k| more_witnesses(k, 16),
        |k| more_witnesses(k, 17),
        unreachable("witness"),
    );
    edge(
        |k| k.witness.threshold = 3,
        |k| k.witness.threshold = 4,
        unreachable("witness"),
    );
    let long = |k: &mut Keyring, length| k.witness.keys[0].name = "w".repeat(length);
    edge(
        move |k| long(k, 128),
        move |k| long(k, 129),
        field("witness"),
    );
    edge(
        |_| {},
        |k| k.witness.keys[0].name = "two words".into(),
        field("witness"),
    );
    edge(|_| {}, |k| k.log.origin = "a+b".into(), field("log"));
    edge(
        |k| k.witness.keys[1].name = "other".into(),
        |k| k.witness.keys[1].name = k.witness.keys[0].name.clone(),
        |error| *error == KeyringError::WitnessTwice,
    );
}

#[test]
fn a_grant_asks_for_what_its_keys_can_give() {
    let grants = || field("grants");
    edge(|_| {}, |k| k.grants[0].kinds.clear(), grants());
    edge(|_| {}, |k| k.grants[0].keys.clear(), grants());
    let most = |k: &mut Keyring, most| k.grants[0].max_targets = most;
    edge(
        move |k| most(k, 1),
        move |k| most(k, 0),
        field("max_targets"),
    );
    edge(
        move |k| most(k, 4_096),
        move |k| most(k, 4_097),
        field("max_targets"),
    );
    let threshold = |k: &mut Keyring, people| k.grants[0].threshold = people;
    edge(
        move |k| threshold(k, 4),
        move |k| threshold(k, 5),
        unreachable("a grant"),
    );
    edge(
        move |k| threshold(k, 1),
        move |k| threshold(k, 0),
        unreachable("a grant"),
    );
    edge(
        |k| k.grants[0].independent = 2,
        |k| k.grants[0].independent = 3,
        unreachable("a grant"),
    );
    edge(
        |k| k.grants[0].clearances = 3,
        |k| k.grants[0].clearances = 4,
        unreachable("a grant"),
    );
    edge(
        |_| {},
        |k| k.grants[0].keys.push(signer(98).key_id()),
        |error| matches!(error, KeyringError::UnknownKey(_)),
    );
}

#[test]
fn no_grant_asks_for_more_people_than_an_envelope_holds_signatures() {
    fn people(keyring: &mut Keyring, threshold: u32) {
        more_people(keyring, 20);
        keyring.grants[0].threshold = threshold;
    }
    edge(|k| people(k, 16), |k| people(k, 17), unreachable("a grant"));
}

#[test]
fn a_synced_passkey_makes_no_independence_reachable() {
    fn passkey(keyring: &mut Keyring, synced: bool) {
        let entry = keyring.keys.last_mut().unwrap();
        entry.display = Display::Independent;
        entry.passkey.as_mut().unwrap().synced = synced;
        keyring.grants[0].independent = 3;
    }
    edge(
        |k| passkey(k, false),
        |k| passkey(k, true),
        unreachable("a grant"),
    );
}

#[test]
fn a_key_is_what_its_entry_says() {
    let alg = || field("alg");
    let not_independent = |error: &KeyringError| matches!(error, KeyringError::NotIndependent(_));
    edge(
        |_| {},
        |k| k.keys[0].display = Display::Portal,
        not_independent,
    );
    edge(
        |_| {},
        |k| k.keys[0].passkey = k.keys[5].passkey.clone(),
        alg(),
    );
    edge(|_| {}, |k| k.keys[5].passkey = None, alg());
    edge(
        |_| {},
        |k| k.keys[0].key = PublicKey::P256(World::new().device.verifying_key()),
        alg(),
    );
}

#[test]
fn portals_are_hosts_and_servers_are_addresses() {
    let address =
        |name: &'static str| move |error: &KeyringError| *error == KeyringError::Address(name);
    edge(
        |_| {},
        |k| k.portals.push("https://portal.example".into()),
        address("portals"),
    );
    edge(
        |_| {},
        |k| {
            k.servers.push(ServerEntry {
                url: "portal.example".into(),
                ..k.servers[0].clone()
            });
        },
        address("servers"),
    );
}
