//! The check digits of VAT ids, as the tax administrations publish them (collected by the European Commission for VIES).
//! Each function takes what follows the country's prefix, in capital letters and digits.

/// Whether `text` has exactly `length` digits.
fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    (text.len() == length).then_some(())?;
    text.chars().map(|c| c.to_digit(10)).collect()
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

fn number(digits: &[u32]) -> u64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// The digit sum of twice a digit.
fn doubled(digit: u32) -> u32 {
    if digit > 4 { digit * 2 - 9 } else { digit * 2 }
}

/// ISO/IEC 7812-1 annex B: every second digit from the right is doubled.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            if index.is_multiple_of(2) {
                *digit
            } else {
                doubled(*digit)
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO 7064 mod 11,10.
fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + check) % 10 == 1
}

/// Austria: U and eight digits.
pub(super) fn at(text: &str) -> bool {
    text.strip_prefix('U')
        .and_then(|rest| digits(rest, 8))
        .is_some_and(|d| {
            let sum = d[0] + d[2] + d[4] + d[6] + doubled(d[1]) + doubled(d[3]) + doubled(d[5]);
            (10 - (sum + 4) % 10) % 10 == d[7]
        })
}

/// Belgium: ten digits, the first 0 or 1, the last two 97 less the rest.
pub(super) fn be(text: &str) -> bool {
    digits(text, 10)
        .is_some_and(|d| d[0] < 2 && number(&d) > 0 && 97 - number(&d[..8]) % 97 == number(&d[8..]))
}

/// Germany: nine digits, not beginning with 0.
pub(super) fn de(text: &str) -> bool {
    digits(text, 9).is_some_and(|d| d[0] != 0 && mod_11_10(&d))
}

/// Denmark: eight digits.
pub(super) fn dk(text: &str) -> bool {
    digits(text, 8)
        .is_some_and(|d| d[0] != 0 && weighted(&d, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// Spain: a company's, a person's or a foreigner's number, nine signs with a letter first, last or both.
pub(super) fn es(text: &str) -> bool {
    const PERSON: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    const COMPANY: &[u8; 10] = b"JABCDEFGHI";
    let bytes = text.as_bytes();
    if bytes.len() != 9 || !text.is_ascii() {
        return false;
    }
    let (first, last) = (bytes[0], bytes[8]);
    let person = |body: &str, length| {
        digits(body, length).is_some_and(|d| {
            usize::try_from(number(&d) % 23).is_ok_and(|index| PERSON[index] == last)
        })
    };
    match first {
        b'0'..=b'9' => person(&text[..8], 8),
        b'K' | b'L' | b'M' | b'X' => person(&text[1..8], 7),
        b'Y' => person(&format!("1{}", &text[1..8]), 8),
        b'Z' => person(&format!("2{}", &text[1..8]), 8),
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U' | b'V' | b'W' => {
            digits(&text[1..8], 7).is_some_and(|d| {
                let sum: u32 = d
                    .iter()
                    .enumerate()
                    .map(|(index, digit)| {
                        if index.is_multiple_of(2) {
                            doubled(*digit)
                        } else {
                            *digit
                        }
                    })
                    .sum();
                let check = (10 - sum % 10) % 10;
                let letter = usize::try_from(check).is_ok_and(|index| COMPANY[index] == last);
                let digit = u32::from(last) == u32::from(b'0') + check;
                // Most kinds have one of the two only; registers are not at one which, so either is taken.
                letter || digit
            })
        }
        _ => false,
    }
}

/// Finland: eight digits.
pub(super) fn fi(text: &str) -> bool {
    digits(text, 8).is_some_and(|d| weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11))
}

/// France: a key of two signs before a SIREN; the letters I and O are not used in it. Monaco's numbers begin with 000 and have no
/// Luhn digit.
pub(super) fn fr(text: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let (Some(key), Some(siren)) = (text.get(..2), text.get(2..).and_then(|s| digits(s, 9))) else {
        return false;
    };
    if siren[..3] != [0, 0, 0] && !luhn(&siren) {
        return false;
    }
    let number = number(&siren);
    if let Some(key) = digits(key, 2) {
        return (number * 100 + 12) % 97 == u64::from(key[0] * 10 + key[1]);
    }
    let mut places = key.chars().map(|c| ALPHABET.find(c));
    let (Some(Some(one)), Some(Some(two))) = (places.next(), places.next()) else {
        return false;
    };
    let value = if one < 10 {
        one * 24 + two - 10
    } else {
        one * 34 + two - 100
    };
    u64::try_from(value).is_ok_and(|value| (number + 1 + value / 11) % 11 == value % 11)
}

/// The United Kingdom: nine digits, twelve for a branch, or GD or HA and three for government and health.
pub(super) fn gb(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix("GD") {
        return digits(rest, 3).is_some_and(|d| number(&d) < 500);
    }
    if let Some(rest) = text.strip_prefix("HA") {
        return digits(rest, 3).is_some_and(|d| number(&d) >= 500);
    }
    let branch = text.get(9..).is_some_and(|rest| digits(rest, 3).is_some());
    let d = match text.get(..9).and_then(|body| digits(body, 9)) {
        Some(d) if text.len() == 9 || branch => d,
        Some(_) | None => return false,
    };
    let rest = weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    // 0 in the old range, 42 (97 − 55) in the one that began in 2009.
    rest == 0 || (rest == 42 && number(&d[..3]) >= 100)
}

/// Ireland: seven digits and a check letter, a second letter since 2013; or the old form with a sign in second place.
pub(super) fn ie(text: &str) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let bytes = text.as_bytes();
    if !text.is_ascii() || !(8..=9).contains(&bytes.len()) {
        return false;
    }
    let check = |body: &str, extra: u32| {
        digits(body, 7).is_some_and(|d| {
            let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + extra;
            usize::try_from(sum % 23).is_ok_and(|index| LETTERS[index] == bytes[7])
        })
    };
    if bytes[1].is_ascii_digit() {
        let extra = match bytes.get(8) {
            None => 0,
            Some(letter @ b'A'..=b'I') => u32::from(letter - b'A' + 1) * 9,
            Some(b'W') => 0,
            Some(_) => return false,
        };
        return check(&text[..7], extra);
    }
    let old = bytes[1].is_ascii_uppercase() || bytes[1] == b'+' || bytes[1] == b'*';
    old && bytes.len() == 8
        && bytes[0].is_ascii_digit()
        && check(&format!("0{}{}", &text[2..7], &text[..1]), 0)
}

/// Italy: eleven digits, among them the province.
pub(super) fn it(text: &str) -> bool {
    digits(text, 11).is_some_and(|d| {
        let province = number(&d[7..10]);
        number(&d[..7]) > 0
            && ((1..=100).contains(&province) || matches!(province, 120 | 121 | 888 | 999))
            && luhn(&d)
    })
}

/// Luxembourg: eight digits, the last two the rest by 89.
pub(super) fn lu(text: &str) -> bool {
    digits(text, 8).is_some_and(|d| number(&d) > 0 && number(&d[..6]) % 89 == number(&d[6..]))
}

/// The Netherlands: nine digits, B and two digits; by the citizen's number, or since 2020 by ISO 7064 mod 97,10 over
/// everything with the prefix.
pub(super) fn nl(text: &str) -> bool {
    let (Some(body), Some("B"), Some(branch)) = (
        text.get(..9).and_then(|body| digits(body, 9)),
        text.get(9..10),
        text.get(10..).and_then(|branch| digits(branch, 2)),
    ) else {
        return false;
    };
    if number(&body) == 0 || number(&branch) == 0 {
        return false;
    }
    let old = weighted(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == body[8];
    // N and L are 23 and 21, B is 11.
    let whole = (2321 * 1_000_000_000 + number(&body)) * 10_000 + 1100 + number(&branch);
    old || whole % 97 == 1
}

/// Poland: ten digits.
pub(super) fn pl(text: &str) -> bool {
    digits(text, 10).is_some_and(|d| weighted(&d, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9])
}

/// Portugal: nine digits, not beginning with 0.
pub(super) fn pt(text: &str) -> bool {
    digits(text, 9).is_some_and(|d| {
        let check = 11 - weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        d[0] != 0 && d[8] == if check > 9 { 0 } else { check }
    })
}

/// Sweden: the ten digits of the organisation, then 01 to 94.
pub(super) fn se(text: &str) -> bool {
    digits(text, 12).is_some_and(|d| (1..=94).contains(&number(&d[10..])) && luhn(&d[..10]))
}

/// Switzerland: E and nine digits, then perhaps MWST, TVA or IVA.
pub(super) fn ch(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('E') else {
        return false;
    };
    let body = ["MWST", "TVA", "IVA"]
        .iter()
        .find_map(|word| rest.strip_suffix(word))
        .unwrap_or(rest);
    digits(body, 9).is_some_and(|d| weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 1]).is_multiple_of(11))
}

/// Norway: nine digits, then perhaps MVA.
pub(super) fn no(text: &str) -> bool {
    digits(text.strip_suffix("MVA").unwrap_or(text), 9)
        .is_some_and(|d| weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// A pattern: `9` is a digit, `A` a letter, `*` either; any of several.
pub(super) fn pattern(text: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| {
        pattern.len() == text.len()
            && pattern.bytes().zip(text.bytes()).all(|(p, c)| match p {
                b'9' => c.is_ascii_digit(),
                b'A' => c.is_ascii_uppercase(),
                b'*' => c.is_ascii_digit() || c.is_ascii_uppercase(),
                other => c == other,
            })
    })
}
