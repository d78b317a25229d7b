//! A wipe or kill is ordered and the agent dies: at each step of it, and at any moment. Started again it ends what it began:
//! wiped or killed, once, with one receipt that it accepted and one that it is done.

use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use muster_agent::CRASH_POINTS;
use muster_tests::api::text;
use muster_tests::handset::Handset;
use muster_tests::installation::{Installation, Reseller};
use muster_tests::programs::Running;
use muster_tests::{Api, Database, audit};
use serde_json::Value;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
/// At how many moments of its life an agent is killed; the brake lets ten destructive commands through in twenty minutes.
const MOMENTS: u32 = 8;

#[test]
fn at_each_step_of_a_wipe() {
    in_a_fleet(async |fleet| {
        for point in CRASH_POINTS {
            let phone = fleet.phone(point).await;
            let wipe = fleet.ordered("wipe", &phone).await;
            let mut agent = Running::start(&mut phone.agent(&["run", "--crash-at", point]));
            let status = agent.wait_for_death();
            assert_eq!(
                status.signal(),
                Some(SIGABRT),
                "{point} was not reached: {status}; {}",
                agent.said()
            );
            fleet.ends(&phone, "wiped", &wipe, point).await;
        }
    });
}

#[test]
fn at_any_moment_of_a_wipe() {
    in_a_fleet(async |fleet| fleet.killed_at_any_moment("wipe", "wiped").await);
}

#[test]
fn at_any_moment_of_a_kill() {
    in_a_fleet(async |fleet| fleet.killed_at_any_moment("kill", "killed").await);
}

struct Ordered {
    installation: Installation,
    reseller: Reseller,
    api: Api,
}

fn in_a_fleet(test: impl AsyncFnOnce(&Ordered)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let mut installation = Installation::new(Database::sqlite());
        let (_, reseller) = installation.with_reseller().await;
        let api = installation.api(&reseller.token);
        let fleet = Ordered {
            installation,
            reseller,
            api,
        };
        test(&fleet).await;
        let (store, mail) = (
            fleet.installation.store(),
            fleet.installation.data().join("mail"),
        );
        audit::passes(
            &store,
            &fleet.reseller.fleet.keyring,
            &mail,
            "all of them left",
        )
        .await;
    });
}

impl Ordered {
    async fn phone(&self, serial: &str) -> Handset {
        let fingerprint = self.reseller.fleet.fingerprint.to_string();
        Handset::enrol(
            &self.installation,
            &self.api,
            &self.reseller.id,
            &fingerprint,
            serial,
        )
        .await
    }

    /// A command on its way to the phone, with its proof in the log; answers its id.
    async fn ordered(&self, kind: &str, phone: &Handset) -> String {
        let id = text(&self.api.command(kind, &[&phone.device], Value::Null).await["id"]);
        self.api
            .approve(&id, &self.reseller.fleet.ada)
            .await
            .expect(201);
        if kind == "wipe" {
            self.api
                .approve(&id, &self.reseller.fleet.ben)
                .await
                .expect(201);
        }
        audit::settles(&self.installation.store()).await;
        id
    }

    /// Kills agents with SIGKILL, each a little later in its life, until one got to its end; and each once more while it
    /// picks up again.
    async fn killed_at_any_moment(&self, kind: &str, end: &str) {
        let whole = {
            let phone = self.phone("undisturbed").await;
            let id = self.ordered(kind, &phone).await;
            let begun = Instant::now();
            self.ends(&phone, end, &id, "nothing").await;
            begun.elapsed()
        };
        for moment in 1..=MOMENTS {
            let phone = self.phone(&format!("moment-{moment}")).await;
            let id = self.ordered(kind, &phone).await;
            kill_after(&phone, whole * moment / (MOMENTS + 1));
            kill_after(&phone, whole * (MOMENTS + 1 - moment) / (2 * MOMENTS));
            self.ends(
                &phone,
                end,
                &id,
                &format!("SIGKILL at moment {moment} of {MOMENTS}"),
            )
            .await;
        }
    }

    /// The agent is started until nothing is left for it to do. What it and the server hold then is checked.
    async fn ends(&self, phone: &Handset, end: &str, command: &str, after: &str) {
        let mut starts = 0;
        while !phone.is_over() {
            // A server that knows of the end already refuses the certificate. The agent offers its last receipts a few times
            // more before it destroys their key; `--once` spares the pauses between.
            assert!(
                starts < 8,
                "after {after} it comes to no end: {:?}",
                phone.status()
            );
            starts += 1;
            let mut agent = Running::start(&mut phone.agent(&["run", "--once"]));
            agent.wait_for_death();
        }
        let status = phone.status();
        assert_eq!(status.lifecycle, end, "after {after}");
        assert_eq!(phone.service(), 0, "after {after}, service data are left");
        if end == "wiped" {
            assert_eq!(
                phone.userdata(),
                0,
                "after {after}, the owner's data are left"
            );
        } else {
            assert_ne!(
                phone.userdata(),
                0,
                "after {after}, a kill took the owner's data"
            );
        }
        let shown = self.api.device(&phone.device).await;
        assert_eq!(shown["lifecycle"], end, "after {after}: {shown}");
        assert_eq!(shown["certificate"], Value::Null, "after {after}: {shown}");
        let stands = self.api.command_state(command).await;
        assert_eq!(stands["state"], "done", "after {after}: {stands}");
        let store = self.installation.store();
        for (state, count) in [("accepted", 1), ("done", 1), ("failed", 0), ("refused", 0)] {
            let receipts = format!(
                "SELECT COUNT(*) AS count FROM receipts WHERE command_id = '{command}' AND state = '{state}'"
            );
            assert_eq!(
                audit::count(&store, receipts).await,
                count,
                "after {after}: receipts that say {state}"
            );
        }
    }
}

/// Starts the agent and kills it after this time, unless it came to its end before.
fn kill_after(phone: &Handset, time: Duration) {
    let mut agent = Running::start(&mut phone.agent(&["run"]));
    std::thread::sleep(time);
    agent.kill();
    let status = agent.wait_for_death();
    assert!(
        status.signal() == Some(SIGKILL) || status.success(),
        "{status}: {}",
        agent.said()
    );
}
