//! Trade: renewals.
