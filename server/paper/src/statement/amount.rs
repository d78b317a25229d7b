//! Amounts of a statement, read without a float.

/// Minor units of an amount such as `1500.00` or `1500`, which has at most `decimals` decimals other than zeros. No sign,
/// no exponent, no separator, 18 digits at most: as ISO 20022 writes it.
pub(super) fn minor(text: &str, decimals: u8) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || whole.len() + fraction.len() > 18
    {
        return None;
    }
    let kept = usize::from(decimals).min(fraction.len());
    let (kept, rest) = fraction.split_at(kept);
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let mut padded = format!("{whole}{kept}");
    for _ in kept.len()..usize::from(decimals) {
        padded.push('0');
    }
    padded.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_refused() {
        assert_eq!(minor("1500.00", 2), Some(150_000));
        assert_eq!(minor("1500", 2), Some(150_000));
        assert_eq!(minor("0.1", 2), Some(10));
        assert_eq!(minor("12.34500", 3), Some(12_345));
        assert_eq!(minor("150000", 0), Some(150_000));
        assert_eq!(minor("150000.00", 0), Some(150_000));
        for wrong in [
            "",
            ".",
            ".5",
            "-1.00",
            "+1",
            "1,00",
            "1e3",
            " 1",
            "1.005",
            "1234567890123456789",
            "١",
        ] {
            assert_eq!(minor(wrong, 2), None, "{wrong}");
        }
    }
}
