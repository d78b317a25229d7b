//! What Muster prints and reads of others' prints: QR codes, invoices as PDF, CII and UBL, statements of banks.
//!
//! The only crate that knows how a QR code, a PDF or an XML invoice is made. Pure: text and integers in, bytes out, and
//! bytes in, text and integers out. It decides no amount, no date and no right.

pub mod amount;
pub mod invoice;
pub mod pdf;
pub mod qr;
pub mod statement;

#[cfg(test)]
#[path = "../examples/ten_invoices/samples.rs"]
mod samples;
