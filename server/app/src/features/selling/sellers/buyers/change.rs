//! A seller settles other terms with a buyer. They hold for what is billed from then on.

use std::sync::Arc;

use muster_domain::scope::Books;
use muster_domain::selling::currency::Currency;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::buyers;
use muster_store::selling::sellers::Seller;
use serde_json::json;

use super::terms::Settled;
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::features::selling::sellers::of::of;
use crate::features::selling::typed::{Amounts, Faults};
use crate::web::actor::{Allowed, SetPrices};
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// Other terms with one buyer.
#[derive(Debug, Clone)]
pub struct NewTerms {
    account: String,
    settled: Settled,
}

impl NewTerms {
    /// Reads the fields of [`Settled::read`] for this account.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(
        fields: &Fields,
        amounts: Amounts,
        account: &Account,
        seller: &Seller,
    ) -> Answer<Self> {
        let currency = Currency::parse(&account.currency)?;
        let settled = Settled::read(fields, amounts, currency, seller).map_err(Faults::problem)?;
        Ok(Self {
            account: account.id.clone(),
            settled,
        })
    }
}

/// Changes them.
///
/// # Errors
/// There is no such account in the organisation's books; the limit is below what was drawn already.
pub async fn change(
    app: &Arc<App>,
    allowed: &Allowed<SetPrices>,
    new: NewTerms,
) -> Answer<Account> {
    let (changing, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let seller = match of(tx, &actor.organisation)? {
                Ok(seller) => seller.organisation_id,
                Err(problem) => return Ok(Err(problem)),
            };
            let books = Books::Seller(seller.clone());
            let Some((account, name)) = buyers::find(tx, &books, &new.account)? else {
                return Ok(Err(Problem::not_found("buyer")));
            };
            if let Err(problem) = new.settled.limit_reaches(account.credit) {
                return Ok(Err(problem));
            }
            let party = Some(account.party_id.as_str());
            let kept = new.settled.party.keep(tx, &changing, &account.buyer_id, party)?;
            let terms = new.settled.row(kept);
            accounts::change(tx, &seller, &account.id, &terms)?;
            let Some(changed) = accounts::find(tx, &books, &account.id)? else {
                return Ok(Err(Problem::not_found("buyer")));
            };
            if changed != account {
                let entry = Entry {
                    kind: "buyer.changed",
                    weight: Weight::Ordinary,
                    place: Place::of_actor(&actor),
                    device: None,
                    command: None,
                    facts: json!({ "name": name, "currency": changed.currency, "days": changed.terms_days, "zone": changed.zone }),
                };
                record::write(tx, &changing, &By::actor(&actor), &entry)?;
            }
            Ok(Ok(changed))
        })
        .await?
}
