//! Buyers: billing accounts of the organisations directly beneath a seller, and the terms settled with each.

pub mod add;
pub mod api;
pub mod change;
pub(super) mod page;
pub mod show;
pub mod terms;
