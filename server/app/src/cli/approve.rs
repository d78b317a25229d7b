//! `muster approve`: the screen that the server does not draw, as text in a terminal or, with `--serve`, as pages.

use super::say::say;
use std::io::{IsTerminal, Write as _};
use std::sync::Arc;

use serde_json::Value;

use super::ApproveOptions;
use super::client::Api;
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::desk::{Running, Settings, profile};
use crate::features::commands::shapes::EnvelopeShown;
use crate::offline::inspection::{self, Idle};
use crate::offline::key_file::KeyFile;
use crate::offline::memory;
use crate::random::SystemRandom;
use muster_protocol::time::UnixTime;

/// Fetches, checks, shows, asks, signs, and hands the signature in.
///
/// # Errors
/// A sentence: something does not fit, nobody agreed, or the server refuses.
pub async fn run(options: ApproveOptions) -> Result<(), String> {
    let (Some(command), [path]) = (&options.command, options.keys.as_slice()) else {
        return Err(
            "Name one command and one key file, or open your desk with --serve.".to_owned(),
        );
    };
    let key = KeyFile::read(path)?;
    let api = Api::new(&options.server)?;
    let remembered = path;
    let path = format!("/api/v1/commands/{command}");
    let sent: EnvelopeShown = api.get(&format!("{path}/envelope")).await?;
    let now = UnixTime(u64::try_from(SystemClock.now().as_second()).unwrap_or(0));
    let inspected = inspection::inspect(&sent, &key, now)?;
    memory::remember(remembered, &inspected.keyring)?;
    // The name is the server's word; what binds is the organisation in the pinned descriptor.
    say!(
        "{}",
        inspected.words(&format!("organisation {}", inspected.command.organisation))
    );
    match inspected.idle {
        None => {}
        Some(Idle::HasSigned) => {
            return Err(format!(
                "{} signed this command already. Somebody else must sign.",
                key.name
            ));
        }
        Some(Idle::Enough) => {
            return Err("Enough people have signed. There is nothing left to do.".to_owned());
        }
        Some(Idle::Dependent) => {
            return Err(
                "What is still needed is an independent key, and this one is none.".to_owned(),
            );
        }
    }
    if !options.yes && !agreed(&key.name, &inspected)? {
        return Err("Not signed.".to_owned());
    }
    let signature = inspection::sign(&inspected, &key);
    let answer: Value = api.post(&format!("{path}/approvals"), &signature).await?;
    if answer.get("sealed").and_then(Value::as_bool) == Some(true) {
        say!("Signed. The command is on its way; the phone decides by itself.");
    } else {
        say!("Signed. It goes out when as many have signed as the keyring demands.");
    }
    Ok(())
}

/// Opens the desk and keeps it open until Ctrl-C.
///
/// # Errors
/// A sentence: no fleet is pinned, a file cannot be used, or the port is taken.
pub async fn serve(options: ApproveOptions) -> Result<(), String> {
    let dir = match options.dir {
        Some(dir) => dir,
        None => profile::usual_dir(&options.keys, config::environment("HOME"))?,
    };
    let settings = Settings {
        server: options.server.server,
        token: options.server.token,
        keys: options.keys,
        fleet: options
            .fleet
            .as_deref()
            .map(super::root::fingerprint)
            .transpose()?,
        name: options.name,
        dir,
        port: options.listen,
    };
    let desk = Running::start(&settings, Arc::new(SystemClock), Arc::new(SystemRandom))?;
    say!("Your desk is open. This address opens it once, in the browser that is to be yours:\n");
    say!("  {}\n", desk.link);
    say!("Its pages are drawn by this program. Ctrl-C closes it.");
    super::stop_signal().await;
    desk.stop().await;
    say!("Closed.");
    Ok(())
}

/// What cannot be undone is confirmed by reading: one phone by its serial number, several by their count.
fn agreed(name: &str, inspected: &inspection::Inspected) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err("Nobody is here to agree. Run this in a terminal, or add --yes if you have read the above.".to_owned());
    }
    let wanted = match inspected.serials.as_slice() {
        [one] => one.to_string(),
        many => many.len().to_string(),
    };
    print!("{name}, type {wanted} to sign, anything else to leave it: ");
    let mut line = String::new();
    std::io::stdout()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut line))
        .map_err(|error| error.to_string())?;
    Ok(muster_domain::device::same_serial(&line, &wanted))
}
