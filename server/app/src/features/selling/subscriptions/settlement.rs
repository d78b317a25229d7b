//! What a change of plan in the middle of a period writes: the charge of the new plan, what is left of the old one, and the periods.
//!
//! Where the charge is not less than what is given back, and both bear the same VAT, one invoice holds both. Else what is given back
//! is a credit note to the invoice that billed it, and the charge is an invoice of its own.

use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::money::Money;
use muster_domain::selling::proration::Change;
use muster_domain::selling::tax::Treatment;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::{self, Period};
use muster_store::{Conn, StoreError};

use super::credit;
use super::scene::Scene;
use super::stop::{Step, Stop};
use crate::app::App;
use crate::features::invoicing::issue::{self, Issuing};
use crate::features::selling::charge::{Item, line_text, period_row};

/// What begins.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the change comes to.
    pub change: &'a Change,
    /// Whether its period takes the place of the last one rather than following it.
    pub replaces: bool,
    /// Whether the last one is credited whole, on a credit note of its own (RULES B18).
    pub whole: bool,
}

/// Writes documents and periods; answers the documents.
pub fn settle(
    tx: &mut Conn,
    app: &App,
    scene: &Scene,
    last: &Period,
    new: &New<'_>,
) -> Step<Vec<Invoice>> {
    let change = new.change;
    let day = change.period.start_date;
    let trade = scene.between.trade(tx)?;
    let treatment = trade.treatment(new.plan, Item::Recurring, day)?;
    let billed_as = credit::treatment(tx, scene, last)?;
    let nets = !new.whole
        && change.charge.minor() >= change.credit.minor()
        && billed_as == Some(treatment);
    let mut documents = Vec::new();
    if !nets && change.credit.is_positive() {
        let text = credit::unused_text(scene, day);
        documents.extend(credit::give_back(tx, app, scene, change.credit, &text)?);
    }
    let mut lines = vec![charge_line(scene, new, treatment)];
    if nets && change.credit.is_positive() {
        lines.push(credit_line(scene, change, treatment));
    }
    let draft = Draft::invoice(change.charge.currency(), lines);
    let subscriptions = vec![Some(scene.subscription.id.clone()); draft.lines.len()];
    let issuing = Issuing {
        seller: &scene.between.seller,
        account: &scene.between.account,
        draft: &draft,
        subscriptions: &subscriptions,
        corrects: None,
        terms_days: scene.between.account.terms_days,
    };
    let invoice = issue::issue(tx, app, &issuing)??;
    keep_period(tx, scene, last, (new, &invoice))?;
    documents.push(invoice);
    Ok(documents)
}

fn charge_line(scene: &Scene, new: &New<'_>, treatment: Treatment) -> Line {
    let (change, language) = (new.change, scene.between.account.language.as_str());
    let serial = scene.device.as_ref().map(|(_, serial)| serial.as_str());
    Line {
        product: Item::Recurring.as_str().to_owned(),
        text: line_text(language, Item::Recurring, &new.plan.name, serial),
        quantity: 1,
        unit_price: change.charge,
        discount: Money::zero(change.charge.currency()),
        treatment,
        period: Some((
            change.period.start_date,
            change
                .period
                .end_date
                .yesterday()
                .unwrap_or(change.period.end_date),
        )),
    }
}

/// The part that is taken back, as a line below zero: its quantity is, the price never (BR-27).
fn credit_line(scene: &Scene, change: &Change, treatment: Treatment) -> Line {
    Line {
        product: Item::Recurring.as_str().to_owned(),
        text: credit::unused_text(scene, change.period.start_date),
        quantity: -1,
        unit_price: change.credit,
        discount: Money::zero(change.credit.currency()),
        treatment,
        period: None,
    }
}

/// The new period follows what was used of the last one, or takes its place.
fn keep_period(
    tx: &mut Conn,
    scene: &Scene,
    last: &Period,
    (new, invoice): (&New<'_>, &Invoice),
) -> Step<()> {
    let change = new.change;
    let named = (
        scene.subscription.id.as_str(),
        new.plan.id.as_str(),
        invoice.id.as_str(),
    );
    let written = if new.replaces {
        let anew = period_row(&change.period, last.previous_end_at, named);
        subscriptions::rebill_period(tx, &last.invoice_id, &anew)?
    } else {
        let cut = change.cut.as_microsecond();
        let date = change.period.start_date.to_string();
        let is_cut = subscriptions::cut_period(tx, named.0, last.period_index, cut, &date)?;
        subscriptions::insert_period(tx, &period_row(&change.period, Some(cut), named))?;
        is_cut
    };
    if written {
        Ok(())
    } else {
        let why = "the last period was changed by somebody else".to_owned();
        Err(Stop::Store(StoreError::Collision(why)))
    }
}
