//! What stands on an invoice or a credit note, as the three writers take it. BT and BG numbers are the terms of
//! EN 16931-1.
//!
//! Everything is text, a civil date or an integer of minor units, reckoned by the caller. It can be frozen as JSON, so
//! that the document made in ten years is the same.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Invoice or credit note (BT-3).
    pub kind: Kind,
    /// Its number in its series (BT-1).
    pub number: String,
    /// Date of issue (BT-2).
    pub issued: Date,
    /// When payment is due (BT-9).
    pub due: Option<Date>,
    /// When the supply was made or completed (BT-72).
    pub supplied: Option<Date>,
    /// First and last day that the whole is for (BT-73, BT-74).
    pub period: Option<(Date, Date)>,
    /// The language of the printed words.
    pub language: Language,
    /// The currency of every amount (BT-5).
    pub currency: Currency,
    /// The VAT in the currency of the seller's country, where that is another (BT-6, BT-111; directive 2006/112/EC
    /// art. 230).
    pub home_vat: Option<HomeVat>,
    /// Who sells (BG-4).
    pub seller: Party,
    /// Who buys (BG-7).
    pub buyer: Party,
    /// Where it goes, if not to the buyer's address (BG-13).
    pub delivery: Option<Delivery>,
    /// What the buyer wants to read on it (BT-10).
    pub buyer_reference: Option<String>,
    /// The number of the buyer's order (BT-13).
    pub order: Option<String>,
    /// What is sold (BG-25).
    pub lines: Vec<Line>,
    /// What is taken off the whole (BG-20).
    pub allowances: Vec<Allowance>,
    /// VAT by category and rate (BG-23).
    pub taxes: Vec<TaxTotal>,
    /// The sums (BG-22).
    pub totals: Totals,
    /// How it is paid (BG-16).
    pub payment: Payment,
    /// Further notes (BG-1).
    pub notes: Vec<Note>,
    /// What French law wants on top.
    pub french: Option<French>,
    /// How the page looks.
    pub look: Look,
}

/// What the document is (UNTDID 1001).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 380.
    Invoice,
    /// 381, with positive amounts.
    CreditNote {
        /// The number of the invoice that it corrects (BT-25).
        corrects: String,
        /// That invoice's date of issue (BT-26).
        issued: Date,
    },
}

impl Kind {
    /// The code of the document type.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invoice => "380",
            Self::CreditNote { .. } => "381",
        }
    }

    /// Whether money goes back.
    #[must_use]
    pub fn is_credit_note(&self) -> bool {
        matches!(self, Self::CreditNote { .. })
    }
}

/// The languages that documents are printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// Its code of three letters (ISO 4217).
    pub code: String,
    /// How many decimals an amount has.
    pub decimals: u8,
}

/// The VAT in the currency of the seller's country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeVat {
    /// That currency (BT-6).
    pub currency: Currency,
    /// The whole VAT of the document in it (BT-111), by a rate that the caller chose.
    pub amount: i64,
}

/// Seller or buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its registered name (BT-27, BT-44).
    pub name: String,
    /// Where it is (BG-5, BG-8).
    pub address: Address,
    /// Its VAT id with its prefix (BT-31, BT-48).
    pub vat_id: Option<String>,
    /// Its entry in a register (BT-30, BT-47).
    pub registration: Option<Registration>,
    /// Where electronic documents go (BT-34, BT-49).
    pub endpoint: Option<Endpoint>,
    /// Legal form, capital and the like (BT-33). The buyer's is not written.
    pub legal: Option<String>,
}

/// An entry in a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The register's code in ISO 6523, such as 0002 for SIREN.
    pub scheme: Option<String>,
    /// What people call the number, such as "SIREN".
    pub label: String,
    /// The number.
    pub id: String,
}

/// An electronic address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its scheme in the list "EAS": "EM" for mail, "0225" for the French directory.
    pub scheme: String,
    /// The address.
    pub id: String,
}

impl Endpoint {
    /// A mail address.
    #[must_use]
    pub fn mail(address: &str) -> Self {
        Self {
            scheme: "EM".to_owned(),
            id: address.to_owned(),
        }
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street and what goes with it: one to three lines.
    pub lines: Vec<String>,
    /// Postcode.
    pub postcode: String,
    /// Town.
    pub city: String,
    /// Province or state.
    pub region: Option<String>,
    /// Country (ISO 3166-1, two letters).
    pub country: String,
    /// The country in the document's language, as the envelope shows it.
    pub country_name: String,
}

/// Where goods or services go (BG-13, BG-15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Who takes them (BT-70).
    pub name: Option<String>,
    /// Where.
    pub address: Address,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What was sold (BT-153).
    pub text: String,
    /// More about it (BT-154).
    pub description: Option<String>,
    /// How many (BT-129). Negative where a part of something billed before is taken back.
    pub quantity: i64,
    /// Of what (BT-130).
    pub unit: Unit,
    /// The price of one, net (BT-146).
    pub unit_price: i64,
    /// What is taken off the line (BT-136), with the sign of the quantity.
    pub discount: i64,
    /// Why (BT-139).
    pub discount_reason: Option<String>,
    /// Quantity times price less discount (BT-131).
    pub net: i64,
    /// Its VAT.
    pub vat: Vat,
    /// First and last day that it is for (BT-134, BT-135).
    pub period: Option<(Date, Date)>,
}

/// What is counted (UN/ECE Recommendation 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// C62: pieces.
    Piece,
    /// DAY.
    Day,
    /// MON.
    Month,
    /// ANN.
    Year,
}

impl Unit {
    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Piece => "C62",
            Self::Day => "DAY",
            Self::Month => "MON",
            Self::Year => "ANN",
        }
    }
}

/// Category and rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vat {
    /// The category.
    pub category: Category,
    /// The rate in hundredths of a percent.
    pub rate: u32,
}

/// VAT categories (UNTDID 5305).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Category {
    /// Taxed at a rate above zero.
    S,
    /// Taxed at zero.
    Z,
    /// Exempt.
    E,
    /// Reverse charge.
    AE,
    /// Goods to a business in another member state.
    K,
    /// Export.
    G,
    /// Not subject to VAT where the seller is.
    O,
}

impl Category {
    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
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

    /// Whether a reason must stand beside it.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        match self {
            Self::S | Self::Z => false,
            Self::E | Self::AE | Self::K | Self::G | Self::O => true,
        }
    }
}

/// Something taken off the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Why (BT-97).
    pub reason: String,
    /// How much, net; not negative (BT-92).
    pub amount: i64,
    /// The VAT that it lowers (BT-95, BT-96).
    pub vat: Vat,
}

/// VAT of one category and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTotal {
    /// Category and rate (BT-118, BT-119).
    pub vat: Vat,
    /// What it is reckoned on (BT-116).
    pub base: i64,
    /// The VAT (BT-117).
    pub amount: i64,
    /// Why none is charged.
    pub exemption: Option<Exemption>,
}

/// Why no VAT is charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// A VATEX code (BT-121), such as VATEX-EU-AE.
    pub code: Option<String>,
    /// In words (BT-120), such as "Reverse charge".
    pub text: String,
}

/// The sums of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Of the lines (BT-106).
    pub lines: i64,
    /// Of the allowances (BT-107).
    pub allowances: i64,
    /// Without VAT (BT-109).
    pub without_vat: i64,
    /// The VAT (BT-110).
    pub vat: i64,
    /// With VAT (BT-112).
    pub with_vat: i64,
    /// Paid before (BT-113).
    pub prepaid: i64,
    /// To be paid (BT-115).
    pub due: i64,
}

/// How it is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The terms in words (BT-20).
    pub terms: Option<String>,
    /// The account that is to be paid into (BG-17).
    pub account: Option<Account>,
    /// What the payer writes (BT-83), such as a creditor reference of ISO 11649.
    pub reference: Option<String>,
}

/// A bank account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// IBAN without spaces (BT-84).
    pub iban: String,
    /// BIC (BT-86).
    pub bic: Option<String>,
    /// Its holder (BT-85).
    pub holder: String,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it is about (BT-21, UNTDID 4451).
    pub subject: Option<String>,
    /// The note (BT-22).
    pub text: String,
}

/// What French law wants on an invoice (CGI annexe II art. 242 nonies A, Code de commerce L441-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct French {
    /// What is sold.
    pub nature: Nature,
    /// The seller pays VAT when it bills, also for services ("option pour le paiement de la taxe d'après les débits").
    pub on_debits: bool,
    /// The fixed sum for recovery costs (note PMT).
    pub recovery: String,
    /// The interest on late payment (note PMD).
    pub penalties: String,
    /// The discount for early payment, or that there is none (note AAB).
    pub early_payment: String,
}

impl French {
    /// The words that the law itself gives where nothing else was agreed.
    #[must_use]
    pub fn usual(nature: Nature, on_debits: bool, language: Language) -> Self {
        let (recovery, penalties, early_payment) = match language {
            Language::En => (
                "Fixed compensation for recovery costs if payment is late: €40.",
                "Late payment: interest at three times the French legal rate, due without a reminder.",
                "No discount for early payment.",
            ),
            Language::Fr => (
                "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement\u{a0}: 40\u{a0}€.",
                "Pénalités de retard\u{a0}: trois fois le taux d’intérêt légal, exigibles sans rappel.",
                "Pas d’escompte pour paiement anticipé.",
            ),
        };
        Self {
            nature,
            on_debits,
            recovery: recovery.to_owned(),
            penalties: penalties.to_owned(),
            early_payment: early_payment.to_owned(),
        }
    }
}

/// The nature of what is sold; with an invoice not yet paid this is the French "cadre de facturation" (BT-23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// B1.
    Goods,
    /// S1.
    Services,
    /// M1.
    Mixed,
}

impl Nature {
    /// The code of BT-23.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Goods => "B1",
            Self::Services => "S1",
            Self::Mixed => "M1",
        }
    }
}

/// How the page looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// What stands at the top instead of the seller's name.
    pub logo: Option<String>,
    /// The one colour: red, green, blue.
    pub accent: [u8; 3],
    /// Further lines at the foot of every page.
    pub footer: Vec<String>,
}

impl Default for Look {
    /// The portal's petrol.
    fn default() -> Self {
        Self {
            logo: None,
            accent: [0x0b, 0x61, 0x65],
            footer: Vec::new(),
        }
    }
}
