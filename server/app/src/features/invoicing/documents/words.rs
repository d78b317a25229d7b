//! What a document says beside its figures: why no VAT is charged, the terms, what a register's number is called. In the
//! document's language, and where the seller is French in the words of French law.

use jiff::civil::Date;
use muster_domain::selling::country::Country;
use muster_domain::selling::interval::days_between;
use muster_domain::selling::tax::{Category, Reason};
use muster_paper::invoice::{Account, Exemption, French, Language, Nature};

/// Why a category bears no VAT.
#[must_use]
pub fn reason(category: Category) -> Option<Reason> {
    match category {
        Category::S | Category::Z => None,
        Category::E => Some(Reason::SmallEnterprise),
        Category::AE => Some(Reason::ReverseCharge),
        Category::K => Some(Reason::IntraCommunity),
        Category::G => Some(Reason::Export),
        Category::O => Some(Reason::OutsideScope),
    }
}

/// The reason as the document gives it (BT-120, BT-121). "Reverse charge" and "Autoliquidation" are the mentions that the law
/// prescribes (directive 2006/112/EC art. 226 (11a); CGI annexe II art. 242 nonies A).
#[must_use]
pub fn exemption(reason: Reason, seller: Country, language: Language) -> Exemption {
    let french_law = seller.as_str() == "FR";
    let text = match (reason, language, french_law) {
        (Reason::ReverseCharge, Language::En, _) => {
            "Reverse charge: the buyer owes the VAT (art. 196, directive 2006/112/EC)"
        }
        (Reason::ReverseCharge, Language::Fr, _) => {
            "Autoliquidation\u{a0}: TVA due par le preneur (art. 196, directive 2006/112/CE)"
        }
        (Reason::IntraCommunity, Language::En, _) => {
            "Intra-Community supply, exempt from VAT (art. 138, directive 2006/112/EC)"
        }
        (Reason::IntraCommunity, Language::Fr, true) => {
            "Exonération de TVA, livraison intracommunautaire (art. 262 ter, I du CGI)"
        }
        (Reason::IntraCommunity, Language::Fr, false) => {
            "Exonération de TVA, livraison intracommunautaire (art. 138, directive 2006/112/CE)"
        }
        (Reason::Export, Language::En, _) => "Export, exempt from VAT",
        (Reason::Export, Language::Fr, true) => {
            "Exonération de TVA, exportation (art. 262, I du CGI)"
        }
        (Reason::Export, Language::Fr, false) => "Exportation, exonérée de TVA",
        (Reason::OutsideScope, Language::En, true) => {
            "Not subject to French VAT (art. 259, 1º of the CGI)"
        }
        (Reason::OutsideScope, Language::En, false) => "Not subject to VAT at the seller’s place",
        (Reason::OutsideScope, Language::Fr, true) => "TVA non applicable (art. 259, 1º du CGI)",
        (Reason::OutsideScope, Language::Fr, false) => "TVA non applicable au lieu du vendeur",
        (Reason::SmallEnterprise, Language::En, true) => {
            "VAT not applicable: small enterprise (art. 293 B of the CGI)"
        }
        (Reason::SmallEnterprise, Language::En, false) => "VAT exempt: small enterprise",
        (Reason::SmallEnterprise, Language::Fr, true) => "TVA non applicable, art. 293 B du CGI",
        (Reason::SmallEnterprise, Language::Fr, false) => {
            "Exonération de TVA\u{a0}: petite entreprise"
        }
    };
    Exemption {
        code: reason.code(seller).map(str::to_owned),
        text: text.to_owned(),
    }
}

/// The terms of payment (BT-20).
#[must_use]
pub fn terms(issued: Date, due: Date, account: Option<&Account>, language: Language) -> String {
    let days = days_between(issued, due);
    match (language, days, account.is_some()) {
        (Language::En, ..=0, _) => "Due at once, without deduction.".to_owned(),
        (Language::En, 1, _) => "Due in 1 day, without deduction.".to_owned(),
        (Language::En, _, true) => format!("{days} days net by bank transfer."),
        (Language::En, _, false) => format!("{days} days net."),
        (Language::Fr, ..=0, _) => "Paiement à réception de la facture.".to_owned(),
        (Language::Fr, 1, _) => "Paiement à 1 jour, date de facture.".to_owned(),
        (Language::Fr, _, true) => {
            format!("Paiement par virement à {days} jours, date de facture.")
        }
        (Language::Fr, _, false) => format!("Paiement à {days} jours, date de facture."),
    }
}

/// What French law wants on top. The fixed sum and the raised interest are owed between professionals alone (Code de commerce
/// L441-10), so that a consumer is told no more than what holds.
#[must_use]
pub fn french(nature: Nature, to_consumer: bool, language: Language) -> French {
    let usual = French::usual(nature, false, language);
    if !to_consumer {
        return usual;
    }
    let (recovery, penalties) = match language {
        Language::En => (
            "Fixed compensation of €40 for recovery costs: owed by professionals only.",
            "Late payment: interest at the French legal rate.",
        ),
        Language::Fr => (
            "Indemnité forfaitaire de 40\u{a0}€ pour frais de recouvrement\u{a0}: due par les professionnels seulement.",
            "Retard de paiement\u{a0}: intérêts au taux légal.",
        ),
    };
    French {
        recovery: recovery.to_owned(),
        penalties: penalties.to_owned(),
        ..usual
    }
}

/// What a number of a register is called where nothing better is known.
#[must_use]
pub fn register(language: Language) -> &'static str {
    match language {
        Language::En => "Reg.\u{a0}no.",
        Language::Fr => "Nº\u{a0}registre",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_reason_has_its_words_and_they_fit_on_paper() {
        for category in Category::ALL {
            for country in ["FR", "DE", "CH"] {
                for language in [Language::En, Language::Fr] {
                    let Some(reason) = reason(category) else {
                        continue;
                    };
                    let said = exemption(reason, Country::parse(country).unwrap(), language);
                    assert!((10..200).contains(&said.text.chars().count()), "{said:?}");
                    let is_french = said.text.contains("TVA");
                    assert_eq!(is_french, language == Language::Fr, "{said:?}");
                }
            }
        }
        let france = Country::parse("FR").unwrap();
        let mention = |language| exemption(Reason::ReverseCharge, france, language).text;
        assert!(mention(Language::En).starts_with("Reverse charge"));
        assert!(mention(Language::Fr).starts_with("Autoliquidation"));
    }

    #[test]
    fn terms_count_the_days_to_pay() {
        let said = |until, language| terms(date(2026, 11, 23), until, None, language);
        assert_eq!(said(date(2026, 12, 23), Language::En), "30 days net.");
        assert_eq!(
            said(date(2026, 11, 23), Language::En),
            "Due at once, without deduction."
        );
        assert_eq!(
            said(date(2026, 11, 24), Language::Fr),
            "Paiement à 1 jour, date de facture."
        );
    }
}
