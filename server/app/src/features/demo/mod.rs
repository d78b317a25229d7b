//! The demo: a whole installation in one folder, with two resellers and five sandbox phones that really enrol, check in and obey.
//! The only place of the server that knows the agent.

mod credentials;
mod phones;
mod seed;
mod trade;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::server::Server;
use credentials::Credentials;
use phones::Phones;

/// What the demo wrote down for its next start.
const STATE: &str = "demo.json";
/// What it hands to whoever tries it; there only while it runs.
const CREDENTIALS: &str = "credentials.json";

/// A demo as somebody wants it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The folder of everything.
    pub dir: PathBuf,
    /// Throw old data away first.
    pub fresh: bool,
    /// Where the portal listens.
    pub portal: SocketAddr,
    /// Where the phones' listener listens.
    pub device: SocketAddr,
}

/// A running demo.
pub struct Demo {
    server: Server,
    phones: Phones,
    credentials: Credentials,
    file: PathBuf,
}

/// Starts the demo: makes everything the first time, goes on where it was the next.
///
/// # Errors
/// A sentence: a port is taken, the folder cannot be written, holds something else, or is from a newer version.
pub async fn start(wanted: Wanted) -> Result<Demo, String> {
    let dir = std::path::absolute(&wanted.dir)
        .map_err(|error| format!("{}: {error}.", wanted.dir.display()))?;
    let (state, file) = (dir.join(STATE), dir.join(CREDENTIALS));
    if wanted.fresh {
        throw_away(&dir)?;
    }
    let known = Credentials::read(&state)?;
    if known.is_none() {
        refuse_strange_folder(&dir)?;
    }
    // Whoever waits for this file must not find the one of the last run.
    if file.exists() {
        std::fs::remove_file(&file)
            .map_err(|error| format!("{} cannot be removed: {error}.", file.display()))?;
    }
    let mut config = Config::in_dir(&dir);
    config.portal.listen = wanted.portal;
    config.device.listen = wanted.device;
    let server = Server::start(config).await?;
    if let Some(known) = &known
        && known.device_url != server.app.device_url
    {
        let sentence = format!(
            "This demo's phones were enrolled at {}, which their fleet's root signed; they would not find {}. Start it with the old \
             --device address, or with --fresh.",
            known.device_url, server.app.device_url
        );
        server.stop().await;
        return Err(sentence);
    }
    match run(&server, &dir, known).await {
        Ok((credentials, phones)) => {
            credentials.write(&state)?;
            credentials.write(&file)?;
            Ok(Demo {
                server,
                phones,
                credentials,
                file,
            })
        }
        Err(sentence) => {
            server.stop().await;
            Err(sentence)
        }
    }
}

async fn run(
    server: &Server,
    dir: &Path,
    known: Option<Credentials>,
) -> Result<(Credentials, Phones), String> {
    let credentials = match known {
        Some(known) => Credentials {
            portal_url: server.app.portal_url.clone(),
            ..known
        },
        None => seed::make(&server.app, dir).await?,
    };
    let phones = Phones::start(&server.app, &credentials).await?;
    Ok((credentials, phones))
}

impl Demo {
    /// What the person at the terminal wants to know.
    #[must_use]
    pub fn words(&self) -> String {
        let known = &self.credentials;
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n  Portal   {}\n  Phones   {}\n",
            known.portal_url, known.device_url
        );
        let _ = writeln!(text, "  Who can sign in");
        for member in &known.members {
            let _ = writeln!(
                text,
                "    {:<28} {:<30} {}, {}",
                member.email, member.password, member.role, member.organisation
            );
        }
        let (first, second) = (known.approver_keys.first(), known.approver_keys.get(1));
        let phone = known.phones.first();
        let (serial, folder) = phone.map_or(("", ""), |phone| {
            (phone.serial_number.as_str(), phone.state_dir.as_str())
        });
        let token = &known.api_tokens.reseller;
        let _ = writeln!(
            text,
            "\n  Three things to try\n\
             \n  1. Sign in as the admin of Northwind Mobile, open {serial} and lock it. Its screen is a file:\n       cat {folder}/screen.txt\n\
             \n  2. Ask for a wipe of {serial}. One person is not enough, and the server is nobody. Sign it twice:\n       \
             export MUSTER_SERVER={} MUSTER_TOKEN={token}\n       muster approve COMMAND --key {}\n       muster approve COMMAND --key {}\n     \
             Then look at what is left: ls {folder}\n\
             \n  3. Be the attacker. Take the database, the server's keys, everything in {}, and try to wipe a phone.\n\
             \n  All of this is in {} for programs. Ctrl-C stops the demo; started again it goes on where it was.",
            known.portal_url,
            first.map_or("", String::as_str),
            second.map_or("", String::as_str),
            self.file.parent().unwrap_or(Path::new("")).display(),
            self.file.display(),
        );
        text
    }

    /// Stops phones and server.
    pub async fn stop(self) {
        drop(std::fs::remove_file(&self.file));
        self.phones.stop().await;
        self.server.stop().await;
    }
}

/// Removes the data of an earlier demo, and nothing that is not one.
fn throw_away(dir: &Path) -> Result<(), String> {
    if !dir.exists() {
        return Ok(());
    }
    if !dir.join(STATE).exists() {
        return refuse_strange_folder(dir);
    }
    std::fs::remove_dir_all(dir)
        .map_err(|error| format!("{} cannot be emptied: {error}.", dir.display()))
}

fn refuse_strange_folder(dir: &Path) -> Result<(), String> {
    let Ok(mut entries) = std::fs::read_dir(dir) else {
        return Ok(());
    };
    let unfinished = dir.join("muster.db").exists() && dir.join("secret.key").exists();
    if entries.next().is_none() {
        return Ok(());
    }
    if unfinished {
        // A first start that was cut short: nothing in it was ever handed out.
        return std::fs::remove_dir_all(dir)
            .map_err(|error| format!("{} cannot be emptied: {error}.", dir.display()));
    }
    Err(format!(
        "{} holds something that is no demo. Give another folder with --dir.",
        dir.display()
    ))
}
