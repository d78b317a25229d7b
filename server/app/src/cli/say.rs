//! What commands print. Whoever reads may stop reading: `muster fleet card | head` is no fault.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes one line to standard output. That nobody reads it any more is no reason to fail.
pub fn line(text: Arguments<'_>) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints a line as `println!` does, and lets a closed pipe be.
macro_rules! say {
    () => { $crate::cli::say::line(format_args!("")) };
    ($($text:tt)*) => { $crate::cli::say::line(format_args!($($text)*)) };
}

pub(crate) use say;
