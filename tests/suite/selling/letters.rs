//! Trade: letters.
