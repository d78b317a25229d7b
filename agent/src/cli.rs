//! The commands of `muster-agent`, each a few lines around a call of the library.

mod program;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Args, Parser, Subcommand};
use muster_agent::core::journal::Written;
use muster_agent::enrol::{EnrolOptions, Trust, enrol, parse_fingerprint};
use muster_agent::net::url::ServerUrl;
use muster_agent::phones::{OwnerUnlock, Phone, PhoneKind, SandboxPhone, owner_unlock};
use muster_agent::state::folder::FolderError;
use muster_agent::status::Status;
use muster_agent::system::System;
use muster_agent::{Agent, AgentError, CRASH_POINTS, CrashHook, Options, Outcome, sentences};
use muster_protocol::digest::Digest;
use muster_protocol::ids::SerialNumber;
use tracing::level_filters::LevelFilter;

/// A bundle is at most 512 KiB (PROTOCOL §4); more is not even read.
const BUNDLE_LIMIT: u64 = 512 * 1024;

/// The agent on a phone: enrols it in a fleet, checks in, and carries out what the fleet's people have signed.
#[derive(Parser)]
#[command(name = "muster-agent", version, max_term_width = 100)]
pub struct Cli {
    /// Says more on standard error; twice says everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Joins a fleet with an enrolment code; again on an enrolled phone, it keeps pin, locks and holds.
    Enrol(Box<Enrol>),
    /// Checks in, waits for commands and carries them out, until stopped.
    Run(Run),
    /// Shows what this phone knows of itself and its fleet.
    Status(StatusArgs),
    /// Takes a bundle from a file, as if a check-in had brought it.
    Apply(Apply),
    /// Judges releases of programs for this phone, for the vendor's updater.
    #[command(subcommand)]
    Program(program::Program),
    /// Plays the owner of a sandbox phone who types the passcode: opens the owner's lock, never the fleet's.
    OwnerUnlock(OwnerUnlockArgs),
}

#[derive(Args)]
#[command(group(ArgGroup::new("trust").args(["fleet_fingerprint", "trust_on_first_use"])))]
struct Enrol {
    /// The server, like https://devices.example.org:8443.
    #[arg(long, value_name = "URL")]
    server: ServerUrl,
    /// The enrolment code.
    #[arg(long)]
    code: String,
    /// The folder in which this phone keeps its state.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The handset's serial number; needed the first time.
    #[arg(long, value_parser = parse_serial)]
    serial: Option<SerialNumber>,
    /// The fleet's fingerprint from its card: 64 hexadecimal digits, or 32 words in quotes. Not needed by a phone that has a
    /// fleet, or was transferred to one.
    #[arg(long, value_name = "HEX-OR-WORDS", value_parser = parse_fingerprint)]
    fleet_fingerprint: Option<Digest>,
    /// Believes the server, this once, which fleet this is. The phone shows for ever that it did.
    #[arg(long)]
    trust_on_first_use: bool,
    /// SHA-256 of the CA's root certificate.
    #[arg(long, value_name = "HEX", value_parser = parse_fingerprint)]
    ca_fingerprint: Option<Digest>,
    /// Which phone this is: sandbox, a folder that plays one, or hooks, the vendor's executables.
    #[arg(long, default_value = "sandbox")]
    phone: PhoneKind,
    /// The model that a sandbox phone reports.
    #[arg(long, default_value = "Hardline X7")]
    model: String,
}

#[derive(Args)]
struct Run {
    /// The phone's folder.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Checks in once and stops.
    #[arg(long)]
    once: bool,
    /// For tests: ends the process at this point, as a power cut would.
    #[arg(long, hide = true, value_parser = clap::builder::PossibleValuesParser::new(CRASH_POINTS))]
    crash_at: Option<String>,
}

#[derive(Args)]
struct StatusArgs {
    /// The phone's folder.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Apply {
    /// The bundle.
    file: PathBuf,
    /// The phone's folder.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Leaves the receipts for the next check-in instead of sending them now.
    #[arg(long)]
    offline: bool,
    /// For tests: ends the process at this point, as a power cut would.
    #[arg(long, hide = true, value_parser = clap::builder::PossibleValuesParser::new(CRASH_POINTS))]
    crash_at: Option<String>,
}

#[derive(Args)]
struct OwnerUnlockArgs {
    /// The phone's folder.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

fn parse_serial(text: &str) -> Result<SerialNumber, String> {
    SerialNumber::parse(text)
        .map_err(|_| "a serial number is 1 to 64 of A-Z a-z 0-9 . _ -".to_owned())
}

impl Cli {
    /// How much goes to standard error.
    pub fn log_level(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            2.. => LevelFilter::DEBUG,
        }
    }

    /// Does what was asked.
    pub async fn run(self) -> Result<ExitCode, AgentError> {
        match self.command {
            Command::Enrol(arguments) => run_enrol(*arguments).await,
            Command::Run(arguments) => run(arguments).await,
            Command::Status(arguments) => status(&arguments),
            Command::Apply(arguments) => apply(arguments).await,
            Command::Program(command) => program::run(command).await,
            Command::OwnerUnlock(arguments) => unlock(&arguments.state).await,
        }
    }
}

async fn run_enrol(arguments: Enrol) -> Result<ExitCode, AgentError> {
    let trust = match (arguments.fleet_fingerprint, arguments.trust_on_first_use) {
        (Some(fingerprint), _) => Trust::Fingerprint(fingerprint),
        (None, true) => Trust::FirstUse,
        (None, false) => Trust::Pinned,
    };
    let enrolled = enrol(&EnrolOptions {
        server: arguments.server,
        code: arguments.code,
        state_dir: arguments.state,
        serial: arguments.serial,
        trust,
        ca_fingerprint: arguments.ca_fingerprint,
        phone: arguments.phone,
        model: arguments.model,
        system: System::real(),
    })
    .await?;
    println!(
        "{} is enrolled as device {}.",
        enrolled.serial, enrolled.device
    );
    println!(
        "Its fleet: {} (pinned: {})",
        enrolled.fingerprint, enrolled.manner
    );
    println!("Compare these words with the portal: {}", enrolled.words);
    Ok(ExitCode::SUCCESS)
}

async fn run(arguments: Run) -> Result<ExitCode, AgentError> {
    let mut agent = open(&arguments.state, arguments.crash_at)?;
    if arguments.once {
        let outcome = agent.check_in_once().await?;
        report(&outcome);
        return Ok(ExitCode::SUCCESS);
    }
    if std::io::stderr().is_terminal() {
        eprintln!("muster-agent runs; stop it with Ctrl-C.");
    }
    agent.run(stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler the agent runs on, and the system's own end of the process is as safe as a power cut.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn status(arguments: &StatusArgs) -> Result<ExitCode, AgentError> {
    let status = Status::read(&arguments.state)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&status)
            .map_err(|error| AgentError::Impossible(error.to_string()))?;
        println!("{text}");
    } else {
        println!("{status}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn apply(arguments: Apply) -> Result<ExitCode, AgentError> {
    let bundle = read_bounded(&arguments.file, BUNDLE_LIMIT)?;
    let mut agent = open(&arguments.state, arguments.crash_at)?;
    let outcome = agent.apply(&bundle).await?;
    report(&outcome);
    if !arguments.offline
        && outcome.receipts_waiting > 0
        && let Err(error) = agent.send_receipts().await
    {
        eprintln!("The receipts wait for the next check-in: {error}");
    }
    // A bundle of which something was refused is not a success to a script.
    let all_well = outcome.documents.is_empty()
        && outcome
            .commands
            .iter()
            .all(|written| written.reason.is_none());
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// Reads a file that can be no longer than this.
fn read_bounded(file: &Path, limit: u64) -> Result<Vec<u8>, AgentError> {
    let unreadable = |error: std::io::Error| program::unreadable(file, &error);
    if std::fs::metadata(file).map_err(unreadable)?.len() > limit {
        return Err(AgentError::Bundle(
            muster_protocol::reason::Reason::TooLarge,
        ));
    }
    std::fs::read(file).map_err(unreadable)
}

async fn unlock(state: &Path) -> Result<ExitCode, AgentError> {
    let outcome = owner_unlock(state)?;
    Agent::open(state, Options::default())?.redraw().await?;
    match outcome {
        OwnerUnlock::Opened => println!("The phone is open."),
        OwnerUnlock::NothingToOpen => println!("The phone was open already."),
        OwnerUnlock::FleetLockHolds => {
            eprintln!("The fleet's lock holds; the owner's passcode does not open that one.");
            return Ok(ExitCode::from(3));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the agent; of damage the owner is told on the screen too.
fn open(state: &Path, crash_at: Option<String>) -> Result<Agent, AgentError> {
    let crash = crash_at.map(|wanted| {
        let crash: CrashHook = Arc::new(move |point| {
            if point == wanted {
                std::process::abort();
            }
        });
        crash
    });
    let opened = Agent::open(
        state,
        Options {
            crash,
            ..Options::default()
        },
    );
    if let Err(AgentError::Folder(FolderError::Damaged(_))) = &opened
        && let Ok(mut phone) = SandboxPhone::open(state)
    {
        // The error itself is printed; a screen that cannot be drawn would only hide it.
        let _ = phone.show(&[sentences::DAMAGED.to_owned()]);
    }
    opened
}

fn report(outcome: &Outcome) {
    for Written {
        command,
        state,
        reason,
    } in &outcome.commands
    {
        let command =
            command.map_or_else(|| "not a command".to_owned(), |digest| digest.to_string());
        let state = state.map_or("refused", muster_protocol::receipt::ReceiptState::as_str);
        match reason {
            Some(reason) => println!("{command} {state} {reason}"),
            None => println!("{command} {state}"),
        }
    }
    for code in &outcome.documents {
        println!("document refused {code}");
    }
    if outcome.ended {
        println!("This phone has left its fleet.");
    }
}
