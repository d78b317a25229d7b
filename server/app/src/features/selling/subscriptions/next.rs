//! What comes next of a subscription: when its next period is billed, at which plan, and what it will cost.

use jiff::civil::Date;
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::life::Life;
use muster_domain::selling::money::Money;
use muster_store::Conn;
use muster_store::selling::plans::{self, Plan};

use super::scene::Scene;
use super::stop::Step;
use crate::features::selling::charge::{Item, line_text};

/// The next period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Its first day, in the account's zone.
    pub on: Date,
    /// The plan that it is billed at.
    pub plan: String,
    /// What it costs, net; `None` where nothing can be said, because the plan has no price on that day.
    pub net: Option<Money>,
    /// The same with VAT.
    pub total: Option<Money>,
}

/// What is billed next; `None` of a subscription that is not renewed.
///
/// It is reckoned at today's count of subscriptions: whoever adds or ends some until then may reach another step of the price.
pub fn of(tx: &mut Conn, scene: &Scene) -> Step<Option<Next>> {
    let (row, standing) = (&scene.subscription, scene.standing()?);
    let begins = matches!(standing.life, Life::Pending | Life::Trialing | Life::Active);
    let Some(start) = row
        .next_start_at
        .filter(|_| begins && row.cancel_at_end == 0)
    else {
        return Ok(None);
    };
    let on = scene.date_of(start)?;
    let plan = match &row.next_plan_id {
        Some(next) => plans::find(tx, &row.seller_id, next)?.unwrap_or_else(|| scene.plan.clone()),
        None => scene.plan.clone(),
    };
    let cost = cost(tx, scene, &plan, on).ok();
    Ok(Some(Next {
        on,
        plan: plan.name,
        net: cost.map(|(net, _)| net),
        total: cost.map(|(_, total)| total),
    }))
}

/// What a whole period of a plan costs from a day on: net, and with VAT.
pub fn cost(tx: &mut Conn, scene: &Scene, plan: &Plan, on: Date) -> Step<(Money, Money)> {
    let priced = scene.between.priced(tx, plan, on)?;
    let treatment = scene
        .between
        .trade(tx)?
        .treatment(plan, Item::Recurring, on)?;
    let line = Line {
        product: Item::Recurring.as_str().to_owned(),
        text: line_text("en", Item::Recurring, &plan.name, None),
        quantity: 1,
        unit_price: priced.recurring,
        discount: Money::zero(priced.recurring.currency()),
        treatment,
        period: None,
    };
    let totals = Draft::invoice(priced.recurring.currency(), vec![line]).totals()?;
    Ok((totals.without_vat, totals.with_vat))
}
