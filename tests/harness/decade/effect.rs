//! What an act should come to, worked out before it is done: either all of it stands in the database afterwards, or nothing.

use super::calendar::Edge;
use super::check::{Found, same};
use super::model::{Model, Next, Running, Subscription};
use super::papers::issued;
use super::rows;

/// A period that an act bills, beside the renewals.
#[derive(Debug, Clone)]
pub struct Begun {
    /// From when to when, under which plan.
    pub period: Next,
    /// What it costs, without VAT.
    pub net: i64,
    /// Whether it takes the place of the last one.
    pub replaces: bool,
}

/// Money that moves without a document.
#[derive(Debug, Clone, Default)]
pub struct Money {
    /// `payment`, `refund` or `write-off`.
    pub kind: &'static str,
    /// What makes it known again.
    pub key: String,
    /// How much.
    pub amount: i64,
    /// Invoices that it settles.
    pub settles: Vec<(String, i64)>,
    /// What the credit changes by.
    pub credit: i64,
}

/// All that follows from one act.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    /// The account it is about.
    pub account: usize,
    /// The subscription afterwards, with its place.
    pub after: Option<(usize, Subscription)>,
    /// Where its last period is cut short.
    pub cut: Option<Edge>,
    /// The period that follows, or takes the place of the last.
    pub begun: Option<Begun>,
    /// What its documents come to together, without VAT: at least, at most. The two differ where somebody credited by hand before.
    pub net: (i64, i64),
    /// A payment, a refund, a write-off.
    pub money: Option<Money>,
    /// An invoice that credit settles, and how much.
    pub drawn: Option<(String, i64)>,
    /// A payment that is taken back.
    pub reopened: Option<Paid>,
    /// Whether it is live no more.
    pub ends: bool,
}

/// A payment that settled invoices and left nothing over.
#[derive(Debug, Clone)]
pub struct Paid {
    /// Its id.
    pub id: String,
    /// What it settled.
    pub settled: Vec<(String, i64)>,
}

impl Effect {
    /// Holds what is new against what was expected, and moves the model on.
    ///
    /// # Errors
    /// A sentence that says what differs.
    pub fn explain(&self, model: &mut Model, found: &mut Found) -> Result<(), String> {
        let mut net = 0;
        let mut invoice = None;
        for document in std::mem::take(&mut found.rest.documents) {
            let lines = found.rest.lines.remove(&document.id).unwrap_or_default();
            same(
                || format!("the account of {}", document.id),
                &document.account,
                &model.accounts[self.account].id,
            )?;
            let sign = if document.kind == "credit-note" {
                -1
            } else {
                1
            };
            net += sign * document.net;
            for line in &lines {
                self.line(model, line)?;
            }
            issued(model, &document, &lines, &mut found.rest)?;
            if sign > 0 {
                invoice = Some(document.id.clone());
            }
        }
        if net < self.net.0 || net > self.net.1 {
            return Err(format!(
                "the documents of {:?} come to {net}, expected {:?}",
                self.after, self.net
            ));
        }
        let billed = std::mem::take(&mut found.rest.periods);
        if let Some((place, after)) = &self.after {
            self.periods(model, *place, &billed, invoice.as_deref())?;
            let mut after = after.clone();
            if let (Some(begun), Some(document)) = (&self.begun, invoice) {
                after.running = Some(self.running(model, *place, begun, document));
                after.last = Some(begun.period.end);
                after.next_start = Some(begun.period.end.at);
            }
            model.replace(*place, after);
            found.touch(*place);
        } else if !billed.is_empty() {
            return Err(format!("nobody asked for {billed:?}"));
        }
        if self.ends {
            model.live(self.account, -1);
        }
        self.money(model, found)?;
        self.drawn(model, found)?;
        self.reopened(model, found)
    }

    /// The payment that it was, as it stands in the books; nothing where some was left over.
    #[must_use]
    pub fn paid(&self, found: &Found) -> Option<Paid> {
        let money = self
            .money
            .as_ref()
            .filter(|money| money.kind == "payment" && money.credit == 0)?;
        let payment = found.rest.payments.first()?;
        Some(Paid {
            id: payment.id.clone(),
            settled: money.settles.clone(),
        })
    }

    fn line(&self, model: &Model, line: &rows::Line) -> Result<(), String> {
        if let Some((_, after)) = &self.after {
            same(
                || format!("whose line {line:?} is"),
                &line.subscription.as_deref(),
                &Some(after.id.as_str()),
            )?;
        }
        let account = &model.accounts[self.account];
        let known = model
            .plans
            .iter()
            .any(|plan| plan.seller == account.seller && plan.rate == line.rate);
        if line.rate != 0 && !(account.bears_vat && known) {
            return Err(format!("{line:?} bears VAT"));
        }
        Ok(())
    }

    fn index(&self, model: &Model, place: usize, begun: &Begun) -> i64 {
        let last = model.subscriptions[place].running.as_ref();
        last.map_or(0, |running| running.index) + i64::from(!begun.replaces)
    }

    fn running(&self, model: &Model, place: usize, begun: &Begun, document: String) -> Running {
        Running {
            index: self.index(model, place, begun),
            start: begun.period.start,
            zone: begun.period.zone,
            net: begun.net,
            document,
        }
    }

    fn periods(
        &self,
        model: &mut Model,
        place: usize,
        billed: &[rows::Period],
        invoice: Option<&str>,
    ) -> Result<(), String> {
        let one = model.subscriptions[place].clone();
        let index = one.running.as_ref().map_or(-1, |running| running.index);
        let last = model
            .periods
            .iter_mut()
            .rev()
            .find(|period| period.subscription == one.id && period.index == index);
        let mut previous = last.as_ref().and_then(|period| period.previous_end);
        if let (Some(period), Some(cut)) = (last, self.cut) {
            period.end = cut.at;
            period.end_date = cut.date.to_string();
            previous = Some(cut.at);
        }
        let Some(begun) = &self.begun else {
            return same(|| format!("periods of {}", one.id), &billed.len(), &0);
        };
        let expected = rows::Period {
            subscription: one.id.clone(),
            index: self.index(model, place, begun),
            previous_end: previous,
            start: begun.period.start.at,
            end: begun.period.end.at,
            start_date: begun.period.start.date.to_string(),
            end_date: begun.period.end.date.to_string(),
            zone: begun.period.zone.to_owned(),
            plan: model.plans[begun.period.plan].id.clone(),
            document: invoice.unwrap_or_default().to_owned(),
        };
        if begun.replaces {
            same(|| format!("periods of {}", one.id), &billed.len(), &0)?;
            model
                .periods
                .retain(|period| period.subscription != one.id || period.index != index);
        } else {
            same(
                || format!("periods of {}", one.id),
                &billed,
                &&[expected.clone()][..],
            )?;
        }
        model.periods.push(expected);
        Ok(())
    }

    fn money(&self, model: &mut Model, found: &mut Found) -> Result<(), String> {
        let Some(money) = &self.money else {
            return Ok(());
        };
        let what = || format!("{} {}", money.kind, money.key);
        let account = model.accounts[self.account].clone();
        let payments = std::mem::take(&mut found.rest.payments);
        let [payment] = &payments[..] else {
            return Err(format!("{}: there is {payments:?}", what()));
        };
        let told = (
            payment.kind.as_str(),
            payment.key.as_str(),
            payment.account.as_str(),
            payment.amount,
        );
        same(
            what,
            &told,
            &(
                money.kind,
                money.key.as_str(),
                account.id.as_str(),
                money.amount,
            ),
        )?;
        if !model.payments.insert(payment.id.clone()) {
            return Err(format!("{} is there twice", what()));
        }
        let mut settled: Vec<(String, i64)> = Vec::new();
        for one in std::mem::take(&mut found.rest.settlements) {
            same(what, &one.payment.as_deref(), &Some(payment.id.as_str()))?;
            settled.push((one.invoice, one.amount));
        }
        settled.sort();
        let mut expected = money.settles.clone();
        expected.sort();
        same(
            || format!("{}, what it settles", what()),
            &settled,
            &expected,
        )?;
        for (invoice, amount) in &settled {
            model.settle(invoice, *amount)?;
            found.touch_invoice(invoice);
        }
        model.accounts[self.account].credit += money.credit;
        let sum: i64 = settled.iter().map(|(_, amount)| amount).sum();
        let (mut receivable, mut credit) = (0, 0);
        for transfer in found.rest.transfers.remove(&payment.id).unwrap_or_default() {
            for (name, amount) in [
                (&transfer.debit, transfer.amount),
                (&transfer.credit, -transfer.amount),
            ] {
                receivable += if *name == format!("receivable:{}", account.id) {
                    amount
                } else {
                    0
                };
                credit += if *name == format!("credit:{}", account.id) {
                    amount
                } else {
                    0
                };
            }
            model.transfer(account.seller, &transfer);
        }
        same(
            || format!("{}, in the ledger", what()),
            &(receivable, credit),
            &(-sum, -money.credit),
        )
    }

    fn drawn(&self, model: &mut Model, found: &mut Found) -> Result<(), String> {
        let Some((invoice, amount)) = &self.drawn else {
            return Ok(());
        };
        let account = model.accounts[self.account].clone();
        let settled: Vec<_> = std::mem::take(&mut found.rest.settlements);
        let told: Vec<_> = settled
            .iter()
            .map(|one| (&one.invoice, one.amount, &one.payment, &one.note))
            .collect();
        same(
            || format!("credit on {invoice}"),
            &told,
            &vec![(invoice, *amount, &None, &None)],
        )?;
        let transfers = found.rest.transfers.remove(invoice).unwrap_or_default();
        let moved: Vec<_> = transfers
            .iter()
            .map(|one| (one.debit.clone(), one.credit.clone(), one.amount))
            .collect();
        let expected = (
            format!("credit:{}", account.id),
            format!("receivable:{}", account.id),
            *amount,
        );
        same(
            || format!("credit on {invoice}, in the ledger"),
            &moved,
            &vec![expected],
        )?;
        for transfer in &transfers {
            model.transfer(account.seller, transfer);
        }
        model.accounts[self.account].credit -= amount;
        found.touch_invoice(invoice);
        model.settle(invoice, *amount)
    }

    fn reopened(&self, model: &mut Model, found: &mut Found) -> Result<(), String> {
        let Some(paid) = &self.reopened else {
            return Ok(());
        };
        let account = model.accounts[self.account].clone();
        let sum: i64 = paid.settled.iter().map(|(_, amount)| amount).sum();
        let mut back = 0;
        for transfer in found.rest.transfers.remove(&paid.id).unwrap_or_default() {
            same(
                || format!("taken back: {transfer:?}"),
                &transfer.debit,
                &format!("receivable:{}", account.id),
            )?;
            back += transfer.amount;
            model.transfer(account.seller, &transfer);
        }
        same(|| format!("payment {}, taken back", paid.id), &back, &sum)?;
        for (invoice, amount) in &paid.settled {
            model.settle(invoice, -amount)?;
            if let Some(document) = model.documents.get_mut(invoice) {
                document.reopened += amount;
            }
            found.touch_invoice(invoice);
        }
        Ok(())
    }
}
