//! Tell: the fleet's own people bring its keyrings to the witnesses, past the server. A keyring that the server keeps out of its log
//! would leave a removed approver alive; a witness that knows of it clears nothing.

use std::path::Path;
use std::time::Duration;

use muster_protocol::base64;
use reqwest::{Client, StatusCode};

use crate::cli::say::say;
use crate::offline::folder::Folder;
use crate::witness::shapes::{Followed, KEYRINGS, Taught};

/// Brings every keyring of the folder to every witness.
///
/// # Errors
/// A sentence: the folder holds no keyring, or a witness did not take them; the others were told all the same.
pub async fn run(dir: &Path, witnesses: &[String]) -> Result<(), String> {
    let folder = Folder::at(dir);
    let (descriptor, held) = folder.newest()?;
    let chain = folder.chain()?;
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| format!("The connection cannot be set up: {error}."))?;
    let mut missing = 0;
    for url in witnesses {
        let url = url.trim_end_matches('/');
        match tell(&client, url, &descriptor.encode(), &chain).await {
            Ok(version) if version >= held.keyring.version => say!("{url}  keyring {version}"),
            Ok(version) => {
                missing += 1;
                eprintln!(
                    "muster: {url} holds keyring {version} and follows no further: it knows another keyring of that number. Show both to the root signers."
                );
            }
            Err(why) => {
                missing += 1;
                eprintln!("muster: {url} was not told: {why}.");
            }
        }
    }
    if missing == 0 {
        Ok(())
    } else {
        Err(format!(
            "{missing} of {} witnesses do not know keyring {}. Tell them again, or replace them.",
            witnesses.len(),
            held.keyring.version
        ))
    }
}

async fn tell(
    client: &Client,
    url: &str,
    descriptor: &[u8],
    chain: &[Vec<u8>],
) -> Result<u64, String> {
    let mut known = 0;
    // It skips what it has, so that the whole chain can be told whatever it knows.
    for some in chain.chunks(KEYRINGS) {
        let taught = Taught {
            v: 1,
            descriptor: base64::encode(descriptor),
            keyrings: some
                .iter()
                .map(|envelope| base64::encode(envelope))
                .collect(),
        };
        let sent = client.post(format!("{url}/keyrings")).json(&taught).send();
        let answer = sent
            .await
            .map_err(|error| format!("it does not answer: {}", error.without_url()))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err("it does not serve this fleet".to_owned()),
            status => return Err(format!("it answers {status}")),
        }
        let followed: Followed = answer
            .json()
            .await
            .map_err(|_| "its answer does not read".to_owned())?;
        known = followed.keyring;
    }
    Ok(known)
}
