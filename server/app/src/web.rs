//! The edge: listeners, sign-ins, rights, and how answers and failures look. No rule of the business lives here.

pub mod actor;
pub mod assets;
pub mod device_listener;
pub mod fields;
pub mod frame;
pub mod json;
pub mod money_words;
pub mod paging;
pub mod plot;
pub mod portal_listener;
pub mod problem;
pub mod route;
pub mod session;
pub mod text;
pub mod time_words;
pub mod tls;
pub mod view;
pub mod wake;
