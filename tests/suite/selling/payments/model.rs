//! Any sequence of documents, payments, credits, refunds and write-offs keeps every balance where a naive model has it.

use std::collections::BTreeMap;

use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::ground::{Ground, today};

on_both_databases![every_sequence_keeps_the_balances_of_a_naive_model,];

/// So many acts in a sequence.
const ACTS: usize = 60;

/// Small and its own: the suite's generator is the node's.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn cents(&mut self, most: i64) -> i64 {
        1 + i64::try_from(self.roll(most.unsigned_abs())).unwrap()
    }
}

/// A payment that holds.
#[derive(Clone)]
struct Paid {
    id: String,
    /// Invoices that it settled, each with the part.
    settled: Vec<(String, i64)>,
    /// What was left over.
    left: i64,
}

/// What a person would keep on paper.
#[derive(Default)]
struct Paper {
    /// Each invoice in the order of issue: its id, and what is open.
    open: Vec<(String, i64)>,
    /// What was credited of each invoice, net.
    credited: BTreeMap<String, i64>,
    totals: BTreeMap<String, i64>,
    /// What credit settled, in order: invoice and amount.
    by_credit: Vec<(String, i64)>,
    /// Payments that hold.
    payments: Vec<Paid>,
    credit: i64,
    bank: i64,
    refunds: i64,
    written_off: i64,
}

impl Paper {
    fn add(&mut self, invoice: &str, amount: i64) {
        let row = self.open.iter_mut().find(|(id, _)| id == invoice).unwrap();
        row.1 += amount;
        assert!(row.1 >= 0);
    }

    fn pay(&mut self, id: String, amount: i64) {
        let mut left = amount;
        let mut settled = Vec::new();
        for (invoice, open) in &mut self.open {
            let part = left.min(*open);
            if part > 0 {
                *open -= part;
                left -= part;
                settled.push((invoice.clone(), part));
            }
        }
        self.credit += left;
        self.bank += amount;
        self.payments.push(Paid { id, settled, left });
    }

    fn bill(&mut self, id: String, total: i64) {
        let drawn = self.credit.min(total).max(0);
        self.credit -= drawn;
        if drawn > 0 {
            self.by_credit.push((id.clone(), drawn));
        }
        self.totals.insert(id.clone(), total);
        self.open.push((id, total - drawn));
    }

    /// Whether a payment can be taken back: as much credit is there, or was used.
    fn can_return(&self, left: i64) -> bool {
        let used: i64 = self.by_credit.iter().map(|(_, part)| part).sum();
        self.credit.max(0) + used >= left
    }

    fn give_back(&mut self, index: usize) {
        let Paid { settled, left, .. } = self.payments.remove(index);
        for (invoice, part) in &settled {
            self.add(invoice, *part);
        }
        let mut short = left - left.min(self.credit.max(0));
        self.credit -= left - short;
        while short > 0 {
            let (invoice, part) = self.by_credit.pop().unwrap();
            let taken = part.min(short);
            self.add(&invoice, taken);
            if part > taken {
                self.by_credit.push((invoice, part - taken));
            }
            short -= taken;
        }
        self.bank -= settled.iter().map(|(_, part)| part).sum::<i64>() + left;
    }
}

async fn every_sequence_keeps_the_balances_of_a_naive_model(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut dice = Dice(20_260_921);
    let mut paper = Paper::default();
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for act in 0..ACTS {
        // A moment between acts, so that ids and days have an order.
        t.clock.advance_seconds(3_600);
        let name = step(t, &g, &mut dice, &mut paper, act).await;
        *done.entry(name).or_default() += 1;
        compare(t, &g, &paper, act).await;
        if act % 20 == 19 {
            g.audited(t).await;
        }
    }
    // The dice did every kind of act.
    for name in [
        "bill",
        "pay",
        "credit-note",
        "refund",
        "write-off",
        "take-back",
        "use-credit",
    ] {
        assert!(done.contains_key(name), "{name} never came: {done:?}");
    }
}

async fn step(
    t: &TestApp,
    g: &Ground,
    dice: &mut Dice,
    paper: &mut Paper,
    act: usize,
) -> &'static str {
    match dice.roll(10) {
        0..=2 => {
            let total = dice.cents(500) * 6;
            let invoice = g.bill(t, total).await;
            paper.bill(invoice.id, total);
            "bill"
        }
        3..=4 => {
            let amount = dice.cents(4_000);
            let body = g.payment(t, amount, &format!("act {act}"));
            let paid = g.api.post("/api/v1/payments", &body).await.expect(201);
            paper.pay(text(&paid["id"]), amount);
            "pay"
        }
        5 => credit_note(g, dice, paper).await,
        6 => {
            let amount = dice.cents(1_500);
            let body = json!({ "account_id": g.deal.account.id, "amount": amount, "currency": "EUR", "note": "model" });
            let answer = g.api.post("/api/v1/refunds", &body).await;
            if amount > paper.credit {
                answer.expect_problem(422, "credit-short");
                return "refund-refused";
            }
            answer.expect(201);
            paper.credit -= amount;
            paper.refunds += amount;
            "refund"
        }
        7 => {
            let Some((invoice, open)) = some_open(dice, paper) else {
                return "nothing";
            };
            let amount = dice.cents(open);
            let body = json!({ "invoice_id": invoice, "amount": amount, "currency": "EUR", "note": "model" });
            g.api.post("/api/v1/write-offs", &body).await.expect(201);
            paper.add(&invoice, -amount);
            paper.written_off += amount;
            "write-off"
        }
        8 => take_back(t, g, dice, paper).await,
        _ => {
            let Some((invoice, open)) = some_open(dice, paper) else {
                return "nothing";
            };
            let amount = dice.cents(open);
            let body = json!({ "invoice_id": invoice, "amount": amount, "currency": "EUR" });
            let answer = g.api.post("/api/v1/credit-used", &body).await;
            if amount > paper.credit {
                answer.expect_problem(422, "credit-short");
                return "use-credit-refused";
            }
            answer.expect(201);
            paper.credit -= amount;
            paper.add(&invoice, -amount);
            paper.by_credit.push((invoice, amount));
            "use-credit"
        }
    }
}

fn some_open(dice: &mut Dice, paper: &Paper) -> Option<(String, i64)> {
    let open: Vec<_> = paper.open.iter().filter(|(_, open)| *open > 0).collect();
    if open.is_empty() {
        return None;
    }
    let chosen = usize::try_from(dice.roll(open.len() as u64)).unwrap();
    Some(open[chosen].clone())
}

async fn credit_note(g: &Ground, dice: &mut Dice, paper: &mut Paper) -> &'static str {
    if paper.open.is_empty() {
        return "nothing";
    }
    let chosen = usize::try_from(dice.roll(paper.open.len() as u64)).unwrap();
    let (invoice, open) = paper.open[chosen].clone();
    let net = paper.totals[&invoice] / 6 * 5;
    let credited = paper.credited.get(&invoice).copied().unwrap_or(0);
    // A multiple of five cents has its 20 % VAT to the cent.
    let part = (dice.cents(net / 5) * 5).min(net);
    let path = format!("/api/v1/invoices/{invoice}/credit-notes");
    let body = json!({ "parts": [{ "position": 1, "net": part, "currency": "EUR" }] });
    let answer = g.api.post(&path, &body).await;
    if credited + part > net {
        answer.expect_problem(422, "credit-more");
        return "credit-note-refused";
    }
    let note: Value = answer.expect(201);
    let total = part / 5 * 6;
    assert_eq!(note["total"], total);
    let settled = total.min(open);
    paper.add(&invoice, -settled);
    paper.credit += total - settled;
    *paper.credited.entry(invoice).or_default() += part;
    "credit-note"
}

async fn take_back(t: &TestApp, g: &Ground, dice: &mut Dice, paper: &mut Paper) -> &'static str {
    if paper.payments.is_empty() {
        return "nothing";
    }
    let chosen = usize::try_from(dice.roll(paper.payments.len() as u64)).unwrap();
    let Paid { id, left, .. } = paper.payments[chosen].clone();
    let path = format!("/api/v1/payments/{id}/take-back");
    let body = json!({ "on": today(t), "note": "model" });
    let answer = g.api.post(&path, &body).await;
    if !paper.can_return(left) {
        answer.expect_problem(409, "payment-paid-out");
        return "take-back-refused";
    }
    answer.expect(200);
    paper.give_back(chosen);
    "take-back"
}

async fn compare(t: &TestApp, g: &Ground, paper: &Paper, act: usize) {
    let id = &g.deal.account.id;
    assert_eq!(g.credit(t).await, paper.credit, "credit after act {act}");
    for (invoice, open) in &paper.open {
        assert_eq!(g.deal.open_on(t, invoice).await, *open, "after act {act}");
    }
    let owed: i64 = paper.open.iter().map(|(_, open)| open).sum();
    for (account, balance) in [
        (format!("receivable:{id}"), owed),
        (format!("credit:{id}"), -paper.credit),
        ("bank:FR7630006000011234567890189".to_owned(), paper.bank),
        ("refunds".to_owned(), -paper.refunds),
        ("write-offs".to_owned(), paper.written_off),
    ] {
        assert_eq!(
            g.deal.balance(t, &account).await,
            balance,
            "{account} after act {act}"
        );
    }
}
