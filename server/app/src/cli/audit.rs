//! `muster audit …`: take a log home, judge it without its server, and follow it from outside.

mod export;
mod watch;

use super::say::say;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use muster_audit::verify::{self, How, Report};
use muster_protocol::digest::Digest;

use super::ServerOptions;

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Take every log that the token may read home, one folder each; run again, it goes on where it was
    Export {
        #[command(flatten)]
        server: ServerOptions,
        /// Folder for the logs
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// One log only, by its id
        #[arg(long, value_name = "ID")]
        log: Option<String>,
    },
    /// Judge an exported log with nothing but a pin, and name what does not fit
    Verify {
        /// What `export` wrote
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The fleet's fingerprint, or of the installation's own log the id of its key
        #[arg(long, value_name = "FINGERPRINT")]
        pin: Digest,
        /// The token that exported it may see a part of the log only: entries without their text are named, and no finding
        #[arg(long)]
        partial: bool,
    },
    /// Follow a live server's log as an outside witness; ends with an error when the log is not what it was
    Watch(Box<WatchOptions>),
}

#[derive(Args)]
pub(crate) struct WatchOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Where the last checkpoint is kept, and both notes when two contradict each other
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The fleet's fingerprint, or of the installation's own log the id of its key
    #[arg(long, value_name = "FINGERPRINT")]
    pin: Digest,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    every: u64,
    /// Look once and end
    #[arg(long)]
    once: bool,
}

/// Runs one of them.
///
/// # Errors
/// A sentence: the server does not answer, a file cannot be used, or the history does not hold.
pub async fn run(command: AuditCommand) -> Result<(), String> {
    match command {
        AuditCommand::Export { server, out, log } => {
            export::run(&server, &out, log.as_deref()).await
        }
        AuditCommand::Verify { dir, pin, partial } => {
            let folder = verify::find(&dir, &pin)?;
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            show(&verify::verify(&folder, &pin, How { threads, partial })?)
        }
        AuditCommand::Watch(options) => watch::run(*options).await,
    }
}

fn show(report: &Report) -> Result<(), String> {
    say!("Log              {}", report.origin);
    say!("Entries          {}", report.head.size);
    say!("Root             {}", report.head.root);
    say!("Witnesses        {}", report.witnesses);
    say!("Keyring          {}", report.keyring);
    say!("Phones           {}", report.phones);
    say!("Commands         {}", report.commands);
    say!("Receipts         {}", report.receipts);
    say!("Clearances       {}", report.clearances);
    if report.withheld > 0 {
        say!(
            "Without bytes    {}: judged by their digests alone",
            report.withheld
        );
    }
    for run in &report.withheld_runs {
        say!("                 {run}");
    }
    for finding in &report.findings {
        say!("\n{finding}");
    }
    let shown = report.findings.len() as u64;
    if report.found > shown {
        say!("\nand {} more", report.found - shown);
    }
    if report.holds() {
        say!("\nThe history holds.");
        Ok(())
    } else {
        Err(format!(
            "The history does not hold: {} findings.",
            report.found
        ))
    }
}
