//! What Muster prints: QR codes today, invoices and labels with the issue that sells.
//!
//! The only crate that knows how a QR code, a PDF or an XML invoice is made. Pure: text in, drawing out.

pub mod qr;
