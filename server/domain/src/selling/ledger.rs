//! The ledger: accounts and transfers between two of them.
//!
//! One row is one transfer, with an amount above zero from one account to another; so every row sums to zero by itself,
//! and no sum of rows can do otherwise. Rows are only added; what was wrong is transferred back. Balances are derived.
//!
//! A balance is debits less credits, as bookkeepers count: what a buyer owes is a positive balance of `receivable`, what
//! a buyer has paid ahead is a negative one of `credit`.

use std::collections::BTreeMap;
use std::fmt;

use super::country::Country;
use super::currency::Currency;
use super::money::Money;
use super::refusal::Refusal;
use super::tax_rates::Rate;

/// An account of one seller's ledger. Ids are the store's; they hold no colon.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What a billing account owes.
    Receivable(String),
    /// What a billing account paid ahead or too much.
    Credit(String),
    /// What was earned with a product, net.
    Revenue(String),
    /// VAT owed to a country at a rate.
    Vat(Country, Rate),
    /// Money at a bank.
    Bank(String),
    /// What is to be paid back and was not yet.
    Refunds,
    /// What will never be paid.
    WriteOffs,
    /// Where balances come from that are older than the ledger.
    Opening,
}

impl Account {
    /// The account of a stored name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, id) = match name.split_once(':') {
            Some((kind, id)) => (kind, id),
            None => (name, ""),
        };
        let named = || (!id.is_empty() && !id.contains(':')).then(|| id.to_owned());
        let account = match kind {
            "receivable" => Self::Receivable(named()?),
            "credit" => Self::Credit(named()?),
            "revenue" => Self::Revenue(named()?),
            "bank" => Self::Bank(named()?),
            "vat" => {
                let (country, rate) = id.split_once(':')?;
                Self::Vat(Country::parse(country).ok()?, Rate::parse(rate).ok()?)
            }
            "refunds" => Self::Refunds,
            "write-offs" => Self::WriteOffs,
            "opening" => Self::Opening,
            _ => return None,
        };
        (account.to_string() == name).then_some(account)
    }
}

impl fmt::Display for Account {
    /// The name that is stored: `receivable:…`, `vat:DE:19`, `refunds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receivable(id) => write!(f, "receivable:{id}"),
            Self::Credit(id) => write!(f, "credit:{id}"),
            Self::Revenue(id) => write!(f, "revenue:{id}"),
            Self::Vat(country, rate) => write!(f, "vat:{country}:{rate}"),
            Self::Bank(id) => write!(f, "bank:{id}"),
            Self::Refunds => f.write_str("refunds"),
            Self::WriteOffs => f.write_str("write-offs"),
            Self::Opening => f.write_str("opening"),
        }
    }
}

/// An amount that goes from the account that is credited to the one that is debited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    debit: Account,
    credit: Account,
    amount: Money,
}

impl Transfer {
    /// A transfer.
    ///
    /// # Errors
    /// The amount is not above zero, or the two accounts are one.
    pub fn new(debit: Account, credit: Account, amount: Money) -> Result<Self, Refusal> {
        if debit == credit {
            return Err(Refusal::new(
                "transfer-same",
                format!("A transfer from {credit} to itself moves nothing. Name two accounts."),
            ));
        }
        if !amount.is_positive() {
            return Err(Refusal::new(
                "transfer-amount",
                format!("A transfer of {amount} moves nothing. Name an amount above zero."),
            ));
        }
        Ok(Self {
            debit,
            credit,
            amount,
        })
    }

    /// A transfer of an amount of either sign: a negative one goes the other way, and nothing is no transfer.
    ///
    /// # Errors
    /// The two accounts are one, or the amount has no opposite.
    pub fn signed(debit: Account, credit: Account, amount: Money) -> Result<Option<Self>, Refusal> {
        if amount.is_zero() {
            Ok(None)
        } else if amount.is_negative() {
            Self::new(credit, debit, amount.opposite()?).map(Some)
        } else {
            Self::new(debit, credit, amount).map(Some)
        }
    }

    /// The account that gains.
    #[must_use]
    pub fn debit(&self) -> &Account {
        &self.debit
    }

    /// The account that gives.
    #[must_use]
    pub fn credit(&self) -> &Account {
        &self.credit
    }

    /// How much; above zero.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// The transfer that takes this one back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self {
            debit: self.credit.clone(),
            credit: self.debit.clone(),
            amount: self.amount,
        }
    }
}

/// Balances by account and currency, in 128 bits: a sum of any number of rows fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances(BTreeMap<(Account, Currency), i128>);

impl Balances {
    /// The balances of some transfers.
    #[must_use]
    pub fn of(transfers: &[Transfer]) -> Self {
        let mut balances = Self::default();
        balances.add(transfers);
        balances
    }

    /// Takes more transfers in.
    pub fn add(&mut self, transfers: &[Transfer]) {
        for transfer in transfers {
            let amount = i128::from(transfer.amount.minor());
            let currency = transfer.amount.currency();
            *self
                .0
                .entry((transfer.debit.clone(), currency))
                .or_default() += amount;
            *self
                .0
                .entry((transfer.credit.clone(), currency))
                .or_default() -= amount;
        }
    }

    /// The balance of an account in a currency, in minor units: debits less credits.
    #[must_use]
    pub fn balance(&self, account: &Account, currency: Currency) -> i128 {
        self.0
            .get(&(account.clone(), currency))
            .copied()
            .unwrap_or_default()
    }

    /// The sum of all accounts in a currency. Zero, or somebody wrote rows by hand.
    #[must_use]
    pub fn sum(&self, currency: Currency) -> i128 {
        self.0
            .iter()
            .filter(|((_, of), _)| *of == currency)
            .map(|(_, balance)| balance)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Balances, Transfer};
    use crate::selling::country::Country;
    use crate::selling::currency::Currency;
    use crate::selling::money::Money;
    use crate::selling::tax_rates::Rate;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    #[test]
    fn names_round_trip() {
        let id = || "0193".to_owned();
        for account in [
            Account::Receivable(id()),
            Account::Credit(id()),
            Account::Revenue(id()),
            Account::Vat(Country::parse("FI").unwrap(), Rate::parse("25.5").unwrap()),
            Account::Bank(id()),
            Account::Refunds,
            Account::WriteOffs,
            Account::Opening,
        ] {
            assert_eq!(Account::parse(&account.to_string()), Some(account));
        }
        for wrong in [
            "",
            "receivable",
            "receivable:",
            "receivable:a:b",
            "vat:DE",
            "vat:DE:19.0",
            "refunds:1",
            "cash",
        ] {
            assert_eq!(Account::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_transfer_moves_something_between_two() {
        let code =
            |debit, credit, minor| Transfer::new(debit, credit, eur(minor)).unwrap_err().code;
        assert_eq!(code(Account::Refunds, Account::Refunds, 1), "transfer-same");
        assert_eq!(
            code(Account::Refunds, Account::Opening, 0),
            "transfer-amount"
        );
        assert_eq!(
            code(Account::Refunds, Account::Opening, -1),
            "transfer-amount"
        );
        let there = Transfer::new(Account::Refunds, Account::Opening, eur(5)).unwrap();
        assert_eq!(
            Transfer::signed(Account::Opening, Account::Refunds, eur(-5)).unwrap(),
            Some(there.clone())
        );
        assert_eq!(
            Transfer::signed(Account::Opening, Account::Refunds, eur(0)).unwrap(),
            None
        );
        let both = [there.clone(), there.back()];
        assert_eq!(
            Balances::of(&both).balance(&Account::Refunds, Currency::EUR),
            0
        );
        let one = Balances::of(&[there]);
        assert_eq!(one.balance(&Account::Refunds, Currency::EUR), 5);
        assert_eq!(one.balance(&Account::Opening, Currency::EUR), -5);
        assert_eq!(one.sum(Currency::EUR), 0);
    }
}
