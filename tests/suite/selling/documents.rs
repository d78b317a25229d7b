//! Trade: documents.
