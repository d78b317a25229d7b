//! Pages of the fleet: the overview, the list, one device, adding devices, and search.

pub mod add;
pub mod device;
pub mod devices;
pub mod overview;
mod rows;
pub mod search;
