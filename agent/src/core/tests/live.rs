//! temporary
use super::fleet::*;
use muster_protocol::command::Args;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::ServerEntry;
use std::path::Path;
fn live() -> Fleet {
    let mut fleet = Fleet::new();
    let fp = std::fs::read_to_string("/tmp/live/ca.fp").unwrap();
    fleet.keyring.servers = vec![ServerEntry { url: "https://127.0.0.1:18443".into(), ca: Digest::parse(fp.trim()).unwrap() }];
    fleet
}
#[test]
fn live_fleet() {
    let fleet = live();
    let d = Descriptor { fleet: fleet.keyring.fleet.clone(), organisation: "0197c0de-0000-7000-8000-000000000001".parse().unwrap(), keyring_version: 1, root: fleet.keyring.root.clone() };
    std::fs::write("/tmp/live/descriptor", d.encode()).unwrap();
    std::fs::write("/tmp/live/fingerprint", d.fingerprint().to_string()).unwrap();
    std::fs::write("/tmp/live/keyring", fleet.keyring_envelope()).unwrap();
    std::fs::write("/tmp/live/empty", muster_protocol::bundle::Bundle::default().encode()).unwrap();
}
#[test]
fn live_bundle() {
    let mut fleet = live();
    let status = crate::status::Status::read(Path::new("/tmp/live/phone")).unwrap();
    fleet.leaf.enrolment = status.enrolment_id.parse().unwrap();
    fleet.leaf.device = status.device_id.parse().unwrap();
    let now = crate::system::System::real().clock.unix_seconds();
    for (name, args, signers) in [("lock", Args::Lock, vec![ONLINE]), ("rotate", Args::RotateKey, vec![ONLINE]), ("kill-unapproved", Args::Kill, vec![]), ("wipe", Args::Wipe, vec![ALICE, BOB])] {
        let d = Draft { issued_at: now - 5, expires_at: now + 86000, ..Draft::new(args, &signers) };
        let c = fleet.command(&d);
        let b = fleet.bundle(&[&c]);
        std::fs::write(format!("/tmp/live/{name}.bundle"), b.encode()).unwrap();
    }
}
