//! `muster-agent program …`: what a vendor's updater asks this phone before it installs a release, and tells it afterwards.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use muster_agent::programs::{Offer, Vendor, look_at};
use muster_agent::{Agent, AgentError, Options};

/// The vendor's program keys, given at build. Without them no release is valid.
const KEYS: Option<&str> = option_env!("MUSTER_PROGRAM_KEYS");
/// Envelopes are at most 64 KiB, and proofs shorter (PROTOCOL §4); more is not even read.
const LIMIT: u64 = 64 * 1024;

#[derive(Subcommand)]
pub(super) enum Program {
    /// Says whether a release may be installed now; to be asked before it is.
    Check(Check),
    /// Notes that a release runs; to be told once the new program has checked in.
    Accept(Release),
}

#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    release: Release,
    /// The version that runs now.
    #[arg(long, value_name = "VERSION")]
    running: u64,
}

#[derive(Args)]
pub(super) struct Release {
    /// The signed release.
    release: PathBuf,
    /// The file that it is a release of.
    file: PathBuf,
    /// The release's place in the log, for the size of this phone's checkpoint.
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
    /// What is to be installed, like hardline-os.
    #[arg(long, value_name = "NAME")]
    product: String,
    /// The phone's processor.
    #[arg(long, default_value = std::env::consts::ARCH)]
    arch: String,
    /// The phone's folder.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

pub(super) async fn run(command: Program) -> Result<ExitCode, AgentError> {
    let vendor = Vendor::built_in(KEYS);
    match command {
        Program::Check(Check { release, running }) => {
            let brought = release.read()?;
            let mut agent = Agent::open(&release.state, Options::default())?;
            let program = agent
                .check_program(&vendor, &brought.offer(&release), running)
                .await?;
            println!("{} {} may be installed.", program.product, program.version);
        }
        Program::Accept(release) => {
            let brought = release.read()?;
            let mut agent = Agent::open(&release.state, Options::default())?;
            let program = agent
                .accept_program(&vendor, &brought.offer(&release))
                .await?;
            println!("{} {} is noted.", program.product, program.version);
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Brought {
    release: Vec<u8>,
    proof: Vec<u8>,
    file: muster_protocol::program::FileFound,
}

impl Brought {
    fn offer<'a>(&'a self, release: &'a Release) -> Offer<'a> {
        Offer {
            release: &self.release,
            proof: &self.proof,
            file: self.file,
            product: &release.product,
            arch: &release.arch,
        }
    }
}

impl Release {
    fn read(&self) -> Result<Brought, AgentError> {
        Ok(Brought {
            release: super::read_bounded(&self.release, LIMIT)?,
            proof: super::read_bounded(&self.proof, LIMIT)?,
            file: look_at(&self.file).map_err(|error| unreadable(&self.file, &error))?,
        })
    }
}

pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> AgentError {
    AgentError::Impossible(format!("cannot read {}: {error}", file.display()))
}
