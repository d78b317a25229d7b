//! What a seller settles with a buyer, as somebody types it.

use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::selling::price::TERMS_MOST;
use muster_domain::selling::zone::Zone;
use muster_domain::text::Invalid;
use muster_store::selling::accounts::Terms;
use muster_store::selling::sellers::Seller;

use crate::features::selling::sellers::party::Details;
use crate::features::selling::typed::{Amounts, Faults, LANGUAGES, whole, word};
use crate::web::fields::Fields;
use crate::web::problem::Answer;

/// How a buyer pays: within its terms, or from what it paid in before.
pub const PAYMENTS: [&str; 2] = ["invoice", "prepaid"];
/// What a buyer is: a taxable person, or a consumer.
pub const KINDS: [&str; 2] = ["business", "consumer"];

/// Terms that fit, and who the buyer is.
#[derive(Debug, Clone)]
pub struct Settled {
    pub(super) party: Details,
    business: bool,
    zone: Zone,
    language: String,
    terms_days: u16,
    payment: String,
    pub(super) credit_limit: Money,
}

impl Settled {
    /// Reads a party's fields and `kind`, `zone`, `language`, `terms_days`, `payment`, `credit_limit`. Zone, language and terms
    /// are the seller's own where they are left out, the limit is nothing.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(
        fields: &Fields,
        amounts: Amounts,
        currency: Currency,
        seller: &Seller,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let party = Details::read(fields)
            .map_err(|theirs| faults.add(theirs))
            .ok();
        let or = |name: &str, usual: &str| fields.some(name).unwrap_or(usual).to_owned();
        let kind = faults.take(word("kind", &or("kind", "business"), &KINDS));
        let zone = faults.take(Zone::parse(&or("zone", &seller.zone)));
        let language = faults.take(word(
            "language",
            &or("language", &seller.language),
            &LANGUAGES,
        ));
        let days = or("terms_days", &seller.terms_days.to_string());
        let terms_days = faults.take(whole("terms_days", &days, TERMS_MOST));
        let payment = faults.take(word("payment", &or("payment", "invoice"), &PAYMENTS));
        let limit = amounts.read("credit_limit", &or("credit_limit", "0"), currency);
        let credit_limit = faults.take(limit);
        match (
            party,
            kind,
            zone,
            language,
            terms_days,
            payment,
            credit_limit,
        ) {
            (
                Some(party),
                Some(kind),
                Some(zone),
                Some(language),
                Some(terms_days),
                Some(payment),
                Some(credit_limit),
            ) if faults.is_empty() => Ok(Self {
                party,
                business: kind == KINDS[0],
                zone,
                language,
                terms_days,
                payment,
                credit_limit,
            }),
            _ => Err(faults),
        }
    }

    /// As the row has them.
    pub(super) fn row(&self, party_id: String) -> Terms {
        Terms {
            party_id,
            business: i64::from(self.business),
            zone: self.zone.to_string(),
            language: self.language.clone(),
            terms_days: i64::from(self.terms_days),
            payment: self.payment.clone(),
            credit_limit: self.credit_limit.minor(),
        }
    }

    /// Refuses a limit that the buyer has used up further already.
    pub(super) fn limit_reaches(&self, credit: i64) -> Answer<()> {
        if credit >= -self.credit_limit.minor() {
            return Ok(());
        }
        let used = Money::new(credit.saturating_neg(), self.credit_limit.currency());
        let message = format!(
            "This buyer has drawn {used} beyond what it paid in. Choose a limit of {used} or more, or wait until it has paid."
        );
        Err(Invalid::new("credit_limit", "limit-used", message).into())
    }
}
