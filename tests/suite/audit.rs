//! What somebody outside finds out with `muster audit` and a pin: exports, their judgement, and the watch over a live server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diesel::RunQueryDsl as _;
use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint, TreeHead};
use muster_protocol::digest::Digest;
use muster_store::{fleets, log};
use muster_tests::api::text;
use muster_tests::programs::{program, run};
use muster_tests::world::World;
use muster_tests::{Api, TestApp, TestPhone, on_both_databases};
use serde_json::Value;

on_both_databases![
    an_export_that_broke_off_goes_on_where_it_was,
    an_export_shows_each_reader_their_own_part_of_the_tree,
    an_event_changed_in_the_database_is_named,
    a_receipt_changed_or_removed_in_the_database_is_named,
    an_event_deleted_from_the_database_is_named_and_the_history_does_not_hold,
    sign_ins_stand_in_the_installations_own_log,
    a_forked_log_is_found_by_watch_and_by_the_phone,
];

/// A person with `muster audit` on a machine of their own.
pub(crate) struct Auditor {
    server: String,
    token: String,
    folder: PathBuf,
}

impl Auditor {
    pub(crate) fn new(t: &TestApp, api: &Api, name: &str) -> Self {
        Self {
            server: t.app().portal_url.clone(),
            token: api.token().unwrap().to_owned(),
            folder: t.folder().join(name),
        }
    }

    fn muster(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("muster"));
        command
            .arg("audit")
            .args(arguments)
            .env("MUSTER_SERVER", &self.server)
            .env("MUSTER_TOKEN", &self.token)
            .env("NO_COLOR", "1");
        run(&mut command)
    }

    fn export(&self) -> Output {
        self.muster(&["export", "--out", self.folder.to_str().unwrap()])
    }

    #[track_caller]
    pub(crate) fn exports(&self) {
        let output = self.export();
        assert!(output.status.success(), "{}", said(&output));
    }

    fn verify(&self, pin: &str) -> Output {
        self.muster(&["verify", self.folder.to_str().unwrap(), "--pin", pin])
    }

    fn verify_part(&self, pin: &str) -> Output {
        let folder = self.folder.to_str().unwrap();
        self.muster(&["verify", folder, "--pin", pin, "--partial"])
    }

    /// The history holds; answers how many entries came without their bytes.
    #[track_caller]
    fn verifies(&self, pin: &str) -> u64 {
        Self::holds(&self.verify(pin))
    }

    /// The same of a reader who sees a part of the log only.
    #[track_caller]
    fn verifies_part(&self, pin: &str) -> u64 {
        Self::holds(&self.verify_part(pin))
    }

    #[track_caller]
    fn holds(output: &Output) -> u64 {
        let said = said(output);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("The history holds."), "{said}");
        let withheld = said.lines().find(|line| line.starts_with("Without bytes"));
        withheld.map_or(0, |line| {
            let number = line.split_whitespace().nth(2).unwrap();
            number.trim_end_matches(':').parse().unwrap()
        })
    }

    fn watch(&self, pin: &str) -> Output {
        let folder = self.folder.join("watch");
        self.muster(&[
            "watch",
            "--dir",
            folder.to_str().unwrap(),
            "--pin",
            pin,
            "--once",
        ])
    }

    /// Every entry of a log that came with its bytes, as text.
    fn entries(&self, log: &str) -> Vec<(u64, String, String)> {
        let lines = std::fs::read_to_string(self.folder.join(log).join("entries.ndjson")).unwrap();
        let read = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let bytes = base64::decode(line.get("bytes")?.as_str()?)?;
            let bytes = String::from_utf8_lossy(&bytes).into_owned();
            Some((line["index"].as_u64()?, text(&line["kind"]), bytes))
        };
        lines.lines().filter_map(read).collect()
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A phone that was locked, so that every kind of entry stands in the log.
async fn locked(t: &TestApp, world: &World, serial: &str) -> (TestPhone, String) {
    let mut phone = world.phone(t, serial).await;
    phone.check_in().await;
    let api = &world.northwind.api;
    let id = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    phone.check_in().await;
    assert_eq!(api.command_state(&id).await["state"], "done");
    t.log_settles().await;
    (phone, id)
}

/// Does to the database what its holder can do.
async fn hack(t: &TestApp, sql: String) {
    t.write(move |tx| {
        let changed = diesel::sql_query(sql.clone()).execute(tx)?;
        assert!(changed > 0, "nothing was changed by {sql}");
        Ok(())
    })
    .await;
}

async fn an_export_that_broke_off_goes_on_where_it_was(t: &mut TestApp) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let auditor = Auditor::new(t, &world.northwind.api, "broken");
    locked(t, &world, "NW-000042").await;
    auditor.exports();
    assert_eq!(auditor.verifies(&pin), 0);

    // What a program leaves that dies in the middle: half a line, half a hash, no checkpoint.
    let folder = auditor.folder.join(&fleet);
    let cut = |name: &str, to: &dyn Fn(usize) -> usize| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..to(bytes.len())]).unwrap();
    };
    cut("entries.ndjson", &|length| length / 2 + 7);
    cut("hashes", &|length| length / 2 + 5);
    std::fs::remove_file(folder.join("checkpoint")).unwrap();
    locked(t, &world, "NW-000043").await;
    auditor.exports();
    assert_eq!(auditor.verifies(&pin), 0);

    let fresh = Auditor::new(t, &world.northwind.api, "fresh");
    fresh.exports();
    for name in ["entries.ndjson", "hashes", "checkpoint"] {
        let of = |one: &Auditor| std::fs::read(one.folder.join(&fleet).join(name)).unwrap();
        assert_eq!(
            of(&auditor),
            of(&fresh),
            "{name} is not what a whole export is"
        );
    }
    // Another fleet's pin is answered by no folder.
    let other = auditor.verify(&world.lyre_fleet.fingerprint.to_string());
    assert!(!other.status.success());
}

async fn an_export_shows_each_reader_their_own_part_of_the_tree(t: &mut TestApp) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let lyre_fleet = world.lyre_fleet.keyring.fleet.to_string();
    for (place, serial) in [(&world.press, "NW-PRESS"), (&world.chambers, "NW-CHAMBERS")] {
        let made = world.northwind.api.register(serial, &place.id).await;
        let code = world.northwind.api.code(&text(&made["id"])).await;
        let mut phone = TestPhone::enrol(t, &world.fleet, serial, &code).await;
        phone.check_in().await;
        let api = &world.northwind.api;
        api.command("lock", &[&phone.device], Value::Null).await;
        phone.check_in().await;
    }
    t.log_settles().await;
    let as_auditor = async |place: &muster_tests::world::Place, name: &str| {
        let api = world.api(place, Role::Auditor).await;
        Auditor::new(t, &api, name)
    };
    let reseller = as_auditor(&world.northwind, "reseller").await;
    let operator = as_auditor(&world.operator, "operator").await;
    let customer = as_auditor(&world.press, "customer").await;
    let sibling = as_auditor(&world.lyre, "sibling").await;
    for one in [&reseller, &operator, &customer, &sibling] {
        one.exports();
    }
    let shows = |one: &Auditor, log: &str, what: &str| {
        let entries = one.entries(log);
        entries.iter().any(|(_, _, bytes)| bytes.contains(what))
    };
    // Who stands above sees everything, and everybody can judge the whole.
    assert_eq!(reseller.verifies(&pin), 0);
    assert_eq!(operator.verifies(&pin), 0);
    assert!(
        customer.verifies_part(&pin) > 0,
        "what is others' is withheld"
    );
    assert!(
        !customer.verify(&pin).status.success(),
        "a part is not the whole"
    );
    for (one, press, chambers) in [
        (&reseller, true, true),
        (&operator, true, true),
        (&customer, true, false),
    ] {
        let name = one.folder.display();
        assert_eq!(shows(one, &fleet, "NW-PRESS"), press, "{name}");
        assert_eq!(shows(one, &fleet, "NW-CHAMBERS"), chambers, "{name}");
    }
    // Another reseller gets its own log, and of this one not so much as a folder.
    assert!(sibling.folder.join(&lyre_fleet).is_dir());
    assert!(!sibling.folder.join(&fleet).exists());
    assert!(!reseller.folder.join(&lyre_fleet).exists());
    assert!(operator.folder.join(&lyre_fleet).is_dir());
    let folder = sibling.folder.to_str().unwrap();
    let asked = sibling.muster(&["export", "--out", folder, "--log", &fleet]);
    assert!(!asked.status.success());
    assert!(
        said(&asked).contains("There is no such log"),
        "{}",
        said(&asked)
    );
}

async fn an_event_changed_in_the_database_is_named(t: &mut TestApp) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let (_phone, id) = locked(t, &world, "NW-000042").await;
    let before = Auditor::new(t, &world.northwind.api, "before");
    before.exports();
    assert_eq!(before.verifies(&pin), 0);
    let entries = before.entries(&fleet);
    let (index, ..) = entries
        .iter()
        .find(|(_, kind, bytes)| {
            kind == "admin" && bytes.contains("command.drafted") && bytes.contains(&id)
        })
        .unwrap();
    hack(
        t,
        format!(
            "UPDATE events SET actor_name = 'Somebody else' WHERE kind = 'command.drafted' AND command_id = '{id}'"
        ),
    )
    .await;
    let after = Auditor::new(t, &world.northwind.api, "after");
    after.exports();
    names(&after, &pin, &format!("entry {index} was changed"));
}

async fn a_receipt_changed_or_removed_in_the_database_is_named(t: &mut TestApp) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let (_phone, id) = locked(t, &world, "NW-000042").await;
    let before = Auditor::new(t, &world.northwind.api, "before");
    before.exports();
    let entries = before.entries(&fleet);
    let receipts: Vec<u64> = entries
        .iter()
        .filter(|(_, kind, _)| kind == "receipt")
        .map(|(index, ..)| *index)
        .collect();
    let [first, ..] = receipts.as_slice() else {
        unreachable!("the phone answered")
    };
    let sequence = "(SELECT MIN(sequence) FROM receipts)";
    hack(
        t,
        format!(
            "UPDATE receipts SET envelope = REPLACE(envelope, 'payload', 'Payload') WHERE command_id = '{id}' AND sequence = {sequence}"
        ),
    )
    .await;
    let changed = Auditor::new(t, &world.northwind.api, "changed");
    changed.exports();
    names(&changed, &pin, &format!("entry {first} was changed"));
    // And taken away altogether: its place in the log is there, its bytes are not, and the phone's numbers have a gap.
    hack(
        t,
        format!("DELETE FROM receipts WHERE command_id = '{id}' AND sequence = 1"),
    )
    .await;
    let removed = Auditor::new(t, &world.northwind.api, "removed");
    removed.exports();
    names(&removed, &pin, "receipts 1 to 1 of enrolment");
}

async fn an_event_deleted_from_the_database_is_named_and_the_history_does_not_hold(
    t: &mut TestApp,
) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let (_phone, id) = locked(t, &world, "NW-000042").await;
    let before = Auditor::new(t, &world.northwind.api, "before");
    before.exports();
    assert_eq!(before.verifies(&pin), 0);
    let entries = before.entries(&fleet);
    let (index, ..) = entries
        .iter()
        .find(|(_, kind, bytes)| {
            kind == "admin" && bytes.contains("command.drafted") && bytes.contains(&id)
        })
        .unwrap();
    let which = format!("kind = 'command.drafted' AND command_id = '{id}'");
    hack(t, format!("DELETE FROM events WHERE {which}")).await;
    let after = Auditor::new(t, &world.northwind.api, "after");
    after.exports();
    names(&after, &pin, &format!("entry {index} (admin)"));
    // Whoever knows that they see a part only is told which.
    assert_eq!(after.verifies_part(&pin), 1);
    let shown = said(&after.verify_part(&pin));
    assert!(shown.contains(&format!("entry {index} (admin)")), "{shown}");
}

#[track_caller]
pub(crate) fn names(auditor: &Auditor, pin: &str, sentence: &str) {
    let output = auditor.verify(pin);
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains(sentence), "{sentence:?} is not in: {said}");
    assert!(said.contains("does not hold"), "{said}");
}

async fn sign_ins_stand_in_the_installations_own_log(t: &mut TestApp) {
    let world = t.world().await;
    world.browser(&world.operator, Role::Admin).await;
    t.log_settles().await;
    let logs = world.operator.api.get("/api/v1/log").await.expect(200);
    let own = logs["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|log| log["fingerprint"].is_null() && log["organisation_id"] == world.operator.id)
        .unwrap();
    let (id, pin) = (text(&own["id"]), text(&own["log_key_id"]));
    let operator = Auditor::new(t, &world.operator.api, "operator");
    operator.exports();
    assert_eq!(operator.verifies(&pin), 0);
    let signed_in = |one: &Auditor| {
        one.entries(&id).iter().any(|(_, kind, bytes)| {
            kind == "admin" && bytes.contains("member.signed-in") && bytes.contains("Robin")
        })
    };
    assert!(signed_in(&operator), "the sign-in is not in the log");
    // Somebody who removes it from the record is told of.
    hack(
        t,
        "UPDATE events SET actor_name = 'Nobody' WHERE kind = 'member.signed-in'".to_owned(),
    )
    .await;
    let after = Auditor::new(t, &world.operator.api, "after");
    after.exports();
    names(&after, &pin, "was changed");
    // Resellers do not read it.
    let reseller = Auditor::new(t, &world.northwind.api, "reseller");
    reseller.exports();
    assert!(!reseller.folder.join(&id).exists());
    let listed = world.northwind.api.get("/api/v1/log").await.expect(200);
    assert!(!listed.to_string().contains(&id));
}

/// Puts another root under the newest checkpoint, signed by the server's own log key, as only its holder can.
async fn fork(t: &TestApp, fleet: &str, size: Option<i64>) {
    let id = fleet.to_owned();
    let (row, head) = t
        .read(move |c| {
            let row = fleets::find(c, &id)?.unwrap();
            let head = match size {
                Some(size) => log::checkpoint(c, &id, size)?,
                None => log::newest_checkpoint(c, &id)?,
            };
            Ok((row, head.unwrap()))
        })
        .await;
    let keys = t.app().fleet_keys.of(t.app(), &row).unwrap();
    let root = Digest::of(b"another history");
    let checkpoint = Checkpoint {
        origin: row.log_origin.clone(),
        head: TreeHead {
            size: u64::try_from(head.size).unwrap(),
            root,
        },
    };
    let note = SignedCheckpoint::by_log(checkpoint, &keys.log).encode();
    hack(
        t,
        format!(
            "UPDATE log_checkpoints SET root = '{root}', note = '{note}' WHERE fleet_id = '{fleet}' AND size = {}",
            head.size
        ),
    )
    .await;
}

async fn a_forked_log_is_found_by_watch_and_by_the_phone(t: &mut TestApp) {
    let world = t.world().await;
    let pin = world.fleet.fingerprint.to_string();
    let fleet = world.fleet.keyring.fleet.to_string();
    let auditor = Auditor::new(t, &world.northwind.api, "outside");
    let (mut phone, _) = locked(t, &world, "NW-000042").await;
    phone.check_in().await;
    t.log_settles().await;
    let held = phone.state().checkpoint.unwrap();
    for _ in 0..2 {
        let looked = auditor.watch(&pin);
        assert!(looked.status.success(), "{}", said(&looked));
    }
    let folder = auditor.folder.join("watch");
    let honest = std::fs::read(folder.join("checkpoint")).unwrap();
    assert!(!t.record().await.contains(&"log.forked".to_owned()));

    fork(t, &fleet, None).await;
    let looked = auditor.watch(&pin);
    assert!(!looked.status.success(), "{}", said(&looked));
    assert!(
        said(&looked).contains("the log has forked"),
        "{}",
        said(&looked)
    );
    assert_eq!(std::fs::read(folder.join("checkpoint")).unwrap(), honest);
    let other = read_note(&folder.join("checkpoint.other"));
    assert_eq!(other.checkpoint.head.root, Digest::of(b"another history"));
    // It stays told, also when the server shows the old face again.
    let again = auditor.watch(&pin);
    assert!(!again.status.success(), "{}", said(&again));
    assert!(
        said(&again).contains("contradict each other"),
        "{}",
        said(&again)
    );

    // The phone holds a root that the forked log never had, and says so at its next check-in.
    fork(t, &fleet, Some(i64::try_from(held.size).unwrap())).await;
    phone.check_in().await;
    assert!(
        t.record().await.contains(&"log.forked".to_owned()),
        "the record does not know"
    );
    phone.assert_unharmed();
}

fn read_note(path: &Path) -> SignedCheckpoint {
    SignedCheckpoint::decode(&std::fs::read(path).unwrap()).unwrap()
}
