//! Pages as PDF/A-3a and PDF/UA-1: type (`text`), pages and what lies on them (`page`), their structure for screen
//! readers (`tags`), tables (`table`), the finished file (`file`) and its metadata (`xmp`).
//!
//! Knows points and inks, and nothing of invoices: labels and cards are set with the same hands.

pub(crate) mod file;
pub(crate) mod page;
pub(crate) mod table;
pub(crate) mod tags;
pub(crate) mod text;
mod xmp;

pub use file::PdfError;

/// Points of a millimetre.
pub(crate) fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}
