//! CSV for spreadsheets and accountants (RFC 4180): commas, quotation marks where they are needed, lines that end in CR LF.

use std::fmt;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(String);

impl Row {
    /// The line of these values.
    pub fn of<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values
            .into_iter()
            .map(|value| field(value.as_ref()))
            .collect();
        Self(values.join(","))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.0)
    }
}

/// A value as it stands in a line. A text that a spreadsheet would take for a formula gets an apostrophe before it; a number may
/// begin with its minus.
fn field(value: &str) -> String {
    let is_number = value.strip_prefix('-').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let safe = if is_formula {
        format!("'{value}")
    } else {
        value.to_owned()
    };
    if safe.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn values_stay_whole_and_are_no_formulas() {
        assert_eq!(Row::of(["a", "", "1.50"]).to_string(), "a,,1.50\r\n");
        assert_eq!(
            Row::of(["a, b", "say \"x\"", "two\nlines"]).to_string(),
            "\"a, b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
        assert_eq!(
            Row::of(["=1+1", "@x", "-2+3", "-12.50", "+1", "-"]).to_string(),
            "'=1+1,'@x,'-2+3,-12.50,'+1,'-\r\n"
        );
        assert_eq!(
            Row::of(["=HYPERLINK(\"x\",\"y\")"]).to_string(),
            "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n"
        );
    }
}
