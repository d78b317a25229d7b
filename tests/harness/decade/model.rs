//! What should stand in the database, kept beside it in plain figures.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::calendar::{self, Edge, Every};
use super::rows;

/// A seller.
#[derive(Debug, Clone)]
pub struct Seller {
    /// Its organisation.
    pub id: String,
    /// Where its days begin.
    pub zone: &'static str,
    /// What it sells in.
    pub currency: &'static str,
    /// Its patterns: of invoices, of credit notes.
    pub series: [String; 2],
    /// Who acts for it.
    pub name: &'static str,
}

/// A price of a plan.
#[derive(Debug, Clone)]
pub struct Price {
    pub item: &'static str,
    pub buyer: Option<String>,
    pub from_quantity: i64,
    pub amount: i64,
    pub from: Date,
    pub until: Option<Date>,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    pub id: String,
    pub seller: usize,
    pub every: Every,
    pub prices: Vec<Price>,
    pub rate: i64,
    pub cancellation: &'static str,
    pub paused: &'static str,
}

/// A billing account.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub seller: usize,
    pub buyer: String,
    pub zone: &'static str,
    pub prepaid: bool,
    pub bears_vat: bool,
    pub terms: i64,
    pub credit: i64,
    pub limit: i64,
    /// How many of its subscriptions have not ended.
    pub count: i64,
    /// The least and the most there were of them in this step: as many a price may be asked for.
    pub live: (i64, i64),
    /// How it pays.
    pub habit: u64,
}

/// A subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub account: usize,
    pub plan: usize,
    pub life: &'static str,
    pub anchor: Date,
    /// Which boundary of the anchor the next period begins at.
    pub times: i64,
    pub next_start: Option<i64>,
    pub cancel_at_end: bool,
    pub next_plan: Option<usize>,
    /// The end of the last billed period.
    pub last: Option<Edge>,
    /// Its start, its zone, and what it cost, without VAT.
    pub running: Option<Running>,
    pub paused_at: Option<i64>,
    pub handset: bool,
    /// The stage of dunning that it was brought to, and when.
    pub reached: (&'static str, Date),
}

/// The last billed period.
#[derive(Debug, Clone)]
pub struct Running {
    pub index: i64,
    pub start: Edge,
    pub zone: &'static str,
    pub net: i64,
    pub document: String,
}

/// A document.
#[derive(Debug, Clone)]
pub struct Document {
    pub account: usize,
    pub net: i64,
    pub total: i64,
    pub open: i64,
    pub lines: usize,
    pub due: Date,
    pub owes: bool,
    /// The subscriptions that it is about.
    pub about: Vec<usize>,
    /// What was credited of it, without VAT.
    pub credited: i64,
    pub reopened: i64,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Model {
    pub sellers: Vec<Seller>,
    pub plans: Vec<Plan>,
    pub accounts: Vec<Account>,
    pub subscriptions: Vec<Subscription>,
    pub places: HashMap<String, usize>,
    pub account_places: HashMap<String, usize>,
    pub plan_places: HashMap<String, usize>,
    pub seller_places: HashMap<String, usize>,
    pub documents: HashMap<String, Document>,
    /// Documents on which something is owed.
    pub owed: BTreeSet<(usize, Date, String)>,
    /// What is owed for each subscription, by when it was due.
    pub debts: HashMap<usize, BTreeSet<(Date, String)>>,
    pub numbers: HashMap<(usize, String, i64), i64>,
    pub balances: HashMap<(usize, String, String), i64>,
    pub letters: HashSet<String>,
    pub payments: HashSet<String>,
    /// Subscriptions of whose invoices a person credited something.
    pub credited_by_hand: HashSet<usize>,
    pub due: BTreeSet<(i64, usize)>,
    pub periods: Vec<rows::Period>,
    pub transfers: i64,
}

impl Model {
    /// What one of an item of a plan costs a buyer with so many live subscriptions on a day.
    #[must_use]
    pub fn price(&self, plan: usize, item: &str, buyer: &str, live: i64, on: Date) -> Option<i64> {
        let holds = |price: &&Price| {
            price.item == item
                && price.from <= on
                && price.until.is_none_or(|until| on < until)
                && price.from_quantity <= live.max(1)
        };
        let best = |buyer: Option<&str>| {
            let prices = self.plans[plan].prices.iter().filter(holds);
            prices
                .filter(|price| price.buyer.as_deref() == buyer)
                .max_by_key(|price| price.from_quantity)
                .map(|price| price.amount)
        };
        best(Some(buyer)).or_else(|| best(None))
    }

    /// Whether a price is one that may be asked now.
    #[must_use]
    pub fn may_cost(&self, plan: usize, item: &str, account: usize, on: Date, amount: i64) -> bool {
        let account = &self.accounts[account];
        let (least, most) = account.live;
        (least..=most).any(|live| self.price(plan, item, &account.buyer, live, on) == Some(amount))
    }

    /// VAT on a net amount: half a unit is rounded up.
    #[must_use]
    pub fn vat(net: i64, rate: i64) -> i64 {
        (net * rate + 5_000).div_euclid(10_000)
    }

    /// The rate that a plan's line bears for an account.
    #[must_use]
    pub fn rate(&self, plan: usize, account: usize) -> i64 {
        if self.accounts[account].bears_vat {
            self.plans[plan].rate
        } else {
            0
        }
    }

    /// The period that a subscription is billed for next, and which boundary it ends at. A plan that was chosen for it holds.
    #[must_use]
    pub fn next_period(&self, place: usize) -> Next {
        let one = &self.subscriptions[place];
        let zone = self.accounts[one.account].zone;
        let plan = one.next_plan.unwrap_or(one.plan);
        let every = self.plans[plan].every;
        let (mut anchor, mut times) = (one.anchor, one.times);
        let start = match one.last {
            None => Edge {
                at: calendar::start_of(zone, anchor),
                date: anchor,
            },
            // After a pause it begins at a new anchor, but never before the last one ended.
            Some(last) if times == 0 && anchor > last.date => Edge {
                at: calendar::start_of(zone, anchor).max(last.at),
                date: anchor,
            },
            Some(last) => last,
        };
        if every != self.plans[one.plan].every {
            (anchor, times) = (start.date, 0);
        }
        let (end, ends) = every.end((anchor, times), start, zone);
        Next {
            plan,
            zone,
            anchor,
            start,
            end,
            ends,
        }
    }

    /// A period was billed: the model moves on.
    pub fn billed(&mut self, place: usize, next: &Next, running: Running) {
        let one = &mut self.subscriptions[place];
        if let Some(start) = one.next_start {
            self.due.remove(&(start, place));
        }
        one.life = "active";
        one.plan = next.plan;
        one.next_plan = None;
        (one.anchor, one.times) = (next.anchor, next.ends);
        one.last = Some(next.end);
        one.running = Some(running);
        one.next_start = Some(next.end.at);
        self.due.insert((next.end.at, place));
    }

    /// Something changed by an act.
    pub fn replace(&mut self, place: usize, changed: Subscription) {
        if let Some(start) = self.subscriptions[place].next_start {
            self.due.remove(&(start, place));
        }
        if let Some(start) = changed.next_start {
            self.due.insert((start, place));
        }
        self.subscriptions[place] = changed;
    }

    /// One more.
    pub fn add(&mut self, new: Subscription) {
        let place = self.subscriptions.len();
        self.places.insert(new.id.clone(), place);
        if let Some(start) = new.next_start {
            self.due.insert((start, place));
        }
        self.live(new.account, 1);
        self.subscriptions.push(new);
    }

    /// One more or one fewer is live.
    pub fn live(&mut self, account: usize, change: i64) {
        let account = &mut self.accounts[account];
        account.count += change;
        // Until the step is over any number between may have been seen.
        account.live.0 = account.live.0.min(account.count);
        account.live.1 = account.live.1.max(account.count);
    }

    /// Moves an amount of the ledger.
    pub fn transfer(&mut self, seller: usize, row: &rows::Transfer) {
        let key = |account: &str| (seller, account.to_owned(), row.currency.clone());
        *self.balances.entry(key(&row.debit)).or_default() += row.amount;
        *self.balances.entry(key(&row.credit)).or_default() -= row.amount;
        self.transfers += 1;
    }

    /// A part of an invoice is settled, or (below zero) open again.
    ///
    /// # Errors
    /// So much was not open.
    pub fn settle(&mut self, invoice: &str, amount: i64) -> Result<(), String> {
        let Some(document) = self.documents.get_mut(invoice) else {
            return Err(format!("{invoice} is settled, and it is not there"));
        };
        let key = (document.account, document.due, invoice.to_owned());
        document.open -= amount;
        if document.open < 0 || document.open > document.total {
            return Err(format!(
                "{} is open on {invoice} of {}",
                document.open, document.total
            ));
        }
        let debt = (document.due, invoice.to_owned());
        for place in &document.about {
            let debts = self.debts.entry(*place).or_default();
            if document.open == 0 {
                debts.remove(&debt);
            } else {
                debts.insert(debt.clone());
            }
        }
        if document.open == 0 {
            self.owed.remove(&key);
        } else {
            self.owed.insert(key);
        }
        Ok(())
    }

    /// What an account owes, oldest first.
    pub fn owed_by(&self, account: usize) -> impl Iterator<Item = &str> {
        let from = (account, Date::MIN, String::new());
        let to = (account + 1, Date::MIN, String::new());
        self.owed.range(from..to).map(|(_, _, id)| id.as_str())
    }
}

/// The period to be billed next.
#[derive(Debug, Clone)]
pub struct Next {
    pub plan: usize,
    pub zone: &'static str,
    pub anchor: Date,
    pub start: Edge,
    pub end: Edge,
    pub ends: i64,
}
