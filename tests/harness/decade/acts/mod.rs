//! What people do between renewals, through the use cases that pages and programs call.

mod lives;
mod money;
mod orders;
mod predict;
mod zones;

use muster::web::actor::{Actor, Allowed, Home, Right, Who};
use muster::web::problem::{Kind, Problem};
use muster_domain::permission::Role;
use muster_domain::scope::Scope;

use super::check;
use super::effect::Effect;
use super::rows;
use super::run::Run;

impl Run {
    /// Some do something, or nobody does.
    pub(super) async fn act(&mut self) -> Result<(), String> {
        for _ in 0..self.acts_now() {
            match self.chance.below(20) {
                0..13 => self.change_a_life().await?,
                13..19 => self.move_money().await?,
                _ => self.change_zone()?,
            }
        }
        Ok(())
    }

    fn acts_now(&mut self) -> u64 {
        let most = 2 + self.model.subscriptions.len() / 150;
        self.chance.below(u64::try_from(most).unwrap_or(1))
    }

    /// The owner of a seller, as the edge would know them.
    pub(super) fn owner<R: Right>(&self, seller: usize) -> Result<Allowed<R>, String> {
        let seller = &self.model.sellers[seller];
        let operator = seller.id == self.model.sellers[0].id;
        let actor = Actor {
            who: Who::Token {
                id: "decade".to_owned(),
            },
            name: "Robin".to_owned(),
            role: Role::Owner,
            organisation: Home {
                id: seller.id.clone(),
                name: seller.name.to_owned(),
                kind: if operator { "operator" } else { "reseller" }.to_owned(),
                reseller: (!operator).then(|| seller.id.clone()),
            },
            scope: if operator {
                Scope::Platform
            } else {
                Scope::Reseller(seller.id.clone())
            },
        };
        actor.allow().map_err(|problem| problem.detail)
    }

    /// Lets the node die in this act, sometimes.
    pub(super) fn endanger(&mut self, kind: &'static str, node: usize) -> bool {
        let endangered = self.chance.one_in(8);
        if endangered {
            self.arm(kind, node);
        }
        endangered
    }

    /// Looks at what an act came to. `expected` is what it should come to; nothing where it should be refused.
    pub(super) async fn judge<T>(
        &mut self,
        (kind, node): (&'static str, usize),
        endangered: bool,
        done: Result<T, Problem>,
        expected: Option<Effect>,
    ) -> Result<Option<T>, String> {
        self.figures.acts += 1;
        let died = endangered && self.recover(kind, node).await?;
        let mut found = self.look_after_act()?;
        let place = expected
            .as_ref()
            .and_then(|effect| effect.after.as_ref())
            .map(|(place, _)| *place);
        let happened = match &done {
            Ok(_) => true,
            Err(problem) if problem.kind == Kind::Unavailable && died => {
                found.rest.count() > 0 || self.has_changed(place)?
            }
            Err(problem) => match &expected {
                Some(effect) => {
                    return Err(format!(
                        "{kind} was refused ({}: {}), expected {effect:?}",
                        problem.code, problem.detail
                    ));
                }
                None => false,
            },
        };
        if !happened {
            self.figures.refused += usize::from(!died);
            found.explained()?;
            if let Some(place) = place {
                found.touch(place);
            }
            found.compare(&self.world, &self.model)?;
            return Ok(None);
        }
        let Some(effect) = expected else {
            return Err(format!(
                "{kind} was done, and should have been refused: {:?}",
                found.rest
            ));
        };
        self.last_payment = effect.paid(&found);
        effect
            .explain(&mut self.model, &mut found)
            .map_err(|said| format!("{kind}: {said}"))?;
        found
            .explained()
            .map_err(|said| format!("{kind}: {said}"))?;
        found
            .compare(&self.world, &self.model)
            .map_err(|said| format!("{kind}: {said}"))?;
        check::settle_live(&mut self.model);
        Ok(done.ok())
    }

    /// Whether a subscription's row is another than before.
    fn has_changed(&self, place: Option<usize>) -> Result<bool, String> {
        let Some(place) = place else {
            return Ok(false);
        };
        let id = self.model.subscriptions[place].id.clone();
        let rows = self.world.read(|c| rows::subscriptions(c, Some(&[id])))?;
        Ok(rows
            .iter()
            .any(|row| check::subscription(&self.model, row).is_err()))
    }
}
