//! What somebody orders: read and bounded once, at the edge.

use jiff::civil::Date;
use muster_domain::text::Invalid;

use crate::web::problem::{Answer, Problem};

/// The most subscriptions of one order.
pub const MOST: usize = 500;

/// Subscriptions about to be started, alike but for their phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The buyer's billing account.
    pub account: String,
    /// The plan.
    pub plan: String,
    /// One for each: a phone, or none as yet.
    pub devices: Vec<Option<String>>,
    /// The first day, in the account's zone; today where nothing was said.
    pub start: Option<Date>,
    /// Whether they begin with the plan's trial.
    pub trial: bool,
    /// Whether a handset is sold with each.
    pub handset: bool,
}

/// The members of an order as they were sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The buyer's billing account.
    pub account: String,
    /// The plan.
    pub plan: String,
    /// Ids of phones.
    pub devices: Vec<String>,
    /// How many, where no phones are named.
    pub count: Option<i64>,
    /// `YYYY-MM-DD`.
    pub start_date: Option<String>,
    /// With the plan's trial.
    pub trial: bool,
    /// With a handset each.
    pub handset: bool,
}

impl Order {
    /// Reads one.
    ///
    /// # Errors
    /// The number is out of bounds or is not that of the phones, a phone is named twice, or the date is none.
    pub fn read(sent: Sent) -> Answer<Self> {
        let named = sent.devices.len();
        let count = match sent.count {
            None => named.max(1),
            Some(count) => usize::try_from(count).unwrap_or(0),
        };
        if !(1..=MOST).contains(&count) || named > MOST {
            let message = format!("Start 1 to {MOST} subscriptions at once.");
            return Err(Invalid::new("count", "subscription-count", message).into());
        }
        if named > 0 && named != count {
            let message = format!(
                "{named} phones are named for {count} subscriptions. Name a phone for each, or none."
            );
            return Err(Invalid::new("count", "subscription-phones", message).into());
        }
        let mut distinct = sent.devices.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() != named {
            return Err(Problem::conflict(
                "device-twice",
                "A phone is named twice. Name each once: it has one running subscription of a seller.",
            ));
        }
        let start = sent.start_date.as_deref().map(|typed| {
            typed.trim().parse::<Date>().map_err(|_| {
                Invalid::new(
                    "start_date",
                    "start-date",
                    "This is no date. Write year, month and day, such as 2026-12-01.",
                )
            })
        });
        let devices = if named == 0 {
            vec![None; count]
        } else {
            sent.devices.into_iter().map(Some).collect()
        };
        Ok(Self {
            account: sent.account,
            plan: sent.plan,
            devices,
            start: start.transpose()?,
            trial: sent.trial,
            handset: sent.handset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Order, Sent};

    fn sent(devices: &[&str], count: Option<i64>) -> Sent {
        Sent {
            devices: devices.iter().map(|id| (*id).to_owned()).collect(),
            count,
            ..Sent::default()
        }
    }

    #[test]
    fn one_for_each_phone_or_so_many_without() {
        assert_eq!(Order::read(sent(&[], None)).unwrap().devices, [None]);
        assert_eq!(Order::read(sent(&[], Some(3))).unwrap().devices.len(), 3);
        let two = Order::read(sent(&["a", "b"], None)).unwrap();
        assert_eq!(two.devices, [Some("a".to_owned()), Some("b".to_owned())]);
        for wrong in [
            sent(&[], Some(0)),
            sent(&[], Some(-1)),
            sent(&[], Some(i64::try_from(MOST).unwrap() + 1)),
            sent(&["a"], Some(2)),
            sent(&["a", "a"], None),
        ] {
            assert!(Order::read(wrong.clone()).is_err(), "{wrong:?}");
        }
        let date = Sent {
            start_date: Some("31/12/2026".to_owned()),
            ..sent(&[], None)
        };
        assert_eq!(Order::read(date).unwrap_err().fields[0].field, "start_date");
    }
}
