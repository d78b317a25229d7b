//! The real programs as processes, as the people of a fleet use them: `muster serve`, `muster-agent`, `muster keyring`,
//! `muster approve`; and a phone that is nothing but curl and openssl, as README shows.

mod forged;
mod readme;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::P256Signer;
use muster_protocol::receipt::{Receipt, ReceiptState};
use muster_tests::api::text;
use muster_tests::handset::Handset;
use muster_tests::installation::{Installation, now, until};
use muster_tests::line::Way;
use muster_tests::programs::{Running, run, succeed};
use muster_tests::{Api, Database};
use serde_json::{Value, json};

#[test]
fn the_main_job_sqlite() {
    the_main_job(Database::sqlite());
}

#[test]
fn the_main_job_postgres() {
    the_main_job(Database::postgres());
}

fn the_main_job(database: Database) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let mut installation = Installation::new(database);
        installation.start();
        installation.first_owner().await;
        let job = Job::begin(&installation).await;
        let phone = job.phone("NW-000042").await;
        let mut agent = Running::start(&mut phone.agent(&["run"]));
        job.phone_is_fresh(&phone).await;
        job.lock_is_opened_by_the_owner(&phone).await;
        job.lock_fleet_is_lifted_by_an_unlock(&phone).await;
        job.kill_takes_an_approval(&phone).await;
        assert!(
            agent.wait_for_death().success(),
            "an agent without a fleet ends by itself: {}",
            agent.said()
        );
        job.wipe_takes_two_people().await;
        installation.stop();
    });
}

/// A reseller with its fleet made by the programs, and the reseller's program with a token.
struct Job<'a> {
    installation: &'a Installation,
    api: Api,
    token: String,
    reseller: String,
    fingerprint: String,
    keys: PathBuf,
}

impl<'a> Job<'a> {
    async fn begin(installation: &'a Installation) -> Job<'a> {
        let operator = installation.api(&installation.token("owner", None));
        let (reseller, token) = installation
            .organisation(&operator, "Northwind Mobile")
            .await;
        let keys = installation.folder().join("northwind");
        let mut job = Job {
            installation,
            api: installation.api(&token),
            token,
            reseller,
            fingerprint: String::new(),
            keys,
        };
        job.make_fleet();
        job
    }

    /// Facts, then the ceremony, then the public part back to the server; the card says what phones pin.
    fn make_fleet(&mut self) {
        let (facts, keys) = (
            self.installation.folder().join("facts.json"),
            text_of(&self.keys),
        );
        let facts = text_of(&facts);
        succeed(self.with_server(&mut self.muster(&[
            "keyring",
            "facts",
            "--organisation",
            &self.reseller,
            "--out",
            &facts,
        ])));
        let made =
            succeed(&mut self.muster(&["keyring", "create", "--facts", &facts, "--dir", &keys]));
        succeed(self.with_server(&mut self.muster(&["keyring", "publish", "--dir", &keys])));
        let line = made
            .lines()
            .find(|line| line.starts_with("Fleet fingerprint"))
            .expect("the ceremony names it");
        self.fingerprint = line
            .split_whitespace()
            .last()
            .expect("a fingerprint")
            .to_owned();
        let card = succeed(&mut self.muster(&["fleet", "card", "--dir", &keys]));
        assert!(card.contains(&self.fingerprint), "{card}");
    }

    fn muster(&self, arguments: &[&str]) -> Command {
        self.installation.muster(arguments)
    }

    fn with_server<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("MUSTER_SERVER", &self.installation.portal)
            .env("MUSTER_TOKEN", &self.token)
    }

    async fn phone(&self, serial: &str) -> Handset {
        Handset::enrol(
            self.installation,
            &self.api,
            &self.reseller,
            &self.fingerprint,
            serial,
        )
        .await
    }

    async fn drafted(&self, kind: &str, phone: &Handset) -> String {
        text(&self.api.command(kind, &[&phone.device], Value::Null).await["id"])
    }

    /// `muster approve` with one of the two approvers' files.
    fn approve(&self, command: &str, approver: u8) -> Output {
        let key = text_of(&self.keys.join(format!("approver-{approver}.key")));
        run(self.with_server(&mut self.muster(&["approve", command, "--key", &key, "--yes"])))
    }

    #[track_caller]
    fn approved(&self, command: &str, approver: u8, says: &str) {
        let output = self.approve(command, approver);
        let said = said(&output);
        assert!(output.status.success() && said.contains(says), "{said}");
    }

    async fn is_done(&self, command: &str) -> Value {
        until("the phone has carried it out", async || {
            let shown = self.api.command_state(command).await;
            assert!(
                shown["state"] != "refused" && shown["state"] != "failed",
                "{shown}"
            );
            (shown["state"] == "done").then_some(shown)
        })
        .await
    }

    async fn phone_is_fresh(&self, phone: &Handset) {
        until("the phone has checked in", async || {
            (self.api.device(&phone.device).await["contact"] == "fresh").then_some(())
        })
        .await;
    }

    async fn lock_is_opened_by_the_owner(&self, phone: &Handset) {
        let lock = self.drafted("lock", phone).await;
        self.is_done(&lock).await;
        assert!(phone.status().locks.owner);
        assert!(succeed(&mut phone.agent(&["owner-unlock"])).contains("open"));
        assert!(!phone.status().locks.owner);
    }

    async fn lock_fleet_is_lifted_by_an_unlock(&self, phone: &Handset) {
        let lock = self.drafted("lock-fleet", phone).await;
        assert_eq!(
            self.api.command_state(&lock).await["state"],
            "awaiting-approval"
        );
        self.approved(&lock, 1, "on its way");
        self.is_done(&lock).await;
        assert_eq!(
            run(&mut phone.agent(&["owner-unlock"])).status.code(),
            Some(3),
            "the fleet's lock holds"
        );
        // An unlock names the locks that the phone reports.
        until("the phone has reported its lock", async || {
            let restrictions = self.api.device(&phone.device).await["restrictions"].clone();
            if restrictions == json!(["lock-fleet"]) {
                return Some(());
            }
            phone.check_in();
            None
        })
        .await;
        let unlock = self.drafted("unlock", phone).await;
        self.approved(&unlock, 2, "on its way");
        self.is_done(&unlock).await;
        assert!(phone.status().restrictions.is_empty());
        succeed(&mut phone.agent(&["owner-unlock"]));
    }

    /// Whoever holds the server hands the phone a kill that nobody approved, and one that the server's own key signed.
    async fn kill_takes_an_approval(&self, phone: &Handset) {
        let kill = self.drafted("kill", phone).await;
        let payload = self.payload(&kill).await;
        let unsigned = Envelope::unsigned(DocumentType::Command, payload.clone());
        let mut by_the_server = unsigned.clone();
        by_the_server
            .sign_plain(&self.server_keys().await.online)
            .unwrap();
        for envelope in [unsigned.encode(), by_the_server.encode()] {
            self.is_refused(phone, envelope, "not_authorised");
        }
        assert_eq!(
            (phone.userdata() > 0, phone.service() > 0),
            (true, true),
            "nothing happened to it"
        );
        assert_eq!(
            self.api.command_state(&kill).await["state"],
            "awaiting-approval",
            "a forged copy ends nothing"
        );

        let key = phone.device_key();
        self.approved(&kill, 1, "on its way");
        let done = self.is_done(&kill).await;
        until("the agent has left", async || phone.is_over().then_some(())).await;
        assert_eq!(
            (phone.userdata() > 0, phone.service()),
            (true, 0),
            "the owner's data stay"
        );
        assert_eq!(phone.status().lifecycle, "killed");
        assert_eq!(self.api.device(&phone.device).await["lifecycle"], "killed");
        self.receipts_verify(&done, &key, &["accepted", "done"])
            .await;
    }

    async fn wipe_takes_two_people(&self) {
        let phone = self.phone("NW-000043").await;
        phone.check_in();
        let (identity, device_key) = (phone.identity(), phone.device_key());
        let anchors = self.anchors();
        let fresh_way = || Way::to_url(&self.installation.device, &anchors, now().0, &identity);
        let way = fresh_way();
        let mut open = way.open().await.unwrap();
        assert_eq!(check_in(&mut open).await.0, 200);

        let wipe = self.drafted("wipe", &phone).await;
        self.approved(&wipe, 1, "It goes out when as many have signed");
        let twice = self.approve(&wipe, 1);
        assert!(
            !twice.status.success() && said(&twice).contains("signed this command already"),
            "{}",
            said(&twice)
        );
        self.forged_with_one_signature(&wipe, &phone).await;
        phone.check_in();
        assert_eq!(
            (phone.userdata() > 0, phone.service() > 0),
            (true, true),
            "one person wipes nothing"
        );
        assert_eq!(
            self.api.command_state(&wipe).await["state"],
            "awaiting-approval"
        );

        let mut resumable = way.open().await.unwrap();
        assert!(
            resumable.resumed(),
            "a session can be resumed before the wipe"
        );
        assert_eq!(check_in(&mut resumable).await.0, 200);
        drop(resumable);
        self.approved(&wipe, 2, "on its way");
        let mut agent = Running::start(&mut phone.agent(&["run"]));
        let done = self.is_done(&wipe).await;
        assert!(agent.wait_for_death().success(), "{}", agent.said());
        assert_eq!((phone.userdata(), phone.service()), (0, 0));
        assert_eq!(phone.status().lifecycle, "wiped");
        assert_eq!(self.api.device(&phone.device).await["lifecycle"], "wiped");
        self.receipts_verify(&done, &device_key, &["accepted", "done"])
            .await;

        // Whoever copied the phone's certificate in time has nothing.
        assert_eq!(
            check_in(&mut open).await,
            (403, "urn:muster:problem:certificate-revoked".to_owned()),
            "open"
        );
        let mut resumed = way.open().await.unwrap();
        assert!(resumed.resumed());
        assert_eq!(
            check_in(&mut resumed).await,
            (403, "urn:muster:problem:certificate-revoked".to_owned()),
            "resumed"
        );
        let mut new = fresh_way().open().await.unwrap();
        assert!(!new.resumed());
        assert_eq!(
            check_in(&mut new).await,
            (403, "urn:muster:problem:certificate-revoked".to_owned()),
            "new"
        );
    }

    /// Every receipt of the command is signed by the device key that the approvers' target names, and they say this.
    async fn receipts_verify(&self, command: &Value, key: &P256Signer, states: &[&str]) {
        let (id, digest) = (
            text(&command["id"]),
            Digest::parse(&text(&command["digest"])).unwrap(),
        );
        let store = self.installation.store();
        let device = text(&command["targets"][0]["device_id"]);
        let scope = muster_domain::scope::Scope::Platform;
        let rows = store
            .read(move |c| muster_store::receipts::list_by_command(c, &scope, &id, &[device], 10));
        let mut said = Vec::new();
        for row in rows.await.unwrap() {
            let receipt = Receipt::verify(row.envelope.as_bytes(), &key.verifying_key()).unwrap();
            if receipt.state == ReceiptState::Refused {
                // Of the forged copies.
                continue;
            }
            assert_eq!(receipt.command, digest);
            said.push((receipt.seq, receipt.state.as_str()));
        }
        said.sort_unstable();
        let said: Vec<&str> = said.into_iter().map(|(_, state)| state).collect();
        assert_eq!(said, states);
        let stranger = P256Signer::from_bytes([9; 32]).unwrap().verifying_key();
        let shown = base64::decode(&text(&command["targets"][0]["receipt"]["envelope"])).unwrap();
        assert!(Receipt::verify(&shown, &key.verifying_key()).is_ok());
        assert!(
            Receipt::verify(&shown, &stranger).is_err(),
            "nobody else can have said so"
        );
    }

    fn anchors(&self) -> Vec<Vec<u8>> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject as _;
        let certificates = CertificateDer::pem_file_iter(self.installation.ca()).unwrap();
        certificates
            .map(|certificate| certificate.unwrap().to_vec())
            .collect()
    }
}

/// The status that a check-in on this connection is answered, and what kind of problem it has.
async fn check_in(line: &mut muster_tests::line::Line) -> (u16, String) {
    let body = json!({ "v": 1 }).to_string();
    let reply = line
        .ask(
            "POST",
            "/v1/check-in",
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
        .await
        .unwrap();
    (
        reply.status,
        reply.json()["type"].as_str().unwrap_or_default().to_owned(),
    )
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}
