//! The QR code that banking apps read: "BCD" of the European Payments Council (EPC069-12, version 002).

use crate::amount::plain;
use crate::invoice::Invoice;

/// What the code may hold (EPC069-12 §3.1).
const MOST_BYTES: usize = 331;

/// Data that a banking app fills a transfer with, if the document asks for euro on an account.
pub(super) fn payload(invoice: &Invoice) -> Option<String> {
    const MOST: i64 = 99_999_999_999;
    let account = invoice.payment.account.as_ref()?;
    let payable = invoice.currency.code == "EUR" && (1..=MOST).contains(&invoice.totals.due);
    if !payable || invoice.kind.is_credit_note() {
        return None;
    }
    let reference = invoice.payment.reference.clone().unwrap_or_default();
    let reference = reference.replace(' ', "");
    let (structured, text) = if reference.starts_with("RF") && reference.len() <= 25 {
        (reference, String::new())
    } else if reference.is_empty() {
        (String::new(), first(&invoice.number, 140))
    } else {
        (String::new(), first(&reference, 140))
    };
    let payload = [
        "BCD",
        "002",
        "1",
        "SCT",
        account.bic.as_deref().unwrap_or_default(),
        &first(&account.holder, 70),
        &account.iban,
        &format!("EUR{}", plain(invoice.totals.due, 2)),
        "",
        &structured,
        &text,
    ]
    .join("\n");
    let payload = payload.trim_end();
    (payload.len() <= MOST_BYTES).then(|| payload.to_owned())
}

/// The first characters, on one line: a line feed would begin the next field.
fn first(text: &str, most: usize) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn an_app_gets_account_amount_and_reference() {
        let payload = payload(&samples::domestic()).unwrap();
        let lines: Vec<&str> = payload.split('\n').collect();
        assert_eq!(lines[..4], ["BCD", "002", "1", "SCT"]);
        assert_eq!(lines[6], "DE02120300000000202051");
        assert_eq!(lines[7], "EUR2975.00");
        assert_eq!(lines[9], "RF18539007547034");
        assert_eq!(lines.len(), 10);
    }

    #[test]
    fn there_is_none_where_nothing_is_to_be_paid_or_not_in_euro() {
        assert_eq!(payload(&samples::credit_note()), None);
        assert_eq!(payload(&samples::zero()), None);
        let mut francs = samples::domestic();
        francs.currency.code = "CHF".to_owned();
        assert_eq!(payload(&francs), None);
    }

    #[test]
    fn a_holders_name_cannot_begin_another_field() {
        let mut hostile = samples::domestic();
        if let Some(account) = &mut hostile.payment.account {
            account.holder = "Eve\nXX00EVE".to_owned();
        }
        let payload = payload(&hostile).unwrap();
        assert_eq!(payload.split('\n').nth(5), Some("Eve XX00EVE"));
    }
}
