//! Whom a command is for: A018–A027.

use muster_protocol::command::{Args, Command};
use muster_protocol::digest::Digest;
use muster_protocol::ids::{DeviceId, EnrolmentId, FleetId, OrganisationId, SerialNumber};
use muster_protocol::reason::Reason;
use muster_protocol::target::{Leaf, TargetProof, TargetTree};
use muster_tests::hacked::reason;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a018_phone_told_that_it_is_in_another_organisation,
    a019_command_of_another_fleet,
    a020_approved_wipe_of_another_phone_with_its_proof,
    a021_right_device_old_enrolment,
    a022_old_epoch_handed_out_again,
    a023_device_of_one_under_the_serial_of_another,
    a024_inner_node_offered_as_leaf,
    a025_index_beyond_the_count,
    a026_proof_of_ten_thousand_hashes,
    a027_proof_of_a_tree_of_another_size,
];

/// Some other phone of the fleet.
pub fn another(number: u8) -> Leaf {
    Leaf {
        device: DeviceId::parse(&format!("0197c0de-0000-7000-8000-0000000001{number:02x}"))
            .unwrap(),
        enrolment: EnrolmentId(Digest::of(&[number])),
        serial: SerialNumber::parse(&format!("NW-1000{number}")).unwrap(),
    }
}

/// A wipe that both approvers signed, with this proof.
async fn refused(a: &mut Hacked, command: &Command, target: TargetProof, code: Reason) {
    let envelope = a.signed(command, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let mut item = a.logged(envelope);
    item.target = target;
    let outcome = a.send(vec![item]).await;
    assert_eq!(reason(&outcome), Some(code));
    a.phone.assert_unharmed();
}

fn alone() -> TargetProof {
    TargetProof {
        index: 0,
        hashes: Vec::new(),
    }
}

async fn a018_phone_told_that_it_is_in_another_organisation(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let organisation = OrganisationId::parse("0197c0de-0000-7000-8000-00000000ffff").unwrap();
    let command = Command {
        organisation,
        ..a.command(Args::Wipe)
    };
    let envelope = a.signed(&command, &[&a.fleet.stranger]).encode();
    assert_eq!(
        a.send_logged(envelope).await,
        Some(Reason::WrongOrganisation)
    );
    refused(&mut a, &command, alone(), Reason::WrongOrganisation).await;
}

async fn a019_command_of_another_fleet(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = Command {
        fleet: FleetId::parse(&"0f".repeat(16)).unwrap(),
        ..a.command(Args::Wipe)
    };
    refused(&mut a, &command, alone(), Reason::WrongFleet).await;
}

async fn a020_approved_wipe_of_another_phone_with_its_proof(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command_for(vec![another(1)], Args::Wipe);
    refused(&mut a, &command, alone(), Reason::NotTarget).await;
    let leaves = vec![another(1), another(2)];
    let tree = TargetTree::build(leaves.clone()).unwrap();
    let command = a.command_for(leaves, Args::Wipe);
    refused(&mut a, &command, tree.proof(1).unwrap(), Reason::NotTarget).await;
}

async fn a021_right_device_old_enrolment(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let old = a.command(Args::Wipe);
    let world = t.world().await;
    let code = world.northwind.api.code(&a.phone.device).await;
    a.phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    refused(&mut a, &old, alone(), Reason::NotTarget).await;
}

async fn a022_old_epoch_handed_out_again(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let old = a.command(Args::Wipe);
    let world = t.world().await;
    // The server forgets that there was an enrolment, and calls the next one the first again. The phone makes a new key.
    let device = a.phone.device.clone();
    t.write(move |tx| {
        use diesel::connection::SimpleConnection as _;
        Ok(tx.batch_execute(&format!(
            "UPDATE devices SET epoch = 0 WHERE id = '{device}'"
        ))?)
    })
    .await;
    let code = world.northwind.api.code(&a.phone.device).await;
    a.phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    assert_eq!(
        world.northwind.api.device(&a.phone.device).await["epoch"],
        1
    );
    refused(&mut a, &old, alone(), Reason::NotTarget).await;
}

async fn a023_device_of_one_under_the_serial_of_another(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let relabelled = Leaf {
        serial: SerialNumber::parse("NW-000043").unwrap(),
        ..a.phone.leaf()
    };
    let command = a.command_for(vec![relabelled], Args::Kill);
    refused(&mut a, &command, alone(), Reason::NotTarget).await;
}

async fn a024_inner_node_offered_as_leaf(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let own = a.phone.leaf();
    let leaves: Vec<Leaf> = (0..3).map(another).chain([own.clone()]).collect();
    let tree = TargetTree::build(leaves.clone()).unwrap();
    let command = a.command_for(leaves, Args::Wipe);
    let mut proof = tree.proof(tree.position(&own).unwrap()).unwrap();
    proof.hashes.remove(0);
    refused(&mut a, &command, proof, Reason::BadProof).await;
}

async fn a025_index_beyond_the_count(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    for index in [1, 2, u64::from(u32::MAX)] {
        refused(
            &mut a,
            &command,
            TargetProof {
                index,
                hashes: Vec::new(),
            },
            Reason::BadProof,
        )
        .await;
    }
}

async fn a026_proof_of_ten_thousand_hashes(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let hashes = vec![Digest::of(b"a neighbour"); 13];
    refused(
        &mut a,
        &command,
        TargetProof { index: 0, hashes },
        Reason::TooLarge,
    )
    .await;
    // Ten thousand make the bundle itself larger than any valid answer: it is not even opened.
    let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let mut item = a.logged(envelope);
    item.target = TargetProof {
        index: 0,
        hashes: vec![Digest::of(b"a neighbour"); 10_000],
    };
    let bundle = a.bundle(vec![item]).encode();
    match a.phone.agent.apply(&bundle).await {
        Ok(outcome) => assert_eq!(reason(&outcome), Some(Reason::TooLarge)),
        Err(error) => assert!(error.to_string().contains("too_large"), "{error}"),
    }
    a.phone.assert_unharmed();
}

async fn a027_proof_of_a_tree_of_another_size(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let own = a.phone.leaf();
    let after = |number: u8| Leaf {
        device: DeviceId::parse(&format!("ffffffff-ffff-7fff-bfff-0000000001{number:02x}"))
            .unwrap(),
        ..another(number)
    };
    // In front its path has the length that the smaller tree demands too, and leads elsewhere; behind it is out of the tree.
    let others: [(&dyn Fn(u8) -> Leaf, Reason); 2] =
        [(&after, Reason::NotTarget), (&another, Reason::BadProof)];
    for (other, code) in others {
        let of = |count| {
            let leaves: Vec<Leaf> = (1..count).map(other).chain([own.clone()]).collect();
            (TargetTree::build(leaves.clone()).unwrap(), leaves)
        };
        let ((four, _), (_, of_three)) = (of(4), of(3));
        let command = a.command_for(of_three, Args::Wipe);
        let proof = four.proof(four.position(&own).unwrap()).unwrap();
        refused(&mut a, &command, proof, code).await;
    }
    // The honest proof is taken: it is the proof that was refused, and not the phone that is deaf.
    let of_three: Vec<Leaf> = (1..3).map(after).chain([own.clone()]).collect();
    let three = TargetTree::build(of_three.clone()).unwrap();
    let command = a.command_for(of_three, Args::Wipe);
    let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let mut honest = a.logged(envelope);
    honest.target = three.proof(three.position(&own).unwrap()).unwrap();
    a.send(vec![honest]).await;
    assert!(a.phone.is_erased());
}
