//! An account moves to another time zone.

use muster_store::selling::accounts::{self, Terms};

use crate::decade::run::Run;
use crate::decade::shapes::ZONES;

impl Run {
    /// An account moves to another zone. What was billed keeps its own.
    pub(super) fn change_zone(&mut self) -> Result<(), String> {
        self.figures.acts += 1;
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
