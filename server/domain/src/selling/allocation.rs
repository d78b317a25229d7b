//! Which invoices a payment settles: first those that it names, then the oldest; what is left over is credit.

use jiff::civil::Date;

use super::money::{Money, MoneyError};

/// An invoice that is not paid in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// Its id.
    pub id: String,
    /// Its number; of two that are due on one day the smaller is older.
    pub number: String,
    /// Its due date.
    pub due: Date,
    /// What is not paid.
    pub open: Money,
}

/// What a payment settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Ids of invoices, each with its part, above zero.
    pub parts: Vec<(String, Money)>,
    /// What is left over.
    pub to_credit: Money,
}

impl Allocation {
    /// What settles invoices, all together.
    ///
    /// # Errors
    /// The parts do not fit 64 bits, which parts of one payment always do.
    pub fn to_invoices(&self) -> Result<Money, MoneyError> {
        Money::sum(
            self.to_credit.currency(),
            self.parts.iter().map(|(_, part)| *part),
        )
    }
}

/// Allocates a payment. `named` are the ids of the invoices whose reference the payment carries, in the order found.
/// Invoices of another currency are left alone.
///
/// # Errors
/// Never for amounts that are not negative; a negative payment settles nothing and is all credit.
pub fn allocate(
    payment: Money,
    named: &[String],
    items: &[OpenItem],
) -> Result<Allocation, MoneyError> {
    let mut ordered: Vec<&OpenItem> = items
        .iter()
        .filter(|item| item.open.currency() == payment.currency() && item.open.is_positive())
        .collect();
    let place = |item: &OpenItem| {
        named
            .iter()
            .position(|id| *id == item.id)
            .unwrap_or(named.len())
    };
    ordered.sort_by(|a, b| {
        place(a)
            .cmp(&place(b))
            .then(a.due.cmp(&b.due))
            .then_with(|| a.number.cmp(&b.number))
    });
    let mut left = payment;
    let mut parts = Vec::new();
    for item in ordered {
        if !left.is_positive() {
            break;
        }
        let part = left.min(item.open)?;
        left = left.minus(part)?;
        parts.push((item.id.clone(), part));
    }
    Ok(Allocation {
        parts,
        to_credit: left,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{OpenItem, allocate};
    use crate::selling::currency::Currency;
    use crate::selling::money::Money;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn item(id: &str, day: i8, minor: i64) -> OpenItem {
        OpenItem {
            id: id.to_owned(),
            number: format!("NM-2026-{id}"),
            due: date(2026, 3, day),
            open: eur(minor),
        }
    }

    fn parts(payment: i64, named: &[&str], items: &[OpenItem]) -> (Vec<(String, i64)>, i64) {
        let named: Vec<String> = named.iter().map(|id| (*id).to_owned()).collect();
        let allocation = allocate(eur(payment), &named, items).unwrap();
        let parts = allocation
            .parts
            .into_iter()
            .map(|(id, part)| (id, part.minor()))
            .collect();
        (parts, allocation.to_credit.minor())
    }

    fn part(id: &str, minor: i64) -> (String, i64) {
        (id.to_owned(), minor)
    }

    #[test]
    fn what_is_named_comes_first_then_the_oldest_then_credit() {
        let items = [item("3", 20, 300), item("1", 1, 100), item("2", 10, 200)];
        assert_eq!(
            parts(250, &[], &items),
            (vec![part("1", 100), part("2", 150)], 0)
        );
        assert_eq!(
            parts(350, &["3"], &items),
            (vec![part("3", 300), part("1", 50)], 0)
        );
        assert_eq!(
            parts(700, &["2", "unknown"], &items),
            (vec![part("2", 200), part("1", 100), part("3", 300)], 100)
        );
        assert_eq!(parts(50, &[], &[]), (vec![], 50));
    }

    #[test]
    fn of_one_day_the_smaller_number_is_older() {
        let items = [item("b", 1, 100), item("a", 1, 100)];
        assert_eq!(parts(100, &[], &items), (vec![part("a", 100)], 0));
    }

    #[test]
    fn other_currencies_and_settled_ones_are_left_alone() {
        let mut swiss = item("1", 1, 100);
        swiss.open = Money::new(100, Currency::parse("CHF").unwrap());
        let items = [swiss, item("2", 2, 0), item("3", 3, -5), item("4", 4, 10)];
        assert_eq!(parts(30, &["1"], &items), (vec![part("4", 10)], 20));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_overpaid(
            payment in 0_i64..1_000_000, open in prop::collection::vec((1_i8..28, 0_i64..200_000), 0..12), named in 0_usize..12
        ) {
            let items: Vec<OpenItem> = open.iter().enumerate().map(|(index, (day, minor))| item(&index.to_string(), *day, *minor)).collect();
            let allocation = allocate(eur(payment), &[named.to_string()], &items).unwrap();
            let settled = allocation.to_invoices().unwrap();
            prop_assert_eq!(settled.plus(allocation.to_credit).unwrap(), eur(payment));
            for (id, part) in &allocation.parts {
                let item = items.iter().find(|item| item.id == *id).unwrap();
                prop_assert!(part.is_positive() && part.minor() <= item.open.minor());
            }
            // Credit only once everything is paid.
            let total: i64 = items.iter().map(|item| item.open.minor()).sum();
            prop_assert_eq!(allocation.to_credit.minor(), (payment - total).max(0));
        }
    }
}
