//! Amounts of minor units in figures, without a float anywhere.

/// An amount with exactly `decimals` decimals, a point, and a minus if it is negative: `-1500.00`.
#[must_use]
pub fn plain(minor: i64, decimals: u8) -> String {
    let (whole, fraction) = parts(minor, decimals);
    let sign = if minor < 0 { "-" } else { "" };
    if decimals == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A rate of hundredths of a percent without needless zeros: `20`, `5.5`, `8.75`.
#[must_use]
pub fn rate(hundredths: u32) -> String {
    let text = plain(i64::from(hundredths), 2);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The digits before and after the point.
pub(crate) fn parts(minor: i64, decimals: u8) -> (String, String) {
    let width = usize::from(decimals) + 1;
    let digits = format!("{:0width$}", minor.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    (whole.to_owned(), fraction.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_exactly_the_decimals_of_their_currency() {
        assert_eq!(plain(150_000, 2), "1500.00");
        assert_eq!(plain(5, 2), "0.05");
        assert_eq!(plain(-5, 2), "-0.05");
        assert_eq!(plain(0, 2), "0.00");
        assert_eq!(plain(1_500, 0), "1500");
        assert_eq!(plain(1_500, 3), "1.500");
        assert_eq!(plain(i64::MIN, 2), "-92233720368547758.08");
    }

    #[test]
    fn rates_lose_their_needless_zeros_and_no_other() {
        assert_eq!(rate(2_000), "20");
        assert_eq!(rate(550), "5.5");
        assert_eq!(rate(875), "8.75");
        assert_eq!(rate(0), "0");
        assert_eq!(rate(10_000), "100");
    }
}
