//! Trade: payments.
