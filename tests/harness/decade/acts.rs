//! What people do between renewals.

use muster_store::selling::accounts::{self, Terms};

use super::chance::Chance;
use super::run::Run;
use super::shapes::ZONES;

impl Run {
    /// Somebody does something, or nobody does.
    pub(super) async fn act(&mut self) -> Result<(), String> {
        for _ in 0..self.decade.acts_at(&mut self.chance) {
            self.figures.acts += 1;
            self.change_zone()?;
        }
        Ok(())
    }

    /// An account moves to another zone. What was billed keeps its own.
    fn change_zone(&mut self) -> Result<(), String> {
        let place = self.chance.place(self.model.accounts.len());
        let zone = *self.chance.pick(&ZONES);
        let account = self.model.accounts[place].clone();
        let seller = self.model.sellers[account.seller].id.clone();
        self.world.write(|tx| {
            let Some(row) = accounts::many_for_job(tx, &[&account.id])?.pop() else {
                return Ok(());
            };
            let terms = Terms {
                party_id: row.party_id,
                business: row.business,
                zone: zone.to_owned(),
                language: row.language,
                terms_days: row.terms_days,
                payment: row.payment,
                credit_limit: row.credit_limit,
            };
            accounts::change(tx, &seller, &account.id, &terms)?;
            Ok(())
        })?;
        self.model.accounts[place].zone = zone;
        Ok(())
    }
}

impl super::Decade {
    fn acts_at(&self, chance: &mut Chance) -> u64 {
        u64::from(chance.one_in(9))
    }
}
