//! What the tests share: a fresh store on each database, and rows to put in.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use muster_domain::scope::Scope;

use crate::commands::Command;
use crate::devices::Device;
use crate::fleets::{self, Fleet};
use crate::organisations::{self, Organisation};
use crate::targets::Target;
use crate::{DatabaseUrl, Store, StoreOptions};

/// A store in a place of its own, gone with this value.
pub(crate) struct Fresh {
    /// The store; no tables yet.
    pub(crate) store: Store,
    /// Where it is.
    pub(crate) url: DatabaseUrl,
    _folder: Option<tempfile::TempDir>,
    postgres: Option<(String, String)>,
}

/// A fresh store on SQLite and one on PostgreSQL, on the server that
/// `MUSTER_TEST_POSTGRES_URL` names. `name` tells the tests' databases apart.
pub(crate) fn on_each(name: &str, options: &StoreOptions) -> Vec<Fresh> {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("muster.db"));
    let store = Store::open(&url, options.clone()).unwrap();
    let mut all = vec![Fresh {
        store,
        url,
        _folder: Some(folder),
        postgres: None,
    }];
    #[expect(
        clippy::disallowed_methods,
        reason = "where the test server is, which only whoever runs the tests knows"
    )]
    let server = std::env::var("MUSTER_TEST_POSTGRES_URL").expect(
        "PostgreSQL is tried too: start the tests with ./tests/run, or set MUSTER_TEST_POSTGRES_URL to a server on which \
         databases may be made",
    );
    let database = format!("store_{name}_{}", std::process::id());
    let mut connection = PgConnection::establish(&server).unwrap();
    connection
        .batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
        .unwrap();
    connection
        .batch_execute(&format!("CREATE DATABASE {database}"))
        .unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    let url: DatabaseUrl = format!("{before}/{database}").parse().unwrap();
    let store = Store::open(&url, options.clone()).unwrap();
    all.push(Fresh {
        store,
        url,
        _folder: None,
        postgres: Some((server, database)),
    });
    all
}

/// [`on_each`] with the tables made.
pub(crate) fn migrated(name: &str) -> Vec<Fresh> {
    let all = on_each(name, &StoreOptions::default());
    for fresh in &all {
        fresh.store.migrate().unwrap();
    }
    all
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some((server, database)) = &self.postgres
            && let Ok(mut connection) = PgConnection::establish(server)
        {
            let gone = connection
                .batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
            assert!(gone.is_ok() || std::thread::panicking());
        }
    }
}

/// The scope of a reseller.
pub(crate) fn reseller(id: &str) -> Scope {
    Scope::Reseller(id.to_owned())
}

/// The scope of a customer of `north`.
pub(crate) fn customer(id: &str) -> Scope {
    Scope::Customer {
        reseller: "north".to_owned(),
        customer: id.to_owned(),
    }
}

/// An operator, the resellers `north` (customers `harbour` and `quay`) and `lyre`, and a fleet for each reseller.
pub(crate) fn seed_tree(store: &Store) {
    store
        .write_blocking(|c| {
            for (id, kind, parent, reseller) in [
                ("muster", "operator", None, None),
                ("north", "reseller", Some("muster"), Some("north")),
                ("lyre", "reseller", Some("muster"), Some("lyre")),
                ("harbour", "customer", Some("north"), Some("north")),
                ("quay", "customer", Some("north"), Some("north")),
            ] {
                organisations::insert(
                    c,
                    &Organisation {
                        id: id.to_owned(),
                        kind: kind.to_owned(),
                        parent_id: parent.map(str::to_owned),
                        reseller_id: reseller.map(str::to_owned),
                        name: format!("The {id}"),
                        created_at: 1,
                    },
                )?;
            }
            for reseller in ["north", "lyre"] {
                fleets::insert(
                    c,
                    &Fleet {
                        id: format!("fleet-{reseller}"),
                        organisation_id: reseller.to_owned(),
                        fingerprint: Some(format!("print-{reseller}")),
                        descriptor: Some("{}".to_owned()),
                        log_origin: format!("log.{reseller}.example.org"),
                        log_key_sealed: vec![0, 1],
                        online_key_sealed: vec![2, 3],
                        created_at: 1,
                        next_online_key_sealed: None,
                        next_log_key_sealed: None,
                        next_log_origin: None,
                    },
                )?;
            }
            Ok(())
        })
        .unwrap();
}

/// A registered phone; the id comes from the serial number.
pub(crate) fn phone(serial_number: &str, reseller: &str, organisation: &str) -> Device {
    Device {
        id: format!("dev-{serial_number}"),
        organisation_id: organisation.to_owned(),
        reseller_id: reseller.to_owned(),
        fleet_id: format!("fleet-{reseller}"),
        serial_number: serial_number.to_owned(),
        imei: None,
        model: "Hardline X7".to_owned(),
        lifecycle: "registered".to_owned(),
        epoch: 0,
        enrolment_id: None,
        created_at: 1,
    }
}

/// A command of `north` for these phones, still a draft; each target's enrolment is `enr-<serial number>`.
pub(crate) fn draft(id: &str, phones: &[Device]) -> (Command, Vec<Target>) {
    let command = Command {
        id: id.to_owned(),
        reseller_id: "north".to_owned(),
        organisation_id: phones
            .first()
            .map_or("north", |phone| &phone.organisation_id)
            .to_owned(),
        fleet_id: "fleet-north".to_owned(),
        kind: "wipe".to_owned(),
        reason: "stolen".to_owned(),
        arguments: "{}".to_owned(),
        payload: "e30=".to_owned(),
        digest: format!("cd-{id}"),
        keyring_version: 1,
        approvals_needed: 2,
        independent_needed: 1,
        target_count: i64::try_from(phones.len()).unwrap(),
        target_root: "00".to_owned(),
        envelope: None,
        envelope_digest: None,
        sealed_at: None,
        state: "draft".to_owned(),
        drafted_by: "member:m1".to_owned(),
        drafted_by_name: "Ada".to_owned(),
        issued_at: 1,
        expires_at: 1_000,
        cancelled_at: None,
        cancelled_by_name: None,
        created_at: 1,
        lapsed_at: None,
        cool_off_until: None,
    };
    let targets = phones.iter().zip(0..).map(|(phone, position)| Target {
        command_id: id.to_owned(),
        position,
        device_id: phone.id.clone(),
        enrolment_id: format!("enr-{}", phone.serial_number),
        serial_number: phone.serial_number.clone(),
        state: "draft".to_owned(),
        code: None,
        late: false,
        delivered_at: None,
        accepted_at: None,
        ended_at: None,
    });
    (command, targets.collect())
}
