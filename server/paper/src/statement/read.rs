//! From the tree to statements.

use jiff::civil::Date;

use super::xml::{self, Element};
use super::{Balance, Detail, Direction, Entry, Statement, StatementError, Status, amount};

/// The namespaces of CAMT.053: the version is the last two digits.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";

/// How many decimals a currency has, or that it is none.
pub type Decimals<'a> = &'a dyn Fn(&str) -> Option<u8>;

/// Reads a file of one or more statements. `decimals` knows the currencies.
///
/// # Errors
/// See [`StatementError`]. A statement that does not add up is an error: a part of it would be read as the whole.
pub fn read(bytes: &[u8], decimals: Decimals<'_>) -> Result<Vec<Statement>, StatementError> {
    let document = xml::read(bytes, "Document", NAMESPACE)?;
    let message = document
        .child("BkToCstmrStmt")
        .ok_or(StatementError::NotCamt)?;
    let statements = message
        .all("Stmt")
        .enumerate()
        .map(|(index, element)| statement(element, index + 1, decimals))
        .collect::<Result<Vec<_>, _>>()?;
    if statements.is_empty() {
        return Err(missing("The file", "statement"));
    }
    for statement in &statements {
        statement.check()?;
    }
    Ok(statements)
}

fn statement(
    element: &Element,
    number: usize,
    decimals: Decimals<'_>,
) -> Result<Statement, StatementError> {
    let id = element
        .text_at(&["Id"])
        .ok_or_else(|| missing(&format!("Statement {number} of the file"), "identification"))?;
    let place = format!("Statement {id}");
    let day = |end: &str| {
        let path = ["FrToDt", end];
        element
            .text_at(&path)
            .map(|text| date(&text, &place))
            .transpose()
    };
    let entries = element
        .all("Ntry")
        .enumerate()
        .map(|(index, entry)| {
            read_entry(
                entry,
                &format!("Entry {} of statement {id}", index + 1),
                decimals,
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Statement {
        number: element
            .text_at(&["LglSeqNb"])
            .or_else(|| element.text_at(&["ElctrncSeqNb"])),
        created: element.text_at(&["CreDtTm"]),
        from: day("FrDtTm")?,
        to: day("ToDtTm")?,
        iban: element
            .text_at(&["Acct", "Id", "IBAN"])
            .map(|iban| spaceless(&iban)),
        other_account: element.text_at(&["Acct", "Id", "Othr", "Id"]),
        currency: element.text_at(&["Acct", "Ccy"]),
        // PRCD, the closing balance of the statement before, is this one's opening.
        opening: match balance(element, "OPBD", &place, decimals)? {
            Some(opening) => Some(opening),
            None => balance(element, "PRCD", &place, decimals)?,
        },
        closing: balance(element, "CLBD", &place, decimals)?,
        entries,
        id,
    })
}

fn balance(
    statement: &Element,
    code: &str,
    place: &str,
    decimals: Decimals<'_>,
) -> Result<Option<Balance>, StatementError> {
    let of_code =
        |balance: &&Element| balance.text_at(&["Tp", "CdOrPrtry", "Cd"]).as_deref() == Some(code);
    let Some(element) = statement.all("Bal").find(of_code) else {
        return Ok(None);
    };
    let (minor, currency) = money(element, place, decimals)?;
    let sign = match direction(element, place)? {
        Direction::Credit => 1,
        Direction::Debit => -1,
    };
    Ok(Some(Balance {
        minor: minor * sign,
        currency,
        date: day_of(element, "Dt", place)?,
    }))
}

fn read_entry(
    element: &Element,
    place: &str,
    decimals: Decimals<'_>,
) -> Result<Entry, StatementError> {
    let (minor, currency) = money(element, place, decimals)?;
    // Until version .07 the status was the element's text; from .08 on it is a code within.
    let status = element
        .text_at(&["Sts", "Cd"])
        .or_else(|| element.text_at(&["Sts"]))
        .ok_or_else(|| missing(place, "status"))?;
    let details = element
        .all("NtryDtls")
        .flat_map(|details| details.all("TxDtls"))
        .map(|detail| read_detail(detail, place, decimals))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Entry {
        minor,
        currency,
        direction: direction(element, place)?,
        reversal: matches!(element.text_at(&["RvslInd"]).as_deref(), Some("true" | "1")),
        status: match status.as_str() {
            "BOOK" => Status::Booked,
            "PDNG" => Status::Pending,
            _ => Status::Other,
        },
        booked: day_of(element, "BookgDt", place)?,
        value: day_of(element, "ValDt", place)?,
        bank_reference: element.text_at(&["AcctSvcrRef"]),
        reference: element.text_at(&["NtryRef"]),
        information: element.text_at(&["AddtlNtryInf"]),
        details,
    })
}

fn read_detail(
    element: &Element,
    place: &str,
    decimals: Decimals<'_>,
) -> Result<Detail, StatementError> {
    // Version .02 has the amount among the details of amounts, later ones beside them.
    let holder = [&[][..], &["AmtDtls", "TxAmt"]]
        .into_iter()
        .filter_map(|path| element.at(path))
        .find(|holder| holder.child("Amt").is_some());
    let remittance = element.child("RmtInf");
    let structured = remittance
        .into_iter()
        .flat_map(|element| element.all("Strd"));
    let unstructured = remittance
        .into_iter()
        .flat_map(|element| element.all("Ustrd"));
    Ok(Detail {
        amount: holder
            .map(|holder| money(holder, place, decimals))
            .transpose()?,
        direction: match element.child("CdtDbtInd") {
            Some(_) => Some(direction(element, place)?),
            None => None,
        },
        bank_reference: element.text_at(&["Refs", "AcctSvcrRef"]),
        end_to_end: element
            .text_at(&["Refs", "EndToEndId"])
            .filter(|id| id != "NOTPROVIDED"),
        transaction: element.text_at(&["Refs", "TxId"]),
        debtor: party(element, "Dbtr"),
        debtor_iban: account(element, "DbtrAcct"),
        creditor: party(element, "Cdtr"),
        creditor_iban: account(element, "CdtrAcct"),
        references: structured
            .filter_map(|reference| reference.text_at(&["CdtrRefInf", "Ref"]))
            .collect(),
        texts: unstructured
            .map(|text| text.text.clone())
            .filter(|text| !text.is_empty())
            .collect(),
        return_reason: element.text_at(&["RtrInf", "Rsn", "Cd"]),
    })
}

/// Until version .07 the name stands in the role, from .08 on in a party within it.
fn party(detail: &Element, role: &str) -> Option<String> {
    detail
        .text_at(&["RltdPties", role, "Pty", "Nm"])
        .or_else(|| detail.text_at(&["RltdPties", role, "Nm"]))
}

fn account(detail: &Element, role: &str) -> Option<String> {
    detail
        .text_at(&["RltdPties", role, "Id", "IBAN"])
        .map(|iban| spaceless(&iban))
}

fn money(
    holder: &Element,
    place: &str,
    decimals: Decimals<'_>,
) -> Result<(i64, String), StatementError> {
    let amount = holder
        .child("Amt")
        .ok_or_else(|| missing(place, "amount"))?;
    let currency = amount
        .currency
        .clone()
        .ok_or_else(|| missing(place, "currency"))?;
    let decimals = decimals(&currency).ok_or_else(|| unreadable(place, "currency", &currency))?;
    let minor = amount::minor(&amount.text, decimals)
        .ok_or_else(|| unreadable(place, "amount", &amount.text))?;
    Ok((minor, currency))
}

fn direction(holder: &Element, place: &str) -> Result<Direction, StatementError> {
    let text = holder
        .text_at(&["CdtDbtInd"])
        .ok_or_else(|| missing(place, "sign (credit or debit)"))?;
    match text.as_str() {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        other => Err(unreadable(place, "sign (credit or debit)", other)),
    }
}

/// A day that stands as date or as moment.
fn day_of(holder: &Element, name: &str, place: &str) -> Result<Option<Date>, StatementError> {
    holder
        .text_at(&[name, "Dt"])
        .or_else(|| holder.text_at(&[name, "DtTm"]))
        .map(|text| date(&text, place))
        .transpose()
}

/// The first ten characters: the bank's own day, whatever zone its clock is in.
fn date(text: &str, place: &str) -> Result<Date, StatementError> {
    text.get(..10)
        .and_then(|day| day.parse().ok())
        .ok_or_else(|| unreadable(place, "date", text))
}

fn spaceless(iban: &str) -> String {
    iban.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

fn missing(place: &str, what: &'static str) -> StatementError {
    StatementError::Missing {
        place: place.to_owned(),
        what,
    }
}

fn unreadable(place: &str, what: &'static str, text: &str) -> StatementError {
    StatementError::Unreadable {
        place: place.to_owned(),
        what,
        text: text.chars().take(40).collect(),
    }
}
