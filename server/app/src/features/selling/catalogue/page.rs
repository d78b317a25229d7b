//! The pages of plans: the list, one of them with its prices, and the form.

mod form;
mod plan;

pub use form::{add, blank};
pub use plan::{list, retire, set_price, show, take_back_price};
