//! CAs of a server that this one succeeds. Phones that it enrolled come with its certificates until they renew; they are heard,
//! and who they are is still looked up in the store at each request. Such a CA vouches for nobody the store does not know.

use std::fs;
use std::path::Path;

use muster_pki::certificate::{CaCertificate, certificate_from_pem, certificate_pem};

use super::files::{in_folder, replace};

/// The folder beneath `ca/`.
const FOLDER: &str = "former";
/// The most there can be, so that a handshake never walks through many.
const MOST: usize = 8;

/// The former CAs of phones, in the order of their fingerprints.
///
/// # Errors
/// A sentence: a file in the folder is no CA certificate.
pub(super) fn read(ca: &Path) -> Result<Vec<CaCertificate>, String> {
    let folder = ca.join(FOLDER);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| in_folder(&folder, &error))? {
        let path = entry.map_err(|error| in_folder(&folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "crt") {
            found.push(parse(&path)?);
        }
    }
    found.sort_by_key(CaCertificate::fingerprint);
    Ok(found)
}

/// Adds the CA whose certificate lies in `file`; answers it, and whether it is new.
///
/// # Errors
/// A sentence: it is no CA certificate, it is this server's own, or there are too many.
pub(super) fn add(ca: &Path, file: &Path, own: &[&[u8]]) -> Result<(CaCertificate, bool), String> {
    let certificate = parse(file)?;
    if own.contains(&certificate.der()) {
        return Err(format!(
            "{} is a CA of this server itself: its phones are heard already.",
            file.display()
        ));
    }
    let known = read(ca)?;
    if known.iter().any(|one| one.der() == certificate.der()) {
        return Ok((certificate, false));
    }
    if known.len() >= MOST {
        return Err(format!(
            "There are {MOST} former CAs already. Remove those whose phones have all renewed from {}.",
            ca.join(FOLDER).display()
        ));
    }
    let folder = ca.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| in_folder(&folder, &error))?;
    let path = folder.join(format!("{}.crt", certificate.fingerprint()));
    replace(&path, certificate_pem(certificate.der()).as_bytes())
        .map_err(|error| in_folder(&folder, &error))?;
    Ok((certificate, true))
}

fn parse(path: &Path) -> Result<CaCertificate, String> {
    let shown = path.display();
    let pem =
        fs::read_to_string(path).map_err(|error| format!("{shown} cannot be read: {error}."))?;
    certificate_from_pem(&pem)
        .and_then(|der| CaCertificate::parse(&der))
        .map_err(|error| format!("{shown} is no certificate of a CA: {error}. The one wanted is ca/devices.crt of the former server."))
}
