//! A seller takes a buyer on.

use std::sync::Arc;

use muster_domain::selling::currency::Currency;
use muster_domain::text::Invalid;
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

/// A buyer about to be taken on.
#[derive(Debug, Clone)]
pub struct NewBuyer {
    organisation: String,
    currency: Currency,
    settled: Settled,
}

impl NewBuyer {
    /// Reads `organisation_id`, `currency` (the seller's where it is left out) and the fields of [`Settled::read`].
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(fields: &Fields, amounts: Amounts, seller: &Seller) -> Answer<Self> {
        let mut faults = Faults::default();
        let organisation = faults.take(
            fields
                .some("organisation_id")
                .map(str::to_owned)
                .ok_or_else(not_beneath),
        );
        let typed = fields.some("currency").unwrap_or(&seller.currency);
        let currency = faults.take(Currency::parse(typed));
        let settled = Settled::read(fields, amounts, currency.unwrap_or(Currency::EUR), seller);
        let settled = settled.map_err(|theirs| faults.add(theirs)).ok();
        match (organisation, currency, settled) {
            (Some(organisation), Some(currency), Some(settled)) if faults.is_empty() => Ok(Self {
                organisation,
                currency,
                settled,
            }),
            _ => Err(faults.problem()),
        }
    }
}

/// Takes the buyer on: a billing account in one currency.
///
/// # Errors
/// The organisation does not sell yet; the buyer does not stand directly beneath it; it has an account in this currency.
pub async fn add(app: &Arc<App>, allowed: &Allowed<SetPrices>, new: NewBuyer) -> Answer<Account> {
    let (adding, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let seller = match of(tx, &actor.organisation)? {
                Ok(seller) => seller.organisation_id,
                Err(problem) => return Ok(Err(problem)),
            };
            let Some(name) = buyers::name_beneath(tx, &seller, &new.organisation)? else {
                return Ok(Err(not_beneath().into()));
            };
            let known = accounts::of_buyer(tx, &seller, &new.organisation)?;
            let party = known.first().map(|account| account.party_id.as_str());
            let party_id = new
                .settled
                .party
                .keep(tx, &adding, &new.organisation, party)?;
            let terms = new.settled.row(party_id);
            let account = Account {
                id: adding.new_id(),
                seller_id: seller.clone(),
                buyer_id: new.organisation.clone(),
                party_id: terms.party_id,
                business: terms.business,
                currency: new.currency.to_string(),
                zone: terms.zone,
                language: terms.language,
                terms_days: terms.terms_days,
                payment: terms.payment,
                credit: 0,
                credit_limit: terms.credit_limit,
                live_subscriptions: 0,
                created_at: adding.now_micros(),
            };
            match accounts::insert(tx, &account) {
                Err(error)
                    if error.is_conflict_of("billing_accounts.seller_id,buyer_id,currency") =>
                {
                    return Ok(Err(known_already(new.currency)));
                }
                other => other?,
            }
            let entry = Entry {
                kind: "buyer.added",
                weight: Weight::Ordinary,
                place: Place::of_actor(&actor),
                device: None,
                command: None,
                facts: json!({ "name": name, "currency": account.currency }),
            };
            record::write(tx, &adding, &By::actor(&actor), &entry)?;
            Ok(Ok(account))
        })
        .await?
}

fn not_beneath() -> Invalid {
    let message = "Choose an organisation directly beneath your own: the operator sells to resellers, a reseller to its customers.";
    Invalid::new("organisation_id", "buyer-beneath", message)
}

fn known_already(currency: Currency) -> Problem {
    let message = format!(
        "This organisation buys in {currency} already. Change its terms on its page, or choose another currency."
    );
    Invalid::new("currency", "buyer-known", message).into()
}
