//! `muster root …` and `muster approver …`: one person's key on that person's own machine, and what a root key is for.

use super::say::say;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;

use super::policy;
use crate::offline::folder::{self, Folder};
use crate::offline::key_file::{KeyFile, Use};
use crate::offline::public_part::{PublicPart, spoken};
use crate::offline::signing::{self, Document, Draft};
use crate::offline::{ceremony, difference, typed};
use crate::random::SystemRandom;

/// A person's key, to be made.
#[derive(Args)]
pub(crate) struct NewKey {
    /// What you are called; it stays out of every keyring
    #[arg(long, value_name = "NAME")]
    name: String,
    /// File for your key; its public part goes beside it, with .pub at the end
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum RootCommand {
    /// Make your root key, on a machine of your own
    Create(NewKey),
    /// See what a draft changes, and add your signature to it
    Sign {
        /// The draft of a keyring (or, with an approver's key, of a policy)
        #[arg(value_name = "DRAFT")]
        draft: PathBuf,
        /// Your key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The fleet's folder: descriptor.json and every keyring so far
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Sign without asking, for scripts that read the output themselves
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum ApproverCommand {
    /// Make your approver's key, on a machine of your own
    Create(NewKey),
    /// Pin your key to the fleet whose card you hold, once and for all
    Pin {
        /// Your key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The fleet's fingerprint: 64 hexadecimal characters, or the card's words
        #[arg(long, value_name = "FINGERPRINT")]
        fleet: String,
    },
}

pub(super) fn run(command: RootCommand) -> Result<(), String> {
    match command {
        RootCommand::Create(new) => create(Use::Root, &new),
        RootCommand::Sign {
            draft,
            key,
            dir,
            yes,
        } => sign(&draft, &key, &Folder::at(&dir), yes),
    }
}

pub(super) fn run_approver(command: ApproverCommand) -> Result<(), String> {
    match command {
        ApproverCommand::Create(new) => create(Use::Approver, &new),
        ApproverCommand::Pin { key, fleet } => {
            let fleet = fingerprint(&fleet)?;
            KeyFile::pin(&key, fleet)?;
            say!("{} is pinned to the fleet {fleet}.", key.display());
            Ok(())
        }
    }
}

fn create(r#use: Use, new: &NewKey) -> Result<(), String> {
    let key = ceremony::new_key(r#use, &new.name, &SystemRandom)?;
    let public = PublicPart::of(&key);
    let beside = PublicPart::path_of(&new.out);
    key.write(&new.out)?;
    public.write(&beside)?;
    say!("Your key           {}", new.out.display());
    say!("Its public part    {}", beside.display());
    say!("Key id             {}", public.id());
    say!("In words           {}", spoken(&public.id()));
    say!(
        "\nKeep the key file to yourself and a copy of it in a safe place. Carry the public part to the ceremony, and say"
    );
    say!("the words there: whoever adds your key compares them.");
    Ok(())
}

pub(super) fn fingerprint(text: &str) -> Result<Digest, String> {
    typed::digest(text).ok_or_else(|| {
        "This is no fingerprint. Type the 64 hexadecimal characters or the 32 words of the fleet's card.".to_owned()
    })
}

fn sign(path: &Path, key_path: &Path, folder: &Folder, yes: bool) -> Result<(), String> {
    match signing::open(&folder::read(path)?)? {
        Document::Keyring(draft) => sign_keyring(*draft, path, key_path, folder, yes),
        Document::Policy(envelope) => policy::sign_envelope(envelope, path, key_path, folder, yes),
    }
}

fn sign_keyring(
    mut draft: Draft,
    path: &Path,
    key_path: &Path,
    folder: &Folder,
    yes: bool,
) -> Result<(), String> {
    let key = KeyFile::read(key_path)?;
    let descriptor = folder.descriptor()?;
    let held = folder.held(&descriptor)?;
    let pin = descriptor.fingerprint();
    draft.follows(&descriptor, held.as_ref())?;
    let held_keyring = held.as_ref().map(|held| &held.keyring);
    show(held_keyring, &draft.keyring, folder);
    say!("\nFleet             {pin}");
    if key.fleet.is_none() {
        say!(
            "                  Your key is pinned to no fleet yet. Compare this with the fleet's card: signing pins it."
        );
    }
    // Judged before anybody is asked: what cannot count is not worth an answer.
    draft.sign(&pin, held_keyring.map(|held| &held.root), &key)?;
    let missing = draft.missing(&descriptor, held.as_ref())?;
    let version = draft.keyring.version.to_string();
    if !yes && !agreed(&key.name, &version)? {
        return Err("Not signed.".to_owned());
    }
    if key.fleet.is_none() {
        KeyFile::pin(key_path, pin)?;
    }
    folder::write(path, &draft.envelope.encode())?;
    say!("\nSigned: {}", path.display());
    match missing {
        Some(missing) => say!("{missing} Carry the file to the next one."),
        None => {
            let whole = folder.path(&format!("keyring-{version}.json"));
            folder::write(&whole, &draft.envelope.encode())?;
            say!("It is complete: {}", whole.display());
            say!("Bring it to the server: muster keyring publish --dir DIR");
        }
    }
    Ok(())
}

fn show(held: Option<&Keyring>, next: &Keyring, folder: &Folder) {
    match held {
        Some(held) => say!(
            "You are asked to sign keyring {} after {}.\n",
            next.version,
            held.version
        ),
        None => say!("You are asked to sign the first keyring of a fleet.\n"),
    }
    let lines = difference::lines(held, next, &folder.names());
    if lines.is_empty() {
        say!("Nothing changes but its dates.");
    }
    for line in lines {
        say!("{line}");
    }
    say!("\n{}", difference::dates(next));
    say!(
        "Names are this folder's word. What binds are keys: compare the words of each new key with the person."
    );
}

/// Whether whoever sits here types `wanted`.
///
/// # Errors
/// Nobody sits here.
pub(super) fn agreed(name: &str, wanted: &str) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err("Nobody is here to agree. Run this in a terminal, or add --yes if you have read the above.".to_owned());
    }
    print!("\n{name}, type {wanted} to sign, anything else to leave it: ");
    let mut line = String::new();
    std::io::stdout()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut line))
        .map_err(|error| error.to_string())?;
    Ok(line.trim() == wanted)
}
