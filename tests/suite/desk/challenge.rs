//! The ceremony's challenge (PROTOCOL §5): a passkey that calls itself independent enters a keyring only if it was registered over
//! one that the root signers drew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use muster_protocol::digest::Digest;
use muster_tests::programs::{program, run, succeed};
use muster_tests::{Fleet, TestApp, TestDesk, on_both_databases};

use super::passkeys::{Token, file_of, registered};

on_both_databases![an_independent_passkey_enters_by_a_challenge_of_the_ceremony_alone];

/// The fleet's folder on the offline machine.
fn carried(fleet: &Fleet, dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("descriptor.json"), &fleet.descriptor).unwrap();
    for (version, keyring) in (1..).zip(&fleet.chain) {
        fs::write(dir.join(format!("keyring-{version}.json")), keyring).unwrap();
    }
}

fn everything(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir).unwrap().flatten();
    let read = |file: fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        (name, fs::read(file.path()).unwrap())
    };
    files.map(read).collect()
}

async fn an_independent_passkey_enters_by_a_challenge_of_the_ceremony_alone(t: &mut TestApp) {
    let world = t.world().await;
    let printed = succeed(Command::new(program("muster")).args(["keyring", "challenge"]));
    let drawn = printed.lines().next().unwrap().to_owned();
    assert!(Digest::parse(&drawn).is_ok(), "{printed}");
    let words = printed.lines().find_map(|line| line.split_once(": "));
    let words = words.expect("the same in words").1.to_owned();
    let again = succeed(Command::new(program("muster")).args(["keyring", "challenge"]));
    assert!(!again.contains(&drawn), "each is another");

    let desk = TestDesk::bare(t, &world.northwind.api, &world.fleet, "Dagny Krol").await;
    // What is read aloud is typed as it is heard.
    let done = registered(&desk, &Token::new(&desk), &words).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let page = desk.follow(&done).await.text;
    assert!(page.contains("--challenge HEX"), "{page}");
    let made = file_of(&desk);
    assert_eq!(made.trial.nonce.to_hex(), drawn);
    desk.running.stop().await;

    let dir = t.folder().join("fleet");
    carried(&world.fleet, &dir);
    let file = t.folder().join("registration.json");
    made.write(&file).unwrap();
    let before = everything(&dir);
    let draft = |how: &str, challenges: &[&str]| {
        let mut draft = Command::new(program("muster"));
        draft.args(["keyring", "draft", how]).arg(&file);
        draft.arg("--dir").arg(&dir);
        for challenge in challenges {
            draft.args(["--challenge", challenge]);
        }
        draft
    };
    let another = Digest::of(b"of another ceremony").to_hex();
    for how in ["--add-approver", "--add-auditor"] {
        for given in [&[][..], &[another.as_str()]] {
            let refused = run(&mut draft(how, given));
            assert!(!refused.status.success(), "{how} {given:?}");
            let told = String::from_utf8_lossy(&refused.stderr);
            assert!(
                told.contains("Dagny Krol") && told.contains("muster keyring challenge"),
                "{told}"
            );
            assert_eq!(
                everything(&dir),
                before,
                "{how} {given:?}: nothing is written"
            );
        }
    }
    let garbled = run(&mut draft("--add-approver", &["12ab"]));
    let told = String::from_utf8_lossy(&garbled.stderr);
    assert!(
        !garbled.status.success() && told.contains("no challenge"),
        "{told}"
    );

    let told = succeed(&mut draft("--add-approver", &[&another, &drawn]));
    // Root signers compare the whole of it.
    assert!(
        told.contains(&drawn) && told.contains("Dagny Krol"),
        "{told}"
    );
    assert!(dir.join("keyring-2.draft.json").exists());
}
