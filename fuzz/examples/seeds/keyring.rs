//! Chains of keyrings, each line with who signs it.

use muster_fuzz::fleet::{FLEET, Fleet, NOW, Signer, passkey};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{
    Display, KeyEntry, Keyring, Organisations, Root, ServerEntry, WholeKey,
};
use muster_protocol::time::{DAY, UnixTime};

use crate::{Seed, accepted, refused};

pub fn seeds() -> Vec<Seed> {
    let fleet = Fleet::new();
    let full = fleet.keyring.clone();
    let small = small(&fleet);
    let next = Keyring {
        version: 8,
        issued_at: UnixTime(NOW),
        ..small.clone()
    };
    let first = line("rs", &small);
    let alone = |bend: &dyn Fn(&mut Keyring)| line("rs", &changed(&small, bend));
    let then = |signers: &str, bend: &dyn Fn(&mut Keyring)| {
        format!("{first}\n{}", line(signers, &changed(&next, bend)))
    };
    let new_root = Root {
        keys: vec![whole(&fleet, b'n'), whole(&fleet, b'm')],
        threshold: 2,
    };
    let rotated = |keyring: &mut Keyring| keyring.root = new_root.clone();
    let independent = |host: &'static str, synced: bool| {
        move |keyring: &mut Keyring| {
            let entry = &mut keyring.keys[1];
            entry.display = Display::Independent;
            let scheme = if host.ends_with("localhost") {
                "http"
            } else {
                "https"
            };
            entry.passkey = Some(muster_protocol::webauthn::Passkey {
                origin: format!("{scheme}://{host}"),
                rp_id: host.to_owned(),
                ..passkey(synced)
            });
        }
    };
    let descriptor = fleet.descriptor().encode();
    let descriptor = String::from_utf8(descriptor).expect("JSON is UTF-8");
    let spaced = first.replacen("{\"expires_at\"", "{ \"expires_at\"", 1);
    let duplicate = first.replacen("\"v\":1", "\"v\":1,\"v\":1", 1);
    let unknown = first.replacen("\"v\":1", "\"v\":1,\"z\":1", 1);
    vec![
        accepted("full", line("rt", &full)),
        accepted("small", first.clone()),
        accepted("stranger-beside", line("rsxap", &small)),
        accepted("next", then("rs", &|_| {})),
        accepted("same-again", format!("{first}\n{first}")),
        accepted(
            "rotated",
            format!(
                "{}\n{}",
                then("rsnm", &rotated),
                line(
                    "nm",
                    &changed(&next, &|keyring| {
                        rotated(keyring);
                        keyring.version = 9;
                    })
                )
            ),
        ),
        accepted(
            "expired-between",
            format!(
                "{}\n{}",
                then("rs", &|keyring| keyring.expires_at = UnixTime(NOW + 1)),
                line("rs", &changed(&next, &|keyring| keyring.version = 9))
            ),
        ),
        accepted(
            "independent-passkey",
            alone(&independent("approve.localhost", false)),
        ),
        accepted(
            "synced-passkey",
            alone(&independent("approve.elsewhere.example", true)),
        ),
        accepted(
            "no-grants",
            alone(&|keyring| {
                keyring.grants.clear();
                keyring.keys.clear();
            }),
        ),
        accepted(
            "protocol-2",
            then("rs", &|keyring| keyring.min_protocol = 2),
        ),
        accepted(
            "four-servers",
            alone(&|keyring| keyring.servers = vec![keyring.servers[0].clone(); 4]),
        ),
        accepted(
            "address-of-numbers",
            alone(&|keyring| keyring.servers[0].url = "https://[::1]:8443/phones".to_owned()),
        ),
        accepted(
            "every-organisation",
            alone(&|keyring| keyring.grants[0].organisations = Organisations::Every),
        ),
        accepted(
            "longest-life",
            alone(&|keyring| keyring.expires_at = keyring.issued_at.plus(400 * DAY)),
        ),
        refused("unsigned", line("", &small)),
        refused("one-root", line("r", &small)),
        refused(
            "bent-root",
            line(
                "rsT",
                &changed(&small, &|keyring| keyring.root = full.root.clone()),
            ),
        ),
        refused(
            "bent-and-enough",
            line(
                "Rst",
                &changed(&small, &|keyring| keyring.root = full.root.clone()),
            ),
        ),
        refused("wrong-people", line("xao", &small)),
        refused("old-root-alone", then("rs", &rotated)),
        refused("new-root-alone", then("nm", &rotated)),
        refused("half-of-each", then("rn", &rotated)),
        refused("rollback", then("rs", &|keyring| keyring.version = 6)),
        refused("gap", then("rs", &|keyring| keyring.version = 9)),
        refused(
            "another-of-the-version",
            then("rs", &|keyring| keyring.version = 7),
        ),
        refused(
            "issued-before",
            then("rs", &|keyring| keyring.issued_at = UnixTime(NOW - 2 * DAY)),
        ),
        refused(
            "protocol-falls",
            format!(
                "{}\n{}",
                line("rs", &changed(&small, &|keyring| keyring.min_protocol = 2)),
                line("rs", &next)
            ),
        ),
        refused(
            "another-fleet",
            first.replace(FLEET, "0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e"),
        ),
        refused("below-the-pin", alone(&|keyring| keyring.version = 6)),
        refused(
            "expired",
            alone(&|keyring| keyring.expires_at = UnixTime(NOW)),
        ),
        refused(
            "one-person-twice",
            alone(&|keyring| keyring.root.keys[1].person = keyring.root.keys[0].person.clone()),
        ),
        refused(
            "life-too-long",
            alone(&|keyring| keyring.expires_at = keyring.issued_at.plus(400 * DAY + 1)),
        ),
        refused(
            "no-life",
            alone(&|keyring| keyring.issued_at = keyring.expires_at),
        ),
        refused(
            "key-with-two-uses",
            alone(&|keyring| keyring.online = vec![keyring.root.keys[0].clone()]),
        ),
        refused(
            "portal-passkey-called-independent",
            alone(&independent("portal.northwind.example", false)),
        ),
        refused(
            "passkey-under-the-servers-host",
            alone(&independent("a.phones.northwind.example", false)),
        ),
        refused(
            "passkey-of-the-parent",
            alone(&|keyring| {
                keyring.keys[1].passkey.as_mut().expect("a passkey").rp_id =
                    "northwind.example".to_owned()
            }),
        ),
        refused(
            "file-key-called-portal",
            alone(&|keyring| keyring.keys[0].display = Display::Portal),
        ),
        refused(
            "grant-of-nobody",
            alone(&|keyring| keyring.grants[0].threshold = 0),
        ),
        refused(
            "grant-beyond-reach",
            alone(&|keyring| keyring.grants[0].threshold = 3),
        ),
        refused(
            "grant-of-a-stranger",
            alone(&|keyring| {
                keyring.grants[0]
                    .keys
                    .push(fleet.signers[0].public().key_id())
            }),
        ),
        refused(
            "clearances-beyond-reach",
            alone(&|keyring| keyring.grants[0].clearances = 1),
        ),
        refused(
            "witnesses-beyond-reach",
            alone(&|keyring| keyring.witness.threshold = 1),
        ),
        refused("no-servers", alone(&|keyring| keyring.servers.clear())),
        refused(
            "server-without-tls",
            alone(&|keyring| keyring.servers[0].url = "http://phones.northwind.example".to_owned()),
        ),
        refused(
            "portal-that-is-no-host",
            alone(&|keyring| keyring.portals = vec!["Portal".to_owned()]),
        ),
        refused("white-space", spaced),
        refused("member-twice", duplicate),
        refused("member-unknown", unknown),
        refused("descriptor", descriptor),
        refused("empty", ""),
    ]
}

/// Keyring 7 with as little in it as a keyring can have and still say something.
fn small(fleet: &Fleet) -> Keyring {
    let mut small = fleet.keyring.clone();
    small.root.keys.truncate(2);
    small.keys = [b'a', b'p'].map(|letter| entry(fleet, letter)).into();
    small.grants.truncate(1);
    small.grants[0].kinds.truncate(3);
    small.grants[0].keys = small.keys.iter().map(KeyEntry::id).collect();
    small.witness.keys.clear();
    small.witness.threshold = 0;
    small.servers = vec![ServerEntry {
        url: "https://phones.northwind.example".to_owned(),
        ca: Digest::of(b"ca"),
    }];
    small
}

fn line(signers: &str, keyring: &Keyring) -> String {
    let payload = String::from_utf8(keyring.encode()).expect("JSON is UTF-8");
    format!("{signers}{payload}")
}

fn changed(keyring: &Keyring, bend: &dyn Fn(&mut Keyring)) -> Keyring {
    let mut keyring = keyring.clone();
    bend(&mut keyring);
    keyring
}

fn entry(fleet: &Fleet, letter: u8) -> KeyEntry {
    signer(fleet, letter).entry()
}

fn whole(fleet: &Fleet, letter: u8) -> WholeKey {
    signer(fleet, letter).whole()
}

fn signer(fleet: &Fleet, letter: u8) -> &Signer {
    fleet.signer(letter).expect("a letter of the fleet")
}
