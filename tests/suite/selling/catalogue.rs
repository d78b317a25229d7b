//! Trade: catalogue.
