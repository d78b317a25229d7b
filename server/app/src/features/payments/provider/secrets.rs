//! The secrets that sign a provider's calls: made here, shown once, stored sealed. Two may hold side by side, so that a provider is
//! brought from one to the next without a call being refused.

use std::sync::Arc;

use muster_store::selling::sellers;
use muster_store::selling::webhook_secrets::{self, WebhookSecret};
use serde_json::json;
use zeroize::Zeroizing;

use crate::app::App;
use crate::features::payments::books::{self, Recorder};
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::problem::{Answer, Problem};

/// What every secret begins with, so that a scanner finds one that was published by mistake.
const PREFIX: &str = "msp_";
/// How many hold side by side.
const MOST: usize = 2;

fn purpose(id: &str) -> String {
    format!("webhook-secret:{id}")
}

/// The secrets of the actor's own organisation that hold, oldest first; sealed.
///
/// # Errors
/// The database does not answer.
pub async fn list(app: &App, allowed: &Allowed<TakePayments>) -> Answer<Vec<WebhookSecret>> {
    let seller = allowed.actor.organisation.id.clone();
    Ok(app
        .store
        .read(move |c| webhook_secrets::live(c, &seller))
        .await?)
}

/// Makes a secret; answers its row and the secret itself, this once.
///
/// # Errors
/// Two hold already, or the organisation does not sell as yet.
pub async fn make(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
) -> Answer<(WebhookSecret, String)> {
    let (making, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let secret = Zeroizing::new(format!("{PREFIX}{}", app.random.secret()));
    let shown = secret.to_string();
    let made = app
        .store
        .write_or_refuse(move |tx| {
            if sellers::find(tx, &seller)?.is_none() {
                let detail = "Nothing is sold here as yet. Enter your details as a seller first.";
                return Ok(Err(Problem::conflict("not-selling", detail)));
            }
            if webhook_secrets::live(tx, &seller)?.len() >= MOST {
                let detail = "Two secrets hold already. End the one that your provider no longer uses first.";
                return Ok(Err(Problem::conflict("secrets-many", detail)));
            }
            let id = making.new_id();
            let sealed = making
                .vault
                .seal(&purpose(&id), secret.as_bytes(), &*making.random);
            let row = WebhookSecret {
                sealed: hex::encode(sealed),
                seller_id: seller.clone(),
                made_by_name: who.name.clone(),
                created_at: making.now_micros(),
                ended_at: None,
                id,
            };
            webhook_secrets::insert(tx, &row)?;
            let kind = ("provider.secret-made", Weight::Major);
            let facts = json!({ "secret": row.id });
            books::tell(tx, &making, &who.by, &seller, kind, None, facts)?;
            Ok(Ok(row))
        })
        .await??;
    Ok((made, shown))
}

/// Ends a secret: calls signed with it are refused from now on.
///
/// # Errors
/// There is no such secret that holds.
pub async fn end(app: &Arc<App>, allowed: &Allowed<TakePayments>, id: String) -> Answer<()> {
    let (ending, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    app.store
        .write_or_refuse(move |tx| {
            if !webhook_secrets::end(tx, &seller, &id, ending.now_micros())? {
                return Ok(Err(Problem::not_found("secret")));
            }
            let kind = ("provider.secret-ended", Weight::Major);
            let facts = json!({ "secret": id });
            books::tell(tx, &ending, &who.by, &seller, kind, None, facts)?;
            Ok(Ok(()))
        })
        .await?
}

/// The secrets that hold for a seller, opened.
///
/// # Errors
/// The database does not answer, or one cannot be opened.
pub async fn open(app: &App, seller: &str) -> Answer<Vec<Zeroizing<Vec<u8>>>> {
    let seller = seller.to_owned();
    let rows = app
        .store
        .read(move |c| webhook_secrets::live(c, &seller))
        .await?;
    rows.iter()
        .map(|row| {
            let sealed = hex::decode(&row.sealed).unwrap_or_default();
            app.vault
                .open_sealed(&purpose(&row.id), &sealed)
                .map_err(|error| {
                    tracing::error!(error, "a provider's secret cannot be opened");
                    let detail = "Something is wrong on our side. Send the same call again later.";
                    Problem::new(crate::web::problem::Kind::Internal, "internal", detail)
                })
        })
        .collect()
}
