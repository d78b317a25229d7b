//! Which VAT a supply bears: from who sells, who buys, what and when, to a category of EN 16931 and a rate.
//!
//! Sources: directive 2006/112/EC (place of supply: articles 31–33, 44, 45, 58; reverse charge: 196; supply within the
//! Union: 138; export: 146; small enterprises: 284; one stop shop: 369a ff.), EN 16931-1 and the code lists UNCL5305
//! and VATEX. The services here are what runs a phone: electronically supplied, or telecommunication.

use jiff::civil::Date;

use super::country::Country;
use super::refusal::Refusal;
use super::tax_rates::{self, Rate};
use super::vat_id::VatId;

/// A VAT category (UNCL5305 as EN 16931 restricts it).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Category {
    /// Taxed at a rate above zero.
    S,
    /// Taxed at zero.
    Z,
    /// Exempt: a small enterprise.
    E,
    /// Reverse charge: the buyer owes the tax.
    AE,
    /// Goods to a business in another member state.
    K,
    /// Goods that leave the Union, or the seller's country outside of it.
    G,
    /// Not subject to VAT where the seller is.
    O,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 7] = [
        Self::S,
        Self::Z,
        Self::E,
        Self::AE,
        Self::K,
        Self::G,
        Self::O,
    ];

    /// The code that documents carry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::Z => "Z",
            Self::E => "E",
            Self::AE => "AE",
            Self::K => "K",
            Self::G => "G",
            Self::O => "O",
        }
    }

    /// The category of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == code)
    }
}

/// Why no VAT is charged (BT-120, BT-121).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The buyer owes the tax.
    ReverseCharge,
    /// Goods to a business in another member state.
    IntraCommunity,
    /// Goods exported.
    Export,
    /// Not subject to VAT where the seller is.
    OutsideScope,
    /// The seller is a small enterprise.
    SmallEnterprise,
}

impl Reason {
    /// The code of the list VATEX, for a seller in `country`. Outside the Union its codes mean nothing, and a small
    /// enterprise has one in France only: there the words stand alone, which EN 16931 allows.
    #[must_use]
    pub fn code(self, country: Country) -> Option<&'static str> {
        if !country.is_member() {
            return None;
        }
        match self {
            Self::ReverseCharge => Some("VATEX-EU-AE"),
            Self::IntraCommunity => Some("VATEX-EU-IC"),
            Self::Export => Some("VATEX-EU-G"),
            Self::OutsideScope => Some("VATEX-EU-O"),
            Self::SmallEnterprise if country.as_str() == "FR" => Some("VATEX-FR-FRANCHISE"),
            Self::SmallEnterprise => None,
        }
    }

    /// The words. "Reverse charge" is the mention that article 226 (11a) of the directive prescribes.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::ReverseCharge => "Reverse charge",
            Self::IntraCommunity => "Intra-Community supply",
            Self::Export => "Export outside the EU",
            Self::OutsideScope => "Not subject to VAT",
            Self::SmallEnterprise => "VAT exempt: small enterprise",
        }
    }
}

/// What is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// A handset.
    Goods,
    /// A subscription.
    Services,
}

/// Which of a country's rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateChoice {
    /// The standard one.
    Standard,
    /// One of the reduced ones, which has to be in the table for the country and day.
    Reduced(Rate),
    /// Zero.
    Zero,
    /// One given by hand, for what the table does not know.
    Fixed(Rate),
}

/// Who sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// Where.
    pub country: Country,
    /// Its VAT id.
    pub vat_id: Option<VatId>,
    /// It is a small enterprise that charges no VAT.
    pub small_enterprise: bool,
    /// It declares sales to consumers in other member states through the one stop shop. Without it their VAT is the
    /// seller's own (article 59c, below 10,000 EUR a year).
    pub one_stop_shop: bool,
}

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// Where.
    pub country: Country,
    /// A business, or a consumer.
    pub is_business: bool,
    /// Its VAT id. A business in the Union without one is treated as a consumer.
    pub vat_id: Option<VatId>,
}

/// The VAT of a supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Treatment {
    /// The category.
    pub category: Category,
    /// The rate; zero in every category but S.
    pub rate: Rate,
    /// Why no VAT is charged; none in S and Z.
    pub reason: Option<Reason>,
    /// Whose VAT it is.
    pub country: Country,
}

/// The VAT of a supply on `day`.
///
/// # Errors
/// The rate is not known, a VAT id is missing that the document must carry, or the buyer's is of another country than
/// the buyer.
pub fn treatment(
    seller: &Seller,
    buyer: &Buyer,
    nature: Nature,
    choice: RateChoice,
    day: Date,
) -> Result<Treatment, Refusal> {
    let taxed_in = |country: Country| taxed(country, choice, day);
    let untaxed = |category, reason, country| {
        Ok(Treatment {
            category,
            rate: Rate::ZERO,
            reason: Some(reason),
            country,
        })
    };
    let exempt = || untaxed(Category::E, Reason::SmallEnterprise, seller.country);
    if seller.country == buyer.country {
        return if seller.small_enterprise {
            exempt()
        } else {
            taxed_in(seller.country)
        };
    }
    let buyer_is_member = buyer.country.is_member();
    if seller.country.is_member() && buyer_is_member && buyer.is_business && buyer.vat_id.is_some()
    {
        check_ids(seller, buyer)?;
        return match nature {
            Nature::Services => untaxed(Category::AE, Reason::ReverseCharge, buyer.country),
            Nature::Goods => untaxed(Category::K, Reason::IntraCommunity, seller.country),
        };
    }
    let consumer = !buyer.is_business || (seller.country.is_member() && buyer_is_member);
    if consumer && buyer_is_member && (seller.country.is_member() || seller.one_stop_shop) {
        return if seller.small_enterprise {
            exempt()
        } else if seller.one_stop_shop {
            taxed_in(buyer.country)
        } else {
            taxed_in(seller.country)
        };
    }
    match nature {
        Nature::Goods => untaxed(Category::G, Reason::Export, seller.country),
        Nature::Services => untaxed(Category::O, Reason::OutsideScope, seller.country),
    }
}

fn taxed(country: Country, choice: RateChoice, day: Date) -> Result<Treatment, Refusal> {
    let rate = match choice {
        RateChoice::Standard => tax_rates::standard(country, day)?,
        RateChoice::Zero => Rate::ZERO,
        RateChoice::Fixed(rate) => rate,
        RateChoice::Reduced(rate) => {
            if !tax_rates::reduced(country, day)?.contains(&rate) {
                return Err(Refusal::new(
                    "rate-not-reduced",
                    format!(
                        "{rate} % is no reduced rate of {country} on {day}. Choose another, or give it by hand."
                    ),
                ));
            }
            rate
        }
    };
    Ok(Treatment {
        category: if rate.is_zero() {
            Category::Z
        } else {
            Category::S
        },
        rate,
        reason: None,
        country,
    })
}

/// Reverse charge and supply within the Union need both VAT ids on the document (BR-AE-02, BR-IC-02).
fn check_ids(seller: &Seller, buyer: &Buyer) -> Result<(), Refusal> {
    if seller.vat_id.is_none() {
        return Err(Refusal::new(
            "vat-id-seller",
            "The seller needs a VAT id to sell to a business in another member state. Enter it in the organisation's settings.",
        ));
    }
    match &buyer.vat_id {
        Some(id) if id.country() != buyer.country => Err(Refusal::new(
            "vat-id-elsewhere",
            format!(
                "The buyer is in {}, but its VAT id is of {}. Correct one of the two.",
                buyer.country,
                id.country()
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
#[path = "tests/tax.rs"]
mod tests;
