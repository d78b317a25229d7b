//! What whoever holds the server may hand to a phone, and what the phone says to it.

use std::sync::Arc;

use muster::app::{App, Surroundings};
use muster::clock::SystemClock;
use muster::config::Config;
use muster::features::trust::keys::ServerKeys;
use muster::random::SystemRandom;
use muster_protocol::base64;
use muster_protocol::bundle::{Bundle, CommandInBundle};
use muster_tests::api::text;
use muster_tests::handset::Handset;
use muster_tests::programs::run;
use serde_json::{Value, json};

use super::{Job, said, text_of};

impl Job<'_> {
    /// The one honest signature, alone and entered twice (A009): the server cannot make two people of one.
    pub(super) async fn forged_with_one_signature(&self, wipe: &str, phone: &Handset) {
        let shown = self
            .api
            .get(&format!("/api/v1/commands/{wipe}/envelope"))
            .await
            .expect(200);
        let signatures = shown["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), 1, "{shown}");
        let envelope = |signatures: &[&Value]| {
            // serde_json sorts members by name: canonical in this profile.
            let kind = "application/vnd.muster.command.v1+json";
            json!({ "payload": shown["payload"], "payloadType": kind, "signatures": signatures })
                .to_string()
                .into_bytes()
        };
        self.is_refused(phone, envelope(&[&signatures[0]]), "threshold");
        self.is_refused(
            phone,
            envelope(&[&signatures[0], &signatures[0]]),
            "bad_encoding",
        );
    }

    /// `muster-agent apply` of a bundle with this envelope; the phone says why it does nothing.
    #[track_caller]
    pub(super) fn is_refused(&self, phone: &Handset, envelope: Vec<u8>, code: &str) {
        let item = CommandInBundle {
            clearances: Vec::new(),
            envelope,
            log: None,
            target: Handset::only_target(),
        };
        let bundle = Bundle {
            commands: vec![item],
            ..Bundle::default()
        };
        let file = self.installation.folder().join("forged.json");
        std::fs::write(&file, bundle.encode()).unwrap();
        let output = run(&mut phone.agent(&["apply", &text_of(&file)]));
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).contains(&format!("refused {code}")),
            "{}",
            said(&output)
        );
    }

    pub(super) async fn payload(&self, command: &str) -> Vec<u8> {
        let shown = self
            .api
            .get(&format!("/api/v1/commands/{command}/envelope"))
            .await
            .expect(200);
        base64::decode(&text(&shown["payload"])).unwrap()
    }

    /// What whoever has the server's folder and database has: its online key and its log key.
    pub(super) async fn server_keys(&self) -> Arc<ServerKeys> {
        let mut config = Config::in_dir(&self.installation.data());
        config.database_url = self.installation.database_url().to_owned();
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            portal_url: self.installation.portal.clone(),
            device_url: self.installation.device.clone(),
        };
        let app = App::open(config, surroundings).unwrap();
        let reseller = self.reseller.clone();
        let row = app
            .store
            .read(move |c| muster_store::fleets::find_by_organisation(c, &reseller))
            .await
            .unwrap();
        app.fleet_keys.of(&app, &row.unwrap()).unwrap()
    }
}
