//! Trade: subscriptions.
