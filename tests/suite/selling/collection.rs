//! Trade: collection.
