//! What goes with a mail: the invoice or credit note that a letter brings. It is made when the mail leaves and kept nowhere; the
//! document itself never changes.

use std::sync::Arc;

use muster_store::mail_outbox::Mail;
use muster_store::selling::letters;

use crate::app::App;
use crate::mail::Attachment;

/// Makes the document of an invoice, by its id.
type Document = fn(
    Arc<App>,
    String,
) -> std::pin::Pin<Box<dyn Future<Output = Result<Attachment, String>> + Send>>;

/// Who makes documents; nobody while this installation has no printer of them, and then letters go without.
const DOCUMENT: Option<Document> = None;

/// What goes with a mail.
///
/// # Errors
/// A sentence for whoever reads why the mail did not leave: the document cannot be made now.
pub async fn of(app: &Arc<App>, mail: &Mail) -> Result<Vec<Attachment>, String> {
    let Some(document) = DOCUMENT.filter(|_| mail.seller_id.is_some()) else {
        return Ok(Vec::new());
    };
    let id = mail.id.clone();
    let letter = app.store.read(move |c| letters::of_mail(c, &id)).await;
    let letter = letter.map_err(|error| error.to_string())?;
    let Some(invoice) = letter
        .filter(|letter| matches!(letter.kind.as_str(), "invoice" | "credit-note"))
        .and_then(|letter| letter.invoice_id)
    else {
        return Ok(Vec::new());
    };
    document(app.clone(), invoice)
        .await
        .map(|attached| vec![attached])
}
