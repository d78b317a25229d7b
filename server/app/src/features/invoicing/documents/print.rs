//! A document as a file: PDF with the data inside (Factur-X), CII, UBL. For downloads and for mails.

use std::sync::Arc;
use std::time::Duration;

use muster_paper::invoice::{Invoice, cii, pdf, ubl};
use muster_store::selling::documents as store;

use super::frozen::{self, Frozen};
use super::paper;
use crate::app::App;
use crate::web::problem::{Answer, Kind, Problem};

/// How long a document may take. The longest one we know, of a thousand lines, takes a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// The forms that a document comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Factur-X: the page, and the CII inside.
    Pdf,
    /// UN/CEFACT Cross Industry Invoice.
    Cii,
    /// OASIS UBL 2.1.
    Ubl,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Cii, Self::Ubl];

    /// How names of its files end.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Cii => "cii.xml",
            Self::Ubl => "ubl.xml",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Cii | Self::Ubl => "application/xml",
        }
    }

    /// The document in it.
    ///
    /// # Errors
    /// What is missing or too long for it, in sentences.
    pub fn write(self, document: &Invoice) -> Result<Vec<u8>, String> {
        match self {
            Self::Pdf => pdf::write(document).map_err(|error| error.to_string()),
            Self::Cii => cii::write(document).map_err(|error| error.to_string()),
            Self::Ubl => ubl::write(document).map_err(|error| error.to_string()),
        }
    }
}

/// A file to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The PDF of a document, for the letter that brings it.
///
/// # Errors
/// There is no such document; it cannot be printed, or not in time.
pub async fn attachment(app: &Arc<App>, invoice_id: &str) -> Answer<Attachment> {
    let id = invoice_id.to_owned();
    let found = app.store.read(move |c| {
        let found = store::find_for_job(c, &id)?;
        found.map(|invoice| Frozen::of(c, invoice)).transpose()
    });
    let of = found.await?.ok_or_else(|| Problem::not_found("invoice"))?;
    print(of, Form::Pdf).await
}

/// A document as a file. The same rows give the same bytes.
///
/// # Errors
/// It cannot be printed, or not in time.
pub async fn print(of: Frozen, form: Form) -> Answer<Attachment> {
    let making = tokio::task::spawn_blocking(move || -> Answer<Attachment> {
        let document = paper::document(&of)?;
        let bytes = form.write(&document).map_err(|faults| {
            tracing::warn!(invoice = %of.invoice.id, faults, "a document cannot be printed");
            Problem::conflict("not-printable", faults)
        })?;
        let number = frozen::number(&of.invoice).replace('/', "-");
        Ok(Attachment {
            name: format!("{number}.{}", form.ending()),
            media_type: form.media_type(),
            bytes,
        })
    });
    match tokio::time::timeout(PATIENCE, making).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => {
            tracing::error!(%error, "the making of a document broke off");
            Err(Problem::new(
                Kind::Internal,
                "internal",
                "Something is wrong on our side. It is on our log.",
            ))
        }
        Err(_) => Err(Problem {
            retry_after: Some(30),
            ..Problem::new(
                Kind::Unavailable,
                "not-in-time",
                "The document was not made in time. Try again in a minute.",
            )
        }),
    }
}
