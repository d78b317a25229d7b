//! The server dies at every named point, as if its machine had lost power, and is started again: nothing is lost, nothing is
//! doubled. One installation lives through all of them, and is audited after each.

use diesel::RunQueryDsl as _;
use jiff::SignedDuration;
use muster::clock::{Clock as _, SystemClock};
use muster::crash::CRASH_POINTS;
use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use muster_store::organisations;
use muster_store::selling::subscriptions;
use muster_tests::api::text;
use muster_tests::handset::{Handset, PlainClient};
use muster_tests::installation::{Installation, Reseller, until};
use muster_tests::programs::run;
use muster_tests::{Api, Browser, Database, Trade, audit};
use reqwest::Method;
use serde_json::{Value, json};

/// Subscriptions that are due at once: more than one batch.
const DUE: u64 = 620;

#[test]
fn nothing_is_lost_or_doubled_sqlite() {
    live_through_all(Database::sqlite());
}

#[test]
fn nothing_is_lost_or_doubled_postgres() {
    live_through_all(Database::postgres());
}

fn live_through_all(database: Database) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let mut life = Life::begin(database).await;
        for point in CRASH_POINTS {
            life.die_at(point).await;
            let (store, mail) = (
                life.installation.store(),
                life.installation.data().join("mail"),
            );
            audit::passes(&store, &life.reseller.fleet.keyring, &mail, point).await;
        }
    });
}

/// An installation, its people, and the phones that met a crash so far.
struct Life {
    installation: Installation,
    browser: Browser,
    reseller: Reseller,
    /// A phone that the agent runs.
    phone: Handset,
    plain: Vec<PlainClient>,
    letters: u32,
}

impl Life {
    async fn begin(database: Database) -> Self {
        let mut installation = Installation::new(database);
        let (browser, reseller) = installation.with_reseller().await;
        let (api, fingerprint) = (
            installation.api(&reseller.token),
            reseller.fleet.fingerprint.to_string(),
        );
        let phone =
            Handset::enrol(&installation, &api, &reseller.id, &fingerprint, "NW-000042").await;
        phone.check_in();
        Self {
            installation,
            browser,
            reseller,
            phone,
            plain: Vec::new(),
            letters: 0,
        }
    }

    async fn die_at(&mut self, point: &'static str) {
        match point {
            "enrolment.intent-recorded"
            | "enrolment.certificate-signed"
            | "enrolment.certificate-stored" => {
                self.agent_enrols(point).await;
                self.client_enrols(point).await;
            }
            "renewal.intent-recorded" | "renewal.certificate-signed" => {
                self.client_renews(point).await;
            }
            "check-in.recorded" => self.phone_checks_in(point).await,
            "command.drafted" => self.draft_is_not_answered(point).await,
            "command.approved" => self.approval_is_not_answered(point, "lock-fleet").await,
            "command.sealed" => self.approval_is_not_answered(point, "unlock").await,
            "receipts.stored" => self.receipts_are_not_answered(point).await,
            "log.numbered" => self.sequencer_dies(point).await,
            "revocation.recorded" => self.revocation_is_not_answered(point).await,
            "crl.signed" => self.list_is_not_stored(point).await,
            "renewals.batch-written" => self.sweep_dies(point).await,
            "renewals.poison-found" => self.parking_dies(point).await,
            "mail.claimed" | "mail.sent" => self.mailer_dies(point).await,
            other => unreachable!("no flow leads to the crash point {other}: write one"),
        }
    }

    fn api(&self) -> Api {
        self.installation.api(&self.reseller.token)
    }

    /// Stops the server and starts it so that it will die.
    fn arm(&mut self, point: &str) {
        self.installation.stop();
        self.installation.start_to_die_at(point);
    }

    async fn starts_again(&mut self, point: &str) {
        self.installation.has_died_at(point).await;
        self.installation.start();
    }

    async fn client(&mut self, serial: &str) -> &PlainClient {
        let client =
            PlainClient::register(&self.installation, &self.api(), &self.reseller.id, serial).await;
        self.plain.push(client);
        self.plain.last().expect("just pushed")
    }

    /// `muster-agent enrol` hears no answer, and succeeds with the same code when it is called again.
    async fn agent_enrols(&mut self, point: &str) {
        let (api, fingerprint) = (self.api(), self.reseller.fleet.fingerprint.to_string());
        let serial = format!("NW-{}", &point[10..]);
        let phone = Handset::register(&self.installation, &api, &self.reseller.id, &serial).await;
        let code = api.code(&phone.device).await;
        self.arm(point);
        let output = run(&mut phone.enrolment(&self.installation, &code, &fingerprint));
        assert!(
            !output.status.success(),
            "nobody answered, and it says that it is enrolled"
        );
        self.starts_again(point).await;
        let output = run(&mut phone.enrolment(&self.installation, &code, &fingerprint));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        phone.check_in();
        let shown = self.api().device(&phone.device).await;
        assert_eq!(
            (&shown["lifecycle"], &shown["epoch"]),
            (&json!("enrolled"), &json!(1)),
            "{shown}"
        );
        self.knows(&text(&shown["certificate"]["serial_number"]))
            .await;
    }

    /// A plain EST client hears no answer, sends the same request again, and gets the one certificate of its code.
    async fn client_enrols(&mut self, point: &str) {
        let serial = format!("EST-{}", &point[10..]);
        let device = self.client(&serial).await.device.clone();
        self.arm(point);
        let client = self.plain.last().expect("one was made");
        assert!(!client.enrol("first").status.success(), "nobody answered");
        self.starts_again(point).await;
        let client = self.plain.last().expect("one was made");
        let output = client.enrol("first");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(client.check_in("first"), "200");
        let serial_number = client.certificate_serial("first");
        assert!(
            client.enrol("first").status.success(),
            "the same request again gets the same answer"
        );
        assert_eq!(client.certificate_serial("first"), serial_number);
        let shown = self.api().device(&device).await;
        assert_eq!(shown["epoch"], 1, "{shown}");
        self.knows(&serial_number).await;
    }

    /// A renewal that was not answered left the old certificate as it was; asked again it is answered once.
    async fn client_renews(&mut self, point: &str) {
        self.arm(point);
        let client = &self.plain[0];
        client.new_key(point);
        assert!(
            !client.renew("first", point).status.success(),
            "nobody answered"
        );
        self.starts_again(point).await;
        let client = &self.plain[0];
        assert_eq!(
            client.check_in("first"),
            "200",
            "the old certificate holds until the new one was used"
        );
        let output = client.renew("first", point);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let serial_number = client.certificate_serial(point);
        self.knows(&serial_number).await;
        let client = &self.plain[0];
        if point == "renewal.certificate-signed" {
            assert_eq!(client.check_in(point), "200");
            assert_eq!(
                client.check_in("first"),
                "403",
                "the new one was used: the old one is done with"
            );
        }
    }

    async fn knows(&self, serial_number: &str) {
        audit::knows_certificate(&self.installation.store(), serial_number.to_owned()).await;
    }

    /// The phone heard nothing, and says the same again.
    async fn phone_checks_in(&mut self, point: &str) {
        self.arm(point);
        assert!(
            !run(&mut self.phone.agent(&["run", "--once"]))
                .status
                .success(),
            "nobody answered"
        );
        self.starts_again(point).await;
        self.phone.check_in();
        assert_eq!(
            self.api().device(&self.phone.device).await["contact"],
            "fresh"
        );
    }

    async fn count(&self, sql: String) -> i64 {
        audit::count(&self.installation.store(), sql).await
    }

    async fn commands(&self, kind: &str) -> i64 {
        self.count(format!(
            "SELECT COUNT(*) AS count FROM commands WHERE kind = '{kind}'"
        ))
        .await
    }

    /// A draft that was not answered is there, once; its Idempotency-Key makes no second one.
    async fn draft_is_not_answered(&mut self, point: &str) {
        self.arm(point);
        let wanted = json!({ "kind": "lock", "device_ids": [self.phone.device], "reason": "left in a taxi" });
        let ask = |api: &Api| {
            api.request(Method::POST, "/api/v1/commands")
                .header("Idempotency-Key", "the-lock")
                .json(&wanted)
        };
        assert!(ask(&self.api()).send().await.is_err(), "nobody answered");
        self.starts_again(point).await;
        let api = self.api();
        api.send(ask(&api))
            .await
            .expect_problem(409, "idempotency-key-under-way");
        let listed = api.get("/api/v1/commands?kind=lock").await.expect(200);
        let commands = listed["items"].as_array().unwrap();
        assert_eq!(commands.len(), 1, "{listed}");
        self.phone_does(&text(&commands[0]["id"])).await;
    }

    /// The phone carries a command out, when it is on its way.
    async fn phone_does(&self, id: &str) {
        let store = self.installation.store();
        audit::settles(&store).await;
        self.phone.check_in();
        let command = self.api().command_state(id).await;
        assert_eq!(command["state"], "done", "{command}");
    }

    async fn drafted(&self, kind: &str) -> String {
        text(
            &self
                .api()
                .command(kind, &[&self.phone.device], Value::Null)
                .await["id"],
        )
    }

    /// An approval that was not answered counts, and seals the command once.
    async fn approval_is_not_answered(&mut self, point: &str, kind: &str) {
        // An unlock names what the phone says is in force.
        self.phone.check_in();
        let id = self.drafted(kind).await;
        let approval = signature(&self.api(), &id, &self.reseller.fleet.ada).await;
        self.arm(point);
        let ask = |api: &Api| {
            api.request(Method::POST, &format!("/api/v1/commands/{id}/approvals"))
                .json(&approval)
        };
        assert!(ask(&self.api()).send().await.is_err(), "nobody answered");
        self.starts_again(point).await;
        let api = self.api();
        assert_eq!(api.command_state(&id).await["state"], "queued");
        assert_eq!(
            api.send(ask(&api)).await.status,
            409,
            "it has what it needs"
        );
        assert_eq!(self.commands(kind).await, 1);
        self.phone_does(&id).await;
    }

    /// Receipts that were not answered are sent again and known again.
    async fn receipts_are_not_answered(&mut self, point: &str) {
        let id = self.drafted("suspend").await;
        self.arm(point);
        // What the phone hears is no error to it: the receipts wait.
        drop(run(&mut self.phone.agent(&["run", "--once"])));
        self.starts_again(point).await;
        self.phone_does(&id).await;
        assert_eq!(self.phone.status().receipts_waiting, 0);
        let receipts = format!("SELECT COUNT(*) AS count FROM receipts WHERE command_id = '{id}'");
        assert_eq!(self.count(receipts).await, 2, "one accepted, one done");
    }

    /// What the sequencer numbered before it died keeps its numbers; the rest goes on from there.
    async fn sequencer_dies(&mut self, point: &str) {
        self.phone.check_in();
        let id = self.drafted("resume").await;
        self.arm(point);
        let noted = json!({ "serial_number": "NW-000099", "model": "Hardline X7", "organisation_id": self.reseller.id });
        // The answer may come before the sequencer is there to die.
        drop(
            self.api()
                .request(Method::POST, "/api/v1/devices")
                .json(&noted)
                .send()
                .await,
        );
        self.starts_again(point).await;
        self.phone_does(&id).await;
    }

    fn without_crash(&self, point: &str) -> &PlainClient {
        self.plain
            .iter()
            .find(|client| client.serial().ends_with(point))
            .expect("it was enrolled earlier in this life")
    }

    /// A revocation that was not answered holds.
    async fn revocation_is_not_answered(&mut self, point: &str) {
        let device = self.without_crash("certificate-signed").device.clone();
        self.arm(point);
        let revoke = format!("/api/v1/devices/{device}/revoke");
        assert!(
            self.api()
                .request(Method::POST, &revoke)
                .send()
                .await
                .is_err(),
            "nobody answered"
        );
        self.starts_again(point).await;
        assert_eq!(
            self.without_crash("certificate-signed").check_in("first"),
            "403"
        );
        assert_eq!(
            self.api().post_empty(&revoke).await.status,
            409,
            "there is nothing left to revoke"
        );
        self.is_listed("certificate-signed").await;
    }

    /// A list that was signed and not stored is signed again with all that is in it.
    async fn list_is_not_stored(&mut self, point: &str) {
        let device = self.without_crash("certificate-stored").device.clone();
        self.arm(point);
        let revoke = format!("/api/v1/devices/{device}/revoke");
        // The answer may come before the list is signed, or never.
        drop(self.api().request(Method::POST, &revoke).send().await);
        self.installation.has_died_at(point).await;
        self.installation.start();
        // It may have died before it took the revocation.
        drop(self.api().post_empty(&revoke).await);
        self.is_listed("certificate-stored").await;
    }

    /// The operator sells to the reseller, and more than a batch is due: what was written before the crash is written once, and
    /// the rest after it.
    async fn sweep_dies(&mut self, point: &str) {
        self.installation.stop();
        let reseller = self.reseller.id.clone();
        let store = self.installation.store();
        let sold = store.write(move |c| {
            let operator = organisations::operator(c)?.expect("it was set up").id;
            let now = SystemClock.now();
            let deal = Trade::between(&operator, &reseller, &reseller, now).wholesale;
            deal.insert(c)?;
            let begun = (now - SignedDuration::from_hours(48))
                .strftime("%F")
                .to_string();
            (1..=DUE)
                .try_for_each(|number| subscriptions::insert(c, &deal.subscription(number, &begun)))
        });
        sold.await.expect("the database answers");
        self.installation.start_to_die_at(point);
        self.starts_again(point).await;
        self.all_is_billed("").await;
        let last = "SELECT next_number - 1 AS count FROM invoice_series".to_owned();
        let numbers = "SELECT COUNT(DISTINCT number) AS count FROM invoices".to_owned();
        let due = i64::try_from(DUE).expect("a small number");
        assert_eq!(
            (self.count(last).await, self.count(numbers).await),
            (due, due)
        );
    }

    /// The one that the database refuses is set aside once, whenever the server died over it.
    async fn parking_dies(&mut self, point: &str) {
        self.installation.stop();
        let forgets =
            "UPDATE subscriptions SET next_index = 0, covered_until = NULL, next_start_at = 1
            WHERE id = (SELECT MIN(id) FROM subscriptions)";
        let store = self.installation.store();
        let forgotten = store.write(move |c| Ok(diesel::sql_query(forgets).execute(c)?));
        assert_eq!(forgotten.await.expect("the database answers"), 1);
        self.installation.start_to_die_at(point);
        self.starts_again(point).await;
        self.all_is_billed(" AND parked_at IS NULL").await;
        for counted in [
            "SELECT COUNT(*) AS count FROM subscriptions WHERE parked_at IS NOT NULL",
            "SELECT COUNT(*) AS count FROM events WHERE kind = 'renewal.parked'",
        ] {
            assert_eq!(self.count(counted.to_owned()).await, 1, "{counted}");
        }
    }

    async fn all_is_billed(&self, but: &str) {
        until("everything due is billed", async || {
            let due = format!(
                "SELECT COUNT(*) AS count FROM subscriptions WHERE next_start_at < {}{but}",
                SystemClock.now().as_microsecond()
            );
            (self.count(due).await == 0).then_some(())
        })
        .await;
        audit::settles(&self.installation.store()).await;
        let billed = "SELECT COUNT(*) AS count FROM subscription_periods".to_owned();
        let due = i64::try_from(DUE).expect("a small number");
        assert_eq!(self.count(billed).await, due, "each of them once");
    }

    async fn is_listed(&self, point: &str) {
        let client = self.without_crash(point);
        let serial_number = client.certificate_serial("first");
        until("the revocation is published", async || {
            client
                .revoked(&self.installation.portal)
                .contains(&serial_number)
                .then_some(())
        })
        .await;
        assert_eq!(client.check_in("first"), "403");
    }

    /// A letter whose sending was not noted is sent again, as the same letter.
    async fn mailer_dies(&mut self, point: &str) {
        self.letters += 1;
        self.arm(point);
        let email = format!("colleague-{}@harbour.example.org", self.letters);
        self.browser.get("/people").await;
        let new = [
            ("name", "Robin Vale"),
            ("email", email.as_str()),
            ("role", "support"),
        ];
        self.browser.send_into_the_dark("/people", &new).await;
        self.starts_again(point).await;
        audit::settles(&self.installation.store()).await;
        let members = format!("SELECT COUNT(*) AS count FROM members WHERE email = '{email}'");
        assert_eq!(self.count(members).await, 1);
        let written =
            format!("SELECT COUNT(*) AS count FROM mail_outbox WHERE recipient = '{email}'");
        assert_eq!(self.count(written).await, 1);
    }
}

/// An approver's signature over a command, ready to be handed in.
async fn signature(api: &Api, id: &str, signer: &Ed25519Signer) -> Value {
    let shown = api
        .get(&format!("/api/v1/commands/{id}/envelope"))
        .await
        .expect(200);
    let payload = base64::decode(&text(&shown["payload"])).unwrap();
    let envelope = Envelope::unsigned(DocumentType::Command, payload);
    json!({ "keyid": signer.key_id().to_string(), "sig": base64::encode(&signer.sign(&envelope.signed_bytes())) })
}
