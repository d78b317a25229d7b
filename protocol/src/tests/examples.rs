//! §19, to the byte: hashes there are real.

use super::*;
use crate::envelope::{command_digest, pae};
use crate::ids::EnrolmentId;
use crate::target;

const LOCK: &str = r#"{"args":{},"expires_at":1790086400,"fleet":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","id":"0197c0de-1111-7000-8000-000000000001","issued_at":1790000000,"keyring":7,"kind":"lock","organisation":"0197c0de-0000-7000-8000-000000000001","reason":"left in a taxi","targets":{"count":1,"root":"96defffc5677a893e6055d13a55661e36dc070a3c3873f65f1fd5432fe33b1cf"},"v":1}"#;
const WIPE: &str = r#"{"args":{},"expires_at":1792592000,"fleet":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","id":"0197c0de-2222-7000-8000-000000000002","issued_at":1790000000,"keyring":7,"kind":"wipe","organisation":"0197c0de-0000-7000-8000-000000000001","reason":"two phones stolen, report 114","targets":{"count":2,"root":"f7add6c4ee4776d7b96825ac0bb3da2f7b8e5fa672b4068d14ceb8d0188a0bd8"},"v":1}"#;

fn phone_a() -> Leaf {
    Leaf {
        device: DeviceId::parse("0197c0de-0000-7000-8000-00000000000a").unwrap(),
        enrolment: EnrolmentId::parse(
            "13ab273b715b068cd58e9a863f37ae2f9b0f9ee1ca45f0bd1257df3e93d13802",
        )
        .unwrap(),
        serial: SerialNumber::parse("NW-000042").unwrap(),
    }
}

#[test]
fn example_1_online_lock() {
    let tree = TargetTree::build(vec![phone_a()]).unwrap();
    assert_eq!(
        tree.root().to_hex(),
        "96defffc5677a893e6055d13a55661e36dc070a3c3873f65f1fd5432fe33b1cf"
    );
    assert_eq!(
        tree.proof(0).unwrap(),
        TargetProof {
            index: 0,
            hashes: vec![]
        }
    );

    let command = Command::decode(LOCK.as_bytes()).unwrap();
    assert_eq!(command.kind(), Kind::Lock);
    assert_eq!(command.encode(), LOCK.as_bytes());
    assert_eq!(LOCK.len(), 353);
    let pae = pae(DocumentType::Command, LOCK.as_bytes());
    let prefix = b"DSSEv1 38 application/vnd.muster.command.v1+json 353 ";
    assert!(pae.starts_with(prefix) && pae.ends_with(LOCK.as_bytes()));
    assert_eq!(
        command.digest().to_hex(),
        "dd731e3b7b285229b22aa98a2cb800dcc5a23727ba457d1dedc5e1407ee36207"
    );
    assert_eq!(command.digest(), command_digest(LOCK.as_bytes()));
}

#[test]
fn example_1_envelope_form() {
    let world = World::new();
    let mut envelope = Envelope::unsigned(DocumentType::Command, LOCK.as_bytes().to_vec());
    envelope.sign_plain(&world.online).unwrap();
    let text = String::from_utf8(envelope.encode()).unwrap();
    let payload = base64::encode(LOCK.as_bytes());
    let start = format!(
        r#"{{"payload":"{payload}","payloadType":"application/vnd.muster.command.v1+json","signatures":[{{"keyid":"{}","sig":""#,
        world.online.key_id()
    );
    assert_eq!(text.len(), start.len() + 88 + r#""}]}"#.len());
    assert!(text.starts_with(&start));
}

#[test]
fn example_2_wipe_of_two() {
    let command = Command::decode(WIPE.as_bytes()).unwrap();
    assert_eq!(command.encode(), WIPE.as_bytes());
    assert_eq!(
        command.digest().to_hex(),
        "2c0a8dc49eba267af00440fc536775e1ceec63499c8ff216ef3791b314d69656"
    );
    let sibling =
        Digest::parse("a112dc3cc8737ddb8b37f9434d6bbe0c6e176d230499ccd10f3866d3a2361bd1").unwrap();
    let proof = TargetProof {
        index: 0,
        hashes: vec![sibling],
    };
    target::verify(&phone_a(), &proof, &command.targets).unwrap();
    assert_eq!(
        base64::encode_url(command.digest().as_bytes()),
        "LAqNxJ66JnrwBED8U2d14c7sY0mcj_IW7zeRsxTWllY"
    );
}

#[test]
fn example_2_is_authorised_by_a_file_and_a_portal_passkey() {
    let world = World::new();
    let command = world.command(Args::Wipe);
    let envelope = world.signed(&command, &[&world.ada], &[&world.cleo]);
    let authentic = world.judge(&envelope).unwrap();
    assert_eq!(authentic.authorised.people.len(), 2);
    assert_eq!(authentic.authorised.clearances_needed, 1);
    assert_eq!(authentic.cd, command.digest());
}

#[test]
fn example_3_a_removed_approver_no_longer_counts() {
    let mut world = World::new();
    let envelope = world.signed(&world.command(Args::Wipe), &[&world.ada, &world.ben], &[]);
    world.judge(&envelope).unwrap();
    world
        .keyring
        .keys
        .retain(|entry| entry.person != person(12));
    for grant in &mut world.keyring.grants {
        grant.keys.retain(|key| *key != world.ben.key_id());
    }
    world.keyring.check().unwrap();
    assert_eq!(world.judge(&envelope), Err(refused(Reason::Threshold)));
}
