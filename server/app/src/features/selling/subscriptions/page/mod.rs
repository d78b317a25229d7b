//! Pages of subscriptions: the list, one, a new one, and acts, which show what they will come to before they are done.

pub mod act;
pub mod bulk;
pub mod list;
pub mod new;
pub mod show;
mod words;
