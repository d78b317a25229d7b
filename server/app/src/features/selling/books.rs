//! Whose books somebody looks into: what their organisation sells, or what it was sold.

use muster_domain::scope::Books;

use crate::web::actor::Actor;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// What an actor's organisation sells.
#[must_use]
pub fn sold(actor: &Actor) -> Books {
    Books::Seller(actor.organisation.id.clone())
}

/// What an actor's organisation was sold.
#[must_use]
pub fn bought(actor: &Actor) -> Books {
    Books::Buyer(actor.organisation.id.clone())
}

/// The side that `side=sold` or `side=bought` asks for; when it is left out, what is sold, or for a customer, who sells nothing,
/// what was bought.
///
/// # Errors
/// `side` is another word.
pub fn asked(actor: &Actor, query: &Fields) -> Answer<Books> {
    match query.some("side") {
        Some("sold") => Ok(sold(actor)),
        Some("bought") => Ok(bought(actor)),
        Some(_) => Err(Problem::invalid("side", "side must be sold or bought.")),
        None if actor.organisation.kind == "customer" => Ok(bought(actor)),
        None => Ok(sold(actor)),
    }
}
