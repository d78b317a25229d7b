//! Trade: payments. What comes in, goes back, is credited or given up, and that the books say so.

mod bank;
mod books;
mod by_hand;
mod corrections;
mod ground;
mod model;
mod pages;
mod provider;
