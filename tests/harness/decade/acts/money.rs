//! Money moves: payments in part, in full, too much and twice; refunds, debts given up, credit notes, payments that the bank took
//! back.

use std::sync::Arc;

use jiff::civil::Date;
use muster::app::App;
use muster::features::payments::enter::NewPayment;
use muster::features::payments::refund::NewRefund;
use muster::features::payments::write_off::NewWriteOff;
use muster::features::payments::{credit_note, enter, refund, turns, write_off};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money as Amount;

use crate::decade::calendar::date_of;
use crate::decade::effect::{Effect, Money};
use crate::decade::run::Run;

/// The least that an account owes before somebody thinks of paying: nothing.
const EVERYTHING: u64 = 12;

impl Run {
    /// Something is done about money.
    pub(super) async fn move_money(&mut self) -> Result<(), String> {
        let account = self.chance.place(self.model.accounts.len());
        match self.chance.below(24) {
            0..16 => self.pay(account).await,
            16..18 => self.refund(account).await,
            18..19 => self.give_up(account).await,
            19..21 => self.credit(account).await,
            21..22 => self.use_credit(account).await,
            _ => self.take_back().await,
        }
    }

    /// Accounts pay when it is their habit: at once, late, or hardly ever.
    pub(in crate::decade) async fn pay_by_habit(&mut self) -> Result<(), String> {
        let now = self.world.now().0;
        for account in 0..self.model.accounts.len() {
            let one = &self.model.accounts[account];
            let today = date_of(one.zone, now);
            let patience =
                [0, 0, 0, 2, 5, 9, 12, 16, 25, 40][usize::try_from(one.habit).unwrap_or(0) % 10];
            let late = self.model.owed_by(account).next().is_some_and(|oldest| {
                let due = self
                    .model
                    .documents
                    .get(oldest)
                    .map(|document| document.due);
                due.is_some_and(|due| crate::decade::calendar::days_between(due, today) >= patience)
            });
            if late && !self.chance.one_in(8) {
                self.pay(account).await?;
            }
        }
        Ok(())
    }

    async fn pay(&mut self, account: usize) -> Result<(), String> {
        let open: Vec<(String, i64)> = self.open_of(account);
        let sum: i64 = open.iter().map(|(_, open)| open).sum();
        let first = open.first().map_or(1_000, |(_, open)| *open);
        let amount = match self.chance.below(20) {
            0..EVERYTHING => sum,
            12..14 => first,
            14..16 => self.chance.between(1, first.max(1)),
            16..18 => sum + self.chance.between(1, 50_000),
            18..19 => self.chance.between(1, sum.max(1)),
            _ => self.chance.between(1, 300_000),
        };
        if amount <= 0 {
            return Ok(());
        }
        let named: Vec<String> = if self.chance.one_in(4) && !open.is_empty() {
            let place = self.chance.place(open.len());
            vec![open[place].0.clone()]
        } else {
            Vec::new()
        };
        // First what is named, then the oldest.
        let mut ordered: Vec<&(String, i64)> = open.iter().collect();
        ordered.sort_by_key(|(id, _)| !named.contains(id));
        let (mut left, mut settles) = (amount, Vec::new());
        for (id, open) in ordered {
            let part = left.min(*open);
            if part > 0 {
                settles.push((id.clone(), part));
                left -= part;
            }
        }
        let key = format!("payment-{}", self.figures.acts);
        let seller = self.model.accounts[account].seller;
        let (currency, zone) = (
            self.model.sellers[seller].currency,
            self.model.sellers[seller].zone,
        );
        // A payment may be entered twice, or again after nobody heard what became of it.
        let twice = self.chance.one_in(10);
        let mut expected = Effect {
            account,
            money: Some(Money {
                kind: "payment",
                key: key.clone(),
                amount,
                settles,
                credit: left,
            }),
            ..Effect::default()
        };
        for turn in 0..4 {
            let node = self.chance.place(2);
            let app = self.world.nodes[node].app.clone();
            let new = NewPayment {
                account_id: self.model.accounts[account].id.clone(),
                amount: money(amount, currency)?,
                received_on: today(&app, zone),
                note: format!("transfer {key}"),
                invoice_ids: named.clone(),
                key: key.clone(),
            };
            let allowed = self.owner(seller)?;
            let endangered = turn < 2 && self.endanger("payment", node);
            let done = enter::enter(&app, &allowed, new).await;
            let heard = done.is_ok();
            let known = self.model.payments.len();
            self.judge(("payment", node), endangered, done, Some(expected.clone()))
                .await?;
            if self.model.payments.len() > known {
                // It is in the books: the same again changes nothing.
                expected.money = None;
                if let Some(payment) = &self.last_payment {
                    self.paid.push((account, payment.clone()));
                }
            }
            if heard && !(twice && turn == 0) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn refund(&mut self, account: usize) -> Result<(), String> {
        let credit = self.model.accounts[account].credit;
        let amount = self.chance.between(1, credit.max(2) + 10);
        let seller = self.model.accounts[account].seller;
        let key = format!("refund-{}", self.figures.acts);
        let node = self.chance.place(2);
        let app = self.world.nodes[node].app.clone();
        let new = NewRefund {
            account_id: self.model.accounts[account].id.clone(),
            amount: money(amount, self.model.sellers[seller].currency)?,
            note: "asked for".to_owned(),
            key: key.clone(),
        };
        let expected = (amount <= credit).then(|| Effect {
            account,
            money: Some(Money {
                kind: "refund",
                key,
                amount,
                settles: Vec::new(),
                credit: -amount,
            }),
            ..Effect::default()
        });
        let allowed = self.owner(seller)?;
        let endangered = self.endanger("refund", node);
        let done = refund::refund(&app, &allowed, new).await;
        self.judge(("refund", node), endangered, done, expected)
            .await
            .map(|_| ())
    }

    async fn give_up(&mut self, account: usize) -> Result<(), String> {
        let open = self.open_of(account);
        let Some((invoice, open)) = open.first().cloned() else {
            return Ok(());
        };
        let amount = self.chance.between(1, open + open / 10);
        let seller = self.model.accounts[account].seller;
        let key = format!("write-off-{}", self.figures.acts);
        let node = self.chance.place(2);
        let app = self.world.nodes[node].app.clone();
        let new = NewWriteOff {
            invoice_id: invoice.clone(),
            amount: money(amount, self.model.sellers[seller].currency)?,
            note: "gone".to_owned(),
            key: key.clone(),
        };
        let expected = (amount <= open).then(|| Effect {
            account,
            money: Some(Money {
                kind: "write-off",
                key,
                amount,
                settles: vec![(invoice, amount)],
                credit: 0,
            }),
            ..Effect::default()
        });
        let allowed = self.owner(seller)?;
        let endangered = self.endanger("write-off", node);
        let done = write_off::write_off(&app, &allowed, new).await;
        self.judge(("write-off", node), endangered, done, expected)
            .await
            .map(|_| ())
    }

    /// An invoice is credited by hand, whole or in part.
    async fn credit(&mut self, account: usize) -> Result<(), String> {
        let Some(place) = self.of_account(account) else {
            return Ok(());
        };
        let Some(running) = self.model.subscriptions[place].running.clone() else {
            return Ok(());
        };
        let Some(document) = self.model.documents.get(&running.document).cloned() else {
            return Ok(());
        };
        // What was netted on it has rules of its own; what is nothing cannot be credited.
        if document.lines != 1 || document.net <= 0 {
            return Ok(());
        }
        let left = document.net - document.credited;
        let whole = self.chance.one_in(3);
        let net = if whole {
            document.net
        } else {
            self.chance.between(1, left.max(1) + left / 8)
        };
        let allowed_net = if whole {
            document.credited == 0
        } else {
            net <= left
        };
        let seller = self.model.accounts[account].seller;
        let part = credit_note::NewPart {
            position: 1,
            net: money(net, self.model.sellers[seller].currency)?,
            text: String::new(),
        };
        let new = credit_note::NewCredit {
            invoice_id: running.document.clone(),
            parts: if whole { Vec::new() } else { vec![part] },
        };
        let expected = allowed_net.then(|| Effect {
            account,
            net: (-net, -net),
            ..Effect::default()
        });
        let node = self.chance.place(2);
        let app = self.world.nodes[node].app.clone();
        let allowed = self.owner(seller)?;
        let endangered = self.endanger("credit note", node);
        let done = credit_note::credit(&app, &allowed, new).await;
        self.model.credited_by_hand.insert(place);
        self.judge(("credit note", node), endangered, done, expected)
            .await
            .map(|_| ())
    }

    async fn use_credit(&mut self, account: usize) -> Result<(), String> {
        let one = self.model.accounts[account].clone();
        let open = self.open_of(account);
        let Some((invoice, open)) = open.last().cloned() else {
            return Ok(());
        };
        if one.credit <= 0 {
            return Ok(());
        }
        let amount = self.chance.between(1, open.min(one.credit));
        let node = self.chance.place(2);
        let app = self.world.nodes[node].app.clone();
        let allowed = self.owner(one.seller)?;
        let endangered = self.endanger("use credit", node);
        let amount_of = money(amount, self.model.sellers[one.seller].currency)?;
        let done = refund::use_credit(&app, &allowed, invoice.clone(), amount_of).await;
        let expected = Effect {
            account,
            drawn: Some((invoice, amount)),
            ..Effect::default()
        };
        self.judge(("use credit", node), endangered, done, Some(expected))
            .await
            .map(|_| ())
    }

    /// The bank takes a payment back that left nothing over. What it had settled is open again.
    async fn take_back(&mut self) -> Result<(), String> {
        if self.paid.is_empty() {
            return Ok(());
        }
        let place = self.chance.place(self.paid.len());
        let (account, payment) = self.paid.swap_remove(place);
        let seller = self.model.accounts[account].seller;
        let expected = Effect {
            account,
            reopened: Some(payment.clone()),
            ..Effect::default()
        };
        let node = self.chance.place(2);
        let app = self.world.nodes[node].app.clone();
        let allowed = self.owner(seller)?;
        let endangered = self.endanger("take back", node);
        let on = today(&app, self.model.sellers[seller].zone);
        let done = turns::take_back(&app, &allowed, payment.id, on, "returned".to_owned()).await;
        self.judge(("take back", node), endangered, done, Some(expected))
            .await
            .map(|_| ())
    }

    fn open_of(&self, account: usize) -> Vec<(String, i64)> {
        let open = |id: &str| {
            self.model
                .documents
                .get(id)
                .map_or(0, |document| document.open)
        };
        self.model
            .owed_by(account)
            .map(|id| (id.to_owned(), open(id)))
            .collect()
    }

    fn of_account(&mut self, account: usize) -> Option<usize> {
        (0..12)
            .map(|_| self.chance.place(self.model.subscriptions.len()))
            .find(|place| {
                self.model
                    .subscriptions
                    .get(*place)
                    .is_some_and(|one| one.account == account)
            })
    }
}

fn money(minor: i64, currency: &str) -> Result<Amount, String> {
    let currency = Currency::parse(currency).map_err(|invalid| invalid.message)?;
    Ok(Amount::new(minor, currency))
}

fn today(app: &Arc<App>, zone: &str) -> Date {
    date_of(zone, app.now_micros())
}
