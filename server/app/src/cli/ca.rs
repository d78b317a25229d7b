//! `muster ca …`

use super::say::say;
use std::path::Path;

use crate::authority::Authority;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::random::SystemRandom;
use crate::vault::{self, Vault};

fn open(config: &Config) -> Result<Authority, String> {
    std::fs::create_dir_all(&config.data_dir)
        .and_then(|()| vault::only_for_its_owner(&config.data_dir))
        .map_err(|error| {
            format!(
                "The data folder {} cannot be written: {error}.",
                config.data_dir.display()
            )
        })?;
    let vault = Vault::open(&config.key_file, &SystemRandom)?;
    Authority::open(&config.data_dir, &vault, &SystemRandom, SystemClock.now())
}

/// Makes the CA where there is none, and says what it is.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn init(config: &Config, export_root_key: Option<&Path>) -> Result<(), String> {
    let authority = open(config)?;
    if let Some(path) = export_root_key {
        authority.take_root_key_away(path)?;
        say!(
            "The root's sealed key is in {} now, and no longer here. Keep it with a copy of the key file.",
            path.display()
        );
    }
    print(&authority);
    Ok(())
}

/// Shows the CA.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn show(config: &Config) -> Result<(), String> {
    if !config.data_dir.join("ca").exists() {
        return Err(format!(
            "There is no CA in {} yet. Make one with muster ca init.",
            config.data_dir.display()
        ));
    }
    let authority = open(config)?;
    print(&authority);
    for former in authority.former()? {
        say!("Former CA        {}", former.fingerprint());
    }
    say!(
        "
{}",
        authority.root_pem().trim_end()
    );
    Ok(())
}

fn print(authority: &Authority) {
    say!("Fingerprint      {}", authority.ca_fingerprint());
    say!("Certificate      {}", authority.root_path().display());
    say!(
        "Root key         {}",
        if authority.root_key_is_here() {
            "here, sealed"
        } else {
            "not on this machine"
        }
    );
}

/// Issues a certificate for another listener.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn issue_server(config: &Config, names: &[String], out: &Path) -> Result<(), String> {
    let authority = open(config)?;
    let issued = authority.issue_server(names, SystemClock.now(), &SystemRandom)?;
    let (chain, key) = (out.join("server.crt"), out.join("server.key"));
    vault::write_secret(&key, issued.key.as_bytes())
        .map_err(|error| format!("{} cannot be written: {error}.", key.display()))?;
    std::fs::write(&chain, &issued.chain)
        .map_err(|error| format!("{} cannot be written: {error}.", chain.display()))?;
    say!("Wrote {} and {}.", chain.display(), key.display());
    Ok(())
}
