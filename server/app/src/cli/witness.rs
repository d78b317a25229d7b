//! `muster witness …`: a witness's key, and the witness itself.

mod tell;

use super::say::say;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use muster_protocol::digest::Digest;

use crate::clock::SystemClock;
use crate::random::SystemRandom;
use crate::witness::clear::Limits;
use crate::witness::gate::Gate;
use crate::witness::key::WitnessKey;
use crate::witness::listener::{self, Witness};
use crate::witness::shelf::Shelf;

#[derive(Subcommand)]
pub(crate) enum WitnessCommand {
    /// Make a witness's key; its public half belongs into the fleet's next keyring
    Create {
        /// File to write; nobody but its owner can read it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// What the witness is called on checkpoints, such as witness.example.org/w1
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Bring a fleet's keyrings to witnesses yourself: a server that hides one then gets nothing cleared
    Tell {
        /// The fleet's folder: descriptor.json and every keyring so far
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Address of a witness; give it once for each
        #[arg(long = "witness", value_name = "URL", required = true)]
        witnesses: Vec<String>,
    },
    /// Cosign checkpoints that only ever grew, and clear commands that nothing speaks against
    Serve(Box<ServeOptions>),
}

#[derive(Args)]
pub(crate) struct ServeOptions {
    /// The witness's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where it keeps what it saw and signed; never restore an old copy
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Fingerprint of a fleet that it serves; give it once for each
    #[arg(long = "pin", value_name = "FINGERPRINT", required = true)]
    pins: Vec<Digest>,
    /// Where it listens; put a proxy with TLS before it
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Phones of a fleet that it clears something for in one window
    #[arg(long, value_name = "N", default_value_t = Limits::USUAL.phones)]
    phones: usize,
    /// The window
    #[arg(long, value_name = "MINUTES", default_value_t = Limits::USUAL.window / 60)]
    window: u64,
    /// How long commands of many phones wait, from when it saw them in the log
    #[arg(long, value_name = "MINUTES", default_value_t = Limits::USUAL.cool_off / 60)]
    cool_off: u64,
    /// What many phones are: more than this
    #[arg(long, value_name = "N", default_value_t = Limits::USUAL.cool_off_above)]
    cool_off_above: u32,
}

/// Runs one of them.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub async fn run(command: WitnessCommand) -> Result<(), String> {
    match command {
        WitnessCommand::Create { key, name } => {
            let made = WitnessKey::create(&key, &name, &SystemRandom)?;
            say!("{}={}", made.name, made.public());
            eprintln!(
                "Wrote {}. The line above is public: the fleet's root signers name it in the next keyring (muster keyring draft --witness).",
                key.display()
            );
            Ok(())
        }
        WitnessCommand::Tell { dir, witnesses } => tell::run(&dir, &witnesses).await,
        WitnessCommand::Serve(options) => serve(*options).await,
    }
}

async fn serve(options: ServeOptions) -> Result<(), String> {
    let key = WitnessKey::read(&options.key)?;
    let shelf = Shelf::open(&options.dir, options.pins)?;
    let socket = TcpListener::bind(options.listen)
        .map_err(|error| format!("The witness cannot listen on {}: {error}.", options.listen))?;
    say!("Witness          {}", key.name);
    say!("Key              {}", key.public());
    if let Ok(address) = socket.local_addr() {
        say!("Address          http://{address}");
    }
    let witness = Arc::new(Witness {
        key,
        shelf,
        limits: Limits {
            phones: options.phones,
            window: options.window.saturating_mul(60),
            cool_off_above: options.cool_off_above,
            cool_off: options.cool_off.saturating_mul(60),
        },
        clock: Arc::new(SystemClock),
        gate: Gate::default(),
    });
    let server = listener::start(witness, socket)
        .map_err(|error| format!("The witness cannot start: {error}."))?;
    let handle = server.handle();
    let running = tokio::spawn(server);
    super::stop_signal().await;
    eprintln!("Stopping.");
    handle.stop(true).await;
    drop(running.await);
    Ok(())
}
