//! A successor server hears the phones of the server whose backup it was given: the other CA is taken, on the record.

use std::path::Path;
use std::sync::Arc;

use muster_store::organisations;
use serde_json::json;

use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};

/// Takes the CA in `file`; answers its fingerprint. It counts from the next start on.
///
/// # Errors
/// A sentence: the file is no CA's certificate, or the record cannot be written.
pub async fn trust(app: &Arc<App>, file: &Path) -> Result<String, String> {
    let (fingerprint, is_news) = app.authority.trust_former(file)?;
    if !is_news {
        return Ok(fingerprint);
    }
    let (app2, named) = (app.clone(), fingerprint.clone());
    let written = app.store.write(move |tx| {
        let Some(operator) = organisations::operator(tx)? else {
            return Ok(());
        };
        let entry = Entry {
            kind: "ca.trusted",
            weight: Weight::Major,
            place: Place {
                organisation: operator.id,
                reseller: None,
                fleet: None,
            },
            device: None,
            command: None,
            facts: json!({ "fingerprint": named }),
        };
        write::write(tx, &app2, &By::system(), &entry)
    });
    written
        .await
        .map_err(|error| format!("It was taken, and cannot be put on the record: {error}."))?;
    Ok(fingerprint)
}
