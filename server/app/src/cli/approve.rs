//! `muster approve`: the screen that the server does not draw.

use super::say::say;
use std::io::{IsTerminal, Write as _};

use serde_json::Value;

use super::ApproveOptions;
use super::client::Api;
use crate::clock::{Clock, SystemClock};
use crate::features::commands::shapes::EnvelopeShown;
use crate::offline::inspection;
use crate::offline::key_file::KeyFile;
use crate::offline::memory;
use muster_protocol::time::UnixTime;

/// Fetches, checks, shows, asks, signs, and hands the signature in.
///
/// # Errors
/// A sentence: something does not fit, nobody agreed, or the server refuses.
pub async fn run(options: ApproveOptions) -> Result<(), String> {
    let key = KeyFile::read(&options.key)?;
    let api = Api::new(&options.server)?;
    let path = format!("/api/v1/commands/{}", options.command);
    let sent: EnvelopeShown = api.get(&format!("{path}/envelope")).await?;
    let now = UnixTime(u64::try_from(SystemClock.now().as_second()).unwrap_or(0));
    let inspected = inspection::inspect(&sent, &key, now)?;
    memory::remember(&options.key, &inspected.keyring)?;
    // The name is the server's word; what binds is the organisation in the pinned descriptor.
    say!(
        "{}",
        inspected.words(&format!("organisation {}", inspected.command.organisation))
    );
    if inspected.signed_by_me {
        return Err(format!(
            "{} signed this command already. Somebody else must sign.",
            key.name
        ));
    }
    if !options.yes && !agreed(&key.name, &inspected)? {
        return Err("Not signed.".to_owned());
    }
    let signature = inspection::sign(&inspected, &key);
    let answer: Value = api.post(&format!("{path}/approvals"), &signature).await?;
    if answer.get("sealed").and_then(Value::as_bool) == Some(true) {
        say!("Signed. The command is on its way; the phone decides by itself.");
    } else {
        say!("Signed. One more person must sign before it goes out.");
    }
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
