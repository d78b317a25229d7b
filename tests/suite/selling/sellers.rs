//! Trade: sellers.
