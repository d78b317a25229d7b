//! `muster policy …`: what phones watch by themselves, drafted and signed on an approver's own machine.

use super::say::say;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use muster_protocol::base64;
use muster_protocol::envelope::Envelope;
use muster_protocol::policy::{Noncompliance, Policy};
use serde_json::{Value, json};

use super::ServerOptions;
use super::client::Api;
use super::keyring::now;
use super::root::agreed;
use crate::offline::folder::{self, Folder};
use crate::offline::key_file::KeyFile;
use crate::offline::policies::{self, Wanted};
use crate::offline::signing::{self, Document};

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write the next policy, unsigned
    Draft(Box<DraftOptions>),
    /// See what a policy says, and add your signature to it
    Sign {
        /// The draft
        #[arg(value_name = "DRAFT")]
        draft: PathBuf,
        /// Your key file, whose key has a grant for policies
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The fleet's folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Sign without asking, for scripts that read the output themselves
        #[arg(long)]
        yes: bool,
    },
    /// Bring the newest signed policy to the server
    Publish {
        #[command(flatten)]
        server: ServerOptions,
        /// The fleet's folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// What phones shall watch.
#[derive(Args)]
pub(crate) struct DraftOptions {
    /// The fleet's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Seconds between check-ins, 60 to 86400
    #[arg(long, value_name = "N", default_value_t = 900)]
    check_in_seconds: u64,
    /// Days switched on without a valid answer until contact is lost, 2 to 90
    #[arg(long, value_name = "N", default_value_t = 14)]
    contact_lost_days: u64,
    /// Hours of warning before non-compliance has an effect, 72 to 720
    #[arg(long, value_name = "N", default_value_t = 72)]
    grace_hours: u64,
    /// Hours after which a phone calls the record stale, 24 to 720
    #[arg(long, value_name = "N", default_value_t = 72)]
    stale_hours: u64,
    /// Days without contact after which the screen closes with the owner's own lock, 7 to 180
    #[arg(long, value_name = "N")]
    owner_lock_days: Option<u64>,
    /// Storage must be encrypted
    #[arg(long)]
    require_encryption: bool,
    /// The least agent version
    #[arg(long, value_name = "VERSION")]
    min_agent: Option<String>,
    /// The least patch level of the system, as phones report it
    #[arg(long, value_name = "DATE")]
    min_os_patch: Option<String>,
    /// What a phone that does not comply does: report, or suspend its own service after the grace
    #[arg(long, value_name = "WORD", default_value = "report")]
    noncompliance: String,
    /// Days until the policy ends
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    days: u64,
}

pub(super) async fn run(command: PolicyCommand) -> Result<(), String> {
    match command {
        PolicyCommand::Draft(options) => draft(*options),
        PolicyCommand::Sign {
            draft,
            key,
            dir,
            yes,
        } => match signing::open(&folder::read(&draft)?)? {
            Document::Policy(envelope) => {
                sign_envelope(envelope, &draft, &key, &Folder::at(&dir), yes)
            }
            Document::Keyring(_) => {
                Err("This is a keyring. Root signers sign it: muster root sign.".to_owned())
            }
        },
        PolicyCommand::Publish { server, dir } => publish(&server, &Folder::at(&dir)).await,
    }
}

fn draft(options: DraftOptions) -> Result<(), String> {
    let folder = Folder::at(&options.dir);
    let (descriptor, _) = folder.newest()?;
    let noncompliance: Noncompliance = options
        .noncompliance
        .parse()
        .map_err(|_| "--noncompliance is report or suspend.".to_owned())?;
    let version = folder.policy()?.map_or(0, |(version, _)| version) + 1;
    let wanted = Wanted {
        check_in_seconds: options.check_in_seconds,
        contact_lost_days: options.contact_lost_days,
        grace_hours: options.grace_hours,
        stale_hours: options.stale_hours,
        owner_lock_days: options.owner_lock_days,
        require_encryption: options.require_encryption,
        min_agent: options.min_agent,
        min_os_patch: options.min_os_patch,
        noncompliance,
        days: options.days,
    };
    let path = folder.path(&format!("policy-{version}.draft.json"));
    folder::write(
        &path,
        &policies::draft(&descriptor, version, wanted, now())?,
    )?;
    say!("Wrote {}, unsigned.", path.display());
    say!(
        "Sign it: muster policy sign {} --key FILE --dir {}",
        path.display(),
        options.dir.display()
    );
    Ok(())
}

pub(super) fn sign_envelope(
    mut envelope: Envelope,
    path: &Path,
    key_path: &Path,
    folder: &Folder,
    yes: bool,
) -> Result<(), String> {
    let key = KeyFile::read(key_path)?;
    let (descriptor, keyring) = folder.newest()?;
    key.pinned()?;
    let held = match folder.policy()? {
        // A policy that a newer keyring no longer counts is none: phones that have it go on with it, new ones refuse it.
        Some((_, bytes)) => {
            Policy::verify(&bytes, &keyring.keyring, &descriptor.organisation, None).ok()
        }
        None => None,
    };
    let policy = policies::read(&envelope, &descriptor, held.as_ref())?;
    say!(
        "You are asked to sign policy {} of fleet {}.\n",
        policy.version,
        descriptor.fingerprint()
    );
    for line in policies::words(&policy, held.as_ref().map(|held| &held.policy)) {
        say!("  {line}");
    }
    policies::sign(&mut envelope, &descriptor, &keyring.keyring, &key)?;
    if !yes && !agreed(&key.name, &policy.version.to_string())? {
        return Err("Not signed.".to_owned());
    }
    folder::write(path, &envelope.encode())?;
    say!("\nSigned: {}", path.display());
    if policies::is_whole(&envelope, &descriptor, &keyring.keyring) {
        let whole = folder.path(&format!("policy-{}.json", policy.version));
        folder::write(&whole, &envelope.encode())?;
        say!("It is complete: {}", whole.display());
        say!("Bring it to the server: muster policy publish --dir DIR");
    } else {
        say!("More people must sign. Carry the file to the next one.");
    }
    Ok(())
}

async fn publish(server: &ServerOptions, folder: &Folder) -> Result<(), String> {
    let (descriptor, _) = folder.newest()?;
    let (version, envelope) = folder
        .policy()?
        .ok_or("There is no signed policy in this folder yet. See muster policy draft.")?;
    let path = format!(
        "/api/v1/organisations/{}/fleet/policies",
        descriptor.organisation
    );
    let _: Value = Api::new(server)?
        .post(&path, &json!({ "policy": base64::encode(&envelope) }))
        .await?;
    say!("The server carries policy {version} now. Phones take it at their next check-in.");
    Ok(())
}
