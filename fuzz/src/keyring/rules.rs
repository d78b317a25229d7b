//! What one keyring keeps by itself (PROTOCOL §2, §5), a second time.

use std::collections::BTreeSet;

use muster_protocol::ids::Person;
use muster_protocol::json::MAX_INT;
use muster_protocol::keyring::{Display, Grant, KeyEntry, Keyring};
use muster_protocol::keys::PublicKey;

const DAY: u64 = 86_400;

/// Panics when a keyring that was decoded breaks a rule.
pub fn obeys(keyring: &Keyring) {
    let life = keyring.expires_at.0.checked_sub(keyring.issued_at.0);
    let life = life.expect("it expires after it was issued");
    assert!((1..=400 * DAY).contains(&life), "at most 400 days");
    assert!(keyring.expires_at.0 <= MAX_INT, "a time is a JSON number");
    assert!(
        keyring.version >= 1 && keyring.min_protocol >= 1,
        "versions"
    );
    assert!(keyring.online.len() <= 2, "online");
    assert!(keyring.keys.len() <= 128, "keys");
    assert!(keyring.grants.len() <= 32, "grants");
    assert!((1..=4).contains(&keyring.servers.len()), "servers");
    assert!(keyring.portals.len() <= 4, "portals");
    every_key_has_one_use(keyring);

    let root = &keyring.root;
    let people: BTreeSet<&Person> = root.keys.iter().map(|key| &key.person).collect();
    assert!(root.keys.len() <= 16, "root keys");
    assert!(
        reaches(people.len(), root.threshold) && root.threshold >= 1,
        "root"
    );
    let witness = &keyring.witness;
    let names: BTreeSet<&String> = witness.keys.iter().map(|key| &key.name).collect();
    assert_eq!(names.len(), witness.keys.len(), "two witnesses of one name");
    assert!(witness.keys.len() <= 16, "witnesses");
    assert!(reaches(names.len(), witness.threshold), "witnesses");
    keyring.keys.iter().for_each(|entry| key(keyring, entry));
    keyring.grants.iter().for_each(|one| grant(keyring, one));
}

fn every_key_has_one_use(keyring: &Keyring) {
    let mut all: Vec<&[u8]> = vec![keyring.log.key.raw()];
    all.extend(keyring.root.keys.iter().map(|key| &key.key.raw()[..]));
    all.extend(keyring.online.iter().map(|key| &key.key.raw()[..]));
    all.extend(keyring.witness.keys.iter().map(|key| &key.key.raw()[..]));
    all.extend(keyring.keys.iter().map(|entry| entry.key.raw()));
    let distinct: BTreeSet<&[u8]> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len(), "a key has one use");
}

fn key(keyring: &Keyring, entry: &KeyEntry) {
    let independent = entry.display == Display::Independent;
    let passkey = match (&entry.key, &entry.passkey) {
        (PublicKey::Ed25519(_), None) => {
            assert!(independent, "an approver file is independent");
            assert!(entry.counts_as_independent(), "and counts as such");
            return;
        }
        (PublicKey::WebauthnEs256(_), Some(passkey)) => passkey,
        other => panic!("no such key: {other:?}"),
    };
    let host = host(&passkey.origin);
    assert_eq!(host, passkey.rp_id, "the RP ID is the origin's host");
    let local = |host: &str| host == "localhost" || host.ends_with(".localhost");
    let secure = passkey.origin.starts_with("https://");
    assert!(
        secure || passkey.origin.starts_with("http://") && local(host),
        "origin"
    );
    if !independent {
        return;
    }
    let servers = keyring.servers.iter().map(|server| self::host(&server.url));
    for other in servers.chain(keyring.portals.iter().map(String::as_str)) {
        assert_ne!(host, other, "drawn by the server");
        let related = format!(".{host}").ends_with(&format!(".{other}"))
            || format!(".{other}").ends_with(&format!(".{host}"));
        assert!(
            !related || local(host) && local(other),
            "{host} and {other}"
        );
    }
    let counts = entry.counts_as_independent();
    assert_eq!(
        counts, !passkey.synced,
        "a key that may be copied does not count"
    );
}

fn grant(keyring: &Keyring, grant: &Grant) {
    assert!(!grant.kinds.is_empty() && !grant.keys.is_empty(), "empty");
    assert!((1..=4_096).contains(&grant.max_targets), "targets");
    let mut people: BTreeSet<&Person> = BTreeSet::new();
    let mut independent: BTreeSet<&Person> = BTreeSet::new();
    for id in &grant.keys {
        let entry = keyring.keys.iter().find(|entry| entry.id() == *id);
        let entry = entry.expect("a grant names keys that are there");
        people.insert(&entry.person);
        let synced = entry.passkey.as_ref().is_some_and(|passkey| passkey.synced);
        if entry.display == Display::Independent && !synced {
            independent.insert(&entry.person);
        }
    }
    assert!(grant.threshold >= 1, "nobody");
    assert!(reaches(people.len(), grant.threshold), "people");
    assert!(grant.threshold <= 16, "an envelope holds 16 signatures");
    assert!(reaches(independent.len(), grant.independent), "independent");
    assert!(
        reaches(keyring.witness.keys.len(), grant.clearances),
        "clearances"
    );
}

fn reaches(available: usize, wanted: u32) -> bool {
    available >= usize::try_from(wanted).expect("32 bits fit")
}

/// What stands between the scheme and the port or the path.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}
