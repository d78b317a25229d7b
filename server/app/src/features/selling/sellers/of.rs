//! How an organisation sells, for everybody who needs it before anything can be sold.

use muster_store::selling::sellers::{self, Seller};
use muster_store::{Conn, StoreResult};

use crate::web::actor::Home;
use crate::web::problem::{Answer, Problem};

/// How this organisation sells; or inside, what has to be done first: `sells-nothing` of a customer, `not-selling` of an
/// operator or reseller that has not said how it sells.
///
/// # Errors
/// The database did not answer.
pub fn of(c: &mut Conn, home: &Home) -> StoreResult<Answer<Seller>> {
    if let Err(problem) = may_sell(home) {
        return Ok(Err(problem));
    }
    Ok(sellers::find(c, &home.id)?.ok_or_else(|| not_selling(home)))
}

/// Refuses a customer: only the operator and resellers sell.
///
/// # Errors
/// It is one.
pub fn may_sell(home: &Home) -> Answer<()> {
    if home.kind != "customer" {
        return Ok(());
    }
    let detail = "Customers sell nothing here; the operator and resellers do. What your organisation was sold stands \
                  under Subscriptions and Invoices.";
    Err(Problem::conflict("sells-nothing", detail))
}

fn not_selling(home: &Home) -> Problem {
    let detail = format!(
        "{} has not said how it sells: name, address, VAT and numbers of its invoices. An owner or admin enters them first, \
         under How we sell (/selling).",
        home.name
    );
    Problem::conflict("not-selling", detail)
}
