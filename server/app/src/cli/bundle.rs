//! `muster bundle …`: the fleet document as static files, so that any web server can be an entry of a keyring's `servers`
//! (PROTOCOL §5). After a take-over it is how phones hear of new keys.

use super::say::say;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::features::enrolment::fleet_document;
use crate::offline::folder::{self, Folder};

#[derive(Subcommand)]
pub(crate) enum BundleCommand {
    /// Write the fleet document under a web server's root
    Publish {
        /// The fleet's folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Root of the web server; the file is v1/fleets/FINGERPRINT beneath it
        #[arg(long, value_name = "WEBROOT")]
        out: PathBuf,
    },
}

pub(super) fn run(command: BundleCommand) -> Result<(), String> {
    let BundleCommand::Publish { dir, out } = command;
    let path = publish(&Folder::at(&dir), &out)?;
    say!("Wrote {}.", path.display());
    say!(
        "Serve it over HTTPS with a certificate that leads to the CA named in the keyring's servers, without a redirect."
    );
    Ok(())
}

fn publish(folder: &Folder, out: &Path) -> Result<PathBuf, String> {
    let (descriptor, held) = folder.newest()?;
    let document = fleet_document::of(&descriptor.encode(), &folder.chain()?);
    let beneath = out.join("v1").join("fleets");
    std::fs::create_dir_all(&beneath)
        .map_err(|error| format!("{} cannot be made: {error}.", beneath.display()))?;
    let path = beneath.join(descriptor.fingerprint().to_hex());
    folder::write(&path, document.to_string().as_bytes())?;
    say!(
        "Keyring {} of fleet {}.",
        held.keyring.version,
        descriptor.fingerprint()
    );
    Ok(path)
}

#[cfg(test)]
mod tests {
    use muster_protocol::base64;
    use serde_json::Value;

    use super::{Folder, publish};
    use crate::offline::signing::tests::Ceremony;

    #[test]
    fn the_static_file_is_what_a_server_would_answer() {
        let (fleet, dir) = (Ceremony::usual(), tempfile::tempdir().unwrap());
        std::fs::write(dir.path().join("descriptor.json"), &fleet.made.descriptor).unwrap();
        std::fs::write(dir.path().join("keyring-1.json"), &fleet.made.keyring).unwrap();
        let path = publish(&Folder::at(dir.path()), &dir.path().join("www")).unwrap();
        assert!(path.ends_with(format!("www/v1/fleets/{}", fleet.made.fingerprint)));
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(document["v"], 1);
        assert_eq!(
            document["descriptor"],
            base64::encode(&fleet.made.descriptor)
        );
        assert_eq!(document["keyrings"][0], base64::encode(&fleet.made.keyring));
    }
}
