//! The sandbox phones: the agent's own library, each with its own folder and keys, on a thread of their own because they write to
//! the disk like real ones.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use muster_agent::enrol::{EnrolOptions, Trust, enrol};
use muster_agent::net::url::ServerUrl;
use muster_agent::phones::PhoneKind;
use muster_agent::system::System;
use muster_agent::{Agent, Options};
use muster_protocol::digest::Digest;
use muster_protocol::ids::SerialNumber;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::credentials::{Credentials, Phone};
use crate::app::App;

/// The running phones.
pub struct Phones {
    thread: Option<std::thread::JoinHandle<()>>,
    closing: watch::Sender<bool>,
}

/// A phone about to enrol.
pub struct Newcomer<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Its serial number.
    pub serial: &'a str,
    /// Its model.
    pub model: &'a str,
    /// Its enrolment code.
    pub code: String,
    /// The fleet it pins, as if typed from the card.
    pub fingerprint: &'a str,
}

/// Enrols a sandbox phone over the real listener, as its owner would at the counter.
///
/// # Errors
/// A sentence: the enrolment was refused.
pub async fn join(app: &Arc<App>, newcomer: Newcomer<'_>) -> Result<(), String> {
    let server = ServerUrl::from_str(&app.device_url).map_err(|error| error.to_string())?;
    let options = EnrolOptions {
        server,
        code: newcomer.code,
        state_dir: newcomer.folder.to_owned(),
        serial: Some(SerialNumber::parse(newcomer.serial).map_err(|error| error.to_string())?),
        trust: Trust::Fingerprint(
            Digest::parse(newcomer.fingerprint).map_err(|error| error.to_string())?,
        ),
        ca_fingerprint: None,
        phone: PhoneKind::Sandbox,
        model: newcomer.model.to_owned(),
        system: System::real(),
    };
    enrol(&options).await.map(|_| ()).map_err(|error| {
        format!(
            "The sandbox phone {} cannot enrol: {error}",
            newcomer.serial
        )
    })
}

impl Phones {
    /// Starts every phone and waits until each has checked in once; one that has left the fleet stays off.
    ///
    /// # Errors
    /// A sentence: a phone's folder does not open.
    pub async fn start(app: &Arc<App>, known: &Credentials) -> Result<Self, String> {
        let (closing, closed) = watch::channel(false);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let phones = known.phones.clone();
        let thread = std::thread::Builder::new()
            .name("sandbox-phones".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(live(phones, closed, ready)),
                    Err(error) => {
                        drop(ready.send(Err(format!("The phones' thread cannot start: {error}."))));
                    }
                }
            })
            .map_err(|error| format!("The phones' thread cannot start: {error}."))?;
        let _ = app;
        is_ready
            .await
            .unwrap_or_else(|_| Err("The phones ended before they were ready.".to_owned()))?;
        Ok(Self {
            thread: Some(thread),
            closing,
        })
    }

    /// Stops every phone between two acts, never in one.
    pub async fn stop(mut self) {
        self.closing.send_replace(true);
        if let Some(thread) = self.thread.take() {
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }
}

async fn live(
    phones: Vec<Phone>,
    closed: watch::Receiver<bool>,
    ready: tokio::sync::oneshot::Sender<Result<(), String>>,
) {
    let mut running = JoinSet::new();
    for phone in phones {
        let folder = Path::new(&phone.state_dir).to_owned();
        let mut agent = match Agent::open(&folder, Options::default()) {
            Ok(agent) => agent,
            Err(error) => {
                drop(ready.send(Err(format!(
                    "The sandbox phone {} does not open: {error}",
                    phone.serial_number
                ))));
                return;
            }
        };
        // The first check-in is part of being ready; a phone that cannot be reached yet goes on trying like any other.
        if let Err(error) = agent.check_in_once().await {
            tracing::warn!(phone = phone.serial_number, %error, "a sandbox phone could not check in; it tries again");
        }
        let mut closed = closed.clone();
        running.spawn(async move {
            let shutdown = async move {
                drop(closed.wait_for(|closed| *closed).await);
            };
            if let Err(error) = agent.run(shutdown).await {
                tracing::warn!(phone = phone.serial_number, %error, "a sandbox phone stopped");
            }
        });
    }
    drop(ready.send(Ok(())));
    while running.join_next().await.is_some() {}
}
